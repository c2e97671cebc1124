//! A migration as programs read it: types whose doc comments become the published JSON Schema.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::findings::Policy;
use crate::address::Address;
use crate::inventory::{Failover, Owner, Standing};
use crate::migrate::gates::Gate;
use crate::migrate::{Budget, Phase, Step};
use crate::plan::{Action, Blast, Change};
use crate::render::migration::Frame;

/// The version of the form.
pub const FORMAT: u32 = 1;

/// What `scalectl migrate --plan --json` prints, and `scalectl plan --json` if the spec's stage
/// differs from the deployed one.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Migration")]
pub struct Document<'a> {
    /// The document type: `migration`.
    #[schemars(extend("const" = "migration"))]
    pub document: &'static str,
    /// The format version; it increases with incompatible changes.
    #[schemars(extend("const" = FORMAT))]
    pub format: u32,
    /// The application.
    pub app: &'a str,
    /// The environment.
    pub env: &'a str,
    /// The provider: `sim` or `aws`.
    pub provider: &'a str,
    /// The old stage; for a failover, the region that takes the writes.
    pub from: &'a str,
    /// The new stage; for a failover, the region that will take the writes.
    pub to: &'a str,
    /// The failover's details; null for a migration.
    pub failover: Option<&'a Failover>,
    /// A digest of all steps.
    pub digest: &'a str,
    /// Its status; null if it has not started.
    pub standing: Option<&'a Standing>,
    /// The maximum cost of all steps together.
    pub budget: Budget,
    /// The policy findings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy<'a>>,
    /// Predicted seconds of all steps.
    pub seconds: f64,
    /// The steps, in order.
    pub steps: Vec<StepJson<'a>>,
}

/// One step.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Step")]
pub struct StepJson<'a> {
    /// Its number, starting at 1.
    pub number: usize,
    /// Its name, unique in a hop.
    pub name: &'a str,
    /// The two stages that it connects.
    pub hop: [&'a str; 2],
    /// Its phase.
    pub phase: Phase,
    /// A description.
    pub does: &'a str,
    /// Scripts that run before the resources change, by name.
    pub runs: &'a [Arc<str>],
    /// The gates that must pass afterwards.
    pub gates: &'a [Gate],
    /// Its maximum cost.
    pub budget: Budget,
    /// Whether it cannot be rolled back once started.
    pub point_of_no_return: bool,
    /// Predicted seconds; null if unknown.
    pub seconds: Option<f64>,
    /// The changes, ordered by address; null if unknown.
    pub changes: Option<Vec<ChangeJson<'a>>>,
    /// Descriptions of interruptions; null if unknown.
    pub interrupts: Option<&'a [String]>,
    /// The blast radius of its changes; null if unknown.
    pub blast_radius: Option<Blast>,
}

/// The change of one resource in a step.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Change")]
pub struct ChangeJson<'a> {
    /// The resource.
    pub address: &'a Address,
    /// The CloudFormation resource type.
    pub kind: &'a str,
    /// The action.
    pub action: Action,
}

/// The migration as JSON.
pub fn document<'a>(frame: &Frame<'a>, owner: &'a Owner, provider: &'a str) -> Document<'a> {
    let migration = frame.migration;
    let steps = migration.steps.iter().enumerate();
    Document {
        document: "migration",
        format: FORMAT,
        app: &owner.app,
        env: &owner.env,
        provider,
        from: migration.ends().0,
        to: migration.ends().1,
        failover: migration.failover.as_ref(),
        policy: None,
        digest: &migration.digest,
        standing: frame.standing,
        budget: frame.total(),
        seconds: frame.seconds(),
        steps: steps
            .map(|(number, step)| step_json(frame, number, step))
            .collect(),
    }
}

fn step_json<'a>(frame: &Frame<'a>, number: usize, step: &'a Step) -> StepJson<'a> {
    let forecast = frame.forecasts.get(number);
    let change = |change: &'a Change| ChangeJson {
        address: &change.address,
        kind: &change.kind,
        action: change.action,
    };
    StepJson {
        number: number + 1,
        name: &step.name,
        hop: [step.hop.0.name(), step.hop.1.name()],
        phase: step.phase,
        does: &step.does,
        runs: &step.run,
        gates: &step.gates,
        budget: frame.budget(number),
        point_of_no_return: step.point_of_no_return,
        seconds: forecast.map(|one| one.seconds),
        changes: forecast.map(|one| one.plan.changes.iter().map(change).collect()),
        interrupts: forecast.map(|one| one.interrupts.as_slice()),
        blast_radius: forecast.map(|one| one.plan.blast()),
    }
}
