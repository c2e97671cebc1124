//! Hosted zones.

use std::sync::Arc;

use futures_util::future::try_join_all;
use serde_json::json;

use super::change::{change, delete_of, records_of};
use super::ownership::{is_apex, is_leftover, is_name, unquoted};
use super::prefetch::Early;
use super::record::found as found_in;
use super::{Client, NEXT_MARKER, Tagged, ZONE, another_reference, bare, tag, was_set};
use crate::provider::aws::marks::Tags;
use crate::provider::aws::sdk::route53;
use crate::provider::aws::service::{
    Found, Which, input, items, none_if_gone, pages, pick, text, texts, touches,
};
use crate::provider::{ErrorKind, Outcome, ProviderError, Write};
use crate::value::{Map, Value};

/// What calls about tags call a zone.
pub const RESOURCE: &str = "hostedzone";

async fn all(api: &Client) -> Outcome<Vec<Map>> {
    let call = async |question: &Map| route53::list_hosted_zones(api, question).await;
    pages(call, Map::new(), "HostedZones", NEXT_MARKER).await
}

/// Those that may be wanted, before their tags are known.
///
/// Those that are named are asked for one by one, which tells everything of them: it need not be asked
/// again.
pub async fn list(api: &Client, which: Which<'_>) -> Outcome<(Vec<Map>, Early)> {
    match which {
        Which::Named(ids) => {
            let each = ids.iter().map(async |id| {
                let one = input(json!({"Id": &**id}));
                none_if_gone(route53::get_hosted_zone(api, &one).await)
            });
            let answers = try_join_all(each).await?.into_iter().flatten();
            let told = answers.filter_map(|answer| {
                let zone = answer.get("HostedZone").and_then(Value::as_map).cloned()?;
                Some((zone, answer))
            });
            let (zones, answers): (Vec<Map>, Vec<Map>) = told.unzip();
            let ids = zones.iter().map(|zone| bare(text(zone, "Id")).to_owned());
            let early = Early::told(ids.zip(answers));
            Ok((zones, early))
        }
        Which::Owned(_) | Which::All => Ok((all(api).await?, Early::default())),
    }
}

/// One that is there, and nothing else about it.
pub fn stands(zone: &Map) -> Found {
    Found::new(ZONE, bare(text(zone, "Id")), Map::new(), Tags::new())
}

/// As CloudFormation has them.
pub async fn found(api: &Client, zones: &[Tagged], early: &Early) -> Outcome<Vec<Found>> {
    let found = try_join_all(zones.iter().map(|one| complete(api, one, early))).await?;
    Ok(found.into_iter().flatten().collect())
}

async fn complete(api: &Client, (zone, tags): &Tagged, early: &Early) -> Outcome<Option<Found>> {
    let id = bare(text(zone, "Id"));
    let Some(answer) = none_if_gone(early.zone(api, id).await)? else {
        return Ok(None);
    };
    let mut properties = input(json!({"Id": id, "Name": text(&answer, "HostedZone.Name")}));
    let comment = text(&answer, "HostedZone.Config.Comment");
    if !comment.is_empty() {
        let config = input(json!({"Comment": comment}));
        properties.insert("HostedZoneConfig", Value::Map(config));
    }
    if let Some(Value::Map(set)) = answer.get("DelegationSet") {
        let servers = texts(set, "NameServers").map(Value::str);
        properties.insert("NameServers", Value::list(servers));
        if set.contains_key("Id") {
            properties.insert("DelegationSetId", Value::str(bare(text(set, "Id"))));
        }
    }
    if let Some(vpcs) = answer.get("VPCs")
        && vpcs.as_list().is_some_and(|vpcs| !vpcs.is_empty())
    {
        properties.insert("VPCs", vpcs.clone());
    }
    let recovery = text(&answer, "HostedZone.Features.AcceleratedRecoveryStatus");
    if !recovery.is_empty() {
        let enabled = recovery.starts_with("ENABL");
        let features = input(json!({"EnableAcceleratedRecovery": enabled}));
        properties.insert("HostedZoneFeatures", Value::Map(features));
    }
    if was_set(tags, "QueryLoggingConfig")
        && let Some(logging) = logging_of(api, id).await?
    {
        let logging = pick(&logging, &["CloudWatchLogsLogGroupArn"]);
        properties.insert("QueryLoggingConfig", Value::Map(logging));
    }
    Ok(Some(Found::new(ZONE, id, properties, tags.clone())))
}

async fn logging_of(api: &Client, id: &str) -> Outcome<Option<Map>> {
    let one = input(json!({"HostedZoneId": id}));
    let answer = route53::list_query_logging_configs(api, &one).await?;
    Ok(items(&answer, "QueryLoggingConfigs").next().cloned())
}

