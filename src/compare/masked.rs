//! Whether what AWS or a snapshot shows of a value may be the one that is wanted, where it does not show that itself: a
//! dynamic reference, or a digest in a secret's place, alone, in JSON or in a URL.

use crate::ownership;
use crate::schema;
use crate::value::Value;

/// Whether a live text may be what a desired one stands for: a dynamic reference, whose answer is
/// AWS's to know, or a secret of which the provider or a snapshot shows a digest.
pub fn stands_for(desired: &Value, live: &Value) -> bool {
    let Value::String(live) = live else {
        return false;
    };
    match desired {
        Value::String(text) if text.contains(schema::DYNAMIC) => {
            if is_settings(text) && is_settings(live) {
                settings_stand_for(text, live)
            } else {
                // An answer with quotes in it makes JSON something else.
                answers_fit(text, live)
            }
        }
        Value::String(text) => {
            ownership::stands_for(live, text)
                || live.contains("(hidden ")
                    && (settings_stand_for(text, live) || urls_stand_for(text, live))
        }
        Value::Int(_) | Value::Float(_) => ownership::stands_for(live, &desired.to_string()),
        _ => false,
    }
}

/// Whether a text is JSON that has to be compared value by value.
fn is_settings(text: &str) -> bool {
    text.starts_with(['{', '[']) && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// Whether a live text is the desired one, but for what AWS put in the place of its dynamic references.
fn answers_fit(desired: &str, live: &str) -> bool {
    let (mut desired, mut live) = (desired, live);
    if live.contains(schema::DYNAMIC) {
        return false;
    }
    let mut is_first = true;
    while let Some((before, reference)) = desired.split_once(schema::DYNAMIC) {
        let Some((_, after)) = reference.split_once("}}") else {
            break;
        };
        let rest = if is_first {
            live.strip_prefix(before)
        } else {
            live.find(before).map(|at| &live[at + before.len()..])
        };
        let Some(rest) = rest else {
            return false;
        };
        (desired, live, is_first) = (after, rest, false);
    }
    if is_first {
        desired == live
    } else {
        live.ends_with(desired)
    }
}

/// Whether JSON in a live text is that of the desired one, but for secrets of which a snapshot shows digests.
fn settings_stand_for(desired: &str, live: &str) -> bool {
    fn same(desired: &Value, live: &Value) -> bool {
        match (desired, live) {
            (Value::Map(a), Value::Map(b)) => {
                let mut keys = a.iter();
                a.len() == b.len() && keys.all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
            }
            (Value::List(a), Value::List(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
            }
            (a, b) => a == b || stands_for(a, b),
        }
    }
    let parsed = |text: &str| serde_json::from_str::<serde_json::Value>(text).map(Value::from);
    live.starts_with(['{', '['])
        && match (parsed(desired), parsed(live)) {
            (Ok(desired), Ok(live)) => same(&desired, &live),
            _ => false,
        }
}

/// Whether a live text is the desired one, but for passwords in its URLs of which a snapshot shows digests.
fn urls_stand_for(desired: &str, live: &str) -> bool {
    let (mut rest, mut end) = (live, 0);
    for password in schema::passwords(desired) {
        let after_it = rest.strip_prefix(&desired[end..password.start]);
        let Some((shown, _)) = after_it.and_then(|rest| rest.split_once('@')) else {
            return false;
        };
        let known = &desired[password.clone()];
        if shown != known && !ownership::stands_for(shown, known) {
            return false;
        }
        rest = &rest[password.start - end + shown.len()..];
        end = password.end;
    }
    end > 0 && rest == &desired[end..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(desired: &str, live: &str) -> bool {
        stands_for(&Value::str(desired), &Value::str(live))
    }

    #[test]
    fn a_reference_hides_no_drift_beside_it() {
        let one = "{{resolve:secretsmanager:shop/db:SecretString:password}}";
        assert!(fits(one, "hunter2"));
        assert!(!fits(one, one));
        let url = format!("postgres://app:{one}@db/shop?a={one}");
        assert!(fits(&url, "postgres://app:hunter2@db/shop?a=hunter2"));
        assert!(!fits(&url, "postgres://app:hunter2@db/other?a=hunter2"));
        assert!(!fits(&url, "postgres://ops:hunter2@db/shop?a=hunter2"));
        let tail = format!("Bearer {one} for shop");
        assert!(fits(&tail, "Bearer hunter2 for shop"));
        assert!(!fits(&tail, "Bearer hunter2 for others"));
        let settings = format!(r#"{{"image":"nginx:1","env":{{"TOKEN":"{one}"}}}}"#);
        assert!(fits(
            &settings,
            r#"{"image":"nginx:1","env":{"TOKEN":"hunter2"}}"#
        ));
        assert!(!fits(
            &settings,
            r#"{"image":"nginx:hacked","env":{"TOKEN":"hunter2"}}"#
        ));
        assert!(!fits(&settings, "anything else"));
    }
}
