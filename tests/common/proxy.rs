//! A proxy in front of an emulator: every call of the AWS provider passes it, and some of them go wrong.
//!
//! It knows AWS's protocols as far as needed to tell which operation a request is. Cloud Control, which
//! not every emulator has, goes to the one that has it, so that one address serves for everything. What
//! goes wrong is [`Faults`]' business; with [`Faults::none`] answers only lose what the emulator gets
//! wrong in a way that the SDK refuses.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use scalectl::provider::Outcome;
use scalectl::provider::aws::{Aws, Endpoints};
use scalectl::spec;

use super::emulator::{Emulator, Kind};
pub use super::faults::{Fault, Faults, When};

#[path = "requests.rs"]
pub mod requests;
use requests::Checker;

/// Outermost elements of moto's S3 answers that AWS calls otherwise.
const MISNAMED: [(&str, &str); 2] = [
    ("GetBucketVersioningResponse", "VersioningConfiguration"),
    (
        "GetBucketAccelerateConfigurationResponse",
        "AccelerateConfiguration",
    ),
];

/// A runtime for what talks over a network.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// A call that came to the proxy.
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// Its service, as signatures name it.
    pub service: String,
    /// Its operation; for those that are told by method and path, these.
    pub operation: String,
    /// What was sent, as text.
    pub body: String,
    /// Whether it is to change something.
    pub changes: bool,
    /// How many calls of this operation came before.
    pub nth: u64,
    /// How many changing calls came before, leases and records not counted.
    pub change: u64,
    /// What was made of it.
    pub fault: Fault,
    /// Whether it came to an answer, good or bad.
    pub answered: bool,
}

impl Call {
    /// Whether it is about the lease or the record, which are no part of the application.
    pub fn is_bookkeeping(&self) -> bool {
        self.service == "ssm" && self.body.contains("/scalectl/")
    }
}

/// What connections share.
struct State {
    kind: Kind,
    emulator: u16,
    cloud_control: u16,
    faults: Mutex<Faults>,
    calls: Mutex<Calls>,
    changed: Condvar,
    checker: Checker,
}

#[derive(Default)]
struct Calls {
    all: Vec<Call>,
    counts: BTreeMap<String, u64>,
    changes: u64,
    /// How many calls are under way.
    open: u64,
    /// How many of them are held back.
    held: u64,
    /// Whether nothing is held back any more.
    let_go: bool,
}

/// A running proxy. At its end every request has to be one that AWS's models allow.
pub struct Proxy {
    port: u16,
    state: Arc<State>,
}

impl Drop for Proxy {
    /// The thread that listens keeps what connections share, and with it the checker.
    fn drop(&mut self) {
        self.state.checker.assert_allowed();
    }
}

impl Proxy {
    /// Starts one in front of an emulator.
    pub fn before(emulator: &Emulator, faults: Faults) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State {
            kind: emulator.kind,
            emulator: emulator.port,
            cloud_control: emulator.cloud_control_port(),
            faults: Mutex::new(faults),
            calls: Mutex::default(),
            changed: Condvar::new(),
            checker: Checker::start(),
        });
        let shared = state.clone();
        // It ends with the test's process; connections end with their clients.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = shared.clone();
                std::thread::spawn(move || serve(&state, stream));
            }
        });
        Self { port, state }
    }

    /// Where it answers.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The AWS provider, talking through it.
    pub async fn connect(&self, regions: &[&str]) -> Outcome<Aws> {
        let endpoints = Endpoints {
            all: Some(self.url()),
            cloud_control: None,
            keys: Some(("test".to_owned(), "test".to_owned())),
        };
        let regions = regions.iter().map(|&region| region.to_owned()).collect();
        let aws = Aws::connect(&spec::Aws::default(), regions, &endpoints).await;
        // Who we are is the first call, so that what faults meet does not depend on who is faster.
        aws.place_in_words().await?;
        Ok(aws)
    }

    /// What AWS's models say of all requests so far; none may come afterwards.
    pub fn validated(&self) -> requests::Found {
        self.state.checker.finish()
    }

    /// From here on other faults, once everything under way has come to its end; what was held back is
    /// let go, and what came so far forgotten.
    pub fn restart(&self, faults: Faults) {
        self.let_go();
        let mut calls = self.state.calls.lock().unwrap();
        while calls.open > 0 {
            calls = self.state.changed.wait(calls).unwrap();
        }
        *calls = Calls::default();
        *self.state.faults.lock().unwrap() = faults;
    }

    /// Breaks the connections of what is held back; nothing is held back any more until the restart.
    pub fn let_go(&self) {
        self.state.calls.lock().unwrap().let_go = true;
        self.state.changed.notify_all();
    }

    /// What came since the last restart, in this order.
    pub fn calls(&self) -> Vec<Call> {
        self.state.calls.lock().unwrap().all.clone()
    }

    /// Waits until a call is held back; `false` when none is after so long.
    pub fn is_holding_within(&self, most: Duration) -> bool {
        let calls = self.state.calls.lock().unwrap();
        let nothing = |calls: &mut Calls| calls.held == 0;
        let waited = self.state.changed.wait_timeout_while(calls, most, nothing);
        waited.unwrap().0.held > 0
    }

    /// Waits until a call has come that `fits`; `false` when none has after so long.
    pub fn has_seen_within(&self, most: Duration, fits: impl Fn(&Call) -> bool) -> bool {
        let calls = self.state.calls.lock().unwrap();
        let waited = self
            .state
            .changed
            .wait_timeout_while(calls, most, |calls| !calls.all.iter().any(&fits));
        waited.unwrap().0.all.iter().any(fits)
    }
}

