//! What a rehearsal of the user's own schema found.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One of the user's tables.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OwnTable {
    /// Its name, with its schema unless that is `public`.
    pub name: String,
    /// Rows before the move.
    pub rows_before: u64,
    /// Rows in the end.
    pub rows_after: u64,
    /// Rows that the load inserted and that were acknowledged.
    pub inserted: u64,
    /// Rows that it updated.
    pub updated: u64,
    /// Rows that it deleted.
    pub deleted: u64,
    /// Rows whose key it changed.
    pub keys_changed: u64,
    /// Rows that were acknowledged and are gone.
    pub lost: u64,
    /// Rows that are there and should not be.
    pub doubled: u64,
    /// Rows that are not as they were written.
    pub changed: u64,
    /// Whether triggers or cascades write to it: its rows are then compared between both sides, and not with
    /// what was acknowledged.
    pub by_triggers: bool,
    /// Why generated rows were refused, in the database's words.
    #[serde(default)]
    pub refused: Option<String>,
}

/// A table whose rows differ between both sides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Different {
    /// Its name.
    pub table: String,
    /// Rows that the follower lacks.
    pub missing: u64,
    /// Rows that it has in addition.
    pub extra: u64,
    /// Rows that it has otherwise.
    pub changed: u64,
    /// Keys of some of them.
    pub examples: Vec<String>,
}

/// What was found in the tables of `--schema`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OwnReport {
    /// The file of the schema.
    #[serde(default)]
    pub schema: String,
    /// The file of the rows; null when they were generated.
    #[serde(default)]
    pub data: Option<String>,
    /// Every table.
    pub tables: Vec<OwnTable>,
    /// How many rows were compared, at every comparison together.
    pub compared: u64,
    /// Acknowledged rows that are gone.
    pub lost: u64,
    /// Rows that are there and should not be.
    pub doubled: u64,
    /// Rows that are not as they were written.
    pub changed: u64,
    /// Some of these, by name.
    pub examples: Vec<String>,
    /// Tables whose rows differed between both sides, at a moment when nothing was written.
    #[serde(default)]
    pub different: Vec<Different>,
    /// Objects and facts about them that were compared.
    pub objects: u64,
    /// Objects that are missing after the move, are there in addition, or have another definition.
    pub objects_differ: Vec<String>,
    /// Sequences that would give values again that they have given before.
    pub sequences_behind: Vec<String>,
    /// Writes that the schema's own rules refused, as they may; others were made in their place.
    pub refused: u64,
    /// What preflight refuses this schema for; then nothing was moved.
    #[serde(default)]
    pub refusals: Vec<String>,
}

impl OwnReport {
    /// Whether rows and objects arrived as they were.
    pub fn is_intact(&self) -> bool {
        self.lost + self.doubled + self.changed == 0
            && self.different.is_empty()
            && self.objects_differ.is_empty()
            && self.sequences_behind.is_empty()
    }
}
