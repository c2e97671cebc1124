//! A spec that was applied once and that today's rules refuse: what exists can be looked at and destroyed all the same.

use crate::project::{MODULE, Project, SPEC};

/// An application that runs, and whose spec became `spec` since.
fn applied(spec: &str) -> Project {
    let project = Project::new();
    project.run("apply --auto-approve");
    project.write("scalectl.yaml", spec);
    project
}

/// Mistakes that say nothing about whose resources they are or where: of rules, of the shape, and in a further region.
fn refused() -> [String; 3] {
    [
        format!("{SPEC}database: {{engine: postgres, class: db.t4g.enormous}}\n"),
        format!("{SPEC}network: {{cidr: 10.0.0.0}}\nknobs: 3\n"),
        format!("{SPEC}regions: [us-east-1, eu-west-9]\n"),
    ]
}

#[test]
fn destroy_runs_with_a_spec_that_todays_rules_refuse() {
    for spec in refused() {
        let project = applied(&spec);
        for refuses in [
            "plan",
            "apply --auto-approve",
            "migrate --to split-db --plan",
        ] {
            assert_eq!(project.code(refuses), Some(1), "{refuses}\n{spec}");
        }
        let told = project.said(&["destroy --auto-approve --allow us-east-1/vpc", "sim list"]);
        assert!(
            told.contains("4 deleted") && told.contains("0 resources"),
            "{spec}{told}"
        );
        assert!(
            told.contains("warning: ") && !told.contains("error: "),
            "{spec}{told}"
        );
    }
}

#[test]
fn commands_that_read_run_with_a_spec_that_todays_rules_refuse() {
    for spec in refused() {
        let project = applied(&spec);
        let lines = ["show us-east-1/param", "history", "lease show", "sim list"];
        for line in lines.iter().chain(&["status"]) {
            assert_eq!(project.code(line), Some(0), "{line}\n{spec}");
        }
        let told = project.said(&["status", "show us-east-1/param"]);
        // What should exist is not known, so nothing is called right or wrong.
        assert!(
            !told.contains("should be.") && !told.contains("to do"),
            "{told}"
        );
        assert!(told.contains("4 resources"), "{told}");
        let output = project.try_run("status --json").stdout;
        let status: serde_json::Value = serde_json::from_slice(&output).unwrap();
        assert!(status["to_change"].is_null(), "{status}");
    }
}

#[test]
fn destroy_runs_with_blueprints_that_cannot_be_read() {
    let project = applied(SPEC);
    let broken = MODULE.replace("AWS::EC2::VPC", "AWS::EC2::Vpc");
    project.write("blueprints/modules/tiny.yaml", broken);
    project.write("blueprints/modules/other.yaml", "module: [");
    assert_eq!(project.code("plan"), Some(1));
    let told = project.said(&["status", "destroy --auto-approve --allow us-east-1/vpc"]);
    assert!(
        told.contains("4 resources") && told.contains("4 deleted"),
        "{told}"
    );
}

#[test]
fn destroy_refuses_a_spec_that_does_not_say_whose_resources_they_are() {
    let unknown = [
        SPEC.replace("app: tiny", "app: [tiny]"),
        SPEC.replace("app: tiny\n", ""),
        format!("{SPEC}regions: [us-east-1, {{zones: 2}}]\n"),
        format!("{SPEC}provider: {{aws: {{allowed_accounts: 12}}}}\n"),
    ];
    for spec in unknown {
        let project = applied(&spec);
        let told = project.said(&["destroy --auto-approve --allow us-east-1/vpc"]);
        assert!(
            told.contains("error: ") && told.contains("(exit code 1)"),
            "{spec}{told}"
        );
        project.write("scalectl.yaml", SPEC);
        assert!(project.said(&["status"]).contains("4 resources"), "{spec}");
    }
}

/// An application in two regions.
const REGIONS: &str = "app: shop\nstage: multi-region\ndomain: shop.example.com\nregions: [us-east-1, eu-west-1]\n\
    services:\n  web: {image: nginx:1}\ndatabase: {engine: postgres}\n";

#[test]
fn drift_compares_with_a_deployed_stage_that_todays_rules_refuse() {
    let project = Project::empty();
    project.write("scalectl.yaml", REGIONS);
    project.run("apply --auto-approve");
    // Stage multi-region has no column stores.
    let spec = REGIONS.replace("stage: multi-region", "stage: cdn")
        + "stores:\n  events: {type: column, key: id, sort: at, columns: {at: timeuuid}}\n";
    project.write("scalectl.yaml", &spec);
    let told = project.said(&["validate", "drift"]);
    assert!(
        told.contains("warning: ") && !told.contains("error"),
        "{told}"
    );
    assert!(told.contains("No drift"), "{told}");
}

#[test]
fn a_deployed_stage_that_this_release_does_not_have_is_refused() {
    let project = Project::new();
    project.run("apply --auto-approve");
    project.run("snapshot --out live.json");
    let live = std::fs::read_to_string(project.path().join("live.json")).unwrap();
    let newer = live.replace("\"stage\": \"single-server\"", "\"stage\": \"edge\"");
    assert_ne!(live, newer);
    project.write("live.json", newer);
    for line in [
        "plan",
        "apply --dry-run",
        "drift",
        "migrate --to split-db --dry-run",
    ] {
        let told = project.said(&[&format!("{line} --live live.json")]);
        assert!(
            told.contains(
                "error: the deployed stage edge does not exist in this version of scalectl"
            ),
            "{line}: {told}"
        );
    }
}
