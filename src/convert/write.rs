//! From a site to a spec: a tree of what is said, in the order in which people write it, and its text.

use serde::{Serialize, Serializer, ser::SerializeMap as _};

use super::command::Command;
use super::settle::label;
use super::site::{Image, Program, Site};

/// A part of a spec.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    /// Nothing, which in an environment takes back what the spec says.
    Null,
    /// A text.
    Text(String),
    /// A number.
    Number(i64),
    /// A list.
    List(Vec<Tree>),
    /// A mapping, in order.
    Map(Vec<(String, Tree)>),
}

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_none(),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Number(number) => serializer.serialize_i64(*number),
            Self::List(items) => items.serialize(serializer),
            Self::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

impl Tree {
    fn map() -> Self {
        Self::Map(Vec::new())
    }

    fn put(&mut self, key: &str, value: Tree) {
        if let Self::Map(entries) = self {
            entries.push((key.to_owned(), value));
        }
    }

    fn put_text(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.put(key, Self::Text(value.to_owned()));
        }
    }

    fn put_number(&mut self, key: &str, value: Option<impl Into<i64>>) {
        if let Some(value) = value {
            self.put(key, Self::Number(value.into()));
        }
    }

    /// A part that has something in it.
    fn put_part(&mut self, key: &str, part: Tree) {
        let is_empty = match &part {
            Self::Map(entries) => entries.is_empty(),
            Self::List(items) => items.is_empty(),
            _ => false,
        };
        if !is_empty {
            self.put(key, part);
        }
    }

    fn texts<'a>(all: impl IntoIterator<Item = &'a String>) -> Self {
        Self::List(
            all.into_iter()
                .map(|text| Self::Text(text.clone()))
                .collect(),
        )
    }

    /// Removes what a path names; the last item or entry of it, if it has some. What stays empty goes, too. Says what
    /// went.
    pub fn remove(&mut self, path: &[String]) -> Option<String> {
        let Self::Map(entries) = self else {
            return None;
        };
        let (first, rest) = path.split_first()?;
        let index = entries.iter().position(|(key, _)| key == first)?;
        let below = &mut entries[index].1;
        let deeper = match (rest.is_empty(), &*below) {
            (false, _) => below.remove(rest),
            (true, Self::Map(inner)) => {
                let last = inner.last().map(|(key, _)| key.clone());
                last.and_then(|key| below.remove(&[key]))
            }
            (true, _) => None,
        };
        let gone = match deeper {
            Some(deeper) => format!("{first}.{deeper}"),
            None => {
                entries.remove(index);
                return Some(first.clone());
            }
        };
        let is_empty = matches!(&entries[index].1, Self::Map(inner) if inner.is_empty());
        if is_empty {
            entries.remove(index);
        }
        Some(gone)
    }
}

/// A site as a spec, in its parts; `app` is its name.
pub fn tree(site: &Site, app: &str) -> Tree {
    let mut spec = Tree::map();
    spec.put("app", Tree::Text(app.to_owned()));
    spec.put("stage", Tree::Text(site.stage.name().to_owned()));
    spec.put("provider", Tree::Text("sim".to_owned()));
    let region = site
        .region
        .clone()
        .unwrap_or_else(|| "us-east-1".to_owned());
    spec.put("regions", Tree::List(vec![Tree::Text(region)]));
    match (&site.domain, zone(site)) {
        (Some(domain), Some(zone)) => {
            let mut part = Tree::map();
            part.put_text("name", Some(domain));
            part.put_text("zone", Some(zone));
            spec.put("domain", part);
        }
        (domain, _) => spec.put_text("domain", domain.as_deref()),
    }
    let mut services = Tree::map();
    for program in &site.programs {
        services.put(&program.name, service(program, app));
    }
    spec.put("services", services);
    let mut registries = Tree::map();
    for (host, (user, _)) in &site.registries {
        let mut part = Tree::map();
        part.put_text("username", Some(user));
        part.put_text("password", Some(&registry_secret(app, host)));
        registries.put(host, part);
    }
    spec.put_part("registries", registries);
    if let Some(database) = &site.database {
        let mut part = Tree::map();
        let word = serde_json::to_value(database.engine).unwrap_or_default();
        part.put_text("engine", word.as_str());
        part.put_text("version", database.version.as_deref());
        part.put_text("name", database.name.as_deref());
        part.put_number("storage", database.storage);
        spec.put("database", part);
    }
    if let Some(cache) = &site.cache {
        let mut part = Tree::map();
        part.put_text("engine", Some(cache.engine));
        spec.put("cache", part);
    }
    if !site.static_paths.is_empty() {
        let mut part = Tree::map();
        part.put("static_paths", Tree::texts(&site.static_paths));
        spec.put("cdn", part);
    }
    spec
}

