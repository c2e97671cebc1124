//! What DynamoDB refuses of a table, from its API's documents: keys and attributes, indexes, capacity,
//! replicas and streams. Nothing here is shared with the spec's rules or with what splits updates.

use std::collections::BTreeSet;

use super::cloud::{Cloud, Item};
use super::rules::{Refusal, text};
use crate::provider::ErrorKind;
use crate::value::{Map, Value};

/// The resource type of a table with its replicas, and of one alone.
pub const TABLE: &str = "AWS::DynamoDB::GlobalTable";
const ALONE: &str = "AWS::DynamoDB::Table";

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html>
const INDEXES: [(&str, usize); 2] = [("GlobalSecondaryIndexes", 20), ("LocalSecondaryIndexes", 5)];
const PROJECTED: usize = 100;

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(ErrorKind::Invalid, "ValidationException", message)
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_list).unwrap_or_default()
}

fn word<'a>(value: &'a Value, path: &str) -> &'a str {
    value.at(path).and_then(Value::as_str).unwrap_or_default()
}

/// The words under `entry` of each item of a list.
fn words<'a>(properties: &'a Map, name: &str, entry: &str) -> BTreeSet<&'a str> {
    let items = list(properties.get(name)).iter();
    items.map(|item| word(item, entry)).collect()
}

/// Whether a table may be so, in the place of `old` if that is an update.
///
/// # Errors
/// What DynamoDB would say.
pub fn check(
    cloud: &Cloud,
    region: &str,
    properties: &Map,
    old: Option<&Item>,
) -> Result<(), Refusal> {
    let name = text(properties, "TableName");
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    let is_fit = (3..=255).contains(&name.len()) && name.bytes().all(is_plain);
    if !(name.is_empty() || is_fit) {
        return Err(invalid(format!(
            "TableName {name} must be at least 3 letters long and at most 255, of a-z, A-Z, 0-9, '_', '-' and '.'"
        )));
    }
    attributes(properties)?;
    indexes(properties)?;
    capacity(properties)?;
    replicas(cloud, region, properties, old)?;
    let expires = properties
        .at("TimeToLiveSpecification.AttributeName")
        .and_then(Value::as_str);
    if let Some(attribute) = expires
        && words(properties, "KeySchema", "AttributeName").contains(attribute)
    {
        return Err(invalid(format!(
            "TimeToLive cannot be enabled on {attribute}, an attribute of the key schema"
        )));
    }
    match old {
        Some(old) => steps(&old.properties, properties),
        None => Ok(()),
    }
}

/// A hash key, then perhaps a range key, of two attributes.
fn keys<'a>(schema: &'a [Value], of: &str) -> Result<Vec<&'a str>, Refusal> {
    let kinds: Vec<&str> = schema.iter().map(|key| word(key, "KeyType")).collect();
    if kinds != ["HASH"] && kinds != ["HASH", "RANGE"] {
        return Err(invalid(format!(
            "Invalid KeySchema of {of}: the first element must be a HASH key, the second, if any, a RANGE key"
        )));
    }
    let names: Vec<&str> = schema
        .iter()
        .map(|key| word(key, "AttributeName"))
        .collect();
    match names[..] {
        [one, two] if one == two => Err(invalid(format!(
            "Both the Hash Key and the Range Key of {of} have the same name: {one}"
        ))),
        _ => Ok(names),
    }
}

/// Key attributes are defined, and nothing else is.
fn attributes(properties: &Map) -> Result<(), Refusal> {
    let mut used: BTreeSet<&str> = BTreeSet::new();
    used.extend(keys(list(properties.get("KeySchema")), "the table")?);
    for (name, _) in INDEXES {
        for index in list(properties.get(name)) {
            let of = word(index, "IndexName");
            let own = keys(list(index.at("KeySchema")), of)?;
            let hash = list(properties.get("KeySchema")).first();
            let is_local = name == "LocalSecondaryIndexes";
            if is_local && own.first().copied() != hash.map(|key| word(key, "AttributeName")) {
                return Err(invalid(format!(
                    "Table KeySchema does not have the same leading hash key as the local index {of}"
                )));
            }
            used.extend(own);
        }
    }
    let defined = words(properties, "AttributeDefinitions", "AttributeName");
    if let Some(missing) = used.difference(&defined).next() {
        return Err(invalid(format!(
            "One or more parameter values were invalid: Some index key attributes are not defined in \
             AttributeDefinitions. Keys: [{missing}]"
        )));
    }
    match defined.difference(&used).next() {
        Some(idle) => Err(invalid(format!(
            "One or more parameter values were invalid: Some AttributeDefinitions are not used. AttributeDefinitions: [{idle}]"
        ))),
        None => Ok(()),
    }
}

