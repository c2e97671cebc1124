//! Failovers on the embedded cloud: there and back, with clients in every region that write all the
//! while; crashes at every call; and with a region that does not answer.

mod common;

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::sync::Arc;

use common::{EPOCH, example, graph_of, owner_of, runtime};
use scalectl::apply::{Context, End, Stop, execute, observe, record_of, write_record};
use scalectl::blueprint::Library;
use scalectl::graph::Graph;
use scalectl::migrate::Migration;
use scalectl::migrate::failover::{Graphs, steps_of, writer_of};
use scalectl::migrate::walk::{Event, Halt, Walker};
use scalectl::plan::diff;
use scalectl::provider::sim::cloud::Cloud;
use scalectl::provider::sim::faults::Faults;
use scalectl::provider::sim::{Moment, Sim};
use scalectl::provider::{Failover, Live, Owner, Provider as _};
use scalectl::spec::{Spec, Stage};

const FIRST: &str = "us-east-1";
const SECOND: &str = "eu-west-1";

/// When an application that was begun at [`EPOCH`] stands.
const LATER: u64 = EPOCH + 86_400_000;

/// An application in two regions, and what it is with either as the writer.
struct Case {
    owner: Owner,
    spec: Spec,
    library: Library,
}

impl Case {
    fn new(name: &str) -> Self {
        let spec = example(name, Stage::MultiRegion);
        Self {
            owner: owner_of(&spec),
            spec,
            library: Library::embedded().unwrap(),
        }
    }

    fn graph(&self, writer: &str, without_readers: bool) -> Graph {
        let mut spec = self.spec.clone();
        let database = spec.database.as_mut().unwrap();
        database.writer_region = Some(writer.to_owned());
        database.without_readers = without_readers;
        graph_of(&self.library, &spec)
    }

    fn failover(&self, from: &str, to: &str, loss: u32, lost: bool) -> Migration {
        let graphs = Graphs {
            old: self.graph(from, false),
            between: self.graph(to, true),
            new: self.graph(to, false),
        };
        let failover = Failover {
            from: from.into(),
            to: to.into(),
            loss,
            lost,
        };
        steps_of(&graphs, failover).unwrap()
    }

    /// The cloud with the application in both regions, the first with the writer.
    fn begun(&self) -> Cloud {
        runtime().block_on(async {
            let sim = Sim::in_memory(Cloud::default(), Faults::default(), EPOCH);
            let stop = Stop::default();
            let context = self.context(&sim, &stop);
            let graph = &self.graph(FIRST, false);
            let live = observe(&context, Some(graph)).await.unwrap();
            let record = record_of(None, graph, Some("multi-region"));
            write_record(&context, &record).await.unwrap();
            let report = execute(&context, &diff(graph, &live, None), None, &mut |_| {}).await;
            assert!(report.is_complete(), "{report:#?}");
            sim.into_cloud()
        })
    }

    fn context<'a>(&'a self, sim: &'a Sim, stop: &'a Stop) -> Context<'a> {
        Context {
            provider: sim,
            owner: &self.owner,
            stop,
        }
    }
}

fn texts(_: &str, _: &str) -> Option<String> {
    None
}

/// Clients that write through the servers of both regions, and remember what was acknowledged, and when.
#[derive(Default)]
struct Clients {
    next: Cell<u64>,
    acknowledged: RefCell<Vec<(u64, u64)>>,
    refused: Cell<u64>,
}

impl Clients {
    fn write(&self, sim: &Sim, owner: &Owner) {
        for region in [FIRST, SECOND] {
            let row = self.next.get();
            self.next.set(row + 1);
            match sim.write_row_in(owner, region, row) {
                Ok(()) => {
                    let at = sim.clock().now();
                    self.acknowledged.borrow_mut().push((at, row));
                }
                Err(_) => self.refused.set(self.refused.get() + 1),
            }
        }
    }

