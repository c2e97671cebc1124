//! The web application that is under load: its tables, and the process.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::load::ACCOUNTS;
use super::prerequisites::Programs;
use super::process::Process;
use super::server::Login;
use super::{Error, Stop};
use crate::blueprint::Library;
use crate::spec::Dialect;

/// How long the application may take to listen.
const START: Duration = Duration::from_secs(30);

/// A running application.
#[derive(Debug)]
pub struct App {
    /// Where it answers.
    pub port: u16,
    process: Process,
}

/// The application's program.
pub fn program(library: &Library) -> Result<String, Error> {
    let name = "rehearse/app.py";
    let text = library.text(name);
    text.map(|text| text.to_string())
        .ok_or_else(|| Error::new(format!("there is no template {name}")))
}

/// Where an application runs, and what it uses.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// A folder of its own.
    pub folder: &'a Path,
    /// The port where it listens; 0 for any.
    pub port: u16,
    /// The database's port and name.
    pub database: (u16, &'a str),
    /// Whether the database accepts TLS.
    pub tls: bool,
    /// The port of a replica that reads go to.
    pub reader: Option<u16>,
}

impl App {
    /// Starts it and waits until it listens.
    pub fn start(
        engine: Dialect,
        programs: &Programs,
        text: &str,
        place: Place<'_>,
        login: &Login,
        stop: &Stop,
    ) -> Result<Self, Error> {
        let folder = place.folder;
        let path = folder.join("app.py");
        std::fs::write(&path, text).map_err(|error| Error::io("written", &path, &error))?;
        let (said, log) = (folder.join("app.port"), folder.join("app.log"));
        let mut command = Command::new(&programs.python);
        command
            .arg(&path)
            .env("ENGINE", engine.word())
            .env("DATABASE_HOST", "127.0.0.1")
            .env("DATABASE_PORT", place.database.0.to_string())
            .env("DATABASE_NAME", place.database.1)
            .env("DATABASE_USER", &login.user)
            .env("DATABASE_PASSWORD", &login.password)
            .env("DATABASE_TLS", if place.tls { "true" } else { "false" })
            .env("PORT", place.port.to_string());
        if let Some(reader) = place.reader {
            command.env("READER_PORT", reader.to_string());
        }
        // One that was killed has said its port here too.
        let _ = std::fs::remove_file(&said);
        let mut process = Process::start_apart("the application", &mut command, &said, &log)?;
        let until = Instant::now() + START;
        loop {
            stop.check()?;
            let text = std::fs::read_to_string(&said).unwrap_or_default();
            if let Some(port) = text.strip_suffix('\n').and_then(|text| text.parse().ok()) {
                return Ok(Self { port, process });
            }
            if !process.runs() || Instant::now() > until {
                let log = std::fs::read_to_string(&log).unwrap_or_default();
                let why = log.lines().last().unwrap_or("it says nothing").to_owned();
                return Err(Error::new(format!("the application does not start: {why}")));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl App {
    /// Kills it, as a broken host would.
    pub fn kill(&mut self) {
        self.process.kill();
    }
}

/// The application's tables, with so many orders that were there before; what an ordinary schema
/// has that a migration can get wrong is in them.
pub fn tables(engine: Dialect, library: &Library, rows: u32) -> Result<String, Error> {
    let name = format!("rehearse/{}.sql", engine.word());
    let text = library
        .text(&name)
        .ok_or_else(|| Error::new(format!("there is no template {name}")))?;
    Ok(text
        .replace("%(accounts)s", &ACCOUNTS.to_string())
        .replace("%(rows)s", &rows.to_string()))
}
