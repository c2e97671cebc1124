//! PostgreSQL: a server's own database as Docker's image makes it, and one as RDS makes it.
//!
//! Both accept TLS only. On RDS's side the superuser is `rdsadmin`, whose session is always there; the
//! application's login has the rights that RDS gives to a master user.

use std::process::Command;

use super::{Login, SUPERUSER, Server};
use crate::rehearse::prerequisites::Programs;
use crate::rehearse::process::{Process, run};
use crate::rehearse::{Error, Stop};

/// The first version in which a subscription can be created without being a superuser. RDS allows it in
/// older ones too.
const SUBSCRIBES: u32 = 16;

/// RDS's roles.
const MANAGED: &str = include_str!("postgres.sql");

/// What RDS's own session does.
const WATCH: &str = include_str!("watch.sql");

/// Options of connections that PostgreSQL 16 and 17 brought (their release notes, on libpq); their defaults will do.
const YOUNGER: [&str; 5] = [
    "sslnegotiation",
    "sslcertmode",
    "gssdelegation",
    "load_balance_hosts",
    "require_auth",
];

impl Server {
    /// Makes the files; the certificate is there already.
    pub(super) fn prepare_postgres(&mut self, programs: &Programs) -> Result<(), Error> {
        let mut initdb = self.command(&programs.database("initdb"));
        let data = self.folder.join("data");
        initdb
            .arg("--pgdata")
            .arg(&data)
            .args(["--username", &self.admin.user, "--pwfile"])
            .arg(self.folder.join("password"))
            .args(["--auth", "scram-sha-256", "--encoding", "UTF8", "--no-sync"])
            .env("LC_ALL", "C");
        run("initdb", &mut initdb, "")?;
        // A server that was built without OpenSSL refuses the setting.
        let mut ask = self.command(&self.program);
        ask.arg("-D").arg(&data).args(["-C", "ssl", "-c", "ssl=on"]);
        self.tls = run("postgres", &mut ask, "").is_ok();
        let kind = if self.tls { "hostssl" } else { "host" };
        let mut rules = String::new();
        for database in ["all", "replication"] {
            rules.push_str(&format!(
                "{kind} {database} all 127.0.0.1/32 scram-sha-256\n"
            ));
        }
        let path = data.join("pg_hba.conf");
        std::fs::write(&path, rules).map_err(|error| Error::io("written", &path, &error))?;
        self.postgres_logins()
    }

    /// The passwords, as libpq reads them.
    fn postgres_logins(&self) -> Result<(), Error> {
        let word = |text: &str| text.replace('\\', r"\\").replace(':', r"\:");
        let lines = [&self.admin, &self.login].map(|login| {
            let (user, password) = (word(&login.user), word(&login.password));
            format!("*:*:*:{user}:{password}\n")
        });
        self.secret_file("login", &lines.concat())
    }

    /// Creates the database and, on RDS's side, the roles.
    pub(super) fn fill_postgres(&mut self) -> Result<(), Error> {
        let database = &self.database;
        if !self.login.administers {
            self.statements("postgres", &format!("CREATE DATABASE \"{database}\";"))?;
            return Ok(());
        }
        let Login { user, password, .. } = &self.login;
        let word = password.replace('\'', "''");
        self.statements(
            "postgres",
            &format!(
                "{MANAGED}\
                 CREATE ROLE \"{user}\" LOGIN CREATEDB CREATEROLE REPLICATION PASSWORD '{word}' VALID UNTIL 'infinity';\n\
                 GRANT rds_superuser TO \"{user}\" WITH ADMIN OPTION;\n\
                 CREATE DATABASE \"{database}\" OWNER \"{user}\";\n"
            ),
        )?;
        self.watch()
    }

