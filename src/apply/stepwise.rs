//! Updates that AWS takes in several calls only: of some lists one call adds or removes a single item.
//!
//! DynamoDB adds or removes one replica or one secondary index in an update. An update of more becomes
//! a sequence: what is removed goes first, then what is added comes, and everything else changes with
//! the first addition, because an addition may need it, or with the last call.

use std::sync::Arc;

use crate::kinds::{self, Stepwise};
use crate::value::{Map, Value};

/// The attributes that keys may name, which have to be exactly those that are named
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html>).
const ATTRIBUTES: &str = "AttributeDefinitions";

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
    let lists = kinds::of(kind).stepwise.iter();
    let lists = lists.filter(|one| changed.iter().any(|name| **name == *one.list));
    let lists: Vec<Stepwise> = lists.copied().collect();
    let mut moves: Vec<Move> = Vec::new();
    for of in lists.iter().copied() {
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
    // An index is needed by no replica before that has the index, and a replica that goes needs none.
    moves.sort_by_key(|one| one.adds);
    let whole = Call {
        properties: wanted.clone(),
        changed: changed.to_vec(),
    };
    if moves.len() < 2 {
        return vec![whole];
    }
    let first_addition = moves.iter().position(|one| one.adds);
    let rest_with = first_addition.unwrap_or(moves.len() - 1);
    let mut state: Map = lists
        .iter()
        .filter_map(|one| Some((one.list.into(), live.get(one.list)?.clone())))
        .collect();
    let mut defined = live.get(ATTRIBUTES).cloned();
    let mut found = Vec::new();
    for (number, one) in moves.iter().enumerate() {
        if number == rest_with {
            for of in &lists {
                take_over(&mut state, wanted, *of);
            }
        }
        let before = state.clone();
        turn(&mut state, wanted, one);
        align(&mut state, live, wanted, &lists);
        let mut properties = wanted.clone();
        let mut names: Vec<Arc<str>> = match number == rest_with {
            true => changed.to_vec(),
            false => vec![one.of.list.into()],
        };
        for of in &lists {
            let is_said = names.iter().any(|name| **name == *of.list);
            if state.get(of.list) != before.get(of.list) && !is_said {
                names.push(of.list.into());
            }
            match state.get(of.list) {
                Some(items) => properties.insert(of.list, items.clone()),
                None => properties.remove(of.list),
            };
        }
        define(&mut properties, live, wanted);
        let is_said = names.iter().any(|name| &**name == ATTRIBUTES);
        if properties.get(ATTRIBUTES) != defined.as_ref() && !is_said {
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
    match left.is_empty() {
        true => state.remove(list),
        false => state.insert(list, Value::List(left)),
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

/// Has the items of one list speak of those items of another that are there: a replica's settings of indexes.
fn align(state: &mut Map, live: &Map, wanted: &Map, lists: &[Stepwise]) {
    for outer in lists {
        for inner in lists.iter().filter(|inner| inner.list != outer.list) {
            let there = names(state, inner.list, inner.entry);
            let said = |map: &Map, name: &str| -> Vec<Value> {
                let mut items = items(map, outer.list).iter();
                let item = items.find(|item| is_called(item, outer.entry, name));
                let inside = item.and_then(|item| item.at(inner.list)?.as_list());
                inside.unwrap_or_default().to_vec()
            };
            let aligned = items(state, outer.list).iter().map(|item| {
                let (Value::Map(map), Some(name)) =
                    (item, item.at(outer.entry).and_then(Value::as_str))
                else {
                    return item.clone();
                };
                let mut left: Vec<Value> = Vec::new();
                for of in [wanted, state, live] {
                    for one in said(of, name) {
                        let own = one
                            .at(inner.entry)
                            .and_then(Value::as_str)
                            .unwrap_or_default();
                        let is_there = there.iter().any(|name| **name == *own);
                        if is_there && !left.iter().any(|had| is_called(had, inner.entry, own)) {
                            left.push(one);
                        }
                    }
                }
                let mut map = map.clone();
                match left.is_empty() {
                    true => map.remove(inner.list),
                    false => map.insert(inner.list, Value::List(left)),
                };
                Value::Map(map)
            });
            let aligned: Vec<Value> = aligned.collect();
            if !aligned.is_empty() {
                state.insert(outer.list, Value::List(aligned));
            }
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
mod tests {
    use super::*;

    const TABLE: &str = "AWS::DynamoDB::GlobalTable";

    fn map(json: serde_json::Value) -> Map {
        serde_json::from_value(json).unwrap()
    }

    fn table(keys: &[&str], regions: &[&str], indexes: &[&str]) -> Map {
        let attributes: Vec<_> = (keys.iter().chain(indexes))
            .map(|name| serde_json::json!({"AttributeName": name, "AttributeType": "S"}))
            .collect();
        let schema = |name: &str| serde_json::json!([{"AttributeName": name, "KeyType": "HASH"}]);
        let indexes: Vec<_> = (indexes.iter())
            .map(|name| serde_json::json!({"IndexName": format!("by_{name}"), "KeySchema": schema(name)}))
            .collect();
        let replicas: Vec<_> = (regions.iter())
            .map(|region| serde_json::json!({"Region": region}))
            .collect();
        let mut table = map(serde_json::json!({
            "AttributeDefinitions": attributes, "KeySchema": schema(keys[0]), "Replicas": replicas,
        }));
        if !indexes.is_empty() {
            table.insert("GlobalSecondaryIndexes", serde_json::json!(indexes).into());
        }
        if regions.len() > 1 {
            table.insert(
                "StreamSpecification",
                serde_json::json!({"StreamViewType": "NEW_AND_OLD_IMAGES"}).into(),
            );
        }
        table
    }

    /// What each call leads to: the replicas, the indexes, the attributes, and whether there is a stream.
    fn told(live: &Map, wanted: &Map) -> Vec<String> {
        let changed: Vec<Arc<str>> = (wanted.iter().chain(live))
            .filter(|(name, _)| live.get(name) != wanted.get(name))
            .map(|(name, _)| name.clone())
            .collect();
        let mut now = live.clone();
        let each = calls(TABLE, live, wanted, &changed)
            .into_iter()
            .map(|call| {
                for name in &call.changed {
                    match call.properties.get(name) {
                        Some(value) => now.insert(name.clone(), value.clone()),
                        None => now.remove(name),
                    };
                }
                let joined = |list: &str, entry: &str| names(&now, list, entry).join(",");
                format!(
                    "{} | {} | {} | {}",
                    joined("Replicas", "Region"),
                    joined("GlobalSecondaryIndexes", "IndexName"),
                    joined("AttributeDefinitions", "AttributeName"),
                    now.contains_key("StreamSpecification")
                )
            });
        let each = each.collect();
        assert_eq!(now, *wanted, "the last call leaves what is wanted");
        each
    }

    #[test]
    fn one_addition_is_one_call() {
        let (live, wanted) = (
            table(&["id"], &["a"], &[]),
            table(&["id"], &["a", "b"], &[]),
        );
        assert_eq!(told(&live, &wanted), ["a,b |  | id | true"]);
    }

    #[test]
    fn replicas_and_indexes_come_one_by_one() {
        let live = table(&["id"], &["a"], &[]);
        let wanted = table(&["id"], &["a", "b", "c"], &["x", "y"]);
        assert_eq!(
            told(&live, &wanted),
            [
                "a | by_x | id,x | true",
                "a | by_x,by_y | id,x,y | true",
                "a,b | by_x,by_y | id,x,y | true",
                "a,b,c | by_x,by_y | id,x,y | true",
            ]
        );
    }

    #[test]
    fn a_stream_stays_until_the_last_replica_is_gone() {
        let live = table(&["id"], &["a", "b", "c"], &["x"]);
        let wanted = table(&["id"], &["a"], &[]);
        assert_eq!(
            told(&live, &wanted),
            [
                "a,b,c |  | id | true",
                "a,c |  | id | true",
                "a |  | id | false",
            ]
        );
    }

    #[test]
    fn a_renamed_index_goes_before_the_new_one_comes() {
        let live = table(&["id"], &["a"], &["x"]);
        let wanted = table(&["id"], &["a"], &["y"]);
        assert_eq!(
            told(&live, &wanted),
            ["a |  | id | false", "a | by_y | id,y | false"]
        );
    }

    #[test]
    fn an_index_with_another_key_is_removed_and_added() {
        let live = table(&["id"], &["a"], &["x"]);
        let mut wanted = table(&["id"], &["a"], &["y"]);
        let renamed = serde_json::to_string(&wanted)
            .unwrap()
            .replace("by_y", "by_x");
        wanted = map(serde_json::from_str(&renamed).unwrap());
        assert_eq!(
            told(&live, &wanted),
            ["a |  | id | false", "a | by_x | id,y | false"]
        );
    }
}
