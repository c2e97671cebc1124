//! A Compose file: <https://github.com/compose-spec/compose-spec/blob/main/spec.md>.
//!
//! Containers of databases and caches become sections of the spec, proxies go, and the others become services: of type
//! `web` where a port of theirs is published, or a proxy led to them, otherwise workers.

mod health;
mod interpolate;
mod lost;
mod ports;
mod service;

pub use self::ports::routes;

use std::collections::{BTreeMap, BTreeSet};

use self::interpolate::{Expanded, expand};
use super::image::{self, Role};
use super::keys::{self, Lost, entries, items, rest, scalar};
use super::notes::Notes;
use super::site::Site;
use super::variables::{Neighbour, Raw};
use crate::diagnostic::{Diagnostic, Location};
use crate::spec::Stage;
use crate::value::Value;
use crate::yaml::{Node, Yaml};

const KNOWN: [&str; 2] = ["services", "name"];

const LOST: [Lost; 8] = [
    ("version", None),
    ("networks", None),
    ("volumes", None),
    ("secrets", None),
    ("configs", None),
    ("models", Some(("models are not supported", ""))),
    ("include", Some(("other files are not read", MERGED))),
    ("extends", Some(("other files are not read", MERGED))),
];

const MERGED: &str = "convert one file with everything in it: `docker compose config --no-interpolate > all.yml`, then `--from all.yml`";

/// The files beside a Compose file, by their paths from its folder.
pub type Beside = BTreeMap<String, String>;

/// One container of the file.
struct Container<'a> {
    name: &'a str,
    at: &'a Location,
    node: &'a Node,
    role: Role,
}

/// Reads a Compose file.
///
/// # Errors
/// Where it has no services.
pub fn read(root: &Node, beside: &Beside, notes: &mut Notes) -> Result<Site, Vec<Diagnostic>> {
    let mut site = Site::new(Stage::SingleServer, root.location.clone());
    site.app = keys::text(root, "name").filter(|name| !name.contains('$'));
    let values = beside
        .get(".env")
        .map(|text| env_file(text))
        .unwrap_or_default();
    let values: BTreeMap<String, String> = (values.into_iter())
        .filter_map(|(name, value, _)| Some((name, value?)))
        .collect();
    let containers: Vec<Container<'_>> = entries(root.get("services"))
        .into_iter()
        .map(|(name, at, node)| Container {
            name,
            at,
            node,
            role: role(name, node, &values),
        })
        .collect();
    if containers.is_empty() {
        return Err(vec![
            Diagnostic::error(root.location.clone(), "the file has no services")
                .help("this is not a Compose file; name the file to convert with `--from FILE`"),
        ]);
    }
    let mut context = Context {
        values,
        beside,
        proxied: proxied(&containers),
        has_proxy: false,
        awaited: awaited(&containers),
        builds: containers
            .iter()
            .filter_map(|one| Some((one.name, one.node.get("build")?.to_value())))
            .collect(),
    };
    context.has_proxy = containers.iter().any(|one| is_proxy(one, &containers));
    let published = |one: &Container<'_>| !items(one.node.get("ports")).is_empty();
    let nobody_publishes = !containers
        .iter()
        .any(|one| one.role == Role::Program && published(one));
    for one in &containers {
        let neighbour = placed(
            one,
            &containers,
            &context,
            nobody_publishes,
            &mut site,
            notes,
        );
        site.neighbours.insert(one.name.to_owned(), neighbour);
        for alias in items(one.node.get("container_name"))
            .into_iter()
            .filter_map(scalar)
        {
            site.neighbours.insert(alias, neighbour);
        }
    }
    service::releases(&containers, &context, &mut site, notes);
    rest(root, "", &KNOWN, &LOST, notes);
    Ok(site)
}

