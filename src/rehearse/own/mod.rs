//! Rehearsals of the user's own schema: the same scripts and servers, with the user's tables in them.
//!
//! Owns the files, the load that writes to any table, and the comparison of everything that was acknowledged.
//! While it is compared, the load is held: before the first step, after each comparison of the scripts, and at
//! the end.

mod file;
mod load;
mod names;
mod report;
mod source;

pub use report::{Different, OwnReport, OwnTable};

use std::path::PathBuf;

use serde_json::{Value, json};

use self::file::SqlFile;
use self::load::Load;
use super::load::Pulse as _;
use super::report::StepReport;
use super::steps::{Gate, Step};
use super::testbed::Testbed;
use super::walk::Walk;
use super::{Comparison, Error, Event, Options, Part, QUIET, Report, Stop, parts, prerequisites};
use crate::blueprint::Library;
use crate::migrate::Migration;

/// The user's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// The schema.
    pub schema: PathBuf,
    /// The rows, if they are not generated.
    pub data: Option<PathBuf>,
}

/// Holds a rehearsal of the user's own schema.
///
/// # Errors
/// When a file cannot be loaded, something is not installed or does not start, or it was stopped.
pub fn rehearse_own(
    migration: &Migration,
    files: &Files,
    options: &Options,
    library: &Library,
    stop: &Stop,
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<Report, Error> {
    let schema = SqlFile::read(&files.schema, options.engine)?;
    let data = files.data.as_ref();
    let data = data.map(|path| SqlFile::read(path, options.engine));
    let data = data.transpose()?;
    let steps = rows(migration)?;
    let programs = prerequisites::Programs::find(options.engine, &options.version)?;
    let server = programs.server.clone();
    let all: Vec<&SqlFile> = [Some(&schema), data.as_ref()]
        .into_iter()
        .flatten()
        .collect();
    let mut notes: Vec<String> = programs.instead.iter().cloned().collect();
    notes.extend(assumed(&all, migration));
    for note in &notes {
        tell(Event::Note(note));
    }
    tell(Event::Begins("Starting servers and loading the schema"));
    let fill = |server: &super::server::Server| {
        source::prepare(server, options, &all)?;
        for file in &all {
            source::load(server, options, file, server.folder())?;
        }
        source::finish(server, options)
    };
    let down = migration.to < migration.from;
    let mut scene = Testbed::filled(options, down, library, programs, &fill, stop)?;
    if let Some(note) = scene.unencrypted() {
        tell(Event::Note(&note));
        notes.push(note);
    }
    if options.keep {
        tell(Event::Kept(scene.folder()));
    }
    let mut load = Load::start(&scene, options, library, stop)?;
    let filled = fill_tables(&mut load, options, files, tell, stop)?;
    load.order(&json!({"do": "begin"}), stop)?;
    load.run_for(QUIET, stop)?;
    let mut different = check(&mut load, &scene, Compared::First, stop)?;
    load.resume(stop)?;
    let mut walked = Vec::new();
    for (number, part) in slices(&steps).iter().enumerate() {
        let options = Options {
            seed: options.seed.wrapping_add(number as u64),
            ..options.clone()
        };
        walked.extend(Walk::new(&options, library, &mut scene, &load, stop).all(part, tell)?);
        if walked.iter().any(|step| step.error.is_some()) {
            break;
        }
        if part.last().is_some_and(|step| step.gate == Gate::Equal) {
            different.extend(check(&mut load, &scene, Compared::Both, stop)?);
            load.resume(stop)?;
        }
    }
    load.run_for(QUIET, stop)?;
    tell(Event::Begins(
        "Comparing every row and object with what was there and what was acknowledged",
    ));
    different.extend(check(&mut load, &scene, Compared::Last, stop)?);
    let recorded = load.taken();
    let found = load.order(&json!({"do": "end"}), stop)?;
    let own = found_in(found, files, filled, different, &walked)?;
    let found = super::report::Found {
        server,
        notes,
        steps_in_all: steps.len(),
        walked,
        comparison: Comparison {
            acknowledged: recorded.acknowledged.len() as u64,
            lost: own.lost + own.changed,
            doubled: own.doubled,
            unacknowledged: 0,
            examples: own.examples.clone(),
        },
        balanced: true,
        replica: None,
        own: Some(own),
    };
    let stages = (migration.from, migration.to);
    Ok(super::report::report(stages, options, &recorded, found))
}

/// The steps that move rows.
fn rows(migration: &Migration) -> Result<Vec<Step>, Error> {
    let steps: Vec<Step> = parts(migration)
        .into_iter()
        .flat_map(|part| match part {
            Part::Rows(steps) => steps,
            Part::Requests(..) => Vec::new(),
        })
        .collect();
    if !steps.is_empty() {
        Ok(steps)
    } else {
        Err(Error::with_help(
            format!(
                "from {} to {} no rows move, so a schema makes no difference",
                migration.from.name(),
                migration.to.name()
            ),
            "rehearse `--to split-db` with `--schema`, or leave `--schema` out",
        ))
    }
}

/// What was assumed about the files, and what is not rehearsed with them.
fn assumed(files: &[&SqlFile], migration: &Migration) -> Vec<String> {
    let mut notes = Vec::new();
    for file in files {
        let shown = file.path.display();
        if let Some(owner) = &file.owner {
            notes.push(format!(
                "everything in {shown} is owned by {owner}; the rehearsal's login owns it instead"
            ));
        }
        if !file.roles.is_empty() {
            let names: Vec<&str> = file.roles.iter().map(String::as_str).collect();
            notes.push(format!(
                "{shown} names roles that it does not create; the rehearsal created them first: {}",
                names.join(", ")
            ));
        }
    }
    let requests = |part: &Part| matches!(part, Part::Requests(steps, _) if !steps.is_empty());
    if parts(migration).iter().any(requests) {
        notes.push(
            "only the move of rows was rehearsed; without `--schema` the routing of requests is too"
                .to_owned(),
        );
    }
    notes
}

/// Steps up to and with each comparison of the scripts.
fn slices(steps: &[Step]) -> Vec<Vec<Step>> {
    steps
        .split_inclusive(|step| step.gate == Gate::Equal)
        .map(<[Step]>::to_vec)
        .collect()
}

/// Generates rows, or counts those that are there; `(table, why rows were refused)`.
fn fill_tables(
    load: &mut Load,
    options: &Options,
    files: &Files,
    tell: &mut dyn FnMut(Event<'_>),
    stop: &Stop,
) -> Result<Vec<(String, Option<String>)>, Error> {
    let order = match files.data {
        Some(_) => json!({"do": "tables"}),
        None => {
            tell(Event::Begins("Generating rows"));
            json!({"do": "fill", "rows": options.rows})
        }
    };
    let answer = load.order(&order, stop)?;
    let tables = answer["tables"].as_array().cloned().unwrap_or_default();
    if tables.is_empty() {
        return Err(Error::with_help(
            format!("{} creates no tables", files.schema.display()),
            "name a file with CREATE TABLE statements, as `pg_dump --schema-only` or `mysqldump --no-data` writes it",
        ));
    }
    let words = |value: &Value| value.as_str().map(str::to_owned);
    let refused = tables.iter().map(|table| {
        let name = words(&table["name"]).unwrap_or_default();
        let why = words(&table["why"]).filter(|_| table["rows"] == 0);
        (name, why)
    });
    Ok(refused.collect())
}

/// When rows are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compared {
    /// Before anything moves, to find out what the database changes by itself.
    First,
    /// Between both sides too.
    Both,
    /// In the end, on the side that is used.
    Last,
}

/// Holds the load and compares.
fn check(
    load: &mut Load,
    scene: &Testbed,
    compared: Compared,
    stop: &Stop,
) -> Result<Vec<Different>, Error> {
    load.hold(stop)?;
    let writer = scene.writer()?;
    let follower = (compared == Compared::Both).then_some(1 - writer);
    let order = json!({"do": "check", "writer": writer, "follower": follower, "first": compared == Compared::First});
    let answer = load.order(&order, stop)?;
    read(answer["different"].clone())
}

/// The report, from what the program found.
fn found_in(
    found: Value,
    files: &Files,
    filled: Vec<(String, Option<String>)>,
    different: Vec<Different>,
    walked: &[StepReport],
) -> Result<OwnReport, Error> {
    let mut own: OwnReport = read(found)?;
    own.schema = files.schema.display().to_string();
    own.data = files.data.as_ref().map(|path| path.display().to_string());
    own.different = different;
    for (name, why) in filled {
        if let Some(table) = own.tables.iter_mut().find(|table| table.name == name) {
            table.refused = why;
        }
    }
    own.refusals = refusals(walked);
    Ok(own)
}

/// What preflight refused.
fn refusals(walked: &[StepReport]) -> Vec<String> {
    let refused = walked.iter().find(|step| step.action == "preflight");
    let text = refused.and_then(|step| step.error.as_deref());
    let lines = text.unwrap_or_default().lines();
    lines
        .map(|line| line.strip_prefix("error: ").unwrap_or(line).to_owned())
        .collect()
}

fn read<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, Error> {
    serde_json::from_value(value)
        .map_err(|error| Error::new(format!("the load's answer is not understood: {error}")))
}