    /// What was acknowledged, and the servers of a region do not find: moments.
    fn lost(&self, sim: &Sim, owner: &Owner, region: &str) -> Vec<u64> {
        let rows = sim.cloud().rows_in(owner, region);
        let acknowledged = self.acknowledged.borrow();
        let lost = acknowledged.iter().filter(|(_, row)| !rows.contains(row));
        lost.map(|(at, _)| *at).collect()
    }
}

fn walker<'a>(context: &'a Context<'a>, migration: &'a Migration) -> Walker<'a> {
    Walker {
        context,
        migration,
        texts: &texts,
        workers: Some(50),
        folder: None,
    }
}

/// Walks over these steps.
async fn walk(
    case: &Case,
    sim: &Sim,
    migration: &Migration,
    steps: std::ops::Range<usize>,
    clients: &Clients,
) -> Result<(), Halt> {
    let stop = Stop::default();
    let context = case.context(sim, &stop);
    for step in steps {
        walker(&context, migration)
            .forward(step, &mut |_: &Event<'_>| clients.write(sim, &case.owner))
            .await?;
    }
    Ok(())
}

/// The cloud is exactly what a graph says, and nothing is under way.
async fn stands(case: &Case, sim: &Sim, graph: &Graph, what: &str) -> Live {
    let stop = Stop::default();
    let context = case.context(sim, &stop);
    let live = observe(&context, Some(graph)).await.unwrap();
    let plan = diff(graph, &live, None);
    assert!(plan.is_empty(), "{what}: {:#?}", plan.changes);
    let now = sim.clock().now();
    let cloud = sim.cloud();
    let standing = cloud.items.values().filter(|item| item.exists(now)).count();
    assert_eq!(standing, graph.len(), "{what}");
    live
}

/// What failed, without the whole plan.
fn told(halt: Halt) -> String {
    let Halt::Incomplete { plan, report } = halt else {
        return format!("{halt:?}");
    };
    let of = |number: usize| {
        let change = &plan.changes[plan.operations[number].change];
        let paths: Vec<&str> = change.properties.iter().map(|one| &*one.path).collect();
        format!("{} {:?} {paths:?}", change.address, change.action)
    };
    let failed = report.ends.iter().enumerate().filter(|(_, end)| match end {
        End::Done { differs, .. } => !differs.is_empty(),
        _ => true,
    });
    let failed: Vec<String> = failed
        .map(|(number, end)| format!("{}: {end:?}", of(number)))
        .collect();
    failed.join("\n")
}

#[test]
fn a_failover_there_and_back_loses_no_write_and_leaves_nothing_to_change() {
    for name in ["marketplace", "newsroom"] {
        let case = Case::new(name);
        let cloud = case.begun();
        runtime().block_on(async {
            let sim = Sim::in_memory(cloud, Faults::default(), LATER);
            let clients = Clients::default();
            for (from, to) in [(FIRST, SECOND), (SECOND, FIRST), (FIRST, SECOND)] {
                let before = clients.acknowledged.borrow().len();
                clients.write(&sim, &case.owner);
                let migration = case.failover(from, to, 0, false);
                let steps = 0..migration.steps.len();
                walk(&case, &sim, &migration, steps, &clients)
                    .await
                    .unwrap_or_else(|halt| panic!("{name} to {to}: {}", told(halt)));
                let live = stands(&case, &sim, &case.graph(to, false), to).await;
                assert_eq!(writer_of(&live), Some(Arc::from(to)));
                assert_eq!(live.record.unwrap().migration, None);
                for region in [FIRST, SECOND] {
                    let lost = clients.lost(&sim, &case.owner, region);
                    assert_eq!(lost, Vec::<u64>::new(), "{name} to {to}, in {region}");
                }
                assert!(clients.acknowledged.borrow().len() > before + 10);
            }
            // It was fenced for a while.
            assert!(clients.refused.get() > 10);
        });
    }
}
