//! Past runs as programs read them.

use schemars::JsonSchema;
use serde::Serialize;

use crate::apply::journal::Entry;

/// What `scalectl history --json` prints.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "History")]
pub struct Document<'a> {
    /// The document type: `history`.
    #[schemars(extend("const" = "history"))]
    pub document: &'static str,
    /// The format version; it increases with incompatible changes.
    #[schemars(extend("const" = 1))]
    pub format: u32,
    /// The runs of this application and environment, oldest first.
    pub runs: Vec<Run<'a>>,
}

/// A run: its first and last line in a list, all lines otherwise.
#[derive(Serialize, JsonSchema)]
pub struct Run<'a> {
    /// Its first line; null if missing.
    pub run: Option<&'a Entry>,
    /// Its last line; null if it was killed before.
    pub end: Option<&'a Entry>,
    /// All lines if a single run was requested; missing in a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entries: Option<&'a [Entry]>,
}

/// Runs as a document.
pub fn document(runs: Vec<Run<'_>>) -> Document<'_> {
    Document {
        document: "history",
        format: 1,
        runs,
    }
}
