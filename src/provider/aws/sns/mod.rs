//! SNS: topics, their policies, and who is subscribed to them.
//!
//! Neither policies nor subscriptions exist on their own: both are read with their topic, whose tags
//! carry their marks.
//!
//! CloudFormation makes up an identifier for a topic policy; here it is the topic's ARN, of which
//! there is one policy each. A subscription has no ARN of its own before somebody confirms it, which
//! for an email may take days, so that it is called `TopicArn|protocol|endpoint`: SNS keeps one
//! subscription of each.

mod subscription;
mod topic;

use async_trait::async_trait;
use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::{try_join_all, try_join3};
use serde_json::json;

use self::subscription::{
    SUBSCRIPTION_ATTRIBUTES, subscribe, subscription, subscription_id, subscriptions,
    update_subscription,
};
use self::topic::{create_topic, topic_properties, update_topic};
use super::call::Api;
use super::marks::{Tags, child_key};
use super::sdk::sns;
use super::service::{
    Found, NEXT_TOKEN, Place, Service, Site, Which, from_json, generated_name, gone_is_fine, input,
    is_worth_asking, list, none_if_gone, pages, pick, tag_list, tags, text, texts, to_json,
};
use crate::inventory::Handle;
use crate::provider::{ErrorKind, Outcome, ProviderError, Write};
use crate::value::{Map, Value};

const TOPIC: &str = "AWS::SNS::Topic";
const POLICY: &str = "AWS::SNS::TopicPolicy";
const SUBSCRIPTION: &str = "AWS::SNS::Subscription";

type Client = Api<aws_sdk_sns::Client>;

/// Every mapping of this service's kinds.
pub fn services() -> Vec<Box<dyn Service>> {
    vec![Box::new(Sns)]
}

struct Sns;

#[async_trait(?Send)]
impl Service for Sns {
    fn kinds(&self) -> &'static [&'static str] {
        &[TOPIC, POLICY, SUBSCRIPTION]
    }

    async fn list(
        &self,
        place: Place<'_>,
        kinds: &BTreeSet<Arc<str>>,
        which: Which<'_>,
    ) -> Outcome<Vec<Found>> {
        let api = &place.clients.sns(place.region);
        let topics: Vec<(String, Option<Tags>)> = match which {
            Which::Named(names) => {
                let arns: BTreeSet<&str> = names.iter().map(|name| topic_of(name)).collect();
                arns.into_iter().map(|arn| (arn.to_owned(), None)).collect()
            }
            which => topics(place, api, which).await?,
        };
        let found = topics
            .into_iter()
            .map(|(arn, tags)| async move { topic(api, &arn, tags, kinds, which).await });
        Ok(try_join_all(found).await?.into_iter().flatten().collect())
    }

    async fn create(
        &self,
        place: Place<'_>,
        write: &Write,
        tags: &Tags,
        _: &str,
    ) -> Outcome<Arc<str>> {
        let api = &place.clients.sns(place.region);
        let properties = &write.properties;
        match &*write.kind {
            TOPIC => create_topic(api, write, tags).await,
            POLICY => {
                let arn = policed(properties)?;
                put_policy(api, arn, properties).await?;
                Ok(arn.into())
            }
            _ => {
                let mut call = pick(properties, &["TopicArn", "Protocol", "Endpoint"]);
                let attributes = attributes(properties, &SUBSCRIPTION_ATTRIBUTES);
                call.insert("Attributes", Value::Map(attributes));
                subscribe(place, &call, text(properties, "Region")).await?;
                Ok(subscription_id(properties))
            }
        }
    }

    async fn update(
        &self,
        place: Place<'_>,
        handle: &Handle,
        write: &Write,
        changed: &[Arc<str>],
    ) -> Outcome<()> {
        let api = &place.clients.sns(place.region);
        match &*handle.kind {
            TOPIC => update_topic(api, &handle.identifier, &write.properties, changed).await,
            POLICY => put_policy(api, policed(&write.properties)?, &write.properties).await,
            _ => update_subscription(api, &handle.identifier, &write.properties, changed).await,
        }
    }

    async fn delete(&self, place: Place<'_>, handle: &Handle) -> Outcome<()> {
        let api = &place.clients.sns(place.region);
        let id = &*handle.identifier;
        match &*handle.kind {
            TOPIC => {
                sns::delete_topic(api, &input(json!({"TopicArn": id}))).await?;
            }
            // A topic is never without a policy.
            POLICY => set(api, id, "Policy", default_policy(id)).await?,
            _ => {
                let found = subscriptions(api, topic_of(id)).await?;
                let one = found.iter().find(|one| *subscription_id(one) == *id);
                // One that nobody has confirmed cannot be ended: SNS forgets it after two days, or
                // with its topic. Without a mark it is ours no more.
                match one.map(|one| text(one, "SubscriptionArn")) {
                    Some(arn) if arn.starts_with("arn:") => {
                        let subscription = input(json!({"SubscriptionArn": arn}));
                        gone_is_fine(sns::unsubscribe(api, &subscription).await)?;
                    }
                    Some(_) => {
                        let keys = input(json!({
                            "ResourceArn": topic_of(id),
                            "TagKeys": [child_key(SUBSCRIPTION, id)],
                        }));
                        sns::untag_resource(api, &keys).await?;
                    }
                    None => {}
                }
            }
        }
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
        let api = place.clients.sns(place.region);
        if !set.is_empty() {
            let tags = input(json!({"ResourceArn": identifier, "Tags": tag_list(set)}));
            sns::tag_resource(&api, &tags).await?;
        }
        if !unset.is_empty() {
            let mut keys = input(json!({"ResourceArn": identifier}));
            keys.insert("TagKeys", list(unset));
            sns::untag_resource(&api, &keys).await?;
        }
        Ok(())
    }

    fn identifier(&self, site: Site<'_>, write: &Write) -> Option<Arc<str>> {
        match &*write.kind {
            TOPIC => Some(site.arn("sns", &name_of(write)).into()),
            POLICY => texts(&write.properties, "Topics").next().map(Into::into),
            _ => Some(subscription_id(&write.properties)),
        }
    }
}

