//! How requests are spread over servers: what of it becomes a target group's attribute, and what is refused where.

use std::collections::BTreeMap;

use crate::common::graph_of;
use scalectl::blueprint::Library;
use scalectl::spec::load;

/// The attributes of the target group of a service with this `balance`.
fn attributes(balance: &str) -> BTreeMap<String, String> {
    let text = format!(
        "app: shop\nstage: load-balanced\ndomain: shop.example\nservices:\n  web: {{image: \"nginx:1\", balance: {{{balance}}}}}\n"
    );
    let spec = load("scalectl.yaml", &text, None, None).unwrap_or_else(|e| panic!("{e:#?}"));
    let graph = graph_of(&Library::embedded().unwrap(), &spec);
    let mut groups = graph
        .iter()
        .filter(|one| &*one.kind == "AWS::ElasticLoadBalancingV2::TargetGroup");
    let group = groups.next().unwrap();
    let list = group.properties.get("TargetGroupAttributes").unwrap();
    let of = |one: &scalectl::value::Value, key: &str| {
        let found = one.at(key).and_then(|value| value.as_str());
        found.unwrap_or_default().to_owned()
    };
    let list = list.as_list().unwrap();
    list.iter()
        .map(|one| (of(one, "Key"), of(one, "Value")))
        .collect()
}

#[test]
fn each_algorithm_is_what_an_application_load_balancer_calls_it() {
    for (ours, aws, mitigation) in [
        ("round-robin", "round_robin", None),
        ("least-connections", "least_outstanding_requests", None),
        (
            "least-outstanding-requests",
            "least_outstanding_requests",
            None,
        ),
        ("random", "weighted_random", None),
        ("weighted-random", "weighted_random", Some("on")),
    ] {
        let found = attributes(&format!("algorithm: {ours}"));
        assert_eq!(found["load_balancing.algorithm.type"], aws, "{ours}");
        let own = found.get("load_balancing.algorithm.anomaly_mitigation");
        assert_eq!(own.map(String::as_str), mitigation, "{ours}");
    }
    let default = attributes("");
    assert_eq!(
        default["load_balancing.algorithm.type"],
        "least_outstanding_requests"
    );
}

#[test]
fn a_removed_server_finishes_requests_for_the_seconds_of_draining() {
    let seconds =
        |balance: &str| attributes(balance)["deregistration_delay.timeout_seconds"].clone();
    assert_eq!(seconds(""), "60");
    assert_eq!(seconds("draining: 900"), "900");
    assert_eq!(seconds("draining: 0"), "0");
    let text = "app: shop\nstage: single-server\nservices: {web: {image: \"nginx:1\", balance: {draining: 3601}}}\n";
    let errors = load("scalectl.yaml", text, None, None).unwrap_err();
    assert!(
        format!("{errors:?}").contains("services.web.balance.draining"),
        "{errors:?}"
    );
}

#[test]
fn weights_of_servers_are_refused_with_what_to_write_instead() {
    for (weighted, plain) in [
        ("weighted-round-robin", "round-robin"),
        ("weighted-least-connections", "least-connections"),
    ] {
        let text = format!(
            "app: shop\nstage: single-server\nservices:\n  web:\n    image: nginx:1\n    balance:\n      algorithm: {weighted}\n"
        );
        let errors = load("scalectl.yaml", &text, None, None).unwrap_err();
        let [error] = errors.as_slice() else {
            panic!("{errors:#?}");
        };
        let said = format!("{error:?}");
        assert!(
            said.contains(&format!(
                "algorithm is {weighted}, and an Application Load Balancer has no weights"
            )),
            "{said}"
        );
        assert!(said.contains(&format!("write `{plain}`")), "{said}");
        assert!(said.contains(&format!("HAProxy has {weighted}")), "{said}");
        let line = error.location.as_ref().map(|place| place.line);
        assert_eq!(line, Some(7), "{said}");
    }
}
