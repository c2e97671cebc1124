//! From text to a checked [`Spec`]: parse, overlay the environment, check the shape, check the
//! rules. Everything wrong is reported at once, each at its place.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use super::{Source, Spec, Stage, json_schema, rules};
use crate::diagnostic::{Diagnostic, Location};
use crate::schema::{KindSchema, check_properties, nearest};
use crate::yaml::{self, Key, Node, Yaml};

/// The environment of a spec that names none.
pub const DEFAULT_ENV: &str = "default";

static SCHEMA: LazyLock<KindSchema> =
    LazyLock::new(
        || match KindSchema::from_json_schema("the spec", &json_schema()) {
            Ok(schema) => schema,
            Err(error) => panic!("the spec's own JSON Schema is broken: {error}"),
        },
    );

/// Reads a spec. `file` is the name that messages use; `env` chooses an environment; `stage`
/// overrides the file's.
///
/// # Errors
/// Everything that is wrong with the file, in its order.
pub fn load(
    file: &str,
    text: &str,
    env: Option<&str>,
    stage: Option<Stage>,
) -> Result<Spec, Vec<Diagnostic>> {
    let root = yaml::parse(file, text).map_err(|error| vec![error])?;
    checked(root, text, env, stage, None).map_err(|found| quoting(text, found))
}

/// How many mistakes of shape are located and shown; a file with more is something else than a spec.
const MOST_MISTAKES: usize = 1000;

/// What says whose resources a spec's are, and where: without it nothing of theirs is found, or another's is.
const IDENTITY: [&str; 3] = ["app", "provider", "regions"];

/// Reads a spec that was applied once, perhaps by a release with other rules: mistakes in it are returned beside it, as
/// long as they leave `app`, `provider`, `regions` and the environment readable.
///
/// # Errors
/// Everything that is wrong with the file, where it does not say whose resources they are.
pub fn load_as_applied(
    file: &str,
    text: &str,
    env: Option<&str>,
    stage: Option<Stage>,
) -> Result<(Spec, Vec<Diagnostic>), Vec<Diagnostic>> {
    let root = yaml::parse(file, text).map_err(|error| vec![error])?;
    let (spec, found) = examined(root, text, env, stage, None);
    let found = quoting(text, found);
    match spec {
        Some(spec) if spec.is_known => Ok((spec.spec, found)),
        _ => Err(found),
    }
}

/// The messages with the lines that they are about.
fn quoting(text: &str, mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    yaml::quote(text, &mut found);
    found
}

/// The spec that a node holds, with `changes` merged over it and its environment.
///
/// # Errors
/// Everything that is wrong with it, ordered by place, without the lines themselves.
pub fn of_node(
    root: Node,
    env: Option<&str>,
    stage: Option<Stage>,
    changes: Option<&Node>,
) -> Result<Spec, Vec<Diagnostic>> {
    checked(root, "", env, stage, changes)
}

/// Where a dotted path is set in a spec's text, with an environment over it.
pub fn place(file: &str, text: &str, env: Option<&str>, path: &str) -> Option<Location> {
    let mut root = yaml::parse(file, text).ok()?;
    spell_out(&mut root);
    if let Some(overlay) = env.and_then(|env| overlay_of(&root, env)) {
        merge(&mut root, &overlay);
    }
    Some(root.locate(path).clone())
}

/// A spec as far as it can be read.
struct Readable {
    spec: Spec,
    /// Whether everything of [`IDENTITY`] and the environment could be read.
    is_known: bool,
}

/// The same; `text` is what the node was read from, if that is known.
fn checked(
    root: Node,
    text: &str,
    env: Option<&str>,
    stage: Option<Stage>,
    changes: Option<&Node>,
) -> Result<Spec, Vec<Diagnostic>> {
    match examined(root, text, env, stage, changes) {
        (Some(readable), found) if found.is_empty() => Ok(readable.spec),
        (_, found) => Err(found),
    }
}

