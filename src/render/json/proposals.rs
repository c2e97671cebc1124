//! What could be adopted, as programs read it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::plan::import_match::Proposal;

/// What `scalectl import --discover --json` prints.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Proposals")]
pub struct Document<'a> {
    /// Which document this is: `proposals`.
    #[schemars(extend("const" = "proposals"))]
    pub document: &'static str,
    /// The version of its form; it counts up when a reader could break.
    #[schemars(extend("const" = 1))]
    pub format: u32,
    /// How many resources of the spec are not managed yet.
    pub missing: usize,
    /// What fits them, in the order in which to import.
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
