//! Whether the settings of a service, as a parameter of Systems Manager holds them, have the form that the blueprints
//! write. Settings of any other form are hidden whole: somebody changed them by hand, and no rule knows where a secret is.

use super::url::passwords;
use crate::value::{Map, Part, Value, hidden};

/// The last level but one of the name of a service's parameter, by its type.
const SERVICES: [&str; 2] = ["services", "workers"];
/// The last level of the names of the other parameters that servers read.
const SETTINGS: [&str; 3] = ["site", "database", "cache"];
/// The last level but one of the name of a store's parameter.
const STORES: &str = "stores";

/// What stands in the place of a reference in a text: a letter that a host name, an image and a path may have.
const REFERENCE: &str = "r";

/// Whether the `Value` of a parameter is hidden whole.
pub fn is_hidden(parameter: &Map) -> bool {
    let (Some(name), Some(value)) = (parameter.get("Name"), parameter.get("Value")) else {
        return false;
    };
    if parameter.get("Type").is_none() {
        return false;
    }
    let name = flat(name);
    let mut levels = name.rsplit('/');
    let (last, above) = (levels.next().unwrap_or(""), levels.next().unwrap_or(""));
    if levels.next().is_none() {
        return false;
    }
    let fits: fn(&str, &serde_json::Value) -> bool = match above {
        _ if SERVICES.contains(&above) => is_setting_of_service,
        STORES => is_plain_setting,
        _ if SETTINGS.contains(&last) => is_plain_setting,
        _ => return false,
    };
    match serde_json::from_str(&flat(value)) {
        Ok(serde_json::Value::Object(settings)) => {
            !settings.iter().all(|(key, value)| fits(key, value))
        }
        _ => true,
    }
}

/// A text without the references in it.
fn flat(value: &Value) -> String {
    match value {
        Value::Text(parts) => parts
            .iter()
            .map(|part| match part {
                Part::Literal(text) => &**text,
                Part::Reference(_) => REFERENCE,
            })
            .collect(),
        Value::Reference(_) => REFERENCE.to_owned(),
        other => other.to_string(),
    }
}

fn is_setting_of_service(key: &str, value: &serde_json::Value) -> bool {
    use serde_json::Value as Json;
    match (key, value) {
        (_, Json::Null) => true,
        ("port", Json::Number(_)) => true,
        ("image", Json::String(text)) => is_image(text),
        ("artifact", Json::String(text)) => is_artifact(text),
        ("health", Json::String(text)) => is_path(text),
        ("health", Json::Object(check)) => check.iter().all(|(key, value)| match value {
            Json::Array(words) => key == "command" && words.iter().all(Json::is_string),
            value => value.is_number(),
        }),
        ("stop", Json::Number(_)) => true,
        // Each word and each variable is judged by itself.
        ("command", Json::Array(words)) => words.iter().all(Json::is_string),
        ("env", Json::Object(env)) => env.values().all(|one| !one.is_array() && !one.is_object()),
        ("secrets", Json::Object(secrets)) => secrets.values().all(is_secrets_name),
        ("paths" | "hosts" | "stores", Json::Array(items)) => {
            items.iter().all(|item| item.as_str().is_some_and(is_path))
        }
        ("stores", value) => is_plain(value),
        _ => false,
    }
}

fn is_plain_setting(key: &str, value: &serde_json::Value) -> bool {
    match key {
        "secret" => is_secrets_name(value),
        "email" => (value.as_str()).is_none_or(|text| !text.contains([':', '?', ' '])),
        _ => !super::is_secret(key) && is_plain(value),
    }
}

/// Numbers, switches, and texts that are a host name, a path or a plain word.
fn is_plain(value: &serde_json::Value) -> bool {
    use serde_json::Value as Json;
    match value {
        Json::String(text) => is_path(text),
        Json::Array(items) => items.iter().all(is_plain),
        Json::Object(map) => map
            .iter()
            .all(|(key, value)| !super::is_secret(key) && is_plain(value)),
        _ => true,
    }
}

/// The name of a secret or a parameter, or its ARN.
fn is_secrets_name(value: &serde_json::Value) -> bool {
    value.as_str().is_some_and(|text| {
        hidden::is_hidden(text)
            || text.len() <= 1100
                && !text.ends_with('=')
                && (text.bytes()).all(|b| b.is_ascii_alphanumeric() || b"/_+=.@-:".contains(&b))
    })
}

