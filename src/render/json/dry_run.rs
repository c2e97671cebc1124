//! A plan's dry run, as programs read it.

use schemars::JsonSchema;
use serde::Serialize;

use super::plan;
use crate::address::Address;
use crate::apply::End;
use crate::apply::dry_run::DryRun;
use crate::plan::{Plan, Step};
use crate::snapshot::Snapshot;

/// What `scalectl apply --dry-run --json` prints.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DryRun")]
pub struct Document<'a> {
    /// The document type: `dry-run`.
    #[schemars(extend("const" = "dry-run"))]
    pub document: &'static str,
    /// The format version; it increases with incompatible changes.
    #[schemars(extend("const" = 1))]
    pub format: u32,
    /// The cloud and the time of its snapshot.
    pub live: Source<'a>,
    /// The plan, as `scalectl plan --json` prints it.
    pub plan: plan::Document<'a>,
    /// Whether every operation succeeded and matches the plan.
    pub complete: bool,
    /// Predicted seconds; null if the plan is rejected.
    pub seconds: Option<f64>,
    /// The operations, in the plan's order; none if the plan is rejected.
    pub operations: Vec<Operation<'a>>,
}

/// The cloud that a dry run starts from.
#[derive(Serialize, JsonSchema)]
pub struct Source<'a> {
    /// When it was read, RFC 3339, by the provider's clock.
    pub taken: &'a str,
    /// The account number; null if the provider has no accounts.
    pub account: Option<&'a str>,
    /// The number of the application's resources.
    pub resources: usize,
    /// The number of other resources.
    pub others: usize,
}

/// One operation.
#[derive(Serialize, JsonSchema)]
pub struct Operation<'a> {
    /// The resource.
    pub address: &'a Address,
    /// What it did.
    pub step: Step,
    /// When it started, in seconds since the start of the run; null if it did not start.
    pub began: Option<f64>,
    /// Its duration in seconds.
    pub seconds: f64,
    /// How it ended.
    #[serde(flatten)]
    pub end: &'a End,
}

/// Of what cloud, and of when, a dry run tells.
pub fn source(snapshot: &Snapshot) -> Source<'_> {
    Source {
        taken: &snapshot.taken,
        account: snapshot.account.as_deref(),
        resources: snapshot.resources.len(),
        others: snapshot.others.len(),
    }
}

/// A dry run as a document; `run` is `None` where the guard rails or the policies refuse the plan.
pub fn document<'a>(
    plan: &'a Plan,
    told: plan::Document<'a>,
    snapshot: &'a Snapshot,
    run: Option<&'a DryRun>,
) -> Document<'a> {
    Document {
        document: "dry-run",
        format: 1,
        live: source(snapshot),
        plan: told,
        complete: run.is_some_and(|run| run.report.is_complete()),
        seconds: run.map(|run| run.report.seconds),
        operations: run.map(|run| operations(plan, run)).unwrap_or_default(),
    }
}

fn operations<'a>(plan: &'a Plan, run: &'a DryRun) -> Vec<Operation<'a>> {
    let ended = plan.operations.iter().zip(&run.report.ends).enumerate();
    ended
        .map(|(number, (operation, end))| Operation {
            address: &plan.changes[operation.change].address,
            step: operation.step,
            began: run.began[number],
            seconds: run.took[number],
            end,
        })
        .collect()
}
