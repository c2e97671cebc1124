//! `scalectl rehearse`: a migration's own scripts on throwaway servers under load.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::exit::Code;
use super::migrate::lay_out;
use super::project::Project;
use super::{Failure, Global, Outcome, stage, ui};
use crate::blueprint::Library;
use crate::migrate::Migration;
use crate::rehearse::{
    BalanceOptions, CacheOptions, Event, Files, Options, ReadsOptions, Stop, rehearse,
    rehearse_balance, rehearse_cache, rehearse_own, rehearse_reads,
};
use crate::render::style::{CHANGED, FAINT, NOTICE, Painted};
use crate::render::{laboratory, rehearsal};
use crate::spec::{Engine, Stage};

/// Requests per strategy or mode, unless `--requests` says otherwise.
const REQUESTS: u32 = 20_000;
/// The same per algorithm of a load balancer, where requests take their time.
const BALANCED: u32 = 800;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  scalectl rehearse --to split-db                  the effect of the migration on requests and data\n  scalectl rehearse --to split-db --chaos --seed 7 kill scripts and servers during the migration\n  scalectl rehearse --to split-db --schema schema.sql                  your own tables, with generated rows\n  scalectl rehearse --to split-db --schema schema.sql --data rows.sql  your own tables and rows\n  scalectl rehearse --to split-db --engine mysql --rows 1000000 --rate 50\n  scalectl rehearse --cache                        hit rate, latency and data loss of each cache strategy\n  scalectl rehearse --reads                        stale reads from lagging replicas, with and without read-after-write\n  scalectl rehearse --balance                      load-balancing algorithms with a slow and a failed server\n\nOnly 127.0.0.1 and a temporary folder are used. The exit code is 1 if data or requests were lost."
)]
pub struct Arguments {
    /// The target stage.
    #[arg(long, value_parser = stage, value_name = "STAGE", required_unless_present_any = ["cache", "reads", "balance"])]
    to: Option<Stage>,
    /// Test each cache strategy on a real cache and database instead of a migration
    #[arg(long, conflicts_with_all = ["to", "from", "engine", "schema", "chaos"])]
    cache: bool,
    /// Test reads from lagging replicas on a real database instead of a migration
    #[arg(long, conflicts_with_all = ["to", "from", "schema", "chaos", "cache"])]
    reads: bool,
    /// Test load-balancing algorithms on a real HAProxy instead of a migration
    #[arg(long, conflicts_with_all = ["to", "from", "engine", "schema", "rows", "rate", "chaos", "cache", "reads"])]
    balance: bool,
    /// With --cache, --reads or --balance: requests per strategy, mode or algorithm [default: 20000; 800 with --balance]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(500..=1_000_000))]
    requests: Option<u32>,
    /// Start from this stage instead of the spec's.
    #[arg(long, value_parser = stage, value_name = "STAGE")]
    from: Option<Stage>,
    /// Use this database engine instead of the spec's.
    #[arg(long, value_name = "ENGINE")]
    engine: Option<EngineName>,
    /// Use the schema in this SQL file, as written by pg_dump or mysqldump
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,
    /// Load the rows of this SQL file instead of generating rows for --schema
    #[arg(long, value_name = "FILE", requires = "schema")]
    data: Option<PathBuf>,
    /// Number of rows at the start; with --schema, distributed over its tables.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    rows: u32,
    /// Writes per second, and as many reads.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=5000))]
    rate: u32,
    /// Seed for the written data and the injected faults.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Kill scripts and servers during the migration, and resume it.
    #[arg(long)]
    chaos: bool,
    /// Keep the temporary folder with the logs of all servers.
    #[arg(long)]
    keep: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// The engines.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum EngineName {
    /// PostgreSQL.
    Postgres,
    /// MySQL; MariaDB in its place.
    Mysql,
    /// MariaDB.
    Mariadb,
}

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    let project = Project::load(global, None)?;
    if arguments.cache {
        return caches(&project, arguments);
    }
    if arguments.reads {
        return reads(&project, arguments);
    }
    if arguments.balance {
        return balance(&project, arguments);
    }
    let engine = match engine(&project, arguments) {
        Some(engine) => engine,
        None => {
            return Err(Failure::with_help(
                "the spec has no database, so no data would be moved",
                "choose an engine, for example `--engine postgres`",
            ));
        }
    };
    let row = engine.row();
    let dialect = row.dialect.ok_or_else(|| {
        Failure::with_help(
            format!(
                "scalectl cannot migrate {}, so there is nothing to rehearse",
                row.title
            ),
            "choose an engine, for example `--engine postgres`",
        )
    })?;
    let migration = migration(global, arguments)?;
    let options = Options {
        engine: dialect,
        version: version(&project, engine),
        rows: arguments.rows,
        rate: arguments.rate,
        seed: arguments.seed,
        chaos: arguments.chaos,
        keep: arguments.keep,
    };
    let stop = Arc::new(Stop::default());
    watch(Arc::clone(&stop))?;
    let json = arguments.json;
    let mut tell = |event: Event<'_>| told(event, json);
    let library = &project.library;
    let report = match &arguments.schema {
        None => rehearse(&migration, &options, library, &stop, &mut tell)?,
        Some(schema) => {
            let files = Files {
                schema: schema.clone(),
                data: arguments.data.clone(),
            };
            rehearse_own(&migration, &files, &options, library, &stop, &mut tell)?
        }
    };
    if json {
        ui::print_json(&serde_json::to_value(&report).unwrap_or_default())
    } else {
        ui::print(&rehearsal::report(&report))
    }
    Ok(if report.ok {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Shows what happens while it runs.
fn told(event: Event<'_>, json: bool) {
    match event {
        Event::Step(step) if !json => ui::note(&rehearsal::step(step)),
        Event::Killed(what) if !json => ui::note(&format!("      {}\n", Painted(CHANGED, what))),
        Event::Begins(what) if !json => {
            ui::note(&format!("  {}\n", Painted(FAINT, format!("{what}..."))));
        }
        Event::Note(what) => ui::note(&format!("{} {what}\n", Painted(NOTICE, "note:"))),
        Event::Kept(folder) => ui::note(&format!(
            "{} all files are kept in {}\n",
            Painted(NOTICE, "note:"),
            folder.display()
        )),
        _ => {}
    }
}

/// A laboratory: what it is told, and whom it tells.
type Laboratory<Options, Report> = fn(
    &Options,
    &Library,
    &Stop,
    &mut dyn FnMut(Event<'_>),
) -> Result<Report, crate::rehearse::Error>;

/// Runs a laboratory, prints its report and ends with its verdict.
fn measure<Options, Report: Serialize>(
    project: &Project,
    arguments: &Arguments,
    options: &Options,
    run: Laboratory<Options, Report>,
    text: fn(&Report) -> String,
    is_ok: fn(&Report) -> bool,
) -> Outcome {
    let stop = Arc::new(Stop::default());
    watch(Arc::clone(&stop))?;
    let json = arguments.json;
    let report = run(options, &project.library, &stop, &mut |event| {
        told(event, json);
    })?;
    if json {
        ui::print_json(&report)
    } else {
        ui::print(&text(&report))
    }
    Ok(if is_ok(&report) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Runs each strategy of a cache.
fn caches(project: &Project, arguments: &Arguments) -> Outcome {
    let options = CacheOptions {
        version: version(project, Engine::Postgres),
        requests: arguments.requests.unwrap_or(REQUESTS),
        seed: arguments.seed,
        keep: arguments.keep,
    };
    let text = laboratory::caches;
    measure(project, arguments, &options, rehearse_cache, text, |one| {
        one.ok
    })
}

/// Reads from replicas in each mode.
fn reads(project: &Project, arguments: &Arguments) -> Outcome {
    let engine = engine(project, arguments).unwrap_or(Engine::Postgres);
    let dialect = engine.row().dialect.ok_or_else(|| {
        Failure::with_help(
            format!("{} cannot be rehearsed here", engine.row().title),
            "choose an engine, for example `--engine postgres`",
        )
    })?;
    let options = ReadsOptions {
        engine: dialect,
        version: version(project, engine),
        requests: arguments.requests.unwrap_or(REQUESTS),
        seed: arguments.seed,
        keep: arguments.keep,
    };
    let text = laboratory::reads;
    measure(project, arguments, &options, rehearse_reads, text, |one| {
        one.ok
    })
}

/// Requests to servers of unequal speed, with each algorithm.
fn balance(project: &Project, arguments: &Arguments) -> Outcome {
    let options = BalanceOptions {
        requests: arguments.requests.unwrap_or(BALANCED),
        seed: arguments.seed,
        keep: arguments.keep,
    };
    let text = laboratory::balance;
    measure(
        project,
        arguments,
        &options,
        rehearse_balance,
        text,
        |one| one.ok,
    )
}

/// The engine that is rehearsed: the one that was asked for, or the spec's.
fn engine(project: &Project, arguments: &Arguments) -> Option<Engine> {
    let own = project.spec.database.as_ref();
    match arguments.engine {
        Some(EngineName::Postgres) => Some(Engine::Postgres),
        Some(EngineName::Mysql) => Some(Engine::Mysql),
        Some(EngineName::Mariadb) => Some(Engine::Mariadb),
        None => own.map(|database| database.engine),
    }
}

/// The version of an engine in the spec, or the one that a spec has by default.
fn version(project: &Project, engine: Engine) -> String {
    let database = project.spec.database.as_ref();
    let own = database.filter(|database| database.engine == engine);
    own.and_then(|database| database.version.clone())
        .unwrap_or_else(|| engine.newest().to_owned())
}

/// The migration that `migrate` would walk.
fn migration(global: &Global, arguments: &Arguments) -> Result<Migration, Failure> {
    let project = Project::load(global, arguments.from)?;
    let to = arguments.to.unwrap_or(project.spec.stage);
    lay_out(global, &project, project.spec.stage, to)
}

/// Turns an interrupt into a request to end; a second one ends at once.
fn watch(stop: Arc<Stop>) -> Result<(), Failure> {
    let runtime = super::session::runtime(false)?;
    std::thread::spawn(move || {
        runtime.block_on(async {
            super::session::interrupted().await;
            ui::note("Stopping the servers and removing the temporary folder.\n");
            stop.ask();
            super::session::interrupted().await;
            Code::Interrupted.exit();
        });
    });
    Ok(())
}

impl From<crate::rehearse::Error> for Failure {
    fn from(error: crate::rehearse::Error) -> Self {
        Self::Message {
            what: error.what,
            help: error.help,
            code: Code::Error,
        }
    }
}
