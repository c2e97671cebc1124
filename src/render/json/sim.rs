//! What exists in the simulator, as programs read it: all of it, of all applications.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::value::Map;

/// What `scalectl sim list --json` prints, and `scalectl sim show --json` for one resource.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Sim")]
pub struct Document<'a> {
    /// The document type: `sim`.
    #[schemars(extend("const" = "sim"))]
    pub document: &'static str,
    /// The format version; it increases with incompatible changes.
    #[schemars(extend("const" = 1))]
    pub format: u32,
    /// The resources.
    pub resources: Vec<Resource<'a>>,
}

/// A resource in the simulator.
#[derive(Serialize, JsonSchema)]
pub struct Resource<'a> {
    /// The CloudFormation resource type.
    pub kind: &'a str,
    /// The region.
    pub region: &'a str,
    /// Its identifier.
    pub identifier: &'a str,
    /// Its state as reported by the cloud, such as `creating`.
    pub state: &'a str,
    /// Its properties.
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub properties: &'a Map,
    /// Its ownership tags; null if it is unmanaged.
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
