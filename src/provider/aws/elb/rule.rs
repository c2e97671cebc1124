//! Rules of listeners.

use std::sync::Arc;

use futures_util::future::try_join_all;
use serde_json::json;

use super::{Client, RULE, Tagged, described, everything, is_code, is_owned, or_none, tagged};
use crate::ownership::hidden;
use crate::provider::aws::marks::Tags;
use crate::provider::aws::sdk::elasticloadbalancingv2 as elb;
use crate::provider::aws::service::{
    Found, Which, input, items, pick, tag_list, text, texts, touches,
};
use crate::provider::{Outcome, ProviderError, Write};
use crate::value::{Map, Value};

/// AWS's refusal of a priority that another rule has.
const TAKEN: &str = "PriorityInUse";

/// Those of these listeners that are wanted.
pub async fn of(api: &Client, which: Which<'_>, listeners: &[Tagged]) -> Outcome<Vec<Tagged>> {
    let each = listeners
        .iter()
        .map(async |(listener, _)| or_none(of_listener(api, text(listener, "ListenerArn")).await));
    let rules = try_join_all(each).await?.into_iter().flatten().collect();
    tagged(api, which, rules, "RuleArn").await
}

/// A listener's rules, without the one for what no other takes: that is the listener's own.
async fn of_listener(api: &Client, listener: &str) -> Outcome<Vec<Map>> {
    let question = input(json!({"ListenerArn": listener}));
    let call = async |question: &Map| elb::describe_rules(api, question).await;
    let mut rules = everything(call, question, "Rules").await?;
    rules.retain(|rule| rule.get("IsDefault") != Some(&Value::Bool(true)));
    Ok(rules)
}

/// Those with these ARNs.
pub async fn named(api: &Client, arns: &[Arc<str>]) -> Outcome<Vec<Map>> {
    let call = async |question: &Map| elb::describe_rules(api, question).await;
    described(call, "RuleArns", "Rules", arns).await
}

/// As CloudFormation has them.
pub fn found(rules: Vec<Tagged>) -> Vec<Found> {
    let found = |(rule, tags): Tagged| {
        let names = ["RuleArn", "IsDefault", "Actions", "Transforms"];
        let mut properties = pick(&rule, &names);
        if let Some(priority) = priority(&rule) {
            properties.insert("Priority", Value::Int(priority));
        }
        let conditions = items(&rule, "Conditions").map(|one| Value::Map(shown(one)));
        properties.insert("Conditions", Value::list(conditions));
        Found::new(RULE, text(&rule, "RuleArn"), properties, tags)
    };
    rules.into_iter().map(found).collect()
}

/// AWS tells it as text.
fn priority(rule: &Map) -> Option<i64> {
    rule.get("Priority")?.to_string().parse().ok()
}

/// A condition as it may be shown: a header's value may be what proves who asks.
fn shown(condition: &Map) -> Map {
    let mut condition = condition.clone();
    if let Some(Value::Map(header)) = condition.get_mut("HttpHeaderConfig")
        && header.contains_key("Values")
    {
        let values = Value::list(texts(header, "Values").map(|text| Value::str(hidden(text))));
        header.insert("Values", values);
    }
    condition
}

/// An error without the values of headers that it may quote.
fn discreet(error: ProviderError, given: &Map) -> ProviderError {
    let headers = items(given, "Conditions")
        .filter_map(|one| one.get("HttpHeaderConfig").and_then(Value::as_map));
    let mut message = error.message;
    for value in headers.flat_map(|header| texts(header, "Values")) {
        if !value.is_empty() {
            message = message.replace(value, &hidden(value));
        }
    }
    ProviderError { message, ..error }
}

/// Creates it.
pub async fn create(api: &Client, write: &Write, tags: &Tags) -> Outcome<Arc<str>> {
    let given = &write.properties;
    let names = [
        "ListenerArn",
        "Conditions",
        "Priority",
        "Actions",
        "Transforms",
    ];
    let mut rule = pick(given, &names);
    rule.insert("Tags", Value::from(tag_list(tags)));
    let answer = elb::create_rule(api, &rule).await;
    let answer = answer.map_err(|error| discreet(error, given))?;
    Ok(text(&answer, "Rules.0.RuleArn").into())
}

