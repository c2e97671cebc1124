//! What groups are like.

use futures_util::future::{try_join, try_join_all};
use serde_json::json;

use super::group::SAME;
use super::parts::{HOOKS, TOPICS, configured, hooks_of};
use super::{Client, GROUP};
use crate::inventory::Status;
use crate::ownership;
use crate::provider::Outcome;
use crate::provider::aws::marks::{Marks, is_ours};
use crate::provider::aws::service::{Found, items, list, pick, tags, text, without};
use crate::value::{Map, Value};

/// How long a new group is new: longer than an apply waits for it, so that none ends well in which nothing serves. One that
/// is older is left alone: nothing that leads away from it, or is none of its business, waits for its servers.
const PATIENCE: jiff::SignedDuration = jiff::SignedDuration::from_mins(20);

/// Groups with their properties. What a call each tells is asked for where it was ever set.
pub async fn found(api: &Client, groups: &[Map]) -> Outcome<Vec<Found>> {
    let was_set = |group: &Map, properties: &[&str]| {
        let marks = Marks::from_tags(&tags(group, "Tags"));
        marks.is_some_and(|marks| {
            let mut names = properties.iter();
            names.any(|name| ownership::was_set(&marks.applied, name))
        })
    };
    let with_topics = groups.iter().filter(|group| was_set(group, &TOPICS));
    let with_topics: Vec<&str> = with_topics
        .map(|group| text(group, "AutoScalingGroupName"))
        .collect();
    let hooks = groups.iter().map(|group| async {
        if was_set(group, &[HOOKS]) {
            hooks_of(api, text(group, "AutoScalingGroupName")).await
        } else {
            Ok(Vec::new())
        }
    });
    let (topics, hooks) = try_join(configured(api, &with_topics), try_join_all(hooks)).await?;
    Ok(groups
        .iter()
        .zip(hooks)
        .map(|(group, hooks)| {
            let mut properties = properties(group);
            let name = text(group, "AutoScalingGroupName");
            let mine = topics
                .iter()
                .filter(|one| text(one, "AutoScalingGroupName") == name);
            let told = told(mine);
            if let [only] = &told[..] {
                properties.insert(TOPICS[0], only.clone());
            }
            properties.insert(TOPICS[1], Value::list(told));
            let hooks = hooks
                .iter()
                .map(|hook| Value::Map(without(hook, &["AutoScalingGroupName", "GlobalTimeout"])));
            properties.insert(HOOKS, Value::list(hooks));
            let found = Found::new(GROUP, name, properties, tags(group, "Tags"));
            in_state(found, group)
        })
        .collect())
}

/// A new group can be used when as many instances serve as it has to have.
fn in_state(mut found: Found, group: &Map) -> Found {
    let state = text(group, "Status");
    if !state.is_empty() {
        return found.in_state(state, &[], &["Delete in progress"], &[]);
    }
    let serving =
        items(group, "Instances").filter(|one| text(one, "LifecycleState") == "InService");
    let weight = |one: &Map| text(one, "WeightedCapacity").parse().unwrap_or(1);
    let serving: i64 = serving.map(weight).sum();
    let needed = group.get("MinSize").and_then(Value::as_int).unwrap_or(0);
    let made = text(group, "CreatedTime").parse::<jiff::Timestamp>();
    let is_new = made.is_ok_and(|made| jiff::Timestamp::now().duration_since(made) < PATIENCE);
    if serving < needed && is_new {
        found.status = Status::Pending(format!("{serving} of {needed} in service").into());
    }
    found
}

/// Topics as CloudFormation has them: the types of each.
fn told<'a>(lines: impl Iterator<Item = &'a Map>) -> Vec<Value> {
    let mut topics: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in lines {
        let (topic, what) = (text(line, "TopicARN"), text(line, "NotificationType"));
        match topics.iter_mut().find(|(have, _)| *have == topic) {
            Some((_, types)) => types.push(what),
            None => topics.push((topic, vec![what])),
        }
    }
    let topics = topics
        .into_iter()
        .map(|(topic, types)| Value::from(json!({"TopicARN": topic, "NotificationTypes": types})));
    topics.collect()
}

/// What stands in the list.
fn properties(group: &Map) -> Map {
    let mut properties = pick(group, &SAME);
    for name in [
        "AutoScalingGroupARN",
        "AutoScalingGroupName",
        "LoadBalancerNames",
        "TargetGroupARNs",
        "TrafficSources",
    ] {
        if let Some(value) = group.get(name) {
            properties.insert(name, value.clone());
        }
    }
    // CloudFormation has these numbers as text.
    for (theirs, ours) in [
        ("DefaultCooldown", "Cooldown"),
        ("DesiredCapacity", "DesiredCapacity"),
        ("MaxSize", "MaxSize"),
        ("MinSize", "MinSize"),
    ] {
        if let Some(number) = group.get(theirs) {
            properties.insert(ours, Value::str(number.to_string()));
        }
    }
    let subnets = text(group, "VPCZoneIdentifier").split(',');
    let subnets = subnets.map(str::trim).filter(|subnet| !subnet.is_empty());
    properties.insert("VPCZoneIdentifier", list(subnets));
    let mut metrics: Vec<(&str, Vec<&str>)> = Vec::new();
    for metric in items(group, "EnabledMetrics") {
        let (granularity, metric) = (text(metric, "Granularity"), text(metric, "Metric"));
        match metrics.iter_mut().find(|(have, _)| *have == granularity) {
            Some((_, names)) => names.push(metric),
            None => metrics.push((granularity, vec![metric])),
        }
    }
    let metrics = metrics.into_iter().map(|(granularity, names)| {
        Value::from(json!({"Granularity": granularity, "Metrics": names}))
    });
    properties.insert("MetricsCollection", Value::list(metrics));
    let own = items(group, "Tags").filter(|tag| !is_ours(text(tag, "Key")));
    let own = own.map(|tag| Value::Map(pick(tag, &["Key", "Value", "PropagateAtLaunch"])));
    properties.insert("Tags", Value::list(own));
    properties
}
