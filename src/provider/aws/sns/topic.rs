//! A topic itself: its attributes, the logging of its deliveries, what it subscribes inline.

use std::sync::Arc;

use serde_json::json;

use super::subscription::{subscription_id, subscriptions};
use super::{Client, SUBSCRIPTION, ask_tags, attributes, name_of, read, set};
use crate::provider::aws::marks::{Tags, child_key};
use crate::provider::aws::sdk::sns;
use crate::provider::aws::service::{
    from_json, gone_is_fine, input, items, pick, tag_list, text, to_json,
};
use crate::provider::{ErrorKind, Outcome, ProviderError, Write};
use crate::value::{Map, Value};

/// Attributes of a topic that are called as their properties, and AWS's defaults, which for
/// `SignatureVersion` and `MaximumMessageSize` is what is meant when AWS tells none.
const TOPIC_ATTRIBUTES: [(&str, &str); 9] = [
    ("ArchivePolicy", "{}"),
    ("ContentBasedDeduplication", "false"),
    ("DisplayName", ""),
    ("FifoThroughputScope", "Topic"),
    ("FifoTopic", "false"),
    ("KmsMasterKeyId", ""),
    ("MaximumMessageSize", "262144"),
    ("SignatureVersion", "1"),
    ("TracingConfig", "PassThrough"),
];

/// Protocols whose deliveries are logged: the property's word and the attributes' beginning.
const LOGGED: [(&str, &str); 5] = [
    ("http/s", "HTTP"),
    ("sqs", "SQS"),
    ("lambda", "Lambda"),
    ("firehose", "Firehose"),
    ("application", "Application"),
];

/// What is told of a protocol's deliveries.
const LOGGING: [&str; 3] = [
    "SuccessFeedbackRoleArn",
    "SuccessFeedbackSampleRate",
    "FailureFeedbackRoleArn",
];

pub fn topic_properties(
    arn: &str,
    told: &Map,
    protection: Option<&Map>,
    subscribed: &[Map],
    tags: &Tags,
) -> Map {
    let mut properties = read(told, &TOPIC_ATTRIBUTES);
    for name in ["SignatureVersion", "TracingConfig"] {
        let default = TOPIC_ATTRIBUTES.iter().find(|(have, _)| *have == name);
        if let (false, Some((_, default))) = (properties.contains_key(name), default) {
            properties.insert(name, Value::str(*default));
        }
    }
    properties.insert("TopicArn", Value::str(arn));
    properties.insert(
        "TopicName",
        Value::str(arn.rsplit(':').next().unwrap_or(arn)),
    );
    let protection = protection.map(|answer| text(answer, "DataProtectionPolicy"));
    if let Some(policy) = protection.filter(|policy| !policy.is_empty()) {
        properties.insert("DataProtectionPolicy", from_json(policy));
    }
    let logged: Vec<Value> = LOGGED
        .iter()
        .filter_map(|(protocol, prefix)| {
            let told = LOGGING.iter().filter_map(|name| {
                let value = told.get(&format!("{prefix}{name}"))?;
                Some((Arc::from(*name), value.clone()))
            });
            let mut one: Map = told.filter(|(_, value)| *value != Value::str("")).collect();
            (!one.is_empty()).then(|| {
                one.insert("Protocol", Value::str(*protocol));
                Value::Map(one)
            })
        })
        .collect();
    if !logged.is_empty() {
        properties.insert("DeliveryStatusLogging", Value::list(logged));
    }
    // Those that are resources of their own have their marks.
    let inline: Vec<Value> = subscribed
        .iter()
        .filter(|one| {
            let key = child_key(SUBSCRIPTION, &subscription_id(one));
            !tags.iter().any(|(have, _)| *have == key)
        })
        .map(|one| Value::Map(pick(one, &["Protocol", "Endpoint"])))
        .collect();
    if !inline.is_empty() {
        properties.insert("Subscription", Value::list(inline));
    }
    properties
}

/// The attributes that say whose deliveries are logged, each of which may be empty.
fn logging(properties: &Map) -> Map {
    let mut attributes = Map::new();
    for one in items(properties, "DeliveryStatusLogging") {
        let protocol = text(one, "Protocol");
        let prefix = LOGGED.iter().find(|(word, _)| *word == protocol);
        let prefix = prefix.map_or(protocol, |(_, prefix)| *prefix);
        for name in LOGGING {
            if let Some(value) = one.get(name) {
                attributes.insert(format!("{prefix}{name}"), value.clone());
            }
        }
    }
    attributes
}

