//! `apply` and `destroy`: from an empty cloud to an application and back.

use crate::project::{MODULE, Project, SPEC};
use regex_lite::Regex;

#[test]
fn from_an_empty_cloud_to_an_application_and_back() {
    let project = Project::new();
    insta::assert_snapshot!(project.transcript(&[
        "plan",
        "apply --auto-approve",
        "plan",
        "status",
        "destroy --auto-approve",
        "destroy --auto-approve",
    ]));
}

#[test]
fn what_is_protected_goes_only_by_name() {
    let project = Project::new();
    let protected = MODULE.replace(
        "tier: compute",
        "tier: compute\n    lifecycle: {protect: true}",
    );
    project.write("blueprints/modules/tiny.yaml", &protected);
    project.run("apply --auto-approve");
    let without = MODULE.split("  - id: param").next().unwrap();
    project.write("blueprints/modules/tiny.yaml", without);
    insta::assert_snapshot!(project.transcript(&[
        "plan",
        "apply --auto-approve",
        "apply --auto-approve --allow us-east-1/param",
    ]));
}

#[test]
fn nobody_is_asked_without_a_terminal_and_nothing_is_done() {
    let project = Project::new();
    let told = project.said(&["apply", "sim list"]);
    assert!(
        told.contains("confirmation needs a terminal; nothing was changed"),
        "{told}"
    );
    assert!(
        told.contains("(exit code 1)") && told.contains("0 resources"),
        "{told}"
    );
}

#[test]
fn a_refused_call_stops_what_depends_on_it_and_nothing_else() {
    let project = Project::new();
    project.run("sim fault --refuse us-east-1/subnet[a] --code NoCapacity --times 1");
    insta::assert_snapshot!(
        project
            .transcript(&[
                "apply --auto-approve",
                "status",
                "apply --auto-approve",
                "history"
            ])
            .lines()
            // Runs are called by the time at which they began.
            .map(
                |line| Regex::new("[0-9]{8}T[0-9.Z]+|[0-9]{4}-[0-9-]+T[0-9:]+")
                    .unwrap()
                    .replace_all(line, "[TIME]")
                    .into_owned()
                    + "\n"
            )
            .collect::<String>()
    );
}

#[test]
fn bad_weather_changes_the_time_and_not_the_result() {
    let project = Project::new();
    project.run("sim fault --throttle 0.4 --transient 0.1 --lose 0.2 --lag 2000 --seed 3");
    assert_eq!(project.code("apply --auto-approve"), Some(0));
    project.run("sim fault --clear");
    assert_eq!(project.code("plan --detailed-exitcode"), Some(0));
}

#[test]
fn the_application_is_not_led_to_an_empty_database_unawares() {
    let project = Project::empty();
    project.run("init --app shop --domain shop.example.com");
    project.run("apply --auto-approve");
    let told = project.said(&["apply --stage split-db --direct --auto-approve", "sim list"]);
    assert!(
        told.contains("us-east-1/param_database (the application would switch to another database"),
        "{told}"
    );
    assert!(!told.contains("DBInstance  shop-default-db"), "{told}");
    let allowed = "--allow us-east-1/param_database";
    assert_eq!(
        project.code(&format!(
            "apply --stage split-db --direct --auto-approve {allowed}"
        )),
        Some(0)
    );
    assert_eq!(
        project.code("plan --stage split-db --direct --detailed-exitcode"),
        Some(0)
    );
}

#[test]
fn an_environment_that_left_the_spec_can_still_be_destroyed() {
    let project = Project::new();
    project.write(
        "scalectl.yaml",
        format!("{SPEC}environments:\n  staging: {{network: {{cidr: 10.7.0.0/16}}}}\n"),
    );
    project.run("-e staging apply --auto-approve");
    project.write("scalectl.yaml", SPEC);
    assert_eq!(project.code("-e staging plan"), Some(1));
    let told = project.said(&["-e staging destroy --auto-approve", "sim list"]);
    assert!(
        told.contains("4 deleted") && told.contains("0 resources"),
        "{told}"
    );
}

