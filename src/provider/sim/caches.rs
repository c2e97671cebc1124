//! What ElastiCache refuses of a cache and of its parameters, from its guide and API. Nothing here is shared with the
//! spec's rules.

use super::cloud::{Cloud, Item};
use super::rules::{Refusal, is_called, text};
use crate::provider::ErrorKind;
use crate::value::{Map, Value};

/// The resource types.
pub const CLUSTER: &str = "AWS::ElastiCache::CacheCluster";
pub const GROUP: &str = "AWS::ElastiCache::ReplicationGroup";
pub const PARAMETERS: &str = "AWS::ElastiCache::ParameterGroup";
pub const SERVERLESS: &str = "AWS::ElastiCache::ServerlessCache";

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(ErrorKind::Invalid, "InvalidParameterValue", message)
}

fn combination(message: impl Into<String>) -> Refusal {
    Refusal::new(ErrorKind::Invalid, "InvalidParameterCombination", message)
}

fn is_on(properties: &Map, name: &str) -> bool {
    properties.get(name) == Some(&Value::Bool(true))
}

/// Families of parameters and, of each, a few parameters with the values that they take
/// (<https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/ParameterGroups.Engine.html>).
const FAMILIES: [&str; 4] = ["memcached1.6", "redis7", "valkey7", "valkey8"];
const POLICIES: &[&str] = &[
    "volatile-lru",
    "allkeys-lru",
    "volatile-lfu",
    "allkeys-lfu",
    "volatile-random",
    "allkeys-random",
    "volatile-ttl",
    "noeviction",
];

/// The family of an engine's version.
fn family(engine: &str, version: &str) -> String {
    let mut parts = version.split('.');
    let major = parts.next().unwrap_or_default();
    match (engine, parts.next()) {
        ("memcached", Some(minor)) => format!("memcached{major}.{minor}"),
        _ => format!("{engine}{major}"),
    }
}

/// Failover needs replicas, Multi-AZ needs failover, durability needs a cluster with both; a parameter group is one of
/// the engine's family
/// (<https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/AutoFailover.html>,
/// <https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Durability.Limitations.html>).
///
/// # Errors
/// What ElastiCache would say.
pub fn check(cloud: &Cloud, kind: &str, region: &str, properties: &Map) -> Result<(), Refusal> {
    let fails_over = is_on(properties, "AutomaticFailoverEnabled");
    // https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/data-tiering.html
    let node = properties
        .get("CacheNodeType")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let is_tiered = node.starts_with("cache.r6gd.");
    if is_tiered != is_on(properties, "DataTieringEnabled") && [GROUP, CLUSTER].contains(&kind) {
        return Err(combination(if is_tiered {
            "Data tiering must be enabled for this node type."
        } else {
            "Data tiering is supported for r6gd nodes only."
        }));
    }
    if kind == GROUP {
        let nodes = properties.get("NumCacheClusters").and_then(Value::as_int);
        if fails_over && nodes.is_some_and(|nodes| nodes < 2) {
            return Err(combination(
                "Automatic failover is not supported for replication groups with one node",
            ));
        }
        if is_on(properties, "MultiAZEnabled") && !fails_over {
            return Err(combination(
                "Automatic failover must be enabled for Multi-AZ",
            ));
        }
        let is_durable = ["sync", "async"].contains(&text(properties, "Durability"));
        let is_sharded = text(properties, "ClusterMode") == "enabled";
        if is_durable && !(is_sharded && is_on(properties, "MultiAZEnabled")) {
            return Err(combination(
                "Durability requires cluster mode and Multi-AZ enabled",
            ));
        }
    }
    let group = text(properties, "CacheParameterGroupName");
    let group = cloud.items.values().find(|item| {
        &*item.kind == PARAMETERS && &*item.region == region && is_called(item, group)
    });
    let Some(group) = group else { return Ok(()) };
    let wanted = family(
        text(properties, "Engine"),
        text(properties, "EngineVersion"),
    );
    let has = text(&group.properties, "CacheParameterGroupFamily");
    if has == wanted {
        Ok(())
    } else {
        Err(combination(format!(
            "Expected a parameter group of family {wanted} but found one of family {has}"
        )))
    }
}

/// A family that exists, and parameters that it has.
///
/// # Errors
/// What ElastiCache would say.
pub fn check_parameters(properties: &Map, old: Option<&Item>) -> Result<(), Refusal> {
    let own = text(properties, "CacheParameterGroupFamily");
    let family = match (own, old) {
        ("", Some(old)) => text(&old.properties, "CacheParameterGroupFamily"),
        (own, _) => own,
    };
    if !FAMILIES.contains(&family) {
        return Err(invalid(format!(
            "CacheParameterGroupFamily {family} is not a valid parameter group family"
        )));
    }
    let Some(Value::Map(parameters)) = properties.get("Properties") else {
        return Ok(());
    };
    for (name, value) in parameters {
        let values: &[&str] = match (family.starts_with("memcached"), &**name) {
            (false, "maxmemory-policy") => POLICIES,
            (true, "error_on_memory_exhausted") => &["0", "1"],
            _ => {
                return Err(invalid(format!(
                    "The parameter {name} cannot be found in {family}, or not be modified"
                )));
            }
        };
        if !value.as_str().is_some_and(|value| values.contains(&value)) {
            return Err(invalid(format!(
                "The value {value} of {name} must be one of: {}",
                values.join(",")
            )));
        }
    }
    Ok(())
}

/// A name, a version of the engine, and two or three subnets
/// (<https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateServerlessCache.html>).
///
/// # Errors
/// What ElastiCache would say.
pub fn check_serverless(properties: &Map) -> Result<(), Refusal> {
    let name = text(properties, "ServerlessCacheName");
    if name.len() > 40 {
        return Err(invalid(format!("{name} must have at most 40 characters")));
    }
    let (engine, version) = (
        text(properties, "Engine"),
        text(properties, "MajorEngineVersion"),
    );
    let versions: &[&str] = match engine {
        "valkey" => &["7", "8"],
        "redis" => &["7"],
        "memcached" => &["1.6"],
        _ => return Err(invalid(format!("Invalid engine: {engine}"))),
    };
    if !version.is_empty() && !versions.contains(&version) {
        return Err(invalid(format!(
            "{version} is no major version of {engine} for serverless caches"
        )));
    }
    let subnets = properties.get("SubnetIds").and_then(Value::as_list);
    if subnets.is_some_and(|subnets| !(2..=3).contains(&subnets.len())) {
        return Err(invalid("SubnetIds must have 2 or 3 subnets"));
    }
    Ok(())
}
