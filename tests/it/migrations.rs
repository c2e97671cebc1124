//! Migrations on the simulator: every way between two stages, with clients that write all the
//! while; crashes at every call; the way back.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use crate::common::{EPOCH, EXAMPLES, example, graph_of, owner_of, runtime};
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use scalectl::apply::{
    Context, Event as Operation, Stop, execute, observe, record_of, write_record,
};
use scalectl::blueprint::Library;
use scalectl::graph::Graph;
use scalectl::inventory::{Live, Owner};
use scalectl::migrate::walk::{Event, Halt, Walker};
use scalectl::migrate::{Migration, Phase, Walk, route, routing};
use scalectl::plan::diff;
use scalectl::provider::Provider as _;
use scalectl::provider::sim::cloud::Cloud;
use scalectl::provider::sim::faults::Faults;
use scalectl::provider::sim::{Moment, Sim};
use scalectl::spec::{Domain, Spec, Stage};
use scalectl::value::Value;

/// When an application that was begun at [`EPOCH`] stands.
const LATER: u64 = EPOCH + 86_400_000;

/// An application of an example, and its way from one stage to another.
struct Case {
    owner: Owner,
    migration: Migration,
}

impl Case {
    fn new(library: &Library, name: &str, from: Stage, to: Stage) -> Self {
        let stages = route(from, to);
        // One spec for the whole way: only its stage changes.
        let mut spec: Spec = example(name, Stage::MultiRegion);
        assert!(matches!(
            spec.domain,
            Some(Domain::Name(_) | Domain::Detailed(_))
        ));
        let graphs: BTreeMap<Stage, Graph> = stages
            .iter()
            .map(|stage| {
                spec.stage = *stage;
                (*stage, graph_of(library, &spec))
            })
            .collect();
        let walk = Walk::of(library).unwrap();
        Self {
            owner: owner_of(&spec),
            migration: Migration::new(&walk, &stages, &graphs).unwrap(),
        }
    }

