//! Everything that a rehearsal takes place in: two servers, the proxy, the application, the folder.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use rand::RngExt as _;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

use super::app::{self, App, Place};
use super::prerequisites::Programs;
use super::process::{Process, run};
use super::proxy::Proxy;
use super::server::{Login, Server};
use super::{Error, Folder, Options, Row, Stop};
use crate::blueprint::Library;
use crate::migrate::action::{Parameters, Side};
use crate::spec::Dialect;

/// How long a replica has to come level once nothing is written any more.
const EQUAL: std::time::Duration = std::time::Duration::from_secs(30);

/// The database's name.
const DATABASE: &str = "shop";

/// The scene of a rehearsal; what runs on it ends with it. Fields end in their order: the
/// application before the database, the folder last.
#[derive(Debug)]
pub struct Testbed {
    app: Option<App>,
    proxy: Proxy,
    login: Login,
    /// The application's program.
    program: String,
    engine: Dialect,
    /// The source and the target.
    pub servers: [Server; 2],
    programs: Programs,
    parameters: Parameters,
    folder: Folder,
}

impl Testbed {
    /// Starts everything; the tables have their rows. The way leads from a server's own database to one
    /// that RDS manages, or `down`, the other way round.
    pub fn set(
        options: &Options,
        down: bool,
        library: &Library,
        programs: Programs,
        stop: &Stop,
    ) -> Result<Self, Error> {
        let tables = app::tables(options.engine, library, options.rows)?;
        let fill = |source: &Server| source.query_as_owner(&tables).map(|_| ());
        let mut scene = Self::filled(options, down, library, programs, &fill, stop)?;
        let place = Place {
            folder: &scene.folder.path,
            port: 0,
            database: (scene.proxy.port, DATABASE),
            tls: scene.servers[0].tls,
            reader: None,
        };
        let (engine, programs) = (scene.engine, &scene.programs);
        let app = App::start(engine, programs, &scene.program, place, &scene.login, stop)?;
        scene.app = Some(app);
        Ok(scene)
    }

    /// The same without an application, and with what `fill` puts into the source.
    pub fn filled(
        options: &Options,
        down: bool,
        library: &Library,
        programs: Programs,
        fill: &dyn Fn(&Server) -> Result<(), Error>,
        stop: &Stop,
    ) -> Result<Self, Error> {
        let folder = Folder {
            path: make_folder()?,
            keep: options.keep,
        };
        let path = folder.path.clone();
        let mut rng = ChaCha8Rng::seed_from_u64(options.seed);
        // Passwords with what breaks careless quoting.
        let engine = options.engine;
        // MariaDB keeps a place in a log, as RDS is told it, not safe from crashes.
        let procedures = engine == Dialect::Mysql && !options.chaos;
        let mut login = |user: &str, administers: bool| Login {
            user: user.to_owned(),
            administers,
            managed: administers && procedures,
            password: format!("{:016x}'\\:\"{{ $x", rng.random::<u64>()),
        };
        let (own, managed) = (login("site", false), login("app", true));
        let (source, target) = if !down {
            (own, managed)
        } else {
            (managed, own)
        };
        let create = |name: &str, number: u32, login: &Login| {
            let folder = path.join(name);
            Server::create(
                engine,
                &programs,
                &folder,
                number,
                login.clone(),
                DATABASE,
                stop,
            )
        };
        let servers = [create("source", 1, &source)?, create("target", 2, &target)?];
        stop.check()?;
        fill(&servers[0])?;
        let proxy = Proxy::start(&programs, library, &path, servers[0].port, stop)?;
        let program = app::program(library)?;
        // One secret as a server keeps it, the other as Secrets Manager does.
        let secrets = [path.join("source.secret"), path.join("target.secret")];
        for (path, login) in secrets.iter().zip([&source, &target]) {
            let json = serde_json::json!({"username": login.user, "password": login.password});
            if login.administers {
                write_private(path, &json.to_string())?
            } else {
                write_private(path, &login.password)?
            }
        }
        let side = |number: usize| Side {
            host: "127.0.0.1".to_owned(),
            port: servers[number].port,
            secret: format!("file:{}", secrets[number].display()),
        };
        let parameters = Parameters {
            engine: engine.word().to_owned(),
            database: DATABASE.to_owned(),
            source: side(0),
            target: side(1),
            region: None,
            final_dump: None,
            target_bytes: None,
        };
        Ok(Self {
            app: None,
            proxy,
            login: source,
            program,
            engine,
            servers,
            programs,
            parameters,
            folder,
        })
    }

