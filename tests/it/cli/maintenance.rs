//! `maintenance on`, `off` and `status`.

use crate::project::Project;

const SPEC: &str = "\
app: shop
stage: load-balanced
domain: shop.example.com
services:
  web: {image: \"ghcr.io/acme/web:1\", scale: {min: 2, max: 4}}
  api: {image: \"ghcr.io/acme/api:1\", paths: [/api/*]}
  mail: {type: worker, image: \"ghcr.io/acme/mail:1\"}
";

fn status(project: &Project) -> serde_json::Value {
    let output = project.run("maintenance status --json");
    serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()["closed"].clone()
}

#[test]
fn a_closed_site_stays_closed_until_it_is_opened_whatever_is_planned_and_applied() {
    let project = Project::applied(SPEC);
    assert_eq!(status(&project), serde_json::json!([]));
    project.write("closed.html", "<h1>Moving `house` {soon}</h1>");
    let told = project.said(&[
        "maintenance on --page closed.html --retry-after 60",
        "maintenance status",
    ]);
    // Two services, two servers each; workers answer nobody.
    assert!(
        told.contains("Closed for maintenance on 4 servers"),
        "{told}"
    );
    assert!(told.contains("Closed in us-east-1 since "), "{told}");
    assert_eq!(status(&project)[0]["retry_after"], 60);
    for line in ["plan", "status"] {
        let told = project.said(&[line]);
        assert!(
            !told.contains("to delete") || told.contains("0 to delete"),
            "{line}: {told}"
        );
        assert!(
            line == "status" || !told.contains("us-east-1/closed"),
            "{line}: {told}"
        );
    }
    let told = project.said(&["status", "drift"]);
    assert!(
        told.contains("Closed for maintenance in us-east-1 since "),
        "{told}"
    );
    assert!(
        told.contains("No drift.") && !told.contains("also shows"),
        "{told}"
    );
    project.run("apply --auto-approve");
    project.write("scalectl.yaml", SPEC.replace("max: 4", "max: 5"));
    project.run("apply --auto-approve");
    assert_eq!(status(&project)[0]["retry_after"], 60);
    // Again is no mistake, and takes the new page.
    let told = project.said(&["maintenance on --retry-after 90"]);
    assert!(told.contains("Closed for maintenance"), "{told}");
    assert_eq!(status(&project)[0]["retry_after"], 90);
    let told = project.said(&["maintenance off", "maintenance off", "maintenance status"]);
    assert_eq!(told.matches("Open on 4 servers").count(), 2, "{told}");
    assert!(told.contains("The site is open."), "{told}");
    assert!(project.said(&["plan"]).contains("Nothing to do"));
}

#[test]
fn a_site_that_is_closed_answers_503_and_destroy_leaves_nothing() {
    let project =
        Project::applied("app: shop\nstage: single-server\nservices: {web: {image: x}}\n");
    project.run("maintenance on");
    let told = project.said(&["destroy --auto-approve --allow us-east-1/server", "status"]);
    assert!(told.contains("- us-east-1/closed deleted"), "{told}");
}

#[test]
fn a_page_that_no_parameter_holds_and_a_site_without_servers_are_refused() {
    let project = Project::empty();
    project.write("scalectl.yaml", SPEC);
    project.write("long.html", "x".repeat(3001));
    let told = project.said(&["maintenance on --page long.html", "maintenance on"]);
    assert!(
        told.contains("long.html has more than 3000 bytes"),
        "{told}"
    );
    assert!(told.contains("no server of"), "{told}");
}
