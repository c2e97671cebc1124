//! NAT gateways.

use async_trait::async_trait;
use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::json;

use super::{Client, question, specification, tag, told};
use crate::inventory::Handle;
use crate::provider::aws::marks::Tags;
use crate::provider::aws::sdk::ec2;
use crate::provider::aws::service::{
    Found, NEXT_TOKEN, Place, Service, Which, input, items, list, pages, pick, rename, tags, text,
    texts, touches,
};
use crate::provider::{Outcome, Write};
use crate::value::{Map, Value};

const GATEWAY: &str = "AWS::EC2::NatGateway";

const ALLOCATIONS: &str = "SecondaryAllocationIds";
const ADDRESSES: &str = "SecondaryPrivateIpAddresses";
const COUNT: &str = "SecondaryPrivateIpAddressCount";
const ZONES: &str = "AvailabilityZoneAddresses";
const DRAIN: &str = "MaxDrainDurationSeconds";

/// The mapping.
pub struct NatGateways;

#[async_trait(?Send)]
impl Service for NatGateways {
    fn kinds(&self) -> &'static [&'static str] {
        &[GATEWAY]
    }

    async fn list(
        &self,
        place: Place<'_>,
        _: &BTreeSet<Arc<str>>,
        which: Which<'_>,
    ) -> Outcome<Vec<Found>> {
        let api = place.clients.ec2(place.region);
        let gateways = gateways(&api, which).await?;
        Ok(gateways.iter().filter_map(described).collect())
    }

    async fn create(
        &self,
        place: Place<'_>,
        write: &Write,
        tags: &Tags,
        token: &str,
    ) -> Outcome<Arc<str>> {
        let mut gateway = pick(
            &write.properties,
            &[
                "AllocationId",
                "AvailabilityMode",
                ZONES,
                "ConnectivityType",
                "PrivateIpAddress",
                ALLOCATIONS,
                COUNT,
                ADDRESSES,
                "SubnetId",
                "VpcId",
            ],
        );
        gateway.insert("ClientToken", Value::str(token));
        let tags = Value::from(specification("natgateway", tags));
        gateway.insert("TagSpecifications", tags);
        let api = place.clients.ec2(place.region);
        let answer = ec2::create_nat_gateway(&api, &gateway).await?;
        Ok(text(&answer, "NatGateway.NatGatewayId").into())
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
        let gateways = gateways(&api, Which::Named(&which)).await?;
        let Some(gateway) = gateways.first() else {
            return Ok(());
        };
        let secondary = touches(changed, &[ALLOCATIONS, ADDRESSES, COUNT]);
        match text(gateway, "ConnectivityType") {
            _ if touches(changed, &[ZONES]) => zones(&api, gateway, &write.properties).await,
            "private" if secondary => private(&api, gateway, &write.properties).await,
            _ if secondary => public(&api, gateway, &write.properties).await,
            // How long connections may drain counts when addresses are taken away.
            _ => Ok(()),
        }
    }

    async fn delete(&self, place: Place<'_>, handle: &Handle) -> Outcome<()> {
        let gateway = input(json!({"NatGatewayId": &*handle.identifier}));
        ec2::delete_nat_gateway(&place.clients.ec2(place.region), &gateway).await?;
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
}

async fn gateways(api: &Client, which: Which<'_>) -> Outcome<Vec<Map>> {
    let mut question = question(which, "nat-gateway-id", 1000);
    rename(&mut question, "Filters", "Filter");
    let call = async |question: &Map| ec2::describe_nat_gateways(api, question).await;
    pages(call, question, "NatGateways", NEXT_TOKEN).await
}

/// Whether an address is there to stay.
fn stays(address: &Map) -> bool {
    let going = ["unassigning", "disassociating", "failed"];
    !going.contains(&text(address, "Status"))
}

/// The address that a gateway was made with, and those that came to it.
fn addresses(gateway: &Map) -> (Option<&Map>, Vec<&Map>) {
    let all: Vec<&Map> = items(gateway, "NatGatewayAddresses").collect();
    let is_primary = |one: &&Map| one.get("IsPrimary") == Some(&Value::Bool(true));
    // One that failed to come has none that stays.
    let primary = all.iter().position(is_primary).unwrap_or(0);
    let others = all.iter().enumerate();
    let others = others.filter(|(at, one)| *at != primary && stays(one));
    (
        all.get(primary).copied(),
        others.map(|(_, one)| *one).collect(),
    )
}