/// The spec as far as it can be read, and everything that is wrong with it.
fn examined(
    mut root: Node,
    text: &str,
    env: Option<&str>,
    stage: Option<Stage>,
    changes: Option<&Node>,
) -> (Option<Readable>, Vec<Diagnostic>) {
    let finish = |mut found: Vec<Diagnostic>| {
        found.sort_by(|a, b| a.location.cmp(&b.location));
        found
    };
    if !matches!(root.value, Yaml::Map(_)) {
        let message = format!(
            "a spec is a mapping that begins with `app:`, not {}",
            root.describe()
        );
        let error = Diagnostic::error(root.location.clone(), message)
            .help("`scalectl init` writes one to start from");
        return (None, finish(vec![error]));
    }
    spell_out(&mut root);
    let written = root.clone();
    let mut found = Vec::new();
    for (name, overlay) in environments(&root) {
        check_overlay(name, overlay, &mut found);
    }
    let mut is_known = true;
    if let Some(env) = env {
        match overlay_of(&root, env) {
            Some(overlay) => merge(&mut root, &overlay),
            None if env == DEFAULT_ENV => {}
            None => {
                is_known = false;
                found.push(no_environment(&root, env));
            }
        }
    }
    if let Some(changes) = changes {
        let mut changes = changes.clone();
        spell_out(&mut changes);
        merge(&mut root, &changes);
    }
    if let Some(stage) = stage {
        set_stage(&mut root, stage);
    }
    let (mistakes, more) = check_shape(&root, text);
    found.extend(mistakes);
    if more > 0 {
        let place = found.iter().filter_map(|error| error.location.clone());
        let place = place.max().unwrap_or_else(|| root.location.clone());
        let message = format!("the file has {more} more mistakes like these");
        found.push(Diagnostic::error(place, message).help("correct the first ones and try again"));
        return (None, finish(found));
    }
    // What has the wrong shape is set aside, so that the rest can be checked all the same.
    let places: BTreeSet<Location> = found
        .iter()
        .filter_map(|error| error.location.clone())
        .collect();
    let sound = sound_part(&root, &places);
    let read = |node: &Node| serde_json::from_value::<Spec>((&node.to_value()).into());
    let mut spec = match read(&sound) {
        Ok(spec) => spec,
        Err(_) if !found.is_empty() => return (None, finish(found)),
        Err(error) => {
            let error = Diagnostic::error(root.location.clone(), error.to_string());
            return (None, finish(vec![error]));
        }
    };
    // A wrong option is one mistake, whatever its text.
    spec.env = env.filter(|_| is_known).unwrap_or(DEFAULT_ENV).to_owned();
    for (path, message, help) in rules::check(&spec, &root, &written) {
        let place = root.locate(&path).clone();
        // A rule about something of which a part was set aside may only miss that part.
        if places.is_empty() || !is_touched(&root, &path, &places) {
            found.push(Diagnostic::error(place, message).help(help));
        }
    }
    // What only has another form than today's, such as a longer name, can be read all the same.
    if !places.is_empty() {
        match read(&sound_part(&root, &BTreeSet::new())) {
            Ok(whole) => {
                spec = Spec {
                    env: spec.env,
                    ..whole
                }
            }
            Err(_) => {
                is_known &= !IDENTITY
                    .iter()
                    .any(|path| is_set_aside(&root, path, &places))
            }
        }
    }
    spec.source = Source::of(root, text);
    (Some(Readable { spec, is_known }), finish(found))
}

/// Whether something at `path` or below it is among `places`.
fn is_set_aside(root: &Node, path: &str, places: &BTreeSet<Location>) -> bool {
    root.get(path).is_some() && is_touched(root, path, places)
}

/// Whether one of `places` is at `path` or below it.
fn is_touched(root: &Node, path: &str, places: &BTreeSet<Location>) -> bool {
    fn below(node: &Node, places: &BTreeSet<Location>) -> bool {
        places.contains(&node.location)
            || match &node.value {
                Yaml::Map(entries) => entries
                    .iter()
                    .any(|(key, node)| places.contains(&key.location) || below(node, places)),
                Yaml::List(items) => items.iter().any(|item| below(item, places)),
                _ => false,
            }
    }
    let mut node = Some(root);
    for step in path.split('.') {
        node = node.and_then(|node| node.get(step));
    }
    places.contains(root.locate(path)) || node.is_some_and(|node| below(node, places))
}

/// The names of the environments of a spec's text, in its order; none where it is no YAML.
#[must_use]
pub fn environment_names(text: &str) -> Vec<String> {
    let root = yaml::parse("", text).ok();
    let found = root.iter().flat_map(|root| environments(root));
    found.map(|(name, _)| name.to_owned()).collect()
}

/// The environments of a spec by name, as they are written.
pub(super) fn environments(root: &Node) -> Vec<(&str, &Node)> {
    match root.get("environments").map(|node| &node.value) {
        Some(Yaml::Map(entries)) => entries
            .iter()
            .map(|(key, node)| (&*key.text, node))
            .collect(),
        _ => Vec::new(),
    }
}

