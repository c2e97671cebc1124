//! What every command has in common: options, exit codes, colours, JSON, help; `init`, `eject`, `graph`.

use super::migrate::migrating;
use crate::project::{Project, SPEC};

#[test]
fn exit_codes_are_what_ci_expects() {
    let project = Project::new();
    assert_eq!(project.code("plan"), Some(0));
    assert_eq!(project.code("plan --detailed-exitcode"), Some(2));
    project.run("apply --auto-approve");
    assert_eq!(project.code("plan --detailed-exitcode"), Some(0));
    assert_eq!(
        project.code("plan --detailed-exitcod"),
        Some(1),
        "a wrong usage is 1, never 2"
    );
    assert_eq!(project.code("--help"), Some(0));
    assert_eq!(project.code(""), Some(1));
    project.write("scalectl.yaml", "app: [");
    assert_eq!(project.code("plan --detailed-exitcode"), Some(1));
}

#[test]
fn options_work_before_and_after_the_command_and_from_the_environment() {
    let project = Project::new();
    project.write(
        "scalectl.yaml",
        format!("{SPEC}environments:\n  staging: {{network: {{cidr: 10.7.0.0/16}}}}\n"),
    );
    let plain = |line: &str| String::from_utf8(project.run(line).stdout).unwrap();
    let after = plain("plan -e staging --region eu-west-1");
    assert!(
        after.contains("10.7.0.0/16") && after.contains("eu-west-1/vpc"),
        "{after}"
    );
    assert_eq!(plain("-e staging --region eu-west-1 plan"), after);
    let output = project
        .command("plan")
        .envs([
            ("SCALECTL_ENV", "staging"),
            ("SCALECTL_REGION", "eu-west-1"),
        ])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), after);
    // The spec is found from a folder below too.
    std::fs::create_dir_all(project.path().join("a/b")).unwrap();
    let below = project
        .command("plan -e staging --region eu-west-1")
        .current_dir(project.path().join("a/b"))
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(below.stdout).unwrap(), after);
}

#[test]
fn colours_come_when_forced_and_go_when_asked() {
    let project = Project::new();
    let colours = |line: &str, envs: &[(&str, &str)]| {
        let output = project
            .command(line)
            .envs(envs.iter().copied())
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap().contains('\u{1b}')
    };
    assert!(colours("plan", &[("CLICOLOR_FORCE", "1")]));
    assert!(!colours("plan --no-color", &[("CLICOLOR_FORCE", "1")]));
    assert!(!colours("plan", &[("NO_COLOR", "1")]));
    assert!(!colours(
        "plan",
        &[("CLICOLOR_FORCE", "1"), ("SCALECTL_NO_COLOR", "1")]
    ));
    assert!(colours(
        "plan",
        &[("CLICOLOR_FORCE", "1"), ("SCALECTL_NO_COLOR", "0")]
    ));
}

#[test]
fn json_is_json_and_nothing_else() {
    let project = Project::new();
    let json = |line: &str| -> serde_json::Value {
        let output = project.run(line);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{line}: {error}"))
    };
    let plan = json("plan --json");
    assert_eq!(
        (&plan["format"], &plan["summary"]["create"]),
        (&1.into(), &4.into())
    );
    let applied = project.run("apply --auto-approve --json");
    for line in String::from_utf8(applied.stdout).unwrap().lines() {
        serde_json::from_str::<serde_json::Value>(line)
            .unwrap_or_else(|error| panic!("{line}: {error}"));
    }
    assert_eq!(json("status --json")["stage"], "single-server");
    assert_eq!(json("show us-east-1/vpc --json")["live"]["status"], "Ready");
    assert_eq!(
        json("sim list --json")["resources"]
            .as_array()
            .unwrap()
            .len(),
        4
    );
    assert_eq!(json("history --json")["runs"].as_array().unwrap().len(), 1);
    assert_eq!(json("export")["AWSTemplateFormatVersion"], "2010-09-09");
    assert_eq!(json("schema")["title"], "scalectl.yaml");
    assert!(json("stages --json")["stages"].as_array().unwrap().len() == 5);
}

