//! Why a walk stopped, in words.

use super::walk::Halt;
use crate::apply::End;

/// So many lines of what a script said last are told.
const LAST: usize = 5;

impl Halt {
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
                let what = match refusals.iter().any(|refusal| refusal.way.is_some()) {
                    true => "AWS would refuse this",
                    false => "it would put data at risk that is none of its business",
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
                                Some(format!("{address}: {} not as asked", differs.join(", ")))
                            }
                            _ => None,
                        }
                    })
                    .collect();
                failed.join("; ")
            }
            Self::Shut(why) => format!("a gate stayed shut: {why}"),
            Self::Stopped => "stopped".to_owned(),
            Self::NoReturn { step } => {
                format!("{step} has begun to remove what the way back leads to")
            }
        }
    }
}
