//! Replication groups of Valkey and Redis.

use async_trait::async_trait;
use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::{try_join, try_join_all};
use serde_json::json;

use super::{Client, Seen, common_changes, endpoint, fixed, logs, name_of, of_nodes, settled};
use crate::inventory::{Handle, Status};
use crate::provider::aws::marks::Tags;
use crate::provider::aws::sdk::elasticache;
use crate::provider::aws::service::{
    Found, MARKER, Place, Service, Site, Which, input, items, list, one_or_all, pages, pick,
    tag_list, text, texts, touches, without,
};
use crate::provider::{Outcome, Write};
use crate::value::{Map, Value};

const KIND: &str = "AWS::ElastiCache::ReplicationGroup";
const ID: &str = "ReplicationGroupId";

/// What a change takes under the same name, with AWS's default where it has one.
const PLAIN: &[(&str, &str)] = &[
    ("AutoMinorVersionUpgrade", "true"),
    ("AutomaticFailoverEnabled", "false"),
    ("CacheNodeType", ""),
    ("CacheSecurityGroupNames", ""),
    ("ClusterMode", ""),
    ("Durability", ""),
    ("EngineVersion", ""),
    ("IpDiscovery", "ipv4"),
    ("MultiAZEnabled", "false"),
    ("PreferredMaintenanceWindow", ""),
    ("PrimaryClusterId", ""),
    ("ReplicationGroupDescription", ""),
    ("SecurityGroupIds", ""),
    ("SnapshotRetentionLimit", "0"),
    ("SnapshotWindow", ""),
    ("SnapshottingClusterId", ""),
    ("TransitEncryptionEnabled", "false"),
    ("TransitEncryptionMode", ""),
];

/// The mapping.
#[derive(Default)]
pub struct ReplicationGroups {
    seen: Seen,
}

#[async_trait(?Send)]
impl Service for ReplicationGroups {
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
        let (groups, clusters) = try_join(groups(&api, which), clusters(&api)).await?;
        let clusters = &clusters;
        let found = groups.iter().map(async |group| {
            let id = text(group, ID);
            let arn = match text(group, "ARN") {
                "" => {
                    place
                        .arn("elasticache", &format!("replicationgroup:{id}"))
                        .await?
                }
                arn => arn.to_owned(),
            };
            let tags = self.seen.tags(place, &api, &arn, id).await?;
            Ok(tags.map(|tags| found(group, member(clusters, id), tags)))
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
        let name = name_of(write, ID, 40);
        let mut group = without(&write.properties, &["SnapshottingClusterId"]);
        group.insert(ID, Value::str(name.clone()));
        group.insert("Tags", Value::from(tag_list(tags)));
        elasticache::create_replication_group(&api, &group).await?;
        let arn = place
            .arn("elasticache", &format!("replicationgroup:{name}"))
            .await?;
        self.seen.remember(&arn, tags);
        Ok(name)
    }

    fn after_create(&self, write: &Write) -> Vec<Arc<str>> {
        let name = "SnapshottingClusterId";
        if write.properties.contains_key(name) {
            vec![name.into()]
        } else {
            Vec::new()
        }
    }

    async fn update(
        &self,
        place: Place<'_>,
        handle: &Handle,
        write: &Write,
        changed: &[Arc<str>],
    ) -> Outcome<()> {
        let api = place.clients.elasticache(place.region);
        update(&api, &handle.identifier, &write.properties, changed).await
    }

    async fn delete(&self, place: Place<'_>, handle: &Handle) -> Outcome<()> {
        let api = place.clients.elasticache(place.region);
        let named = [handle.identifier.clone()];
        let live = groups(&api, Which::Named(&named)).await?;
        if live.iter().all(|live| status(live) == Status::Deleting) {
            return Ok(());
        }
        // A cache holds nothing that is nowhere else, so no last snapshot is taken.
        let group = input(json!({ID: &*handle.identifier}));
        elasticache::delete_replication_group(&api, &group).await?;
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
        let resource = format!("replicationgroup:{identifier}");
        self.seen.tag(place, &resource, set, unset).await
    }

    fn identifier(&self, _: Site<'_>, write: &Write) -> Option<Arc<str>> {
        Some(name_of(write, ID, 40))
    }
}

async fn groups(api: &Client, which: Which<'_>) -> Outcome<Vec<Map>> {
    let call = async |question: &Map| elasticache::describe_replication_groups(api, question).await;
    let question = input(json!({"MaxRecords": 100}));
    one_or_all(call, which, question, "ReplicationGroups", (ID, ID)).await
}

/// All nodes, because only they tell some of what their group has.
async fn clusters(api: &Client) -> Outcome<Vec<Map>> {
    let call = async |question: &Map| elasticache::describe_cache_clusters(api, question).await;
    let question = input(json!({"MaxRecords": 100}));
    pages(call, question, "CacheClusters", MARKER).await
}

fn member<'a>(clusters: &'a [Map], group: &str) -> Option<&'a Map> {
    clusters.iter().find(|cluster| text(cluster, ID) == group)
}

