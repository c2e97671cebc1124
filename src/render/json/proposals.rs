//! What could be adopted, as programs read it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::plan::import_match::Proposal;

/// What `scalectl import --discover --json` prints.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Proposals")]
pub struct Document<'a> {
    /// The document type: `proposals`.
    #[schemars(extend("const" = "proposals"))]
    pub document: &'static str,
    /// The format version; it increases with incompatible changes.
    #[schemars(extend("const" = 1))]
    pub format: u32,
    /// The number of resources in the spec that are not managed yet.
    pub missing: usize,
    /// The matches, in the order to import them.
    pub proposals: &'a [Proposal],
}

/// Proposals as a document.
pub fn document(missing: usize, proposals: &[Proposal]) -> Document<'_> {
    Document {
        document: "proposals",
        format: 1,
        missing,
        proposals,
    }
}
