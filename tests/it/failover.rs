//! Failovers on the simulator: there and back, with clients in every region that write all the
//! while; crashes at every call; and with a region that does not answer.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::common::{EPOCH, example, graph_of, owner_of, runtime};
use scalectl::address::Address;
use scalectl::apply::{Context, End, Stop, execute, observe, record_of, write_record};
use scalectl::blueprint::Library;
use scalectl::graph::{Graph, Resource};
use scalectl::inventory::{Failover, Live, Owner};
use scalectl::migrate::failover::{Graphs, database_of, steps_of, writer_of};
use scalectl::migrate::walk::{Event, Halt, Walker};
use scalectl::migrate::{Migration, Phase, Step};
use scalectl::plan::diff;
use scalectl::provider::Provider as _;
use scalectl::provider::sim::cloud::Cloud;
use scalectl::provider::sim::faults::Faults;
use scalectl::provider::sim::{Moment, Sim};
use scalectl::spec::{Reads, Spec, Stage};
use scalectl::value::Value;

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
    /// A region that no name leads to, so that nobody writes through its servers.
    away: Cell<Option<&'static str>>,
}

impl Clients {
    fn write(&self, sim: &Sim, owner: &Owner) {
        let asked = |region: &&str| self.away.get() != Some(*region);
        for region in [FIRST, SECOND].into_iter().filter(asked) {
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

    /// The same clients, on a way that is not gone on with.
    fn fork(&self) -> Self {
        Self {
            next: self.next.clone(),
            acknowledged: self.acknowledged.clone(),
            refused: self.refused.clone(),
            away: self.away.clone(),
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
    let standing = cloud.items.values().filter(|item| item.exists(now));
    // A database that was made beside an old one has another name, and RDS makes the log groups of that.
    let standing = standing.filter(|item| item.marks.is_some()).count();
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
    for (name, reads) in [("marketplace", true), ("newsroom", false)] {
        let mut case = Case::new(name);
        case.spec.database.as_mut().unwrap().reads = reads.then(Reads::default);
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

#[test]
fn nobody_reads_from_replicas_of_the_old_writer_after_the_switch() {
    let mut case = Case::new("marketplace");
    case.spec.database.as_mut().unwrap().reads = Some(Reads::default());
    let migration = case.failover(FIRST, SECOND, 0, false);
    let targets = |graph: &Graph| -> Vec<String> {
        let records = graph.iter().filter(|one| {
            let name = one.properties.get("Name").and_then(Value::as_str);
            name == Some("reader.marketplace-default.internal")
        });
        let all = records.map(|one| one.properties.at("ResourceRecords.0").unwrap().to_string());
        all.collect()
    };
    let step = |name: &str| {
        let step = migration.steps.iter().find(|step| &*step.name == name);
        targets(&step.unwrap().graph)
    };
    assert!(step("fence").contains(&"${us-east-1/db_replica[1].Endpoint.Address}".to_owned()));
    // A name in each region, and both lead to the new writer alone until others follow it.
    let new = "${eu-west-1/db_regional.Endpoint.Address}";
    assert_eq!(step("switch"), [new, new]);
    assert_eq!(step("rebuild"), [new, new]);
    let end = step("retire");
    assert!(
        end.contains(&"${us-east-1/db.Endpoint.Address}".to_owned()),
        "{end:?}"
    );
    assert!(end.contains(&"${eu-west-1/db_regional_replica[1].Endpoint.Address}".to_owned()));
}

/// The graph's one resource of a type whose properties refer to this address, if there is one.
fn that_refers<'a>(graph: &'a Graph, kind: &str, to: &Address) -> Option<&'a Resource> {
    let all = graph.iter().filter(|resource| &*resource.kind == kind);
    let mut all = all.filter(|resource| resource.dependencies().contains(to));
    let found = all.next();
    assert!(all.next().is_none(), "{kind}: several refer to {to}");
    found
}

#[test]
fn backups_and_alarms_follow_the_writes_to_the_other_region() {
    for name in ["marketplace", "newsroom"] {
        let case = Case::new(name);
        for (from, to) in [(FIRST, SECOND), (SECOND, FIRST)] {
            let migration = case.failover(from, to, 0, false);
            for (step, graph) in [("before", &migration.start)].into_iter().chain(
                migration
                    .steps
                    .iter()
                    .map(|step| (&*step.name, &step.graph)),
            ) {
                let writer = match step {
                    "rebuild" | "retire" => to,
                    _ => from,
                };
                let database = database_of(graph, writer).unwrap();
                let what = format!("{name}, {step} to {to}");
                // The one of the old writer is not made anew for the replica that takes its place.
                let all = graph
                    .iter()
                    .filter(|one| &*one.kind == "AWS::Backup::BackupSelection");
                assert_eq!(all.count(), 1, "{what}");
                let selection =
                    that_refers(graph, "AWS::Backup::BackupSelection", &database.address);
                let selection = selection.unwrap_or_else(|| panic!("{what}: no backups"));
                // AWS Backup starts jobs in its own region only, and copies what it made to the other one.
                assert_eq!(*selection.address.region, *writer, "{what}");
                let plans = graph
                    .iter()
                    .filter(|one| &*one.kind == "AWS::Backup::BackupPlan");
                let plans: Vec<&Resource> = plans.collect();
                let plan = (plans.iter())
                    .find(|one| *one.address.region == *writer)
                    .unwrap_or_else(|| panic!("{what}: no plan"));
                let other = if writer == FIRST { SECOND } else { FIRST };
                let vaults: Vec<_> = plan.dependencies().into_iter().collect();
                for region in [writer, other] {
                    let vault: Address = format!("{region}/vault").parse().unwrap();
                    assert!(vaults.contains(&vault), "{what}: {vaults:?}");
                }
                if step == "retire" || step == "before" {
                    assert_eq!(plans.len(), 1, "{what}");
                }
                let alarms = graph.iter().filter(|one| {
                    &*one.kind == "AWS::CloudWatch::Alarm"
                        && one.dependencies().contains(&database.address)
                });
                let metrics: BTreeSet<&str> = alarms
                    .filter_map(|one| one.property("MetricName")?.as_str())
                    .collect();
                let events = that_refers(graph, "AWS::RDS::EventSubscription", &database.address);
                assert!(events.is_some(), "{what}: nobody hears of its failures");
                for metric in ["CPUUtilization", "FreeStorageSpace", "FreeableMemory"] {
                    assert!(metrics.contains(metric), "{what}: {metrics:?}");
                }
            }
            let replica = database_of(&case.graph(to, false), from).unwrap().clone();
            let lag = case.graph(to, false);
            let lag = lag.iter().any(|one| {
                one.property("MetricName").and_then(Value::as_str) == Some("ReplicaLag")
                    && one.dependencies().contains(&replica.address)
            });
            assert!(lag, "{name}: nobody watches the replica in {from}");
        }
    }
}

/// One step, forward or back, on a cloud whose time is `now`; the process "dies" at a call, if one is
/// given. Returns the cloud, its time, and whether the step was done.
fn one_step(
    case: &Case,
    (cloud, now): (Cloud, u64),
    faults: &Faults,
    migration: &Migration,
    (step, back): (usize, bool),
    clients: &Clients,
    dies: Option<(u64, Moment)>,
) -> ((Cloud, u64), bool) {
    runtime().block_on(async {
        let sim = Sim::in_memory(cloud, faults.clone(), now);
        if let Some((call, moment)) = dies {
            sim.crash_at(call, moment);
        }
        let stop = Stop::default();
        let context = case.context(&sim, &stop);
        let walker = walker(&context, migration);
        let mut write = |_: &Event<'_>| clients.write(&sim, &case.owner);
        let walked = async {
            if back {
                walker.back(step, &mut write).await
            } else {
                walker.forward(step, &mut write).await
            }
        };
        let done = tokio::select! {
            () = sim.crashed() => false,
            done = walked => {
                done.unwrap_or_else(|halt| panic!("step {step} {dies:?}: {}", told(halt)));
                true
            }
        };
        let now = sim.clock().now();
        ((sim.into_cloud(), now), done)
    })
}

/// At every how many of a step's calls a process dies: at each while the writes move; of the many that
/// make a new replica, at each with `SCALECTL_CRASHES=all`.
fn stride(step: &Step) -> usize {
    let all = std::env::var("SCALECTL_CRASHES").is_ok_and(|value| value == "all");
    if all || step.phase == Phase::Switch {
        1
    } else {
        13
    }
}

/// Walks a failover, "dies" in each step at its calls, and does the step again each time: what a step
/// leaves is always the same, and nobody finds less than `keeps` allows.
fn crash_everywhere(
    case: &Case,
    begin: (Cloud, u64),
    migration: &Migration,
    faults: &Faults,
    steps: std::ops::Range<usize>,
    clients: &Clients,
) -> (Cloud, u64) {
    let mut cloud = begin;
    let mut crashes = 0;
    for step in steps {
        for call in (1..).step_by(stride(&migration.steps[step])) {
            let mut came_through = true;
            for moment in [Moment::Before, Moment::After] {
                let died = Some((call, moment));
                let mine = clients.fork();
                let way = (step, false);
                let (after, done) =
                    one_step(case, cloud.clone(), faults, migration, way, &mine, died);
                if done {
                    continue;
                }
                came_through = false;
                crashes += 1;
                let (after, done) = one_step(case, after, faults, migration, way, &mine, None);
                assert!(done);
                let what = format!("{} died {moment:?} call {call}", migration.steps[step].name);
                is_as_left(case, &after, faults, migration, step, &mine, &what);
            }
            if came_through {
                break;
            }
        }
        cloud = one_step(case, cloud, faults, migration, (step, false), clients, None).0;
    }
    println!("to {}: {crashes} crashes", migration.ends().1);
    assert!(crashes > 10);
    cloud
}

/// The writer has every acknowledged row but those of the last seconds before the fence that may be
/// lost, and the databases are those that the step says, none doubled.
fn is_as_left(
    case: &Case,
    (cloud, now): &(Cloud, u64),
    faults: &Faults,
    migration: &Migration,
    step: usize,
    clients: &Clients,
    what: &str,
) {
    let failover = migration.failover.as_ref().unwrap();
    let sim = runtime().block_on(async { Sim::in_memory(cloud.clone(), faults.clone(), *now) });
    let promoted = migration.steps[..=step]
        .iter()
        .any(|step| &*step.name == "switch");
    let region = if promoted {
        &failover.to
    } else {
        &failover.from
    };
    if !faults.down.contains(region) {
        let lost = clients.lost(&sim, &case.owner, region);
        match failover.loss {
            0 => assert_eq!(lost, Vec::<u64>::new(), "{what}"),
            loss => assert!(
                lost.iter().all(|at| at + u64::from(loss) * 1000 >= LATER),
                "{what}"
            ),
        }
    }
    let databases = |address: &str| {
        let cloud = sim.cloud();
        let now = sim.clock().now();
        let mine = cloud.items.values().filter(|item| {
            let marks = item.marks.as_ref();
            marks.is_some_and(|marks| marks.address.to_string() == address) && item.exists(now)
        });
        mine.count()
    };
    // Beside the old one from when the new one is made until the old one goes.
    let most = if &*migration.steps[step].name == "rebuild" {
        2
    } else {
        1
    };
    assert!((1..=most).contains(&databases("us-east-1/db")), "{what}");
    assert!(
        (1..=most).contains(&databases("eu-west-1/db_regional")),
        "{what}"
    );
}

#[test]
fn a_failover_that_died_at_any_call_is_made_good_by_going_on_there_and_back() {
    let case = Case::new("newsroom");
    let clients = Clients::default();
    let mut cloud = (case.begun(), LATER);
    for (from, to) in [(FIRST, SECOND), (SECOND, FIRST)] {
        let migration = case.failover(from, to, 0, false);
        let steps = 0..migration.steps.len();
        let quiet = Faults::default();
        cloud = crash_everywhere(&case, cloud, &migration, &quiet, steps, &clients);
    }
    runtime().block_on(async {
        let sim = Sim::in_memory(cloud.0, Faults::default(), cloud.1);
        stands(&case, &sim, &case.graph(FIRST, false), "back").await;
    });
}

#[test]
fn before_the_promotion_the_way_back_leads_to_exactly_what_was_there() {
    let case = Case::new("newsroom");
    let migration = case.failover(FIRST, SECOND, 0, false);
    let clients = Clients::default();
    let quiet = Faults::default();
    let mut cloud = (case.begun(), LATER);
    for step in [0, 1] {
        cloud = one_step(
            &case,
            cloud,
            &quiet,
            &migration,
            (step, false),
            &clients,
            None,
        )
        .0;
    }
    let refused = clients.refused.get();
    assert!(refused > 0);
    for step in [1, 0] {
        cloud = one_step(
            &case,
            cloud,
            &quiet,
            &migration,
            (step, true),
            &clients,
            None,
        )
        .0;
    }
    runtime().block_on(async {
        let sim = Sim::in_memory(cloud.0, Faults::default(), cloud.1);
        let live = stands(&case, &sim, &case.graph(FIRST, false), "back").await;
        assert_eq!(live.record.unwrap().migration, None);
        clients.write(&sim, &case.owner);
        // Both regions' servers write again, to the old one.
        let after = clients.acknowledged.borrow().len();
        clients.write(&sim, &case.owner);
        assert_eq!(clients.acknowledged.borrow().len(), after + 2);
        assert_eq!(clients.lost(&sim, &case.owner, FIRST), Vec::<u64>::new());
    });
}

/// The faults of a day on which a region is lost.
fn without(region: &str) -> Faults {
    Faults {
        down: BTreeSet::from([Arc::from(region)]),
        ..Faults::default()
    }
}

#[test]
fn where_the_old_region_is_lost_no_more_is_lost_than_was_accepted_and_it_is_rebuilt_later() {
    let case = Case::new("newsroom");
    let migration = case.failover(FIRST, SECOND, 60, true);
    let outside = migration.steps.iter().filter(|step| step.without.is_some());
    let outside = outside.count();
    let clients = Clients::default();
    let cloud = case.begun();
    let cloud = runtime().block_on(async {
        let sim = Sim::in_memory(cloud, Faults::default(), LATER - 60_000);
        // A write that arrives, and one that the region takes with it.
        clients.write(&sim, &case.owner);
        sim.clock().sleep(std::time::Duration::from_secs(58)).await;
        clients.write(&sim, &case.owner);
        sim.set_faults(without(FIRST)).unwrap();
        sim.into_cloud()
    });
    let down = without(FIRST);
    let cloud = crash_everywhere(
        &case,
        (cloud, LATER),
        &migration,
        &down,
        0..outside,
        &clients,
    );
    runtime().block_on(async {
        let sim = Sim::in_memory(cloud.0, down, cloud.1);
        // The new region writes and reads again, and lacks what was on its way.
        let before = clients.acknowledged.borrow().len();
        clients.write(&sim, &case.owner);
        assert_eq!(clients.acknowledged.borrow().len(), before + 1);
        let lost = clients.lost(&sim, &case.owner, SECOND);
        assert_eq!(lost.len(), 2, "{lost:?}");
        assert!(lost.iter().all(|at| at + 60_000 >= LATER), "{lost:?}");
        // It is back, and nobody is led there before its servers have the new settings.
        clients.away.set(Some(FIRST));
        sim.set_faults(Faults::default()).unwrap();
        let rest = outside..migration.steps.len();
        walk(&case, &sim, &migration, rest, &clients)
            .await
            .unwrap_or_else(|halt| panic!("{}", told(halt)));
        // What was written last is on its way to the replica.
        sim.clock().sleep(std::time::Duration::from_secs(60)).await;
        let live = stands(&case, &sim, &case.graph(SECOND, false), "back").await;
        assert_eq!(writer_of(&live), Some(Arc::from(SECOND)));
        for region in [FIRST, SECOND] {
            assert_eq!(clients.lost(&sim, &case.owner, region).len(), 2, "{region}");
        }
    });
}

#[test]
fn a_replica_that_lacks_more_than_was_accepted_is_not_promoted() {
    let case = Case::new("newsroom");
    let migration = case.failover(FIRST, SECOND, 5, true);
    let clients = Clients::default();
    let cloud = case.begun();
    runtime().block_on(async {
        let sim = Sim::in_memory(cloud, Faults::default(), LATER);
        clients.write(&sim, &case.owner);
        sim.set_faults(without(FIRST)).unwrap();
        // Nobody knows whether it has acknowledged something since.
        sim.clock().sleep(std::time::Duration::from_secs(600)).await;
        walk(&case, &sim, &migration, 0..1, &clients).await.unwrap();
        let halt = walk(&case, &sim, &migration, 1..2, &clients)
            .await
            .unwrap_err();
        assert!(matches!(halt, Halt::Shut(_)), "{}", told(halt));
        let replica = sim.cloud();
        let replica = replica.items.values().find(|item| {
            let marks = item.marks.as_ref();
            marks.is_some_and(|marks| marks.address.to_string() == "eu-west-1/db_regional")
        });
        let source = replica
            .unwrap()
            .properties
            .get("SourceDBInstanceIdentifier");
        assert!(source.is_some());
    });
}
