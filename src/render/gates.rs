//! The gates of a migration as cases: those that opened passed, one that stayed shut failed, and those that
//! nobody came to were skipped.

use super::junit::{Case, End, Suite};
use super::migration::gate_in_words;
use crate::migrate::Migration;
use crate::migrate::walk::Event;

/// What became of each gate so far.
pub struct Gates<'a> {
    migration: &'a Migration,
    /// The step that is walked.
    step: Option<usize>,
    /// By step and gate: how long it took to open.
    opened: Vec<(usize, usize, f64)>,
    /// Seconds since the gate that is asked was asked first.
    passed: f64,
    /// The step that stopped, and why.
    stopped: Option<(usize, String)>,
}

impl<'a> Gates<'a> {
    /// Those of a migration that begins or goes on.
    pub fn of(migration: &'a Migration) -> Self {
        Self {
            migration,
            step: None,
            opened: Vec::new(),
            passed: 0.0,
            stopped: None,
        }
    }

    /// Takes in what happened.
    pub fn take(&mut self, event: &Event<'_>) {
        match event {
            Event::Began { step, .. } => self.step = Some(*step),
            Event::Asked { passed, .. } => self.passed = *passed,
            Event::Opened { .. } => {
                if let Some(step) = self.step {
                    // They are asked one after the other.
                    let gate = self.opened_of(step).count();
                    self.opened.push((step, gate, self.passed));
                }
                self.passed = 0.0;
            }
            _ => {}
        }
    }

    /// Takes in that a step stopped.
    pub fn stop(&mut self, step: usize, why: String) {
        self.stopped = Some((step, why));
    }

    fn opened_of(&self, step: usize) -> impl Iterator<Item = &(usize, usize, f64)> {
        self.opened.iter().filter(move |(at, _, _)| *at == step)
    }

    /// The gates as cases of one suite.
    pub fn suite(&self) -> Suite {
        let mut cases = Vec::new();
        for (number, step) in self.migration.steps.iter().enumerate() {
            let through = self.opened_of(number).count();
            for (index, gate) in step.gates.iter().enumerate() {
                let name = format!("{} {}: {}", number + 1, step.name, gate_in_words(gate));
                let opened = self.opened_of(number).find(|(_, at, _)| *at == index);
                let case = match (opened, &self.stopped) {
                    (Some((_, _, seconds)), _) => Case {
                        seconds: *seconds,
                        ..Case::new(name, End::Passed)
                    },
                    (None, Some((at, why))) if *at == number && index == through => Case::new(
                        name,
                        End::Failed {
                            message: "the migration stopped here".to_owned(),
                            text: why.clone(),
                        },
                    ),
                    (None, _) => Case::new(name, End::Skipped("not reached".to_owned())),
                };
                cases.push(case);
            }
        }
        Suite {
            name: format!(
                "migrate.{}.{}",
                self.migration.from.name(),
                self.migration.to.name()
            ),
            cases,
        }
    }
}