fn indexes(properties: &Map) -> Result<(), Refusal> {
    let (mut seen, mut projected) = (BTreeSet::new(), 0);
    for (name, most) in INDEXES {
        let items = list(properties.get(name));
        if items.len() > most {
            return Err(Refusal::new(
                ErrorKind::Quota,
                "ValidationException",
                format!("{name} count exceeds the per-table limit of {most}"),
            ));
        }
        for index in items {
            let called = word(index, "IndexName");
            if !seen.insert(called) {
                return Err(invalid(format!("Duplicate index name: {called}")));
            }
            let named = list(index.at("Projection.NonKeyAttributes")).len();
            let includes = word(index, "Projection.ProjectionType") == "INCLUDE";
            if includes != (named > 0) {
                return Err(invalid(format!(
                    "NonKeyAttributes of {called} must be specified if ProjectionType is INCLUDE, and only then"
                )));
            }
            projected += named;
        }
    }
    if projected > PROJECTED {
        Err(invalid(format!(
            "{projected} attributes are projected over all indexes, of at most {PROJECTED}"
        )))
    } else {
        Ok(())
    }
}

/// Provisioned capacity is set of a table, of each index and of each replica; on-demand capacity of none.
fn capacity(properties: &Map) -> Result<(), Refusal> {
    let provisioned = text(properties, "BillingMode") == "PROVISIONED";
    let (write, read) = (
        "WriteProvisionedThroughputSettings",
        "ReadProvisionedThroughputSettings",
    );
    let mut settings = vec![("the table", properties.get(write))];
    for index in list(properties.get("GlobalSecondaryIndexes")) {
        settings.push((word(index, "IndexName"), index.at(write)));
    }
    for replica in list(properties.get("Replicas")) {
        settings.push((word(replica, "Region"), replica.at(read)));
        let of_replica = list(replica.at("GlobalSecondaryIndexes"));
        for index in list(properties.get("GlobalSecondaryIndexes")) {
            let name = word(index, "IndexName");
            let own = of_replica.iter().find(|one| word(one, "IndexName") == name);
            settings.push((name, own.and_then(|own| own.at(read))));
        }
        let known = words(properties, "GlobalSecondaryIndexes", "IndexName");
        if let Some(lost) = of_replica
            .iter()
            .find(|one| !known.contains(word(one, "IndexName")))
        {
            return Err(invalid(format!(
                "the replica in {} names the index {}, which the table does not have",
                word(replica, "Region"),
                word(lost, "IndexName")
            )));
        }
    }
    for (of, setting) in settings {
        if setting.is_some() != provisioned {
            let what = if provisioned {
                "must be"
            } else {
                "must not be"
            };
            return Err(invalid(format!(
                "provisioned throughput {what} specified for {of} when BillingMode is {}",
                if provisioned {
                    "PROVISIONED"
                } else {
                    "PAY_PER_REQUEST"
                }
            )));
        }
        for kind in [
            "WriteCapacityAutoScalingSettings",
            "ReadCapacityAutoScalingSettings",
        ] {
            let bound = |name: &str| {
                let bound = setting.and_then(|setting| setting.at(kind)?.at(name));
                bound.and_then(Value::as_number)
            };
            if bound("MinCapacity") > bound("MaxCapacity") {
                return Err(invalid(format!(
                    "MinCapacity of {of} is greater than MaxCapacity"
                )));
            }
        }
    }
    Ok(())
}