fn found(group: &Map, member: Option<&Map>, tags: Tags) -> Found {
    let id = text(group, ID);
    let mut properties = member.map_or_else(Map::new, |node| of_nodes(node, "SecurityGroupIds"));
    let same = pick(
        group,
        &[
            ID,
            "AtRestEncryptionEnabled",
            "AutoMinorVersionUpgrade",
            "CacheNodeType",
            "ClusterMode",
            "Durability",
            "EffectiveDurability",
            "Engine",
            "IpDiscovery",
            "KmsKeyId",
            "NetworkType",
            "SnapshotRetentionLimit",
            "SnapshotWindow",
            "SnapshottingClusterId",
            "TransitEncryptionEnabled",
            "TransitEncryptionMode",
            "UserGroupIds",
        ],
    );
    for (name, value) in &same {
        properties.insert(name.clone(), value.clone());
    }
    // Older groups do not tell these themselves.
    for name in ["AutoMinorVersionUpgrade", "Engine"] {
        if !properties.contains_key(name)
            && let Some(value) = member.and_then(|node| node.get(name))
        {
            properties.insert(name, value.clone());
        }
    }
    let words = [
        ("AutomaticFailover", "AutomaticFailoverEnabled"),
        ("MultiAZ", "MultiAZEnabled"),
        ("DataTiering", "DataTieringEnabled"),
    ];
    for (theirs, ours) in words {
        if group.contains_key(theirs) {
            let on = ["enabled", "enabling"].contains(&text(group, theirs));
            properties.insert(ours, Value::Bool(on));
        }
    }
    if let Some(description) = group.get("Description") {
        properties.insert("ReplicationGroupDescription", description.clone());
    }
    let global = group.at("GlobalReplicationGroupInfo.GlobalReplicationGroupId");
    if let Some(global) = global {
        properties.insert("GlobalReplicationGroupId", global.clone());
    }
    if let Some(logs) = logs(group) {
        properties.insert("LogDeliveryConfigurations", logs);
    }
    let (nodes, shards) = counts(group);
    if nodes > 0 && shards > 0 {
        properties.insert("NumCacheClusters", Value::Int(nodes));
        properties.insert("NumNodeGroups", Value::Int(shards));
        properties.insert("ReplicasPerNodeGroup", Value::Int(nodes / shards - 1));
    }
    endpoints(&mut properties, group);
    Found {
        status: status(group),
        ..Found::new(KIND, id, properties, tags)
    }
}

/// How many nodes a group has, and how many shards.
fn counts(group: &Map) -> (i64, i64) {
    let count = |number: usize| i64::try_from(number).unwrap_or_default();
    let nodes = count(texts(group, "MemberClusters").count());
    let shards = count(items(group, "NodeGroups").count());
    (nodes, shards)
}

