//! What tests of rehearsals share: a project, the real binary, and what must never be found.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// What mends a test that finds something missing.
pub const INSTALL: &str = "tests/install.sh installs what these tests need";

/// Seconds that no rehearsal of a test takes, however busy the machine is: what takes longer has come to a standstill,
/// and is asked to end, which removes its servers.
const MOST: &str = "1200";

/// The program, with an end.
pub fn bounded() -> Command {
    let mut command = Command::new("timeout");
    command.args(["--kill-after=60", MOST, env!("CARGO_BIN_EXE_scalectl")]);
    command
}

/// A rehearsal's report, whatever its verdict.
#[track_caller]
pub fn rehearse(project: &Path, arguments: &[&str]) -> Value {
    let temporary = tempfile::tempdir().unwrap();
    let output = bounded()
        .args(["rehearse", "--json"])
        .args(arguments)
        .env("TMPDIR", temporary.path())
        .current_dir(project)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_ne!(
        output.status.code(),
        Some(124),
        "no end within {MOST} s: {said}"
    );
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{said}\n{error}; {INSTALL}"));
    println!("{report:#}");
    assert_eq!(output.status.success(), report["ok"] == true);
    let left = std::fs::read_dir(temporary.path()).unwrap().count();
    assert_eq!(left, 0, "the temporary folder is not removed");
    report
}

#[allow(dead_code, reason = "a test of the user's own schema counts otherwise")]
#[track_caller]
pub fn assert_nothing_is_lost(report: &Value) {
    assert_eq!(report["comparison"]["lost"], 0);
    assert_eq!(report["comparison"]["doubled"], 0);
    assert_eq!(report["balanced"], true);
    let written = report["comparison"]["acknowledged"].as_u64().unwrap();
    assert!(written > 100, "{written} writes prove nothing");
}

/// The step that failed, and why.
#[allow(dead_code, reason = "a test of caches takes no steps")]
#[track_caller]
pub fn failure(report: &Value) -> (&str, &str) {
    let last = report["steps"].as_array().unwrap().last().unwrap();
    (
        last["name"].as_str().unwrap(),
        last["error"].as_str().unwrap(),
    )
}
