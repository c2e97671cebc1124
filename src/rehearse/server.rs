//! Throwaway database servers: PostgreSQL, and MariaDB in MySQL's place.
//!
//! They write at each commit as always, but don't wait for the disk: what a rehearsal kills are processes,
//! and the system keeps what those wrote. So stalls that are measured are the migration's, not those
//! of a busy disk.

use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::needs::Programs;
use super::process::{Process, run};
use super::{Error, Stop};
use crate::spec::Engine;

/// How long a server may take to answer; one that was killed recovers first.
const START: Duration = Duration::from_secs(60);

/// What a master user may do on RDS for MySQL
/// (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.MasterAccounts.html>), by MariaDB's
/// names and with what ALL on a database holds there; without RELOAD, since RDS refuses FLUSH TABLES WITH READ LOCK all
/// the same.
const MASTER: &str = "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, PROCESS, REFERENCES, INDEX, ALTER, SHOW DATABASES, \
     CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, REPLICATION SLAVE, BINLOG MONITOR, SLAVE MONITOR, CREATE VIEW, \
     SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, CREATE USER, EVENT, TRIGGER, DELETE HISTORY";

/// What RDS adds to MySQL: procedures for what a master user may not do, and a table that it writes to
/// (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/mysql-stored-proc-replicating.html>).
const MANAGED: &str = include_str!("managed.sql");

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
    engine: Engine,
    folder: PathBuf,
    number: u32,
    /// Where it listens on loopback.
    pub port: u16,
    /// Who owns the database.
    pub login: Login,
    database: String,
    program: PathBuf,
    client: PathBuf,
    /// The user that it runs as when we are root, which databases refuse.
    owner: Option<(u32, u32)>,
    process: Option<Process>,
}

