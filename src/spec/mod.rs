//! scalectl.yaml: what the user wrote, with an environment's overrides merged in.
//!
//! Owns the spec's types (their doc comments become the JSON Schema that editors show), and in
//! [`load`] the way from text to a checked [`Spec`]. One spec serves every stage; which sections
//! take effect at a stage is said here too ([`Spec::not_yet`]), how they do is the blueprints'.

mod cache;
mod database;
mod edit;
mod engines;
mod gate;
mod load;
mod normalized;
mod rules;
mod service;
mod stores;

pub use cache::{Cache, CacheEngine, CacheLimits, CacheStrategy, Eviction, Serverless};
pub use edit::{with_stage, with_writer};
pub use engines::{Dialect, Edition, Engine, License};
pub use gate::{Cadence, MigrationGate};
pub use load::{load, load_as_applied, merged, of_node, place};
pub use rules::{processor, unknown_region};
pub use service::{Algorithm, Balance, Health, Scale, ScaleTarget, Service};

pub use crate::schema::split_tag;
pub use stores::{
    AttributeType, Capacity, CapacityMode, Encryption, Projection, Provisioned, Store, StoreIndex,
    StoreKind, StreamView, Units, WholeProjection,
};

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An application and how it is deployed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// The application's name: a lower-case letter, then up to 29 letters, digits and hyphens.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9-]{0,28}[a-z0-9]$"))]
    #[schemars(example = &"shop")]
    pub app: String,
    /// How the application is deployed today.
    pub stage: Stage,
    /// Where it is deployed: the simulator, or AWS.
    #[serde(default)]
    #[schemars(with = "ProviderForm")]
    pub provider: Provider,
    /// The regions, the primary one first. Stages before multi-region use the first alone.
    #[serde(default = "default_regions")]
    #[schemars(length(min = 1))]
    pub regions: Vec<Region>,
    /// The domain that users visit.
    #[serde(default)]
    pub domain: Option<Domain>,
    /// Addresses and zones.
    #[serde(default)]
    pub network: Network,
    /// What runs, by name.
    pub services: BTreeMap<String, Service>,
    /// The relational database.
    #[serde(default)]
    pub database: Option<Database>,
    /// The cache in front of the database.
    #[serde(default)]
    pub cache: Option<Cache>,
    /// Stores beside the database, by name; a service uses those that its `stores` name.
    #[serde(default)]
    pub stores: BTreeMap<String, Store>,
    /// Delivery from the edge.
    #[serde(default)]
    pub cdn: Cdn,
    /// Alarms and logs.
    #[serde(default)]
    pub monitoring: Monitoring,
    /// Patching and backup.
    #[serde(default)]
    pub maintenance: Maintenance,
    /// What the way to another stage may cost, and what has to be true on it.
    #[serde(default)]
    pub migration: Migration,
    /// Tags for every resource that takes tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Named variants of this spec, such as staging; each holds the sections that differ.
    #[serde(default, skip_serializing)]
    #[schemars(with = "BTreeMap<String, serde_json::Map<String, serde_json::Value>>")]
    pub environments: BTreeMap<String, serde_json::Value>,
    /// The environment that was chosen; not written in the file.
    #[serde(skip)]
    pub env: String,
}

/// The five deployments, in order.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Everything on one server.
    SingleServer,
    /// Application and database apart.
    SplitDb,
    /// A load balancer, an auto-scaling group, replicas and a cache.
    LoadBalanced,
    /// The same behind a content delivery network.
    Cdn,
    /// The same in several regions.
    MultiRegion,
}

impl Stage {
    /// All stages, in order.
    pub const ALL: [Self; 5] = [
        Self::SingleServer,
        Self::SplitDb,
        Self::LoadBalanced,
        Self::Cdn,
        Self::MultiRegion,
    ];

    /// The name in the spec.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SingleServer => "single-server",
            Self::SplitDb => "split-db",
            Self::LoadBalanced => "load-balanced",
            Self::Cdn => "cdn",
            Self::MultiRegion => "multi-region",
        }
    }
}

/// Where an application is deployed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Provider {
    /// The simulator.
    #[default]
    Sim,
    /// AWS.
    Aws(Aws),
}

/// How a provider is written: its name alone, or with settings.
#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(
    dead_code,
    reason = "only its schema is used; AWS's name alone is spelled out before it is read"
)]
enum ProviderForm {
    /// By its name alone.
    Name(ProviderName),
    /// With settings.
    Settings(ProviderSettings),
}

#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[allow(dead_code, reason = "only its schema is used")]
enum ProviderName {
    /// The simulator.
    Sim,
    /// AWS, with nothing set.
    Aws,
}

#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only its schema is used")]
struct ProviderSettings {
    /// AWS.
    aws: Aws,
}

