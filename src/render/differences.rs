//! Where two values differ inside, place by place.

use std::collections::BTreeSet;

use crate::schema::without_secrets;
use crate::value::{Map, Value, decoded_text};

/// One place.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The dotted path below the values compared.
    pub path: String,
    /// As it is there; `None` when nothing is.
    pub before: Option<Value>,
    /// As it will be there; `None` when nothing will.
    pub after: Option<Value>,
}

/// The places at which two objects or two lists differ; `None` when they are neither. Text that holds
/// JSON is compared as JSON, and user data line by line.
pub fn inside(before: &Value, after: &Value) -> Option<Vec<Difference>> {
    let both = |read: fn(&Value) -> Option<Value>| read(before).zip(read(after));
    let (before, after) = both(parsed)
        .or_else(|| both(script))
        .unwrap_or_else(|| (before.clone(), after.clone()));
    if !matches!(
        (&before, &after),
        (Value::Map(_), Value::Map(_)) | (Value::List(_), Value::List(_))
    ) {
        return None;
    }
    let mut found = Vec::new();
    walk("", Some(&before), Some(&after), &mut found);
    Some(found)
}

/// The JSON in a text; references may stand inside its strings.
pub fn parsed(value: &Value) -> Option<Value> {
    let text = match value {
        Value::String(_) | Value::Text(_) => value.to_string(),
        _ => return None,
    };
    if !text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    serde_json::from_str::<serde_json::Value>(&text)
        .ok()
        .map(Value::from)
}

/// The lines of a script that is written as Base64, `line.1` being the first.
fn script(value: &Value) -> Option<Value> {
    let text = decoded_text(value.as_str()?)?;
    if !text.starts_with("#!") {
        return None;
    }
    let lines = text.lines().map(|line| without_secrets(&Value::str(line)));
    let mut map = Map::new();
    // Lists begin at 0, and nobody's lines do.
    map.insert(
        "line",
        Value::list(std::iter::once(Value::Null).chain(lines)),
    );
    Some(Value::Map(map))
}

/// Collects each place at which two values differ.
fn walk(path: &str, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<Difference>) {
    let below = |key: &str| match path {
        "" => key.to_owned(),
        path => format!("{path}.{key}"),
    };
    match (before, after) {
        (Some(a), Some(b)) if a == b => {}
        (Some(Value::Map(a)), Some(Value::Map(b))) => {
            let keys: BTreeSet<&str> = a.iter().chain(b).map(|(key, _)| &**key).collect();
            for key in keys {
                walk(&below(key), a.get(key), b.get(key), found);
            }
        }
        (Some(Value::List(a)), Some(Value::List(b))) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                walk(&below(&index.to_string()), Some(a), Some(b), found);
            }
        }
        (Some(Value::List(a)), Some(Value::List(b))) => {
            let (gone, new) = unpaired(a, b);
            for (place, item) in gone {
                walk(&below(&place.to_string()), Some(item), None, found);
            }
            for (place, item) in new {
                walk(&below(&place.to_string()), None, Some(item), found);
            }
        }
        (None, None) => {}
        (before, after) => found.push(Difference {
            path: path.to_owned(),
            before: before.cloned(),
            after: after.cloned(),
        }),
    }
}

/// An item and its place in the list.
type Placed<'a> = (usize, &'a Value);

/// The items of two lists that have no equal in the other one, each with its place in its own: where some came or
/// went, the places of the rest say nothing.
fn unpaired<'a>(a: &'a [Value], b: &'a [Value]) -> (Vec<Placed<'a>>, Vec<Placed<'a>>) {
    let mut left: Vec<Placed<'_>> = b.iter().enumerate().collect();
    let mut gone: Vec<Placed<'_>> = a.iter().enumerate().collect();
    gone.retain(|(_, item)| {
        let equal = left.iter().position(|(_, other)| other == item);
        equal.map(|index| left.remove(index)).is_none()
    });
    (gone, left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::base64_gzip;

    fn value(json: serde_json::Value) -> Value {
        Value::from(json)
    }

    #[test]
    fn scripts_are_compared_line_by_line() {
        let before = base64_gzip("#!/bin/sh\necho one\necho two\n");
        let after = base64_gzip("#!/bin/sh\necho two\ncurl https://u:secret@x/\necho three\n");
        let found = inside(&Value::str(before), &Value::str(after)).unwrap();
        let told: Vec<String> = found
            .iter()
            .map(|one| format!("{} {:?} {:?}", one.path, one.before, one.after))
            .collect();
        assert_eq!(found.len(), 3, "{told:?}");
        assert!(
            told[0].starts_with("line.2 Some(String(\"echo one\"))"),
            "{told:?}"
        );
        assert!(told[1].starts_with("line.3 None"), "{told:?}");
        assert!(!told[1].contains("secret@"), "{told:?}");
        assert!(
            told[2].ends_with("Some(String(\"echo three\"))"),
            "{told:?}"
        );
    }

    #[test]
    fn text_that_holds_json_is_compared_as_json() {
        let before = Value::str("{\"a\": 1, \"b\": [1, 2]}");
        let after = Value::str("{\"b\": [1, 3], \"a\": 1}");
        let found = inside(&before, &after).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].path, "b.1");
        assert_eq!(found[0].after, Some(Value::Int(3)));
    }

    #[test]
    fn an_item_that_came_or_went_is_found_wherever_it_stands() {
        let list = |ports: &[i64]| Value::list(ports.iter().map(|port| Value::Int(*port)));
        let found = inside(&list(&[22, 80, 443]), &list(&[80, 443])).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!((&*found[0].path, &found[0].after), ("0", &None));
        let found = inside(&list(&[80, 443]), &list(&[443, 8443, 8080])).unwrap();
        let places: Vec<&str> = found.iter().map(|one| &*one.path).collect();
        assert_eq!(places, ["0", "1", "2"]);
        assert_eq!(found[0].before, Some(Value::Int(80)));
        assert_eq!(
            (&found[1].before, &found[1].after),
            (&None, &Some(Value::Int(8443)))
        );
    }

    #[test]
    fn what_has_no_parts_is_not_looked_into() {
        assert_eq!(inside(&Value::str("a"), &Value::str("b")), None);
        let list = value(serde_json::json!([1]));
        assert_eq!(inside(&list, &value(serde_json::json!({}))), None);
    }
}
