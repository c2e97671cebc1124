//! The marks that an apply leaves on a resource: its generation and a short digest per property.
//!
//! They answer, without a state file, the three questions that the live properties cannot: did we
//! set this value ourselves (then a difference is drift), did we ever set this property (then its
//! disappearance from the blueprint means "back to the default"), and has a value changed that AWS
//! never gives back. They travel in one tag, `scalectl:applied`.
//!
//! A digest is 24 bits of SHA-256 over the resource's address and the value, so that equal secrets
//! of two resources look different. 24 bits tell a change from no change, with one chance in 16
//! million to miss one, and reveal too little of a secret to confirm a guess.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::address::Address;
use crate::graph::Graph;
use crate::inventory::Applied;
use crate::value::{Map, Value, hidden};

/// The longest value of a tag, in characters
/// (<https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html>).
pub const TAG_VALUE: usize = 256;

/// Characters of a name's digest within the tag: 18 bits tell the few dozen properties of one kind
/// apart; a clash within a kind would show as a property that changes with every plan.
const NAME: usize = 3;
/// Characters of a value's digest: 24 bits.
const VALUE: usize = hidden::SHORT;

/// The digest of one property's value.
pub fn of_value(address: &Address, name: &str, value: &Value) -> Arc<str> {
    let text = format!("{address}\n{name}\n{}", serde_json::Value::from(value));
    short(&text, VALUE)
}

/// The marks for these properties.
pub fn of_properties(
    address: &Address,
    generation: u32,
    protect: bool,
    properties: &Map,
) -> Applied {
    let digests = properties
        .iter()
        .map(|(name, value)| (short(name, NAME), of_value(address, name, value)))
        .collect();
    Applied {
        generation,
        protect,
        digests,
    }
}

/// The marks after one of several calls of an update: what was ours stays so until the last, and what the call is the
/// first to set is ours from then on.
pub fn and_set(
    mut applied: Applied,
    address: &Address,
    changed: &[Arc<str>],
    properties: &Map,
) -> Applied {
    for name in changed {
        if let Some(value) = properties.get(name) {
            let digest = applied.digests.entry(short(name, NAME));
            digest.or_insert_with(|| of_value(address, name, value));
        }
    }
    applied
}

/// The digest of a graph's addresses, for [`crate::inventory::Record::addresses`].
pub fn of_addresses(graph: &Graph) -> Arc<str> {
    let mut digest = Sha256::new();
    for address in graph.resources.keys() {
        digest.update(format!("{address}\n"));
    }
    hex::encode(&digest.finalize()[..8]).into()
}

/// How a provider shows a secret that AWS does give back: by a digest that tells it from others.
pub fn hidden(secret: &str) -> String {
    let digest = Sha256::digest(secret.as_bytes());
    hidden::text(&hex::encode(&digest[..hidden::LONG / 2]))
}

/// How a secret is written down where it may be read for long: by a digest as short as the marks', another
/// one at each place. One guess in 16 million fits by chance, so that it tells a short secret to who tries
/// them all, and not a generated one.
pub fn concealed(address: &Address, path: &str, secret: &str) -> String {
    let place = short(&format!("{address}\n{path}"), VALUE);
    let digest = short(&format!("{place}\n{secret}"), VALUE);
    hidden::text(&format!("{place}:{digest}"))
}

/// Whether `shown` is what [`hidden()`] or [`concealed`] shows of `secret`.
pub fn stands_for(shown: &str, secret: &str) -> bool {
    let Some(inner) = hidden::inside(shown) else {
        return false;
    };
    match inner.split_once(':') {
        Some((place, digest)) => *short(&format!("{place}\n{secret}"), VALUE) == *digest,
        None => hidden(secret) == shown,
    }
}

/// Whether these marks say that `name` was set to `value`; `None` when it was never set.
pub fn was_set_to(applied: &Applied, address: &Address, name: &str, value: &Value) -> Option<bool> {
    let digest = applied.digests.get(&short(name, NAME))?;
    Some(*digest == of_value(address, name, value))
}

/// Whether these marks say that `name` was set.
pub fn was_set(applied: &Applied, name: &str) -> bool {
    applied.digests.contains_key(&short(name, NAME))
}

