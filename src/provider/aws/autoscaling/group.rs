//! Groups: how they are made, changed and tagged.

use std::sync::Arc;

use futures_util::future::try_join;
use serde_json::json;

use super::parts::{HOOKS, TOPICS, balancers, configured, fewer_metrics, hooks, metrics, topics};
use super::{Client, groups};
use crate::provider::aws::fail;
use crate::provider::aws::marks::{Tags, is_ours};
use crate::provider::aws::sdk::autoscaling;
use crate::provider::aws::service::{
    Which, generated_name, input, is_same_write, items, rename, tags, text, texts, touches, without,
};
use crate::provider::{ErrorKind, Outcome, Write};
use crate::value::{Map, Value};

/// Properties that AWS has under the same name and changes with the group.
pub const SAME: [&str; 25] = [
    "AvailabilityZoneDistribution",
    "AvailabilityZoneIds",
    "AvailabilityZoneImpairmentPolicy",
    "AvailabilityZones",
    "CapacityRebalance",
    "CapacityReservationSpecification",
    "Context",
    "DefaultInstanceWarmup",
    "DeletionProtection",
    "DesiredCapacity",
    "DesiredCapacityType",
    "HealthCheckGracePeriod",
    "HealthCheckType",
    "InstanceLifecyclePolicy",
    "InstanceMaintenancePolicy",
    "LaunchConfigurationName",
    "LaunchTemplate",
    "MaxInstanceLifetime",
    "MaxSize",
    "MinSize",
    "MixedInstancesPolicy",
    "NewInstancesProtectedFromScaleIn",
    "PlacementGroup",
    "ServiceLinkedRoleARN",
    "TerminationPolicies",
];

/// Properties that name what launches instances.
const LAUNCHES: [&str; 3] = [
    "LaunchConfigurationName",
    "LaunchTemplate",
    "MixedInstancesPolicy",
];

/// The name of a group.
pub fn name(write: &Write) -> String {
    match write.properties.get("AutoScalingGroupName") {
        Some(name) => name.to_string(),
        None => generated_name(write, 255),
    }
}

/// Makes a group, with what belongs to it.
pub async fn create(api: &Client, write: &Write, tags: &Tags) -> Outcome<Arc<str>> {
    let name = name(write);
    let mut group = without(
        &write.properties,
        &[
            "MetricsCollection",
            "NotificationConfiguration",
            "NotificationConfigurations",
            "Tags",
            "VPCZoneIdentifier",
        ],
    );
    rename(&mut group, "Cooldown", "DefaultCooldown");
    if write.properties.contains_key("VPCZoneIdentifier") {
        group.insert("VPCZoneIdentifier", subnets(write));
    }
    group.insert("AutoScalingGroupName", Value::str(&*name));
    let own = own_tags(write);
    let marks = tags.iter().filter(|(key, _)| is_ours(key));
    let marks = marks.map(|(key, value)| {
        Value::from(json!({"Key": key, "Value": value, "PropagateAtLaunch": false}))
    });
    group.insert("Tags", Value::list(own.into_iter().chain(marks)));
    match autoscaling::create_auto_scaling_group(api, &group).await {
        Ok(_) => {}
        Err(error) if error.kind == ErrorKind::AlreadyExists => {
            // The one of an earlier attempt may lack what is not in the creating call.
            let names = [Arc::from(&*name)];
            let found = groups(api, Which::Named(&names)).await?;
            let same = |group: &Map| is_same_write(&self::tags(group, "Tags"), tags);
            if !found.iter().any(same) {
                return Err(error);
            }
        }
        Err(error) => return Err(error),
    }
    try_join(metrics(api, &name, write), topics(api, &name, write, &[])).await?;
    Ok(name.into())
}

/// Changes what is named in `changed`.
pub async fn update(api: &Client, name: &str, write: &Write, changed: &[Arc<str>]) -> Outcome<()> {
    let mut change = Map::new();
    for property in SAME {
        if touches(changed, &[property]) {
            let value = write.properties.get(property).cloned();
            if let Some(value) = value.or_else(|| default(property)) {
                change.insert(property, value);
            }
        }
    }
    if touches(changed, &["Cooldown"]) {
        let cooldown = write.properties.get("Cooldown");
        change.insert(
            "DefaultCooldown",
            cooldown.cloned().unwrap_or(Value::Int(300)),
        );
    }
    if touches(changed, &["VPCZoneIdentifier"]) {
        change.insert("VPCZoneIdentifier", subnets(write));
    }
    if !change.is_empty() {
        if let Some(skips) = write.properties.get("SkipZonalShiftValidation") {
            change.insert("SkipZonalShiftValidation", skips.clone());
        }
        change.insert("AutoScalingGroupName", Value::str(name));
        autoscaling::update_auto_scaling_group(api, &change).await?;
    }
    if touches(changed, &["Tags"]) {
        let tags: Vec<Value> = own_tags(write)
            .into_iter()
            .map(|tag| of(name, tag))
            .collect();
        if !tags.is_empty() {
            autoscaling::create_or_update_tags(api, &input(json!({"Tags": tags}))).await?;
        }
    }
    if touches(changed, &["MetricsCollection"]) {
        metrics(api, name, write).await?;
        fewer_metrics(api, name, write).await?;
    }
    if touches(changed, &TOPICS) {
        let before = configured(api, &[name]).await?;
        topics(api, name, write, &before).await?;
    }
    if touches(changed, &[HOOKS]) {
        hooks(api, name, write).await?;
    }
    if touches(
        changed,
        &["LoadBalancerNames", "TargetGroupARNs", "TrafficSources"],
    ) {
        balancers(api, name, write, changed).await?;
    }
    if touches(changed, &LAUNCHES) {
        refresh(api, name, write).await?;
    }
    Ok(())
}

