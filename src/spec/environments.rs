//! Environments beside each other: which there are, and in what two of them differ.

use serde_json::Value;

use super::Spec;
use crate::schema::{is_harmless, is_secret};

/// The environment of a spec to which nothing is laid over.
pub const BASE: &str = "default";

/// A key in which two environments differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The key with its sections, such as `services.web.scale.min`.
    pub path: String,
    /// What the first has; `None` where it has no such key.
    pub first: Option<String>,
    /// What the second has.
    pub second: Option<String>,
}

/// What is shown instead of a value that may be a secret.
const HIDDEN: &str = "(not shown)";

/// In what two specs differ, in the order of the keys. Defaults are filled in, so that a key which only repeats a default is no
/// difference. Values of variables and words of commands that may hold a secret are not shown.
#[must_use]
pub fn differences(first: &Spec, second: &Spec) -> Vec<Difference> {
    let of = |spec: &Spec| serde_json::to_value(spec).unwrap_or_default();
    let mut found = Vec::new();
    compare("", Some(&of(first)), Some(&of(second)), &mut found);
    found
}

fn compare(path: &str, first: Option<&Value>, second: Option<&Value>, found: &mut Vec<Difference>) {
    if first == second {
        return;
    }
    if let (Some(Value::Object(a)), Some(Value::Object(b))) = (first, second) {
        let keys: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
        for key in keys {
            let below = if path.is_empty() {
                key.clone()
            } else {
                format!("{path}.{key}")
            };
            compare(&below, a.get(key), b.get(key), found);
        }
        return;
    }
    let shown = |value: Option<&Value>| {
        let value = value.filter(|value| !value.is_null())?;
        Some(if may_show(path, value) {
            in_words(value)
        } else {
            HIDDEN.to_owned()
        })
    };
    found.push(Difference {
        path: path.to_owned(),
        first: shown(first),
        second: shown(second),
    });
}

/// A value as the spec would have it.
fn in_words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(in_words).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(map) => {
            let entries: Vec<String> = map
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| format!("{key}: {}", in_words(value)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        other => other.to_string(),
    }
}

/// Whether nothing in a value can be a secret.
fn may_show(path: &str, value: &Value) -> bool {
    let steps: Vec<&str> = path.split('.').collect();
    match &*steps {
        // A service's own part: what it runs, and its variables.
        ["services", _, rest @ ..] => match (rest, value) {
            (["env", name], value) => is_harmless(name, &in_words(value)),
            (["env"], Value::Object(map)) => map
                .iter()
                .all(|(name, value)| is_harmless(name, &in_words(value))),
            (["command" | "release"] | ["health", "command"], _) => false,
            // A service that only one of them has.
            ([], Value::Object(map)) => map
                .iter()
                .all(|(key, value)| value.is_null() || may_show(&format!("{path}.{key}"), value)),
            _ => true,
        },
        ["resources", ..] => false,
        _ => !is_secret(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::load;

    const TEXT: &str = "\
app: shop
stage: load-balanced
domain: shop.example.com
services:
  web: {image: \"shop:1\", scale: {min: 2}, env: {LOG_LEVEL: info, API_KEY: hunter2}, command: [a, hunter2]}
environments:
  staging:
    domain: staging.shop.example.com
    services:
      web: {image: \"shop:2\", scale: {min: 2, max: 3}, env: {LOG_LEVEL: debug, API_KEY: hunter3}, command: [b]}
      extra: {image: \"x:1\", paths: [/x], env: {TOKEN: hunter4}}
";

    #[test]
    fn what_differs_is_listed_by_its_key_and_no_secret_is_shown() {
        let of = |env| load("scalectl.yaml", TEXT, env, None).unwrap();
        let found = differences(&of(None), &of(Some("staging")));
        let lines: Vec<String> = (found.iter())
            .map(|one| {
                let side = |text: &Option<String>| text.clone().unwrap_or("-".into());
                format!("{}: {} | {}", one.path, side(&one.first), side(&one.second))
            })
            .collect();
        assert_eq!(
            lines,
            [
                "domain: shop.example.com | staging.shop.example.com",
                "services.extra: - | (not shown)",
                "services.web.command: (not shown) | (not shown)",
                "services.web.env.API_KEY: (not shown) | (not shown)",
                "services.web.env.LOG_LEVEL: info | debug",
                "services.web.image: shop:1 | shop:2",
                "services.web.scale.max: 6 | 3",
            ]
        );
        assert!(differences(&of(None), &of(None)).is_empty());
    }
}