fn name_of(write: &Write) -> String {
    let fifo = write.properties.get("FifoTopic") == Some(&Value::Bool(true));
    match (text(&write.properties, "TopicName"), fifo) {
        ("", false) => generated_name(write, 256),
        ("", true) => format!("{}.fifo", generated_name(write, 251)),
        (name, _) => name.to_owned(),
    }
}

/// The topic in an identifier of any of the kinds.
fn topic_of(identifier: &str) -> &str {
    identifier.split('|').next().unwrap_or(identifier)
}

/// The topic of a policy, which is one: only one topic's tags can say whose it is.
fn policed(properties: &Map) -> Outcome<&str> {
    let mut topics = texts(properties, "Topics");
    match (topics.next(), topics.next()) {
        (Some(topic), None) => Ok(topic),
        _ => Err(invalid(
            "a topic policy is for one topic; give each topic one of its own",
        )),
    }
}

fn invalid(message: &str) -> ProviderError {
    ProviderError {
        kind: ErrorKind::Invalid,
        code: "Unsupported".to_owned(),
        message: message.to_owned(),
        operation: "sns:SetTopicAttributes".to_owned(),
    }
}

/// The policy of a topic for which none was set, as SNS writes it itself
/// (<https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html>).
fn default_policy(topic: &str) -> Value {
    let owner = topic.split(':').nth(4).unwrap_or_default();
    let policy = json!({
        "Version": "2008-10-17",
        "Id": DEFAULT_POLICY,
        "Statement": [{
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": [
                "SNS:GetTopicAttributes", "SNS:SetTopicAttributes", "SNS:AddPermission",
                "SNS:RemovePermission", "SNS:DeleteTopic", "SNS:Subscribe",
                "SNS:ListSubscriptionsByTopic", "SNS:Publish",
            ],
            "Resource": topic,
            "Condition": {"StringEquals": {"AWS:SourceOwner": owner}},
        }],
    });
    Value::str(policy.to_string())
}

/// What SNS calls the policy that it writes itself.
const DEFAULT_POLICY: &str = "__default_policy_ID";

/// Topics that may be asked for, and their tags. SNS lists ARNs and nothing else.
async fn topics(
    place: Place<'_>,
    api: &Client,
    which: Which<'_>,
) -> Outcome<Vec<(String, Option<Tags>)>> {
    let call = async |question: &Map| sns::list_topics(api, question).await;
    let listed = pages(call, Map::new(), "Topics", NEXT_TOKEN).await?;
    let tags = listed.iter().map(|topic| async move {
        let arn = text(topic, "TopicArn");
        let name = arn.rsplit(':').next().unwrap_or(arn);
        place
            .tags(arn, name, async || ask_tags(api, arn).await)
            .await
    });
    let tags = try_join_all(tags).await?;
    let arns = listed
        .iter()
        .map(|topic| text(topic, "TopicArn").to_owned());
    let wanted = |tags: &Option<Tags>| tags.as_ref().is_some_and(|tags| which.wants_tagged(tags));
    Ok(arns.zip(tags).filter(|(_, tags)| wanted(tags)).collect())
}

