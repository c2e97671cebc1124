//! What `tests/kinds/*.yaml` say: resources that are tried, and the parents that they need.
//!
//! A file is one small graph. `${id.Path}` in a text is a reference to another resource of the file.
//! Each of `changes` names what is set to another value in one step, most of them one property;
//! `null` takes a property back. How a file is run is `run`'s business.

use std::sync::Arc;

use scalectl::address::{Address, GLOBAL};
use scalectl::graph::{Lifecycle, Resource};
use scalectl::value::{Map, Reference, TextBuilder, Value};
use scalectl::yaml;

use crate::common::root;

/// One resource that is tried.
pub struct Case {
    /// As it is made at first.
    pub resource: Resource,
    /// What is changed afterwards, step by step.
    pub changes: Vec<Map>,
}

/// One file.
pub struct File {
    /// Its name without the ending; what it makes belongs to an application of this name.
    pub name: String,
    /// What the cases need.
    pub parents: Vec<Resource>,
    /// What is tried.
    pub cases: Vec<Case>,
}

/// Every file, by name.
pub fn files() -> Vec<File> {
    let mut paths: Vec<_> = std::fs::read_dir(root().join("tests/kinds"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "yaml"))
        .collect();
    paths.sort();
    paths
        .iter()
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap();
            file(name, &std::fs::read_to_string(path).unwrap())
        })
        .collect()
}

fn file(name: &str, text: &str) -> File {
    let node = yaml::parse(&format!("tests/kinds/{name}.yaml"), text)
        .unwrap_or_else(|error| panic!("{name}: {error:?}"));
    let whole = node.to_value();
    let entries = |section: &str| -> Vec<(Arc<str>, Map)> {
        let map = whole.at(section).and_then(Value::as_map);
        map.into_iter()
            .flat_map(Map::iter)
            .map(|(id, entry)| {
                let entry = entry.as_map().unwrap_or_else(|| panic!("{name}: {id}"));
                (id.clone(), entry.clone())
            })
            .collect()
    };
    let (parents, cases) = (entries("parents"), entries("cases"));
    let addresses: Vec<Address> = parents
        .iter()
        .chain(&cases)
        .map(|(id, entry)| address(id, entry))
        .collect();
    let resource = |id: &Arc<str>, entry: &Map| {
        let properties = entry
            .get("properties")
            .map(|value| symbolic(value, &addresses));
        let after = entry.get("after").and_then(Value::as_list);
        Resource {
            address: address(id, entry),
            kind: kind(entry).into(),
            tier: "network".into(),
            role: None,
            properties: properties
                .as_ref()
                .and_then(Value::as_map)
                .cloned()
                .unwrap_or_default(),
            after: after
                .unwrap_or_default()
                .iter()
                .map(|id| of(&addresses, id.as_str().unwrap()))
                .collect(),
            lifecycle: Lifecycle::default(),
            ready_when: Vec::new(),
        }
    };
    File {
        name: name.to_owned(),
        parents: parents
            .iter()
            .map(|(id, entry)| resource(id, entry))
            .collect(),
        cases: cases
            .iter()
            .map(|(id, entry)| Case {
                resource: resource(id, entry),
                changes: entry
                    .get("changes")
                    .and_then(Value::as_list)
                    .unwrap_or_default()
                    .iter()
                    .map(|change| symbolic(change, &addresses).as_map().unwrap().clone())
                    .collect(),
            })
            .collect(),
    }
}

fn kind(entry: &Map) -> &str {
    entry.get("kind").and_then(Value::as_str).unwrap()
}

fn address(id: &Arc<str>, entry: &Map) -> Address {
    let region = match entry.get("region").and_then(Value::as_str) {
        Some(region) => region,
        None if scalectl::kinds::is_global(kind(entry)) => GLOBAL,
        None => "us-east-1",
    };
    Address::new(region, id.clone(), None)
}

fn of(addresses: &[Address], id: &str) -> Address {
    let found = addresses.iter().find(|address| &*address.id == id);
    found
        .unwrap_or_else(|| panic!("nothing is called {id}"))
        .clone()
}

/// The value with `${id.Path}` read as a reference.
fn symbolic(value: &Value, addresses: &[Address]) -> Value {
    match value {
        Value::List(items) => Value::list(items.iter().map(|item| symbolic(item, addresses))),
        Value::Map(map) => Value::Map(
            map.iter()
                .map(|(key, value)| (key.clone(), symbolic(value, addresses)))
                .collect(),
        ),
        Value::String(text) => {
            let mut built = TextBuilder::default();
            let mut rest: &str = text;
            while let Some((before, after)) = rest.split_once("${") {
                let (name, behind) = after.split_once('}').unwrap();
                let (id, path) = name.split_once('.').unwrap();
                built.push_str(before);
                built.push_reference(Arc::new(Reference {
                    address: of(addresses, id),
                    path: path.into(),
                }));
                rest = behind;
            }
            built.push_str(rest);
            built.finish()
        }
        plain => plain.clone(),
    }
}
