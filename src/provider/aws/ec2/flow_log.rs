//! Flow logs.

use async_trait::async_trait;
use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::json;

use super::{question, specification, tag, told, unsuccessful};
use crate::inventory::Handle;
use crate::provider::aws::marks::Tags;
use crate::provider::aws::sdk::ec2;
use crate::provider::aws::service::{
    Found, NEXT_TOKEN, Place, Service, Site, Which, input, pages, pick, rename, tags, text, texts,
};
use crate::provider::{Outcome, Write};
use crate::value::{Map, Value};

const LOG: &str = "AWS::EC2::FlowLog";

const DESTINATION: &str = "LogDestination";

/// What logs are of, by the beginning of its identifier: AWS does not tell it.
const TYPES: [(&str, &str); 6] = [
    ("vpc-", "VPC"),
    ("subnet-", "Subnet"),
    ("eni-", "NetworkInterface"),
    ("tgw-attach-", "TransitGatewayAttachment"),
    ("tgw-", "TransitGateway"),
    ("nat-", "RegionalNatGateway"),
];

/// The mapping.
pub struct FlowLogs;

#[async_trait(?Send)]
impl Service for FlowLogs {
    fn kinds(&self) -> &'static [&'static str] {
        &[LOG]
    }

    async fn list(
        &self,
        place: Place<'_>,
        _: &BTreeSet<Arc<str>>,
        which: Which<'_>,
    ) -> Outcome<Vec<Found>> {
        let api = place.clients.ec2(place.region);
        let mut question = question(which, "flow-log-id", 1000);
        rename(&mut question, "Filters", "Filter");
        let call = async |question: &Map| ec2::describe_flow_logs(&api, question).await;
        let logs = pages(call, question, "FlowLogs", NEXT_TOKEN).await?;
        let site = place.site().await?;
        Ok(logs.iter().map(|log| described(site, log)).collect())
    }

    async fn create(
        &self,
        place: Place<'_>,
        write: &Write,
        tags: &Tags,
        token: &str,
    ) -> Outcome<Arc<str>> {
        let mut log = pick(
            &write.properties,
            &[
                "DeliverCrossAccountRole",
                "DeliverLogsPermissionArn",
                "DestinationOptions",
                DESTINATION,
                "LogDestinationType",
                "LogFormat",
                "LogGroupName",
                "MaxAggregationInterval",
                "ResourceType",
                "TagFieldSpecifications",
                "TrafficType",
            ],
        );
        let resource = text(&write.properties, "ResourceId");
        log.insert("ResourceIds", Value::list([Value::str(resource)]));
        let destination = text(&log, DESTINATION).trim_end_matches(":*").to_owned();
        if !destination.is_empty() {
            // A log group's ARN ends with `:*` elsewhere, but not here.
            log.insert(DESTINATION, Value::str(destination));
        }
        log.insert("ClientToken", Value::str(token));
        let tags = Value::from(specification("vpc-flow-log", tags));
        log.insert("TagSpecifications", tags);
        let api = place.clients.ec2(place.region);
        let answer = ec2::create_flow_logs(&api, &log).await?;
        unsuccessful("ec2:CreateFlowLogs", &answer)?;
        let id = texts(&answer, "FlowLogIds").next().unwrap_or_default();
        Ok(id.into())
    }

    async fn update(&self, _: Place<'_>, _: &Handle, _: &Write, _: &[Arc<str>]) -> Outcome<()> {
        // Everything but its tags is fixed.
        Ok(())
    }

    async fn delete(&self, place: Place<'_>, handle: &Handle) -> Outcome<()> {
        let log = input(json!({"FlowLogIds": [&*handle.identifier]}));
        let api = place.clients.ec2(place.region);
        let answer = ec2::delete_flow_logs(&api, &log).await?;
        unsuccessful("ec2:DeleteFlowLogs", &answer)
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

fn described(site: Site<'_>, log: &Map) -> Found {
    let id = text(log, "FlowLogId");
    let mut properties = told(
        log,
        &[
            "DeliverCrossAccountRole",
            "DeliverLogsPermissionArn",
            "DestinationOptions",
            DESTINATION,
            "LogDestinationType",
            "LogFormat",
            "LogGroupName",
            "MaxAggregationInterval",
            "ResourceId",
            "TagFieldSpecifications",
            "TrafficType",
        ],
    );
    properties.insert("Id", Value::str(id));
    let resource = text(log, "ResourceId");
    let of = |(start, _): &&(&str, &str)| resource.starts_with(start);
    if let Some((_, name)) = TYPES.iter().find(of) {
        properties.insert("ResourceType", Value::str(*name));
    }
    let group = text(log, "LogGroupName");
    if !group.is_empty() && !properties.contains_key(DESTINATION) {
        // The group may be told by its name alone.
        let (region, account) = (site.region, site.account);
        let arn = format!("arn:aws:logs:{region}:{account}:log-group:{group}");
        properties.insert(DESTINATION, Value::str(arn));
    }
    Found::new(LOG, id, properties, tags(log, "Tags"))
}