#[test]
fn a_damaged_file_of_the_simulator_is_told_and_can_be_reset() {
    let project = Project::new();
    project.run("apply --auto-approve");
    let path = project.path().join(".scalectl/sim.redb");
    let mut bytes = std::fs::read(&path).unwrap();
    for (index, byte) in bytes.iter_mut().enumerate().skip(4096) {
        *byte = (index % 251) as u8;
    }
    std::fs::write(&path, bytes).unwrap();
    let told = project.said(&["plan"]);
    assert!(
        told.contains("the simulator's file is not usable") && told.contains("sim reset"),
        "{told}"
    );
    assert_eq!(project.code("sim reset --auto-approve"), Some(0));
    assert_eq!(project.code("plan --detailed-exitcode"), Some(2));
}

#[test]
fn apply_names_the_places_that_status_names() {
    let project = Project::empty();
    let example = std::fs::read_to_string("examples/shop/scalectl.yaml").unwrap();
    project.write("scalectl.yaml", &example);
    let out = |line: &str| String::from_utf8(project.run(line).stdout).unwrap();
    // Everything is new; then a few things change and the rest stays; then comes an edge, and goes.
    let bigger = example.replace("engine: postgres", "engine: postgres\n  storage: 80");
    for (spec, how) in [
        (&example, "--stage load-balanced"),
        (&bigger, "--stage load-balanced"),
        (&bigger, "--stage cdn --direct"),
        (
            &bigger,
            "--stage load-balanced --direct --allow us-east-1/bucket_assets --allow us-east-1/bucket_logs_edge --allow global/distribution",
        ),
    ] {
        project.write("scalectl.yaml", spec);
        let applied = out(&format!("apply --auto-approve {how}"));
        let status = out("status");
        let (_, places) = applied
            .split_once("of simulated time")
            .unwrap_or_else(|| panic!("{applied}"));
        let places: Vec<&str> = places
            .lines()
            .filter(|line| line.starts_with("  "))
            .collect();
        assert!(places.len() > 2, "{applied}");
        let block = places.join("\n") + "\n\n";
        assert!(status.contains(&block), "{block}\nin\n{status}");
    }
}

#[test]
fn a_run_with_nothing_to_do_reports_its_end_to_programs() {
    let project = Project::new();
    let events = |line: &str| -> Vec<String> {
        let told = project.run(line);
        let lines = std::str::from_utf8(&told.stdout).unwrap().lines();
        let event = |line: &str| {
            let json: serde_json::Value = serde_json::from_str(line).unwrap();
            if json["event"] == "report" {
                assert_eq!(json["complete"], true);
            }
            json["event"].as_str().unwrap().to_owned()
        };
        lines.map(event).collect()
    };
    project.run("apply --auto-approve");
    let all = events("apply --auto-approve --json --json-into told.jsonl");
    assert_eq!(all, ["policy", "run", "end", "report"]);
    let told = std::fs::read_to_string(project.path().join("told.jsonl")).unwrap();
    assert_eq!(told.lines().count(), 4);
    project.run("destroy --auto-approve");
    assert_eq!(
        events("destroy --auto-approve --json"),
        ["run", "end", "report"]
    );
}

#[test]
fn status_shows_an_environment_that_the_spec_has_no_more() {
    let project = Project::new();
    project.write(
        "scalectl.yaml",
        format!("{SPEC}environments:\n  staging: {{}}\n"),
    );
    project.run("apply --auto-approve --env staging");
    project.write("scalectl.yaml", SPEC);
    let told = project.said(&["status --env staging"]);
    assert!(told.contains("us-east-1/vpc"), "{told}");
    // A slip of the pen is no environment.
    assert_eq!(project.code("status --env stagin"), Some(1));
}
