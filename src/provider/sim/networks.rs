//! What AWS refuses of subnets, and of what has to span several.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::cloud::{Cloud, Item};
use super::rules::{Refusal, is_called, text};
use crate::provider::ErrorKind;
use crate::value::{Map, Value};

fn network(text: &str) -> Result<Ipv4Net, Refusal> {
    text.parse()
        .map_err(|_| Refusal::invalid(format!("{text:?} is not a CIDR block")))
}

pub fn check_subnet(cloud: &Cloud, properties: &Map, old: Option<&Item>) -> Result<(), Refusal> {
    let own = network(text(properties, "CidrBlock"))?;
    let vpc_id = text(properties, "VpcId");
    let vpc = cloud
        .items
        .values()
        .find(|i| &*i.kind == "AWS::EC2::VPC" && is_called(i, vpc_id));
    if let Some(vpc) = vpc {
        let around = network(text(&vpc.properties, "CidrBlock"))?;
        if !around.contains(&own) {
            let message = format!("{own} is not within the VPC's {around}");
            return Err(Refusal::new(
                ErrorKind::Invalid,
                "InvalidSubnet.Range",
                message,
            ));
        }
    }
    for other in cloud
        .items
        .values()
        .filter(|item| &*item.kind == "AWS::EC2::Subnet")
    {
        if old.is_some_and(|old| old.number == other.number)
            || text(&other.properties, "VpcId") != vpc_id
        {
            continue;
        }
        let there = network(text(&other.properties, "CidrBlock"))?;
        if there.contains(&own) || own.contains(&there) {
            let message = format!("{own} overlaps {there} of {}", other.identifier);
            return Err(Refusal::new(
                ErrorKind::Invalid,
                "InvalidSubnet.Conflict",
                message,
            ));
        }
    }
    Ok(())
}

/// Subnet groups and load balancers span two zones at least.
pub fn two_zones(cloud: &Cloud, properties: &Map, name: &str) -> Result<(), Refusal> {
    let ids = properties
        .get(name)
        .and_then(Value::as_list)
        .unwrap_or_default();
    let zones: BTreeSet<&str> = cloud
        .items
        .values()
        .filter(|item| &*item.kind == "AWS::EC2::Subnet")
        .filter(|item| ids.iter().any(|id| id.as_str() == Some(&*item.identifier)))
        .map(|item| text(&item.properties, "AvailabilityZone"))
        .collect();
    if zones.len() < 2 {
        return Err(Refusal::invalid(format!(
            "{name} must be in at least two Availability Zones"
        )));
    }
    Ok(())
}

/// botocore: `ModifyDBSubnetGroup`, `SubnetAlreadyInUse`.
pub fn zones_in_use(cloud: &Cloud, properties: &Map, old: Option<&Item>) -> Result<(), Refusal> {
    let Some(old) = old else { return Ok(()) };
    let ids = properties.get("SubnetIds").and_then(Value::as_list);
    let ids = ids.unwrap_or_default();
    let of = |kind: &'static str| cloud.items.values().filter(move |item| &*item.kind == kind);
    let has = |zone: &str| {
        let mut subnets = of("AWS::EC2::Subnet");
        subnets.any(|subnet| {
            text(&subnet.properties, "AvailabilityZone") == zone
                && ids
                    .iter()
                    .any(|id| id.as_str() == Some(&*subnet.identifier))
        })
    };
    let within = of("AWS::RDS::DBInstance")
        .filter(|item| text(&item.properties, "DBSubnetGroupName") == &*old.identifier);
    for database in within {
        for name in ["AvailabilityZone", "SecondaryAvailabilityZone"] {
            let zone = text(&database.properties, name);
            if !zone.is_empty() && !has(zone) {
                let message = format!("{} is in {zone}", database.identifier);
                return Err(Refusal::new(
                    ErrorKind::Conflict,
                    "SubnetAlreadyInUse",
                    message,
                ));
            }
        }
    }
    Ok(())
}

/// The n-th address of a subnet that a resource may have; AWS keeps the first four for itself
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html>).
pub fn host(cidr: &str, number: u64) -> Option<Ipv4Addr> {
    let network: Ipv4Net = cidr.parse().ok()?;
    let size = 1u64 << (32 - u32::from(network.prefix_len()));
    let usable = size.saturating_sub(5).max(1);
    let offset = u32::try_from(4 + number % usable).ok()?;
    Some(Ipv4Addr::from(
        u32::from(network.network()).checked_add(offset)?,
    ))
}
