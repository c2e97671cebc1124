//! What laboratories share: how they begin, and a program of the templates that runs a mode of an example application and
//! prints what it found.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;

use super::process::Process;
use super::testbed::make_folder;
use super::{Error, Event, Folder, Stop};
use crate::blueprint::Library;

/// How long a mode may take.
const MOST: Duration = Duration::from_secs(900);

/// Says what begins and what is not as in the spec, and makes the folder that everything is in.
pub(super) fn begin(
    note: Option<&str>,
    keep: bool,
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<Folder, Error> {
    if let Some(note) = note {
        tell(Event::Note(note));
    }
    tell(Event::Begins("Starting servers"));
    let folder = Folder {
        path: make_folder()?,
        keep,
    };
    if keep {
        tell(Event::Kept(&folder.path));
    }
    Ok(folder)
}

/// Writes a program of the templates into a folder.
pub(super) fn program(library: &Library, name: &str, folder: &Path) -> Result<PathBuf, Error> {
    file(library, name, folder, "application.py")
}

/// Writes a file of the templates into a folder, under this name.
pub(super) fn file(
    library: &Library,
    name: &str,
    folder: &Path,
    called: &str,
) -> Result<PathBuf, Error> {
    let text =
        (library.text(name)).ok_or_else(|| Error::new(format!("there is no template {name}")))?;
    let path = folder.join(called);
    std::fs::write(&path, text).map_err(|error| Error::io("written", &path, &error))?;
    Ok(path)
}

/// A mode of an example application.
pub(super) struct Mode<'a> {
    /// Its name, which is that of its folder too.
    pub name: &'a str,
    /// What runs the program.
    pub python: &'a Path,
    /// The program.
    pub program: &'a Path,
    /// Requests that it makes.
    pub requests: u32,
    /// What its chances begin with.
    pub seed: u64,
}

impl Mode<'_> {
    /// Runs it to its end in a folder of its own within `within`; `with` adds what only this laboratory says to it.
    pub(super) fn run<Report: DeserializeOwned>(
        &self,
        within: &Path,
        stop: &Stop,
        tell: &mut dyn FnMut(Event<'_>),
        with: impl FnOnce(&mut Command),
    ) -> Result<Report, Error> {
        let mode = self.name;
        stop.check()?;
        tell(Event::Begins(mode));
        let folder = within.join(mode);
        std::fs::create_dir(&folder).map_err(|error| Error::io("written", &folder, &error))?;
        let mut command = Command::new(self.python);
        command
            .arg(self.program)
            .env("FOLDER", &folder)
            .env("REQUESTS", self.requests.to_string())
            .env("SEED", self.seed.to_string());
        with(&mut command);
        let (said, log) = (folder.join("report"), folder.join("log"));
        let mut process = Process::start_apart("the application", &mut command, &said, &log)?;
        let code = process.wait(Instant::now() + MOST, stop)?;
        let text = std::fs::read_to_string(&said).unwrap_or_default();
        serde_json::from_str(&text).map_err(|_| {
            let log = std::fs::read_to_string(&log).unwrap_or_default();
            let why = log.lines().last().unwrap_or("it says nothing");
            Error::new(match code {
                Some(_) => format!("{mode} failed: {why}"),
                None => format!("{mode} came to no end: {why}"),
            })
        })
    }
}
