//! From a file's text to a blueprint or module, with everything that can be checked without a spec:
//! unknown keys, kinds, properties and functions, wrong types of constants, missing properties.

use std::sync::Arc;

use super::expression::{self, Expression};
use super::functions;
use super::model::{Blueprint, Compose, Declaration, Module};
use super::template::Template;
use crate::address::is_id;
use crate::diagnostic::{Diagnostic, Location};
use crate::graph::{Lifecycle, TIERS};
use crate::kinds::unusable;
use crate::roles::Role;
use crate::schema::{KindSchema, Registry, check_properties};
use crate::value::{Map, Value};
use crate::yaml::fields::{entries, items, known_keys, optional_text, text_of};
use crate::yaml::{Node, Yaml};

/// Reads the tree of a blueprint's file.
pub fn blueprint(root: &Node, errors: &mut Vec<Diagnostic>) -> Blueprint {
    let keys = ["blueprint", "title", "description", "grow", "compose"];
    known_keys(root, &keys, "a blueprint", errors);
    Blueprint {
        name: text_of(root, "blueprint", errors).unwrap_or_default(),
        title: text_of(root, "title", errors).unwrap_or_default(),
        description: text_of(root, "description", errors).unwrap_or_default(),
        grow: optional_text(root, "grow", errors),
        compose: items(root, "compose", errors)
            .iter()
            .filter_map(|node| compose(node, errors))
            .collect(),
    }
}

fn compose(node: &Node, errors: &mut Vec<Diagnostic>) -> Option<Compose> {
    known_keys(
        node,
        &["use", "forEach", "includeWhen", "with"],
        "an entry of compose",
        errors,
    );
    let module = text_of(node, "use", errors)?;
    Some(Compose {
        module,
        location: node.get("use").unwrap_or(node).location.clone(),
        for_each: template(node, "forEach", errors),
        include_when: template(node, "includeWhen", errors),
        with: entries(node, "with", errors)
            .into_iter()
            .map(|(name, place, node)| (name, place, checked(node, errors)))
            .collect(),
    })
}

/// Reads the tree of a module's file.
pub fn module(root: &Node, errors: &mut Vec<Diagnostic>) -> Module {
    let keys = ["module", "description", "inputs", "locals", "resources"];
    known_keys(root, &keys, "a module", errors);
    Module {
        name: text_of(root, "module", errors).unwrap_or_default(),
        description: text_of(root, "description", errors).unwrap_or_default(),
        inputs: entries(root, "inputs", errors)
            .into_iter()
            .map(|(name, _, node)| {
                if let Yaml::Map(_) = node.value {
                    known_keys(node, &["default", "description"], "an input", errors);
                }
                (name, template(node, "default", errors))
            })
            .collect(),
        locals: entries(root, "locals", errors)
            .into_iter()
            .map(|(name, _, node)| (name, checked(node, errors)))
            .collect(),
        resources: items(root, "resources", errors)
            .iter()
            .filter_map(|node| declaration(node, errors))
            .collect(),
    }
}

const RESOURCE_KEYS: &[&str] = &[
    "id",
    "kind",
    "tier",
    "role",
    "region",
    "forEach",
    "includeWhen",
    "readyWhen",
    "after",
    "lifecycle",
    "properties",
];

