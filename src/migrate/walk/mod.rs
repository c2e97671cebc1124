//! The walk: carries steps out, one after the other or back again, and writes down in the cloud
//! where it stands before anything changes.
//!
//! What should exist after a step is [`super::steps`]'; how the cloud becomes that is the diff's and
//! apply's. A step that was interrupted is done again from its beginning: scripts and applies may be
//! repeated.
//!
//! `event` is what happens on the way and `halt` why it ends early; `changes` applies a step's changes,
//! `scripts` runs its scripts between both of its `database`s, `readings` is what its gates read, and `command`
//! runs the user's.

mod changes;
mod command;
mod database;
mod event;
mod halt;
mod readings;
mod scripts;

use std::path::Path;

pub use self::event::Event;
pub use self::halt::Halt;
use self::readings::passes;
pub use self::readings::{CloudReadings, settled};
use super::gates::{Check, Gate, Reachable};
use super::{Migration, Phase};
use crate::apply::{self, Context, kinds, observe_without, record_of};
use crate::graph::Graph;
use crate::inventory::{Live, Standing};
use crate::ownership;

type Outcome<T> = Result<T, Halt>;

/// The text of a script, by engine and name.
pub type Texts<'a> = &'a dyn Fn(&str, &str) -> Option<String>;

/// One who walks.
pub struct Walker<'a> {
    /// The cloud, and whether to stop.
    pub context: &'a Context<'a>,
    /// The way.
    pub migration: &'a Migration,
    /// The scripts.
    pub texts: Texts<'a>,
    /// Operations at a time.
    pub workers: Option<usize>,
    /// Where the user's commands run; where scalectl does, without it.
    pub folder: Option<&'a Path>,
}

