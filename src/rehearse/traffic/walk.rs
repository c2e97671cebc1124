//! The walk through steps that lead requests; under chaos, servers are killed on the way.

use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use serde_json::json;

use super::front::Front;
use super::readings::LocalReadings;
use super::site::Site;
use super::steps::{Doing, Step};
use crate::migrate::gates::{End, Gate, until_open};
use crate::rehearse::dns::TTL;
use crate::rehearse::load::{Load, Since};
use crate::rehearse::report::StepReport;
use crate::rehearse::testbed::Testbed;
use crate::rehearse::{Error, Event, Options, Stop};

/// How long the load is watched before a gate judges it.
pub(super) const LOOK: Duration = Duration::from_secs(1);

/// A walk between two fronts.
pub struct Walk<'a> {
    /// What is rehearsed, and how.
    pub options: &'a Options,
    /// The databases.
    pub scene: &'a mut Testbed,
    /// What stands before them.
    pub site: &'a mut Site,
    /// The load.
    pub load: &'a Load,
    /// A request to end early.
    pub stop: &'a Stop,
    /// The fronts of both stages.
    pub fronts: (Front, Front),
    /// Decides what is killed.
    pub chance: &'a mut ChaCha8Rng,
}

impl Walk<'_> {
    /// Walks all steps, or up to the first that fails; that one is the last in the report.
    pub fn all(
        mut self,
        steps: &[Step],
        tell: &mut dyn FnMut(Event<'_>),
    ) -> Result<Vec<StepReport>, Error> {
        crate::rehearse::walked(
            steps,
            |step| &step.name,
            tell,
            |step, tell| self.step(step, tell),
        )
    }

    fn step(&mut self, step: &Step, tell: &mut dyn FnMut(Event<'_>)) -> Result<StepReport, Error> {
        let began = Instant::now();
        let mut report = StepReport {
            name: step.name.clone(),
            attempts: 1,
            ..StepReport::default()
        };
        let done = self.carry_out(step.doing);
        self.stop.check()?;
        if let Err(error) = &done {
            report.error = Some(error.to_string());
        } else {
            if self.options.chaos && step.doing != Doing::End {
                let what = self.strike()?;
                tell(Event::Killed(&what));
                report.killed.push(what);
            }
            report.error = self.gates(&step.gates, began)?;
        }
        let ended = Instant::now();
        report.seconds = (ended - began).as_secs_f64();
        let stall = self.load.longest_stall(began, ended, self.stop)?;
        report.stall_ms = u64::try_from(stall.as_millis()).unwrap_or(u64::MAX);
        if matches!(step.doing, Doing::Lead(_)) {
            // Who asked before goes on with the old answer for a while.
            let settled = (began + TTL).min(ended.checked_sub(LOOK).unwrap_or(ended));
            report.reading = self.shares(settled);
        }
        Ok(report)
    }

    fn carry_out(&mut self, doing: Doing) -> Result<(), Error> {
        let (old, new) = &self.fronts;
        match doing {
            Doing::Raise => self.site.raise(new, self.scene, self.stop),
            Doing::Lead(share) => self.site.lead(share, (old, new), self.stop),
            Doing::Watch => self.site.follows(self.scene, self.stop),
            Doing::End => self.site.end(new),
        }
    }

    /// What the load met since a moment: which part went to the new front.
    fn shares(&self, from: Instant) -> serde_json::Value {
        let lately = self.load.since(from);
        let (old, new) = (
            self.site.door(&self.fronts.0),
            self.site.door(&self.fronts.1),
        );
        if old == new {
            return serde_json::Value::Null;
        }
        let there = lately.doors.iter().filter(|door| Some(**door) == new);
        let there = there.count();
        let percent = (100 * there).checked_div(lately.doors.len());
        json!({"percent_to_the_new": percent, "p95_ms": p95(&lately).as_millis() as u64})
    }

    /// Checks gates one after the other; why one stays closed.
    fn gates(&self, gates: &[Gate], began: Instant) -> Result<Option<String>, Error> {
        let readings = LocalReadings { walk: self, began };
        for gate in gates {
            let end = until_open(gate, &readings, &mut |_, _| {}).now_or_never();
            match end.ok_or_else(|| Error::new("a reading of the rehearsal did not end"))?? {
                End::Open | End::Unread => {}
                End::Failed(seen) => {
                    return Ok(Some(format!(
                        "the gate stays closed: it is not true that {}: {seen}",
                        gate.check.in_words()
                    )));
                }
            }
        }
        Ok(None)
    }

    /// Kills a server or a database, and starts it again.
    fn strike(&mut self) -> Result<String, Error> {
        let servers = self.site.victims();
        match self.chance.random_range(0..servers + 2) {
            number if number < servers => {
                self.site.strike(number, self.scene, self.stop)?;
                Ok(format!("server {} killed", number + 1))
            }
            number => match &mut self.site.replica {
                Some(replica) if number == servers => {
                    replica.kill();
                    replica.start(self.stop)?;
                    Ok("the replica killed".to_owned())
                }
                _ => {
                    let writer = self.scene.writer()?;
                    self.scene.servers[writer].kill();
                    self.scene.servers[writer].start(self.stop)?;
                    Ok("the database killed".to_owned())
                }
            },
        }
    }
}

/// What 95 of 100 writes took at most.
pub(super) fn p95(lately: &Since) -> Duration {
    let mut times = lately.latencies.clone();
    times.sort_unstable();
    let index = times.len() * 95 / 100;
    times.get(index).copied().unwrap_or_default()
}
