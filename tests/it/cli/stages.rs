//! `migrate` and its neighbours: stages of a spec and of what is deployed, budgets, gates and `scale`.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use super::failover::in_two_regions;
use super::migrate::migrating;
use super::migrate::spec_of;
use crate::project::Project;

#[test]
fn an_apply_that_failed_at_its_own_stage_does_not_make_the_next_stage_an_apply() {
    let project = migrating();
    let spec = spec_of(&project);
    project.write("scalectl.yaml", spec.clone() + "\ntags: {team: core}\n");
    assert_eq!(
        project.code("sim fault --refuse us-east-1/vpc --code NoCapacity"),
        Some(0)
    );
    assert_eq!(project.code("apply --auto-approve"), Some(5));
    assert_eq!(project.code("sim fault --clear"), Some(0));
    let other = spec.replace("stage: single-server", "stage: split-db");
    project.write("scalectl.yaml", other);
    let told = project.said(&["apply --auto-approve"]);
    assert!(told.contains("moving to split-db is a migration"), "{told}");
}

#[test]
fn what_was_destroyed_in_the_middle_of_a_migration_is_under_way_no_more() {
    let project = migrating();
    let step = "migrate --to split-db --step --auto-approve";
    assert_eq!(project.code(step), Some(0));
    let protected = [
        "global/zone",
        "us-east-1/db",
        "us-east-1/secret_db",
        "us-east-1/server",
    ];
    let line = format!(
        "destroy --auto-approve --allow {}",
        protected.join(" --allow ")
    );
    assert_eq!(project.code(&line), Some(0));
    let told = project.said(&["migrate --status"]);
    assert!(told.contains("No migration is in progress"), "{told}");
    assert_eq!(project.code("apply --auto-approve"), Some(0));
}

#[test]
fn whoever_ends_a_migration_the_spec_says_so_at_the_end() {
    let project = migrating();
    project.run("migrate --to split-db --step --auto-approve");
    assert_eq!(
        project.code("migrate --resume --auto --auto-approve"),
        Some(0)
    );
    assert!(
        spec_of(&project).contains("stage: split-db"),
        "{}",
        spec_of(&project)
    );
    let told = project.said(&["migrate --auto --auto-approve", "history"]);
    assert!(told.contains("shop is at stage split-db."), "{told}");
    assert!(!told.contains("died"), "{told}");
}

#[test]
fn the_stage_of_one_environment_is_no_other_ones() {
    let project = Project::empty();
    let example = std::fs::read_to_string("examples/shop/scalectl.yaml").unwrap();
    project.write(
        "scalectl.yaml",
        example + "\nenvironments:\n  staging:\n    # smaller\n    tags: {env: staging}\n    domain: staging.shop.example.com\n",
    );
    project.run("-e staging apply --auto-approve");
    assert_eq!(
        project.code("-e staging migrate --to split-db --auto --auto-approve"),
        Some(0)
    );
    let spec = spec_of(&project);
    assert!(spec.contains("\nstage: single-server"), "{spec}");
    assert!(
        spec.contains("    # smaller\n    stage: split-db\n    tags:"),
        "{spec}"
    );
}

#[test]
fn a_migration_makes_no_other_change_on_the_way() {
    let project = migrating();
    let spec = spec_of(&project);
    // Before it begins: what is pending is for apply.
    project.write("scalectl.yaml", spec.clone() + "\ntags: {team: core}\n");
    let told = project.said(&["migrate --to split-db --auto --auto-approve"]);
    assert!(
        told.contains("first run `scalectl apply --stage single-server`, then migrate"),
        "{told}"
    );
    project.write("scalectl.yaml", &spec);
    project.run("sim drift us-east-1/vpc --delete");
    let told = project.said(&["migrate --to split-db --auto --auto-approve"]);
    assert!(told.contains("differs from the spec"), "{told}");
}

#[test]
fn a_spec_that_changed_since_a_migration_began_is_refused_and_a_budget_is_not_asked_again() {
    let project = migrating();
    let spec = spec_of(&project);
    project.run("migrate --to split-db --step --auto-approve");
    project.write("scalectl.yaml", spec.clone() + "\ntags: {team: core}\n");
    let told = project.said(&["migrate --resume --auto --auto-approve", "migrate --status"]);
    assert!(
        told.contains("were edited since this migration started"),
        "{told}"
    );
    assert!(
        told.contains("warning: the spec or the blueprints changed"),
        "{told}"
    );
    let budget = "\nmigration: {budget: {unavailable: 1}}\n";
    project.write("scalectl.yaml", spec + budget);
    let told = project.said(&["migrate --resume --to cdn --auto --auto-approve"]);
    assert!(told.contains("is to split-db, not to cdn"), "{told}");
    assert_eq!(project.code("migrate --rollback --auto-approve"), Some(0));
    let told = project.said(&["migrate --to split-db --plan"]);
    assert!(
        told.contains("more than `migration.budget` in the spec allows"),
        "{told}"
    );
}

#[test]
fn between_two_hops_the_way_back_ends_where_the_application_is() {
    let project = migrating();
    project.run("migrate --to load-balanced --step --auto-approve");
    for _ in 0..7 {
        project.run("migrate --to load-balanced --resume --step --auto-approve");
    }
    let told = project.said(&["migrate --status", "migrate --rollback --auto-approve"]);
    assert!(
        told.contains("step 8 (retire) is done, and its stage is complete"),
        "{told}"
    );
    assert!(
        told.contains("shop is at stage split-db, which is complete"),
        "{told}"
    );
    assert_eq!(
        project.code("plan --stage split-db --detailed-exitcode"),
        Some(0)
    );
}

