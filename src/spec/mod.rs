//! scalectl.yaml: what the user wrote, with an environment's overrides merged in.
//!
//! Owns the spec's types (their doc comments become the JSON Schema that editors show), and in
//! [`load`] the way from text to a checked [`Spec`]. One spec serves every stage; which sections
//! take effect at a stage is said here too ([`Spec::not_yet`]), how they do is the blueprints'.

mod cache;
mod database;
mod edit;
mod engines;
mod environments;
mod gate;
mod load;
mod normalized;
mod notes;
mod reads;
mod registries;
mod resources;
mod rules;
mod secret;
mod service;
mod stores;

pub use cache::{Cache, CacheEngine, CacheLimits, CacheStrategy, Eviction, Serverless};
pub use edit::{with_image, with_own_image, with_stage, with_writer};
pub use engines::{Dialect, Edition, Engine, License};
pub use environments::{BASE, Difference, differences};
pub use gate::{Cadence, MigrationGate};
pub use load::{environment_names, load, load_as_applied, merged, of_node, place};
pub use reads::{ReadAfterWrite, Reads};
pub use registries::Registry;
pub use resources::{OwnRegions, OwnResource, ResourceUse, ResourceUseDetails, Source};
pub use rules::{processor, unknown_region};
pub use secret::{SecretName, SecretPlace};
pub use service::{
    Algorithm, Balance, Deploy, Health, Queue, Scale, ScaleTarget, Service, ServiceKind, Strategy,
};

pub use crate::schema::split_tag;
pub use stores::{
    AttributeType, Capacity, CapacityMode, Encryption, Projection, Provisioned, Store, StoreIndex,
    StoreKind, StreamView, Units, WholeProjection, variable,
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
    /// How the application is deployed.
    pub stage: Stage,
    /// Where it is deployed: the simulator, or AWS.
    #[serde(default)]
    #[schemars(with = "ProviderForm")]
    pub provider: Provider,
    /// The regions, primary first. Stages before multi-region use only the first.
    #[serde(default = "default_regions")]
    #[schemars(length(min = 1))]
    pub regions: Vec<Region>,
    /// The site's domain.
    #[serde(default)]
    pub domain: Option<Domain>,
    /// Address ranges and zones.
    #[serde(default)]
    pub network: Network,
    /// The services, by name.
    pub services: BTreeMap<String, Service>,
    /// Logins to private registries, by their hosts: ghcr.io, or docker.io for Docker Hub. ECR needs none.
    #[serde(default)]
    pub registries: BTreeMap<String, Registry>,
    /// The relational database.
    #[serde(default)]
    pub database: Option<Database>,
    /// The cache in front of the database.
    #[serde(default)]
    pub cache: Option<Cache>,
    /// Other data stores, by name; a service uses those listed in its `stores`.
    #[serde(default)]
    pub stores: BTreeMap<String, Store>,
    /// AWS resources of your own, by name; a service uses those listed in its `uses`.
    #[serde(default)]
    pub resources: BTreeMap<String, OwnResource>,
    /// The content delivery network (CloudFront).
    #[serde(default)]
    pub cdn: Cdn,
    /// Alarms and logs.
    #[serde(default)]
    pub monitoring: Monitoring,
    /// Patching and backups.
    #[serde(default)]
    pub maintenance: Maintenance,
    /// Limits and checks for migrations to another stage.
    #[serde(default)]
    pub migration: Migration,
    /// Tags for all resources that support tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Named variants of this spec, such as staging; each contains the sections that differ.
    #[serde(default, skip_serializing)]
    #[schemars(with = "BTreeMap<String, serde_json::Map<String, serde_json::Value>>")]
    pub environments: BTreeMap<String, serde_json::Value>,
    /// The environment that was chosen; not written in the file.
    #[serde(skip)]
    pub env: String,
    /// The file that it was read from.
    #[serde(skip)]
    pub source: Source,
}

/// The five deployments, in order.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Everything on one server.
    SingleServer,
    /// Separate application and database.
    SplitDb,
    /// A load balancer, an Auto Scaling group, replicas and a cache.
    LoadBalanced,
    /// As load-balanced, behind a content delivery network.
    Cdn,
    /// As cdn, in several regions.
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

/// A provider: its name alone, or with settings.
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

/// The AWS account and credentials.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Aws {
    /// A profile in the AWS configuration files.
    pub profile: Option<String>,
    /// A role to assume.
    pub role_arn: Option<String>,
    /// The role's session name, which CloudTrail shows; default `scalectl`.
    pub session_name: Option<String>,
    /// The external id that the role requires.
    pub external_id: Option<String>,
    /// The allowed account numbers; scalectl rejects any other.
    pub allowed_accounts: Vec<String>,
}

/// A region and its settings.
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
    /// The letters of the zones to use; by default the first `network.zones` zones of the region
    /// that are available.
    #[serde(default)]
    pub zones: Option<Vec<String>>,
    /// The region's address range; by default the n-th /16 after `network.cidr`.
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

/// The site's domain.
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
    /// The hosted zone's name, if it is a parent domain.
    #[serde(default)]
    pub zone: Option<String>,
    /// How users are routed to several regions.
    #[serde(default)]
    pub routing: Routing,
}

/// How users are routed to several regions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Routing {
    /// Route to the nearest healthy region.
    #[default]
    Latency,
    /// Route to the primary region while it is healthy.
    Failover,
}