pub async fn create_topic(api: &Client, write: &Write, tags: &Tags) -> Outcome<Arc<str>> {
    let properties = &write.properties;
    let mut attributes = attributes(properties, &TOPIC_ATTRIBUTES);
    for (name, value) in logging(properties) {
        attributes.insert(name, value);
    }
    // SNS wants to be told that a topic is a FIFO one, and refuses to be told that one is not.
    if attributes.get("FifoTopic") == Some(&Value::Bool(false)) {
        attributes.remove("FifoTopic");
    }
    let mut topic = input(json!({"Name": name_of(write), "Tags": tag_list(tags)}));
    topic.insert("Attributes", Value::Map(attributes));
    if let Some(policy) = properties.get("DataProtectionPolicy") {
        topic.insert("DataProtectionPolicy", to_json(policy));
    }
    let answer = sns::create_topic(api, &topic).await.map_err(|error| {
        // One with the same name and the same of everything is returned, with another is refused.
        let taken = error.message.contains("already exists with different");
        let kind = if taken {
            ErrorKind::AlreadyExists
        } else {
            error.kind
        };
        ProviderError { kind, ..error }
    })?;
    let arn = text(&answer, "TopicArn");
    for one in items(properties, "Subscription") {
        sns::subscribe(api, &inline(arn, one)).await?;
    }
    Ok(arn.into())
}

/// The call that subscribes what a topic's own property names.
fn inline(topic: &str, one: &Map) -> Map {
    let mut call = pick(one, &["Protocol", "Endpoint"]);
    call.insert("TopicArn", Value::str(topic));
    call
}

pub async fn update_topic(
    api: &Client,
    arn: &str,
    properties: &Map,
    changed: &[Arc<str>],
) -> Outcome<()> {
    for name in changed {
        let value = properties.get(name);
        match &**name {
            "DataProtectionPolicy" => {
                let policy = value.map_or_else(|| Value::str("{}"), to_json);
                let mut call = input(json!({"ResourceArn": arn}));
                call.insert("DataProtectionPolicy", policy);
                sns::put_data_protection_policy(api, &call).await?;
            }
            "DeliveryStatusLogging" => {
                let wanted = logging(properties);
                let told = sns::get_topic_attributes(api, &input(json!({"TopicArn": arn}))).await?;
                for (attribute, value) in &wanted {
                    set(api, arn, attribute, value.clone()).await?;
                }
                let told = told.get("Attributes").and_then(Value::as_map);
                for (attribute, value) in told.into_iter().flatten() {
                    let ours = LOGGING.iter().any(|name| attribute.ends_with(name));
                    if ours && !wanted.contains_key(attribute) && *value != Value::str("") {
                        set(api, arn, attribute, Value::str("")).await?;
                    }
                }
            }
            "Subscription" => {
                let have = subscriptions(api, arn).await?;
                let is = |a: &Map, b: &Map| {
                    ["Protocol", "Endpoint"]
                        .iter()
                        .all(|name| text(a, name) == text(b, name))
                };
                for one in items(properties, "Subscription") {
                    if !have.iter().any(|other| is(one, other)) {
                        sns::subscribe(api, &inline(arn, one)).await?;
                    }
                }
                let tags = ask_tags(api, arn).await?;
                for one in &have {
                    let key = child_key(SUBSCRIPTION, &subscription_id(one));
                    let apart = tags.iter().any(|(have, _)| *have == key);
                    let wanted = items(properties, "Subscription").any(|other| is(one, other));
                    if !apart && !wanted && text(one, "SubscriptionArn").starts_with("arn:") {
                        let call = pick(one, &["SubscriptionArn"]);
                        gone_is_fine(sns::unsubscribe(api, &call).await)?;
                    }
                }
            }
            name => {
                let attribute = TOPIC_ATTRIBUTES.iter().find(|(have, _)| *have == name);
                if let Some((name, default)) = attribute {
                    let value = value.map_or_else(|| Value::str(*default), to_json);
                    set(api, arn, name, value).await?;
                }
            }
        }
    }
    Ok(())
}
