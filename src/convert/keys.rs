//! Reading a mapping of another tool's file: which of its keys are used, which mean nothing here, and which are lost.

use super::notes::Notes;
use crate::diagnostic::Location;
use crate::yaml::{Node, Yaml};

/// A key that a spec has no place for: why, and what to do instead. `None` for one whose loss nobody notices.
pub type Lost = (&'static str, Option<(&'static str, &'static str)>);

/// Notes every key of a mapping that was not `taken`.
pub fn rest(node: &Node, what: &str, taken: &[&str], lost: &[Lost], notes: &mut Notes) {
    let Yaml::Map(entries) = &node.value else {
        return;
    };
    for (key, value) in entries {
        let name = &*key.text;
        if taken.contains(&name) || name.starts_with("x-") || value.value == Yaml::Null {
            continue;
        }
        let path = if what.is_empty() {
            name.to_owned()
        } else {
            format!("{what}.{name}")
        };
        match lost.iter().find(|(one, _)| *one == name) {
            Some((_, None)) => {}
            Some((_, Some((why, instead)))) => notes.left(&key.location, path, why, instead),
            None => notes.left(
                &key.location,
                path,
                "scalectl does not know this key",
                "see https://scalectl.github.io/scalectl/spec.html for what a spec can say",
            ),
        }
    }
}

/// A text, a number or a switch, as text.
pub fn scalar(node: &Node) -> Option<String> {
    match &node.value {
        Yaml::String(text) => Some(text.to_string()),
        Yaml::Int(number) => Some(number.to_string()),
        Yaml::Float(number) => Some(number.to_string()),
        Yaml::Bool(switch) => Some(switch.to_string()),
        Yaml::Null | Yaml::List(_) | Yaml::Map(_) => None,
    }
}

/// The scalar under `key`, as text.
pub fn text(node: &Node, key: &str) -> Option<String> {
    node.get(key).and_then(scalar)
}

/// The number under `key`.
pub fn number<N: TryFrom<i64>>(node: &Node, key: &str) -> Option<N> {
    let value = node.get(key)?;
    let number = match &value.value {
        Yaml::Int(number) => *number,
        Yaml::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    N::try_from(number).ok()
}

/// A list's items; of a scalar, itself.
pub fn items(node: Option<&Node>) -> Vec<&Node> {
    match node.map(|node| (&node.value, node)) {
        None | Some((Yaml::Null, _)) => Vec::new(),
        Some((Yaml::List(items), _)) => items.iter().collect(),
        Some((_, node)) => vec![node],
    }
}

/// A mapping's entries with the places of their keys.
pub fn entries(node: Option<&Node>) -> Vec<(&str, &Location, &Node)> {
    match node.map(|node| &node.value) {
        Some(Yaml::Map(entries)) => entries
            .iter()
            .map(|(key, value)| (&*key.text, &key.location, value))
            .collect(),
        _ => Vec::new(),
    }
}

/// Seconds of a duration such as `1m30s`, `500ms` or `20`.
pub fn seconds(text: &str) -> Option<u32> {
    let text = text.trim();
    if let Ok(plain) = text.parse::<u32>() {
        return Some(plain);
    }
    let mut total = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.len()
            - rest
                .trim_start_matches(|c: char| c.is_ascii_digit() || c == '.')
                .len();
        let number: f64 = rest[..digits].parse().ok()?;
        let unit_end = rest[digits..]
            .find(|c: char| c.is_ascii_digit())
            .map_or(rest.len(), |end| digits + end);
        total += number
            * match &rest[digits..unit_end] {
                "us" | "µs" => 0.000_001,
                "ms" => 0.001,
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3600.0,
                "d" => 86_400.0,
                _ => return None,
            };
        rest = &rest[unit_end..];
    }
    // Half a second is one: no check takes less.
    (total.is_finite() && total < 1e9 && !text.is_empty()).then(|| total.ceil() as u32)
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn durations_are_read_as_go_writes_them() {
        for (text, expected) in [
            ("30s", Some(30)),
            ("1m30s", Some(90)),
            ("500ms", Some(1)),
            ("1.5m", Some(90)),
            ("2h", Some(7200)),
            ("10", Some(10)),
            ("", None),
            ("s", None),
            ("10x", None),
            ("-5s", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }
}
