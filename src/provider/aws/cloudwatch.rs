//! CloudWatch's alarms on metrics.

use async_trait::async_trait;
use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::try_join_all;
use serde_json::json;

use super::call::Api;
use super::marks::Tags;
use super::sdk::cloudwatch;
use super::service::{
    Found, NEXT_TOKEN, Place, Service, Site, Which, generated_name, input, list, pages, pick,
    tag_list, tags, text, without,
};
use crate::inventory::Handle;
use crate::provider::{ErrorKind, Outcome, ProviderError, Write};
use crate::value::{Map, Value};

const ALARM: &str = "AWS::CloudWatch::Alarm";

/// Alarms that one `DescribeAlarms` tells of, and names that it takes.
const PAGE: usize = 100;

/// The properties of an alarm that AWS gives back under their own names.
const TOLD: [&str; 25] = [
    "ActionsEnabled",
    "AlarmActions",
    "AlarmDescription",
    "AlarmName",
    "ComparisonOperator",
    "DatapointsToAlarm",
    "Dimensions",
    "EvaluateLowSampleCountPercentile",
    "EvaluationCriteria",
    "EvaluationInterval",
    "EvaluationPeriods",
    "EvaluationWindow",
    "ExtendedStatistic",
    "InsufficientDataActions",
    "MetricName",
    "Metrics",
    "Namespace",
    "OKActions",
    "Period",
    "Statistic",
    "Threshold",
    "ThresholdMetricId",
    "TreatMissingData",
    "Unit",
    "WarmUpConfiguration",
];

type Client = Api<aws_sdk_cloudwatch::Client>;

/// Every mapping of this service's kinds.
pub fn services() -> Vec<Box<dyn Service>> {
    vec![Box::new(Alarms)]
}

struct Alarms;

#[async_trait(?Send)]
impl Service for Alarms {
    fn kinds(&self) -> &'static [&'static str] {
        &[ALARM]
    }

    async fn list(
        &self,
        place: Place<'_>,
        _: &BTreeSet<Arc<str>>,
        which: Which<'_>,
    ) -> Outcome<Vec<Found>> {
        let api = &place.clients.cloudwatch(place.region);
        let alarms = described(api, which).await?;
        let tags = try_join_all(alarms.iter().map(|alarm| async move {
            let arn = text(alarm, "AlarmArn");
            let ask = async || {
                let question = input(json!({"ResourceARN": arn}));
                let answer = cloudwatch::list_tags_for_resource(api, &question).await?;
                Ok(tags(&answer, "Tags"))
            };
            place.tags(arn, text(alarm, "AlarmName"), ask).await
        }))
        .await?;
        let found = alarms.iter().zip(tags).filter_map(|(alarm, tags)| {
            let mut properties: Map = pick(alarm, &TOLD)
                .into_iter()
                .filter(|(_, value)| value.as_list() != Some(&[]))
                .collect();
            properties.insert("Arn", Value::str(text(alarm, "AlarmArn")));
            Some(Found::new(
                ALARM,
                text(alarm, "AlarmName"),
                properties,
                tags?,
            ))
        });
        Ok(found.collect())
    }

    async fn create(
        &self,
        place: Place<'_>,
        write: &Write,
        tags: &Tags,
        _: &str,
    ) -> Outcome<Arc<str>> {
        let api = &place.clients.cloudwatch(place.region);
        let name = name_of(write);
        // Putting an alarm overwrites one of the same name; a generated name is nobody else's.
        if write.properties.contains_key("AlarmName") {
            let names = [name.clone()];
            if !described(api, Which::Named(&names)).await?.is_empty() {
                return Err(ProviderError {
                    kind: ErrorKind::AlreadyExists,
                    code: "AlarmExists".to_owned(),
                    message: format!("an alarm {name} exists"),
                    operation: "cloudwatch:PutMetricAlarm".to_owned(),
                });
            }
        }
        put(api, &name, write, Some(tags)).await?;
        Ok(name)
    }

    async fn update(
        &self,
        place: Place<'_>,
        handle: &Handle,
        write: &Write,
        _: &[Arc<str>],
    ) -> Outcome<()> {
        let api = place.clients.cloudwatch(place.region);
        put(&api, &handle.identifier, write, None).await
    }

    async fn delete(&self, place: Place<'_>, handle: &Handle) -> Outcome<()> {
        let api = place.clients.cloudwatch(place.region);
        let names = input(json!({"AlarmNames": [&*handle.identifier]}));
        cloudwatch::delete_alarms(&api, &names).await?;
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
        let api = place.clients.cloudwatch(place.region);
        let arn = place
            .arn("cloudwatch", &format!("alarm:{identifier}"))
            .await?;
        if !set.is_empty() {
            let tags = input(json!({"ResourceARN": arn, "Tags": tag_list(set)}));
            cloudwatch::tag_resource(&api, &tags).await?;
        }
        if !unset.is_empty() {
            let mut keys = input(json!({"ResourceARN": arn}));
            keys.insert("TagKeys", list(unset));
            cloudwatch::untag_resource(&api, &keys).await?;
        }
        Ok(())
    }

    fn identifier(&self, _: Site<'_>, write: &Write) -> Option<Arc<str>> {
        Some(name_of(write))
    }
}

fn name_of(write: &Write) -> Arc<str> {
    match text(&write.properties, "AlarmName") {
        "" => generated_name(write, 255).into(),
        name => name.into(),
    }
}

async fn described(api: &Client, which: Which<'_>) -> Outcome<Vec<Map>> {
    let call = async |question: &Map| cloudwatch::describe_alarms(api, question).await;
    let questions: Vec<Map> = match which {
        Which::Named(names) => names
            .chunks(PAGE)
            .map(|names| {
                input(
                    json!({"AlarmTypes": ["MetricAlarm"], "MaxRecords": PAGE, "AlarmNames": names}),
                )
            })
            .collect(),
        _ => vec![input(
            json!({"AlarmTypes": ["MetricAlarm"], "MaxRecords": PAGE}),
        )],
    };
    let alarms = questions
        .into_iter()
        .map(|question| pages(call, question, "MetricAlarms", NEXT_TOKEN));
    Ok(try_join_all(alarms).await?.into_iter().flatten().collect())
}

/// Writes all of an alarm: what is left out goes back to its default. Tags count for a new one only.
async fn put(api: &Client, name: &str, write: &Write, tags: Option<&Tags>) -> Outcome<()> {
    let mut alarm = without(&write.properties, &["Tags"]);
    alarm.insert("AlarmName", Value::str(name));
    if let Some(tags) = tags {
        alarm.insert("Tags", Value::from(tag_list(tags)));
    }
    cloudwatch::put_metric_alarm(api, &alarm).await?;
    Ok(())
}
