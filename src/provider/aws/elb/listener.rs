//! Listeners.

use std::sync::Arc;

use futures_util::future::try_join_all;
use serde_json::json;

use super::{
    Client, LISTENER, Tagged, attributes, attributes_to_set, described, everything, or_none,
    set_attributes, was_set,
};
use crate::provider::aws::marks::Tags;
use crate::provider::aws::sdk::elasticloadbalancingv2 as elb;
use crate::provider::aws::service::{Found, input, items, pick, tag_list, text, touches, without};
use crate::provider::{Outcome, Write};
use crate::value::{Map, Value};

/// What can be changed, in one call.
const SETTINGS: [&str; 7] = [
    "Port",
    "Protocol",
    "SslPolicy",
    "Certificates",
    "DefaultActions",
    "AlpnPolicy",
    "MutualAuthentication",
];

/// Those of these load balancers, without their tags.
pub async fn below(api: &Client, balancers: &[String]) -> Outcome<Vec<Map>> {
    let each = balancers.iter().map(async |balancer| {
        let question = input(json!({"LoadBalancerArn": balancer}));
        let call = async |question: &Map| elb::describe_listeners(api, question).await;
        or_none(everything(call, question, "Listeners").await)
    });
    Ok(try_join_all(each).await?.into_iter().flatten().collect())
}

/// Those with these ARNs.
pub async fn named(api: &Client, arns: &[Arc<str>]) -> Outcome<Vec<Map>> {
    let call = async |question: &Map| elb::describe_listeners(api, question).await;
    described(call, "ListenerArns", "Listeners", arns).await
}

/// As CloudFormation has them.
pub async fn found(api: &Client, listeners: Vec<Tagged>) -> Outcome<Vec<Found>> {
    try_join_all(listeners.into_iter().map(|one| complete(api, one))).await
}

async fn complete(api: &Client, (listener, tags): Tagged) -> Outcome<Found> {
    let arn = text(&listener, "ListenerArn");
    let names = [&["ListenerArn", "LoadBalancerArn"][..], &SETTINGS].concat();
    let mut properties = pick(&listener, &names);
    if listener.contains_key("Certificates") {
        let certificates = items(&listener, "Certificates")
            .map(|certificate| Value::Map(pick(certificate, &["CertificateArn"])));
        properties.insert("Certificates", Value::list(certificates));
    }
    if let Some(Value::Map(mutual)) = listener.get("MutualAuthentication") {
        let mutual = without(mutual, &["TrustStoreAssociationStatus"]);
        properties.insert("MutualAuthentication", Value::Map(mutual));
    }
    // Few set any, so they are not asked for otherwise.
    if was_set(&tags, "ListenerAttributes") {
        let one = input(json!({"ListenerArn": arn}));
        let answer = elb::describe_listener_attributes(api, &one).await?;
        properties.insert("ListenerAttributes", attributes(&answer));
    }
    Ok(Found::new(LISTENER, arn, properties, tags))
}

/// Creates it; again with the same settings, AWS answers with the one that exists.
pub async fn create(api: &Client, write: &Write, tags: &Tags) -> Outcome<Arc<str>> {
    let given = &write.properties;
    let mut listener = pick(given, &[&["LoadBalancerArn"][..], &SETTINGS].concat());
    listener.insert("Tags", Value::from(tag_list(tags)));
    let answer = elb::create_listener(api, &listener).await?;
    let arn = text(&answer, "Listeners.0.ListenerArn");
    let set = attributes_to_set(LISTENER, given, &Map::new());
    let call = async |set: &Map| elb::modify_listener_attributes(api, set).await;
    set_attributes(call, "ListenerArn", arn, &set).await?;
    Ok(arn.into())
}

/// Changes what is named.
pub async fn update(api: &Client, arn: &str, write: &Write, changed: &[Arc<str>]) -> Outcome<()> {
    let given = &write.properties;
    if touches(changed, &SETTINGS) {
        // Protocol, policy and certificates are only valid together, so all are said.
        let mut listener = pick(given, &SETTINGS);
        listener.insert("ListenerArn", Value::str(arn));
        let secure = matches!(text(given, "Protocol"), "HTTPS" | "TLS");
        let unset = |name: &str| touches(changed, &[name]) && !given.contains_key(name);
        if unset("SslPolicy") && secure {
            // https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
            listener.insert("SslPolicy", Value::str("ELBSecurityPolicy-2016-08"));
        }
        if unset("AlpnPolicy") {
            listener.insert("AlpnPolicy", Value::list([Value::str("None")]));
        }
        if unset("MutualAuthentication") {
            let off = input(json!({"Mode": "off"}));
            listener.insert("MutualAuthentication", Value::Map(off));
        }
        elb::modify_listener(api, &listener).await?;
    }
    if touches(changed, &["ListenerAttributes"]) {
        let one = input(json!({"ListenerArn": arn}));
        let live = elb::describe_listener_attributes(api, &one).await?;
        let set = attributes_to_set(LISTENER, given, &live);
        let call = async |set: &Map| elb::modify_listener_attributes(api, set).await;
        set_attributes(call, "ListenerArn", arn, &set).await?;
    }
    Ok(())
}
