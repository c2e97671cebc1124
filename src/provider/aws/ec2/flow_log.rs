//! Flow logs.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::json;

use super::{question, specification, tag, told, unsuccessful};
use crate::inventory::Handle;
use crate::provider::aws::bind::ec2;
use crate::provider::aws::marks::Tags;
use crate::provider::aws::service::{
    Found, NEXT_TOKEN, Place, Service, Site, Which, input, pages, pick, rename, tags, text, texts,
};
use crate::provider::{Outcome, Pending, Write};
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

impl Service for FlowLogs {
    fn kinds(&self) -> &'static [&'static str] {
        &[LOG]
    }

    fn list<'a>(
        &'a self,
        place: Place<'a>,
        _: &'a BTreeSet<Arc<str>>,
        which: Which<'a>,
    ) -> Pending<'a, Outcome<Vec<Found>>> {
        Box::pin(async move {
            let api = place.clients.ec2(place.region);
            let mut question = question(which, "flow-log-id", 1000);
            rename(&mut question, "Filters", "Filter");
            let call = async |question: &Map| ec2::describe_flow_logs(&api, question).await;
            let logs = pages(call, question, "FlowLogs", NEXT_TOKEN).await?;
            let site = place.site().await?;
            Ok(logs.iter().map(|log| described(site, log)).collect())
        })
    }

    fn create<'a>(
        &'a self,
        place: Place<'a>,
        write: &'a Write,
        tags: &'a Tags,
        token: &'a str,
    ) -> Pending<'a, Outcome<Arc<str>>> {
        Box::pin(async move {
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
        })
    }

    fn update<'a>(
        &'a self,
        _: Place<'a>,
        _: &'a Handle,
        _: &'a Write,
        _: &'a [Arc<str>],
    ) -> Pending<'a, Outcome<()>> {
        // Everything but its tags is fixed.
        Box::pin(async { Ok(()) })
    }

    fn delete<'a>(&'a self, place: Place<'a>, handle: &'a Handle) -> Pending<'a, Outcome<()>> {
        Box::pin(async move {
            let log = input(json!({"FlowLogIds": [&*handle.identifier]}));
            let api = place.clients.ec2(place.region);
            let answer = ec2::delete_flow_logs(&api, &log).await?;
            unsuccessful("ec2:DeleteFlowLogs", &answer)
        })
    }

    fn tag<'a>(
        &'a self,
        place: Place<'a>,
        _: &'a str,
        identifier: &'a str,
        set: &'a Tags,
        unset: &'a [String],
    ) -> Pending<'a, Outcome<()>> {
        Box::pin(async move { tag(&place.clients.ec2(place.region), identifier, set, unset).await })
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
