//! Who changes an application, as programs read it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::provider::Held;

/// What `scalectl lease show --json` prints.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Lease")]
pub struct Document<'a> {
    /// Which document this is: `lease`.
    #[schemars(extend("const" = "lease"))]
    pub document: &'static str,
    /// The version of its form; it counts up when a reader could break.
    #[schemars(extend("const" = 1))]
    pub format: u32,
    /// Whether somebody holds it, so that nobody else gets it.
    pub held: bool,
    /// Who holds it, or did until it was over; null when it was given back.
    pub holder: Option<Holder<'a>>,
}

/// Who holds a lease.
#[derive(Serialize, JsonSchema)]
pub struct Holder<'a> {
    /// Who: `user@host (pid 4242)`.
    pub who: &'a str,
    /// The command under way, such as `apply`.
    pub command: &'a str,
    /// Since when, in milliseconds since the epoch.
    pub since: u64,
    /// How many seconds ago it was taken or renewed.
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
