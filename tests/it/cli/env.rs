//! `env list`, `diff` and `promote`.

use crate::project::Project;

const SPEC: &str = "\
app: shop
stage: load-balanced
domain: shop.example.com
services:
  web: {image: \"ghcr.io/acme/shop:1\", env: {API_KEY: hunter2}}   # what customers have
  mail: {type: worker, image: \"ghcr.io/acme/mail:1\"}
environments:
  staging:
    domain: staging.shop.example.com
    stage: single-server
    services:
      web: {image: \"ghcr.io/acme/shop:2\", env: {API_KEY: hunter3}}
      mail: {image: \"ghcr.io/acme/mail:2\"}
  qa:
    domain: qa.shop.example.com
    services:
      web: {instance: t4g.micro}
";

fn project() -> Project {
    let project = Project::empty();
    project.write("scalectl.yaml", SPEC);
    project
}

fn out(project: &Project, line: &str) -> String {
    String::from_utf8(project.run(line).stdout).unwrap()
}

fn text(project: &Project) -> String {
    std::fs::read_to_string(project.path().join("scalectl.yaml")).unwrap()
}

#[test]
fn environments_are_listed_and_compared_without_their_secrets() {
    let project = project();
    let list: serde_json::Value = serde_json::from_str(&out(&project, "env list --json")).unwrap();
    let names: Vec<&str> = list["environments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["default", "staging", "qa"]);
    assert_eq!(
        list["environments"][2]["images"]["web"],
        "ghcr.io/acme/shop:1"
    );
    assert!(
        out(&project, "env list")
            .contains("staging  single-server on sim in us-east-1  staging.shop.example.com")
    );
    let told = out(&project, "env diff staging");
    assert!(told.contains("services.web.image\n  - ghcr.io/acme/shop:1  default\n  + ghcr.io/acme/shop:2  staging\n"), "{told}");
    assert!(
        told.contains("services.web.env.API_KEY\n  - (not shown)"),
        "{told}"
    );
    assert!(!told.contains("hunter"), "{told}");
    assert!(out(&project, "env diff qa qa").contains("are the same"));
    let told = project.said(&["env diff stagin"]);
    assert!(told.contains("did you mean staging?"), "{told}");
}

#[test]
fn images_are_promoted_and_nothing_else_changes() {
    let project = project();
    let told = out(&project, "env promote staging default web --dry-run");
    assert!(
        told.contains("~ web: ghcr.io/acme/shop:1 -> ghcr.io/acme/shop:2"),
        "{told}"
    );
    assert_eq!(text(&project), SPEC);
    let output = project.run("env promote staging default");
    let told = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(
        told.contains("~ mail: ") && told.contains("  scalectl deploy "),
        "{told}"
    );
    // What has none of its own follows, which is said.
    assert!(
        told.contains("qa has no image of its own there and gets the same"),
        "{told}"
    );
    let expected = SPEC
        .replacen("shop:1", "shop:2", 1)
        .replacen("mail:1", "mail:2", 1);
    assert_eq!(text(&project), expected);
    assert!(
        out(&project, "env promote staging default").contains("has the images of staging already")
    );
}

#[test]
fn an_environment_without_an_image_gets_its_own_or_is_told_where_to_write_it() {
    let project = project();
    let told = project.said(&["env promote staging qa"]);
    assert!(
        told.contains("no place for an image of mail in qa"),
        "{told}"
    );
    assert!(
        told.contains("under `environments.qa.services.mail`"),
        "{told}"
    );
    assert_eq!(text(&project), SPEC, "all or nothing");
    let told = out(&project, "env promote staging qa web");
    assert!(told.contains("scalectl -e qa deploy"), "{told}");
    assert_eq!(
        text(&project),
        SPEC.replace(
            "{instance: t4g.micro}",
            "{image: \"ghcr.io/acme/shop:2\", instance: t4g.micro}"
        )
    );
    let told = project.said(&["env promote staging qa shop", "env promote staging prod"]);
    assert!(
        told.contains("staging has no service shop") && told.contains("no environment prod"),
        "{told}"
    );
}