#[test]
fn mistakes_in_the_declared_steps_and_gates_are_told_before_anything_happens() {
    let project = migrating();
    let steps = std::fs::read_to_string("blueprints/migrations/steps.yaml").unwrap();
    let mistakes = [
        (steps.replace("times: 3", "tims: 3"), "unknown field `tims`"),
        (
            steps.replace("check: healthy", "check: fine"),
            "there is no check \"fine\"",
        ),
        (
            steps.replace("weight: 10\n", "weight: 101\n"),
            "between 0 and 100",
        ),
        (
            "walk: []\n".to_owned(),
            "not every hop has a step in the phase contract",
        ),
    ];
    for (text, why) in mistakes {
        project.write("blueprints/migrations/steps.yaml", text);
        let told = project.said(&["migrate --to split-db --plan"]);
        assert!(told.contains(why), "{why}: {told}");
        assert!(told.contains("blueprints/migrations/steps.yaml:"), "{told}");
    }
    project.write("blueprints/migrations/steps.yaml", steps);
    let spec = "app: shop\nstage: single-server\nservices: {web: {image: \"nginx:1\"}}\n";
    for (expression, why) in [
        ("live[", "is not an expression"),
        ("1 +", "is not an expression"),
        ("'us-east-1/vpc' in lvie", "reads lvie"),
        ("size(live) + 1", "not true or false"),
    ] {
        let gates = format!(
            "migration:\n  gates:\n    - command: 'true'\n    - expression: \"{expression}\"\n"
        );
        let of_live = gates.replace('\n', "\n    ");
        let of_live = format!("environments:\n  live:\n    {of_live}\n");
        for (text, line, command) in [
            (&gates, 7, "validate"),
            (&gates, 7, "migrate --to split-db --plan"),
            (&of_live, 9, "validate --env live"),
            (&of_live, 9, "validate"),
        ] {
            project.write("scalectl.yaml", format!("{spec}{text}"));
            let told = project.said(&[command]);
            assert!(told.contains(why), "{command}: {told}");
            let place = format!("scalectl.yaml:{line}:");
            assert!(told.contains(&place), "{command}: {told}");
            assert!(told.contains("(exit code 1)"), "{command}: {told}");
        }
    }
}

#[test]
fn doctor_looks_at_the_migration_where_the_stage_is_another() {
    let project = Project::empty();
    project.run("init --app shop --domain shop.example.com");
    assert_eq!(project.code("apply --auto-approve"), Some(0));
    let told = |line: &str| String::from_utf8(project.run(line).stdout).unwrap();
    let here = told("doctor");
    assert!(here.contains("nothing to do"), "{here}");
    assert!(here.contains("(`scalectl iam-policy`)"), "{here}");
    let there = told("doctor --stage split-db");
    assert!(
        there.contains("a migration from single-server to split-db: 8 steps, about "),
        "{there}"
    );
    assert!(
        there.contains("(`scalectl iam-policy --migrate`)"),
        "{there}"
    );
    project.run("migrate --to split-db --step --auto-approve");
    let under_way = told("doctor");
    assert!(
        under_way.contains("is in progress, at step 1 (expand)"),
        "{under_way}"
    );
    assert!(
        under_way.contains("`scalectl migrate --resume`"),
        "{under_way}"
    );
}

#[test]
fn regions_of_the_deployed_stage_stay_until_the_migration_ends() {
    let project = in_two_regions();
    let spec = spec_of(&project);
    let fewer = spec
        .replace("stage: multi-region", "stage: cdn")
        .replace("[us-east-1, eu-west-1]", "[us-east-1]");
    project.write("scalectl.yaml", fewer);
    for command in ["plan", "migrate --plan", "drift"] {
        let told = project.said(&[command]);
        assert!(
            told.contains(
                "shop is deployed at stage multi-region in more regions than `regions` lists"
            ),
            "{command}: {told}"
        );
        assert!(told.contains("scalectl.yaml:3:"), "{command}: {told}");
        assert!(
            told.contains("remove regions after the migration to cdn"),
            "{command}: {told}"
        );
        assert!(!told.contains("at least two regions"), "{command}: {told}");
    }
    // A spec that asks for the stage itself is told what the stage needs.
    project.write("scalectl.yaml", spec.replace(", eu-west-1]", "]"));
    let told = project.said(&["plan"]);
    assert!(told.contains("at least two regions"), "{told}");
}

#[cfg(unix)]
#[test]
fn an_interrupted_migration_reports_no_failure() {
    let project = migrating();
    let mut child = project
        .command("migrate --to split-db --auto --auto-approve --json --speed 60")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut end = None;
    let mut asked = false;
    for line in lines {
        let line: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
        if !asked && line["what"] == "started" {
            asked = true;
            let id = child.id().to_string();
            let kill = Command::new("kill").args(["-INT", &id]).status().unwrap();
            assert!(kill.success());
        }
        if line["event"] == "end" {
            end = Some(line);
        }
    }
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let end = end.unwrap();
    assert_eq!(
        (&end["failed"], asked),
        (&serde_json::json!(0), true),
        "{end}"
    );
    assert_ne!(end["left"], 0, "{end}");
}
