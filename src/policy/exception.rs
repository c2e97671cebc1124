//! Exceptions: findings that somebody accepts, with the reason and until when.

use std::sync::Arc;

use jiff::civil::Date;

use super::{Excepted, Finding};
use crate::blueprint::expression::Expression;
use crate::diagnostic::{Diagnostic, Location, Severity};
use crate::spec::Stage;
use crate::value::wildcard;

/// A finding that is accepted.
#[derive(Debug)]
pub struct Exception {
    /// The rule's id, `*` for any letters.
    pub rule: Arc<str>,
    /// The resource's address, `*` for any letters.
    pub address: Arc<str>,
    /// The stages at which it holds; all when empty.
    pub stages: Vec<Stage>,
    /// Whether it holds for this spec.
    pub when: Option<Expression>,
    /// Why.
    pub reason: Arc<str>,
    /// The last day on which it counts; `None` for what comes with the blueprints.
    pub expires: Option<Date>,
    /// Where it stands.
    pub location: Location,
}

impl Exception {
    fn is_about(&self, finding: &Finding) -> bool {
        let address = match &finding.address {
            Some(address) => address.to_string(),
            None => String::new(),
        };
        wildcard::matches(&self.rule, &finding.rule) && wildcard::matches(&self.address, &address)
    }

    fn has_expired(&self, today: Date) -> bool {
        self.expires.is_some_and(|last| today > last)
    }
}

/// Parts findings from those that are accepted, and tells which exceptions do nothing any more.
pub fn apply(
    found: Vec<Finding>,
    exceptions: &[&Exception],
    today: Date,
) -> (Vec<Finding>, Vec<Excepted>, Vec<Diagnostic>) {
    let (mut stand, mut excepted) = (Vec::new(), Vec::new());
    let mut used = vec![false; exceptions.len()];
    for mut finding in found {
        let mut by = None;
        for (number, exception) in exceptions.iter().enumerate() {
            if !exception.is_about(&finding) {
                continue;
            }
            used[number] = true;
            if exception.has_expired(today) {
                let last = exception.expires.map(|last| last.to_string());
                finding.expired = Some(format!(
                    "an exception for it ended on {} ({})",
                    last.unwrap_or_default(),
                    exception.location
                ));
            } else {
                by = by.or(Some(exception))
            }
        }
        match by {
            None => stand.push(finding),
            Some(exception) => excepted.push(Excepted {
                finding: Finding {
                    expired: None,
                    ..finding
                },
                reason: exception.reason.clone(),
                until: exception.expires.map(|last| Arc::from(last.to_string())),
            }),
        }
    }
    let warnings = exceptions
        .iter()
        .zip(used)
        // What comes with the blueprints is about more applications than this one.
        .filter_map(|(exception, used)| {
            let last = exception.expires?;
            let (message, help) = match (used, exception.has_expired(today)) {
                (true, false) => return None,
                (true, true) => (
                    format!(
                        "the exception from {} for {} ended on {last}",
                        exception.rule, exception.address
                    ),
                    "fix the finding, or set a new date",
                ),
                (false, _) => (
                    format!(
                        "the exception from {} for {} matches nothing",
                        exception.rule, exception.address
                    ),
                    "remove it, or correct its rule or address",
                ),
            };
            let mut warning = Diagnostic::error(exception.location.clone(), message).help(help);
            warning.severity = Severity::Warning;
            Some(warning)
        })
        .collect();
    (stand, excepted, warnings)
}
