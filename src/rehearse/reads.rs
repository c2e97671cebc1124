//! The laboratory of read replicas: sessions that write and read on a real primary with two replicas, one of which stops
//! following, in each mode of `read_after_write`. Its law: without any care sessions have to read data older than they
//! wrote, and with it none may, while replicas still serve reads; or nothing was measured.

use rand::RngExt as _;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::laboratory;
use super::prerequisites::Programs;
use super::server::{Login, Server};
use super::{Error, Event, Stop};
use crate::blueprint::Library;
use crate::spec::Dialect;

/// The application's program, below `templates/`.
const PROGRAM: &str = "rehearse/reads.py";

/// The modes, in the order of the report.
const MODES: [&str; 2] = [CARELESS, "session"];
const CARELESS: &str = "none";

/// How many replicas follow the primary; the last one lags.
const REPLICAS: u32 = 2;

const DATABASE: &str = "notes";

/// What is rehearsed, and how.
#[derive(Clone, Debug)]
pub struct ReadsOptions {
    /// The database's engine.
    pub engine: Dialect,
    /// The version of it that the spec asks for.
    pub version: String,
    /// Requests for each mode, at least.
    pub requests: u32,
    /// Decides who writes when.
    pub seed: u64,
    /// Whether the temporary folder stays.
    pub keep: bool,
}

/// What sessions read in a mode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ReadsMode")]
pub struct ReadsModeReport {
    /// Its name, as `read_after_write` has it.
    pub mode: String,
    /// Reads that were answered.
    pub reads: u64,
    /// Writes that were acknowledged.
    pub writes: u64,
    /// Reads of data older than the same session had written.
    pub stale_reads: u64,
    /// The part of the reads that replicas answered.
    pub replica_ratio: f64,
    /// Milliseconds from when a replica stopped following until the reader name left it out.
    pub left_out_ms: u64,
    /// Reads that it answered meanwhile.
    pub reads_until_left_out: u64,
    /// Reads that it answered after the answers' TTL, before it followed again.
    pub reads_after_left_out: u64,
}

/// What the laboratory found.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "ReadsRehearsal")]
pub struct ReadsReport {
    /// Which document this is: `reads-rehearsal`.
    #[schemars(extend("const" = "reads-rehearsal"))]
    pub document: &'static str,
    /// The version of its form; it counts up when a reader could break.
    #[schemars(extend("const" = 1))]
    pub format: u32,
    /// The database's product and version.
    pub database: String,
    /// How many replicas followed the primary.
    pub replicas: u32,
    /// Requests for each mode, at least.
    pub requests: u32,
    /// The seed.
    pub seed: u64,
    /// Each mode.
    pub modes: Vec<ReadsModeReport>,
    /// Whether no session read older data than it wrote where that was promised, and no replica was read from after it
    /// was left out.
    pub ok: bool,
}

/// Runs every mode.
///
/// # Errors
/// When something is not installed or does not start, it was stopped, or nothing was measured.
pub fn rehearse_reads(
    options: &ReadsOptions,
    library: &Library,
    stop: &Stop,
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<ReadsReport, Error> {
    let programs = Programs::find(options.engine, &options.version)?;
    let folder = laboratory::begin(programs.instead.as_deref(), options.keep, tell)?;
    let mut chance = ChaCha8Rng::seed_from_u64(options.seed);
    let password = format!("{:016x}", chance.random::<u64>());
    // Stopping a replica takes the rights of those who own the server.
    let user = match options.engine {
        Dialect::Postgres => "site",
        Dialect::Mysql => "root",
    };
    let login = Login {
        user: user.to_owned(),
        password,
        administers: false,
        managed: false,
    };
    let path = folder.path.join("primary");
    let engine = options.engine;
    let owner = Login {
        user: "site".to_owned(),
        ..login.clone()
    };
    let primary = Server::create(engine, &programs, &path, 1, owner, DATABASE, stop)?;
    let mut servers = Vec::new();
    for number in 1..=REPLICAS {
        let path = folder.path.join(format!("replica-{number}"));
        let replica = Server::replica_of(&primary, &programs, &path, 1 + number, &login, stop)?;
        servers.push(replica);
    }
    let ports = [&primary].into_iter().chain(&servers);
    let ports: Vec<String> = ports.map(|server| server.port.to_string()).collect();
    let program = laboratory::program(library, PROGRAM, &folder.path)?;
    let mut modes = Vec::new();
    for mode in MODES {
        let one = laboratory::Mode {
            name: mode,
            python: &programs.python,
            program: &program,
            requests: options.requests,
            seed: options.seed,
        };
        modes.push(one.run(&folder.path, stop, tell, |command| {
            command
                .env("MODE", mode)
                .env("ENGINE", engine.word())
                .env("DATABASE_PORTS", ports.join(","))
                .env("DATABASE_NAME", DATABASE)
                .env("DATABASE_USER", &login.user)
                .env("DATABASE_PASSWORD", &login.password)
                .env("DATABASE_TLS", if primary.tls { "true" } else { "false" });
        })?);
    }
    measured(&modes)?;
    Ok(ReadsReport {
        document: "reads-rehearsal",
        format: 1,
        database: programs.server.clone(),
        replicas: REPLICAS,
        requests: options.requests,
        seed: options.seed,
        ok: modes.iter().all(is_right),
        modes,
    })
}

/// Whether a mode keeps what it promises.
fn is_right(one: &ReadsModeReport) -> bool {
    (one.mode == CARELESS || one.stale_reads == 0) && one.reads_after_left_out == 0
}

/// Sessions without care have read older data than they wrote, and those with care have read from replicas.
fn measured(modes: &[ReadsModeReport]) -> Result<(), Error> {
    let nothing = |why: &str| {
        Err(Error::with_help(
            format!("the laboratory measured nothing: {why}"),
            "give it more `--requests`, or another `--seed`",
        ))
    };
    let stale = |one: &ReadsModeReport| one.mode == CARELESS && one.stale_reads > 0;
    if !modes.iter().any(stale) {
        return nothing("without read-after-write no session read older data than it wrote");
    }
    match modes.iter().find(|one| one.replica_ratio <= 0.0) {
        Some(one) => nothing(&format!("with {} no replica was read from", one.mode)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(mode: &str, stale_reads: u64, replica_ratio: f64) -> ReadsModeReport {
        ReadsModeReport {
            mode: mode.to_owned(),
            reads: 100,
            writes: 20,
            stale_reads,
            replica_ratio,
            left_out_ms: 1,
            reads_until_left_out: 2,
            reads_after_left_out: 0,
        }
    }

    #[test]
    fn a_laboratory_without_stale_reads_measures_nothing() {
        let modes = |stale, part| [found(CARELESS, stale, 1.0), found("session", 0, part)];
        assert!(measured(&modes(1, 0.5)).is_ok());
        let error = measured(&modes(0, 0.5)).unwrap_err();
        assert!(error.what.starts_with("the laboratory measured nothing"));
        assert!(measured(&modes(1, 0.0)).is_err());
        assert!(measured(&[]).is_err());
    }

    #[test]
    fn a_stale_read_is_wrong_where_none_was_promised() {
        assert!(is_right(&found(CARELESS, 1, 1.0)));
        assert!(is_right(&found("session", 0, 1.0)));
        assert!(!is_right(&found("session", 1, 1.0)));
        let after = ReadsModeReport {
            reads_after_left_out: 1,
            ..found(CARELESS, 1, 1.0)
        };
        assert!(!is_right(&after));
    }
}
