//! `plan`, `show` and saved plans: what would be done, and why.

use crate::project::{Project, SPEC};
use regex_lite::Regex;

#[test]
fn drift_is_shown_as_drift_and_set_back() {
    let project = Project::new();
    project.run("apply --auto-approve");
    insta::assert_snapshot!(project.transcript(&[
        "sim drift us-east-1/param Value=hacked",
        "sim drift us-east-1/subnet[b] --delete",
        "plan",
        "show us-east-1/param",
        "apply --auto-approve",
        "plan",
    ]));
}

#[test]
fn a_database_is_not_asked_to_become_smaller_or_older() {
    let project = Project::empty();
    project.run("init --app shop --domain shop.example.com --stage split-db");
    let spec = std::fs::read_to_string(project.path().join("scalectl.yaml")).unwrap();
    let with = |version: &str, size: u16| {
        let database = format!("  engine: postgres\n  version: '{version}'\n  storage: {size}\n");
        let written = Regex::new("  engine: postgres\n  storage: [0-9]+\n").unwrap();
        assert!(written.is_match(&spec), "{spec}");
        project.write("scalectl.yaml", &*written.replace(&spec, database));
    };
    with("17", 100);
    assert_eq!(project.code("apply --auto-approve"), Some(0));
    for (version, size) in [("17", 50), ("16", 100)] {
        with(version, size);
        let told = project.said(&["apply --auto-approve"]);
        let why = "RDS cannot shrink storage or downgrade versions";
        assert!(told.contains(why), "{told}");
    }
    with("17", 200);
    assert_eq!(project.code("apply --auto-approve"), Some(0));
}

#[test]
fn a_replace_says_what_forces_it() {
    let project = Project::new();
    project.run("apply --auto-approve");
    project.write(
        "scalectl.yaml",
        format!("{SPEC}network: {{cidr: 10.9.0.0/16}}\n"),
    );
    insta::assert_snapshot!(
        project.transcript(&["plan", "apply --auto-approve --allow us-east-1/vpc"])
    );
}

#[test]
fn a_saved_plan_is_applied_once_and_not_when_stale() {
    let project = Project::new();
    let told = project.said(&["plan --out next.plan", "apply next.plan", "apply next.plan"]);
    assert!(told.contains("4 created"), "{told}");
    assert!(told.contains("It was already applied or edited"), "{told}");
    project.write("scalectl.yaml", SPEC.replace("nginx:1", "nginx:2"));
    project.run("plan --out next.plan");
    project.run("sim drift us-east-1/param Value=hacked");
    let told = project.said(&["apply next.plan"]);
    assert!(
        told.contains("us-east-1/param would be changed differently"),
        "{told}"
    );
    let other = SPEC.replace("app: tiny", "app: other");
    project.write("scalectl.yaml", other);
    let told = project.said(&["apply next.plan"]);
    assert!(
        told.contains("is for tiny (default) on sim, not for other"),
        "{told}"
    );
}

#[test]
fn what_a_saved_plan_does_not_touch_may_change() {
    let project = Project::new();
    project.run("apply --auto-approve");
    project.write("scalectl.yaml", SPEC.replace("nginx:1", "nginx:2"));
    project.run("plan --out next.plan");
    project.run("sim drift us-east-1/subnet[a] MapPublicIpOnLaunch=true");
    assert_eq!(project.code("apply next.plan"), Some(0));
}

#[test]
fn only_a_target_and_what_it_needs_is_planned() {
    let project = Project::new();
    let told = project.said(&[
        "plan --target us-east-1/subnet[a]",
        "plan --target us-east-1/subnt[a]",
    ]);
    assert!(told.contains("Plan: 2 to create"), "{told}");
    assert!(told.contains("did you mean us-east-1/subnet[a]?"), "{told}");
}

#[test]
fn a_new_image_is_shown_as_a_new_image() {
    let project = Project::empty();
    project.run("init --app shop --domain shop.example.com --stage load-balanced");
    project.run("apply --auto-approve");
    let path = project.path().join("scalectl.yaml");
    let spec = std::fs::read_to_string(&path).unwrap();
    std::fs::write(
        &path,
        spec.replace("nginx:1.29", "nginx:1.30")
            .replace("t4g.small", "m7g.large"),
    )
    .unwrap();
    let told = project.said(&["plan"]);
    assert!(
        told.contains(
            "~ image = \"public.ecr.aws/nginx/nginx:1.29\" -> \"public.ecr.aws/nginx/nginx:1.30\""
        ),
        "{told}"
    );
    let type_alone = "~ LaunchTemplateData.InstanceType = \"t4g.small\" -> \"m7g.large\"";
    assert!(told.contains(type_alone), "{told}");
    assert!(!told.contains("UserData"), "{told}");
    assert!(
        told.contains("AWS replaces all 2 servers with new ones, one after the other"),
        "{told}"
    );
}
