//! Health checks.

use std::sync::Arc;

use futures_util::future::try_join_all;
use serde_json::json;

use super::{CHECK, Client, NEXT_MARKER, another_reference, tag, tagged};
use crate::provider::aws::marks::Tags;
use crate::provider::aws::sdk::route53;
use crate::provider::aws::service::{
    Found, Which, input, none_if_gone, pages, pick, text, touches, without,
};
use crate::provider::{ErrorKind, Outcome, Write};
use crate::value::{Map, Value};

const RESOURCE: &str = "healthcheck";

/// What cannot be changed.
const FIXED: [&str; 4] = [
    "Type",
    "MeasureLatency",
    "RequestInterval",
    "RoutingControlArn",
];

/// What is reset by its name.
const RESETTABLE: [&str; 4] = [
    "ChildHealthChecks",
    "FullyQualifiedDomainName",
    "Regions",
    "ResourcePath",
];

async fn all(api: &Client) -> Outcome<Vec<Map>> {
    let call = async |question: &Map| route53::list_health_checks(api, question).await;
    pages(call, Map::new(), "HealthChecks", NEXT_MARKER).await
}

async fn one(api: &Client, id: &str) -> Outcome<Option<Map>> {
    let question = input(json!({"HealthCheckId": id}));
    let answer = none_if_gone(route53::get_health_check(api, &question).await)?;
    let check = answer.and_then(|mut answer| answer.remove("HealthCheck"));
    Ok(check.and_then(|check| check.as_map().cloned()))
}

/// Those that are wanted.
pub async fn list(api: &Client, which: Which<'_>) -> Outcome<Vec<Found>> {
    let checks = match which {
        Which::Named(ids) => {
            let each = ids.iter().map(async |id| one(api, id).await);
            try_join_all(each).await?.into_iter().flatten().collect()
        }
        Which::Owned(_) | Which::All => all(api).await?,
    };
    let checks = tagged(api, RESOURCE, which, checks).await?;
    let found = |(check, tags): (Map, Tags)| {
        let id = text(&check, "Id");
        let mut properties = input(json!({"HealthCheckId": id}));
        if let Some(config) = check.get("HealthCheckConfig") {
            properties.insert("HealthCheckConfig", config.clone());
        }
        Found::new(CHECK, id, properties, tags)
    };
    Ok(checks.into_iter().map(found).collect())
}

/// Creates it and tags it right after. One that was left without tags by an attempt that broke off is
/// known by its reference; that of one that was deleted is refused
/// (<https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHealthCheck.html>).
pub async fn create(api: &Client, write: &Write, tags: &Tags, token: &str) -> Outcome<Arc<str>> {
    let checks = all(api).await?;
    let ours = |check: &&Map| text(check, "CallerReference").starts_with(token);
    let id: Arc<str> = match checks.iter().find(ours) {
        Some(check) => text(check, "Id").into(),
        None => {
            let mut check = pick(&write.properties, &["HealthCheckConfig"]);
            check.insert("CallerReference", Value::str(token));
            let mut outcome = route53::create_health_check(api, &check).await;
            if matches!(&outcome, Err(error) if error.kind == ErrorKind::AlreadyExists) {
                check.insert("CallerReference", Value::str(another_reference(token)));
                outcome = route53::create_health_check(api, &check).await;
            }
            text(&outcome?, "HealthCheck.Id").into()
        }
    };
    tag(api, RESOURCE, &id, tags, &[]).await?;
    Ok(id)
}

/// Changes it to what is given; what is not given goes back to AWS's default.
pub async fn update(api: &Client, id: &str, write: &Write, changed: &[Arc<str>]) -> Outcome<()> {
    let (true, Some(Value::Map(config))) = (
        touches(changed, &["HealthCheckConfig"]),
        write.properties.get("HealthCheckConfig"),
    ) else {
        return Ok(());
    };
    let live = one(api, id).await?.unwrap_or_default();
    let Some(Value::Map(live)) = live.get("HealthCheckConfig") else {
        return Ok(());
    };
    let mut check = without(config, &FIXED);
    check.insert("HealthCheckId", Value::str(id));
    let gone = live.iter().filter(|(name, _)| !config.contains_key(name));
    let mut reset = Vec::new();
    for (name, _) in gone {
        match RESETTABLE.iter().find(|one| **one == &**name) {
            Some(name) => reset.push(Value::str(*name)),
            None => {
                if let Some(value) = default(name, text(config, "Type")) {
                    check.insert(name.clone(), value);
                }
            }
        }
    }
    if !reset.is_empty() {
        check.insert("ResetElements", Value::List(reset));
    }
    route53::update_health_check(api, &check).await?;
    Ok(())
}

/// What AWS takes for something that is not given
/// (<https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html>).
fn default(name: &str, kind: &str) -> Option<Value> {
    let secure = kind.starts_with("HTTPS");
    match name {
        "Disabled" | "Inverted" => Some(Value::Bool(false)),
        "EnableSNI" if kind.starts_with("HTTP") => Some(Value::Bool(secure)),
        "FailureThreshold" => Some(Value::Int(3)),
        "Port" if secure => Some(Value::Int(443)),
        "Port" if kind.starts_with("HTTP") => Some(Value::Int(80)),
        _ => None,
    }
}