/// The marks as a tag's value: `2.`, or `2p.` for what is protected, and seven characters a property.
///
/// 36 properties fit. Of a kind with more, the last ones by digest are left out; their changes
/// are still seen in the live properties, only drift is then called a change.
pub fn to_tag(applied: &Applied) -> String {
    let mut tag = format!(
        "{}{}.",
        applied.generation,
        if applied.protect { "p" } else { "" }
    );
    for (name, value) in &applied.digests {
        if tag.len() + NAME + VALUE > TAG_VALUE {
            break;
        }
        tag.push_str(name);
        tag.push_str(value);
    }
    tag
}

/// The inverse of [`to_tag`]; `None` for a value that it did not make.
pub fn from_tag(tag: &str) -> Option<Applied> {
    let (generation, digests) = tag.split_once('.')?;
    if !digests.is_ascii() || digests.len() % (NAME + VALUE) != 0 {
        return None;
    }
    let mut read = BTreeMap::new();
    let mut rest = digests;
    while !rest.is_empty() {
        let (name, tail) = rest.split_at(NAME);
        let (value, tail) = tail.split_at(VALUE);
        read.insert(Arc::from(name), Arc::from(value));
        rest = tail;
    }
    let unprotected = generation.strip_suffix('p');
    Some(Applied {
        generation: unprotected.unwrap_or(generation).parse().ok()?,
        protect: unprotected.is_some(),
        digests: read,
    })
}

fn short(text: &str, characters: usize) -> Arc<str> {
    // Three bytes make four characters, so the cut never falls short.
    let digest = Sha256::digest(text.as_bytes());
    URL_SAFE_NO_PAD.encode(&digest[..3])[..characters].into()
}

#[cfg(test)]
mod tests {
    use crate::ownership::*;

    fn address() -> Address {
        "us-east-1/db".parse().unwrap()
    }

    fn properties(count: usize) -> Map {
        (0..count)
            .map(|n| (Arc::from(format!("Property{n}")), Value::Int(n as i64)))
            .collect()
    }

    #[test]
    fn what_is_hidden_can_still_be_told_apart() {
        assert_eq!(hidden("abc"), "(hidden ba7816bf8f01)");
        assert_ne!(hidden("abc"), hidden("abd"));
    }

    #[test]
    fn marks_survive_the_tag() {
        let applied = of_properties(&address(), 3, true, &properties(30));
        assert_eq!(from_tag(&to_tag(&applied)), Some(applied));
    }

    #[test]
    fn the_tag_never_exceeds_what_aws_allows() {
        let tag = to_tag(&of_properties(&address(), u32::MAX, true, &properties(200)));
        assert!(tag.len() <= TAG_VALUE);
        assert!(from_tag(&tag).is_some());
        assert!(
            tag.chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)),
            "{tag}"
        );
    }

    #[test]
    fn a_changed_value_is_told_from_one_that_was_never_set() {
        let applied = of_properties(&address(), 1, false, &properties(2));
        assert_eq!(
            was_set_to(&applied, &address(), "Property1", &Value::Int(1)),
            Some(true)
        );
        assert_eq!(
            was_set_to(&applied, &address(), "Property1", &Value::Int(9)),
            Some(false)
        );
        assert_eq!(
            was_set_to(&applied, &address(), "Property7", &Value::Int(7)),
            None
        );
        assert!(was_set(&applied, "Property0") && !was_set(&applied, "Property7"));
    }

    #[test]
    fn equal_secrets_of_two_resources_look_different() {
        let secret = Value::str("hunter2");
        let other = "us-east-1/other".parse().unwrap();
        assert_ne!(
            of_value(&address(), "Password", &secret),
            of_value(&other, "Password", &secret)
        );
    }

    #[test]
    fn the_names_of_a_kind_do_not_clash() {
        let registry = crate::schema::Registry::embedded();
        for kind in registry.all() {
            let names = registry.kind(kind).unwrap().properties();
            let digests: std::collections::BTreeSet<_> =
                names.keys().map(|name| short(name, NAME)).collect();
            assert_eq!(digests.len(), names.len(), "{kind}");
        }
    }

    #[test]
    fn a_foreign_tag_is_not_taken_for_marks() {
        for tag in ["", "hello", "1.abc", "x.aaabbbb", "1.äaabbb"] {
            assert_eq!(from_tag(tag), None, "{tag}");
        }
    }
}
