//! Migrations: from one stage to another in planned, checked, resumable and reversible steps.
//!
//! A step is a graph: what should exist once it is done. So the steps of a migration are carried
//! out by the same diff and apply as everything else, a step that was interrupted is simply done
//! again, and the way back is the graph before. Beside its graph a step has scripts that run on the
//! servers, and gates that must open before the next one.
//!
//! [`graphs`] derives the graphs between two stages (`challenge`: what a new server needs for its certificate), [`merge`] what a resource looks like while both
//! need it, [`steps`] lays the declared walk over them, [`gates`] judges readings, [`routing`] follows
//! requests to the servers, [`probe`] sends some, [`failover`] makes steps of moving a database's writes to
//! another region, [`walk`] does it, [`mod@forecast`] does it on a simulator to say what it would be, and
//! [`mod@dry_run`] on one that stands as a snapshot says, [`saved`] is one in a file. All but [`probe`] and the last three are pure.

pub mod action;
mod challenge;
pub mod dry_run;
pub mod failover;
pub mod files;
pub mod forecast;
pub mod gates;
pub mod graphs;
pub mod merge;
pub mod probe;
mod room;
pub mod routing;
pub mod saved;
pub mod steps;
pub mod walk;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

pub use steps::{Budget, Phase, Step, Walk, route};

use gates::{Check, Errors, Gate, Hold, Latency};

use crate::graph::Graph;
use crate::inventory::{Failover, Standing};
use crate::spec::{Domain, Spec, Stage};
use crate::value::wildcard;

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
    /// What it fails over, where it stays at its stage.
    pub failover: Option<Failover>,
    /// A digest of what it leads through: another one after the spec or the blueprints changed what
    /// exists or what runs. How long is waited, and for what, may change.
    pub digest: Arc<str>,
    /// Requests that the site has to answer: a name, and a path of it.
    #[serde(default)]
    pub requests: Vec<(Arc<str>, Arc<str>)>,
}

fn digest(start: &Graph, steps: &[Step]) -> Arc<str> {
    let steps: Vec<_> = steps
        .iter()
        .map(|step| (&step.name, step.hop, step.phase, &step.run, &step.graph))
        .collect();
    // Serialising plain data with string keys cannot fail.
    let text = serde_json::to_vec(&(start, steps)).unwrap_or_default();
    hex::encode(&Sha256::digest(&text)[..12]).into()
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
            failover: None,
            digest,
            requests: Vec::new(),
        })
    }

    /// From where to where, by the names that a record has: stages, or the regions of a failover.
    pub fn ends(&self) -> (&str, &str) {
        match &self.failover {
            Some(failover) => (&failover.from, &failover.to),
            None => (self.from.name(), self.to.name()),
        }
    }

    /// The same, with so many seconds to watch before anything old is removed.
    #[must_use]
    pub fn with_soak(mut self, soak: Option<u32>) -> Self {
        let soaks = self.steps.iter_mut().filter(|s| s.phase == Phase::Soak);
        for gate in soaks.flat_map(|step| &mut step.gates) {
            if let (Check::Hold(Hold { seconds }), Some(soak)) = (&mut gate.check, soak) {
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

    /// Whether a rollback leads back over a step that was begun.
    pub fn has_way_back(&self, step: usize) -> bool {
        let mut hop = self.steps.iter().take(step + 1).skip(self.hop_begins(step));
        hop.all(|step| !step.point_of_no_return)
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
    pub fn with_gates(mut self, gates: &[Gate]) -> Self {
        for step in &mut self.steps {
            if matches!(step.phase, Phase::Switch | Phase::Soak | Phase::Contract) {
                step.gates.extend(gates.iter().cloned());
            }
        }
        self
    }

    /// The same for the services of a spec, and with what it says about how they have to answer.
    #[must_use]
    pub fn with_site(mut self, spec: &Spec) -> Self {
        let name = spec.domain.as_ref().map(Domain::name).map(str::to_owned);
        // A worker answers nothing.
        for service in spec.services.values().filter(|one| one.is_web()) {
            let path = &service.health.path;
            // What no pattern of a service takes is none of its answers; a load balancer's rules know both wildcards
            // (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html).
            if !service
                .paths
                .iter()
                .any(|pattern| wildcard::matches(pattern, path))
            {
                continue;
            }
            let names = if service.hosts.is_empty() {
                name.iter().collect::<Vec<_>>()
            } else {
                service.hosts.iter().collect()
            };
            let requests = names
                .into_iter()
                .map(|n| (n.as_str().into(), path.as_str().into()));
            self.requests.extend(requests);
        }
        let settings = &spec.migration;
        for gate in self.steps.iter_mut().flat_map(|step| &mut step.gates) {
            match &mut gate.check {
                Check::Errors(Errors { below }) => *below = settings.errors.unwrap_or(*below),
                Check::Latency(Latency { below }) => *below = settings.latency.unwrap_or(*below),
                _ => {}
            }
        }
        if settings.probe == Some(false) {
            for step in &mut self.steps {
                step.gates
                    .retain(|gate| !matches!(gate.check, Check::Answers(_) | Check::Probe(_)));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_hop_has_a_way_back_of_its_own() {
        let step = |hop, point_of_no_return| Step {
            without: None,
            name: "x".into(),
            hop,
            phase: Phase::Expand,
            does: "x".into(),
            graph: Graph::default(),
            run: Vec::new(),
            gates: Vec::new(),
            budget: Budget::default(),
            seconds: 0,
            point_of_no_return,
        };
        let first = (Stage::SingleServer, Stage::SplitDb);
        let second = (Stage::SplitDb, Stage::LoadBalanced);
        let steps = [
            (first, false),
            (first, true),
            (first, false),
            (second, false),
            (second, true),
        ];
        let migration = Migration {
            failover: None,
            requests: Vec::new(),
            from: Stage::SingleServer,
            to: Stage::LoadBalanced,
            start: Graph::default(),
            steps: steps.map(|(hop, none)| step(hop, none)).into(),
            digest: "0".into(),
        };
        let back: Vec<bool> = (0..5).map(|n| migration.has_way_back(n)).collect();
        assert_eq!(back, [true, false, false, true, false]);
    }
}
