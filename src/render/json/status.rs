//! What runs now, as programs read it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::address::Address;
use crate::inventory::Status;

/// What `scalectl status --json` prints.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Status")]
pub struct Document<'a> {
    /// Which document this is: `status`.
    #[schemars(extend("const" = "status"))]
    pub document: &'static str,
    /// The version of its form; it counts up when a reader could break.
    #[schemars(extend("const" = 1))]
    pub format: u32,
    /// The application.
    pub app: &'a str,
    /// The environment.
    pub env: &'a str,
    /// The stage that was reached last; null when none was.
    pub stage: Option<&'a str>,
    /// Where the application and its parts are to be found.
    pub endpoints: Vec<Endpoint<'a>>,
    /// What exists, ordered by address.
    pub resources: Vec<Resource<'a>>,
    /// How many changes `scalectl apply` would make; null while the spec has mistakes.
    pub to_change: Option<usize>,
}

/// Where a part is to be found.
#[derive(Serialize, JsonSchema)]
pub struct Endpoint<'a> {
    /// Which part, such as `site` or `database`.
    pub what: &'a str,
    /// A URL, a name or an address.
    pub r#where: String,
    /// The resource.
    pub address: &'a Address,
}

/// Something that exists.
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
    /// Whether it can be used.
    pub status: &'a Status,
}