fn described(gateway: &Map) -> Option<Found> {
    let state = text(gateway, "State");
    if state == "deleted" {
        return None;
    }
    let mut properties = told(
        gateway,
        &[
            "AutoProvisionZones",
            "AutoScalingIps",
            "AvailabilityMode",
            "ConnectivityType",
            "NatGatewayId",
            "RouteTableId",
            "SubnetId",
            "VpcId",
        ],
    );
    if text(gateway, "AvailabilityMode") == "regional" {
        properties.insert(ZONES, zone_addresses(gateway));
    } else {
        let (primary, others) = addresses(gateway);
        for (name, property) in [
            ("AllocationId", "AllocationId"),
            ("PrivateIp", "PrivateIpAddress"),
            ("NetworkInterfaceId", "EniId"),
        ] {
            let value = primary.map_or("", |primary| text(primary, name));
            if !value.is_empty() {
                properties.insert(property, Value::str(value));
            }
        }
        for (name, property) in [("AllocationId", ALLOCATIONS), ("PrivateIp", ADDRESSES)] {
            let values = others.iter().map(|one| text(one, name));
            let values: Vec<&str> = values.filter(|value| !value.is_empty()).collect();
            if !values.is_empty() {
                properties.insert(property, list(values));
            }
        }
        if !others.is_empty() {
            let count = i64::try_from(others.len()).unwrap_or(i64::MAX);
            properties.insert(COUNT, Value::Int(count));
        }
    }
    let id = text(gateway, "NatGatewayId");
    let found = Found::new(GATEWAY, id, properties, tags(gateway, "Tags"));
    let mut found = found.in_state(state, &["available"], &["deleting"], &["failed"]);
    if state == "failed" {
        let why = text(gateway, "FailureMessage");
        found.status = crate::inventory::Status::Failed(format!("{state}: {why}").into());
    }
    Some(found)
}

/// A regional gateway's addresses by zone.
fn zone_addresses(gateway: &Map) -> Value {
    let mut zones: Vec<(&str, &str, Vec<&str>)> = Vec::new();
    for address in items(gateway, "NatGatewayAddresses").filter(|one| stays(one)) {
        let (name, id) = (
            text(address, "AvailabilityZone"),
            text(address, "AvailabilityZoneId"),
        );
        let allocation = text(address, "AllocationId");
        match zones.iter_mut().find(|zone| (zone.0, zone.1) == (name, id)) {
            Some(zone) => zone.2.push(allocation),
            None => zones.push((name, id, vec![allocation])),
        }
    }
    Value::list(zones.into_iter().map(|(name, id, allocations)| {
        let zone = input(json!({"AvailabilityZone": name, "AvailabilityZoneId": id,
            "AllocationIds": allocations}));
        Value::Map(told(
            &zone,
            &["AvailabilityZone", "AvailabilityZoneId", "AllocationIds"],
        ))
    }))
}

/// Takes public addresses away.
async fn let_go(api: &Client, gateway: &Map, gone: &[&Map], properties: &Map) -> Outcome<()> {
    if gone.is_empty() {
        return Ok(());
    }
    let gone: Vec<&str> = gone.iter().map(|one| text(one, "AssociationId")).collect();
    let change = input(json!({
        "NatGatewayId": text(gateway, "NatGatewayId"), "AssociationIds": gone,
        DRAIN: properties.get(DRAIN),
    }));
    ec2::disassociate_nat_gateway_address(api, &change).await?;
    Ok(())
}

/// Brings the secondary addresses of a public gateway to those that are wanted.
async fn public(api: &Client, gateway: &Map, properties: &Map) -> Outcome<()> {
    let (_, others) = addresses(gateway);
    let wanted: Vec<&str> = texts(properties, ALLOCATIONS).collect();
    let private: Vec<&str> = texts(properties, ADDRESSES).collect();
    let mut gone = Vec::new();
    let mut have = Vec::new();
    for one in others {
        let allocation = text(one, "AllocationId");
        let at = wanted.iter().position(|wanted| *wanted == allocation);
        let ip = at.and_then(|at| private.get(at));
        if at.is_some() && ip.is_none_or(|ip| *ip == text(one, "PrivateIp")) {
            have.push(allocation)
        } else {
            gone.push(one)
        }
    }
    let_go(api, gateway, &gone, properties).await?;
    let new = wanted.iter().enumerate();
    let new: Vec<(usize, &str)> = new
        .map(|(at, one)| (at, *one))
        .filter(|(_, one)| !have.contains(one))
        .collect();
    if new.is_empty() {
        return Ok(());
    }
    let ips: Vec<&str> = new
        .iter()
        .filter_map(|(at, _)| private.get(*at).copied())
        .collect();
    let allocations: Vec<&str> = new.iter().map(|(_, one)| *one).collect();
    let change = input(json!({
        "NatGatewayId": text(gateway, "NatGatewayId"), "AllocationIds": allocations,
        "PrivateIpAddresses": (!ips.is_empty()).then_some(ips),
    }));
    ec2::associate_nat_gateway_address(api, &change).await?;
    Ok(())
}

