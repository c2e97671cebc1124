//! Addresses of new subnets: a blueprint's range, unless a subnet that exists has it.
//!
//! A subnet keeps its range while it exists (`ignoreChanges: [CidrBlock]`), even when the blueprint's way
//! of numbering has changed. So the range that a new one would have may be in use, and it gets a free one.

use std::borrow::Cow;
use std::collections::HashMap;

use ipnet::Ipv4Net;

use super::cidr;
use crate::address::Address;
use crate::graph::{Graph, Resource};
use crate::inventory::Live;
use crate::value::Value;

const SUBNET: &str = "AWS::EC2::Subnet";

/// The graph with free ranges for the subnets that are new.
pub fn settled<'a>(desired: &'a Graph, live: &Live) -> Cow<'a, Graph> {
    let mut used: HashMap<&str, Vec<Ipv4Net>> = HashMap::new();
    for resource in live.resources.values().chain(&live.deposed) {
        if &*resource.kind == SUBNET
            && let Some(vpc) = resource.properties.get("VpcId").and_then(Value::as_str)
        {
            used.entry(vpc)
                .or_default()
                .extend(cidr::of(&resource.properties));
        }
    }
    let is_new = |resource: &&Resource| {
        &*resource.kind == SUBNET
            && resource.lifecycle.ignores(cidr::CIDR)
            && !live.resources.contains_key(&resource.address)
    };
    let mut settled = Cow::Borrowed(desired);
    let mut given: Vec<(Address, Ipv4Net)> = desired
        .iter()
        .filter(is_new)
        .filter_map(|resource| Some((resource.address.clone(), cidr::of(&resource.properties)?)))
        .collect();
    for resource in desired.iter().filter(is_new) {
        let (Some(wanted), Some((vpc, around))) =
            (cidr::of(&resource.properties), vpc_of(resource, live))
        else {
            continue;
        };
        let have = used.get(vpc).map(Vec::as_slice).unwrap_or_default();
        if !have.iter().any(|other| cidr::overlap(*other, wanted)) {
            continue;
        }
        let region = &resource.address.region;
        let is_free = |block: &Ipv4Net| {
            let others = given
                .iter()
                .filter(|(address, _)| address.region == *region && *address != resource.address);
            !have.iter().any(|other| cidr::overlap(*other, *block))
                && !others
                    .map(|(_, other)| *other)
                    .any(|other| cidr::overlap(other, *block))
        };
        let blocks = around.subnets(wanted.prefix_len());
        let Some(free) = blocks.ok().and_then(|mut blocks| blocks.find(is_free)) else {
            continue;
        };
        given.retain(|(address, _)| *address != resource.address);
        given.push((resource.address.clone(), free));
        if let Some(own) = settled.to_mut().resources.get_mut(&resource.address) {
            own.properties
                .insert(cidr::CIDR, Value::str(free.to_string()));
        }
    }
    settled
}

/// The VPC that exists already where a new subnet will be, and its range.
fn vpc_of<'a>(resource: &Resource, live: &'a Live) -> Option<(&'a str, Ipv4Net)> {
    let Some(Value::Reference(vpc)) = resource.properties.get("VpcId") else {
        return None;
    };
    let vpc = live.resources.get(&vpc.address)?;
    Some((&vpc.identifier, cidr::of(&vpc.properties)?))
}
