//! What came of tests, as people read it.

use std::fmt::Write as _;
use std::sync::Arc;

use anstream::adapter::strip_str;

use super::diagnostics;
use super::junit::{Case, End, Suite};
use super::style::{FAINT, GONE, NEW, Painted, STRONG};
use crate::diagnostic::Location;
use crate::testing::{Failure, Outcome};
use crate::words::count;

/// A case and what came of it.
#[derive(Debug)]
pub struct Told {
    /// Its file.
    pub file: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// Where it stands.
    pub location: Location,
    /// How long it took here.
    pub seconds: f64,
    /// What came of it.
    pub outcome: Outcome,
}

impl Told {
    /// Whether everything was as expected.
    pub fn is_well(&self) -> bool {
        self.outcome.failures.is_empty()
    }
}

/// A case in a line.
pub fn line(told: &Told) -> String {
    let end = if told.is_well() {
        Painted(NEW, "ok")
    } else {
        Painted(GONE, "FAILED")
    };
    let took = format!("({})", milliseconds(told.seconds));
    format!(
        "  {} ... {end} {}\n",
        one_line(&told.name),
        Painted(FAINT, took)
    )
}

fn milliseconds(seconds: f64) -> String {
    if seconds < 1.0 {
        format!("{:.0} ms", seconds * 1000.0)
    } else {
        format!("{seconds:.1} s")
    }
}

/// Why cases failed.
pub fn text(told: &[Told]) -> String {
    let mut out = String::new();
    for one in told.iter().filter(|one| !one.is_well()) {
        let heading = format!("{}: {}", one.location, one_line(&one.name));
        let _ = writeln!(out, "\n{}", Painted(STRONG, heading));
        for failure in &one.outcome.failures {
            out.push_str(&why(failure));
        }
    }
    out
}

fn why(failure: &Failure) -> String {
    let mut out = String::new();
    match failure {
        Failure::False {
            text,
            location,
            message,
            why,
            seen,
        } => {
            let _ = writeln!(out, "  {} {}", Painted(GONE, "false:"), one_line(text));
            if let Some(message) = message {
                let _ = writeln!(out, "    {}", one_line(message));
            }
            if let Some(why) = why {
                let _ = writeln!(out, "    {}", one_line(why));
            }
            for (name, value) in seen {
                let _ = writeln!(out, "    {name} = {value}");
            }
            let _ = writeln!(out, "    {}", Painted(FAINT, format!("at {location}")));
        }
        Failure::Other { location, what } => {
            let _ = writeln!(out, "  {} {}", Painted(GONE, "unexpected:"), one_line(what));
            let _ = writeln!(out, "    {}", Painted(FAINT, format!("at {location}")));
        }
        Failure::Broken(found) => {
            let told = diagnostics::render(found);
            let _ = writeln!(out, "  {}", Painted(GONE, "no plan:"));
            for line in told.trim_end().lines() {
                let _ = writeln!(out, "    {line}");
            }
        }
    }
    out
}

/// How it went, in one line.
pub fn summary(told: &[Told], left_out: usize) -> String {
    let failed = told.iter().filter(|one| !one.is_well()).count();
    let seconds: f64 = told.iter().map(|one| one.seconds).sum();
    let result = match failed {
        0 => Painted(NEW, "ok"),
        _ => Painted(GONE, "FAILED"),
    };
    let left_out = match left_out {
        0 => String::new(),
        number => format!(", {number} filtered out"),
    };
    format!(
        "\n{result}: {} passed, {failed} failed{left_out} {}\n",
        count(told.len() - failed, "test"),
        Painted(FAINT, format!("({})", milliseconds(seconds)))
    )
}

/// A text on one line, without what a terminal would take for a command.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// A suite per file.
pub fn suites(told: &[Told]) -> Vec<Suite> {
    let mut suites: Vec<Suite> = Vec::new();
    for one in told {
        if suites.last().is_none_or(|suite| suite.name != *one.file) {
            suites.push(Suite {
                name: one.file.to_string(),
                cases: Vec::new(),
            });
        }
        let end = match one.outcome.failures.as_slice() {
            [] => End::Passed,
            failures => End::Failed {
                message: count(failures.len(), "expectation").to_owned() + " not met",
                text: strip_str(&failures.iter().map(why).collect::<String>()).to_string(),
            },
        };
        let case = Case {
            file: Some(one.file.to_string()),
            seconds: one.seconds,
            ..Case::new(&*one.name, end)
        };
        if let Some(suite) = suites.last_mut() {
            suite.cases.push(case);
        }
    }
    suites
}
