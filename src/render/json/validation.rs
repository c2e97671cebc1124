//! What `validate` found, as programs read it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::diagnostic::{Diagnostic, Severity};
use crate::render::junit::{Case, End};

/// What `scalectl validate --json` prints.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Validation")]
pub struct Document<'a> {
    /// The document type: `validation`.
    #[schemars(extend("const" = "validation"))]
    pub document: &'static str,
    /// The format version; it increases with incompatible changes.
    #[schemars(extend("const" = 1))]
    pub format: u32,
    /// Whether nothing is wrong.
    pub valid: bool,
    /// What was checked, in order; the first check that fails is the last one, but for environments.
    pub checks: Vec<Check<'a>>,
    /// What is wrong.
    pub mistakes: Vec<Mistake<'a>>,
}

/// Something that was checked.
#[derive(Serialize, JsonSchema)]
pub struct Check<'a> {
    /// What: `spec and blueprints`, `policies`, `tests`, `stage NAME` or `environment NAME`.
    pub name: &'a str,
    /// How it ended.
    pub result: Ending,
    /// Why it was skipped: the spec does not fit the stage.
    pub reason: Option<&'a str>,
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Ending {
    /// Nothing is wrong.
    Passed,
    /// Something is wrong.
    Failed,
    /// It does not apply.
    Skipped,
}

/// A mistake.
#[derive(Serialize, JsonSchema)]
pub struct Mistake<'a> {
    /// `error`, or `warning` where it stops nothing.
    pub severity: &'static str,
    /// What is wrong.
    pub message: &'a str,
    /// What would be right, if that is known.
    pub help: Option<&'a str>,
    /// The file; null for what is in none.
    pub file: Option<&'a str>,
    /// The line, counted from 1.
    pub line: Option<u32>,
    /// The column in characters, counted from 1.
    pub column: Option<u32>,
}

/// The checks of a run, and its mistakes.
pub fn document<'a>(cases: &'a [Case], mistakes: &'a [Diagnostic]) -> Document<'a> {
    let checks = cases.iter().map(|case| {
        let (result, reason) = match &case.end {
            End::Passed => (Ending::Passed, None),
            End::Failed { .. } => (Ending::Failed, None),
            End::Skipped(why) => (Ending::Skipped, Some(&**why)),
        };
        Check {
            name: &case.name,
            result,
            reason,
        }
    });
    let mistakes = mistakes.iter().map(|mistake| {
        let place = mistake.location.as_ref();
        Mistake {
            severity: match mistake.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            },
            message: &mistake.message,
            help: mistake.help.as_deref(),
            file: place.map(|place| &*place.file),
            line: place.map(|place| place.line),
            column: place.map(|place| place.column),
        }
    });
    let checks: Vec<Check<'_>> = checks.collect();
    Document {
        document: "validation",
        format: 1,
        valid: checks.iter().all(|check| check.result != Ending::Failed),
        checks,
        mistakes: mistakes.collect(),
    }
}
