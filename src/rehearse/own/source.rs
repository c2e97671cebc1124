//! Loads the user's files into the source, with the database's own client and the application's login.

use std::path::Path;

use super::super::process::run;
use super::super::server::Server;
use super::super::{Error, Options};
use super::file::SqlFile;
use crate::spec::Dialect;

/// How much of a statement an error shows.
const STATEMENT: usize = 400;

/// Creates the roles or definers that files name, and gives back what a person should know about it.
pub fn prepare(server: &Server, options: &Options, files: &[&SqlFile]) -> Result<(), Error> {
    let user = &server.login.user;
    let mut statements = String::new();
    match options.engine {
        Dialect::Postgres => {
            for role in files.iter().flat_map(|file| &file.roles) {
                let (name, word) = (role.replace('"', "\"\""), role.replace('\'', "''"));
                // Missing ones only; the login can then give objects to them.
                statements.push_str(&format!(
                    "SELECT format('CREATE ROLE %I', '{word}') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{word}') \\gexec\n\
                     GRANT \"{name}\" TO \"{user}\";\n"
                ));
                if role == user {
                    statements.clear();
                }
            }
            if server.login.administers {
                // RDS lets its master user load what needs a superuser elsewhere, extensions above all.
                statements.push_str(&format!("ALTER ROLE \"{user}\" SUPERUSER;\n"));
            }
        }
        Dialect::Mysql => {
            for (name, host) in definers(files) {
                statements.push_str(&format!(
                    "CREATE USER IF NOT EXISTS `{name}`@`{host}`;\nGRANT ALL ON `{}`.* TO `{name}`@`{host}`;\n",
                    server.database()
                ));
            }
            statements.push_str(&format!(
                "SET GLOBAL log_bin_trust_function_creators = ON;\nGRANT SET USER ON *.* TO `{user}`@'%';\n"
            ));
        }
    }
    server.query(&statements).map(|_| ())
}

/// Takes back what was only for loading.
pub fn finish(server: &Server, options: &Options) -> Result<(), Error> {
    let user = &server.login.user;
    let statement = match options.engine {
        Dialect::Postgres if server.login.administers => {
            format!("ALTER ROLE \"{user}\" NOSUPERUSER;")
        }
        Dialect::Postgres => return Ok(()),
        Dialect::Mysql => format!("REVOKE SET USER ON *.* FROM `{user}`@'%';"),
    };
    server.query(&statement).map(|_| ())
}

/// The definers of MySQL files, but root, who is there.
fn definers<'a>(files: &'a [&SqlFile]) -> impl Iterator<Item = (&'a str, &'a str)> {
    let all = files.iter().flat_map(|file| &file.roles);
    all.filter_map(|name| name.rsplit_once('@'))
        .filter(|(user, _)| *user != "root")
}

/// Loads a file.
///
/// # Errors
/// Names the file, the line and the statement that failed.
pub fn load(
    server: &Server,
    options: &Options,
    file: &SqlFile,
    folder: &Path,
) -> Result<(), Error> {
    let mut client = server.owner_client()?;
    let result = match options.engine {
        Dialect::Postgres => {
            let path = folder.join("load.sql");
            std::fs::write(&path, &file.text)
                .map_err(|error| Error::io("written", &path, &error))?;
            client
                .args(["-b", "-f"])
                .arg(&path)
                .env("PGCLIENTENCODING", "UTF8");
            let result = run("psql", &mut client, "");
            let _ = std::fs::remove_file(&path);
            result.map_err(|error| postgres_error(&error.what, &path, file))
        }
        Dialect::Mysql => {
            run("mariadb", &mut client, &file.text).map_err(|error| mysql_error(&error.what, file))
        }
    };
    result.map(|_| ())
}

/// psql's error with the user's file: `psql:/tmp/load.sql:12: ERROR: ...`.
fn postgres_error(text: &str, path: &Path, file: &SqlFile) -> Error {
    let shown = file.path.display().to_string();
    let prefix = format!("psql:{}:", path.display());
    let lines: Vec<&str> = text
        .lines()
        .skip_while(|line| !(line.contains(&prefix) && line.contains("ERROR:")))
        .collect();
    let lines = if lines.is_empty() {
        text.lines().collect()
    } else {
        lines
    };
    let words = lines.join("\n").replace(&prefix, &format!("{shown}:"));
    let words = words.strip_prefix("psql: ").unwrap_or(&words);
    Error {
        what: shortened(words),
        help: help(words, &file.text),
    }
}

/// MySQL's client says `ERROR 1064 (42000) at line 12: ...`.
fn mysql_error(text: &str, file: &SqlFile) -> Error {
    let shown = file.path.display();
    let line = text
        .split_once(" at line ")
        .and_then(|(_, rest)| rest.split(':').next()?.parse::<usize>().ok());
    let words = text.strip_prefix("mariadb: ").unwrap_or(text);
    let what = match line {
        Some(line) => {
            let rest: Vec<&str> = file.text.lines().skip(line.saturating_sub(1)).collect();
            let end = rest.iter().position(|line| line.trim_end().ends_with(';'));
            let statement = rest
                .get(..=end.unwrap_or(rest.len().saturating_sub(1)))
                .unwrap_or_default();
            format!(
                "{shown}:{line}: {words}\nSTATEMENT:  {}",
                statement.join("\n")
            )
        }
        None => format!("{shown}: {words}"),
    };
    Error {
        what: shortened(&what),
        help: help(words, &file.text),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(STATEMENT + 200) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// What fixes an error, where that is known.
fn help(words: &str, text: &str) -> Option<String> {
    let is = |part: &str| words.contains(part);
    if is("is not available") && is("extension") || is("could not open extension control file") {
        return Some(
            "install the extension's package for this PostgreSQL, or leave the extension out of the file"
                .to_owned(),
        );
    }
    if text.contains("ENGINE=InnoDB") && is("ERROR:") {
        return Some("this looks like a MySQL dump; try `--engine mysql`".to_owned());
    }
    if text.contains("PostgreSQL database dump") && is("ERROR 1") {
        return Some("this looks like a PostgreSQL dump; try `--engine postgres`".to_owned());
    }
    if is("permission denied") || is("Access denied") {
        return Some(
            "the file is loaded with the application's login, which owns its database and nothing else"
                .to_owned(),
        );
    }
    None
}
