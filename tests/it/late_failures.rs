//! What would fail in the middle of an apply or a migration is reported before it begins.

use crate::project::Project;

fn spec(stage: &str, rest: &str) -> String {
    format!(
        "app: shop\nstage: {stage}\ndomain: shop.example.com\nservices: {{web: {{image: nginx:1}}}}\n{rest}"
    )
}

#[test]
fn plan_refuses_a_minor_version_that_rds_no_longer_creates() {
    let project = Project::empty();
    for (engine, version) in [
        ("postgres", "16.1"),
        ("postgres", "17.0"),
        ("mysql", "8.0.11"),
    ] {
        let database = format!("database: {{engine: {engine}, version: \"{version}\"}}\n");
        project.write("scalectl.yaml", spec("split-db", &database));
        let text = project.said(&["plan"]);
        let why = format!("RDS offers version {version} of {engine} only to existing databases");
        assert!(text.contains(&why), "{text}");
    }
    project.write(
        "scalectl.yaml",
        spec(
            "split-db",
            "database: {engine: postgres, version: \"16\"}\n",
        ),
    );
    let text = project.said(&["plan"]);
    assert!(!text.contains("only to existing databases"), "{text}");
}

#[test]
fn a_minor_version_keeps_the_parameter_group() {
    let project = Project::empty();
    let database = |version: &str| {
        spec(
            "split-db",
            &format!("database: {{engine: postgres, version: \"{version}\"}}\n"),
        )
    };
    project.write("scalectl.yaml", database("16"));
    project.run("apply --auto-approve");
    project.write("scalectl.yaml", database("16.1"));
    let text = project.said(&["plan"]);
    assert!(text.contains("RDS offers version 16.1"), "{text}");
    assert!(!text.contains("db_parameters"), "{text}");
}

#[test]
fn plan_and_doctor_warn_of_a_quota() {
    let project = Project::empty();
    project.write(
        "scalectl.yaml",
        spec("load-balanced", "network: {zones: 6}\n"),
    );
    for command in ["plan", "doctor"] {
        let text = project.said(&[command]);
        assert!(text.contains("Elastic IPs in us-east-1: 6 more"), "{text}");
        assert!(text.contains("request-service-quota-increase"), "{text}");
    }
    project.write("scalectl.yaml", spec("load-balanced", ""));
    let text = project.said(&["plan"]);
    assert!(!text.contains("quota"), "{text}");
}

#[test]
fn an_edited_migration_and_one_with_another_end_are_refused() {
    let project = Project::empty();
    project.write(
        "scalectl.yaml",
        spec("single-server", "database: {engine: postgres}\n"),
    );
    project.run("apply --auto-approve");
    project.run("migrate --to split-db --plan --out way.json");
    let saved = std::fs::read_to_string(project.path().join("way.json")).unwrap();
    for member in ["\"steps\":[],", "\"colour\":1,"] {
        project.write(
            "edited.json",
            saved.replacen('{', &format!("{{{member}"), 1),
        );
        let text = project.said(&["migrate edited.json --auto-approve"]);
        assert!(text.contains("is not a saved plan of `migrate`"), "{text}");
    }
    let nested = saved.replacen("\"app\":", "\"colour\":1,\"app\":", 1);
    project.write("edited.json", nested);
    let text = project.said(&["migrate edited.json --auto-approve"]);
    assert!(text.contains("edited.json"), "{text}");
    assert_ne!(project.code("migrate edited.json --auto-approve"), Some(0));

    project.run("migrate way.json --auto-approve");
    assert_eq!(project.code("migrate way.json --auto-approve"), Some(0));
    let changed = spec("split-db", "database: {engine: postgres}\n").replace("nginx:1", "nginx:2");
    project.write("scalectl.yaml", changed);
    let text = project.said(&["migrate way.json --auto-approve"]);
    assert!(text.contains("was already run"), "{text}");
    assert!(text.contains("us-east-1/param_service[web]"), "{text}");
}

#[test]
fn resume_names_what_the_spec_changed_meanwhile() {
    let project = Project::empty();
    let first = spec("single-server", "database: {engine: postgres}\n");
    project.write("scalectl.yaml", &first);
    project.run("apply --auto-approve");
    project.run("migrate --to split-db --step --auto-approve");
    project.write("scalectl.yaml", first.replace("nginx:1", "nginx:2"));
    let text = project.said(&["migrate --to split-db --resume --auto --auto-approve"]);
    assert!(
        text.contains("us-east-1/param_service[web] (Value)"),
        "{text}"
    );
    assert!(text.contains("nothing was changed"), "{text}");
}
