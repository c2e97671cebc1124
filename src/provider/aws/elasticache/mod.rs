//! ElastiCache: one file per kind. What all of them need is here: tags, waits, shapes.

mod cluster;
mod replication_group;
mod subnet_group;

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::call::Api;
use super::marks::Tags;
use super::sdk::{elasticache, resourcegroupstagging};
use super::service::{
    Depth, MARKER, Place, Service, generated_name, input, items, pages, pick, tag_list, tags, text,
    touches,
};
use crate::provider::{ErrorKind, Outcome, ProviderError, Write};
use crate::value::{Map, Value};

/// ElastiCache's client.
type Client = Api<aws_sdk_elasticache::Client>;

/// How often a cache is looked at while it takes over a change, and how long apart: an hour.
const LOOKS: usize = 360;
/// The same.
const APART: Duration = Duration::from_secs(10);

/// Every mapping of this service's kinds.
pub fn services() -> Vec<Box<dyn Service>> {
    vec![
        Box::new(cluster::Clusters::default()),
        Box::new(replication_group::ReplicationGroups::default()),
        Box::new(subnet_group::SubnetGroups),
    ]
}

/// The name of a write, which ElastiCache keeps in small letters.
fn name_of(write: &Write, property: &str, most: usize) -> Arc<str> {
    match text(&write.properties, property) {
        "" => generated_name(write, most).to_lowercase().into(),
        name => name.to_lowercase().into(),
    }
}

/// Tags by ARN as they were last seen: ElastiCache neither tells nor takes the tags of what is not
/// available at the moment.
#[derive(Default)]
struct Seen(RefCell<HashMap<String, Tags>>);

impl Seen {
    /// The tags of something; `None` for what is most probably not ours.
    async fn tags(
        &self,
        place: Place<'_>,
        api: &Client,
        arn: &str,
        name: &str,
    ) -> Outcome<Option<Tags>> {
        let ask = async || {
            let question = input(json!({"ResourceName": arn}));
            let seen = self.0.borrow().get(arn).cloned();
            match (
                elasticache::list_tags_for_resource(api, &question).await,
                seen,
            ) {
                (Ok(answer), _) => Ok(tags(&answer, "TagList")),
                (Err(error), Some(seen)) if error.kind == ErrorKind::Conflict => Ok(seen),
                (Err(error), None) if error.kind == ErrorKind::Conflict => {
                    let question = input(json!({"ResourceARNList": [arn]}));
                    let api = place.clients.tagging(place.region);
                    let answer = resourcegroupstagging::get_resources(&api, &question).await?;
                    let found = items(&answer, "ResourceTagMappingList");
                    Ok(found.flat_map(|one| tags(one, "Tags")).collect())
                }
                (Err(error), _) => Err(error),
            }
        };
        let tags = place.tags(arn, name, ask).await?;
        if let (Some(tags), Depth::Everything) = (&tags, place.depth) {
            self.remember(arn, tags);
        }
        Ok(tags)
    }

    fn remember(&self, arn: &str, tags: &Tags) {
        self.0.borrow_mut().insert(arn.to_owned(), tags.clone());
    }

    /// Sets and removes tags. `resource` is the end of an ARN.
    async fn tag(
        &self,
        place: Place<'_>,
        resource: &str,
        set: &Tags,
        unset: &[String],
    ) -> Outcome<()> {
        let arn = place.arn("elasticache", resource).await?;
        tag(place, &arn, set, unset).await?;
        if let Some(seen) = self.0.borrow_mut().get_mut(&arn) {
            let stays = |key: &String| !unset.contains(key) && !set.iter().any(|(k, _)| k == key);
            seen.retain(|(key, _)| stays(key));
            seen.extend(set.iter().cloned());
        }
        Ok(())
    }
}

async fn tag(place: Place<'_>, arn: &str, set: &Tags, unset: &[String]) -> Outcome<()> {
    let api = place.clients.elasticache(place.region);
    if !set.is_empty() {
        let tags = input(json!({"ResourceName": arn, "Tags": tag_list(set)}));
        elasticache::add_tags_to_resource(&api, &tags).await?;
    }
    if !unset.is_empty() {
        let keys = input(json!({"ResourceName": arn, "TagKeys": unset}));
        elasticache::remove_tags_from_resource(&api, &keys).await?;
    }
    Ok(())
}

/// Waits until a cache has taken over a change: before that it takes no other, and no tags.
async fn settled(name: &str, is_settled: impl AsyncFn() -> Outcome<bool>) -> Outcome<()> {
    for _ in 0..LOOKS {
        if is_settled().await? {
            return Ok(());
        }
        tokio::time::sleep(APART).await;
    }
    Err(ProviderError {
        kind: ErrorKind::Conflict,
        code: "StillBusy".to_owned(),
        message: format!("{name} has not taken over a change within an hour"),
        operation: "elasticache:Describe".to_owned(),
    })
}

