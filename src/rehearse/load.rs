//! The load: so many writes and reads a second over HTTP, and a record of every answer.
//!
//! The pace does not wait for answers: what is due is sent when a client is free, and how long it
//! took is counted from when it was due. So a stall shows in full, not as one slow request.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rand::RngExt as _;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

use super::dns::{Names, Remembered};
use super::{Error, Stop, traffic};

/// Requests that may wait at a time; enough for a pause of a second at a few hundred a second.
const CLIENTS: u32 = 48;

/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// One in so many writes is followed by a request for a file that caches may keep.
const FILES: u64 = 5;

/// Accounts that orders are booked to.
pub const ACCOUNTS: i64 = 10;

/// What happened.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    /// Requests that were acknowledged, and their values.
    pub acknowledged: Vec<(String, i64)>,
    /// When each of them was.
    pub times: Vec<Instant>,
    /// The door that each of them went through.
    pub doors: Vec<u16>,
    /// When requests failed.
    pub failed: Vec<Instant>,
    /// Files that a cache answered.
    pub cached: u64,
    /// How long each write took, from when it was due.
    pub latencies: Vec<Duration>,
    /// Reads that found what had been acknowledged.
    pub reads: u64,
    /// Requests that the application tried again, and with how many attempts altogether.
    pub retried: u64,
    /// Why requests failed.
    pub failures: Vec<String>,
    /// When the load was held on purpose; what stands still then is no stall.
    pub holds: Vec<(Instant, Instant)>,
}

/// A load that a walk goes on under.
pub trait Pulse {
    /// Lets it run for a while.
    fn run_for(&self, time: Duration, stop: &Stop) -> Result<(), Error>;

    /// The longest time without an acknowledged write that began within a span.
    fn longest_stall(&self, from: Instant, to: Instant, stop: &Stop) -> Result<Duration, Error>;
}

impl Recorded {
    fn fail(&mut self, why: String) {
        self.failures.push(why);
        self.failed.push(Instant::now());
    }

    /// What happened from a moment on.
    pub fn since(&self, from: Instant) -> Since {
        let index: Vec<usize> = (0..self.times.len())
            .filter(|index| self.times[*index] >= from)
            .collect();
        Since {
            doors: index.iter().map(|index| self.doors[*index]).collect(),
            latencies: index.iter().map(|index| self.latencies[*index]).collect(),
            failed: self.failed.iter().filter(|at| **at >= from).count(),
        }
    }

    /// How long the load was held within a span.
    fn held(&self, from: Instant, to: Instant) -> Duration {
        let parts = self.holds.iter().map(|(begin, end)| {
            let end = (*end).min(to);
            end.saturating_duration_since((*begin).max(from))
        });
        parts.sum()
    }

    /// The longest time without an acknowledged write that began within a span.
    pub fn longest_stall(&self, from: Instant, to: Instant) -> Duration {
        let mut times: Vec<Instant> = self.times.clone();
        times.sort_unstable();
        times
            .windows(2)
            .filter(|pair| from <= pair[0] && pair[0] < to)
            .map(|pair| (pair[1] - pair[0]).saturating_sub(self.held(pair[0], pair[1])))
            .max()
            .unwrap_or_default()
    }
}

/// What happened from a moment on.
#[derive(Clone, Debug, Default)]
pub struct Since {
    /// The doors that acknowledged writes went through.
    pub doors: Vec<u16>,
    /// How long they took.
    pub latencies: Vec<Duration>,
    /// Requests that failed.
    pub failed: usize,
}

struct Shared {
    recorded: Mutex<Recorded>,
    ended: AtomicBool,
    next: AtomicU64,
}

