//! VPC endpoints.

use async_trait::async_trait;
use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::try_join_all;
use serde_json::json;

use super::{Client, question, specification, tag, told, unsuccessful};
use crate::inventory::{Handle, Status};
use crate::provider::aws::marks::Tags;
use crate::provider::aws::sdk::ec2;
use crate::provider::aws::service::{
    Found, NEXT_TOKEN, Place, Service, Which, input, items, list, none_if_gone, pages, pick,
    rename, tags, text, texts, touches,
};
use crate::provider::{Outcome, Write};
use crate::value::{Map, Value};

const ENDPOINT: &str = "AWS::EC2::VPCEndpoint";

const POLICY: &str = "PolicyDocument";
const GROUPS: &str = "SecurityGroupIds";
const DNS: &str = "DnsOptions";
const INBOUND: &str = "PrivateDnsOnlyForInboundResolverEndpoint";

/// What CloudFormation calls true and false in [`INBOUND`].
const INBOUND_WORDS: [(&str, bool); 2] = [("OnlyInboundResolver", true), ("AllResolvers", false)];

/// What CloudFormation says where nothing is said to AWS.
const UNSAID: [&str; 2] = ["not-specified", "NotSpecified"];

/// Lists to which items are added and from which they are removed.
const LISTS: [(&str, &str, &str); 3] = [
    ("RouteTableIds", "AddRouteTableIds", "RemoveRouteTableIds"),
    ("SubnetIds", "AddSubnetIds", "RemoveSubnetIds"),
    (GROUPS, "AddSecurityGroupIds", "RemoveSecurityGroupIds"),
];

/// The mapping.
pub struct Endpoints;

#[async_trait(?Send)]
impl Service for Endpoints {
    fn kinds(&self) -> &'static [&'static str] {
        &[ENDPOINT]
    }

    async fn list(
        &self,
        place: Place<'_>,
        _: &BTreeSet<Arc<str>>,
        which: Which<'_>,
    ) -> Outcome<Vec<Found>> {
        let api = place.clients.ec2(place.region);
        let endpoints = endpoints(&api, which).await?;
        Ok(endpoints.iter().filter_map(described).collect())
    }

    async fn create(
        &self,
        place: Place<'_>,
        write: &Write,
        tags: &Tags,
        token: &str,
    ) -> Outcome<Arc<str>> {
        let properties = &write.properties;
        let mut endpoint = pick(
            properties,
            &[
                "IpAddressType",
                "PrivateDnsEnabled",
                "ResourceConfigurationArn",
                "RouteTableIds",
                GROUPS,
                "ServiceName",
                "ServiceNetworkArn",
                "ServiceRegion",
                "SubnetIds",
                "VpcEndpointType",
                "VpcId",
            ],
        );
        leave_unsaid(&mut endpoint);
        if let Some(policy) = properties.get(POLICY) {
            endpoint.insert(POLICY, document(policy));
        }
        if let Some(options) = properties.get(DNS).and_then(Value::as_map) {
            endpoint.insert(DNS, dns_to_aws(options));
        }
        endpoint.insert("ClientToken", Value::str(token));
        let tags = Value::from(specification("vpc-endpoint", tags));
        endpoint.insert("TagSpecifications", tags);
        let api = place.clients.ec2(place.region);
        let answer = ec2::create_vpc_endpoint(&api, &endpoint).await?;
        Ok(text(&answer, "VpcEndpoint.VpcEndpointId").into())
    }

    async fn update(
        &self,
        place: Place<'_>,
        handle: &Handle,
        write: &Write,
        changed: &[Arc<str>],
    ) -> Outcome<()> {
        let api = place.clients.ec2(place.region);
        let which = [handle.identifier.clone()];
        let endpoints = endpoints(&api, Which::Named(&which)).await?;
        let found = endpoints.iter().find_map(described);
        let have = found.map(|found| found.properties).unwrap_or_default();
        let mut change = changes(&have, &write.properties, changed);
        if touches(changed, &[GROUPS]) && texts(&write.properties, GROUPS).next().is_none() {
            // Without any it has the VPC's own.
            let own = own_group(&api, text(&have, "VpcId")).await?;
            let others: Vec<&str> = texts(&have, GROUPS).filter(|id| *id != own).collect();
            change.insert("AddSecurityGroupIds", list([&own]));
            change.insert("RemoveSecurityGroupIds", list(others));
        }
        change.insert("VpcEndpointId", Value::str(&*handle.identifier));
        ec2::modify_vpc_endpoint(&api, &change).await?;
        Ok(())
    }

    async fn delete(&self, place: Place<'_>, handle: &Handle) -> Outcome<()> {
        let endpoint = input(json!({"VpcEndpointIds": [&*handle.identifier]}));
        let api = place.clients.ec2(place.region);
        let answer = ec2::delete_vpc_endpoints(&api, &endpoint).await?;
        unsuccessful("ec2:DeleteVpcEndpoints", &answer)
    }

    async fn tag(
        &self,
        place: Place<'_>,
        _: &str,
        identifier: &str,
        set: &Tags,
        unset: &[String],
    ) -> Outcome<()> {
        tag(&place.clients.ec2(place.region), identifier, set, unset).await
    }
}

