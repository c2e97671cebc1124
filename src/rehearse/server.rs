//! Throwaway database servers: PostgreSQL, and MariaDB in MySQL's place.
//!
//! They write at each commit as always, but don't wait for the disk: what a rehearsal kills are processes,
//! and the system keeps what those wrote. So stalls that are measured are the migration's, not those
//! of a busy disk.

mod mariadb;
mod postgres;

use std::net::TcpListener;
use std::ops::Range;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::prerequisites::Programs;
use super::process::{Process, run, run_within};
use super::{Error, Stop};
use crate::spec::Dialect;

/// How long a server may take to answer; one that was killed recovers first.
const START: Duration = Duration::from_secs(60);

/// How long one that answers takes for that.
const ANSWER: Duration = Duration::from_secs(10);

/// The superuser of RDS's PostgreSQL, which is nobody's but RDS's.
const SUPERUSER: &str = "rdsadmin";

/// A login of the application.
#[derive(Clone, Debug)]
pub struct Login {
    /// The user.
    pub user: String,
    /// The password.
    pub password: String,
    /// Whether it administers the server, as a master user on RDS, or owns its database alone.
    pub administers: bool,
    /// Whether the server is as RDS makes it: with procedures for what a master user may not do, and
    /// with tables of its own that it writes to.
    pub managed: bool,
}

/// A server with a database of its own.
#[derive(Debug)]
pub struct Server {
    engine: Dialect,
    folder: PathBuf,
    number: u32,
    /// Where it listens on loopback.
    pub port: u16,
    /// Who owns the database.
    pub login: Login,
    /// Who may do everything: the provider on RDS's PostgreSQL; for MySQL it is root, with the login's password.
    admin: Login,
    /// Whether it accepts TLS, and then nothing else.
    pub tls: bool,
    database: String,
    program: PathBuf,
    client: PathBuf,
    /// The user that it runs as when we are root, which databases refuse.
    owner: Option<(u32, u32)>,
    process: Option<Process>,
    /// A session of the provider.
    watcher: Option<Process>,
}

impl Server {
    /// Makes a server in a folder and starts it; `number` tells the two of a rehearsal apart.
    pub fn create(
        engine: Dialect,
        programs: &Programs,
        folder: &Path,
        number: u32,
        login: Login,
        database: &str,
        stop: &Stop,
    ) -> Result<Self, Error> {
        let failed = |error: std::io::Error| Error::io("written", folder, &error);
        std::fs::create_dir(folder).map_err(failed)?;
        let ours = std::fs::metadata(folder).map_err(failed)?.uid();
        let owner = match ours {
            0 => Some(unprivileged(engine)?),
            _ => None,
        };
        let (program, client) = match engine {
            Dialect::Postgres => (programs.database("postgres"), programs.database("psql")),
            Dialect::Mysql => (programs.database("mariadbd"), programs.database("mariadb")),
        };
        let admin = match engine {
            Dialect::Postgres if login.administers => Login {
                user: SUPERUSER.to_owned(),
                password: login.password.chars().rev().collect(),
                ..login.clone()
            },
            _ => login.clone(),
        };
        let mut server = Self {
            engine,
            folder: folder.to_owned(),
            number,
            port: free_port()?,
            login,
            admin,
            tls: true,
            database: database.to_owned(),
            program,
            client,
            owner,
            process: None,
            watcher: None,
        };
        server.give(folder)?;
        server.certify(programs)?;
        server.secret_file("password", &server.admin.password)?;
        match engine {
            Dialect::Postgres => server.prepare_postgres(programs)?,
            Dialect::Mysql => server.prepare_mariadb(programs)?,
        }
        server.start(stop)?;
        match engine {
            Dialect::Postgres => server.fill_postgres()?,
            Dialect::Mysql => server.fill_mariadb()?,
        }
        Ok(server)
    }

    /// A replica of a server, which streams what is written there; who owns the database there reads here.
    pub fn replica_of(
        source: &Self,
        programs: &Programs,
        folder: &Path,
        number: u32,
        reader: &Login,
        stop: &Stop,
    ) -> Result<Self, Error> {
        let failed = |error: std::io::Error| Error::io("written", folder, &error);
        std::fs::create_dir(folder).map_err(failed)?;
        let login = match source.engine {
            Dialect::Postgres => source.login.clone(),
            // Users are not in the copy; as everything is root's, who reads may be so too.
            Dialect::Mysql => reader.clone(),
        };
        let mut replica = Self {
            folder: folder.to_owned(),
            number,
            port: free_port()?,
            login,
            admin: source.admin.clone(),
            tls: source.tls,
            process: None,
            watcher: None,
            engine: source.engine,
            database: source.database.clone(),
            program: source.program.clone(),
            client: source.client.clone(),
            owner: source.owner,
        };
        replica.give(folder)?;
        replica.certify(programs)?;
        match replica.engine {
            Dialect::Postgres => replica.copy_postgres(source, programs, stop)?,
            Dialect::Mysql => replica.copy_mariadb(source, programs, stop)?,
        }
        Ok(replica)
    }