/// Sets and removes tags; whether instances inherit one stays as it is.
pub async fn tag(api: &Client, name: &str, set: &Tags, unset: &[String]) -> Outcome<()> {
    if !set.is_empty() {
        let mut inherited: Vec<String> = Vec::new();
        if set.iter().any(|(key, _)| !is_ours(key)) {
            let group = the(api, name).await?;
            let tags = items(&group, "Tags")
                .filter(|tag| tag.get("PropagateAtLaunch") == Some(&Value::Bool(true)));
            inherited.extend(tags.map(|tag| text(tag, "Key").to_owned()));
        }
        let tags = set.iter().map(|(key, value)| {
            let inherits = inherited.contains(key);
            let tag = json!({"Key": key, "Value": value, "PropagateAtLaunch": inherits});
            of(name, Value::from(tag))
        });
        let tags = json!({"Tags": tags.collect::<Vec<_>>()});
        autoscaling::create_or_update_tags(api, &input(tags)).await?;
    }
    if !unset.is_empty() {
        let tags = unset
            .iter()
            .map(|key| of(name, Value::from(json!({"Key": key}))));
        let tags = json!({"Tags": tags.collect::<Vec<_>>()});
        autoscaling::delete_tags(api, &input(tags)).await?;
    }
    Ok(())
}

/// A tag with the group that it is for.
fn of(group: &str, tag: Value) -> Value {
    let mut tag = tag.as_map().cloned().unwrap_or_default();
    tag.insert("ResourceId", Value::str(group));
    tag.insert("ResourceType", Value::str("auto-scaling-group"));
    Value::Map(tag)
}

/// The blueprint's tags.
fn own_tags(write: &Write) -> Vec<Value> {
    let tags = items(&write.properties, "Tags").map(|tag| {
        let mut tag = tag.clone();
        if !tag.contains_key("PropagateAtLaunch") {
            tag.insert("PropagateAtLaunch", Value::Bool(false));
        }
        Value::Map(tag)
    });
    tags.collect()
}

fn subnets(write: &Write) -> Value {
    let subnets: Vec<&str> = texts(&write.properties, "VPCZoneIdentifier").collect();
    Value::str(subnets.join(","))
}

/// What AWS has for a property that is not set, as its own pages say
/// (<https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html>).
fn default(property: &str) -> Option<Value> {
    Some(Value::from(match property {
        "AvailabilityZoneDistribution" => {
            json!({"CapacityDistributionStrategy": "balanced-best-effort"})
        }
        "AvailabilityZoneImpairmentPolicy" => json!({"ZonalShiftEnabled": false}),
        "CapacityRebalance" | "NewInstancesProtectedFromScaleIn" => json!(false),
        "CapacityReservationSpecification" => json!({"CapacityReservationPreference": "default"}),
        "DefaultInstanceWarmup" => json!(-1),
        "DeletionProtection" => json!("none"),
        "DesiredCapacityType" => json!("units"),
        "HealthCheckGracePeriod" | "MaxInstanceLifetime" => json!(0),
        "HealthCheckType" => json!("EC2"),
        "InstanceLifecyclePolicy" => {
            json!({"RetentionTriggers": {"TerminateHookAbandon": "terminate"}})
        }
        "InstanceMaintenancePolicy" => {
            json!({"MinHealthyPercentage": -1, "MaxHealthyPercentage": -1})
        }
        "PlacementGroup" => json!(""),
        "TerminationPolicies" => json!(["Default"]),
        _ => return None,
    }))
}

/// The group of this name.
pub async fn the(api: &Client, name: &str) -> Outcome<Map> {
    let names = [Arc::from(name)];
    let mut found = groups(api, Which::Named(&names)).await?;
    found.pop().ok_or_else(|| {
        let message = format!("{name} does not exist");
        let operation = "autoscaling:DescribeAutoScalingGroups";
        fail(ErrorKind::NotFound, "NotFound", message, operation)
    })
}

/// Replaces the instances by such as the group launches now: a new one first, unless the group has
/// rules of its own for that.
///
/// A replacement under way goes on with what the group launched when it began, and replaces nothing twice
/// (<https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-instance-refresh-skip-matching.html>), so it is ended, without
/// waiting for the servers that it is about to launch; the refusal is passed on, and the next attempt begins anew.
async fn refresh(api: &Client, name: &str, write: &Write) -> Outcome<()> {
    let mut preferences = input(json!({"SkipMatching": true}));
    if !write.properties.contains_key("InstanceMaintenancePolicy") {
        preferences.insert("MinHealthyPercentage", Value::Int(100));
        preferences.insert("MaxHealthyPercentage", Value::Int(110));
    }
    let question = input(json!({"AutoScalingGroupName": name, "Preferences": preferences}));
    match autoscaling::start_instance_refresh(api, &question).await {
        Err(error) if error.code.starts_with("InstanceRefreshInProgress") => {
            let question = input(json!({
                "AutoScalingGroupName": name,
                "WaitForTransitioningInstances": false,
            }));
            match autoscaling::cancel_instance_refresh(api, &question).await {
                // It is over, or on its way there.
                Err(other) if other.code.contains("InstanceRefresh") => Err(error),
                Err(other) => Err(other),
                Ok(_) => Err(error),
            }
        }
        other => other.map(|_| ()),
    }
}
