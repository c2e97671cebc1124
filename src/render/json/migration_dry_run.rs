//! A migration's dry run, as programs read it.

use schemars::JsonSchema;
use serde::Serialize;

use super::dry_run::{Source, source};
use super::migration;
use crate::migrate::Step;
use crate::migrate::dry_run::DryWalk;
use crate::snapshot::Snapshot;

/// What `scalectl migrate --dry-run --json` prints.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "MigrationDryRun")]
pub struct Document<'a> {
    /// The document type: `migration-dry-run`.
    #[schemars(extend("const" = "migration-dry-run"))]
    pub document: &'static str,
    /// The format version; it increases with incompatible changes.
    #[schemars(extend("const" = 1))]
    pub format: u32,
    /// The cloud and the time of its snapshot.
    pub live: Source<'a>,
    /// The migration, as `scalectl migrate --plan --json` prints it.
    pub migration: migration::Document<'a>,
    /// Whether every step was run.
    pub complete: bool,
    /// The total duration in seconds.
    pub seconds: f64,
    /// The steps that were run, in order.
    pub steps: Vec<Taken<'a>>,
    /// The step that failed; null if none.
    pub failed: Option<Failed<'a>>,
}

/// A step that was run.
#[derive(Serialize, JsonSchema)]
pub struct Taken<'a> {
    /// Its number, starting at 1.
    pub step: usize,
    /// Its name.
    pub name: &'a str,
    /// Its duration in seconds.
    pub seconds: f64,
}

/// A step that failed.
#[derive(Serialize, JsonSchema)]
pub struct Failed<'a> {
    /// Its number, starting at 1.
    pub step: usize,
    /// Its name.
    pub name: &'a str,
    /// The reason.
    pub error: &'a str,
}

/// A dry run as a document; `why` it stopped, in words, if it did.
pub fn document<'a>(
    steps: &'a [Step],
    told: migration::Document<'a>,
    snapshot: &'a Snapshot,
    walked: &DryWalk,
    why: Option<&'a str>,
) -> Document<'a> {
    Document {
        document: "migration-dry-run",
        format: 1,
        live: source(snapshot),
        migration: told,
        complete: walked.halt.is_none(),
        seconds: walked.seconds(),
        steps: walked
            .taken
            .iter()
            .map(|(number, seconds)| Taken {
                step: number + 1,
                name: &steps[*number].name,
                seconds: *seconds,
            })
            .collect(),
        failed: walked.halt.as_ref().map(|(number, _)| Failed {
            step: number + 1,
            name: &steps[*number].name,
            error: why.unwrap_or_default(),
        }),
    }
}
