//! What has to be installed, found or named with the command that installs it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Error, versions};
use crate::spec::Dialect;

/// The programs that a rehearsal starts.
#[derive(Debug)]
pub struct Programs {
    /// The proxy.
    pub haproxy: PathBuf,
    /// What makes the servers' certificates.
    pub openssl: PathBuf,
    /// A Python that has the driver.
    pub python: PathBuf,
    /// The database's programs, by the folder that they are in.
    pub database: PathBuf,
    /// The server's product and version.
    pub server: String,
    /// PostgreSQL's major version; of MariaDB too.
    pub major: u32,
    /// What the rehearsal cannot show, because another server is used than the one in the spec.
    pub instead: Option<String>,
}

/// Where servers are that are not on an ordinary user's path.
const SYSTEM: [&str; 4] = ["/usr/sbin", "/usr/local/sbin", "/sbin", "/opt/homebrew/bin"];

impl Programs {
    /// Finds all of them; of PostgreSQL those of the wanted version, if they are installed.
    ///
    /// # Errors
    /// Names everything that is missing, and what installs it on Debian.
    pub fn find(engine: Dialect, wanted: &str) -> Result<Self, Error> {
        let (server, package, driver, driver_package) = match engine {
            Dialect::Postgres => ("initdb", "postgresql", "psycopg2", "python3-psycopg2"),
            Dialect::Mysql => ("mariadbd", "mariadb-server", "pymysql", "python3-pymysql"),
        };
        let need = |name: &str, package, found| Need {
            name: name.to_owned(),
            package,
            found,
        };
        let database = match engine {
            Dialect::Postgres => {
                versions::postgres(major(wanted)).map(|one| one.folder.join(server))
            }
            Dialect::Mysql => program(server, &[]),
        };
        let found = all([
            need("bash", "bash", program("bash", &[])),
            need("flock", "util-linux", program("flock", &[])),
            need("haproxy", "haproxy", program("haproxy", &[])),
            need("openssl", "openssl", program("openssl", &[])),
            need(server, package, database),
            need(
                &format!("{driver} for python3"),
                driver_package,
                python(driver),
            ),
        ])?;
        let [_, _, haproxy, openssl, database, python] = found;
        let program = match engine {
            Dialect::Postgres => database.with_file_name("postgres"),
            Dialect::Mysql => database.clone(),
        };
        let version = versions::version_of(&program).unwrap_or_default();
        let (server, instead) = named(engine, &version, wanted);
        Ok(Self {
            haproxy,
            openssl,
            python,
            database: database.parent().map(Path::to_owned).unwrap_or_default(),
            server,
            major: major(&version),
            instead,
        })
    }

    /// One of the database's programs.
    pub fn database(&self, name: &str) -> PathBuf {
        match self.database.join(name) {
            path if path.exists() => path,
            _ => program(name, &[]).unwrap_or_else(|| PathBuf::from(name)),
        }
    }
}

/// The server's product and version, and what is not shown if that is not the wanted one.
fn named(engine: Dialect, version: &str, wanted: &str) -> (String, Option<String>) {
    match engine {
        Dialect::Postgres => {
            let instead = (major(version) != major(wanted)).then(|| {
                format!(
                    "PostgreSQL {} is not installed; {} was used instead ({} names a folder of another version)",
                    major(wanted),
                    major(version),
                    versions::VARIABLE,
                )
            });
            (format!("PostgreSQL {version}"), instead)
        }
        Dialect::Mysql => (format!("MariaDB {version}"), in_place(version, wanted)),
    }
}

/// What a rehearsal on MariaDB does not show of the wanted version. MariaDB has counted from 10 on, MySQL up to 9.
fn in_place(version: &str, wanted: &str) -> Option<String> {
    if major(wanted) < 10 {
        return Some(format!(
            "MariaDB was used in place of MySQL {wanted}; https://scalectl.github.io/scalectl/rehearse.html says what that does not show"
        ));
    }
    let series = |version: &str| -> String {
        let numbers: Vec<&str> = version.split('.').take(2).collect();
        numbers.join(".")
    };
    let (has, wants) = (series(version), series(wanted));
    (has != wants).then(|| format!("MariaDB {wants} is not installed; {has} was used instead"))
}

