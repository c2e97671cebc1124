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
    /// Which document this is: `migration-dry-run`.
    #[schemars(extend("const" = "migration-dry-run"))]
    pub document: &'static str,
    /// The version of its form; it counts up when a reader could break.
    #[schemars(extend("const" = 1))]
    pub format: u32,
    /// Of what cloud it tells, and of when.
    pub live: Source<'a>,
    /// The migration, as `scalectl migrate --plan --json` prints it.
    pub migration: migration::Document<'a>,
    /// Whether every step was taken.
    pub complete: bool,
    /// How many seconds the steps took together.
    pub seconds: f64,
    /// The steps that were taken, in order.
    pub steps: Vec<Taken<'a>>,
    /// The step that stopped it; null when none did.
    pub failed: Option<Failed<'a>>,
}

/// A step that was taken.
#[derive(Serialize, JsonSchema)]
pub struct Taken<'a> {
    /// Its number, from 1 on.
    pub step: usize,
    /// Its name.
    pub name: &'a str,
    /// How many seconds it took.
    pub seconds: f64,
}

/// A step that could not be taken.
#[derive(Serialize, JsonSchema)]
pub struct Failed<'a> {
    /// Its number, from 1 on.
    pub step: usize,
    /// Its name.
    pub name: &'a str,
    /// Why.
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