    /// The cloud with the application at its first stage.
    fn begun(&self) -> Cloud {
        runtime().block_on(async {
            let sim = Sim::in_memory(Cloud::default(), Faults::default(), EPOCH);
            let stop = Stop::default();
            let context = self.context(&sim, &stop);
            let graph = &self.migration.start;
            let live = observe(&context, Some(graph)).await.unwrap();
            let record = record_of(None, graph, Some(self.migration.from.name()));
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
    Some(String::new())
}

/// Clients of an application: they write all the while, and remember what was acknowledged.
#[derive(Default)]
struct Clients {
    next: Cell<u64>,
    acknowledged: RefCell<BTreeSet<u64>>,
    refused: Cell<u64>,
}

impl Clients {
    fn write(&self, sim: &Sim, owner: &Owner) {
        let row = self.next.get();
        self.next.set(row + 1);
        match sim.write_row(owner, row) {
            Ok(()) => {
                self.acknowledged.borrow_mut().insert(row);
            }
            Err(_) => self.refused.set(self.refused.get() + 1),
        }
    }

    fn find_everything(&self, sim: &Sim, owner: &Owner) {
        let rows = sim.cloud().rows(owner);
        let lost: Vec<u64> = self
            .acknowledged
            .borrow()
            .difference(&rows)
            .copied()
            .collect();
        assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    }
}

async fn look(context: &Context<'_>, graph: &Graph) -> Live {
    observe(context, Some(graph)).await.unwrap()
}

/// Walks from where the record says it stands to the end.
async fn walk_on(case: &Case, sim: &Sim, clients: &Clients) -> Result<(), Halt> {
    let stop = Stop::default();
    let context = case.context(sim, &stop);
    let walker = Walker {
        context: &context,
        migration: &case.migration,
        texts: &texts,
        workers: Some(50),
        folder: None,
    };
    let live = look(&context, &case.migration.start).await;
    let record = live.record.unwrap_or_default();
    let first = match record.migration {
        Some(standing) => {
            assert!(case.migration.is_of(&standing));
            standing.step + usize::from(standing.done)
        }
        None if record.stage.as_deref() == Some(case.migration.to.name()) => return Ok(()),
        None => 0,
    };
    for step in first..case.migration.steps.len() {
        let watched = |event: &Event<'_>| {
            clients.write(sim, &case.owner);
            if let Event::Operation(Operation::Finished { .. }) | Event::Asked { .. } = event {
                let now = sim.clock().now();
                let query = scalectl::provider::Query {
                    thorough: true,
                    ..Default::default()
                };
                let live = sim.cloud().observe(&case.owner, &query, now);
                if let Err(why) = routing::ends(&live) {
                    panic!("step {}: {why}", case.migration.steps[step].name);
                }
            }
        };
        walker.forward(step, &mut |event| watched(event)).await?;
        clients.find_everything(sim, &case.owner);
    }
    Ok(())
}

async fn stands_at_the_end(case: &Case, sim: &Sim) {
    let stop = Stop::default();
    let context = case.context(sim, &stop);
    let end = &case.migration.steps.last().unwrap().graph;
    let live = look(&context, end).await;
    let plan = diff(end, &live, None);
    assert!(plan.is_empty(), "{:#?}", plan.changes);
    let record = live.record.unwrap();
    assert_eq!(record.stage.as_deref(), Some(case.migration.to.name()));
    assert_eq!(record.migration, None);
}

fn pairs() -> impl Iterator<Item = (Stage, Stage)> {
    Stage::ALL
        .into_iter()
        .flat_map(|from| Stage::ALL.into_iter().map(move |to| (from, to)))
        .filter(|(from, to)| from != to)
}

/// Every way between two stages loses no write and always leads to a server.
fn every_way_is_walked(name: &str) {
    let library = Library::embedded().unwrap();
    for (from, to) in pairs() {
        let case = Case::new(&library, name, from, to);
        println!("{name}: {} to {}", from.name(), to.name());
        let cloud = case.begun();
        runtime().block_on(async {
            let queues = queues(&cloud, LATER);
            let sim = Sim::in_memory(cloud, Faults::default(), LATER);
            let clients = Clients::default();
            clients.write(&sim, &case.owner);
            walk_on(&case, &sim, &clients)
                .await
                .unwrap_or_else(|halt| panic!("{halt:#?}"));
            clients.find_everything(&sim, &case.owner);
            assert!(clients.acknowledged.borrow().len() > 10);
            assert_eq!(clients.refused.get(), 0, "of {}", clients.next.get());
            stands_at_the_end(&case, &sim).await;
            let left = self::queues(&sim.cloud(), sim.clock().now());
            assert!(queues.is_subset(&left), "messages are lost with a queue");
        });
    }
}

/// The queues in the primary region, by the simulator's numbers.
fn queues(cloud: &Cloud, now: u64) -> BTreeSet<u64> {
    let all = cloud.items.values().filter(|item| {
        &*item.kind == "AWS::SQS::Queue" && &*item.region == "us-east-1" && item.exists(now)
    });
    all.map(|item| item.number).collect()
}

#[test]
fn every_way_of_workers_keeps_their_queues() {
    every_way_is_walked("arcade");
}

#[test]
fn every_way_of_shop_loses_no_write_and_always_leads_to_a_server() {
    every_way_is_walked("shop");
}

#[test]
fn every_way_of_newsroom_loses_no_write_and_always_leads_to_a_server() {
    every_way_is_walked("newsroom");
}

#[test]
fn every_way_of_marketplace_loses_no_write_and_always_leads_to_a_server() {
    every_way_is_walked("marketplace");
}

#[test]
fn a_copy_costs_writes_only_where_it_leaves_mysql_on_rds() {
    let library = Library::embedded().unwrap();
    let up = (Stage::SingleServer, Stage::SplitDb);
    let down = (up.1, up.0);
    // newsroom is on MySQL, shop on PostgreSQL.
    for (name, (from, to), seconds) in [
        ("newsroom", up, 0),
        ("newsroom", down, 2),
        ("shop", up, 0),
        ("shop", down, 0),
    ] {
        let case = Case::new(&library, name, from, to);
        let copy = case
            .migration
            .steps
            .iter()
            .find(|step| &*step.name == "copy");
        let budget = copy.unwrap().budget;
        assert_eq!(budget.unavailable, seconds, "{name} to {}", to.name());
        assert_eq!(budget.loss, 0);
    }
}

#[test]
fn nothing_old_goes_before_contract() {
    let library = Library::embedded().unwrap();
    for name in EXAMPLES {
        for (from, to) in pairs().filter(|(from, to)| route(*from, *to).len() == 2) {
            let case = Case::new(&library, name, from, to);
            let start = &case.migration.start;
            for step in &case.migration.steps {
                if step.phase == Phase::Contract {
                    continue;
                }
                for old in start.iter() {
                    // A name that only one stage has goes when requests are led over.
                    let is_record = &*old.kind == "AWS::Route53::RecordSet";
                    let there = step.graph.get(&old.address);
                    assert!(
                        there.is_some_and(|now| now.kind == old.kind) || is_record,
                        "{name} {} to {}: {} is gone after {}",
                        from.name(),
                        to.name(),
                        old.address,
                        step.name
                    );
                }
            }
        }
    }
}

/// The example with the fewest resources; it moves data and traffic all the same.
const SMALL: &str = "shop";

/// The ways from one stage to the next and back; every longer way is made of these.
fn neighbours() -> impl Iterator<Item = (Stage, Stage)> {
    pairs().filter(|(from, to)| route(*from, *to).len() == 2)
}

/// What is done with a step.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Forward,
    Back,
}

/// One step, forward or back, on a cloud whose time is `now`; the process "dies" at a call, if one
/// is given. Returns the cloud, its time, and whether the step was done.
fn one_step(
    case: &Case,
    (cloud, now): (Cloud, u64),
    step: usize,
    way: Way,
    clients: &Clients,
    dies: Option<(u64, Moment)>,
) -> ((Cloud, u64), bool) {
    runtime().block_on(async {
        let sim = Sim::in_memory(cloud, Faults::default(), now);
        if let Some((call, moment)) = dies {
            sim.crash_at(call, moment);
        }
        let stop = Stop::default();
        let context = case.context(&sim, &stop);
        let walker = Walker {
            context: &context,
            migration: &case.migration,
            texts: &texts,
            workers: Some(50),
            folder: None,
        };
        let mut told = |_: &Event<'_>| clients.write(&sim, &case.owner);
        let done = async {
            match way {
                Way::Forward => walker.forward(step, &mut told).await,
                Way::Back => walker.back(step, &mut told).await,
            }
        };
        let done = tokio::select! {
            () = sim.crashed() => false,
            done = done => {
                done.unwrap_or_else(|halt| panic!("step {step} {way:?} {dies:?}: {halt:#?}"));
                true
            }
        };
        let now = sim.clock().now();
        ((sim.into_cloud(), now), done)
    })
}

/// The cloud is exactly what a step leaves, nothing doubled, and has every acknowledged row.
fn is_as_left(
    case: &Case,
    (cloud, now): &(Cloud, u64),
    graph: &Graph,
    clients: &Clients,
    what: &str,
) {
    runtime().block_on(async {
        let sim = Sim::in_memory(cloud.clone(), Faults::default(), *now);
        let stop = Stop::default();
        let context = case.context(&sim, &stop);
        let live = look(&context, graph).await;
        let plan = diff(graph, &live, None);
        assert!(plan.is_empty(), "{what}: {:#?}", plan.changes);
        let now = sim.clock().now();
        let standing = sim
            .cloud()
            .items
            .values()
            .filter(|item| item.exists(now))
            .count();
        assert_eq!(standing, graph.len(), "{what}");
        clients.find_everything(&sim, &case.owner);
    });
}

/// Of the calls of a hop that moves no data.
const STRIDE: usize = 11;

/// Whether rows are moved: then no call is left out.
fn moves_data(case: &Case) -> bool {
    case.migration.steps.iter().any(|step| !step.run.is_empty())
}

/// Does a step, "dies" at each of its calls before and after the call takes effect, and does it
/// again. (That it dies after the answer is that it dies before the next call.)
///
/// Where a hop makes many hundreds of calls, a plain run takes every [`STRIDE`]th;
/// `SCALECTL_CRASHES=all` takes them all.
fn crash_everywhere(case: &Case, begin: &(Cloud, u64), step: usize, way: Way, left: &Graph) -> u64 {
    let mut crashes = 0;
    let all = std::env::var("SCALECTL_CRASHES").is_ok_and(|value| value == "all");
    let stride = if all || moves_data(case) { 1 } else { STRIDE };
    for call in (1..).step_by(stride) {
        let mut came_through = true;
        for moment in [Moment::Before, Moment::After] {
            let clients = Clients::default();
            let (cloud, done) = one_step(
                case,
                begin.clone(),
                step,
                way,
                &clients,
                Some((call, moment)),
            );
            if done {
                continue;
            }
            came_through = false;
            crashes += 1;
            let what = format!(
                "{} {way:?}, died {moment:?} call {call}",
                case.migration.steps[step].name
            );
            let (cloud, done) = one_step(case, cloud, step, way, &clients, None);
            assert!(done, "{what}");
            is_as_left(case, &cloud, left, &clients, &what);
        }
        if came_through {
            return crashes;
        }
    }
    crashes
}

#[test]
fn a_step_that_died_at_any_call_is_made_good_by_doing_it_again() {
    let library = Library::embedded().unwrap();
    for (from, to) in neighbours() {
        let case = Case::new(&library, SMALL, from, to);
        let mut cloud = (case.begun(), LATER);
        let mut crashes = 0;
        for (number, step) in case.migration.steps.iter().enumerate() {
            crashes += crash_everywhere(&case, &cloud, number, Way::Forward, &step.graph);
            cloud = one_step(
                &case,
                cloud,
                number,
                Way::Forward,
                &Clients::default(),
                None,
            )
            .0;
        }
        println!("{} to {}: {crashes} crashes", from.name(), to.name());
    }
}

#[test]
fn the_way_back_leads_to_exactly_the_old_graph_from_every_step() {
    let library = Library::embedded().unwrap();
    for name in EXAMPLES {
        for (from, to) in neighbours() {
            let case = Case::new(&library, name, from, to);
            let clients = Clients::default();
            let mut cloud = (case.begun(), LATER);
            for (number, step) in case.migration.steps.iter().enumerate() {
                if step.point_of_no_return {
                    break;
                }
                cloud = one_step(&case, cloud, number, Way::Forward, &clients, None).0;
                // From here all the way back.
                let mut returning = cloud.clone();
                let back = Clients {
                    next: clients.next.clone(),
                    acknowledged: clients.acknowledged.clone(),
                    refused: Cell::new(0),
                };
                for number in (0..=number).rev() {
                    returning = one_step(&case, returning, number, Way::Back, &back, None).0;
                }
                let what = format!(
                    "{name} {} to {} back from {}",
                    from.name(),
                    to.name(),
                    step.name
                );
                is_as_left(&case, &returning, &case.migration.start, &back, &what);
                let record = &returning.0.records[&case.owner];
                assert_eq!(record.stage.as_deref(), Some(from.name()), "{what}");
                assert_eq!(record.migration, None, "{what}");
            }
        }
    }
}

#[test]
fn a_way_back_that_died_at_any_call_is_made_good_by_going_on() {
    let library = Library::embedded().unwrap();
    for (from, to) in neighbours() {
        let case = Case::new(&library, SMALL, from, to);
        let mut clouds = vec![(case.begun(), LATER)];
        for (number, step) in case.migration.steps.iter().enumerate() {
            if step.point_of_no_return {
                break;
            }
            let next = one_step(
                &case,
                clouds[number].clone(),
                number,
                Way::Forward,
                &Clients::default(),
                None,
            )
            .0;
            crash_everywhere(
                &case,
                &next,
                number,
                Way::Back,
                case.migration.before(number),
            );
            clouds.push(next);
        }
    }
}

#[test]
fn what_has_removed_the_old_has_no_way_back() {
    let library = Library::embedded().unwrap();
    let case = Case::new(&library, SMALL, Stage::SingleServer, Stage::SplitDb);
    let last = case.migration.steps.len() - 1;
    let begun = case.begun();
    runtime().block_on(async {
        let sim = Sim::in_memory(begun, Faults::default(), LATER);
        let stop = Stop::default();
        let context = case.context(&sim, &stop);
        let walker = Walker {
            context: &context,
            migration: &case.migration,
            texts: &texts,
            workers: None,
            folder: None,
        };
        let halt = walker.back(last, &mut |_| {}).await.unwrap_err();
        assert!(matches!(halt, Halt::NoReturn { .. }), "{halt:?}");
    });
}

/// A migration of data whose steps are not those of the blueprint.
fn botched(change: impl Fn(&mut Migration)) -> (Case, Result<(), Halt>, Clients, Cloud) {
    let library = Library::embedded().unwrap();
    let mut case = Case::new(&library, SMALL, Stage::SingleServer, Stage::SplitDb);
    change(&mut case.migration);
    let clients = Clients::default();
    let begun = case.begun();
    let (walked, cloud) = runtime().block_on(async {
        let sim = Sim::in_memory(begun, Faults::default(), LATER);
        let stop = Stop::default();
        let context = case.context(&sim, &stop);
        let walker = Walker {
            context: &context,
            migration: &case.migration,
            texts: &texts,
            workers: None,
            folder: None,
        };
        let mut walked = Ok(());
        for step in 0..case.migration.steps.len() {
            walked = walker
                .forward(step, &mut |_| clients.write(&sim, &case.owner))
                .await;
            if walked.is_err() {
                break;
            }
        }
        (walked, sim.into_cloud())
    });
    (case, walked, clients, cloud)
}

#[test]
fn a_cut_over_without_a_copy_is_refused_before_the_application_is_led_away() {
    let (case, walked, clients, cloud) = botched(|migration| {
        let copies = |step: &scalectl::migrate::Step| matches!(&*step.name, "copy" | "verify");
        migration.steps.retain(|step| !copies(step));
    });
    assert!(matches!(walked, Err(Halt::Script { .. })), "{walked:?}");
    let acknowledged = clients.acknowledged.borrow();
    assert!(acknowledged.is_subset(&cloud.rows(&case.owner)));
}

#[test]
fn rows_that_are_led_away_without_a_script_are_missed() {
    // The harness itself: a migration that forgets the data has to be seen as one that loses it.
    let (case, walked, clients, cloud) = botched(|migration| {
        for step in &mut migration.steps {
            for script in &mut step.run {
                // One that moves nothing.
                *script = "lag".into();
            }
            step.gates.clear();
        }
    });
    let rows = cloud.rows(&case.owner);
    let lost = clients.acknowledged.borrow().difference(&rows).count();
    assert!(lost > 0, "nothing was missed: {walked:?}");
}

/// Seeds of a plain test run.
const SEEDS: u64 = 24;

/// One walk through throttling, server errors, lost answers, stale lists, deaths, and somebody who changes things by
/// hand meanwhile. In the end it has arrived, with every row and nothing doubled.
fn walk_through_weather(library: &Library, seed: u64) {
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    let (from, to) = *neighbours()
        .collect::<Vec<_>>()
        .choose(&mut chance)
        .unwrap();
    let case = Case::new(library, SMALL, from, to);
    println!("seed {seed}: {} to {}", from.name(), to.name());
    let clients = Clients::default();
    let (mut cloud, mut now) = (case.begun(), LATER);
    let mut number = 0;
    let mut attempts = 0;
    while number < case.migration.steps.len() {
        attempts += 1;
        assert!(attempts < 200, "seed {seed}: it does not arrive");
        let faults = Faults {
            seed: chance.random(),
            throttle: chance.random::<f64>() * 0.15,
            transient: chance.random::<f64>() * 0.08,
            lose: chance.random::<f64>() * 0.15,
            lag: chance.random_range(0..4000),
            ..Faults::default()
        };
        let dies = chance.random_bool(0.3).then(|| chance.random_range(1..60));
        let mends = chance.random_bool(0.4);
        (cloud, now) = runtime().block_on(async {
            let sim = Sim::in_memory(cloud, faults, now);
            if let Some(call) = dies {
                sim.crash_at(call, Moment::After);
            }
            if mends {
                by_hand(&sim, &mut chance);
            }
            let stop = Stop::default();
            let context = case.context(&sim, &stop);
            let walker = Walker {
                context: &context,
                migration: &case.migration,
                texts: &texts,
                workers: Some(50),
                folder: None,
            };
            let mut told = |_: &Event<'_>| clients.write(&sim, &case.owner);
            let walked = tokio::select! {
                () = sim.crashed() => None,
                walked = walker.forward(number, &mut told) => Some(walked),
            };
            // Whatever stopped it, the same step is begun again.
            number += usize::from(matches!(walked, Some(Ok(()))));
            let now = sim.clock().now();
            (sim.into_cloud(), now)
        });
    }
    runtime().block_on(async {
        let sim = Sim::in_memory(cloud, Faults::default(), now + 86_400_000);
        clients.find_everything(&sim, &case.owner);
        let stop = Stop::default();
        let context = case.context(&sim, &stop);
        let end = &case.migration.steps.last().unwrap().graph;
        // What was changed by hand last is drift, as ever.
        let live = look(&context, end).await;
        let report = execute(&context, &diff(end, &live, None), None, &mut |_| {}).await;
        assert!(report.is_complete(), "seed {seed}: {report:#?}");
        stands_at_the_end(&case, &sim).await;
        let now = sim.clock().now();
        let there = sim
            .cloud()
            .items
            .values()
            .filter(|item| item.exists(now))
            .count();
        assert_eq!(there, end.len(), "seed {seed}");
    });
}

/// Somebody changes an alarm's threshold outside of scalectl.
fn by_hand(sim: &Sim, chance: &mut ChaCha8Rng) {
    let alarms: Vec<u64> = sim
        .cloud()
        .items
        .values()
        .filter(|item| &*item.kind == "AWS::CloudWatch::Alarm")
        .map(|item| item.number)
        .collect();
    if let Some(number) = alarms.choose(chance) {
        sim.drift(*number, "Threshold", Some(Value::Int(7)))
            .unwrap();
    }
}

#[test]
fn a_walk_through_bad_weather_arrives_with_every_row() {
    let library = Library::embedded().unwrap();
    for seed in crate::common::seeds(SEEDS) {
        walk_through_weather(&library, seed);
    }
}

#[test]
fn files_that_were_there_before_arrive_in_every_region() {
    let library = Library::embedded().unwrap();
    let case = Case::new(&library, "marketplace", Stage::Cdn, Stage::MultiRegion);
    let mut cloud = case.begun();
    let buckets = |cloud: &Cloud| -> BTreeMap<String, String> {
        let buckets = cloud.items.values().filter(|item| {
            let marks = item.marks.as_ref();
            &*item.kind == "AWS::S3::Bucket"
                && marks.is_some_and(|marks| &*marks.address.id == "bucket_assets")
        });
        buckets
            .map(|item| (item.region.to_string(), item.identifier.to_string()))
            .collect()
    };
    let first = buckets(&cloud)["us-east-1"].clone();
    // More than one call copies.
    for number in 0..2500 {
        cloud
            .put_file(&first, &format!("img/{number}.png"))
            .unwrap();
    }
    runtime().block_on(async {
        let sim = Sim::in_memory(cloud, Faults::default(), LATER);
        let expand = case.migration.steps[0].name.clone();
        assert_eq!(&*expand, "expand");
        walk_on(&case, &sim, &Clients::default()).await.unwrap();
        let second = buckets(&sim.cloud())["eu-west-1"].clone();
        let (here, there) = (sim.cloud().files_of(&first), sim.cloud().files_of(&second));
        assert_eq!(here.len(), 2500);
        assert_eq!(here, there);
    });
}

#[test]
fn files_are_copied_where_s3_begins_to_and_nowhere_else() {
    let library = Library::embedded().unwrap();
    let has = |from: Stage, to: Stage| {
        let case = Case::new(&library, "marketplace", from, to);
        case.migration
            .steps
            .iter()
            .any(|step| &*step.name == "files")
    };
    assert!(has(Stage::Cdn, Stage::MultiRegion));
    assert!(has(Stage::SingleServer, Stage::MultiRegion));
    assert!(!has(Stage::LoadBalanced, Stage::Cdn));
    assert!(!has(Stage::MultiRegion, Stage::Cdn));
}
