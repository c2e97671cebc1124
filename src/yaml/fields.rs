//! The fields of a node: texts, lists and mappings under the keys that a file may have, with a message at its
//! place for everything that is something else.

use std::sync::Arc;

use super::{Node, Yaml};
use crate::diagnostic::{Diagnostic, Location};
use crate::schema::nearest;

/// Reads a file; what is no YAML is added to `errors`.
pub fn read(file: &str, text: &str, errors: &mut Vec<Diagnostic>) -> Option<Node> {
    match super::parse(file, text) {
        Ok(root) => Some(root),
        Err(error) => {
            errors.push(error);
            None
        }
    }
}

/// Puts the file's lines beside the errors that were found in it from number `before` on.
pub fn finish(text: &str, before: usize, errors: &mut [Diagnostic]) {
    super::quote(text, &mut errors[before..]);
}

/// Finds keys that `what` does not have.
pub fn known_keys(node: &Node, keys: &[&str], what: &str, errors: &mut Vec<Diagnostic>) {
    let Yaml::Map(entries) = &node.value else {
        let message = format!("{what} is a mapping, not {}", node.describe());
        errors.push(Diagnostic::error(node.location.clone(), message));
        return;
    };
    for (key, _) in entries {
        if !keys.contains(&&*key.text) {
            let message = format!("{what} has no key {:?}", &*key.text);
            let help = match nearest(&key.text, keys.iter().copied()) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("it has {}", keys.join(", ")),
            };
            errors.push(Diagnostic::error(key.location.clone(), message).help(help));
        }
    }
}

/// The text under `key`, if it is there.
pub fn optional_text(node: &Node, key: &str, errors: &mut Vec<Diagnostic>) -> Option<Arc<str>> {
    let value = node.get(key)?;
    match value.as_str() {
        Some(text) => Some(text.trim().into()),
        None => {
            let message = format!("{key} is a text, not {}", value.describe());
            errors.push(Diagnostic::error(value.location.clone(), message));
            None
        }
    }
}

/// The text under `key`, which has to be there.
pub fn text_of(node: &Node, key: &str, errors: &mut Vec<Diagnostic>) -> Option<Arc<str>> {
    if node.get(key).is_none() && matches!(node.value, Yaml::Map(_)) {
        errors.push(Diagnostic::error(
            node.location.clone(),
            format!("`{key}` is missing"),
        ));
    }
    optional_text(node, key, errors)
}

/// The items of the list under `key`; none where it is left out.
pub fn items<'a>(node: &'a Node, key: &str, errors: &mut Vec<Diagnostic>) -> &'a [Node] {
    match node.get(key).map(|node| &node.value) {
        Some(Yaml::List(items)) => items,
        None | Some(Yaml::Null) => &[],
        Some(_) => {
            let place = node.locate(key).clone();
            errors.push(Diagnostic::error(place, format!("{key} takes a list")));
            &[]
        }
    }
}

/// The entries of the mapping under `key`, each with its key's place; none where it is left out.
pub fn entries<'a>(
    node: &'a Node,
    key: &str,
    errors: &mut Vec<Diagnostic>,
) -> Vec<(Arc<str>, Location, &'a Node)> {
    match node.get(key).map(|node| &node.value) {
        Some(Yaml::Map(entries)) => entries
            .iter()
            .map(|(key, node)| (Arc::from(&*key.text), key.location.clone(), node))
            .collect(),
        None | Some(Yaml::Null) => Vec::new(),
        Some(_) => {
            let place = node.locate(key).clone();
            errors.push(Diagnostic::error(place, format!("{key} takes a mapping")));
            Vec::new()
        }
    }
}
