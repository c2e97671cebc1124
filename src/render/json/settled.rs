//! That nothing is under way, as programs read it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::inventory::Live;
use crate::migrate::failover::writer_of;

/// What `migrate` and `failover` print with `--status --json` when nothing is in progress, and with
/// `--plan --json` when there is nothing to do. Otherwise they print a migration.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Settled")]
pub struct Document<'a> {
    /// The document type: `settled`.
    #[schemars(extend("const" = "settled"))]
    pub document: &'static str,
    /// The format version; it increases with incompatible changes.
    #[schemars(extend("const" = 1))]
    pub format: u32,
    /// The last completed stage; null if none.
    pub stage: Option<&'a str>,
    /// The region whose database takes the writes; null if unknown or none.
    pub writer: Option<String>,
}

/// What is live as a document.
pub fn document(live: &Live) -> Document<'_> {
    let record = live.record.as_ref();
    let stage = record.and_then(|record| record.stage.as_deref());
    of(stage, writer_of(live).map(|region| region.to_string()))
}

/// A stage, and the region that takes the writes, as a document.
pub fn of(stage: Option<&str>, writer: Option<String>) -> Document<'_> {
    Document {
        document: "settled",
        format: 1,
        stage,
        writer,
    }
}
