//! How services read from the database's replicas.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How services read from the database's replicas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Reads {
    /// Seconds that a replica may lag. One that lags more is left out of the reader name; `DATABASE_MAX_LAG` in services.
    #[schemars(range(min = 1, max = 3600))]
    pub max_lag: u32,
    /// What a session reads after its own write; `DATABASE_READ_AFTER_WRITE` in services, which implement it.
    pub read_after_write: ReadAfterWrite,
}

impl Default for Reads {
    fn default() -> Self {
        Self {
            max_lag: 10,
            read_after_write: ReadAfterWrite::default(),
        }
    }
}

/// What a session reads after its own write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReadAfterWrite {
    /// Never older data than it wrote: from a replica that has the write, or from the primary.
    #[default]
    Session,
    /// Any replica, which may not have the write yet.
    None,
}
