//! Actions: the scripts under `templates/actions/`, as one text that a server can run.
//!
//! Owns how a script is put together and given its parameters; when it runs is the steps' business,
//! and where it runs the provider's. What an action begins with is said in `templates/actions/lib.sh`.

use crate::blueprint::Library;
use crate::value::{base64_gzip, shell};

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
    /// The dialect: `postgres` or `mysql`.
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
    /// The bytes that the target has room for, as far as that is known.
    pub target_bytes: Option<u64>,
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
        let room = self.target_bytes.map(|bytes| bytes.to_string());
        variables.extend(room.map(|bytes| ("TARGET_BYTES", bytes)));
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
/// `AWS-RunShellScript`; the first line has the document run bash. The script is packed, because unpacked the longest
/// are more than a command may hold; it runs from a file, which it may copy.
///
/// # Errors
/// Where a parameter cannot be written for a shell.
pub fn command(script: &str, undo: bool, parameters: &Parameters) -> Result<String, String> {
    packed_command(script, undo, &parameters.variables())
}

/// The same of any script, with these variables.
///
/// # Errors
/// Where a variable cannot be written for a shell.
pub fn packed_command(
    script: &str,
    undo: bool,
    variables: &[(&str, String)],
) -> Result<String, String> {
    let mut text = String::from("#!/bin/bash\n");
    for (name, value) in variables {
        text.push_str(&format!("export {name}={}\n", shell::word(value)?));
    }
    let argument = if undo { "undo" } else { "do" };
    text.push_str(&format!(
        "script=$(mktemp) || exit\nbase64 -d <<'END' | gzip -d >\"$script\" || exit\n{}END\n\
         bash \"$script\" {argument}\ncode=$?\nrm -f \"$script\"\nexit $code\n",
        packed(script)
    ));
    Ok(text)
}

/// Compressed with gzip, in lines of base64; the same bytes for the same text.
fn packed(text: &str) -> String {
    let text = base64_gzip(text);
    let lines = text.as_bytes().chunks(100);
    lines.fold(String::new(), |mut all, line| {
        all.push_str(&String::from_utf8_lossy(line));
        all.push('\n');
        all
    })
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
            target_bytes: Some(20 << 30),
        }
    }

    #[test]
    fn every_action_fits_into_a_command() {
        let library = Library::embedded().unwrap();
        for engine in ["postgres", "mysql"] {
            for name in DATABASE {
                let script = script(&library, engine, name).unwrap();
                let text = command(&script, true, &parameters()).unwrap();
                // In JSON each line's end takes two bytes; the document's own text takes little.
                assert!(text.len() < MOST_BYTES / 8 * 5, "{name}: {}", text.len());
            }
        }
    }

    #[test]
    fn a_parameter_cannot_break_out_of_the_command() {
        let text = command("true\n", true, &parameters()).unwrap();
        let word = shell::word("it's").unwrap();
        let export = format!("export SOURCE_SECRET={word}\n");
        assert!(text.contains(&export), "{text}");
        assert!(text.contains("bash \"$script\" undo\n"), "{text}");
    }

    #[test]
    fn a_command_runs_its_script_and_passes_its_exit_code_on() {
        let script =
            "printf '%s %s' \"$1\" \"$SOURCE_SECRET\"\n[[ -e ${BASH_SOURCE[0]} ]] && exit 3\n";
        let text = command(script, false, &parameters()).unwrap();
        let output = std::process::Command::new("bash")
            .args(["-c", &text])
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "do it's");
        assert_eq!(output.status.code(), Some(3));
    }

    #[test]
    fn a_command_exports_the_target_room() {
        let text = command("true\n", false, &parameters()).unwrap();
        assert!(
            text.contains("export TARGET_BYTES='21474836480'\n"),
            "{text}"
        );
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
