//! Which replacements are created beside the old resource, and which cannot be carried out at all.
//!
//! A replacement is created first wherever both can exist: the old one is then deleted last, once
//! everything has moved over, and a run that fails leaves a path that works. Where a name or another
//! value exists once only, the old one has to be deleted first. AWS refuses that while others use it,
//! so such a plan is refused before anything changes.

use std::collections::{HashMap, HashSet};

use super::{Action, Change, Impossible, Reason};
use crate::address::Address;
use crate::inventory::{Live, LiveResource};
use crate::kinds::references::{for_each_name, is_in_reach};
use crate::kinds::{self, exclusive};
use crate::schema::Registry;

/// Decides for each replacement whether it is created first.
pub fn create_first(changes: &mut [Change]) {
    let replaced = replaced(changes);
    let explicit: HashSet<usize> = replaced
        .values()
        .copied()
        .filter(|number| wants_first(&changes[*number]))
        .collect();
    for number in replaced.values() {
        let change = &mut changes[*number];
        change.create_before_destroy = can_be_first(change)
            && (explicit.contains(number) || clash_with_itself(change).is_none());
    }
    // What a blueprint creates first needs its dependencies' replacements first.
    let mut open: Vec<usize> = explicit.iter().copied().collect();
    let mut forced: HashSet<usize> = explicit;
    while let Some(number) = open.pop() {
        for needed in changes[number].depends_on.clone() {
            if let Some(needed) = replaced.get(&needed)
                && forced.insert(*needed)
            {
                changes[*needed].create_before_destroy = true;
                open.push(*needed);
            }
        }
    }
    // What refers to one that is deleted first has to be deleted before it.
    loop {
        let waits: Vec<usize> = replaced
            .values()
            .copied()
            .filter(|number| changes[*number].create_before_destroy && !forced.contains(number))
            .filter(|number| {
                let needed = changes[*number].depends_on.iter();
                let mut needed = needed.filter_map(|address| replaced.get(address));
                needed.any(|needed| {
                    !changes[*needed].create_before_destroy
                        && refers_to(&changes[*number], &changes[*needed])
                })
            })
            .collect();
        if waits.is_empty() {
            break;
        }
        for number in waits {
            changes[number].create_before_destroy = false;
        }
    }
    for number in replaced.values() {
        let change = &mut changes[*number];
        if change.create_before_destroy {
            change.interrupts = None;
        }
    }
}

fn replaced(changes: &[Change]) -> HashMap<Address, usize> {
    changes
        .iter()
        .enumerate()
        .filter(|(_, change)| change.action == Action::Replace)
        .map(|(number, change)| (change.address.clone(), number))
        .collect()
}

/// Leaves the name to the old resource where nothing else keeps the new one from existing beside it, and its blueprint
/// ignores what it is called: the provider makes up another one, which later plans leave alone.
pub fn leave_the_name(change: &mut Change) {
    let is_replaced = change.action == Action::Replace;
    if !is_replaced || !can_be_first(change) || clash_with_itself(change).is_none() {
        return;
    }
    let Some(mut desired) = change.desired.clone() else {
        return;
    };
    let schema = Registry::embedded().kind(&desired.kind);
    let names = schema.map_or(&[][..], |schema| schema.primary_identifier());
    for name in names.iter().filter(|name| desired.lifecycle.ignores(name)) {
        desired.properties.remove(name);
    }
    let live = change.live.as_ref().map(|live| &live.properties);
    if live.is_some_and(|live| exclusive::clash(&desired.kind, &desired.properties, live).is_none())
    {
        change.desired = Some(desired);
    }
}

/// Whether its blueprint wants it to be created first.
fn wants_first(change: &Change) -> bool {
    let desired = change.desired.as_ref();
    can_be_first(change) && desired.is_some_and(|desired| desired.lifecycle.create_before_destroy)
}

/// What failed, or is being deleted, has no use for its place until it is gone.
fn can_be_first(change: &Change) -> bool {
    !matches!(change.reason, Reason::Broken { .. })
}

/// Whether a change's old resource mentions the old one of another.
fn refers_to(change: &Change, other: &Change) -> bool {
    match (&change.live, &other.live) {
        (Some(live), Some(old)) => mentions(live, old).is_some(),
        _ => false,
    }
}

/// Which value the old and the new one of a replacement cannot both have, in words.
pub fn clash_with_itself(change: &Change) -> Option<String> {
    let (desired, live) = (change.desired.as_ref()?, change.live.as_ref()?);
    let moves_over = kinds::of(&desired.kind).moves_over;
    if desired.kind != live.kind || moves_over || super::existing::is_swapped(change) {
        return None;
    }
    exclusive::clash(&desired.kind, &desired.properties, &live.properties)
}

/// Whether a live resource names another one, and whether AWS then refuses to delete that.
fn mentions(resource: &LiveResource, other: &LiveResource) -> Option<bool> {
    let mut found = None;
    for_each_name(
        &resource.kind,
        &resource.properties,
        &mut |entry, path, name| {
            let is_it = entry.kinds.contains(&&*other.kind)
                && is_called(other, name)
                && is_in_reach(&other.address.region, &resource.address.region, path, name);
            if is_it {
                found = Some(found.unwrap_or(false) || entry.blocks);
            }
        },
    );
    found
}

fn is_called(resource: &LiveResource, name: &str) -> bool {
    *resource.identifier == *name || super::operations::unique_names(resource).contains(&name)
}

/// The replacements that have to delete the old resource first while others keep using it, and those whose
/// blueprint creates a second one of what exists once only.
pub fn impossible(changes: &[Change], live: &Live) -> Vec<Impossible> {
    let gone_before: HashSet<(&Address, &str)> = changes
        .iter()
        .filter(|change| match change.action {
            Action::Delete => true,
            Action::Replace => !change.create_before_destroy,
            _ => false,
        })
        .filter_map(|change| Some((&change.address, &*change.live.as_ref()?.identifier)))
        .collect();
    let mut found = Vec::new();
    for change in changes.iter().filter(|one| one.action == Action::Replace) {
        let Some(clash) = clash_with_itself(change) else {
            continue;
        };
        let Some(old) = change.live.as_ref().filter(|_| can_be_first(change)) else {
            continue;
        };
        let why = if change.create_before_destroy {
            format!(
                "its replacement would be created before it is deleted, and both would have {clash}"
            )
        } else {
            let holders: Vec<String> = live
                .resources
                .values()
                .chain(&live.deposed)
                .filter(|other| other.identifier != old.identifier || other.kind != old.kind)
                .filter(|other| !gone_before.contains(&(&other.address, &*other.identifier)))
                .filter(|other| mentions(other, old) == Some(true))
                .map(|other| other.address.to_string())
                .collect();
            let Some(first) = holders.first() else {
                continue;
            };
            let more = match holders.len() {
                1 => String::new(),
                all => format!(" and {} more", all - 1),
            };
            format!(
                "AWS cannot delete it while {first}{more} uses it, and its replacement cannot exist at the same time: both would have {clash}"
            )
        };
        let changed = change.properties.iter().filter(|one| one.create_only);
        let changed: Vec<&str> = changed.map(|one| &*one.path).collect();
        let back = if changed.is_empty() {
            "leave it unchanged".to_owned()
        } else {
            format!("leave {} unchanged", changed.join(", "))
        };
        found.push(Impossible {
            address: change.address.clone(),
            action: change.action,
            why,
            way: format!(
                "use another value ({clash} is taken); or add the resource under a new id, point its users to that, apply, and then remove the old id; or {back}"
            ),
        });
    }
    found
}
