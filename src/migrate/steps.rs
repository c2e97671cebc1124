//! The steps of a migration: which phases a walk has, what each runs and asks, and what it costs.
//!
//! `blueprints/migrations/steps.yaml` declares the walk between two neighbouring stages; here it is
//! read, and laid over the graphs of each hop. What a step does to the cloud is no more than the
//! graph that stands afterwards.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::gates::Gate;
use super::graphs::{Moves, Transition};
use crate::blueprint::Library;
use crate::diagnostic::Diagnostic;
use crate::graph::Graph;
use crate::spec::Stage;

/// The name of the declaration among a library's files.
pub const FILE: &str = "blueprints/migrations/steps.yaml";

/// What a step is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Looks whether everything is fit to move; changes nothing.
    Prepare,
    /// Creates the new beside the old.
    Expand,
    /// Copies data and keeps it in sync.
    Move,
    /// Leads settings and requests over.
    Switch,
    /// Watches, while the way back is open.
    Soak,
    /// Removes the old.
    Contract,
}

/// When a step is part of a hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum When {
    /// Rows move from one database to another.
    Data,
    /// No rows move.
    NoData,
    /// Settings that the servers read change.
    Parameters,
    /// Requests are led elsewhere.
    Traffic,
    /// Requests are led elsewhere a part at a time.
    Weighted,
    /// Something goes.
    Removes,
    /// S3 begins to copy files to other regions.
    Files,
}

/// What a step may cost those who use the application.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Budget {
    /// Seconds without writes, at most.
    pub unavailable: u32,
    /// Seconds of acknowledged writes that could be lost, at most.
    pub loss: u32,
}

/// A step as declared.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Declared {
    step: Arc<str>,
    phase: Phase,
    does: Arc<str>,
    /// It is part of a hop of which one of these holds; of every hop when none is named.
    #[serde(default)]
    when: Vec<When>,
    #[serde(default)]
    weight: Option<u8>,
    /// Scripts that run before the resources change.
    #[serde(default)]
    run: Vec<Arc<str>>,
    #[serde(default)]
    gates: Vec<Gate>,
    #[serde(default)]
    budget: Budget,
    /// What it may cost instead where rows move out of MySQL on RDS.
    #[serde(default)]
    held: Option<Budget>,
    /// Seconds that the scripts take, roughly.
    #[serde(default)]
    seconds: u32,
}

/// The file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    walk: Vec<Declared>,
}

/// The declared walk between two neighbouring stages.
#[derive(Clone, Debug)]
pub struct Walk(Vec<Declared>);

impl Walk {
    /// The one of a library.
    ///
    /// # Errors
    /// When it is not one, with its place.
    pub fn of(library: &Library) -> Result<Self, Diagnostic> {
        Self::parse(FILE, library.source(FILE).unwrap_or_default())
    }

    /// Reads a declaration.
    ///
    /// # Errors
    /// When it is not one, with its place.
    pub fn parse(file: &str, text: &str) -> Result<Self, Diagnostic> {
        let parsed: File = crate::yaml::typed(file, text)?;
        let mut names = std::collections::BTreeSet::new();
        let twice = parsed.walk.iter().find(|step| !names.insert(&step.step));
        let wrong = if let Some(step) = twice {
            Some(format!("step {} is listed twice", step.step))
        } else if let Some(step) = parsed
            .walk
            .iter()
            .find(|s| s.weight.is_some_and(|w| w > 100))
        {
            Some(format!(
                "the weight of {} must be between 0 and 100",
                step.step
            ))
        } else if let Some(step) = parsed
            .walk
            .iter()
            .find(|s| s.weight.is_some() && s.phase != Phase::Switch)
        {
            Some(format!(
                "{} has a weight, but only steps in the phase switch route requests",
                step.step
            ))
        } else {
            let contracts = |data: bool| {
                parsed.walk.iter().any(|step| {
                    let when = if data { When::Data } else { When::NoData };
                    step.phase == Phase::Contract
                        && (step.when.is_empty() || step.when.contains(&when))
                })
            };
            (!contracts(true) || !contracts(false)).then(|| {
                "not every hop has a step in the phase contract, so no stage would be completed"
                    .to_owned()
            })
        };
        if let Some(wrong) = wrong {
            let place = crate::diagnostic::Location {
                file: file.into(),
                line: 1,
                column: 1,
            };
            return Err(Diagnostic::error(place, wrong));
        }
        Ok(Self(parsed.walk))
    }
}

/// One step of a migration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Its name, unique in a hop.
    pub name: Arc<str>,
    /// The stages between which it stands.
    pub hop: (Stage, Stage),
    /// What it is for.
    pub phase: Phase,
    /// What it does, in words.
    pub does: Arc<str>,
    /// What should exist afterwards.
    pub graph: Graph,
    /// Scripts that run before the resources change, by name.
    pub run: Vec<Arc<str>>,
    /// What must be true afterwards.
    pub gates: Vec<Gate>,
    /// What it may cost.
    pub budget: Budget,
    /// Seconds that its scripts take, roughly.
    pub seconds: u32,
    /// Whether there is no way back once it has begun.
    pub point_of_no_return: bool,
    /// The region that does not answer, so that nothing is asked of it.
    #[serde(default)]
    pub without: Option<Arc<str>>,
}

/// The stages on the way from one to another, the ends included.
pub fn route(from: Stage, to: Stage) -> Vec<Stage> {
    let passed = |stage: &Stage| (from.min(to)..=from.max(to)).contains(stage);
    let mut route: Vec<Stage> = Stage::ALL.into_iter().filter(passed).collect();
    if to < from {
        route.reverse();
    }
    route
}

/// The steps of one hop.
pub fn of_hop(walk: &Walk, stages: (Stage, Stage), old: &Graph, new: &Graph) -> Vec<Step> {
    let hop = Transition::new(old, new);
    let moves = hop.moves();
    let mut steps = Vec::new();
    let mut graph = old.clone();
    for declared in walk.0.iter().filter(|declared| is_part(declared, moves)) {
        graph = match (declared.phase, declared.weight) {
            (Phase::Prepare | Phase::Soak, _) => graph,
            (Phase::Expand | Phase::Move, _) => hop.expanded(),
            (Phase::Switch, None) => hop.switched(),
            (Phase::Switch, Some(weight)) => hop.shifted(weight),
            (Phase::Contract, _) => hop.contracted(),
        };
        steps.push(Step {
            name: declared.step.clone(),
            hop: stages,
            phase: declared.phase,
            does: declared.does.clone(),
            graph: graph.clone(),
            run: declared.run.clone(),
            gates: declared.gates.clone(),
            budget: match declared.held {
                Some(held) if moves.held => held,
                _ => declared.budget,
            },
            seconds: declared.seconds,
            point_of_no_return: declared.phase == Phase::Contract
                && (moves.removes || !declared.run.is_empty()),
            without: None,
        });
    }
    steps
}

fn is_part(declared: &Declared, moves: Moves) -> bool {
    let holds = |when: &When| match when {
        When::Data => moves.data,
        When::NoData => !moves.data,
        // Where rows move, their cut-over changes the settings too.
        When::Parameters => moves.parameters && !moves.data,
        When::Traffic => moves.traffic,
        When::Weighted => moves.weighted,
        When::Removes => moves.removes,
        When::Files => moves.files,
    };
    declared.when.is_empty() || declared.when.iter().any(holds)
}
