//! What doctor found, as programs read it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::doctor::{Check, Verdict};

/// What `scalectl doctor --json` prints.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Doctor")]
pub struct Document<'a> {
    /// Which document this is: `doctor`.
    #[schemars(extend("const" = "doctor"))]
    pub document: &'static str,
    /// The version of its form; it counts up when a reader could break.
    #[schemars(extend("const" = 1))]
    pub format: u32,
    /// Whether no check fails; warnings are well.
    pub ok: bool,
    /// The checks, in the order in which they were made.
    pub checks: &'a [Check],
}

/// Checks as a document.
pub fn document(checks: &[Check]) -> Document<'_> {
    Document {
        document: "doctor",
        format: 1,
        ok: checks.iter().all(|check| check.verdict < Verdict::Fails),
        checks,
    }
}
