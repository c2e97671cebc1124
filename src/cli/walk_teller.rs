//! A migration as it runs: lines for a person, JSON for a program, and the run's journal.

use super::ui;
use crate::apply::Context;
use crate::apply::journal::{Entry, Journal};
use crate::migrate::Migration;
use crate::migrate::walk::Event;
use crate::render::migration::gate_in_words;
use crate::render::style::{CHANGED, FAINT, GONE, NEW, Painted, STRONG, duration};

/// Tells of a walk, and writes its journal.
pub struct Teller<'a, W> {
    pub migration: &'a Migration,
    pub json: bool,
    pub verbose: bool,
    pub journal: &'a mut Journal<W>,
    pub began: u64,
    pub clock: &'a dyn crate::provider::Clock,
}

impl<W: std::io::Write> Teller<'_, W> {
    /// Tells what happened.
    pub fn tell(&mut self, event: &Event<'_>) {
        let at = self.clock.now().saturating_sub(self.began) as f64 / 1000.0;
        if let Event::Operation(crate::apply::Event::Waiting { .. }) = event {
            return;
        }
        let what = self.as_json(event);
        let entry = match event {
            Event::Operation(event) => Entry::Operation {
                at,
                what: (*event).clone(),
            },
            _ => Entry::Step {
                at,
                what: what.clone(),
            },
        };
        // A journal that cannot be written stops nothing: where the walk stands is in the cloud.
        if let Err(error) = self.journal.write(&entry) {
            ui::note(&format!(
                "warning: the journal could not be written: {error}\n"
            ));
        }
        match self.json {
            true => ui::print(&format!("{what}\n")),
            false => self.say(event),
        }
    }

    fn as_json(&self, event: &Event<'_>) -> serde_json::Value {
        let name = |step: usize| &*self.migration.steps[step].name;
        match event {
            Event::Began { step, back } => {
                serde_json::json!({"what": "began", "step": step + 1, "name": name(*step), "back": back})
            }
            Event::Runs { script } => serde_json::json!({"what": "runs", "script": script}),
            Event::Ran { script, output } => {
                serde_json::json!({"what": "ran", "script": script, "output": output})
            }
            Event::Planned { step, plan } => {
                serde_json::json!({"what": "planned", "step": step + 1, "counts": plan.counts()})
            }
            Event::Operation(event) => serde_json::json!(event),
            Event::Asked {
                gate,
                reading,
                passed,
            } => {
                serde_json::json!({"what": "asked", "gate": gate, "reading": reading, "passed": passed})
            }
            Event::Opened { gate } => serde_json::json!({"what": "opened", "gate": gate}),
            Event::Done { step, seconds } => {
                serde_json::json!({"what": "done", "step": step + 1, "name": name(*step), "seconds": seconds})
            }
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

/// Writes the journal's last line.
pub fn ended<W: std::io::Write>(
    journal: &mut Journal<W>,
    context: &Context<'_>,
    began: u64,
    done: usize,
    failed: usize,
    total: usize,
) {
    let entry = Entry::End {
        seconds: context.provider.clock().now().saturating_sub(began) as f64 / 1000.0,
        done,
        failed,
        left: total.saturating_sub(done + failed),
    };
    if let Err(error) = journal.write(&entry) {
        ui::note(&format!(
            "warning: the journal could not be written: {error}\n"
        ));
    }
}