impl Shared {
    fn recorded(&self) -> MutexGuard<'_, Recorded> {
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A load that is running.
pub struct Load {
    shared: Arc<Shared>,
    clients: Vec<JoinHandle<()>>,
}

impl Load {
    /// Begins to send requests to where the names lead.
    pub fn start(names: &Arc<Names>, rate: u32, seed: u64) -> Self {
        let shared = Arc::new(Shared {
            recorded: Mutex::default(),
            ended: AtomicBool::new(false),
            next: AtomicU64::new(0),
        });
        let began = Instant::now();
        let clients = (0..CLIENTS)
            .map(|number| {
                let shared = Arc::clone(&shared);
                let names = Arc::clone(names);
                let rng = ChaCha8Rng::seed_from_u64(seed.wrapping_add(u64::from(number)));
                std::thread::spawn(move || client(&shared, &names, rate, began, rng))
            })
            .collect();
        Self { shared, clients }
    }

    /// Whether a request for a server's health is answered well at a door.
    pub fn answers(&self, door: u16) -> bool {
        let answer = ask(&mut None, door, "GET", "/healthz", "");
        answer.is_ok_and(|answer| answer.status == 200)
    }

    /// Stops sending, waits for the answers that are due, and says what happened.
    pub fn end(mut self) -> Recorded {
        self.finish();
        std::mem::take(&mut self.shared.recorded())
    }

    /// What happened from a moment on.
    pub fn since(&self, from: Instant) -> Since {
        self.shared.recorded().since(from)
    }

    /// The writes that are acknowledged so far, and their values.
    pub fn acknowledged(&self) -> Vec<(String, i64)> {
        self.shared.recorded().acknowledged.clone()
    }

    /// Whether a write was acknowledged since a moment.
    pub fn acknowledged_since(&self, from: Instant) -> bool {
        self.shared.recorded().times.iter().any(|time| *time > from)
    }

    /// Lets it run for a while.
    pub fn run_for(&self, time: Duration, stop: &Stop) -> Result<(), Error> {
        wait(time, stop)
    }

    /// The longest time without an acknowledged write that began within a span.
    pub fn longest_stall(
        &self,
        from: Instant,
        to: Instant,
        stop: &Stop,
    ) -> Result<Duration, Error> {
        longest_stall(|| self.shared.recorded().clone(), from, to, stop)
    }

    fn finish(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        for client in self.clients.drain(..) {
            let _ = client.join();
        }
    }
}

impl Pulse for Load {
    fn run_for(&self, time: Duration, stop: &Stop) -> Result<(), Error> {
        self.run_for(time, stop)
    }

