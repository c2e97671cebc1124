//! Updates that AWS takes in several calls only: of some lists one call adds or removes a single item.
//!
//! DynamoDB adds or removes one replica or one secondary index in an update. An update of more becomes
//! a sequence: what is removed goes first, then what is added comes, and everything else changes with
//! the first addition, because an addition may need it, or with the last call.

use std::sync::Arc;

use crate::kinds::{self, Lock, Stepwise};
use crate::value::{Map, Value};

/// The attributes that keys may name, which have to be exactly those that are named
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html>).
const ATTRIBUTES: &str = "AttributeDefinitions";

/// By which attribute items expire; another one is set once the first is switched off
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-dynamodb-globaltable-timetolivespecification.html>).
const EXPIRY: &str = "TimeToLiveSpecification";

/// One call of an update: the properties to set, and which of them change.
#[derive(Debug, PartialEq)]
pub struct Call {
    /// The properties after the call.
    pub properties: Map,
    /// The names of those that it changes.
    pub changed: Vec<Arc<str>>,
}

/// The item that a call adds or removes.
struct Move {
    of: Stepwise,
    name: Arc<str>,
    adds: bool,
}

/// The calls that lead from `live` to `wanted`; one where AWS takes all at once.
pub fn calls(kind: &str, live: &Map, wanted: &Map, changed: &[Arc<str>]) -> Vec<Call> {
    let lists = kinds::of(kind).stepwise;
    let wanted = &expiring(lists, live, wanted);
    let whole = |changed: &[Arc<str>]| Call {
        properties: wanted.clone(),
        changed: changed.to_vec(),
    };
    let is_among = |changed: &[Arc<str>], list: &str| changed.iter().any(|name| **name == *list);
    if lists.is_empty() {
        return vec![whole(changed)];
    }
    let moves = moves(
        live,
        wanted,
        lists.iter().filter(|of| is_among(changed, of.list)),
    );
    let mut changed = changed.to_vec();
    for of in lists {
        if !is_among(&changed, of.list) && is_left_over(*of, live, wanted, lists) {
            changed.push(of.list.into());
        }
    }
    let mut state: Map = lists
        .iter()
        .filter_map(|one| Some((one.list.into(), live.get(one.list)?.clone())))
        .collect();
    let mut found: Vec<Call> = first(kind, live, wanted, &moves, &mut state)
        .into_iter()
        .collect();
    if moves.len() < 2 {
        found.push(whole(&changed));
        return found;
    }
    let first_addition = moves.iter().position(|one| one.adds);
    let rest_with = first_addition.unwrap_or(moves.len() - 1);
    let mut defined = live.get(ATTRIBUTES).cloned();
    for (number, one) in moves.iter().enumerate() {
        let taken: &[Arc<str>] = if number < rest_with { &[] } else { &changed };
        let before = state.clone();
        if number == rest_with {
            for of in lists.iter().filter(|of| is_among(taken, of.list)) {
                take_over(&mut state, wanted, *of);
            }
        }
        turn(&mut state, wanted, one);
        for outer in lists {
            let source = if is_among(taken, outer.list) {
                wanted.clone()
            } else {
                state.clone()
            };
            align(&mut state, &source, *outer, lists);
        }
        let mut properties = wanted.clone();
        let mut names: Vec<Arc<str>> = if number == rest_with {
            changed.clone()
        } else {
            vec![one.of.list.into()]
        };
        for of in lists {
            if state.get(of.list) != before.get(of.list) && !is_among(&names, of.list) {
                names.push(of.list.into());
            }
            match state.get(of.list) {
                Some(items) => properties.insert(of.list, items.clone()),
                None => properties.remove(of.list),
            };
        }
        define(&mut properties, live, wanted);
        if properties.get(ATTRIBUTES) != defined.as_ref() && !is_among(&names, ATTRIBUTES) {
            names.push(ATTRIBUTES.into());
        }
        defined = properties.get(ATTRIBUTES).cloned();
        found.push(Call {
            properties,
            changed: names,
        });
    }
    found
}

/// What is removed from these lists, then what is added to them: an index is needed by no replica before that
/// has the index, and a replica that goes needs none.
fn moves<'a>(live: &Map, wanted: &Map, lists: impl Iterator<Item = &'a Stepwise>) -> Vec<Move> {
    let mut moves: Vec<Move> = Vec::new();
    for of in lists.copied() {
        let (before, after) = (items(live, of.list), items(wanted, of.list));
        let missing = |from: &[Value], among: &[Value], adds: bool| {
            let is_missing =
                |item: &&Value| !among.iter().any(|other| is_the_same(of, item, other));
            let names = from.iter().filter(is_missing);
            let names = names.filter_map(|item| Some(item.at(of.entry)?.as_str()?.into()));
            names
                .map(|name| Move { of, name, adds })
                .collect::<Vec<_>>()
        };
        moves.extend(missing(before, after, false));
        moves.extend(missing(after, before, true));
    }
    moves.sort_by_key(|one| one.adds);
    moves
}

