//! What stands in an emulator, counted by somebody who knows nothing of us: `tests/wire/standing.py`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::common::root;
use super::emulator::{Emulator, programs};

/// Asks an emulator what stands in it.
pub struct Census {
    child: Child,
    ask: ChildStdin,
    answer: BufReader<ChildStdout>,
}

/// How many there are, by what they are and the address that they carry.
pub type Counts = BTreeMap<String, u64>;

impl Census {
    /// Starts asking an emulator.
    pub fn of(emulator: &Emulator) -> Self {
        let mut child = Command::new(programs().join("python"))
            .arg(root().join("tests/wire/standing.py"))
            .arg(format!("http://127.0.0.1:{}", emulator.port))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let ask = child.stdin.take().unwrap();
        let answer = BufReader::new(child.stdout.take().unwrap());
        Self { child, ask, answer }
    }

    /// What stands now.
    pub fn take(&mut self) -> Counts {
        writeln!(self.ask).unwrap();
        let mut line = String::new();
        self.answer.read_line(&mut line).unwrap();
        serde_json::from_str(&line)
            .unwrap_or_else(|error| panic!("standing.py does not tell ({error}): {line}"))
    }
}

impl Drop for Census {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where what stands is not what should.
pub fn differences(stands: &Counts, should: &Counts) -> Vec<String> {
    let names: BTreeSet<&String> = stands.keys().chain(should.keys()).collect();
    let count = |counts: &Counts, name| counts.get(name).copied().unwrap_or(0);
    names
        .into_iter()
        .map(|name| (name, count(stands, name), count(should, name)))
        .filter(|(_, stands, should)| stands != should)
        .map(|(name, stands, should)| format!("{stands} instead of {should}: {name}"))
        .collect()
}
