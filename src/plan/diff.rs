//! Desired against live: what changes, property by property, and why.
//!
//! Resources are visited in the order of their references, so that a reference to something that
//! stays resolves to what the cloud says, and only what will be made or moved stays symbolic.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::properties::{differences, initial, interruption};
use super::{
    Action, Change, Plan, Reason, beside, blocks, existing, in_place, operations, ranges, schedule,
};
use crate::address::{ACCOUNT_NUMBER, Address, of_account};
use crate::compare::Rules;
use crate::graph::{Graph, Resource};
use crate::inventory::{Live, LiveResource, Status};
use crate::kinds;
use crate::value::{Map, Reference, Value};

/// What has to happen so that `live` becomes `desired`.
///
/// With `targets`, only what these addresses and their dependencies need; nothing else is touched,
/// and nothing is deleted but the targets themselves.
pub fn diff(desired: &Graph, live: &Live, targets: Option<&[Address]>) -> Plan {
    let (desired, kept) = blocks::settled(desired, live);
    let (desired, uses, unclear) = existing::used(ranges::settled(&desired, live), live);
    let desired = &*desired;
    let wanted = targets.map(|targets| closure(desired, targets));
    let is_wanted = |address: &Address| wanted.as_ref().is_none_or(|set| set.contains(address));
    let mut states: HashMap<&Address, State> = HashMap::with_capacity(desired.len());
    let mut changes: BTreeMap<(Address, u32), Change> = BTreeMap::new();
    let mut unchanged = 0;
    let account = of_account();
    if let Some(number) = &live.account {
        let known: Map = [(ACCOUNT_NUMBER.into(), Value::str(&**number))]
            .into_iter()
            .collect();
        let state = State {
            properties: known,
            live: None,
            action: None,
        };
        states.insert(&account, state);
    }
    for resource in in_order(desired) {
        let found = live.resources.get(&resource.address);
        let judged = judge(resource, found, &states);
        match judged {
            Judged::Same(properties) => {
                unchanged += 1;
                states.insert(
                    &resource.address,
                    State {
                        properties: as_it_stays(resource, properties, found),
                        live: found,
                        action: None,
                    },
                );
            }
            Judged::Changed(mut change) if is_wanted(&resource.address) => {
                beside::leave_the_name(&mut change);
                let properties = change.desired.as_ref().map(|d| d.properties.clone());
                let stays = found.filter(|_| change.action == Action::Update);
                states.insert(
                    &resource.address,
                    State {
                        properties: as_it_stays(resource, properties.unwrap_or_default(), stays),
                        live: found,
                        action: Some(change.action),
                    },
                );
                changes.insert((resource.address.clone(), u32::MAX), *change);
            }
            // Not asked for: it stays as it is, and others see it as it is.
            Judged::Changed(_) => {
                unchanged += usize::from(found.is_some());
                let properties = found
                    .map(|found| found.properties.clone())
                    .unwrap_or_default();
                states.insert(
                    &resource.address,
                    State {
                        properties,
                        live: found,
                        action: None,
                    },
                );
            }
        }
    }
    let gone = live
        .resources
        .iter()
        .filter(|(address, _)| desired.get(address).is_none());
    for (address, resource) in gone {
        if is_wanted(address) {
            changes.insert(
                (address.clone(), u32::MAX),
                deletion(resource, Reason::NotInBlueprint),
            );
        } else {
            unchanged += 1;
        }
    }
    for resource in &live.deposed {
        if is_wanted(&resource.address) {
            let key = (resource.address.clone(), resource.generation());
            changes.insert(key, deletion(resource, Reason::Deposed));
        }
    }
    let mut changes: Vec<Change> = changes.into_values().collect();
    beside::create_first(&mut changes);
    let (operations, mut impossible) = operations::with_refusals(&changes, live);
    impossible.extend(in_place::impossible(desired, &changes, live));
    impossible.extend(existing::in_the_way(&changes, live));
    impossible.extend(unclear);
    Plan {
        changes,
        unchanged,
        operations,
        impossible,
        uses,
        kept,
    }
}

/// The targets and everything that they need.
fn closure(desired: &Graph, targets: &[Address]) -> HashSet<Address> {
    let mut found: HashSet<Address> = HashSet::new();
    let mut open: Vec<Address> = targets.to_vec();
    while let Some(address) = open.pop() {
        if let Some(resource) = desired.get(&address)
            && !found.contains(&address)
        {
            open.extend(resource.dependencies());
        }
        found.insert(address);
    }
    found
}

/// The resources so that each comes after those that it refers to; a graph has no circles.
pub fn in_order(graph: &Graph) -> Vec<&Resource> {
    let resources: Vec<&Resource> = graph.iter().collect();
    let needs = graph.needs();
    let order = schedule::order(needs.iter().map(Vec::as_slice));
    order.into_iter().map(|number| resources[number]).collect()
}