    fn longest_stall(&self, from: Instant, to: Instant, stop: &Stop) -> Result<Duration, Error> {
        self.longest_stall(from, to, stop)
    }
}

/// Waits unless it is stopped.
pub fn wait(time: Duration, stop: &Stop) -> Result<(), Error> {
    let until = Instant::now() + time;
    while Instant::now() < until {
        stop.check()?;
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// The longest time without an acknowledged write that began within a span; a stall that lasts when the
/// span ends is waited for, as long as a client would wait.
pub fn longest_stall(
    recorded: impl Fn() -> Recorded,
    from: Instant,
    to: Instant,
    stop: &Stop,
) -> Result<Duration, Error> {
    let until = Instant::now() + PATIENCE;
    loop {
        let recorded = recorded();
        if recorded.times.iter().any(|time| *time > to) || Instant::now() > until {
            return Ok(recorded.longest_stall(from, to));
        }
        wait(Duration::from_millis(20), stop)?;
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.finish();
    }
}

/// One client: takes the next request that is due, again and again.
fn client(shared: &Shared, names: &Names, rate: u32, began: Instant, mut rng: ChaCha8Rng) {
    let mut connection = None;
    let (mut remembered, mut door) = (Remembered::default(), 0);
    loop {
        let number = shared.next.fetch_add(1, Ordering::Relaxed);
        let due = began + Duration::from_secs_f64(number as f64 / f64::from(rate.max(1)));
        while Instant::now() < due {
            if shared.ended.load(Ordering::Relaxed) {
                return;
            }
            std::thread::sleep((due - Instant::now()).min(Duration::from_millis(50)));
        }
        if shared.ended.load(Ordering::Relaxed) {
            return;
        }
        let port = remembered.door(names, Instant::now(), &mut rng);
        if port != door {
            (door, connection) = (port, None);
        }
        let request = format!("order-{number}");
        let value = rng.random_range(1..1000_i64);
        let account = rng.random_range(1..=ACCOUNTS);
        let body = format!("{{\"request\":\"{request}\",\"account\":{account},\"value\":{value}}}");
        let answer = ask(&mut connection, port, "POST", "/orders", &body);
        let now = Instant::now();
        let earlier = {
            let mut recorded = shared.recorded();
            match answer {
                Ok(answer) if answer.status == 201 => {
                    recorded.retried += u64::from(answer.retries > 0);
                    recorded.acknowledged.push((request, value));
                    recorded.times.push(now);
                    recorded.doors.push(port);
                    recorded.latencies.push(now - due);
                }
                Ok(answer) => recorded.fail(format!(
                    "the write {request} was answered with {}",
                    answer.status
                )),
                Err(error) => recorded.fail(format!("the write {request}: {error}")),
            }
            match recorded.acknowledged.len() {
                0 => continue,
                many => recorded.acknowledged[rng.random_range(0..many)].clone(),
            }
        };
        // What was acknowledged can be read from then on, whichever side answers.
        let (request, value) = earlier;
        let answer = ask(
            &mut connection,
            port,
            "GET",
            &format!("/orders/{request}"),
            "",
        );
        let mut recorded = shared.recorded();
        match answer {
            Ok(answer) if answer.status == 200 && answer.body == value.to_string() => {
                recorded.retried += u64::from(answer.retries > 0);
                recorded.reads += 1;
            }
            Ok(answer) => recorded.fail(format!(
                "the read of {request} was answered with {} {}",
                answer.status, answer.body
            )),
            Err(error) => recorded.fail(format!("the read of {request}: {error}")),
        }
        drop(recorded);
        if number.is_multiple_of(FILES) {
            let answer = ask(&mut connection, port, "GET", traffic::FILE, "");
            let mut recorded = shared.recorded();
            match answer {
                Ok(answer) if answer.status == 200 && answer.body == traffic::CONTENT => {
                    recorded.cached += u64::from(answer.cached);
                }
                Ok(answer) => recorded.fail(format!(
                    "{} was answered with {} {}",
                    traffic::FILE,
                    answer.status,
                    answer.body
                )),
                Err(error) => recorded.fail(format!("{}: {error}", traffic::FILE)),
            }
        }
    }
}

struct Answer {
    status: u16,
    retries: u32,
    cached: bool,
    body: String,
}

/// One request over a connection that is kept; HTTP as far as the application speaks it.
fn ask(
    kept: &mut Option<BufReader<TcpStream>>,
    port: u16,
    method: &str,
    path: &str,
    body: &str,
) -> std::io::Result<Answer> {
    let mut connection = match kept.take() {
        Some(connection) => connection,
        None => {
            let stream = TcpStream::connect(("127.0.0.1", port))?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            BufReader::new(stream)
        }
    };
    let text = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    connection.get_mut().write_all(text.as_bytes())?;
    let mut answer = Answer {
        status: 0,
        retries: 0,
        cached: false,
        body: String::new(),
    };
    let mut length = 0;
    let mut line = String::new();
    loop {
        line.clear();
        if connection.read_line(&mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let text = line.trim_end();
        if let Some(status) = text.strip_prefix("HTTP/1.1 ") {
            let code = status.split(' ').next().unwrap_or_default();
            answer.status = code.parse().unwrap_or(0);
        } else if let Some((name, value)) = text.split_once(": ") {
            match &*name.to_ascii_lowercase() {
                "content-length" => length = value.parse().unwrap_or(0),
                "retries" => answer.retries = value.parse().unwrap_or(0),
                "x-cache" => answer.cached = value == "hit",
                _ => {}
            }
        } else if text.is_empty() {
            break;
        }
    }
    let mut bytes = vec![0; length];
    connection.read_exact(&mut bytes)?;
    answer.body = String::from_utf8_lossy(&bytes).into_owned();
    *kept = Some(connection);
    Ok(answer)
}