    /// Starts RDS's own session; it connects again when the server was away.
    fn watch(&mut self) -> Result<(), Error> {
        let path = self.folder.join("watch.sql");
        std::fs::write(&path, WATCH).map_err(|error| Error::io("written", &path, &error))?;
        let psql = self.psql(&self.admin, &self.database);
        let mut command = Command::new("bash");
        command
            .args([
                "-c",
                "while :; do \"$@\" >/dev/null; sleep 0.1; done",
                "bash",
            ])
            .arg(psql.get_program())
            .args(psql.get_args())
            .arg("-f")
            .arg(&path);
        for (name, value) in psql.get_envs() {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        command.env("PGAPPNAME", SUPERUSER);
        let log = self.folder.join("watch.log");
        self.watcher = Some(Process::start(
            "the provider's session",
            &mut command,
            &log,
        )?);
        Ok(())
    }

    /// Lets RDS's login create subscriptions, as it may on RDS in every version. Before PostgreSQL 16 only a
    /// superuser can, so from here on it is one.
    pub fn let_subscribe(&self, major: u32) -> Result<(), Error> {
        if self.login.administers && major < SUBSCRIBES {
            let user = &self.login.user;
            self.statements("postgres", &format!("ALTER ROLE \"{user}\" SUPERUSER;"))?;
        }
        Ok(())
    }

    /// Makes the files of a replica of another server.
    pub(super) fn copy_postgres(
        &mut self,
        source: &Self,
        programs: &Programs,
        stop: &Stop,
    ) -> Result<(), Error> {
        let mut copy = self.command(&programs.database("pg_basebackup"));
        copy.arg("--pgdata")
            .arg(self.folder.join("data"))
            .args(["-h", "127.0.0.1", "-p", &source.port.to_string()])
            .args(["-U", &source.login.user, "-w", "--write-recovery-conf"])
            .args(["--wal-method=stream", "--checkpoint=fast", "--no-sync"])
            .env("PGSSLMODE", source.sslmode())
            .env("PGPASSWORD", &source.login.password);
        run("pg_basebackup", &mut copy, "")?;
        // It writes options that an older libpq, which a server may run with, does not know.
        let path = self.folder.join("data/postgresql.auto.conf");
        let text = std::fs::read_to_string(&path).map_err(|e| Error::io("read", &path, &e))?;
        let words = text.split_inclusive(' ').map(|word| {
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            if YOUNGER.contains(&name) {
                // The last one has the quote that ends the setting.
                value.find('\'').map_or("", |at| &value[at..])
            } else {
                word
            }
        });
        let text: String = words.collect();
        std::fs::write(&path, text).map_err(|e| Error::io("written", &path, &e))?;
        self.postgres_logins()?;
        self.start(stop)
    }

    /// The server's program with its settings.
    pub(super) fn postgres(&self) -> Command {
        let mut command = self.command(&self.program);
        command
            .arg("-D")
            .arg(self.folder.join("data"))
            .args(["-p", &self.port.to_string()])
            .args(["-c", "listen_addresses=127.0.0.1"])
            .args(["-c", "unix_socket_directories="])
            .args(["-c", "wal_level=logical"])
            .args(["-c", "fsync=off"]);
        if self.tls {
            let file = |name: &str| self.folder.join(name).display().to_string();
            command
                .args(["-c", "ssl=on"])
                .args(["-c", &format!("ssl_cert_file={}", file("certificate"))])
                .args(["-c", &format!("ssl_key_file={}", file("key"))]);
        }
        command
    }

    /// psql with a login, for statements from a file.
    pub(super) fn psql(&self, login: &Login, database: &str) -> Command {
        let mut command = Command::new(&self.client);
        command
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string()])
            .args(["-U", &login.user, "-d", database])
            .args(["-w", "-X", "-q", "-A", "-t"])
            .args(["-F", "\t", "-v", "ON_ERROR_STOP=1"])
            .env("PGPASSFILE", self.folder.join("login"))
            .env("PGAPPNAME", "scalectl")
            .env("PGSSLMODE", self.sslmode())
            .env("PGOPTIONS", "-c default_transaction_read_only=off");
        command
    }

    fn sslmode(&self) -> &'static str {
        if self.tls { "require" } else { "prefer" }
    }
}
