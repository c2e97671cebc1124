//! The web application that is under load: its tables, and the process.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::load::ACCOUNTS;
use super::needs::Programs;
use super::process::Process;
use super::server::Login;
use super::{Error, Stop};
use crate::blueprint::Library;
use crate::spec::Engine;

/// How long the application may take to listen.
const START: Duration = Duration::from_secs(30);

/// A running application.
#[derive(Debug)]
pub struct App {
    /// Where it answers.
    pub port: u16,
    #[expect(dead_code, reason = "ends with the value")]
    process: Process,
}

impl App {
    /// Starts it and waits until it listens.
    pub fn start(
        engine: Engine,
        programs: &Programs,
        library: &Library,
        folder: &Path,
        database: (u16, &str),
        login: &Login,
        stop: &Stop,
    ) -> Result<Self, Error> {
        let name = "rehearse/app.py";
        let text = library
            .text(name)
            .ok_or_else(|| Error::new(format!("there is no template {name}")))?;
        let path = folder.join("app.py");
        std::fs::write(&path, text).map_err(|error| Error::io("written", &path, &error))?;
        let (said, log) = (folder.join("app.port"), folder.join("app.log"));
        let mut command = Command::new(&programs.python);
        command
            .arg(&path)
            .env("ENGINE", engine_name(engine))
            .env("DATABASE_HOST", "127.0.0.1")
            .env("DATABASE_PORT", database.0.to_string())
            .env("DATABASE_NAME", database.1)
            .env("DATABASE_USER", &login.user)
            .env("DATABASE_PASSWORD", &login.password)
            .env("PORT", "0");
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

/// The engine as scripts and parameters call it.
pub fn engine_name(engine: Engine) -> &'static str {
    match engine {
        Engine::Postgres => "postgres",
        Engine::Mysql => "mysql",
    }
}

/// The application's tables, with so many orders that were there before; what an ordinary schema
/// has that a migration can get wrong: sequences of both kinds, foreign keys, an index, a view.
pub fn tables(engine: Engine, rows: u32) -> String {
    match engine {
        Engine::Postgres => format!(
            "CREATE TYPE state AS ENUM ('new', 'sent');\n\
             CREATE TABLE accounts (id int PRIMARY KEY, total bigint NOT NULL DEFAULT 0);\n\
             INSERT INTO accounts SELECT n, 0 FROM generate_series(1, {ACCOUNTS}) n;\n\
             CREATE TABLE orders (id bigserial PRIMARY KEY, request text NOT NULL UNIQUE,\n\
               account int NOT NULL REFERENCES accounts, value bigint NOT NULL, state state NOT NULL DEFAULT 'new',\n\
               made timestamptz NOT NULL DEFAULT now());\n\
             CREATE INDEX orders_by_account ON orders (account);\n\
             CREATE TABLE events (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, request text NOT NULL,\n\
               value bigint NOT NULL);\n\
             CREATE INDEX events_by_request ON events (request);\n\
             CREATE VIEW turnover AS SELECT account, sum(value) FROM orders GROUP BY account;\n\
             INSERT INTO orders (request, account, value) SELECT 'before-' || n, 1 + n % {ACCOUNTS}, n % 100\n\
               FROM generate_series(1, {rows}) n;\n"
        ),
        Engine::Mysql => format!(
            "CREATE TABLE accounts (id int PRIMARY KEY, total bigint NOT NULL DEFAULT 0);\n\
             INSERT INTO accounts SELECT seq, 0 FROM seq_1_to_{ACCOUNTS};\n\
             CREATE TABLE orders (id bigint AUTO_INCREMENT PRIMARY KEY, request varchar(60) NOT NULL UNIQUE,\n\
               account int NOT NULL, value bigint NOT NULL, state enum('new', 'sent') NOT NULL DEFAULT 'new',\n\
               made timestamp(6) NOT NULL DEFAULT current_timestamp(6),\n\
               FOREIGN KEY (account) REFERENCES accounts (id));\n\
             CREATE TABLE events (id bigint AUTO_INCREMENT PRIMARY KEY, request varchar(60) NOT NULL,\n\
               value bigint NOT NULL, KEY events_by_request (request));\n\
             CREATE VIEW turnover AS SELECT account, sum(value) AS total FROM orders GROUP BY account;\n\
             INSERT INTO orders (request, account, value) SELECT concat('before-', seq), 1 + seq % {ACCOUNTS}, seq % 100\n\
               FROM seq_1_to_{};\n",
            rows.max(1)
        ),
    }
}