fn endpoints(properties: &mut Map, group: &Map) {
    let mut ports = Vec::new();
    let mut set = |name: &'static str, from: &Map, path: &str| {
        if let Some(endpoint) = endpoint(from, path) {
            ports.extend(from.at(&format!("{path}.Port")).cloned());
            properties.insert(name, endpoint);
        }
    };
    set("ConfigurationEndPoint", group, "ConfigurationEndpoint");
    if let Some(first) = items(group, "NodeGroups").next() {
        set("PrimaryEndPoint", first, "PrimaryEndpoint");
        set("ReaderEndPoint", first, "ReaderEndpoint");
    }
    if let Some(port) = ports.into_iter().next() {
        properties.insert("Port", port);
    }
    let readers = items(group, "NodeGroups")
        .flat_map(|shard| items(shard, "NodeGroupMembers"))
        .filter_map(|node| endpoint(node, "ReadEndpoint"));
    let readers: Vec<Value> = readers.collect();
    if !readers.is_empty() {
        let all = |name: &str| -> Vec<&str> {
            let texts = readers.iter().filter_map(|reader| reader.at(name));
            texts.filter_map(Value::as_str).collect()
        };
        let (addresses, ports) = (all("Address"), all("Port"));
        let reader = json!({"AddressesList": addresses, "PortsList": ports,
            "Addresses": addresses.join(","), "Ports": ports.join(",")});
        properties.insert("ReadEndPoint", Value::from(reader));
    }
}

fn status(group: &Map) -> Status {
    let found = Found::new(KIND, "", Map::new(), Tags::new());
    let status = found
        .in_state(
            text(group, "Status"),
            &["available", "snapshotting"],
            &["deleting"],
            &["create-failed"],
        )
        .status;
    // A token that is rotated and logs that nobody takes may stay so for ever.
    let pending = [
        "AutomaticFailoverStatus",
        "ClusterMode",
        "PrimaryClusterId",
        "Resharding",
        "TransitEncryptionEnabled",
        "TransitEncryptionMode",
        "UserGroups",
    ]
    .iter()
    .any(|name| group.at(&format!("PendingModifiedValues.{name}")).is_some());
    match status {
        Status::Ready if pending => Status::Pending("modifying".into()),
        status => status,
    }
}

/// Carries out a change, one call after the other, because each has to be through before the next.
async fn update(api: &Client, id: &str, wanted: &Map, changed: &[Arc<str>]) -> Outcome<()> {
    let operation = "elasticache:ModifyReplicationGroup";
    if touches(changed, &["NodeGroupConfiguration"]) {
        return Err(fixed("NodeGroupConfiguration", operation));
    }
    let named = [Arc::from(id)];
    let (live, clusters) = try_join(groups(api, Which::Named(&named)), clusters(api)).await?;
    let Some(live) = live.first() else {
        return Err(fixed("Nothing", operation));
    };
    let nothing = Map::new();
    let node = member(&clusters, id).unwrap_or(&nothing);
    let through = async || {
        settled(id, async || {
            let live = groups(api, Which::Named(&named)).await?;
            Ok(live.iter().all(|live| status(live) == Status::Ready))
        })
        .await
    };
    let replicas = replicas(live, wanted, changed);
    let call = |replicas: i64| {
        input(json!({ID: id, "NewReplicaCount": replicas, "ApplyImmediately": true}))
    };
    // A standby has to be there before failing over to it can be switched on, and may go only when
    // that is off.
    if let Some((have, want)) = replicas
        && want > have
    {
        elasticache::increase_replica_count(api, &call(want)).await?;
        through().await?;
    }
    let mut change = modification(live, wanted, changed);
    common_changes(api, &mut change, (live, node), wanted, changed).await?;
    if !change.is_empty() {
        change.insert(ID, Value::str(id));
        change.insert("ApplyImmediately", Value::Bool(true));
        elasticache::modify_replication_group(api, &change).await?;
        through().await?;
    }
    if touches(changed, &["AuthToken"]) {
        // The old token keeps working until the next one comes, so that nobody is cut off.
        let token = wanted.get("AuthToken");
        let how = if token.is_some() { "ROTATE" } else { "DELETE" };
        let mut change = input(json!({ID: id, "AuthTokenUpdateStrategy": how,
            "ApplyImmediately": true}));
        if let Some(token) = token {
            change.insert("AuthToken", token.clone());
        }
        elasticache::modify_replication_group(api, &change).await?;
        through().await?;
    }
    if touches(changed, &["NumNodeGroups"])
        && let Some(change) = sharding(live, wanted)
    {
        elasticache::modify_replication_group_shard_configuration(api, &change).await?;
        through().await?;
    }
    if let Some((have, want)) = replicas
        && want < have
    {
        elasticache::decrease_replica_count(api, &call(want)).await?;
        through().await?;
    }
    Ok(())
}