/// Brings the secondary addresses of a private gateway to those, or to the number, that are wanted.
async fn private(api: &Client, gateway: &Map, properties: &Map) -> Outcome<()> {
    let (_, others) = addresses(gateway);
    let have: Vec<&str> = others.iter().map(|one| text(one, "PrivateIp")).collect();
    let wanted: Vec<&str> = texts(properties, ADDRESSES).collect();
    let count = properties.get(COUNT).and_then(Value::as_int);
    let count = usize::try_from(count.unwrap_or(0)).unwrap_or(0);
    let count = count.max(wanted.len());
    let (mut kept, mut gone): (Vec<&str>, Vec<&str>) =
        have.iter().partition(|ip| wanted.contains(ip));
    // Those that nobody has named may stay as far as the number goes.
    while kept.len() < count && !gone.is_empty() {
        kept.push(gone.remove(0));
    }
    let id = text(gateway, "NatGatewayId");
    if !gone.is_empty() {
        let change = input(json!({
            "NatGatewayId": id, "PrivateIpAddresses": gone, DRAIN: properties.get(DRAIN),
        }));
        ec2::unassign_private_nat_gateway_address(api, &change).await?;
    }
    let new: Vec<&str> = wanted.into_iter().filter(|ip| !have.contains(ip)).collect();
    if !new.is_empty() {
        let change = input(json!({"NatGatewayId": id, "PrivateIpAddresses": new}));
        ec2::assign_private_nat_gateway_address(api, &change).await?;
    }
    let missing = count.saturating_sub(kept.len() + new.len());
    if missing > 0 {
        let change = input(json!({"NatGatewayId": id, "PrivateIpAddressCount": missing}));
        ec2::assign_private_nat_gateway_address(api, &change).await?;
    }
    Ok(())
}

/// Brings the addresses of a regional gateway to those that are wanted in each zone.
async fn zones(api: &Client, gateway: &Map, properties: &Map) -> Outcome<()> {
    let have: Vec<&Map> = items(gateway, "NatGatewayAddresses")
        .filter(|one| stays(one))
        .collect();
    let is_in = |address: &Map, zone: &Map| {
        ["AvailabilityZone", "AvailabilityZoneId"]
            .iter()
            .all(|name| {
                zone.get(name)
                    .is_none_or(|id| address.get(name) == Some(id))
            })
    };
    let gone: Vec<&Map> = have
        .iter()
        .filter(|address| {
            let allocation = text(address, "AllocationId");
            !items(properties, ZONES).any(|zone| {
                is_in(address, zone) && texts(zone, "AllocationIds").any(|one| one == allocation)
            })
        })
        .copied()
        .collect();
    let_go(api, gateway, &gone, properties).await?;
    for zone in items(properties, ZONES) {
        let is_there = |wanted: &str| {
            let mut inside = have.iter().filter(|address| is_in(address, zone));
            inside.any(|address| text(address, "AllocationId") == wanted)
        };
        let new = texts(zone, "AllocationIds").filter(|wanted| !is_there(wanted));
        let new: Vec<&str> = new.collect();
        if new.is_empty() {
            continue;
        }
        let mut change = pick(zone, &["AvailabilityZone", "AvailabilityZoneId"]);
        change.insert("NatGatewayId", Value::str(text(gateway, "NatGatewayId")));
        change.insert("AllocationIds", list(new));
        ec2::associate_nat_gateway_address(api, &change).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_came_later_are_secondary() {
        let gateway = input(json!({"NatGatewayId": "nat-1", "State": "available",
            "ConnectivityType": "public", "NatGatewayAddresses": [
                {"AllocationId": "eipalloc-2", "PrivateIp": "10.0.0.2", "Status": "succeeded"},
                {"AllocationId": "eipalloc-3", "PrivateIp": "10.0.0.3", "Status": "disassociating"},
                {"AllocationId": "eipalloc-1", "PrivateIp": "10.0.0.1", "IsPrimary": true,
                    "NetworkInterfaceId": "eni-1"}]}));
        let found = described(&gateway).unwrap().properties;
        assert_eq!(text(&found, "AllocationId"), "eipalloc-1");
        assert_eq!(text(&found, "EniId"), "eni-1");
        assert_eq!(found.get(ALLOCATIONS), Some(&list(["eipalloc-2"])));
        assert_eq!(found.get(ADDRESSES), Some(&list(["10.0.0.2"])));
        assert_eq!(found.get(COUNT), Some(&Value::Int(1)));
    }

    #[test]
    fn a_regional_gateways_addresses_are_its_zones() {
        let address = |zone: &str, id: &str| json!({"AvailabilityZone": zone, "AllocationId": id});
        let gateway = input(json!({"NatGatewayId": "nat-1", "State": "available",
            "AvailabilityMode": "regional",
            "NatGatewayAddresses": [address("a", "1"), address("b", "2"), address("a", "3")]}));
        let zones = json!([{"AvailabilityZone": "a", "AllocationIds": ["1", "3"]},
            {"AvailabilityZone": "b", "AllocationIds": ["2"]}]);
        let found = described(&gateway).unwrap().properties;
        assert_eq!(found.get(ZONES), Some(&Value::from(zones)));
        assert!(!found.contains_key("AllocationId"));
    }

    #[test]
    fn what_is_deleted_is_gone() {
        assert_eq!(described(&input(json!({"State": "deleted"}))), None);
    }
}
