//! A plan in steps, for changes of size and number: what adds first, then what interrupts, one
//! resource after the other, then what goes.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Action, Change, Plan};
use crate::address::Address;
use crate::inventory::Live;

/// The longest change that is told in a line.
const LINE: usize = 100;

/// One step.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "ScaleStep")]
pub struct Step {
    /// What it does, in words.
    pub does: String,
    /// What it changes: the properties of each resource, in words.
    pub changes: BTreeMap<Address, String>,
    /// What it interrupts, and how.
    pub interrupts: Option<String>,
    /// Seconds that it takes, by what is typical.
    pub seconds: u32,
}

impl Step {
    /// What a plan does of this step, and nothing of what that depends on.
    pub fn of(&self, plan: Plan, live: &Live) -> Plan {
        plan.narrowed(live, |change| self.changes.contains_key(&change.address))
    }
}

/// The steps of a plan.
pub fn steps(plan: &Plan) -> Vec<Step> {
    let interrupts = |change: &&Change| {
        change.interrupts.is_some()
            || change.action == Action::Replace && !change.create_before_destroy
    };
    let goes = |change: &&Change| change.action == Action::Delete;
    let all = plan.changes.iter();
    let more: Vec<&Change> = all
        .clone()
        .filter(|change| !interrupts(change) && !goes(change))
        .collect();
    let less: Vec<&Change> = all.clone().filter(goes).collect();
    let mut steps = Vec::new();
    let step = |does, changes: &[&Change]| step(plan, does, changes);
    if !more.is_empty() {
        steps.push(step(
            "Additions and changes without downtime".to_owned(),
            &more,
        ));
    }
    // Replicas before those that they replicate: the one that is written to waits for no one longer
    // than it has to.
    let mut one_by_one: Vec<&Change> = all.filter(interrupts).collect();
    one_by_one.sort_by_key(|change| change.address.key.is_none());
    for change in one_by_one {
        steps.push(step(format!("Change {}", change.address), &[change]));
    }
    if !less.is_empty() {
        steps.push(step("Removals".to_owned(), &less));
    }
    steps
}

fn step(plan: &Plan, does: String, changes: &[&Change]) -> Step {
    // As the plan has them: what is locked is unlocked before it is deleted.
    let seconds = changes.iter().map(|change| {
        let numbers = plan.operations.iter().filter(|operation| {
            plan.changes
                .get(operation.change)
                .is_some_and(|of| std::ptr::eq(of, *change))
        });
        numbers.map(|operation| operation.seconds).sum::<u64>()
    });
    let seconds = seconds.map(|seconds| u32::try_from(seconds).unwrap_or(u32::MAX));
    Step {
        does,
        // They run at the same time.
        seconds: seconds.max().unwrap_or(0),
        interrupts: changes
            .iter()
            .find_map(|change| change.interrupts.as_deref())
            .map(str::to_owned),
        changes: changes
            .iter()
            .map(|change| (change.address.clone(), in_words(change)))
            .collect(),
    }
}

/// What a change comes to, in words.
fn in_words(change: &Change) -> String {
    let told: Vec<String> = match change.action {
        Action::Create => return "is created".to_owned(),
        Action::Delete => return "is deleted".to_owned(),
        Action::Update | Action::Replace => change
            .properties
            .iter()
            .map(|property| match (&property.before, &property.after) {
                (Some(before), Some(after)) => {
                    let told = format!("{} {before} → {after}", property.path);
                    // A document is read in the plan.
                    if told.len() <= LINE {
                        told
                    } else {
                        property.path.to_string()
                    }
                }
                _ => property.path.to_string(),
            })
            .collect(),
    };
    let told = told.join(", ");
    match change.effect() {
        Some(effect) => format!("{told}; {effect}"),
        None => told,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Reason;

    fn change(address: &str, action: Action, interrupts: Option<&str>) -> Change {
        Change {
            address: address.parse().unwrap(),
            kind: "AWS::RDS::DBInstance".into(),
            tier: "data".into(),
            action,
            reason: Reason::Differs,
            properties: Vec::new(),
            interrupts: interrupts.map(Into::into),
            create_before_destroy: false,
            desired: None,
            live: None,
            depends_on: Vec::new(),
            generation: 1,
        }
    }

    #[test]
    fn more_comes_first_then_what_interrupts_one_by_one_then_less() {
        let plan = Plan {
            changes: vec![
                change("us-east-1/gone", Action::Delete, None),
                change("us-east-1/db", Action::Update, Some("a failover")),
                change("us-east-1/db_replica[a]", Action::Update, Some("a restart")),
                change("us-east-1/asg[web]", Action::Update, None),
                change("us-east-1/new", Action::Create, None),
            ],
            ..Plan::default()
        };
        let names: Vec<Vec<String>> = steps(&plan)
            .iter()
            .map(|step| step.changes.keys().map(ToString::to_string).collect())
            .collect();
        assert_eq!(
            names,
            [
                vec!["us-east-1/asg[web]", "us-east-1/new"],
                vec!["us-east-1/db_replica[a]"],
                vec!["us-east-1/db"],
                vec!["us-east-1/gone"],
            ]
        );
    }
}