/// What an environment lays over a spec.
fn overlay_of(root: &Node, env: &str) -> Option<Node> {
    let found = environments(root)
        .into_iter()
        .find(|(name, _)| *name == env);
    found.map(|(_, overlay)| overlay.clone())
}

/// `provider: aws`, in the spec and in its environments, is AWS with no settings; it takes none away from those that it
/// lies over.
fn spell_out(spec: &mut Node) {
    let Yaml::Map(entries) = &mut spec.value else {
        return;
    };
    for (key, node) in entries {
        match (&*key.text, &mut node.value) {
            ("provider", Yaml::String(name)) if &**name == "aws" => {
                let nothing = Node {
                    value: Yaml::Map(Vec::new()),
                    location: node.location.clone(),
                };
                let key = Key {
                    text: Arc::clone(name),
                    location: node.location.clone(),
                };
                node.value = Yaml::Map(vec![(key, nothing)]);
            }
            ("provider", Yaml::Map(settings)) => {
                for (key, node) in settings {
                    if &*key.text == "aws" && node.value == Yaml::Null {
                        node.value = Yaml::Map(Vec::new());
                    }
                }
            }
            ("environments", Yaml::Map(overlays)) => {
                overlays
                    .iter_mut()
                    .for_each(|(_, overlay)| spell_out(overlay));
            }
            _ => {}
        }
    }
}

/// An overlay has the spec's own shape, but nothing is required and two sections are not allowed.
fn check_overlay(name: &str, overlay: &Node, found: &mut Vec<Diagnostic>) {
    let Yaml::Map(entries) = &overlay.value else {
        return;
    };
    for (key, _) in entries {
        if matches!(&*key.text, "app" | "environments") {
            let message = format!("environment {name} cannot set {}", key.text);
            found.push(
                Diagnostic::error(key.location.clone(), message)
                    .help("every environment belongs to the same app; remove this line"),
            );
        } else if !SCHEMA.properties().contains_key(&key.text) {
            let known = SCHEMA.properties().keys().map(|name| &**name);
            let message = format!("the spec has no property {}", key.text);
            let mut error = Diagnostic::error(key.location.clone(), message);
            if let Some(near) = nearest(&key.text, known) {
                error = error.help(format!("did you mean {near}?"));
            }
            found.push(error);
        }
    }
}

fn no_environment(root: &Node, env: &str) -> Diagnostic {
    let known: Vec<&str> = environments(root)
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    let help = match nearest(env, known.iter().copied()) {
        Some(near) => format!("did you mean {near}?"),
        None if known.is_empty() => "it has no environments; leave out --env".to_owned(),
        None => format!("it has {}", known.join(", ")),
    };
    Diagnostic::of_option(format!("the spec has no environment {env}")).help(help)
}

/// A part of a spec with another one over it, as an environment lies over the whole.
pub fn merged(base: &Node, overlay: &Node) -> Node {
    let mut node = base.clone();
    merge(&mut node, overlay);
    node
}

/// Merges an overlay: mappings key by key, everything else replaced.
fn merge(base: &mut Node, overlay: &Node) {
    match (&mut base.value, &overlay.value) {
        (Yaml::Map(entries), Yaml::Map(changes)) => {
            for (key, change) in changes {
                match entries.iter_mut().find(|(have, _)| have.text == key.text) {
                    Some((have, node)) => {
                        // Who is told of a mistake is led to the line that stands.
                        if !matches!((&node.value, &change.value), (Yaml::Map(_), Yaml::Map(_))) {
                            have.location = key.location.clone();
                        }
                        merge(node, change);
                    }
                    None => entries.push((key.clone(), change.clone())),
                }
            }
        }
        _ => *base = overlay.clone(),
    }
}

fn set_stage(root: &mut Node, stage: Stage) {
    let location = root
        .get("stage")
        .map_or(&root.location, |node| &node.location)
        .clone();
    let node = Node {
        value: Yaml::String(stage.name().into()),
        location: location.clone(),
    };
    if let Yaml::Map(entries) = &mut root.value {
        match entries.iter_mut().find(|(key, _)| &*key.text == "stage") {
            Some((_, have)) => *have = node,
            None => entries.push((
                Key {
                    text: "stage".into(),
                    location,
                },
                node,
            )),
        }
    }
}

