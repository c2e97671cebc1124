//! What a migration would do: found by doing it, on a simulator of its own.
//!
//! The simulator refuses what AWS refuses, so a migration that is shown has been carried out
//! once already, and what stops it is known before anything real is touched.

use super::walk::{Event, Halt, Texts, Walker};
use super::{Budget, Migration, Phase};
use crate::apply::{Context, Stop, execute, observe, record_of, write_record};
use crate::inventory::Owner;
use crate::kinds;
use crate::plan::{Plan, diff};
use crate::provider::sim::Sim;
use crate::provider::sim::cloud::Cloud;
use crate::provider::sim::faults::Faults;

/// What one step would do.
#[derive(Clone, Debug, Default)]
pub struct Forecast {
    /// The changes.
    pub plan: Plan,
    /// Seconds, gates and scripts included.
    pub seconds: f64,
    /// What it may cost, what its changes interrupt included.
    pub budget: Budget,
    /// What is interrupted, and how.
    pub interrupts: Vec<String>,
}

/// What every step would do, or why the simulator stopped at one: as many forecasts as steps
/// were carried out. Runs under a runtime whose time jumps.
pub async fn forecast(
    migration: &Migration,
    owner: &Owner,
    texts: Texts<'_>,
    workers: Option<usize>,
) -> (Vec<Forecast>, Option<Halt>) {
    let sim = Sim::in_memory(Cloud::default(), Faults::default(), 0);
    let stop = Stop::default();
    let context = Context {
        provider: &sim,
        owner,
        stop: &stop,
    };
    let mut found = Vec::new();
    // What a user asks of the real cloud says nothing about this one.
    let migration = &migration.clone().without_user_gates();
    if let Err(halt) = begin(&context, migration).await {
        return (found, Some(halt));
    }
    let walker = Walker {
        context: &context,
        migration,
        texts,
        workers,
        folder: None,
    };
    for (number, step) in migration.steps.iter().enumerate() {
        let mut one = Forecast {
            budget: step.budget,
            ..Forecast::default()
        };
        let walked = walker
            .forward(number, &mut |event| match event {
                Event::Planned { plan, .. } => one.plan = (*plan).clone(),
                Event::Done { seconds, .. } => {
                    // A failover's step says how long it takes at most, what it waits for included.
                    one.seconds = match migration.failover {
                        Some(_) => seconds.max(f64::from(step.seconds)),
                        None => *seconds + f64::from(step.seconds),
                    };
                }
                _ => {}
            })
            .await;
        if let Err(halt) = walked {
            return (found, Some(halt));
        }
        for change in &one.plan.changes {
            if let Some(how) = &change.interrupts {
                one.interrupts.push(format!("{}: {how}", change.address));
                one.budget.unavailable += kinds::of(&change.kind).update_seconds;
            }
        }
        // From the fence until the servers have the new database nobody writes.
        if migration.failover.is_some() {
            one.budget.unavailable = match step.phase {
                Phase::Switch => one.seconds.ceil() as u32,
                _ => 0,
            };
        }
        found.push(one);
    }
    (found, None)
}

/// The application at the migration's first stage.
async fn begin(context: &Context<'_>, migration: &Migration) -> Result<(), Halt> {
    let graph = &migration.start;
    let live = observe(context, Some(graph)).await?;
    let record = record_of(None, graph, Some(migration.from.name()));
    write_record(context, &record).await?;
    let plan = diff(graph, &live, None);
    let report = execute(context, &plan, None, &mut |_| {}).await;
    if report.is_complete() {
        Ok(())
    } else {
        Err(Halt::Incomplete {
            plan: Box::new(plan),
            report,
        })
    }
}
