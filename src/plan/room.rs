//! Who makes room: values that exist once only, such as a rule's priority, pass from one resource to another.
//!
//! A write waits until the value is free. A listener rule can do better: it takes a free priority right
//! behind the one that it will have, so that the old rule answers until its successor is ready, and moves
//! up when the old one is gone. Two rules that swap their priorities pass each other the same way.

use std::collections::{BTreeSet, HashMap};

use super::operations::{Operation, Part, Step};
use super::{Action, Change, Impossible};
use crate::inventory::{Live, LiveResource};
use crate::kinds::exclusive;
use crate::value::Value;

const RULE: &str = "AWS::ElasticLoadBalancingV2::ListenerRule";
const PRIORITY: &str = "Priority";

/// The highest priority of a rule
/// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateRule.html>).
const LOWEST: i64 = 50_000;

/// What stands in the place of one write: who has the value that it wants.
struct Taken<'a> {
    /// The operation that writes.
    write: usize,
    /// Who has it.
    by: &'a LiveResource,
    /// What both would have, in words.
    what: String,
}

/// Writes that want what another resource has.
fn taken<'a>(changes: &[Change], live: &'a Live, operations: &[Operation]) -> Vec<Taken<'a>> {
    let mut of_kind: HashMap<&str, Vec<&LiveResource>> = HashMap::new();
    for resource in live.resources.values().chain(&live.deposed) {
        of_kind.entry(&resource.kind).or_default().push(resource);
    }
    let mut found = Vec::new();
    for (write, operation) in operations.iter().enumerate() {
        let change = &changes[operation.change];
        let Some(desired) = change
            .desired
            .as_ref()
            .filter(|_| operation.step != Step::Delete)
        else {
            continue;
        };
        // An update that leaves the value alone has it already.
        let moves = |paths: &[&str]| {
            let mut tops = paths.iter().filter_map(|path| path.split('.').next());
            let changed = |top: &str| {
                let mut paths = change.properties.iter().map(|one| &*one.path);
                paths.any(|path| path.split('.').next() == Some(top))
            };
            tops.any(changed)
        };
        if operation.step == Step::Update && !exclusive::once(&desired.kind).is_some_and(moves) {
            continue;
        }
        let others = of_kind.get(&*desired.kind).into_iter().flatten();
        for other in others {
            let is_own = change.live.as_ref().is_some_and(|own| {
                own.identifier == other.identifier && own.address == other.address
            });
            if is_own || other.address.region != change.address.region {
                continue;
            }
            if let Some(what) =
                exclusive::clash(&desired.kind, &desired.properties, &other.properties)
            {
                found.push(Taken {
                    write,
                    by: other,
                    what,
                });
            }
        }
    }
    found
}

/// Lets each write wait for whoever has the value that it wants; returns those that would wait for ever.
pub fn make(changes: &[Change], live: &Live, operations: &mut Vec<Operation>) -> Vec<Impossible> {
    let mut never = Vec::new();
    let mut open = taken(changes, live, operations);
    // Rules that are going, or that wait for such, answer until their successors do.
    loop {
        let before = open.len();
        open.retain(|Taken { write, by, .. }| {
            let is_rule = &*changes[operations[*write].change].kind == RULE;
            let gives = whose(changes, operations, by).filter(|_| is_rule);
            let Some(gives) = gives.filter(|gives| is_late(&operations[*gives])) else {
                return true;
            };
            split(changes, live, operations, *write, gives);
            false
        });
        if open.len() == before {
            break;
        }
    }
    for Taken { write, by, what } in open {
        let change = &changes[operations[write].change];
        let is_rule = &*change.kind == RULE;
        match whose(changes, operations, by) {
            Some(gives) if is_renamed(changes, &operations[gives], change) => {
                never.push(Impossible {
                    address: change.address.clone(),
                    action: change.action,
                    why: format!(
                        "{} is already {what} and would be deleted for it",
                        by.address
                    ),
                    way: format!(
                        "`scalectl import {} '{}'` changes only its address",
                        change.address, by.identifier
                    ),
                });
            }
            Some(gives) if !waits_for(operations, gives, write) => {
                operations[write].needs.push(gives);
            }
            Some(gives) if is_rule => split(changes, live, operations, write, gives),
            _ => never.push(Impossible {
                address: change.address.clone(),
                action: change.action,
                why: format!("{} keeps {what}, which must be unique", by.address),
                way: format!(
                    "set another value for {}, or delete {} first",
                    change.address, by.address
                ),
            }),
        }
    }
    never
}

