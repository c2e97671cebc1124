//! Configurations that CloudFormation writes otherwise than S3, in more than names.

use serde_json::json;

use crate::provider::aws::service::{items, rename};
use crate::value::{Map, Value};

/// Applies `change` to each object of a list under `name`.
fn each(map: &mut Map, name: &str, change: impl Fn(&mut Map)) {
    if let Some(Value::List(list)) = map.get_mut(name) {
        for item in list {
            if let Value::Map(item) = item {
                change(item);
            }
        }
    }
}

/// `Prefix`, `TagFilters` and the `others` of a rule as its `Filter`: one condition stands alone,
/// several stand under `And`.
pub fn filter(rule: &mut Map, others: &[&'static str]) {
    let mut conditions: Vec<(&'static str, Value)> = Vec::new();
    for name in ["Prefix"].iter().chain(others) {
        if let Some(value) = rule.remove(name) {
            conditions.push((name, value));
        }
    }
    let tags = match rule.remove("TagFilters") {
        Some(Value::List(tags)) => tags,
        _ => Vec::new(),
    };
    let alone = conditions.len() + tags.len() == 1;
    match alone {
        true => conditions.extend(tags.into_iter().map(|tag| ("Tag", tag))),
        false if !tags.is_empty() => conditions.push(("Tags", Value::List(tags))),
        false => {}
    }
    if conditions.is_empty() {
        return;
    }
    let named = conditions
        .into_iter()
        .map(|(name, value)| (name.into(), value));
    let mut filter: Map = named.collect();
    if !alone {
        filter = [("And".into(), Value::Map(filter))].into_iter().collect();
    }
    rule.insert("Filter", Value::Map(filter));
}

/// The inverse of [`filter`].
pub fn filter_back(rule: &mut Map, others: &[&'static str]) {
    let Some(Value::Map(mut filter)) = rule.remove("Filter") else {
        return;
    };
    if let Some(Value::Map(and)) = filter.remove("And") {
        filter = and;
    }
    if let Some(tag) = filter.remove("Tag") {
        filter.insert("Tags", Value::list([tag]));
    }
    rename(&mut filter, "Tags", "TagFilters");
    for name in ["Prefix", "TagFilters"].iter().chain(others) {
        if let Some(value) = filter.remove(name) {
            rule.insert(*name, value);
        }
    }
}

const SIZES: &[&str] = &["ObjectSizeGreaterThan", "ObjectSizeLessThan"];

/// The parameters that a bucket's lifecycle is.
pub fn lifecycle(value: Value) -> serde_json::Value {
    let Value::Map(mut lifecycle) = value else {
        return json!({"LifecycleConfiguration": serde_json::Value::from(&value)});
    };
    each(&mut lifecycle, "Rules", |rule| {
        filter(rule, SIZES);
        if !rule.contains_key("Filter") {
            // It is for all objects.
            rule.insert("Filter", Value::from(json!({"Prefix": ""})));
        }
        let mut expiration = Map::new();
        for (from, to) in EXPIRATION {
            if let Some(value) = rule.remove(from) {
                expiration.insert(to, value);
            }
        }
        if !expiration.is_empty() {
            rule.insert("Expiration", Value::Map(expiration));
        }
        if let Some(days) = rule.remove("NoncurrentVersionExpirationInDays") {
            let days: Map = [("NoncurrentDays".into(), days)].into_iter().collect();
            rule.insert("NoncurrentVersionExpiration", Value::Map(days));
        }
        // The older spelling has one transition, beside the list or instead of it.
        for (one, many) in [
            ("Transition", "Transitions"),
            (
                "NoncurrentVersionTransition",
                "NoncurrentVersionTransitions",
            ),
        ] {
            if let Some(transition) = rule.remove(one) {
                let mut list = match rule.remove(many) {
                    Some(Value::List(list)) => list,
                    _ => Vec::new(),
                };
                list.push(transition);
                rule.insert(many, Value::List(list));
            }
        }
        each(rule, "Transitions", |transition| {
            rename(transition, "TransitionInDays", "Days");
            rename(transition, "TransitionDate", "Date");
        });
        each(rule, "NoncurrentVersionTransitions", |transition| {
            rename(transition, "TransitionInDays", "NoncurrentDays");
        });
    });
    let smallest = lifecycle.remove("TransitionDefaultMinimumObjectSize");
    let smallest = smallest.as_ref().map(serde_json::Value::from);
    json!({
        "LifecycleConfiguration": serde_json::Value::from(&Value::Map(lifecycle)),
        "TransitionDefaultMinimumObjectSize": smallest,
    })
}

/// How a rule's expiration is called within it, and under `Expiration`.
const EXPIRATION: [(&str, &str); 3] = [
    ("ExpirationInDays", "Days"),
    ("ExpirationDate", "Date"),
    ("ExpiredObjectDeleteMarker", "ExpiredObjectDeleteMarker"),
];

/// The inverse of [`lifecycle`].
pub fn lifecycle_back(answer: Value) -> Value {
    let Value::Map(mut lifecycle) = answer else {
        return answer;
    };
    each(&mut lifecycle, "Rules", |rule| {
        filter_back(rule, SIZES);
        if let Some(Value::Map(mut expiration)) = rule.remove("Expiration") {
            for (to, from) in EXPIRATION {
                if let Some(value) = expiration.remove(from) {
                    rule.insert(to, value);
                }
            }
        }
        each(rule, "Transitions", |transition| {
            rename(transition, "Days", "TransitionInDays");
            rename(transition, "Date", "TransitionDate");
        });
        each(rule, "NoncurrentVersionTransitions", |transition| {
            rename(transition, "NoncurrentDays", "TransitionInDays");
        });
    });
    Value::Map(lifecycle)
}

/// The documents of a website, which S3 has as objects.
const DOCUMENTS: [(&str, &str); 2] = [("IndexDocument", "Suffix"), ("ErrorDocument", "Key")];

/// A website as S3 has it.
pub fn website(value: Value) -> Value {
    let Value::Map(mut website) = value else {
        return value;
    };
    for (document, name) in DOCUMENTS {
        if let Some(value) = website.remove(document) {
            let inner: Map = [(name.into(), value)].into_iter().collect();
            website.insert(document, Value::Map(inner));
        }
    }
    Value::Map(website)
}

/// The inverse of [`website`].
pub fn website_back(answer: Value) -> Value {
    let Value::Map(mut website) = answer else {
        return answer;
    };
    for (document, name) in DOCUMENTS {
        if let Some(value) = website.at(&format!("{document}.{name}")).cloned() {
            website.insert(document, value);
        }
    }
    Value::Map(website)
}

/// The lists of a bucket's notifications.
const RECEIVERS: [&str; 3] = [
    "LambdaFunctionConfigurations",
    "QueueConfigurations",
    "TopicConfigurations",
];

/// Notifications as S3 has them: each for several events, and EventBridge by being there.
pub fn notification(value: Value) -> Value {
    let Value::Map(mut notification) = value else {
        return value;
    };
    for receivers in RECEIVERS {
        each(&mut notification, receivers, |receiver| {
            if let Some(event) = receiver.remove("Event") {
                receiver.insert("Events", Value::list([event]));
            }
        });
    }
    if let Some(bridge) = notification.remove("EventBridgeConfiguration")
        && bridge.at("EventBridgeEnabled") != Some(&Value::Bool(false))
    {
        notification.insert("EventBridgeConfiguration", Value::Map(Map::new()));
    }
    Value::Map(notification)
}

/// The inverse of [`notification`].
pub fn notification_back(mut notification: Map) -> Value {
    for receivers in RECEIVERS {
        let mut list = Vec::new();
        for receiver in items(&notification, receivers) {
            for event in receiver
                .get("Events")
                .and_then(Value::as_list)
                .unwrap_or_default()
            {
                let mut one = receiver.clone();
                one.remove("Events");
                // S3 makes one up.
                one.remove("Id");
                one.insert("Event", event.clone());
                list.push(Value::Map(one));
            }
        }
        if !list.is_empty() {
            notification.insert(receivers, Value::List(list));
        }
    }
    let bridge = notification.contains_key("EventBridgeConfiguration");
    let bridge: Map = [("EventBridgeEnabled".into(), Value::Bool(bridge))]
        .into_iter()
        .collect();
    notification.insert("EventBridgeConfiguration", Value::Map(bridge));
    Value::Map(notification)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifecycle_survives_s3s_shape() {
        let written = json!({"Rules": [
            {"ID": "all", "Status": "Enabled", "ExpirationInDays": 30, "Prefix": ""},
            {"ID": "some", "Status": "Enabled", "Prefix": "a/", "ObjectSizeLessThan": 10,
             "TagFilters": [{"Key": "k", "Value": "v"}],
             "Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 3}],
             "NoncurrentVersionTransitions": [{"StorageClass": "GLACIER", "TransitionInDays": 5}],
             "NoncurrentVersionExpiration": {"NoncurrentDays": 9}}]});
        let sent = lifecycle(Value::from(written.clone()));
        let rules = &sent["LifecycleConfiguration"]["Rules"];
        assert_eq!(rules[0]["Filter"], json!({"Prefix": ""}));
        assert_eq!(
            rules[1]["Filter"],
            json!({"And": {"Prefix": "a/", "ObjectSizeLessThan": 10, "Tags": [{"Key": "k", "Value": "v"}]}})
        );
        let back = lifecycle_back(Value::from(sent["LifecycleConfiguration"].clone()));
        assert_eq!(back, Value::from(written));
    }

    #[test]
    fn one_condition_stands_alone() {
        let mut rule = Map::new();
        rule.insert(
            "TagFilters",
            Value::from(json!([{"Key": "k", "Value": "v"}])),
        );
        filter(&mut rule, &[]);
        assert_eq!(
            Value::Map(rule.clone()),
            Value::from(json!({"Filter": {"Tag": {"Key": "k", "Value": "v"}}}))
        );
        filter_back(&mut rule, &[]);
        assert!(rule.contains_key("TagFilters"));
    }

    #[test]
    fn notifications_of_several_events_are_several() {
        let Value::Map(answer) = Value::from(json!({"QueueConfigurations": [
            {"Id": "x", "QueueArn": "q", "Events": ["a", "b"]}]}))
        else {
            return;
        };
        assert_eq!(
            notification_back(answer),
            Value::from(json!({
                "QueueConfigurations": [{"QueueArn": "q", "Event": "a"}, {"QueueArn": "q", "Event": "b"}],
                "EventBridgeConfiguration": {"EventBridgeEnabled": false}}))
        );
    }
}
