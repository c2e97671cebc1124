//! A migration as it runs: lines for a person, and the run's lines for its journal and programs.

use super::lines::Lines;
use super::ui;
use crate::apply::Context;
use crate::apply::journal::Entry;
use crate::migrate::Migration;
use crate::migrate::gates::Check;
use crate::migrate::walk::Event;
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
    pub json: bool,
    pub verbose: bool,
    pub lines: &'a mut Lines<'b>,
    pub began: u64,
    pub clock: &'a dyn crate::provider::Clock,
}

impl Teller<'_, '_> {
    /// Tells what happened.
    pub fn tell(&mut self, event: &Event<'_>) {
        let at = self.clock.now().saturating_sub(self.began) as f64 / 1000.0;
        if let Event::Operation(crate::apply::Event::Waiting { .. }) = event {
            return;
        }
        let entry = self.entry(at, event);
        self.lines.write(&entry);
        if !self.json {
            self.say(event);
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

    fn say(&self, event: &Event<'_>) {
        let line = match event {
            Event::Began { step, back } => {
                let word = if *back { "back over " } else { "" };
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
                    "  {} to create, {} to change, {} to replace, {} to remove",
                    counts.create, counts.update, counts.replace, counts.delete
                )
            }
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
                _ if self.verbose => format!(
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
                if !self.verbose {
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
                    Painted(NEW, "open"),
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
        ui::print(&format!("{line}\n"));
    }
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