/// The node without what stands at `places`, and without entries that hold nothing: `cache:` with
/// nothing behind it is no cache.
fn sound_part(node: &Node, places: &BTreeSet<Location>) -> Node {
    let value = match &node.value {
        Yaml::Map(entries) => Yaml::Map(
            entries
                .iter()
                .filter(|(_, node)| node.value != Yaml::Null)
                .filter(|(key, node)| {
                    !places.contains(&key.location) && !places.contains(&node.location)
                })
                .map(|(key, node)| (key.clone(), sound_part(node, places)))
                .collect(),
        ),
        Yaml::List(items) => Yaml::List(
            items
                .iter()
                .filter(|item| !places.contains(&item.location))
                .map(|item| sound_part(item, places))
                .collect(),
        ),
        plain => plain.clone(),
    };
    Node {
        value,
        location: node.location.clone(),
    }
}

/// Whether a path is that of a service's variables, or of one of them.
fn is_variable(path: &str) -> bool {
    let mut steps = path.split('.');
    steps.next() == Some("services") && matches!(steps.nth(1), Some("env" | "secrets"))
}

/// The first [`MOST_MISTAKES`] values that have the wrong shape, and how many more there are.
fn check_shape(root: &Node, text: &str) -> (Vec<Diagnostic>, usize) {
    let crate::value::Value::Map(properties) = sound_part(root, &BTreeSet::new()).to_value() else {
        return (Vec::new(), 0);
    };
    let problems = check_properties(&SCHEMA, &properties);
    let more = problems.len().saturating_sub(MOST_MISTAKES);
    let lines: Vec<&str> = text.lines().collect();
    let mistakes = problems
        .into_iter()
        .take(MOST_MISTAKES)
        .map(|problem| {
            let place = root.locate(&problem.path).clone();
            let mut error = Diagnostic::error(place, problem.message);
            error.help = problem.help;
            // The value of a variable is not repeated.
            if is_variable(&problem.path)
                && let Some((what, _)) = error.message.split_once(", not ")
            {
                error.message = what.to_owned();
            }
            if error.message.contains(" must be text")
                && let Some(node) = node_at(root, &problem.path)
                && matches!(node.value, Yaml::Int(_) | Yaml::Float(_) | Yaml::Bool(_))
            {
                let raw = raw(&lines, &node.location).filter(|_| !is_variable(&problem.path));
                error.message = match &raw {
                    Some(raw) => format!("{} must be text, not {raw}", problem.path),
                    None => format!("{} must be text", problem.path),
                };
                error.help = Some(match raw {
                    Some(raw) => format!("write it in quotes: \"{raw}\""),
                    None => "write the value in quotes".to_owned(),
                });
            }
            error
        })
        .collect();
    (mistakes, more)
}

/// The node at a dotted path.
fn node_at<'a>(root: &'a Node, path: &str) -> Option<&'a Node> {
    let mut node = root;
    let mut rest = path;
    while !rest.is_empty() {
        let (step, below) = match &node.value {
            // A key may hold dots itself.
            Yaml::Map(entries) => entries
                .iter()
                .filter(|(key, _)| {
                    let after = rest.strip_prefix(&*key.text);
                    after.is_some_and(|after| after.is_empty() || after.starts_with('.'))
                })
                .max_by_key(|(key, _)| key.text.len())
                .map(|(key, node)| (key.text.len(), node))?,
            Yaml::List(items) => {
                let step = rest.split('.').next().unwrap_or(rest);
                (step.len(), items.get(step.parse::<usize>().ok()?)?)
            }
            _ => return None,
        };
        node = below;
        rest = rest[step..].trim_start_matches('.');
    }
    Some(node)
}

/// A plain scalar as it is written: `16.10` is another text than the number it is read as.
fn raw<'a>(lines: &[&'a str], place: &Location) -> Option<&'a str> {
    let line: &'a str = lines.get(usize::try_from(place.line).ok()?.checked_sub(1)?)?;
    let column = usize::try_from(place.column).ok()?.checked_sub(1)?;
    let (start, _) = line.char_indices().nth(column)?;
    let rest = &line[start..];
    let end = rest
        .find([',', ']', '}', ' ', '#', '\t'])
        .unwrap_or(rest.len());
    let is_plain = end > 0 && !rest.starts_with(['"', '\'', '*', '&', '!']);
    is_plain.then_some(&rest[..end])
}

#[cfg(test)]
mod tests;
