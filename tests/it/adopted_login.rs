//! What was adopted keeps its password: nothing makes one up over it, sets another or shows it without being told to.

use crate::project::Project;

const SPEC: &str = "app: shop\nstage: split-db\ndomain: shop.example.com\nservices:\n  web: {image: nginx:1}\n\
    database: {engine: postgres}\n";

/// An application whose database, or secret, or both, somebody made by hand and `import` adopted.
fn adopted(addresses: &[&str]) -> Project {
    let project = Project::empty();
    project.write("scalectl.yaml", SPEC);
    project.run("apply --auto-approve");
    for address in addresses {
        let listed = project.said(&["sim list"]);
        let line = listed.lines().find(|line| line.ends_with(address)).unwrap();
        let id = line.split_whitespace().nth(3).unwrap().to_owned();
        project.run(&format!("sim disown {address}"));
        project.run(&format!("import {address} {id} --auto-approve"));
    }
    project
}

#[test]
fn an_adopted_secret_keeps_its_value() {
    let project = adopted(&["us-east-1/secret_db"]);
    let told = project.said(&["plan", "apply --auto-approve"]);
    assert!(!told.contains("GenerateSecretString"), "{told}");
    // Other changes of it do not make a value up either.
    project.write("scalectl.yaml", format!("{SPEC}tags: {{team: core}}\n"));
    let told = project.said(&["plan", "apply --auto-approve"]);
    assert!(told.contains("us-east-1/secret_db"), "{told}");
    assert!(!told.contains("GenerateSecretString"), "{told}");
    let told = project.said(&["plan"]);
    assert!(told.contains("Nothing to do"), "{told}");
}

#[test]
fn an_adopted_database_keeps_its_password_until_that_is_allowed() {
    for addresses in [
        &["us-east-1/db"][..],
        &["us-east-1/db", "us-east-1/secret_db"][..],
    ] {
        let project = adopted(addresses);
        let before = project.said(&["sim show us-east-1/db --secrets"]);
        let told = project.said(&["plan", "apply --auto-approve"]);
        assert!(
            told.contains("master user would get the password in the application's secret"),
            "{told}"
        );
        assert!(told.contains("--allow us-east-1/db"), "{told}");
        assert!(told.contains("(exit code 1)"), "{told}");
        assert_eq!(project.said(&["sim show us-east-1/db --secrets"]), before);
        let told = project.said(&["apply --auto-approve --allow us-east-1/db", "plan"]);
        assert!(
            told.contains("1 updated") && told.contains("Nothing to do"),
            "{told}"
        );
        assert!(!told.contains("exit code"), "{told}");
    }
}

#[test]
fn import_says_how_an_adopted_database_keeps_its_password() {
    let project = Project::empty();
    project.write("scalectl.yaml", SPEC);
    project.run("apply --auto-approve");
    project.run("sim disown us-east-1/db");
    let told = project.said(&["import us-east-1/db shop-default-db --auto-approve"]);
    assert!(
        told.contains("To keep the password, first import the secret that holds it"),
        "{told}"
    );
}
