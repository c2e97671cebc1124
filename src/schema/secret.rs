//! Which values are secret, by what they are called: AWS's properties by their names, settings, headers
//! and parameters by the names that people give them.
//!
//! How a secret is shown is up to who shows it.

use std::borrow::Cow;

use crate::value::{Map, Value};

/// How AWS's properties end that hold passwords, keys and the like.
const PROPERTIES: [&str; 6] = [
    "Password",
    "SecretString",
    "AuthToken",
    "PrivateKey",
    "SecretKey",
    "ClientSecret",
];

/// How people's names for such things end, in small letters and without anything between the words.
const NAMES: [&str; 11] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "secretkey",
    "privatekey",
    "accesskey",
    "apikey",
    "token",
    "authorization",
    // The header by which an origin knows its CDN, as AWS's own examples call it.
    "originverify",
];

/// Where an item of a list carries the name of what it sets.
const NAMED_BY: [&str; 6] = [
    "Key",
    "Name",
    "ParameterName",
    "OptionName",
    "HeaderName",
    "HttpHeaderName",
];

/// Whether what stands at `path` is to be kept from plans, logs and journals: passwords, keys and the
/// like, which AWS never gives back either.
pub fn is_secret(path: &str) -> bool {
    let last = path.rsplit('.').next().unwrap_or(path);
    PROPERTIES.iter().any(|secret| last.ends_with(secret)) || is_own(last) && is_secret_name(last)
}

/// Whether what stands under `key` of an object is, by the rest of the object too: the item
/// `{Name: DB_PASSWORD, Value: ...}` is as secret as a property of that name, and so is whatever Systems
/// Manager is to keep encrypted.
pub fn is_secret_in(map: &Map, key: &str) -> bool {
    if is_secret(key) {
        return true;
    }
    if !key.ends_with("Value") && key != "Values" {
        return false;
    }
    let text = |key: &str| map.get(key).and_then(Value::as_str);
    let is_named = |by: &&str| text(by).is_some_and(is_secret_name);
    NAMED_BY.iter().any(is_named) || text("Type") == Some("SecureString")
}

/// The value with every secret in it covered up, for what is printed.
pub fn without_secrets(value: &Value) -> Value {
    match value {
        Value::Map(map) => Value::Map(
            map.iter()
                .map(|(key, value)| {
                    let shown = match is_secret_in(map, key) {
                        true => Value::str("(never shown)"),
                        false => without_secrets(value),
                    };
                    (key.clone(), shown)
                })
                .collect(),
        ),
        Value::List(items) => Value::list(items.iter().map(without_secrets)),
        text => in_json(text, without_secrets).unwrap_or_else(|| text.clone()),
    }
}

/// A text that is a JSON object or list, such as the settings that a parameter holds, with what `cover` makes of
/// these; `None` where it leaves them as they are. References in it become text.
pub fn in_json(text: &Value, cover: impl FnOnce(&Value) -> Value) -> Option<Value> {
    let text = match text {
        Value::String(text) => Cow::Borrowed(&**text),
        Value::Text(_) => Cow::Owned(text.to_string()),
        _ => return None,
    };
    if !text.starts_with(['{', '[']) {
        return None;
    }
    let json: serde_json::Value = serde_json::from_str(&text).ok()?;
    let inner = Value::from(json);
    let covered = cover(&inner);
    (covered != inner).then(|| Value::str(serde_json::Value::from(&covered).to_string()))
}

/// Whether a key is of people's making, such as `DB_PASSWORD` or `x-api-key`; AWS writes `MasterUserSecret`,
/// which tells where a secret is.
fn is_own(key: &str) -> bool {
    key.contains(['_', '-']) || !key.bytes().any(|byte| byte.is_ascii_lowercase())
}

fn is_secret_name(name: &str) -> bool {
    let ends_with = |ending: &&str| {
        let mut letters = name.bytes().rev().filter(u8::is_ascii_alphanumeric);
        let mut ending = ending.bytes().rev();
        ending.all(|byte| {
            letters
                .next()
                .is_some_and(|have| have.eq_ignore_ascii_case(&byte))
        })
    };
    NAMES.iter().any(ends_with)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(json: serde_json::Value) -> Map {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn properties_are_secret_by_awss_names_and_settings_by_peoples() {
        for secret in [
            "MasterUserPassword",
            "DefaultActions.0.AuthenticateOidcConfig.ClientSecret",
            "Variables.DB_PASSWORD",
            "SECRET",
            "x-api-key",
        ] {
            assert!(is_secret(secret), "{secret}");
        }
        for open in [
            "MasterUserSecret",
            "SecretArn",
            "NextToken",
            "password_encryption",
            "PASSWORDS_PER_USER",
            "",
        ] {
            assert!(!is_secret(open), "{open}");
        }
    }

    #[test]
    fn settings_in_a_text_are_covered_and_the_rest_of_it_is_not_touched() {
        let cover = |text: &str| without_secrets(&Value::str(text)).to_string();
        let settings = r#"{"env":{"DB_PASSWORD":"x","MOOD":"good"}}"#;
        assert!(cover(settings).contains("good") && !cover(settings).contains(":\"x\""));
        for text in [
            r#"{ "MOOD" : "good" }"#,
            "{not JSON",
            "[1, 2]",
            "DB_PASSWORD",
        ] {
            assert_eq!(cover(text), Value::str(text).to_string());
        }
    }

    #[test]
    fn an_item_is_secret_by_the_name_that_it_carries() {
        for (item, key) in [
            (
                serde_json::json!({"Name": "DB_PASSWORD", "Value": "x"}),
                "Value",
            ),
            (
                serde_json::json!({"Key": "apiToken", "Value": "x"}),
                "Value",
            ),
            (
                serde_json::json!({"HeaderName": "X-Origin-Verify", "HeaderValue": "x"}),
                "HeaderValue",
            ),
            (
                serde_json::json!({"HttpHeaderName": "Authorization", "Values": ["x"]}),
                "Values",
            ),
            (
                serde_json::json!({"Name": "/a", "Type": "SecureString", "Value": "x"}),
                "Value",
            ),
        ] {
            assert!(is_secret_in(&map(item.clone()), key), "{item}");
        }
        let secret = map(serde_json::json!({"Name": "shop/secret", "Description": "x"}));
        assert!(!is_secret_in(&secret, "Description") && !is_secret_in(&secret, "Name"));
        let refers = map(serde_json::json!({"Name": "DB_PASSWORD", "ValueFrom": "arn:x"}));
        assert!(!is_secret_in(&refers, "ValueFrom"));
    }
}
