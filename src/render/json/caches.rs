//! What was made to forget, as programs read it.

use schemars::JsonSchema;
use serde::Serialize;

/// What `scalectl invalidate --json` prints.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Invalidation")]
pub struct Invalidation<'a> {
    /// Which document this is: `invalidation`.
    #[schemars(extend("const" = "invalidation"))]
    pub document: &'static str,
    /// The version of its form; it counts up when a reader could break.
    #[schemars(extend("const" = 1))]
    pub format: u32,
    /// The distribution's id.
    pub distribution: &'a str,
    /// The invalidation's id.
    pub id: &'a str,
    /// The paths that the edge has forgotten.
    pub paths: &'a [String],
    /// Seconds until every edge location had forgotten them.
    pub seconds: u64,
}

/// What `scalectl cache flush --json` prints.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Flush")]
pub struct Flush<'a> {
    /// Which document this is: `flush`.
    #[schemars(extend("const" = "flush"))]
    pub document: &'static str,
    /// The version of its form; it counts up when a reader could break.
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
    /// Its nodes that were told.
    pub nodes: u64,
}
