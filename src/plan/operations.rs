//! From changes to single writes and deletes, and what each waits for.
//!
//! - A write waits for the writes of what it refers to.
//! - A delete waits until nothing live mentions the deleted one any more: for the deletes of what
//!   does, and for the updates that lead away from it.
//! - A replace creates first where both can exist; see `plan::beside`. One that deletes first cannot
//!   wait for the updates of what mentions it, because those wait for the new one.
//! - A write waits until the value that it wants is free; see `plan::room`.
//! - What is no longer wanted, or replaced, goes last, once every write has succeeded, so that an old server
//!   answers until the new ones do.
//! - Some things AWS keeps in place for others that do not mention them; see `Kind::leaves_after`.
//!
//! Should these rules wait for each other in a circle, the waits of deletes for updates are dropped
//! first: the cloud then refuses a delete until it can be done, and the executor asks again.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::in_place::is_upgrade;
use super::{Action, Change, Impossible, Reason, beside, room, schedule};
use crate::address::Address;
use crate::inventory::{Live, LiveResource};
use crate::kinds;
use crate::kinds::references::{for_each_name, is_in_reach};
use crate::schema::Registry;
use crate::schema::database_calls;
use crate::schema::facts::UPGRADE_SECONDS;
use crate::value::Value;

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Makes a new one.
    Create,
    /// Changes it in place, or waits for an earlier run's work.
    Update,
    /// Removes it.
    Delete,
}

/// One write or delete.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Operation {
    /// The change that it belongs to, by number.
    pub change: usize,
    /// What it does.
    pub step: Step,
    /// Operations that come first, by number.
    pub needs: Vec<usize>,
    /// Whether it waits for every operation that is not marked so: what is no longer wanted goes
    /// when everything that takes its place is there.
    pub last: bool,
    /// Typical seconds.
    pub seconds: u64,
    /// Which part of the change it writes.
    #[serde(default, skip_serializing_if = "Part::is_whole")]
    pub part: Part,
}

/// Which part of its change an operation writes; see `plan::room`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "part", rename_all = "kebab-case")]
pub enum Part {
    /// All of it.
    #[default]
    Whole,
    /// All of it, with another value of one property for now.
    Around {
        /// The property.
        property: Arc<str>,
        /// The value that it has for now.
        value: Value,
    },
    /// This property, once its value is free.
    Then {
        /// The property.
        property: Arc<str>,
    },
}

impl Part {
    fn is_whole(&self) -> bool {
        *self == Self::Whole
    }
}

/// The operations of these changes.
pub fn of(changes: &[Change], live: &Live) -> Vec<Operation> {
    with_refusals(changes, live).0
}

/// What a creation takes longer because some properties can only be set once the resource is there: a replica in
/// another region is changed, and restarted so that its parameter group counts.
fn seconds_after_creation(change: &Change) -> u32 {
    let Some(desired) = &change.desired else {
        return 0;
    };
    let is_elsewhere = match desired.properties.get(database_calls::SOURCE) {
        Some(Value::Reference(source)) => source.address.region != change.address.region,
        Some(Value::String(source)) => source.starts_with("arn:"),
        _ => false,
    };
    if is_elsewhere {
        kinds::of(&change.kind).update_seconds + RESTART_SECONDS
    } else {
        0
    }
}

/// What RDS takes to restart a database.
const RESTART_SECONDS: u32 = 60;

