//! Peerings between VPCs, accepted on the other side where that is the same account's.

use async_trait::async_trait;
use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::try_join_all;
use serde_json::json;

use super::{Client, question, specification, tag};
use crate::inventory::Handle;
use crate::provider::aws::marks::{Marks, Tags};
use crate::provider::aws::sdk::ec2;
use crate::provider::aws::service::{
    Found, NEXT_TOKEN, Place, Service, Which, input, pages, pick, tags, text,
};
use crate::provider::{ErrorKind, Outcome, ProviderError, Write};
use crate::value::{Map, Value};

const PEERING: &str = "AWS::EC2::VPCPeeringConnection";

const PENDING: &str = "pending-acceptance";

/// States that nothing leads out of. AWS shows such a peering for some hours and deletes none
/// (<https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html>).
const DEAD: [&str; 3] = ["failed", "rejected", "expired"];

/// The mapping.
pub struct Peerings;

#[async_trait(?Send)]
impl Service for Peerings {
    fn kinds(&self) -> &'static [&'static str] {
        &[PEERING]
    }

    async fn list(
        &self,
        place: Place<'_>,
        _: &BTreeSet<Arc<str>>,
        which: Which<'_>,
    ) -> Outcome<Vec<Found>> {
        let api = place.clients.ec2(place.region);
        let mut peerings = peerings(&api, which).await?;
        // Both sides show a peering; it is the requester's.
        peerings.retain(|one| text(one, "RequesterVpcInfo.Region") == place.region);
        if let Which::Named(_) = which {
            let ours = peerings.iter().filter(|one| {
                let pending = text(one, "Status.Code") == PENDING;
                pending && Marks::from_tags(&tags(one, "Tags")).is_some()
            });
            // It is being waited for, so this is the time to accept it.
            try_join_all(ours.map(|one| accept(place, one))).await?;
        }
        let found = peerings.iter().filter_map(|one| described(one, which));
        Ok(found.collect())
    }

    async fn create(
        &self,
        place: Place<'_>,
        write: &Write,
        tags: &Tags,
        _: &str,
    ) -> Outcome<Arc<str>> {
        let properties = &write.properties;
        if properties.contains_key("PeerRoleArn")
            && ![place.account().await?, ""].contains(&text(properties, "PeerOwnerId"))
        {
            return Err(ProviderError {
                    kind: ErrorKind::Unsupported,
                    code: "PeerRoleArn".to_owned(),
                    message: "a peering is not accepted in another account by its role here; without PeerRoleArn it waits until it is accepted there".to_owned(),
                    operation: "ec2:AcceptVpcPeeringConnection".to_owned(),
                });
        }
        let ends = ["PeerOwnerId", "PeerRegion", "PeerVpcId", "VpcId"];
        let mut peering = pick(properties, &ends);
        let tags = Value::from(specification("vpc-peering-connection", tags));
        peering.insert("TagSpecifications", tags);
        let api = place.clients.ec2(place.region);
        let answer = ec2::create_vpc_peering_connection(&api, &peering).await?;
        let made = answer.get("VpcPeeringConnection").and_then(Value::as_map);
        let made = made.cloned().unwrap_or_default();
        // When this fails for good it fails again, and is told, when it is waited for.
        let _ = accept(place, &made).await;
        Ok(text(&made, "VpcPeeringConnectionId").into())
    }

    async fn update(&self, _: Place<'_>, _: &Handle, _: &Write, _: &[Arc<str>]) -> Outcome<()> {
        // The role counts when it is created, and everything else is fixed.
        Ok(())
    }

    async fn delete(&self, place: Place<'_>, handle: &Handle) -> Outcome<()> {
        let api = place.clients.ec2(place.region);
        let peering = input(json!({"VpcPeeringConnectionId": &*handle.identifier}));
        match ec2::delete_vpc_peering_connection(&api, &peering).await {
            Err(error) if error.kind == ErrorKind::Conflict => {
                let which = [handle.identifier.clone()];
                let left = peerings(&api, Which::Named(&which)).await?;
                let gone = ["deleting", "deleted"];
                let is_left = |one: &Map| !gone.contains(&text(one, "Status.Code"));
                if left.iter().any(is_left) {
                    Err(error)
                } else {
                    Ok(())
                }
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
        tag(&place.clients.ec2(place.region), identifier, set, unset).await
    }

    fn creates_duplicates(&self, _: &str) -> bool {
        true
    }
}

async fn peerings(api: &Client, which: Which<'_>) -> Outcome<Vec<Map>> {
    let question = question(which, "vpc-peering-connection-id", 1000);
    let call = async |question: &Map| ec2::describe_vpc_peering_connections(api, question).await;
    pages(call, question, "VpcPeeringConnections", NEXT_TOKEN).await
}

/// Accepts a peering in the region of its other side, if that is this account's.
async fn accept(place: Place<'_>, peering: &Map) -> Outcome<()> {
    if text(peering, "AccepterVpcInfo.OwnerId") != place.account().await? {
        return Ok(());
    }
    let region = match text(peering, "AccepterVpcInfo.Region") {
        "" => place.region,
        region => region,
    };
    let id = input(json!({"VpcPeeringConnectionId": text(peering, "VpcPeeringConnectionId")}));
    let api = place.clients.ec2(region);
    match ec2::accept_vpc_peering_connection(&api, &id).await {
        // The other side does not know it yet, or it has been accepted meanwhile.
        Err(error) if [ErrorKind::NotFound, ErrorKind::Conflict].contains(&error.kind) => Ok(()),
        other => other.map(|_| ()),
    }
}

fn described(peering: &Map, which: Which<'_>) -> Option<Found> {
    let state = text(peering, "Status.Code");
    // Who waits for one has to hear that it failed; for everybody else it is gone.
    let waited_for = matches!(which, Which::Named(_));
    if state == "deleted" || DEAD.contains(&state) && !waited_for {
        return None;
    }
    let id = text(peering, "VpcPeeringConnectionId");
    let properties = input(json!({
        "Id": id,
        "VpcId": text(peering, "RequesterVpcInfo.VpcId"),
        "PeerVpcId": text(peering, "AccepterVpcInfo.VpcId"),
        "PeerOwnerId": text(peering, "AccepterVpcInfo.OwnerId"),
        "PeerRegion": text(peering, "AccepterVpcInfo.Region"),
    }));
    let found = Found::new(PEERING, id, properties, tags(peering, "Tags"));
    Some(found.in_state(state, &["active"], &["deleting"], &DEAD))
}
