//! Route tables, their routes and the subnets that go by them: one call tells all three.
//!
//! A subnet's association is called by an identifier that AWS makes up, so the mark on its route
//! table goes by the subnet, which has one association at most.

use async_trait::async_trait;
use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::json;

use super::{Client, question, specification, tag, told};
use crate::inventory::Handle;
use crate::provider::aws::marks::{Marks, Tags};
use crate::provider::aws::sdk::ec2;
use crate::provider::aws::service::{
    Found, NEXT_TOKEN, Place, Service, Site, Together, Which, input, items, pages, pick, tags,
    text, touches,
};
use crate::provider::{ErrorKind, Outcome, ProviderError, Write};
use crate::value::{Map, Value};

const TABLE: &str = "AWS::EC2::RouteTable";
const ROUTE: &str = "AWS::EC2::Route";
const ASSOCIATION: &str = "AWS::EC2::SubnetRouteTableAssociation";

/// What a route leads to is one of these.
const DESTINATIONS: [&str; 3] = [
    "DestinationCidrBlock",
    "DestinationIpv6CidrBlock",
    "DestinationPrefixListId",
];

/// Where it leads is one of these.
const TARGETS: [&str; 12] = [
    "CarrierGatewayId",
    "CoreNetworkArn",
    "EgressOnlyInternetGatewayId",
    "GatewayId",
    "InstanceId",
    "LocalGatewayId",
    "NatGatewayId",
    "NetworkInterfaceId",
    "OdbNetworkArn",
    "TransitGatewayId",
    "VpcEndpointId",
    "VpcPeeringConnectionId",
];

/// The mapping.
pub struct Routing;

