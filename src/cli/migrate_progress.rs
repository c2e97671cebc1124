//! A migration as it runs: lines for a person, and the run's lines for its journal and programs.

use std::cell::RefCell;

use super::event_log::Lines;
use super::progress::{Progress, Show, ticking};
use crate::apply::Context;
use crate::apply::journal::Entry;
use crate::migrate::Migration;
use crate::migrate::gates::{Check, Gate, Reading};
use crate::migrate::walk::Event;
use crate::provider::Clock;
use crate::render::json::{self, walk::What};
use crate::render::migration::gate_in_words;
use crate::render::{
    style::CHANGED, style::FAINT, style::GONE, style::NEW, style::Painted, style::STRONG,
};
use crate::spec::Stage;
use crate::words::duration;

/// Tells of a walk, and writes its journal.
pub struct Teller<'a, 'b> {
    pub migration: &'a Migration,
    pub show: Show,
    pub lines: &'a mut Lines<'b>,
    pub began: u64,
    pub clock: &'a dyn Clock,
    progress: Progress<'a>,
    /// How often the gate that is waited for was asked.
    asked: u64,
}

/// Takes one step with `work`, which is told of what happens, and shows it.
pub async fn shown<'a, T>(
    teller: Teller<'a, '_>,
    mut take: impl FnMut(&Event<'_>),
    work: impl AsyncFnOnce(&mut dyn FnMut(&Event<'_>)) -> T,
) -> T {
    let (clock, is_live) = (teller.clock, teller.progress.is_live());
    let teller = RefCell::new(teller);
    let mut tell = |event: &Event<'_>| {
        take(event);
        teller.borrow_mut().tell(event);
    };
    let work = work(&mut tell);
    ticking(
        clock,
        is_live,
        || teller.borrow_mut().progress.refresh(),
        work,
    )
    .await
}

impl<'a, 'b> Teller<'a, 'b> {
    /// One who tells of a step.
    pub fn new(
        migration: &'a Migration,
        show: Show,
        lines: &'a mut Lines<'b>,
        began: u64,
        clock: &'a dyn Clock,
    ) -> Self {
        Self {
            migration,
            show,
            lines,
            began,
            clock,
            progress: Progress::new(show, clock),
            asked: 0,
        }
    }

    /// One who tells of a walk that takes no time, line by line.
    pub fn without_rows(
        migration: &'a Migration,
        show: Show,
        lines: &'a mut Lines<'b>,
        clock: &'a dyn Clock,
    ) -> Self {
        Self {
            migration,
            show,
            lines,
            began: clock.now(),
            clock,
            progress: Progress::without_rows(show, clock),
            asked: 0,
        }
    }

    /// Tells what happened.
    pub fn tell(&mut self, event: &Event<'_>) {
        let at = self.clock.now().saturating_sub(self.began) as f64 / 1000.0;
        if let Event::Operation(crate::apply::Event::Waiting { .. }) = event {
            return;
        }
        let entry = self.entry(at, event);
        self.lines.write(&entry);
        if self.show.json {
            return;
        }
        let ends = matches!(
            event,
            Event::Ran { .. } | Event::Opened { .. } | Event::Done { .. }
        );
        if self.progress.is_live() && ends {
            self.draw(event);
        }
        self.say(event);
        if self.progress.is_live() && !ends {
            self.draw(event);
        }
    }

    /// The rows of what is under way: changes, a script, a gate.
    fn draw(&mut self, event: &Event<'_>) {
        let now = self.clock.now();
        match event {
            Event::Began { .. } => {}
            Event::Runs { script } => self.progress.wait(format!("running {script}"), now),
            Event::Planned { plan, .. } if plan.is_empty() => {}
            Event::Planned { plan, .. } => self.progress.begin(plan),
            Event::Operation(event) => self.progress.event(event),
            Event::Asked {
                gate,
                reading,
                passed,
            } => {
                // Operations are over by the time gates are asked.
                self.progress.end();
                self.asked += 1;
                let what = waiting(gate, reading, self.asked);
                let since = now.saturating_sub((passed * 1000.0) as u64);
                self.progress.wait(what, since);
            }
            Event::Ran { .. } => self.progress.waited(),
            Event::Opened { .. } => {
                self.asked = 0;
                self.progress.waited();
            }
            Event::Done { .. } => self.progress.end(),
        }
    }

    fn entry(&self, at: f64, event: &Event<'_>) -> Entry {
        let name = |step: usize| &*self.migration.steps[step].name;
        let what = match *event {
            Event::Operation(event) => {
                return Entry::Operation {
                    at,
                    what: event.clone(),
                };
            }
            Event::Began { step, back } => What::Began {
                step: step + 1,
                name: name(step),
                back,
            },
            Event::Runs { script } => What::Runs { script },
            Event::Ran { script, output } => What::Ran { script, output },
            Event::Planned { step, plan } => What::Planned {
                step: step + 1,
                counts: plan.counts(),
            },
            Event::Asked {
                gate,
                reading,
                passed,
            } => What::Asked {
                gate,
                reading,
                passed,
            },
            Event::Opened { gate } => What::Opened { gate },
            Event::Done { step, seconds } => What::Done {
                step: step + 1,
                name: name(step),
                seconds,
            },
        };
        Entry::Step {
            at,
            what: json::walk::object(&what),
        }
    }

    fn say(&mut self, event: &Event<'_>) {
        let line = match event {
            Event::Began { step, back } => {
                let word = if *back { "roll back " } else { "" };
                let name = &self.migration.steps[*step].name;
                format!(
                    "\n{} {}",
                    Painted(STRONG, step + 1),
                    Painted(STRONG, format!("{word}{name}"))
                )
            }
            Event::Runs { script } => format!("  runs {script}"),
            Event::Ran { script, output } => {
                let last = output.stdout.lines().last().unwrap_or_default().trim();
                format!(
                    "  {} {script} {}",
                    Painted(NEW, "ran"),
                    Painted(FAINT, last)
                )
            }
            Event::Planned { plan, .. } if plan.is_empty() => return,
            Event::Planned { plan, .. } => {
                let counts = plan.counts();
                format!(
                    "  {} to create, {} to change, {} to replace, {} to delete",
                    counts.create, counts.update, counts.replace, counts.delete
                )
            }
            // On a terminal the rows tell of them.
            Event::Operation(_) if self.progress.is_live() => return,
            Event::Operation(crate::apply::Event::Finished {
                address,
                step,
                end,
                seconds,
                ..
            }) => match end {
                crate::apply::End::Failed { error } => {
                    format!("  {} {address}: {error}", Painted(GONE, "failed"))
                }
                _ if self.show.verbose => format!(
                    "  {} {address} {}",
                    Painted(CHANGED, format!("{step:?}").to_lowercase()),
                    Painted(FAINT, duration(*seconds))
                ),
                _ => return,
            },
            Event::Operation(_) => return,
            Event::Asked { gate, reading, .. }
                if reading.good && matches!(gate.check, Check::CaughtUp(_)) =>
            {
                format!("  {} {}", Painted(NEW, "replica"), reading.seen)
            }
            Event::Asked { reading, .. } if reading.good => return,
            Event::Asked {
                gate,
                reading,
                passed,
            } => {
                if !self.show.verbose {
                    return;
                }
                format!(
                    "  {} {}: {} {}",
                    Painted(CHANGED, "waits"),
                    gate_in_words(gate),
                    reading.seen,
                    Painted(FAINT, duration(*passed))
                )
            }
            Event::Opened { gate } => {
                format!(
                    "  {} {}",
                    Painted(NEW, "passed"),
                    Painted(FAINT, gate_in_words(gate))
                )
            }
            Event::Done { seconds, .. } => {
                format!(
                    "  {}",
                    Painted(FAINT, format!("done in {}", duration(*seconds)))
                )
            }
        };
        self.progress.say(&line);
    }
}

/// What a gate waits for, what was seen last, and how often of how often at most it was checked.
pub fn waiting(gate: &Gate, reading: &Reading, asked: u64) -> String {
    let most = u64::from(gate.cadence.within) / u64::from(gate.cadence.every.max(1)) + 1;
    let most = match gate.check {
        Check::Hold { .. } => String::new(),
        _ => format!(" (check {asked} of at most {})", most.max(asked)),
    };
    format!(
        "waiting until {}{most}: {}",
        gate.check.in_short(),
        reading.seen
    )
}

/// That a stage is reached, after so many seconds of the way.
pub fn arrived_at(stage: Stage, seconds: f64) -> Entry {
    let stage = stage.name();
    Entry::Step {
        at: seconds,
        what: json::walk::object(&What::Arrived { stage, seconds }),
    }
}

/// Writes how the steps were taken.
pub fn ended(
    lines: &mut Lines<'_>,
    context: &Context<'_>,
    began: u64,
    done: usize,
    failed: usize,
    total: usize,
) {
    lines.write(&Entry::End {
        seconds: context.provider.clock().now().saturating_sub(began) as f64 / 1000.0,
        done,
        failed,
        left: total.saturating_sub(done + failed),
    });
}
