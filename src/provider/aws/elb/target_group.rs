//! Target groups.

use std::sync::Arc;

use futures_util::future::{try_join, try_join_all};
use serde_json::json;

use super::{
    Attributes, Client, GROUP_ARN, TARGET_GROUP, Tagged, attributes, attributes_to_set, described,
    each, everything, set_attributes, was_set,
};
use crate::provider::aws::marks::Tags;
use crate::provider::aws::sdk::elasticloadbalancingv2 as elb;
use crate::provider::aws::service::{
    Found, generated_name, input, items, pick, tag_list, text, touches,
};
use crate::provider::{Outcome, Write};
use crate::value::{Map, Value};

/// What is said of the health check, when a group is created and later.
const CHECKS: [&str; 9] = [
    "HealthCheckProtocol",
    "HealthCheckPort",
    "HealthCheckPath",
    "HealthCheckEnabled",
    "HealthCheckIntervalSeconds",
    "HealthCheckTimeoutSeconds",
    "HealthyThresholdCount",
    "UnhealthyThresholdCount",
    "Matcher",
];

/// What is said once.
const FIXED: [&str; 8] = [
    "Name",
    "Protocol",
    "ProtocolVersion",
    "Port",
    "VpcId",
    "TargetType",
    "IpAddressType",
    "TargetControlPort",
];

/// All that the account has, without their tags.
pub async fn every(api: &Client) -> Outcome<Vec<Map>> {
    let call = async |question: &Map| elb::describe_target_groups(api, question).await;
    everything(call, Map::new(), "TargetGroups").await
}

/// Those with these ARNs.
pub async fn named(api: &Client, arns: &[Arc<str>]) -> Outcome<Vec<Map>> {
    let call = async |question: &Map| elb::describe_target_groups(api, question).await;
    described(call, "TargetGroupArns", "TargetGroups", arns).await
}

/// The attributes of those with these ARNs.
pub async fn attributes_of(api: &Client, arns: &[String]) -> Outcome<Attributes> {
    let call = async |one: &Map| elb::describe_target_group_attributes(api, one).await;
    each(call, GROUP_ARN, arns).await
}

/// As CloudFormation has them. The attributes of those that are not `known` are asked for.
pub async fn found(
    api: &Client,
    groups: Vec<Tagged>,
    mut known: Attributes,
) -> Outcome<Vec<Found>> {
    let found = groups.into_iter().map(|one| {
        let known = known.remove(text(&one.0, GROUP_ARN));
        complete(api, one, known)
    });
    try_join_all(found).await
}

async fn complete(api: &Client, (group, tags): Tagged, known: Option<Map>) -> Outcome<Found> {
    let arn = text(&group, "TargetGroupArn");
    let targets = async {
        if was_set(&tags, "Targets") {
            Ok(Some(targets(api, arn).await?))
        } else {
            Ok(None)
        }
    };
    let one = input(json!({"TargetGroupArn": arn}));
    let answer = async {
        match known {
            Some(answer) => Ok(answer),
            None => elb::describe_target_group_attributes(api, &one).await,
        }
    };
    let (answer, targets) = try_join(answer, targets).await?;
    let names = ["TargetGroupArn", "TargetGroupName", "LoadBalancerArns"];
    let names = [&names[..], &CHECKS, &FIXED].concat();
    let mut properties = pick(&group, &names);
    properties.insert("Name", Value::str(text(&group, "TargetGroupName")));
    let full = arn.rsplit(':').next().unwrap_or_default();
    properties.insert("TargetGroupFullName", Value::str(full));
    properties.insert("TargetGroupAttributes", attributes(&answer));
    if let Some(targets) = targets {
        let targets = targets.into_iter().map(Value::Map);
        properties.insert("Targets", Value::list(targets));
    }
    Ok(Found::new(TARGET_GROUP, arn, properties, tags))
}

/// The targets that are not on their way out.
async fn targets(api: &Client, arn: &str) -> Outcome<Vec<Map>> {
    let one = input(json!({"TargetGroupArn": arn}));
    let answer = elb::describe_target_health(api, &one).await?;
    Ok(items(&answer, "TargetHealthDescriptions")
        .filter(|one| text(one, "TargetHealth.State") != "draining")
        .filter_map(|one| one.get("Target").and_then(Value::as_map).cloned())
        .collect())
}