/// Replicas: one is here, each is in a region of its own where the name is free, and several need a stream.
fn replicas(
    cloud: &Cloud,
    region: &str,
    properties: &Map,
    old: Option<&Item>,
) -> Result<(), Refusal> {
    let replicas = list(properties.get("Replicas"));
    let regions = words(properties, "Replicas", "Region");
    if regions.len() < replicas.len() {
        return Err(invalid("Replicas must be in different regions"));
    }
    if !regions.contains(region) {
        return Err(invalid(format!(
            "Replicas must include one in {region}, where the table is"
        )));
    }
    let view = properties.at("StreamSpecification.StreamViewType");
    if replicas.len() > 1 && view.and_then(Value::as_str) != Some("NEW_AND_OLD_IMAGES") {
        return Err(invalid(
            "a table with replicas must have a stream of NEW_AND_OLD_IMAGES",
        ));
    }
    let name = text(properties, "TableName");
    let others = cloud.items.values().filter(|item| {
        [TABLE, ALONE].contains(&&*item.kind)
            && old.is_none_or(|old| old.number != item.number)
            && text(&item.properties, "TableName") == name
    });
    for other in others {
        let mut theirs = words(&other.properties, "Replicas", "Region");
        if &*other.kind == ALONE {
            theirs.insert(&other.region);
        }
        if let Some(both) = regions.intersection(&theirs).next() {
            let message = format!("Table already exists: {name} in {both}");
            let code = "ResourceInUseException";
            return Err(Refusal::new(ErrorKind::AlreadyExists, code, message));
        }
    }
    Ok(())
}

/// An update adds or removes one index or one replica, and changes no index's keys
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html>).
fn steps(before: &Map, after: &Map) -> Result<(), Refusal> {
    let moved = |name: &str, entry: &str| {
        let (had, has) = (words(before, name, entry), words(after, name, entry));
        had.symmetric_difference(&has).count()
    };
    let count = moved("GlobalSecondaryIndexes", "IndexName") + moved("Replicas", "Region");
    if count > 1 {
        return Err(Refusal::new(
            ErrorKind::Invalid,
            "LimitExceededException",
            "Subscriber limit exceeded: Only 1 online index or replica can be created or deleted simultaneously per table",
        ));
    }
    let kept = words(after, "Replicas", "Region");
    let is_locked = |replica: &&Value| {
        let is_protected = replica.at("DeletionProtectionEnabled") == Some(&Value::Bool(true));
        is_protected && !kept.contains(word(replica, "Region"))
    };
    if let Some(replica) = list(before.get("Replicas")).iter().find(is_locked) {
        return Err(Refusal::new(
            ErrorKind::Conflict,
            "OperationNotPermitted",
            format!(
                "the replica in {} is protected by its DeletionProtectionEnabled",
                word(replica, "Region")
            ),
        ));
    }
    expiry(before, after)?;
    if before.get("LocalSecondaryIndexes") != after.get("LocalSecondaryIndexes") {
        return Err(invalid("local secondary indexes cannot be changed"));
    }
    for index in list(after.get("GlobalSecondaryIndexes")) {
        let name = word(index, "IndexName");
        let same = list(before.get("GlobalSecondaryIndexes")).iter();
        let same = same.clone().find(|one| word(one, "IndexName") == name);
        let moved = |path: &str| same.is_some_and(|same| same.at(path) != index.at(path));
        if moved("KeySchema") || moved("Projection") {
            return Err(invalid(format!(
                "the keys and the projection of the index {name} cannot be changed"
            )));
        }
    }
    Ok(())
}

/// Expiry is switched off by its attribute's name, and on again by another one in an update after that
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-dynamodb-table-timetolivespecification.html>).
fn expiry(before: &Map, after: &Map) -> Result<(), Refusal> {
    let said = |map: &Map| -> (Option<String>, bool) {
        let at = |path: &str| {
            map.at("TimeToLiveSpecification")
                .and_then(|one| one.at(path))
        };
        let name = at("AttributeName").map(ToString::to_string);
        (name, at("Enabled") == Some(&Value::Bool(true)))
    };
    let ((has, was_on), (wants, _)) = (said(before), said(after));
    if !was_on || !after.contains_key("TimeToLiveSpecification") || has == wants {
        return Ok(());
    }
    Err(invalid(match wants {
        Some(_) => format!(
            "TimeToLive is active on a different AttributeName: current AttributeName is {}",
            has.unwrap_or_default()
        ),
        None => {
            "AttributeName of TimeToLiveSpecification must be specified while TimeToLive is enabled"
                .to_owned()
        }
    }))
}

/// The stream's ARN, which a table has while it has a stream.
pub fn stream(properties: &mut Map) {
    let has = properties.contains_key("StreamSpecification");
    match properties.get("Arn").cloned().filter(|_| has) {
        Some(arn) => {
            let stream = format!("{arn}/stream/2026-01-01T00:00:00.000");
            properties.insert("StreamArn", Value::str(stream));
        }
        None => {
            properties.remove("StreamArn");
        }
    }
}
