//! Scaling policies. AWS makes their identifier up; what is theirs from the start is a name, which
//! CloudFormation gives them too.

use std::sync::Arc;

use futures_util::future::try_join_all;
use serde_json::json;

use super::{Client, POLICY};
use crate::provider::aws::marks::Tags;
use crate::provider::aws::sdk::autoscaling;
use crate::provider::aws::service::{
    Found, NEXT_TOKEN, Which, generated_name, input, pages, pick, tags, text, without,
};
use crate::provider::{Outcome, Write};
use crate::value::{Map, Value};

/// Most names that a call takes.
const NAMES: usize = 50;

/// Properties that AWS has under the same name.
const SAME: [&str; 11] = [
    "AdjustmentType",
    "AutoScalingGroupName",
    "EstimatedInstanceWarmup",
    "MetricAggregationType",
    "MinAdjustmentMagnitude",
    "PolicyName",
    "PolicyType",
    "PredictiveScalingConfiguration",
    "ScalingAdjustment",
    "StepAdjustments",
    "TargetTrackingConfiguration",
];

/// The name of a new policy.
pub fn name(write: &Write) -> String {
    generated_name(write, 255)
}

/// The group that a policy is for.
pub fn group(write: &Write) -> &str {
    text(&write.properties, "AutoScalingGroupName")
}

/// What a policy's mark on its group is keyed by.
pub fn key(group: &str, name: &str) -> Arc<str> {
    format!("{group}|{name}").into()
}

/// The group's name within a policy's ARN, which ends with
/// `:autoScalingGroupName/NAME:policyName/NAME`.
pub fn group_of(arn: &str) -> &str {
    let group = arn.split_once(":autoScalingGroupName/");
    let group = group.and_then(|(_, rest)| rest.split_once(":policyName/"));
    group.map_or("", |(group, _)| group)
}

/// The policy's name within its ARN.
pub fn name_of(arn: &str) -> &str {
    arn.split_once(":policyName/").map_or("", |(_, name)| name)
}

/// Makes a policy, or makes the one of this name what it should be.
pub async fn put(api: &Client, write: &Write, name: &str) -> Outcome<Arc<str>> {
    let mut policy = without(&write.properties, &["PolicyName"]);
    policy.insert("PolicyName", Value::str(name));
    let answer = autoscaling::put_scaling_policy(api, &policy).await?;
    let arn = text(&answer, "PolicyARN");
    if !arn.is_empty() {
        return Ok(arn.into());
    }
    // Not every endpoint answers with it.
    let question = json!({"AutoScalingGroupName": group(write), "PolicyNames": [name]});
    let answer = autoscaling::describe_policies(api, &input(question)).await?;
    Ok(text(&answer, "ScalingPolicies.0.PolicyARN").into())
}

/// Policies as AWS has them.
pub async fn policies(api: &Client, which: Which<'_>) -> Outcome<Vec<Map>> {
    let call = async |question: &Map| autoscaling::describe_policies(api, question).await;
    let ask = |names: Option<Vec<&str>>| {
        let question = input(json!({"PolicyNames": names, "MaxRecords": 100}));
        pages(call, question, "ScalingPolicies", NEXT_TOKEN)
    };
    let Which::Named(arns) = which else {
        return ask(None).await;
    };
    let names: Vec<&str> = arns.iter().map(|arn| name_of(arn)).collect();
    let found = try_join_all(names.chunks(NAMES).map(|names| ask(Some(names.to_vec())))).await?;
    Ok(found.into_iter().flatten().collect())
}

/// Those of these policies that are asked for, and nothing else about them.
pub fn standing(policies: &[Map], which: Which<'_>) -> Vec<Found> {
    let arns = policies.iter().map(|policy| text(policy, "PolicyARN"));
    arns.filter(|arn| which.wants(arn))
        .map(|arn| Found::new(POLICY, arn, Map::new(), Tags::new()))
        .collect()
}

/// Those of these policies that are asked for and whose groups are known, with their groups' tags.
pub fn found(policies: &[Map], groups: &[Map], which: Which<'_>) -> Vec<Found> {
    let with_group = policies.iter().filter_map(|policy| {
        let name = text(policy, "AutoScalingGroupName");
        let group = groups
            .iter()
            .find(|group| text(group, "AutoScalingGroupName") == name)?;
        Some((policy, tags(group, "Tags")))
    });
    with_group
        .filter(|(policy, _)| which.wants(text(policy, "PolicyARN")))
        .map(|(policy, tags)| {
            let arn = text(policy, "PolicyARN");
            let mut properties = pick(policy, &SAME);
            properties.insert("Arn", Value::str(arn));
            if let Some(cooldown) = policy.get("Cooldown") {
                properties.insert("Cooldown", Value::str(cooldown.to_string()));
            }
            let group = text(policy, "AutoScalingGroupName");
            let key = key(group, text(policy, "PolicyName"));
            Found::new(POLICY, arn, properties, tags).marked_by(key)
        })
        .collect()
}
