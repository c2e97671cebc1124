//! What exists is used, or said to be in the way: hosted zones and records that others made.

use crate::common::{apply_of, graph_of, owner_of, plan_of, runtime};
use scalectl::blueprint::Library;
use scalectl::graph::Graph;
use scalectl::inventory::{Applied, Handle, Owner};
use scalectl::plan::Action;
use scalectl::provider::Provider as _;
use scalectl::provider::sim::Sim;
use scalectl::provider::sim::cloud::Cloud;
use scalectl::provider::sim::faults::Faults;
use scalectl::spec::Spec;

fn spec(domain: &str, env: &str) -> Spec {
    // Two environments of one spec have two domains.
    let (base, rest) = match env {
        "default" => (domain, String::new()),
        env => (
            "example.net",
            format!("environments: {{{env}: {{domain: {domain}}}}}\n"),
        ),
    };
    let text = format!(
        "app: shop\nstage: single-server\ndomain: {base}\nservices:\n  web: {{image: nginx:1}}\n{rest}"
    );
    let env = (env != "default").then_some(env);
    scalectl::spec::load("scalectl.yaml", &text, env, None).unwrap()
}

fn of(spec: &Spec) -> (Owner, Graph) {
    (
        owner_of(spec),
        graph_of(&Library::embedded().unwrap(), spec),
    )
}

fn empty() -> Sim {
    Sim::in_memory(Cloud::default(), Faults::default(), 0)
}

/// Applies, and nothing is left to do.
async fn reach(sim: &Sim, spec: &Spec) {
    let (owner, graph) = of(spec);
    let (planned, report) = apply_of(sim, &owner, &graph, None).await;
    assert_eq!(planned.impossible, []);
    assert!(report.is_complete(), "{report:?}");
    assert!(plan_of(sim, &owner, &graph).await.is_empty());
}

/// The numbers of the items of a type, whoever has them.
fn numbers(sim: &Sim, kind: &str) -> Vec<u64> {
    let cloud = sim.cloud();
    let items = cloud.items.values().filter(|item| &*item.kind == kind);
    items.map(|item| item.number).collect()
}

const ZONE: &str = "AWS::Route53::HostedZone";
const RECORD: &str = "AWS::Route53::RecordSet";

#[test]
fn a_second_environment_uses_the_zone_of_the_first() {
    for (first, second) in [
        (
            "{name: www.example.com, zone: example.com}",
            "{name: staging.example.com, zone: example.com}",
        ),
        ("example.com", "staging.example.com"),
    ] {
        runtime().block_on(async {
            let sim = empty();
            reach(&sim, &spec(first, "default")).await;
            let staging = spec(second, "staging");
            let (owner, graph) = of(&staging);
            let planned = plan_of(&sim, &owner, &graph).await;
            let owner = planned.uses[0].owner.as_ref().unwrap();
            assert_eq!((&*owner.app, &*owner.env), ("shop", "default"));
            reach(&sim, &staging).await;
            reach(&sim, &spec(first, "default")).await;
            assert_eq!(numbers(&sim, ZONE).len(), 1);
        });
    }
}

#[test]
fn a_zone_that_nobody_manages_is_used_and_told() {
    runtime().block_on(async {
        let sim = empty();
        let shop = spec("{name: shop.example.com, zone: example.com}", "default");
        reach(&sim, &shop).await;
        for number in numbers(&sim, ZONE) {
            sim.disown(number).unwrap();
        }
        let (owner, graph) = of(&shop);
        let planned = plan_of(&sim, &owner, &graph).await;
        assert!(planned.is_empty());
        let words = planned.uses[0].in_words();
        assert!(
            words.contains("it is unmanaged; `scalectl import global/zone Z"),
            "{words}"
        );
    });
}

#[test]
fn a_zone_of_another_name_is_not_used() {
    runtime().block_on(async {
        let sim = empty();
        reach(&sim, &spec("example.com", "default")).await;
        // It is named apart from its domain, so it is meant.
        let staging = spec(
            "{name: www.staging.example.com, zone: staging.example.com}",
            "staging",
        );
        reach(&sim, &staging).await;
        assert_eq!(numbers(&sim, ZONE).len(), 2);
    });
}

#[test]
fn of_two_zones_of_one_name_none_is_taken() {
    runtime().block_on(async {
        let sim = empty();
        let shop = spec("example.com", "default");
        reach(&sim, &shop).await;
        let zone = numbers(&sim, ZONE)[0];
        sim.disown(zone).unwrap();
        let mut cloud = sim.cloud().clone();
        let now = sim.clock().now();
        let mut second = cloud.items[&zone].clone();
        (second.number, second.identifier) = (cloud.next, "ZSECOND".into());
        cloud.next += 1;
        cloud.items.insert(second.number, second);
        let sim = Sim::in_memory(cloud, Faults::default(), now);
        let staging = spec("{name: staging.example.com, zone: example.com}", "staging");
        let (owner, graph) = of(&staging);
        let planned = plan_of(&sim, &owner, &graph).await;
        let found = planned
            .impossible
            .iter()
            .find(|one| &*one.address.id == "zone");
        assert!(found.unwrap().why.contains("ZSECOND"), "{found:?}");
    });
}

#[test]
fn an_existing_record_is_replaced_in_one_change() {
    runtime().block_on(async {
        let sim = empty();
        let shop = spec("{name: shop.example.com, zone: example.com}", "default");
        reach(&sim, &shop).await;
        let zone = numbers(&sim, ZONE)[0];
        let record = numbers(&sim, RECORD)[0];
        // As somebody made it by hand, before there was anything of ours.
        let mut cloud = Cloud {
            next: 100,
            ..Cloud::default()
        };
        let mut zone = sim.cloud().items[&zone].clone();
        let mut plain = sim.cloud().items[&record].clone();
        (zone.marks, plain.marks) = (None, None);
        plain.properties.remove("SetIdentifier");
        plain.properties.remove("Weight");
        plain.identifier = plain.identifier.trim_end_matches("|site").into();
        let identifier = plain.identifier.clone();
        cloud
            .items
            .extend([(zone.number, zone), (plain.number, plain)]);
        let sim = Sim::in_memory(cloud, Faults::default(), sim.clock().now());
        let (owner, graph) = of(&shop);
        let planned = plan_of(&sim, &owner, &graph).await;
        let refused = planned
            .impossible
            .iter()
            .find(|one| &*one.address.id == "record")
            .unwrap();
        assert!(
            refused
                .way
                .contains("scalectl import global/record 'shop.example.com|Z"),
            "{refused:?}"
        );
        // Adopted, it becomes one of several of its name, and is never missing.
        let handle = Handle {
            address: "global/record".parse().unwrap(),
            kind: RECORD.into(),
            identifier,
        };
        let applied = Applied {
            generation: 1,
            ..Applied::default()
        };
        sim.adopt(&owner, &handle, &applied).await.unwrap();
        let planned = plan_of(&sim, &owner, &graph).await;
        let change = planned
            .changes
            .iter()
            .find(|one| &*one.address.id == "record")
            .unwrap();
        assert_eq!(
            (change.action, change.create_before_destroy),
            (Action::Replace, true)
        );
        reach(&sim, &shop).await;
        assert_eq!(numbers(&sim, RECORD).len(), 1);
    });
}
