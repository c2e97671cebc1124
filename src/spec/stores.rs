//! Stores beside the relational database: key-value tables, documents, wide columns and graphs.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A data store besides the relational database.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Store {
    /// The store type: `key-value` is a DynamoDB table, `column` a table in Keyspaces (Cassandra's CQL).
    #[serde(rename = "type")]
    pub kind: StoreKind,
    /// The name of the partition key.
    #[serde(default = "default_key")]
    #[schemars(length(min = 1, max = 255))]
    pub key: String,
    /// The name of the sort key.
    #[serde(default)]
    #[schemars(length(min = 1, max = 255))]
    pub sort: Option<String>,
    /// Types of the keys of the table and its indexes; default `string`.
    #[serde(default)]
    pub attributes: BTreeMap<String, AttributeType>,
    /// Global secondary indexes, by name.
    #[serde(default)]
    pub indexes: BTreeMap<String, StoreIndex>,
    /// CQL types of a column store's columns; default `text` for keys.
    #[serde(default)]
    pub columns: BTreeMap<String, String>,
    /// Default TTL in seconds of a column store's rows.
    #[serde(default)]
    #[schemars(range(min = 1, max = 630_720_000))]
    pub default_ttl: Option<u32>,
    /// Pay per request, or provisioned read and write units that scale between bounds.
    #[serde(default)]
    pub capacity: Capacity,
    /// The TTL attribute: a time in seconds since 1970 after which DynamoDB deletes the item.
    #[serde(default)]
    #[schemars(length(min = 1, max = 255))]
    pub ttl: Option<String>,
    /// The content of the change stream; without it there is no stream, except between regions.
    #[serde(default)]
    pub stream: Option<StreamView>,
    /// The key for encryption at rest.
    #[serde(default)]
    pub encryption: Encryption,
    /// Days of point-in-time recovery.
    #[serde(default = "default_recovery")]
    #[schemars(range(min = 1, max = 35))]
    pub recovery_days: u8,
    /// Whether it is protected from deletion.
    #[serde(default = "yes")]
    pub deletion_protection: bool,
}

fn default_key() -> String {
    "id".to_owned()
}

fn default_recovery() -> u8 {
    35
}

fn yes() -> bool {
    true
}

impl Store {
    /// The attributes that are keys of the table or of an index.
    #[must_use]
    pub fn keys(&self) -> BTreeSet<&str> {
        let indexes = self.indexes.values();
        let of_indexes =
            indexes.flat_map(|index| [Some(index.key.as_str()), index.sort.as_deref()]);
        [Some(self.key.as_str()), self.sort.as_deref()]
            .into_iter()
            .chain(of_indexes)
            .flatten()
            .collect()
    }

    /// The type of a key, as DynamoDB abbreviates it.
    #[must_use]
    pub fn type_of(&self, key: &str) -> &'static str {
        match self.attributes.get(key).copied().unwrap_or_default() {
            AttributeType::String => "S",
            AttributeType::Number => "N",
            AttributeType::Binary => "B",
        }
    }
}

/// The part of an environment variable's name that stands for a store: `SESSIONS` for `sessions`.
#[must_use]
pub fn variable(name: &str) -> String {
    name.replace('-', "_").to_uppercase()
}

/// The type of a data store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StoreKind {
    /// Values by key.
    KeyValue,
    /// Documents.
    Document,
    /// Wide columns.
    Column,
    /// Nodes and edges.
    Graph,
}

/// The type of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AttributeType {
    /// Text.
    #[default]
    String,
    /// A number.
    Number,
    /// Bytes.
    Binary,
}

/// A global secondary index.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StoreIndex {
    /// The name of its partition key.
    #[schemars(length(min = 1, max = 255))]
    pub key: String,
    /// The name of its sort key.
    #[serde(default)]
    #[schemars(length(min = 1, max = 255))]
    pub sort: Option<String>,
    /// The attributes that it contains besides the keys: `all`, `keys`, or a list of names.
    #[serde(default)]
    pub project: Projection,
}

/// The attributes in an index.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Projection {
    /// All or none.
    Whole(WholeProjection),
    /// These, in addition to the keys.
    Attributes(#[schemars(length(min = 1, max = 20))] Vec<String>),
}

impl Default for Projection {
    fn default() -> Self {
        Self::Whole(WholeProjection::All)
    }
}

/// All attributes or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WholeProjection {
    /// Every attribute.
    All,
    /// The keys alone.
    Keys,
}

/// The capacity mode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Capacity {
    /// Pay per request.
    Mode(CapacityMode),
    /// Provisioned units that scale between bounds.
    Provisioned(Provisioned),
}

impl Default for Capacity {
    fn default() -> Self {
        Self::Mode(CapacityMode::OnDemand)
    }
}

/// Capacity without numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CapacityMode {
    /// Pay per request.
    OnDemand,
}

/// Provisioned capacity, of the table and of each of its indexes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Provisioned {
    /// Read units.
    pub read: Units,
    /// Write units.
    pub write: Units,
}

/// Bounds for Application Auto Scaling.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Units {
    /// The minimum.
    #[schemars(range(min = 1, max = 40000))]
    pub min: u32,
    /// The maximum.
    #[schemars(range(min = 1, max = 40000))]
    pub max: u32,
    /// The target utilization in percent.
    #[serde(default = "default_use")]
    #[schemars(range(min = 20, max = 90))]
    pub target: u8,
}

fn default_use() -> u8 {
    70
}

/// The content of a stream record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StreamView {
    /// The item's keys.
    KeysOnly,
    /// The item after the change.
    NewImage,
    /// The item before the change.
    OldImage,
    /// The item before and after the change.
    NewAndOldImages,
}

/// The key for encryption at rest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Encryption {
    /// The account's AWS managed key, whose use CloudTrail logs.
    #[default]
    AwsManaged,
    /// An AWS owned key, free of charge.
    AwsOwned,
}
