//! `import`: what stands under another address, and what cannot become what the spec wants.

use crate::project::{MODULE, Project, SPEC};

#[test]
fn what_the_spec_calls_otherwise_can_be_given_its_new_address() {
    let project = Project::new();
    project.run("apply --auto-approve");
    project.write(
        "blueprints/modules/tiny.yaml",
        MODULE.replace("- id: param", "- id: settings"),
    );
    assert_eq!(
        project.code("apply --auto-approve"),
        Some(1),
        "its name is taken"
    );
    // What the spec has under its address stays there.
    let told = project.said(&["import us-east-1/settings us-east-1/vpc --auto-approve"]);
    assert!(told.contains("there is no AWS::SSM::Parameter"), "{told}");
    let told = project.said(&["import us-east-1/settings /tiny --auto-approve"]);
    assert!(
        told.contains("/tiny was us-east-1/param, which is no longer in the spec."),
        "{told}"
    );
    assert!(
        told.contains("Imported: /tiny is now managed as us-east-1/settings."),
        "{told}"
    );
    // Its name's tag follows.
    let told = project.said(&["plan"]);
    let counts = "Plan: 0 to create, 1 to update, 0 to replace, 0 to delete";
    assert!(told.contains(counts), "{told}");
    project.run("apply --auto-approve");
    assert_eq!(project.code("plan --detailed-exitcode"), Some(0));
    let told = project.said(&["import us-east-1/param /tiny --auto-approve"]);
    assert!(
        told.contains("there is no resource us-east-1/param"),
        "{told}"
    );
}

#[test]
fn what_cannot_become_what_the_spec_wants_is_not_adopted_unasked() {
    let project = Project::new();
    project.run("apply --auto-approve");
    let shown = project.run("show us-east-1/vpc --json").stdout;
    let shown: serde_json::Value = serde_json::from_slice(&shown).unwrap();
    let identifier = shown["live"]["identifier"].as_str().unwrap();
    project.run("sim disown us-east-1/vpc");
    project.write(
        "scalectl.yaml",
        format!("{SPEC}network: {{cidr: 10.9.0.0/16}}\n"),
    );
    let line = format!("import us-east-1/vpc {identifier} --auto-approve");
    let told = project.said(&[&line]);
    let refused = format!("{identifier} cannot be imported as us-east-1/vpc; nothing was changed");
    assert!(told.contains(&refused), "{told}");
    project.write("scalectl.yaml", SPEC);
    assert_eq!(project.code(&line), Some(0));
}
