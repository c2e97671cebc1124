//! Past runs as programs read them.

use schemars::JsonSchema;
use serde::Serialize;

use crate::apply::journal::Entry;

/// What `scalectl history --json` prints.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "History")]
pub struct Document<'a> {
    /// Which document this is: `history`.
    #[schemars(extend("const" = "history"))]
    pub document: &'static str,
    /// The version of its form; it counts up when a reader could break.
    #[schemars(extend("const" = 1))]
    pub format: u32,
    /// The runs of this application and environment, the oldest first.
    pub runs: Vec<Run<'a>>,
}

/// A run: in a list its first and last line, by itself all of them.
#[derive(Serialize, JsonSchema)]
pub struct Run<'a> {
    /// Its first line; null when even that is missing.
    pub run: Option<&'a Entry>,
    /// Its last line; null when it died before.
    pub end: Option<&'a Entry>,
    /// Every line, where one run was asked for; missing in a list.
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
