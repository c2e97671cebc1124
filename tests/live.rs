//! `tests/live/run.sh`, which walks stages in a real account, on an emulator: it begins, walks, and leaves nothing, and after
//! a failure nothing either. CI never runs it against AWS.
#![cfg(feature = "aws")]

#[path = "common/aws_env.rs"]
#[allow(dead_code, reason = "each test file uses its own part")]
mod aws_env;
#[path = "common/emulator.rs"]
#[allow(dead_code, reason = "each test file uses its own part")]
mod emulator;
#[path = "common/project.rs"]
mod project;

use std::process::Command;

use aws_env::without_configuration;
use emulator::{Emulator, Kind, programs};
use project::{BLUEPRINT, MODULE, Project};

fn root() -> std::path::PathBuf {
    env!("CARGO_MANIFEST_DIR").into()
}

/// Two stages that an emulator can do.
fn project() -> Project {
    let project = Project::new();
    project.write(
        "blueprints/split-db.yaml",
        BLUEPRINT.replace("single-server", "split-db"),
    );
    project
}

/// The walk, with these arguments: how it ends, what it printed, and its report.
fn walk(emulator: &Emulator, project: &Project, arguments: &str) -> (Option<i32>, String, String) {
    let report = project.path().join("report.md");
    let mut command = Command::new(root().join("tests/live/run.sh"));
    without_configuration(&mut command, project.path());
    let url = format!("http://127.0.0.1:{}", emulator.port);
    command
        .args(arguments.split_whitespace())
        .arg("--project")
        .arg(project.path())
        .arg("--report")
        .arg(&report)
        .args(["--binary", env!("CARGO_BIN_EXE_scalectl")])
        .env("SCALECTL_LIVE_PYTHON", programs().join("python"))
        .env("AWS_ENDPOINT_URL", url)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("SCALECTL_PROVIDER", "aws");
    let output = command.output().unwrap();
    let text = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    let report = std::fs::read_to_string(report).unwrap_or_default();
    (output.status.code(), text.concat(), report)
}

#[test]
fn a_walk_through_two_stages_leaves_nothing() {
    let emulator = Emulator::start(Kind::Moto);
    let (code, text, report) = walk(&emulator, &project(), "single-server split-db --yes");
    assert_eq!(code, Some(0), "{text}");
    assert!(report.contains("Passed."), "{report}");
    assert!(
        report.contains("| left after destroy | nothing |"),
        "{report}"
    );
    for line in ["doctor", "apply --auto-approve", "plan --detailed-exitcode"] {
        assert!(
            report.contains(&format!("| `scalectl {line}` |")),
            "{report}"
        );
    }
}

#[test]
fn a_walk_that_fails_takes_away_what_it_made() {
    let emulator = Emulator::start(Kind::Moto);
    let project = project();
    // The network is made before this is refused.
    project.write(
        "blueprints/modules/tiny.yaml",
        MODULE.replace("Name: /tiny", "Name: /aws/tiny"),
    );
    let (code, text, report) = walk(&emulator, &project, "single-server --yes");
    assert_eq!(code, Some(1), "{text}");
    assert!(report.contains("Failed: "), "{report}");
    assert!(
        report.contains("| left after destroy | nothing |"),
        "{report}"
    );
}

#[test]
fn what_could_cost_more_or_was_not_agreed_to_does_not_begin() {
    let emulator = Emulator::start(Kind::Moto);
    for (arguments, words) in [
        ("--yes --dollars 0.1", "more than --dollars 0.10"),
        ("--yes --hours 1", "--hours has to be more than 1"),
        ("", "nobody can be asked; --yes begins"),
    ] {
        let (code, text, report) = walk(&emulator, &project(), arguments);
        assert_eq!(code, Some(2), "{text}");
        assert!(text.contains(words), "{arguments}: {text}");
        assert_eq!(report, "");
    }
}
