//! What a rehearsal found.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::Options;
use super::load::Recorded;
use super::own::OwnReport;
use super::verify::Comparison;
use crate::spec::Stage;

/// One step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct StepReport {
    /// Its name.
    pub name: String,
    /// The action that it ran.
    pub action: String,
    /// How long it took.
    pub seconds: f64,
    /// How often its script ran.
    pub attempts: u32,
    /// The longest time without an acknowledged write meanwhile.
    pub stall_ms: u64,
    /// What was killed on the way.
    pub killed: Vec<String>,
    /// What its script said for the gate.
    pub reading: Value,
    /// Why it failed.
    pub error: Option<String>,
}

/// What the load met.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct LoadReport {
    /// Requests that were answered as they should be: writes and reads.
    pub writes: u64,
    /// Reads of what had been acknowledged.
    pub reads: u64,
    /// Requests that were not.
    pub failed: u64,
    /// Requests that the application tried again by itself.
    pub retried: u64,
    /// The longest time without an acknowledged write.
    pub longest_stall_ms: u64,
    /// How long half of all writes took, from when they were due.
    pub median_ms: u64,
    /// How long 99 of 100 took.
    pub p99_ms: u64,
    /// How long the slowest took.
    pub slowest_ms: u64,
    /// Files that a cache answered.
    pub cached: u64,
    /// Why some requests failed.
    pub failures: Vec<String>,
}

/// A rehearsal.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Rehearsal")]
pub struct Report {
    /// Which document this is: `rehearsal`.
    #[schemars(extend("const" = "rehearsal"))]
    pub document: &'static str,
    /// The version of its form; it counts up when a reader could break.
    #[schemars(extend("const" = 1))]
    pub format: u32,
    /// From this stage.
    pub from: &'static str,
    /// To this one.
    pub to: &'static str,
    /// The database's engine.
    pub engine: &'static str,
    /// The servers' product and version.
    pub server: String,
    /// What the rehearsal does not show, because the servers are not those of the spec.
    pub notes: Vec<String>,
    /// Rows before it began.
    pub rows: u32,
    /// Writes a second.
    pub rate: u32,
    /// The seed.
    pub seed: u64,
    /// Whether things were killed.
    pub chaos: bool,
    /// The steps that were walked.
    pub steps: Vec<StepReport>,
    /// How many there are.
    pub steps_in_all: usize,
    /// What the load met.
    pub load: LoadReport,
    /// Acknowledged writes against the database.
    pub comparison: Comparison,
    /// Whether the accounts' totals are the sums of what was booked.
    pub balanced: bool,
    /// Whether rows and checksums of both sides were the same at the last look; null where no rows move.
    pub equal: Option<bool>,
    /// Whether the replica held in the end what the writer held; null without one.
    pub replica_equal: Option<bool>,
    /// What was found in the tables of `--schema`; null without it.
    pub own: Option<OwnReport>,
    /// Whether all is well.
    pub ok: bool,
}

/// How many failures are told.
const EXAMPLES: usize = 5;

/// What was found at the end.
pub struct Found {
    /// The servers' product and version.
    pub server: String,
    /// What is not shown.
    pub notes: Vec<String>,
    /// Steps that there are.
    pub steps_in_all: usize,
    /// Steps that were walked.
    pub walked: Vec<StepReport>,
    /// Acknowledged writes against the database.
    pub comparison: Comparison,
    /// Whether the accounts' totals are right.
    pub balanced: bool,
    /// Whether the replica is equal, if there is one.
    pub replica: Option<bool>,
    /// What was found in the user's own tables.
    pub own: Option<OwnReport>,
}

/// Puts it together.
pub fn report(
    stages: (Stage, Stage),
    options: &Options,
    recorded: &Recorded,
    found: Found,
) -> Report {
    let Found {
        server,
        notes,
        steps_in_all,
        walked,
        comparison,
        balanced,
        replica,
        own,
    } = found;
    let moves = walked.iter().any(|step| !step.action.is_empty());
    let last = walked.iter().rev().find(|step| step.action == "verify");
    let equal = moves.then(|| last.is_some_and(|step| step.reading["equal"] == true));
    let load = load(recorded);
    let complete = walked.len() == steps_in_all && walked.iter().all(|step| step.error.is_none());
    let same = equal != Some(false) && replica != Some(false);
    let kept = comparison.lost == 0 && comparison.doubled == 0 && balanced && same;
    let kept = kept && own.as_ref().is_none_or(OwnReport::is_intact);
    // A server that is killed takes requests with it; without that, none may fail.
    let served = options.chaos || load.failed == 0;
    Report {
        document: "rehearsal",
        format: 1,
        from: stages.0.name(),
        to: stages.1.name(),
        engine: options.engine.word(),
        server,
        notes,
        rows: options.rows,
        rate: options.rate,
        seed: options.seed,
        chaos: options.chaos,
        ok: complete && kept && served,
        steps: walked,
        steps_in_all,
        load,
        comparison,
        balanced,
        equal,
        replica_equal: replica,
        own,
    }
}

fn load(recorded: &Recorded) -> LoadReport {
    let mut latencies = recorded.latencies.clone();
    latencies.sort_unstable();
    let at = |share: f64| {
        let index = (latencies.len() as f64 * share) as usize;
        let found = latencies.get(index.min(latencies.len().saturating_sub(1)));
        milliseconds(found.copied().unwrap_or_default())
    };
    let (first, last) = (recorded.times.iter().min(), recorded.times.iter().max());
    let longest = match (first, last) {
        (Some(first), Some(last)) => recorded.longest_stall(*first, *last),
        _ => Duration::ZERO,
    };
    LoadReport {
        writes: recorded.acknowledged.len() as u64,
        reads: recorded.reads,
        failed: recorded.failures.len() as u64,
        retried: recorded.retried,
        longest_stall_ms: milliseconds(longest),
        median_ms: at(0.5),
        p99_ms: at(0.99),
        slowest_ms: at(1.0),
        cached: recorded.cached,
        failures: recorded.failures.iter().take(EXAMPLES).cloned().collect(),
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