/// Which AWS account, and as whom.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Aws {
    /// The profile in the AWS configuration files.
    pub profile: Option<String>,
    /// A role to assume.
    pub role_arn: Option<String>,
    /// What the role's session is called in CloudTrail; `scalectl` unless said.
    pub session_name: Option<String>,
    /// The external id that the role asks for.
    pub external_id: Option<String>,
    /// The accounts that may be touched; any other is refused.
    pub allowed_accounts: Vec<String>,
}

/// A region and what is special in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Region {
    /// The region's name.
    Name(#[schemars(regex(pattern = r"^[a-z]{2}(-[a-z]+)+-[0-9]$"))] String),
    /// The name with details.
    Detailed(RegionDetails),
}

/// A region's details.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegionDetails {
    /// The region's name, such as eu-west-1.
    #[schemars(regex(pattern = r"^[a-z]{2}(-[a-z]+)+-[0-9]$"))]
    pub name: String,
    /// The letters of the zones to use; by default as many as `network.zones`, the first that the
    /// region has.
    #[serde(default)]
    pub zones: Option<Vec<String>>,
    /// The region's addresses; by default the n-th /16 after `network.cidr`.
    #[serde(default)]
    pub cidr: Option<String>,
}

impl Region {
    /// The region's name.
    pub fn name(&self) -> &str {
        match self {
            Self::Name(name) => name,
            Self::Detailed(details) => &details.name,
        }
    }
}

fn default_regions() -> Vec<Region> {
    vec![Region::Name("us-east-1".to_owned())]
}

/// The domain that users visit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Domain {
    /// The domain's name.
    Name(String),
    /// The name with details.
    Detailed(DomainDetails),
}

impl Domain {
    /// The domain's name.
    pub fn name(&self) -> &str {
        match self {
            Self::Name(name) => name,
            Self::Detailed(details) => &details.name,
        }
    }
}

/// A domain's details.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DomainDetails {
    /// The name, such as shop.example.com.
    #[schemars(example = &"shop.example.com")]
    pub name: String,
    /// The hosted zone's name, where it is a parent of the name.
    #[serde(default)]
    pub zone: Option<String>,
    /// How users are spread over several regions.
    #[serde(default)]
    pub routing: Routing,
}

/// How users are spread over several regions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Routing {
    /// Everyone to the nearest healthy region.
    #[default]
    Latency,
    /// Everyone to the primary region while it is healthy.
    Failover,
}

/// Addresses and zones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Network {
    /// The primary region's private addresses.
    #[schemars(example = &"10.0.0.0/16")]
    pub cidr: String,
    /// How many availability zones to use in a region.
    #[schemars(range(min = 2, max = 6))]
    pub zones: u8,
    /// NAT gateways: one per zone, or a single cheaper one whose zone can fail.
    pub nat: Nat,
    /// Whether to keep VPC flow logs.
    pub flow_logs: bool,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            cidr: "10.0.0.0/16".to_owned(),
            zones: 2,
            nat: Nat::default(),
            flow_logs: true,
        }
    }
}

/// NAT gateways.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Nat {
    /// One in each zone.
    #[default]
    PerZone,
    /// One for all zones.
    Single,
}

/// The relational database.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// The engine.
    pub engine: Engine,
    /// The major version; by default the newest that all stages support.
    #[serde(default)]
    #[schemars(example = &"17")]
    pub version: Option<String>,
    /// The edition of `oracle` (`standard`, `enterprise`) or `sqlserver` (`express`, `web`, `standard`, `enterprise`); by
    /// default `standard`.
    #[serde(default)]
    pub edition: Option<Edition>,
    /// Whose licence `oracle` runs under; by default AWS's, which only `standard` has.
    #[serde(default)]
    pub license: Option<License>,
    /// The instance class; by default a small one that the engine runs on, such as db.t4g.medium.
    #[serde(default)]
    #[schemars(regex(pattern = r"^db\.[a-z0-9-]+\.[a-z0-9-]+$"))]
    #[schemars(example = &"db.t4g.small", example = &"db.m7g.large")]
    pub class: Option<String>,
    /// Gibibytes of disk, or details.
    #[serde(default)]
    pub storage: Storage,
    /// Read replicas in each region.
    #[serde(default)]
    #[schemars(range(max = 15))]
    pub replicas: u8,
    /// Whether a standby in another zone takes over; by default from load-balanced on.
    #[serde(default)]
    pub multi_az: Option<bool>,
    /// Into how many databases the data is split.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 64))]
    pub shards: u8,
    /// The database's name; by default the app's, with underscores.
    #[serde(default)]
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9_]{0,62}$"))]
    pub name: Option<String>,
    /// Days for which backups are kept.
    #[serde(default = "default_backup_days")]
    #[schemars(range(min = 1, max = 35))]
    pub backup_days: u8,
    /// The database's master user, on RDS; by default `app`. A database that is adopted keeps the one that it
    /// has.
    #[serde(default)]
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9_]{0,62}$"))]
    pub username: Option<String>,
    /// The region whose database takes the writes at stage multi-region; by default the first of
    /// `regions`. `scalectl failover` moves it and says so here.
    #[serde(default)]
    pub writer_region: Option<String>,
    /// Whether replicas are left alone by readers, because they follow nobody: while a failover is
    /// under way.
    #[serde(skip)]
    pub without_readers: bool,
}

