//! A site that is closed for maintenance and opened again, by runs that die at every call.

use scalectl::apply::{Context, Stop, observe};
use scalectl::blueprint::Library;
use scalectl::deploy::closed::{Closed, close, closed};
use scalectl::deploy::script;
use scalectl::graph::Graph;
use scalectl::migrate::walk::Halt;
use scalectl::provider::Provider as _;
use scalectl::provider::sim::cloud::Cloud;
use scalectl::provider::sim::faults::Faults;
use scalectl::provider::sim::{Moment, Sim};
use scalectl::spec::Stage;

use crate::common::{EPOCH, apply, graph_of, owner, runtime, spec_at};

const SPEC: &str = "\
app: shop
stage: load-balanced
domain: shop.example.com
regions: [us-east-1, eu-west-1]
services:
  web: {image: \"web:1\", scale: {min: 2, max: 3}}
  mail: {type: worker, image: \"mail:1\"}
database: {engine: postgres}
";

/// One run, which may die; the cloud then, its time, and how the run ended if it did.
fn run(
    (cloud, now): (Cloud, u64),
    graph: &Graph,
    wanted: Option<&Closed>,
    dies: Option<(u64, Moment)>,
) -> (Cloud, u64, Option<Result<usize, Halt>>) {
    runtime().block_on(async {
        let sim = Sim::in_memory(cloud, Faults::default(), now);
        if let Some((call, moment)) = dies {
            sim.crash_at(call, moment);
        }
        let library = Library::embedded().unwrap();
        let (stop, owner) = (Stop::default(), owner());
        let context = Context {
            provider: &sim,
            owner: &owner,
            stop: &stop,
        };
        let texts = |name: &str| script(&library, name);
        let done = tokio::select! {
            () = sim.crashed() => None,
            done = close(&context, graph, &texts, wanted) => Some(done),
        };
        let now = sim.clock().now();
        (sim.into_cloud(), now, done)
    })
}

/// The regions in which the site is closed.
fn regions(cloud: &Cloud, graph: &Graph, now: u64) -> Vec<String> {
    runtime().block_on(async {
        let sim = Sim::in_memory(cloud.clone(), Faults::default(), now);
        let (stop, owner) = (Stop::default(), owner());
        let context = Context {
            provider: &sim,
            owner: &owner,
            stop: &stop,
        };
        let live = observe(&context, Some(graph)).await.unwrap();
        closed(&live)
            .into_keys()
            .map(|region| region.to_string())
            .collect()
    })
}

#[test]
fn a_run_that_died_at_any_call_is_made_good_by_the_next() {
    for stage in [Stage::SingleServer, Stage::MultiRegion] {
        let graph = graph_of(&Library::embedded().unwrap(), &spec_at(SPEC, stage));
        let sim = Sim::in_memory(Cloud::default(), Faults::default(), EPOCH);
        let now = runtime().block_on(async {
            let (_, report) = apply(&sim, &graph, None).await;
            assert!(report.is_complete(), "{report:#?}");
            sim.clock().now()
        });
        let open = sim.into_cloud();
        let page = Closed::with_page("<h1>Back soon</h1>", 600, "somebody", EPOCH);
        let all: &[&str] = if stage == Stage::MultiRegion {
            &["eu-west-1", "us-east-1"]
        } else {
            &["us-east-1"]
        };
        let (shut, later, done) = run((open.clone(), now), &graph, Some(&page), None);
        assert!(matches!(done, Some(Ok(servers)) if servers > 0));
        assert_eq!(regions(&shut, &graph, later), all);
        for (start, wanted, end) in [(&open, Some(&page), all), (&shut, None, &[][..])] {
            let mut deaths = 0;
            for call in 1.. {
                let mut is_over = false;
                for moment in [Moment::Before, Moment::After] {
                    let (cloud, at, done) =
                        run((start.clone(), later), &graph, wanted, Some((call, moment)));
                    is_over |= done.is_some();
                    deaths += u32::from(done.is_none());
                    let (cloud, at, done) = run((cloud, at), &graph, wanted, None);
                    assert!(matches!(done, Some(Ok(_))), "call {call}, {moment:?}");
                    assert_eq!(regions(&cloud, &graph, at), end, "call {call}, {moment:?}");
                }
                if is_over {
                    break;
                }
            }
            assert!(deaths > 6, "{deaths} deaths at {}", stage.name());
        }
    }
}