/// Creates it and tags it right after. One that was left without tags by an attempt that broke off is
/// known by its reference.
pub async fn create(api: &Client, write: &Write, tags: &Tags, token: &str) -> Outcome<Arc<str>> {
    let given = &write.properties;
    let mut vpcs = items(given, "VPCs");
    let first = vpcs.next();
    let zones = all(api).await?;
    let ours = |zone: &&Map| text(zone, "CallerReference").starts_with(token);
    let id: Arc<str> = match zones.iter().find(ours) {
        Some(zone) => bare(text(zone, "Id")).into(),
        None => {
            let mut zone = pick(given, &["Name", "DelegationSetId", "HostedZoneConfig"]);
            if let Some(vpc) = first {
                zone.insert("VPC", Value::Map(vpc.clone()));
            }
            zone.insert("CallerReference", Value::str(token));
            let mut outcome = route53::create_hosted_zone(api, &zone).await;
            // The reference of one that was deleted.
            if matches!(&outcome, Err(error) if error.kind == ErrorKind::AlreadyExists) {
                zone.insert("CallerReference", Value::str(another_reference(token)));
                outcome = route53::create_hosted_zone(api, &zone).await;
            }
            bare(text(&outcome?, "HostedZone.Id")).into()
        }
    };
    tag(api, RESOURCE, &id, tags, &[]).await?;
    for vpc in vpcs {
        associate(api, &id, vpc).await?;
    }
    if given.contains_key("HostedZoneFeatures") {
        set_features(api, &id, given).await?;
    }
    if let Some(Value::Map(logging)) = given.get("QueryLoggingConfig") {
        start_logging(api, &id, logging).await?;
    }
    Ok(id)
}

/// Changes what is named.
pub async fn update(api: &Client, id: &str, write: &Write, changed: &[Arc<str>]) -> Outcome<()> {
    let given = &write.properties;
    if touches(changed, &["HostedZoneConfig"]) {
        let comment = text(given, "HostedZoneConfig.Comment");
        let comment = input(json!({"Id": id, "Comment": comment}));
        route53::update_hosted_zone_comment(api, &comment).await?;
    }
    if touches(changed, &["VPCs"]) {
        let answer = route53::get_hosted_zone(api, &input(json!({"Id": id}))).await?;
        let has = |map: &Map, vpc: &Map| {
            items(map, "VPCs").any(|one| text(one, "VPCId") == text(vpc, "VPCId"))
        };
        // A private zone has always one, so new ones come first.
        for vpc in items(given, "VPCs").filter(|vpc| !has(&answer, vpc)) {
            associate(api, id, vpc).await?;
        }
        for vpc in items(&answer, "VPCs").filter(|vpc| !has(given, vpc)) {
            let mut one = input(json!({"HostedZoneId": id}));
            one.insert("VPC", Value::Map(vpc.clone()));
            route53::disassociate_vpc_from_hosted_zone(api, &one).await?;
        }
    }
    if touches(changed, &["HostedZoneFeatures"]) {
        set_features(api, id, given).await?;
    }
    if touches(changed, &["QueryLoggingConfig"]) {
        if let Some(logging) = logging_of(api, id).await? {
            let one = pick(&logging, &["Id"]);
            route53::delete_query_logging_config(api, &one).await?;
        }
        if let Some(Value::Map(logging)) = given.get("QueryLoggingConfig") {
            start_logging(api, id, logging).await?;
        }
    }
    Ok(())
}

async fn associate(api: &Client, id: &str, vpc: &Map) -> Outcome<()> {
    let mut one = input(json!({"HostedZoneId": id}));
    one.insert("VPC", Value::Map(vpc.clone()));
    match route53::associate_vpc_with_hosted_zone(api, &one).await {
        // Done by an earlier attempt, or one that was interrupted.
        Err(error) if error.code != "ConflictingDomainExists" => Err(error),
        _ => Ok(()),
    }
}

async fn set_features(api: &Client, id: &str, given: &Map) -> Outcome<()> {
    let recovery = given.at("HostedZoneFeatures.EnableAcceleratedRecovery");
    let recovery = recovery.cloned().unwrap_or(Value::Bool(false));
    let mut features = input(json!({"HostedZoneId": id}));
    features.insert("EnableAcceleratedRecovery", recovery);
    route53::update_hosted_zone_features(api, &features).await?;
    Ok(())
}

async fn start_logging(api: &Client, id: &str, logging: &Map) -> Outcome<()> {
    let mut config = pick(logging, &["CloudWatchLogsLogGroupArn"]);
    config.insert("HostedZoneId", Value::str(id));
    match route53::create_query_logging_config(api, &config).await {
        Err(error) if error.kind != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Deletes it. What only an interrupted run can have left in it does not stand in the way.
pub async fn delete(api: &Client, id: &str) -> Outcome<()> {
    let one = input(json!({"Id": id}));
    let refused = match route53::delete_hosted_zone(api, &one).await {
        Err(error) if error.code == "HostedZoneNotEmpty" => error,
        other => return other.map(|_| ()),
    };
    let records = records_of(api, id).await?;
    let rest: Vec<&Map> = records
        .iter()
        .filter(|one| !is_apex(one, &records))
        .collect();
    if let Some(name) = strangers(id, &rest, &records) {
        let message = format!("it holds {name}, which is not scalectl's");
        let kind = ErrorKind::Invalid;
        return Err(ProviderError {
            kind,
            message,
            ..refused
        });
    }
    if rest.is_empty() || !rest.iter().all(|one| is_leftover(one, &records)) {
        return Err(refused);
    }
    change(api, id, rest.into_iter().map(delete_of).collect(), "").await?;
    route53::delete_hosted_zone(api, &one).await?;
    Ok(())
}

/// A record that will not go by itself, because it is not ours.
fn strangers<'a>(id: &str, rest: &[&'a Map], records: &[Map]) -> Option<&'a str> {
    let ours = found_in(id, records);
    let is_ours = |one: &Map| {
        ours.iter().any(|other| {
            other.marks.is_some()
                && is_name(one, text(&other.properties, "Name"))
                && text(one, "Type") == text(&other.properties, "Type")
        })
    };
    let stranger =
        |one: &&&Map| !is_ours(one) && !is_leftover(one, records) && unquoted(one).is_none();
    rest.iter().find(stranger).map(|one| text(one, "Name"))
}
