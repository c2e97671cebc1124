//! What policies say, as programs read it: by itself, and as a part of plans, migrations and runs.

use schemars::JsonSchema;
use serde::Serialize;

use crate::policy::{Excepted, Finding, Report};

/// What `scalectl policy check --json` prints.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Findings")]
pub struct Document<'a> {
    /// The document type: `findings`.
    #[schemars(extend("const" = "findings"))]
    pub document: &'static str,
    /// The format version; it increases with incompatible changes.
    #[schemars(extend("const" = 1))]
    pub format: u32,
    /// The evaluated stages.
    pub stages: Vec<OfStage<'a>>,
}

/// The findings at a stage.
#[derive(Serialize, JsonSchema)]
pub struct OfStage<'a> {
    /// The stage.
    pub stage: &'a str,
    /// The findings.
    #[serde(flatten)]
    pub policy: Policy<'a>,
}

/// The policy findings.
#[derive(Serialize, JsonSchema)]
pub struct Policy<'a> {
    /// The number of denying findings.
    pub denied: usize,
    /// The number of warnings.
    pub warned: usize,
    /// The findings, denying ones first, then by address and rule.
    pub findings: &'a [Finding],
    /// The findings accepted by exceptions.
    pub accepted: &'a [Excepted],
    /// Exceptions that match nothing or have expired.
    pub warnings: Vec<Warning<'a>>,
}

/// A problem with an exception.
#[derive(Serialize, JsonSchema)]
pub struct Warning<'a> {
    /// The problem.
    pub message: &'a str,
    /// Its location, as `FILE:LINE:COLUMN`; null if it has none.
    pub place: Option<String>,
    /// How to fix it; null if unknown.
    pub help: Option<&'a str>,
}

/// What a report says.
pub fn policy(report: &Report) -> Policy<'_> {
    let denied = report.denied().count();
    Policy {
        denied,
        warned: report.findings.len() - denied,
        findings: &report.findings,
        accepted: &report.excepted,
        warnings: report
            .warnings
            .iter()
            .map(|warning| Warning {
                message: &warning.message,
                place: warning.location.as_ref().map(ToString::to_string),
                help: warning.help.as_deref(),
            })
            .collect(),
    }
}

/// Reports, each with its stage, as a document.
pub fn document(reports: &[(String, Report)]) -> Document<'_> {
    Document {
        document: "findings",
        format: 1,
        stages: reports
            .iter()
            .map(|(stage, report)| OfStage {
                stage,
                policy: policy(report),
            })
            .collect(),
    }
}
