//! Examples through the AWS provider, over HTTP, on emulators of AWS that know nothing of us: apply,
//! plan again, destroy, nothing left. What an emulator cannot do is left out by name, with its reason,
//! in `tests/wire/gaps.txt`.
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

use common::{apply, destroy, example, graph_of, plan};
use emulator::{Emulator, Kind};
use gaps::Gaps;
use proxy::{Faults, Proxy};
use scalectl::apply::{End, Report};
use scalectl::blueprint::Library;
use scalectl::plan::Plan;
use scalectl::spec::Stage;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

fn complaints(plan: &Plan, report: &Report) -> Vec<String> {
    plan.operations
        .iter()
        .zip(&report.ends)
        .filter(|(_, end)| !matches!(end, End::Done { differs, .. } if differs.is_empty()))
        .map(|(operation, end)| {
            let change = &plan.changes[operation.change];
            format!(
                "{} {:?} {}: {end:?}",
                change.address, operation.step, change.kind
            )
        })
        .collect()
}

fn left(plan: &Plan) -> Vec<String> {
    plan.changes
        .iter()
        .flat_map(|change| {
            change.properties.iter().map(move |property| {
                format!(
                    "{} {:?} {}: {:?} -> {:?}",
                    change.address, change.action, property.path, property.before, property.after
                )
            })
        })
        .collect()
}

/// Applies, plans again and destroys these examples at these stages, and fails with everything that was
/// not as it should be.
fn come_and_go(kind: Kind, cases: &[(&str, &[Stage])]) {
    let emulator = Emulator::start(kind);
    let proxy = Proxy::before(&emulator, Faults::none());
    let library = Library::embedded().unwrap();
    let gaps = Gaps::of(kind);
    let mut told = Vec::new();
    for (name, stages) in cases {
        for stage in *stages {
            let (name, stage) = (*name, *stage);
            let case = format!("{name} at {}", stage.name());
            emulator.reset();
            let mut spec = example(name, stage);
            if kind == Kind::Ministack {
                // Of AWS's public parameters it has the one for x86 only.
                for service in spec.services.values_mut() {
                    service.instance = "t3.small".to_owned();
                }
            }
            let graph = gaps.without(&graph_of(&library, &spec));
            let regions: Vec<&str> = spec.regions.iter().map(|region| region.name()).collect();
            runtime().block_on(async {
                let aws = proxy.connect(&regions).await.unwrap();
                let mut tell = |step: &str, lines: Vec<String>| {
                    told.extend(
                        lines
                            .into_iter()
                            .map(|line| format!("{case}, {step}: {line}")),
                    );
                };
                let (first, report) = apply(&aws, &graph, Some(20)).await;
                tell("apply", complaints(&first, &report));
                let second = plan(&aws, &graph).await;
                tell("second plan", left(&second));
                let (gone, report) = destroy(&aws).await;
                tell("destroy", complaints(&gone, &report));
                let after = plan(&aws, &graph).await;
                let alive = after.unchanged + after.counts().update + after.counts().replace;
                if alive > 0 {
                    tell("after destroy", vec![format!("{alive} are left")]);
                }
            });
        }
    }
    assert!(
        told.is_empty(),
        "{} complaints:\n{}",
        told.len(),
        told.join("\n")
    );
}

/// The stages up to the one with a second region.
const ONE_REGION: [Stage; 4] = [
    Stage::SingleServer,
    Stage::SplitDb,
    Stage::LoadBalanced,
    Stage::Cdn,
];

#[test]
fn stages_come_and_go_on_moto() {
    let first = [Stage::SingleServer];
    let cases: [(&str, &[Stage]); 3] = [
        ("shop", &ONE_REGION),
        ("newsroom", &first),
        ("marketplace", &first),
    ];
    come_and_go(Kind::Moto, &cases);
}

#[test]
fn stages_come_and_go_on_ministack() {
    come_and_go(Kind::Ministack, &[("shop", &ONE_REGION)]);
}
