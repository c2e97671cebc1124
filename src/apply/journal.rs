//! The journal of a run: one JSON object a line, written as things happen, so that it is complete up
//! to the moment at which a process died.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use super::event::Event;
use crate::plan::Counts;

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
        /// What, as `scalectl migrate --json` prints it.
        what: serde_json::Value,
    },
    /// The last line.
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
