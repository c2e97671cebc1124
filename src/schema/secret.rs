//! Which values are secret, by what they are called: AWS's properties by their names, settings, headers
//! and parameters by the names that people give them.
//!
//! How a secret is written down is up to who writes it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crate::value::{Map, Part, Value};

/// How a dynamic reference begins, which AWS replaces by what a parameter or a secret holds
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html>).
pub const DYNAMIC: &str = "{{resolve:";

/// What stands in a secret's place.
pub const NEVER_SHOWN: &str = "(never shown)";

/// What stands in the place of one that is about to become another, while more than that changes.
const ANOTHER: &str = "(never shown, another one)";

/// How AWS's properties end that hold passwords, keys and the like.
const PROPERTIES: [&str; 8] = [
    "Authorization",
    "Password",
    "SecretString",
    "SecretStringTemplate",
    "AuthToken",
    "PrivateKey",
    "SecretKey",
    "ClientSecret",
];

/// How people's names for such things end, in small letters and without anything between the words.
const NAMES: [&str; 16] = [
    "password",
    "dbpass",
    "secretkeybase",
    "passwd",
    "passphrase",
    "pwd",
    "credentials",
    "encryptionkey",
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
    if last == "GenerateSecretString" {
        return false; // How long a password is to be, and of which characters.
    }
    PROPERTIES.iter().any(|secret| last.ends_with(secret)) || is_own(last) && is_secret_name(last)
}

/// Whether what stands under `key` of an object is, by the rest of the object too: the item
/// `{Name: DB_PASSWORD, Value: ...}` is as secret as a property of that name, and so is whatever Systems
/// Manager is to keep encrypted.
pub fn is_secret_in(map: &Map, key: &str) -> bool {
    if is_secret(key) {
        return true;
    }
    // A name with a reference in it ends as it prints.
    let names_one = |name: Option<&Value>| match name {
        Some(Value::String(name)) => is_secret_name(name),
        Some(name @ Value::Text(_)) => is_secret_name(&name.to_string()),
        _ => false,
    };
    if key == "SearchString" {
        // A firewall's rule, by the header that it compares.
        return names_one(map.at("FieldToMatch.SingleHeader.Name"));
    }
    if !key.ends_with("Value") && key != "Values" {
        return false;
    }
    let is_named = |by: &&str| names_one(map.get(by));
    NAMED_BY.iter().any(is_named) || map.get("Type").and_then(Value::as_str) == Some("SecureString")
}

/// The value with every secret in it covered up, for what is printed.
pub fn without_secrets(value: &Value) -> Value {
    Cover {
        path: Vec::new(),
        by: &mut |_, secret| never_shown(secret),
    }
    .value(value)
}

/// The same of what there was and what there will be, with a mark on the secrets that become others.
pub fn told_apart(before: &Value, after: &Value) -> (Value, Value) {
    let mut had = BTreeMap::new();
    let mut remember = |path: &[Arc<str>], secret: &Value| {
        had.insert(path.to_vec(), secret.clone());
        never_shown(secret)
    };
    let before = Cover {
        path: Vec::new(),
        by: &mut remember,
    }
    .value(before);
    let mut compare = |path: &[Arc<str>], secret: &Value| match had.get(path) {
        Some(other) if other != secret && !is_kept_elsewhere(secret) => Value::str(ANOTHER),
        _ => never_shown(secret),
    };
    let after = Cover {
        path: Vec::new(),
        by: &mut compare,
    }
    .value(after);
    (before, after)
}

/// Puts something else in every secret's place, by where it stands.
struct Cover<'a> {
    path: Vec<Arc<str>>,
    by: &'a mut dyn FnMut(&[Arc<str>], &Value) -> Value,
}

