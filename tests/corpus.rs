//! Schemas of every kind are moved there and back by the built-in scripts, on real servers, and compared by a program
//! that shares no SQL with them; or `preflight` refuses them by name. `tests/rehearse/walk.py` does the work.
//!
//! A fast subset runs by default, the whole corpus with `SCALECTL_CORPUS=all cargo test --test corpus`.
#![cfg(unix)]

mod common;

use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// The machine is for one of these at a time: they measure how long writes pause.
static MACHINE: Mutex<()> = Mutex::new(());

/// Runs one of the programs in `tests/rehearse`, and fails with what it printed.
#[track_caller]
fn run(program: &str, arguments: &[&str]) -> String {
    let _alone = MACHINE.lock().unwrap_or_else(PoisonError::into_inner);
    // What takes longer has come to a standstill.
    let most = if whole() { "14400" } else { "1500" };
    let output = Command::new("timeout")
        .args(["--kill-after=60", most, "/usr/bin/python3"])
        .arg(common::root().join("tests/rehearse").join(program))
        .args(arguments)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}:\n{text}{errors}");
    // Figures for whoever reads the log.
    println!("{text}");
    text.into_owned()
}

/// Whether the whole corpus is wanted.
fn whole() -> bool {
    std::env::var("SCALECTL_CORPUS").is_ok_and(|value| value == "all")
}

#[test]
fn postgres_schemas_lose_nothing() {
    let subset: &[&str] = if whole() { &[] } else { &["--quick"] };
    run("walk.py", &[&["--engine", "postgres"], subset].concat());
}

#[test]
fn mysql_schemas_lose_nothing() {
    let subset: &[&str] = if whole() { &[] } else { &["--quick"] };
    run("walk.py", &[&["--engine", "mysql"], subset].concat());
}

#[test]
fn schemas_on_rds_lose_nothing_on_the_way_back() {
    if whole() {
        run("walk.py", &["--down"]);
    }
}

#[test]
fn comparison_notices_every_broken_script() {
    if whole() {
        run("mutations.py", &[]);
    }
}

#[test]
fn a_schema_meets_each_check_of_preflight() {
    if whole() {
        run("checks.py", &[]);
    }
}

#[test]
fn an_answer_that_does_not_come_is_never_an_empty_one() {
    let seed = common::seeds(1).start.to_string();
    let subset: &[&str] = if whole() { &["--all"] } else { &[] };
    run("answers.py", &[&["--seed", seed.as_str()], subset].concat());
}

#[test]
fn schemas_of_debian_lose_nothing() {
    if whole() {
        run("debian.py", &[]);
    }
}

#[test]
fn readme_lists_every_schema() {
    let table = run("schema.py", &[]);
    let readme = std::fs::read_to_string(common::root().join("tests/rehearse/README.md")).unwrap();
    assert!(
        readme.ends_with(&table),
        "tests/rehearse/README.md ends with another table than schema.py prints"
    );
}
