//! The program itself on an emulator of AWS when it is killed, interrupted, started twice, or loses its
//! lease: whatever happened, the next run completes it, and one at a time changes anything.
//!
//!     SCALECTL_SEEDS=50 cargo test --locked --test crashes      more moments at which it is killed
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

use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use census::{Census, Counts, differences};
use common::{owner, root, seeds};
use emulator::{Emulator, Kind};
use gaps::Gaps;
use proxy::{Call, Fault, Faults, Proxy, When};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use scalectl::inventory::Applied;
use scalectl::provider::{ErrorKind, Holder, Provider as _, Write};
use scalectl::spec::Stage;
use scalectl::value::{Map, Value};

/// Moments of a plain test run.
const SEEDS: u64 = 10;

/// Nothing here takes so long unless it hangs.
const LONG: Duration = Duration::from_secs(120);

/// The shop in a folder, an emulator, and the proxy before it.
struct Place {
    folder: tempfile::TempDir,
    stage: Stage,
    emulator: Emulator,
    proxy: Proxy,
    census: Census,
}

impl Place {
    fn new(stage: Stage) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let spec = root().join("examples/shop/scalectl.yaml");
        std::fs::copy(spec, folder.path().join("scalectl.yaml")).unwrap();
        // What moto does not have would fail every run.
        let path = "blueprints/modules/maintenance.yaml";
        let text = std::fs::read_to_string(root().join(path)).unwrap();
        std::fs::create_dir_all(folder.path().join("blueprints/modules")).unwrap();
        let text = Gaps::of(Kind::Moto).without_kinds(&text);
        std::fs::write(folder.path().join(path), text).unwrap();
        let emulator = Emulator::start(Kind::Moto);
        let proxy = Proxy::before(&emulator, Faults::none());
        let census = Census::of(&emulator);
        Self {
            folder,
            stage,
            emulator,
            proxy,
            census,
        }
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_scalectl"));
        command
            .args(line.split(' '))
            .args(["--provider", "aws"])
            .current_dir(self.folder.path())
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .env("HOME", self.folder.path())
            .env("USER", "tester")
            .env("AWS_ENDPOINT_URL", self.proxy.url())
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn run(&self, line: &str) -> Output {
        self.command(line).output().unwrap()
    }

    /// What the program says, on both of its ways.
    fn said(&self, line: &str) -> String {
        text(&self.run(line))
    }

    fn apply(&self) -> String {
        format!("apply --auto-approve --stage {}", self.stage.name())
    }