/// The operations of these changes, and those of the changes that cannot be carried out.
pub fn with_refusals(changes: &[Change], live: &Live) -> (Vec<Operation>, Vec<Impossible>) {
    let mut operations = Vec::with_capacity(changes.len());
    let mut writes: HashMap<&Address, usize> = HashMap::new();
    let mut deletes: HashMap<usize, usize> = HashMap::new();
    for (number, change) in changes.iter().enumerate() {
        let facts = kinds::of(&change.kind);
        // Protection is switched off by an update before the delete.
        let locked = change
            .live
            .as_ref()
            .is_some_and(|live| kinds::unlocked(&live.kind, &live.properties).is_some());
        let delete_seconds = facts.delete_seconds + if locked { facts.update_seconds } else { 0 };
        let mut push = |step, seconds: u32| {
            operations.push(Operation {
                change: number,
                step,
                needs: Vec::new(),
                last: false,
                seconds: u64::from(seconds),
                part: Part::Whole,
            });
            operations.len() - 1
        };
        match change.action {
            Action::Create => {
                let seconds = facts.create_seconds + seconds_after_creation(change);
                writes.insert(&change.address, push(Step::Create, seconds));
            }
            Action::Update => {
                let seconds = match change.reason {
                    Reason::Unfinished => facts.create_seconds,
                    _ if is_upgrade(change) => UPGRADE_SECONDS,
                    _ => facts.update_seconds,
                };
                writes.insert(&change.address, push(Step::Update, seconds));
            }
            Action::Delete => {
                deletes.insert(number, push(Step::Delete, delete_seconds));
            }
            Action::Replace if change.create_before_destroy => {
                let create = push(Step::Create, facts.create_seconds);
                let delete = push(Step::Delete, delete_seconds);
                operations[delete].needs.push(create);
                writes.insert(&change.address, create);
                deletes.insert(number, delete);
            }
            Action::Replace => {
                let delete = push(Step::Delete, delete_seconds);
                let create = push(Step::Create, facts.create_seconds);
                operations[create].needs.push(delete);
                writes.insert(&change.address, create);
                deletes.insert(number, delete);
            }
        }
    }
    for change in changes {
        let Some(write) = writes.get(&change.address) else {
            continue;
        };
        for needed in &change.depends_on {
            if let Some(first) = writes.get(needed) {
                operations[*write].needs.push(*first);
            }
        }
    }
    bring_paths(changes, &writes, &mut operations);
    let soft = wait_for_mentions(changes, live, &writes, &deletes, &mut operations);
    let mut impossible = beside::impossible(changes, live);
    impossible.extend(room::make(changes, live, &mut operations));
    for operation in &mut operations {
        operation.needs.sort_unstable();
        operation.needs.dedup();
    }
    break_circles(&mut operations, &soft);
    delete_late(changes, &writes, &deletes, &mut operations);
    mark_last(changes, &mut operations);
    (operations, impossible)
}

/// What moves over to a replacement does so once the rules, routes and associations of that are there.
fn bring_paths(
    changes: &[Change],
    writes: &HashMap<&Address, usize>,
    operations: &mut [Operation],
) {
    let is_beside =
        |change: &&Change| change.action == Action::Replace && change.create_before_destroy;
    for new in changes.iter().filter(is_beside) {
        let of_it = |change: &&Change| change.depends_on.contains(&new.address);
        let paths: Vec<usize> = changes
            .iter()
            .filter(of_it)
            .filter(|change| kinds::of(&change.kind).is_path)
            .filter_map(|change| writes.get(&change.address).copied())
            .collect();
        let users = changes
            .iter()
            .filter(of_it)
            .filter(|change| !kinds::of(&change.kind).is_path)
            .filter_map(|change| writes.get(&change.address).copied());
        for user in users.collect::<Vec<usize>>() {
            for path in &paths {
                if !room::waits_for(operations, *path, user) {
                    operations[user].needs.push(*path);
                }
            }
        }
    }
}

/// What has to be deleted before its successor is created goes when all else is there that the successor
/// needs: not before the new one can be created at once.
fn delete_late(
    changes: &[Change],
    writes: &HashMap<&Address, usize>,
    deletes: &HashMap<usize, usize>,
    operations: &mut [Operation],
) {
    let mut numbers: Vec<(usize, usize)> = deletes.iter().map(|(a, b)| (*a, *b)).collect();
    numbers.sort_unstable();
    for (number, delete) in numbers {
        let change = &changes[number];
        if change.action != Action::Replace || change.create_before_destroy {
            continue;
        }
        let Some(create) = writes.get(&change.address) else {
            continue;
        };
        for need in operations[*create].needs.clone() {
            if need != delete && !room::waits_for(operations, need, delete) {
                operations[delete].needs.push(need);
            }
        }
    }
}

