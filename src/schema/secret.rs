//! Which values are secret, by what they are called: AWS's properties by their names, settings, headers
//! and parameters by the names that people give them.
//!
//! How a secret is written down is up to who writes it; where passwords stand in URLs is `url`'s.

use std::borrow::Cow;
use std::sync::Arc;

use super::settings;
use super::url::in_urls;
use super::variables::Within;
use crate::value::{Map, Part, Value};

/// How a dynamic reference begins, which AWS replaces by what a parameter or a secret holds
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html>).
pub const DYNAMIC: &str = "{{resolve:";

/// How gzip begins in base64.
const COMPRESSED: &str = "H4sI";

/// What stands in a secret's place.
pub const NEVER_SHOWN: &str = "(never shown)";

/// What stands in the place of one that is about to become another, while more than that changes.
const ANOTHER: &str = "(never shown, another one)";

/// How AWS's properties end that hold passwords, keys and the like.
const PROPERTIES: [&str; 33] = [
    "AccessKey",
    "AccessToken",
    "ApiKey",
    "ApiKeySecret",
    "ApiToken",
    "AppKey",
    "AppSKey",
    "AppSecret",
    "ApplicationKey",
    "AuthKey",
    "AuthToken",
    "AuthenticationCredentials",
    "Authorization",
    "BearerToken",
    "ClientSecret",
    "HECToken",
    "IdentifierSecret",
    "JwtToken",
    "NwkKey",
    "NwkSEncKey",
    "NwkSIntKey",
    "NwkSKey",
    "OauthToken",
    "Passphrase",
    "Password",
    "Passwords",
    "PreSharedKey",
    "PrivateKey",
    "SasToken",
    "SecretKey",
    "SecretString",
    "SecretStringTemplate",
    "SharedSecret",
];

/// Those that are called no more than that; others that end so are none.
const WHOLE: [&str; 3] = ["RefreshToken", "SecretToken", "Token"];

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
pub(super) const NAMED_BY: [&str; 7] = [
    "Key",
    "Name",
    "name",
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
    WHOLE.contains(&last)
        || PROPERTIES.iter().any(|secret| last.ends_with(secret))
        || is_own(last) && is_secret_name(last)
}

/// Whether what stands under `key` of an object is, by the rest of the object too: the item
/// `{Name: DB_PASSWORD, Value: ...}` is as secret as a property of that name, and so is whatever Systems
/// Manager is to keep encrypted.
pub fn is_secret_in(map: &Map, key: &str) -> bool {
    if is_secret(key) || key == "Value" && settings::is_hidden(map) {
        return true;
    }
    if key == "UserData" {
        // Of scripts only those that the blueprints compress are known to hold none; a digest stays as it is.
        let is_other = |text: &str| !text.starts_with(COMPRESSED) && !text.contains("${");
        return match map.get(key) {
            Some(Value::String(text)) => is_other(text),
            value => is_other(&value.map(ToString::to_string).unwrap_or_default()),
        };
    }
    // A name with a reference in it ends as it prints.
    let names_one = |name: Option<&Value>| match name {
        Some(Value::String(name)) => is_secret_name(name),
        Some(name @ Value::Text(_)) => is_secret_name(&name.to_string()),
        _ => false,
    };
    if ["SearchString", "SearchStringBase64", "RegexString"].contains(&key) {
        // A firewall's rule, by what it compares.
        let of = ["SingleHeader", "SingleQueryArgument"];
        let named = |field: &&str| names_one(map.at(&format!("FieldToMatch.{field}.Name")));
        return of.iter().any(named);
    }
    if !key.ends_with("Value") && key != "Values" {
        return false;
    }
    let is_named = |by: &&str| names_one(map.get(by));
    NAMED_BY.iter().any(is_named) || map.get("Type").and_then(Value::as_str) == Some("SecureString")
}

/// The value with every secret in it covered up, for what is printed.
pub fn without_secrets(value: &Value) -> Value {
    without_secrets_at("", value)
}