    /// What is still to be done, as `plan` says it.
    fn left(&self) -> Vec<String> {
        let output = self.run(&format!("plan --json --stage {}", self.stage.name()));
        let plan: serde_json::Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("no plan ({error}): {}", text(&output)));
        let changes = plan["changes"].as_array().unwrap().iter();
        changes
            .map(|change| format!("{} {}", change["address"], change["action"]))
            .collect()
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Waits for a program to end.
fn ended(child: &mut Child) -> ExitStatus {
    let began = Instant::now();
    while began.elapsed() < LONG {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("it does not end");
}

fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    let status = Command::new("kill").args([name, &id]).status().unwrap();
    assert!(status.success());
}

/// Holds back the changing call with this number, and all after it.
fn hold_from(change: u64) -> Faults {
    Faults::by(move |call| {
        if is_work(call) && call.change >= change {
            Fault::Hold(When::Before)
        } else {
            Fault::None
        }
    })
}

/// Whether a call changes the application.
fn is_work(call: &Call) -> bool {
    call.changes && !call.is_bookkeeping()
}

fn is_release(call: &Call) -> bool {
    call.operation == "DeleteParameter" && call.body.contains("/lease/")
}

/// What there is after an apply in which all goes well.
struct Reference {
    stands: Counts,
    /// What moto does not do as asked, so that every plan has it.
    left: Vec<String>,
    calls: u64,
    changes: u64,
}

impl Reference {
    fn of(place: &mut Place) -> Self {
        place.emulator.reset();
        place.proxy.restart(Faults::none());
        let said = place.said(&place.apply());
        let calls = place.proxy.calls();
        let left = place.left();
        assert!(
            !left.iter().any(|change| change.contains("create")),
            "{said}"
        );
        Self {
            stands: place.census.take(),
            left,
            calls: calls.len() as u64,
            changes: calls.iter().filter(|call| is_work(call)).count() as u64,
        }
    }
}

/// Whether a record that proves a certificate is missing: moto issues one that nobody has proven, so
/// that after a run which died in between nothing is left to do. AWS leaves it pending, and whoever
/// waits for it writes its records.
fn is_unproven(difference: &str) -> bool {
    ["CNAME of _", "TXT of scalectl-acm."]
        .iter()
        .any(|record| difference.starts_with(&format!("0 instead of 1: {record}")))
}

/// A run is killed at a moment drawn from the seed, and another one follows.
fn killed(place: &mut Place, reference: &Reference, seed: u64) -> Vec<String> {
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    let when = if chance.random_bool(0.5) {
        When::Before
    } else {
        When::After
    };
    // Mostly at a changing call, else at any.
    let of_changes = chance.random_bool(0.8);
    let most = if of_changes {
        reference.changes
    } else {
        reference.calls
    };
    let moment = chance.random_range(0..most);
    place.emulator.reset();
    let mut calls = 0;
    place.proxy.restart(Faults::by(move |call| {
        calls += 1;
        let is_it = if of_changes {
            is_work(call) && call.change == moment
        } else {
            calls == moment + 1
        };
        if is_it {
            Fault::Hold(when)
        } else {
            Fault::None
        }
    }));
    let mut child = place.command(&place.apply()).spawn().unwrap();
    let reached = place.proxy.is_holding_within(LONG);
    child.kill().unwrap();
    ended(&mut child);
    place.proxy.restart(Faults::none());
    let what = if of_changes { "changing call" } else { "call" };
    println!("seed {seed}: killed at {what} {moment} of {most}, {when:?} its effect");
    place.run("lease break --auto-approve");
    let next = place.said(&place.apply());
    let mut told = differences(&place.census.take(), &reference.stands);
    told.retain(|difference| !is_unproven(difference));
    let left = place.left().into_iter();
    let left = left.filter(|change| !reference.left.contains(change));
    told.extend(left.map(|change| format!("left: {change}")));
    if !reached {
        told.push("it was never there".to_owned());
    }
    if !told.is_empty() {
        let report = next.rfind("\nApply ").unwrap_or(0);
        told.push(next[report..].to_owned());
    }
    told
}

fn killed_at(stage: Stage, seeds: std::ops::Range<u64>) {
    let next = AtomicU64::new(seeds.start);
    let told = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut place = Place::new(stage);
                let reference = Reference::of(&mut place);
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    let complaints = killed(&mut place, &reference, seed);
                    let lines = complaints.iter().map(|line| format!("seed {seed}: {line}"));
                    told.lock().unwrap().extend(lines);
                }
            });
        }
    });
    let told = told.into_inner().unwrap();
    assert!(told.is_empty(), "{}: {}", stage.name(), told.join("\n"));
}

#[test]
fn what_a_killed_run_began_the_next_one_completes_and_nothing_is_doubled() {
    let seeds = seeds(SEEDS);
    // One in five with a server that is a resource of its own.
    let single = seeds.start..seeds.start + (seeds.end - seeds.start).div_ceil(5);
    killed_at(Stage::SingleServer, single.clone());
    killed_at(Stage::LoadBalanced, single.end..seeds.end);
}

#[test]
fn of_two_applies_one_works_and_the_other_waits_or_is_told_who_does() {
    let place = Place::new(Stage::SingleServer);
    place.emulator.reset();
    place.proxy.restart(hold_from(3));
    let mut first = place.command(&place.apply()).spawn().unwrap();
    assert!(place.proxy.is_holding_within(LONG));
    let refused = place.run(&format!("{} --lock-timeout 0", place.apply()));
    assert!(!refused.status.success());
    let name = format!(
        "tester@{}",
        text(&place.run("lease show")).split_once('@').unwrap().1
    );
    let name = name.split(')').next().unwrap();
    assert!(name.ends_with(&format!("(pid {}", first.id())), "{name}");
    assert!(text(&refused).contains(name), "{}", text(&refused));
    let before = place
        .proxy
        .calls()
        .iter()
        .filter(|call| is_work(call))
        .count();
    let waiting = place
        .command(&format!("{} --lock-timeout 120", place.apply()))
        .spawn()
        .unwrap();
    // It has asked for the lease by now, and did not get it.
    let asks = |call: &Call| call.operation == "GetParametersByPath" && call.nth > 6;
    assert!(place.proxy.has_seen_within(LONG, asks));
    let after = place
        .proxy
        .calls()
        .iter()
        .filter(|call| is_work(call))
        .count();
    assert_eq!(before, after, "only the first one changes something");
    place.proxy.let_go();
    ended(&mut first);
    let waited = waiting.wait_with_output().unwrap();
    let said = text(&waited);
    assert!(said.contains("Waiting: tester@"), "{said}");
    assert!(
        !said.contains(" created "),
        "there was nothing to create: {said}"
    );
    let calls = place.proxy.calls();
    assert_eq!(calls.iter().filter(|call| is_release(call)).count(), 2);
}

