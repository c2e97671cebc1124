//! A program's variables: which are plain, which are secrets, and which say where its database or its cache is.
//!
//! No value of a secret is copied: the spec gets the name of a secret, and a note says how to create it.

use std::collections::BTreeMap;

use super::address::{host_of, is_address, part, url_of};
use super::command::Command;
use super::image;
use super::notes::Notes;
use super::site::{Image, Program, Site};
use crate::diagnostic::Location;
use crate::schema::{is_secret, passwords};

/// A variable as a tool has it.
pub struct Raw {
    /// Its name.
    pub name: String,
    /// Its value; `None` where it comes from somewhere else, such as the shell that starts the tool.
    pub value: Option<String>,
    /// Its value with nothing in place of what is not known, by which an address is recognized all the same.
    pub shape: Option<String>,
    /// Where.
    pub at: Location,
}

/// What another container is, to a program that has its name in a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Neighbour {
    /// The relational database.
    Database,
    /// The cache.
    Cache,
    /// A program of the application.
    Program,
    /// Something that is not in the spec.
    Left,
}

/// What the variables of all programs have around them.
#[derive(Default)]
pub struct Surroundings {
    /// The application's name, which the names of secrets begin with.
    pub app: String,
    /// Whether there is a database.
    pub has_database: bool,
    /// Whether there is a cache.
    pub has_cache: bool,
    /// The other containers, by the names under which programs reach them.
    pub neighbours: BTreeMap<String, Neighbour>,
    /// Passwords of the database there.
    pub passwords: Vec<String>,
    /// The values of secrets that have a name already, to tell whether two are the same.
    secrets: BTreeMap<String, Option<String>>,
}

/// Schemes of URLs of databases and caches.
const DATABASES: [&str; 7] = [
    "postgres",
    "postgresql",
    "postgis",
    "mysql",
    "mysql2",
    "mariadb",
    "pgsql",
];
const CACHES: [&str; 4] = ["redis", "rediss", "valkey", "memcached"];

/// How names of a database's variables begin, where none of them holds a host that is known.
const PREFIXES: [&str; 8] = [
    "DB_",
    "DATABASE_",
    "POSTGRES_",
    "POSTGRESQL_",
    "PG",
    "MYSQL_",
    "MARIADB_",
    "WORDPRESS_DB_",
];

impl Surroundings {
    /// What a site's programs have around them; `app` is its name.
    pub fn of(site: &Site, app: &str) -> Self {
        Self {
            app: app.to_owned(),
            has_database: site.database.is_some(),
            has_cache: site.cache.is_some(),
            neighbours: site.neighbours.clone(),
            passwords: site.passwords.clone(),
            secrets: BTreeMap::new(),
        }
    }

    /// Gives a program its variables.
    pub fn give(&mut self, program: &mut Program, raw: Vec<Raw>, notes: &mut Notes) {
        let mut prefixes: Vec<String> = Vec::new();
        for one in &raw {
            let host = one.value.as_deref().map(host_of).unwrap_or_default();
            if self.neighbours.get(host) == Some(&Neighbour::Database)
                && let Some((prefix, "DATABASE_HOST")) = part(&one.name)
            {
                prefixes.push(prefix.to_owned());
            }
        }
        if self.has_database {
            let begins = |prefix: &str| {
                let mut parts = raw.iter().filter_map(|one| part(&one.name));
                parts.any(|(have, _)| have == prefix)
            };
            let known = PREFIXES.iter().filter(|prefix| begins(prefix));
            prefixes.extend(known.map(|&prefix| prefix.to_owned()));
        }
        let mut wanted = Vec::new();
        for one in raw {
            let at = one.at.clone();
            if let Some(export) = self.one(program, one, &prefixes, notes) {
                wanted.push((at, export));
            }
        }
        if let (Image::Named(image), None, false) =
            (&program.image, &program.command, wanted.is_empty())
        {
            let known = image::command(image);
            let words = known.map(|words| words.iter().map(|&word| word.to_owned()).collect());
            program.command = words.map(Command::Words);
        }
        if let Some((at, _)) = wanted.first().filter(|_| program.command.is_none()) {
            let list: Vec<String> = (wanted.iter())
                .map(|(_, (name, value))| format!("{name}=\"{value}\""))
                .collect();
            let what = format!("{}: {}", program.name, names(&wanted));
            let why = "its containers get where the database and the cache are in variables of other names, and the image's \
                       own command is not known here";
            let instead = format!(
                "read DATABASE_URL and CACHE_URL in the program, or set `command: [sh, -c, 'export {}; exec PROGRAM']`",
                list.join(" ")
            );
            notes.left(at, what, why, &instead);
        } else {
            program
                .exports
                .extend(wanted.into_iter().map(|(_, export)| export));
        }
    }