/// A request as it came, but for the last byte of its body: who closes a connection with something
/// unread in it resets it, as a network that breaks does.
#[derive(Clone)]
struct Request {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(have, _)| have == name);
        found.map_or("", |(_, value)| value)
    }

    /// The next one on a connection; `None` when the client is through.
    fn read(stream: &mut TcpStream) -> Option<Self> {
        let mut head: Vec<u8> = Vec::new();
        let mut buffer = [0; 8192];
        let end = loop {
            let count = stream.peek(&mut buffer).ok().filter(|count| *count > 0)?;
            let before = head.len();
            head.extend(&buffer[..count]);
            let end = find(&head, b"\r\n\r\n").map(|at| at + 4);
            let taken = end.map_or(count, |end| end - before);
            stream.read_exact(&mut buffer[..taken]).ok()?;
            if let Some(end) = end {
                break end;
            }
        };
        let text = String::from_utf8_lossy(&head[..end]).into_owned();
        let mut lines = text.lines();
        let mut words = lines.next()?.split(' ').map(str::to_owned);
        let (method, path) = (words.next()?, words.next()?);
        let headers = lines.filter_map(header).collect();
        let mut request = Self {
            method,
            path,
            headers,
            body: Vec::new(),
        };
        assert_eq!(request.header("transfer-encoding"), "", "{text}");
        let length: usize = request.header("content-length").parse().unwrap_or(0);
        if length > 0 {
            request.body = vec![0; length];
            stream.read_exact(&mut request.body[..length - 1]).ok()?;
            let last = stream.peek(&mut request.body[length - 1..]).ok()?;
            assert_eq!(last, 1, "{text}");
        }
        Some(request)
    }

    /// As moto has to get it: it gives a replica in another region the source's parameter group, which is not there,
    /// and AWS the default one.
    fn for_moto(mut self) -> Self {
        let is_replica = find(&self.body, b"Action=CreateDBInstanceReadReplica&").is_some();
        let is_elsewhere = find(&self.body, b"SourceDBInstanceIdentifier=arn%3A").is_some();
        if is_replica && is_elsewhere && find(&self.body, b"DBParameterGroupName=").is_none() {
            self.body.extend(b"&DBParameterGroupName=");
            let length = self.body.len().to_string();
            for (name, value) in &mut self.headers {
                if name == "content-length" {
                    value.clone_from(&length);
                }
            }
        }
        self
    }

    /// Takes the last byte, so that the connection can be used again.
    fn finish(&self, stream: &mut TcpStream) -> Option<()> {
        if self.body.is_empty() {
            Some(())
        } else {
            stream.read_exact(&mut [0]).ok()
        }
    }

    /// The call that it is.
    fn call(&self) -> Call {
        let scope = self.header("authorization").split('/').nth(3);
        let service = scope.unwrap_or_default().to_owned();
        let body = String::from_utf8_lossy(&self.body).into_owned();
        let action = body.strip_prefix("Action=").or_else(|| {
            let at = body.find("&Action=")?;
            Some(&body[at + "&Action=".len()..])
        });
        let target = self.header("x-amz-target").rsplit('.').next();
        let named = match (target, action) {
            (Some(target), _) if !target.is_empty() => Some(target),
            (_, Some(action)) => action.split('&').next(),
            _ => None,
        };
        let (operation, changes) = match named {
            Some(name) => (name.to_owned(), !is_read(name)),
            None => {
                let path = self.path.split('?').next().unwrap_or_default();
                let reads = ["GET", "HEAD"].contains(&&*self.method);
                (format!("{} {path}", self.method), !reads)
            }
        };
        Call {
            service,
            operation,
            body,
            changes,
            ..Call::default()
        }
    }
}

