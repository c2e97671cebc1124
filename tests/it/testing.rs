//! `scalectl test`: the examples' own tests hold, and what does not hold is told.

use std::path::Path;
use std::process::{Command, Output};

use crate::common::{EXAMPLES, root};
use regex_lite::Regex;

fn scalectl(folder: &Path, line: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scalectl"));
    command.current_dir(folder).args(line.split_whitespace());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SCALECTL_")) {
        command.env_remove(name);
    }
    command.output().unwrap()
}

/// What a run printed, without how long it took.
fn told(output: &Output) -> String {
    let took = Regex::new(r"\([0-9.]+ m?s\)").unwrap();
    let text = String::from_utf8(output.stdout.clone()).unwrap()
        + &String::from_utf8(output.stderr.clone()).unwrap();
    took.replace_all(&text, "([..])").into_owned()
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

const SPEC: &str = "\
app: shop
stage: single-server
services: {web: {image: nginx:1}}
database: {engine: postgres}
environments:
  staging: {services: {web: {instance: t4g.nano}}}
";

#[test]
fn the_tests_of_every_example_pass() {
    for name in EXAMPLES {
        let output = scalectl(&root().join("examples").join(name), "test");
        assert!(output.status.success(), "{name}: {}", told(&output));
        let text = told(&output);
        assert!(text.contains(" ... ok"), "{name}: {text}");
    }
}

#[test]
fn what_fails_is_told_with_the_values_that_were_seen() {
    let tests = "\
tests:
  - name: holds
    expect: [plan.delete == 0]
  - name: does not hold
    live: {stage: single-server}
    set: {services: {web: {image: nginx:2}}}
    expect:
      - plan.update == 2
      - that: graph['us-east-1/server'].properties.InstanceType == 't3.micro'
        message: the smallest one is enough
      - graph['us-east-1/sever'].kind == 'x'
      - values(plan.changes).map(c, c.action)
  - name: refuses something else
    live: {stage: split-db}
    stage: split-db
    set: {database: null}
    refused: [us-east-1/vpc]
  - name: no error comes
    error: no such thing
  - name: another error comes
    stage: load-balanced
    error: no such thing
  - name: an error comes
    set: {services: {web: {prot: 5}}}
    expect: [plan.create > 0]
";
    let folder = folder(&[("scalectl.yaml", SPEC), ("tests/all.test.yaml", tests)]);
    let output = scalectl(folder.path(), "test");
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(told(&output));
}

#[test]
fn mistakes_in_files_of_tests_are_told_all_at_once() {
    let first = "\
spec: 5
tests:
  - name: a
    stage: cdm
    expect: [plan.creat ==, plann.create == 0, sizes(graph) > 0, 7]
  - name: a
    expects: []
  - expect: [plan.create > 0]
    error: x
";
    let folder = folder(&[
        ("scalectl.yaml", SPEC),
        ("tests/a.test.yaml", first),
        ("tests/b.test.yaml", "tests: []\n"),
        ("c.test.yaml", "test:\n"),
    ]);
    let output = scalectl(folder.path(), "test");
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(told(&output));
}

#[test]
fn a_spec_inside_the_file_needs_none_beside_it() {
    let tests = format!(
        "spec:\n{}tests:\n  - name: one\n    env: staging\n    expect: [\"graph['us-east-1/server'].properties.InstanceType == 't4g.nano'\"]\n",
        SPEC.lines()
            .map(|line| format!("  {line}\n"))
            .collect::<String>()
    );
    let folder = folder(&[("a.test.yaml", &tests)]);
    let output = scalectl(folder.path(), "test a.test.yaml");
    assert!(output.status.success(), "{}", told(&output));
}

#[test]
fn a_filter_runs_what_has_it_in_its_name_and_says_what_it_left_out() {
    let tests =
        "tests:\n  - {name: first, expect: ['true']}\n  - {name: second, expect: ['false']}\n";
    let folder = folder(&[("scalectl.yaml", SPEC), ("x.test.yaml", tests)]);
    let output = scalectl(folder.path(), "test --filter first");
    assert!(output.status.success());
    let text = told(&output);
    assert!(
        text.contains("1 test passed, 0 failed, 1 filtered out"),
        "{text}"
    );
    let output = scalectl(folder.path(), "test --filter third");
    assert_eq!(output.status.code(), Some(1));
    assert!(told(&output).contains("no test name contains \"third\""));
}

#[test]
fn programs_read_json_and_junit() {
    let tests = "tests:\n  - {name: 'a <b> & \"c\"', expect: ['true']}\n  - {name: second, expect: [plan.create == 1]}\n";
    let folder = folder(&[("scalectl.yaml", SPEC), ("x.test.yaml", tests)]);
    let output = scalectl(folder.path(), "test --json --junit out.xml");
    assert_eq!(output.status.code(), Some(1));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&json["passed"], &json["failed"]), (&1.into(), &1.into()));
    let failure = &json["tests"][1]["failures"][0];
    assert_eq!(failure["expected"], "plan.create == 1");
    assert_eq!(failure["seen"]["plan.create"], "30");
    let xml = std::fs::read_to_string(folder.path().join("out.xml")).unwrap();
    assert!(
        xml.contains("name=\"a &lt;b&gt; &amp; &quot;c&quot;\""),
        "{xml}"
    );
    assert!(xml.contains("tests=\"2\" failures=\"1\""), "{xml}");
    assert!(xml.contains("plan.create = 30"), "{xml}");
}