    /// The programs that are there.
    pub fn programs(&self) -> &Programs {
        &self.programs
    }

    /// What a program has to know to log in: through the proxy as the application, at the source as the
    /// application, and at both sides as who may do everything.
    pub fn logins(&self) -> serde_json::Value {
        let login = |port: u16, user: &str, password: &str| serde_json::json!({"host": "127.0.0.1", "port": port, "user": user, "password": password, "database": DATABASE});
        let (user, password) = (&*self.login.user, &*self.login.password);
        let admins = self.servers.iter().map(|server| {
            let (user, password) = server.admin();
            login(server.port, user, password)
        });
        serde_json::json!({
            "app": login(self.proxy.port, user, password),
            "direct": login(self.servers[0].port, user, password),
            "admins": admins.collect::<Vec<_>>(),
            "owners": self.servers.iter().map(|server| &*server.login.user).collect::<Vec<_>>(),
        })
    }

    /// The temporary folder.
    pub fn folder(&self) -> &Path {
        &self.folder.path
    }

    /// The application's first server, once.
    pub fn take_app(&mut self) -> Option<App> {
        self.app.take()
    }

    /// Starts another server of the application.
    pub fn app_at(
        &self,
        folder: &Path,
        port: u16,
        reader: Option<u16>,
        stop: &Stop,
    ) -> Result<App, Error> {
        let place = Place {
            folder,
            port,
            database: (self.proxy.port, DATABASE),
            tls: self.servers[0].tls,
            reader,
        };
        let (programs, program) = (&self.programs, &self.program);
        App::start(self.engine, programs, program, place, &self.login, stop)
    }

    /// What a person should know when the servers were built without TLS.
    pub fn unencrypted(&self) -> Option<String> {
        let plain = self.servers.iter().any(|server| !server.tls);
        plain.then(|| {
            format!(
                "{} was built without TLS here, so connections are not encrypted as RDS requires",
                self.programs.server
            )
        })
    }

    /// Lets RDS's logins create subscriptions, as RDS does.
    pub fn let_subscribe(&self) -> Result<(), Error> {
        match self.engine {
            Dialect::Postgres => self
                .servers
                .iter()
                .try_for_each(|server| server.let_subscribe(self.programs.major)),
            Dialect::Mysql => Ok(()),
        }
    }

    /// Starts a replica of the database that takes writes.
    pub fn replica(&self, folder: &Path, number: u32, stop: &Stop) -> Result<Server, Error> {
        let writer = &self.servers[self.writer()?];
        Server::replica_of(writer, &self.programs, folder, number, &self.login, stop)
    }

    /// HAProxy.
    pub fn haproxy(&self) -> &Path {
        &self.programs.haproxy
    }

    /// The number of the last order, at the writer or a replica.
    pub fn last_order(&self, replica: Option<&Server>) -> Result<i64, Error> {
        let text = self
            .database(replica)?
            .query("SELECT coalesce(max(id), 0) FROM orders;")?;
        text.trim()
            .parse()
            .map_err(|_| Error::new("the database's answer is no number of an order"))
    }

