//! Options that name what does not exist, and names too long to print.

use crate::project::Project;
use scalectl::spec::load;

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
    // It may have been deleted by an earlier run of the same command.
    assert_eq!(
        project.code("apply --auto-approve --allow us-east-1/nope"),
        Some(0)
    );
    assert_eq!(
        project.code("apply --auto-approve --allow us-east-1/pram"),
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

#[test]
fn a_wrong_environment_is_one_mistake_of_the_option() {
    let project = Project::new();
    let long = "x".repeat(100_000);
    for env in ["a/b", "nope", &long] {
        let told = project.said(&[&format!("validate -e {env}")]);
        assert_eq!(told.matches("error").count(), 1, "{told}");
        assert!(told.contains("the spec has no environment"), "{told}");
        assert!(!told.contains("scalectl.yaml:"), "{told}");
        assert!(told.len() < 1000, "{told}");
    }
}

#[test]
fn long_names_in_a_spec_are_shortened() {
    let long = "x".repeat(500_000);
    let text = format!("app: {long}\nstage: single-server\n{long}: 1\nservices: {{{long}: 1}}\n");
    for error in load("scalectl.yaml", &text, None, None).unwrap_err() {
        let length = error.message.len() + error.help.map_or(0, |help| help.len());
        assert!(length < 1000, "{length}: {}", error.message);
    }
}