/// Whether items that stay say what is no longer wanted of them, or name an item of another list that goes: a
/// comparison passes over what a blueprint leaves out within an item, and DynamoDB refuses it.
fn is_left_over(of: Stepwise, live: &Map, wanted: &Map, lists: &[Stepwise]) -> bool {
    items(live, of.list).iter().any(|item| {
        let mut same = items(wanted, of.list).iter();
        let Some(same) = same.find(|one| one.at(of.entry) == item.at(of.entry)) else {
            return false;
        };
        let is_said = |path: &str| says(item, path) && !says(same, path);
        let names_lost = |inner: &Stepwise| {
            let left = names(wanted, inner.list, inner.entry);
            let named = item.as_map().map(|map| names(map, inner.list, inner.entry));
            named
                .unwrap_or_default()
                .iter()
                .any(|name| !left.contains(name))
        };
        of.owned.iter().any(|path| is_said(path))
            || lists
                .iter()
                .filter(|inner| inner.list != of.list)
                .any(names_lost)
    })
}

/// Whether something stands at a path; `*` is any item of a list.
fn says(value: &Value, path: &str) -> bool {
    match path.split_once(".*.") {
        Some((list, rest)) => {
            let items = value.at(list).and_then(Value::as_list);
            items
                .unwrap_or_default()
                .iter()
                .any(|item| says(item, rest))
        }
        None => value.at(path).is_some(),
    }
}

/// What has to be switched off before anything else: the protection of items that go, and the attribute by which items
/// expire before another one takes its place.
fn first(kind: &str, live: &Map, wanted: &Map, moves: &[Move], state: &mut Map) -> Option<Call> {
    let mut names: Vec<Arc<str>> = Vec::new();
    let mut properties = wanted.clone();
    if let Some(Lock::Each { list, flag }) = kinds::of(kind).lock {
        let goes = |item: &Value| {
            let is_it = |one: &Move| is_called(item, one.of.entry, &one.name);
            moves
                .iter()
                .any(|one| one.of.list == list && !one.adds && is_it(one))
        };
        let open = items(state, list).iter().map(|item| match item {
            Value::Map(map) if goes(item) && map.get(flag) == Some(&Value::Bool(true)) => {
                let mut map = map.clone();
                map.insert(flag, Value::Bool(false));
                Value::Map(map)
            }
            other => other.clone(),
        });
        let open = Value::list(open);
        if state.get(list).is_some_and(|before| *before != open) {
            state.insert(list, open);
            names.push(list.into());
        }
    }
    if let (Some(before), Some(after)) = (expires_by(live), expires_by(wanted))
        && before != after
    {
        properties.insert(EXPIRY, expiry_off(before));
        names.push(EXPIRY.into());
    }
    for of in kinds::of(kind).stepwise {
        match state.get(of.list) {
            Some(items) => properties.insert(of.list, items.clone()),
            None => properties.remove(of.list),
        };
    }
    (!names.is_empty()).then_some(Call {
        properties,
        changed: names,
    })
}

/// The attribute by which items expire, if they do.
fn expires_by(properties: &Map) -> Option<&str> {
    let expiry = properties.get(EXPIRY)?;
    let is_on = expiry.at("Enabled") == Some(&Value::Bool(true));
    expiry.at("AttributeName")?.as_str().filter(|_| is_on)
}

fn expiry_off(attribute: &str) -> Value {
    let mut off = Map::new();
    off.insert("AttributeName", Value::str(attribute));
    off.insert("Enabled", Value::Bool(false));
    Value::Map(off)
}

/// What is wanted; expiry is switched off by the name of its attribute, which DynamoDB wants to hear.
fn expiring(lists: &[Stepwise], live: &Map, wanted: &Map) -> Map {
    let mut wanted = wanted.clone();
    let is_off = wanted.get(EXPIRY).is_some_and(|expiry| {
        expiry.at("Enabled") == Some(&Value::Bool(false)) && expiry.at("AttributeName").is_none()
    });
    if let Some(attribute) = expires_by(live).filter(|_| is_off && !lists.is_empty()) {
        wanted.insert(EXPIRY, expiry_off(attribute));
    }
    wanted
}

/// What tells the items of a list apart.
fn names(map: &Map, list: &str, entry: &str) -> Vec<Arc<str>> {
    items(map, list)
        .iter()
        .filter_map(|item| Some(item.at(entry)?.as_str()?.into()))
        .collect()
}

fn items<'a>(map: &'a Map, list: &str) -> &'a [Value] {
    map.get(list).and_then(Value::as_list).unwrap_or_default()
}

fn is_called(item: &Value, entry: &str, name: &str) -> bool {
    item.at(entry).and_then(Value::as_str) == Some(name)
}

