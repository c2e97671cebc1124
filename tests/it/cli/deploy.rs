//! `deploy`, `rollback`, `releases`, and an apply that changes an image.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use crate::project::Project;

const SPEC: &str = "\
app: shop
stage: load-balanced
domain: shop.example.com
services:
  web:
    image: ghcr.io/acme/web:1   # the site
    scale: {min: 2, max: 4}
  api: {image: \"ghcr.io/acme/api:1\", paths: [/api/*]}
database: {engine: postgres}
";

fn spec(project: &Project) -> String {
    std::fs::read_to_string(project.path().join("scalectl.yaml")).unwrap()
}

#[test]
fn an_image_is_deployed_and_written_into_the_spec() {
    let project = Project::applied(SPEC);
    let told = project.said(&["deploy web --image ghcr.io/acme/web:2 --auto-approve"]);
    assert!(
        told.contains("serves web in us-east-1: 2 of 2 servers"),
        "{told}"
    );
    assert!(
        told.contains("Done: web serves ghcr.io/acme/web:2."),
        "{told}"
    );
    assert_eq!(spec(&project), SPEC.replace("web:1", "web:2"));
    assert_eq!(project.code("plan --detailed-exitcode"), Some(0));
    let told = project.said(&["deploy --auto-approve"]);
    assert!(told.contains("Nothing to deploy"), "{told}");
    // The version before came with the apply.
    let told = project.said(&["rollback web --auto-approve"]);
    assert!(
        told.contains("Done: web serves ghcr.io/acme/web:1."),
        "{told}"
    );
    assert_eq!(spec(&project), SPEC);
    let told = project.said(&["releases web"]);
    let images: Vec<&str> = told
        .lines()
        .filter_map(|line| {
            line.split_whitespace()
                .find(|word| word.starts_with("ghcr.io"))
        })
        .collect();
    assert_eq!(
        images,
        ["ghcr.io/acme/web:1", "ghcr.io/acme/web:2"],
        "{told}"
    );
}

#[test]
fn a_version_that_fails_goes_back_with_the_spec_and_exit_code_1() {
    let project = Project::applied(SPEC);
    project.run("sim fault --sick web:sick --failing web:failing");
    for image in ["web:sick", "web:failing"] {
        let line = format!("deploy web --image ghcr.io/acme/{image} --auto-approve");
        let told = project.said(&[&line]);
        assert!(
            told.contains("Rolled back: web serves ghcr.io/acme/web:1."),
            "{told}"
        );
        assert!(told.contains("error: rolled back: "), "{told}");
        assert_eq!(project.code(&line), Some(1));
        assert_eq!(spec(&project), SPEC);
        assert_eq!(project.code("plan --detailed-exitcode"), Some(0));
    }
    let told = project.said(&["releases"]);
    assert!(
        told.contains("rolled back: web does not run its new version"),
        "{told}"
    );
}

#[test]
fn an_apply_waits_for_the_new_version_and_does_not_call_a_sick_one_a_success() {
    let project = Project::applied(SPEC);
    project.write("scalectl.yaml", SPEC.replace("api:1", "api:2"));
    let told = project.said(&["apply --auto-approve"]);
    assert!(
        told.contains("api: the new version runs on 2 servers."),
        "{told}"
    );
    project.run("sim fault --sick api:3");
    project.write("scalectl.yaml", SPEC.replace("api:1", "api:3"));
    let told = project.said(&["apply --auto-approve"]);
    assert!(
        told.contains("the changes were made, but api does not run its new version on i-"),
        "{told}"
    );
    project.write(
        "scalectl.yaml",
        SPEC.replace("api:1", "api:3").replace("web:1", "web:3 "),
    );
    project.run("sim fault --sick web:3");
    assert_eq!(project.code("apply --auto-approve"), Some(1));
    project.run("sim fault --clear");
    project.run("sim fault --refuse deploy/settle --code AccessDenied");
    project.write("scalectl.yaml", SPEC.replace("api:1", "api:4"));
    let told = project.said(&["apply --auto-approve"]);
    assert!(
        told.contains("the changes were made; whether servers run the new version of api, web is unknown: ssm:SendCommand"),
        "{told}"
    );
}

#[test]
fn what_servers_need_is_applied_first() {
    let project = Project::applied(SPEC);
    let text = SPEC.replace("web:1 ", "web:2 ").replace("min: 2", "min: 3");
    project.write("scalectl.yaml", text);
    let told = project.said(&["deploy --auto-approve"]);
    assert!(
        told.contains("the plan also changes what the services need: us-east-1/asg[web]"),
        "{told}"
    );
    assert_eq!(project.code("deploy --auto-approve"), Some(1));
    let told = project.said(&[
        "deploy web api --image x:1 --auto-approve",
        "deploy nobody --auto-approve",
    ]);
    assert!(
        told.contains("`--image` is the image of one service"),
        "{told}"
    );
    assert!(told.contains("the spec has no service nobody"), "{told}");
    let told = project.said(&["rollback", "rollback web --to 9 --auto-approve"]);
    assert!(told.contains("no deployment is in progress"), "{told}");
    assert!(told.contains("web has no release 9"), "{told}");
}

#[test]
fn a_deployment_in_progress_holds_everything_else_until_it_is_finished_or_taken_back() {
    let project = Project::applied(SPEC);
    // Refused at the third write of the rollout, the run stops and the deployment stays.
    project.run("sim fault --refuse us-east-1/param_service[web] --code InternalError --times 1");
    let line = "deploy web --image ghcr.io/acme/web:2 --auto-approve";
    let told = project.said(&[line]);
    assert!(told.contains("the deployment stopped: "), "{told}");
    assert!(told.contains("resume with `scalectl deploy`"), "{told}");
    for command in [
        "apply --auto-approve",
        "scale --auto-approve",
        "migrate --to cdn --auto-approve",
    ] {
        let told = project.said(&[command]);
        assert!(
            told.contains("a deployment of web to ghcr.io/acme/web:2 is in progress"),
            "{command}: {told}"
        );
    }
    let told = project.said(&["plan"]);
    assert!(
        told.contains("is in progress; `scalectl deploy` resumes it"),
        "{told}"
    );
    assert!(!told.contains("rollout"), "{told}");
    let told = project.said(&["deploy --auto-approve"]);
    assert!(
        told.contains("Done: web serves ghcr.io/acme/web:2."),
        "{told}"
    );
    project.run("sim fault --refuse us-east-1/param_service[web] --code InternalError --times 1");
    project.said(&["deploy web --image ghcr.io/acme/web:3 --auto-approve"]);
    let told = project.said(&["rollback --auto-approve"]);
    assert!(
        told.contains("Rolled back: web serves ghcr.io/acme/web:2."),
        "{told}"
    );
    assert_eq!(spec(&project), SPEC.replace("web:1", "web:2"));
    assert_eq!(project.code("plan --detailed-exitcode"), Some(0));
}

#[test]
fn a_version_that_repairs_the_site_is_not_rolled_back_for_what_it_repairs() {
    let project = Project::applied(SPEC);
    project.run("sim fault --failing web:1b");
    project.run("deploy web --image ghcr.io/acme/web:1a --auto-approve");
    // It serves, and fails a minute later: nobody watches it.
    let spec = SPEC
        .replace("web:1 ", "web:1b ")
        .replace("scale:", "deploy: {bake: 0}\n    scale:");
    project.write("scalectl.yaml", &spec);
    project.run("deploy --auto-approve");
    // Something else that takes minutes.
    project.write("scalectl.yaml", spec + "cache: {engine: valkey}\n");
    project.run("apply --auto-approve");
    let told = project.said(&["deploy web --image ghcr.io/acme/web:2 --auto-approve"]);
    assert!(
        told.contains(
            "already beyond the limit, so not counted against the new version: web: errors"
        ),
        "{told}"
    );
    assert!(told.contains("already firing"), "{told}");
    assert!(
        told.contains("Done: web serves ghcr.io/acme/web:2."),
        "{told}"
    );
}

#[test]
fn an_interrupt_pauses_a_deployment_that_is_resumed_or_taken_back() {
    for (command, image) in [("deploy", "web:2"), ("rollback", "web:1")] {
        let project = Project::applied(SPEC);
        // A simulated second takes as long as a real one: the first server is waited for.
        let line = "deploy web --image ghcr.io/acme/web:2 --auto-approve --json --speed 1";
        let mut child = project
            .command(line)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        lines
            .find(|line| line.as_ref().unwrap().contains("turns"))
            .unwrap()
            .unwrap();
        let kill = Command::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status();
        assert!(kill.unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(130));
        let mut said = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        assert!(said.contains("the deployment is paused"), "{said}");
        project.run(&format!("{command} --auto-approve"));
        assert_eq!(project.code("plan --detailed-exitcode"), Some(0));
        assert!(spec(&project).contains(image), "{command}");
    }
}

#[test]
fn an_image_for_one_environment_is_not_written_where_others_have_theirs() {
    let project = Project::empty();
    let text = format!("{SPEC}environments:\n  staging: {{domain: staging.shop.example.com}}\n");
    project.write("scalectl.yaml", &text);
    project.run("apply --env staging --auto-approve");
    let told =
        project.said(&["deploy web --env staging --image ghcr.io/acme/web:2 --auto-approve"]);
    assert!(
        told.contains("the environment staging has no image of its own for web"),
        "{told}"
    );
    assert!(
        told.contains("under `environments.staging.services.web`"),
        "{told}"
    );
    assert_eq!(spec(&project), text);
}
