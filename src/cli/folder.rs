//! Folders of a project, such as `policies/`. What stands in one and cannot be used is an error: a guard rail that is
//! left out without a word is worse than none.

use std::fs::Metadata;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{Failure, confined};

/// How files of YAML end, so that their names are those of the files in the binary.
pub const YAML: &str = ".yaml";

/// The most files below one folder, and the folders within each other.
const MOST_FILES: usize = 2000;
const MOST_LEVELS: usize = 16;

/// What is at a path, behind links; none where there is nothing.
///
/// # Errors
/// When it is a link to nothing, or cannot be read.
fn at(path: &Path) -> Result<Option<Metadata>, Failure> {
    match path.metadata() {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            if path.is_symlink() {
                Err(refusal(
                    path,
                    "is a dangling link",
                    "remove the link, or replace it with a copy of its target",
                ))
            } else {
                Ok(None)
            }
        }
        Err(error) => Err(refusal(
            path,
            &format!("cannot be read: {error}"),
            "make it readable, or remove it",
        )),
    }
}

fn refusal(path: &Path, what: &str, help: &str) -> Failure {
    Failure::with_help(format!("{} {what}", path.display()), help)
}

/// Whether there is such a folder in the project.
///
/// # Errors
/// When something else has its name, or it is a link out of the project.
pub fn exists(folder: &Path) -> Result<bool, Failure> {
    let Some(found) = at(folder)? else {
        return Ok(false);
    };
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    if !found.is_dir() {
        return Err(refusal(
            folder,
            "is a file, but must be a folder",
            &format!("rename it, or move it into a folder {name}"),
        ));
    }
    if folder.is_symlink() {
        let project = match folder.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let ways = folder.canonicalize().and_then(|real| {
            let project = project.canonicalize()?;
            Ok(real != project && real.starts_with(&project))
        });
        if !ways.unwrap_or(false) {
            return Err(refusal(
                folder,
                "is a link to a folder outside the project",
                &format!("replace it with a copy of the folder: {name} must be inside the project"),
            ));
        }
    }
    Ok(true)
}

/// The names in a folder, in order.
///
/// # Errors
/// When it cannot be read to its end.
pub fn entries(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let listed = std::fs::read_dir(folder).and_then(|entries| {
        entries
            .map(|entry| entry.map(|entry| entry.path()))
            .collect()
    });
    let mut paths: Vec<PathBuf> = listed.map_err(|error| {
        refusal(
            folder,
            &format!("cannot be read: {error}"),
            "make it readable, or remove it",
        )
    })?;
    paths.sort();
    Ok(paths)
}

/// The files below a folder, by their path in it; none when there is no such folder. With `ending`, others are not read;
/// `known` are the files in the binary that those in the folder replace.
///
/// # Errors
/// When a file or folder there could be meant to be used and cannot be.
pub fn files(
    folder: &Path,
    ending: Option<&str>,
    known: &[(&str, &str)],
) -> Result<Vec<(String, String)>, Failure> {
    let mut found = Vec::new();
    if !exists(folder)? {
        return Ok(found);
    }
    let project = folder.parent().unwrap_or(folder);
    let mut open = vec![(folder.to_owned(), 0)];
    while let Some((next, level)) = open.pop() {
        for path in entries(&next)? {
            let inner = path.strip_prefix(folder).unwrap_or(&path);
            let name = inner.to_string_lossy().replace('\\', "/");
            let is_file = known.iter().any(|(file, _)| *file == name)
                || ending.is_some_and(|ending| name.ends_with(ending));
            if at(&path)?.is_some_and(|found| found.is_dir()) {
                if is_file {
                    return Err(refusal(
                        &path,
                        "is a folder, but must be a file",
                        "remove or rename it",
                    ));
                }
                // It may lead in a circle.
                if path.is_symlink() {
                    return Err(refusal(
                        &path,
                        "is a link to a folder, which is not followed",
                        "replace it with a copy of the folder",
                    ));
                }
                if level == MOST_LEVELS {
                    let what = format!("is more than {MOST_LEVELS} folders deep");
                    return Err(refusal(&path, &what, "move it up or out of this folder"));
                }
                open.push((path, level + 1));
                continue;
            }
            let below = format!("{name}/");
            if known.iter().any(|(file, _)| file.starts_with(&below)) {
                return Err(refusal(
                    &path,
                    "is a file, but must be a folder",
                    "remove or rename it",
                ));
            }
            if let Some(ending) = ending
                && !name.ends_with(ending)
            {
                misnamed(&path, &name)?;
                continue;
            }
            found.push((name, confined::read(&path, project)?));
            if found.len() > MOST_FILES {
                let what = format!("has more than {MOST_FILES} files");
                return Err(refusal(folder, &what, "move unrelated files elsewhere"));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Fails for YAML under another ending than [`YAML`]: it would not replace the file that it is named after.
fn misnamed(path: &Path, name: &str) -> Result<(), Failure> {
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    match ending.to_ascii_lowercase().as_str() {
        "yaml" | "yml" => Err(refusal(
            path,
            "would be ignored: files here must end with .yaml",
            &format!("rename it to {stem}{YAML}"),
        )),
        _ => Ok(()),
    }
}
