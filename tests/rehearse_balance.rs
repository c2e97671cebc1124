//! The laboratory of load balancers on a real HAProxy: what each algorithm does with a slow and a killed server.
#![cfg(unix)]

mod common;
#[path = "common/laboratory.rs"]
mod laboratory;
#[path = "common/rehearsal.rs"]
mod rehearsal;

use laboratory::{changed, error, project, seeds};
use rehearsal::rehearse;
use serde_json::Value;

/// The short form.
const FEW: [&str; 3] = ["--balance", "--requests", "500"];

fn algorithm<'a>(report: &'a Value, name: &str) -> &'a Value {
    let all = report["algorithms"].as_array().unwrap();
    all.iter().find(|one| one["algorithm"] == name).unwrap()
}

fn share(report: &Value, name: &str, server: &str) -> f64 {
    algorithm(report, name)["shares"][server].as_f64().unwrap()
}

#[test]
fn no_algorithm_fails_a_request_when_a_server_is_killed() {
    for seed in 1..=seeds() {
        println!("seed {seed}");
        let seed = seed.to_string();
        let report = rehearse(project().path(), &[&FEW[..], &["--seed", &seed]].concat());
        assert_eq!(report["ok"], true);
        for one in report["algorithms"].as_array().unwrap() {
            assert_eq!(one["failed"], 0, "{one}");
            let shares = one["shares"].as_object().unwrap().values();
            let all: f64 = shares.map(|share| share.as_f64().unwrap()).sum();
            assert!((all - 1.0).abs() < 0.001, "{one}");
        }
        // Each server its turn, or its weight's; the slow server as many as it finishes.
        for server in ["slowed", "slow"] {
            let turn = share(&report, "round-robin", "fast");
            assert!((share(&report, "round-robin", server) - turn).abs() < 0.01);
        }
        let turn = 3.0 * share(&report, "weighted-round-robin", "slow");
        assert!((share(&report, "weighted-round-robin", "fast") - turn).abs() < 0.06);
        for name in ["least-connections", "weighted-least-connections"] {
            assert!(
                share(&report, name, "slowed") < share(&report, name, "fast") * 0.8,
                "{name}"
            );
        }
    }
}

#[test]
fn a_balancer_that_sends_nothing_again_is_found_out() {
    let folder = changed(
        "balance.cfg",
        "retries 3\n  option redispatch 1",
        "retries 0",
    );
    let report = rehearse(folder.path(), &FEW);
    assert_eq!(report["ok"], false);
    assert!(
        algorithm(&report, "round-robin")["failed"]
            .as_u64()
            .unwrap()
            > 0
    );
}

#[test]
fn algorithms_that_do_the_same_measure_nothing() {
    let folder = changed("balance.cfg", "balance %(balance)s", "balance leastconn");
    let said = error(folder.path(), &FEW);
    assert!(
        said.contains("the laboratory measured nothing: with a slow server"),
        "{said}"
    );
}

#[test]
fn a_server_that_is_not_killed_measures_nothing() {
    let folder = changed(
        "balance.py",
        "        self.servers[name].kill()\n        self.servers[name].wait()\n",
        "        pass\n",
    );
    let said = error(folder.path(), &FEW);
    assert!(
        said.contains("no request met the server that was killed"),
        "{said}"
    );
}

#[test]
fn a_configuration_is_checked_before_haproxy_starts() {
    let folder = changed(
        "balance.cfg",
        "balance %(balance)s",
        "balance %(balance)s-no",
    );
    let said = error(folder.path(), &FEW);
    assert!(
        said.contains("haproxy -c rejects the configuration"),
        "{said}"
    );
    assert!(said.contains("balance only supports"), "{said}");
}
