//! What doctor found, as programs read it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::doctor::{Check, Verdict};

/// What `scalectl doctor --json` prints.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Doctor")]
pub struct Document<'a> {
    /// The document type: `doctor`.
    #[schemars(extend("const" = "doctor"))]
    pub document: &'static str,
    /// The format version; it increases with incompatible changes.
    #[schemars(extend("const" = 1))]
    pub format: u32,
    /// Whether no check fails; warnings are allowed.
    pub ok: bool,
    /// The checks, in order of execution.
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
