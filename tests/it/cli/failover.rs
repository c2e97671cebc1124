//! `failover`: there and back, and without a region.

use super::migrate::spec_of;
use crate::project::Project;

/// An application with a database in two regions, live.
pub(super) fn in_two_regions() -> Project {
    let project = Project::empty();
    project.write(
        "scalectl.yaml",
        "app: shop\nstage: multi-region\nregions: [us-east-1, eu-west-1]\ndomain: shop.example.com\nservices:\n  web: {image: \"nginx:1\"}\n# The one with the data.\ndatabase: {engine: postgres}  # for now\n",
    );
    assert_eq!(project.code("apply --auto-approve"), Some(0));
    project
}

#[test]
fn a_failover_goes_there_and_back_and_the_spec_says_so() {
    let project = in_two_regions();
    let before = spec_of(&project);
    let told = project.said(&["failover --to eu-west-1", "failover --to mars --plan"]);
    assert!(told.contains("confirmation needs a terminal"), "{told}");
    assert!(told.contains("mars is not a region of the spec"), "{told}");
    let plan = |how: &str| {
        let output = project.run(&format!("failover --to {how}"));
        String::from_utf8(output.stdout).unwrap()
    };
    let told = plan("eu-west-1 --plan --markdown --html way.html");
    assert!(
        told.contains("### Failover of `shop` (`default`) from `us-east-1` to `eu-west-1`"),
        "{told}"
    );
    let page = std::fs::read_to_string(project.path().join("way.html")).unwrap();
    assert!(page.contains("catch-up"), "the steps are in it");
    assert!(plan("eu-west-1 --plan --mermaid").starts_with("gantt"));
    let told = plan("eu-west-1 --plan --json");
    assert!(told.contains("\"document\": \"migration\""), "{told}");
    let told = plan("us-east-1 --plan --json");
    assert!(told.contains("\"document\": \"settled\""), "{told}");

    assert_eq!(
        project.code("failover --to eu-west-1 --auto-approve"),
        Some(0)
    );
    assert_eq!(
        spec_of(&project),
        before.replacen("{engine", "{writer_region: eu-west-1, engine", 1)
    );
    assert_eq!(project.code("plan --detailed-exitcode"), Some(0));
    // Whoever has the spec as it was is told what to do.
    let after = spec_of(&project);
    project.write("scalectl.yaml", &before);
    for command in ["plan", "apply --auto-approve", "scale --auto-approve"] {
        let told = project.said(&[command]);
        let why = "the database in eu-west-1 takes the writes, but the spec sets us-east-1";
        assert!(told.contains(why), "{told}");
        assert!(
            told.contains("`scalectl failover --to us-east-1`"),
            "{told}"
        );
    }
    project.write("scalectl.yaml", &after);
    assert_eq!(
        project.code("failover --to us-east-1 --auto-approve"),
        Some(0)
    );
    assert_eq!(
        spec_of(&project),
        before.replacen("{engine", "{writer_region: us-east-1, engine", 1)
    );
    assert_eq!(project.code("plan --detailed-exitcode"), Some(0));
}

#[test]
fn a_lost_region_is_gone_on_without_and_rebuilt_when_it_answers() {
    let project = in_two_regions();
    assert_eq!(project.code("sim fault --down us-east-1"), Some(0));
    let told = project.said(&["failover --to eu-west-1 --auto-approve"]);
    assert!(told.contains("us-east-1 does not respond"), "{told}");
    assert!(told.contains("`--accept-loss DURATION`"), "{told}");
    let accepted = "failover --to eu-west-1 --accept-loss 1h --auto-approve";
    let told = project.said(&[accepted]);
    assert!(
        told.contains("the database in eu-west-1 takes the writes"),
        "{told}"
    );
    assert!(told.contains("will be lost"), "{told}");
    assert!(
        told.contains("When us-east-1 responds again: `scalectl failover --resume`"),
        "{told}"
    );
    assert!(spec_of(&project).contains("writer_region: eu-west-1"));
    let told = project.said(&["failover --resume --auto-approve"]);
    assert!(
        told.contains("us-east-1 does not respond, and step rejoin needs it"),
        "{told}"
    );
    assert_eq!(project.code("sim fault --clear"), Some(0));
    let told = project.said(&["apply --auto-approve", "failover --status"]);
    assert!(
        told.contains("a failover from us-east-1 to eu-west-1 is in progress"),
        "{told}"
    );
    assert!(told.contains("step 4 (switch) is done"), "{told}");
    assert_eq!(project.code("failover --resume --auto-approve"), Some(0));
    assert_eq!(project.code("plan --detailed-exitcode"), Some(0));
    let told = project.said(&["failover --status"]);
    assert!(
        told.contains("No failover is in progress; the database in eu-west-1"),
        "{told}"
    );
}
