//! Column stores: what Keyspaces refuses of a table.

use super::{Rules, stores};
use crate::spec::{Stage, Store};

/// What a column store may set. Keyspaces has one key of AWS's own, 35 days of recovery and no protection from deletion.
const COLUMN: &[&str] = &["type", "key", "sort", "columns", "default_ttl", "stream"];

/// CQL's types of one value
/// (<https://docs.aws.amazon.com/keyspaces/latest/devguide/cql.elements.html#cql.data-types>).
const TYPES: [&str; 19] = [
    "ascii",
    "bigint",
    "blob",
    "boolean",
    "date",
    "decimal",
    "double",
    "float",
    "inet",
    "int",
    "smallint",
    "text",
    "time",
    "timestamp",
    "timeuuid",
    "tinyint",
    "uuid",
    "varchar",
    "varint",
];

/// How deep types nest at most: no table needs more, and reading one calls itself for every level.
const DEEPEST: usize = 8;

/// A column's type, as far as rules ask.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Type {
    One,
    Several,
    Frozen,
    Counter,
}

/// Reads a type of CQL.
///
/// # Errors
/// What is wrong with it, and what would be right.
fn read(text: &str) -> Result<Type, (String, String)> {
    match text {
        "counter" => Ok(Type::Counter),
        _ => nested(text, 0),
    }
}

fn nested(text: &str, depth: usize) -> Result<Type, (String, String)> {
    let text = text.trim();
    if TYPES.contains(&text) {
        return Ok(Type::One);
    }
    let wrong = |message: String, help: &str| Err((message, help.to_owned()));
    let Some((name, inner)) = (text.strip_suffix('>')).and_then(|text| text.split_once('<')) else {
        return wrong(
            format!("{text:?} is not a type of CQL"),
            &match text {
                "counter" => "a counter is a column of its own".to_owned(),
                _ => format!("use one of {}", TYPES.join(", ")),
            },
        );
    };
    let (most, example) = match name.trim() {
        "frozen" => (1, "frozen<list<int>>"),
        "list" => (1, "list<int>"),
        "set" => (1, "set<text>"),
        "map" => (2, "map<text, int>"),
        "tuple" => (usize::MAX, "tuple<int, text>"),
        _ => {
            let message = format!("{text:?} is not a type of CQL");
            return wrong(message, "use list, set, map, tuple or frozen");
        }
    };
    if depth == DEEPEST {
        let message = format!("{text:?} nests more than {DEEPEST} types");
        return wrong(message, "use fewer, or a text with JSON");
    }
    let parts = parts(inner);
    let fits = match most {
        usize::MAX => parts.iter().all(|part| !part.trim().is_empty()),
        most => parts.len() == most && parts.iter().all(|part| !part.trim().is_empty()),
    };
    if !fits {
        let message = format!(
            "{text:?} is not a type of CQL: it holds other types than {} does",
            name.trim()
        );
        return wrong(message, &format!("write it as in {example}"));
    }
    for part in &parts {
        let of = nested(part, depth + 1)?;
        if name.trim() == "frozen" && of != Type::Several {
            let message = format!(
                "{text:?} freezes {}, which is not a collection",
                part.trim()
            );
            return wrong(message, &format!("write it as in {example}"));
        }
    }
    Ok(match name.trim() {
        "frozen" => Type::Frozen,
        _ => Type::Several,
    })
}

/// What stands between commas, brackets aside.
fn parts(text: &str) -> Vec<&str> {
    let (mut depth, mut begin) = (0_usize, 0);
    let mut found = Vec::new();
    for (at, letter) in text.char_indices() {
        match letter {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                found.push(&text[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    found.push(&text[begin..]);
    found
}

/// Checks a column store.
pub fn check(rules: &mut Rules<'_>, name: &str, store: &Store) {
    let path = format!("stores.{name}");
    stores::only(rules, name, COLUMN, "a column store");
    // https://docs.aws.amazon.com/keyspaces/latest/devguide/keyspaces-multi-region-add-replica.html
    if rules.spec.stage == Stage::MultiRegion {
        let message = format!(
            "{path} is a column store, which stage multi-region cannot have: Keyspaces adds a region to a keyspace and \
             never removes it, so that no step of the migration could be rolled back"
        );
        let help = "use `type: key-value`, whose tables have a replica in each region, or stay at stage cdn";
        rules.say(&format!("{path}.type"), message, help);
    }
    if name.len() < 2 {
        let message = format!("{name:?} is too short for the name of a table of Keyspaces");
        rules.say(&path, message, "use 2 letters or more");
    }
    let keys: Vec<&String> = [Some(&store.key), store.sort.as_ref()]
        .into_iter()
        .flatten()
        .collect();
    if store.sort.as_ref() == Some(&store.key) {
        let message = format!(
            "{path} has {} as its partition key and as its sort key",
            store.key
        );
        let help = "name another column, or leave the sort key out";
        rules.say(&format!("{path}.sort"), message, help);
    }
    for (place, column) in [
        (format!("{path}.key"), Some(&store.key)),
        (format!("{path}.sort"), store.sort.as_ref()),
    ] {
        if let Some(column) = column.filter(|column| !is_name(column)) {
            wrong_name(rules, &place, column);
        }
    }
    for (column, kind) in &store.columns {
        let place = format!("{path}.columns.{column}");
        if !is_name(column) {
            wrong_name(rules, &place, column);
        }
        let is_key = keys.contains(&column);
        match read(kind) {
            Err((message, help)) => rules.say(&place, message, &help),
            Ok(Type::Several) | Ok(Type::Counter) if is_key => {
                let message = format!("{column} is a key, which cannot be a {kind}");
                let help = "use a type of one value, such as text, int or timeuuid";
                rules.say(&place, message, help);
            }
            Ok(_) => {}
        }
    }
    counters(rules, &path, store, &keys);
}

/// A table with counters has no other columns besides its keys, and no time to live
/// (<https://cassandra.apache.org/doc/latest/cassandra/developing/cql/counter-column.html>).
fn counters(rules: &mut Rules<'_>, path: &str, store: &Store, keys: &[&String]) {
    let values = store
        .columns
        .iter()
        .filter(|(name, _)| !keys.contains(name));
    let (counters, others): (Vec<_>, Vec<_>) = values.partition(|(_, kind)| *kind == "counter");
    let Some((counter, _)) = counters.first() else {
        return;
    };
    if let Some((other, _)) = others.first() {
        let message = format!(
            "{path} has the counter {counter} beside {other}: a table with counters has no other columns than its keys"
        );
        let help = "move the counters to a store of their own";
        rules.say(&format!("{path}.columns.{counter}"), message, help);
    }
    if store.default_ttl.is_some() {
        let message =
            format!("{path} has the counter {counter} and a default_ttl: counters do not expire");
        let help = "remove default_ttl, or the counters";
        rules.say(&format!("{path}.default_ttl"), message, help);
    }
}

fn wrong_name(rules: &mut Rules<'_>, place: &str, column: &str) {
    let message = format!("{column:?} cannot be the name of a column");
    rules.say(
        place,
        message,
        "use 2 to 48 letters, digits and `_`, no `_` first",
    );
}

fn is_name(name: &str) -> bool {
    (2..=48).contains(&name.len())
        && !name.starts_with('_')
        && (name.bytes()).all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
