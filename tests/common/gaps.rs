//! What the emulators cannot do: `tests/wire/gaps.txt`, and graphs without it.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::collections::HashSet;

use scalectl::address::Address;
use scalectl::graph::{Graph, Resource};
use scalectl::value::{Map, Value};

use super::common::root;
use super::emulator::Kind;

/// Something that an emulator cannot do.
pub struct Gap {
    /// Which kind is concerned.
    pub kind: String,
    /// Only those that have this property.
    pub with: Option<String>,
    /// Which property, in the file's form.
    pub property: String,
    /// Why.
    pub why: String,
}

impl Gap {
    fn is_of(&self, resource: &Resource) -> bool {
        let has = |name: &String| resource.properties.contains_key(name);
        *self.kind == *resource.kind && self.with.as_ref().is_none_or(has)
    }
}

/// All that an emulator cannot do.
#[derive(Default)]
pub struct Gaps(pub Vec<Gap>);

impl Gaps {
    /// Those of an emulator, as the file names them.
    pub fn of(kind: Kind) -> Self {
        Self::read("tests/wire/gaps.txt", &format!("{kind:?}").to_lowercase())
    }

    /// Those of a provider, as this file names them.
    pub fn read(file: &str, provider: &str) -> Self {
        let text = std::fs::read_to_string(root().join(file)).unwrap();
        let gaps = text
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty())
            .map(|line| line.split('|').map(str::trim).collect::<Vec<_>>())
            .inspect(|fields| assert_eq!(fields.len(), 4, "{fields:?} needs four fields"))
            .filter(|fields| fields[0] == provider)
            .map(|fields| {
                let mut words = fields[1].split(" with ").map(str::to_owned);
                Gap {
                    kind: words.next().unwrap(),
                    with: words.next(),
                    property: fields[2].to_owned(),
                    why: fields[3].to_owned(),
                }
            })
            .collect();
        Self(gaps)
    }

    /// A blueprint's text without the resources of the kinds that the emulator does not have, and without what
    /// takes something from those.
    pub fn without_kinds(&self, blueprint: &str) -> String {
        let is_gap = |part: &&str| {
            let whole = self.0.iter().filter(|gap| gap.property == "*");
            whole
                .map(|gap| format!("    kind: {}\n", gap.kind))
                .any(|kind| part.contains(&kind))
        };
        let (gone, mut kept): (Vec<&str>, Vec<&str>) =
            blueprint.split("\n  - id: ").partition(is_gap);
        let ids = gone.iter().filter_map(|part| part.lines().next());
        for id in ids {
            kept.retain(|part| !part.contains(&format!("${{{id}.")));
        }
        kept.join("\n  - id: ")
    }

    /// Takes from a resource what the emulator cannot do with it.
    pub fn trim(&self, resource: &mut Resource) {
        let own: Vec<&Gap> = self.0.iter().filter(|gap| gap.is_of(resource)).collect();
        for gap in own {
            let path = gap.property.trim_start_matches('-');
            if path != gap.property {
                remove(&mut resource.properties, path);
            }
            resource.lifecycle.ignore_changes.push(path.into());
        }
    }

    /// The graph without what the emulator cannot do, and what was left out because it needs that.
    pub fn without(&self, graph: &Graph) -> Graph {
        let mut kept: Vec<Resource> = graph.iter().cloned().collect();
        for resource in &mut kept {
            self.trim(resource);
        }
        loop {
            let before = kept.len();
            let addresses: HashSet<Address> = kept.iter().map(|one| one.address.clone()).collect();
            kept.retain(|one| {
                let whole = |gap: &Gap| gap.is_of(one) && gap.property == "*";
                let needs = one.dependencies();
                let lacks = needs.iter().any(|need| {
                    let is_there = graph.get(need).is_some() && !addresses.contains(need);
                    is_there && !one.after.contains(need)
                });
                !self.0.iter().any(whole) && !lacks
            });
            if kept.len() == before {
                break;
            }
        }
        let addresses: HashSet<Address> = kept.iter().map(|one| one.address.clone()).collect();
        for resource in &mut kept {
            // What only comes first may be missing; it would have been created, or not, before.
            resource.after.retain(|need| addresses.contains(need));
        }
        kept.into_iter().collect()
    }
}

fn remove(properties: &mut Map, path: &str) {
    match path.split_once('.') {
        Some((head, rest)) => {
            if let Some(Value::Map(inner)) = properties.get_mut(head) {
                remove(inner, rest);
            }
        }
        None => {
            properties.remove(path);
        }
    }
}
