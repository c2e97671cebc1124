//! The AWS provider when the network and AWS fail it: what is made of an apply's calls is drawn from a
//! seed, in a proxy before an emulator. In the end there is what is desired, once, and nothing else.
//!
//!     SCALECTL_SEEDS=200 cargo test --locked --test faults      more seeds, from 0
//!     SCALECTL_SEEDS=42..43 cargo test --locked --test faults   one of them
#![cfg(feature = "aws")]

#[path = "common/census.rs"]
mod census;
mod common;
#[path = "common/emulator.rs"]
mod emulator;
#[path = "common/faults.rs"]
mod faults;
#[path = "common/gaps.rs"]
mod gaps;
#[path = "common/proxy.rs"]
mod proxy;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use census::{Census, Counts, differences};
use common::{example, graph_of, owner, plan, seeds};
use emulator::{Emulator, Kind};
use gaps::Gaps;
use proxy::{Fault, Faults, Proxy, runtime};
use scalectl::apply::{Context, End, Stop, execute, observe, record_of, write_record};
use scalectl::blueprint::Library;
use scalectl::graph::Graph;
use scalectl::plan::diff;
use scalectl::spec::Stage;

/// Seeds of a plain test run.
const SEEDS: u64 = 12;

/// How often a person runs apply before giving up.
const RUNS: usize = 3;

/// The shop at a stage, as far as moto can do it.
fn shop(stage: Stage) -> Graph {
    let library = Library::embedded().unwrap();
    Gaps::of(Kind::Moto).without(&graph_of(&library, &example("shop", stage)))
}

const REGION: &str = "us-east-1";

/// One run: connect, observe, plan, apply. Tells what failed.
async fn strive(proxy: &Proxy, graph: &Graph) -> Result<(), String> {
    let aws = proxy.connect(&[REGION]).await.map_err(|e| e.to_string())?;
    let (owner, stop) = (owner(), Stop::default());
    let context = Context {
        provider: &aws,
        owner: &owner,
        stop: &stop,
    };
    let live = observe(&context, Some(graph))
        .await
        .map_err(|e| e.to_string())?;
    let record = record_of(live.record.as_ref(), graph, None);
    write_record(&context, &record)
        .await
        .map_err(|e| e.to_string())?;
    let plan = diff(graph, &live, None);
    let report = execute(&context, &plan, Some(20), &mut |_| {}).await;
    let told: Vec<String> = plan
        .operations
        .iter()
        .zip(&report.ends)
        .filter(|(_, end)| !matches!(end, End::Done { differs, .. } if differs.is_empty()))
        .filter(|(_, end)| !matches!(end, End::Blocked { .. }))
        .map(|(operation, end)| {
            let change = &plan.changes[operation.change];
            format!("{} {:?}: {end:?}", change.address, operation.step)
        })
        .collect();
    if told.is_empty() {
        Ok(())
    } else {
        Err(told.join("\n    "))
    }
}

/// An emulator, the proxy before it, and what stands there after an apply in which all goes well.
struct Place {
    emulator: Emulator,
    proxy: Proxy,
    census: Census,
    should: Counts,
}

impl Place {
    fn new(graph: &Graph) -> Self {
        let emulator = Emulator::start(Kind::Moto);
        let proxy = Proxy::before(&emulator, Faults::none());
        let census = Census::of(&emulator);
        let mut place = Self {
            emulator,
            proxy,
            census,
            should: Counts::new(),
        };
        place.emulator.reset();
        runtime().block_on(strive(&place.proxy, graph)).unwrap();
        place.should = place.census.take();
        place
    }

    /// What is not as it should be.
    fn complaints(&mut self, graph: &Graph) -> Vec<String> {
        self.proxy.restart(Faults::none());
        let left = runtime().block_on(async {
            let aws = self.proxy.connect(&[REGION]).await.unwrap();
            plan(&aws, graph).await
        });
        let changes = left.changes.iter().map(|change| {
            let (address, action) = (&change.address, change.action);
            format!("not settled: {address} {action:?} {:?}", change.properties)
        });
        changes
            .chain(differences(&self.census.take(), &self.should))
            .collect()
    }

    /// An apply through faults.
    fn seed(&mut self, graph: &Graph, seed: u64) -> Vec<String> {
        self.emulator.reset();
        self.proxy.restart(Faults::of_seed(seed));
        let began = std::time::Instant::now();
        let mut runs: Vec<Result<(), String>> = Vec::new();
        while runs.last().is_none_or(Result::is_err) && runs.len() < RUNS {
            runs.push(runtime().block_on(strive(&self.proxy, graph)));
        }
        let calls = self.proxy.calls();
        let faulty = calls.iter().filter(|call| call.fault != Fault::None);
        println!(
            "seed {seed}: {} runs, {} calls, {} with a fault, {:?}",
            runs.len(),
            calls.len(),
            faulty.count(),
            began.elapsed()
        );
        let mut told = self.complaints(graph);
        if !told.is_empty() || runs.last().is_none_or(Result::is_err) {
            let failed = runs.into_iter().filter_map(Result::err);
            told.extend(failed.map(|run| format!("a run: {run}")));
        }
        told
    }
}

#[test]
fn an_apply_through_faults_ends_as_desired_and_nothing_is_doubled() {
    let seeds = seeds(SEEDS);
    let graph = shop(Stage::LoadBalanced);
    let next = AtomicU64::new(seeds.start);
    let told = Mutex::new(Vec::new());
    // Most of the time they wait until they may try again.
    let threads = 2 * std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut place = Place::new(&graph);
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    let complaints = place.seed(&graph, seed);
                    let lines = complaints.iter().map(|line| format!("seed {seed}: {line}"));
                    told.lock().unwrap().extend(lines);
                }
            });
        }
    });
    let told = told.into_inner().unwrap();
    assert!(
        told.is_empty(),
        "{} complaints; SCALECTL_SEEDS=N..M runs seeds again:\n{}",
        told.len(),
        told.join("\n")
    );
}
