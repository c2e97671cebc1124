//! What Route 53 refuses of health checks and of private zones, from its API's documents.

use super::cloud::Cloud;
use super::rules::{Refusal, is_called, same_name};
use super::site::text;
use crate::provider::ErrorKind;
use crate::value::{Map, Value};

/// The type of health checks.
pub const CHECK: &str = "AWS::Route53::HealthCheck";
/// The type of hosted zones.
pub const ZONE: &str = "AWS::Route53::HostedZone";

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(ErrorKind::Invalid, "InvalidInput", message)
}

/// What each type of check needs and has alone
/// (<https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html>).
///
/// # Errors
/// What Route 53 would say.
pub fn check(cloud: &Cloud, properties: &Map) -> Result<(), Refusal> {
    let config = |name: &str| properties.at(&format!("HealthCheckConfig.{name}"));
    let kind = text(properties, "HealthCheckConfig.Type");
    let is_set = |name: &str| config(name).is_some();
    let needs: &[&str] = match kind {
        "CLOUDWATCH_METRIC" => &["AlarmIdentifier"],
        "CALCULATED" => &["ChildHealthChecks", "HealthThreshold"],
        _ => &[],
    };
    if let Some(missing) = needs.iter().find(|name| !is_set(name)) {
        return Err(invalid(format!("{missing} is required for type {kind}")));
    }
    let alone = [
        ("AlarmIdentifier", "CLOUDWATCH_METRIC"),
        ("InsufficientDataHealthStatus", "CLOUDWATCH_METRIC"),
        ("ChildHealthChecks", "CALCULATED"),
        ("HealthThreshold", "CALCULATED"),
    ];
    if let Some((name, _)) = (alone.iter()).find(|(name, of)| *of != kind && is_set(name)) {
        return Err(invalid(format!("{name} cannot be set for type {kind}")));
    }
    let endpoint = [
        "FullyQualifiedDomainName",
        "IPAddress",
        "Port",
        "RequestInterval",
        "FailureThreshold",
    ];
    if !needs.is_empty()
        && let Some(name) = endpoint.iter().find(|name| is_set(name))
    {
        return Err(invalid(format!("{name} cannot be set for type {kind}")));
    }
    match kind {
        "CLOUDWATCH_METRIC" => check_alarm(cloud, properties),
        "CALCULATED" => check_children(cloud, config("ChildHealthChecks")),
        _ => Ok(()),
    }
}

fn check_children(cloud: &Cloud, children: Option<&Value>) -> Result<(), Refusal> {
    let children = children.and_then(Value::as_list).unwrap_or_default();
    let is_there = |id: &str| {
        let mut all = cloud.items.values();
        all.any(|item| &*item.kind == CHECK && is_called(item, id))
    };
    let mut names = children.iter().filter_map(Value::as_str);
    match names.find(|id| !is_there(id)) {
        None => Ok(()),
        Some(id) => Err(invalid(format!("The health check {id} does not exist"))),
    }
}

/// An alarm of one metric of standard resolution with a plain statistic, and not "M out of N"
/// (<https://docs.aws.amazon.com/Route53/latest/APIReference/API_AlarmIdentifier.html>).
fn check_alarm(cloud: &Cloud, properties: &Map) -> Result<(), Refusal> {
    let of = |name: &str| {
        text(
            properties,
            &format!("HealthCheckConfig.AlarmIdentifier.{name}"),
        )
    };
    let (name, region) = (of("Name"), of("Region"));
    let alarm = cloud.items.values().find(|item| {
        &*item.kind == "AWS::CloudWatch::Alarm" && &*item.region == region && is_called(item, name)
    });
    let Some(alarm) = alarm else {
        return Err(invalid(format!(
            "The CloudWatch alarm {name} does not exist in {region}"
        )));
    };
    let of = |name: &str| alarm.properties.get(name);
    let number = |name: &str| of(name).and_then(Value::as_number);
    let why = if of("Metrics").is_some() {
        "uses metric math"
    } else if of("ExtendedStatistic").is_some() {
        "has an extended statistic"
    } else if number("Period").is_some_and(|period| period < 60) {
        "is of a high-resolution metric"
    } else if of("DatapointsToAlarm").is_some()
        && number("DatapointsToAlarm") != number("EvaluationPeriods")
    {
        "is an \"M out of N\" alarm"
    } else {
        return Ok(());
    };
    Err(invalid(format!(
        "The CloudWatch alarm {name} {why}, which health checks do not support"
    )))
}

/// Only one private zone of a name can be associated with a VPC
/// (<https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHostedZone.html>).
///
/// # Errors
/// What Route 53 would say.
pub fn check_zone(cloud: &Cloud, properties: &Map, old: Option<u64>) -> Result<(), Refusal> {
    fn vpcs(properties: &Map) -> impl Iterator<Item = &str> {
        let all = properties.get("VPCs").and_then(Value::as_list);
        let all = all.unwrap_or_default().iter();
        all.filter_map(|one| one.at("VPCId")?.as_str())
    }
    let zones = cloud.items.values().filter(|item| &*item.kind == ZONE);
    for other in zones.filter(|item| Some(item.number) != old) {
        let theirs: Vec<&str> = vpcs(&other.properties).collect();
        if same_name(text(&other.properties, "Name"), text(properties, "Name"))
            && let Some(vpc) = vpcs(properties).find(|vpc| theirs.contains(vpc))
        {
            let name = text(properties, "Name");
            return Err(Refusal::new(
                ErrorKind::Conflict,
                "ConflictingDomainExists",
                format!("The VPC {vpc} is already associated with another zone of the name {name}"),
            ));
        }
    }
    Ok(())
}
