//! Parameter groups.

use async_trait::async_trait;
use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::try_join_all;
use serde_json::json;

use super::{Client, invalid, listed, name_of, tag, tags_of};
use crate::inventory::Handle;
use crate::provider::aws::marks::Tags;
use crate::provider::aws::sdk::rds;
use crate::provider::aws::service::{
    Depth, Found, MARKER, Place, Service, Site, Which, input, pages, pick, tag_list, text,
};
use crate::provider::{Outcome, Write};
use crate::value::{Map, Value};

const KIND: &str = "AWS::RDS::DBParameterGroup";
const NAME: &str = "DBParameterGroupName";

/// Parameters that one call takes
/// (<https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBParameterGroup.html>).
const AT_ONCE: usize = 20;

/// The mapping.
pub struct ParameterGroups;

#[async_trait(?Send)]
impl Service for ParameterGroups {
    fn kinds(&self) -> &'static [&'static str] {
        &[KIND]
    }

    async fn list(
        &self,
        place: Place<'_>,
        _: &BTreeSet<Arc<str>>,
        which: Which<'_>,
    ) -> Outcome<Vec<Found>> {
        let api = place.clients.rds(place.region);
        let call = async |question: &Map| rds::describe_db_parameter_groups(&api, question).await;
        let groups = listed(call, which, "DBParameterGroups", (NAME, NAME)).await?;
        // Those that AWS makes are nobody's.
        let made = |group: &&Map| !text(group, NAME).starts_with("default.");
        let found = groups.iter().filter(made).map(async |group| {
            let (arn, name) = (text(group, "DBParameterGroupArn"), text(group, NAME));
            let Some(tags) = tags_of(place, &api, arn, name).await? else {
                return Ok(None);
            };
            if !which.wants_tagged(&tags) {
                return Ok(None);
            }
            if place.depth == Depth::State {
                return Ok(Some(Found::new(KIND, name, Map::new(), tags)));
            }
            let mut properties = pick(group, &[NAME, "Description", "DBParameterGroupArn"]);
            let family = text(group, "DBParameterGroupFamily");
            properties.insert("Family", Value::str(family));
            let mut parameters = Map::new();
            for parameter in set_by_users(&api, name).await? {
                if let Some(value) = parameter.get("ParameterValue") {
                    parameters.insert(text(&parameter, "ParameterName"), value.clone());
                }
            }
            properties.insert("Parameters", Value::Map(parameters));
            Ok(Some(Found::new(KIND, name, properties, tags)))
        });
        Ok(try_join_all(found).await?.into_iter().flatten().collect())
    }

    async fn create(
        &self,
        place: Place<'_>,
        write: &Write,
        tags: &Tags,
        _: &str,
    ) -> Outcome<Arc<str>> {
        let api = place.clients.rds(place.region);
        let name = name_of(write, NAME, 255);
        let family = text(&write.properties, "Family");
        let mut group = pick(&write.properties, &["Description"]);
        group.insert(NAME, Value::str(name.clone()));
        group.insert("DBParameterGroupFamily", Value::str(family));
        group.insert("Tags", Value::from(tag_list(tags)));
        rds::create_db_parameter_group(&api, &group).await?;
        // No database uses it yet, and one that comes starts with all of it.
        let changes: Vec<Value> = parameters(write)?
            .iter()
            .map(|(name, value)| change(name, Some(value), "pending-reboot"))
            .collect();
        modify(&api, &name, &changes).await?;
        Ok(name)
    }

    async fn update(
        &self,
        place: Place<'_>,
        handle: &Handle,
        write: &Write,
        _: &[Arc<str>],
    ) -> Outcome<()> {
        let api = place.clients.rds(place.region);
        let group = &*handle.identifier;
        let wanted = parameters(write)?;
        let mut have = Map::new();
        for parameter in set_by_users(&api, group).await? {
            if let Some(value) = parameter.get("ParameterValue") {
                have.insert(text(&parameter, "ParameterName"), value.clone());
            }
        }
        let differs = |name: &str, value: &Value| {
            let same = |have: &Value| have.to_string() == value.to_string();
            !have.get(name).is_some_and(same)
        };
        let set: Vec<&str> = wanted
            .iter()
            .filter(|(name, value)| differs(name, value))
            .map(|(name, _)| &**name)
            .collect();
        let reset: Vec<&str> = have
            .iter()
            .map(|(name, _)| &**name)
            .filter(|name| !wanted.contains_key(name))
            .collect();
        let names: Vec<&str> = set.iter().chain(&reset).copied().collect();
        let dynamic = dynamic(&api, group, &names).await?;
        let change = |name: &&str| {
            let method = if dynamic.contains(*name) {
                "immediate"
            } else {
                "pending-reboot"
            };
            change(name, wanted.get(name), method)
        };
        let set: Vec<Value> = set.iter().map(change).collect();
        let reset: Vec<Value> = reset.iter().map(change).collect();
        modify(&api, group, &set).await?;
        for some in reset.chunks(AT_ONCE) {
            let mut reset = input(json!({NAME: group, "ResetAllParameters": false}));
            reset.insert("Parameters", Value::list(some.iter().cloned()));
            rds::reset_db_parameter_group(&api, &reset).await?;
        }
        Ok(())
    }

    async fn delete(&self, place: Place<'_>, handle: &Handle) -> Outcome<()> {
        let api = place.clients.rds(place.region);
        let group = input(json!({NAME: &*handle.identifier}));
        rds::delete_db_parameter_group(&api, &group).await?;
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
        tag(place, &format!("pg:{identifier}"), set, unset).await
    }

    fn identifier(&self, _: Site<'_>, write: &Write) -> Option<Arc<str>> {
        Some(name_of(write, NAME, 255))
    }
}