/// An image's name without its digest, in two: the tag is behind the last colon, unless that is a registry's port.
pub fn split_tag(name: &str) -> (&str, Option<&str>) {
    match name.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => (path, Some(tag)),
        _ => (name, None),
    }
}

/// An image's reference: nothing that a query or a login has (<https://pkg.go.dev/github.com/distribution/reference>).
fn is_image(text: &str) -> bool {
    let (name, digest) = text.split_once('@').unwrap_or((text, "sha256:"));
    let (path, tag) = split_tag(name);
    let tag = tag.unwrap_or_default();
    digest.starts_with("sha256:")
        && (path.bytes())
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"./_-:".contains(&b))
        && (tag.bytes()).all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

fn is_artifact(text: &str) -> bool {
    !text.contains(['?', '#', '@', ' ', '"', '\n']) && text.contains('/')
}

/// A path, a pattern of paths, or a host name; what a query of it holds is judged by itself.
fn is_path(text: &str) -> bool {
    if hidden::is_hidden(text) {
        return true;
    }
    let path = text.split('?').next().unwrap_or_default();
    let is_legal = |c: char| c.is_ascii_alphanumeric() || "/._-*:,+~%$".contains(c);
    passwords(text).all(|place| place.start >= path.len())
        && path.chars().all(is_legal)
        // A word that is no path is in small letters.
        && (path.contains('/') || !path.bytes().any(|b| b.is_ascii_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(name: &str, value: &str) -> Map {
        let json = serde_json::json!({"Name": name, "Type": "String", "Value": value});
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn settings_of_an_unknown_form_are_hidden() {
        for value in [
            "notjson SEKRET8",
            r#"["SEKRET"]"#,
            r#""SEKRET""#,
            r#"{"foo":"SEKRET"}"#,
            r#"{"env":"API_KEY=SEKRET"}"#,
            r#"{"env":["SEKRET"]}"#,
            r#"{"env":{"A":{"b":"SEKRET"}}}"#,
            r#"{"secrets":{"A":"SEKRET x"}}"#,
            r#"{"secrets":["SEKRET"]}"#,
            r#"{"command":"x --password SEKRET"}"#,
            r#"{"command":[["SEKRET"]]}"#,
            r#"{"image":"u:SEKRET@x/y"}"#,
            r#"{"image":"SEKRET"}"#,
            r#"{"image":"x/y?token=SEKRET"}"#,
            r#"{"port":"SEKRET"}"#,
            r#"{"health":{"command":"x SEKRET"}}"#,
            r#"{"health":{"token":["SEKRET"]}}"#,
            r#"{"health":{"interval":"SEKRET"}}"#,
            r#"{"stop":"SEKRET"}"#,
            r#"{"env":{"A":"SEKRET"},"#,
        ] {
            for name in ["/shop/default/services/web", "/shop/default/workers/mail"] {
                assert!(is_hidden(&parameter(name, value)), "{value}");
            }
        }
        for (name, value) in [
            ("/shop/default/database", "SEKRET"),
            ("/shop/default/site", r#"{"domain":"SEKRET"}"#),
            ("/shop/default/cache", r#"{"password":"x"}"#),
            ("/shop/default/stores/a", r#"{"x":{"apiToken":"x"}}"#),
        ] {
            assert!(is_hidden(&parameter(name, value)), "{value}");
        }
    }

    #[test]
    fn settings_of_the_known_form_are_shown() {
        for (name, value) in [
            (
                "/shop/default/services/web",
                r#"{"image":"nginx:1.27-Alpine","artifact":null,"command":["a","B"],"port":80,"env":{"A":"x","N":1},"secrets":{"A":"shop/stripe"},"health":"/h?token=x","paths":["/api/*"],"hosts":["a.example.com"]}"#,
            ),
            (
                "/shop/default/services/web",
                r#"{"image":"123.dkr.ecr.us-east-1.amazonaws.com/a@sha256:ab"}"#,
            ),
            (
                "/shop/default/database",
                r#"{"engine":"postgres","host":"db.x.com","port":5432,"readers":["a.b"],"secret":"shop-default/database"}"#,
            ),
            (
                "/shop/default/workers/mail",
                r#"{"image":"mail:1","artifact":null,"command":null,"env":{"A":"x"},"secrets":{},"health":{"command":["./ok"],"interval":10,"timeout":5,"unhealthy":3},"stop":60}"#,
            ),
            ("/shop/default/plain", "any text"),
            ("/tiny", "any text"),
        ] {
            assert!(!is_hidden(&parameter(name, value)), "{value}");
        }
    }
}
