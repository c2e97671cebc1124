//! The laboratory of load balancers: each algorithm of a real HAProxy over servers of unequal speed, one of which becomes
//! slow and another one dies. Its law: an algorithm that does not look at the servers has to make requests wait for the
//! slow one, and the server that dies has to have had requests; or nothing was measured.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::laboratory;
use super::prerequisites;
use super::{Error, Event, Stop};
use crate::blueprint::Library;

/// The program of servers and load, and the balancer's configuration, below `templates/`.
const PROGRAM: &str = "rehearse/balance.py";
const CONFIGURATION: &str = "rehearse/balance.cfg";

/// An algorithm: its name, HAProxy's `balance`, and whether the servers have weights.
type Algorithm = (&'static str, &'static str, bool);

/// The algorithms, in the order of the report. `random` is the one of an Application Load Balancer, and `random-of-two`
/// the default of HAProxy's `balance random`.
const ALGORITHMS: [Algorithm; 6] = [
    (BLIND, "roundrobin", false),
    (SEEING, "leastconn", false),
    ("random", "random(1)", false),
    ("random-of-two", "random(2)", false),
    ("weighted-round-robin", "roundrobin", true),
    ("weighted-least-connections", "leastconn", true),
];

/// Gives a slow server as many requests as the others.
const BLIND: &str = "round-robin";
/// Gives it as many as it finishes.
const SEEING: &str = "least-connections";

/// How many times as long the slowest requests of [`BLIND`] take as those of [`SEEING`], at least. About ten are
/// measured; two algorithms that do the same are below two even on a busy machine.
const MARGIN: u64 = 2;

/// Requests per second that arrive in all. Each server stands its equal share; the slowed one does not.
const RATE: u32 = 250;

/// What is rehearsed, and how.
#[derive(Clone, Debug)]
pub struct BalanceOptions {
    /// Requests for each algorithm.
    pub requests: u32,
    /// Decides when requests arrive and how long each takes.
    pub seed: u64,
    /// Whether the temporary folder stays.
    pub keep: bool,
}

/// A server behind the balancer.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct BalancedServer {
    /// Its name; `slowed` and `killed` are what happens to it.
    pub name: &'static str,
    /// Milliseconds that it works on a request, on average.
    pub milliseconds: u32,
    /// Requests that it works on at a time; further ones wait.
    pub workers: u32,
    /// Its weight where the algorithm has weights.
    pub weight: u32,
}

/// The servers: two fast ones and two slow ones.
const fn servers() -> [BalancedServer; 4] {
    const fn server(name: &'static str, milliseconds: u32, weight: u32) -> BalancedServer {
        BalancedServer {
            name,
            milliseconds,
            workers: 2,
            weight,
        }
    }
    [
        server("fast", 5, 3),
        server("slowed", 5, 3),
        server("slow", 15, 1),
        server("killed", 15, 1),
    ]
}

/// What an algorithm did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AlgorithmReport {
    /// Its name; `random-of-two` takes the less busy one of two random servers.
    pub algorithm: String,
    /// The part of the answered requests that each server answered.
    pub shares: BTreeMap<String, f64>,
    /// Microseconds within which half of all requests were answered.
    pub p50_us: u64,
    /// Microseconds within which 99 of 100 were.
    pub p99_us: u64,
    /// The same of the requests that were sent while all servers worked as they should.
    pub steady_p99_us: u64,
    /// Of those that were sent from when one server was slow until another one was killed.
    pub slowed_p99_us: u64,
    /// Of those that were sent afterwards; the slow server stays slow.
    pub killed_p99_us: u64,
    /// How often the balancer sent a request again because a server did not take it or died.
    pub resent: u64,
    /// Requests that were not answered with 200.
    pub failed: u64,
}

/// What the laboratory found.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "BalanceRehearsal")]
pub struct BalanceReport {
    /// Which document this is: `balance-rehearsal`.
    #[schemars(extend("const" = "balance-rehearsal"))]
    pub document: &'static str,
    /// The version of its form; it counts up when a reader could break.
    #[schemars(extend("const" = 1))]
    pub format: u32,
    /// The load balancer's product and version.
    pub balancer: String,
    /// The servers.
    pub servers: Vec<BalancedServer>,
    /// Requests for each algorithm.
    pub requests: u32,
    /// Requests that arrived per second.
    pub rate: u32,
    /// The seed.
    pub seed: u64,
    /// Each algorithm.
    pub algorithms: Vec<AlgorithmReport>,
    /// Whether no request failed.
    pub ok: bool,
}

