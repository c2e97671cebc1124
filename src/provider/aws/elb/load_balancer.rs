//! Load balancers.

use std::sync::Arc;

use futures_util::future::{try_join, try_join_all};
use serde_json::json;

use super::{
    Attributes, BALANCER, BALANCER_ARN, Client, Tagged, after, attributes, attributes_to_set,
    described, each, everything, set_attributes, was_set,
};
use crate::provider::aws::marks::Tags;
use crate::provider::aws::sdk::{ec2, elasticloadbalancingv2 as elb};
use crate::provider::aws::service::{
    Found, Place, generated_name, input, items, pick, rename, tag_list, text, touches,
};
use crate::provider::{Outcome, Write};
use crate::value::{Map, Value};

const CAPACITY: &str = "MinimumLoadBalancerCapacity";
const ENFORCE: &str = "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic";
const PREFIX: &str = "EnablePrefixForIpv6SourceNat";

/// All that the account has, without their tags.
pub async fn every(api: &Client) -> Outcome<Vec<Map>> {
    let call = async |question: &Map| elb::describe_load_balancers(api, question).await;
    everything(call, Map::new(), "LoadBalancers").await
}

/// Those with these ARNs.
pub async fn named(api: &Client, arns: &[Arc<str>]) -> Outcome<Vec<Map>> {
    let call = async |question: &Map| elb::describe_load_balancers(api, question).await;
    described(call, "LoadBalancerArns", "LoadBalancers", arns).await
}

/// The attributes of those with these ARNs.
pub async fn attributes_of(api: &Client, arns: &[String]) -> Outcome<Attributes> {
    let call = async |one: &Map| elb::describe_load_balancer_attributes(api, one).await;
    each(call, BALANCER_ARN, arns).await
}

/// As CloudFormation has them. The attributes of those that are not `known` are asked for.
pub async fn found(
    api: &Client,
    balancers: Vec<Tagged>,
    mut known: Attributes,
) -> Outcome<Vec<Found>> {
    let found = balancers.into_iter().map(|one| {
        let known = known.remove(text(&one.0, BALANCER_ARN));
        complete(api, one, known)
    });
    try_join_all(found).await
}

async fn complete(api: &Client, (balancer, tags): Tagged, known: Option<Map>) -> Outcome<Found> {
    let arn = text(&balancer, "LoadBalancerArn");
    let one = input(json!({"LoadBalancerArn": arn}));
    let capacity = async {
        if was_set(&tags, CAPACITY) {
            elb::describe_capacity_reservation(api, &one).await
        } else {
            Ok(Map::new())
        }
    };
    let answer = async {
        match known {
            Some(answer) => Ok(answer),
            None => elb::describe_load_balancer_attributes(api, &one).await,
        }
    };
    let (answer, capacity) = try_join(answer, capacity).await?;
    let mut properties = pick(
        &balancer,
        &[
            "DNSName",
            "LoadBalancerArn",
            "LoadBalancerName",
            "Scheme",
            "Type",
            "IpAddressType",
            "SecurityGroups",
            ENFORCE,
            PREFIX,
            "CanonicalHostedZoneId",
        ],
    );
    rename(
        &mut properties,
        "CanonicalHostedZoneId",
        "CanonicalHostedZoneID",
    );
    properties.insert("Name", Value::str(text(&balancer, "LoadBalancerName")));
    properties.insert(
        "LoadBalancerFullName",
        Value::str(after(arn, ":loadbalancer/")),
    );
    properties.insert("LoadBalancerAttributes", attributes(&answer));
    if let Some(pool) = balancer.at("IpamPools.Ipv4IpamPoolId") {
        properties.insert("Ipv4IpamPoolId", pool.clone());
    }
    if let Some(capacity) = capacity.get(CAPACITY) {
        properties.insert(CAPACITY, capacity.clone());
    }
    let zones = || items(&balancer, "AvailabilityZones");
    let subnets = zones().map(|zone| Value::str(text(zone, "SubnetId")));
    properties.insert("Subnets", Value::list(subnets));
    properties.insert("SubnetMappings", Value::list(zones().map(mapping)));
    let state = text(&balancer, "State.Code");
    Ok(Found::new(BALANCER, arn, properties, tags).in_state(
        state,
        &["active", "active_impaired"],
        &[],
        &["failed"],
    ))
}

/// A zone as the subnet mapping that it comes from.
fn mapping(zone: &Map) -> Value {
    let mut mapping = pick(zone, &["SubnetId"]);
    for address in items(zone, "LoadBalancerAddresses") {
        for (name, value) in pick(
            address,
            &["AllocationId", "PrivateIPv4Address", "IPv6Address"],
        ) {
            mapping.insert(name, value);
        }
    }
    if let Some(prefix) = zone.at("SourceNatIpv6Prefixes.0") {
        mapping.insert("SourceNatIpv6Prefix", prefix.clone());
    }
    Value::Map(mapping)
}

