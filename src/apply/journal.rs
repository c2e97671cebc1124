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
        /// The stage that it leads to.
        stage: String,
        /// When it began, RFC 3339.
        began: String,
        /// What was planned.
        planned: Counts,
    },
    /// What happened to an operation.
    Operation {
        /// Seconds since the run began, by the provider's clock.
        at: f64,
        /// What.
        #[serde(flatten)]
        what: Event,
    },
    /// What happened on a migration's way.
    Step {
        /// Seconds since the run began, by the provider's clock.
        at: f64,
        /// What; `what` says which sort of thing.
        #[serde(flatten)]
        what: serde_json::Map<String, serde_json::Value>,
    },
    /// What policies find in a plan, before any of it is carried out; only when they find something.
    Policy {
        /// What: `denied`, `warned`, `findings`, `accepted` by exceptions, and `warnings` about these.
        policy: serde_json::Value,
    },
    /// The steps in which `scalectl scale` goes, before the first one.
    Steps {
        /// The steps: what each does, changes and interrupts, and its typical seconds.
        steps: Vec<serde_json::Value>,
    },
    /// How a run ended; of a migration, how the taking of its steps did.
    End {
        /// Seconds that it took, by the provider's clock.
        seconds: f64,
        /// Operations that were done.
        done: usize,
        /// Operations that failed.
        failed: usize,
        /// Operations that were not begun or not waited for.
        left: usize,
    },
    /// How each operation ended. Not in a journal, which has told each as it happened.
    Report {
        /// Whether everything was done and is as asked.
        complete: bool,
        /// Seconds that it took, by the provider's clock.
        seconds: f64,
        /// The operations, in the plan's order.
        operations: Vec<Ended>,
    },
}

/// How one operation ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Ended {
    /// On what.
    pub address: Address,
    /// What it did.
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
