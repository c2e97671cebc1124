//! Stores: what DynamoDB refuses of a table, and who uses which store.

use std::collections::BTreeSet;

use super::{Rules, columns};
use crate::schema::nearest;
use crate::spec::{AttributeType, Capacity, Projection, Spec, Stage, Store, StoreKind, StreamView};
use crate::yaml::Yaml;

/// Secondary indexes of a table, and attributes that all of them name in their projections
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html>).
const MOST_INDEXES: usize = 20;
const MOST_PROJECTED: usize = 100;

/// Attributes that one index names (botocore: Projection.NonKeyAttributes).
const MOST_OF_INDEX: usize = 20;

/// What a key-value store may set.
const KEY_VALUE: &[&str] = &[
    "type",
    "key",
    "sort",
    "attributes",
    "indexes",
    "capacity",
    "ttl",
    "stream",
    "encryption",
    "recovery_days",
    "deletion_protection",
];

/// Reports what a store sets and its type does not have.
pub(super) fn only(rules: &mut Rules<'_>, name: &str, known: &[&str], what: &str) {
    let store = rules.merged.get("stores").and_then(|all| all.get(name));
    let Some(Yaml::Map(entries)) = store.map(|store| &store.value) else {
        return;
    };
    let foreign: Vec<String> = (entries.iter())
        .map(|(key, _)| key.text.to_string())
        .filter(|key| !known.contains(&key.as_str()))
        .collect();
    for key in foreign {
        let message = format!("{what} has no {key}");
        let help = format!("remove it; it has {}", known.join(", "));
        rules.say(&format!("stores.{name}.{key}"), message, &help);
    }
}

/// Checks every store, and the stores that services name.
pub fn check(rules: &mut Rules<'_>) {
    let spec = rules.spec;
    for (name, store) in &spec.stores {
        let path = format!("stores.{name}");
        if !is_label(name) {
            let message = format!("{name:?} cannot be a store's name");
            let help = "use a lower-case letter, then up to 29 letters, digits and single hyphens: it becomes a part \
                        of the table's name and of environment variables";
            rules.say(&path, message, help);
        }
        match store.kind {
            StoreKind::KeyValue => {
                only(rules, name, KEY_VALUE, "a key-value store");
                table(rules, &path, store);
            }
            StoreKind::Column => columns::check(rules, name, store),
            StoreKind::Document | StoreKind::Graph => {
                let message = format!("{path}.type is not deployed by any stage");
                let help = "use key-value or column, or add the store's resources in a module of your own: `scalectl eject`";
                rules.say(&format!("{path}.type"), message, help);
            }
        }
    }
    uses(rules, spec);
}

fn uses(rules: &mut Rules<'_>, spec: &Spec) {
    for (service, settings) in &spec.services {
        for (index, name) in settings.stores.iter().enumerate() {
            let path = format!("services.{service}.stores.{index}");
            if !spec.stores.contains_key(name) {
                let known = spec.stores.keys().map(String::as_str);
                let help = match nearest(name, known) {
                    Some(near) => format!("did you mean {near}?"),
                    None => format!("declare it: `stores: {{{name}: {{type: key-value}}}}`"),
                };
                rules.say(&path, format!("{name} is none of the spec's stores"), &help);
            } else if settings.stores[..index].contains(name) {
                let message = format!("services.{service}.stores has {name} twice");
                rules.say(&path, message, "remove one");
            }
        }
    }
}

