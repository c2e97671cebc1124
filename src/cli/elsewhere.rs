//! `scalectl init --from`: finds and reads the files of another tool, and writes the spec that they come to.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;

use super::editor::{self, SPEC_SCHEMA};
use super::project::write;
use super::{Failure, Outcome, ui};
use crate::convert::{self, Files, Origin, Wishes};
use crate::plain_file;
use crate::render::conversion;
use crate::render::json::conversion::Conversion;
use crate::render::schemas::Published;

/// The most bytes of a file, and the most files of a folder.
const MOST_BYTES: u64 = 1 << 20;
const MOST_FILES: usize = 500;
/// How deep Copilot's folder is: copilot/environments/addons/x.yml, with room.
const DEEPEST: usize = 4;

/// What is looked for in a folder.
const KNOWN: [(&str, Origin); 7] = [
    ("docker-compose.yml", Origin::Compose),
    ("docker-compose.yaml", Origin::Compose),
    ("compose.yaml", Origin::Compose),
    ("compose.yml", Origin::Compose),
    ("copilot", Origin::Copilot),
    ("config/deploy.yml", Origin::Kamal),
    ("Procfile", Origin::Procfile),
];

/// Writes the spec at `path` from what stands at `from`.
pub fn run(from: &Path, wishes: &Wishes, path: &Path, is_json: bool) -> Outcome {
    let (from, origin) = found(from)?;
    let files = files(&from, origin)?;
    let name = path.display().to_string();
    let converted = convert::convert(&files, wishes, &name).map_err(Failure::Diagnostics)?;
    let text = editor::with_header(&format!("./{SPEC_SCHEMA}"), &converted.text);
    write(path, &text)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    editor::write(Published::Spec, folder, SPEC_SCHEMA)?;
    if is_json {
        ui::print_json(&Conversion::of(&files, &name, &converted));
    } else {
        ui::print(&conversion::text(&files, &name, &converted));
    }
    Ok(ExitCode::SUCCESS)
}

/// The file or folder that is meant, and whose it is.
fn found(from: &Path) -> Result<(PathBuf, Origin), Failure> {
    let name = from
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    if from.is_dir() {
        let has_manifests = from.join(".workspace").exists() || name == "copilot";
        if has_manifests {
            return Ok((from.to_owned(), Origin::Copilot));
        }
        let there: Vec<&(&str, Origin)> = KNOWN
            .iter()
            .filter(|(name, _)| from.join(name).exists())
            .collect();
        return match &*there {
            [(name, origin)] if from == Path::new(".") => Ok((PathBuf::from(name), *origin)),
            [(name, origin)] => Ok((from.join(name), *origin)),
            [] => Err(Failure::with_help(
                format!("{} has no file that is known", from.display()),
                "name a Compose file, AWS Copilot's folder, Kamal's deploy.yml or a Procfile: `scalectl init --from docker-compose.yml`",
            )),
            several => {
                let names: Vec<&str> = several.iter().map(|(name, _)| *name).collect();
                Err(Failure::with_help(
                    format!("{} has {}", from.display(), names.join(", ")),
                    format!(
                        "name one of them: `scalectl init --from {}`",
                        from.join(names[0]).display()
                    ),
                ))
            }
        };
    }
    if name.starts_with("procfile") {
        return Ok((from.to_owned(), Origin::Procfile));
    }
    if name.contains("compose") && !name.ends_with(".json") {
        return Ok((from.to_owned(), Origin::Compose));
    }
    match convert::origin_of(&text(from)?) {
        Some(origin) => Ok((from.to_owned(), origin)),
        None => Err(Failure::with_help(
            format!(
                "{} is none of the files that can be converted",
                from.display()
            ),
            "name a Compose file (`services:`), Kamal's deploy.yml (`servers:`, `image:`), a Procfile, or AWS Copilot's folder",
        )),
    }
}

fn text(path: &Path) -> Result<String, Failure> {
    let bytes = plain_file::read(path, MOST_BYTES)
        .map_err(|error| Failure::new(format!("{} {error}", path.display())))?;
    String::from_utf8(bytes).map_err(|_| {
        Failure::with_help(
            format!("{} is not text in UTF-8", path.display()),
            "save it in UTF-8",
        )
    })
}

/// All files that belong to an application.
fn files(from: &Path, origin: Origin) -> Result<Files, Failure> {
    let main = from.display().to_string();
    let folder = from.parent().unwrap_or(Path::new(""));
    let mut texts = BTreeMap::new();
    match origin {
        Origin::Copilot => below(from, 0, &mut texts)?,
        Origin::Compose => {
            let own = text(from)?;
            for name in convert::beside_compose(&own) {
                beside(folder, &name, &mut texts)?;
            }
            texts.insert(main.clone(), own);
        }
        Origin::Procfile => {
            beside(folder, "app.json", &mut texts)?;
            texts.insert(main.clone(), text(from)?);
        }
        Origin::Kamal => {
            let stem = from
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            for path in entries(if folder.as_os_str().is_empty() {
                Path::new(".")
            } else {
                folder
            })? {
                let name = path
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned();
                if name.starts_with(&format!("{stem}."))
                    && (name.ends_with(".yml") || name.ends_with(".yaml"))
                {
                    let path = folder.join(&name);
                    texts.insert(path.display().to_string(), text(&path)?);
                }
            }
        }
    }
    Ok(Files {
        origin,
        main,
        texts,
    })
}

/// Reads a file that another one names, if it is there. Only the folder's own are read: the values go into the spec.
fn beside(folder: &Path, name: &str, texts: &mut BTreeMap<String, String>) -> Result<(), Failure> {
    let is_inside = Path::new(name)
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    let path = folder.join(name);
    if is_inside && path.is_file() {
        texts.insert(name.to_owned(), text(&path)?);
    }
    Ok(())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(format!("{} cannot be read: {error}", folder.display()))
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        paths.push(entry.map_err(failed)?.path());
    }
    paths.sort();
    Ok(paths)
}

/// Reads the YAML files below a folder.
fn below(folder: &Path, depth: usize, texts: &mut BTreeMap<String, String>) -> Result<(), Failure> {
    for path in entries(folder)? {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        // What a link leads to is not the folder's.
        let is_link = path.symlink_metadata().is_ok_and(|data| data.is_symlink());
        if is_link {
            continue;
        }
        if path.is_dir() {
            if depth < DEEPEST {
                below(&path, depth + 1, texts)?;
            }
        } else if name == ".workspace" || name.ends_with(".yml") || name.ends_with(".yaml") {
            if texts.len() >= MOST_FILES {
                let what = format!("{} has more than {MOST_FILES} files", folder.display());
                return Err(Failure::with_help(
                    what,
                    "name AWS Copilot's own folder: `--from copilot`",
                ));
            }
            texts.insert(path.display().to_string(), text(&path)?);
        }
    }
    Ok(())
}