/// Gives a container its place in the site, and says what it is to the others.
fn placed(
    one: &Container<'_>,
    all: &[Container<'_>],
    context: &Context<'_>,
    nobody_publishes: bool,
    site: &mut Site,
    notes: &mut Notes,
) -> Neighbour {
    let what = format!("services.{}", one.name);
    if !items(one.node.get("profiles")).is_empty() {
        let why = "it has a profile, so that it does not run by default";
        notes.left(
            one.at,
            what,
            why,
            "convert the file without `profiles` of this service to have it",
        );
        Neighbour::Left
    } else if is_proxy(one, all) {
        let why = "scalectl's own proxy or load balancer leads requests to the services, and has the certificates";
        let instead = "routes and headers of its configuration are not read: write `paths` and `hosts` of the services";
        notes.left(one.at, what, why, instead);
        Neighbour::Left
    } else {
        match &one.role {
            Role::Database(_) => database(one, context, site, notes),
            Role::Cache(found) => {
                let mut neighbour = Neighbour::Cache;
                match &site.cache {
                    None => site.cache = Some(found.clone()),
                    Some(have) if have.engine == found.engine => {
                        let why = "a spec has one cache; both programs get this one";
                        notes.check(one.at, what, why, "give their keys different prefixes");
                    }
                    Some(_) => {
                        neighbour = Neighbour::Left;
                        notes.left(
                            one.at,
                            what,
                            "a spec has one cache",
                            "use one engine for both",
                        );
                    }
                }
                neighbour
            }
            Role::Other(title, instead) => {
                notes.left(one.at, what, &format!("it is {title}"), instead);
                Neighbour::Left
            }
            Role::Proxy | Role::WebServer | Role::Program => {
                let program = service::read(one, context, nobody_publishes, site, notes);
                match program {
                    Some(program) => {
                        site.programs.push(program);
                        Neighbour::Program
                    }
                    None => Neighbour::Left,
                }
            }
        }
    }
}

/// What a container is by its image; by its own name, where the image is built from the sources.
fn role(name: &str, node: &Node, values: &BTreeMap<String, String>) -> Role {
    let of_image = keys::text(node, "image").map_or(Role::Program, |image| {
        image::role(&expand(&image, values).text)
    });
    match of_image {
        Role::Program if node.get("build").is_some() => match image::role(name) {
            // What is called nginx and built here holds the site's own files.
            Role::WebServer => Role::Program,
            other => other,
        },
        other => other,
    }
}

/// The files of variables that a Compose file names, by their paths from its folder.
pub fn env_files(root: &Node) -> Vec<String> {
    let services = entries(root.get("services"));
    let named = services
        .iter()
        .flat_map(|(_, _, node)| items(node.get("env_file")));
    let paths = named.filter_map(|item| scalar(item).or_else(|| keys::text(item, "path")));
    let paths = paths.map(|path| path.trim_start_matches("./").to_owned());
    paths.chain([".env".to_owned()]).collect()
}

/// What all containers of a file have in common.
struct Context<'a> {
    /// The variables that the file is filled in with.
    values: BTreeMap<String, String>,
    beside: &'a Beside,
    /// Containers that a proxy waits for.
    proxied: BTreeSet<&'a str>,
    has_proxy: bool,
    /// Containers whose end others wait for.
    awaited: BTreeSet<&'a str>,
    /// What images are built from, by the names of containers.
    builds: Vec<(&'a str, Value)>,
}

impl Context<'_> {
    /// The name of an image that is built: that of the first container with the same sources.
    fn built(&self, one: &Container<'_>) -> String {
        let sources = one.node.get("build").map(Node::to_value);
        let same = self
            .builds
            .iter()
            .find(|(_, build)| Some(build) == sources.as_ref());
        same.map_or(one.name, |(name, _)| name).to_owned()
    }

    /// A text with the file's variables filled in.
    fn expand(&self, text: &str) -> Expanded {
        expand(text, &self.values)
    }
}

/// A proxy: a product that is nothing else, or a web server with a configuration of its own before other programs.
fn is_proxy(one: &Container<'_>, all: &[Container<'_>]) -> bool {
    match one.role {
        Role::Proxy => true,
        Role::WebServer => {
            let is_configured = items(one.node.get("volumes"))
                .into_iter()
                .chain(items(one.node.get("configs")))
                .filter_map(|volume| scalar(volume).or_else(|| keys::text(volume, "source")))
                .any(|text| {
                    text.contains("conf")
                        || text.contains("Caddyfile")
                        || text.contains("templates")
                });
            is_configured && all.iter().any(|other| other.role == Role::Program)
        }
        _ => false,
    }
}

/// The containers that a container waits for.
fn depends_on(node: &Node) -> Vec<(&str, &Node)> {
    match node.get("depends_on").map(|node| &node.value) {
        Some(Yaml::List(names)) => names
            .iter()
            .filter_map(|name| Some((name.as_str()?, name)))
            .collect(),
        Some(Yaml::Map(entries)) => entries
            .iter()
            .map(|(name, how)| (&*name.text, how))
            .collect(),
        _ => Vec::new(),
    }
}

