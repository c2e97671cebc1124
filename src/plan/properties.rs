//! One resource's properties, desired against live: what differs, what of it is drift, what forces a
//! replace, what is secret, what is somebody else's.

use std::cell::LazyCell;
use std::sync::Arc;

use super::{Action, PropertyChange};
use crate::compare;
use crate::compare::stands_for;
use crate::compare::{Difference, Rules};
use crate::graph::Resource;
use crate::inventory::LiveResource;
use crate::kinds::references;
use crate::ownership;
use crate::schema;
use crate::value::{Map, Value};

/// Every property of a new resource.
pub fn initial(properties: &Map) -> Vec<PropertyChange> {
    properties
        .iter()
        .map(|(name, value)| set(properties, name, value))
        .collect()
}

/// A property that is set and was not, or is not known to have been.
fn set(properties: &Map, name: &Arc<str>, value: &Value) -> PropertyChange {
    let is_secret = schema::is_secret_in(properties, name);
    let (before, after, hidden) = told(name, is_secret, None, Some(value));
    PropertyChange {
        path: name.clone(),
        before,
        after,
        create_only: false,
        drift: false,
        hidden,
    }
}

/// The values at a path as they are told, without secrets, and whether there is nothing to tell but that
/// there are some.
fn told(
    path: &str,
    is_secret: bool,
    before: Option<&Value>,
    after: Option<&Value>,
) -> (Option<Value>, Option<Value>, bool) {
    let is_open = |value: Option<&Value>| value.is_none_or(schema::is_kept_elsewhere);
    let covered =
        |value: Option<&Value>| value.map(|value| schema::without_secrets_at(path, value));
    let (shown_before, shown_after) = (covered(before), covered(after));
    // Where secrets are all that differs, what is left says that nothing does.
    let is_all = before.is_some() && shown_before == shown_after;
    if is_all || is_secret && !(is_open(before) && is_open(after)) {
        let never = |value: Option<&Value>| value.map(|_| Value::str(schema::NEVER_SHOWN));
        return (never(before), never(after), true);
    }
    if let (Some(before), Some(after)) = (before, after) {
        let is_same = |had: &Value, wanted: &Value| had == wanted || stands_for(wanted, had);
        let (before, after) = schema::told_apart(path, before, after, is_same);
        return (Some(before), Some(after), false);
    }
    (shown_before, shown_after, false)
}