/// The hosted zone, where services have host names beside the domain instead of below it.
fn zone(site: &Site) -> Option<&str> {
    let domain = site.domain.as_deref()?;
    let (_, parent) = domain
        .split_once('.')
        .filter(|(_, parent)| parent.contains('.'))?;
    let is_in = |host: &str, zone: &str| host == zone || host.ends_with(&format!(".{zone}"));
    let mut hosts = site
        .programs
        .iter()
        .flat_map(|program| &program.hosts)
        .peekable();
    let is_beside = site
        .programs
        .iter()
        .flat_map(|program| &program.hosts)
        .any(|host| !is_in(host, domain));
    (is_beside && hosts.all(|host| is_in(host, parent))).then_some(parent)
}

fn service(program: &Program, app: &str) -> Tree {
    let mut part = Tree::map();
    if !program.is_web {
        part.put_text("type", Some("worker"));
    }
    let image = match &program.image {
        Image::Named(image) => image.clone(),
        Image::Built(name) => placeholder(app, name),
    };
    part.put("image", Tree::Text(image));
    let words = |command: &Command| Tree::texts(&command.words(&program.exports));
    if let Some(command) = &program.command {
        part.put_part("command", words(command));
    }
    if let Some(release) = &program.release {
        part.put_part("release", words(release));
    }
    if program.is_web {
        part.put_number("port", program.port);
    }
    part.put_part("health", health(program));
    part.put("instance", Tree::Text(instance(program).to_owned()));
    let mut scale = Tree::map();
    if let Some((min, max)) = program.scale {
        scale.put("min", Tree::Number(min.into()));
        scale.put("max", Tree::Number(max.max(min).into()));
    }
    if let Some(cpu) = program.cpu {
        let target = vec![("cpu".to_owned(), Tree::Number(cpu.clamp(10, 90).into()))];
        scale.put("target", Tree::Map(target));
    }
    part.put_part("scale", scale);
    if program.is_web {
        let mut balance = Tree::map();
        balance.put_number(
            "stickiness",
            program.stickiness.map(|seconds| seconds.min(604_800)),
        );
        balance.put_number(
            "draining",
            program.draining.map(|seconds| seconds.min(3600)),
        );
        part.put_part("balance", balance);
        part.put_part("paths", Tree::texts(&program.paths));
        part.put_part("hosts", Tree::texts(&program.hosts));
    } else {
        part.put_number(
            "stop_timeout",
            program.stop_timeout.map(|seconds| seconds.clamp(1, 900)),
        );
        if let Some(queue) = &program.queue {
            let mut inner = Tree::map();
            inner.put_number(
                "visibility",
                queue.visibility.map(|seconds| seconds.clamp(1, 43_200)),
            );
            inner.put_number("attempts", queue.attempts.map(|times| times.clamp(1, 1000)));
            inner.put_number(
                "retention_days",
                queue.retention_days.map(|days| days.clamp(1, 14)),
            );
            part.put("queue", inner);
        }
    }
    for (key, map) in [("env", &program.env), ("secrets", &program.secrets)] {
        let entries = map
            .iter()
            .map(|(name, value)| (name.clone(), Tree::Text(value.clone())));
        part.put_part(key, Tree::Map(entries.collect()));
    }
    part
}

/// The name of the secret with the password of a registry.
pub fn registry_secret(app: &str, host: &str) -> String {
    format!("{app}/registry-{}", label(host, 40))
}

/// The name of an image that is not built yet.
pub fn placeholder(app: &str, name: &str) -> String {
    match label(name, 40) {
        name if name.is_empty() => format!("registry.example.com/{app}:1"),
        name => format!("registry.example.com/{app}/{name}:1"),
    }
}

/// The words of a check; they need only the variables that they name.
fn checked(command: &Command, program: &Program) -> Vec<String> {
    let text = command.text();
    let named = program
        .exports
        .iter()
        .filter(|(name, _)| text.contains(name.as_str()));
    command.words(
        &named
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    )
}

/// How health is asked, within the bounds of the spec.
fn health(program: &Program) -> Tree {
    let health = &program.health;
    let mut part = Tree::map();
    if program.is_web {
        part.put_text("path", health.path.as_deref());
    } else if let Some(command) = &health.command {
        part.put_part("command", Tree::texts(&checked(command, program)));
    }
    let has_times = program.is_web || health.command.is_some();
    if has_times {
        let interval = health.interval.map(|seconds| seconds.clamp(5, 300));
        let most = interval.unwrap_or(10) - 1;
        part.put_number("interval", interval);
        part.put_number(
            "timeout",
            health
                .timeout
                .map(|seconds| seconds.clamp(2, 120).min(most)),
        );
        part.put_number(
            "unhealthy",
            health.unhealthy.map(|times| times.clamp(2, 10)),
        );
    }
    if program.is_web {
        part.put_number("healthy", health.healthy.map(|times| times.clamp(2, 10)));
    }
    // Servers install their packages and fetch the image first, so that a container's own grace is too short for them.
    part.put_number(
        "grace",
        health
            .grace
            .filter(|seconds| *seconds > 900)
            .map(|seconds| seconds.min(7200)),
    );
    part
}

