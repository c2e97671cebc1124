//! What a migration asks of the site itself, on the simulator: at every stage it answers, and where something
//! on the way to a server is missing, the gate says what.

use crate::common::{ALL_EXAMPLES, EPOCH, apply_of, example, graph_of, owner_of, runtime};
use scalectl::apply::{Context, Stop, observe};
use scalectl::blueprint::Library;
use scalectl::inventory::Live;
use scalectl::migrate::gates::{Answers, Errors, Latency, NAMES, Probe, Reading};
use scalectl::migrate::probe;
use scalectl::provider::Provider as _;
use scalectl::provider::sim::Sim;
use scalectl::provider::sim::cloud::Cloud;
use scalectl::provider::sim::faults::Faults;
use scalectl::spec::{Spec, Stage};
use scalectl::value::Value;

/// What each gate says of a site.
#[derive(Debug)]
struct Said {
    answers: Reading,
    probe: Reading,
    errors: Reading,
    latency: Reading,
}

/// Applies a spec, spoils something, and asks.
fn asked(spec: &Spec, spoil: impl FnOnce(&Sim, &mut Live)) -> Said {
    let library = Library::embedded().unwrap();
    let (graph, owner) = (graph_of(&library, spec), owner_of(spec));
    runtime().block_on(async {
        let sim = Sim::in_memory(Cloud::default(), Faults::default(), EPOCH);
        let (_, report) = apply_of(&sim, &owner, &graph, None).await;
        assert!(report.is_complete(), "{report:#?}");
        let stop = Stop::default();
        let context = Context {
            provider: &sim,
            owner: &owner,
            stop: &stop,
        };
        sim.clock().sleep(std::time::Duration::from_secs(600)).await;
        let mut live = observe(&context, Some(&graph)).await.unwrap();
        spoil(&sim, &mut live);
        Said {
            answers: Answers {}.judge(&probe::names(&context, &live).await.unwrap()),
            probe: Probe {}.judge(probe::probe(&context, &live, &[]).await.unwrap()),
            errors: Errors { below: 1 }.judge(probe::failures(&context, &live).await.unwrap()),
            latency: Latency { below: 2000 }
                .judge(probe::latencies(&context, &live).await.unwrap()),
        }
    })
}

/// Removes all of a kind behind everyone's back.
fn without(kind: &'static str) -> impl FnOnce(&Sim, &mut Live) {
    move |sim, _| {
        let numbers: Vec<u64> = sim
            .cloud()
            .items
            .values()
            .filter(|item| &*item.kind == kind)
            .map(|item| item.number)
            .collect();
        assert!(!numbers.is_empty(), "there is no {kind}");
        for number in numbers {
            sim.remove(number).unwrap();
        }
    }
}

#[test]
fn a_site_answers_at_every_stage() {
    for name in ALL_EXAMPLES {
        for stage in Stage::ALL {
            let said = asked(&example(name, stage), |_, _| {});
            let gates = [&said.answers, &said.probe, &said.errors, &said.latency];
            assert!(
                gates.iter().all(|gate| gate.good),
                "{name} {}: {said:#?}",
                stage.name()
            );
            assert!(!said.probe.seen.starts_with('0'), "{said:#?}");
        }
    }
}

#[test]
fn a_load_balancer_without_rules_answers_with_errors() {
    let spec = example("shop", Stage::LoadBalanced);
    let said = asked(&spec, without("AWS::ElasticLoadBalancingV2::ListenerRule"));
    assert!(
        !said.probe.good && said.probe.seen.ends_with(": 503"),
        "{said:#?}"
    );
    assert_eq!(said.errors.seen, "100.0 % of 3000 requests");
    assert!(!said.errors.good && said.answers.good, "{said:#?}");
}

#[test]
fn a_distribution_whose_origin_is_gone_answers_with_errors() {
    let spec = example("shop", Stage::Cdn);
    let said = asked(&spec, without("AWS::AutoScaling::AutoScalingGroup"));
    assert!(
        !said.probe.good && said.probe.seen.contains("cloudfront.net"),
        "{said:#?}"
    );
    assert!(!said.errors.good, "{said:#?}");
}

#[test]
fn one_region_answers_for_another() {
    let spec = example("marketplace", Stage::MultiRegion);
    let said = asked(&spec, |sim, _| {
        let first = spec.regions[0].name();
        let kind = "AWS::AutoScaling::AutoScalingGroup";
        let numbers: Vec<u64> = sim
            .cloud()
            .items
            .values()
            .filter(|item| &*item.kind == kind && &*item.region == first)
            .map(|item| item.number)
            .collect();
        for number in numbers {
            sim.remove(number).unwrap();
        }
    });
    assert!(said.probe.good, "{said:#?}");
}

#[test]
fn an_address_without_a_server_does_not_answer() {
    let spec = example("shop", Stage::SingleServer);
    let said = asked(&spec, without("AWS::EC2::EIPAssociation"));
    assert!(
        !said.probe.good && said.probe.seen.contains("no route to host"),
        "{said:#?}"
    );
}

#[test]
fn a_name_that_still_resolves_to_what_no_record_says_keeps_the_gate_shut() {
    let spec = example("shop", Stage::SingleServer);
    let said = asked(&spec, |_, live| {
        let records = live.resources.values_mut();
        for record in records.filter(|one| &*one.kind == "AWS::Route53::RecordSet") {
            let moved = Value::List(vec![Value::str("192.0.2.1")]);
            record.properties.insert("ResourceRecords", moved);
        }
    });
    assert!(!said.answers.good, "{said:#?}");
    assert!(said.answers.seen.contains("still resolves to"), "{said:#?}");
}

#[test]
fn a_name_without_a_record_does_not_resolve() {
    let spec = example("shop", Stage::SingleServer);
    let said = asked(&spec, without("AWS::Route53::RecordSet"));
    assert!(!said.answers.good, "{said:#?}");
    assert!(
        said.answers.seen.contains("does not resolve here"),
        "{said:#?}"
    );
}

#[test]
fn every_gate_has_a_row_in_the_documentation() {
    let text = std::fs::read_to_string(crate::common::root().join("docs/migrations.md")).unwrap();
    let rows = text
        .lines()
        .skip_while(|line| !line.starts_with("| gate |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let mut documented: Vec<&str> = rows.filter_map(|row| row.split('`').nth(1)).collect();
    let mut names = NAMES.to_vec();
    documented.sort_unstable();
    names.sort_unstable();
    assert_eq!(documented, names);
}
