//! What a step of a failover changes, and what it must not.

use std::collections::{BTreeMap, BTreeSet};

use super::{INSTANCE, database_of};
use crate::address::Address;
use crate::graph::Graph;
use crate::inventory::{Failover, Live};
use crate::migrate::{Phase, Step};
use crate::plan::guard::Refusal;
use crate::plan::{Action, Change, Plan, Reason, diff};

/// The addresses of which two graphs speak differently: what a step changes.
pub fn touched(before: &Graph, after: &Graph) -> BTreeSet<Address> {
    before
        .resources
        .keys()
        .chain(after.resources.keys())
        .filter(|address| before.get(address) != after.get(address))
        .cloned()
        .collect()
}

/// What a step changes. Where a region does not answer, no more than it says; and before the last step
/// nothing that is replaced goes.
pub fn planned(step: &Step, before: &Graph, graph: &Graph, live: &Live) -> Plan {
    if let Some(region) = &step.without {
        let touched = touched(before, graph);
        return diff(graph, live, None).narrowed(live, |change| {
            touched.contains(&change.address) && change.address.region != *region
        });
    }
    if step.phase == Phase::Contract {
        return diff(graph, live, None);
    }
    let plan = diff(graph, live, None);
    let replaced: BTreeMap<Address, u32> = plan
        .changes
        .iter()
        .filter(|change| change.action == Action::Replace)
        .filter(|change| &*change.kind == INSTANCE && change.create_before_destroy)
        .map(|change| (change.address.clone(), change.generation))
        .collect();
    let stays = |change: &Change| change.reason != Reason::Deposed;
    if replaced.is_empty() {
        return plan.narrowed(live, stays);
    }
    let mut beside = live.clone();
    beside
        .resources
        .retain(|address, _| !replaced.contains_key(address));
    let mut plan = diff(graph, &beside, None).narrowed(&beside, stays);
    for change in &mut plan.changes {
        if let Some(generation) = replaced.get(&change.address) {
            change.generation = *generation;
        }
    }
    plan
}

/// What would be lost if the database that takes over were made anew or went, whatever asks for it.
pub fn loses_the_writer(plan: &Plan, graph: &Graph, failover: &Failover) -> Option<Refusal> {
    let writer = &database_of(graph, &failover.to)?.address;
    let change = plan.changes.iter().find(|change| {
        change.address == *writer
            && change.reason != Reason::Deposed
            && matches!(change.action, Action::Replace | Action::Delete)
    })?;
    Some(Refusal {
        address: writer.clone(),
        action: change.action,
        why: "it is the database that is promoted".into(),
        way: None,
    })
}