/// Marks the deletes of what is no longer wanted and of what was replaced beside it, except those that
/// something else waits for; and what waits for such a delete and is waited for by nothing else.
fn mark_last(changes: &[Change], operations: &mut [Operation]) {
    for operation in operations.iter_mut() {
        let change = &changes[operation.change];
        let is_replaced = change.action == Action::Replace && change.create_before_destroy;
        operation.last = match operation.step {
            Step::Delete => change.action == Action::Delete || is_replaced,
            _ => matches!(operation.part, Part::Then { .. }),
        };
    }
    let mut open: Vec<usize> = (0..operations.len())
        .filter(|n| !operations[*n].last)
        .collect();
    while let Some(number) = open.pop() {
        for need in operations[number].needs.clone() {
            if std::mem::take(&mut operations[need].last) {
                open.push(need);
            }
        }
    }
}

/// Adds what deletes wait for; returns the waits of deletes for updates, which may be dropped.
fn wait_for_mentions(
    changes: &[Change],
    live: &Live,
    writes: &HashMap<&Address, usize>,
    deletes: &HashMap<usize, usize>,
    operations: &mut [Operation],
) -> HashSet<(usize, usize)> {
    let mut soft = HashSet::new();
    if deletes.is_empty() {
        return soft;
    }
    // Who goes: by names that mean the same wherever they stand, and by plain names, which others
    // of the same region may have too and which count only in properties that name such a kind.
    let mut going: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut named: HashMap<&str, Vec<usize>> = HashMap::new();
    for number in deletes.keys() {
        if let Some(resource) = &changes[*number].live {
            named.entry(&resource.identifier).or_default().push(*number);
            for name in unique_names(resource) {
                going.entry(name).or_default().push(*number);
            }
        }
    }
    // What two are called is the name of neither.
    going.retain(|_, numbers| numbers.len() == 1);
    let mut delete_of: BTreeMap<(&Address, &str), usize> = BTreeMap::new();
    for (number, delete) in deletes {
        if let Some(resource) = &changes[*number].live {
            delete_of.insert((&resource.address, &*resource.identifier), *delete);
        }
    }
    for resource in live.resources.values().chain(&live.deposed) {
        let mut mentioned: HashSet<usize> = HashSet::new();
        for (_, value) in &resource.properties {
            for_each_text(value, &mut |text| {
                mentioned.extend(going.get(text).into_iter().flatten());
            });
        }
        for_each_name(
            &resource.kind,
            &resource.properties,
            &mut |entry, path, name| {
                for number in named.get(name).into_iter().flatten() {
                    let target = &changes[*number];
                    let (home, region) = (&target.address.region, &resource.address.region);
                    if entry.kinds.contains(&&*target.kind) && is_in_reach(home, region, path, name)
                    {
                        mentioned.insert(*number);
                    }
                }
            },
        );
        let own_delete = delete_of.get(&(&resource.address, &*resource.identifier));
        for number in mentioned {
            let target = deletes[&number];
            if own_delete == Some(&target) {
                continue;
            }
            let change = &changes[number];
            if let Some(own) = own_delete {
                operations[target].needs.push(*own);
            } else if let Some(write) = writes.get(&resource.address)
                && (change.action == Action::Delete || change.create_before_destroy)
                && change.address != resource.address
            {
                operations[target].needs.push(*write);
                soft.insert((target, *write));
            }
        }
    }
    for (number, delete) in deletes {
        let change = &changes[*number];
        let record = kinds::of(&change.kind);
        let sooner = |kind: &str| {
            let mut named = record.leaves_after.iter().chain(record.made_anew_by);
            named.any(|one| *one == kind)
        };
        for (other, first) in deletes {
            if sooner(&changes[*other].kind)
                && changes[*other].address.region == change.address.region
            {
                operations[*delete].needs.push(*first);
            }
        }
    }
    soft
}