/// The first number of a version.
fn major(version: &str) -> u32 {
    let first = version.split('.').next();
    first.and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// A cache's server.
#[derive(Debug)]
pub struct CacheServer {
    /// Where it is.
    pub program: PathBuf,
    /// Its product and version.
    pub server: String,
}

/// Valkey, or Redis in its place.
///
/// # Errors
/// Names what installs one.
pub fn cache() -> Result<CacheServer, Error> {
    let products = [("valkey-server", "Valkey"), ("redis-server", "Redis")];
    let found = products
        .into_iter()
        .find_map(|(name, product)| Some((program(name, &[])?, product)));
    let Some((program, product)) = found else {
        return Err(Error::with_help(
            "not installed: valkey-server or redis-server",
            "on Debian and Ubuntu: apt-get install --no-install-recommends redis-server",
        ));
    };
    let version = Command::new(&program).arg("--version").output();
    let version = version.map(|said| String::from_utf8_lossy(&said.stdout).into_owned());
    // As in `Redis server v=7.0.15 sha=...`.
    let version = version.unwrap_or_default();
    let number = version
        .split_whitespace()
        .find_map(|word| word.strip_prefix("v="));
    let server = format!("{product} {}", number.unwrap_or_default());
    Ok(CacheServer { program, server })
}

/// A load balancer, and the Python of the servers behind it.
#[derive(Debug)]
pub struct Balancer {
    /// HAProxy.
    pub haproxy: PathBuf,
    /// Any Python 3.
    pub python: PathBuf,
    /// The product and version.
    pub product: String,
}

/// HAProxy and Python.
///
/// # Errors
/// Names what is missing, and what installs it on Debian.
pub fn balancer() -> Result<Balancer, Error> {
    let need = |name: &str, package, found| Need {
        name: name.to_owned(),
        package,
        found,
    };
    let [haproxy, python, _] = all([
        need("haproxy", "haproxy", program("haproxy", &[])),
        need("python3", "python3", python("asyncio")),
        need("bash", "bash", program("bash", &[])),
    ])?;
    let said = Command::new(&haproxy).arg("-v").output();
    let said = said.map(|said| String::from_utf8_lossy(&said.stdout).into_owned());
    let product = haproxy_version(&said.unwrap_or_default());
    Ok(Balancer {
        haproxy,
        python,
        product,
    })
}

/// From `HAProxy version 2.6.12-1+deb12u4 2026/10/17 - ...`.
fn haproxy_version(said: &str) -> String {
    let mut words = said.split_whitespace();
    let version = words.find(|word| *word == "version").and(words.next());
    let number = version.and_then(|word| word.split('-').next());
    format!("HAProxy {}", number.unwrap_or_default())
}

/// A program, the package that has it, and where it is.
#[derive(Clone, Debug)]
struct Need {
    name: String,
    package: &'static str,
    found: Option<PathBuf>,
}

/// Where all of them are, or what installs those that are not there.
fn all<const N: usize>(needs: [Need; N]) -> Result<[PathBuf; N], Error> {
    let missing: Vec<&Need> = needs.iter().filter(|need| need.found.is_none()).collect();
    if missing.is_empty() {
        return Ok(needs.map(|need| need.found.unwrap_or_default()));
    }
    let names: Vec<&str> = missing.iter().map(|need| &*need.name).collect();
    let packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
    Err(Error::with_help(
        format!("not installed: {}", names.join(", ")),
        format!(
            "on Debian and Ubuntu: apt-get install --no-install-recommends {}",
            packages.join(" ")
        ),
    ))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_names_the_server_that_was_used() {
        let (server, instead) = named(Dialect::Postgres, "17.11", "17.9");
        assert_eq!((&*server, instead), ("PostgreSQL 17.11", None));
        let (_, instead) = named(Dialect::Postgres, "15.14", "17");
        let instead = instead.unwrap();
        let said = "PostgreSQL 17 is not installed; 15 was used instead";
        assert!(instead.starts_with(said), "{instead}");
        let (server, instead) = named(Dialect::Mysql, "10.11.19", "8.4.9");
        assert_eq!(server, "MariaDB 10.11.19");
        assert!(instead.unwrap().contains("in place of MySQL 8.4.9"));
        let (_, instead) = named(Dialect::Mysql, "10.11.19", "11.8");
        assert_eq!(
            instead.as_deref(),
            Some("MariaDB 11.8 is not installed; 10.11 was used instead")
        );
        assert_eq!(named(Dialect::Mysql, "10.11.19", "10.11").1, None);
    }

    #[test]
    fn the_version_of_haproxy_is_without_its_package() {
        let said =
            "HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/\nStatus: long-term";
        assert_eq!(haproxy_version(said), "HAProxy 2.6.12");
        assert_eq!(
            haproxy_version("HAProxy version 3.2.0 2025/05/28"),
            "HAProxy 3.2.0"
        );
    }

    #[test]
    fn all_that_is_missing_is_named_with_the_command_that_installs_it() {
        let need = |name: &str, package, found: bool| Need {
            name: name.to_owned(),
            package,
            found: found.then(|| PathBuf::from(name)),
        };
        let there = [need("bash", "bash", true)];
        assert_eq!(all(there).unwrap(), [PathBuf::from("bash")]);
        let error = all([
            need("bash", "bash", true),
            need("initdb", "postgresql", false),
            need("haproxy", "haproxy", false),
        ])
        .unwrap_err();
        assert_eq!(error.what, "not installed: initdb, haproxy");
        assert_eq!(
            error.help.as_deref(),
            Some(
                "on Debian and Ubuntu: apt-get install --no-install-recommends postgresql haproxy"
            )
        );
    }
}
