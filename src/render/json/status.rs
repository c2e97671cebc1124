//! What runs now, as programs read it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::address::Address;
use crate::inventory::Status;

/// What `scalectl status --json` prints.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Status")]
pub struct Document<'a> {
    /// The document type: `status`.
    #[schemars(extend("const" = "status"))]
    pub document: &'static str,
    /// The format version; it increases with incompatible changes.
    #[schemars(extend("const" = 1))]
    pub format: u32,
    /// The application.
    pub app: &'a str,
    /// The environment.
    pub env: &'a str,
    /// The last completed stage; null if none.
    pub stage: Option<&'a str>,
    /// The endpoints of the application and its parts.
    pub endpoints: Vec<Endpoint<'a>>,
    /// The existing resources, ordered by address.
    pub resources: Vec<Resource<'a>>,
    /// The number of changes that `scalectl apply` would make; null if the spec is invalid.
    pub to_change: Option<usize>,
}

/// An endpoint.
#[derive(Serialize, JsonSchema)]
pub struct Endpoint<'a> {
    /// The part, such as `site` or `database`.
    pub what: &'a str,
    /// A URL, a name or an address.
    pub r#where: String,
    /// The resource.
    pub address: &'a Address,
}

/// An existing resource.
#[derive(Serialize, JsonSchema)]
pub struct Resource<'a> {
    /// Its address.
    pub address: &'a Address,
    /// The CloudFormation resource type.
    pub kind: &'a str,
    /// The part of the architecture.
    pub tier: String,
    /// The cloud's identifier.
    pub identifier: &'a str,
    /// Its status.
    pub status: &'a Status,
}
