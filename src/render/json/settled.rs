//! That nothing is under way, as programs read it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::inventory::Live;
use crate::migrate::failover::writer_of;

/// What `migrate` and `failover` print with `--status --json` when nothing is under way, and with
/// `--plan --json` when there is nothing to do. Otherwise they print a migration.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Settled")]
pub struct Document<'a> {
    /// Which document this is: `settled`.
    #[schemars(extend("const" = "settled"))]
    pub document: &'static str,
    /// The version of its form; it counts up when a reader could break.
    #[schemars(extend("const" = 1))]
    pub format: u32,
    /// The stage that was reached last; null when none was.
    pub stage: Option<&'a str>,
    /// The region whose database takes the writes; null where that is not known, or no region's.
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
