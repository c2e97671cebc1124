//! What policies say, as people read it.

use std::fmt::Write as _;

use super::diagnostics;
use super::style::{CHANGED, FAINT, GONE, Painted, STRONG};
use crate::policy::{Finding, Report, Severity};
use crate::words::count;

/// Findings, those that deny first, and exceptions that do nothing any more; nothing where there is nothing
/// to say.
pub fn text(report: &Report) -> String {
    let mut out = String::new();
    if !report.findings.is_empty() {
        let _ = writeln!(out, "\n{}", summary(report));
        for finding in &report.findings {
            one(&mut out, finding);
        }
    }
    if !report.warnings.is_empty() {
        let _ = write!(
            out,
            "\n{}",
            diagnostics::render(&report.warnings).trim_end()
        );
        out.push('\n');
    }
    out
}

/// How many findings there are, in one line.
pub fn summary(report: &Report) -> String {
    let denied = report.denied().count();
    let warned = report.findings.len() - denied;
    let style = match (denied, warned) {
        (1.., _) => GONE,
        (0, 1..) => CHANGED,
        (0, 0) => STRONG,
    };
    let excepted = match report.excepted.len() {
        0 => String::new(),
        number => format!(", {number} accepted by exceptions"),
    };
    format!(
        "{} {denied} denied, {}{excepted}.",
        Painted(style, "Policy:"),
        count(warned, "warning")
    )
}

fn one(out: &mut String, finding: &Finding) {
    let style = match finding.severity {
        Severity::Deny => GONE,
        Severity::Warn => CHANGED,
    };
    let subject = match &finding.address {
        Some(address) => address.to_string(),
        None => "the plan".to_owned(),
    };
    let property = match &finding.property {
        Some(property) => format!("  {}", Painted(FAINT, property)),
        None => String::new(),
    };
    let reference = match &finding.reference {
        Some(reference) => format!("  {}", Painted(FAINT, reference)),
        None => String::new(),
    };
    let _ = writeln!(
        out,
        "  {} {}  {}{property}{reference}",
        Painted(style, finding.severity.name()),
        Painted(STRONG, subject),
        Painted(style, &finding.rule),
    );
    let _ = writeln!(out, "      {}", shown(&finding.message));
    if let Some(expired) = &finding.expired {
        let _ = writeln!(out, "      {}", shown(expired));
    }
    let _ = writeln!(out, "      fix: {}", shown(&finding.fix));
}

/// A text on one line, without what a terminal would take for a command.
fn shown(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
