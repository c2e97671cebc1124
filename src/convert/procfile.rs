//! A Procfile, with the `app.json` beside it: <https://devcenter.heroku.com/articles/procfile>,
//! <https://devcenter.heroku.com/articles/app-json-schema>.

use super::command::Command;
use super::keys::{self, Lost, entries, items, rest, scalar};
use super::notes::Notes;
use super::site::{Cache, Database, Image, Program, Site};
use super::variables::Raw;
use crate::diagnostic::{Diagnostic, Location};
use crate::spec::{Engine, Stage};
use crate::yaml::{self, Node, Yaml};

/// Keys of `app.json` that a spec has no place for.
const LOST: [Lost; 12] = [
    ("$schema", None),
    ("description", None),
    ("keywords", None),
    ("logo", None),
    ("repository", None),
    ("website", None),
    ("success_url", None),
    ("stack", None),
    (
        "buildpacks",
        Some((
            "images are built outside of scalectl",
            "`pack build` makes an image with the same buildpacks",
        )),
    ),
    (
        "scripts",
        Some((
            "scalectl runs no script of app.json",
            "a command before a new version serves is `release` of a service",
        )),
    ),
    (
        "environments",
        Some((
            "these are Heroku's test and review apps",
            "an environment of a spec is in `environments`",
        )),
    ),
    ("image", None),
];

const KNOWN: [&str; 4] = ["name", "env", "addons", "formation"];

/// Reads a Procfile; `app_json` is the name and the text of the file beside it.
///
/// # Errors
/// Where `app.json` is no JSON, or the Procfile has no process.
pub fn read(
    file: &str,
    text: &str,
    app_json: Option<(&str, &str)>,
    notes: &mut Notes,
) -> Result<Site, Vec<Diagnostic>> {
    let place = |line: usize| Location {
        file: file.into(),
        line: u32::try_from(line).unwrap_or(u32::MAX),
        column: 1,
    };
    let mut site = Site::new(Stage::SingleServer, place(1));
    let mut release = None;
    for (line, number) in text.lines().zip(1..) {
        let line = line.trim().trim_start_matches('\u{feff}');
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let is_name = |name: &str| {
            !name.is_empty()
                && name
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
        };
        let Some((name, command)) = line
            .split_once(':')
            .filter(|(name, _)| is_name(name.trim()))
        else {
            notes.left(&place(number), "a line", "it is not NAME: COMMAND", "");
            continue;
        };
        let (name, command) = (name.trim(), command.trim());
        if command.is_empty() {
            notes.left(&place(number), name, "it has no command", "");
            continue;
        }
        let command = Command::Shell(command.to_owned());
        if name == "release" {
            release = Some(command);
            continue;
        }
        let mut program = Program::new(name, place(number));
        program.is_web = name == "web";
        // All processes run in one image.
        program.image = Image::Built(String::new());
        program.command = Some(command);
        if program.is_web {
            // It is told its port.
            program.port = Some(8080);
        }
        if ["clock", "scheduler", "beat", "cron"].contains(&name) {
            program.scale = Some((1, 1));
        }
        site.programs.push(program);
    }
    if site.programs.is_empty() {
        return Err(vec![
            Diagnostic::error(place(1), "the Procfile has no process")
                .help("write it like `web: bundle exec puma -p $PORT`"),
        ]);
    }
    match site.programs.iter_mut().find(|program| program.is_web) {
        Some(web) => web.release = release,
        None => site.programs[0].release = release,
    }
    match app_json {
        Some((file, text)) => {
            let root = yaml::parse(file, text).map_err(|error| vec![error])?;
            beside(&root, &mut site, notes);
        }
        None => notes.check(
            &place(1),
            "add-ons",
            "a Procfile names neither a database nor a cache, nor variables",
            "add them: `database: {engine: postgres}`, `cache: {engine: valkey}`, and `env` and `secrets` of the services",
        ),
    }
    Ok(site)
}

