//! Migrations and failovers in files: run only while the steps that are laid out are those that were saved.

use crate::project::Project;

const ONE_REGION: &str = "app: shop\nstage: cdn\ndomain: shop.example.com\nregions: [us-east-1, eu-west-1]\n\
    services:\n  web: {image: nginx:1}\ndatabase: {engine: postgres}\n";

/// An application in two regions, and the failover of its writes to the second in `moved.json`.
fn saved() -> Project {
    let project = Project::empty();
    project.write(
        "scalectl.yaml",
        ONE_REGION.replace("stage: cdn", "stage: multi-region"),
    );
    project.run("apply --auto-approve");
    project.run("failover --to eu-west-1 --plan --out moved.json");
    project
}

fn text(project: &Project, name: &str) -> String {
    std::fs::read_to_string(project.path().join(name)).unwrap()
}

#[test]
fn a_saved_failover_runs_and_moves_the_writes() {
    let project = saved();
    // Nothing that is secret, and no property, is in the file.
    assert!(!text(&project, "moved.json").contains("nginx"));
    let told = project.said(&["failover moved.json --auto-approve"]);
    assert!(
        told.contains("Done: the database in eu-west-1 takes the writes"),
        "{told}"
    );
    assert!(text(&project, "scalectl.yaml").contains("writer_region: eu-west-1"));
    // It is done once: there is nothing to save or to move any more.
    let told = project.said(&["failover --to eu-west-1 --plan --out again.json"]);
    assert!(
        told.contains("there is no failover to save") && told.contains("(exit code 1)"),
        "{told}"
    );
    assert!(!project.path().join("again.json").exists());
}

#[test]
fn a_saved_failover_that_differs_from_todays_is_refused() {
    let project = saved();
    let (file, spec) = (
        text(&project, "moved.json"),
        text(&project, "scalectl.yaml"),
    );
    let loss = file.replace("\"loss\":0", "\"loss\":3600");
    assert_ne!(loss, file);
    let edits = [
        // A loss that nobody approved: the gate of the second step is another one.
        (loss, spec.clone(), "step 2 (catch-up) has changed"),
        (
            file.replace("\"from\":\"us-east-1\"", "\"from\":\"eu-west-1\""),
            spec.clone(),
            "now it moves the writes from us-east-1 to eu-west-1",
        ),
        (
            file.replace("\"promote\"", "\"switch\""),
            spec.clone(),
            "step 3 was switch and is now promote",
        ),
        (
            file.replace("\"app\":\"shop\"", "\"app\":\"other\""),
            spec.clone(),
            "the file is for other (default) on sim, not for shop (default) on sim",
        ),
        (
            file.clone(),
            spec.replace("nginx:1", "nginx:2"),
            "the resources before its first step have changed",
        ),
        (
            file.replace("\"format\":2", "\"format\":9"),
            spec.clone(),
            "has format 9",
        ),
        (
            file.replace("{\"format\"", "{\"more\":1,\"format\""),
            spec.clone(),
            "unknown field",
        ),
    ];
    let before = project.said(&["sim list"]);
    for (file, spec, why) in edits {
        project.write("moved.json", file);
        project.write("scalectl.yaml", spec);
        let told = project.said(&["failover moved.json --auto-approve"]);
        assert!(
            told.contains(why) && told.contains("(exit code 1)"),
            "{why}: {told}"
        );
        assert!(
            told.contains("scalectl failover --to REGION --plan --out FILE"),
            "{why}: {told}"
        );
    }
    project.write("scalectl.yaml", spec);
    assert_eq!(project.said(&["sim list"]), before);
}

#[test]
fn a_saved_failover_is_refused_while_another_is_under_way() {
    let project = saved();
    project.run("sim fault --down us-east-1");
    let accepted = "failover --to eu-west-1 --accept-loss 1h --auto-approve";
    assert_eq!(project.code(accepted), Some(0));
    project.run("sim fault --clear");
    for line in [
        "failover moved.json --auto-approve",
        "failover --to eu-west-1 --plan --out again.json",
    ] {
        let told = project.said(&[line]);
        assert!(
            told.contains("is in progress") && told.contains("(exit code 1)"),
            "{line}: {told}"
        );
    }
    assert!(!project.path().join("again.json").exists());
}

#[test]
fn each_file_runs_with_its_own_command_only() {
    let project = saved();
    for (line, help) in [
        ("apply moved.json", "`scalectl failover moved.json` runs it"),
        (
            "migrate moved.json",
            "`scalectl failover moved.json` runs it",
        ),
    ] {
        let told = project.said(&[line]);
        assert!(
            told.contains(help) && told.contains("(exit code 1)"),
            "{line}: {told}"
        );
    }
    project.write("scalectl.yaml", ONE_REGION);
    project.run("migrate --to cdn --plan --out way.json");
    let told = project.said(&["apply way.json", "failover way.json"]);
    assert_eq!(
        told.matches("`scalectl migrate way.json` runs it").count(),
        2,
        "{told}"
    );
}

#[test]
fn a_saved_migration_is_refused_once_a_script_or_a_gate_is_another() {
    let project = Project::empty();
    let spec = "app: shop\nstage: single-server\nservices:\n  web: {image: nginx:1}\ndatabase: {engine: postgres}\n";
    project.write("scalectl.yaml", spec);
    project.run("apply --auto-approve");
    project.run("migrate --to split-db --plan --out way.json");
    project.write(
        "scalectl.yaml",
        format!("{spec}migration: {{gates: [{{command: uptime}}]}}\n"),
    );
    let told = project.said(&["migrate way.json --auto --auto-approve"]);
    assert!(told.contains("has changed; nothing was changed"), "{told}");
    project.write("scalectl.yaml", spec);
    project.run("eject templates/actions/verify.sh");
    let path = project.path().join("templates/actions/verify.sh");
    let script = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{script}\n# another\n")).unwrap();
    let told = project.said(&["migrate way.json --auto --auto-approve"]);
    assert!(
        told.contains("a script under `templates/actions` has changed"),
        "{told}"
    );
    std::fs::write(&path, script).unwrap();
    assert_eq!(
        project.code("migrate way.json --auto --auto-approve"),
        Some(0)
    );
}
