//! Whether the site is closed for maintenance, as programs read it.

use schemars::JsonSchema;
use serde::Serialize;

/// What `scalectl maintenance status --json` prints.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Maintenance")]
pub struct Maintenance {
    /// The document type: `maintenance`.
    #[schemars(extend("const" = "maintenance"))]
    pub document: &'static str,
    /// The format version; it increases with incompatible changes.
    #[schemars(extend("const" = 1))]
    pub format: u32,
    /// The regions in which the site is closed; none while it is open.
    pub closed: Vec<Region>,
}

/// A region in which the site is closed.
#[derive(Serialize, JsonSchema)]
pub struct Region {
    /// The region.
    pub region: String,
    /// Since when, RFC 3339.
    pub since: String,
    /// Who closed it.
    pub who: String,
    /// The seconds after which visitors are told to come again.
    pub retry_after: u32,
}
