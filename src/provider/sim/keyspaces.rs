//! What Keyspaces refuses of a keyspace and of a table, from its guide and API. Nothing here is shared with the spec's rules.

use std::collections::{BTreeMap, BTreeSet};

use super::cloud::Item;
use super::rules::{Refusal, text};
use crate::provider::ErrorKind;
use crate::value::{Map, Value};

/// The resource types.
pub const KEYSPACE: &str = "AWS::Cassandra::Keyspace";
pub const TABLE: &str = "AWS::Cassandra::Table";

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(ErrorKind::Invalid, "ValidationException", message)
}

fn list<'a>(map: &'a Map, name: &str) -> &'a [Value] {
    map.get(name).and_then(Value::as_list).unwrap_or_default()
}

fn regions(map: &Map) -> BTreeSet<String> {
    let regions = map.at("ReplicationSpecification.RegionList");
    let regions = regions.and_then(Value::as_list).unwrap_or_default();
    regions.iter().map(ToString::to_string).collect()
}

/// A keyspace is in its own region, and one that was added stays
/// (<https://docs.aws.amazon.com/keyspaces/latest/devguide/keyspaces-multi-region-add-replica.html>).
///
/// # Errors
/// What Keyspaces would say.
pub fn check(region: &str, properties: &Map, old: Option<&Item>) -> Result<(), Refusal> {
    let regions_now = regions(properties);
    let strategy = properties.at("ReplicationSpecification.ReplicationStrategy");
    let is_multi = strategy.and_then(Value::as_str) == Some("MULTI_REGION");
    if is_multi == regions_now.is_empty() {
        return Err(invalid("MULTI_REGION and a list of regions go together"));
    }
    if is_multi && !regions_now.contains(region) {
        return Err(invalid(format!("the list of regions must have {region}")));
    }
    let Some(old) = old else { return Ok(()) };
    let before = regions(&old.properties);
    if let Some(gone) = before.difference(&regions_now).next() {
        return Err(invalid(format!(
            "{gone} cannot be removed from the keyspace"
        )));
    }
    let is_stamped = properties.get("ClientSideTimestampsEnabled") == Some(&Value::Bool(true));
    if regions_now.len() > before.len() && !is_stamped {
        Err(invalid(
            "client-side timestamps must be enabled to add a Region",
        ))
    } else {
        Ok(())
    }
}

fn column<'a>(item: &'a Value, name: &str) -> &'a str {
    let found = item.at(name).and_then(Value::as_str);
    found.unwrap_or_default()
}

/// The columns of a table: names once, keys of one value each, and columns that stay once they are there
/// (<https://docs.aws.amazon.com/keyspaces/latest/devguide/cql.ddl.table.html>: ALTER TABLE adds columns).
///
/// # Errors
/// What Keyspaces would say.
pub fn check_table(properties: &Map, old: Option<&Item>) -> Result<(), Refusal> {
    let mut seen = BTreeSet::new();
    let clustering = list(properties, "ClusteringKeyColumns").iter();
    let clustering = clustering.filter_map(|item| item.at("Column"));
    let keys = list(properties, "PartitionKeyColumns")
        .iter()
        .chain(clustering);
    for (item, is_key) in (keys.map(|item| (item, true))).chain(
        list(properties, "RegularColumns")
            .iter()
            .map(|item| (item, false)),
    ) {
        let (name, kind) = (column(item, "ColumnName"), column(item, "ColumnType"));
        if !seen.insert(name) {
            return Err(invalid(format!("Duplicate column name {name}")));
        }
        let is_several = ["list<", "set<", "map<"]
            .iter()
            .any(|open| kind.starts_with(open));
        if is_key && (is_several || kind == "counter") {
            return Err(invalid(format!(
                "Invalid type {kind} for the key column {name}"
            )));
        }
    }
    let Some(old) = old else { return Ok(()) };
    let after: BTreeMap<&str, &str> = list(properties, "RegularColumns")
        .iter()
        .map(|item| (column(item, "ColumnName"), column(item, "ColumnType")))
        .collect();
    for item in list(&old.properties, "RegularColumns") {
        let name = column(item, "ColumnName");
        if after.get(name) != Some(&column(item, "ColumnType")) {
            return Err(invalid(format!(
                "the column {name} of {} can be neither removed nor changed",
                text(properties, "TableName")
            )));
        }
    }
    Ok(())
}
