//! What a migration would meet: found by walking it, on a simulator in memory that stands as a
//! snapshot says. [`mod@super::forecast`] begins at an empty cloud and says what the way is; this says
//! whether it can be gone from what is really there.
//!
//! Rows are in no snapshot. Where a migration is under way, the scripts of the steps behind it are run
//! again, so that databases follow each other as they do.

use super::Migration;
use super::walk::{Event, Halt, Texts, Walker};
use crate::apply::dry_run::world;
use crate::apply::{Context, Stop};
use crate::graph::Graph;
use crate::provider::{Clock, Provider as _};
use crate::snapshot::Snapshot;

/// Which steps are taken, and how.
pub struct Course<'a> {
    /// The way.
    pub migration: &'a Migration,
    /// The numbers of its steps, in the order in which they are taken.
    pub numbers: &'a [usize],
    /// Whether they are taken back.
    pub back: bool,
    /// Operations at a time.
    pub workers: Option<usize>,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct DryWalk {
    /// The steps that were taken, and how many seconds each took.
    pub taken: Vec<(usize, f64)>,
    /// The step that stopped it, and why.
    pub halt: Option<(usize, Halt)>,
}

impl DryWalk {
    /// How long all of it took, in seconds.
    pub fn seconds(&self) -> f64 {
        self.taken.iter().map(|(_, seconds)| seconds).sum()
    }
}

/// Walks it; `on_event` is told what happens, and by which clock. Runs under a runtime whose time jumps.
pub async fn dry_run(
    snapshot: &Snapshot,
    course: &Course<'_>,
    texts: Texts<'_>,
    on_event: &mut dyn FnMut(&Event<'_>, &dyn Clock),
) -> DryWalk {
    // What a user asks of the real cloud says nothing about this one.
    let migration = &course.migration.clone().without_user_gates();
    let sim = world(snapshot, &graphs(migration, course.numbers));
    let stop = Stop::default();
    let context = Context {
        provider: &sim,
        owner: &snapshot.owner,
        stop: &stop,
    };
    let walker = Walker {
        context: &context,
        migration,
        texts,
        workers: course.workers,
        folder: None,
    };
    let record = snapshot.record.as_ref();
    if let Some(at) = record.and_then(|record| record.migration.as_ref()) {
        for number in migration.hop_begins(at.step)..at.step + usize::from(at.done) {
            walker.replay(number).await;
        }
    }
    let clock = sim.clock();
    let mut walked = DryWalk::default();
    for number in course.numbers.iter().copied() {
        let mut tell = |event: &Event<'_>| {
            if let Event::Done { step, seconds } = event {
                walked.taken.push((*step, *seconds));
            }
            on_event(event, clock);
        };
        let step = if !course.back {
            walker.forward(number, &mut tell).await
        } else {
            walker.back(number, &mut tell).await
        };
        if let Err(halt) = step {
            walked.halt = Some((number, halt));
            break;
        }
    }
    walked
}

/// What may have been applied last, before the first of these steps: what is before it, and what it was
/// to make if it was begun.
fn graphs<'a>(migration: &'a Migration, numbers: &[usize]) -> Vec<&'a Graph> {
    let Some(first) = numbers.first().copied() else {
        return Vec::new();
    };
    let step = migration.steps.get(first).map(|step| &step.graph);
    [Some(migration.before(first)), step]
        .into_iter()
        .flatten()
        .collect()
}
