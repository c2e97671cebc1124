//! What a run says: one JSON object a line, written as things happen, so that a journal is complete up
//! to the moment at which a process died. What is told to programs while it runs has the same form.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::event::{End, Event};
use crate::address::Address;
use crate::plan::{Counts, Step};

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Entry {
    /// The first line.
    Run {
        /// The run's id, also the file's name.
        id: String,
        /// `apply`, `destroy`, `migrate` or `rollback`.
        command: String,
        /// The app.
        app: String,
        /// The environment.
        env: String,
        /// The provider.
        provider: String,
        /// The stage that it applies.
        stage: String,
        /// When it started, RFC 3339.
        began: String,
        /// The plan.
        planned: Counts,
    },
    /// An event of an operation.
    Operation {
        /// Seconds since the start of the run, by the provider's clock.
        at: f64,
        /// What.
        #[serde(flatten)]
        what: Event,
    },
    /// An event of a migration.
    Step {
        /// Seconds since the start of the run, by the provider's clock.
        at: f64,
        /// The event; `what` is its type.
        #[serde(flatten)]
        what: serde_json::Map<String, serde_json::Value>,
    },
    /// An event of a deployment.
    Deploy {
        /// Seconds since the start of the run, by the provider's clock.
        at: f64,
        /// The event; `what` is its type.
        #[serde(flatten)]
        what: serde_json::Map<String, serde_json::Value>,
    },
    /// The policy findings, before the plan is applied; only if there are any.
    Policy {
        /// The findings: `denied`, `warned`, `findings`, `accepted` by exceptions, and `warnings` about these.
        policy: serde_json::Value,
    },
    /// The steps of `scalectl scale`, before the first one.
    Steps {
        /// The steps: their descriptions, changes, interruptions and typical seconds.
        steps: Vec<serde_json::Value>,
    },
    /// The end of a run; for a migration, of its steps.
    End {
        /// Its duration in seconds, by the provider's clock.
        seconds: f64,
        /// The number of finished operations.
        done: usize,
        /// The number of failed operations.
        failed: usize,
        /// The number of operations that were not started or not awaited.
        left: usize,
    },
    /// The result of each operation. Not in a journal, which has an event for each.
    Report {
        /// Whether every operation succeeded and matches the plan.
        complete: bool,
        /// Its duration in seconds, by the provider's clock.
        seconds: f64,
        /// The operations, in the plan's order.
        operations: Vec<Ended>,
    },
}

/// How one operation ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Ended {
    /// The resource.
    pub address: Address,
    /// The operation.
    pub step: Step,
    /// How it ended.
    pub end: End,
}

/// Writes entries to a file.
pub struct Journal<W>(W);

impl<W: Write> Journal<W> {
    /// A journal that writes to `out`.
    pub fn new(out: W) -> Self {
        Self(out)
    }

    /// Writes one entry, at once.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&mut self, entry: &Entry) -> io::Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        self.0.write_all(&line)?;
        self.0.flush()
    }
}

/// The entries of a journal; a last line that was cut off is left out.
pub fn read(text: &str) -> Vec<Entry> {
    text.lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_that_was_cut_off_is_read_up_to_there() {
        let mut bytes = Vec::new();
        let mut journal = Journal::new(&mut bytes);
        let end = Entry::End {
            seconds: 1.5,
            done: 2,
            failed: 0,
            left: 0,
        };
        journal.write(&end).unwrap();
        let text = String::from_utf8(bytes).unwrap() + "{\"event\":\"en";
        assert_eq!(read(&text), [end]);
    }
}
