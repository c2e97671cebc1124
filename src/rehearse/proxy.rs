//! The proxy in front of the database, and the command that the scripts give it orders with.

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::prerequisites::Programs;
use super::process::{Process, run};
use super::server::free_port;
use super::{Error, Stop};
use crate::blueprint::Library;

/// How long the proxy may take to listen.
const START: Duration = Duration::from_secs(30);

/// A running proxy.
#[derive(Debug)]
pub struct Proxy {
    /// Where the application connects to.
    pub port: u16,
    #[expect(dead_code, reason = "ends with the value")]
    follower: Process,
    #[expect(dead_code, reason = "ends with the value")]
    process: Process,
}

impl Proxy {
    /// Starts HAProxy in front of a database, and writes `site-database`, the one of servers, into
    /// the folder's `bin`.
    pub fn start(
        programs: &Programs,
        library: &Library,
        folder: &Path,
        database: u16,
        stop: &Stop,
    ) -> Result<Self, Error> {
        let port = free_port()?;
        let template = |name: &str| {
            library
                .text(name)
                .ok_or_else(|| Error::new(format!("there is no template {name}")))
        };
        // A server's configuration, with what differs here.
        let text = template("user-data/haproxy.cfg")?
            .replace("%(run)s", &folder.join("run").display().to_string())
            .replace("%(listen)s", &format!("127.0.0.1:{port}"))
            .replace("%(target)s", &format!("127.0.0.1:{database}"));
        let write = |path: &Path, text: &str| {
            std::fs::write(path, text).map_err(|error| Error::io("written", path, &error))
        };
        for name in ["bin", "etc", "run"] {
            let path = folder.join(name);
            std::fs::create_dir(&path).map_err(|error| Error::io("made", &path, &error))?;
        }
        let configuration = folder.join("etc/haproxy.cfg");
        write(&configuration, &text)?;
        write(
            &folder.join("etc/database"),
            &format!("127.0.0.1 {database}"),
        )?;
        write(
            &folder.join("bin/site-database.py"),
            template("user-data/site-database.py")?,
        )?;
        let shim = folder.join("bin/site-database");
        write(
            &shim,
            &format!(
                "#!/bin/sh\nexec '{}' '{}' \"$@\"\n",
                programs.python.display(),
                folder.join("bin/site-database.py").display()
            ),
        )?;
        std::fs::set_permissions(&shim, std::fs::Permissions::from_mode(0o755))
            .map_err(|error| Error::io("made a program", &shim, &error))?;
        let mut check = Command::new(&programs.haproxy);
        run("haproxy", check.arg("-c").arg("-f").arg(&configuration), "")?;
        let mut command = Command::new(&programs.haproxy);
        command.arg("-db").arg("-f").arg(&configuration);
        let log = folder.join("proxy.log");
        let mut process = Process::start("haproxy", &mut command, &log)?;
        let socket = folder.join("run/proxy.sock");
        let until = Instant::now() + START;
        while UnixStream::connect(&socket).is_err() {
            stop.check()?;
            if !process.runs() || Instant::now() > until {
                return Err(Error::new("haproxy does not take orders"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        // As the unit site-database does on a server: always, in an environment that has next to nothing.
        let mut follow = Command::new("/bin/sh");
        follow
            .args(["-c", "while :; do \"$0\" follow; sleep 0.1; done"])
            .arg(&shim)
            .env_clear()
            .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin")
            .env("SITE_ETC", folder.join("etc"))
            .env("SITE_RUN", folder.join("run"));
        let log = folder.join("follow.log");
        let follower = Process::start("site-database", &mut follow, &log)?;
        Ok(Self {
            port,
            follower,
            process,
        })
    }
}
