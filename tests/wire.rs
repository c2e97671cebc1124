//! Examples through the AWS provider, over HTTP, on emulators of AWS that know nothing of us: apply,
//! plan again, destroy, nothing left, and nothing called that the IAM actions of that step do not
//! name. What an emulator cannot do is left out by name, with its reason,
//! in `tests/wire/gaps.txt`.
#![cfg(feature = "aws")]

#[path = "common/actions.rs"]
mod actions;
#[path = "wire/called.rs"]
mod called;
mod common;
#[path = "common/emulator.rs"]
mod emulator;
#[path = "common/faults.rs"]
mod faults;
#[path = "common/gaps.rs"]
mod gaps;
#[path = "common/proxy.rs"]
mod proxy;

use called::Called;
use common::{apply, destroy, example, graph_of, plan};
use emulator::{Emulator, Kind};
use gaps::Gaps;
use proxy::{Faults, Proxy};
use scalectl::apply::{End, Report};
use scalectl::blueprint::Library;
use scalectl::doctor::permissions::needed;
use scalectl::graph::Graph;
use scalectl::plan::Plan;
use scalectl::provider::Live;
use scalectl::schema::Registry;
use scalectl::schema::facts::actions::{Names, Need, of_needs};
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

/// The actions that `plan` takes to carry out, beside those that look at `graph`.
fn to_do(graph: &Graph, plan: &Plan) -> Names {
    needed(graph, &Live::default(), plan).into_keys().collect()
}

/// The actions that it takes to look at these kinds.
fn to_look<'a>(kinds: impl Iterator<Item = &'a str>) -> Names {
    of_needs(kinds.map(|kind| (kind, Need::Read)))
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
                let mut called = Called::default();
                let (first, report) = apply(&aws, &graph, Some(20)).await;
                tell("apply", called.beyond(&aws, &to_do(&graph, &first)));
                tell("apply", complaints(&first, &report));
                let second = plan(&aws, &graph).await;
                tell("second plan", left(&second));
                let kinds = graph.iter().map(|resource| &*resource.kind);
                tell("second plan", called.beyond(&aws, &to_look(kinds)));
                let (gone, report) = destroy(&aws).await;
                tell("destroy", complaints(&gone, &report));
                // It looks for every kind everywhere, as far as it may.
                let mut allowed = to_look(Registry::embedded().names());
                allowed.extend(to_do(&Graph::default(), &gone));
                tell("destroy", called.beyond(&aws, &allowed));
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

#[test]
fn a_change_of_stage_calls_nothing_but_what_its_plan_names() {
    let emulator = Emulator::start(Kind::Ministack);
    let proxy = Proxy::before(&emulator, Faults::none());
    let library = Library::embedded().unwrap();
    let gaps = Gaps::of(Kind::Ministack);
    let graph_at = |stage| {
        let mut spec = example("shop", stage);
        for service in spec.services.values_mut() {
            service.instance = "t3.small".to_owned();
        }
        gaps.without(&graph_of(&library, &spec))
    };
    let (before, after) = (graph_at(Stage::SingleServer), graph_at(Stage::SplitDb));
    runtime().block_on(async {
        let aws = proxy.connect(&["us-east-1"]).await.unwrap();
        let mut called = Called::default();
        let (plan, _) = apply(&aws, &before, Some(20)).await;
        let mut allowed = to_do(&before, &plan);
        assert_eq!(called.beyond(&aws, &allowed), Vec::<String>::new());
        let (plan, _) = apply(&aws, &after, Some(20)).await;
        // What was there is looked at too.
        allowed = to_look(before.iter().map(|resource| &*resource.kind));
        allowed.extend(to_do(&after, &plan));
        assert_eq!(called.beyond(&aws, &allowed), Vec::<String>::new());
        let database = ("RDS".to_owned(), "CreateDBInstance".to_owned());
        assert!(aws.operations().contains_key(&database));
    });
}