/// Reads a resource of a module.
pub(super) fn declaration(node: &Node, errors: &mut Vec<Diagnostic>) -> Option<Declaration> {
    known_keys(node, RESOURCE_KEYS, "a resource", errors);
    let id = text_of(node, "id", errors)?;
    let location = node.get("id").unwrap_or(node).location.clone();
    if !is_id(&id) {
        let message = format!("{id:?} cannot be a resource's id");
        let help = "use a lower-case letter, then letters, digits and underscores";
        errors.push(Diagnostic::error(location.clone(), message).help(help));
    }
    if RESERVED.contains(&&*id) {
        let message = format!("`{id}` is a variable of every expression");
        errors.push(Diagnostic::error(location.clone(), message).help("choose another id"));
    } else if expression::WORDS.contains(&&*id) {
        let message = format!("`{id}` is a reserved word of the expression language");
        errors.push(Diagnostic::error(location.clone(), message).help("choose another id"));
    }
    let kind = text_of(node, "kind", errors)?;
    let schema = Registry::embedded().kind(&kind);
    if schema.is_none() {
        let place = node.get("kind").unwrap_or(node).location.clone();
        let error = Diagnostic::error(place, format!("there is no resource type {kind}"));
        errors.push(match Registry::embedded().suggest(&kind) {
            Some(near) => error.help(format!("did you mean {near}?")),
            None => error.help("use a CloudFormation resource type, such as AWS::EC2::VPC"),
        });
    }
    if let Some(why) = unusable(&kind) {
        let place = node.get("kind").unwrap_or(node).location.clone();
        let message = format!("{kind} is not supported: {why}");
        errors.push(Diagnostic::error(place, message).help(
            "scalectl stores ownership in a resource's tags or its parent's tags; use another resource type, or create it outside scalectl",
        ));
    }
    let tier = text_of(node, "tier", errors).unwrap_or_default();
    if !TIERS.contains(&&*tier) && !tier.is_empty() {
        let place = node.get("tier").unwrap_or(node).location.clone();
        errors.push(
            Diagnostic::error(place, format!("there is no tier {tier:?}"))
                .help(format!("the tiers are {}", TIERS.join(", "))),
        );
    }
    let source = node.get("properties").cloned();
    let properties = match &source {
        Some(node) => checked(node, errors),
        None => Template::Map(Vec::new()),
    };
    if let Some(schema) = schema {
        check_statically(schema, &properties, source.as_ref().unwrap_or(node), errors);
    }
    let names = |key: &str, errors: &mut Vec<Diagnostic>| -> Vec<(Arc<str>, Location)> {
        items(node, key, errors)
            .iter()
            .filter_map(|item| match item.as_str() {
                Some(name) => Some((Arc::from(name), item.location.clone())),
                None => {
                    let message = format!("{key} takes a list of names, not {}", item.describe());
                    errors.push(Diagnostic::error(item.location.clone(), message));
                    None
                }
            })
            .collect()
    };
    let ready_when = names("readyWhen", errors)
        .into_iter()
        .filter_map(|(text, place)| {
            let text = text
                .strip_prefix("${")
                .and_then(|t| t.strip_suffix('}'))
                .unwrap_or(&text);
            match Expression::parse(text, &place) {
                Ok(_) => Some(Arc::from(text)),
                Err(error) => {
                    errors.push(error);
                    None
                }
            }
        })
        .collect();
    Some(Declaration {
        location,
        role: role(node, &kind, errors),
        kind,
        tier,
        region: template(node, "region", errors),
        for_each: template(node, "forEach", errors),
        include_when: template(node, "includeWhen", errors),
        ready_when,
        after: names("after", errors),
        lifecycle: lifecycle(node, errors),
        properties,
        source,
        id,
    })
}

/// What a resource is to the engine, of the type that the engine expects.
fn role(node: &Node, kind: &str, errors: &mut Vec<Diagnostic>) -> Option<Role> {
    let node = node.get("role")?;
    let all = || Role::ALL.map(Role::name).join(", ");
    let Some(role) = node.as_str().and_then(Role::of) else {
        let message = match node.as_str() {
            Some(text) => format!("there is no role {text:?}"),
            None => format!("a role is a word, not {}", node.describe()),
        };
        errors.push(
            Diagnostic::error(node.location.clone(), message)
                .help(format!("the roles are {}", all())),
        );
        return None;
    };
    if role.kind() != kind {
        let message = format!("a {} is an {}, not an {kind}", role.name(), role.kind());
        errors.push(
            Diagnostic::error(node.location.clone(), message).help(format!(
                "{}: {}",
                role.name(),
                role.why()
            )),
        );
    }
    Some(role)
}

/// Names that expressions see besides resources.
pub const RESERVED: &[&str] = &[
    "spec", "account", "inputs", "locals", "region", "regions", "each", "self", "true", "false",
    "null",
];

