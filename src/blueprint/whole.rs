//! What a graph as a whole has to have, which no declaration shows alone: an order, roles, and children that
//! can be told apart.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::library::Library;
use super::model::{Blueprint, Declaration};
use crate::address::Address;
use crate::diagnostic::{Diagnostic, Location, Severity};
use crate::graph::{Graph, Resource};
use crate::kinds::{self, Identity};
use crate::roles::Role;
use crate::schema::Registry;
use crate::spec::Spec;
use crate::value::Value;

/// Tags that AWS lets most resources have
/// (<https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html>); the marks of what belongs to a resource
/// leave room for its own.
const TAGS: usize = 50;
const KEPT_FREE: usize = 10;

/// What is wrong with a graph of this blueprint and spec.
pub fn mistakes(
    library: &Library,
    blueprint: &Blueprint,
    spec: &Spec,
    graph: &Graph,
) -> Vec<Diagnostic> {
    let mut found = mistaken_roles(blueprint, spec, graph);
    let place = |id: &str, property: &str| {
        let own = || spec.place_of_resource(id, property);
        library.place(&blueprint.name, id, property).or_else(own)
    };
    found.extend(mistaken_children(&place, graph));
    found
}

/// Reports resources that wait for each other.
pub fn check_order(
    spec: &Value,
    graph: &Graph,
    owners: &HashMap<&str, &Declaration>,
    errors: &mut Vec<Diagnostic>,
) {
    let mut edges =
        petgraph::graph::DiGraph::<&Address, ()>::with_capacity(graph.len(), graph.len() * 2);
    let nodes: Vec<_> = graph
        .resources
        .keys()
        .map(|address| edges.add_node(address))
        .collect();
    for (number, needs) in graph.needs().into_iter().enumerate() {
        for needed in needs {
            edges.add_edge(nodes[number], nodes[needed], ());
        }
    }
    if petgraph::algo::toposort(&edges, None).is_ok() {
        return;
    }
    for circle in petgraph::algo::tarjan_scc(&edges) {
        if circle.len() < 2 {
            continue;
        }
        let mut names: Vec<&Address> = circle.iter().map(|node| edges[*node]).collect();
        names.sort();
        let text: Vec<String> = names.iter().map(ToString::to_string).collect();
        let message = format!("these resources wait for each other: {}", text.join(", "));
        let help = "give one of the properties a resource of its own, as \
                    AWS::EC2::SecurityGroupIngress is for rules between two groups";
        // The spec's own line, if there is one, is where it can be changed.
        let own = names.iter().find(|name| {
            let own = spec.at("resources").and_then(Value::as_map);
            own.is_some_and(|own| own.contains_key(&name.id))
        });
        if let Some(declaration) = owners.get(&*own.unwrap_or(&names[0]).id) {
            errors.push(Diagnostic::error(declaration.location.clone(), message).help(help));
        }
    }
}

/// Children that an apply would not find again: whose parent is not in the graph, or that nothing tells from a sibling.
fn mistaken_children(
    place: &dyn Fn(&str, &str) -> Option<Location>,
    graph: &Graph,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut siblings: BTreeMap<(&str, &Address, String), &Address> = BTreeMap::new();
    let mut counts: BTreeMap<&Address, Vec<&Address>> = BTreeMap::new();
    for one in graph.iter() {
        let Some((of, property)) = kinds::parent(&one.kind) else {
            continue;
        };
        let mistake = |message: String, help: String| Diagnostic {
            severity: Severity::Error,
            message,
            location: place(&one.address.id, property),
            line: None,
            help: Some(help),
        };
        let Some(parent) = parent_of(graph, one, property, of) else {
            found.push(mistake(
                format!("{}: {property} does not refer to a {of} of this blueprint", one.address),
                format!(
                    "{} has no tags, so its ownership is stored on its parent {of}; refer to one by its identifier, as in `${{my_resource.{}}}`",
                    one.kind,
                    identifier_of(of).unwrap_or("Id")
                ),
            ));
            continue;
        };
        if let Some(stand_in) = kinds::of(&one.kind).stand_in
            && one
                .properties
                .at(stand_in.list)
                .and_then(Value::as_list)
                .is_some_and(|all| all.len() > 1)
        {
            found.push(mistake(
                format!("{}: {} has more than one entry", one.address, stand_in.list),
                format!(
                    "apply finds it through its parent; create one {} for each",
                    one.kind
                ),
            ));
        }
        counts.entry(parent).or_default().push(&one.address);
        let key = (&*one.kind, parent, told_by(one));
        if let Some(first) = siblings.insert(key, &one.address) {
            found.push(mistake(
                format!("{first} and {} cannot be told apart", one.address),
                match among(&one.kind) {
                    [] => format!("both have the same identifier on {parent}; remove one"),
                    [only] if *only == property => {
                        format!("{parent} has one {}; put both into it", one.kind)
                    }
                    told => format!(
                        "AWS generates the name of a {}, so {} must distinguish it from others on {parent}; use different values, or remove one",
                        one.kind,
                        told.join(", ")
                    ),
                },
            ));
        }
    }
    for (parent, children) in counts {
        if children.len() > TAGS - KEPT_FREE {
            let first = children[0];
            found.push(Diagnostic {
                severity: Severity::Error,
                message: format!("{parent} has {} children that use its tags for ownership", children.len()),
                location: place(&first.id, ""),
                line: None,
                help: Some(format!(
                    "AWS allows {TAGS} tags per resource, and each such child uses one; distribute them over several, with at most {} on each",
                    TAGS - KEPT_FREE
                )),
            });
        }
    }
    found
}