async fn endpoints(api: &Client, which: Which<'_>) -> Outcome<Vec<Map>> {
    let Which::Named(names) = which else {
        let question = question(which, "vpc-endpoint-id", 1000);
        let call = async |question: &Map| ec2::describe_vpc_endpoints(api, question).await;
        return pages(call, question, "VpcEndpoints", NEXT_TOKEN).await;
    };
    if let Some(found) = none_if_gone(named(api, names).await)? {
        return Ok(found);
    }
    // One that is gone fails the call for all.
    let each = names.iter().map(async |name| {
        let found = named(api, std::slice::from_ref(name)).await;
        Ok(none_if_gone(found)?.unwrap_or_default())
    });
    Ok(try_join_all(each).await?.into_iter().flatten().collect())
}

async fn named(api: &Client, names: &[Arc<str>]) -> Outcome<Vec<Map>> {
    let question = input(json!({"VpcEndpointIds": names}));
    let answer = ec2::describe_vpc_endpoints(api, &question).await?;
    Ok(items(&answer, "VpcEndpoints").cloned().collect())
}

/// The security group that AWS makes with a VPC.
async fn own_group(api: &Client, vpc: &str) -> Outcome<String> {
    let question = input(json!({"Filters": [
        {"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]}));
    let answer = ec2::describe_security_groups(api, &question).await?;
    let group = items(&answer, "SecurityGroups").next();
    Ok(group.map_or("", |group| text(group, "GroupId")).to_owned())
}

/// A policy as the text that AWS takes.
fn document(policy: &Value) -> Value {
    match policy {
        Value::String(_) => policy.clone(),
        other => Value::str(serde_json::Value::from(other).to_string()),
    }
}

/// Takes out what is not to be said.
fn leave_unsaid(map: &mut Map) {
    let is_said =
        |(_, value): &(Arc<str>, Value)| value.as_str().is_none_or(|word| !UNSAID.contains(&word));
    *map = std::mem::take(map).into_iter().filter(is_said).collect();
}

/// DNS options as AWS takes them.
fn dns_to_aws(options: &Map) -> Value {
    let mut options = options.clone();
    leave_unsaid(&mut options);
    let word = text(&options, INBOUND).to_owned();
    if let Some((_, truth)) = INBOUND_WORDS.iter().find(|(have, _)| **have == word) {
        options.insert(INBOUND, Value::Bool(*truth));
    }
    Value::Map(options)
}

/// DNS options as CloudFormation has them.
fn dns_from_aws(options: &Map) -> Value {
    let mut options = options.clone();
    let truth = options.get(INBOUND).and_then(Value::as_bool);
    if let Some((word, _)) = INBOUND_WORDS.iter().find(|(_, have)| Some(*have) == truth) {
        options.insert(INBOUND, Value::str(*word));
    }
    Value::Map(options)
}

/// What leads from the properties that an endpoint has to those that it should have.
fn changes(have: &Map, wanted: &Map, changed: &[Arc<str>]) -> Map {
    let mut change = Map::new();
    for (name, add, remove) in LISTS {
        if !touches(changed, &[name]) {
            continue;
        }
        let (old, new): (Vec<&str>, Vec<&str>) =
            (texts(have, name).collect(), texts(wanted, name).collect());
        for (parameter, items, without) in [(add, &new, &old), (remove, &old, &new)] {
            let items: Vec<_> = items.iter().filter(|id| !without.contains(id)).collect();
            if !items.is_empty() {
                change.insert(parameter, list(items));
            }
        }
    }
    if touches(changed, &[POLICY]) {
        match wanted.get(POLICY) {
            Some(policy) => change.insert(POLICY, document(policy)),
            None => change.insert("ResetPolicy", Value::Bool(true)),
        };
    }
    if touches(changed, &["PrivateDnsEnabled"]) {
        let value = wanted.get("PrivateDnsEnabled").cloned();
        change.insert("PrivateDnsEnabled", value.unwrap_or(Value::Bool(true)));
    }
    if touches(changed, &["IpAddressType"]) {
        let value = wanted.get("IpAddressType").cloned();
        change.insert("IpAddressType", value.unwrap_or(Value::str("ipv4")));
        leave_unsaid(&mut change);
    }
    if touches(changed, &[DNS]) {
        let options = wanted.get(DNS).and_then(Value::as_map);
        let options = match options {
            Some(options) => pick(options, &["DnsRecordIpType", INBOUND]),
            None => input(json!({"DnsRecordIpType": "ipv4", INBOUND: "AllResolvers"})),
        };
        change.insert(DNS, dns_to_aws(&options));
    }
    change
}

fn described(endpoint: &Map) -> Option<Found> {
    // AWS writes states in more than one way.
    let state = text(endpoint, "State").to_lowercase();
    if state == "deleted" {
        return None;
    }
    let mut properties = told(
        endpoint,
        &[
            "CreationTimestamp",
            "IpAddressType",
            "NetworkInterfaceIds",
            "PrivateDnsEnabled",
            "ResourceConfigurationArn",
            "RouteTableIds",
            "ServiceName",
            "ServiceNetworkArn",
            "ServiceRegion",
            "SubnetIds",
            "VpcEndpointId",
            "VpcEndpointType",
            "VpcId",
        ],
    );
    rename(&mut properties, "VpcEndpointId", "Id");
    let groups = items(endpoint, "Groups").map(|group| text(group, "GroupId"));
    properties.insert(GROUPS, list(groups));
    let entries = items(endpoint, "DnsEntries").map(|entry| {
        let (zone, name) = (text(entry, "HostedZoneId"), text(entry, "DnsName"));
        format!("{zone}:{name}")
    });
    properties.insert("DnsEntries", list(entries));
    if let Some(options) = endpoint.get(DNS).and_then(Value::as_map) {
        properties.insert(DNS, dns_from_aws(options));
    }
    let policy = text(endpoint, POLICY);
    if let Ok(policy) = serde_json::from_str::<serde_json::Value>(policy) {
        properties.insert(POLICY, Value::from(policy));
    }
    let id = text(endpoint, "VpcEndpointId");
    let found = Found::new(ENDPOINT, id, properties, tags(endpoint, "Tags"));
    // Acceptance is the other side's, and may take days.
    let ready = ["available", "pendingacceptance", "partial"];
    let failed = ["rejected", "failed", "expired"];
    let mut found = found.in_state(&state, &ready, &["deleting"], &failed);
    if let Status::Failed(_) = found.status {
        let why = [
            text(endpoint, "FailureReason"),
            text(endpoint, "LastError.Message"),
        ];
        let why = why.into_iter().find(|why| !why.is_empty());
        found.status = Status::Failed(match why {
            Some(why) => format!("{state}: {why}").into(),
            None => state.into(),
        });
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_changed_by_their_difference() {
        let have =
            input(json!({"SubnetIds": ["a", "b"], GROUPS: ["g"], POLICY: {"Statement": []}}));
        let wanted = input(json!({"SubnetIds": ["b", "c"], GROUPS: ["g"]}));
        let changed = ["SubnetIds", GROUPS, POLICY].map(Arc::<str>::from);
        let change = json!({"AddSubnetIds": ["c"], "RemoveSubnetIds": ["a"], "ResetPolicy": true});
        assert_eq!(changes(&have, &wanted, &changed), input(change));
    }

    #[test]
    fn dns_options_are_said_in_awss_words_and_read_back_in_cloudformations() {
        let options =
            input(json!({"DnsRecordIpType": "not-specified", INBOUND: "OnlyInboundResolver"}));
        let said = dns_to_aws(&options);
        assert_eq!(said, Value::from(json!({INBOUND: true})));
        let back = dns_from_aws(said.as_map().unwrap());
        assert_eq!(back, Value::from(json!({INBOUND: "OnlyInboundResolver"})));
    }

    #[test]
    fn an_endpoint_is_told_as_cloudformation_has_it() {
        let found = described(&input(
            json!({"VpcEndpointId": "vpce-1", "State": "Available",
            "Groups": [{"GroupId": "sg-1", "GroupName": "x"}], POLICY: "{\"Statement\":[]}",
            "DnsEntries": [{"DnsName": "x.amazonaws.com", "HostedZoneId": "Z1"}]}),
        ))
        .unwrap();
        assert_eq!(found.status, Status::Ready);
        let properties = json!({"Id": "vpce-1", GROUPS: ["sg-1"],
            "DnsEntries": ["Z1:x.amazonaws.com"], POLICY: {"Statement": []}});
        for (name, value) in &input(properties) {
            assert_eq!(found.properties.get(name), Some(value), "{name}");
        }
    }
}