/// Runs every algorithm.
///
/// # Errors
/// When something is not installed or does not start, it was stopped, or nothing was measured.
pub fn rehearse_balance(
    options: &BalanceOptions,
    library: &Library,
    stop: &Stop,
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<BalanceReport, Error> {
    let balancer = prerequisites::balancer()?;
    let folder = laboratory::begin(None, options.keep, tell)?;
    let program = laboratory::program(library, PROGRAM, &folder.path)?;
    let configuration = laboratory::file(library, CONFIGURATION, &folder.path, "balance.cfg")?;
    let servers = servers().to_vec();
    let list = serde_json::to_string(&servers)
        .map_err(|error| Error::new(format!("the servers cannot be listed: {error}")))?;
    let mut algorithms = Vec::new();
    for (name, balance, weighted) in ALGORITHMS {
        let mode = laboratory::Mode {
            name,
            python: &balancer.python,
            program: &program,
            requests: options.requests,
            seed: options.seed,
        };
        algorithms.push(mode.run(&folder.path, stop, tell, |command| {
            command
                .env("SITE_RUN", folder.path.join("run"))
                .env("ALGORITHM", name)
                .env("BALANCE", balance)
                .env("WEIGHTED", if weighted { "true" } else { "false" })
                .env("CONFIGURATION", &configuration)
                .env("HAPROXY", &balancer.haproxy)
                .env("SERVERS", &list)
                .env("RATE", RATE.to_string());
        })?);
    }
    measured(&algorithms)?;
    Ok(BalanceReport {
        document: "balance-rehearsal",
        format: 1,
        balancer: balancer.product,
        servers,
        requests: options.requests,
        rate: RATE,
        seed: options.seed,
        ok: algorithms.iter().all(|one| one.failed == 0),
        algorithms,
    })
}

/// Requests have waited for the slow server where the algorithm does not look at it, and the server that was killed has
/// been missed.
fn measured(algorithms: &[AlgorithmReport]) -> Result<(), Error> {
    let nothing = |why: &str| {
        Err(Error::with_help(
            format!("the laboratory measured nothing: {why}"),
            "give it more `--requests`, or run it on a less busy machine",
        ))
    };
    let slowest = |name: &str| {
        let found = algorithms.iter().find(|one| one.algorithm == name);
        found.map_or(0, |one| one.slowed_p99_us)
    };
    let (blind, seeing) = (slowest(BLIND), slowest(SEEING));
    if blind == 0 || blind < MARGIN * seeing {
        return nothing(&format!(
            "with a slow server, {BLIND} was not {MARGIN} times slower than {SEEING} (p99 {} ms and {} ms)",
            blind / 1000,
            seeing / 1000
        ));
    }
    if algorithms
        .iter()
        .all(|one| one.resent == 0 && one.failed == 0)
    {
        return nothing("no request met the server that was killed");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(algorithm: &str, slowed_p99_us: u64, resent: u64, failed: u64) -> AlgorithmReport {
        AlgorithmReport {
            algorithm: algorithm.to_owned(),
            shares: BTreeMap::new(),
            p50_us: 1,
            p99_us: 2,
            steady_p99_us: 3,
            slowed_p99_us,
            killed_p99_us: 4,
            resent,
            failed,
        }
    }

    #[test]
    fn a_slow_server_that_nobody_waits_for_measures_nothing() {
        let both = |blind| [found(BLIND, blind, 1, 0), found(SEEING, 100_000, 0, 0)];
        assert!(measured(&both(200_000)).is_ok());
        let error = measured(&both(199_999)).unwrap_err();
        assert_eq!(
            error.what,
            "the laboratory measured nothing: with a slow server, round-robin was not 2 times slower than \
             least-connections (p99 199 ms and 100 ms)"
        );
        assert!(measured(&[]).is_err());
    }

    #[test]
    fn a_killed_server_that_nobody_misses_measures_nothing() {
        let both = |resent, failed| [found(BLIND, 900, resent, failed), found(SEEING, 100, 0, 0)];
        assert!(measured(&both(1, 0)).is_ok());
        assert!(measured(&both(0, 1)).is_ok());
        let error = measured(&both(0, 0)).unwrap_err();
        assert!(
            error
                .what
                .ends_with("no request met the server that was killed")
        );
    }

    #[test]
    fn every_server_stands_its_equal_share_and_the_slowed_one_does_not() {
        let each = f64::from(RATE) / servers().len() as f64;
        let capacity =
            |one: &BalancedServer| f64::from(one.workers) * 1000.0 / f64::from(one.milliseconds);
        for one in servers() {
            assert!(capacity(&one) > each * 4.0 / 3.0, "{one:?}");
        }
        // `SLOWER` of the program.
        let slowed = servers()
            .into_iter()
            .find(|one| one.name == "slowed")
            .unwrap();
        assert!(capacity(&slowed) / 20.0 < each / 2.0);
    }
}