/// What others see of a resource that has been judged.
struct State<'a> {
    /// As it should be, references resolved as far as possible.
    properties: Map,
    live: Option<&'a LiveResource>,
    /// `None` when it stays.
    action: Option<Action>,
}

impl State<'_> {
    /// What a reference to `path` of it stands for, if that is known by now.
    fn answer(&self, kind: &str, path: &str) -> Option<Value> {
        if let Some(value) = self.properties.at(path) {
            return (!value.is_symbolic()).then(|| value.clone());
        }
        match self.action {
            None => {}
            Some(Action::Update) => {
                let top = path.split('.').next().unwrap_or(path);
                if kinds::of(kind).volatile.contains(&top) {
                    return None;
                }
            }
            Some(_) => return None,
        }
        self.live?.properties.at(path).cloned()
    }
}

/// What others see of a resource that is not made anew: what its lifecycle ignores is as it is, not as
/// the blueprint would have it.
fn as_it_stays(resource: &Resource, mut properties: Map, live: Option<&LiveResource>) -> Map {
    let Some(live) = live else { return properties };
    for name in &resource.lifecycle.ignore_changes {
        if let Some(value) = live.properties.get(name) {
            properties.insert(name.clone(), value.clone());
        }
    }
    properties
}

enum Judged {
    /// It is as it should be; its properties, resolved.
    Same(Map),
    Changed(Box<Change>),
}

fn judge(
    resource: &Resource,
    live: Option<&LiveResource>,
    states: &HashMap<&Address, State<'_>>,
) -> Judged {
    let answer = |reference: &Reference| {
        let state = states.get(&reference.address)?;
        let kind = state.live.map_or("", |live| &*live.kind);
        state.answer(kind, &reference.path)
    };
    let properties: Map = resource
        .properties
        .iter()
        .map(|(name, value)| (name.clone(), value.resolve(&answer)))
        .collect();
    let rules = Rules::of(&resource.kind);
    let next = live.map_or(1, |live| live.generation().saturating_add(1));
    let (action, reason, generation, differences) = match live {
        None => (Action::Create, Reason::Missing, next, initial(&properties)),
        Some(live) if live.kind != resource.kind => {
            let from = live.kind.clone();
            (
                Action::Replace,
                Reason::KindChanged { from },
                next,
                initial(&properties),
            )
        }
        Some(live) => {
            let differences = differences(rules, resource, &properties, live);
            let create_only: Vec<Arc<str>> = differences
                .iter()
                .filter(|p| p.create_only)
                .map(|p| p.path.clone())
                .collect();
            let same = live.generation().max(1);
            let (action, reason, generation) = match &live.status {
                Status::Failed(why) => (
                    Action::Replace,
                    Reason::Broken {
                        status: why.clone(),
                    },
                    next,
                ),
                Status::Deleting => (
                    Action::Replace,
                    Reason::Broken {
                        status: "deleting".into(),
                    },
                    next,
                ),
                _ if !create_only.is_empty() => (
                    Action::Replace,
                    Reason::CreateOnly {
                        properties: create_only,
                    },
                    next,
                ),
                _ if !differences.is_empty() => (Action::Update, Reason::Differs, same),
                Status::Pending(_) => (Action::Update, Reason::Unfinished, same),
                Status::Ready => return Judged::Same(properties),
            };
            (action, reason, generation, differences)
        }
    };
    let first = resource.lifecycle.create_before_destroy;
    Judged::Changed(Box::new(Change {
        address: resource.address.clone(),
        kind: resource.kind.clone(),
        tier: resource.tier.clone(),
        action,
        interrupts: match live {
            Some(live) if live.kind == resource.kind => {
                interruption(rules, action, first, &differences, &live.properties)
            }
            _ => None,
        },
        // What fails or is being deleted has no use for its place until it is gone.
        create_before_destroy: first && !matches!(reason, Reason::Broken { .. }),
        reason,
        properties: differences,
        // Known references are values by now, but still have to come first.
        depends_on: resource.dependencies(),
        desired: Some(Resource {
            address: resource.address.clone(),
            kind: resource.kind.clone(),
            tier: resource.tier.clone(),
            role: resource.role,
            properties,
            after: resource.after.clone(),
            lifecycle: resource.lifecycle.clone(),
            ready_when: resource.ready_when.clone(),
        }),
        live: live.cloned(),
        generation,
    }))
}

fn deletion(live: &LiveResource, reason: Reason) -> Change {
    Change {
        address: live.address.clone(),
        kind: live.kind.clone(),
        tier: kinds::tier(&live.kind).name().into(),
        action: Action::Delete,
        reason,
        properties: Vec::new(),
        interrupts: None,
        create_before_destroy: false,
        desired: None,
        live: Some(live.clone()),
        depends_on: Vec::new(),
        generation: live.generation(),
    }
}

#[cfg(test)]
mod tests;
