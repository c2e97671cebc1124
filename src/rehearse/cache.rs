//! The laboratory of caches: each strategy of an example application on a real cache and a real database under the same
//! skewed load, while the cache's node is killed. Its law: a strategy that is known to lose writes has to lose some, or
//! nothing was measured.

use rand::RngExt as _;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::laboratory;
use super::prerequisites::{self, Programs};
use super::server::{Login, Server};
use super::{Error, Event, Stop};
use crate::blueprint::Library;
use crate::spec::Dialect;

/// The application's program, below `templates/`.
const PROGRAM: &str = "rehearse/cache.py";

/// The strategies, in the order of the report; the last one loses writes.
const STRATEGIES: [&str; 6] = [
    "none",
    "cache-aside",
    "read-through",
    "write-through",
    "write-back",
    UNSAFE,
];
const UNSAFE: &str = "write-back-without-queue";

/// Keys that are read and written.
const KEYS: u32 = 2000;

const DATABASE: &str = "shop";

/// What is rehearsed, and how.
#[derive(Clone, Debug)]
pub struct CacheOptions {
    /// The version of PostgreSQL that the spec asks for.
    pub version: String,
    /// Requests for each strategy.
    pub requests: u32,
    /// Decides keys and writes.
    pub seed: u64,
    /// Whether the temporary folder stays.
    pub keep: bool,
}

/// What a strategy did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StrategyReport {
    /// Its name; `none` is without a cache.
    pub strategy: String,
    /// The part of the reads that the cache answered; null without a cache.
    pub hit_ratio: Option<f64>,
    /// Microseconds within which half of all requests were answered.
    pub p50_us: u64,
    /// Microseconds within which 99 of 100 were.
    pub p99_us: u64,
    /// Statements that the database was sent.
    pub queries: u64,
    /// Reads that were older than a write that had been acknowledged before them.
    pub stale_reads: u64,
    /// Writes that were acknowledged.
    pub acknowledged: u64,
    /// Those of them that the database does not have in the end.
    pub lost: u64,
    /// Writes that the database has twice.
    pub doubled: u64,
    /// Writes that were not acknowledged.
    pub failed: u64,
}

/// What the laboratory found.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "CacheRehearsal")]
pub struct CacheReport {
    /// Which document this is: `cache-rehearsal`.
    #[schemars(extend("const" = "cache-rehearsal"))]
    pub document: &'static str,
    /// The version of its form; it counts up when a reader could break.
    #[schemars(extend("const" = 1))]
    pub format: u32,
    /// The database's product and version.
    pub database: String,
    /// The cache's product and version.
    pub cache: String,
    /// Requests for each strategy.
    pub requests: u32,
    /// Keys that were read and written.
    pub keys: u32,
    /// The seed.
    pub seed: u64,
    /// Each strategy.
    pub strategies: Vec<StrategyReport>,
    /// Whether every strategy but the one that is to lose writes lost and doubled none.
    pub ok: bool,
}

/// Runs every strategy.
///
/// # Errors
/// When something is not installed or does not start, it was stopped, or nothing was measured.
pub fn rehearse_cache(
    options: &CacheOptions,
    library: &Library,
    stop: &Stop,
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<CacheReport, Error> {
    let programs = Programs::find(Dialect::Postgres, &options.version)?;
    let cache = prerequisites::cache()?;
    let folder = laboratory::begin(programs.instead.as_deref(), options.keep, tell)?;
    let mut chance = ChaCha8Rng::seed_from_u64(options.seed);
    let login = Login {
        user: "site".to_owned(),
        password: format!("{:016x}", chance.random::<u64>()),
        administers: false,
        managed: false,
    };
    let path = folder.path.join("database");
    let server = Server::create(
        Dialect::Postgres,
        &programs,
        &path,
        1,
        login,
        DATABASE,
        stop,
    )?;
    let program = laboratory::program(library, PROGRAM, &folder.path)?;
    let mut strategies = Vec::new();
    for strategy in STRATEGIES {
        let mode = laboratory::Mode {
            name: strategy,
            python: &programs.python,
            program: &program,
            requests: options.requests,
            seed: options.seed,
        };
        strategies.push(mode.run(&folder.path, stop, tell, |command| {
            command
                .env("STRATEGY", strategy)
                .env("CACHE_SERVER", &cache.program)
                .env("KEYS", KEYS.to_string())
                .env("DATABASE_PORT", server.port.to_string())
                .env("DATABASE_NAME", DATABASE)
                .env("DATABASE_USER", &server.login.user)
                .env("DATABASE_PASSWORD", &server.login.password)
                .env("DATABASE_TLS", if server.tls { "true" } else { "false" });
        })?);
    }
    measured(&strategies)?;
    let is_safe = |one: &StrategyReport| {
        one.strategy == UNSAFE || (one.lost, one.doubled, one.failed) == (0, 0, 0)
    };
    Ok(CacheReport {
        document: "cache-rehearsal",
        format: 1,
        database: programs.server.clone(),
        cache: cache.server,
        requests: options.requests,
        keys: KEYS,
        seed: options.seed,
        ok: strategies.iter().all(is_safe),
        strategies,
    })
}

/// The strategy that is known to lose writes has lost some.
fn measured(strategies: &[StrategyReport]) -> Result<(), Error> {
    let lost = strategies
        .iter()
        .find(|one| one.strategy == UNSAFE)
        .map_or(0, |one| one.lost);
    match lost {
        0 => Err(Error::with_help(
            "the laboratory measured nothing: write-back without a queue lost no write when its node was killed",
            "give it more `--requests`, or another `--seed`",
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(lost: u64) -> StrategyReport {
        StrategyReport {
            strategy: UNSAFE.to_owned(),
            hit_ratio: Some(0.9),
            p50_us: 1,
            p99_us: 2,
            queries: 3,
            stale_reads: 0,
            acknowledged: 10,
            lost,
            doubled: 0,
            failed: 0,
        }
    }

    #[test]
    fn a_laboratory_that_loses_nothing_measures_nothing() {
        assert!(measured(&[found(1)]).is_ok());
        let error = measured(&[found(0)]).unwrap_err();
        assert!(error.what.starts_with("the laboratory measured nothing"));
        assert!(measured(&[]).is_err());
    }
}
