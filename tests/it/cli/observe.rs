//! `output`, `open`, `logs`, `exec`, `run`, `ssh` and `tunnel`.

use crate::project::Project;

const SPEC: &str = "\
app: shop
stage: load-balanced
domain: shop.example.com
services:
  web: {image: \"ghcr.io/acme/web:1\", scale: {min: 2, max: 4}}
  mail: {type: worker, image: \"ghcr.io/acme/mail:1\"}
database: {engine: postgres}
";

fn out(project: &Project, line: &str) -> String {
    String::from_utf8(project.try_run(line).stdout).unwrap()
}

#[test]
fn an_output_is_one_value_for_a_script() {
    let project = Project::applied(SPEC);
    assert_eq!(out(&project, "output site"), "https://shop.example.com\n");
    assert_eq!(out(&project, "open --print"), "https://shop.example.com\n");
    let all = out(&project, "output");
    assert!(all.contains("load-balancer  shop-default-alb"), "{all}");
    let json: serde_json::Value =
        serde_json::from_str(&out(&project, "output site --json")).unwrap();
    assert_eq!(json["outputs"][0]["value"], "https://shop.example.com");
    let told = project.said(&["output cdn"]);
    assert!(told.contains("has no output cdn"), "{told}");
    assert!(told.contains("there are site, name-servers"), "{told}");
    assert_eq!(project.code("output cdn"), Some(1));
}

#[test]
fn lines_of_all_servers_come_in_the_order_of_time() {
    let project = Project::applied(SPEC);
    let lines = out(&project, "logs --since 1h --json");
    let lines: Vec<serde_json::Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let at: Vec<&str> = lines
        .iter()
        .map(|line| line["at"].as_str().unwrap())
        .collect();
    assert!(at.is_sorted(), "{at:?}");
    let of = |name: &str| lines.iter().filter(|line| line["service"] == name).count();
    assert!(of("web") == 2 && of("mail") == 2, "{lines:#?}");
    let started = out(&project, "logs web --since 1h --grep started");
    assert_eq!(started.lines().count(), 2, "one line per server: {started}");
    let cut = project.said(&["logs web --since 1h --most 1"]);
    assert!(cut.contains("there are more lines"), "{cut}");
    let told = project.said(&["logs nobody", "logs --since 10x"]);
    assert!(told.contains("the spec has no service nobody"), "{told}");
    assert!(told.contains("is not a time"), "{told}");
}

#[test]
fn a_region_that_does_not_answer_costs_its_lines_only() {
    let regions = "multi-region\nregions: [us-east-1, eu-west-1]";
    let project = Project::applied(&SPEC.replace("load-balanced", regions));
    project.run("sim fault --down eu-west-1");
    let told = project.said(&["logs web --since 2h"]);
    assert!(told.contains("no lines of web in eu-west-1"), "{told}");
    assert!(told.contains("us-east-1 web web started on i-"), "{told}");
    assert_eq!(project.code("logs web --since 2h"), Some(0));
    project.run("sim fault --down us-east-1");
    assert_eq!(project.code("logs web --since 2h"), Some(5));
}

#[test]
fn what_needs_a_machine_says_so_on_the_simulator() {
    let project = Project::applied(SPEC);
    let told = project.said(&["exec web -- ls -l"]);
    assert!(
        told.contains("the simulator has no machine that could run a command"),
        "{told}"
    );
    assert_eq!(project.code("exec web -- ls -l"), Some(125));
    assert_eq!(project.code("run web -- ls"), Some(125));
    let told = project.said(&["exec web --server i-0 -- ls", "exec web --in mars -- ls"]);
    assert!(
        told.contains("i-0 is no server of web in service in us-east-1"),
        "{told}"
    );
    assert!(
        told.contains("the application has no region mars"),
        "{told}"
    );
    for line in ["ssh", "tunnel database --print"] {
        let told = project.said(&[line]);
        assert!(
            told.contains("the simulator has no machine to connect to"),
            "{line}: {told}"
        );
    }
}
