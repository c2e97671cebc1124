//! What exists in the simulator, as programs read it: all of it, of all applications.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::value::Map;

/// What `scalectl sim list --json` prints, and of one resource `scalectl sim show --json`.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Sim")]
pub struct Document<'a> {
    /// Which document this is: `sim`.
    #[schemars(extend("const" = "sim"))]
    pub document: &'static str,
    /// The version of its form; it counts up when a reader could break.
    #[schemars(extend("const" = 1))]
    pub format: u32,
    /// What exists.
    pub resources: Vec<Resource<'a>>,
}

/// Something that exists in the simulator.
#[derive(Serialize, JsonSchema)]
pub struct Resource<'a> {
    /// The CloudFormation resource type.
    pub kind: &'a str,
    /// The region.
    pub region: &'a str,
    /// Its identifier.
    pub identifier: &'a str,
    /// The cloud's word for its state, such as `creating`.
    pub state: &'a str,
    /// Its properties.
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub properties: &'a Map,
    /// The tags that say whose it is; null when it is nobody's.
    pub marks: Option<BTreeMap<&'static str, String>>,
}

/// Resources as a document.
pub fn document(resources: Vec<Resource<'_>>) -> Document<'_> {
    Document {
        document: "sim",
        format: 1,
        resources,
    }
}