#[test]
fn an_interrupted_run_gives_its_lease_back_while_a_call_hangs() {
    let place = Place::new(Stage::SingleServer);
    for name in ["-INT", "-TERM"] {
        place.emulator.reset();
        place.proxy.restart(hold_from(5));
        let mut child = place.command(&place.apply()).spawn().unwrap();
        assert!(place.proxy.is_holding_within(LONG));
        signal(&child, name);
        let began = Instant::now();
        let status = ended(&mut child);
        println!("{name}: it ended after {:?}", began.elapsed());
        assert!(!status.success());
        let calls = place.proxy.calls();
        assert!(calls.iter().any(is_release), "{name}: {calls:#?}");
        // What hangs has not been answered, so nobody waited for it.
        assert!(calls.iter().any(|call| is_work(call) && !call.answered));
        let held = place.said("lease show");
        assert!(held.contains("No run holds the lease of"), "{held}");
    }
}

fn write(number: u32) -> Write {
    let mut properties = Map::new();
    properties.insert("Name", Value::str(format!("/shop/test/{number}")));
    properties.insert("Type", Value::str("String"));
    properties.insert("Value", Value::str("x"));
    Write {
        owner: owner(),
        address: format!("us-east-1/param[{number}]").parse().unwrap(),
        kind: "AWS::SSM::Parameter".into(),
        properties,
        applied: Applied::default(),
    }
}

fn holder(who: &str) -> Holder {
    Holder {
        who: who.to_owned(),
        command: "apply".to_owned(),
        since: 1,
        process: None,
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

#[test]
fn a_run_whose_lease_another_holds_stops_and_says_so() {
    let place = Place::new(Stage::SingleServer);
    place.emulator.reset();
    place.proxy.restart(hold_from(4));
    let child = place.command(&place.apply()).spawn().unwrap();
    assert!(place.proxy.is_holding_within(LONG));
    let broken = place.said("lease break --auto-approve");
    assert!(broken.contains("Released. That run"), "{broken}");
    // It was broken when the first one had found out, at its renewal, and taken the mark away.
    let calls = place.proxy.calls();
    let removals = calls.iter().filter(|call| is_release(call)).count();
    assert_eq!(removals, 1, "{broken}");
    runtime().block_on(async {
        let other = place.proxy.connect(&["us-east-1"]).await.unwrap();
        let other_holder = holder("somebody else");
        other.acquire_lease(&owner(), &other_holder).await.unwrap();
    });
    let before = place.proxy.calls().len();
    place.proxy.let_go();
    let output = child.wait_with_output().unwrap();
    let said = text(&output);
    assert!(!output.status.success());
    assert!(
        said.contains("the lease has ended, so nothing is changed any more"),
        "{said}"
    );
    let calls = place.proxy.calls();
    let late: Vec<_> = calls[before..].iter().filter(|call| call.changes).collect();
    assert!(late.is_empty(), "{late:#?}");
    let held = place.said("lease show");
    assert!(held.contains("somebody else has been running"), "{held}");
}

#[test]
fn no_change_leaves_after_a_lease_that_could_not_be_renewed() {
    let emulator = Emulator::start(Kind::Moto);
    emulator.reset();
    let proxy = Proxy::before(&emulator, Faults::none());
    runtime().block_on(async {
        let aws = proxy.connect(&["us-east-1"]).await.unwrap();
        let me = holder("me");
        aws.acquire_lease(&owner(), &me).await.unwrap();
        proxy.restart(Faults::by(|call| {
            if call.body.contains("/lease/") {
                Fault::Close(When::Before)
            } else {
                Fault::None
            }
        }));
        let began = Instant::now();
        let mut number = 0;
        let error = loop {
            assert!(began.elapsed() < LONG, "changes go on without a lease");
            number += 1;
            if let Err(error) = aws.create(&write(number)).await {
                break error;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        };
        assert_eq!(error.kind, ErrorKind::Held, "{error}");
        assert!(number > 1, "the lease had not begun");
        assert!(
            proxy
                .calls()
                .iter()
                .any(|call| call.body.contains("/lease/"))
        );
        // Nobody else could have taken it over by then.
        let standing = aws.lease(&owner()).await.unwrap().unwrap();
        assert!(!standing.over && standing.holder == me, "{standing:?}");
        let before = proxy.calls().len();
        aws.create(&write(number + 1)).await.unwrap_err();
        let calls = proxy.calls();
        let late: Vec<_> = calls[before..]
            .iter()
            .filter(|call| is_work(call))
            .collect();
        assert!(late.is_empty(), "{late:#?}");
    });
}
