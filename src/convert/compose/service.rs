//! A container of a Compose file as a program of the application.

use super::super::command::Command;
use super::super::keys::{self, entries, items, scalar, seconds};
use super::super::notes::Notes;
use super::super::site::{Image, Program, Site};
use super::super::variables::Raw;
use super::health::{asked, health, tested};
use super::lost;
use super::ports::{Port, port, routes};
use super::{Container, Context, raw_of_file};
use crate::yaml::{Node, Yaml};

/// A program, unless it is one that nobody outside may reach, or that ends by itself.
pub fn read(
    one: &Container<'_>,
    context: &Context<'_>,
    nobody_publishes: bool,
    site: &mut Site,
    notes: &mut Notes,
) -> Option<Program> {
    let what = format!("services.{}", one.name);
    if is_release(one, context) {
        // `releases` gives it to the program that waits for it.
        return None;
    }
    let mut program = Program::new(one.name, one.at.clone());
    program.image = image(one, context, notes);
    program.command = command(one.node, "command", context, notes);
    if let Some(entrypoint) = one.node.get("entrypoint") {
        let why = "an image's own entrypoint is always used";
        let instead =
            "set ENTRYPOINT in the image, or have `command` say what the entrypoint is to run";
        notes.left(
            &entrypoint.location,
            format!("{what}.entrypoint"),
            why,
            instead,
        );
    }
    program.is_arm =
        keys::text(one.node, "platform").is_some_and(|platform| platform.contains("arm"));
    let (published, exposed) = (
        ports(one.node, "ports", context),
        ports(one.node, "expose", context),
    );
    let routes = routes(one.node);
    let check = one.node.get("healthcheck");
    program.health = health(check);
    let test = check.map(tested).unwrap_or_default();
    let asked = test.as_ref().and_then(|test| asked(&test.text()));
    let http: Vec<&Port> = published
        .iter()
        .chain(&exposed)
        .filter(|port| port.is_http)
        .collect();
    let is_reached = published.iter().any(|port| port.is_http)
        || context.proxied.contains(one.name)
        || !routes.hosts.is_empty()
        || !routes.paths.is_empty()
        || variables(one, context, &mut Notes::default())
            .iter()
            .any(|raw| raw.name == "VIRTUAL_HOST")
        || (nobody_publishes || context.has_proxy) && !exposed.is_empty();
    program.is_web = is_reached;
    if !is_reached && (!exposed.is_empty() || asked.is_some()) {
        let why = "other containers reach it by its name, and the public does not; services do not reach each other by names yet";
        let instead = "make it public with `paths` or `hosts` of its own, or a part of the service that uses it";
        notes.left(one.at, what, why, instead);
        return None;
    }
    if is_reached {
        program.port = routes.port.or(http.first().map(|port| port.inner));
        if let Some((port, path)) = asked {
            program.health.path = Some(path);
            program.port = program.port.or(port);
        } else if let Some(test) = &test {
            let why = format!(
                "a web service's health is asked over HTTP, not by the command `{}`",
                test.text()
            );
            let place = check.map_or(one.at, |check| &check.location);
            notes.left(
                place,
                format!("{what}.healthcheck"),
                &why,
                "write `health: {path: ...}` with a path that answers 200",
            );
        }
        hosts(one, context, routes.hosts, site, &mut program);
        program.paths = routes.paths;
    } else {
        program.health.command = test;
        program.stop_timeout =
            keys::text(one.node, "stop_grace_period").and_then(|text| seconds(&text));
    }
    for port in published
        .iter()
        .filter(|port| !port.is_http || is_reached && Some(port.inner) != program.port)
    {
        let why = "a service has one port, for HTTP";
        let place = one.node.locate("ports");
        notes.left(
            place,
            format!("{what}.ports: {}", port.inner),
            why,
            "make what listens there a service of its own, or leave it inside",
        );
    }
    program.scale = replicas(one.node);
    program.raw = variables(one, context, notes);
    lost::note(one, &what, notes);
    Some(program)
}

