//! Rehearsals with real servers of how requests are led elsewhere: none fails on the way, and a walk that is
//! too hasty is caught.
#![cfg(unix)]

mod common;
#[path = "common/rehearsal.rs"]
mod rehearsal;

use rehearsal::{assert_nothing_is_lost, failure, rehearse};
use serde_json::Value;

/// A project with a replica and three servers at least.
fn project(walk: Option<&str>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let spec = common::root().join("examples/marketplace/scalectl.yaml");
    let mut text = std::fs::read_to_string(spec).unwrap();
    // Long enough where a program watches; and how fast the machine is that tests run on is not asked.
    text.push_str("\nmigration: {soak: 120, latency: 20000}\n");
    std::fs::write(folder.path().join("scalectl.yaml"), text).unwrap();
    if let Some(walk) = walk {
        let path = folder.path().join("blueprints/migrations");
        std::fs::create_dir_all(&path).unwrap();
        std::fs::write(path.join("steps.yaml"), walk).unwrap();
    }
    folder
}

fn way<'a>(from: &'a str, to: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let few = [
        "--from", from, "--to", to, "--rows", "1000", "--rate", "100",
    ];
    [&few[..], more].concat()
}

/// The part of the requests that a step led to the new stage, percent.
fn share(report: &Value, name: &str) -> u64 {
    let steps = report["steps"].as_array().unwrap();
    let step = steps.iter().find(|step| step["name"] == name).unwrap();
    step["reading"]["percent_to_the_new"].as_u64().unwrap()
}

#[test]
fn weights_lead_requests_to_a_load_balancer_and_back_with_none_failed() {
    let way = way("split-db", "load-balanced", &[]);
    let report = rehearse(project(None).path(), &way);
    assert_eq!(report["ok"], true);
    assert_nothing_is_lost(&report);
    assert_eq!(report["load"]["failed"], 0);
    assert_eq!(report["replica_equal"], true);
    assert!((1..30).contains(&share(&report, "shift-10")));
    assert!((30..70).contains(&share(&report, "shift-50")));
    // A request that was under way may be answered later.
    assert!(share(&report, "shift-100") > 90);
    assert!(share(&report, "rollback") < 10);
}

#[test]
fn an_edge_keeps_files_and_a_second_region_joins_with_no_request_failed() {
    let way = way("load-balanced", "multi-region", &[]);
    let report = rehearse(project(None).path(), &way);
    assert_eq!(report["ok"], true);
    assert_nothing_is_lost(&report);
    assert_eq!(report["load"]["failed"], 0);
    assert!(report["load"]["cached"].as_u64().unwrap() > 50);
}

#[test]
fn servers_and_databases_that_are_killed_lose_nothing_on_the_way_down() {
    for engine in ["postgres", "mysql"] {
        let way = way("cdn", "split-db", &["--engine", engine, "--chaos"]);
        let report = rehearse(project(None).path(), &way);
        assert_eq!(report["ok"], true);
        assert_nothing_is_lost(&report);
        let steps = report["steps"].as_array().unwrap();
        let killed = steps.iter().flat_map(|s| s["killed"].as_array().unwrap());
        assert!(killed.count() > 2, "{engine}");
    }
}

#[test]
fn an_old_server_that_goes_before_its_address_is_forgotten_is_caught() {
    // Nothing is waited for between the last shift and the end of the old.
    let walk = "\
walk:
  - {step: expand, phase: expand, does: Creates the new}
  - {step: shift-100, phase: switch, when: [traffic], weight: 100, does: Leads all requests to the new}
  - {step: contract, phase: contract, does: Removes the old}
";
    let way = way("split-db", "load-balanced", &[]);
    let report = rehearse(project(Some(walk)).path(), &way);
    assert_eq!(report["ok"], false);
    assert!(report["load"]["failed"].as_u64().unwrap() > 0);
    assert_nothing_is_lost(&report);
}

#[test]
fn an_application_that_answers_with_errors_is_caught_before_anything_goes() {
    let project = project(None);
    let path = project.path().join("templates/rehearse");
    std::fs::create_dir_all(&path).unwrap();
    let text = std::fs::read_to_string(common::root().join("templates/rehearse/app.py")).unwrap();
    // A server that reads at a replica is one of the new stage.
    let broken = text.replace(
        "        self.attempt(write(order),",
        "        if READER:\n            return self.answer(500)\n        self.attempt(write(order),",
    );
    assert_ne!(broken, text);
    std::fs::write(path.join("app.py"), broken).unwrap();
    let report = rehearse(project.path(), &way("split-db", "load-balanced", &[]));
    let (step, why) = failure(&report);
    assert_eq!(step, "shift-10");
    assert!(why.contains("of requests fail"), "{why}");
    assert_nothing_is_lost(&report);
}
