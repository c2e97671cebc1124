//! What the dry runs of `apply` and `migrate` share: the embedded cloud in memory, and the telling.

use std::process::ExitCode;

use serde::Serialize;

use super::apply::{obey, refuse};
use super::lines::Lines;
use super::plan::Planned;
use super::progress::Progress;
use super::project::Project;
use super::run::Options;
use super::session::runtime;
use super::walk_teller::Teller;
use super::{Failure, Outcome, migrate, ui};
use crate::apply::dry_run::{dry_run, world};
use crate::apply::record_of;
use crate::migrate::action;
pub use crate::migrate::dry_run::Course;
use crate::migrate::dry_run::dry_run as dry_walk;
use crate::provider::Provider as _;
use crate::render::dry_run::{document, text, walk_document, walk_text};
use crate::render::plan::Frame;
use crate::render::style::{FAINT, Painted};
use crate::render::{findings, json};
use crate::snapshot::Snapshot;

/// Carries a plan out on an embedded cloud in memory that stands as `snapshot` says.
pub fn apply(
    project: &Project,
    snapshot: &Snapshot,
    planned: &Planned,
    options: &Options,
) -> Outcome {
    let Planned {
        graph,
        plan,
        refusals,
        report,
        ..
    } = planned;
    let frame = Frame {
        refusals,
        workers: options.workers,
        ..Frame::default()
    };
    let told = match options.json {
        true => {
            let (owner, stage) = (project.owner(), project.spec.stage.name());
            let mut told = json::plan::document(plan, &frame, &owner, stage, project.provider());
            told.policy = Some(findings::document(report));
            Some(as_json(&told)?)
        }
        false => None,
    };
    let refused = !refusals.is_empty() || report.denied().next().is_some();
    if let (Some(told), true) = (&told, refused) {
        ui::print_json(&document(plan, told.clone(), snapshot, None));
    }
    refuse(refusals)?;
    match &told {
        Some(_) if refused => return Err(Failure::Told),
        Some(_) => {}
        None => obey(report, false, None)?,
    }
    if told.is_none() && !plan.is_empty() {
        let what = "Carried out on an embedded cloud that stands as this one was found:";
        ui::print(&format!("\n{}\n", Painted(FAINT, what)));
    }
    let run = runtime(true)?.block_on(async {
        let sim = world(snapshot, &[graph]);
        let mut progress = Progress::new(plan, options, sim.clock());
        let record = record_of(snapshot.record.as_ref(), graph, None);
        let run = dry_run(
            &sim,
            snapshot,
            plan,
            &record,
            options.workers,
            &mut |event| {
                if !options.json {
                    progress.event(event);
                }
            },
        )
        .await;
        if !plan.is_empty() {
            progress.finish();
        }
        run
    });
    match told {
        Some(told) => ui::print_json(&document(plan, told, snapshot, Some(&run))),
        None if plan.is_empty() => {}
        None => ui::print(&text(plan, &run)),
    }
    match run.report.is_complete() {
        true => Ok(ExitCode::SUCCESS),
        false => Err(Failure::Told),
    }
}

/// A migration to be walked, and how it is told.
pub struct Way<'a> {
    /// The steps.
    pub course: Course<'a>,
    /// Its document, where JSON is asked for.
    pub document: Option<serde_json::Value>,
    /// Tell every operation.
    pub verbose: bool,
}

/// Walks a migration on an embedded cloud in memory that stands as `snapshot` says.
pub fn migrate(project: &Project, snapshot: &Snapshot, way: Way<'_>) -> Outcome {
    let migration = way.course.migration;
    let is_told = way.document.is_none();
    if is_told {
        let what = "Walked on an embedded cloud that stands as this one was found:";
        ui::print(&format!("\n{}\n", Painted(FAINT, what)));
    }
    let texts = |engine: &str, name: &str| action::script(&project.library, engine, name);
    let mut lines = Lines::nowhere();
    let walked = runtime(true)?.block_on(dry_walk(
        snapshot,
        &way.course,
        &texts,
        &mut |event, clock| {
            if is_told {
                let mut teller = Teller {
                    migration,
                    json: false,
                    verbose: way.verbose,
                    lines: &mut lines,
                    began: clock.now(),
                    clock,
                };
                teller.tell(event);
            }
        },
    ));
    let why = walked
        .halt
        .as_ref()
        .map(|(_, halt)| match migrate::told(halt) {
            Failure::Message { what, .. } => what,
            Failure::Diagnostics(_) | Failure::Told => String::new(),
        });
    let steps = &migration.steps;
    match way.document {
        Some(told) => ui::print_json(&walk_document(
            steps,
            told,
            snapshot,
            &walked,
            why.as_deref(),
        )),
        None => {
            let back = way.course.back;
            ui::print(&walk_text(steps, &walked, why.as_deref(), back));
        }
    }
    match why {
        None => Ok(ExitCode::SUCCESS),
        Some(_) => Err(Failure::Told),
    }
}

/// A document as a part of another one.
pub fn as_json(document: &impl Serialize) -> Result<serde_json::Value, Failure> {
    serde_json::to_value(document).map_err(|error| Failure::new(error.to_string()))
}
