//! Caches of single nodes, as Memcached has them.

use async_trait::async_trait;
use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::try_join_all;
use serde_json::json;

use super::{Client, Seen, common_changes, endpoint, fixed, logs, name_of, of_nodes, settled};
use crate::inventory::{Handle, Status};
use crate::provider::aws::marks::Tags;
use crate::provider::aws::sdk::elasticache;
use crate::provider::aws::service::{
    Found, Place, Service, Site, Which, input, items, list, one_or_all, pick, rename, tag_list,
    text, texts, touches, without,
};
use crate::provider::{Outcome, Write};
use crate::value::{Map, Value};

const KIND: &str = "AWS::ElastiCache::CacheCluster";
const NAME: &str = "ClusterName";
const ID: &str = "CacheClusterId";

/// What a change takes under the same name, with AWS's default where it has one.
const PLAIN: &[(&str, &str)] = &[
    ("AZMode", ""),
    ("AutoMinorVersionUpgrade", "true"),
    ("CacheNodeType", ""),
    ("CacheSecurityGroupNames", ""),
    ("EngineVersion", ""),
    ("IpDiscovery", "ipv4"),
    ("NumCacheNodes", ""),
    ("PreferredMaintenanceWindow", ""),
    ("SnapshotRetentionLimit", "0"),
    ("SnapshotWindow", ""),
];

/// What no call changes although the registry does not say so.
const FIXED: &[&str] = &["PreferredAvailabilityZone", "TransitEncryptionEnabled"];

/// The mapping.
#[derive(Default)]
pub struct Clusters {
    seen: Seen,
}