/// Whether two items are one, and no call would have to remove it and add it again.
fn is_the_same(of: Stepwise, one: &Value, other: &Value) -> bool {
    one.at(of.entry) == other.at(of.entry)
        && (of.fixed.iter()).all(|part| in_order(one.at(part)) == in_order(other.at(part)))
}

/// A value whose lists are ordered, because the cloud may give them back in another order.
fn in_order(value: Option<&Value>) -> Option<Value> {
    let ordered = match value? {
        Value::List(items) => {
            let items = items.iter().filter_map(|item| in_order(Some(item)));
            let mut items: Vec<Value> = items.collect();
            items.sort_by_cached_key(ToString::to_string);
            Value::List(items)
        }
        Value::Map(map) => Value::Map(
            map.iter()
                .filter_map(|(name, value)| Some((name.clone(), in_order(Some(value))?)))
                .collect(),
        ),
        other => other.clone(),
    };
    Some(ordered)
}

/// Adds or removes one item.
fn turn(state: &mut Map, wanted: &Map, one: &Move) {
    let Stepwise { list, entry, .. } = one.of;
    let is_it = |item: &&Value| is_called(item, entry, &one.name);
    let have = items(state, list).iter();
    let mut left: Vec<Value> = have.filter(|item| !is_it(item)).cloned().collect();
    if one.adds {
        left.extend(items(wanted, list).iter().find(is_it).cloned());
    }
    if left.is_empty() {
        state.remove(list)
    } else {
        state.insert(list, Value::List(left))
    };
}

/// Gives the items that stay the values that are wanted of them.
fn take_over(state: &mut Map, wanted: &Map, of: Stepwise) {
    let have = items(state, of.list).iter().map(|item| {
        let mut same = items(wanted, of.list).iter();
        let same = same.find(|one| is_the_same(of, item, one));
        same.unwrap_or(item).clone()
    });
    let have: Vec<Value> = have.collect();
    if !have.is_empty() {
        state.insert(of.list, Value::List(have));
    }
}

/// Has the items of one list speak of those items of another that are there: a replica's settings of indexes, as
/// `source` has them.
fn align(state: &mut Map, source: &Map, outer: Stepwise, lists: &[Stepwise]) {
    for inner in lists.iter().filter(|inner| inner.list != outer.list) {
        let there = names(state, inner.list, inner.entry);
        let is_there = |one: &&Value| {
            let name = one.at(inner.entry).and_then(Value::as_str);
            there.iter().any(|there| name == Some(there))
        };
        let aligned = items(state, outer.list).iter().map(|item| {
            let mut same = items(source, outer.list).iter();
            let same = same.find(|one| one.at(outer.entry) == item.at(outer.entry));
            let inside = same.and_then(|one| one.at(inner.list)?.as_list());
            let left = inside.unwrap_or_default().iter().filter(is_there);
            let left: Vec<Value> = left.cloned().collect();
            let Value::Map(map) = item else {
                return item.clone();
            };
            let mut map = map.clone();
            if left.is_empty() {
                map.remove(inner.list)
            } else {
                map.insert(inner.list, Value::List(left))
            };
            Value::Map(map)
        });
        let aligned: Vec<Value> = aligned.collect();
        if !aligned.is_empty() {
            state.insert(outer.list, Value::List(aligned));
        }
    }
}

/// Defines the attributes that the keys name, and no other.
fn define(properties: &mut Map, live: &Map, wanted: &Map) {
    if !wanted.contains_key(ATTRIBUTES) {
        return;
    }
    let mut used: Vec<Arc<str>> = Vec::new();
    for (name, value) in &*properties {
        match &**name {
            "KeySchema" => used.extend(names(properties, name, "AttributeName")),
            _ => {
                for item in value.as_list().unwrap_or_default() {
                    let keys = item.at("KeySchema").and_then(Value::as_list);
                    let keys = keys.unwrap_or_default().iter();
                    used.extend(
                        keys.filter_map(|key| Some(key.at("AttributeName")?.as_str()?.into())),
                    );
                }
            }
        }
    }
    let is_used = |item: &&Value| {
        let name = item.at("AttributeName").and_then(Value::as_str);
        used.iter().any(|used| name == Some(used))
    };
    let of_wanted = items(wanted, ATTRIBUTES);
    let of_live = items(live, ATTRIBUTES).iter().filter(|item| {
        let name = item.at("AttributeName").and_then(Value::as_str);
        !(of_wanted.iter()).any(|one| one.at("AttributeName").and_then(Value::as_str) == name)
    });
    let defined: Vec<Value> = of_wanted
        .iter()
        .chain(of_live)
        .filter(is_used)
        .cloned()
        .collect();
    properties.insert(ATTRIBUTES, Value::List(defined));
}

#[cfg(test)]
mod tests;
