//! Subnets.

use async_trait::async_trait;
use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::try_join_all;
use serde_json::json;

use super::{Client, VALUES, just_made, question, specification, tag, told};
use crate::inventory::Handle;
use crate::provider::aws::marks::Tags;
use crate::provider::aws::sdk::ec2;
use crate::provider::aws::service::{
    Depth, Found, NEXT_TOKEN, Place, Service, Which, input, items, list, pages, pick, tags, text,
    touches,
};
use crate::provider::{Outcome, Write};
use crate::value::{Map, Value};

const SUBNET: &str = "AWS::EC2::Subnet";

/// Flags that are off unless they are set.
const FLAGS: [&str; 3] = [
    "MapPublicIpOnLaunch",
    "AssignIpv6AddressOnCreation",
    "EnableDns64",
];

/// The names of instances, a property of several members that are an attribute each.
const NAMES: &str = "PrivateDnsNameOptionsOnLaunch";

/// The device that is a local network interface on an Outpost.
const DEVICE: &str = "EnableLniAtDeviceIndex";

const BLOCK: &str = "Ipv6CidrBlock";

/// The mapping.
pub struct Subnets;

#[async_trait(?Send)]
impl Service for Subnets {
    fn kinds(&self) -> &'static [&'static str] {
        &[SUBNET]
    }

    async fn list(
        &self,
        place: Place<'_>,
        _: &BTreeSet<Arc<str>>,
        which: Which<'_>,
    ) -> Outcome<Vec<Found>> {
        let api = place.clients.ec2(place.region);
        let call = async |question: &Map| ec2::describe_subnets(&api, question).await;
        let question = question(which, "subnet-id", 1000);
        let subnets = pages(call, question, "Subnets", NEXT_TOKEN).await?;
        let ids: Vec<&str> = subnets.iter().map(|one| text(one, "SubnetId")).collect();
        let at_once = ids
            .chunks(VALUES)
            .filter(|_| place.depth == Depth::Everything);
        let lists = try_join_all(at_once.map(|ids| access_lists(&api, ids))).await?;
        let lists: Vec<Map> = lists.into_iter().flatten().collect();
        Ok(subnets.iter().map(|one| described(one, &lists)).collect())
    }

    async fn create(
        &self,
        place: Place<'_>,
        write: &Write,
        tags: &Tags,
        _: &str,
    ) -> Outcome<Arc<str>> {
        let api = place.clients.ec2(place.region);
        let mut subnet = pick(
            &write.properties,
            &[
                "AvailabilityZone",
                "AvailabilityZoneId",
                "CidrBlock",
                "Ipv4IpamPoolId",
                "Ipv4NetmaskLength",
                BLOCK,
                "Ipv6IpamPoolId",
                "Ipv6Native",
                "Ipv6NetmaskLength",
                "OutpostArn",
                "VpcId",
            ],
        );
        let tags = Value::from(specification("subnet", tags));
        subnet.insert("TagSpecifications", tags);
        let answer = ec2::create_subnet(&api, &subnet).await?;
        let id = text(&answer, "Subnet.SubnetId");
        for (name, value) in &write.properties {
            // What AWS has by itself needs no call.
            if FLAGS.contains(&&**name) && *value == Value::Bool(false) {
                continue;
            }
            for change in attributes(id, name, &write.properties) {
                just_made(async || ec2::modify_subnet_attribute(&api, &change).await).await?;
            }
        }
        Ok(id.into())
    }

    async fn update(
        &self,
        place: Place<'_>,
        handle: &Handle,
        write: &Write,
        changed: &[Arc<str>],
    ) -> Outcome<()> {
        let api = place.clients.ec2(place.region);
        let id = &*handle.identifier;
        let block = touches(changed, &[BLOCK]);
        let wanted = text(&write.properties, BLOCK);
        // Addresses of the block are given out only while there is one.
        if block && !wanted.is_empty() {
            set_block(&api, id, wanted).await?;
        }
        for name in changed {
            for change in attributes(id, name, &write.properties) {
                ec2::modify_subnet_attribute(&api, &change).await?;
            }
        }
        if block && wanted.is_empty() {
            set_block(&api, id, "").await?;
        }
        Ok(())
    }

    async fn delete(&self, place: Place<'_>, handle: &Handle) -> Outcome<()> {
        let subnet = input(json!({"SubnetId": &*handle.identifier}));
        ec2::delete_subnet(&place.clients.ec2(place.region), &subnet).await?;
        Ok(())
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

    fn creates_duplicates(&self, _: &str) -> bool {
        true
    }
}

