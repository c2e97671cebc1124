//! Where an application is, as programs read it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::address::Address;

/// What `scalectl output --json` prints.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Outputs")]
pub struct Outputs<'a> {
    /// The document type: `outputs`.
    #[schemars(extend("const" = "outputs"))]
    pub document: &'static str,
    /// The format version; it increases with incompatible changes.
    #[schemars(extend("const" = 1))]
    pub format: u32,
    /// The outputs.
    pub outputs: Vec<&'a Output<'a>>,
}

/// An address of the application or one of its parts.
#[derive(Serialize, JsonSchema)]
pub struct Output<'a> {
    /// Its name, such as `site` or `load-balancer`; several regions have several of one name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// The resource that has it.
    #[schemars(with = "String")]
    pub address: &'a Address,
}

/// A line of `scalectl logs --json`.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LogLine")]
pub struct Line<'a> {
    /// When, RFC 3339.
    pub at: String,
    /// The region.
    pub region: &'a str,
    /// The service.
    pub service: &'a str,
    /// The log stream: a container.
    pub stream: &'a str,
    /// The line.
    pub text: &'a str,
}
