//! What came of tests, as programs read it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::diagnostic::Location;
use crate::render::test_results::Told;
use crate::testing;

/// What `scalectl test --json` prints.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TestResults")]
pub struct Document<'a> {
    /// Which document this is: `test-results`.
    #[schemars(extend("const" = "test-results"))]
    pub document: &'static str,
    /// The version of its form; it counts up when a reader could break.
    #[schemars(extend("const" = 1))]
    pub format: u32,
    /// How many tests passed.
    pub passed: usize,
    /// How many failed.
    pub failed: usize,
    /// The tests, in the order of the files.
    pub tests: Vec<Test<'a>>,
}

/// A test.
#[derive(Serialize, JsonSchema)]
pub struct Test<'a> {
    /// Its file.
    pub file: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Where it stands, as `FILE:LINE:COLUMN`.
    pub place: String,
    /// Whether everything was as expected.
    pub ok: bool,
    /// How long it took here.
    pub milliseconds: f64,
    /// What was not as expected.
    pub failures: Vec<Failure<'a>>,
}

/// Something that is not as expected.
#[derive(Default, Serialize, JsonSchema)]
pub struct Failure<'a> {
    /// The expression that is false; null when it is something else that fails.
    pub expected: Option<&'a str>,
    /// Where it is expected, as `FILE:LINE:COLUMN`; null when that is not known.
    pub place: Option<String>,
    /// What the test says to it; null when it says nothing.
    pub message: Option<&'a str>,
    /// Why it fails; null where the values say it.
    pub why: Option<String>,
    /// What the expression looked at, and the values that it saw.
    pub seen: BTreeMap<&'a str, &'a str>,
}

/// What came of tests as a document.
pub fn document(told: &[Told]) -> Document<'_> {
    let failed = told.iter().filter(|one| !one.is_well()).count();
    Document {
        document: "test-results",
        format: 1,
        passed: told.len() - failed,
        failed,
        tests: told
            .iter()
            .map(|one| Test {
                file: &one.file,
                name: &one.name,
                place: one.location.to_string(),
                ok: one.is_well(),
                milliseconds: (one.seconds * 1000.0).round(),
                failures: one.outcome.failures.iter().map(failure).collect(),
            })
            .collect(),
    }
}

fn failure(failure: &testing::Failure) -> Failure<'_> {
    match failure {
        testing::Failure::False {
            text,
            location,
            message,
            why,
            seen,
        } => Failure {
            expected: Some(text),
            place: Some(location.to_string()),
            message: message.as_deref(),
            why: why.clone(),
            seen: seen
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect(),
        },
        testing::Failure::Other { location, what } => Failure {
            place: Some(location.to_string()),
            why: Some(what.clone()),
            ..Failure::default()
        },
        testing::Failure::Broken(found) => {
            let first = found.first().and_then(|mistake| mistake.location.as_ref());
            let all: Vec<&str> = found.iter().map(|one| one.message.as_str()).collect();
            Failure {
                place: first.map(Location::to_string),
                why: Some(all.join("; ")),
                ..Failure::default()
            }
        }
    }
}
