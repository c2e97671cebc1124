//! Rehearsals: a migration's own scripts, unchanged, on throwaway servers under load.
//!
//! Owns the servers (real ones, on loopback, in a temporary folder), a small web application and the
//! load on it, the walk through the steps, and the comparison of what was acknowledged with what is
//! there in the end. The scripts are [`crate::migrate::action`]'s; what leads requests is `traffic`'s. The law:
//! every acknowledged write is recorded by the side that got the acknowledgement, and none may be missing
//! or doubled.

mod app;
mod balance;
mod cache;
mod chaos;
pub mod cuts;
mod dns;
mod laboratory;
mod load;
mod own;
mod prerequisites;
mod process;
mod proxy;
mod reads;
mod report;
mod server;
mod steps;
mod testbed;
mod traffic;
mod verify;
mod versions;
mod walk;

pub use balance::{
    AlgorithmReport, BalanceOptions, BalanceReport, BalancedServer, rehearse_balance,
};
pub use cache::{CacheOptions, CacheReport, StrategyReport, rehearse_cache};
pub use own::{Different, Files, OwnReport, OwnTable, rehearse_own};
pub use reads::{ReadsModeReport, ReadsOptions, ReadsReport, rehearse_reads};
pub use report::{LoadReport, Report, StepReport};
pub use steps::{Gate, Step};
pub use verify::{Comparison, Row, compare};

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

use crate::blueprint::Library;
use crate::migrate::Migration;
use crate::spec::Dialect;

/// What is rehearsed, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// The database's engine.
    pub engine: Dialect,
    /// The version of it that the spec asks for.
    pub version: String,
    /// Rows that are there before it begins.
    pub rows: u32,
    /// Writes a second, and as many reads.
    pub rate: u32,
    /// Decides what is written, and what is killed when.
    pub seed: u64,
    /// Whether scripts and servers are killed on the way.
    pub chaos: bool,
    /// Whether the temporary folder stays.
    pub keep: bool,
}

/// What the person is told while it runs.
#[derive(Clone, Debug)]
pub enum Event<'a> {
    /// Something begins.
    Begins(&'a str),
    /// A step is over.
    Step(&'a StepReport),
    /// Something was killed.
    Killed(&'a str),
    /// Something that the rehearsal does not show.
    Note(&'a str),
    /// Where the temporary folder is.
    Kept(&'a std::path::Path),
}

/// Why a rehearsal could not be held; a migration that fails is a report, not an error.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Error {
    /// What is wrong.
    pub what: String,
    /// What mends it.
    pub help: Option<String>,
}

impl Error {
    fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            help: None,
        }
    }

    fn with_help(what: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            help: Some(help.into()),
        }
    }

    fn io(what: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::new(format!("{} cannot be {what}: {error}", path.display()))
    }
}

/// A request to end early, as from an interrupt.
#[derive(Debug, Default)]
pub struct Stop(AtomicBool);

impl Stop {
    /// Asks to end.
    pub fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether that was asked.
    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn check(&self) -> Result<(), Error> {
        if self.is_asked() {
            Err(Error::new(
                "the rehearsal was stopped; nothing of it is left",
            ))
        } else {
            Ok(())
        }
    }
}

/// How long the load runs before the first step and after the last one.
const QUIET: Duration = Duration::from_secs(1);

