//! Deterministic simulation: from a seed, throttling, lost answers, late consistency, refusals and
//! crashes at any call; then clean runs; then the cloud must be exactly what is desired.
//!
//!     cargo test --no-default-features --test simulation -- --seeds 100000   more of them
//!     cargo test --no-default-features --test simulation -- --seed 42        one of them, told in full

mod common;

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};

use common::{ALL_EXAMPLES, EPOCH, example, graph_of, owner, plan, runtime};
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use scalectl::apply::{Context, Stop, execute, observe, record_of, write_record};
use scalectl::blueprint::Library;
use scalectl::graph::Graph;
use scalectl::plan::diff;
use scalectl::provider::Provider as _;
use scalectl::provider::sim::cloud::Cloud;
use scalectl::provider::sim::faults::{Faults, Refusal};
use scalectl::provider::sim::{Moment, Sim};
use scalectl::spec::{Domain, Spec, Stage};

/// Seeds of a plain test run.
const SEEDS: u64 = 2000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    // What cargo-nextest asks of a test binary:
    // https://nexte.st/docs/design/custom-test-harnesses/
    if has("--list") {
        if !has("--ignored") {
            println!("simulation: test");
        }
        return;
    }
    let number = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        let value = arguments
            .get(at + 1)
            .unwrap_or_else(|| panic!("{name} takes a number"));
        Some(
            value
                .parse::<u64>()
                .unwrap_or_else(|_| panic!("{name} takes a number, not {value}")),
        )
    };
    let seeds: Vec<u64> = match number("--seed") {
        Some(seed) => vec![seed],
        None => (0..number("--seeds").unwrap_or(SEEDS)).collect(),
    };
    let aloud = seeds.len() == 1;
    let next = AtomicU64::new(0);
    let failed = std::sync::Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    println!(
        "simulation: {} seeds on {threads} threads, some minutes",
        seeds.len()
    );
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let library = Library::embedded().unwrap();
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(seed) = usize::try_from(at).ok().and_then(|at| seeds.get(at)) else {
                        return;
                    };
                    let run = AssertUnwindSafe(|| simulate(&library, *seed, aloud));
                    if std::panic::catch_unwind(run).is_err() {
                        failed.lock().unwrap().push(*seed);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    if let Some(seed) = failed.iter().min() {
        eprintln!(
            "\n{} of {} seeds failed. To see one again:\n  cargo test --no-default-features --test simulation -- --seed {seed}",
            failed.len(),
            seeds.len()
        );
        std::process::exit(1);
    }
    println!(
        "simulation: {} seeds, each at its desired state in the end",
        seeds.len()
    );
}

/// Something to strive for.
struct Goal {
    what: String,
    graph: Graph,
}

fn goals(library: &Library, chance: &mut ChaCha8Rng) -> Vec<Goal> {
    // The larger stages take longer and are drawn less often.
    let stages = [
        Stage::SingleServer,
        Stage::SingleServer,
        Stage::SplitDb,
        Stage::SplitDb,
        Stage::LoadBalanced,
        Stage::Cdn,
        Stage::MultiRegion,
    ];
    let name = if chance.random_bool(0.8) {
        "shop"
    } else {
        ALL_EXAMPLES.choose(chance).unwrap()
    };
    let mut goals = Vec::new();
    let small = chance.random_bool(0.3);
    let mut stage = Stage::SingleServer;
    for number in 0..chance.random_range(1..=3) {
        // Half of the time the stage stays and only the spec changes.
        if !small && (number == 0 || chance.random_bool(0.5)) {
            stage = *stages.choose(chance).unwrap();
        }
        let mut spec = example(name, stage);
        vary(&mut spec, chance);
        // Load balancers and databases cannot move to another VPC; AWS refuses that.
        if stage == Stage::SingleServer && small && chance.random_bool(0.3) {
            spec.network.cidr = "10.64.0.0/16".to_owned();
        }
        goals.push(Goal {
            what: format!("{name} at {}", stage.name()),
            graph: graph_of(library, &spec),
        });
    }
    if chance.random_bool(0.3) {
        goals.push(Goal {
            what: "nothing".to_owned(),
            graph: Graph::default(),
        });
    }
    goals
}

/// Changes a spec a little: updates, replaces, keys that come and go.
fn vary(spec: &mut Spec, chance: &mut ChaCha8Rng) {
    if chance.random_bool(0.3) {
        spec.tags.insert("team".to_owned(), "web".to_owned());
    }
    let zone = match &spec.domain {
        Some(Domain::Name(name)) => name.clone(),
        Some(Domain::Detailed(details)) => details.zone.clone().unwrap_or(details.name.clone()),
        None => String::new(),
    };
    for service in spec.services.values_mut() {
        if chance.random_bool(0.2) {
            service.hosts = vec![format!("extra.{zone}")];
        }
        if chance.random_bool(0.3) {
            service.port = 9999;
        }
        if chance.random_bool(0.3) {
            service.instance = "m7g.large".to_owned();
        }
    }
    if let Some(database) = &mut spec.database
        && chance.random_bool(0.3)
    {
        database.replicas = 1;
    }
    if chance.random_bool(0.2) {
        spec.monitoring.email = Some("oncall@example.com".to_owned());
    }
}

