//! The cache: what its engine and its form cannot do for a strategy.

use super::Rules;
use crate::spec::{Cache, CacheEngine, CacheStrategy, Eviction};
use crate::yaml::Yaml;

/// Checks the cache.
pub fn check(rules: &mut Rules<'_>) {
    let Some(cache) = &rules.spec.cache else {
        return;
    };
    tiering(rules, cache);
    strategy(rules, cache);
    eviction(rules, cache);
    serverless(rules, cache);
}

/// Whether the file sets `cache.{key}`.
fn is_set(rules: &Rules<'_>, key: &str) -> bool {
    let cache = rules.merged.get("cache");
    let value = cache.and_then(|cache| cache.get(key));
    value.is_some_and(|value| value.value != Yaml::Null)
}

/// Nodes whose values lie on SSDs in part: replication groups only, and a group does not change to one or from one
/// (<https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/data-tiering.html>).
fn tiering(rules: &mut Rules<'_>, cache: &Cache) {
    let is_tiered = cache.node.starts_with("cache.r6gd.");
    if is_tiered && cache.engine == CacheEngine::Memcached && cache.limits().is_none() {
        let message = format!(
            "Memcached does not run on {}, whose values lie on SSDs in part",
            cache.node
        );
        let help = "use a node such as cache.r7g.large, or `engine: valkey`";
        rules.say("cache.node", message, help);
    }
}

fn strategy(rules: &mut Rules<'_>, cache: &Cache) {
    let writes = match cache.strategy {
        CacheStrategy::CacheAside | CacheStrategy::ReadThrough => return,
        CacheStrategy::WriteThrough => "write-through",
        CacheStrategy::WriteBack => "write-back",
    };
    let is_serverless = cache.limits().is_some();
    let is_memcached = cache.engine == CacheEngine::Memcached;
    // https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/SelectEngine.html
    if is_memcached && (!is_serverless || cache.strategy == CacheStrategy::WriteBack) {
        let (lacks, loses) = match cache.strategy {
            CacheStrategy::WriteBack => (
                "no persistence",
                "a restart would lose what was written last",
            ),
            _ => (
                "no replicas",
                "every entry that was written is lost with its node",
            ),
        };
        let message = format!("Memcached has {lacks}: with {writes}, {loses}");
        let help = format!(
            "set `engine: valkey` or `engine: redis` for {writes}, or `strategy: cache-aside` for Memcached"
        );
        rules.say("cache.strategy", message, &help);
    } else if !is_serverless && cache.nodes < 2 {
        let message = format!(
            "{writes} needs a replica that takes over when the primary fails; cache.nodes is {}",
            cache.nodes
        );
        let help = "set `nodes: 2` or more, `serverless: true`, or `strategy: cache-aside`";
        rules.say("cache.nodes", message, help);
    }
    if cache.strategy == CacheStrategy::WriteBack && rules.spec.database.is_none() {
        let message = "write-back has no database to write to".to_owned();
        let help = "declare `database`, or set `strategy: cache-aside`";
        rules.say("cache.strategy", message, help);
    }
}

/// <https://docs.aws.amazon.com/whitepapers/latest/database-caching-strategies-using-redis/evictions.html>
fn eviction(rules: &mut Rules<'_>, cache: &Cache) {
    let Some(policy) = cache.eviction else {
        return;
    };
    let (place, name) = ("cache.eviction", policy.name());
    if cache.limits().is_some() {
        let message = "a serverless cache chooses by itself what it evicts".to_owned();
        let help = "remove eviction and set `ttl`: serverless evicts entries with a TTL; or remove `serverless`";
        rules.say(place, message, help);
    } else if cache.engine == CacheEngine::Memcached {
        // https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/ParameterGroups.Engine.html#ParameterGroups.Memcached
        if !matches!(policy, Eviction::AllkeysLru | Eviction::Noeviction) {
            let message = format!("Memcached has no eviction policy {name}");
            let help = "set allkeys-lru or noeviction, the two that it has, or `engine: valkey`";
            rules.say(place, message, help);
        }
    } else if cache.strategy == CacheStrategy::WriteBack && policy.is_of_all_keys() {
        let message = format!(
            "{name} evicts entries that are not in the database yet, which write-back keeps without a TTL"
        );
        let help = "set volatile-lru with `ttl`, or noeviction; or `strategy: write-through`";
        rules.say(place, message, help);
    } else if policy.is_of_keys_with_ttl() && cache.ttl.is_none() {
        let message = format!(
            "{name} evicts only entries with a TTL; without cache.ttl writes fail when memory is full"
        );
        let help =
            "set `ttl` to the seconds for which an entry is kept, or `eviction: allkeys-lru`";
        rules.say(place, message, help);
    }
}

fn serverless(rules: &mut Rules<'_>, cache: &Cache) {
    if cache.limits().is_none() {
        return;
    }
    for key in ["node", "nodes"] {
        if is_set(rules, key) {
            let message = format!("a serverless cache has no {key}");
            let help = "remove it, or remove `serverless`; bounds are `serverless: {max_gb: 10, max_ecpu: 5000}`";
            rules.say(&format!("cache.{key}"), message, help);
        }
    }
}
