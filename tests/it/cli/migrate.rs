//! `migrate`: ways through the stages, their steps, and back.

use crate::project::Project;

/// An application at its first stage, whose spec asks for the second.
pub(super) fn migrating() -> Project {
    let project = Project::empty();
    project.run("init --app shop --domain shop.example.com");
    assert_eq!(project.code("apply --auto-approve"), Some(0));
    project
}

pub(super) fn spec_of(project: &Project) -> String {
    std::fs::read_to_string(project.path().join("scalectl.yaml")).unwrap()
}

#[test]
fn another_stage_is_a_migration_and_not_an_apply() {
    let project = migrating();
    let spec = spec_of(&project).replace("stage: single-server", "stage: split-db");
    project.write("scalectl.yaml", &spec);
    assert_eq!(project.code("plan --detailed-exitcode"), Some(2));
    let told = project.said(&["plan", "apply --auto-approve"]);
    assert!(
        told.contains("Migration from single-server to split-db"),
        "{told}"
    );
    assert!(told.contains("point of no return"), "{told}");
    assert!(
        told.contains("`scalectl migrate --to split-db` runs it"),
        "{told}"
    );
    assert!(!project.said(&["sim list"]).contains("DBInstance"));
    let json = project.run("plan --json").stdout;
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json["to"], "split-db");
    assert_eq!(json["budget"]["unavailable"], 3);
}

#[test]
fn a_migration_goes_step_by_step_and_says_where_it_stands() {
    let project = migrating();
    let before = spec_of(&project);
    let told = project.said(&["migrate --to split-db"]);
    assert!(told.contains("confirmation needs a terminal"), "{told}");
    let step = "migrate --to split-db --step --auto-approve";
    assert_eq!(project.code(step), Some(0));
    let told = project.said(&["migrate --status", "apply --auto-approve", step]);
    assert!(told.contains("step 1 (expand) is done"), "{told}");
    assert!(
        told.contains("a migration from single-server to split-db is in progress"),
        "{told}"
    );
    assert!(
        told.contains("resume with `--resume`, or roll back with `--rollback`"),
        "{told}"
    );
    // Told to, it looks; what the migration has made for the other stage is protected all the same.
    let told = project.said(&["apply --auto-approve --during-migration"]);
    assert!(told.contains("us-east-1/db (it is protected)"), "{told}");
    assert_eq!(
        project.code("migrate --to split-db --resume --auto --auto-approve"),
        Some(0)
    );
    // One word of the spec is another one.
    assert_eq!(
        spec_of(&project),
        before.replacen("stage: single-server", "stage: split-db", 1)
    );
    assert_eq!(project.code("plan --detailed-exitcode"), Some(0));
    let told = project.said(&["migrate --status", "history"]);
    assert!(
        told.contains("No migration is in progress; shop is at stage split-db"),
        "{told}"
    );
    assert!(told.contains("migrate"), "{told}");
}

#[test]
fn a_migration_leads_back_while_there_is_a_way() {
    let project = migrating();
    let before = project.run("status --json").stdout;
    let resume = "migrate --to split-db --resume --step --auto-approve";
    assert_eq!(
        project.code("migrate --to split-db --step --auto-approve"),
        Some(0)
    );
    for _ in 0..5 {
        assert_eq!(project.code(resume), Some(0));
    }
    let told = project.said(&["migrate --rollback --auto-approve"]);
    assert!(told.contains("shop is at stage single-server"), "{told}");
    assert_eq!(project.code("plan --detailed-exitcode"), Some(0));
    assert_eq!(
        String::from_utf8(project.run("status --json").stdout).unwrap(),
        String::from_utf8(before).unwrap()
    );
    let told = project.said(&["migrate --rollback --auto-approve"]);
    assert!(told.contains("no migration is in progress"), "{told}");
}

#[test]
fn a_saved_migration_is_refused_once_it_is_another_one() {
    let project = migrating();
    assert_eq!(
        project.code("migrate --to split-db --plan --out way.json"),
        Some(0)
    );
    let spec = spec_of(&project);
    project.write("scalectl.yaml", spec.clone() + "\ntags: {team: core}\n");
    let told = project.said(&["migrate way.json --auto --auto-approve"]);
    assert!(
        told.contains("resources changed: the resources before its first step"),
        "{told}"
    );
    project.write("scalectl.yaml", spec);
    assert_eq!(
        project.code("migrate way.json --auto --auto-approve"),
        Some(0)
    );
}

#[test]
fn a_step_over_the_budget_is_an_error_before_anything_happens() {
    let project = migrating();
    let spec = spec_of(&project);
    project.write(
        "scalectl.yaml",
        spec + "\nmigration: {budget: {unavailable: 1}}\n",
    );
    let told = project.said(&["migrate --to split-db --auto --auto-approve"]);
    assert!(
        told.contains("(cut-over) may stop writes for 3 s"),
        "{told}"
    );
    assert!(!project.said(&["sim list"]).contains("DBInstance"));
}

#[test]
fn a_gate_of_the_users_that_stays_shut_stops_the_way_and_can_be_gone_on_from() {
    let project = migrating();
    let spec = spec_of(&project);
    let gate = "\nmigration:\n  gates:\n    - {command: test -e go, within: 30}\n    - {expression: \"'us-east-1/server' in live\"}\n";
    project.write("scalectl.yaml", spec + gate);
    let told = project.said(&["migrate --to split-db --auto --auto-approve"]);
    assert!(told.contains("step 5 (cut-over): a gate failed"), "{told}");
    assert!(told.contains("`test -e go` succeeds"), "{told}");
    project.write("go", "");
    assert_eq!(
        project.code("migrate --to split-db --resume --auto --auto-approve"),
        Some(0)
    );
}

#[test]
fn a_migration_is_told_as_markdown_and_as_a_chart() {
    let project = migrating();
    let told = project.transcript(&[
        "migrate --to split-db --plan --markdown",
        "migrate --to split-db --plan --mermaid",
    ]);
    insta::assert_snapshot!(told);
}

#[test]
fn sizes_and_numbers_change_in_steps_the_interrupting_ones_one_by_one() {
    let project = Project::empty();
    project.run("init --app shop --domain shop.example.com");
    let spec = spec_of(&project).replace("stage: single-server", "stage: load-balanced");
    project.write("scalectl.yaml", &spec);
    assert_eq!(project.code("apply --auto-approve"), Some(0));
    let larger = spec.clone() + "\nmigration: {soak: 60}\n";
    project.write("scalectl.yaml", &larger);
    let told = project.transcript(&["scale --plan"]);
    assert!(told.contains("Nothing to do"), "{told}");
    let more = spec.replace(
        "engine: postgres",
        "engine: postgres\n  class: db.m7g.large\n  replicas: 1",
    );
    assert_ne!(more, spec);
    project.write("scalectl.yaml", &more);
    insta::assert_snapshot!(project.transcript(&["scale --plan"]));
    let told = project.transcript(&["scale --auto-approve", "plan --detailed-exitcode"]);
    assert_eq!(project.code("plan --detailed-exitcode"), Some(0));
    // The database's turn comes in a run of its own, after the replica's.
    let replica = told.find("+ us-east-1/db_replica[1] created").unwrap();
    let database = told.find("~ us-east-1/db updated").unwrap();
    let between = &told[replica..database];
    assert!(between.contains("Apply complete"), "{told}");
}