/// The names of a resource that no other one has: what AWS made up for it.
pub fn unique_names(resource: &LiveResource) -> Vec<&str> {
    // Shorter ones, such as a version's number, are no names.
    const SHORTEST: usize = 12;
    let Some(schema) = Registry::embedded().kind(&resource.kind) else {
        return Vec::new();
    };
    resource
        .properties
        .iter()
        .filter(|(name, _)| schema.is_read_only(name))
        .filter(|(name, _)| ["Id", "Arn", "ARN"].iter().any(|end| name.ends_with(end)))
        // What a resource lives in is not what it is called.
        .filter(|(name, _)| &**name != "VpcId" || &*resource.kind == "AWS::EC2::VPC")
        .filter_map(|(_, value)| value.as_str())
        .filter(|name| name.len() >= SHORTEST)
        .collect()
}

fn for_each_text<'a>(value: &'a Value, visit: &mut dyn FnMut(&'a str)) {
    match value {
        Value::String(text) => visit(text),
        Value::List(items) => items.iter().for_each(|item| for_each_text(item, visit)),
        Value::Map(map) => map
            .iter()
            .for_each(|(_, value)| for_each_text(value, visit)),
        _ => {}
    }
}

/// Drops waits until everything has its turn: those in `soft` first.
fn break_circles(operations: &mut [Operation], soft: &HashSet<(usize, usize)>) {
    loop {
        let stuck = stuck(operations);
        let Some(first) = stuck.iter().min().copied() else {
            return;
        };
        let pair = stuck
            .iter()
            .flat_map(|at| operations[*at].needs.iter().map(move |need| (*at, *need)))
            .filter(|(at, need)| stuck.contains(need) && soft.contains(&(*at, *need)))
            .min();
        match pair {
            Some((at, need)) => operations[at].needs.retain(|have| *have != need),
            None => operations[first].needs.retain(|need| !stuck.contains(need)),
        }
    }
}

/// The operations that would never have their turn, without those that only wait for such.
fn stuck(operations: &[Operation]) -> HashSet<usize> {
    let mut left: HashSet<usize> = (0..operations.len()).collect();
    for number in schedule::order(
        operations
            .iter()
            .map(|operation| operation.needs.as_slice()),
    ) {
        left.remove(&number);
    }
    loop {
        let needed: HashSet<usize> = left
            .iter()
            .flat_map(|number| operations[*number].needs.iter().copied())
            .filter(|need| left.contains(need))
            .collect();
        if needed.len() == left.len() {
            return left;
        }
        left = needed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(needs: &[usize]) -> Operation {
        Operation {
            change: 0,
            step: Step::Delete,
            needs: needs.to_vec(),
            last: false,
            seconds: 1,
            part: Part::Whole,
        }
    }

    #[test]
    fn a_circle_is_broken_where_a_delete_waits_for_an_update() {
        let mut operations = [operation(&[1]), operation(&[0])];
        break_circles(&mut operations, &HashSet::from([(1, 0)]));
        assert_eq!(operations[0].needs, [1]);
        assert!(operations[1].needs.is_empty());
    }

    #[test]
    fn who_waits_for_a_circle_is_not_what_breaks_it() {
        let mut operations = [operation(&[1]), operation(&[2]), operation(&[1])];
        break_circles(&mut operations, &HashSet::new());
        assert_eq!(operations[0].needs, [1]);
        assert!(operations[1].needs.is_empty());
    }

    #[test]
    fn what_has_no_circle_keeps_its_waits() {
        let mut operations = [operation(&[]), operation(&[0]), operation(&[0, 1])];
        break_circles(&mut operations, &HashSet::from([(2, 0)]));
        assert_eq!(operations[2].needs, [0, 1]);
    }
}
