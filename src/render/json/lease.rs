//! Who changes an application, as programs read it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::provider::Held;

/// What `scalectl lease show --json` prints.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Lease")]
pub struct Document<'a> {
    /// The document type: `lease`.
    #[schemars(extend("const" = "lease"))]
    pub document: &'static str,
    /// The format version; it increases with incompatible changes.
    #[schemars(extend("const" = 1))]
    pub format: u32,
    /// Whether it is held.
    pub held: bool,
    /// The current holder, or the last one if it expired; null if it was released.
    pub holder: Option<Holder<'a>>,
}

/// The holder of a lease.
#[derive(Serialize, JsonSchema)]
pub struct Holder<'a> {
    /// The holder: `user@host (pid 4242)`.
    pub who: &'a str,
    /// The running command, such as `apply`.
    pub command: &'a str,
    /// The start, in milliseconds since the epoch.
    pub since: u64,
    /// Seconds since it was acquired or renewed.
    pub renewed_seconds_ago: u64,
}

/// A lease as a document.
pub fn document(held: Option<&Held>) -> Document<'_> {
    Document {
        document: "lease",
        format: 1,
        held: held.is_some_and(|held| !held.over),
        holder: held.map(|held| Holder {
            who: &held.holder.who,
            command: &held.holder.command,
            since: held.holder.since,
            renewed_seconds_ago: held.renewed.as_secs(),
        }),
    }
}