/// What no call changes.
fn fixed(property: &str, operation: &str) -> ProviderError {
    ProviderError {
        kind: ErrorKind::Invalid,
        code: "NotPossible".to_owned(),
        message: format!("{property} cannot be changed on a cache that exists"),
        operation: operation.to_owned(),
    }
}

/// An endpoint as CloudFormation has it.
fn endpoint(from: &Map, path: &str) -> Option<Value> {
    let address = from.at(&format!("{path}.Address"))?;
    let port = from.at(&format!("{path}.Port"))?;
    let endpoint = json!({"Address": address, "Port": port.to_string()});
    Some(Value::from(endpoint))
}

/// What all nodes of a cache have in common, in CloudFormation's names.
fn of_nodes(cluster: &Map, groups: &'static str) -> Map {
    let mut properties = pick(
        cluster,
        &[
            "CacheSubnetGroupName",
            "EngineVersion",
            "PreferredMaintenanceWindow",
        ],
    );
    let ids = items(cluster, "SecurityGroups").map(|group| text(group, "SecurityGroupId"));
    properties.insert(groups, super::service::list(ids));
    for (path, name) in [
        (
            "CacheParameterGroup.CacheParameterGroupName",
            "CacheParameterGroupName",
        ),
        ("NotificationConfiguration.TopicArn", "NotificationTopicArn"),
    ] {
        if let Some(value) = cluster.at(path) {
            properties.insert(name, value.clone());
        }
    }
    properties
}

/// Where logs go, without how that is getting on.
fn logs(from: &Map) -> Option<Value> {
    let logs: Vec<Value> = items(from, "LogDeliveryConfigurations")
        .map(|log| {
            let names = [
                "DestinationDetails",
                "DestinationType",
                "LogFormat",
                "LogType",
            ];
            Value::Map(pick(log, &names))
        })
        .collect();
    (!logs.is_empty()).then_some(Value::List(logs))
}

/// What a change of these properties is given that both kinds of caches have and that is more than
/// a value: logs, notifications, and the default parameter group where none is named any more.
async fn common_changes(
    api: &Client,
    call: &mut Map,
    (live, cluster): (&Map, &Map),
    wanted: &Map,
    changed: &[Arc<str>],
) -> Outcome<()> {
    if touches(changed, &["LogDeliveryConfigurations"]) {
        let mut logs: Vec<Value> = items(wanted, "LogDeliveryConfigurations")
            .map(|log| {
                let mut log = log.clone();
                log.insert("Enabled", Value::Bool(true));
                Value::Map(log)
            })
            .collect();
        for old in items(live, "LogDeliveryConfigurations") {
            let kind = text(old, "LogType");
            if !items(wanted, "LogDeliveryConfigurations").any(|new| text(new, "LogType") == kind) {
                logs.push(Value::from(json!({"LogType": kind, "Enabled": false})));
            }
        }
        call.insert("LogDeliveryConfigurations", Value::List(logs));
    }
    if touches(changed, &["NotificationTopicArn"]) {
        let status = match wanted.get("NotificationTopicArn") {
            Some(topic) => {
                call.insert("NotificationTopicArn", topic.clone());
                "active"
            }
            None => "inactive",
        };
        call.insert("NotificationTopicStatus", Value::str(status));
    }
    if touches(changed, &["CacheParameterGroupName"]) {
        let group = match wanted.get("CacheParameterGroupName") {
            Some(group) => group.clone(),
            None => default_parameters(api, live, cluster).await?,
        };
        call.insert("CacheParameterGroupName", group);
    }
    Ok(())
}

/// The parameter group that AWS gives to a cache that names none.
async fn default_parameters(api: &Client, live: &Map, cluster: &Map) -> Outcome<Value> {
    let (engine, version) = (text(cluster, "Engine"), text(cluster, "EngineVersion"));
    let question = input(json!({"Engine": engine, "MaxRecords": 100}));
    let call =
        async |question: &Map| elasticache::describe_cache_engine_versions(api, question).await;
    let known = pages(call, question, "CacheEngineVersions", MARKER).await?;
    // A version is known without its last part.
    let family = known
        .iter()
        .filter(|known| version.starts_with(text(known, "EngineVersion")))
        .max_by_key(|known| text(known, "EngineVersion").len())
        .map_or("", |known| text(known, "CacheParameterGroupFamily"));
    let end = match live.get("ClusterEnabled") {
        Some(Value::Bool(true)) => ".cluster.on",
        _ => "",
    };
    Ok(Value::str(format!("default.{family}{end}")))
}
