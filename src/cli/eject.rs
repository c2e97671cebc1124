//! `scalectl eject`: the built-in blueprints, templates and policies as files, to be changed.

use std::process::ExitCode;

use clap::Args;

use super::editor::{self, BLUEPRINT_SCHEMA};
use super::project::{find, write_below};
use super::{Failure, Global, Outcome, ui};
use crate::blueprint::library::{BLUEPRINTS, TEMPLATES};
use crate::policy::pack::{EXCEPTIONS, POLICIES};
use crate::render::schemas::Published;
use crate::render::{style::NEW, style::Painted};
use crate::words::count;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  scalectl eject                        all files, into blueprints/, templates/ and policies/ next to the spec\n  scalectl eject modules/data.yaml      one file\n  scalectl eject policies/data.yaml     one policy file\n\nFiles next to the spec replace built-in files of the same name."
)]
pub struct Arguments {
    /// Copy only these files.
    #[arg(value_name = "FILE")]
    files: Vec<String>,
    /// Overwrite files that are there already.
    #[arg(long)]
    force: bool,
}

/// Where blueprints stand beside the spec.
const BLUEPRINTS_FOLDER: &str = "blueprints";

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    let spec = find(global)?;
    let root = spec.parent().unwrap_or(&spec);
    let known = BLUEPRINTS
        .iter()
        .map(|(path, text)| (BLUEPRINTS_FOLDER, *path, *text))
        .chain(
            TEMPLATES
                .iter()
                .map(|(path, text)| ("templates", *path, *text)),
        );
    // The built-in exceptions hold beside a user's; theirs have an end.
    let policies = POLICIES.iter().filter(|(path, _)| *path != EXCEPTIONS);
    let policies: Vec<(String, &str)> = policies
        .map(|(path, text)| (format!("policies/{path}"), *text))
        .collect();
    let all: Vec<(&str, &str, &str)> = known
        .chain(policies.iter().map(|(path, text)| ("", &**path, *text)))
        .collect();
    // The path that a file is written to is a name of it too.
    let files: Vec<&str> = arguments
        .files
        .iter()
        .map(|file| {
            let file = file.strip_prefix("./").unwrap_or(file);
            let folders = ["blueprints/", "templates/"];
            let inside = folders.iter().find_map(|folder| file.strip_prefix(folder));
            inside.unwrap_or(file)
        })
        .collect();
    for file in &files {
        if !all.iter().any(|(_, path, _)| path == file) {
            let what = format!("there is no built-in file {file}");
            let near = crate::schema::nearest(file, all.iter().map(|(_, path, _)| *path));
            let names: Vec<&str> = all.iter().map(|(_, path, _)| *path).collect();
            return Err(Failure::with_help(
                what,
                match near {
                    Some(near) => format!("did you mean {near}?"),
                    None => format!("the built-in files are {}", names.join(", ")),
                },
            ));
        }
    }
    let wanted: Vec<_> = all
        .into_iter()
        .filter(|(_, path, _)| files.is_empty() || files.contains(path))
        .map(|(folder, path, text)| {
            let text = match folder {
                BLUEPRINTS_FOLDER => {
                    let schema = editor::from_below(path, BLUEPRINT_SCHEMA);
                    editor::with_header(&schema, text)
                }
                _ => text.to_owned(),
            };
            (folder, root.join(folder).join(path), text)
        })
        .collect();
    if let Some((_, path, _)) = wanted.iter().find(|(_, path, _)| path.exists())
        && !arguments.force
    {
        let what = format!("{} already exists; nothing was written", path.display());
        return Err(Failure::with_help(
            what,
            "overwrite with `--force`, or name the files to copy",
        ));
    }
    for (_, path, text) in &wanted {
        write_below(path, text)?;
    }
    if wanted
        .iter()
        .any(|(folder, _, _)| *folder == BLUEPRINTS_FOLDER)
    {
        let folder = root.join(BLUEPRINTS_FOLDER);
        editor::write(Published::Blueprint, &folder, BLUEPRINT_SCHEMA)?;
    }
    ui::print(&format!(
        "{} {} to {}\n",
        Painted(NEW, "Wrote"),
        count(wanted.len(), "file"),
        if root.as_os_str().is_empty() {
            "this folder".to_owned()
        } else {
            root.display().to_string()
        }
    ));
    Ok(ExitCode::SUCCESS)
}