fn is_label(name: &str) -> bool {
    name.len() <= 30
        && name.starts_with(|letter: char| letter.is_ascii_lowercase())
        && !name.ends_with('-')
        && !name.contains("--")
        && (name.bytes())
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// What DynamoDB refuses
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html>).
fn table(rules: &mut Rules<'_>, path: &str, store: &Store) {
    key(rules, path, &store.key, store.sort.as_deref());
    let keys = store.keys();
    for name in store.attributes.keys() {
        if !keys.contains(name.as_str()) {
            let message =
                format!("{path}.attributes has {name}, which is no key of the table or an index");
            let help =
                "remove it: only keys have a fixed type, and items may have any other attribute";
            rules.say(&format!("{path}.attributes.{name}"), message, help);
        }
    }
    indexes(rules, path, store);
    if let Some(ttl) = &store.ttl {
        let place = format!("{path}.ttl");
        if *ttl == store.key || store.sort.as_ref() == Some(ttl) {
            let message = format!("{place} is {ttl}, a key of the table");
            let help = "name another attribute: one that holds the time at which an item may go";
            rules.say(&place, message, help);
        } else if keys.contains(ttl.as_str())
            && store.attributes.get(ttl) != Some(&AttributeType::Number)
        {
            let message = format!("{place} is {ttl}, a key of an index that is not a number");
            let help = format!(
                "DynamoDB deletes by seconds since 1970; set `attributes: {{{ttl}: number}}`"
            );
            rules.say(&place, message, &help);
        }
    }
    if let Capacity::Provisioned(capacity) = &store.capacity {
        for (what, units) in [("read", &capacity.read), ("write", &capacity.write)] {
            if units.min > units.max {
                let place = format!("{path}.capacity.{what}");
                let message = format!("{place}.min is greater than max");
                rules.say(&place, message, "raise max, or lower min");
            }
        }
    }
    // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/globaltables_HowItWorks.html
    let spec = rules.spec;
    let is_global = spec.stage == Stage::MultiRegion && spec.regions.len() > 1;
    if is_global
        && let Some(stream) = store.stream
        && stream != StreamView::NewAndOldImages
    {
        let message = format!(
            "{path}.stream has to be new-and-old-images at stage multi-region: regions copy from each other by it"
        );
        rules.say(
            &format!("{path}.stream"),
            message,
            "set `stream: new-and-old-images`, or leave it out",
        );
    }
}

fn key(rules: &mut Rules<'_>, path: &str, key: &str, sort: Option<&str>) {
    if sort == Some(key) {
        let message = format!("{path} has {key} as its partition key and as its sort key");
        rules.say(
            &format!("{path}.sort"),
            message,
            "name another attribute, or leave the sort key out",
        );
    }
}

fn indexes(rules: &mut Rules<'_>, path: &str, store: &Store) {
    if store.indexes.len() > MOST_INDEXES {
        let message = format!(
            "{path} has {} indexes; a table takes {MOST_INDEXES}",
            store.indexes.len()
        );
        let help = "share one index between kinds of items, by keys that hold the kind in front of the value";
        rules.say(&format!("{path}.indexes"), message, help);
    }
    let mut projected = 0;
    for (name, index) in &store.indexes {
        let place = format!("{path}.indexes.{name}");
        let is_name = (3..=255).contains(&name.len())
            && (name.bytes()).all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
        if !is_name {
            let message = format!("{name:?} cannot be an index's name");
            rules.say(&place, message, "use 3 to 255 letters, digits and _ . -");
        }
        key(rules, &place, &index.key, index.sort.as_deref());
        if let Projection::Attributes(attributes) = &index.project {
            projected += attributes.len();
            if attributes.len() > MOST_OF_INDEX {
                let message = format!(
                    "{place}.project names {} attributes; an index takes {MOST_OF_INDEX}",
                    attributes.len()
                );
                let help = "set `project: all` where most attributes are wanted";
                rules.say(&format!("{place}.project"), message, help);
            }
            let mut seen = BTreeSet::new();
            for (number, attribute) in attributes.iter().enumerate() {
                let is_key = [&index.key, &store.key].contains(&attribute)
                    || index.sort.as_ref() == Some(attribute)
                    || store.sort.as_ref() == Some(attribute);
                let why = match (is_key, seen.insert(attribute)) {
                    (true, _) => "a key, which every index carries",
                    (false, false) => "there twice",
                    (false, true) => continue,
                };
                let message = format!("{place}.project has {attribute}, which is {why}");
                rules.say(&format!("{place}.project.{number}"), message, "remove it");
            }
        }
    }
    if projected > MOST_PROJECTED {
        let message = format!(
            "the indexes of {path} project {projected} attributes by name; a table takes {MOST_PROJECTED}"
        );
        rules.say(
            &format!("{path}.indexes"),
            message,
            "set `project: all` where most attributes are wanted",
        );
    }
}
