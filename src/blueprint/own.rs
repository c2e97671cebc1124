//! Resources of the user's own: the spec's `resources` as modules beside a stage's, and what services may do with them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::library::Library;
use super::model::{Compose, Declaration, Module};
use super::parse;
use super::template::Template;
use crate::address::{Address, GLOBAL};
use crate::diagnostic::{Diagnostic, Location};
use crate::kinds::{self, uses};
use crate::schema::{Registry, is_secret, nearest};
use crate::spec::{OwnRegions, OwnResource, ResourceUse, Spec, Stage, variable};
use crate::value::{Map, Reference, TextBuilder, Value};
use crate::yaml::{Key, Node, Yaml};

/// The names of the modules, which no file's module can have.
const PRIMARY: &str = "@resources";
const EVERYWHERE: &str = "@resources-everywhere";

/// The modules that the spec's `resources` are: one for the primary region, and one for every region.
///
/// # Errors
/// Everything that is wrong with them without evaluating their expressions.
pub(super) fn modules(
    library: &Library,
    spec: &Spec,
) -> Result<Vec<(Compose, Module)>, Vec<Diagnostic>> {
    let entries = match spec.source.get("resources").map(|node| &node.value) {
        Some(Yaml::Map(entries)) => entries.as_slice(),
        _ => return Ok(Vec::new()),
    };
    let mut errors = Vec::new();
    let (mut primary, mut everywhere) = (Vec::new(), Vec::new());
    let mut place = None;
    for (key, node) in entries {
        let Some(own) = spec.resources.get(&*key.text) else {
            continue;
        };
        if library.declares(&key.text) {
            let message = format!("a blueprint has a resource with the name {}", key.text);
            let help = "choose another name, such as one with the application's name in front";
            errors.push(Diagnostic::error(key.location.clone(), message).help(help));
            continue;
        }
        place.get_or_insert_with(|| key.location.clone());
        let declared = parse::declaration(&declaration(key, node, own), &mut errors);
        if is_everywhere(own) {
            everywhere.extend(declared);
        } else {
            primary.extend(declared);
        }
    }
    let Some(place) = place.filter(|_| errors.is_empty()) else {
        return if errors.is_empty() {
            Ok(Vec::new())
        } else {
            Err(errors)
        };
    };
    let all_regions = (spec.stage == Stage::MultiRegion).then(|| {
        let text = Node {
            value: Yaml::String("${spec.regions}".into()),
            location: place.clone(),
        };
        Template::parse(&text, &mut errors)
    });
    Ok(vec![
        module(PRIMARY, primary, None, place.clone()),
        module(EVERYWHERE, everywhere, all_regions, place),
    ])
}

/// Whether a resource exists once in each region: one of a global service exists once in any case.
fn is_everywhere(own: &OwnResource) -> bool {
    own.regions == OwnRegions::All && !kinds::is_global(&own.kind)
}

fn module(
    name: &str,
    resources: Vec<Declaration>,
    for_each: Option<Template>,
    location: Location,
) -> (Compose, Module) {
    let compose = Compose {
        module: name.into(),
        location,
        for_each,
        include_when: None,
        with: Vec::new(),
    };
    let module = Module {
        name: name.into(),
        description: "The spec's own resources".into(),
        inputs: Vec::new(),
        locals: Vec::new(),
        resources,
    };
    (compose, module)
}

/// An entry of `resources` as a module's file would declare it.
fn declaration(key: &Key, node: &Node, own: &OwnResource) -> Node {
    let entry = |name: &str, value: Node| {
        let key = Key {
            text: name.into(),
            location: value.location.clone(),
        };
        (key, value)
    };
    let at = |location: &Location, value: Yaml| Node {
        value,
        location: location.clone(),
    };
    let text = |text: &str| at(&key.location, Yaml::String(text.into()));
    let protect = at(&key.location, Yaml::Bool(own.protect));
    let lifecycle = at(&key.location, Yaml::Map(vec![entry("protect", protect)]));
    let mut entries = vec![
        entry("id", text(&key.text)),
        entry("tier", text(kinds::tier(&own.kind).name())),
        entry("lifecycle", lifecycle),
    ];
    for name in ["kind", "properties"] {
        if let Some(value) = node.get(name).filter(|value| value.value != Yaml::Null) {
            entries.push(entry(name, value.clone()));
        }
    }
    at(&key.location, Yaml::Map(entries))
}

