//! The types of `services`: how each service runs, is checked, scales and takes requests or messages.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ResourceUse;

/// A program of the application: it serves HTTP, or works in the background.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Whether it serves HTTP (`web`) or works in the background without a port (`worker`).
    #[serde(rename = "type", default)]
    pub kind: ServiceKind,
    /// The container image, with a tag or digest.
    #[serde(default)]
    #[schemars(example = &"nginx:1", example = &"ghcr.io/example/shop:2.3")]
    pub image: Option<String>,
    /// An archive in S3 to run instead of an image: s3://bucket/key.
    #[serde(default)]
    #[schemars(example = &"s3://artifacts/shop/2.3.tar.gz")]
    pub artifact: Option<String>,
    /// The command, where the image's own is not right.
    #[serde(default)]
    #[schemars(example = ["./serve", "--port", "8080"])]
    pub command: Option<Vec<String>>,
    /// A command that runs once in the new image before a new version serves, such as a database migration.
    #[serde(default)]
    #[schemars(length(min = 1))]
    #[schemars(example = ["./manage.py", "migrate"])]
    pub release: Option<Vec<String>>,
    /// How `scalectl deploy` brings a new version to the servers.
    #[serde(default)]
    pub deploy: Deploy,
    /// The port that it listens on.
    #[serde(default = "default_port")]
    #[schemars(range(min = 1, max = 65535))]
    pub port: u16,
    /// How its health is asked.
    #[serde(default)]
    pub health: Health,
    /// Environment variables. Their values are stored readable; what is secret belongs into `secrets`.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Environment variables from Secrets Manager, by the name or ARN of the secret whose whole text is the value, or from
    /// a parameter of SSM: /shop/stripe, ssm:stripe or its ARN.
    #[serde(default)]
    pub secrets: BTreeMap<String, String>,
    /// The stores that it uses: their names and endpoints are in its environment, and its servers' role may use them.
    #[serde(default)]
    pub stores: Vec<String>,
    /// The spec's own resources that it uses: their names, ARNs and URLs are in its environment, and its servers' role may
    /// use them.
    #[serde(default)]
    pub uses: Vec<ResourceUse>,
    /// A worker's queue; `{}` for one with the defaults. A worker without `queue` has none.
    #[serde(default)]
    pub queue: Option<Queue>,
    /// The workers to whose queues it sends messages.
    #[serde(default)]
    #[schemars(example = ["thumbnails"])]
    pub sends_to: Vec<String>,
    /// Seconds that a worker has after SIGTERM before it is killed.
    #[serde(default = "default_stop_timeout")]
    #[schemars(range(min = 1, max = 900))]
    pub stop_timeout: u16,
    /// The instance type.
    #[serde(default = "default_instance")]
    #[schemars(regex(pattern = r"^[a-z0-9-]+\.[a-z0-9-]+$"))]
    #[schemars(example = &"t4g.small", example = &"m7g.large")]
    pub instance: String,
    /// How many instances.
    #[serde(default)]
    pub scale: Scale,
    /// How requests are spread over instances.
    #[serde(default)]
    pub balance: Balance,
    /// The paths that it answers.
    #[serde(default = "default_paths")]
    #[schemars(length(min = 1, max = 5))]
    #[schemars(example = ["/api/*"])]
    pub paths: Vec<String>,
    /// The host names that it answers; empty means all.
    #[serde(default)]
    #[schemars(example = ["api.shop.example.com"])]
    pub hosts: Vec<String>,
}

impl Service {
    /// Whether it serves HTTP.
    #[must_use]
    pub fn is_web(&self) -> bool {
        self.kind == ServiceKind::Web
    }

    /// Whether its servers' role allows something that only this service needs, so that it has a role of its own.
    #[must_use]
    pub fn has_own_role(&self) -> bool {
        let uses = self.stores.len() + self.uses.len() + self.sends_to.len();
        uses > 0 || self.queue.is_some()
    }
}

/// How a new version reaches the servers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Deploy {
    /// The order: a share of the servers after the other (`rolling`), a share first and then all others (`canary`), or all
    /// at once with the old version running on beside (`blue-green`).
    pub strategy: Strategy,
    /// Percent of the servers in a step, one at least.
    #[schemars(range(min = 1, max = 100))]
    pub share: u8,
    /// Seconds for which a new version is watched: after the first share (`canary`) and after the last server. CloudWatch
    /// counts requests and errors up to two minutes late.
    #[schemars(range(max = 86400))]
    pub bake: u32,
    /// Percent of requests that must not fail; at more, the deployment is rolled back.
    #[schemars(range(min = 1, max = 100))]
    pub errors: u8,
    /// Milliseconds within which 95 of 100 requests have to be answered; otherwise the deployment is rolled back.
    #[schemars(range(min = 1))]
    pub latency: Option<u32>,
}

impl Default for Deploy {
    fn default() -> Self {
        Self {
            strategy: Strategy::Rolling,
            share: 25,
            bake: 180,
            errors: 5,
            latency: None,
        }
    }
}

/// The order in which servers take a new version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// A share of the servers after the other.
    #[default]
    Rolling,
    /// A share first, watched for a while, then all others.
    Canary,
    /// All at once; the old version runs on beside the new one until the end.
    BlueGreen,
}

/// What a service does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ServiceKind {
    /// It serves HTTP.
    #[default]
    Web,
    /// It works in the background, without a port.
    Worker,
}

