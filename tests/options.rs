//! Options that name what does not exist.

#[path = "common/project.rs"]
mod project;

use project::Project;

#[test]
fn allow_names_what_exists_or_is_planned() {
    let project = Project::new();
    let told = project.said(&["plan --allow us-east-1/nope"]);
    assert!(
        told.contains("there is no resource us-east-1/nope"),
        "{told}"
    );
    assert!(!told.contains("did you mean"), "{told}");
    for (wrong, right) in [
        ("us-east-1/pram", "us-east-1/param"),
        ("us-east-1/subnet[x]", "us-east-1/subnet["),
        ("eu-west-1/para", "us-east-1/param"),
    ] {
        for option in ["--allow", "--target"] {
            // A declared id is no mistake of `--allow`.
            if option == "--allow" && wrong.contains("/subnet[") {
                continue;
            }
            let told = project.said(&[&format!("plan {option} {wrong}")]);
            assert!(
                told.contains(&format!("did you mean {right}")),
                "{option} {wrong}: {told}"
            );
        }
    }
    assert_eq!(
        project.code("apply --auto-approve --allow us-east-1/nope"),
        Some(1)
    );
    project.run("apply --auto-approve --allow us-east-1/param");
    let told = project.said(&["destroy --auto-approve --allow us-east-1/nope"]);
    assert!(
        told.contains("there is no resource us-east-1/nope"),
        "{told}"
    );
    // The same command, run again, takes up where it ended.
    for _ in 0..2 {
        project.run("destroy --auto-approve --allow us-east-1/param");
    }
}