/// The resource of type `of` that a child's property calls by its identifier: in a reference, or as both say it.
fn parent_of<'a>(
    graph: &'a Graph,
    child: &Resource,
    property: &str,
    of: &str,
) -> Option<&'a Address> {
    let identifier = identifier_of(of)?;
    let value = child.properties.at(property)?;
    if let Value::Reference(reference) = value {
        let parent = graph.get(&reference.address)?;
        let is_it = &*parent.kind == of && *reference.path == *identifier;
        return is_it.then_some(&parent.address);
    }
    let mut all = graph.iter().filter(|one| &*one.kind == of);
    all.find(|one| one.properties.get(identifier) == Some(value))
        .map(|one| &one.address)
}

/// The property that a resource of `kind` is called by.
fn identifier_of(kind: &str) -> Option<&'static str> {
    Registry::embedded().kind(kind)?.only_identifier()
}

fn among(kind: &str) -> &'static [&'static str] {
    match kinds::of(kind).identity {
        Identity::Child { among, .. } => among,
        _ => &[],
    }
}

/// What tells a child from its siblings: its distinguishing properties, or its identifier.
fn told_by(one: &Resource) -> String {
    let by = among(&one.kind);
    let schema = Registry::embedded().kind(&one.kind);
    let own: Vec<&str> = match (by, schema) {
        ([], Some(schema)) => schema
            .primary_identifier()
            .iter()
            .map(|path| &**path)
            .collect(),
        (by, _) => by.to_vec(),
    };
    let values = own.iter().map(|path| {
        let value = one.properties.at(path);
        format!("{path}={}", value.map(Value::to_string).unwrap_or_default())
    });
    values.collect::<Vec<_>>().join(",")
}

/// Which roles nobody has, or two have, in a graph of a spec with a relational database.
fn mistaken_roles(blueprint: &Blueprint, spec: &Spec, graph: &Graph) -> Vec<Diagnostic> {
    if spec.database.is_none() {
        return Vec::new();
    }
    let place = blueprint
        .compose
        .first()
        .map(|first| first.location.clone());
    let mistake = |message: String, help: String| Diagnostic {
        severity: Severity::Error,
        message,
        location: place.clone(),
        line: None,
        help: Some(help),
    };
    let of_nobody = missing_roles(graph).into_iter().map(|(role, region)| {
        mistake(
            format!(
                "the blueprint {} has no resource with `role: {}` ({}) in {region}, which the spec's database needs: {}",
                blueprint.name,
                role.name(),
                role.kind(),
                role.why()
            ),
            format!("add `role: {}` to that resource; scalectl finds it by its role", role.name()),
        )
    });
    let of_two = doubled_roles(graph)
        .into_iter()
        .map(|(role, first, second)| {
            mistake(
                format!("{first} and {second} have `role: {}`", role.name()),
                "a role must be unique in a region; remove it from the other resource".to_owned(),
            )
        });
    of_nobody.chain(of_two).collect()
}

/// The roles that nobody has, with the region that lacks each. A region without servers runs no application, and lacks
/// nothing.
fn missing_roles(graph: &Graph) -> Vec<(Role, &str)> {
    let in_region = |region: &str, kind: &str| {
        graph
            .iter()
            .any(|one| &*one.kind == kind && *one.address.region == *region)
    };
    let regions: BTreeSet<&str> = graph
        .iter()
        .filter(|one| ["AWS::EC2::Instance", "AWS::EC2::LaunchTemplate"].contains(&&*one.kind))
        .map(|one| &*one.address.region)
        .collect();
    let several = regions.len() > 1;
    let mut found = Vec::new();
    for region in regions {
        let server = in_region(region, "AWS::EC2::Instance");
        let database = in_region(region, "AWS::RDS::DBInstance");
        let needed = [
            (Role::DatabaseSetting, true),
            (Role::ScriptHost, server),
            (Role::DatabaseRule, server && database),
            (Role::Network, several && database),
        ];
        for (role, needed) in needed {
            let mut all = graph.with_role(role);
            if needed && !all.any(|one| *one.address.region == *region) {
                found.push((role, region));
            }
        }
    }
    found
}

/// Two resources of a region with one role: whoever looks would find either.
fn doubled_roles(graph: &Graph) -> Vec<(Role, &Address, &Address)> {
    let mut seen: BTreeMap<(Role, &str, Option<&str>), &Address> = BTreeMap::new();
    let mut found = Vec::new();
    for one in graph.iter() {
        let Some(role) = one.role else { continue };
        let service = one.address.key.as_deref().filter(|_| role.is_per_service());
        if let Some(first) = seen.insert((role, &one.address.region, service), &one.address) {
            found.push((role, first, &one.address));
        }
    }
    found
}