/// The calls that bring a property to its value: one changes one attribute.
fn attributes(id: &str, name: &str, properties: &Map) -> Vec<Map> {
    let value = properties.get(name);
    let change = |parameter: &str, value: serde_json::Value| {
        input(json!({"SubnetId": id, parameter: value}))
    };
    let flag = |value: Option<&Value>| json!({"Value": value.unwrap_or(&Value::Bool(false))});
    if FLAGS.contains(&name) {
        return vec![change(name, flag(value))];
    }
    match name {
        NAMES => {
            let mut changes = Vec::new();
            let native = properties.get("Ipv6Native") == Some(&Value::Bool(true));
            let default = if native { "resource-name" } else { "ip-name" };
            let member = |name: &str| value.and_then(|value| value.at(name));
            let host = member("HostnameType").and_then(Value::as_str);
            if host.is_some() || value.is_none() {
                let host = host.unwrap_or(default);
                changes.push(change("PrivateDnsHostnameTypeOnLaunch", json!(host)));
            }
            for record in [
                "EnableResourceNameDnsARecord",
                "EnableResourceNameDnsAAAARecord",
            ] {
                if member(record).is_some() || value.is_none() {
                    changes.push(change(&format!("{record}OnLaunch"), flag(member(record))));
                }
            }
            changes
        }
        DEVICE => vec![match value {
            Some(index) => change(DEVICE, json!(index)),
            None => change("DisableLniAtDeviceIndex", json!({"Value": true})),
        }],
        _ => Vec::new(),
    }
}

/// Gives a subnet this IPv6 block, or none, in place of the one that it has.
async fn set_block(api: &Client, id: &str, wanted: &str) -> Outcome<()> {
    let question = question(Which::Named(&[id.into()]), "subnet-id", 0);
    let answer = ec2::describe_subnets(api, &question).await?;
    let subnet = items(&answer, "Subnets").next();
    let mut there = false;
    for block in subnet.into_iter().flat_map(blocks) {
        if text(block, BLOCK) == wanted {
            there = true;
            continue;
        }
        let old = input(json!({"AssociationId": text(block, "AssociationId")}));
        ec2::disassociate_subnet_cidr_block(api, &old).await?;
    }
    if !wanted.is_empty() && !there {
        let new = input(json!({"SubnetId": id, "Ipv6CidrBlock": wanted}));
        ec2::associate_subnet_cidr_block(api, &new).await?;
    }
    Ok(())
}

/// The IPv6 blocks that a subnet has or is getting.
fn blocks(subnet: &Map) -> impl Iterator<Item = &Map> {
    items(subnet, "Ipv6CidrBlockAssociationSet").filter(|block| {
        let state = text(block, "Ipv6CidrBlockState.State");
        ["associating", "associated"].contains(&state)
    })
}

/// The access control lists of subnets.
async fn access_lists(api: &Client, subnets: &[&str]) -> Outcome<Vec<Map>> {
    let question = input(json!({"MaxResults": 1000,
        "Filters": [{"Name": "association.subnet-id", "Values": subnets}]}));
    let call = async |question: &Map| ec2::describe_network_acls(api, question).await;
    pages(call, question, "NetworkAcls", NEXT_TOKEN).await
}

fn described(subnet: &Map, lists: &[Map]) -> Found {
    let mut properties = told(
        subnet,
        &[
            "AssignIpv6AddressOnCreation",
            "AvailabilityZone",
            "AvailabilityZoneId",
            "BlockPublicAccessStates",
            "CidrBlock",
            "EnableDns64",
            "Ipv6Native",
            "MapPublicIpOnLaunch",
            "OutpostArn",
            NAMES,
            "SubnetId",
            "VpcId",
        ],
    );
    let id = text(subnet, "SubnetId");
    let blocks: Vec<&str> = blocks(subnet).map(|block| text(block, BLOCK)).collect();
    if let Some(block) = blocks.first() {
        properties.insert(BLOCK, Value::str(*block));
    }
    properties.insert("Ipv6CidrBlocks", list(&blocks));
    let association = lists
        .iter()
        .flat_map(|list| items(list, "Associations"))
        .find(|association| text(association, "SubnetId") == id);
    if let Some(association) = association {
        let association = text(association, "NetworkAclAssociationId");
        properties.insert("NetworkAclAssociationId", Value::str(association));
    }
    Found::new(SUBNET, id, properties, tags(subnet, "Tags")).in_state(
        text(subnet, "State"),
        &["available"],
        &[],
        &["failed", "failed-insufficient-capacity"],
    )
}
