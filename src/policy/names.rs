//! The names that a rule may speak of. A rule takes a property that is not set for null, so one that no kind
//! has would be null for ever, and the rule worth nothing: such names are mistakes, found before anything runs.

use std::sync::{Arc, LazyLock};

use super::Over;
use crate::blueprint::expression::{Expression, Failure};
use crate::blueprint::functions;
use crate::diagnostic::Diagnostic;
use crate::schema::{KindSchema, Registry, Type, nearest};
use crate::spec::json_schema;
use crate::value::wildcard::Pattern;
use crate::yaml::Node;

/// What every rule sees.
const EVERYWHERE: &[&str] = &["env", "plan", "resources", "spec", "stage"];

/// What a rule over a resource sees besides.
const OF_RESOURCE: &[&str] = &[
    "action",
    "address",
    "after",
    "before",
    "changed",
    "id",
    "key",
    "kind",
    "needs",
    "protect",
    "referrers",
    "region",
    "tier",
];

/// What is known of a resource in a list of them.
const OF_OTHER: &[&str] = &[
    "action", "address", "after", "id", "key", "kind", "protect", "region", "tier",
];

/// What is known of the plan.
pub const OF_PLAN: &[&str] = &["create", "delete", "replace", "unchanged", "update"];

/// What blueprints see of a spec besides its sections.
const FOLLOWS_FROM_SPEC: &[&str] = &["env", "prefix", "primary"];

static SPEC: LazyLock<KindSchema> =
    LazyLock::new(
        || match KindSchema::from_json_schema("the spec", &json_schema()) {
            Ok(schema) => schema,
            Err(error) => panic!("the spec's own JSON Schema is broken: {error}"),
        },
    );

/// Finds kinds that there are not.
pub fn check_kinds(kinds: &[(Arc<str>, &Node)], errors: &mut Vec<Diagnostic>) {
    for (kind, node) in kinds {
        if of_pattern(kind).next().is_some() {
            continue;
        }
        let message = format!("there is no resource type {kind}");
        let error = Diagnostic::error(node.location.clone(), message);
        errors.push(match Registry::embedded().suggest(kind) {
            Some(near) => error.help(format!("did you mean {near}?")),
            None => error.help("use a CloudFormation resource type, such as AWS::EC2::VPC"),
        });
    }
}

/// The schemas of the kinds that a pattern fits, the best known first: the others are not unpacked before
/// they are needed.
fn of_pattern(pattern: &str) -> impl Iterator<Item = &'static KindSchema> {
    known(pattern).chain(others(pattern))
}

fn known(pattern: &str) -> impl Iterator<Item = &'static KindSchema> {
    let (registry, pattern) = (Registry::embedded(), Pattern::new(pattern));
    registry
        .names()
        .filter(move |name| pattern.fits(name))
        .filter_map(|name| registry.kind(name))
}

fn others(pattern: &str) -> impl Iterator<Item = &'static KindSchema> {
    let (registry, pattern) = (Registry::embedded(), Pattern::new(pattern));
    std::iter::once_with(|| registry.others())
        .flatten()
        .filter(move |name| pattern.fits(name))
        .filter_map(|name| registry.kind(name))
}

/// Finds functions, variables and members that an expression of a rule cannot have.
pub fn check(
    expression: &Expression,
    over: Over,
    kinds: &[Arc<str>],
    errors: &mut Vec<Diagnostic>,
) {
    let mut found = Vec::new();
    expression.calls(&mut |name| {
        if !functions::exists(name) || name == "template" {
            found.push(functions::no_such(name));
        }
    });
    expression.paths(&mut |root, steps| found.extend(wrong(root, steps, over, kinds)));
    for failure in found {
        let error = failure.at(&expression.location);
        if !errors.contains(&error) {
            errors.push(error);
        }
    }
}