impl Server {
    /// Makes a server in a folder and starts it; `number` tells the two of a rehearsal apart.
    pub fn create(
        engine: Engine,
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
            Engine::Postgres => (programs.database("postgres"), programs.database("psql")),
            Engine::Mysql => (programs.database("mariadbd"), programs.database("mariadb")),
        };
        let mut server = Self {
            engine,
            folder: folder.to_owned(),
            number,
            port: free_port()?,
            login,
            database: database.to_owned(),
            program,
            client,
            owner,
            process: None,
        };
        server.give(folder)?;
        server.secret_file("password", &server.login.password)?;
        match engine {
            Engine::Postgres => server.prepare_postgres(programs)?,
            Engine::Mysql => server.prepare_mariadb(programs)?,
        }
        server.start(stop)?;
        match engine {
            Engine::Postgres => {
                server.statements("postgres", &format!("CREATE DATABASE \"{database}\";"))?;
            }
            Engine::Mysql if server.login.managed => {
                server.statements("mysql", MANAGED)?;
            }
            Engine::Mysql => {}
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
            Engine::Postgres => source.login.clone(),
            // Users are not in the copy; as everything is root's, who reads may be so too.
            Engine::Mysql => reader.clone(),
        };
        let mut replica = Self {
            folder: folder.to_owned(),
            number,
            port: free_port()?,
            login,
            process: None,
            engine: source.engine,
            database: source.database.clone(),
            program: source.program.clone(),
            client: source.client.clone(),
            owner: source.owner,
        };
        replica.give(folder)?;
        match replica.engine {
            Engine::Postgres => {
                let mut copy = replica.command(&programs.database("pg_basebackup"));
                copy.arg("--pgdata")
                    .arg(folder.join("data"))
                    .args(["-h", "127.0.0.1", "-p", &source.port.to_string()])
                    .args(["-U", &source.login.user, "-w", "--write-recovery-conf"])
                    .args(["--wal-method=stream", "--checkpoint=fast", "--no-sync"])
                    .env("PGPASSWORD", &source.login.password);
                run("pg_basebackup", &mut copy, "")?;
                replica.postgres_login()?;
                replica.start(stop)?;
            }
            Engine::Mysql => {
                replica.prepare_mariadb(programs)?;
                replica.start(stop)?;
                let mut dump = Command::new(programs.database("mariadb-dump"));
                dump.arg(format!(
                    "--defaults-file={}",
                    source.folder.join("login").display()
                ))
                .args(["-h", "127.0.0.1", "-P", &source.port.to_string()])
                .args(["--protocol=tcp", "--single-transaction", "--master-data=1"])
                .args(["--routines", "--triggers", "--hex-blob"])
                .arg(&source.database);
                let copy = run("mariadb-dump", &mut dump, "")?;
                let word = source
                    .login
                    .password
                    .replace('\\', r"\\")
                    .replace('\'', "''");
                replica.query(&format!(
                    "SET sql_log_bin = 0;\n\
                     CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = {}, MASTER_USER = 'root', \
                     MASTER_PASSWORD = '{word}', MASTER_CONNECT_RETRY = 1;\n{}\nSTART SLAVE;\n",
                    source.port,
                    String::from_utf8_lossy(&copy.stdout)
                ))?;
            }
        }
        Ok(replica)
    }

    fn prepare_postgres(&self, programs: &Programs) -> Result<(), Error> {
        let mut initdb = self.command(&programs.database("initdb"));
        initdb
            .arg("--pgdata")
            .arg(self.folder.join("data"))
            .args(["--username", &self.login.user, "--pwfile"])
            .arg(self.folder.join("password"))
            .args(["--auth", "scram-sha-256", "--encoding", "UTF8", "--no-sync"])
            .env("LC_ALL", "C");
        run("initdb", &mut initdb, "")?;
        self.postgres_login()
    }

    fn postgres_login(&self) -> Result<(), Error> {
        let word = |text: &str| text.replace('\\', r"\\").replace(':', r"\:");
        let line = format!(
            "*:*:*:{}:{}\n",
            word(&self.login.user),
            word(&self.login.password)
        );
        self.secret_file("login", &line)
    }

    fn prepare_mariadb(&self, programs: &Programs) -> Result<(), Error> {
        let mut install = self.command(&programs.database("mariadb-install-db"));
        install
            .arg("--no-defaults")
            .arg(format!("--datadir={}", self.folder.join("data").display()))
            .args(["--auth-root-authentication-method=normal", "--skip-test-db"]);
        run("mariadb-install-db", &mut install, "")?;
        let (user, database) = (&self.login.user, &self.database);
        let word = self.login.password.replace('\\', r"\\").replace('\'', "''");
        let rights = match (self.login.administers, self.login.managed) {
            (true, true) => format!("{MASTER} ON *.*"),
            (true, false) => "ALL ON *.*".to_owned(),
            (false, _) => format!("ALL ON `{database}`.*"),
        };
        // As MySQL's image makes it: root from anywhere, and the application's user of its database.
        let first = format!(
            "SET sql_log_bin = 0;\n\
             CREATE DATABASE IF NOT EXISTS `{database}`;\n\
             ALTER USER IF EXISTS root@localhost IDENTIFIED BY '{word}', root@'127.0.0.1' IDENTIFIED BY '{word}';\n\
             DROP USER IF EXISTS ''@localhost;\n\
             CREATE USER IF NOT EXISTS root@'%' IDENTIFIED BY '{word}';\n\
             GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION;\n\
             CREATE USER IF NOT EXISTS `{user}`@'%' IDENTIFIED BY '{word}';\n\
             GRANT {rights} TO `{user}`@'%' WITH GRANT OPTION;\n"
        );
        self.secret_file("first.sql", &first)?;
        let word = self
            .login
            .password
            .replace('\\', r"\\")
            .replace('"', "\\\"");
        self.secret_file(
            "login",
            &format!("[client]\nuser=root\npassword=\"{word}\"\n"),
        )
    }

    /// Starts it and waits until it answers.
    pub fn start(&mut self, stop: &Stop) -> Result<(), Error> {
        let until = Instant::now() + START;
        loop {
            let mut command = self.command(&self.program);
            let data = self.folder.join("data");
            match self.engine {
                Engine::Postgres => command
                    .arg("-D")
                    .arg(&data)
                    .args(["-p", &self.port.to_string()])
                    .args(["-c", "listen_addresses=127.0.0.1"])
                    .args(["-c", "unix_socket_directories="])
                    .args(["-c", "wal_level=logical"])
                    .args(["-c", "fsync=off"]),
                Engine::Mysql => command
                    .arg("--no-defaults")
                    .arg(format!("--datadir={}", data.display()))
                    .arg(format!("--socket={}", self.folder.join("socket").display()))
                    .arg(format!("--pid-file={}", self.folder.join("pid").display()))
                    .arg(format!(
                        "--init-file={}",
                        self.folder.join("first.sql").display()
                    ))
                    .args([
                        "--bind-address=127.0.0.1",
                        "--log-bin=binlog",
                        "--binlog-format=ROW",
                    ])
                    .args([
                        "--skip-name-resolve",
                        "--relay-log=relay",
                        "--log-slave-updates=ON",
                    ])
                    // As the server's own database is started.
                    .arg("--replicate-wild-ignore-table=mysql.rds%")
                    .args(["--debug-no-sync", "--innodb-flush-method=nosync"])
                    .arg(format!("--server-id={}", self.number))
                    .arg(format!("--port={}", self.port)),
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

    fn answers(&self) -> bool {
        let database = match self.engine {
            Engine::Postgres => "postgres",
            Engine::Mysql => "mysql",
        };
        self.statements(database, "SELECT 1;").is_ok()
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

    /// What statements answer, one row a line, tabs between columns.
    pub fn query(&self, statements: &str) -> Result<String, Error> {
        self.statements(&self.database, statements)
    }

    fn statements(&self, database: &str, statements: &str) -> Result<String, Error> {
        let mut command = Command::new(&self.client);
        match self.engine {
            Engine::Postgres => command
                .args(["-h", "127.0.0.1", "-p", &self.port.to_string()])
                .args([
                    "-U",
                    &self.login.user,
                    "-d",
                    database,
                    "-w",
                    "-X",
                    "-q",
                    "-A",
                    "-t",
                ])
                .args(["-F", "\t", "-v", "ON_ERROR_STOP=1", "-f", "-"])
                .env("PGPASSFILE", self.folder.join("login"))
                .env("PGAPPNAME", "scalectl")
                .env("PGOPTIONS", "-c default_transaction_read_only=off"),
            Engine::Mysql => command
                .arg(format!(
                    "--defaults-file={}",
                    self.folder.join("login").display()
                ))
                .args(["-h", "127.0.0.1", "-P", &self.port.to_string()])
                .args(["--protocol=tcp", "-B", "-N", "-r", database]),
        };
        let output = run("the database", &mut command, statements)?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// A program that runs as the server's user.
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(&self.folder)
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
            "login" => Ok(()),
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
fn unprivileged(engine: Engine) -> Result<(u32, u32), Error> {
    let names = match engine {
        Engine::Postgres => ["postgres", "nobody"],
        Engine::Mysql => ["mysql", "nobody"],
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

/// A port that nobody uses.
pub fn free_port() -> Result<u16, Error> {
    let listener = TcpListener::bind(("127.0.0.1", 0));
    listener
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|error| Error::new(format!("no port is free on 127.0.0.1: {error}")))
}
