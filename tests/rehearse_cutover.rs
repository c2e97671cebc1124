//! Cut-overs that break midway: writes go on by themselves, none is lost, and the same command then finishes.
//!
//! By default each step of the script breaks once for each engine; `SCALECTL_CUTS=all` breaks each in every way.
#![cfg(unix)]

mod common;

use std::time::Duration;

use scalectl::blueprint::Library;
use scalectl::rehearse::cuts::{BOUND, DISKS, FAULTS, Fault, Outcome, STEPS, Scenario, run};
use scalectl::rehearse::{Event, Options, Stop};
use scalectl::spec::{Dialect, Engine};

/// Every fault at every step, or one at each: another one for each seed.
fn scenarios(seed: usize) -> Vec<Scenario> {
    let all = std::env::var("SCALECTL_CUTS").is_ok_and(|which| which == "all");
    let one = |step, fault: usize| Scenario {
        step,
        fault: FAULTS[fault % FAULTS.len()],
    };
    let steps = 0..STEPS.len();
    if all {
        steps
            .flat_map(|step| (0..FAULTS.len()).map(move |fault| one(step, fault)))
            .collect()
    } else {
        steps.map(|step| one(step, step + seed)).collect()
    }
}

/// The outcomes of scenarios, each with nothing wrong.
#[track_caller]
fn whole(
    engine: Dialect,
    version: &str,
    scenarios: impl FnOnce(usize) -> Vec<Scenario>,
) -> Vec<Outcome> {
    let library = Library::embedded().unwrap();
    let seed = common::seeds(1).start;
    let scenarios = scenarios(usize::try_from(seed).unwrap());
    let options = Options {
        engine,
        version: version.to_owned(),
        rows: 500,
        rate: 40,
        seed,
        chaos: false,
        keep: false,
    };
    let mut tell = |event: Event<'_>| {
        if let Event::Begins(what) | Event::Killed(what) = event {
            println!("{what}");
        }
    };
    let outcomes =
        run(&options, &library, &scenarios, &Stop::default(), &mut tell).unwrap_or_else(|error| {
            panic!("seed {seed}: {error}; tests/install.sh installs what is missing")
        });
    let last = outcomes.last().unwrap();
    assert!(
        last.problems.is_empty(),
        "seed {seed}, {last}: {}",
        last.problems.join("\n")
    );
    assert_eq!(outcomes.len(), scenarios.len());
    outcomes
}

#[track_caller]
fn assert_writes_go_on(engine: Dialect, version: &str) {
    let outcomes = whole(engine, version, scenarios);
    assert!(outcomes.iter().all(|outcome| outcome.stall <= BOUND));
}

/// A full disk on either side, or below the script's notes: the site works again while the disk is still full. By default one
/// of them at one step; `SCALECTL_CUTS=all` takes each at every step.
#[track_caller]
fn assert_full_disks_are_left(engine: Dialect, version: &str) {
    if !rustix::process::geteuid().is_root() {
        println!("not tried: only root can mount a small disk");
        return;
    }
    let seed = usize::try_from(common::seeds(1).start).unwrap();
    let all = std::env::var("SCALECTL_CUTS").is_ok_and(|which| which == "all");
    let scenarios: Vec<Scenario> = (0..STEPS.len())
        .flat_map(|step| DISKS.map(|fault| Scenario { step, fault }))
        .collect();
    let chosen = if all {
        scenarios
    } else {
        vec![scenarios[seed % scenarios.len()]]
    };
    // Servers that were full are not used again.
    for scenario in chosen {
        let outcomes = whole(engine, version, |_| vec![scenario]);
        assert!(outcomes.iter().all(|outcome| outcome.stall <= BOUND));
    }
}

/// A server that is made read-only waits for a statement, the statement for a row, and the row's holder for the server:
/// that lasts for as long as a statement may wait for a row, which is 50 seconds by default.
#[track_caller]
fn assert_waiting_writers_are_no_obstacle(engine: Dialect, version: &str) {
    let after_pause = STEPS.iter().position(|step| *step == "after pause");
    let scenario = Scenario {
        step: after_pause.unwrap(),
        fault: Fault::WaitingWriters,
    };
    for outcome in whole(engine, version, |_| vec![scenario]) {
        assert!(outcome.stall < Duration::from_secs(15), "{outcome}");
    }
}

#[test]
fn broken_cut_overs_keep_writes_going_on_postgres() {
    assert_writes_go_on(Dialect::Postgres, Engine::Postgres.newest());
}

#[test]
fn broken_cut_overs_keep_writes_going_on_mariadb() {
    assert_writes_go_on(Dialect::Mysql, Engine::Mysql.newest());
}

#[test]
fn full_disks_leave_a_site_that_works_on_postgres() {
    assert_full_disks_are_left(Dialect::Postgres, Engine::Postgres.newest());
}

#[test]
fn full_disks_leave_a_site_that_works_on_mariadb() {
    assert_full_disks_are_left(Dialect::Mysql, Engine::Mysql.newest());
}

#[test]
fn writers_that_wait_for_each_other_do_not_stop_a_switch_on_postgres() {
    assert_waiting_writers_are_no_obstacle(Dialect::Postgres, Engine::Postgres.newest());
}

#[test]
fn writers_that_wait_for_each_other_do_not_stop_a_switch_on_mariadb() {
    assert_waiting_writers_are_no_obstacle(Dialect::Mysql, Engine::Mysql.newest());
}
