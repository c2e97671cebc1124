//! From a file's text to rules and exceptions, with everything that can be checked without a spec.

use std::sync::{Arc, OnceLock};

use jiff::civil::Date;

use super::exception::Exception;
use super::{Asks, Fate, Over, Rule, Severity, Text, names};
use crate::blueprint::expression::Expression;
use crate::blueprint::template::Template;
use crate::diagnostic::Diagnostic;
use crate::schema::nearest;
use crate::spec::Stage;
use crate::yaml::Node;
use crate::yaml::fields::{items, known_keys, optional_text, text_of};

/// What a rule may have.
pub const RULE_KEYS: &[&str] = &[
    "id",
    "title",
    "severity",
    "over",
    "kinds",
    "actions",
    "when",
    "require",
    "property",
    "message",
    "fix",
    "reference",
    "url",
];

/// What an exception may have.
pub const EXCEPTION_KEYS: &[&str] = &["rule", "address", "stages", "when", "reason", "expires"];

/// Reads the tree of a file of rules. The names in those that come with the binary are known to be right.
pub fn rules(root: &Node, builtin: bool, errors: &mut Vec<Diagnostic>) -> Vec<Rule> {
    known_keys(
        root,
        &["policy", "description", "rules"],
        "a policy file",
        errors,
    );
    items(root, "rules", errors)
        .iter()
        .filter_map(|node| rule(node, builtin, errors))
        .collect()
}

fn rule(node: &Node, builtin: bool, errors: &mut Vec<Diagnostic>) -> Option<Rule> {
    known_keys(node, RULE_KEYS, "a rule", errors);
    let id = text_of(node, "id", errors);
    if let Some(id) = &id {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if id.is_empty() || !id.chars().all(fits) {
            let place = node.locate("id").clone();
            let message = format!("{id:?} cannot be a rule's id");
            errors.push(
                Diagnostic::error(place, message)
                    .help("use lower-case letters, digits and hyphens"),
            );
        }
    }
    let severities = [Severity::Deny, Severity::Warn];
    let severity = match text_of(node, "severity", errors) {
        Some(name) => one_of(node, "severity", &name, &severities, Severity::name, errors),
        None => None,
    };
    let overs = [Over::Resource, Over::Plan];
    let name = |over: Over| match over {
        Over::Resource => "resource",
        Over::Plan => "plan",
    };
    let over = match optional_text(node, "over", errors) {
        Some(text) => one_of(node, "over", &text, &overs, name, errors)?,
        None => Over::Resource,
    };
    let kinds = texts(node, "kinds", errors);
    if !builtin {
        names::check_kinds(&kinds, errors);
    }
    let actions = texts(node, "actions", errors);
    let fates = if actions.is_empty() {
        Fate::ALL
            .into_iter()
            .filter(|fate| *fate != Fate::Delete)
            .collect()
    } else {
        actions
            .iter()
            .filter_map(|(text, node)| one_of(node, "", text, &Fate::ALL, Fate::name, errors))
            .collect()
    };
    if over == Over::Plan {
        for key in ["kinds", "actions", "property"] {
            if node.get(key).is_some() {
                let message = format!("a rule over the plan has no {key}");
                let help = "it is evaluated once; use `resources` or `plan`";
                errors.push(Diagnostic::error(node.locate(key).clone(), message).help(help));
            }
        }
    }
    let kinds: Vec<Arc<str>> = kinds.into_iter().map(|(text, _)| text).collect();
    let property = optional_text(node, "property", errors);
    let read = OnceLock::new();
    if !builtin {
        let asks = asks(node, errors);
        let mut expressions: Vec<&Expression> = asks.when.iter().chain(&asks.require).collect();
        asks.message.expressions(&mut |one| expressions.push(one));
        asks.fix.expressions(&mut |one| expressions.push(one));
        for expression in expressions {
            names::check(expression, over, &kinds, errors);
        }
        let _ = read.set(asks);
        let path = property.as_deref().unwrap_or_default().split('.');
        let path: Vec<&str> = path.filter(|step| !step.is_empty()).collect();
        if let Some(failure) = names::property(&kinds, &path) {
            errors.push(failure.at(node.locate("property")));
        }
    }
    let reference = optional_text(node, "reference", errors);
    let url = optional_text(node, "url", errors);
    Some(Rule {
        location: node.get("id").unwrap_or(node).location.clone(),
        title: text_of(node, "title", errors).unwrap_or_default(),
        url: url.or_else(|| control(reference.as_deref()?)),
        reference,
        id: id?,
        severity: severity?,
        over,
        kinds,
        fates,
        property,
        text: Text {
            node: node.clone(),
            read,
        },
    })
}