#[async_trait(?Send)]
impl Service for Clusters {
    fn kinds(&self) -> &'static [&'static str] {
        &[KIND]
    }

    async fn list(
        &self,
        place: Place<'_>,
        _: &BTreeSet<Arc<str>>,
        which: Which<'_>,
    ) -> Outcome<Vec<Found>> {
        let api = place.clients.elasticache(place.region);
        let clusters = clusters(&api, which).await?;
        let found = clusters.iter().map(async |cluster| {
            let id = text(cluster, ID);
            let arn = match text(cluster, "ARN") {
                "" => place.arn("elasticache", &format!("cluster:{id}")).await?,
                arn => arn.to_owned(),
            };
            let tags = self.seen.tags(place, &api, &arn, id).await?;
            Ok(tags.map(|tags| found(cluster, tags)))
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
        let api = place.clients.elasticache(place.region);
        let name = name_of(write, NAME, 50);
        let mut cluster = without(&write.properties, &[NAME]);
        rename(&mut cluster, "VpcSecurityGroupIds", "SecurityGroupIds");
        cluster.insert(ID, Value::str(name.clone()));
        cluster.insert("Tags", Value::from(tag_list(tags)));
        elasticache::create_cache_cluster(&api, &cluster).await?;
        let arn = place.arn("elasticache", &format!("cluster:{name}")).await?;
        self.seen.remember(&arn, tags);
        Ok(name)
    }

    async fn update(
        &self,
        place: Place<'_>,
        handle: &Handle,
        write: &Write,
        changed: &[Arc<str>],
    ) -> Outcome<()> {
        let api = place.clients.elasticache(place.region);
        let operation = "elasticache:ModifyCacheCluster";
        if let Some(name) = changed.iter().find(|name| FIXED.contains(&&***name)) {
            return Err(fixed(name, operation));
        }
        let named = [handle.identifier.clone()];
        let Some(live) = clusters(&api, Which::Named(&named)).await?.pop() else {
            return Err(fixed("Nothing", operation));
        };
        let wanted = &write.properties;
        let mut call = modification(&live, wanted, changed);
        common_changes(&api, &mut call, (&live, &live), wanted, changed).await?;
        if call.is_empty() {
            return match changed.first() {
                Some(name) if touches(changed, &["PreferredAvailabilityZones"]) => {
                    Err(fixed(name, operation))
                }
                _ => Ok(()),
            };
        }
        call.insert(ID, Value::str(&*handle.identifier));
        call.insert("ApplyImmediately", Value::Bool(true));
        elasticache::modify_cache_cluster(&api, &call).await?;
        settled(&handle.identifier, async || {
            let live = clusters(&api, Which::Named(&named)).await?;
            Ok(live.iter().all(|live| status(live) == Status::Ready))
        })
        .await
    }

    async fn delete(&self, place: Place<'_>, handle: &Handle) -> Outcome<()> {
        let api = place.clients.elasticache(place.region);
        let named = [handle.identifier.clone()];
        let live = clusters(&api, Which::Named(&named)).await?;
        if live.iter().all(|live| status(live) == Status::Deleting) {
            return Ok(());
        }
        let cluster = input(json!({ID: &*handle.identifier}));
        elasticache::delete_cache_cluster(&api, &cluster).await?;
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
        let resource = format!("cluster:{identifier}");
        self.seen.tag(place, &resource, set, unset).await
    }

    fn identifier(&self, _: Site<'_>, write: &Write) -> Option<Arc<str>> {
        Some(name_of(write, NAME, 50))
    }
}

/// Those that are no replication group's.
async fn clusters(api: &Client, which: Which<'_>) -> Outcome<Vec<Map>> {
    let call = async |question: &Map| elasticache::describe_cache_clusters(api, question).await;
    let question = input(json!({"MaxRecords": 100, "ShowCacheNodeInfo": true}));
    let mut found = one_or_all(call, which, question, "CacheClusters", (ID, ID)).await?;
    found.retain(|cluster| {
        text(cluster, "ReplicationGroupId").is_empty()
            && text(cluster, "CacheClusterStatus") != "deleted"
    });
    Ok(found)
}

fn found(cluster: &Map, tags: Tags) -> Found {
    let id = text(cluster, ID);
    let mut properties = of_nodes(cluster, "VpcSecurityGroupIds");
    let same = pick(
        cluster,
        &[
            "AutoMinorVersionUpgrade",
            "CacheNodeType",
            "Engine",
            "IpDiscovery",
            "NetworkType",
            "NumCacheNodes",
            "SnapshotRetentionLimit",
            "SnapshotWindow",
            "TransitEncryptionEnabled",
        ],
    );
    for (name, value) in &same {
        properties.insert(name.clone(), value.clone());
    }
    // botocore: CacheCluster.TransitEncryptionEnabled is false unless it is told; a difference would replace it.
    if !properties.contains_key("TransitEncryptionEnabled") {
        properties.insert("TransitEncryptionEnabled", Value::Bool(false));
    }
    properties.insert(NAME, Value::str(id));
    let zones = items(cluster, "CacheNodes").map(|node| text(node, "CustomerAvailabilityZone"));
    let zones: Vec<&str> = zones.filter(|zone| !zone.is_empty()).collect();
    let several = zones.iter().collect::<BTreeSet<_>>().len() > 1;
    let mode = match text(cluster, "PreferredAvailabilityZone") {
        "" if zones.is_empty() => None,
        "Multiple" => Some("cross-az"),
        _ if several => Some("cross-az"),
        _ => Some("single-az"),
    };
    if let Some(mode) = mode {
        properties.insert("AZMode", Value::str(mode));
    }
    properties.insert("PreferredAvailabilityZones", list(zones));
    if let Some(logs) = logs(cluster) {
        properties.insert("LogDeliveryConfigurations", logs);
    }
    let first = items(cluster, "CacheNodes").next();
    let node = first.and_then(|node| endpoint(node, "Endpoint"));
    let configuration = endpoint(cluster, "ConfigurationEndpoint");
    let port = cluster
        .at("ConfigurationEndpoint.Port")
        .or(first.and_then(|node| node.at("Endpoint.Port")));
    if let Some(port) = port {
        properties.insert("Port", port.clone());
    }
    let ours = match text(cluster, "Engine") {
        "memcached" => ("ConfigurationEndpoint", configuration),
        _ => ("RedisEndpoint", node),
    };
    if let (name, Some(endpoint)) = ours {
        properties.insert(name, endpoint);
    }
    Found {
        status: status(cluster),
        ..Found::new(KIND, id, properties, tags)
    }
}

fn status(cluster: &Map) -> Status {
    let found = Found::new(KIND, "", Map::new(), Tags::new());
    let status = found
        .in_state(
            text(cluster, "CacheClusterStatus"),
            &["available", "snapshotting"],
            &["deleting"],
            &["restore-failed"],
        )
        .status;
    let pending = cluster.get("PendingModifiedValues").and_then(Value::as_map);
    let under_way = |name: &str, value: &Value| {
        let nothing = value.as_list().is_some_and(<[Value]>::is_empty);
        !nothing && !["AuthTokenStatus", "LogDeliveryConfigurations"].contains(&name)
    };
    match pending {
        Some(values)
            if status == Status::Ready
                && values.iter().any(|(name, value)| under_way(name, value)) =>
        {
            Status::Pending("modifying".into())
        }
        _ => status,
    }
}

fn modification(live: &Map, wanted: &Map, changed: &[Arc<str>]) -> Map {
    let mut call = Map::new();
    for (name, default) in PLAIN {
        if !touches(changed, &[name]) {
            continue;
        }
        match wanted.get(name) {
            Some(value) => call.insert(*name, value.clone()),
            None if default.is_empty() => None,
            None => call.insert(*name, Value::str(*default)),
        };
    }
    if touches(changed, &["VpcSecurityGroupIds"])
        && let Some(groups) = wanted.get("VpcSecurityGroupIds")
    {
        call.insert("SecurityGroupIds", groups.clone());
    }
    let have = live.get("NumCacheNodes").and_then(Value::as_int);
    let want = call.get("NumCacheNodes").map(ToString::to_string);
    let want = want.and_then(|want| want.parse::<i64>().ok());
    if let (Some(have), Some(want)) = (have, want) {
        if want < have {
            // The youngest go.
            let mut ids: Vec<&str> = items(live, "CacheNodes")
                .map(|node| text(node, "CacheNodeId"))
                .collect();
            ids.sort_unstable();
            let keep = usize::try_from(want).unwrap_or_default().min(ids.len());
            call.insert("CacheNodeIdsToRemove", list(&ids[keep..]));
        } else if want > have {
            let mut new: Vec<&str> = texts(wanted, "PreferredAvailabilityZones").collect();
            for node in items(live, "CacheNodes") {
                let zone = text(node, "CustomerAvailabilityZone");
                if let Some(at) = new.iter().position(|new| *new == zone) {
                    new.remove(at);
                }
            }
            if !new.is_empty() {
                call.insert("NewAvailabilityZones", list(new));
            }
        }
    }
    call
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_go_from_the_end_and_come_where_they_are_wanted() {
        let live = input(json!({"NumCacheNodes": 2, "CacheNodes": [
            {"CacheNodeId": "0002", "CustomerAvailabilityZone": "a"},
            {"CacheNodeId": "0001", "CustomerAvailabilityZone": "b"}]}));
        let changed = [Arc::from("NumCacheNodes")];
        let one = modification(&live, &input(json!({"NumCacheNodes": 1})), &changed);
        assert_eq!(
            one,
            input(json!({"NumCacheNodes": 1, "CacheNodeIdsToRemove": ["0002"]}))
        );
        let zones = json!({"NumCacheNodes": 3, "PreferredAvailabilityZones": ["a", "a", "b"]});
        let three = modification(&live, &input(zones), &changed);
        assert_eq!(
            three,
            input(json!({"NumCacheNodes": 3, "NewAvailabilityZones": ["a"]}))
        );
    }
}