fn proxied<'a>(all: &[Container<'a>]) -> BTreeSet<&'a str> {
    let proxies = all.iter().filter(|one| is_proxy(one, all));
    proxies
        .flat_map(|one| depends_on(one.node))
        .map(|(name, _)| name)
        .collect()
}

fn awaited<'a>(all: &[Container<'a>]) -> BTreeSet<&'a str> {
    all.iter()
        .flat_map(|one| depends_on(one.node))
        .filter(|(_, how)| {
            keys::text(how, "condition").as_deref() == Some("service_completed_successfully")
        })
        .map(|(name, _)| name)
        .collect()
}

/// A database's container as the spec's database.
fn database(
    one: &Container<'_>,
    context: &Context<'_>,
    site: &mut Site,
    notes: &mut Notes,
) -> Neighbour {
    let what = format!("services.{}", one.name);
    let Role::Database(found) = &one.role else {
        return Neighbour::Left;
    };
    if site.database.is_some() {
        let why = "a spec has one relational database";
        notes.left(
            one.at,
            what,
            why,
            "put both into one database, or run a spec of its own",
        );
        return Neighbour::Left;
    }
    let mut found = found.clone();
    let mut scratch = Notes::default();
    for raw in service::variables(one, context, &mut scratch) {
        let value = raw.value.unwrap_or_default();
        match &*raw.name {
            "POSTGRES_DB" | "MYSQL_DATABASE" | "MARIADB_DATABASE" => found.name = Some(value),
            "POSTGRES_PASSWORD" | "MYSQL_PASSWORD" | "MARIADB_PASSWORD" | "MYSQL_ROOT_PASSWORD" => {
                site.passwords.push(value);
            }
            _ => {}
        }
    }
    found.name = found.name.filter(|name| {
        name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.len() < 64
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    });
    site.database = Some(found);
    let why = "its rows are not copied: the site begins with an empty database";
    notes.check(
        one.at,
        what.clone(),
        why,
        "restore a dump through `scalectl tunnel database`",
    );
    for volume in items(one.node.get("volumes")) {
        let text = scalar(volume).unwrap_or_default();
        if text.contains("initdb.d") {
            let why = "scripts that fill a new database are not run";
            notes.left(
                &volume.location,
                format!("{what}.volumes"),
                why,
                "run them as `release` of a service, or through `scalectl tunnel database`",
            );
        }
    }
    if let Some(command) = one.node.get("command") {
        let why = "the server's options are RDS's parameters, which scalectl sets for the instance's size";
        notes.left(&command.location, format!("{what}.command"), why, "");
    }
    Neighbour::Database
}

/// The lines of an environment file: names, values and line numbers.
fn env_file(text: &str) -> Vec<(String, Option<String>, u32)> {
    let mut found = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let line = line.trim().trim_start_matches('\u{feff}');
        let line = line.strip_prefix("export ").unwrap_or(line);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) = match line.split_once('=') {
            Some((name, value)) => (name, Some(value.trim())),
            None => (line, None),
        };
        let value = value.map(|value| {
            let quoted = ['"', '\''].into_iter().find_map(|quote| {
                let inner = value.strip_prefix(quote)?;
                inner.find(quote).map(|end| inner[..end].to_owned())
            });
            quoted.unwrap_or_else(|| match value.find(" #") {
                Some(comment) => value[..comment].trim_end().to_owned(),
                None => value.to_owned(),
            })
        });
        found.push((name.trim().to_owned(), value, number));
    }
    found
}

/// The variables of an environment file, with the file's name in their places.
fn raw_of_file(file: &str, text: &str) -> Vec<Raw> {
    let one = |(name, value, line): (String, Option<String>, u32)| Raw {
        name,
        shape: None,
        value,
        at: Location {
            file: file.into(),
            line,
            column: 1,
        },
    };
    env_file(text).into_iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::env_file;

    #[test]
    fn a_file_of_variables_is_read_as_compose_reads_it() {
        let text = "# a\nA=1\nexport B = \"x # y\"\nC='$z'\nD=v # w\nE\nF=\n";
        let found: Vec<(String, Option<String>)> = env_file(text)
            .into_iter()
            .map(|(name, value, _)| (name, value))
            .collect();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            found,
            [
                ("A".into(), some("1")),
                ("B".into(), some("x # y")),
                ("C".into(), some("$z")),
                ("D".into(), some("v")),
                ("E".into(), None),
                ("F".into(), some("")),
            ]
        );
    }
}