/// The same of the value at a path.
pub fn without_secrets_at(path: &str, value: &Value) -> Value {
    Cover {
        path: Vec::new(),
        by: &mut |_, secret| never_shown(secret),
    }
    .value(value, Within::at(path))
}

/// The same of what there was at a path and what there will be, with a mark on the secrets that become others: in whose
/// place was one, and none that `is_same`.
pub fn told_apart(
    path: &str,
    before: &Value,
    after: &Value,
    is_same: impl Fn(&Value, &Value) -> bool,
) -> (Value, Value) {
    let within = Within::at(path);
    let mut had = Vec::new();
    let mut remember = |path: &[Arc<str>], secret: &Value| {
        had.push((path.to_vec(), secret.clone()));
        never_shown(secret)
    };
    let before = Cover {
        path: Vec::new(),
        by: &mut remember,
    }
    .value(before, within);
    let mut compare = |path: &[Arc<str>], secret: &Value| {
        // Items of a list may have moved.
        let is_known = had.iter().any(|(_, other)| is_same(other, secret));
        if had.iter().any(|(at, _)| at == path) && !is_known && !is_kept_elsewhere(secret) {
            Value::str(ANOTHER)
        } else {
            never_shown(secret)
        }
    };
    let after = Cover {
        path: Vec::new(),
        by: &mut compare,
    }
    .value(after, within);
    (before, after)
}

/// Puts something else in every secret's place, by where it stands.
struct Cover<'a> {
    path: Vec<Arc<str>>,
    by: &'a mut dyn FnMut(&[Arc<str>], &Value) -> Value,
}