impl Cover<'_> {
    fn value(&mut self, value: &Value) -> Value {
        match value {
            Value::Map(map) => {
                let each = map.iter().map(|(key, value)| {
                    let shown = self.below(Arc::clone(key), |cover| match is_secret_in(map, key) {
                        true => (cover.by)(&cover.path, value),
                        false => cover.value(value),
                    });
                    (Arc::clone(key), shown)
                });
                Value::Map(each.collect())
            }
            Value::List(items) => Value::list(items.iter().enumerate().map(|(index, item)| {
                self.below(index.to_string().into(), |cover| cover.value(item))
            })),
            text => in_json(text, |inner| self.value(inner))
                .or_else(|| in_urls(text, |one| (self.by)(&self.path, one).to_string()))
                .unwrap_or_else(|| text.clone()),
        }
    }

    fn below<T>(&mut self, step: Arc<str>, work: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(step);
        let done = work(self);
        self.path.pop();
        done
    }
}

/// What stands in the place of a secret: a dynamic reference alone says where it is and not what, and is
/// shown.
pub fn never_shown(secret: &Value) -> Value {
    match is_kept_elsewhere(secret) {
        true => secret.clone(),
        false => Value::str(NEVER_SHOWN),
    }
}

/// Whether a value is a dynamic reference and nothing besides.
pub fn is_kept_elsewhere(value: &Value) -> bool {
    let text = match value {
        Value::String(text) => Cow::Borrowed(&**text),
        Value::Text(_) => Cow::Owned(value.to_string()),
        _ => return false,
    };
    let inner = text
        .strip_prefix(DYNAMIC)
        .and_then(|rest| rest.strip_suffix("}}"));
    inner.is_some_and(|inner| !inner.contains("}}"))
}

/// A text that is a JSON object or list, such as the settings that a parameter holds, with what `cover` makes of
/// these; `None` where it leaves them as they are. References in it become text.
pub fn in_json(text: &Value, cover: impl FnOnce(&Value) -> Value) -> Option<Value> {
    // Most texts are no JSON, which the first piece of one with references tells before it is put together.
    let begins = |head: &str| head.trim_start().starts_with(['{', '[']);
    let text = match text {
        Value::String(text) if begins(text) => Cow::Borrowed(&**text),
        Value::Text(parts) => match parts.first() {
            Some(Part::Literal(head)) if begins(head) => Cow::Owned(text.to_string()),
            _ => return None,
        },
        _ => return None,
    };
    let json: serde_json::Value = serde_json::from_str(&text).ok()?;
    let inner = Value::from(json);
    let covered = cover(&inner);
    (covered != inner).then(|| Value::str(serde_json::Value::from(&covered).to_string()))
}

/// A text with what `cover` makes of each password in a URL of it, such as `postgres://user:password@host`;
/// `None` where there is none.
pub fn in_urls(text: &Value, mut cover: impl FnMut(&Value) -> String) -> Option<Value> {
    let mut piece = |text: &str| {
        let (mut told, mut end) = (String::new(), 0);
        for password in passwords(text) {
            told += &text[end..password.start];
            told += &cover(&Value::str(&text[password.clone()]));
            end = password.end;
        }
        (end > 0).then(|| Arc::<str>::from(told + &text[end..]))
    };
    match text {
        Value::String(text) => piece(text).map(Value::String),
        Value::Text(parts) => {
            let mut is_any = false;
            let parts: Vec<Part> = parts
                .iter()
                .map(|part| match part {
                    Part::Literal(text) => piece(text).map_or_else(
                        || part.clone(),
                        |told| {
                            is_any = true;
                            Part::Literal(told)
                        },
                    ),
                    Part::Reference(_) => part.clone(),
                })
                .collect();
            is_any.then(|| Value::Text(parts.into()))
        }
        _ => None,
    }
}

/// Where the passwords of URLs stand in a text: after the colon of what is before the last `@` of an authority
/// (RFC 3986, section 3.2.1).
pub fn passwords(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.match_indices("://").filter_map(|(at, scheme)| {
        let start = at + scheme.len();
        let ends =
            |c: char| matches!(c, '/' | '?' | '#' | '"' | '\'' | '<' | '>') || c.is_whitespace();
        let authority = &text[start..];
        let authority = authority.split(ends).next()?;
        let (user, _) = authority.rsplit_once('@')?;
        let (name, password) = user.split_once(':')?;
        let from = start + name.len() + 1;
        (!password.is_empty()).then(|| from..from + password.len())
    })
}

