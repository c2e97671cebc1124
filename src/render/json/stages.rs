//! The stages, as programs read them.

use schemars::JsonSchema;
use serde::Serialize;

/// What `scalectl stages --json` prints.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Stages")]
pub struct Document<'a> {
    /// Which document this is: `stages`.
    #[schemars(extend("const" = "stages"))]
    pub document: &'static str,
    /// The version of its form; it counts up when a reader could break.
    #[schemars(extend("const" = 1))]
    pub format: u32,
    /// The stage that the spec asks for; null where there is no spec.
    pub current: Option<&'static str>,
    /// The stages, in the order in which an application grows.
    pub stages: Vec<Stage<'a>>,
}

/// A stage.
#[derive(Serialize, JsonSchema)]
pub struct Stage<'a> {
    /// Its name, as the spec has it.
    pub stage: &'static str,
    /// Its name for people.
    pub title: &'a str,
    /// What it is for.
    pub description: &'a str,
    /// When to leave it for the next one; null for the last.
    pub grow: Option<&'a str>,
    /// How many resources the spec has there; null where there is no spec, or where it does not fit.
    pub resources: Option<usize>,
    /// What the spec lacks for it; null when it lacks nothing.
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