async fn ask_tags(api: &Client, arn: &str) -> Outcome<Tags> {
    let answer = sns::list_tags_for_resource(api, &input(json!({"ResourceArn": arn}))).await?;
    Ok(tags(&answer, "Tags"))
}

/// A topic, its policy and its subscriptions, as far as they are asked for.
async fn topic(
    api: &Client,
    arn: &str,
    known: Option<Tags>,
    kinds: &BTreeSet<Arc<str>>,
    which: Which<'_>,
) -> Outcome<Vec<Found>> {
    let question = &input(json!({"TopicArn": arn}));
    let tags = async {
        match known {
            Some(tags) => Ok(Some(tags)),
            None => none_if_gone(ask_tags(api, arn).await),
        }
    };
    let told = async {
        if kinds.contains(TOPIC) || kinds.contains(POLICY) {
            none_if_gone(sns::get_topic_attributes(api, question).await)
        } else {
            Ok(None)
        }
    };
    let subscribed = async {
        if kinds.contains(TOPIC) || kinds.contains(SUBSCRIPTION) {
            none_if_gone(subscriptions(api, arn).await)
        } else {
            Ok(None)
        }
    };
    let (tags, told, subscribed) = try_join3(tags, told, subscribed).await?;
    let Some(tags) = tags else {
        return Ok(Vec::new());
    };
    let asked = kinds.contains(TOPIC) && is_worth_asking(which, &tags, "DataProtectionPolicy");
    let protection = if asked {
        let question = input(json!({"ResourceArn": arn}));
        none_if_gone(sns::get_data_protection_policy(api, &question).await)?
    } else {
        None
    };
    let subscribed = subscribed.unwrap_or_default();
    let mut found = Vec::new();
    if let Some(told) = told
        .as_ref()
        .and_then(|answer| answer.get("Attributes")?.as_map())
    {
        if kinds.contains(TOPIC) {
            let properties = topic_properties(arn, told, protection.as_ref(), &subscribed, &tags);
            found.push(Found::new(TOPIC, arn, properties, tags.clone()));
        }
        let policy = from_json(text(told, "Policy"));
        let own = policy.at("Id").and_then(Value::as_str) != Some(DEFAULT_POLICY);
        if kinds.contains(POLICY) && own && policy.as_map().is_some() {
            let mut properties = input(json!({"Id": arn, "Topics": [arn]}));
            properties.insert("PolicyDocument", policy);
            found.push(Found::new(POLICY, arn, properties, tags.clone()));
        }
    }
    if kinds.contains(SUBSCRIPTION) {
        let wanted = subscribed
            .iter()
            .filter(|one| which.wants(&subscription_id(one)));
        let subscriptions = wanted.map(|one| subscription(api, one, &tags));
        found.extend(try_join_all(subscriptions).await?);
    }
    Ok(found)
}

/// Properties from attributes, which are all texts; those that are empty were never set.
fn read(told: &Map, names: &[(&str, &str)]) -> Map {
    let mut properties = Map::new();
    for (name, _) in names {
        match text(told, name) {
            "" => {}
            truth @ ("true" | "false") => {
                properties.insert(*name, Value::Bool(truth == "true"));
            }
            value => {
                properties.insert(*name, from_json(value));
            }
        }
    }
    properties
}

/// Attributes from properties.
fn attributes(properties: &Map, names: &[(&str, &str)]) -> Map {
    let given = names
        .iter()
        .filter_map(|(name, _)| Some((*name, properties.get(name)?)));
    given
        .map(|(name, value)| (Arc::from(name), to_json(value)))
        .collect()
}

async fn set(api: &Client, topic: &str, name: &str, value: Value) -> Outcome<()> {
    let mut attribute = input(json!({"TopicArn": topic, "AttributeName": name}));
    attribute.insert("AttributeValue", value);
    sns::set_topic_attributes(api, &attribute).await?;
    Ok(())
}

async fn put_policy(api: &Client, topic: &str, properties: &Map) -> Outcome<()> {
    let document = properties.get("PolicyDocument").map(to_json);
    set(
        api,
        topic,
        "Policy",
        document.unwrap_or_else(|| default_policy(topic)),
    )
    .await
}