/// Reads what a rule asks and says.
pub fn asks(node: &Node, errors: &mut Vec<Diagnostic>) -> Asks {
    let when = condition(node, "when", errors);
    let require = condition(node, "require", errors);
    if require.is_none() && node.get("require").is_none() {
        let message = "`require` is missing: the condition that must be true";
        errors.push(Diagnostic::error(node.location.clone(), message));
    }
    let template = |key: &str, errors: &mut Vec<Diagnostic>| match node.get(key) {
        Some(node) if node.as_str().is_some() => Template::parse(node, errors),
        Some(node) => {
            let message = format!("{key} is a text, not {}", node.describe());
            errors.push(Diagnostic::error(node.location.clone(), message));
            Template::Text(Vec::new())
        }
        None => {
            let message = format!("`{key}` is missing");
            errors.push(Diagnostic::error(node.location.clone(), message));
            Template::Text(Vec::new())
        }
    };
    let (message, fix) = (template("message", errors), template("fix", errors));
    Asks {
        when,
        require,
        message,
        fix,
    }
}

/// The page of a control of AWS Security Hub, such as `SecurityHub EC2.8`.
fn control(reference: &str) -> Option<Arc<str>> {
    let (service, number) = reference.strip_prefix("SecurityHub ")?.split_once('.')?;
    let service = service.to_lowercase();
    Some(
        format!(
            "https://docs.aws.amazon.com/securityhub/latest/userguide/{service}-controls.html#{service}-{number}"
        )
        .into(),
    )
}

/// Reads the tree of a file of exceptions; those of a user have an end.
pub fn exceptions(root: &Node, must_end: bool, errors: &mut Vec<Diagnostic>) -> Vec<Exception> {
    known_keys(root, &["exceptions"], "a file of exceptions", errors);
    items(root, "exceptions", errors)
        .iter()
        .filter_map(|node| exception(node, must_end, errors))
        .collect()
}

fn exception(node: &Node, must_end: bool, errors: &mut Vec<Diagnostic>) -> Option<Exception> {
    known_keys(node, EXCEPTION_KEYS, "an exception", errors);
    let rule = text_of(node, "rule", errors);
    let address = text_of(node, "address", errors);
    let reason = text_of(node, "reason", errors);
    if reason.as_deref() == Some("") {
        let place = node.locate("reason").clone();
        errors.push(Diagnostic::error(place, "an exception needs a reason"));
    }
    let stages = texts(node, "stages", errors)
        .iter()
        .filter_map(|(text, node)| one_of(node, "", text, &Stage::ALL, Stage::name, errors))
        .collect();
    let when = condition(node, "when", errors);
    if let Some(when) = &when {
        names::check(when, Over::Plan, &[], errors);
    }
    let expires = match optional_text(node, "expires", errors) {
        Some(text) => match text.parse::<Date>() {
            Ok(date) => Some(date),
            Err(_) => {
                let message = format!("{text:?} is not a date");
                let help = "use the form 2027-03-31; it is the last day of the exception";
                let place = node.locate("expires").clone();
                errors.push(Diagnostic::error(place, message).help(help));
                return None;
            }
        },
        None if must_end => {
            let message = "`expires` is missing: the last day of the exception";
            let help = "use the form 2027-03-31; exceptions without an end are not allowed";
            errors.push(Diagnostic::error(node.location.clone(), message).help(help));
            return None;
        }
        None => None,
    };
    Some(Exception {
        location: node.location.clone(),
        rule: rule?,
        address: address?,
        stages,
        when,
        reason: reason?,
        expires,
    })
}

/// The texts in the list under `key`, each with its node.
fn texts<'a>(node: &'a Node, key: &str, errors: &mut Vec<Diagnostic>) -> Vec<(Arc<str>, &'a Node)> {
    items(node, key, errors)
        .iter()
        .filter_map(|item| match item.as_str() {
            Some(text) => Some((Arc::from(text), item)),
            None => {
                let message = format!("{key} takes a list of texts, not {}", item.describe());
                errors.push(Diagnostic::error(item.location.clone(), message));
                None
            }
        })
        .collect()
}

/// The one of `choices` with this name; `node` has the text under `key`, or is it.
fn one_of<T: Copy>(
    node: &Node,
    key: &str,
    text: &str,
    choices: &[T],
    name: fn(T) -> &'static str,
    errors: &mut Vec<Diagnostic>,
) -> Option<T> {
    let found = choices.iter().find(|choice| name(**choice) == text);
    if found.is_none() {
        let known: Vec<&str> = choices.iter().map(|choice| name(*choice)).collect();
        let help = match nearest(text, known.iter().copied()) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("one of {}", known.join(", ")),
        };
        let what = match key {
            "" => format!("there is no {text:?} here"),
            key => format!("{key} cannot be {text:?}"),
        };
        errors.push(Diagnostic::error(node.locate(key).clone(), what).help(help));
    }
    found.copied()
}

/// The expression under `key`, with or without `${...}` around it.
pub fn condition(node: &Node, key: &str, errors: &mut Vec<Diagnostic>) -> Option<Expression> {
    let node = node.get(key)?;
    let Some(text) = node.as_str() else {
        // `true` and `1` are expressions too, but nobody means them.
        let message = format!("{key} is an expression, not {}", node.describe());
        errors.push(Diagnostic::error(node.location.clone(), message));
        return None;
    };
    let text = text.trim();
    let inner = text.strip_prefix("${").and_then(|t| t.strip_suffix('}'));
    match Expression::parse(inner.unwrap_or(text), &node.location) {
        Ok(expression) => Some(expression),
        Err(error) => {
            errors.push(error);
            None
        }
    }
}