/// Where a resource that exists differs, ordered by path.
pub fn differences(
    rules: Rules<'_>,
    resource: &Resource,
    properties: &Map,
    live: &LiveResource,
) -> Vec<PropertyChange> {
    let none = crate::inventory::Applied::default();
    let applied = live.applied.as_ref().unwrap_or(&none);
    let address = &resource.address;
    let mut found = Vec::new();
    for (name, value) in properties {
        if resource.lifecycle.ignores(name) {
            continue;
        }
        // Asked only where something else than the values decides: it digests the value.
        let as_set = LazyCell::new(|| ownership::was_set_to(applied, address, name, value));
        if rules.is_write_only(name) {
            let has_its_own = rules.facts.generated.contains(&&**name) && as_set.is_none();
            if *as_set != Some(true) && !has_its_own {
                // Where it is given back all the same, it is told what of it changes.
                let have = live
                    .properties
                    .get(name)
                    .filter(|_| value.as_map().is_some());
                let parts = have.map(|have| compare::property(rules, name, value, Some(have)));
                match parts.filter(|parts| !parts.is_empty()) {
                    Some(parts) => {
                        for mut difference in parts {
                            difference.secret |= schema::is_secret_in(properties, name);
                            push(&mut found, rules, resource, difference, false);
                        }
                    }
                    None => found.push(PropertyChange {
                        create_only: rules.is_create_only(name),
                        ..set(properties, name, value)
                    }),
                }
            }
            continue;
        }
        let shared = rules.facts.externally_managed.contains(&&**name);
        if shared && *as_set == Some(true) {
            continue;
        }
        let mut differences = compare::property(rules, name, value, live.properties.get(name));
        // What a dynamic reference stands for is not compared, but another reference is a change.
        if differences.is_empty() && compare::is_dynamic(value) && *as_set == Some(false) {
            differences.push(Difference {
                path: name.to_string(),
                before: None,
                after: Some(value.clone()),
                secret: false,
            });
        }
        // What AWS does not give back of a property is not compared either: another value is a change.
        let have = live.properties.get(name);
        let is_unseen = rules.holds_write_only(name, value)
            && !have.is_some_and(|have| rules.holds_write_only(name, have));
        if differences.is_empty() && is_unseen && *as_set == Some(false) {
            found.push(PropertyChange {
                path: name.clone(),
                before: Some(Value::str(schema::NEVER_SHOWN)),
                after: Some(Value::str(schema::NEVER_SHOWN)),
                create_only: rules.is_create_only(name),
                drift: false,
                hidden: true,
            });
        }
        let secret = || {
            schema::is_secret_in(properties, name) || schema::is_secret_in(&live.properties, name)
        };
        for mut difference in differences {
            let drift = *as_set == Some(true);
            difference.secret |= secret();
            push(&mut found, rules, resource, difference, drift);
        }
    }
    left_out(rules, resource, properties, live, &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// What was set once and the blueprint no longer mentions: it goes back to AWS's default.
fn left_out(
    rules: Rules<'_>,
    resource: &Resource,
    properties: &Map,
    live: &LiveResource,
    found: &mut Vec<PropertyChange>,
) {
    let none = crate::inventory::Applied::default();
    let applied = live.applied.as_ref().unwrap_or(&none);
    for (name, value) in &live.properties {
        let read_only = rules.schema.is_some_and(|schema| schema.is_read_only(name));
        if properties.contains_key(name)
            || read_only
            || resource.lifecycle.ignores(name)
            || !ownership::was_set(applied, name)
        {
            continue;
        }
        let shape = rules
            .schema
            .and_then(|schema| schema.properties().get(name));
        if compare::default_of(rules, name, shape).is_some_and(|default| *default == *value) {
            continue;
        }
        let difference = Difference {
            path: name.to_string(),
            before: Some(value.clone()),
            after: None,
            secret: schema::is_secret_in(&live.properties, name),
        };
        push(found, rules, resource, difference, false);
    }
    let names = rules.schema.map(|schema| schema.properties().keys());
    for name in names.into_iter().flatten() {
        if !(properties.contains_key(name) || live.properties.contains_key(name))
            && is_unseen_name(rules, name)
            && !resource.lifecycle.ignores(name)
            && ownership::was_set(applied, name)
        {
            found.push(PropertyChange {
                path: name.clone(),
                before: Some(Value::str(schema::NEVER_SHOWN)),
                after: None,
                create_only: false,
                drift: false,
                hidden: true,
            });
        }
    }
}

/// Whether a property names another resource and AWS never gives it back: it counts until it is taken back, and what it
/// names cannot be deleted before.
fn is_unseen_name(rules: Rules<'_>, name: &str) -> bool {
    rules.is_write_only(name) && !rules.is_create_only(name) && references::is_name(name)
}

fn push(
    found: &mut Vec<PropertyChange>,
    rules: Rules<'_>,
    resource: &Resource,
    difference: Difference,
    drift: bool,
) {
    if resource.lifecycle.ignores(&difference.path) {
        return;
    }
    let (before, after) = (difference.before.as_ref(), difference.after.as_ref());
    let (before, after, hidden) = told(&difference.path, difference.secret, before, after);
    found.push(PropertyChange {
        create_only: rules.is_create_only(&difference.path)
            && !(difference.after.is_none() && rules.facts.clearable.contains(&&*difference.path)),
        before,
        after,
        path: difference.path.into(),
        drift,
        hidden,
    });
}

/// What a change interrupts, in words, if anything.
pub fn interruption(
    rules: Rules<'_>,
    action: Action,
    create_before_destroy: bool,
    differences: &[PropertyChange],
    live: &Map,
) -> Option<Arc<str>> {
    if action == Action::Replace {
        return (!create_before_destroy).then(|| "it is deleted before the new one exists".into());
    }
    let engine = live.get("Engine").and_then(Value::as_str).unwrap_or("");
    let mut interrupts = rules.facts.interrupts.iter();
    // The gravest comes first in the table.
    interrupts.find_map(|(path, words)| {
        let is_it = |one: &&PropertyChange| one.path.split('.').next() == Some(*path);
        let one = differences.iter().find(is_it)?;
        Some(if super::in_place::upgrade(engine, one) {
            UPGRADE.into()
        } else {
            Arc::from(*words)
        })
    })
}

/// What another major version of a database interrupts.
const UPGRADE: &str = "the database is upgraded and down meanwhile";
