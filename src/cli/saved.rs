//! Migrations and failovers in files: written by `--plan --out`, run by `migrate FILE` and `failover FILE`.

use std::path::Path;

use super::Failure;
use super::project::{Project, read, write};
use crate::migrate::Migration;
use crate::migrate::saved::{FORMAT, SavedMigration};

/// The command that runs a file.
pub fn command_of(saved: &SavedMigration) -> &'static str {
    match saved.failover {
        Some(_) => "failover",
        None => "migrate",
    }
}

/// What to do about a file that cannot be used.
fn again(command: &str) -> String {
    let to = match command {
        "failover" => " --to REGION",
        _ => "",
    };
    format!("create a new one with `scalectl {command}{to} --plan --out FILE`")
}

/// A saved migration or failover, if a file's text is one.
pub fn parse(text: &str) -> Option<SavedMigration> {
    serde_json::from_str(text).ok()
}

/// Reads what `command` is to run, for this project.
pub fn load(path: &Path, command: &str) -> Result<SavedMigration, Failure> {
    let shown = path.display();
    let fails = |what: String| Failure::with_help(what, again(command));
    let text = read(path, &again(command))?;
    let found: serde_json::Value = serde_json::from_str(&text).map_err(|error| {
        fails(format!(
            "{shown} is not a saved plan of `{command}`: {error}"
        ))
    })?;
    match found.get("format").and_then(serde_json::Value::as_u64) {
        Some(format) if format != u64::from(FORMAT) => {
            let what = format!(
                "{shown} has format {format}; this version of scalectl reads format {FORMAT}"
            );
            return Err(fails(what));
        }
        _ => {}
    }
    // From the text, because a member that stands twice is lost in a value.
    let saved: SavedMigration = serde_json::from_str(&text).map_err(|error| {
        fails(format!(
            "{shown} is not a saved plan of `{command}`: {error}"
        ))
    })?;
    if serde_json::to_value(&saved).ok().as_ref() != Some(&found) {
        let what =
            format!("{shown} has fields that `{command}` does not write: the file was edited");
        return Err(fails(what));
    }
    match command_of(&saved) {
        own if own == command => Ok(saved),
        other => Err(Failure::with_help(
            format!("{shown} is for `{other}`, not for `{command}`"),
            format!("`scalectl {other} {shown}` runs it"),
        )),
    }
}

/// Saves a migration or a failover.
pub fn save(path: &Path, project: &Project, migration: &Migration) -> Result<(), Failure> {
    // Plain data, with strings as keys.
    let text = serde_json::to_string(&of(project, migration)).unwrap_or_default();
    write(path, &text)
}

/// Fails unless what is laid out now is what was saved.
pub fn check(
    saved: Option<&SavedMigration>,
    project: &Project,
    migration: &Migration,
) -> Result<(), Failure> {
    let Some(saved) = saved else {
        return Ok(());
    };
    check_owner(saved, project)?;
    match saved.difference(&of(project, migration)) {
        None => Ok(()),
        Some(what) => Err(Failure::with_help(
            format!(
                "the saved plan is outdated, because the file, the spec, the blueprints or the deployed resources changed: {what}; nothing was changed"
            ),
            again(command_of(saved)),
        )),
    }
}

/// Fails where the file is another application's, before its cloud is asked for anything.
pub fn check_owner(saved: &SavedMigration, project: &Project) -> Result<(), Failure> {
    if saved.owner == project.owner() && *saved.provider == *project.provider() {
        return Ok(());
    }
    Err(Failure::with_help(
        format!(
            "the file is for {} ({}) on {}, not for {} ({}) on {}",
            saved.owner.app,
            saved.owner.env,
            saved.provider,
            project.spec.app,
            project.spec.env,
            project.provider()
        ),
        again(command_of(saved)),
    ))
}

fn of(project: &Project, migration: &Migration) -> SavedMigration {
    let provider = project.provider();
    SavedMigration::new(project.owner(), provider, migration, &project.library)
}