/// Puts what services may do with resources of the user's own into the spec as blueprints see it: for each service and
/// region `resource_access`, the variables of its environment (`env`) and the statements of its role (`statements`).
///
/// # Errors
/// What a service uses in a way that its resource type does not have.
pub(super) fn grant(
    spec: &Spec,
    modules: &[(Compose, Module)],
    seen: &mut Value,
) -> Result<(), Vec<Diagnostic>> {
    let mut errors = Vec::new();
    for (service, settings) in &spec.services {
        for (index, one) in settings.uses.iter().enumerate() {
            check(
                spec,
                &format!("services.{service}.uses.{index}"),
                one,
                &mut errors,
            );
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let Value::Map(root) = seen else {
        return Ok(());
    };
    for (service, settings) in &spec.services {
        let of_region = |region: &str| {
            let (mut env, mut statements) = (Map::new(), Vec::new());
            for one in &settings.uses {
                access(spec, modules, region, one, &mut env, &mut statements);
            }
            let mut access = Map::new();
            access.insert("env", Value::Map(env));
            access.insert("statements", Value::List(statements));
            Value::Map(access)
        };
        let regions = spec.regions.iter().map(|region| region.name());
        let access: Map = regions
            .map(|name| (Arc::from(name), of_region(name)))
            .collect();
        let access = Value::Map(access);
        // A service is seen among all, and among those of its type.
        for section in ["services", "web", "workers"] {
            if let Some(Value::Map(services)) = root.get_mut(section)
                && let Some(Value::Map(one)) = services.get_mut(service)
            {
                one.insert("resource_access", access.clone());
            }
        }
    }
    Ok(())
}

/// The property that is a resource's ARN, of a type without default actions.
fn arn_of(kind: &str) -> Option<String> {
    let schema = Registry::embedded().kind(kind)?;
    let last = kind.rsplit("::").next().unwrap_or_default();
    ["Arn".to_owned(), format!("{last}Arn")]
        .into_iter()
        .find(|name| schema.properties().contains_key(name.as_str()))
}

/// Reports what a use of a resource lacks, or has and cannot have.
fn check(spec: &Spec, path: &str, one: &ResourceUse, errors: &mut Vec<Diagnostic>) {
    let name = one.resource();
    let Some(own) = spec.resources.get(name) else {
        return;
    };
    let kind = &own.kind;
    let mut report = |path: &str, message: String, help: String| {
        errors.push(Diagnostic {
            severity: crate::diagnostic::Severity::Error,
            message,
            location: spec.source.locate(path).cloned(),
            line: None,
            help: Some(help),
        });
    };
    let actions = one.details().and_then(|details| details.actions.as_ref());
    if uses::of(kind).is_none() {
        if actions.is_none() {
            report(
                path,
                format!("{kind} has no default actions, so a use of {name} needs `actions`"),
                format!(
                    "list the IAM actions: `uses: [{{resource: {name}, actions: [\"service:Action\"]}}]`"
                ),
            );
        } else if arn_of(kind).is_none() {
            report(
                path,
                format!(
                    "{kind} has no property that is its ARN, so no role can be limited to {name}"
                ),
                "grant the permissions with an AWS::IAM::ManagedPolicy in `resources` instead"
                    .to_owned(),
            );
        }
    }
    let env = one.details().into_iter().flat_map(|details| &details.env);
    for (variable, property) in env {
        let path = format!("{path}.env.{variable}");
        let Some(schema) = Registry::embedded().kind(kind) else {
            continue;
        };
        if schema.shape_at(property).is_none() {
            let names = schema.properties().keys().map(|name| &**name);
            let help = match nearest(property, names) {
                Some(near) => format!("did you mean {near}?"),
                None => "use a property of that resource type".to_owned(),
            };
            report(&path, format!("{kind} has no property {property}"), help);
        } else if is_secret(property) || schema.is_write_only(property) {
            report(
                &path,
                format!("{property} of {name} would be readable in a parameter"),
                "pass the ARN, and read the value from the application".to_owned(),
            );
        }
    }
}

/// Adds what a service may do with one resource in a region.
fn access(
    spec: &Spec,
    modules: &[(Compose, Module)],
    region: &str,
    one: &ResourceUse,
    env: &mut Map,
    statements: &mut Vec<Value>,
) {
    let name = one.resource();
    let Some(own) = spec.resources.get(name) else {
        return;
    };
    let home = home(spec, own, region);
    let of = |path: &str| Value::Reference(reference(home, name, path));
    let mut add = |end: &str, value: Value| {
        env.insert(format!("RESOURCE_{}_{end}", variable(name)), value);
    };
    if home != GLOBAL {
        add("REGION", Value::str(home));
    }
    let known = uses::of(&own.kind);
    match known {
        Some(known) => {
            for (end, path) in known.variables {
                add(end, of(path));
            }
        }
        None => {
            if let Some(arn) = arn_of(&own.kind) {
                add("ARN", of(&arn));
            }
        }
    }
    env.insert("AWS_REGION", Value::str(region));
    let details = one.details();
    for (variable, path) in details.into_iter().flat_map(|details| &details.env) {
        env.insert(variable.as_str(), of(path));
    }
    let arn = |(before, path, after): &(&str, &str, &str)| {
        let mut text = TextBuilder::default();
        text.push_str(before);
        text.push_reference(reference(home, name, path));
        text.push_str(after);
        text.finish()
    };
    match (details.and_then(|details| details.actions.as_ref()), known) {
        (Some(actions), known) => {
            let actions = actions.iter().map(|action| Value::str(action.as_str()));
            let on: Vec<Value> = match known {
                Some(known) => {
                    let all = known.grants.iter().flat_map(|grant| grant.on);
                    all.map(arn).collect()
                }
                None => (arn_of(&own.kind).iter())
                    .flat_map(|path| [("", path.as_str(), ""), ("", path.as_str(), "/*")])
                    .map(|one| arn(&one))
                    .collect(),
            };
            statements.push(statement(actions.collect(), on));
        }
        (None, Some(known)) => {
            for grant in known.grants {
                let actions = grant.actions.iter().map(|action| Value::str(*action));
                statements.push(statement(
                    actions.collect(),
                    grant.on.iter().map(arn).collect(),
                ));
            }
        }
        (None, None) => {}
    }
    let actions = known.map_or(&[][..], |known| known.key);
    if actions.is_empty() {
        return;
    }
    for key in keys(spec, modules, name) {
        let Some(own) = spec.resources.get(&*key) else {
            continue;
        };
        let home = self::home(spec, own, region);
        let actions = actions.iter().map(|action| Value::str(*action));
        let key = Value::Reference(reference(home, &key, "Arn"));
        statements.push(statement(actions.collect(), vec![key]));
    }
}

/// The region of the resource that servers in `region` use.
fn home<'a>(spec: &'a Spec, own: &OwnResource, region: &'a str) -> &'a str {
    if kinds::is_global(&own.kind) {
        GLOBAL
    } else if is_everywhere(own) && spec.stage == Stage::MultiRegion {
        region
    } else {
        spec.regions.first().map_or(region, |first| first.name())
    }
}

fn reference(region: &str, id: &str, path: &str) -> Arc<Reference> {
    Arc::new(Reference {
        address: Address::new(region, id, None),
        path: path.into(),
    })
}

fn statement(actions: Vec<Value>, on: Vec<Value>) -> Value {
    let mut statement = Map::new();
    statement.insert("Effect", Value::str("Allow"));
    statement.insert("Action", Value::List(actions));
    statement.insert("Resource", Value::List(on));
    Value::Map(statement)
}

/// The KMS keys of the user's own that encrypt a resource: those that its properties for keys refer to.
fn keys(spec: &Spec, modules: &[(Compose, Module)], name: &str) -> BTreeSet<Arc<str>> {
    fn visit(is_key: bool, template: &Template, found: &mut BTreeSet<Arc<str>>) {
        match template {
            Template::Constant(_) => {}
            Template::List(items) => items.iter().for_each(|item| visit(is_key, item, found)),
            Template::Map(entries) => {
                for (name, value) in entries {
                    let is_key =
                        is_key || name.to_ascii_lowercase().contains("kms") || &**name == "KeyId";
                    visit(is_key, value, found);
                }
            }
            Template::Expression(_) | Template::Text(_) if !is_key => {}
            expressions => expressions.expressions(&mut |expression| {
                expression.variables(&mut |name, _| {
                    found.insert(name.into());
                });
            }),
        }
    }
    let mut found = BTreeSet::new();
    let all = modules.iter().flat_map(|(_, module)| &module.resources);
    for declaration in all.filter(|declaration| &*declaration.id == name) {
        visit(false, &declaration.properties, &mut found);
    }
    let is_key = |id: &Arc<str>| {
        let own = spec.resources.get(&**id);
        own.is_some_and(|own| own.kind == "AWS::KMS::Key")
    };
    found.into_iter().filter(is_key).collect()
}