/// Address ranges and zones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Network {
    /// The primary region's private address range.
    #[schemars(example = &"10.0.0.0/16")]
    pub cidr: String,
    /// Number of availability zones in each region.
    #[schemars(range(min = 2, max = 6))]
    pub zones: u8,
    /// NAT gateways: one per zone, or a single one, which is cheaper but fails with its zone.
    pub nat: Nat,
    /// Whether to write VPC flow logs.
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
    /// The license of `oracle`; by default AWS's, which is available only for `standard`.
    #[serde(default)]
    pub license: Option<License>,
    /// The instance class; by default a small one that the engine supports, such as db.t4g.medium.
    #[serde(default)]
    #[schemars(regex(pattern = r"^db\.[a-z0-9-]+\.[a-z0-9-]+$"))]
    #[schemars(example = &"db.t4g.small", example = &"db.m7g.large")]
    pub class: Option<String>,
    /// Disk size in GiB, or details.
    #[serde(default)]
    pub storage: Storage,
    /// Read replicas in each region.
    #[serde(default)]
    #[schemars(range(max = 15))]
    pub replicas: u8,
    /// One name for the replicas that leaves out those that lag, and the consistency that services can rely on.
    #[serde(default)]
    pub reads: Option<Reads>,
    /// Whether there is a standby in another zone; by default from load-balanced on.
    #[serde(default)]
    pub multi_az: Option<bool>,
    /// Number of databases over which the data is sharded.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 64))]
    pub shards: u8,
    /// The database's name; by default the app's, with underscores.
    #[serde(default)]
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9_]{0,62}$"))]
    pub name: Option<String>,
    /// Days to keep backups.
    #[serde(default = "default_backup_days")]
    #[schemars(range(min = 1, max = 35))]
    pub backup_days: u8,
    /// The master user on RDS; by default `app`. An imported database keeps the one that it
    /// has.
    #[serde(default)]
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9_]{0,62}$"))]
    pub username: Option<String>,
    /// The region whose database takes the writes at stage multi-region; by default the first in
    /// `regions`. `scalectl failover` updates it.
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
    /// GiB.
    Size(#[schemars(range(min = 20, max = 65536))] u32),
    /// A size with details.
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
    /// Initial size in GiB.
    #[schemars(range(min = 20, max = 65536))]
    pub size: u32,
    /// Maximum size in GiB for storage autoscaling; by default four times the size.
    #[serde(default)]
    #[schemars(range(min = 20, max = 65536))]
    pub max: Option<u32>,
}

/// The content delivery network (CloudFront).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Cdn {
    /// Edge locations: `100` is the cheapest set, `all` is worldwide.
    pub price_class: PriceClass,
    /// Paths served from the assets bucket.
    pub static_paths: Vec<String>,
    /// Seconds to cache static files at the edge.
    #[schemars(range(max = 31536000))]
    pub default_ttl: u32,
    /// Whether to use a web application firewall (AWS WAF).
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
    /// Worldwide.
    #[serde(rename = "all")]
    All,
}

/// Limits and checks for migrations to another stage.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Migration {
    /// The maximum cost of a step; a migration with a more costly step is rejected.
    pub budget: Option<MigrationBudget>,
    /// Seconds to observe the new stage before the old one is deleted; default 900.
    #[schemars(range(min = 60, max = 2592000))]
    pub soak: Option<u32>,
    /// Percent of requests that may fail during a migration; default 1.
    #[schemars(range(min = 1, max = 100))]
    pub errors: Option<u32>,
    /// Maximum p95 latency in milliseconds during a migration; default 2000.
    #[schemars(range(min = 10, max = 60000))]
    pub latency: Option<u32>,
    /// Whether scalectl itself sends requests to the site and resolves its names; default true. Set `false` if
    /// its machine cannot reach the site.
    pub probe: Option<bool>,
    /// Additional gates, which must pass after each step that switches the application to the
    /// new stage.
    pub gates: Vec<MigrationGate>,
}

/// The maximum cost of a migration step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MigrationBudget {
    /// Seconds without writes.
    pub unavailable: u32,
    /// Seconds of acknowledged writes that may be lost.
    pub loss: u32,
}

/// Alarms and logs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Monitoring {
    /// The email address that receives alarms.
    #[schemars(regex(pattern = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"))]
    pub email: Option<String>,
    /// CPU utilization in percent that triggers an alarm.
    #[schemars(range(min = 1, max = 100))]
    pub cpu: u8,
    /// Disk usage in percent that triggers an alarm.
    #[schemars(range(min = 1, max = 100))]
    pub disk: u8,
    /// Days to keep logs; one of the periods that CloudWatch Logs supports.
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

/// Patching and backups.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Maintenance {
    /// The window in which AWS may restart resources, in UTC.
    #[schemars(regex(
        pattern = r"^(mon|tue|wed|thu|fri|sat|sun):[0-2][0-9]:[0-5][0-9]-(mon|tue|wed|thu|fri|sat|sun):[0-2][0-9]:[0-5][0-9]$"
    ))]
    pub window: String,
    /// The window for backups, in UTC; must not overlap `window`.
    #[schemars(regex(pattern = r"^[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9]$"))]
    pub backup_window: String,
    /// Days to keep volume backups.
    #[schemars(range(min = 1, max = 365))]
    pub backup_days: u16,
    /// Whether instances install security updates automatically.
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
