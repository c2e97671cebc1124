//! What policies say, as programs read it: by itself, and as a part of plans, migrations and runs.

use schemars::JsonSchema;
use serde::Serialize;

use crate::policy::{Excepted, Finding, Report};

/// What `scalectl policy check --json` prints.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Findings")]
pub struct Document<'a> {
    /// Which document this is: `findings`.
    #[schemars(extend("const" = "findings"))]
    pub document: &'static str,
    /// The version of its form; it counts up when a reader could break.
    #[schemars(extend("const" = 1))]
    pub format: u32,
    /// The stages of which the rules were asked.
    pub stages: Vec<OfStage<'a>>,
}

/// What policies say of a stage.
#[derive(Serialize, JsonSchema)]
pub struct OfStage<'a> {
    /// The stage.
    pub stage: &'a str,
    /// What they say.
    #[serde(flatten)]
    pub policy: Policy<'a>,
}

/// What policies say.
#[derive(Serialize, JsonSchema)]
pub struct Policy<'a> {
    /// How many findings deny.
    pub denied: usize,
    /// How many only warn.
    pub warned: usize,
    /// Broken rules, those that deny first, then by address and rule.
    pub findings: &'a [Finding],
    /// Those that exceptions set aside.
    pub accepted: &'a [Excepted],
    /// Exceptions that match nothing or count no more.
    pub warnings: Vec<Warning<'a>>,
}

/// What is wrong with an exception.
#[derive(Serialize, JsonSchema)]
pub struct Warning<'a> {
    /// What.
    pub message: &'a str,
    /// Where it stands, as `FILE:LINE:COLUMN`; null when it stands nowhere.
    pub place: Option<String>,
    /// What mends it; null when nothing is known to.
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
