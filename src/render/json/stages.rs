//! The stages, as programs read them.

use schemars::JsonSchema;
use serde::Serialize;

/// What `scalectl stages --json` prints.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Stages")]
pub struct Document<'a> {
    /// The document type: `stages`.
    #[schemars(extend("const" = "stages"))]
    pub document: &'static str,
    /// The format version; it increases with incompatible changes.
    #[schemars(extend("const" = 1))]
    pub format: u32,
    /// The stage in the spec; null without a spec.
    pub current: Option<&'static str>,
    /// The stages, from small to large.
    pub stages: Vec<Stage<'a>>,
}

/// A stage.
#[derive(Serialize, JsonSchema)]
pub struct Stage<'a> {
    /// Its name in the spec.
    pub stage: &'static str,
    /// Its title.
    pub title: &'a str,
    /// Its purpose.
    pub description: &'a str,
    /// When to move to the next stage; null for the last.
    pub grow: Option<&'a str>,
    /// The number of resources at this stage; null without a spec, or if the spec does not support it.
    pub resources: Option<usize>,
    /// What the spec needs to support it; null if nothing.
    pub needs: Option<String>,
}

/// Stages as a document.
pub fn document<'a>(current: Option<&'static str>, stages: Vec<Stage<'a>>) -> Document<'a> {
    Document {
        document: "stages",
        format: 1,
        current,
        stages,
    }
}