/// The site's domain is the first host that is named.
fn hosts(
    one: &Container<'_>,
    context: &Context<'_>,
    routed: Vec<String>,
    site: &mut Site,
    program: &mut Program,
) {
    let mut hosts = routed;
    for raw in variables(one, context, &mut Notes::default()) {
        if raw.name == "VIRTUAL_HOST" {
            hosts.extend(
                raw.value
                    .unwrap_or_default()
                    .split(',')
                    .map(|host| host.trim().to_owned()),
            );
        }
    }
    for host in hosts
        .into_iter()
        .filter(|host| host.contains('.') && !host.contains(['$', '*', '{']))
    {
        match &site.domain {
            None => site.domain = Some(host),
            Some(domain) if *domain == host => {}
            Some(_) => program.hosts.push(host),
        }
    }
}

fn image(one: &Container<'_>, context: &Context<'_>, notes: &mut Notes) -> Image {
    let Some(image) = keys::text(one.node, "image") else {
        return Image::Built(context.built(one));
    };
    let expanded = context.expand(&image);
    let mut name = expanded.text.trim_end_matches(':').to_owned();
    if !expanded.missing.is_empty() {
        let why = format!(
            "{} has no value in the files that were read",
            expanded.missing.join(", ")
        );
        notes.check(
            one.node.locate("image"),
            format!("services.{}.image", one.name),
            &why,
            "write the image with its tag",
        );
    }
    if name.is_empty() || name.contains("//") || name.starts_with('/') {
        return Image::Built(context.built(one));
    }
    if crate::schema::split_tag(&name).1.is_none() && !name.contains('@') {
        name.push_str(":latest");
    }
    if one.node.get("build").is_some() {
        let why = "its image is built from the sources, which scalectl does not do";
        let instead =
            format!("build it and push it as {name}, or write the name under which it is pushed");
        notes.check(
            one.node.locate("build"),
            format!("services.{}.build", one.name),
            why,
            &instead,
        );
    }
    Image::Named(name)
}

/// A command: a list of words, or a text that is split as a shell would.
fn command(node: &Node, key: &str, context: &Context<'_>, notes: &mut Notes) -> Option<Command> {
    let value = node.get(key)?;
    let expanded = |text: &str, notes: &mut Notes| {
        let expanded = context.expand(text);
        if !expanded.missing.is_empty() {
            let why = format!(
                "{} has no value in the files that were read, and is empty here",
                expanded.missing.join(", ")
            );
            notes.check(
                &value.location,
                key,
                &why,
                "write the command as it is to run; `$$` is a dollar for the container's own shell",
            );
        }
        expanded.text
    };
    match &value.value {
        Yaml::List(words) => {
            let words = words
                .iter()
                .filter_map(scalar)
                .map(|word| expanded(&word, notes));
            let words: Vec<String> = words.collect();
            (!words.is_empty()).then_some(Command::Words(words))
        }
        _ => {
            let text = expanded(&scalar(value)?, notes);
            (!text.trim().is_empty()).then(|| Command::split(&text))
        }
    }
}

fn ports(node: &Node, key: &str, context: &Context<'_>) -> Vec<Port> {
    items(node.get(key))
        .into_iter()
        .filter_map(|item| port(item, scalar(item).map(|text| context.expand(&text).text)))
        .collect()
}

fn replicas(node: &Node) -> Option<(u16, u16)> {
    let deploy = node
        .get("deploy")
        .and_then(|deploy| keys::number::<u16>(deploy, "replicas"));
    let count = deploy.or_else(|| keys::number(node, "scale"))?;
    (1..=1000).contains(&count).then_some((count, count))
}

