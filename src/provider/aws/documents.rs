//! Values and tags as calls take and give them: parameters, JSON documents, lists and objects of tags.

use std::sync::Arc;

use super::marks::Tags;
use crate::value::{Map, Value};

/// A document (a policy, a filter) as the JSON text that calls take.
pub fn to_json(document: &Value) -> Value {
    match document {
        Value::Map(_) | Value::List(_) => Value::str(serde_json::Value::from(document).to_string()),
        text => text.clone(),
    }
}

/// A document from the JSON text that calls give; text that is none stays as it is.
pub fn from_json(text: &str) -> Value {
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(json @ (serde_json::Value::Object(_) | serde_json::Value::Array(_))) => {
            Value::from(json)
        }
        _ => Value::str(text),
    }
}

/// Parameters of a call, written as JSON; members that are null are left out.
pub fn input(json: serde_json::Value) -> Map {
    match Value::from(json) {
        Value::Map(map) => map
            .iter()
            .filter(|(_, value)| *value != Value::Null)
            .cloned()
            .collect(),
        _ => Map::new(),
    }
}

/// The entries of `map` with these names.
pub fn pick(map: &Map, names: &[&str]) -> Map {
    map.iter()
        .filter(|(name, _)| names.contains(&&**name))
        .cloned()
        .collect()
}

/// All entries of `map` but those with these names.
pub fn without(map: &Map, names: &[&str]) -> Map {
    map.iter()
        .filter(|(name, _)| !names.contains(&&**name))
        .cloned()
        .collect()
}

/// Moves what stands under one name to another.
pub fn rename(map: &mut Map, from: &str, to: &'static str) {
    if let Some(value) = map.remove(from) {
        map.insert(to, value);
    }
}

/// A value in which every key that stands first in a pair is called as the second, at any depth.
pub fn renamed(value: Value, names: &[(&'static str, &'static str)]) -> Value {
    match value {
        Value::List(items) => Value::list(items.into_iter().map(|item| renamed(item, names))),
        Value::Map(map) => Value::Map(
            map.into_iter()
                .map(|(key, value)| {
                    let pair = names.iter().find(|(from, _)| *from == &*key);
                    let key = pair.map_or(key, |(_, to)| Arc::from(*to));
                    (key, renamed(value, names))
                })
                .collect(),
        ),
        plain => plain,
    }
}

/// [`renamed`], from the second of each pair to the first.
pub fn renamed_back(value: Value, names: &[(&'static str, &'static str)]) -> Value {
    let back: Vec<_> = names.iter().map(|(from, to)| (*to, *from)).collect();
    renamed(value, &back)
}

/// The text at a path, or nothing.
pub fn text<'a>(map: &'a Map, path: &str) -> &'a str {
    map.at(path).and_then(Value::as_str).unwrap_or_default()
}

/// The objects in a list under `name`.
pub fn items<'a>(map: &'a Map, name: &str) -> impl Iterator<Item = &'a Map> {
    let list = map.get(name).and_then(Value::as_list).unwrap_or_default();
    list.iter().filter_map(Value::as_map)
}

/// The texts in a list under `name`.
pub fn texts<'a>(map: &'a Map, name: &str) -> impl Iterator<Item = &'a str> {
    let list = map.get(name).and_then(Value::as_list).unwrap_or_default();
    list.iter().filter_map(Value::as_str)
}

/// A list of texts as a value.
pub fn list<S: AsRef<str>>(texts: impl IntoIterator<Item = S>) -> Value {
    Value::list(texts.into_iter().map(|text| Value::str(text.as_ref())))
}

/// Tags from AWS's list of `{Key, Value}`.
pub fn tags(map: &Map, name: &str) -> Tags {
    items(map, name)
        .map(|tag| (text(tag, "Key").to_owned(), text(tag, "Value").to_owned()))
        .collect()
}

/// Tags from AWS's object from key to value.
pub fn tags_of_map(map: &Map, name: &str) -> Tags {
    let tags = map.get(name).and_then(Value::as_map);
    tags.into_iter()
        .flat_map(Map::iter)
        .map(|(key, value)| (key.to_string(), value.to_string()))
        .collect()
}

/// Tags as AWS's list of `{Key, Value}`.
pub fn tag_list(tags: &Tags) -> serde_json::Value {
    tags.iter()
        .map(|(key, value)| serde_json::json!({"Key": key, "Value": value}))
        .collect()
}

/// Tags as AWS's object from key to value.
pub fn tag_map(tags: &Tags) -> serde_json::Value {
    let entries = tags
        .iter()
        .map(|(key, value)| (key.clone(), value.as_str().into()));
    serde_json::Value::Object(entries.collect())
}