/// Holds a rehearsal.
///
/// # Errors
/// When something is not installed or does not start, or it was stopped.
pub fn rehearse(
    migration: &Migration,
    options: &Options,
    library: &Library,
    stop: &Stop,
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<Report, Error> {
    let parts = parts(migration);
    let in_all = parts.iter().map(Part::len).sum();
    if in_all == 0 {
        return Err(Error::with_help(
            format!(
                "from {} to {} neither rows nor requests move, so there is nothing that could be lost",
                migration.from.name(),
                migration.to.name()
            ),
            "`scalectl migrate --plan` shows what it would do",
        ));
    }
    let needs = prerequisites::Programs::find(options.engine, &options.version)?;
    let server = needs.server.clone();
    let mut notes: Vec<String> = needs.instead.iter().cloned().collect();
    for note in &notes {
        tell(Event::Note(note));
    }
    tell(Event::Begins("Starting servers"));
    let down = migration.to < migration.from;
    let mut scene = testbed::Testbed::set(options, down, library, needs, stop)?;
    if let Some(note) = scene.unencrypted() {
        tell(Event::Note(&note));
        notes.push(note);
    }
    if options.keep {
        tell(Event::Kept(scene.folder()));
    }
    stop.check()?;
    let mut site = traffic::Site::of(&mut scene, options.seed);
    let first = traffic::Front::of(&migration.start);
    site.raise(&first, &scene, stop)?;
    site.stand(&first)?;
    let load = load::Load::start(site.names(), options.rate, options.seed);
    load.run_for(QUIET, stop)?;
    let mut chance = ChaCha8Rng::seed_from_u64(options.seed);
    let mut walked = Vec::new();
    for part in &parts {
        walked.extend(match part {
            Part::Rows(steps) => {
                walk::Walk::new(options, library, &mut scene, &load, stop).all(steps, tell)?
            }
            Part::Requests(steps, fronts) => {
                let walk = traffic::Walk {
                    options,
                    scene: &mut scene,
                    site: &mut site,
                    load: &load,
                    stop,
                    fronts: fronts.clone(),
                    chance: &mut chance,
                };
                walk.all(steps, tell)?
            }
        });
        if walked.iter().any(|step| step.error.is_some()) {
            break;
        }
    }
    load.run_for(QUIET, stop)?;
    let recorded = load.end();
    tell(Event::Begins(
        "Comparing every acknowledged write with the database",
    ));
    let comparison = compare(&recorded.acknowledged, &scene.rows()?);
    let balanced = scene.books_balance()?;
    let replica = match &site.replica {
        Some(replica) => Some(scene.replica_is_equal(replica, stop)?),
        None => None,
    };
    let found = report::Found {
        server,
        notes,
        steps_in_all: in_all,
        walked,
        comparison,
        balanced,
        replica,
        own: None,
    };
    Ok(report::report(
        (migration.from, migration.to),
        options,
        &recorded,
        found,
    ))
}

/// Takes steps one after the other, up to the first that fails; that one is the last in the report.
fn walked<S>(
    steps: &[S],
    name: impl Fn(&S) -> &str,
    tell: &mut dyn FnMut(Event<'_>),
    mut take: impl FnMut(&S, &mut dyn FnMut(Event<'_>)) -> Result<StepReport, Error>,
) -> Result<Vec<StepReport>, Error> {
    let mut reports = Vec::new();
    for step in steps {
        tell(Event::Begins(name(step)));
        let report = take(step, tell)?;
        tell(Event::Step(&report));
        let failed = report.error.is_some();
        reports.push(report);
        if failed {
            break;
        }
    }
    Ok(reports)
}

/// What of a hop is rehearsed.
enum Part {
    /// Rows that move.
    Rows(Vec<Step>),
    /// Requests that are led from one front to another.
    Requests(Vec<traffic::Step>, (traffic::Front, traffic::Front)),
}

impl Part {
    fn len(&self) -> usize {
        match self {
            Self::Rows(steps) => steps.len(),
            Self::Requests(steps, _) => steps.len(),
        }
    }
}

/// Every hop's part, in order.
fn parts(migration: &Migration) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut front = traffic::Front::of(&migration.start);
    for hop in migration.steps.chunk_by(|a, b| a.hop == b.hop) {
        let rows = steps::of(hop);
        let next = match hop.last() {
            Some(end) => traffic::Front::of(&end.graph),
            None => front.clone(),
        };
        let requests = traffic::of(hop, &front, &next);
        let fronts = (std::mem::replace(&mut front, next.clone()), next);
        parts.push(if rows.is_empty() {
            Part::Requests(requests, fronts)
        } else {
            Part::Rows(rows)
        });
    }
    parts
}

/// A folder of its own below the system's temporary one, removed at the end.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
    keep: bool,
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What a script left behind in a session of its own, to end or take back a switch.
        process::end_all_with("SITE_RUN", &self.path.join("run"));
        if !self.keep {
            // What cannot be removed is the system's temporary folder's business.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}