    /// Whether a replica holds what the writer holds, once it had time to follow.
    pub fn replica_is_equal(&self, replica: &Server, stop: &Stop) -> Result<bool, Error> {
        const BOOKS: &str = "SELECT count(*), coalesce(sum(value), 0), max(id) FROM orders; \
             SELECT count(*), coalesce(sum(value), 0) FROM events; SELECT sum(total) FROM accounts;";
        let until = std::time::Instant::now() + EQUAL;
        let ours = self.database(None)?.query(BOOKS)?;
        while replica.query(BOOKS)? != ours {
            stop.check()?;
            if std::time::Instant::now() > until {
                return Ok(false);
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        Ok(true)
    }

    /// Starts a script as it would run on a server; gives back where its output goes.
    pub fn script(
        &self,
        name: &str,
        text: &str,
        undo: bool,
    ) -> Result<(Process, PathBuf, PathBuf), Error> {
        let path = self.folder.path.join(format!("{name}.sh"));
        std::fs::write(&path, text).map_err(|error| Error::io("written", &path, &error))?;
        let output = self.folder.path.join(format!("{name}.out"));
        let errors = self.folder.path.join(format!("{name}.err"));
        for path in [&output, &errors] {
            std::fs::write(path, "").map_err(|error| Error::io("written", path, &error))?;
        }
        let mut command = Command::new("bash");
        command.arg(&path).arg(if undo { "undo" } else { "do" });
        self.equip(&mut command);
        let process = Process::start_apart(name, &mut command, &output, &errors)?;
        Ok((process, output, errors))
    }

    /// Gives a program what scripts find on a server.
    fn equip(&self, command: &mut Command) {
        let own = std::env::var_os("PATH").unwrap_or_default();
        let mut path = vec![self.folder.path.join("bin"), self.programs.database.clone()];
        path.extend(std::env::split_paths(&own));
        command
            .env("PATH", std::env::join_paths(path).unwrap_or(own))
            .env("SITE_ETC", self.folder.path.join("etc"))
            .env("SITE_RUN", self.folder.path.join("run"))
            .env("FINAL_DUMP", self.folder.path.join("final.dump"))
            .envs(self.parameters.variables());
    }

    fn database<'a>(&'a self, replica: Option<&'a Server>) -> Result<&'a Server, Error> {
        match replica {
            Some(replica) => Ok(replica),
            None => Ok(&self.servers[self.writer()?]),
        }
    }

    /// The server that the application uses, by its number.
    pub fn writer(&self) -> Result<usize, Error> {
        let text = self.shown()?;
        let port = text.split(' ').nth(1).and_then(|port| port.parse().ok());
        let mut servers = self.servers.iter();
        let found = servers.position(|server| Some(server.port) == port);
        found
            .ok_or_else(|| Error::new(format!("the application uses neither database, but {text}")))
    }

    /// Whether the proxy holds connections back.
    pub fn is_paused(&self) -> Result<bool, Error> {
        Ok(self.shown()?.trim().ends_with("paused"))
    }

    fn shown(&self) -> Result<String, Error> {
        let mut command = Command::new(self.folder.path.join("bin/site-database"));
        self.equip(command.arg("show"));
        let output = run("site-database", &mut command, "")?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// What the application wrote, as it is in the database that it uses now.
    pub fn rows(&self) -> Result<Vec<Row>, Error> {
        let text = self.database(None)?.query(
            "SELECT o.request, o.value, (SELECT count(*) FROM events e WHERE e.request = o.request) \
             FROM orders o WHERE o.request LIKE 'order-%' ORDER BY o.id;",
        )?;
        let row = |line: &str| {
            let mut fields = line.split('\t');
            Some(Row {
                request: fields.next()?.to_owned(),
                value: fields.next()?.parse().ok()?,
                effects: fields.next()?.parse().ok()?,
            })
        };
        let read: Option<Vec<Row>> = text.lines().map(row).collect();
        read.ok_or_else(|| Error::new("the database's answer is no table of orders"))
    }

    /// Whether the accounts' totals are the sums of what was booked: each effect exactly once.
    pub fn books_balance(&self) -> Result<bool, Error> {
        let text = self.database(None)?.query(
            "SELECT (SELECT sum(total) FROM accounts) - (SELECT coalesce(sum(value), 0) FROM events);",
        )?;
        Ok(text.trim() == "0")
    }
}

fn write_private(path: &Path, text: &str) -> Result<(), Error> {
    let failed = |error: std::io::Error| Error::io("written", path, &error);
    std::fs::write(path, "").map_err(failed)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
    std::fs::write(path, text).map_err(failed)
}

/// A new folder that others can pass through and not look into.
pub(super) fn make_folder() -> Result<PathBuf, Error> {
    let base = std::env::temp_dir();
    for number in 0..100 {
        let path = base.join(format!(
            "scalectl-rehearsal-{}-{number}",
            std::process::id()
        ));
        match std::fs::create_dir(&path) {
            Ok(()) => {
                let mode = std::fs::Permissions::from_mode(0o711);
                return std::fs::set_permissions(&path, mode)
                    .map(|()| path.clone())
                    .map_err(|error| Error::io("made", &path, &error));
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(Error::io("made", &path, &error)),
        }
    }
    Err(Error::new(format!(
        "no folder can be made in {}",
        base.display()
    )))
}