    /// Gives a program one variable. One that holds what scalectl puts into another is returned with that one's name.
    fn one(
        &mut self,
        program: &mut Program,
        raw: Raw,
        prefixes: &[String],
        notes: &mut Notes,
    ) -> Option<(String, String)> {
        let Raw {
            name,
            value,
            shape,
            at,
        } = raw;
        let known = value.as_deref().or(shape.as_deref());
        if name == "PORT" {
            match value.as_deref().map(str::trim).map(str::parse) {
                Some(Ok(port)) if program.is_web && program.port.is_none() => {
                    program.port = Some(port)
                }
                _ => {}
            }
            return None;
        }
        if let Some(ours) = self.ours(&name, known, prefixes) {
            if !is_exportable(&name) {
                let what = format!("{}: {name}", program.name);
                let why = "it holds a part of where the database or the cache is, and no shell can set a variable of this name";
                notes.left(
                    &at,
                    what,
                    why,
                    "read DATABASE_URL and CACHE_URL in the program",
                );
                return None;
            }
            // What it has already.
            return (ours != format!("${name}")).then_some((name, ours));
        }
        let what = format!("{}: {name}", program.name);
        if [
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
        ]
        .contains(&&*name)
        {
            let why = "servers have a role, and AWS's libraries find it by themselves";
            notes.left(&at, what, why, "declare what the program uses in `resources` and list it in `uses`; the role may then use it");
            return None;
        }
        if is_hidden(&name) || value.as_deref().is_some_and(has_password) {
            self.secret(program, &name, value, &at, notes);
            return None;
        }
        let Some(value) = value else {
            let why = "its value is set outside of the files that were read";
            let instead =
                format!("write it: `env: {{{name}: VALUE}}`, or `secrets: {{{name}: SECRET}}`");
            notes.left(&at, what, why, &instead);
            return None;
        };
        match self
            .neighbours
            .get(host_of(&value))
            .filter(|_| is_address(&name, &value))
        {
            Some(Neighbour::Program) => {
                let why = "it is the address of another container, which services do not reach by its name";
                let instead = format!(
                    "give the other service `paths` or `hosts` of its own and write its public address: `env: {{{name}: \
                     https://...}}`"
                );
                notes.left(&at, what, why, &instead);
            }
            Some(Neighbour::Left) => {
                let why = "it is the address of something that was not carried over";
                notes.left(&at, what, why, "write the address of what takes its place");
            }
            Some(Neighbour::Cache) => {
                let why = "it is a part of where the cache is, for which there is no variable";
                let instead = "read CACHE_URL, CACHE_HOST and CACHE_PORT in the program";
                notes.left(&at, what, why, instead);
            }
            Some(Neighbour::Database) => {
                let why = "it is a part of where the database is, for which there is no variable";
                notes.left(
                    &at,
                    what,
                    why,
                    "read DATABASE_URL in the program, or the variables with its parts",
                );
            }
            None => {
                program.env.insert(name, value);
            }
        }
        None
    }

    /// What a variable holds, in the variables that every container has.
    fn ours(&self, name: &str, value: Option<&str>, prefixes: &[String]) -> Option<String> {
        let value = value.unwrap_or_default();
        let host = host_of(value);
        let neighbour = self.neighbours.get(host).copied();
        if let Some((scheme, _)) = value.split_once("://") {
            let plain = scheme.trim_start_matches("jdbc:");
            let plain = plain.split('+').next().unwrap_or(plain);
            if DATABASES.contains(&plain)
                && (neighbour == Some(Neighbour::Database)
                    || name == "DATABASE_URL" && self.has_database && neighbour.is_some())
            {
                return self.has_database.then(|| url_of(scheme, value));
            }
            if CACHES.contains(&scheme)
                && (neighbour == Some(Neighbour::Cache) || name == "REDIS_URL")
            {
                return self.has_cache.then(|| "$CACHE_URL".to_owned());
            }
            return None;
        }
        if (self.has_database && name == "DATABASE_URL") || (self.has_cache && name == "CACHE_URL")
        {
            return Some(format!("${name}"));
        }
        if self.has_cache && name == "REDIS_URL" {
            return Some("$CACHE_URL".to_owned());
        }
        let has_port = value
            .strip_prefix(host)
            .is_some_and(|rest| rest.starts_with(':'));
        let with_port = |of: &str| {
            let port = if has_port {
                format!(":${of}_PORT")
            } else {
                String::new()
            };
            format!("${of}_HOST{port}")
        };
        // A user or a database may be called like the container.
        let is_other =
            !value.contains(':') && part(name).is_some_and(|(_, ours)| ours != "DATABASE_HOST");
        match neighbour.filter(|_| !is_other) {
            Some(Neighbour::Database) => return Some(with_port("DATABASE")),
            Some(Neighbour::Cache) => return Some(with_port("CACHE")),
            _ => {}
        }
        if self.has_cache && name == "REDIS_PORT" {
            return Some("$CACHE_PORT".to_owned());
        }
        if !self.has_database {
            return None;
        }
        let is_part = |prefix: &str| prefixes.iter().any(|one| one == prefix);
        if let Some((_, ours)) = part(name).filter(|(prefix, _)| is_part(prefix)) {
            return Some(format!("${ours}"));
        }
        // A short value says nothing by itself.
        let is_password = self
            .passwords
            .iter()
            .any(|one| one.len() > 5 && one == value);
        is_password.then(|| "$DATABASE_PASSWORD".to_owned())
    }

