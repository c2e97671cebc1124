//! The tags that every resource gets: `Name`, and the spec's own.
//!
//! Ownership tags are added by whoever writes a resource (`ownership`).

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::address::Address;
use crate::kinds;
use crate::schema::{Registry, TagStyle};
use crate::value::{Map, Value};

/// `Name` and the spec's own tags, where the kind has tags and the blueprint does not say
/// otherwise.
pub fn add(spec: &Value, kind: &str, address: &Address, properties: &mut Map) {
    let Some(schema) = Registry::embedded().kind(kind) else {
        return;
    };
    let items = match kinds::of(kind).identity {
        kinds::Identity::Items { list } => Some(list),
        _ => None,
    };
    let Some((property, style)) = schema.tags().or(items.map(|_| ("Tags", TagStyle::List))) else {
        return;
    };
    let prefix = spec
        .at("prefix")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let mut name = format!("{prefix}-{}", address.id.replace('_', "-"));
    if let Some(key) = &address.key {
        name.push('-');
        name.push_str(key);
    }
    let mut tags: BTreeMap<Arc<str>, Value> = BTreeMap::new();
    tags.insert("Name".into(), Value::str(name));
    if let Some(Value::Map(own)) = spec.at("tags") {
        tags.extend(own.iter().cloned());
    }
    if let Some(list) = items {
        if let Some(Value::List(items)) = properties.get_mut(list) {
            for item in items {
                if let Value::Map(item) = item {
                    add_list(item, property, tags.clone(), false);
                }
            }
        }
        return;
    }
    match style {
        TagStyle::Map => {
            let mut map: Map = tags.into_iter().collect();
            if let Some(Value::Map(set)) = properties.remove(property) {
                for (key, value) in set {
                    map.insert(key, value);
                }
            }
            properties.insert(property, Value::Map(map));
        }
        TagStyle::List => {
            let propagates = kind == "AWS::AutoScaling::AutoScalingGroup";
            add_list(properties, property, tags, propagates);
        }
    }
}

/// Adds tags to a list of them, but for those whose key it has.
fn add_list(
    properties: &mut Map,
    property: &str,
    mut tags: BTreeMap<Arc<str>, Value>,
    propagates: bool,
) {
    let set = match properties.remove(property) {
        Some(Value::List(set)) => set,
        _ => Vec::new(),
    };
    for tag in &set {
        if let Some(key) = tag.at("Key").and_then(Value::as_str) {
            tags.remove(key);
        }
    }
    let mut list: Vec<Value> = tags
        .into_iter()
        .map(|(key, value)| {
            let mut tag = Map::new();
            tag.insert("Key", Value::String(key));
            tag.insert("Value", value);
            if propagates {
                tag.insert("PropagateAtLaunch", Value::Bool(true));
            }
            Value::Map(tag)
        })
        .collect();
    list.extend(set);
    properties.insert(property, Value::List(list));
}
