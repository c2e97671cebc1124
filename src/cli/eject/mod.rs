//! `scalectl eject`: the built-in blueprints, templates and policies as files, to be changed, and how those of a project
//! differ from them.

mod compare;

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
    after_help = "Examples:\n  scalectl eject                        all files, into blueprints/, templates/ and policies/ next to the spec\n  scalectl eject modules/data.yaml      one file\n  scalectl eject policies/data.yaml     one policy file\n  scalectl eject --diff                 what differs from the built-in files, such as after an upgrade\n\nFiles next to the spec replace built-in files of the same name."
)]
pub struct Arguments {
    /// Copy or compare only these files.
    #[arg(value_name = "FILE")]
    files: Vec<String>,
    /// Overwrite files that are there already.
    #[arg(long)]
    force: bool,
    /// Show how the project's files differ from the built-in files; write nothing.
    #[arg(long, conflicts_with = "force")]
    diff: bool,
}

/// What can be ejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Blueprint,
    Template,
    Policy,
}

impl Sort {
    const ALL: [Self; 3] = [Self::Blueprint, Self::Template, Self::Policy];

    /// The folder beside the spec.
    fn folder(self) -> &'static str {
        match self {
            Self::Blueprint => "blueprints",
            Self::Template => "templates",
            Self::Policy => "policies",
        }
    }

    /// The built-in files, by their paths in that folder.
    fn built_in(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Blueprint => BLUEPRINTS,
            Self::Template => TEMPLATES,
            Self::Policy => POLICIES,
        }
    }

    /// Whether its files are YAML, in which a comment can stand.
    fn is_yaml(self) -> bool {
        self != Self::Template
    }

    /// What a file is called on the command line.
    fn name(self, path: &str) -> String {
        match self {
            Self::Policy => format!("policies/{path}"),
            Self::Blueprint | Self::Template => path.to_owned(),
        }
    }

    /// The built-in files that can be ejected: the built-in exceptions hold beside a user's; theirs have an end.
    fn all() -> impl Iterator<Item = (Self, &'static str, &'static str)> {
        Self::ALL.into_iter().flat_map(|sort| {
            let files = sort.built_in().iter();
            files
                .filter(move |(path, _)| sort != Self::Policy || *path != EXCEPTIONS)
                .map(move |(path, text)| (sort, *path, *text))
        })
    }

    /// A built-in file as it is written into a project.
    fn ejected(self, path: &str, text: &str) -> String {
        match self {
            Self::Blueprint => {
                let schema = editor::from_below(path, BLUEPRINT_SCHEMA);
                editor::with_header(&schema, &(compare::origin(text) + text))
            }
            Self::Policy => compare::origin(text) + text,
            Self::Template => text.to_owned(),
        }
    }
}

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    let spec = find(global)?;
    let root = spec.parent().unwrap_or(&spec);
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
    if arguments.diff {
        return compare::run(root, &files);
    }
    let names: Vec<String> = Sort::all().map(|(sort, path, _)| sort.name(path)).collect();
    for file in &files {
        if !names.iter().any(|name| name == file) {
            let what = format!("there is no built-in file {file}");
            let near = crate::schema::nearest(file, names.iter().map(String::as_str));
            return Err(Failure::with_help(
                what,
                match near {
                    Some(near) => format!("did you mean {near}?"),
                    None => format!("the built-in files are {}", names.join(", ")),
                },
            ));
        }
    }
    let wanted: Vec<_> = Sort::all()
        .filter(|(sort, path, _)| files.is_empty() || files.contains(&sort.name(path).as_str()))
        .map(|(sort, path, text)| {
            let place = root.join(sort.folder()).join(path);
            (sort, place, sort.ejected(path, text))
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
    if wanted.iter().any(|(sort, _, _)| *sort == Sort::Blueprint) {
        let folder = root.join(Sort::Blueprint.folder());
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
