//! Subscriptions to a topic.

use std::sync::Arc;

use serde_json::json;

use super::{Client, SUBSCRIPTION, invalid, read, topic_of};
use crate::provider::Outcome;
use crate::provider::aws::marks::Tags;
use crate::provider::aws::sdk::sns;
use crate::provider::aws::service::{
    Found, NEXT_TOKEN, Place, input, none_if_gone, pages, pick, text, to_json,
};
use crate::value::{Map, Value};

/// Attributes of a subscription that are called as their properties, and AWS's defaults.
pub const SUBSCRIPTION_ATTRIBUTES: [(&str, &str); 7] = [
    ("DeliveryPolicy", "{}"),
    ("FilterPolicy", "{}"),
    ("FilterPolicyScope", "MessageAttributes"),
    ("RawMessageDelivery", "false"),
    ("RedrivePolicy", "{}"),
    ("ReplayPolicy", "{}"),
    ("SubscriptionRoleArn", ""),
];

/// The identifier of a subscription, from its properties or from how SNS lists it.
pub fn subscription_id(subscription: &Map) -> Arc<str> {
    let part = |name: &str| text(subscription, name);
    format!(
        "{}|{}|{}",
        part("TopicArn"),
        part("Protocol"),
        part("Endpoint")
    )
    .into()
}

pub async fn subscriptions(api: &Client, topic: &str) -> Outcome<Vec<Map>> {
    let call = async |question: &Map| sns::list_subscriptions_by_topic(api, question).await;
    let question = input(json!({"TopicArn": topic}));
    let mut found = pages(call, question, "Subscriptions", NEXT_TOKEN).await?;
    // Those that were ended are listed for a while yet.
    found.retain(|one| text(one, "SubscriptionArn") != "Deleted");
    Ok(found)
}

/// A subscription as it is. One that awaits its confirmation is as good as done: the rest is up to a
/// human, and SNS tells none of its attributes.
pub async fn subscription(api: &Client, listed: &Map, of_topic: &Tags) -> Outcome<Found> {
    let mut properties = pick(listed, &["TopicArn", "Protocol", "Endpoint"]);
    let arn = text(listed, "SubscriptionArn");
    if arn.starts_with("arn:") {
        properties.insert("Arn", Value::str(arn));
        let question = input(json!({"SubscriptionArn": arn}));
        let answer = none_if_gone(sns::get_subscription_attributes(api, &question).await)?;
        let told = answer
            .as_ref()
            .and_then(|answer| answer.get("Attributes")?.as_map());
        for (name, value) in told
            .map(|told| read(told, &SUBSCRIPTION_ATTRIBUTES))
            .into_iter()
            .flatten()
        {
            properties.insert(name, value);
        }
    }
    Ok(Found::new(
        SUBSCRIPTION,
        subscription_id(listed),
        properties,
        of_topic.clone(),
    ))
}

/// Subscribes, through the region that the property names where it names one: topics of other regions
/// are subscribed to where they are.
pub async fn subscribe(place: Place<'_>, call: &Map, region: &str) -> Outcome<()> {
    let region = if region.is_empty() {
        place.region
    } else {
        region
    };
    sns::subscribe(&place.clients.sns(region), call).await?;
    Ok(())
}

pub async fn update_subscription(
    api: &Client,
    id: &str,
    properties: &Map,
    changed: &[Arc<str>],
) -> Outcome<()> {
    let found = subscriptions(api, topic_of(id)).await?;
    let one = found.iter().find(|one| *subscription_id(one) == *id);
    let arn = one
        .map(|one| text(one, "SubscriptionArn"))
        .unwrap_or_default();
    let changes = changed.iter().filter_map(|name| {
        SUBSCRIPTION_ATTRIBUTES
            .iter()
            .find(|(have, _)| *have == &**name)
    });
    for (name, default) in changes {
        if !arn.starts_with("arn:") {
            return Err(invalid(
                "the subscription awaits its confirmation; it can be changed after that",
            ));
        }
        let value = properties
            .get(name)
            .map_or_else(|| Value::str(*default), to_json);
        let mut attribute = input(json!({"SubscriptionArn": arn, "AttributeName": name}));
        attribute.insert("AttributeValue", value);
        sns::set_subscription_attributes(api, &attribute).await?;
    }
    Ok(())
}
