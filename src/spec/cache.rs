//! The cache in front of the database: engine, size, and how the application uses it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The cache in front of the database.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cache {
    /// The engine.
    #[serde(default)]
    pub engine: CacheEngine,
    /// The node type.
    #[serde(default = "default_node")]
    #[schemars(regex(pattern = r"^cache\.[a-z0-9-]+\.[a-z0-9-]+$"))]
    pub node: String,
    /// The number of nodes.
    #[serde(default = "two")]
    #[schemars(range(min = 1, max = 6))]
    pub nodes: u8,
    /// ElastiCache Serverless instead of nodes, from load-balanced on: `true`, or upper bounds.
    #[serde(default)]
    pub serverless: Option<Serverless>,
    /// The caching strategy of the application.
    #[serde(default)]
    pub strategy: CacheStrategy,
    /// Default TTL of entries in seconds.
    #[serde(default)]
    #[schemars(range(min = 1, max = 2_592_000))]
    pub ttl: Option<u32>,
    /// The eviction policy when memory is full; ElastiCache's default is volatile-lru.
    #[serde(default)]
    pub eviction: Option<Eviction>,
}

impl Cache {
    /// The eviction policy that the engine has to be given. A write-back cache never evicts an entry that is not yet in
    /// the database, which has no TTL.
    #[must_use]
    pub fn policy(&self) -> Option<Eviction> {
        let fallback = (self.strategy == CacheStrategy::WriteBack && self.limits().is_none())
            .then_some(match self.ttl {
                Some(_) => Eviction::VolatileLru,
                None => Eviction::Noeviction,
            });
        self.eviction.or(fallback)
    }

    /// The bounds of a serverless cache; `None` where the cache has nodes.
    #[must_use]
    pub fn limits(&self) -> Option<CacheLimits> {
        match &self.serverless {
            Some(Serverless::Limits(limits)) => Some(*limits),
            Some(Serverless::Plain(true)) => Some(CacheLimits::default()),
            Some(Serverless::Plain(false)) | None => None,
        }
    }
}

pub(super) fn default_node() -> String {
    "cache.t4g.small".to_owned()
}

pub(super) fn two() -> u8 {
    2
}

/// A cache engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CacheEngine {
    /// Valkey.
    #[default]
    Valkey,
    /// Redis.
    Redis,
    /// Memcached.
    Memcached,
}

/// A caching strategy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CacheStrategy {
    /// Read the cache first, and fill it after a miss; delete the entry after a write.
    #[default]
    CacheAside,
    /// After a miss, one loader fills the cache for all waiting readers; delete the entry after a write.
    ReadThrough,
    /// Write to the database and the cache before acknowledging.
    WriteThrough,
    /// Write to a durable queue and the cache; the database is written later.
    WriteBack,
}

/// The eviction policy when memory is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Eviction {
    /// Evict the least recently used entry.
    AllkeysLru,
    /// Evict the least frequently used entry.
    AllkeysLfu,
    /// Evict a random entry.
    AllkeysRandom,
    /// Evict the least recently used entry with a TTL.
    VolatileLru,
    /// Evict the least frequently used entry with a TTL.
    VolatileLfu,
    /// Evict a random entry with a TTL.
    VolatileRandom,
    /// Evict the entry that expires first.
    VolatileTtl,
    /// Evict nothing: writes fail while memory is full.
    Noeviction,
}

impl Eviction {
    /// As the engine's parameter spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AllkeysLru => "allkeys-lru",
            Self::AllkeysLfu => "allkeys-lfu",
            Self::AllkeysRandom => "allkeys-random",
            Self::VolatileLru => "volatile-lru",
            Self::VolatileLfu => "volatile-lfu",
            Self::VolatileRandom => "volatile-random",
            Self::VolatileTtl => "volatile-ttl",
            Self::Noeviction => "noeviction",
        }
    }

    /// Whether it evicts entries without a TTL too.
    #[must_use]
    pub const fn is_of_all_keys(self) -> bool {
        matches!(
            self,
            Self::AllkeysLru | Self::AllkeysLfu | Self::AllkeysRandom
        )
    }

    /// Whether it evicts entries with a TTL alone.
    #[must_use]
    pub const fn is_of_keys_with_ttl(self) -> bool {
        !self.is_of_all_keys() && !matches!(self, Self::Noeviction)
    }
}

/// ElastiCache Serverless, with or without upper bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Serverless {
    /// Whether the cache is serverless.
    Plain(bool),
    /// Serverless, with upper bounds.
    Limits(CacheLimits),
}

/// Upper bounds of a serverless cache; without them, AWS's quota applies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CacheLimits {
    /// Gigabytes.
    #[schemars(range(min = 1, max = 5000))]
    pub max_gb: Option<u32>,
    /// ElastiCache processing units per second.
    #[schemars(range(min = 1000, max = 15_000_000))]
    pub max_ecpu: Option<u32>,
}