fn lifecycle(node: &Node, errors: &mut Vec<Diagnostic>) -> Lifecycle {
    let Some(node) = node.get("lifecycle") else {
        return Lifecycle::default();
    };
    let keys = ["protect", "ignoreChanges", "createBeforeDestroy", "phase"];
    known_keys(node, &keys, "a lifecycle", errors);
    let truth = |key: &str, errors: &mut Vec<Diagnostic>| match node.get(key).map(|n| &n.value) {
        None => false,
        Some(Yaml::Bool(truth)) => *truth,
        Some(_) => {
            let place = node.locate(key).clone();
            errors.push(Diagnostic::error(place, format!("{key} is true or false")));
            false
        }
    };
    Lifecycle {
        protect: truth("protect", errors),
        create_before_destroy: truth("createBeforeDestroy", errors),
        ignore_changes: items(node, "ignoreChanges", errors)
            .iter()
            .filter_map(|item| item.as_str().map(Arc::from))
            .collect(),
        phase: optional_text(node, "phase", errors),
    }
}

/// Checks what does not depend on a spec: the constant parts' names and types, and which required
/// properties are nowhere to be seen.
fn check_statically(
    schema: &KindSchema,
    properties: &Template,
    place: &Node,
    errors: &mut Vec<Diagnostic>,
) {
    let Template::Map(entries) = properties else {
        return;
    };
    for path in nulls("", properties) {
        let place = place.locate(&path).clone();
        let message = format!("{path} has no value");
        errors.push(
            Diagnostic::error(place, message)
                .help("set one, or omit the property; quote a text with a comma"),
        );
    }
    let mut constant = Map::new();
    for (name, value) in entries {
        match constant_part(value) {
            Some(value) => {
                constant.insert(name.clone(), value);
            }
            None if schema.properties().contains_key(name) => {}
            None => {
                constant.insert(name.clone(), Value::str(""));
            }
        }
    }
    let named = |name: &str| entries.iter().any(|(have, _)| &**have == name);
    for problem in check_properties(schema, &constant) {
        // What is missing in the constant parts may come from an expression.
        let missing = problem.message.contains(" needs ");
        if missing && (problem.path.contains('.') || named(&problem.path)) {
            continue;
        }
        let mut error = Diagnostic::error(place.locate(&problem.path).clone(), problem.message);
        error.help = problem.help;
        errors.push(error);
    }
}

/// The paths at which nothing stands, which is always a slip: null is written `${null}`.
fn nulls(path: &str, template: &Template) -> Vec<String> {
    let below = |key: &str| match path {
        "" => key.to_owned(),
        path => format!("{path}.{key}"),
    };
    match template {
        Template::Constant(Value::Null) => vec![path.to_owned()],
        Template::List(items) => items
            .iter()
            .enumerate()
            .flat_map(|(index, item)| nulls(&below(&index.to_string()), item))
            .collect(),
        Template::Map(entries) => entries
            .iter()
            .flat_map(|(key, value)| nulls(&below(key), value))
            .collect(),
        _ => Vec::new(),
    }
}

/// The part of a template that no expression decides.
fn constant_part(template: &Template) -> Option<Value> {
    match template {
        Template::Constant(Value::Null) | Template::Expression(_) | Template::Text(_) => None,
        Template::Constant(value) => Some(value.clone()),
        // Items that are left out would change the others' places.
        Template::List(items) => items
            .iter()
            .map(constant_part)
            .collect::<Option<Vec<_>>>()
            .map(Value::List),
        Template::Map(entries) => Some(Value::Map(
            entries
                .iter()
                .filter_map(|(key, value)| Some((key.clone(), constant_part(value)?)))
                .collect(),
        )),
    }
}

fn template(node: &Node, key: &str, errors: &mut Vec<Diagnostic>) -> Option<Template> {
    node.get(key).map(|node| checked(node, errors))
}

/// Parses, and names unknown functions at once instead of when they are first called.
fn checked(node: &Node, errors: &mut Vec<Diagnostic>) -> Template {
    let template = Template::parse(node, errors);
    let mut unknown = Vec::new();
    template.expressions(&mut |expression| {
        expression.calls(&mut |name| {
            if name != "template" && !functions::exists(name) {
                unknown.push(functions::no_such(name).at(&expression.location));
            }
        });
    });
    errors.extend(unknown);
    template
}