/// Whether something would be deleted only to be created again under another address: it may hold what cannot
/// be made again.
fn is_renamed(changes: &[Change], gives: &Operation, new: &Change) -> bool {
    let old = &changes[gives.change];
    (old.action, new.action) == (Action::Delete, Action::Create)
        && exclusive::once(&new.kind).is_none()
}

/// Whether an operation comes when everything else is done.
fn is_late(operation: &Operation) -> bool {
    operation.step == Step::Delete || matches!(operation.part, Part::Then { .. })
}

/// The operation after which a resource has a value no more.
fn whose(changes: &[Change], operations: &[Operation], by: &LiveResource) -> Option<usize> {
    let found = |operation: &Operation| {
        let change = &changes[operation.change];
        let is_its = change
            .live
            .as_ref()
            .is_some_and(|live| live.identifier == by.identifier && live.address == by.address);
        is_its
            && match operation.step {
                Step::Delete => true,
                Step::Update => {
                    let desired = change.desired.as_ref();
                    desired.is_some_and(|desired| {
                        exclusive::clash(&by.kind, &desired.properties, &by.properties).is_none()
                    })
                }
                Step::Create => false,
            }
    };
    // Of a write in two parts the second one gives it up.
    operations.iter().rposition(found)
}

/// Whether an operation waits for another one, by itself or by what it needs.
pub fn waits_for(operations: &[Operation], waiting: usize, other: usize) -> bool {
    let mut open = vec![waiting];
    let mut seen = vec![false; operations.len()];
    while let Some(number) = open.pop() {
        if number == other {
            return true;
        }
        if !std::mem::replace(&mut seen[number], true) {
            open.extend(&operations[number].needs);
        }
    }
    false
}

/// Lets a rule take a free priority first and the wanted one when that is free.
fn split(
    changes: &[Change],
    live: &Live,
    operations: &mut Vec<Operation>,
    write: usize,
    gives: usize,
) {
    if operations[write].part != Part::Whole {
        return;
    }
    let number = operations[write].change;
    let change = &changes[number];
    let had = change
        .live
        .as_ref()
        .filter(|_| operations[write].step == Step::Update);
    let had = had.and_then(|live| live.properties.get(PRIORITY));
    let is_going = is_late(&operations[gives]);
    let value = match had {
        // Nobody waits for what it has.
        Some(had) if is_going => had.clone(),
        _ => match free(changes, live, operations, change) {
            Some(value) => value,
            None => return,
        },
    };
    operations[write].part = Part::Around {
        property: PRIORITY.into(),
        value,
    };
    if !is_going {
        operations[gives].needs.push(write);
    }
    operations.push(Operation {
        change: number,
        step: Step::Update,
        needs: vec![write, gives],
        last: false,
        seconds: 1,
        part: Part::Then {
            property: PRIORITY.into(),
        },
    });
}

/// The nearest priority that nobody has or wants, behind the wanted one if there is any.
fn free(
    changes: &[Change],
    live: &Live,
    operations: &[Operation],
    change: &Change,
) -> Option<Value> {
    let priority = |value: Option<&Value>| value.and_then(Value::as_number);
    let wanted = priority(change.desired.as_ref()?.properties.get(PRIORITY))?;
    let resources = live.resources.values().chain(&live.deposed);
    let mut used: BTreeSet<i64> = resources
        .filter(|resource| &*resource.kind == RULE)
        .filter_map(|resource| priority(resource.properties.get(PRIORITY)))
        .collect();
    let desired = changes.iter().filter_map(|change| change.desired.as_ref());
    let desired = desired.filter(|desired| &*desired.kind == RULE);
    used.extend(desired.filter_map(|desired| priority(desired.properties.get(PRIORITY))));
    used.extend(
        operations
            .iter()
            .filter_map(|operation| match &operation.part {
                Part::Around { value, .. } => value.as_number(),
                _ => None,
            }),
    );
    let found = (wanted + 1..=LOWEST)
        .chain((1..wanted).rev())
        .find(|number| !used.contains(number))?;
    Some(Value::Int(found))
}