/// A container's variables, those of its files first.
pub fn variables(one: &Container<'_>, context: &Context<'_>, notes: &mut Notes) -> Vec<Raw> {
    let mut raw: Vec<Raw> = Vec::new();
    for item in items(one.node.get("env_file")) {
        let Some(path) = scalar(item).or_else(|| keys::text(item, "path")) else {
            continue;
        };
        let plain = path.trim_start_matches("./");
        match context.beside.get(plain) {
            Some(text) => raw.extend(raw_of_file(plain, text)),
            None => {
                let why = format!("{path} is not there, so that its variables are not known");
                let what = format!("services.{}.env_file", one.name);
                notes.left(
                    &item.location,
                    what,
                    &why,
                    "put it beside the file, or write its variables into `env` and `secrets`",
                );
            }
        }
    }
    let mut put = |name: &str, value: Option<String>, node: &Node| {
        let expanded = value.map(|value| context.expand(&value));
        let shape = expanded.as_ref().map(|one| one.text.clone());
        let value = expanded.and_then(|one| one.missing.is_empty().then_some(one.text));
        raw.retain(|have| have.name != name);
        raw.push(Raw {
            name: name.to_owned(),
            value,
            shape,
            at: node.location.clone(),
        });
    };
    for (name, _, value) in entries(one.node.get("environment")) {
        // A variable with no value is taken from the shell.
        put(name, scalar(value), value);
    }
    if let Some(Yaml::List(items)) = one.node.get("environment").map(|node| &node.value) {
        for item in items {
            let text = item.as_str().unwrap_or_default();
            match text.split_once('=') {
                Some((name, value)) => put(name.trim(), Some(value.to_owned()), item),
                None if !text.is_empty() => put(text, None, item),
                None => {}
            }
        }
    }
    for one in &mut raw {
        if one.value.is_none() {
            one.value = context.values.get(&one.name).cloned();
        }
    }
    raw
}

/// Words of commands that change a database's schema.
const MIGRATIONS: [&str; 13] = [
    "migrate",
    "migration",
    "db:prepare",
    "db:setup",
    "db:deploy",
    "alembic",
    "flyway",
    "liquibase",
    "db push",
    "collectstatic",
    "goose",
    "upgrade head",
    "db upgrade",
];

/// A container that runs once, before others.
fn is_release(one: &Container<'_>, context: &Context<'_>) -> bool {
    let ends = keys::text(one.node, "restart")
        .is_none_or(|how| how == "no" || how.starts_with("on-failure"));
    let command = command(one.node, "command", context, &mut Notes::default());
    let is_migration = command.is_some_and(|command| {
        let text = command.text();
        // A line that goes on with the server itself is the server.
        !text.contains("&&")
            && !text.contains(';')
            && MIGRATIONS.iter().any(|word| text.contains(word))
    }) || one.name.contains("migrat");
    let has_ports = !items(one.node.get("ports")).is_empty();
    context.awaited.contains(one.name) || ends && is_migration && !has_ports
}

/// Gives commands that run once to the programs of the same image.
pub fn releases(all: &[Container<'_>], context: &Context<'_>, site: &mut Site, notes: &mut Notes) {
    use super::super::image::Role;
    let is_left = |one: &&Container<'_>| {
        one.role == Role::Program
            && is_release(one, context)
            && items(one.node.get("profiles")).is_empty()
    };
    for one in all.iter().filter(is_left) {
        let what = format!("services.{}", one.name);
        let image = image(one, context, &mut Notes::default());
        let command = command(one.node, "command", context, notes);
        let same = |program: &&mut Program| program.image == image;
        let mut programs: Vec<&mut Program> = site.programs.iter_mut().filter(same).collect();
        programs.sort_by_key(|program| !program.is_web);
        match (programs.into_iter().next(), command) {
            (Some(program), Some(command)) if program.release.is_none() => {
                program.release = Some(command)
            }
            (Some(program), Some(command)) => {
                let why = format!("{} has a release command already", program.name);
                notes.left(
                    one.at,
                    what,
                    &why,
                    &format!("run `{}` in it, too", command.text()),
                );
            }
            _ => {
                let why = "it runs once, in another image than the services";
                notes.left(
                    one.at,
                    what,
                    why,
                    "have `release` of a service run it, in that service's image",
                );
            }
        }
    }
}
