//! Whether what AWS or a snapshot shows of a value may be the one that is wanted, where it does not show that itself: a
//! dynamic reference, or a digest in a secret's place, alone, in JSON or in a URL.

use super::digest;
use crate::schema;
use crate::value::Value;

/// Whether a live text may be what a desired one stands for: a dynamic reference, whose answer is
/// AWS's to know, or a secret of which the provider or a snapshot shows a digest.
pub fn stands_for(desired: &Value, live: &Value) -> bool {
    let Value::String(live) = live else {
        return false;
    };
    match desired {
        Value::String(text) if text.contains(schema::DYNAMIC) => !live.contains(schema::DYNAMIC),
        Value::String(text) => {
            digest::stands_for(live, text)
                || live.contains("(hidden ")
                    && (settings_stand_for(text, live) || urls_stand_for(text, live))
        }
        Value::Int(_) | Value::Float(_) => digest::stands_for(live, &desired.to_string()),
        _ => false,
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
        if shown != known && !digest::stands_for(shown, known) {
            return false;
        }
        rest = &rest[password.start - end + shown.len()..];
        end = password.end;
    }
    end > 0 && rest == &desired[end..]
}