/// Whether a key is of people's making, such as `DB_PASSWORD`, `apiToken` or `x-api-key`. AWS's begin with a
/// capital and go on in small letters: `MasterUserSecret`, which tells where a secret is. Those of IAM's
/// conditions, such as `aws:RequestTag/access-token`, hold none.
fn is_own(key: &str) -> bool {
    let is_awss = key.starts_with(|c: char| c.is_ascii_uppercase())
        && !key.contains(['_', '-'])
        && key.bytes().any(|byte| byte.is_ascii_lowercase());
    !is_awss && !key.contains(':')
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
    use crate::value::Reference;

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
            "Tags.apiToken",
            "HeaderParameters.Authorization",
            "GenerateSecretString.SecretStringTemplate",
        ] {
            assert!(is_secret(secret), "{secret}");
        }
        for open in [
            "MasterUserSecret",
            "SecretArn",
            "NextToken",
            "GenerateSecretString",
            "StringEquals.aws:RequestTag/access-token",
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
    fn a_password_in_a_url_is_covered_and_what_stands_around_it_is_told() {
        let cover = |text: &str| without_secrets(&Value::str(text)).to_string();
        for (text, told) in [
            (
                "postgres://app:hunter2@db.internal:5432/shop?sslmode=require",
                "postgres://app:(never shown)@db.internal:5432/shop?sslmode=require",
            ),
            ("redis://:p@ss@cache", "redis://:(never shown)@cache"),
            (
                "a amqp://u:x@one,amqp://u:y@two b",
                "a amqp://u:(never shown)@one,amqp://u:(never shown)@two b",
            ),
        ] {
            assert_eq!(cover(text), told);
        }
        for open in [
            "https://example.com:8443/@user",
            "https://user@example.com/",
            "postgres://app:{{resolve:secretsmanager:db:SecretString:password}}@db/shop",
            "mailto:ops@example.com",
            "https://",
        ] {
            assert_eq!(cover(open), open);
        }
    }

    #[test]
    fn secrets_that_become_others_are_marked_beside_what_else_changes() {
        let settings = |password: &str, mood: &str| {
            let inner = serde_json::json!({"env": {"DB_PASSWORD": password, "MOOD": mood}});
            Value::from(
                serde_json::json!({"Value": inner.to_string(), "Url": format!("x://a:{password}@b")}),
            )
        };
        let told = |password: &str| {
            let (before, after) = told_apart(&settings("one", "good"), &settings(password, "bad"));
            assert!(!before.to_string().contains(ANOTHER) && before.to_string().contains("good"));
            assert!(after.to_string().contains("bad"));
            after.to_string().matches(ANOTHER).count()
        };
        assert_eq!((told("one"), told("two")), (0, 2));
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
            (
                serde_json::json!({"SearchString": "x",
                    "FieldToMatch": {"SingleHeader": {"Name": "x-origin-verify"}}}),
                "SearchString",
            ),
        ] {
            assert!(is_secret_in(&map(item.clone()), key), "{item}");
        }
        let name = Value::Text(Arc::from([
            Part::Literal("/".into()),
            Part::Reference(Arc::new(Reference {
                address: "us-east-1/vpc".parse().unwrap(),
                path: "VpcId".into(),
            })),
            Part::Literal("/DB_PASSWORD".into()),
        ]));
        let mut refers = map(serde_json::json!({"Value": "x"}));
        refers.insert("Name", name);
        assert!(is_secret_in(&refers, "Value"));
        let path = serde_json::json!({"SearchString": "x", "FieldToMatch": {"UriPath": {}}});
        assert!(!is_secret_in(&map(path), "SearchString"));
        let secret = map(serde_json::json!({"Name": "shop/secret", "Description": "x"}));
        assert!(!is_secret_in(&secret, "Description") && !is_secret_in(&secret, "Name"));
        let refers = map(serde_json::json!({"Name": "DB_PASSWORD", "ValueFrom": "arn:x"}));
        assert!(!is_secret_in(&refers, "ValueFrom"));
    }
}
