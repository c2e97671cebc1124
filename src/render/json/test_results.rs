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
    /// The document type: `test-results`.
    #[schemars(extend("const" = "test-results"))]
    pub document: &'static str,
    /// The format version; it increases with incompatible changes.
    #[schemars(extend("const" = 1))]
    pub format: u32,
    /// The number of passed tests.
    pub passed: usize,
    /// The number of failed tests.
    pub failed: usize,
    /// The tests, in file order.
    pub tests: Vec<Test<'a>>,
}

/// A test.
#[derive(Serialize, JsonSchema)]
pub struct Test<'a> {
    /// Its file.
    pub file: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Its location, as `FILE:LINE:COLUMN`.
    pub place: String,
    /// Whether it passed.
    pub ok: bool,
    /// Its duration in seconds.
    pub milliseconds: f64,
    /// The failed expectations.
    pub failures: Vec<Failure<'a>>,
}

/// A failed expectation.
#[derive(Default, Serialize, JsonSchema)]
pub struct Failure<'a> {
    /// The expression that is false; null for other failures.
    pub expected: Option<&'a str>,
    /// The expectation's location, as `FILE:LINE:COLUMN`; null if unknown.
    pub place: Option<String>,
    /// The test's message; null if it has none.
    pub message: Option<&'a str>,
    /// Why it fails; null if the values show it.
    pub why: Option<String>,
    /// The names in the expression and their values.
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