/// How many replicas a shard has and should have, when that changes.
fn replicas(live: &Map, wanted: &Map, changed: &[Arc<str>]) -> Option<(i64, i64)> {
    if !touches(changed, &["NumCacheClusters", "ReplicasPerNodeGroup"]) {
        return None;
    }
    let number = |name: &str| wanted.get(name)?.to_string().parse::<i64>().ok();
    let (nodes, shards) = counts(live);
    let want = match number("ReplicasPerNodeGroup") {
        Some(replicas) => replicas,
        None => number("NumCacheClusters").map_or(0, |nodes| nodes - 1),
    };
    Some((nodes / shards.max(1) - 1, want))
}

/// Another number of shards; those with the lowest numbers stay, with the others' data.
fn sharding(live: &Map, wanted: &Map) -> Option<Map> {
    let want = wanted.get("NumNodeGroups").map(ToString::to_string);
    let want: usize = want.map_or(Some(1), |want| want.parse().ok())?;
    let mut ids: Vec<&str> = items(live, "NodeGroups")
        .map(|shard| text(shard, "NodeGroupId"))
        .collect();
    ids.sort_unstable();
    let mut change = input(json!({ID: text(live, ID), "NodeGroupCount": want,
        "ApplyImmediately": true}));
    if want < ids.len() {
        change.insert("NodeGroupsToRetain", list(&ids[..want]));
    }
    (want != ids.len()).then_some(change)
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
    // Another engine is another version too.
    if touches(changed, &["Engine"]) {
        for (name, value) in &pick(wanted, &["Engine", "EngineVersion"]) {
            call.insert(name.clone(), value.clone());
        }
    }
    if touches(changed, &["UserGroupIds"]) {
        let have: BTreeSet<&str> = texts(live, "UserGroupIds").collect();
        let want: BTreeSet<&str> = texts(wanted, "UserGroupIds").collect();
        let lists = [
            ("UserGroupIdsToAdd", list(want.difference(&have))),
            ("UserGroupIdsToRemove", list(have.difference(&want))),
        ];
        for (name, ids) in lists {
            if ids.as_list().is_some_and(|ids| !ids.is_empty()) {
                call.insert(name, ids);
            }
        }
    }
    call
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group() -> Map {
        input(json!({ID: "g", "MemberClusters": ["g-001", "g-002"],
            "NodeGroups": [{"NodeGroupId": "0002"}, {"NodeGroupId": "0001"}]}))
    }

    #[test]
    fn nodes_are_counted_as_replicas_of_a_shard() {
        let mut live = group();
        let changed = [Arc::from("NumCacheClusters")];
        let wanted = input(json!({"NumCacheClusters": 3}));
        live.insert("NodeGroups", Value::from(json!([{"NodeGroupId": "0001"}])));
        assert_eq!(replicas(&live, &wanted, &changed), Some((1, 2)));
        assert_eq!(replicas(&live, &wanted, &[Arc::from("Engine")]), None);
    }

    #[test]
    fn the_first_shards_stay() {
        let change = sharding(&group(), &input(json!({"NumNodeGroups": 1}))).unwrap();
        assert_eq!(
            texts(&change, "NodeGroupsToRetain").collect::<Vec<_>>(),
            ["0001"]
        );
        assert_eq!(
            sharding(&group(), &input(json!({"NumNodeGroups": 2}))),
            None
        );
    }

    #[test]
    fn what_the_nodes_have_is_their_groups() {
        let node = input(json!({ID: "g", "EngineVersion": "7.1.0",
            "SecurityGroups": [{"SecurityGroupId": "sg-1", "Status": "active"}]}));
        let mut group = group();
        group.insert("Status", Value::str("available"));
        group.insert("AutomaticFailover", Value::str("enabled"));
        let found = found(&group, Some(&node), Tags::new());
        assert_eq!(found.status, Status::Ready);
        assert_eq!(
            found.properties.at("SecurityGroupIds.0"),
            Some(&Value::str("sg-1"))
        );
        assert_eq!(
            found.properties.get("AutomaticFailoverEnabled"),
            Some(&Value::Bool(true))
        );
        assert_eq!(
            found.properties.get("NumCacheClusters"),
            Some(&Value::Int(2))
        );
    }
}
