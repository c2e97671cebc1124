//! Every request that passes a proxy, validated with AWS's own models by `tests/wire/requests.py`.
//!
//! Emulators take what AWS refuses: a member that does not exist, a name that is too long, a value that is none of the
//! listed ones. Nobody here wrote the models, so what they say is independent of both the mappings and the emulators.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::emulator::python::environment;

/// A request as it came.
#[derive(Serialize)]
pub struct Request<'a> {
    pub method: &'a str,
    /// With its query.
    pub path: &'a str,
    pub headers: &'a [(String, String)],
    /// In base64.
    pub body: String,
}

/// What became of all of a proxy's requests.
#[derive(Debug, Default, Deserialize)]
pub struct Found {
    pub requests: u64,
    /// How often each operation was called, as `ec2:CreateVpc`.
    pub operations: BTreeMap<String, u64>,
    /// What AWS would refuse, each with how often it came.
    pub violations: BTreeMap<String, u64>,
}

/// The program that validates, fed while the test runs.
pub struct Checker(Mutex<Option<Child>>);

impl Checker {
    /// Starts it.
    pub fn start() -> Self {
        let child = Command::new(environment("emulators.txt").join("python"))
            .arg(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/tests/wire/requests.py"
            ))
            // No folder of compiled Python in a checkout.
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self(Mutex::new(Some(child)))
    }

    /// Has a request validated.
    pub fn take(&self, method: &str, path: &str, headers: &[(String, String)], body: &[u8]) {
        let request = Request {
            method,
            path,
            headers,
            body: STANDARD.encode(body),
        };
        let mut line = serde_json::to_string(&request).unwrap();
        line.push('\n');
        if let Some(child) = self.0.lock().unwrap().as_mut() {
            let input = child.stdin.as_mut().unwrap();
            input.write_all(line.as_bytes()).unwrap();
        }
    }

    /// What was found in all requests so far; there is nothing more to find afterwards.
    pub fn finish(&self) -> Found {
        let Some(mut child) = self.0.lock().unwrap().take() else {
            return Found::default();
        };
        drop(child.stdin.take());
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "tests/wire/requests.py failed");
        keep(&output.stdout);
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

impl Checker {
    /// A request that AWS's models do not allow fails the test that sent it.
    pub fn assert_allowed(&self) {
        if std::thread::panicking() {
            return;
        }
        let found = self.finish();
        let operations = found.operations.len();
        println!("{} requests of {operations} operations", found.requests);
        let lines: Vec<_> = found.violations.keys().cloned().collect();
        assert!(
            lines.is_empty(),
            "AWS's models do not allow what was sent:\n{}",
            lines.join("\n")
        );
    }
}

/// Keeps the figures for `tests/wire/figures.py`.
fn keep(figures: &[u8]) {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("requests");
    std::fs::create_dir_all(&folder).unwrap();
    let program = std::env::current_exe().unwrap();
    let name = program.file_stem().unwrap_or_default().to_string_lossy();
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    std::fs::write(folder.join(format!("{name}-{number}.json")), figures).unwrap();
}