    /// Makes a certificate that nobody has signed, and its key, which only the server may read.
    fn certify(&self, programs: &Programs) -> Result<(), Error> {
        let mut make = Command::new(&programs.openssl);
        make.args(["req", "-x509", "-nodes", "-days", "30"])
            .args(["-subj", "/CN=localhost", "-newkey", "ec"])
            .args(["-pkeyopt", "ec_paramgen_curve:prime256v1"])
            .arg("-keyout")
            .arg(self.folder.join("key"))
            .arg("-out")
            .arg(self.folder.join("certificate"));
        run("openssl", &mut make, "")?;
        let key = self.folder.join("key");
        let private = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(&key, private)
            .map_err(|error| Error::io("written", &key, &error))?;
        self.give(&key)
    }

    /// Starts it and waits until it answers.
    pub fn start(&mut self, stop: &Stop) -> Result<(), Error> {
        let until = Instant::now() + START;
        loop {
            let mut command = match self.engine {
                Dialect::Postgres => self.postgres(),
                Dialect::Mysql => self.mariadb(),
            };
            let log = self.folder.join("log");
            self.process = Some(Process::start("the database", &mut command, &log)?);
            while self.process.as_mut().is_some_and(Process::runs) {
                stop.check()?;
                if self.answers() {
                    return Ok(());
                }
                if Instant::now() > until {
                    return Err(self.silent());
                }
                std::thread::sleep(Duration::from_millis(50));
            }
            // One that was killed may still be letting go of its files and its port.
            if Instant::now() > until {
                return Err(self.silent());
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Kills it, as a broken host would.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Whether its process runs.
    pub fn runs(&mut self) -> bool {
        self.process.as_mut().is_some_and(Process::runs)
    }

    /// Whether it answers.
    pub fn answers(&self) -> bool {
        let database = match self.engine {
            Dialect::Postgres => "postgres",
            Dialect::Mysql => "mysql",
        };
        let mut command = match self.engine {
            Dialect::Postgres => self.psql(&self.admin, database),
            Dialect::Mysql => self.mysql(database),
        };
        if self.engine == Dialect::Postgres {
            command.args(["-f", "-"]);
        }
        // It may accept a connection and say nothing.
        run_within(ANSWER, "the database", &mut command, "SELECT 1;").is_ok()
    }

    fn silent(&self) -> Error {
        let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        let tail: Vec<&str> = log.lines().rev().take(5).collect();
        let tail: Vec<&str> = tail.into_iter().rev().collect();
        Error::new(format!(
            "the database on port {} does not answer; its log ends with\n{}",
            self.port,
            tail.join("\n")
        ))
    }

    /// What statements answer, one row a line, tabs between columns; whatever the application may see.
    pub fn query(&self, statements: &str) -> Result<String, Error> {
        self.statements(&self.database, statements)
    }

    /// The same as the application, whose the tables then are.
    pub fn query_as_owner(&self, statements: &str) -> Result<String, Error> {
        self.statements_as(&self.login, &self.database, statements)
    }

    /// The database's client with the application's login, for a file of statements.
    pub fn owner_client(&self) -> Result<Command, Error> {
        let Login { user, password, .. } = &self.login;
        let mut command = match self.engine {
            Dialect::Postgres => return Ok(self.psql(&self.login, &self.database)),
            Dialect::Mysql => Command::new(&self.client),
        };
        let word = password.replace('\\', r"\\").replace('"', "\\\"");
        self.secret_file(
            "owner",
            &format!(
                "[client]\nuser=\"{user}\"\npassword=\"{word}\"\nssl\nloose-skip-ssl-verify-server-cert\n"
            ),
        )?;
        command
            .arg(format!(
                "--defaults-file={}",
                self.folder.join("owner").display()
            ))
            .args(["-h", "127.0.0.1", "-P", &self.port.to_string()])
            .args(["--protocol=tcp", "-B", "--default-character-set=utf8mb4"])
            .arg(&self.database);
        Ok(command)
    }

    /// Where its data and its logs are.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Which database it is.
    pub fn engine(&self) -> Dialect {
        self.engine
    }

    /// The name of its database.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Who may do everything, as a user and a password.
    pub fn admin(&self) -> (&str, &str) {
        match self.engine {
            Dialect::Postgres => (&self.admin.user, &self.admin.password),
            Dialect::Mysql => ("root", &self.admin.password),
        }
    }

    /// Whether it refuses to write, as `fence` makes it.
    pub fn is_fenced(&self) -> Result<bool, Error> {
        let found = self.query(match self.engine {
            Dialect::Postgres => {
                "SELECT count(*) FROM pg_db_role_setting, unnest(setconfig) s WHERE s = 'default_transaction_read_only=on';"
            }
            Dialect::Mysql => "SELECT @@global.read_only;",
        })?;
        Ok(found.trim() != "0")
    }

    fn statements(&self, database: &str, statements: &str) -> Result<String, Error> {
        self.statements_as(&self.admin, database, statements)
    }

    fn statements_as(
        &self,
        login: &Login,
        database: &str,
        statements: &str,
    ) -> Result<String, Error> {
        let mut command = match self.engine {
            Dialect::Postgres => self.psql(login, database),
            Dialect::Mysql => self.mysql(database),
        };
        if self.engine == Dialect::Postgres {
            command.args(["-f", "-"]);
        }
        let output = run("the database", &mut command, statements)?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// A program that runs as the server's user, with nothing of ours: a replica's libpq looks for certificates in the
    /// home folder, and fails where it may not look.
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PG") {
                command.env_remove(name);
            }
        }
        command
            .current_dir(&self.folder)
            .env("HOME", &self.folder)
            .env("TMPDIR", &self.folder);
        if let Some((user, group)) = self.owner {
            command.uid(user).gid(group);
        }
        command
    }

    /// A file in the server's folder that only the server and we can read.
    fn secret_file(&self, name: &str, text: &str) -> Result<(), Error> {
        let path = self.folder.join(name);
        let failed = |error: std::io::Error| Error::io("written", &path, &error);
        std::fs::write(&path, "").map_err(failed)?;
        let private = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(&path, private).map_err(failed)?;
        std::fs::write(&path, text).map_err(failed)?;
        // libpq refuses a password file of somebody else's; only ours is read by us.
        match name {
            "login" | "owner" => Ok(()),
            _ => self.give(&path),
        }
    }

    fn give(&self, path: &Path) -> Result<(), Error> {
        let Some((user, group)) = self.owner else {
            return Ok(());
        };
        chown(path, Some(user), Some(group)).map_err(|error| Error::io("given away", path, &error))
    }
}

/// Somebody who is not root.
fn unprivileged(engine: Dialect) -> Result<(u32, u32), Error> {
    let names = match engine {
        Dialect::Postgres => ["postgres", "nobody"],
        Dialect::Mysql => ["mysql", "nobody"],
    };
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let find = |name: &str| {
        users.lines().find_map(|line| {
            let mut fields = line.split(':');
            if fields.next() != Some(name) {
                return None;
            }
            Some((fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?))
        })
    };
    names.into_iter().find_map(find).ok_or_else(|| {
        Error::with_help(
            "databases do not run as root, and there is no other user",
            "run the rehearsal as an ordinary user",
        )
    })
}

/// Ports that no system gives to who asks for any: a server that is killed comes back to its port, which must be nobody
/// else's meanwhile. Linux gives those from 32768 on
/// (<https://www.kernel.org/doc/html/latest/networking/ip-sysctl.html>), others later ones.
const PORTS: Range<u16> = 20_000..32_768;

/// A port that nobody uses.
pub fn free_port() -> Result<u16, Error> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let count = u32::from(PORTS.end - PORTS.start);
    // Other processes begin elsewhere.
    let first = std::process::id().wrapping_mul(131);
    for _ in 0..count {
        let offset = first.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % count;
        let port = PORTS.start + u16::try_from(offset).unwrap_or(0);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    Err(Error::new(format!(
        "no port of {} to {} is free on 127.0.0.1",
        PORTS.start,
        PORTS.end - 1
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_none_that_a_system_gives_away() {
        let ports: Vec<u16> = (0..50).map(|_| free_port().unwrap()).collect();
        assert!(ports.iter().all(|port| PORTS.contains(port)));
        let others: std::collections::BTreeSet<_> = ports.iter().collect();
        assert_eq!(others.len(), ports.len());
    }
}
