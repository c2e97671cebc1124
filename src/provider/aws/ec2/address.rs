//! Elastic IP addresses and what they are associated with: one call tells both.
//!
//! An association is called by an identifier that AWS makes up, so the mark on its address goes by
//! the address's allocation, which has one association at most.

use async_trait::async_trait;
use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::json;

use super::{Client, just_made, question, specification, tag, told};
use crate::inventory::Handle;
use crate::provider::aws::marks::Tags;
use crate::provider::aws::sdk::ec2;
use crate::provider::aws::service::{
    Found, Place, Service, Which, input, items, pick, tags, text, touches,
};
use crate::provider::{ErrorKind, Outcome, ProviderError, Write};
use crate::value::{Map, Value};

const ADDRESS: &str = "AWS::EC2::EIP";
const ASSOCIATION: &str = "AWS::EC2::EIPAssociation";

/// The mapping.
pub struct Addresses;

#[async_trait(?Send)]
impl Service for Addresses {
    fn kinds(&self) -> &'static [&'static str] {
        &[ADDRESS, ASSOCIATION]
    }

    async fn list(
        &self,
        place: Place<'_>,
        kinds: &BTreeSet<Arc<str>>,
        which: Which<'_>,
    ) -> Outcome<Vec<Found>> {
        let api = place.clients.ec2(place.region);
        let names: Vec<Arc<str>>;
        let (asked, filter) = match which {
            Which::Named(_) if kinds.contains(ASSOCIATION) => (which, "association-id"),
            Which::Named(asked) => {
                names = asked.iter().map(|name| allocation(name).into()).collect();
                (Which::Named(&names), "allocation-id")
            }
            other => (other, "allocation-id"),
        };
        let answer = ec2::describe_addresses(&api, &question(asked, filter, 0)).await?;
        let mut found = Vec::new();
        for one in items(&answer, "Addresses") {
            if kinds.contains(ADDRESS) {
                found.push(address(one));
            }
            if kinds.contains(ASSOCIATION) {
                found.extend(association(one));
            }
        }
        found.retain(|one| which.wants(&one.identifier));
        Ok(found)
    }

    async fn create(
        &self,
        place: Place<'_>,
        write: &Write,
        tags: &Tags,
        _: &str,
    ) -> Outcome<Arc<str>> {
        let api = place.clients.ec2(place.region);
        match &*write.kind {
            ADDRESS => allocate(&api, &write.properties, tags).await,
            _ => associate(&api, &write.properties).await,
        }
    }

    async fn update(
        &self,
        place: Place<'_>,
        handle: &Handle,
        write: &Write,
        changed: &[Arc<str>],
    ) -> Outcome<()> {
        if &*handle.kind != ADDRESS || !touches(changed, &["InstanceId"]) {
            return Ok(());
        }
        let api = place.clients.ec2(place.region);
        let id = allocation(&handle.identifier);
        let instance = text(&write.properties, "InstanceId");
        if instance.is_empty() {
            return disassociate(&api, id).await;
        }
        ec2::associate_address(&api, &to_instance(id, instance)).await?;
        Ok(())
    }

    async fn delete(&self, place: Place<'_>, handle: &Handle) -> Outcome<()> {
        let api = place.clients.ec2(place.region);
        if &*handle.kind == ASSOCIATION {
            let association = input(json!({"AssociationId": &*handle.identifier}));
            ec2::disassociate_address(&api, &association).await?;
            return Ok(());
        }
        let id = allocation(&handle.identifier);
        let address = input(json!({"AllocationId": id}));
        match ec2::release_address(&api, &address).await {
            // The instance of its own property holds it.
            Err(error) if error.kind == ErrorKind::Conflict => {
                disassociate(&api, id).await?;
                Err(error)
            }
            other => other.map(|_| ()),
        }
    }

    async fn tag(
        &self,
        place: Place<'_>,
        _: &str,
        identifier: &str,
        set: &Tags,
        unset: &[String],
    ) -> Outcome<()> {
        let api = place.clients.ec2(place.region);
        tag(&api, allocation(identifier), set, unset).await
    }

    fn creates_duplicates(&self, kind: &str) -> bool {
        kind == ADDRESS
    }

    fn mark_key(&self, _: Place<'_>, write: &Write) -> Option<Arc<str>> {
        (&*write.kind == ASSOCIATION).then(|| text(&write.properties, "AllocationId").into())
    }
}

/// An address is called by itself and its allocation, as CloudFormation has it; its children name
/// the allocation alone.
fn allocation(identifier: &str) -> &str {
    identifier.rsplit('|').next().unwrap_or(identifier)
}

