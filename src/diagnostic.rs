//! Messages about input: what is wrong, where, and what would be right.
//!
//! Collected, not thrown one at a time. Rendering to a terminal is `render`'s business.

use std::fmt;
use std::sync::Arc;

/// How many messages of one run are shown, with the lines that they quote; the rest are counted.
pub const MOST_SHOWN: usize = 50;

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// The file's name as the user knows it.
    pub file: Arc<str>,
    /// Counted from 1.
    pub line: u32,
    /// Counted from 1, in characters.
    pub column: u32,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Whether a message stops the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It does.
    Error,
    /// It does not.
    Warning,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Whether it stops the work.
    pub severity: Severity,
    /// What is wrong, as a clause without a final period.
    pub message: String,
    /// Where.
    pub location: Option<Location>,
    /// The line itself.
    pub line: Option<String>,
    /// What would be right: an edit or a command.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error at a place.
    pub fn error(location: Location, message: impl Into<String>) -> Self {
        // A file may hold a name of any length.
        const LONGEST: usize = 2000;
        let mut message: String = message.into();
        if message.len() > LONGEST {
            message = message.chars().take(LONGEST).collect();
            message.push('…');
        }
        Self {
            severity: Severity::Error,
            message,
            location: Some(location),
            line: None,
            help: None,
        }
    }

    /// The same, with what would be right.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