fn weather(chance: &mut ChaCha8Rng, graph: &Graph) -> Faults {
    let mut share = |most: f64| {
        if chance.random_bool(0.5) {
            chance.random::<f64>() * most
        } else {
            0.0
        }
    };
    let mut faults = Faults {
        throttle: share(0.2),
        transient: share(0.1),
        lose: share(0.2),
        ..Faults::default()
    };
    faults.seed = chance.random();
    if chance.random_bool(0.5) {
        faults.lag = chance.random_range(0..5000);
    }
    if chance.random_bool(0.4) {
        let kinds: Vec<_> = graph.iter().map(|resource| resource.kind.clone()).collect();
        if let Some(kind) = kinds.choose(chance) {
            faults.refusals.push(Refusal {
                what: kind.clone(),
                code: "NoCapacity".into(),
                times: Some(1),
            });
        }
    }
    faults
}

fn simulate(library: &Library, seed: u64, aloud: bool) {
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    let goals = goals(library, &mut chance);
    runtime().block_on(async {
        let mut cloud = Cloud::default();
        let mut now = EPOCH;
        for goal in &goals {
            if aloud {
                println!("goal: {}", goal.what);
            }
            for _ in 0..chance.random_range(1..=3) {
                let sim = Sim::in_memory(cloud, weather(&mut chance, &goal.graph), now);
                if chance.random_bool(0.7) {
                    let call = chance.random_range(1..=goal.graph.len() as u64 * 6 + 4);
                    let moment = if chance.random_bool(0.5) {
                        Moment::Before
                    } else {
                        Moment::After
                    };
                    sim.crash_at(call, moment);
                }
                let told = tokio::select! {
                    told = strive(&sim, &goal.graph) => told,
                    () = sim.crashed() => "crashed".to_owned(),
                };
                if aloud {
                    println!("  {told}; {:?}", sim.faults());
                }
                now = sim.clock().now();
                cloud = sim.into_cloud();
            }
            // A person may need a moment before the next run; late lists have caught up by then.
            now += 10_000;
            let sim = Sim::in_memory(cloud, Faults::default(), now);
            let mut told = Vec::new();
            for _ in 0..2 {
                told.push(strive(&sim, &goal.graph).await);
            }
            if aloud {
                println!("  clean: {told:?}");
            }
            check(&sim, goal, seed, &told).await;
            now = sim.clock().now();
            cloud = sim.into_cloud();
        }
    });
}

/// One run: observe, plan, apply.
async fn strive(sim: &Sim, graph: &Graph) -> String {
    let (owner, stop) = (owner(), Stop::default());
    let context = Context {
        provider: sim,
        owner: &owner,
        stop: &stop,
    };
    let everything = graph.is_empty();
    let live = match observe(&context, (!everything).then_some(graph)).await {
        Ok(live) => live,
        Err(error) => return format!("not observed: {error}"),
    };
    let record = record_of(live.record.as_ref(), graph, None);
    if let Err(error) = write_record(&context, &record).await {
        return format!("no record: {error}");
    }
    let plan = diff(graph, &live, None);
    let report = execute(&context, &plan, Some(10), &mut |_| {}).await;
    let counts = plan.counts();
    let problems: Vec<String> = report
        .ends
        .iter()
        .zip(&plan.operations)
        .filter(|(end, _)| !matches!(end, scalectl::apply::End::Done { differs, .. } if differs.is_empty()))
        .map(|(end, operation)| format!("{} {end:?}", plan.changes[operation.change].address))
        .collect();
    format!("{counts:?} {problems:?}")
}

/// The cloud is what was desired: everything, once, ready, and nothing else.
async fn check(sim: &Sim, goal: &Goal, seed: u64, told: &[String]) {
    let again = plan(sim, &goal.graph).await;
    let left: Vec<_> = again
        .changes
        .iter()
        .map(|c| (&c.address, c.action, &c.reason, &c.properties))
        .collect();
    assert!(
        left.is_empty(),
        "seed {seed}, {}: not settled: {left:#?}\n{told:#?}",
        goal.what
    );
    let now = sim.clock().now();
    let cloud = sim.cloud();
    let existing: Vec<_> = cloud
        .items
        .values()
        .filter(|item| item.exists(now))
        .collect();
    let mut addresses = BTreeSet::new();
    for item in &existing {
        let marks = item.marks.as_ref().unwrap();
        assert!(
            addresses.insert(marks.address.clone()),
            "seed {seed}, {}: twice: {}",
            goal.what,
            marks.address
        );
        assert!(
            item.is_ready(now),
            "seed {seed}, {}: not ready: {}",
            goal.what,
            marks.address
        );
    }
    let wanted: BTreeSet<_> = goal.graph.resources.keys().cloned().collect();
    let orphans: Vec<_> = addresses.difference(&wanted).collect();
    assert!(
        orphans.is_empty(),
        "seed {seed}, {}: orphans {orphans:?}",
        goal.what
    );
    assert_eq!(addresses.len(), wanted.len(), "seed {seed}, {}", goal.what);
}