#[test]
fn init_writes_a_spec_for_every_stage_that_can_be_applied_at_once() {
    for stage in [
        "single-server",
        "split-db",
        "load-balanced",
        "cdn",
        "multi-region",
    ] {
        let project = Project::empty();
        let line = format!("init --app shop --domain shop.example.com --stage {stage}");
        assert_eq!(project.code(&line), Some(0), "{stage}");
        assert_eq!(project.code("apply --auto-approve"), Some(0), "{stage}");
        assert_eq!(project.code("plan --detailed-exitcode"), Some(0), "{stage}");
        assert_eq!(project.code("plan -e staging"), Some(0), "{stage}");
        assert_eq!(project.code(&line), Some(1), "a spec is not overwritten");
    }
    let project = Project::empty();
    assert_eq!(project.code("init --app shop"), Some(0));
    assert_eq!(
        project.code("apply --auto-approve"),
        Some(0),
        "without a domain"
    );
    assert_eq!(project.code("init --app Shop! --force"), Some(1));
}

#[test]
fn ejected_blueprints_make_the_same_resources() {
    let project = Project::empty();
    project.run("init --app shop --domain shop.example.com --stage cdn");
    let before = project.run("plan --json").stdout;
    let told = project.said(&["eject", "eject", "eject modules/dat.yaml"]);
    assert!(
        told.contains("already exists; nothing was written"),
        "{told}"
    );
    assert!(told.contains("did you mean modules/data.yaml?"), "{told}");
    assert!(project.path().join("blueprints/modules/data.yaml").exists());
    assert_eq!(project.run("plan --json").stdout, before);
}

#[test]
fn ejected_files_tell_what_differs_from_the_built_in_ones() {
    let project = Project::empty();
    project.run("init --app shop --stage split-db");
    let told = project.said(&["eject --diff"]);
    assert!(told.contains("all are built in"), "{told}");
    project.run("eject");
    let told = project.said(&["eject --diff"]);
    assert!(told.contains("as built in, 0 different"), "{told}");
    let fleet = project.path().join("blueprints/modules/fleet.yaml");
    let text = std::fs::read_to_string(&fleet).unwrap();
    std::fs::write(
        &fleet,
        text.replace("DefaultInstanceWarmup: 120", "DefaultInstanceWarmup: 60"),
    )
    .unwrap();
    std::fs::write(
        project.path().join("blueprints/modules/mine.yaml"),
        "module: mine\nresources: []\n",
    )
    .unwrap();
    let told = project.said(&[
        "eject --diff",
        "eject --diff modules/data.yaml",
        "eject --diff modules/none.yaml",
    ]);
    for words in [
        "~ blueprints/modules/fleet.yaml  changed here",
        "-      DefaultInstanceWarmup: 120",
        "+      DefaultInstanceWarmup: 60",
        "as built in, 1 different",
        "of your own: blueprints/modules/mine.yaml",
        "1 ejected file: 1 as built in, 0 different.",
        "no file of its own for modules/none.yaml",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert_eq!(project.code("eject --diff --force"), Some(1));
}

#[test]
fn drawings_and_completions_come_in_every_form() {
    let project = Project::new();
    for (line, begins) in [
        ("graph", "<svg"),
        ("graph --format dot", "digraph"),
        ("graph --format mermaid", "flowchart"),
        ("completions bash", "_scalectl"),
        ("completions zsh", "#compdef"),
        ("completions fish", "# "),
    ] {
        let out = String::from_utf8(project.run(line).stdout).unwrap();
        assert!(
            out.starts_with(begins),
            "{line}: {}",
            out.lines().next().unwrap_or_default()
        );
    }
}

#[test]
fn help_teaches_with_examples() {
    let project = Project::empty();
    insta::assert_snapshot!(project.transcript(&["--help"]));
    for command in [
        "init",
        "validate",
        "plan",
        "apply",
        "migrate",
        "drift",
        "snapshot",
        "destroy",
        "show",
        "graph",
        "eject",
        "export",
        "schema",
        "completions",
        "history",
        "sim",
    ] {
        let help = String::from_utf8(project.run(&format!("{command} --help")).stdout).unwrap();
        assert!(help.contains("Example"), "{command} --help has no example");
    }
}

#[test]
fn json_lines_need_an_answer_before_the_run() {
    let project = migrating();
    for command in [
        "migrate --to split-db --json",
        "migrate --to split-db --auto --json",
        "failover --to eu-west-1 --json",
        "scale --json",
    ] {
        let output = project.try_run(command);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{command}: {error}");
        assert_eq!(output.stdout, b"", "{command}");
        assert!(error.contains("--auto-approve"), "{command}: {error}");
    }
}