impl Walker<'_> {
    /// What exists, as far as a step and the one before know it.
    async fn look(&self, number: usize, graphs: &[&Graph]) -> Outcome<Live> {
        let kinds = graphs.iter().flat_map(|graph| kinds(graph)).collect();
        let without = self.migration.steps[number].without.as_deref();
        Ok(observe_without(self.context, kinds, without).await?)
    }

    async fn stand(
        &self,
        live: &Live,
        graph: &Graph,
        stage: Option<&str>,
        standing: Option<Standing>,
    ) -> Outcome<()> {
        let mut record = record_of(live.record.as_ref(), graph, stage);
        if standing.as_ref().is_none_or(|standing| standing.done) {
            record.addresses = Some(ownership::of_addresses(graph));
        }
        record.migration = standing;
        Ok(apply::write_record(self.context, &record).await?)
    }

    fn standing(&self, step: usize, done: bool, back: bool) -> Standing {
        let (from, to) = self.migration.ends();
        Standing {
            from: from.into(),
            to: to.into(),
            step,
            name: self.migration.steps[step].name.clone(),
            digest: self.migration.digest.clone(),
            done,
            back,
            since: self.context.provider.clock().now(),
            failover: self.migration.failover.clone(),
        }
    }

    /// Carries one step out, its gates included, and writes down that it is done. The last step of
    /// a hop reaches its stage, the last of all ends the migration.
    ///
    /// # Errors
    /// Why the walk stopped; the same step can be begun again.
    pub async fn forward(
        &self,
        number: usize,
        on_event: &mut dyn FnMut(&Event<'_>),
    ) -> Outcome<()> {
        let step = &self.migration.steps[number];
        let clock = self.context.provider.clock();
        let began = clock.now();
        on_event(&Event::Began {
            step: number,
            back: false,
        });
        let before = self.migration.before(number);
        let live = self.look(number, &[before, &step.graph]).await?;
        let standing = self.standing(number, false, false);
        self.stand(&live, &step.graph, None, Some(standing)).await?;
        let plan = self.planned(number, before, &step.graph, &live)?;
        // Begun again after the old database went, which it does only once the scripts are through.
        let through = step.phase == Phase::Contract && self.source_is_gone(number, &live);
        for name in step.run.iter().filter(|_| !through) {
            self.script(number, name, false, &live, on_event).await?;
        }
        self.carry_out(number, plan, on_event).await?;
        for gate in &step.gates {
            self.gate_on(&step.graph, number, gate, on_event).await?;
        }
        let live = self.look(number, &[&step.graph]).await?;
        let last = number + 1 == self.migration.steps.len();
        let reached = self.migration.ends_hop(number);
        let stage = reached.then(|| step.hop.1.name());
        let standing = (!last).then(|| self.standing(number, true, false));
        self.stand(&live, &step.graph, stage, standing).await?;
        on_event(&Event::Done {
            step: number,
            seconds: clock.now().saturating_sub(began) as f64 / 1000.0,
        });
        Ok(())
    }

    /// Takes one step back: what it changed, then what its scripts did. At the beginning of the
    /// whole migration, or of the hop that is under way, the way back ends.
    ///
    /// # Errors
    /// Why the walk stopped; the same step can be taken back again.
    pub async fn back(&self, number: usize, on_event: &mut dyn FnMut(&Event<'_>)) -> Outcome<()> {
        let step = &self.migration.steps[number];
        if step.point_of_no_return {
            return Err(Halt::NoReturn {
                step: step.name.clone(),
            });
        }
        let clock = self.context.provider.clock();
        let began = clock.now();
        on_event(&Event::Began {
            step: number,
            back: true,
        });
        let before = self.migration.before(number);
        let live = self.look(number, &[before, &step.graph]).await?;
        let standing = self.standing(number, false, true);
        self.stand(&live, &step.graph, None, Some(standing)).await?;
        let plan = self.planned(number, &step.graph, before, &live)?;
        // What a script needs may be what the step has made, so the script's turn comes first. Where what
        // it would clean up is gone, and was never used, there is nothing to take back.
        if !self.target_is_gone(number, &live) {
            for name in step.run.iter().rev() {
                self.script(number, name, true, &live, on_event).await?;
            }
        }
        self.carry_out(number, plan, on_event).await?;
        let reachable = self.reachable();
        self.gate_on(before, number, &reachable, on_event).await?;
        // Nobody is left behind: servers that get more requests have to be healthy, and name servers
        // are given the time that they may remember.
        let leads = step.gates.iter().filter(|gate| {
            step.phase == Phase::Switch && matches!(gate.check, Check::Healthy(_) | Check::Hold(_))
        });
        for gate in leads {
            self.gate_on(before, number, gate, on_event).await?;
        }
        let live = self.look(number, &[before]).await?;
        let first = number == self.migration.hop_begins(number);
        let standing = match (first, number) {
            // Back at a stage: the migration that is left over is none.
            (true, _) | (_, 0) => None,
            (false, _) => Some(self.standing(number - 1, true, true)),
        };
        let stage = first.then(|| step.hop.0.name());
        self.stand(&live, before, stage, standing).await?;
        on_event(&Event::Done {
            step: number,
            seconds: clock.now().saturating_sub(began) as f64 / 1000.0,
        });
        Ok(())
    }

    /// Runs a step's scripts once more and nothing else, so that rows stand as after it. What a script
    /// cannot do any more, because its servers are gone, nobody needs.
    pub async fn replay(&self, number: usize) {
        let step = &self.migration.steps[number];
        for name in &step.run {
            let Ok(live) = self
                .look(number, &[self.migration.before(number), &step.graph])
                .await
            else {
                return;
            };
            let _ = self.script(number, name, false, &live, &mut |_| {}).await;
        }
    }

    /// The gate after each step back: as the steps declare it, if they do.
    fn reachable(&self) -> Gate {
        let gates = self.migration.steps.iter().flat_map(|step| &step.gates);
        let mut declared = gates.filter(|gate| matches!(gate.check, Check::Reachable(_)));
        declared
            .next()
            .cloned()
            .unwrap_or(Gate::new(Check::Reachable(Reachable {}), 2, 600))
    }

    /// The stages' graphs at both ends of a step's hop.
    fn ends_of_hop(&self, number: usize) -> (&Graph, &Graph) {
        let old = self.migration.before(self.migration.hop_begins(number));
        let hop = self.migration.steps[number].hop;
        let last = self.migration.steps.iter().rfind(|step| step.hop == hop);
        (old, last.map_or(old, |step| &step.graph))
    }

    async fn gate_on(
        &self,
        graph: &Graph,
        number: usize,
        gate: &Gate,
        on_event: &mut dyn FnMut(&Event<'_>),
    ) -> Outcome<()> {
        let readings = CloudReadings {
            context: self.context,
            graph,
            step: Some((self, number)),
        };
        passes(&readings, gate, &mut |reading, passed| {
            on_event(&Event::Asked {
                gate,
                reading,
                passed: passed as f64 / 1000.0,
            });
        })
        .await?;
        on_event(&Event::Opened { gate });
        Ok(())
    }
}
