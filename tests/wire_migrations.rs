//! Migrations over the wire, on an emulator of AWS that knows nothing of us: the ways between neighbouring
//! stages, there and back, and the scripts that Systems Manager was given to run.
//!
//! moto runs no scripts and takes each for a success without output, so the gate on how far the copy is behind
//! is left out here; the scripts themselves are proven by `tests/rehearse.rs`, what they lead to by
//! `tests/it/migrations.rs`.
#![cfg(feature = "aws")]

mod common;
#[path = "common/emulator.rs"]
mod emulator;
#[path = "common/faults.rs"]
mod faults;
#[path = "common/gaps.rs"]
mod gaps;
#[path = "common/proxy.rs"]
mod proxy;

use std::collections::BTreeMap;
use std::process::Command;

use common::{apply_of, example, graph_of, owner_of, plan_of};
use emulator::{Emulator, Kind, programs};
use faults::Faults;
use gaps::Gaps;
use proxy::{Proxy, runtime};
use scalectl::apply::{Context, End, Report, Stop, observe};
use scalectl::blueprint::Library;
use scalectl::graph::Graph;
use scalectl::inventory::Owner;
use scalectl::migrate::gates::{Check, Hold};
use scalectl::migrate::walk::{Event, Halt, Walker};
use scalectl::migrate::{Migration, Walk, action, route};
use scalectl::plan::Plan;
use scalectl::provider::aws::Aws;
use scalectl::spec::Stage;
use serde_json::Value;

/// The migration between two stages of an example, as far as the emulator knows its kinds, without waiting.
fn migration(
    library: &Library,
    gaps: &Gaps,
    name: &str,
    from: Stage,
    to: Stage,
) -> (Owner, Migration) {
    let mut spec = example(name, Stage::MultiRegion);
    let stages = route(from, to);
    let graphs: BTreeMap<Stage, Graph> = stages
        .iter()
        .map(|stage| {
            spec.stage = *stage;
            (*stage, gaps.without(&graph_of(library, &spec)))
        })
        .collect();
    let walk = Walk::of(library).unwrap();
    let mut migration = Migration::new(&walk, &stages, &graphs).unwrap();
    for step in &mut migration.steps {
        step.gates
            .retain(|gate| !matches!(gate.check, Check::Lag(_)));
        for gate in &mut step.gates {
            gate.cadence.every = 1;
            gate.cadence.times = 1;
            gate.cadence.within = 20;
            if let Check::Hold(Hold { seconds }) = &mut gate.check {
                *seconds = 0;
            }
        }
    }
    (owner_of(&spec), migration)
}

/// What was not done as it should be.
fn complaints(plan: &Plan, report: &Report) -> Vec<String> {
    let ends = plan.operations.iter().zip(&report.ends);
    ends.filter(|(_, end)| !matches!(end, End::Done { differs, .. } if differs.is_empty()))
        .map(|(operation, end)| {
            let address = &plan.changes[operation.change].address;
            format!("{address} {:?}: {end:?}", operation.step)
        })
        .collect()
}

