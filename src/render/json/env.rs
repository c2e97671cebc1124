//! The environments of a spec, as programs read them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

/// What `scalectl env list --json` prints.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Environments")]
pub struct Environments {
    /// The document type: `environments`.
    #[schemars(extend("const" = "environments"))]
    pub document: &'static str,
    /// The format version; it increases with incompatible changes.
    #[schemars(extend("const" = 1))]
    pub format: u32,
    /// The environments; first `default`, the spec without -e.
    pub environments: Vec<Environment>,
}

/// An environment.
#[derive(Serialize, JsonSchema)]
pub struct Environment {
    /// Its name.
    pub name: String,
    /// Its stage.
    pub stage: &'static str,
    /// `sim` or `aws`.
    pub provider: &'static str,
    /// Its regions, primary first.
    pub regions: Vec<String>,
    /// Its domain.
    pub domain: Option<String>,
    /// The images of its services, by name.
    pub images: BTreeMap<String, String>,
}

/// What `scalectl env diff --json` prints.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "EnvironmentDifferences")]
pub struct Differences<'a> {
    /// The document type: `environment-differences`.
    #[schemars(extend("const" = "environment-differences"))]
    pub document: &'static str,
    /// The format version; it increases with incompatible changes.
    #[schemars(extend("const" = 1))]
    pub format: u32,
    /// The first environment.
    pub first: &'a str,
    /// The second.
    pub second: &'a str,
    /// In what they differ, by key.
    pub differences: Vec<One>,
}

/// A key in which two environments differ.
#[derive(Serialize, JsonSchema)]
pub struct One {
    /// The key with its sections, such as `services.web.image`.
    pub path: String,
    /// What the first has; a value that may be a secret is not shown.
    pub first: Option<String>,
    /// What the second has.
    pub second: Option<String>,
}
