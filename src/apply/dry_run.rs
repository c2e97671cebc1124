//! What an apply would meet: found by doing it, on a simulator in memory that stands as a
//! snapshot says. Nothing but that memory is touched.
//!
//! The simulator refuses what AWS refuses and takes the time that AWS takes. What a snapshot
//! cannot hold, values that AWS never gives back, comes from the spec where the marks say that it is
//! what was set; elsewhere nobody misses it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Context, Event, Report, Stop, execute, write_record};
use crate::address::Address;
use crate::compare::Rules;
use crate::graph::Graph;
use crate::inventory::{Live, Record};
use crate::ownership;
use crate::plan::Plan;
use crate::provider::Provider as _;
use crate::provider::sim::Sim;
use crate::provider::sim::cloud::Cloud;
use crate::provider::sim::faults::Faults;
use crate::provider::sim::load::Found;
use crate::snapshot::Snapshot;
use crate::value::{Map, Reference, Value};

/// What came of a dry run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DryRun {
    /// How each operation ended.
    pub report: Report,
    /// When each began, in seconds since the run did; `None` for what was not begun.
    pub began: Vec<Option<f64>>,
    /// How many seconds each took.
    pub took: Vec<f64>,
}

/// A simulator in memory that stands as `snapshot` says, its clock where the snapshot was taken.
/// `graphs` are what may have been applied there last.
pub fn world(snapshot: &Snapshot, graphs: &[&Graph]) -> Sim {
    let live = snapshot.live();
    let found = Found {
        owner: &snapshot.owner,
        live: &live,
        others: &snapshot.others,
        looked: snapshot.looked(),
    };
    let mut cloud = Cloud::holding(found, snapshot.at());
    for graph in graphs {
        cloud.reveal(&snapshot.owner, &unseen_values(graph, &live));
    }
    Sim::in_memory(cloud, Faults::default(), snapshot.at())
}

/// Carries a plan out on a simulator; `record` is the app's as it is written before anything is
/// made. Runs under a runtime whose time jumps.
pub async fn dry_run(
    sim: &Sim,
    snapshot: &Snapshot,
    plan: &Plan,
    record: &Record,
    workers: Option<usize>,
    on_event: &mut dyn FnMut(&Event),
) -> DryRun {
    let stop = Stop::default();
    let context = Context {
        provider: sim,
        owner: &snapshot.owner,
        stop: &stop,
    };
    let clock = sim.clock();
    let mut run = DryRun {
        began: vec![None; plan.operations.len()],
        took: vec![0.0; plan.operations.len()],
        ..DryRun::default()
    };
    // In memory, with nothing failing on purpose, nothing stands against it.
    let _ = write_record(&context, record).await;
    let start = clock.now();
    run.report = execute(&context, plan, workers, &mut |event| {
        match event {
            Event::Started { operation, .. } => {
                let passed = clock.now().saturating_sub(start);
                run.began[*operation] = Some(passed as f64 / 1000.0);
            }
            Event::Finished {
                operation, seconds, ..
            } => run.took[*operation] = *seconds,
            Event::Retrying { .. } | Event::Waiting { .. } | Event::Note { .. } => {}
        }
        on_event(event);
    })
    .await;
    run
}

/// The values that AWS never gives back, of each resource whose marks say that they are what the graph
/// has.
fn unseen_values(graph: &Graph, live: &Live) -> BTreeMap<Address, Map> {
    let answer = |reference: &Reference| -> Option<Value> {
        // Others see a property as it was asked for.
        let desired = graph.get(&reference.address);
        let asked = desired.and_then(|desired| desired.properties.at(&reference.path));
        if let Some(asked) = asked.filter(|asked| !asked.is_symbolic()) {
            return Some(asked.clone());
        }
        let live = live.resources.get(&reference.address)?;
        live.properties.at(&reference.path).cloned()
    };
    let mut known: BTreeMap<Address, Map> = BTreeMap::new();
    for resource in graph.iter() {
        let Some(applied) = live
            .resources
            .get(&resource.address)
            .filter(|live| live.kind == resource.kind)
            .and_then(|live| live.applied.as_ref())
        else {
            continue;
        };
        let rules = Rules::of(&resource.kind);
        for (name, value) in &resource.properties {
            let value = value.resolve(&answer);
            let is_unseen = rules.is_write_only(name) && !value.is_symbolic();
            let as_set = ownership::was_set_to(applied, &resource.address, name, &value);
            if is_unseen && as_set == Some(true) {
                let values = known.entry(resource.address.clone()).or_default();
                values.insert(Arc::clone(name), value);
            }
        }
    }
    known
}