impl Cover<'_> {
    fn value(&mut self, value: &Value, within: Within) -> Value {
        match value {
            Value::Map(map) => {
                let each = map.iter().map(|(key, value)| {
                    let shown = self.below(Arc::clone(key), |cover| {
                        if is_secret_in(map, key) || within.hides(map, key) {
                            (cover.by)(&cover.path, value)
                        } else {
                            cover.value(value, within.below(key))
                        }
                    });
                    (Arc::clone(key), shown)
                });
                Value::Map(each.collect())
            }
            Value::List(items) => Value::list(items.iter().enumerate().map(|(index, item)| {
                self.below(index.to_string().into(), |cover| {
                    if within.hides_item(items, index) {
                        (cover.by)(&cover.path, item)
                    } else {
                        cover.value(item, within.item())
                    }
                })
            })),
            text => in_json(text, |inner| self.value(inner, Within::default()))
                .or_else(|| self.urls(text))
                .unwrap_or_else(|| text.clone()),
        }
    }

    /// Each password of a text has a place of its own.
    fn urls(&mut self, text: &Value) -> Option<Value> {
        let mut number = 0;
        in_urls(text, |one| {
            number += 1;
            let step = Arc::from(number.to_string());
            self.below(step, |cover| (cover.by)(&cover.path, one).to_string())
        })
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
    if is_kept_elsewhere(secret) {
        secret.clone()
    } else {
        Value::str(NEVER_SHOWN)
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
            "AuthenticationMode.Passwords",
            "Options.PreSharedKey",
            "Token",
        ] {
            assert!(is_secret(secret), "{secret}");
        }
        for open in [
            "MasterUserSecret",
            "SecretArn",
            "NextToken",
            "MetadataOptions.HttpTokens",
            "KmsKey",
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
        let settings = r#"{"env":{"DB_PASSWORD":"x","LOG_LEVEL":"info"}}"#;
        assert!(cover(settings).contains("info") && !cover(settings).contains(":\"x\""));
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
                "amqp://u:it's?a/secret@host/x",
                "amqp://u:(never shown)@host/x",
            ),
            (r"x:\/\/u:p@host", r"x:\/\/u:(never shown)@host"),
            (
                "https://ghp_0123456789abcdefghij@github.com/a",
                "https://(never shown)@github.com/a",
            ),
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
            "http://[::1]:8080/@user",
            "postgres://app:{{resolve:secretsmanager:db:SecretString:password}}@db/shop",
            "mailto:ops@example.com",
            "https://",
        ] {
            assert_eq!(cover(open), open);
        }
    }

    #[test]
    fn a_password_is_covered_wherever_references_stand_in_its_url() {
        let reference = Part::Reference(Arc::new(Reference {
            address: "us-east-1/db".parse().unwrap(),
            path: "Host".into(),
        }));
        let literal = |text: &str| Part::Literal(text.into());
        let cover = |parts: &[Part]| without_secrets(&Value::Text(parts.into())).to_string();
        let host = "${us-east-1/db.Host}";
        for (parts, told) in [
            (
                vec![literal("x://u:LEAK@"), reference.clone(), literal("/a")],
                format!("x://u:(never shown)@{host}/a"),
            ),
            (
                vec![literal("x://"), reference.clone(), literal(":LEAK@db")],
                format!("x://{host}:(never shown)@db"),
            ),
            (
                vec![
                    literal("x://u:LEAK"),
                    reference.clone(),
                    literal("@db/"),
                    reference.clone(),
                ],
                format!("x://u:(never shown)@db/{host}"),
            ),
            (
                vec![literal("x://u:"), reference.clone(), literal("@db")],
                format!("x://u:{host}@db"),
            ),
        ] {
            assert_eq!(cover(&parts), told);
        }
    }

    #[test]
    fn secrets_that_become_others_are_marked_beside_what_else_changes() {
        let settings = |password: &str, mood: &str| {
            let inner = serde_json::json!({"env": {"DB_PASSWORD": password, "LOG_LEVEL": mood}});
            Value::from(
                serde_json::json!({"Value": inner.to_string(), "Url": format!("x://a:{password}@b")}),
            )
        };
        let told = |password: &str| {
            let (before, after) = told_apart(
                "",
                &settings("one", "info"),
                &settings(password, "debug"),
                |a, b| a == b,
            );
            assert!(!before.to_string().contains(ANOTHER) && before.to_string().contains("info"));
            assert!(after.to_string().contains("debug"));
            after.to_string().matches(ANOTHER).count()
        };
        assert_eq!((told("one"), told("two")), (0, 2));
    }

    #[test]
    fn a_secret_that_only_moved_is_not_marked() {
        let list = |names: &[&str]| {
            let items = names
                .iter()
                .map(|name| serde_json::json!({"Name": "API_TOKEN", "Value": name}));
            Value::list(items.map(Value::from))
        };
        let marks = |before: &[&str], after: &[&str]| {
            let (_, after) = told_apart("", &list(before), &list(after), |a, b| a == b);
            after.to_string().matches(ANOTHER).count()
        };
        assert_eq!(
            (marks(&["a", "b"], &["b"]), marks(&["a", "b"], &["b", "a"])),
            (0, 0)
        );
        assert_eq!(marks(&["a", "b"], &["a", "c"]), 1);
        let two =
            |x: &str, y: &str, rest: &str| Value::str(format!("x://u:{x}@a,x://u:{y}@b{rest}"));
        let (_, after) = told_apart("", &two("1", "2", ""), &two("1", "3", "/c"), |a, b| a == b);
        assert_eq!(
            after.to_string(),
            format!("x://u:{NEVER_SHOWN}@a,x://u:{ANOTHER}@b/c")
        );
    }

    #[test]
    fn a_digest_in_a_url_is_a_password_too() {
        let shown = "postgres://app:(hidden a1B2:c3D4)@db/x and more";
        let covered = without_secrets(&Value::str(shown)).to_string();
        assert_eq!(covered, "postgres://app:(never shown)@db/x and more");
        let origins = "http://a:80,http://u:p@b";
        let covered = without_secrets(&Value::str(origins)).to_string();
        assert_eq!(covered, "http://a:80,http://u:(never shown)@b");
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
            (
                serde_json::json!({"RegexString": "x",
                    "FieldToMatch": {"SingleQueryArgument": {"Name": "api_token"}}}),
                "RegexString",
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