    /// Gives a program a secret.
    pub fn secret(
        &mut self,
        program: &mut Program,
        name: &str,
        value: Option<String>,
        at: &Location,
        notes: &mut Notes,
    ) {
        let plain: String = (name.to_ascii_lowercase().chars())
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .collect();
        let short = format!("{}/{plain}", self.app);
        // One name for one value: a variable of the same name may hold something else in another program.
        let is_other = |have: &Option<String>| have.is_some() && value.is_some() && *have != value;
        let secret = match self.secrets.get(&short) {
            Some(have) if is_other(have) => format!("{}/{}/{plain}", self.app, program.name),
            _ => short,
        };
        if self.secrets.insert(secret.clone(), value).is_none() {
            let why = "its value is not copied, because everybody who reads the spec would know it";
            let instead = format!("`scalectl secrets set {secret}` asks for the value");
            notes.check(at, format!("{}: {name}", program.name), why, &instead);
        }
        program.secrets.insert(name.to_owned(), secret);
    }
}

/// Whether a shell can set a variable of this name; any other would end the command, or be one itself.
fn is_exportable(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The names of variables, as a list.
fn names(wanted: &[(Location, (String, String))]) -> String {
    let names: Vec<&str> = wanted.iter().map(|(_, (name, _))| name.as_str()).collect();
    names.join(", ")
}

fn has_password(value: &str) -> bool {
    passwords(value).next().is_some()
}

/// Whether a variable's name is one of a secret.
pub fn is_hidden(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let parts: Vec<&str> = upper.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let has = |words: &[&str]| parts.iter().any(|part| words.contains(part));
    // A key that everybody may know, and words that are about secrets and hold none.
    let is_public = has(&[
        "PUBLIC",
        "PUBLISHABLE",
        "ID",
        "FILE",
        "PATH",
        "TTL",
        "EXPIRY",
        "LENGTH",
        "URL",
        "NAME",
        "TIMEOUT",
    ]);
    let says = [
        "PASSWORD",
        "PASSWD",
        "PASS",
        "SECRET",
        "TOKEN",
        "KEY",
        "CREDENTIALS",
        "PASSPHRASE",
        "SALT",
        "PWD",
    ];
    !is_public && (is_secret(name) || has(&says)) || has(&["DSN"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::notes::{Fate, Note};

    fn place(line: u32) -> Location {
        Location {
            file: "compose.yml".into(),
            line,
            column: 1,
        }
    }

    fn given(values: &[(&str, &str)], command: Option<&str>) -> (Program, Vec<Note>) {
        let mut around = Surroundings {
            app: "shop".into(),
            has_database: true,
            has_cache: true,
            neighbours: [
                ("db".to_owned(), Neighbour::Database),
                ("redis".to_owned(), Neighbour::Cache),
                ("api".to_owned(), Neighbour::Program),
                ("rabbit".to_owned(), Neighbour::Left),
            ]
            .into(),
            ..Surroundings::default()
        };
        let raw = values.iter().zip(1..).map(|((name, value), line)| Raw {
            name: (*name).into(),
            value: (*value != "-").then(|| (*value).into()),
            shape: None,
            at: place(line),
        });
        let mut program = Program::new("web", place(1));
        program.command = command.map(Command::split);
        let mut notes = Notes::default();
        around.give(&mut program, raw.collect(), &mut notes);
        (program, notes.sorted())
    }

    #[test]
    fn where_the_database_is_comes_from_the_variables_that_every_container_has() {
        let (program, notes) = given(
            &[
                ("DATABASE_URL", "postgres://app:hunter2@db:5432/app"),
                ("SHOP_DB_HOST", "db"),
                ("SHOP_DB_USER", "app"),
                ("SHOP_DB_PASSWORD", "hunter2"),
                ("SHOP_DB_NAME", "app"),
                ("REDIS_URL", "redis://redis:6379/0"),
                ("CACHE_AT", "redis:6379"),
                ("database__connection__host", "db"),
                ("database__connection__user", "root"),
                ("JDBC", "jdbc:postgresql://db:5432/app?useSSL=false"),
                ("ASYNC", "postgresql+asyncpg://app:hunter2@db/app?a=1"),
                ("USER_AGENT_NAME", "shop"),
            ],
            Some("./serve"),
        );
        assert!(notes.is_empty(), "{notes:#?}");
        let exports: Vec<(&str, &str)> = (program.exports.iter())
            .map(|(name, value)| (&**name, &**value))
            .collect();
        assert_eq!(
            exports,
            [
                (
                    "ASYNC",
                    "postgresql+asyncpg://$DATABASE_USER:$DATABASE_PASSWORD@$DATABASE_HOST:$DATABASE_PORT/$DATABASE_NAME?a=1"
                ),
                ("CACHE_AT", "$CACHE_HOST:$CACHE_PORT"),
                (
                    "JDBC",
                    "jdbc:postgresql://$DATABASE_HOST:$DATABASE_PORT/$DATABASE_NAME"
                ),
                ("REDIS_URL", "$CACHE_URL"),
                ("SHOP_DB_HOST", "$DATABASE_HOST"),
                ("SHOP_DB_NAME", "$DATABASE_NAME"),
                ("SHOP_DB_PASSWORD", "$DATABASE_PASSWORD"),
                ("SHOP_DB_USER", "$DATABASE_USER"),
                ("database__connection__host", "$DATABASE_HOST"),
                ("database__connection__user", "$DATABASE_USER"),
            ]
        );
        assert_eq!(program.env.keys().collect::<Vec<_>>(), ["USER_AGENT_NAME"]);
    }

    #[test]
    fn no_name_and_no_value_of_a_file_is_a_command_of_the_shell() {
        let (program, notes) = given(
            &[
                ("A; touch /tmp/x #_HOST", "db"),
                ("spring.datasource.host", "db"),
                ("URL", "mysql+$(id)://db/x?a=`id`"),
            ],
            Some("./serve"),
        );
        let words = program.command.unwrap().words(&program.exports);
        assert!(
            !words[2].contains("touch") && !words[2].contains(['(', '`']),
            "{words:?}"
        );
        assert_eq!(program.exports.keys().collect::<Vec<_>>(), ["URL"]);
        assert_eq!(notes.len(), 2, "{notes:#?}");
    }

    #[test]
    fn without_a_command_the_variables_are_listed_with_one_that_sets_them() {
        let (program, notes) = given(&[("DB_HOST", "db"), ("DB_USER", "app")], None);
        assert!(program.exports.is_empty());
        let [note] = &*notes else {
            panic!("{notes:#?}")
        };
        assert_eq!(note.fate, Fate::Left);
        assert!(
            note.instead
                .contains("DB_HOST=\"$DATABASE_HOST\" DB_USER=\"$DATABASE_USER\""),
            "{note:?}"
        );
    }

    #[test]
    fn no_secret_is_copied() {
        let (program, notes) = given(
            &[
                ("SECRET_KEY_BASE", "hunter2"),
                ("SENTRY_DSN", "https://hunter2@sentry.io/1"),
                ("UPSTREAM", "https://user:hunter2@api.example.com"),
                ("STRIPE_KEY", "-"),
                ("VAPID_PUBLIC_KEY", "abc"),
                ("TOKEN_TTL", "60"),
            ],
            None,
        );
        let secrets: Vec<&str> = program.secrets.values().map(|name| &**name).collect();
        assert_eq!(
            secrets,
            [
                "shop/secret-key-base",
                "shop/sentry-dsn",
                "shop/stripe-key",
                "shop/upstream"
            ]
        );
        assert_eq!(program.env.len(), 2);
        let all = format!("{notes:?} {:?}", program.env);
        assert!(!all.contains("hunter2"), "{all}");
        assert!(all.contains("secrets set shop/stripe-key"), "{all}");
    }

    #[test]
    fn an_address_of_a_container_that_nobody_reaches_is_left_out() {
        let (program, notes) = given(
            &[
                ("API", "http://api:3000/v1"),
                ("BROKER", "amqp://rabbit:5672"),
                ("FROM_SHELL", "-"),
            ],
            None,
        );
        assert!(program.env.is_empty());
        let whys: Vec<&str> = notes.iter().map(|note| &*note.why).collect();
        assert!(whys[0].contains("another container"), "{whys:?}");
        assert!(whys[1].contains("not carried over"), "{whys:?}");
        assert!(whys[2].contains("outside of the files"), "{whys:?}");
    }
}