/// A worker's queue (SQS), with a dead-letter queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Queue {
    /// Seconds for which a received message is hidden from other receivers: more than the work on a message takes.
    #[schemars(range(min = 1, max = 43200))]
    pub visibility: u16,
    /// How often a message is received before it moves to the dead-letter queue.
    #[schemars(range(min = 1, max = 1000))]
    pub attempts: u16,
    /// Days to keep a message.
    #[schemars(range(min = 1, max = 14))]
    pub retention_days: u8,
    /// Age of the oldest message in seconds that triggers an alarm.
    #[schemars(range(min = 60, max = 1209600))]
    pub max_age: u32,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            visibility: 60,
            attempts: 5,
            retention_days: 4,
            max_age: 300,
        }
    }
}

fn default_port() -> u16 {
    8080
}

fn default_stop_timeout() -> u16 {
    60
}

fn default_instance() -> String {
    "t4g.small".to_owned()
}

fn default_paths() -> Vec<String> {
    vec!["/*".to_owned()]
}

/// How a service's health is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Health {
    /// The path that answers 200 when all is well.
    #[schemars(regex(pattern = r"^/"))]
    #[schemars(example = &"/health")]
    pub path: String,
    /// A worker's check: a command in its container that exits with 0 while the worker is healthy. Without it, a worker is
    /// healthy while its process runs.
    #[schemars(length(min = 1))]
    #[schemars(example = ["./healthy"])]
    pub command: Option<Vec<String>>,
    /// Seconds between two questions.
    #[schemars(range(min = 5, max = 300))]
    pub interval: u16,
    /// Seconds to wait for an answer.
    #[schemars(range(min = 2, max = 120))]
    pub timeout: u16,
    /// Good answers in a row until healthy.
    #[schemars(range(min = 2, max = 10))]
    pub healthy: u8,
    /// Bad answers in a row until unhealthy.
    #[schemars(range(min = 2, max = 10))]
    pub unhealthy: u8,
    /// Seconds that a new server has before bad answers get it replaced: its packages, the image, the start.
    #[schemars(range(min = 90, max = 7200))]
    pub grace: u16,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            path: "/".to_owned(),
            command: None,
            interval: 10,
            timeout: 5,
            healthy: 2,
            unhealthy: 3,
            grace: 900,
        }
    }
}

/// How many instances.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Scale {
    /// Never fewer.
    #[schemars(range(min = 1, max = 1000))]
    pub min: u16,
    /// Never more.
    #[schemars(range(min = 1, max = 1000))]
    pub max: u16,
    /// What to keep steady in between.
    pub target: ScaleTarget,
}

impl Default for Scale {
    fn default() -> Self {
        Self {
            min: 2,
            max: 6,
            target: ScaleTarget::default(),
        }
    }
}

/// What an auto-scaling group keeps steady.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ScaleTarget {
    /// Average CPU use in percent.
    #[schemars(range(min = 10, max = 90))]
    pub cpu: u8,
    /// A worker's messages that wait in its queue, per instance; replaces `cpu`.
    #[schemars(range(min = 1, max = 1000000))]
    pub messages_per_instance: Option<u32>,
}

impl Default for ScaleTarget {
    fn default() -> Self {
        Self {
            cpu: 60,
            messages_per_instance: None,
        }
    }
}

/// How requests are spread over instances.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Balance {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// The share of requests, against services with the same paths; set in each of them.
    #[schemars(range(max = 999))]
    pub weight: u16,
    /// Seconds for which a user stays with one instance; 0 is not at all.
    #[schemars(range(max = 604800))]
    pub stickiness: u32,
    /// Seconds over which a new instance gets its full share; 0 is at once.
    #[schemars(range(max = 900))]
    pub slow_start: u16,
    /// Seconds that requests in progress have to end before an instance is terminated.
    #[schemars(range(max = 3600))]
    pub draining: u16,
}

impl Default for Balance {
    fn default() -> Self {
        Self {
            algorithm: Algorithm::default(),
            weight: 1,
            stickiness: 0,
            slow_start: 0,
            draining: 60,
        }
    }
}

/// How a load balancer chooses the instance for a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Algorithm {
    /// One instance after the other.
    RoundRobin,
    /// The instance with the fewest requests in progress.
    LeastConnections,
    /// AWS's name for the same.
    #[default]
    LeastOutstandingRequests,
    /// A random instance.
    Random,
    /// A random instance, less often one whose responses are errors.
    WeightedRandom,
    /// Refused: an Application Load Balancer has no weights for instances; use `round-robin`.
    WeightedRoundRobin,
    /// Refused: an Application Load Balancer has no weights for instances; use `least-connections`.
    WeightedLeastConnections,
}

impl Algorithm {
    /// The word of the spec.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RoundRobin => "round-robin",
            Self::LeastConnections => "least-connections",
            Self::LeastOutstandingRequests => "least-outstanding-requests",
            Self::Random => "random",
            Self::WeightedRandom => "weighted-random",
            Self::WeightedRoundRobin => "weighted-round-robin",
            Self::WeightedLeastConnections => "weighted-least-connections",
        }
    }

    /// The algorithm without weights, for one that needs weights of single instances.
    pub const fn unweighted(self) -> Option<Self> {
        match self {
            Self::WeightedRoundRobin => Some(Self::RoundRobin),
            Self::WeightedLeastConnections => Some(Self::LeastConnections),
            Self::RoundRobin
            | Self::LeastConnections
            | Self::LeastOutstandingRequests
            | Self::Random
            | Self::WeightedRandom => None,
        }
    }
}
