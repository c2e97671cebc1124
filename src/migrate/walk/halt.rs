//! Why a migration stopped, and in which words.

use std::sync::Arc;

use crate::apply::{End, Report};
use crate::plan::Plan;
use crate::plan::guard::Refusal;
use crate::provider::{Output, ProviderError};

/// So many lines of what a script said last are told.
const LAST: usize = 5;

/// Why a walk stopped.
#[derive(Debug)]
pub enum Halt {
    /// The cloud does not answer as it should.
    Cloud(ProviderError),
    /// A script failed.
    Script {
        /// Its name.
        name: String,
        /// What it said.
        output: Output,
    },
    /// A script needs something that is not there.
    Missing(String),
    /// The guard rails refuse a change that is none of the migration's.
    Refused(Vec<Refusal>),
    /// Changes were not all made.
    Incomplete {
        /// What was to be done.
        plan: Box<Plan>,
        /// What was.
        report: Report,
    },
    /// A gate did not open.
    Shut(String),
    /// Somebody asked to stop.
    Stopped,
    /// The way back has ended: the step that removed what it leads to was begun.
    NoReturn {
        /// Which step.
        step: Arc<str>,
    },
}

impl From<ProviderError> for Halt {
    fn from(error: ProviderError) -> Self {
        Self::Cloud(error)
    }
}

impl Halt {
    /// Whether something failed: nothing has where somebody asked to stop.
    pub fn is_failure(&self) -> bool {
        !matches!(self, Self::Stopped)
    }

    /// Why, as a clause without a final period.
    pub fn in_words(&self) -> String {
        match self {
            Self::Cloud(error) => error.to_string(),
            Self::Script { name, output } => {
                let said = match output.stderr.trim() {
                    "" => output.stdout.trim(),
                    said => said,
                };
                let mut last: Vec<&str> = said.lines().rev().take(LAST).collect();
                last.reverse();
                format!(
                    "the script {name} ended with {}: {}",
                    output.code,
                    last.join("; ")
                )
            }
            Self::Missing(what) => what.clone(),
            Self::Refused(refusals) => {
                let told: Vec<String> = refusals
                    .iter()
                    .map(|refusal| format!("{} ({})", refusal.address, refusal.why))
                    .collect();
                let what = if refusals.iter().any(|refusal| refusal.way.is_some()) {
                    "AWS would reject this"
                } else {
                    "it would put unrelated data at risk"
                };
                format!("{what}: {}", told.join(", "))
            }
            Self::Incomplete { plan, report } => {
                let failed: Vec<String> = plan
                    .operations
                    .iter()
                    .zip(&report.ends)
                    .filter_map(|(operation, end)| {
                        let address = &plan.changes[operation.change].address;
                        match end {
                            End::Failed { error } => Some(format!("{address}: {error}")),
                            End::Done { differs, .. } if !differs.is_empty() => {
                                Some(format!("{address}: {} not as planned", differs.join(", ")))
                            }
                            _ => None,
                        }
                    })
                    .collect();
                failed.join("; ")
            }
            Self::Shut(why) => format!("a gate failed: {why}"),
            Self::Stopped => "stopped".to_owned(),
            Self::NoReturn { step } => {
                format!("{step} has started to delete what a rollback needs")
            }
        }
    }
}