fn address_id(address: &Map) -> Arc<str> {
    let (ip, id) = (text(address, "PublicIp"), text(address, "AllocationId"));
    format!("{ip}|{id}").into()
}

/// The address is ours, so it leaves what it is associated with now.
fn to_instance(allocation: &str, instance: &str) -> Map {
    input(json!({"AllocationId": allocation, "InstanceId": instance, "AllowReassociation": true}))
}

async fn allocate(api: &Client, properties: &Map, tags: &Tags) -> Outcome<Arc<str>> {
    let specification = specification("elastic-ip", tags);
    let made = match properties.get("TransferAddress") {
        Some(address) => {
            let transfer = input(json!({
                "Address": address, "TagSpecifications": specification,
            }));
            let answer = ec2::accept_address_transfer(api, &transfer).await?;
            let made = answer.get("AddressTransfer").and_then(Value::as_map);
            made.cloned().unwrap_or_default()
        }
        None => {
            let mut address = pick(
                properties,
                &[
                    "Address",
                    "Domain",
                    "IpamPoolId",
                    "NetworkBorderGroup",
                    "PublicIpv4Pool",
                ],
            );
            address.insert("TagSpecifications", Value::from(specification));
            ec2::allocate_address(api, &address).await?
        }
    };
    let instance = text(properties, "InstanceId");
    if !instance.is_empty() {
        let ends = to_instance(text(&made, "AllocationId"), instance);
        just_made(async || ec2::associate_address(api, &ends).await).await?;
    }
    Ok(address_id(&made))
}

async fn associate(api: &Client, properties: &Map) -> Outcome<Arc<str>> {
    if text(properties, "AllocationId").is_empty() {
        return Err(ProviderError {
            kind: ErrorKind::Invalid,
            code: "MissingParameter".to_owned(),
            message: "AllocationId is needed: whose an association is stands on its address"
                .to_owned(),
            operation: "ec2:AssociateAddress".to_owned(),
        });
    }
    let mut ends = pick(
        properties,
        &[
            "AllocationId",
            "InstanceId",
            "NetworkInterfaceId",
            "PrivateIpAddress",
        ],
    );
    // The address is ours; an association before a replace goes over without a moment in between.
    ends.insert("AllowReassociation", Value::Bool(true));
    let answer = ec2::associate_address(api, &ends).await?;
    Ok(text(&answer, "AssociationId").into())
}

/// Takes an address from its instance, if it has one.
async fn disassociate(api: &Client, allocation: &str) -> Outcome<()> {
    let question = question(Which::Named(&[allocation.into()]), "allocation-id", 0);
    let answer = ec2::describe_addresses(api, &question).await?;
    for address in items(&answer, "Addresses") {
        let association = text(address, "AssociationId");
        if !association.is_empty() && !text(address, "InstanceId").is_empty() {
            let association = input(json!({"AssociationId": association}));
            ec2::disassociate_address(api, &association).await?;
        }
    }
    Ok(())
}

fn address(address: &Map) -> Found {
    let properties = told(
        address,
        &[
            "AllocationId",
            "Domain",
            "InstanceId",
            "NetworkBorderGroup",
            "PublicIp",
            "PublicIpv4Pool",
        ],
    );
    Found::new(
        ADDRESS,
        address_id(address),
        properties,
        tags(address, "Tags"),
    )
}

fn association(address: &Map) -> Option<Found> {
    let id = text(address, "AssociationId");
    if id.is_empty() {
        return None;
    }
    let mut properties = told(
        address,
        &[
            "AllocationId",
            "InstanceId",
            "NetworkInterfaceId",
            "PrivateIpAddress",
        ],
    );
    properties.insert("Id", Value::str(id));
    properties.insert("EIP", Value::str(text(address, "PublicIp")));
    let allocation = text(address, "AllocationId");
    let found = Found::new(ASSOCIATION, id, properties, tags(address, "Tags"));
    Some(found.marked_by(allocation))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_marked_by_both_of_its_names() {
        for name in ["203.0.113.1|eipalloc-1", "eipalloc-1"] {
            assert_eq!(allocation(name), "eipalloc-1");
        }
    }

    #[test]
    fn an_association_is_marked_by_its_address() {
        let found = association(&input(json!({"AllocationId": "eipalloc-1",
            "AssociationId": "eipassoc-1", "PublicIp": "203.0.113.1", "InstanceId": "i-1"})))
        .unwrap();
        assert_eq!(found.mark.as_deref(), Some("eipalloc-1"));
        assert_eq!(
            association(&input(json!({"AllocationId": "eipalloc-1"}))),
            None
        );
    }
}