/// Changes what is named.
pub async fn update(api: &Client, arn: &str, write: &Write, changed: &[Arc<str>]) -> Outcome<()> {
    let given = &write.properties;
    if touches(changed, &["Priority"]) {
        set_priority(api, arn, write).await?;
    }
    let names = ["Conditions", "Actions", "Transforms"];
    if touches(changed, &names) {
        let mut rule = pick(given, &names);
        rule.insert("RuleArn", Value::str(arn));
        if touches(changed, &["Transforms"]) && !rule.contains_key("Transforms") {
            rule.insert("ResetTransforms", Value::Bool(true));
        }
        let outcome = elb::modify_rule(api, &rule).await;
        outcome.map_err(|error| discreet(error, given))?;
    }
    Ok(())
}

/// Gives a rule its place. When another one of ours has it, the two change places in one call:
/// that one is on its way to a place of its own, which may be ours.
async fn set_priority(api: &Client, arn: &str, write: &Write) -> Outcome<()> {
    let Some(wanted) = priority(&write.properties) else {
        return Ok(());
    };
    let set = async |places: &[(&str, i64)]| {
        let pairs: Vec<_> = places
            .iter()
            .map(|(arn, priority)| json!({"RuleArn": arn, "Priority": priority}))
            .collect();
        elb::set_rule_priorities(api, &input(json!({"RulePriorities": pairs}))).await
    };
    let outcome = set(&[(arn, wanted)]).await;
    if !is_code(&outcome, TAKEN) {
        return outcome.map(|_| ());
    }
    let rules = of_listener(api, &listener_of(arn)).await?;
    let own = rules.iter().find(|rule| text(rule, "RuleArn") == arn);
    let holder = rules.iter().find(|rule| priority(rule) == Some(wanted));
    let (Some(own), Some(holder)) = (own.and_then(priority), holder) else {
        return outcome.map(|_| ());
    };
    let holder = tagged(
        api,
        Which::Owned(&write.owner),
        vec![holder.clone()],
        "RuleArn",
    )
    .await?;
    match holder.first() {
        Some((holder, tags)) if is_owned(tags, &write.owner) => {
            set(&[(arn, wanted), (text(holder, "RuleArn"), own)]).await?;
            Ok(())
        }
        _ => outcome.map(|_| ()),
    }
}

/// A rule's ARN is its listener's, a number longer.
fn listener_of(rule: &str) -> String {
    let listener = rule.rsplit_once('/').map_or(rule, |(listener, _)| listener);
    listener.replacen(":listener-rule/", ":listener/", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_of_a_header_is_never_shown() {
        let rule = input(json!({"RuleArn": "r", "Priority": "7", "Conditions": [
            {"Field": "http-header",
                "HttpHeaderConfig": {"HttpHeaderName": "X-Origin-Verify", "Values": ["s3cret"]}},
            {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*"]}}]}));
        let found = found(vec![(rule.clone(), Tags::new())]).remove(0);
        let shown = found.properties.get("Conditions").unwrap().to_string();
        assert!(
            shown.contains("(hidden ") && shown.contains("/*"),
            "{shown}"
        );
        assert!(!shown.contains("s3cret"), "{shown}");
        assert_eq!(found.properties.get("Priority"), Some(&Value::Int(7)));
        let error = ProviderError {
            kind: crate::provider::ErrorKind::Invalid,
            code: "ValidationError".to_owned(),
            message: "'s3cret' is too short".to_owned(),
            operation: "elasticloadbalancing:CreateRule".to_owned(),
        };
        assert!(!discreet(error, &rule).message.contains("s3cret"));
    }

    #[test]
    fn a_rules_listener_is_in_its_name() {
        assert_eq!(
            listener_of("arn:aws:elasticloadbalancing:r:1:listener-rule/app/a/1/2/3"),
            "arn:aws:elasticloadbalancing:r:1:listener/app/a/1/2"
        );
    }
}
