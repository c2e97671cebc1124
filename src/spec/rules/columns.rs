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

/// Its types of several.
const SEVERAL: [&str; 5] = ["frozen<", "list<", "map<", "set<", "tuple<"];

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
        let is_one = TYPES.contains(&kind.as_str());
        let is_several = SEVERAL.iter().any(|open| kind.starts_with(open)) && kind.ends_with('>');
        let is_key = keys.contains(&column);
        let counts = kind == "counter" && !is_key;
        if is_key && is_several && !kind.starts_with("frozen<") {
            let message = format!("{column} is a key, which cannot be a {kind}");
            rules.say(
                &place,
                message,
                "use a type of one value, such as text, int or timeuuid",
            );
        } else if !(is_one || is_several || counts) {
            let message = format!("{kind:?} is not a type of CQL");
            rules.say(&place, message, &format!("use one of {}", TYPES.join(", ")));
        }
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