fn wrong(root: &str, steps: &[&str], over: Over, kinds: &[Arc<str>]) -> Option<Failure> {
    let mine: &[&str] = match over {
        Over::Resource => OF_RESOURCE,
        Over::Plan => &[],
    };
    if !EVERYWHERE.contains(&root) && !mine.contains(&root) {
        if OF_RESOURCE.contains(&root) {
            return Some(Failure {
                message: format!("a rule over the plan cannot use `{root}`"),
                help: Some("it is evaluated once; iterate over `resources`".to_owned()),
            });
        }
        let known = EVERYWHERE.iter().chain(mine).copied();
        return Some(Failure {
            message: format!("there is no `{root}` here"),
            help: Some(match nearest(root, known.clone()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("a rule can use {}", known.collect::<Vec<_>>().join(", ")),
            }),
        });
    }
    match (root, steps) {
        ("after" | "before", steps) => property(kinds, steps),
        ("plan", [step, ..]) => member("the plan", step, OF_PLAN),
        ("needs" | "referrers" | "resources", ["*", step, ..]) => {
            member("a resource", step, OF_OTHER)
        }
        ("spec", [step, ..]) if FOLLOWS_FROM_SPEC.contains(step) => None,
        ("spec", steps) => below(&SPEC, steps),
        _ => None,
    }
}

fn member(what: &str, step: &str, known: &[&str]) -> Option<Failure> {
    (!known.contains(&step)).then(|| Failure {
        message: format!("{what} has no `{step}`"),
        help: Some(match nearest(step, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it has {}", known.join(", ")),
        }),
    })
}

/// Why none of these kinds has such a property; a rule for kinds of several sorts may ask each for its own.
pub fn property(kinds: &[Arc<str>], steps: &[&str]) -> Option<Failure> {
    let mut first = None;
    let all = kinds.iter().flat_map(|kind| known(kind));
    for kind in all.chain(kinds.iter().flat_map(|kind| others(kind))) {
        match below(kind, steps) {
            None => return None,
            Some(failure) => first = first.or(Some(failure)),
        }
    }
    first
}

/// Why there is nothing at the end of a way through a schema.
fn below(schema: &KindSchema, steps: &[&str]) -> Option<Failure> {
    let (first, rest) = steps.split_first()?;
    // Who goes through all of them asks for none by its name.
    if *first == "*" {
        return None;
    }
    let Some(shape) = schema.properties().get(*first) else {
        return Some(unknown(
            &schema.kind,
            first,
            &mut schema.properties().keys(),
        ));
    };
    let (mut shape, mut path) = (schema.resolve(shape), (*first).to_owned());
    for step in rest {
        let open = shape.additional_properties.is_some() || shape.pattern_properties.is_some();
        shape = match (&shape.properties, &shape.items) {
            (Some(properties), _) => match properties.get(*step) {
                Some(shape) => schema.resolve(shape),
                None if open || *step == "*" => return None,
                None => {
                    let what = format!("{}'s {path}", schema.kind);
                    return Some(unknown(&what, step, &mut properties.keys()));
                }
            },
            (None, Some(items)) if *step == "*" => schema.resolve(items),
            (None, Some(_)) => {
                return Some(Failure {
                    message: format!("{}'s {path} is a list and has no {step}", schema.kind),
                    help: Some(format!("iterate over it: `{path}.all(x, x.{step} ...)`")),
                });
            }
            (None, None) => {
                let scalar =
                    !shape.types.is_empty() && !shape.is(Type::Object) && !shape.is(Type::Array);
                return scalar
                    .then(|| Failure::new(format!("{path} has no members, so no {step}")));
            }
        };
        path = format!("{path}.{step}");
    }
    None
}

fn unknown(what: &str, step: &str, known: &mut dyn Iterator<Item = &Arc<str>>) -> Failure {
    Failure {
        message: format!("{what} has no {step}"),
        help: nearest(step, known.map(|name| &**name)).map(|near| format!("did you mean {near}?")),
    }
}
