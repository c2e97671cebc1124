//! What has to be installed, found or named with the command that installs it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Error;
use crate::spec::Engine;

/// The programs that a rehearsal starts.
#[derive(Debug)]
pub struct Programs {
    /// The proxy.
    pub haproxy: PathBuf,
    /// A Python that has the driver.
    pub python: PathBuf,
    /// The database's programs, by the folder that they are in.
    pub database: PathBuf,
}

/// Where servers are that are not on an ordinary user's path.
const SYSTEM: [&str; 4] = ["/usr/sbin", "/usr/local/sbin", "/sbin", "/opt/homebrew/bin"];

impl Programs {
    /// Finds all of them.
    ///
    /// # Errors
    /// Names everything that is missing, and what installs it on Debian.
    pub fn find(engine: Engine) -> Result<Self, Error> {
        let (server, package, driver, driver_package) = match engine {
            Engine::Postgres => ("initdb", "postgresql", "psycopg2", "python3-psycopg2"),
            Engine::Mysql => ("mariadbd", "mariadb-server", "pymysql", "python3-pymysql"),
        };
        let haproxy = program("haproxy", &[]);
        let database = program(server, &postgres_folders());
        let python = python(driver);
        let mut missing = Vec::new();
        for (name, package) in [("bash", "bash"), ("flock", "util-linux")] {
            if program(name, &[]).is_none() {
                missing.push((name.to_owned(), package));
            }
        }
        if haproxy.is_none() {
            missing.push(("haproxy".to_owned(), "haproxy"));
        }
        if database.is_none() {
            missing.push((server.to_owned(), package));
        }
        if python.is_none() {
            missing.push((format!("{driver} for python3"), driver_package));
        }
        match (haproxy, database, python) {
            (Some(haproxy), Some(database), Some(python)) if missing.is_empty() => Ok(Self {
                haproxy,
                python,
                database: database.parent().map(Path::to_owned).unwrap_or_default(),
            }),
            _ => {
                let (names, packages): (Vec<String>, Vec<&str>) = missing.into_iter().unzip();
                Err(Error::with_help(
                    format!("not installed: {}", names.join(", ")),
                    format!(
                        "on Debian and Ubuntu: apt-get install --no-install-recommends {}",
                        packages.join(" ")
                    ),
                ))
            }
        }
    }

    /// One of the database's programs.
    pub fn database(&self, name: &str) -> PathBuf {
        match self.database.join(name) {
            path if path.exists() => path,
            _ => program(name, &[]).unwrap_or_else(|| PathBuf::from(name)),
        }
    }
}

/// Debian keeps PostgreSQL's programs by version; the newest is taken.
fn postgres_folders() -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    found.sort();
    found.into_iter().rev().map(|(_, path)| path).collect()
}

/// A program in these folders, on the path, or where servers are.
fn program(name: &str, folders: &[PathBuf]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let system = SYSTEM.iter().map(PathBuf::from);
    folders
        .iter()
        .cloned()
        .chain(path)
        .chain(system)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
}

/// The first Python that can import a module; a person's own may not see the system's packages.
fn python(module: &str) -> Option<PathBuf> {
    let own = program("python3", &[]);
    let system = Some(PathBuf::from("/usr/bin/python3"));
    own.into_iter().chain(system).find(|python| {
        Command::new(python)
            .args(["-c", &format!("import {module}")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    })
}
