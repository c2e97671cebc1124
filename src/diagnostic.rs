//! Messages about input: what is wrong, where, and what would be right.
//!
//! Collected, not thrown one at a time. Rendering to a terminal is `render`'s business.

use std::fmt;
use std::sync::Arc;

/// How many messages of one run are shown, with the lines that they quote; the rest are counted.
pub const MOST_SHOWN: usize = 50;

/// A message with long words cut: a file or an option may hold a name of any length.
pub fn shortened(message: &str) -> String {
    // Longer than any name of AWS's and most paths.
    const LONGEST: usize = 300;
    const KEPT: usize = 60;
    const MESSAGE: usize = 2000;
    let mut short = String::new();
    for word in message.split_inclusive(char::is_whitespace) {
        let length = word.chars().count();
        if length > LONGEST {
            short.extend(word.chars().take(KEPT));
            short.push_str(&format!("… ({length} characters)"));
            short.extend(word.chars().last().filter(|last| last.is_whitespace()));
        } else {
            short.push_str(word)
        }
        if short.len() > MESSAGE {
            let mut cut: String = short.chars().take(MESSAGE).collect();
            cut.push('…');
            return cut;
        }
    }
    short
}

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
        Self {
            location: Some(location),
            ..Self::of_option(message)
        }
    }

    /// An error of the command line, which is in no file.
    pub fn of_option(message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            message: shortened(&message.into()),
            location: None,
            line: None,
            help: None,
        }
    }

    /// The same, with what would be right.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(shortened(&help.into()));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_shortened_in_messages() {
        let name = "x".repeat(500_000);
        let short = shortened(&format!("the spec has no environment {name} at\nall"));
        assert!(
            short.starts_with("the spec has no environment xxx"),
            "{short}"
        );
        assert!(short.ends_with("… (500001 characters) at\nall"), "{short}");
        assert!(short.len() < 200, "{short}");
        assert!(shortened(&"a b ".repeat(100_000)).len() < 2100);
        let path = format!("/{}", "folder/".repeat(40));
        assert_eq!(shortened(&path), path);
    }
}
