//! The emulators of AWS: started on a free port of this machine, ended with the test.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

#[path = "python.rs"]
pub mod python;

/// Which emulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// <https://github.com/getmoto/moto>
    Moto,
    /// <https://pypi.org/project/ministack/>
    Ministack,
}

/// A running emulator.
pub struct Emulator {
    /// Which one.
    #[allow(dead_code, reason = "each test file uses its own part")]
    pub kind: Kind,
    /// Its port.
    pub port: u16,
    child: Child,
    /// moto has no Cloud Control; those calls go to the other one.
    second: Option<Box<Emulator>>,
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The folder with the emulators' programs and a Python that has boto3.
pub fn programs() -> PathBuf {
    python::environment("emulators.txt")
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

impl Emulator {
    /// Starts one and waits until it answers.
    pub fn start(kind: Kind) -> Self {
        let bin = programs();
        let port = free_port();
        let mut command = match kind {
            Kind::Moto => {
                let mut command = Command::new(bin.join("moto_server"));
                command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
                // AWS's own policies, which roles name.
                command.env("MOTO_ACM_VALIDATION_WAIT", "0");
                command.env("MOTO_IAM_LOAD_MANAGED_POLICIES", "true");
                command
            }
            Kind::Ministack => {
                let mut command = Command::new(bin.join("ministack"));
                command.env("GATEWAY_PORT", port.to_string());
                command
            }
        };
        // What it says, for whoever looks into a failure: a folder.
        let log = std::env::var_os("SCALECTL_EMULATOR_LOG").map_or_else(Stdio::null, |folder| {
            let path = PathBuf::from(folder).join(format!("{kind:?}-{port}.log"));
            Stdio::from(std::fs::File::create(path).unwrap())
        });
        let child = command
            // ministack keeps a log where it runs.
            .current_dir(env!("CARGO_TARGET_TMPDIR"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let second = (kind == Kind::Moto).then(|| Box::new(Self::start(Kind::Ministack)));
        let emulator = Self {
            kind,
            port,
            child,
            second,
        };
        for _ in 0..600 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return emulator;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("{kind:?} does not answer on port {port} after a minute");
    }

    /// The port on which Cloud Control answers.
    #[allow(dead_code, reason = "each test file uses its own part")]
    pub fn cloud_control_port(&self) -> u16 {
        self.second.as_ref().map_or(self.port, |second| second.port)
    }

    /// Empties it.
    #[allow(dead_code, reason = "each test file uses its own part")]
    pub fn reset(&self) {
        let path = match self.kind {
            Kind::Moto => "/moto-api/reset",
            Kind::Ministack => "/_ministack/reset",
        };
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        if let Some(second) = &self.second {
            second.reset();
        }
    }
}
