//! What the dry runs of `apply` and `migrate` share: the simulator in memory, and the telling.

use std::process::ExitCode;

use super::apply::{obey, refuse};
use super::event_log::Lines;
use super::exit::Code;
use super::migrate_progress::Teller;
use super::plan::Planned;
use super::progress::{Progress, Show};
use super::project::Project;
use super::run::Options;
use super::session::runtime;
use super::{Failure, Outcome, migrate, ui};
use crate::apply::dry_run::{dry_run, world};
use crate::apply::record_of;
use crate::migrate::action;
pub use crate::migrate::dry_run::Course;
use crate::migrate::dry_run::dry_run as dry_walk;
use crate::provider::Provider as _;
use crate::render::dry_run::{text, walk_text};
use crate::render::json;
use crate::render::plan::Frame;
use crate::render::style::{FAINT, Painted};
use crate::snapshot::Snapshot;

/// Carries a plan out on a simulator in memory that stands as `snapshot` says.
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
    let (owner, stage) = (project.owner(), project.spec.stage.name());
    let document = |run| {
        let mut told = json::plan::document(plan, &frame, &owner, stage, project.provider());
        told.policy = Some(json::findings::policy(report));
        ui::print_json(&json::dry_run::document(plan, told, snapshot, run));
    };
    let refused = !refusals.is_empty() || report.denied().next().is_some();
    if options.json && refused {
        document(None);
    }
    refuse(refusals)?;
    match options.json {
        true if refused => {
            return Err(Failure::Told(if refusals.is_empty() {
                Code::Denied
            } else {
                Code::Error
            }));
        }
        true => {}
        false => obey(report, false, None)?,
    }
    if !options.json && !plan.is_empty() {
        let what = "Dry run on a simulator with this state:";
        ui::print(&format!("\n{}\n", Painted(FAINT, what)));
    }
    let run = runtime(true)?.block_on(async {
        let sim = world(snapshot, &[graph]);
        let mut progress = Progress::new(options.show(), sim.clock());
        progress.begin(plan);
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
            progress.end();
        }
        run
    });
    match options.json {
        true => document(Some(&run)),
        false if plan.is_empty() => {}
        false => ui::print(&text(plan, &run)),
    }
    if run.report.is_complete() {
        Ok(ExitCode::SUCCESS)
    } else {
        Err(Failure::Told(Code::of_run(&run.report)))
    }
}

/// A migration to be walked, and how it is told.
pub struct Way<'a> {
    /// The steps.
    pub course: Course<'a>,
    /// Its document, where JSON is asked for.
    pub document: Option<json::migration::Document<'a>>,
    /// Tell every operation.
    pub verbose: bool,
}

/// Walks a migration on a simulator in memory that stands as `snapshot` says.
pub fn migrate(project: &Project, snapshot: &Snapshot, way: Way<'_>) -> Outcome {
    let migration = way.course.migration;
    let is_told = way.document.is_none();
    if is_told {
        let what = "Dry run on a simulator with this state:";
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
                let show = Show {
                    json: false,
                    verbose: way.verbose,
                    workers: way.course.workers,
                };
                Teller::without_rows(migration, show, &mut lines, clock).tell(event);
            }
        },
    ));
    let why = walked
        .halt
        .as_ref()
        .map(|(_, halt)| match migrate::told(halt) {
            Failure::Message { what, .. } => what,
            Failure::Diagnostics(_) | Failure::Told(_) => String::new(),
        });
    let steps = &migration.steps;
    match way.document {
        Some(told) => ui::print_json(&json::migration_dry_run::document(
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
        Some(_) => Err(Failure::Told(
            walked
                .halt
                .as_ref()
                .map_or(Code::Error, |(_, halt)| Code::of_halt(halt)),
        )),
    }
}