/// An instance type with the processor that the image is for. Images are for x86 unless something says otherwise; the CPUs
/// and the memory are at least what the program has elsewhere.
fn instance(program: &Program) -> &'static str {
    const TYPES: [(u32, u32, &str, &str); 6] = [
        (2000, 2048, "t3.small", "t4g.small"),
        (2000, 4096, "t3.medium", "t4g.medium"),
        (2000, 8192, "t3.large", "t4g.large"),
        (4000, 16_384, "m7i.xlarge", "m7g.xlarge"),
        (8000, 32_768, "m7i.2xlarge", "m7g.2xlarge"),
        (16_000, 65_536, "m7i.4xlarge", "m7g.4xlarge"),
    ];
    let (cpu, memory) = program.size.unwrap_or_default();
    let fits = |row: &&(u32, u32, &str, &str)| row.0 >= cpu && row.1 >= memory;
    let row = TYPES.iter().find(fits).unwrap_or(&TYPES[TYPES.len() - 1]);
    if program.is_arm { row.3 } else { row.2 }
}

/// What an environment says other than the spec; `None` where it says the same.
pub fn difference(base: &Tree, other: &Tree) -> Option<Tree> {
    if base == other {
        return None;
    }
    let (Tree::Map(have), Tree::Map(want)) = (base, other) else {
        return Some(other.clone());
    };
    let find = |entries: &[(String, Tree)], key: &str| -> Option<Tree> {
        let found = entries.iter().find(|(one, _)| one == key);
        found.map(|(_, value)| value.clone())
    };
    let mut entries = Vec::new();
    for (key, value) in want {
        let differs = match find(have, key) {
            Some(before) => difference(&before, value),
            None => Some(value.clone()),
        };
        entries.extend(differs.map(|differs| (key.clone(), differs)));
    }
    let gone = have.iter().filter(|(key, _)| find(want, key).is_none());
    entries.extend(gone.map(|(key, _)| (key.clone(), Tree::Null)));
    Some(Tree::Map(entries))
}

/// The spec as YAML.
///
/// # Errors
/// Where a text cannot be written as YAML.
pub fn text(tree: &Tree) -> Result<String, String> {
    serde_saphyr::to_string(tree).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml;

    #[test]
    fn every_text_is_read_back_as_it_was() {
        for text in [
            "yes",
            "no",
            "8080",
            "1.10",
            "null",
            "~",
            "",
            " a ",
            "a: b",
            "# a",
            "- a",
            "{a",
            "'a'",
            "\"",
            "a\nb\n",
            "\t",
            "*a",
            "&a",
            "!a",
            "%a",
            "@a",
            "`a",
            "0x10",
            "1e3",
            ".5",
            "2026-01-01",
            "12:30",
            "true",
            "on",
            "=",
            "<<",
            "ü\u{1f980}",
            "a\\nb",
            "?",
            "-",
            "|",
            ">",
            "\u{1}",
            "a\r\nb",
        ] {
            let tree = Tree::Map(vec![(
                "env".into(),
                Tree::Map(vec![("A".into(), Tree::Text(text.into()))]),
            )]);
            let written = super::text(&tree).unwrap();
            let read = yaml::parse("x", &written).unwrap();
            let value = read.get("env").and_then(|env| env.get("A")).unwrap();
            assert_eq!(value.as_str(), Some(text), "{written}");
        }
    }

    #[test]
    fn an_environment_holds_only_what_differs() {
        let map = |entries: &[(&str, Tree)]| {
            Tree::Map(
                entries
                    .iter()
                    .map(|(key, value)| ((*key).into(), value.clone()))
                    .collect(),
            )
        };
        let base = map(&[
            ("domain", Tree::Text("shop.example".into())),
            (
                "services",
                map(&[(
                    "web",
                    map(&[("port", Tree::Number(80)), ("a", Tree::Number(1))]),
                )]),
            ),
        ]);
        let other = map(&[
            ("domain", Tree::Text("shop.example".into())),
            (
                "services",
                map(&[("web", map(&[("port", Tree::Number(81))]))]),
            ),
        ]);
        let expected = map(&[(
            "services",
            map(&[("web", map(&[("port", Tree::Number(81)), ("a", Tree::Null)]))]),
        )]);
        assert_eq!(difference(&base, &other), Some(expected));
        assert_eq!(difference(&base, &base), None);
    }

    #[test]
    fn the_last_entry_of_a_section_goes_first_and_an_empty_section_with_it() {
        let inner = |names: &[&str]| {
            Tree::Map(
                names
                    .iter()
                    .map(|name| ((*name).to_owned(), Tree::Number(1)))
                    .collect(),
            )
        };
        let mut tree = Tree::Map(vec![("env".into(), inner(&["A", "B"]))]);
        let path = ["env".to_owned()];
        assert_eq!(tree.remove(&path).as_deref(), Some("env.B"));
        assert_eq!(tree.remove(&path).as_deref(), Some("env.A"));
        assert_eq!(tree, Tree::Map(Vec::new()));
        assert_eq!(tree.remove(&path), None);
    }
}