fn one() -> u8 {
    1
}

fn default_backup_days() -> u8 {
    14
}

/// A database's disk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Storage {
    /// Gibibytes.
    Size(#[schemars(range(min = 20, max = 65536))] u32),
    /// The size with details.
    Detailed(StorageDetails),
}

impl Default for Storage {
    fn default() -> Self {
        Self::Size(50)
    }
}

/// A database's disk in detail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StorageDetails {
    /// Gibibytes at first.
    #[schemars(range(min = 20, max = 65536))]
    pub size: u32,
    /// Gibibytes up to which it grows by itself; by default four times the size.
    #[serde(default)]
    #[schemars(range(min = 20, max = 65536))]
    pub max: Option<u32>,
}

/// Delivery from the edge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Cdn {
    /// Which edge locations: 100 is the cheapest third, all is everywhere.
    pub price_class: PriceClass,
    /// Paths that are served from the assets bucket.
    pub static_paths: Vec<String>,
    /// Seconds for which static files are kept at the edge.
    #[schemars(range(max = 31536000))]
    pub default_ttl: u32,
    /// Whether a web application firewall stands in front.
    pub waf: bool,
}

impl Default for Cdn {
    fn default() -> Self {
        Self {
            price_class: PriceClass::default(),
            static_paths: vec!["/assets/*".to_owned()],
            default_ttl: 86_400,
            waf: true,
        }
    }
}

/// CloudFront's price classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PriceClass {
    /// North America and Europe.
    #[default]
    #[serde(rename = "100")]
    Cheapest,
    /// Most regions.
    #[serde(rename = "200")]
    Most,
    /// Everywhere.
    #[serde(rename = "all")]
    All,
}

/// What the way to another stage may cost, and what has to be true on it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Migration {
    /// What a step may cost at most; a migration with a step that may cost more is refused.
    pub budget: Option<MigrationBudget>,
    /// Seconds to watch the new stage before the old one is removed; 900 unless said.
    #[schemars(range(min = 60, max = 2592000))]
    pub soak: Option<u32>,
    /// Percent of requests that may fail while a migration goes on; 1 unless said.
    #[schemars(range(min = 1, max = 100))]
    pub errors: Option<u32>,
    /// Milliseconds within which 95 of 100 requests have to be answered while a migration goes on; 2000 unless said.
    #[schemars(range(min = 10, max = 60000))]
    pub latency: Option<u32>,
    /// Whether scalectl sends requests to the site itself, and asks for its names; true unless said. `false` where
    /// the machine that it runs on cannot reach the site.
    pub probe: Option<bool>,
    /// What has to be true, besides what scalectl asks itself, after each step that leads the
    /// application over.
    pub gates: Vec<MigrationGate>,
}

/// What a step of a migration may cost at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MigrationBudget {
    /// Seconds without writes.
    pub unavailable: u32,
    /// Seconds of acknowledged writes that could be lost.
    pub loss: u32,
}

/// Alarms and logs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Monitoring {
    /// Who is told.
    #[schemars(regex(pattern = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"))]
    pub email: Option<String>,
    /// Percent of CPU use that raises an alarm.
    #[schemars(range(min = 1, max = 100))]
    pub cpu: u8,
    /// Percent of disk use that raises an alarm.
    #[schemars(range(min = 1, max = 100))]
    pub disk: u8,
    /// Days for which logs are kept; one of the periods that CloudWatch Logs offers.
    pub log_retention_days: u16,
}

impl Default for Monitoring {
    fn default() -> Self {
        Self {
            email: None,
            cpu: 80,
            disk: 85,
            log_retention_days: 90,
        }
    }
}

/// Patching and backup.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Maintenance {
    /// When AWS may restart things, in UTC.
    #[schemars(regex(
        pattern = r"^(mon|tue|wed|thu|fri|sat|sun):[0-2][0-9]:[0-5][0-9]-(mon|tue|wed|thu|fri|sat|sun):[0-2][0-9]:[0-5][0-9]$"
    ))]
    pub window: String,
    /// When backups are taken, in UTC; outside the window above.
    #[schemars(regex(pattern = r"^[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9]$"))]
    pub backup_window: String,
    /// Days for which volume backups are kept.
    #[schemars(range(min = 1, max = 365))]
    pub backup_days: u16,
    /// Whether instances install security updates by themselves.
    pub patching: bool,
}

impl Default for Maintenance {
    fn default() -> Self {
        Self {
            window: "sun:04:00-sun:05:00".to_owned(),
            backup_window: "02:00-03:00".to_owned(),
            backup_days: 14,
            patching: true,
        }
    }
}

/// The JSON Schema of scalectl.yaml (draft 2020-12), for editors.
pub fn json_schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(Spec).to_value();
    schema["title"] = "scalectl.yaml".into();
    schema
}