fn is_read(name: &str) -> bool {
    ["Describe", "Get", "List"]
        .iter()
        .any(|verb| name.starts_with(verb))
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

fn header(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(':')?;
    Some((name.to_lowercase(), value.trim().to_owned()))
}

/// An emulator's answer.
struct Answer {
    status: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    /// What the emulator says to a request.
    fn to(request: &Request, port: u16) -> Self {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let mut text = format!("{} {} HTTP/1.1\r\n", request.method, request.path).into_bytes();
        for (name, value) in &request.headers {
            if name != "connection" {
                text.extend(format!("{name}: {value}\r\n").bytes());
            }
        }
        text.extend(b"connection: close\r\n\r\n");
        text.extend(&request.body);
        stream.write_all(&text).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = find(&answer, b"\r\n\r\n").expect("an answer has a head");
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        let mut lines = head.lines();
        let status = lines.next().unwrap_or_default();
        let headers: Vec<(String, String)> = lines.filter_map(header).collect();
        let is_chunked = headers.iter().any(|(name, _)| name == "transfer-encoding");
        assert!(!is_chunked, "{head}");
        Self {
            status: status.split_once(' ').unwrap_or_default().1.to_owned(),
            headers,
            body: answer[end + 4..].to_vec(),
        }
    }

    /// One of AWS's errors.
    fn error(status: &str, content: &str, body: &str) -> Self {
        Self {
            status: status.to_owned(),
            headers: vec![("content-type".to_owned(), content.to_owned())],
            body: body.as_bytes().to_vec(),
        }
    }

    /// With the names that AWS uses.
    fn mend(&mut self) {
        let text = String::from_utf8_lossy(&self.body);
        if MISNAMED.iter().any(|(wrong, _)| text.contains(wrong)) {
            let mended = MISNAMED
                .iter()
                .fold(text.into_owned(), |text, (from, to)| text.replace(from, to));
            self.body = mended.into_bytes();
        }
    }

    /// As it goes to the client, `whole` or with half of its body missing.
    fn write(&self, stream: &mut TcpStream, method: &str, whole: bool) -> Option<()> {
        let mut text = format!("HTTP/1.1 {}\r\n", self.status).into_bytes();
        for (name, value) in &self.headers {
            // The length of what a HEAD is not given stays.
            if name != "connection" && (name != "content-length" || method == "HEAD") {
                text.extend(format!("{name}: {value}\r\n").bytes());
            }
        }
        if method != "HEAD" {
            text.extend(format!("content-length: {}\r\n", self.body.len()).bytes());
        }
        text.extend(b"\r\n");
        text.extend(if whole {
            &self.body
        } else {
            &self.body[..self.body.len() / 2]
        });
        stream.write_all(&text).ok()
    }
}

/// Serves a connection until its client, or a fault, ends it.
fn serve(state: &State, mut stream: TcpStream) {
    // Without this an answer in two packets waits for the client's acknowledgement.
    stream.set_nodelay(true).unwrap();
    while let Some(request) = Request::read(&mut stream) {
        let (method, path) = (&request.method, &request.path);
        state
            .checker
            .take(method, path, &request.headers, &request.body);
        let (number, call) = state.note(request.call());
        let went = state.carry_out(&call, &request, &mut stream);
        state.answered(number);
        if went.is_none() {
            return;
        }
    }
}

impl State {
    /// Writes a call down and says what is to be made of it.
    fn note(&self, mut call: Call) -> (usize, Call) {
        let mut calls = self.calls.lock().unwrap();
        let count = calls
            .counts
            .entry(format!("{}:{}", call.service, call.operation))
            .or_default();
        call.nth = *count;
        *count += 1;
        call.change = calls.changes;
        if call.changes && !call.is_bookkeeping() {
            calls.changes += 1;
        }
        call.fault = match self.faults.lock().unwrap().of(&call) {
            Fault::Hold(_) if calls.let_go => Fault::None,
            fault => fault,
        };
        calls.open += 1;
        calls.all.push(call.clone());
        self.changed.notify_all();
        (calls.all.len() - 1, call)
    }

    fn answered(&self, number: usize) {
        let mut calls = self.calls.lock().unwrap();
        calls.open -= 1;
        calls.all[number].answered = true;
        self.changed.notify_all();
    }

    /// Lets a call wait until the test lets it go.
    fn hold(&self) {
        let mut calls = self.calls.lock().unwrap();
        calls.held += 1;
        self.changed.notify_all();
        while !calls.let_go {
            calls = self.changed.wait(calls).unwrap();
        }
        calls.held -= 1;
        self.changed.notify_all();
    }

    /// `None` when the connection is of no more use.
    fn carry_out(&self, call: &Call, request: &Request, stream: &mut TcpStream) -> Option<()> {
        let port = match &*call.service {
            "cloudcontrolapi" => self.cloud_control,
            _ => self.emulator,
        };
        match call.fault {
            Fault::Close(When::Before) => return None,
            Fault::Hold(When::Before) => {
                self.hold();
                return None;
            }
            Fault::Delay(time) => std::thread::sleep(time),
            _ => {}
        }
        let refusal = call.fault.refusal(call);
        let refusal = refusal.map(|(status, content, body)| Answer::error(status, content, &body));
        let answer = match (&call.fault, refusal) {
            (Fault::Throttle | Fault::Fail(_, When::Before), Some(refusal)) => refusal,
            (_, refusal) => {
                let mut answer = match self.kind {
                    Kind::Moto => Answer::to(&request.clone().for_moto(), port),
                    Kind::Ministack => Answer::to(request, port),
                };
                answer.mend();
                refusal.unwrap_or(answer)
            }
        };
        match call.fault {
            Fault::Close(When::After) => return None,
            Fault::Hold(When::After) => {
                self.hold();
                return None;
            }
            _ => request.finish(stream)?,
        }
        let whole = call.fault != Fault::Truncate;
        answer.write(stream, &request.method, whole)?;
        whole.then_some(())
    }
}
