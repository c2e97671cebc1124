//! What stands in an emulator, read by `tests/wire/readback.py` with AWS's SDK for Python.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::common::root;
use super::emulator::{Emulator, programs};

/// The running script.
pub struct Readback {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Drop for Readback {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Readback {
    /// Starts it on an emulator.
    pub fn of(emulator: &Emulator) -> Self {
        let mut child = Command::new(programs().join("python"))
            .arg("-B")
            .arg(root().join("tests/wire/readback.py"))
            .arg(format!("http://127.0.0.1:{}", emulator.port))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            questions: child.stdin.take().unwrap(),
            answers: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }

    fn ask(&mut self, command: &str, regions: &[&str]) -> Vec<String> {
        writeln!(self.questions, "{command} {}", regions.join(" ")).unwrap();
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            let count = self.answers.read_line(&mut line).unwrap();
            assert!(count > 0, "tests/wire/readback.py ended: see above");
            match line.trim_end() {
                "" => return lines,
                line => lines.push(line.to_owned()),
            }
        }
    }

    /// A line for each resource.
    pub fn show(&mut self, regions: &[&str]) -> Vec<String> {
        self.ask("show", regions)
    }

    /// Empties all buckets; the names of those that held something.
    pub fn empty(&mut self) -> Vec<String> {
        self.ask("empty", &[])
    }
}

/// What came and went between two readings, with the headings that it stands under.
pub fn changes(before: &[String], after: &[String]) -> Vec<String> {
    let (before, after) = (under_headings(before), under_headings(after));
    let gone = before.difference(&after).map(|line| (line, '-'));
    let new = after.difference(&before).map(|line| (line, '+'));
    let mut all: Vec<_> = gone.chain(new).collect();
    all.sort();
    let tell = |(&(heading, line), sign)| format!("{sign} {heading}: {line}");
    all.into_iter().map(tell).collect()
}

fn under_headings(lines: &[String]) -> BTreeSet<(&str, &str)> {
    let mut heading = "";
    let mut found = BTreeSet::new();
    for line in lines {
        match line.strip_prefix("== ") {
            Some(next) => heading = next,
            None => {
                found.insert((heading, line.as_str()));
            }
        }
    }
    found
}

/// Compares what was found with what is written in `tests/wire/expect`, or writes it there when
/// `INSTA_UPDATE` is `always`; what differs.
pub fn expect(name: &str, found: &[String]) -> Vec<String> {
    let path: PathBuf = root().join(format!("tests/wire/expect/{name}.txt"));
    if std::env::var_os("INSTA_UPDATE").is_some_and(|value| value == "always") {
        std::fs::write(path, found.join("\n") + "\n").unwrap();
        return Vec::new();
    }
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| {
        panic!("{}: {error}; INSTA_UPDATE=always writes it", path.display())
    });
    let written: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut differs = changes(&written, found);
    if differs.is_empty() && written != found {
        differs.push("the same lines in another order".to_owned());
    }
    differs
}
