//! The site as it runs: servers, load balancers, the edge and the replica, and the name that leads to them.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::front::{self, Fleet, Front};
use crate::migrate::gates::Servers;
use crate::rehearse::app::App;
use crate::rehearse::dns::Names;
use crate::rehearse::process::{Process, run};
use crate::rehearse::server::{Server, free_port};
use crate::rehearse::testbed::Testbed;
use crate::rehearse::{Error, Stop};

/// How long something that was started may take to be healthy.
const START: Duration = Duration::from_secs(60);

/// A running site.
pub struct Site {
    names: Arc<Names>,
    folder: PathBuf,
    secret: String,
    server: Option<App>,
    fleets: Vec<Running>,
    edge: Option<Proxy>,
    /// The replica that reads go to.
    pub replica: Option<Server>,
    /// Folders that were made, so that each part has one of its own.
    made: u32,
}

/// A running HAProxy, which takes orders over its socket.
struct Proxy {
    port: u16,
    socket: PathBuf,
    _process: Process,
}

/// A running fleet.
struct Running {
    balancer: Proxy,
    /// The door that only the edge has the key of.
    private: u16,
    /// Whether the other door is open.
    open: bool,
    servers: Vec<(App, PathBuf)>,
}

impl Site {
    /// A site of one server, which the scene has started.
    pub fn of(scene: &mut Testbed, seed: u64) -> Self {
        let server = scene.take_app();
        let port = server.as_ref().map_or(0, |server| server.port);
        Self {
            names: Arc::new(Names::of(port)),
            folder: scene.folder().to_owned(),
            secret: format!("{:016x}", seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            server,
            fleets: Vec::new(),
            edge: None,
            replica: None,
            made: 0,
        }
    }

    /// What clients ask.
    pub fn names(&self) -> &Arc<Names> {
        &self.names
    }

    /// The door of a front, while it stands.
    pub fn door(&self, front: &Front) -> Option<u16> {
        let edge = self.edge.as_ref().filter(|_| front.edge);
        let fleet = self.fleets.first().filter(|_| !front.fleets.is_empty());
        match (edge, fleet) {
            (Some(edge), _) => Some(edge.port),
            (None, _) if front.edge => None,
            (None, Some(fleet)) => fleet.open.then_some(fleet.balancer.port),
            (None, None) if !front.fleets.is_empty() => None,
            (None, None) => self.server.as_ref().map(|server| server.port),
        }
    }

    /// Starts what a front needs and is not there, and waits until it is healthy.
    pub fn raise(&mut self, front: &Front, scene: &Testbed, stop: &Stop) -> Result<(), Error> {
        if front.replica && self.replica.is_none() {
            let folder = self.new_name("replica");
            let replica = scene.replica(&folder, 10 + self.made, stop)?;
            self.replica = Some(replica);
            self.follows(scene, stop)?;
        }
        for fleet in front.fleets.iter().skip(self.fleets.len()) {
            let running = self.fleet(fleet, scene, stop)?;
            self.fleets.push(running);
        }
        if front.fleets.is_empty() && self.server.is_none() {
            let (app, _) = self.app(scene, 0, None, stop)?;
            self.server = Some(app);
        }
        if !front.edge
            && let Some(fleet) = self.fleets.first_mut().filter(|fleet| !fleet.open)
        {
            fleet.balancer.tell("enable frontend public")?;
            fleet.open = true;
        }
        if front.edge && self.edge.is_none() {
            let folder = self.new_folder("edge")?;
            let port = free_port()?;
            let socket = folder.join("proxy.sock");
            let fleets: Vec<u16> = self.fleets.iter().map(|fleet| fleet.private).collect();
            let first = fleets.first().copied().unwrap_or(1);
            // The second is told where it leads when there is one.
            let text = front::edge(
                &socket.display().to_string(),
                port,
                &self.secret,
                &[first, 1],
            );
            let proxy = Proxy::start(scene, &folder, port, socket, &text)?;
            proxy.until_up("origins", 1, stop)?;
            self.edge = Some(proxy);
        }
        Ok(())
    }

    /// Leads so many of a hundred requests to the new of two fronts.
    pub fn lead(&self, share: u32, (old, new): (&Front, &Front), stop: &Stop) -> Result<(), Error> {
        if let (Some(old), Some(new)) = (self.door(old), self.door(new))
            && old != new
        {
            self.names.lead(vec![(old, 100 - share), (new, share)]);
            return Ok(());
        }
        let regions = if share > 0 { new } else { old }.fleets.len();
        let Some(edge) = &self.edge else {
            return Ok(());
        };
        match self.fleets.get(1).filter(|_| regions > 1) {
            Some(second) => {
                let port = second.private;
                edge.tell(&format!("set server origins/o1 addr 127.0.0.1 port {port}"))?;
                edge.tell("set server origins/o1 state ready")?;
                edge.until_up("origins", 2, stop)
            }
            None => edge.tell("set server origins/o1 state maint"),
        }
    }

    /// Has a front alone, from the beginning.
    pub fn stand(&mut self, front: &Front) -> Result<(), Error> {
        let door = self.door(front);
        self.names
            .lead(door.map(|door| (door, 1)).into_iter().collect());
        self.end(front)
    }

    /// Ends what a front does not need.
    pub fn end(&mut self, front: &Front) -> Result<(), Error> {
        if !front.edge {
            self.edge = None;
        }
        self.fleets.truncate(front.fleets.len());
        if !front.fleets.is_empty() {
            self.server = None;
        }
        if !front.replica {
            self.replica = None;
        }
        // From now on only the edge is let in.
        for fleet in self
            .fleets
            .iter_mut()
            .filter(|fleet| fleet.open && front.edge)
        {
            fleet.balancer.tell("disable frontend public")?;
            fleet.open = false;
        }
        Ok(())
    }

    /// How many servers are healthy behind each balancer and the edge: all of a balancer's have to be.
    pub fn health(&self) -> Result<Vec<Servers>, Error> {
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let mut seen = Vec::new();
        for (index, fleet) in self.fleets.iter().enumerate() {
            let all = number(fleet.servers.len());
            seen.push(Servers {
                name: format!("balancer {}", index + 1),
                healthy: number(fleet.balancer.up("servers")?),
                all,
                least: all,
            });
        }
        if let Some(edge) = &self.edge {
            seen.push(Servers {
                name: "edge".to_owned(),
                healthy: number(edge.up("origins")?),
                all: number(self.fleets.len().max(1)),
                least: 1,
            });
        }
        Ok(seen)
    }

    /// Waits until the replica has what was just written.
    pub fn follows(&self, scene: &Testbed, stop: &Stop) -> Result<(), Error> {
        let Some(replica) = &self.replica else {
            return Ok(());
        };
        let until = Instant::now() + START;
        let last = scene.last_order(None)?;
        while scene.last_order(Some(replica)).unwrap_or_default() < last {
            stop.check()?;
            if Instant::now() > until {
                return Err(Error::new("the replica does not come near the writer"));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// How many servers of the first fleet can be killed.
    pub fn victims(&self) -> usize {
        self.fleets.first().map_or(0, |fleet| fleet.servers.len())
    }

    /// Kills one of them, as a broken host would, and starts it again.
    pub fn strike(&mut self, number: usize, scene: &Testbed, stop: &Stop) -> Result<(), Error> {
        let replica = self.replica.as_ref().map(|replica| replica.port);
        if let Some(fleet) = self.fleets.first_mut()
            && let Some((app, folder)) = fleet.servers.get_mut(number)
        {
            let port = app.port;
            app.kill();
            *app = scene.app_at(folder, port, replica, stop)?;
        }
        Ok(())
    }

    fn fleet(&mut self, fleet: &Fleet, scene: &Testbed, stop: &Stop) -> Result<Running, Error> {
        let replica = self.replica.as_ref().map(|replica| replica.port);
        let mut servers = Vec::new();
        for _ in 0..fleet.servers {
            servers.push(self.app(scene, free_port()?, replica, stop)?);
        }
        let folder = self.new_folder("balancer")?;
        let ports: Vec<u16> = servers.iter().map(|(app, _)| app.port).collect();
        let doors = (free_port()?, free_port()?);
        let socket = folder.join("proxy.sock");
        let text = front::balancer(
            &socket.display().to_string(),
            doors,
            &self.secret,
            fleet,
            &ports,
        );
        let balancer = Proxy::start(scene, &folder, doors.0, socket, &text)?;
        balancer.until_up("servers", ports.len(), stop)?;
        Ok(Running {
            balancer,
            private: doors.1,
            open: true,
            servers,
        })
    }

    fn app(
        &mut self,
        scene: &Testbed,
        port: u16,
        reader: Option<u16>,
        stop: &Stop,
    ) -> Result<(App, PathBuf), Error> {
        let folder = self.new_folder("server")?;
        let app = scene.app_at(&folder, port, reader, stop)?;
        Ok((app, folder))
    }

    fn new_name(&mut self, what: &str) -> PathBuf {
        self.made += 1;
        self.folder.join(format!("{what}-{}", self.made))
    }

    fn new_folder(&mut self, what: &str) -> Result<PathBuf, Error> {
        let path = self.new_name(what);
        std::fs::create_dir(&path).map_err(|error| Error::io("made", &path, &error))?;
        Ok(path)
    }
}

impl Proxy {
    fn start(
        scene: &Testbed,
        folder: &Path,
        port: u16,
        socket: PathBuf,
        text: &str,
    ) -> Result<Self, Error> {
        let path = folder.join("haproxy.cfg");
        let failed = |error: std::io::Error| Error::io("written", &path, &error);
        // It holds the secret between edge and load balancer.
        let mut options = std::fs::File::options();
        let mut file = options
            .create_new(true)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)?;
        let haproxy = scene.haproxy();
        run(
            "haproxy",
            Command::new(haproxy).arg("-c").arg("-f").arg(&path),
            "",
        )?;
        let mut command = Command::new(haproxy);
        command.arg("-db").arg("-f").arg(&path);
        let process = Process::start("haproxy", &mut command, &folder.join("log"))?;
        Ok(Self {
            port,
            socket,
            _process: process,
        })
    }

    fn ask(&self, order: &str) -> std::io::Result<String> {
        let mut stream = UnixStream::connect(&self.socket)?;
        stream.write_all(format!("{order}\n").as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    /// Gives an order; HAProxy says something only when it minds, or to tell of an address.
    fn tell(&self, order: &str) -> Result<(), Error> {
        let failed = |why: &str| Error::new(format!("the load balancer says to `{order}`: {why}"));
        let answer = self
            .ask(order)
            .map_err(|error| failed(&error.to_string()))?;
        let answer = answer.trim();
        let fine = ["IP changed", "port changed", "no need to change"];
        if answer.is_empty() || fine.iter().any(|word| answer.starts_with(word)) {
            Ok(())
        } else {
            Err(failed(answer))
        }
    }

    /// Servers of a backend that are up
    /// (<https://docs.haproxy.org/2.6/management.html#9.3-show%20servers%20state>).
    fn up(&self, backend: &str) -> Result<usize, Error> {
        const RUNNING: &str = "2";
        let answer = self
            .ask(&format!("show servers state {backend}"))
            .map_err(|error| Error::new(format!("the load balancer does not answer: {error}")))?;
        let lines = answer.lines().filter(|line| line.contains(backend));
        let state = |line: &str| line.split(' ').nth(5) == Some(RUNNING);
        Ok(lines.filter(|line| state(line)).count())
    }

    fn until_up(&self, backend: &str, most: usize, stop: &Stop) -> Result<(), Error> {
        let until = Instant::now() + START;
        while self.up(backend).unwrap_or_default() < most {
            stop.check()?;
            if Instant::now() > until {
                return Err(Error::new(format!(
                    "what stands behind the load balancer does not become healthy ({backend})"
                )));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}
