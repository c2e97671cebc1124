//! `migration.gates`: checks of the user's that must pass before a migration continues.

use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};

/// How often a gate is checked, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Cadence {
    /// Good answers in a row.
    pub times: u32,
    /// Seconds between two questions.
    pub every: u32,
    /// Seconds until it counts as failed.
    pub within: u32,
}

impl Default for Cadence {
    fn default() -> Self {
        Self {
            times: 1,
            every: 10,
            within: 1800,
        }
    }
}

/// A question whose answer has to be good before a migration goes on.
// The schema refuses unknown keys: serde cannot refuse them beside `flatten`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("additionalProperties" = false), transform = with_ranges)]
pub struct MigrationGate {
    /// A command, run by `sh -c` where scalectl runs: the answer is good when it ends with 0.
    #[serde(default)]
    pub command: Option<String>,
    /// A CEL expression: the answer is good when it is true. `live` holds the properties of what
    /// exists, by address.
    #[serde(default)]
    pub expression: Option<String>,
    /// How often it is checked, and until when.
    #[serde(flatten)]
    pub cadence: Cadence,
}

/// What a user may set; the steps that blueprints declare may go beyond.
fn with_ranges(schema: &mut Schema) {
    for (key, most) in [("times", 100), ("every", 3600), ("within", 604_800)] {
        if let Some(property) = schema.pointer_mut(&format!("/properties/{key}")) {
            property["minimum"] = 1.into();
            property["maximum"] = most.into();
        }
    }
}
