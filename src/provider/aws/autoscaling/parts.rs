//! What belongs to a group and is no parameter of its own call: metrics, topics, load balancers,
//! hooks. They are set and taken away one by one.

use std::sync::Arc;

use serde_json::json;

use super::Client;
use super::group::the;
use crate::provider::aws::sdk::autoscaling;
use crate::provider::aws::service::{NEXT_TOKEN, input, items, pages, text, texts, touches};
use crate::provider::{Outcome, Write};
use crate::value::{Map, Value};

/// The two places where CloudFormation has topics.
pub const TOPICS: [&str; 2] = ["NotificationConfiguration", "NotificationConfigurations"];

/// The property that holds hooks.
pub const HOOKS: &str = "LifecycleHookSpecificationList";

/// Most load balancers that a call attaches or detaches.
const ATTACHED: usize = 10;

/// Collects the metrics that are wanted.
pub async fn metrics(api: &Client, name: &str, write: &Write) -> Outcome<()> {
    for collection in items(&write.properties, "MetricsCollection") {
        let mut collection = collection.clone();
        collection.insert("AutoScalingGroupName", Value::str(name));
        autoscaling::enable_metrics_collection(api, &collection).await?;
    }
    Ok(())
}

/// Takes away the metrics that are not wanted. A collection that names none is of all.
pub async fn fewer_metrics(api: &Client, name: &str, write: &Write) -> Outcome<()> {
    let wanted: Vec<&Map> = items(&write.properties, "MetricsCollection").collect();
    if wanted.iter().any(|one| !one.contains_key("Metrics")) {
        return Ok(());
    }
    let group = the(api, name).await?;
    let old: Vec<&str> = items(&group, "EnabledMetrics")
        .map(|metric| text(metric, "Metric"))
        .filter(|metric| {
            let mut named = wanted.iter().flat_map(|one| texts(one, "Metrics"));
            !named.any(|name| name == *metric)
        })
        .collect();
    if old.is_empty() {
        return Ok(());
    }
    let metrics = input(json!({"AutoScalingGroupName": name, "Metrics": old}));
    autoscaling::disable_metrics_collection(api, &metrics).await?;
    Ok(())
}

/// What a group tells its topics, a line each topic and type.
pub async fn configured(api: &Client, groups: &[&str]) -> Outcome<Vec<Map>> {
    if groups.is_empty() {
        return Ok(Vec::new());
    }
    let question = input(json!({"AutoScalingGroupNames": groups, "MaxRecords": 100}));
    let call = async |question: &Map| {
        autoscaling::describe_notification_configurations(api, question).await
    };
    pages(call, question, "NotificationConfigurations", NEXT_TOKEN).await
}

/// Tells these topics and none of those before.
pub async fn topics(api: &Client, name: &str, write: &Write, before: &[Map]) -> Outcome<()> {
    let mut wanted: Vec<(&str, &Value)> = Vec::new();
    let single = write.properties.get(TOPICS[0]).and_then(Value::as_map);
    for topic in single
        .into_iter()
        .chain(items(&write.properties, TOPICS[1]))
    {
        if let Some(types) = topic.get("NotificationTypes") {
            let arn = topic.get("TopicARN").and_then(Value::as_str);
            let arns = arn.into_iter().chain(texts(topic, "TopicARN"));
            wanted.extend(arns.map(|arn| (arn, types)));
        }
    }
    for (topic, types) in &wanted {
        let topic = input(json!({
            "AutoScalingGroupName": name, "TopicARN": topic, "NotificationTypes": types,
        }));
        autoscaling::put_notification_configuration(api, &topic).await?;
    }
    let mut old: Vec<&str> = before.iter().map(|one| text(one, "TopicARN")).collect();
    old.sort_unstable();
    old.dedup();
    for topic in old {
        if !wanted.iter().any(|(wanted, _)| *wanted == topic) {
            let topic = input(json!({"AutoScalingGroupName": name, "TopicARN": topic}));
            autoscaling::delete_notification_configuration(api, &topic).await?;
        }
    }
    Ok(())
}

/// The hooks of a group as AWS has them.
pub async fn hooks_of(api: &Client, name: &str) -> Outcome<Vec<Map>> {
    let question = input(json!({"AutoScalingGroupName": name}));
    let answer = autoscaling::describe_lifecycle_hooks(api, &question).await?;
    Ok(items(&answer, "LifecycleHooks").cloned().collect())
}

/// Sets the hooks that are wanted and takes the others away.
pub async fn hooks(api: &Client, name: &str, write: &Write) -> Outcome<()> {
    for hook in items(&write.properties, HOOKS) {
        let mut hook = hook.clone();
        hook.insert("AutoScalingGroupName", Value::str(name));
        autoscaling::put_lifecycle_hook(api, &hook).await?;
    }
    let wanted = |hook: &str| {
        items(&write.properties, HOOKS).any(|one| text(one, "LifecycleHookName") == hook)
    };
    for hook in hooks_of(api, name).await? {
        let hook = text(&hook, "LifecycleHookName");
        if !wanted(hook) {
            let hook = input(json!({"AutoScalingGroupName": name, "LifecycleHookName": hook}));
            autoscaling::delete_lifecycle_hook(api, &hook).await?;
        }
    }
    Ok(())
}

/// Attaches what is wanted before it detaches what is not.
pub async fn balancers(
    api: &Client,
    name: &str,
    write: &Write,
    changed: &[Arc<str>],
) -> Outcome<()> {
    let group = the(api, name).await?;
    for property in ["LoadBalancerNames", "TargetGroupARNs", "TrafficSources"] {
        if !touches(changed, &[property]) {
            continue;
        }
        let of = |map: &Map| {
            map.get(property)
                .and_then(Value::as_list)
                .unwrap_or_default()
                .to_vec()
        };
        let (wanted, has) = (of(&write.properties), of(&group));
        let question =
            |some: &[Value]| input(json!({"AutoScalingGroupName": name, property: some}));
        let new: Vec<Value> = wanted
            .iter()
            .filter(|one| !has.contains(one))
            .cloned()
            .collect();
        for some in new.chunks(ATTACHED).map(question) {
            match property {
                "LoadBalancerNames" => autoscaling::attach_load_balancers(api, &some).await?,
                "TargetGroupARNs" => {
                    autoscaling::attach_load_balancer_target_groups(api, &some).await?
                }
                _ => autoscaling::attach_traffic_sources(api, &some).await?,
            };
        }
        let old: Vec<Value> = has
            .iter()
            .filter(|one| !wanted.contains(one))
            .cloned()
            .collect();
        for some in old.chunks(ATTACHED).map(question) {
            match property {
                "LoadBalancerNames" => autoscaling::detach_load_balancers(api, &some).await?,
                "TargetGroupARNs" => {
                    autoscaling::detach_load_balancer_target_groups(api, &some).await?
                }
                _ => autoscaling::detach_traffic_sources(api, &some).await?,
            };
        }
    }
    Ok(())
}
