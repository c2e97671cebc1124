//! What several tests need: examples, and the pipeline on a simulator in memory.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::ops::Range;
use std::path::PathBuf;

use scalectl::apply::{Context, Report, Stop, execute, observe, record_of, write_record};
use scalectl::blueprint::{Library, compile};
use scalectl::graph::Graph;
use scalectl::inventory::Owner;
use scalectl::plan::{Plan, diff};
use scalectl::provider::Provider;
use scalectl::provider::sim::{Sim, cloud::Cloud, faults::Faults};
use scalectl::spec::{self, Region, Spec, Stage};

/// The examples whose every way is walked and which are deployed on emulators.
pub const EXAMPLES: [&str; 3] = ["shop", "newsroom", "marketplace"];

/// All of them; `arcade` has stores, whose own tests are in `tests/it/stores.rs`, and `pulse` a cache (`tests/it/caches.rs`).
pub const ALL_EXAMPLES: [&str; 5] = ["shop", "newsroom", "marketplace", "arcade", "pulse"];

/// When the tests' clouds begin: 2026-01-01.
pub const EPOCH: u64 = 1_767_225_600_000;

/// The project's folder.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// An example's spec at a stage; where that takes two regions, it has them.
pub fn example(name: &str, stage: Stage) -> Spec {
    let path = root().join(format!("examples/{name}/scalectl.yaml"));
    let text = std::fs::read_to_string(path).unwrap();
    let mut spec = spec::load("scalectl.yaml", &text, None, None).unwrap();
    at_stage(&mut spec, stage);
    spec
}

/// Moves a spec to a stage.
pub fn at_stage(spec: &mut Spec, stage: Stage) {
    spec.stage = stage;
    if stage == Stage::MultiRegion && spec.regions.len() == 1 {
        spec.regions.push(Region::Name("eu-west-1".to_owned()));
    }
}

/// Compiles, and shows every error.
pub fn graph_of(library: &Library, spec: &Spec) -> Graph {
    compile(library, spec).unwrap_or_else(|errors| panic!("{errors:#?}"))
}

/// The spec in a text, at a stage.
pub fn spec_at(text: &str, stage: Stage) -> Spec {
    let mut spec =
        spec::load("scalectl.yaml", text, None, None).unwrap_or_else(|e| panic!("{e:#?}"));
    at_stage(&mut spec, stage);
    spec
}

/// What the spec in a text compiles to at a stage.
pub fn graph_at(text: &str, stage: Stage) -> Graph {
    graph_of(&Library::embedded().unwrap(), &spec_at(text, stage))
}

/// A graph is applied whole, a second plan is empty, and destroying it leaves nothing.
pub async fn come_and_go(graph: &Graph) {
    let sim = sim();
    let (_, report) = apply(&sim, graph, None).await;
    assert!(report.is_complete(), "{:#?}", report.ends);
    let second = plan(&sim, graph).await;
    assert!(second.is_empty(), "{:#?}", second.changes);
    let (_, report) = destroy(&sim).await;
    assert!(report.is_complete(), "{:#?}", report.ends);
    let left = plan(&sim, &Graph::default()).await;
    assert!(left.is_empty(), "{:#?}", left.changes);
}

/// A runtime whose time jumps.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
}

/// Whose resources the tests make.
pub fn owner() -> Owner {
    Owner {
        app: "shop".into(),
        env: "default".into(),
    }
}

/// Whose resources a spec's are.
pub fn owner_of(spec: &Spec) -> Owner {
    Owner {
        app: spec.app.as_str().into(),
        env: spec.env.as_str().into(),
    }
}

/// What would have to be done.
pub async fn plan(provider: &dyn Provider, graph: &Graph) -> Plan {
    plan_of(provider, &owner(), graph).await
}

/// What an owner would have to do.
pub async fn plan_of(provider: &dyn Provider, owner: &Owner, graph: &Graph) -> Plan {
    let stop = Stop::default();
    let context = Context {
        provider,
        owner,
        stop: &stop,
    };
    diff(graph, &observe(&context, Some(graph)).await.unwrap(), None)
}

/// Observes, plans and applies.
pub async fn apply(
    provider: &dyn Provider,
    graph: &Graph,
    workers: Option<usize>,
) -> (Plan, Report) {
    apply_of(provider, &owner(), graph, workers).await
}

/// Observes, plans and applies for an owner.
pub async fn apply_of(
    provider: &dyn Provider,
    owner: &Owner,
    graph: &Graph,
    workers: Option<usize>,
) -> (Plan, Report) {
    let stop = Stop::default();
    let context = Context {
        provider,
        owner,
        stop: &stop,
    };
    let live = observe(&context, Some(graph)).await.unwrap();
    let record = record_of(live.record.as_ref(), graph, None);
    write_record(&context, &record).await.unwrap();
    let plan = diff(graph, &live, None);
    let report = execute(&context, &plan, workers, &mut |_| {}).await;
    (plan, report)
}

/// An empty simulator.
pub fn sim() -> Sim {
    Sim::in_memory(Cloud::default(), Faults::default(), EPOCH)
}

/// Applies a spec, and fails unless all of it is done and a second plan is empty.
pub async fn applied(sim: &Sim, spec: &Spec) {
    let graph = graph_of(&Library::embedded().unwrap(), spec);
    let (_, report) = apply(sim, &graph, None).await;
    assert!(report.is_complete(), "{:#?}", report.ends);
    let again = plan(sim, &graph).await;
    assert!(again.is_empty(), "{:#?}", again.operations);
}

/// Observes everything and removes it.
pub async fn destroy(provider: &dyn Provider) -> (Plan, Report) {
    destroy_of(provider, &owner()).await
}

/// Observes everything of an owner and removes it.
pub async fn destroy_of(provider: &dyn Provider, owner: &Owner) -> (Plan, Report) {
    let stop = Stop::default();
    let context = Context {
        provider,
        owner,
        stop: &stop,
    };
    let live = observe(&context, None).await.unwrap();
    let plan = diff(&Graph::default(), &live, None);
    let report = execute(&context, &plan, None, &mut |_| {}).await;
    (plan, report)
}

/// The seeds to run: so many, or the number or range of them that the environment says.
pub fn seeds(most: u64) -> Range<u64> {
    let Ok(text) = std::env::var("SCALECTL_SEEDS") else {
        return 0..most;
    };
    let number = |text: &str| -> u64 {
        text.parse()
            .unwrap_or_else(|_| panic!("SCALECTL_SEEDS is like 200 or 10..20, not {text}"))
    };
    match text.split_once("..") {
        Some((first, end)) => number(first)..number(end),
        None => 0..number(&text),
    }
}
