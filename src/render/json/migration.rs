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

/// What `scalectl migrate --plan --json` prints, and `scalectl plan --json` where the spec asks for
/// another stage than the live one.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Migration")]
pub struct Document<'a> {
    /// Which document this is: `migration`.
    #[schemars(extend("const" = "migration"))]
    pub document: &'static str,
    /// The version of its form; it counts up when a reader could break.
    #[schemars(extend("const" = FORMAT))]
    pub format: u32,
    /// The application.
    pub app: &'a str,
    /// The environment.
    pub env: &'a str,
    /// The provider: `sim` or `aws`.
    pub provider: &'a str,
    /// The stage where it begins; of a failover, the region that takes the writes.
    pub from: &'a str,
    /// The stage where it leads; of a failover, the region that will take the writes.
    pub to: &'a str,
    /// What makes it a failover; null when it is none.
    pub failover: Option<&'a Failover>,
    /// A digest of the whole way.
    pub digest: &'a str,
    /// Where it stands; null when it has not begun.
    pub standing: Option<&'a Standing>,
    /// What all steps may cost together.
    pub budget: Budget,
    /// What policies say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy<'a>>,
    /// The predicted seconds of all steps.
    pub seconds: f64,
    /// The steps, in order.
    pub steps: Vec<StepJson<'a>>,
}

/// One step.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Step")]
pub struct StepJson<'a> {
    /// Its number, from 1 on.
    pub number: usize,
    /// Its name, unique in a hop.
    pub name: &'a str,
    /// The two stages between which it stands.
    pub hop: [&'a str; 2],
    /// What it is for.
    pub phase: Phase,
    /// What it does, in words.
    pub does: &'a str,
    /// Scripts that run before the resources change, by name.
    pub runs: &'a [Arc<str>],
    /// What must be true afterwards.
    pub gates: &'a [Gate],
    /// What it may cost.
    pub budget: Budget,
    /// Whether there is no way back once it has begun.
    pub point_of_no_return: bool,
    /// The predicted seconds; null when they are not known.
    pub seconds: Option<f64>,
    /// The changes, ordered by address; null when they are not known.
    pub changes: Option<Vec<ChangeJson<'a>>>,
    /// What is interrupted, and how, in words; null when it is not known.
    pub interrupts: Option<&'a [String]>,
    /// What its changes put at risk; null when they are not known.
    pub blast_radius: Option<Blast>,
}

/// What happens to one resource in a step.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Change")]
pub struct ChangeJson<'a> {
    /// Which.
    pub address: &'a Address,
    /// The CloudFormation resource type.
    pub kind: &'a str,
    /// What happens.
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