/// Creates it; again with the same settings, AWS answers with the one that exists.
pub async fn create(api: &Client, write: &Write, tags: &Tags) -> Outcome<Arc<str>> {
    let given = &write.properties;
    let mut group = pick(given, &[&CHECKS[..], &FIXED].concat());
    if !group.contains_key("Name") {
        group.insert("Name", Value::str(generated_name(write, 32)));
    }
    group.insert("Tags", Value::from(tag_list(tags)));
    let answer = elb::create_target_group(api, &group).await?;
    let arn = text(&answer, "TargetGroups.0.TargetGroupArn");
    let set = attributes_to_set(TARGET_GROUP, given, &Map::new());
    let call = async |set: &Map| elb::modify_target_group_attributes(api, set).await;
    set_attributes(call, "TargetGroupArn", arn, &set).await?;
    if items(given, "Targets").next().is_some() {
        let mut targets = pick(given, &["Targets"]);
        targets.insert("TargetGroupArn", Value::str(arn));
        elb::register_targets(api, &targets).await?;
    }
    Ok(arn.into())
}

/// Changes what is named.
pub async fn update(api: &Client, arn: &str, write: &Write, changed: &[Arc<str>]) -> Outcome<()> {
    let given = &write.properties;
    if touches(changed, &CHECKS) {
        let mut group = input(json!({"TargetGroupArn": arn}));
        for name in CHECKS {
            if touches(changed, &[name])
                && let Some(value) = given.get(name).cloned().or_else(|| default(given, name))
            {
                group.insert(name, value);
            }
        }
        elb::modify_target_group(api, &group).await?;
    }
    if touches(changed, &["TargetGroupAttributes"]) {
        let one = input(json!({"TargetGroupArn": arn}));
        let live = elb::describe_target_group_attributes(api, &one).await?;
        let set = attributes_to_set(TARGET_GROUP, given, &live);
        let call = async |set: &Map| elb::modify_target_group_attributes(api, set).await;
        set_attributes(call, "TargetGroupArn", arn, &set).await?;
    }
    if touches(changed, &["Targets"]) {
        let have = targets(api, arn).await?;
        let same = |a: &Map, b: &Map| {
            let port = |target: &Map| target.get("Port").or(given.get("Port")).cloned();
            text(a, "Id") == text(b, "Id") && port(a) == port(b)
        };
        let list = |targets: Vec<&Map>| {
            let targets = targets.into_iter().cloned().map(Value::Map);
            let mut list = input(json!({"TargetGroupArn": arn}));
            list.insert("Targets", Value::list(targets));
            list
        };
        let new: Vec<&Map> = items(given, "Targets")
            .filter(|one| !have.iter().any(|other| same(one, other)))
            .collect();
        if !new.is_empty() {
            elb::register_targets(api, &list(new)).await?;
        }
        let old: Vec<&Map> = have
            .iter()
            .filter(|one| !items(given, "Targets").any(|other| same(one, other)))
            .collect();
        if !old.is_empty() {
            elb::deregister_targets(api, &list(old)).await?;
        }
    }
    Ok(())
}

/// What AWS takes for a health check's setting that is not given; `None` where there is none. See
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html>
/// and <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html>.
fn default(given: &Map, name: &str) -> Option<Value> {
    let lambda = text(given, "TargetType") == "lambda";
    let protocol = text(given, "Protocol");
    let geneve = protocol == "GENEVE";
    let web = matches!(protocol, "HTTP" | "HTTPS");
    let grpc = text(given, "ProtocolVersion") == "GRPC";
    let check = match text(given, "HealthCheckProtocol") {
        "" if web || lambda => "HTTP",
        "" => "TCP",
        check => check,
    };
    let number = |number: i64| Some(Value::Int(number));
    match name {
        "HealthCheckEnabled" => Some(Value::Bool(!lambda)),
        "HealthCheckIntervalSeconds" if lambda => number(35),
        "HealthCheckIntervalSeconds" if geneve => number(10),
        "HealthCheckIntervalSeconds" => number(30),
        "HealthCheckTimeoutSeconds" if lambda => number(30),
        "HealthCheckTimeoutSeconds" if web || geneve => number(5),
        "HealthCheckTimeoutSeconds" if check == "HTTP" => number(6),
        "HealthCheckTimeoutSeconds" => number(10),
        "HealthyThresholdCount" => number(5),
        "UnhealthyThresholdCount" if lambda => number(5),
        "UnhealthyThresholdCount" => number(2),
        "HealthCheckPort" if lambda => None,
        "HealthCheckPort" if geneve => Some(Value::str("80")),
        "HealthCheckPort" => Some(Value::str("traffic-port")),
        "HealthCheckProtocol" if lambda => None,
        "HealthCheckProtocol" => Some(Value::str(check)),
        "HealthCheckPath" | "Matcher" if check == "TCP" => None,
        "HealthCheckPath" if grpc => Some(Value::str("/AWS.ALB/healthcheck")),
        "HealthCheckPath" => Some(Value::str("/")),
        "Matcher" if grpc => Some(Value::Map(input(json!({"GrpcCode": "12"})))),
        "Matcher" if web || lambda => Some(Value::Map(input(json!({"HttpCode": "200"})))),
        "Matcher" => Some(Value::Map(input(json!({"HttpCode": "200-399"})))),
        _ => None,
    }
}