/// The parameters of a write: an object, or one as JSON.
fn parameters(write: &Write) -> Outcome<Map> {
    let json = match write.properties.get("Parameters") {
        None => return Ok(Map::new()),
        Some(Value::Map(map)) => return Ok(map.clone()),
        Some(other) => other.to_string(),
    };
    match serde_json::from_str::<serde_json::Value>(&json).map(Value::from) {
        Ok(Value::Map(map)) => Ok(map),
        _ => Err(invalid("Parameters is no object".to_owned(), KIND)),
    }
}

/// The parameters that differ from the family's.
async fn set_by_users(api: &Client, group: &str) -> Outcome<Vec<Map>> {
    let question = input(json!({NAME: group, "Source": "user", "MaxRecords": 100}));
    let call = async |question: &Map| rds::describe_db_parameters(api, question).await;
    pages(call, question, "Parameters", MARKER).await
}

/// Those of these parameters that a database takes over without a restart.
async fn dynamic(api: &Client, group: &str, names: &[&str]) -> Outcome<BTreeSet<String>> {
    if names.is_empty() {
        return Ok(BTreeSet::new());
    }
    let question = input(json!({NAME: group, "MaxRecords": 100,
        "Filters": [{"Name": "parameter-name", "Values": names}]}));
    let call = async |question: &Map| rds::describe_db_parameters(api, question).await;
    let found = pages(call, question, "Parameters", MARKER).await?;
    Ok(found
        .iter()
        .filter(|parameter| text(parameter, "ApplyType") == "dynamic")
        .map(|parameter| text(parameter, "ParameterName").to_owned())
        .collect())
}

fn change(name: &str, value: Option<&Value>, method: &str) -> Value {
    let mut change = input(json!({"ParameterName": name, "ApplyMethod": method}));
    if let Some(value) = value {
        change.insert("ParameterValue", Value::str(value.to_string()));
    }
    Value::Map(change)
}

async fn modify(api: &Client, group: &str, changes: &[Value]) -> Outcome<()> {
    for some in changes.chunks(AT_ONCE) {
        let mut change = input(json!({NAME: group}));
        change.insert("Parameters", Value::list(some.iter().cloned()));
        rds::modify_db_parameter_group(api, &change).await?;
    }
    Ok(())
}
