//! The load on the user's own tables: `templates/rehearse/own.py`, which writes and keeps the record.
//!
//! Orders go to it and answers come back as lines of JSON; between them it prints a line for each acknowledged
//! write, whose time is taken here.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::super::load::{self, Pulse, Recorded};
use super::super::testbed::Testbed;
use super::super::{Error, Options, Stop};
use crate::blueprint::Library;

/// The program's files.
const FILES: [&str; 7] = [
    "catalog.py",
    "compare.py",
    "fill.py",
    "ledger.py",
    "model.py",
    "own.py",
    "values.py",
];

/// A load that is running.
pub struct Load {
    child: Child,
    orders: ChildStdin,
    answers: Receiver<Value>,
    recorded: Arc<Mutex<Recorded>>,
    held: Option<Instant>,
    log: PathBuf,
}

impl Load {
    /// Starts the program; nothing is written yet.
    pub fn start(
        scene: &Testbed,
        options: &Options,
        library: &Library,
        stop: &Stop,
    ) -> Result<Self, Error> {
        let folder = scene.folder().join("own");
        copy(library, &folder)?;
        let log = folder.join("log");
        let errors =
            std::fs::File::create(&log).map_err(|error| Error::io("written", &log, &error))?;
        let failed =
            |error: std::io::Error| Error::new(format!("the load does not start: {error}"));
        let mut child = Command::new(&scene.programs().python)
            .arg(folder.join("own.py"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors)
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let (Some(orders), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Error::new("the load has no pipes"));
        };
        let recorded = Arc::new(Mutex::new(Recorded::default()));
        let (sender, answers) = channel();
        let shared = Arc::clone(&recorded);
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines() {
                let Ok(line) = line else { break };
                if line.starts_with('{') {
                    let answer = serde_json::from_str(&line).unwrap_or_default();
                    if sender.send(answer).is_err() {
                        break;
                    }
                } else {
                    note(&shared, &line)
                }
            }
        });
        let mut load = Self {
            child,
            orders,
            answers,
            recorded,
            held: None,
            log,
        };
        let mut settings = scene.logins();
        settings["engine"] = json!(options.engine.word());
        settings["rate"] = json!(options.rate);
        settings["seed"] = json!(options.seed);
        load.send(&settings)?;
        load.answer(stop)?;
        Ok(load)
    }

    /// Gives an order and waits for its answer.
    pub fn order(&mut self, order: &Value, stop: &Stop) -> Result<Value, Error> {
        self.send(order)?;
        let answer = self.answer(stop)?;
        match answer["error"].as_str() {
            Some(error) => Err(Error::new(error.to_owned())),
            None => Ok(answer),
        }
    }

    /// Waits until no write is under way, and lets none begin.
    pub fn hold(&mut self, stop: &Stop) -> Result<(), Error> {
        self.held = Some(Instant::now());
        self.order(&json!({"do": "hold"}), stop).map(|_| ())
    }

    /// Lets writes begin again.
    pub fn resume(&mut self, stop: &Stop) -> Result<(), Error> {
        self.order(&json!({"do": "resume"}), stop)?;
        if let Some(begin) = self.held.take() {
            self.recorded().holds.push((begin, Instant::now()));
        }
        Ok(())
    }

    /// What happened so far.
    pub fn taken(&self) -> Recorded {
        self.recorded().clone()
    }

    fn recorded(&self) -> MutexGuard<'_, Recorded> {
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&mut self, order: &Value) -> Result<(), Error> {
        writeln!(self.orders, "{order}").map_err(|_| self.ended())
    }

    fn answer(&self, stop: &Stop) -> Result<Value, Error> {
        loop {
            stop.check()?;
            match self.answers.recv_timeout(Duration::from_millis(100)) {
                Ok(answer) => return Ok(answer),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(self.ended()),
            }
        }
    }

    fn ended(&self) -> Error {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let last = log.lines().last().unwrap_or("it printed nothing");
        Error::new(format!("the program that writes rows has ended: {last}"))
    }
}

impl Pulse for Load {
    fn run_for(&self, time: Duration, stop: &Stop) -> Result<(), Error> {
        load::wait(time, stop)
    }

    fn longest_stall(&self, from: Instant, to: Instant, stop: &Stop) -> Result<Duration, Error> {
        load::longest_stall(|| self.taken(), from, to, stop)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Writes the program's files into a folder.
fn copy(library: &Library, folder: &Path) -> Result<(), Error> {
    let failed = |error: std::io::Error| Error::io("written", folder, &error);
    std::fs::create_dir_all(folder).map_err(failed)?;
    for name in FILES {
        let text = library
            .text(&format!("rehearse/{name}"))
            .ok_or_else(|| Error::new(format!("there is no template rehearse/{name}")))?;
        std::fs::write(folder.join(name), text).map_err(failed)?;
    }
    Ok(())
}

/// Records a line of the program: `+ milliseconds retries`, `= retries`, or `! why`.
fn note(recorded: &Mutex<Recorded>, line: &str) {
    let mut recorded = recorded.lock().unwrap_or_else(PoisonError::into_inner);
    let (sign, rest) = line.split_at_checked(2).unwrap_or((line, ""));
    let mut words = rest.split(' ').map(|word| word.parse::<u64>().unwrap_or(0));
    match sign {
        "+ " => {
            let took = words.next().unwrap_or(0);
            recorded.acknowledged.push((String::new(), 0));
            recorded.times.push(Instant::now());
            recorded.latencies.push(Duration::from_millis(took));
            recorded.retried += u64::from(words.next().unwrap_or(0) > 0);
        }
        "= " => {
            recorded.reads += 1;
            recorded.retried += u64::from(words.next().unwrap_or(0) > 0);
        }
        "! " => {
            recorded.failures.push(rest.to_owned());
            recorded.failed.push(Instant::now());
        }
        _ => {}
    }
}
