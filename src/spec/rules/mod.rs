//! What the spec's shape cannot say: rules between sections, and what AWS would refuse at this stage or a later one.
//!
//! Each file checks a section; [`check`] runs all of them.

mod account;
mod balance;
mod cache;
mod columns;
mod database;
mod domains;
mod engines;
mod images;
mod instances;
mod names;
mod regions;
mod registries;
mod resources;
mod services;
mod stores;
mod tags;
#[cfg(test)]
mod tests;
mod workers;

pub use database::backup_job;
pub use instances::processor;
pub use regions::{regions, unknown as unknown_region};
pub use services::access;
pub use workers::queue_variables;

use super::{Spec, Stage};
use crate::yaml::Node;

/// A broken rule: where (a dotted path), what is wrong, what would be right.
pub type Broken = (String, String, String);

/// A spec while it is checked.
struct Rules<'a> {
    spec: &'a Spec,
    /// What the file says, with the chosen environment's overrides.
    merged: &'a Node,
    /// What the file says, without them.
    written: &'a Node,
    broken: Vec<Broken>,
}

/// How many broken rules are kept: every one is located in the file, and nobody reads more.
const MOST_BROKEN: usize = 1000;

impl Rules<'_> {
    fn say(&mut self, path: &str, message: String, help: &str) {
        if self.broken.len() < MOST_BROKEN {
            self.broken
                .push((path.to_owned(), message, help.to_owned()));
        }
    }
}

/// Every rule that `spec` breaks. `merged` is what it was read from, `written` the same without an environment.
pub fn check(spec: &Spec, merged: &Node, written: &Node) -> Vec<Broken> {
    let mut rules = Rules {
        spec,
        merged,
        written,
        broken: Vec::new(),
    };
    names::check(&mut rules);
    account::check(&mut rules);
    regions::check(&mut rules);
    services::check(&mut rules);
    registries::check(&mut rules);
    workers::check(&mut rules);
    instances::check(&mut rules);
    database::check(&mut rules);
    cache::check(&mut rules);
    stores::check(&mut rules);
    resources::check(&mut rules);
    domains::check(&mut rules);
    tags::check(&mut rules);
    delivery(&mut rules);
    rest(&mut rules);
    rules.broken
}

/// The most cache behaviors of a distribution, without the default one
/// (<https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html>).
const MOST_BEHAVIORS: usize = 74;

fn delivery(rules: &mut Rules<'_>) {
    let cdn = &rules.spec.cdn;
    if cdn.static_paths.len() > MOST_BEHAVIORS {
        let message = format!(
            "cdn.static_paths has {} paths; a distribution takes {MOST_BEHAVIORS}",
            cdn.static_paths.len()
        );
        rules.say("cdn.static_paths", message, "use wildcards");
    }
    let paths = cdn.static_paths.iter().take(MOST_BEHAVIORS);
    for (index, path) in paths.enumerate() {
        let place = format!("cdn.static_paths.{index}");
        if cdn.static_paths[..index].contains(path) {
            rules.say(
                &place,
                format!("cdn.static_paths has {path:?} twice"),
                "remove one",
            );
        } else if path.bytes().all(|byte| b"/*?".contains(&byte)) {
            let message =
                format!("cdn.static_paths has {path}, which leaves no request to the services");
            rules.say(
                &place,
                message,
                "name the folders of files that never change, such as /assets/*",
            );
        } else if !services::is_pattern(path, 255) {
            let message = format!("{path:?} is not a path for CloudFront");
            rules.say(
                &place,
                message,
                "begin it with `/`, without spaces and `#`, such as /assets/*",
            );
        }
    }
    if cdn.default_ttl == 0 {
        let message =
            "cdn.default_ttl is 0, below the second for which static files are kept at least"
                .to_owned();
        rules.say("cdn.default_ttl", message, "set 1 or more");
    }
}

/// Whether a shell has nothing to run: only blank lines and comments.
fn does_nothing(command: &str) -> bool {
    let mut lines = command.lines().map(str::trim_start);
    lines.all(|line| line.is_empty() || line.starts_with('#'))
}

fn rest(rules: &mut Rules<'_>) {
    let spec = rules.spec;
    for (number, gate) in spec.migration.gates.iter().enumerate() {
        if gate.command.is_some() == gate.expression.is_some() {
            rules.say(
                &format!("migration.gates.{number}"),
                "a gate asks one thing".to_owned(),
                "give it a `command` or an `expression`",
            );
            continue;
        }
        let place = |key: &str| format!("migration.gates.{number}.{key}");
        let cadence = &gate.cadence;
        let least = u64::from(cadence.times.saturating_sub(1)) * u64::from(cadence.every);
        if least > u64::from(cadence.within) {
            let message = format!(
                "a gate that has to pass {} times, {} seconds apart, cannot pass within {} seconds",
                cadence.times, cadence.every, cadence.within
            );
            rules.say(
                &place("within"),
                message,
                &format!("set `within: {least}` or more"),
            );
        } else if cadence.every > cadence.within {
            let message = format!(
                "a gate is checked every {} seconds, and has {} to pass: a failure at first would be final",
                cadence.every, cadence.within
            );
            rules.say(&place("every"), message, "set less, or a longer `within`");
        }
        if gate.command.as_deref().is_some_and(does_nothing) {
            let message =
                "a gate's command is empty, so that the gate would always pass".to_owned();
            let help =
                "give it a command that fails until the migration may continue, or remove the gate";
            rules.say(&place("command"), message, help);
        }
        if (gate.expression.as_deref()).is_some_and(|text| text.trim().is_empty()) {
            let message =
                "a gate's expression is empty, so that the gate could never pass".to_owned();
            let help =
                "give it one that is true once the migration may continue, or remove the gate";
            rules.say(&place("expression"), message, help);
        }
    }
    if spec.stage >= Stage::LoadBalanced && spec.domain.is_none() {
        let message = format!(
            "stage {} needs a domain for its certificate",
            spec.stage.name()
        );
        rules.say("stage", message, "add `domain: www.example.com`");
    }
    // https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
    const RETENTION: [u16; 23] = [
        1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557,
        2922, 3288, 3653, 0,
    ];
    let days = spec.monitoring.log_retention_days;
    if days == 0 || !RETENTION.contains(&days) {
        let near = RETENTION
            .iter()
            .filter(|have| **have >= days.max(1))
            .min()
            .unwrap_or(&3653);
        let message = format!("CloudWatch Logs cannot keep logs for {days} days");
        rules.say(
            "monitoring.log_retention_days",
            message,
            &format!("the next that it offers is {near}"),
        );
    }
}
