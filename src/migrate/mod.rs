//! Migrations: from one stage to another in planned, checked, resumable and reversible steps.
//!
//! A step is a graph: what should exist once it is done. So the steps of a migration are carried
//! out by the same diff and apply as everything else, a step that was interrupted is simply done
//! again, and the way back is the graph before. Beside its graph a step has scripts that run on the
//! servers, and gates that must open before the next one.
//!
//! [`graphs`] derives the graphs between two stages, [`merge`] what a resource looks like while both
//! need it, [`steps`] lays the declared walk over them, [`gate`] judges answers, [`reach`] follows
//! requests to the servers, [`walk`] does it, and [`mod@forecast`] does it on an embedded cloud to say
//! what it would be. All but the last two are pure.

pub mod action;
pub mod forecast;
pub mod gate;
pub mod graphs;
pub mod merge;
pub mod reach;
pub mod steps;
pub mod walk;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

pub use steps::{Budget, Phase, Step, Walk, route};

use crate::graph::Graph;
use crate::provider::Standing;
use crate::spec::Stage;

/// A way from one stage to another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Migration {
    /// Where it begins.
    pub from: Stage,
    /// Where it ends.
    pub to: Stage,
    /// What exists at the beginning.
    pub start: Graph,
    /// Its steps, those of each hop one after the other.
    pub steps: Vec<Step>,
    /// A digest of what it leads through: another one after the spec or the blueprints changed what
    /// exists or what runs. How long is waited, and for what, may change.
    pub digest: Arc<str>,
}

fn digest(start: &Graph, steps: &[Step]) -> Arc<str> {
    let steps: Vec<_> = steps
        .iter()
        .map(|step| (&step.name, step.hop, step.phase, &step.run, &step.graph))
        .collect();
    // Serialising plain data with string keys cannot fail.
    let text = serde_json::to_vec(&(start, steps)).unwrap_or_default();
    let digest = Sha256::digest(&text);
    let hex: String = digest.iter().take(12).map(|b| format!("{b:02x}")).collect();
    hex.into()
}

impl Migration {
    /// The migration over the stages of [`route`], whose graphs are given.
    /// `None` when one is missing.
    pub fn new(walk: &Walk, route: &[Stage], graphs: &BTreeMap<Stage, Graph>) -> Option<Self> {
        let (from, to) = (*route.first()?, *route.last()?);
        let mut steps = Vec::new();
        for pair in route.windows(2) {
            let [old, new] = pair else { continue };
            let (before, after) = (graphs.get(old)?, graphs.get(new)?);
            steps.extend(steps::of_hop(walk, (*old, *new), before, after));
        }
        let start = graphs.get(&from)?.clone();
        let digest = digest(&start, &steps);
        Some(Self {
            from,
            to,
            start,
            steps,
            digest,
        })
    }

    /// The same, with so many seconds to watch before anything old is removed.
    #[must_use]
    pub fn with_soak(mut self, soak: Option<u32>) -> Self {
        let soaks = self.steps.iter_mut().filter(|s| s.phase == Phase::Soak);
        for gate in soaks.flat_map(|step| &mut step.gates) {
            if let (gate::Check::Hold { seconds }, Some(soak)) = (&mut gate.check, soak) {
                *seconds = soak;
            }
        }
        self
    }

    /// What exists before a step.
    pub fn before(&self, step: usize) -> &Graph {
        match step.checked_sub(1).and_then(|step| self.steps.get(step)) {
            Some(step) => &step.graph,
            None => &self.start,
        }
    }

    /// The first step of the hop that a step belongs to: as far back as a rollback leads.
    pub fn hop_begins(&self, step: usize) -> usize {
        let Some(hop) = self.steps.get(step).map(|step| step.hop) else {
            return self.steps.len();
        };
        self.steps
            .iter()
            .position(|step| step.hop == hop)
            .unwrap_or(step)
    }

    /// Whether this is the migration that is under way there, and leads through the same.
    pub fn is_of(&self, standing: &Standing) -> bool {
        self.steps.len() > standing.step && self.digest == standing.digest
    }

    /// Whether a step is the last one of its hop.
    pub fn ends_hop(&self, step: usize) -> bool {
        let hop = |step: usize| self.steps.get(step).map(|step| step.hop);
        hop(step) != hop(step + 1)
    }

    /// The same with gates of the user's after each step that leads the application over.
    #[must_use]
    pub fn with_gates(mut self, gates: &[gate::Gate]) -> Self {
        for step in &mut self.steps {
            if matches!(step.phase, Phase::Switch | Phase::Soak | Phase::Contract) {
                step.gates.extend(gates.iter().cloned());
            }
        }
        self
    }

    /// The same without gates that say something about the real cloud only.
    #[must_use]
    pub fn without_user_gates(mut self) -> Self {
        for step in &mut self.steps {
            step.gates.retain(|gate| !gate.check.is_users());
        }
        self
    }
}
