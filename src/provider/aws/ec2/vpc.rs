//! VPCs, internet gateways and what attaches the ones to the others.

use async_trait::async_trait;
use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::{try_join, try_join_all};
use serde_json::json;

use super::{Client, question, specification, tag};
use crate::inventory::Handle;
use crate::provider::aws::marks::Tags;
use crate::provider::aws::sdk::ec2;
use crate::provider::aws::service::{
    Depth, Found, NEXT_TOKEN, Place, Service, Site, Together, Which, input, items, none_if_gone,
    pages, pick, tags, text, touches,
};
use crate::provider::{Outcome, Write};
use crate::value::{Map, Value};

const VPC: &str = "AWS::EC2::VPC";
const GATEWAY: &str = "AWS::EC2::InternetGateway";
const ATTACHMENT: &str = "AWS::EC2::VPCGatewayAttachment";

/// Flags of a VPC that are attributes with a call of their own.
const FLAGS: [(&str, &str); 2] = [
    ("EnableDnsSupport", "enableDnsSupport"),
    ("EnableDnsHostnames", "enableDnsHostnames"),
];

/// The mapping.
pub struct Vpcs;

#[async_trait(?Send)]
impl Service for Vpcs {
    fn kinds(&self) -> &'static [&'static str] {
        &[VPC, GATEWAY, ATTACHMENT]
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
        let api = place.clients.ec2(place.region);
        let wanted = |kind: &str| kinds.contains(kind);
        // An attachment's VPC has its tags, and nothing about its state.
        let by_vpc = wanted(ATTACHMENT) && place.depth == Depth::Everything;
        let vpcs = async {
            if wanted(VPC) || by_vpc {
                vpcs(&api, which, wanted(VPC)).await
            } else {
                Ok(Vec::new())
            }
        };
        let gateways = async {
            if wanted(GATEWAY) {
                gateways(&api, which).await
            } else {
                Ok(Vec::new())
            }
        };
        let (vpcs, gateways) = try_join(vpcs, gateways).await?;
        let themselves = async {
            match (wanted(VPC), place.depth) {
                (true, Depth::Everything) => described(&api, &vpcs).await,
                (true, Depth::State) => {
                    let found = vpcs.iter().map(|vpc| found(vpc, Map::new()));
                    Ok(found.collect())
                }
                (false, _) => Ok(Vec::new()),
            }
        };
        let attachments = async {
            match (wanted(ATTACHMENT), place.depth) {
                (true, Depth::Everything) => attachments(&api, &vpcs, &gateways).await,
                (true, Depth::State) => {
                    attachments(&api, &attached_to(which, &gateways), &gateways).await
                }
                (false, _) => Ok(Vec::new()),
            }
        };
        let (mut found, attachments) = try_join(themselves, attachments).await?;
        found.extend(attachments);
        found.extend(gateways.iter().map(gateway));
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
            VPC => {
                let mut vpc = pick(
                    &write.properties,
                    &[
                        "CidrBlock",
                        "InstanceTenancy",
                        "Ipv4IpamPoolId",
                        "Ipv4NetmaskLength",
                    ],
                );
                vpc.insert("TagSpecifications", Value::from(specification("vpc", tags)));
                let answer = ec2::create_vpc(&api, &vpc).await?;
                let id = text_at(&answer, "Vpc.VpcId");
                // What AWS has by itself needs no call.
                for (name, attribute) in FLAGS {
                    let default = Value::Bool(name == "EnableDnsSupport");
                    if let Some(value) = write.properties.get(name)
                        && *value != default
                    {
                        set_flag(&api, &id, attribute, value).await?;
                    }
                }
                Ok(id)
            }
            GATEWAY => {
                let gateway =
                    input(json!({"TagSpecifications": specification("internet-gateway", tags)}));
                let answer = ec2::create_internet_gateway(&api, &gateway).await?;
                Ok(text_at(&answer, "InternetGateway.InternetGatewayId"))
            }
            _ => {
                let ends = pick(&write.properties, &["VpcId", "InternetGatewayId"]);
                ec2::attach_internet_gateway(&api, &ends).await?;
                Ok(attachment_id(text(&write.properties, "VpcId")))
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
        let api = place.clients.ec2(place.region);
        match &*handle.kind {
            VPC => {
                for (name, attribute) in FLAGS {
                    if touches(changed, &[name]) {
                        let default = Value::Bool(name == "EnableDnsSupport");
                        let value = write.properties.get(name).unwrap_or(&default);
                        set_flag(&api, &handle.identifier, attribute, value).await?;
                    }
                }
                if touches(changed, &["InstanceTenancy"]) {
                    // AWS changes it to `default` and to nothing else.
                    let tenancy =
                        input(json!({"VpcId": &*handle.identifier, "InstanceTenancy": "default"}));
                    ec2::modify_vpc_tenancy(&api, &tenancy).await?;
                }
                Ok(())
            }
            ATTACHMENT if touches(changed, &["InternetGatewayId"]) => {
                let vpc = text(&write.properties, "VpcId");
                let found = gateways_of(&api, &[vpc]).await?;
                if let Some(gateway) = found.first() {
                    detach(&api, vpc, text(gateway, "InternetGatewayId")).await?;
                }
                let ends = pick(&write.properties, &["VpcId", "InternetGatewayId"]);
                ec2::attach_internet_gateway(&api, &ends).await?;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn delete(&self, place: Place<'_>, handle: &Handle) -> Outcome<()> {
        let api = place.clients.ec2(place.region);
        match &*handle.kind {
            VPC => {
                let vpc = input(json!({"VpcId": &*handle.identifier}));
                ec2::delete_vpc(&api, &vpc).await?;
            }
            GATEWAY => {
                let gateway = input(json!({"InternetGatewayId": &*handle.identifier}));
                ec2::delete_internet_gateway(&api, &gateway).await?;
            }
            _ => {
                let vpc = vpc_of(&handle.identifier);
                for gateway in gateways_of(&api, &[vpc]).await? {
                    detach(&api, vpc, text(&gateway, "InternetGatewayId")).await?;
                }
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

    fn creates_duplicates(&self, kind: &str) -> bool {
        kind != ATTACHMENT
    }

    fn identifier(&self, _: Site<'_>, write: &Write) -> Option<Arc<str>> {
        let vpc = || attachment_id(text(&write.properties, "VpcId"));
        (&*write.kind == ATTACHMENT).then(vpc)
    }
}

fn text_at(answer: &Map, path: &str) -> Arc<str> {
    text(answer, path).into()
}

/// An attachment is called by its kind and its VPC, as CloudFormation has it.
fn attachment_id(vpc: &str) -> Arc<str> {
    format!("IGW|{vpc}").into()
}

fn vpc_of(attachment: &str) -> &str {
    attachment.trim_start_matches("IGW|")
}

async fn set_flag(api: &Client, id: &str, attribute: &str, value: &Value) -> Outcome<()> {
    // The parameter is called as the property is.
    let name = format!("E{}", &attribute[1..]);
    let change = input(json!({"VpcId": id, name: {"Value": value}}));
    ec2::modify_vpc_attribute(api, &change).await?;
    Ok(())
}

async fn detach(api: &Client, vpc: &str, gateway: &str) -> Outcome<()> {
    let ends = input(json!({"VpcId": vpc, "InternetGatewayId": gateway}));
    ec2::detach_internet_gateway(api, &ends).await?;
    Ok(())
}

async fn vpcs(api: &Client, which: Which<'_>, themselves: bool) -> Outcome<Vec<Map>> {
    let names: Vec<Arc<str>>;
    let which = match which {
        // An attachment's identifier holds its VPC's.
        Which::Named(asked) if !themselves => {
            names = asked.iter().map(|name| vpc_of(name).into()).collect();
            Which::Named(&names)
        }
        other => other,
    };
    let question = question(which, "vpc-id", 1000);
    let call = async |question: &Map| ec2::describe_vpcs(api, question).await;
    pages(call, question, "Vpcs", NEXT_TOKEN).await
}

/// The VPCs of the attachments that are asked for: those that are named, or those of these gateways.
fn attached_to(which: Which<'_>, gateways: &[Map]) -> Vec<Map> {
    let vpc = |id: &str| input(json!({"VpcId": id}));
    match which {
        Which::Named(asked) => {
            let attachments = asked.iter().filter(|id| id.starts_with("IGW|"));
            attachments.map(|id| vpc(vpc_of(id))).collect()
        }
        Which::Owned(_) | Which::All => {
            let attachments = gateways.iter().flat_map(|one| items(one, "Attachments"));
            attachments.map(|one| vpc(text(one, "VpcId"))).collect()
        }
    }
}

/// The VPCs' own properties.
async fn described(api: &Client, vpcs: &[Map]) -> Outcome<Vec<Found>> {
    let ids: Vec<&str> = vpcs.iter().map(|vpc| text(vpc, "VpcId")).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    // One that goes between two calls is gone.
    let each = vpcs
        .iter()
        .map(async |vpc| none_if_gone(with_flags(api, vpc).await));
    let (found, made) = try_join(try_join_all(each), made_with(api, &ids)).await?;
    let mut found: Vec<Found> = found.into_iter().flatten().collect();
    for vpc in &mut found {
        for (name, ids) in &made {
            if let Some(value) = ids.iter().find(|(vpc_id, _)| **vpc_id == *vpc.identifier) {
                vpc.properties.insert(*name, Value::str(&*value.1));
            }
        }
    }
    Ok(found)
}

/// Which of these VPCs have which gateway. Those that `known` gateways tell nothing of are asked for.
async fn attachments(api: &Client, vpcs: &[Map], known: &[Map]) -> Outcome<Vec<Found>> {
    let attached = |gateways: &[Map]| -> Vec<Found> {
        let of = |gateway| items(gateway, "Attachments").map(move |one| (gateway, one));
        let told = gateways.iter().flat_map(of);
        told.filter_map(|(gateway, attachment)| {
            let is_its = |vpc: &&Map| text(vpc, "VpcId") == text(attachment, "VpcId");
            let vpc = vpcs.iter().find(is_its)?;
            let id = text(vpc, "VpcId");
            let properties = input(json!({
                "VpcId": id, "AttachmentType": "IGW",
                "InternetGatewayId": text(gateway, "InternetGatewayId"),
            }));
            let one = Found::new(ATTACHMENT, attachment_id(id), properties, tags(vpc, "Tags"));
            let state = text(attachment, "State");
            Some(one.in_state(state, &["available", "attached"], &["detaching"], &[]))
        })
        .collect()
    };
    let mut found = attached(known);
    let ids = vpcs.iter().map(|vpc| text(vpc, "VpcId"));
    let rest: Vec<&str> = ids
        .filter(|id| !found.iter().any(|one| one.identifier == attachment_id(id)))
        .collect();
    if !rest.is_empty() {
        found.extend(attached(&gateways_of(api, &rest).await?));
    }
    Ok(found)
}

fn found(vpc: &Map, properties: Map) -> Found {
    let found = Found::new(VPC, text(vpc, "VpcId"), properties, tags(vpc, "Tags"));
    found.in_state(text(vpc, "State"), &["available"], &[], &[])
}

/// A VPC with the flags that only a call each tells.
async fn with_flags(api: &Client, vpc: &Map) -> Outcome<Found> {
    let id = text(vpc, "VpcId");
    let flags = try_join_all(FLAGS.map(|(name, attribute)| async move {
        let question = input(json!({"VpcId": id, "Attribute": attribute}));
        let answer = ec2::describe_vpc_attribute(api, &question).await?;
        Ok((name, answer.at(&format!("{name}.Value")).cloned()))
    }))
    .await?;
    let mut properties = pick(vpc, &["VpcId", "CidrBlock", "InstanceTenancy"]);
    for (name, value) in flags {
        properties.insert(name, value.unwrap_or(Value::Bool(false)));
    }
    let associations = items(vpc, "CidrBlockAssociationSet").map(|one| text(one, "AssociationId"));
    let associations = Value::list(associations.map(Value::str));
    properties.insert("CidrBlockAssociations", associations);
    Ok(found(vpc, properties))
}

/// The security group and the access control list that AWS makes with each VPC.
async fn made_with(
    api: &Client,
    vpcs: &[&str],
) -> Outcome<[(&'static str, Vec<(String, String)>); 2]> {
    let groups = async {
        let question = input(json!({"MaxResults": 1000, "Filters": [
            {"Name": "vpc-id", "Values": vpcs}, {"Name": "group-name", "Values": ["default"]}]}));
        let call = async |question: &Map| ec2::describe_security_groups(api, question).await;
        pages(call, question, "SecurityGroups", NEXT_TOKEN).await
    };
    let lists = async {
        let question = input(json!({"MaxResults": 1000, "Filters": [
            {"Name": "vpc-id", "Values": vpcs}, {"Name": "default", "Values": ["true"]}]}));
        let call = async |question: &Map| ec2::describe_network_acls(api, question).await;
        pages(call, question, "NetworkAcls", NEXT_TOKEN).await
    };
    let (groups, lists) = try_join(groups, lists).await?;
    let by_vpc = |found: &[Map], name: &str| {
        let pair = |one: &Map| (text(one, "VpcId").to_owned(), text(one, name).to_owned());
        found.iter().map(pair).collect()
    };
    Ok([
        ("DefaultSecurityGroup", by_vpc(&groups, "GroupId")),
        ("DefaultNetworkAcl", by_vpc(&lists, "NetworkAclId")),
    ])
}

/// The gateways that are attached to these VPCs.
async fn gateways_of(api: &Client, vpcs: &[&str]) -> Outcome<Vec<Map>> {
    let question = input(json!({"MaxResults": 1000,
        "Filters": [{"Name": "attachment.vpc-id", "Values": vpcs}]}));
    let call = async |question: &Map| ec2::describe_internet_gateways(api, question).await;
    pages(call, question, "InternetGateways", NEXT_TOKEN).await
}

async fn gateways(api: &Client, which: Which<'_>) -> Outcome<Vec<Map>> {
    let question = question(which, "internet-gateway-id", 1000);
    let call = async |question: &Map| ec2::describe_internet_gateways(api, question).await;
    pages(call, question, "InternetGateways", NEXT_TOKEN).await
}

fn gateway(gateway: &Map) -> Found {
    let properties = pick(gateway, &["InternetGatewayId"]);
    let id = text(gateway, "InternetGatewayId");
    Found::new(GATEWAY, id, properties, tags(gateway, "Tags"))
}
