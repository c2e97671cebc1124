//! Actions: the scripts under `templates/actions/`, as one text that a server can run.
//!
//! Owns how a script is put together and given its parameters; when it runs is the steps' business,
//! and where it runs the provider's. What an action begins with is said in `templates/actions/lib.sh`.

use crate::blueprint::Library;

/// The actions of the migration of a database, in their order.
pub const DATABASE: [&str; 7] = [
    "preflight",
    "copy-schema",
    "replicate",
    "lag",
    "verify",
    "cut-over",
    "retire",
];

/// What a command to a server may hold: Systems Manager takes 64 KB of document and parameters
/// (<https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CreateDocument.html>).
pub const MOST_BYTES: usize = 64 * 1024;

/// One of the two databases of a migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// The name or address that both servers of the migration reach it by.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Where its login is: a secret's name in Secrets Manager, or `file:` and a path on the server.
    pub secret: String,
}

/// What an action is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// `postgres` or `mysql`.
    pub engine: String,
    /// The database's name.
    pub database: String,
    /// Where the data are.
    pub source: Side,
    /// Where they go.
    pub target: Side,
    /// The region of the secrets, where they are in Secrets Manager.
    pub region: Option<String>,
    /// Where the old database is dumped to, on the server, before its way back ends.
    pub final_dump: Option<String>,
}

impl Parameters {
    /// As environment variables; the secrets' values are not among them.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let region = self.region.clone();
        let mut variables = vec![
            ("ENGINE", self.engine.clone()),
            ("DATABASE", self.database.clone()),
            ("SOURCE_HOST", self.source.host.clone()),
            ("SOURCE_PORT", self.source.port.to_string()),
            ("SOURCE_SECRET", self.source.secret.clone()),
            ("TARGET_HOST", self.target.host.clone()),
            ("TARGET_PORT", self.target.port.to_string()),
            ("TARGET_SECRET", self.target.secret.clone()),
        ];
        variables.extend(region.map(|region| ("AWS_DEFAULT_REGION", region)));
        let dump = self.final_dump.clone();
        variables.extend(dump.map(|path| ("FINAL_DUMP", path)));
        variables
    }
}

/// An action's script: what all begin with, what the engine's begin with, and its own, which most
/// actions share between engines.
///
/// None when the engine has no such action.
pub fn script(library: &Library, engine: &str, name: &str) -> Option<String> {
    let text = |path: String| library.text(&path);
    let all = text("actions/lib.sh".to_owned())?;
    let engines = text(format!("actions/{engine}/lib.sh"))?;
    let own = text(format!("actions/{engine}/{name}.sh"))
        .or_else(|| text(format!("actions/{name}.sh")))?;
    Some([all, engines, own].concat())
}

/// The text of a command that does or undoes an action with these parameters, for Systems Manager's
/// `AWS-RunShellScript`; the first line has the document run bash.
pub fn command(script: &str, undo: bool, parameters: &Parameters) -> String {
    let mut text = String::from("#!/bin/bash\n");
    for (name, value) in parameters.variables() {
        text.push_str(&format!("export {name}={}\n", quoted(&value)));
    }
    text.push_str(match undo {
        true => "set -- undo\n",
        false => "set -- do\n",
    });
    text.push_str(script);
    text
}

/// One word of a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters() -> Parameters {
        let side = |host: &str| Side {
            host: host.to_owned(),
            port: 5432,
            secret: "it's".to_owned(),
        };
        Parameters {
            engine: "postgres".to_owned(),
            database: "shop".to_owned(),
            source: side("10.0.0.1"),
            target: side("db.example.com"),
            region: Some("eu-west-1".to_owned()),
            final_dump: None,
        }
    }

    #[test]
    fn every_action_fits_into_a_command() {
        let library = Library::embedded().unwrap();
        for engine in ["postgres", "mysql"] {
            for name in DATABASE {
                let script = script(&library, engine, name).unwrap();
                let text = command(&script, true, &parameters());
                // The rest is for the document and its JSON.
                assert!(text.len() < MOST_BYTES / 2, "{name}: {}", text.len());
            }
        }
    }

    #[test]
    fn a_parameter_cannot_break_out_of_the_command() {
        let text = command("true\n", true, &parameters());
        assert!(text.contains(r"export SOURCE_SECRET='it'\''s'"), "{text}");
        assert!(text.ends_with("set -- undo\ntrue\n"), "{text}");
    }

    #[test]
    fn a_file_beside_the_spec_takes_an_actions_place() {
        let library = Library::with(&[], &[("actions/postgres/lag.sh", "echo mine\n")]).unwrap();
        let script = script(&library, "postgres", "lag").unwrap();
        assert!(script.ends_with("\necho mine\n"));
        assert!(script.starts_with("#!/usr/bin/env bash\n"));
        assert_eq!(super::script(&library, "postgres", "vacuum"), None);
    }
}