#[async_trait(?Send)]
impl Service for Routing {
    fn kinds(&self) -> &'static [&'static str] {
        &[TABLE, ROUTE, ASSOCIATION]
    }

    fn reads_together(&self) -> Together {
        Together::Owned
    }

    async fn list(
        &self,
        place: Place<'_>,
        kinds: &BTreeSet<Arc<str>>,
        which: Which<'_>,
    ) -> Outcome<Vec<Found>> {
        let mut found = Vec::new();
        for table in tables(place, kinds, which).await? {
            let id = text(&table, "RouteTableId");
            let tags = tags(&table, "Tags");
            if kinds.contains(TABLE) {
                let properties = pick(&table, &["RouteTableId", "VpcId"]);
                found.push(Found::new(TABLE, id, properties, tags.clone()));
            }
            if kinds.contains(ROUTE) {
                found.extend(items(&table, "Routes").filter_map(|one| route(id, one, &tags)));
            }
            if kinds.contains(ASSOCIATION) {
                let associations = items(&table, "Associations");
                found.extend(associations.filter_map(|one| association(id, one, &tags)));
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
        token: &str,
    ) -> Outcome<Arc<str>> {
        let api = place.clients.ec2(place.region);
        let properties = &write.properties;
        match &*write.kind {
            TABLE => {
                let table = input(json!({
                    "VpcId": text(properties, "VpcId"), "ClientToken": token,
                    "TagSpecifications": specification("route-table", tags),
                }));
                let answer = ec2::create_route_table(&api, &table).await?;
                Ok(text(&answer, "RouteTable.RouteTableId").into())
            }
            ROUTE => {
                ec2::create_route(&api, &parameters(properties)).await?;
                Ok(route_id(properties))
            }
            _ => {
                let ends = pick(properties, &["RouteTableId", "SubnetId"]);
                match ec2::associate_route_table(&api, &ends).await {
                    Ok(answer) => Ok(text(&answer, "AssociationId").into()),
                    Err(error) if error.kind == ErrorKind::AlreadyExists => {
                        move_association(&api, write, error).await
                    }
                    Err(error) => Err(error),
                }
            }
        }
    }

    async fn update(
        &self,
        place: Place<'_>,
        handle: &Handle,
        write: &Write,
        changed: &[Arc<str>],
    ) -> Outcome<()> {
        if &*handle.kind == ROUTE && touches(changed, &TARGETS) {
            let api = place.clients.ec2(place.region);
            ec2::replace_route(&api, &parameters(&write.properties)).await?;
        }
        Ok(())
    }

    async fn delete(&self, place: Place<'_>, handle: &Handle) -> Outcome<()> {
        let api = place.clients.ec2(place.region);
        let id = &*handle.identifier;
        match &*handle.kind {
            TABLE => {
                let table = input(json!({"RouteTableId": id}));
                ec2::delete_route_table(&api, &table).await?;
            }
            ROUTE => {
                let (table, destination) = id.split_once('|').unwrap_or((id, ""));
                let name = match destination {
                    list if list.starts_with("pl-") => DESTINATIONS[2],
                    block if block.contains(':') => DESTINATIONS[1],
                    _ => DESTINATIONS[0],
                };
                let route = input(json!({"RouteTableId": table, name: destination}));
                ec2::delete_route(&api, &route).await?;
            }
            _ => {
                let association = input(json!({"AssociationId": id}));
                ec2::disassociate_route_table(&api, &association).await?;
            }
        }
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

    fn identifier(&self, _: Site<'_>, write: &Write) -> Option<Arc<str>> {
        (&*write.kind == ROUTE).then(|| route_id(&write.properties))
    }

    fn mark_key(&self, _: Place<'_>, write: &Write) -> Option<Arc<str>> {
        (&*write.kind == ASSOCIATION).then(|| text(&write.properties, "SubnetId").into())
    }
}

/// The tables that are asked for, or that hold what is.
async fn tables(
    place: Place<'_>,
    kinds: &BTreeSet<Arc<str>>,
    which: Which<'_>,
) -> Outcome<Vec<Map>> {
    let api = &place.clients.ec2(place.region);
    let call = async |question: &Map| ec2::describe_route_tables(api, question).await;
    let ask = async |which: Which<'_>, filter| {
        let question = question(which, filter, 100);
        pages(call, question, "RouteTables", NEXT_TOKEN).await
    };
    match which {
        Which::Named(asked) if kinds.contains(ASSOCIATION) => {
            let filter = "association.route-table-association-id";
            // AWS tells the tables that have any of them; moto tells those that have all, and no
            // others if there are several.
            let at_once = if place.clients.endpoint().is_some() {
                1
            } else {
                asked.len().max(1)
            };
            let mut tables = Vec::new();
            for some in asked.chunks(at_once) {
                tables.extend(ask(Which::Named(some), filter).await?);
            }
            Ok(tables)
        }
        // A route's identifier holds its table's.
        Which::Named(asked) if kinds.contains(ROUTE) => {
            let table = |id: &Arc<str>| id.split('|').next().unwrap_or_default().into();
            let names: Vec<Arc<str>> = asked.iter().map(table).collect();
            ask(Which::Named(&names), "route-table-id").await
        }
        other => ask(other, "route-table-id").await,
    }
}

/// A route is called by its table and what it leads to, as CloudFormation has it.
fn route_id(properties: &Map) -> Arc<str> {
    let destination = DESTINATIONS.map(|name| text(properties, name)).concat();
    format!("{}|{destination}", text(properties, "RouteTableId")).into()
}

/// A route's parameters in the calls that write it.
fn parameters(properties: &Map) -> Map {
    let names = ["RouteTableId"].into_iter().chain(DESTINATIONS);
    let names: Vec<&str> = names.chain(TARGETS).collect();
    pick(properties, &names)
}

/// A route that somebody has written; a table's own and those that gateways make are nobody's.
fn route(table: &str, route: &Map, tags: &Tags) -> Option<Found> {
    let gateway = text(route, "GatewayId");
    let endpoint = gateway.starts_with("vpce-");
    let listed = !text(route, "DestinationPrefixListId").is_empty();
    let origin = text(route, "Origin");
    if origin != "CreateRoute" || gateway == "local" || endpoint && listed {
        return None;
    }
    let names: Vec<&str> = DESTINATIONS.into_iter().chain(TARGETS).collect();
    let mut properties = told(route, &names);
    if endpoint {
        // AWS tells a route to a Gateway Load Balancer's endpoint as one to a gateway.
        properties.remove("GatewayId");
        properties.insert("VpcEndpointId", Value::str(gateway));
    }
    properties.insert("RouteTableId", Value::str(table));
    let id = route_id(&properties);
    let destination = DESTINATIONS.map(|name| text(route, name)).concat();
    properties.insert("CidrBlock", Value::str(destination));
    Some(Found::new(ROUTE, id, properties, tags.clone()))
}

/// A subnet's association; gateways have some too, and the main table's is nobody's.
fn association(table: &str, association: &Map, tags: &Tags) -> Option<Found> {
    let subnet = text(association, "SubnetId");
    let state = text(association, "AssociationState.State");
    let main = association.get("Main") == Some(&Value::Bool(true));
    if subnet.is_empty() || main || state == "disassociated" {
        return None;
    }
    let id = text(association, "RouteTableAssociationId");
    let properties = input(json!({"Id": id, "SubnetId": subnet, "RouteTableId": table}));
    let found = Found::new(ASSOCIATION, id, properties, tags.clone()).marked_by(subnet);
    let ready = ["associated", ""];
    Some(found.in_state(state, &ready, &["disassociating"], &["failed"]))
}

/// The association of a subnet that has one: the wanted one, or one that goes over without a moment
/// in between because it is the same resource's before it is replaced, or because somebody has moved
/// it to another table of ours. Others are left alone.
async fn move_association(api: &Client, write: &Write, error: ProviderError) -> Outcome<Arc<str>> {
    let wanted = text(&write.properties, "RouteTableId");
    let subnet = text(&write.properties, "SubnetId");
    let question = question(Which::Named(&[subnet.into()]), "association.subnet-id", 100);
    let answer = ec2::describe_route_tables(api, &question).await?;
    for table in items(&answer, "RouteTables") {
        let is_its = |one: &&Map| text(one, "SubnetId") == subnet;
        let Some(association) = items(table, "Associations").find(is_its) else {
            continue;
        };
        let id = text(association, "RouteTableAssociationId");
        if text(table, "RouteTableId") == wanted {
            return Ok(id.into());
        }
        let tags = tags(table, "Tags");
        let ours = Marks::from_tags(&tags).is_some_and(|marks| marks.owner == write.owner);
        let marks = Marks::from_child_tag(&tags, ASSOCIATION, subnet);
        if ours && marks.is_none_or(|marks| marks.address == write.address) {
            let change = input(json!({"AssociationId": id, "RouteTableId": wanted}));
            let answer = ec2::replace_route_table_association(api, &change).await?;
            return Ok(text(&answer, "NewAssociationId").into());
        }
    }
    Err(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_somebody_has_written_is_a_route() {
        let told = |json| route("rtb-1", &input(json), &Tags::new());
        let written = told(
            json!({"Origin": "CreateRoute", "DestinationIpv6CidrBlock": "::/0",
            "EgressOnlyInternetGatewayId": "eigw-1", "State": "active"}),
        )
        .unwrap();
        assert_eq!(&*written.identifier, "rtb-1|::/0");
        assert_eq!(text(&written.properties, "CidrBlock"), "::/0");
        let balancer = told(
            json!({"Origin": "CreateRoute", "DestinationCidrBlock": "0.0.0.0/0",
            "GatewayId": "vpce-1"}),
        )
        .unwrap();
        assert_eq!(text(&balancer.properties, "VpcEndpointId"), "vpce-1");
        assert!(!balancer.properties.contains_key("GatewayId"));
        for nobodys in [
            json!({"Origin": "CreateRouteTable", "DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"}),
            json!({"Origin": "EnableVgwRoutePropagation", "DestinationCidrBlock": "10.1.0.0/16", "GatewayId": "vgw-1"}),
            json!({"Origin": "CreateRoute", "DestinationPrefixListId": "pl-1", "GatewayId": "vpce-1"}),
        ] {
            assert_eq!(told(nobodys), None);
        }
    }

    #[test]
    fn only_a_subnets_own_association_is_one() {
        let told = |json| association("rtb-1", &input(json), &Tags::new());
        let own = json!({"RouteTableAssociationId": "rtbassoc-1", "SubnetId": "subnet-1",
            "Main": false, "AssociationState": {"State": "associated"}});
        assert_eq!(&*told(own).unwrap().identifier, "rtbassoc-1");
        for other in [
            json!({"RouteTableAssociationId": "rtbassoc-1", "Main": true}),
            json!({"RouteTableAssociationId": "rtbassoc-1", "GatewayId": "igw-1"}),
            json!({"RouteTableAssociationId": "rtbassoc-1", "SubnetId": "subnet-1",
                "AssociationState": {"State": "disassociated"}}),
        ] {
            assert_eq!(told(other), None);
        }
    }
}