/// What Systems Manager was given to run, in its order, as AWS's SDK for Python tells it.
fn commands(emulator: &Emulator) -> Vec<Value> {
    let script = format!(
        r#"
import boto3, json
ssm = boto3.client("ssm", region_name="us-east-1", endpoint_url="http://127.0.0.1:{}",
                   aws_access_key_id="test", aws_secret_access_key="test")
found = ssm.list_commands()["Commands"]
for one in sorted(found, key=lambda one: one["RequestedDateTime"]):
    print(json.dumps({{k: one[k] for k in ("Comment", "DocumentName", "InstanceIds", "Parameters")}}))
"#,
        emulator.port
    );
    let output = Command::new(programs().join("python"))
        .args(["-c", &script])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

async fn is_at(aws: &Aws, owner: &Owner, graph: &Graph, stage: Stage, what: &str) {
    let plan = plan_of(aws, owner, graph).await;
    assert!(plan.is_empty(), "{what}: {:#?}", plan.changes);
    let stop = Stop::default();
    let context = Context {
        provider: aws,
        owner,
        stop: &stop,
    };
    let record = observe(&context, Some(graph))
        .await
        .unwrap()
        .record
        .unwrap();
    assert_eq!(record.stage.as_deref(), Some(stage.name()), "{what}");
    assert_eq!(record.migration, None, "{what}");
}

/// There, and back from right before the point of no return; then, on a new account, there for good: moto answers 500
/// to a certificate that is asked for with the token of one that was deleted.
fn there_and_back(emulator: &Emulator, from: Stage, to: Stage) {
    for back in [true, false] {
        emulator.reset();
        walk(emulator, from, to, back);
    }
}

fn walk(emulator: &Emulator, from: Stage, to: Stage, back: bool) {
    let what = format!("{} to {}", from.name(), to.name());
    println!("{what}");
    let proxy = Proxy::before(emulator, Faults::none());
    let library = Library::embedded().unwrap();
    let gaps = Gaps::of(emulator.kind);
    let (owner, migration) = migration(&library, &gaps, "shop", from, to);
    runtime().block_on(async {
        let aws = proxy.connect(&["us-east-1", "eu-west-1"]).await.unwrap();
        let (plan, report) = apply_of(&aws, &owner, &migration.start, Some(20)).await;
        assert!(
            report.is_complete(),
            "{what}: {:#?}",
            complaints(&plan, &report)
        );
        let stop = Stop::default();
        let context = Context {
            provider: &aws,
            owner: &owner,
            stop: &stop,
        };
        let texts = |engine: &str, name: &str| action::script(&library, engine, name);
        let walker = Walker {
            context: &context,
            migration: &migration,
            texts: &texts,
            workers: Some(20),
            folder: None,
        };
        let fail = |way: &str, number: usize, halt| {
            let name = &migration.steps[number].name;
            match halt {
                Halt::Incomplete { plan, report } => {
                    panic!("{what}, {way} {name}: {:#?}", complaints(&plan, &report))
                }
                halt => panic!("{what}, {way} {name}: {halt:#?}"),
            }
        };
        // A person who waits sees which step it is.
        let mut told = |event: &Event<'_>| {
            if let Event::Began { step, back } = event {
                println!(
                    "{what}: {} {}",
                    migration.steps[*step].name,
                    if *back { "back" } else { "" }
                );
            }
        };
        let all = migration.steps.len();
        let most = if back { all - 1 } else { all };
        for number in 0..most {
            let walked = walker.forward(number, &mut told).await;
            walked.unwrap_or_else(|halt| fail("forward", number, halt));
        }
        if back {
            for number in (0..most).rev() {
                let walked = walker.back(number, &mut told).await;
                walked.unwrap_or_else(|halt| fail("back", number, halt));
            }
            return is_at(&aws, &owner, &migration.start, from, &what).await;
        }
        let end = &migration.steps[all - 1].graph;
        is_at(&aws, &owner, end, to, &what).await;
    });
}

#[test]
fn rows_are_moved_by_the_scripts_of_the_steps_in_their_order_and_back() {
    let emulator = Emulator::start(Kind::Moto);
    for (from, to) in [
        (Stage::SingleServer, Stage::SplitDb),
        (Stage::SplitDb, Stage::SingleServer),
    ] {
        let mut found = Vec::new();
        for back in [true, false] {
            emulator.reset();
            walk(&emulator, from, to, back);
            found.extend(commands(&emulator));
        }
        let name = |one: &Value| {
            let comment = one["Comment"].as_str().unwrap();
            comment.trim_start_matches("scalectl postgres/").to_owned()
        };
        let named: Vec<String> = found.iter().map(name).collect();
        let there = [
            "preflight",
            "copy-schema",
            "replicate",
            "verify",
            "cut-over",
            "verify",
        ];
        let back = [
            "verify undo",
            "cut-over undo",
            "verify undo",
            "replicate undo",
            "copy-schema undo",
            "preflight undo",
        ];
        let expected = [&there[..], &back[..], &there[..], &["retire"]].concat();
        assert_eq!(named, expected);
        for one in &found {
            assert_eq!(one["DocumentName"], "AWS-RunShellScript");
            assert_eq!(one["InstanceIds"].as_array().unwrap().len(), 1);
            let text = one["Parameters"]["commands"][0].as_str().unwrap();
            let local = text.contains("_SECRET='file:/data/secrets/database'");
            let managed = text.contains("_SECRET='shop-default/database'");
            assert!(local && managed, "{text}");
            assert!(
                text.starts_with("#!/bin/bash\nexport ENGINE='postgres'\n"),
                "{text}"
            );
            assert!(
                text.contains("export AWS_DEFAULT_REGION='us-east-1'\n"),
                "{text}"
            );
        }
    }
}

#[test]
fn requests_are_led_to_a_load_balancer_and_back() {
    let emulator = Emulator::start(Kind::Moto);
    there_and_back(&emulator, Stage::SplitDb, Stage::LoadBalanced);
    there_and_back(&emulator, Stage::LoadBalanced, Stage::SplitDb);
}

#[test]
fn the_edge_is_reached_and_left() {
    let emulator = Emulator::start(Kind::Moto);
    there_and_back(&emulator, Stage::LoadBalanced, Stage::Cdn);
    there_and_back(&emulator, Stage::Cdn, Stage::LoadBalanced);
}

/// There only: moto answers 500 when a replica in another region is deleted, and ministack keeps no target groups with
/// the servers behind them. The way back is walked on the simulator.
#[test]
fn further_regions_are_reached() {
    let emulator = Emulator::start(Kind::Moto);
    emulator.reset();
    walk(&emulator, Stage::Cdn, Stage::MultiRegion, false);
}
