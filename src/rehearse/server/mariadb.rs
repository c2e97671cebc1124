//! MariaDB in MySQL's place: a server's own database as Docker's image makes it, and one with what RDS adds.
//!
//! Both accept TLS only, from other hosts as from this one.

use std::process::Command;

use super::Server;
use crate::rehearse::prerequisites::Programs;
use crate::rehearse::process::run;
use crate::rehearse::{Error, Stop};

/// What a master user may do on RDS for MySQL
/// (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.MasterAccounts.html>), by MariaDB's
/// names and with what ALL on a database holds there; without RELOAD, since RDS refuses FLUSH TABLES WITH READ LOCK all
/// the same.
const MASTER: &str = "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, PROCESS, REFERENCES, INDEX, ALTER, SHOW DATABASES, \
     CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, REPLICATION SLAVE, BINLOG MONITOR, SLAVE MONITOR, CREATE VIEW, \
     SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, CREATE USER, EVENT, TRIGGER, DELETE HISTORY";

/// What RDS adds to MySQL: procedures for what a master user may not do, and a table that it writes to
/// (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/mysql-stored-proc-replicating.html>).
const MANAGED: &str = include_str!("mariadb.sql");

impl Server {
    /// Makes the files; the certificate is there already.
    pub(super) fn prepare_mariadb(&self, programs: &Programs) -> Result<(), Error> {
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
            &format!(
                "[client]\nuser=root\npassword=\"{word}\"\nssl\nloose-skip-ssl-verify-server-cert\n"
            ),
        )
    }

    /// Adds what RDS adds.
    pub(super) fn fill_mariadb(&self) -> Result<(), Error> {
        if self.login.managed {
            self.statements("mysql", MANAGED)?;
        }
        Ok(())
    }

    /// Makes a replica of another server.
    pub(super) fn copy_mariadb(
        &mut self,
        source: &Self,
        programs: &Programs,
        stop: &Stop,
    ) -> Result<(), Error> {
        self.prepare_mariadb(programs)?;
        self.start(stop)?;
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
        self.query(&format!(
            "SET sql_log_bin = 0;\n\
             CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = {}, MASTER_USER = 'root', \
             MASTER_PASSWORD = '{word}', MASTER_SSL = 1, MASTER_SSL_VERIFY_SERVER_CERT = 0, \
             MASTER_CONNECT_RETRY = 1;\n{}\nSTART SLAVE;\n",
            source.port,
            String::from_utf8_lossy(&copy.stdout)
        ))?;
        Ok(())
    }

    /// The server's program with its settings.
    pub(super) fn mariadb(&self) -> Command {
        let file = |name: &str| self.folder.join(name).display().to_string();
        let mut command = self.command(&self.program);
        command
            .arg("--no-defaults")
            .arg(format!("--datadir={}", file("data")))
            .arg(format!("--socket={}", file("socket")))
            .arg(format!("--pid-file={}", file("pid")))
            .arg(format!("--init-file={}", file("first.sql")))
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
            .arg("--require-secure-transport=ON")
            .arg(format!("--ssl-cert={}", file("certificate")))
            .arg(format!("--ssl-key={}", file("key")))
            .arg(format!("--server-id={}", self.number))
            .arg(format!("--port={}", self.port));
        command
    }

    /// The client, for statements from standard input.
    pub(super) fn mysql(&self, database: &str) -> Command {
        let mut command = Command::new(&self.client);
        command
            .arg(format!(
                "--defaults-file={}",
                self.folder.join("login").display()
            ))
            .args(["-h", "127.0.0.1", "-P", &self.port.to_string()])
            .args(["--protocol=tcp", "-B", "-N", "-r", database]);
        command
    }
}