/// Creates it; again with the same settings, AWS answers with the one that exists.
///
/// `EnableCapacityReservationProvisionStabilize` tells CloudFormation what to wait for, and AWS
/// nothing.
pub async fn create(api: &Client, write: &Write, tags: &Tags) -> Outcome<Arc<str>> {
    let given = &write.properties;
    let mut balancer = pick(
        given,
        &[
            "Name",
            "Subnets",
            "SubnetMappings",
            "SecurityGroups",
            "Scheme",
            "Type",
            "IpAddressType",
            PREFIX,
        ],
    );
    if !balancer.contains_key("Name") {
        balancer.insert("Name", Value::str(generated_name(write, 32)));
    }
    if let Some(pool) = given.get("Ipv4IpamPoolId") {
        let pools = input(json!({"Ipv4IpamPoolId": pool}));
        balancer.insert("IpamPools", Value::Map(pools));
    }
    balancer.insert("Tags", Value::from(tag_list(tags)));
    let answer = elb::create_load_balancer(api, &balancer).await?;
    let arn = text(&answer, "LoadBalancers.0.LoadBalancerArn");
    if given.contains_key(ENFORCE) {
        let mut groups = pick(given, &["SecurityGroups", ENFORCE]);
        groups.insert("LoadBalancerArn", Value::str(arn));
        elb::set_security_groups(api, &groups).await?;
    }
    let set = attributes_to_set(BALANCER, given, &Map::new());
    let call = async |set: &Map| elb::modify_load_balancer_attributes(api, set).await;
    set_attributes(call, "LoadBalancerArn", arn, &set).await?;
    if given.contains_key(CAPACITY) {
        set_capacity(api, arn, given).await?;
    }
    Ok(arn.into())
}

/// Changes what is named.
pub async fn update(
    place: Place<'_>,
    api: &Client,
    arn: &str,
    write: &Write,
    changed: &[Arc<str>],
) -> Outcome<()> {
    let given = &write.properties;
    let one = || input(json!({"LoadBalancerArn": arn}));
    if touches(changed, &["Ipv4IpamPoolId"]) {
        let mut pools = one();
        match given.get("Ipv4IpamPoolId") {
            Some(pool) => {
                let pool = input(json!({"Ipv4IpamPoolId": pool}));
                pools.insert("IpamPools", Value::Map(pool));
            }
            None => {
                pools.insert("RemoveIpamPools", Value::list([Value::str("ipv4")]));
            }
        }
        elb::modify_ip_pools(api, &pools).await?;
    }
    if touches(changed, &["Subnets", "SubnetMappings", PREFIX]) {
        // A new address type may need the new subnets, so both go together.
        let names = ["Subnets", "SubnetMappings", "IpAddressType", PREFIX];
        let mut subnets = pick(given, &names);
        subnets.insert("LoadBalancerArn", Value::str(arn));
        if touches(changed, &[PREFIX]) && !given.contains_key(PREFIX) {
            subnets.insert(PREFIX, Value::str("off"));
        }
        elb::set_subnets(api, &subnets).await?;
    }
    if touches(changed, &["IpAddressType"]) {
        let ipv4 = Value::str("ipv4");
        let kind = given.get("IpAddressType").unwrap_or(&ipv4);
        let kind = input(json!({"LoadBalancerArn": arn, "IpAddressType": kind}));
        elb::set_ip_address_type(api, &kind).await?;
    }
    if touches(changed, &["SecurityGroups", ENFORCE]) {
        let mut groups = pick(given, &["SecurityGroups", ENFORCE]);
        groups.insert("LoadBalancerArn", Value::str(arn));
        if !groups.contains_key("SecurityGroups") {
            groups.insert("SecurityGroups", default_group(place, api, arn).await?);
        }
        if touches(changed, &[ENFORCE]) && !given.contains_key(ENFORCE) {
            groups.insert(ENFORCE, Value::str("on"));
        }
        elb::set_security_groups(api, &groups).await?;
    }
    if touches(changed, &["LoadBalancerAttributes"]) {
        let live = elb::describe_load_balancer_attributes(api, &one()).await?;
        let set = attributes_to_set(BALANCER, given, &live);
        let call = async |set: &Map| elb::modify_load_balancer_attributes(api, set).await;
        set_attributes(call, "LoadBalancerArn", arn, &set).await?;
    }
    if touches(changed, &[CAPACITY]) {
        set_capacity(api, arn, given).await?;
    }
    Ok(())
}

async fn set_capacity(api: &Client, arn: &str, given: &Map) -> Outcome<()> {
    let mut capacity = pick(given, &[CAPACITY]);
    if capacity.is_empty() {
        capacity.insert("ResetCapacityReservation", Value::Bool(true));
    }
    capacity.insert("LoadBalancerArn", Value::str(arn));
    elb::modify_capacity_reservation(api, &capacity).await?;
    Ok(())
}

/// The security group that a load balancer has when it is given none: its VPC's.
async fn default_group(place: Place<'_>, api: &Client, arn: &str) -> Outcome<Value> {
    let one = input(json!({"LoadBalancerArns": [arn]}));
    let answer = elb::describe_load_balancers(api, &one).await?;
    let question = input(json!({"Filters": [
        {"Name": "vpc-id", "Values": [text(&answer, "LoadBalancers.0.VpcId")]},
        {"Name": "group-name", "Values": ["default"]}]}));
    let ec2_api = place.clients.ec2(place.region);
    let answer = ec2::describe_security_groups(&ec2_api, &question).await?;
    let groups = items(&answer, "SecurityGroups").map(|group| Value::str(text(group, "GroupId")));
    Ok(Value::list(groups))
}
