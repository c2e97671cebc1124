//! Stores beside the relational database: key-value tables, documents, wide columns and graphs.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A store beside the relational database.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Store {
    /// What it stores: `key-value` is a table of DynamoDB, `column` a table of Keyspaces, which speaks Cassandra's CQL.
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
    /// Types of the keys of the table and its indexes; a key that is not named here is a string.
    #[serde(default)]
    pub attributes: BTreeMap<String, AttributeType>,
    /// Global secondary indexes, by name.
    #[serde(default)]
    pub indexes: BTreeMap<String, StoreIndex>,
    /// Types of a column store's columns, in CQL; a key that is not named here is `text`.
    #[serde(default)]
    pub columns: BTreeMap<String, String>,
    /// Seconds after which a column store deletes a row that sets no other time.
    #[serde(default)]
    #[schemars(range(min = 1, max = 630_720_000))]
    pub default_ttl: Option<u32>,
    /// Pay for each request, or read and write units that scale between bounds.
    #[serde(default)]
    pub capacity: Capacity,
    /// The attribute with the time, in seconds since 1970, after which DynamoDB deletes an item.
    #[serde(default)]
    #[schemars(length(min = 1, max = 255))]
    pub ttl: Option<String>,
    /// What a stream of changes carries; without it there is none, except between regions.
    #[serde(default)]
    pub stream: Option<StreamView>,
    /// Whose key encrypts the data at rest.
    #[serde(default)]
    pub encryption: Encryption,
    /// Days for which every second can be restored.
    #[serde(default = "default_recovery")]
    #[schemars(range(min = 1, max = 35))]
    pub recovery_days: u8,
    /// Whether AWS refuses to delete it.
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

/// What a store stores.
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

/// A global secondary index: the same items by another key.
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
    /// Which attributes it carries beside the keys: `all`, `keys`, or a list of names.
    #[serde(default)]
    pub project: Projection,
}

/// The attributes that an index carries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Projection {
    /// All or none.
    Whole(WholeProjection),
    /// These, beside the keys.
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

/// How capacity is paid for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Capacity {
    /// By request.
    Mode(CapacityMode),
    /// By units that scale between bounds.
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
    /// Every request is paid for by itself.
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

/// Bounds between which Application Auto Scaling moves capacity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Units {
    /// Never fewer.
    #[schemars(range(min = 1, max = 40000))]
    pub min: u32,
    /// Never more.
    #[schemars(range(min = 1, max = 40000))]
    pub max: u32,
    /// The use, in percent, that is kept steady in between.
    #[serde(default = "default_use")]
    #[schemars(range(min = 20, max = 90))]
    pub target: u8,
}

fn default_use() -> u8 {
    70
}

/// What a stream carries of a changed item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StreamView {
    /// Its keys.
    KeysOnly,
    /// The item as it is now.
    NewImage,
    /// The item as it was.
    OldImage,
    /// Both.
    NewAndOldImages,
}

/// Whose key encrypts data at rest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Encryption {
    /// The account's key that AWS manages: its use shows in CloudTrail.
    #[default]
    AwsManaged,
    /// A key of AWS's own, for which nothing is paid.
    AwsOwned,
}
