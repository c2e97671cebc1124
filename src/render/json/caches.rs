//! What was made to forget, as programs read it.

use schemars::JsonSchema;
use serde::Serialize;

/// What `scalectl invalidate --json` prints.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Invalidation")]
pub struct Invalidation<'a> {
    /// The document type: `invalidation`.
    #[schemars(extend("const" = "invalidation"))]
    pub document: &'static str,
    /// The format version; it increases with incompatible changes.
    #[schemars(extend("const" = 1))]
    pub format: u32,
    /// The distribution's id.
    pub distribution: &'a str,
    /// The invalidation's id.
    pub id: &'a str,
    /// The invalidated paths.
    pub paths: &'a [String],
    /// Seconds until the invalidation was complete.
    pub seconds: u64,
}

/// What `scalectl cache flush --json` prints.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Flush")]
pub struct Flush<'a> {
    /// The document type: `flush`.
    #[schemars(extend("const" = "flush"))]
    pub document: &'static str,
    /// The format version; it increases with incompatible changes.
    #[schemars(extend("const" = 1))]
    pub format: u32,
    /// The caches that were emptied.
    pub caches: Vec<Flushed<'a>>,
}

/// A cache that was emptied.
#[derive(Serialize, JsonSchema)]
pub struct Flushed<'a> {
    /// Its region.
    pub region: &'a str,
    /// The number of its nodes that were flushed.
    pub nodes: u64,
}