/// What `app.json` says.
fn beside(root: &Node, site: &mut Site, notes: &mut Notes) {
    site.app = keys::text(root, "name");
    for (name, at, value) in entries(root.get("env")) {
        let plain = match &value.value {
            Yaml::Map(_) => {
                let is_generated = keys::text(value, "generator").as_deref() == Some("secret");
                keys::text(value, "value").filter(|_| !is_generated)
            }
            _ => scalar(value),
        };
        for program in &mut site.programs {
            program.raw.push(Raw {
                name: name.to_owned(),
                shape: None,
                value: plain.clone(),
                at: at.clone(),
            });
        }
    }
    for addon in items(root.get("addons")) {
        let plan = scalar(addon)
            .or_else(|| keys::text(addon, "plan"))
            .unwrap_or_default();
        let (service, _) = plan.split_once(':').unwrap_or((&plan, ""));
        let version = addon
            .get("options")
            .and_then(|options| keys::text(options, "version"));
        match service {
            "heroku-postgresql" | "crunchy-postgres" => {
                site.database = Some(database(Engine::Postgres, version))
            }
            "jawsdb" | "cleardb" => site.database = Some(database(Engine::Mysql, None)),
            "jawsdb-maria" => site.database = Some(database(Engine::Mariadb, None)),
            "heroku-redis" | "rediscloud" | "redistogo" | "openredis" | "upstash-redis" => {
                site.cache = Some(Cache { engine: "valkey" });
                own_name(site, &addon.location);
            }
            "memcachier" | "memcachedcloud" => {
                site.cache = Some(Cache {
                    engine: "memcached",
                });
                let why = "its variables are MEMCACHIER_SERVERS and the like, and it had a login";
                notes.check(
                    &addon.location,
                    format!("addons: {service}"),
                    why,
                    "read CACHE_NODES in the program",
                );
            }
            "scheduler" => notes.left(
                &addon.location,
                "addons: scheduler",
                "jobs by a timetable are not supported yet",
                "a worker that waits for its time does the same",
            ),
            other => notes.left(
                &addon.location,
                format!("addons: {other}"),
                "the add-on is a service of its own",
                "keep it, with its URL as a secret, or declare an AWS resource in `resources`",
            ),
        }
    }
    for (name, at, value) in entries(root.get("formation")) {
        let Some(program) = site
            .programs
            .iter_mut()
            .find(|program| &*program.name == name)
        else {
            notes.left(
                at,
                format!("formation.{name}"),
                "the Procfile has no such process",
                "",
            );
            continue;
        };
        if let Some(quantity) =
            keys::number::<u16>(value, "quantity").filter(|quantity| *quantity > 0)
        {
            program.scale = Some((quantity, quantity));
        }
        program.size = keys::text(value, "size").and_then(|size| dyno(&size));
    }
    rest(root, "", &KNOWN, &LOST, notes);
}

fn database(engine: Engine, version: Option<String>) -> Database {
    Database {
        engine,
        version,
        name: None,
        storage: None,
    }
}

/// Programs read the cache's address in the variable that the add-on sets.
fn own_name(site: &mut Site, at: &Location) {
    for program in &mut site.programs {
        program.raw.push(Raw {
            name: "REDIS_URL".to_owned(),
            shape: None,
            value: None,
            at: at.clone(),
        });
    }
}

/// CPUs in thousandths and MiB of a dyno (<https://devcenter.heroku.com/articles/dyno-types>).
fn dyno(size: &str) -> Option<(u32, u32)> {
    match size.to_ascii_lowercase().as_str() {
        "eco" | "basic" | "standard-1x" | "hobby" | "free" => Some((1000, 512)),
        "standard-2x" => Some((1000, 1024)),
        "performance-m" => Some((2000, 2560)),
        "performance-l" => Some((8000, 14_336)),
        _ => None,
    }
}
