//! `scalectl migrate`: from the stage that is live to another, step by step.
//!
//! Here is what is asked for, shown, refused and tried out; `prepare` lays the way out, `walk` goes it.

mod prepare;
mod walk;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgGroup, Args};

use self::prepare::judged;
pub use self::prepare::{
    Prepared, forecasts, lay_out, live_stage, may_begin, named, prepare, told,
};
pub use self::walk::says_yes;
use self::walk::{Course, course, go, numbers};
use super::event_log::open_into;
use super::plan::{Scope, heading, tell_calls};
use super::project::Project;
use super::run::with_lease;
use super::saved::{check, check_owner, load, save};
use super::session::Session;
use super::wait_indicator::observed;
use super::{Failure, Global, Outcome, dry_run, observe, report, stage, ui};
use crate::apply::Context;
use crate::inventory::{Live, Record, Standing};
use crate::migrate::Migration;
use crate::migrate::saved::SavedMigration;
use crate::plan::diff;
use crate::render::json;
use crate::render::migration::text;
use crate::render::style::{NEW, NOTICE, Painted};
use crate::render::view::{Format, MigrationView};
use crate::spec::Stage;

#[derive(Args)]
#[command(
    group(ArgGroup::new("unasked").multiple(true)),
    after_help = "Examples:\n  scalectl migrate --to split-db --plan    show every step with its gates and costs\n  scalectl migrate --to split-db           run it, confirming each step\n  scalectl migrate --step                  run one step and stop; --resume continues\n  scalectl migrate --auto --auto-approve   run all steps; stop at a gate that fails\n  scalectl migrate --rollback              roll back to the old stage, before the point of no return\n  scalectl migrate --dry-run --live live.json   run it on a simulator, without an account\n\nThe status of a migration is stored in the cloud, so any machine can resume it."
)]
pub struct Arguments {
    /// A migration saved by `--plan --out`; rejected if the plan would now differ.
    #[arg(value_name = "FILE", conflicts_with = "to")]
    saved: Option<PathBuf>,
    /// The target stage [default: the spec's]; the spec is updated at the end.
    #[arg(long, value_parser = stage, value_name = "STAGE")]
    to: Option<Stage>,
    /// Show the steps and exit.
    #[arg(long, group = "unasked", conflicts_with_all = ["step", "auto", "resume", "rollback", "status"])]
    plan: bool,
    /// Run one step, then stop.
    #[arg(long, conflicts_with = "auto")]
    step: bool,
    /// Run all steps without confirming each; a failing gate stops the migration.
    #[arg(long)]
    auto: bool,
    /// Resume the migration in progress.
    #[arg(long, conflicts_with_all = ["rollback", "status"])]
    resume: bool,
    /// Roll back the migration in progress to the last completed stage.
    #[arg(long, conflicts_with = "status")]
    rollback: bool,
    /// Show the status of the migration.
    #[arg(long, group = "unasked")]
    status: bool,
    /// Run the migration on an in-memory simulator with the cloud's current state; change nothing.
    #[arg(long, group = "unasked", conflicts_with_all = ["plan", "status", "step", "speed"])]
    dry_run: bool,
    /// With --dry-run: from this snapshot instead of the cloud; see `scalectl snapshot`.
    #[arg(long, value_name = "FILE", requires = "dry_run")]
    live: Option<PathBuf>,
    /// Save the plan, for `scalectl migrate FILE`.
    #[arg(long, value_name = "FILE", requires = "plan")]
    out: Option<PathBuf>,
    /// Also write the plan as an HTML report; see https://scalectl.github.io/scalectl/report.html.
    #[arg(long, value_name = "FILE", requires = "plan")]
    html: Option<PathBuf>,
    /// Print the plan as Markdown.
    #[arg(long, requires = "plan", conflicts_with_all = ["mermaid", "json"])]
    markdown: bool,
    /// Print the plan as a Mermaid Gantt chart.
    #[arg(long, requires = "plan", conflicts_with = "json")]
    mermaid: bool,
    /// Print JSON: the plan or status as one object, events as one object per line.
    #[arg(long, requires = "unasked")]
    json: bool,
    /// Also write events to this file or pipe, one JSON object per line, as they happen.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["plan", "status"])]
    json_into: Option<PathBuf>,
    /// Write the result of each gate to a JUnit XML file, after every step.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["plan", "status"])]
    junit: Option<PathBuf>,
    /// Skip the confirmation.
    #[arg(long, group = "unasked")]
    auto_approve: bool,
    /// Maximum number of concurrent operations.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..))]
    parallelism: u16,
    /// Run the simulator's clock this many times as fast as real time instead of skipping ahead.
    #[arg(long, value_name = "FACTOR", value_parser = super::apply::speed)]
    speed: Option<f64>,
}

impl Arguments {
    /// Whether it changes something besides what it prints.
    pub fn changes(&self) -> bool {
        !self.plan && !self.status && !self.dry_run
    }

    fn format(&self) -> Format {
        Format::asked(self.json, self.markdown, self.mermaid)
    }
}

/// Where calls go, on a line above what is shown.
pub fn above(place: Option<&str>) -> String {
    place.map(|place| format!("{place}\n")).unwrap_or_default()
}

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    let saved = arguments.saved.as_deref();
    let saved = saved.map(|path| load(path, "migrate")).transpose()?;
    let to = arguments.to.or(saved.as_ref().map(|saved| saved.to));
    let project = Project::load(global, to)?;
    if let Some(saved) = &saved {
        check_owner(saved, &project)?;
    }
    if arguments.dry_run {
        return try_out(global, &project, arguments, saved.as_ref());
    }
    let command = if arguments.plan || arguments.status {
        "migrate --plan"
    } else {
        "migrate"
    };
    let into = open_into(arguments.json_into.as_deref())?;
    let looks = arguments.plan || arguments.status;
    let session = Session::open_to_look(&project, command, looks)?.at_speed(arguments.speed);
    let holder = session.holder.clone();
    session.run(async |cloud, context| {
        let outcome = if looks {
            let live = look(context, &project).await?;
            show(global, &project, arguments, &live, cloud.place().await?)
        } else {
            with_lease(context, &holder, project.patience, async || {
                go(
                    global,
                    &project,
                    arguments,
                    saved.as_ref(),
                    context,
                    cloud.place().await?,
                    into.as_ref(),
                )
                .await
            })
            .await
        };
        tell_calls(global, cloud);
        outcome
    })
}

async fn look(context: &Context<'_>, project: &Project) -> Result<Live, Failure> {
    let graph = project.graph()?;
    let live = observed(context, Some(&graph)).await?;
    refuse_while_deploying(live.record.as_ref())?;
    Ok(live)
}

/// From where to where: what is under way, or what the spec asks for.
fn ends(project: &Project, record: Option<&Record>) -> Result<(Stage, Stage), Failure> {
    let standing = record.and_then(|record| record.migration.as_ref());
    if let Some(standing) = standing {
        if standing.failover.is_some() {
            refuse_while_under_way(record)?;
        }
        return match (named(&standing.from), named(&standing.to)) {
            (Some(from), Some(to)) => Ok((from, to)),
            _ => Err(Failure::new(format!(
                "the migration in progress is from {} to {}, stages that this version of scalectl does not have",
                standing.from, standing.to
            ))),
        };
    }
    let from = live_stage(record)?.ok_or_else(|| {
        Failure::with_help(
            format!("{} is not deployed", project.spec.app),
            "there is nothing to migrate yet; `scalectl apply` creates the spec's stage",
        )
    })?;
    Ok((from, project.spec.stage))
}

/// `--plan` and `--status`.
fn show(
    global: &Global,
    project: &Project,
    arguments: &Arguments,
    live: &Live,
    place: Option<String>,
) -> Outcome {
    let record = live.record.as_ref();
    let standing = record.and_then(|record| record.migration.as_ref());
    if arguments.status && standing.is_none() {
        let stage = live_stage(record)?;
        if arguments.json {
            ui::print_json(&json::settled::document(live))
        } else {
            ui::print(&format!(
                "No migration is in progress; {} is {}.\n",
                project.spec.app,
                stage.map_or("not deployed".to_owned(), |stage| format!(
                    "at stage {}",
                    stage.name()
                ))
            ))
        }
        return Ok(ExitCode::SUCCESS);
    }
    let (from, to) = ends(project, record)?;
    check_target(arguments, standing)?;
    if from == to {
        let here = format!("{} is at stage {}", project.spec.app, to.name());
        if arguments.out.is_some() {
            let what = format!("{here}; there is no migration to save");
            return Err(Failure::new(what));
        }
        if arguments.json {
            ui::print_json(&json::settled::document(live))
        } else {
            ui::print(&format!("{}\n", Painted(NEW, format!("{here}."))))
        }
        return Ok(ExitCode::SUCCESS);
    }
    let workers = Some(usize::from(arguments.parallelism));
    let prepared = prepare(global, project, from, to, workers)?;
    let frame = prepared.frame(standing);
    if let Some(standing) = standing
        && !prepared.migration.is_of(standing)
    {
        ui::note(&changed(standing));
    }
    let begins = may_begin(&prepared, live, from);
    if let (Some(path), Ok(())) = (&arguments.out, &begins) {
        save(path, project, &prepared.migration)?;
    }
    let report = judged(project, &prepared, live)?;
    let (format, owner) = (arguments.format(), project.owner());
    let view = MigrationView {
        heading: above(place.as_deref()),
        frame: &frame,
        owner: &owner,
        provider: project.provider(),
        policy: Some(&report),
    };
    let html = arguments.html.as_deref();
    report::show(&view, format, html, project, place.as_deref())?;
    if format == Format::Text
        && let Some(standing) = standing
    {
        ui::print(&stands(standing, &prepared.migration));
    }
    begins?;
    Ok(ExitCode::SUCCESS)
}

/// What is said where the spec leads through something else than the migration that is under way.
fn changed(standing: &Standing) -> String {
    format!(
        "warning: the spec or the blueprints changed since the migration from {} to {} started; it is at step {} ({})\n",
        standing.from,
        standing.to,
        standing.step + 1,
        standing.name
    )
}

/// Fails when another stage is named than the one that the migration under way leads to.
fn check_target(arguments: &Arguments, standing: Option<&Standing>) -> Result<(), Failure> {
    match (arguments.to, standing) {
        (Some(to), Some(standing)) if to.name() != &*standing.to => Err(Failure::with_help(
            format!(
                "the migration in progress is to {}, not to {}",
                standing.to,
                to.name()
            ),
            "first finish it with `--resume`, or roll it back with `--rollback`",
        )),
        _ => Ok(()),
    }
}

/// Where a migration stands, in words.
fn stands(standing: &Standing, migration: &Migration) -> String {
    let gone = migration
        .steps
        .get(standing.step)
        .is_some_and(|step| step.point_of_no_return);
    let what = match (standing.back, standing.done, gone) {
        (true, _, _) => "is being rolled back; `scalectl migrate --rollback` continues",
        (false, true, true) => {
            "is done, and its stage is complete; `scalectl migrate --resume` continues, `--rollback` ends the migration at this stage"
        }
        (false, false, true) => {
            "was interrupted; `scalectl migrate --resume` repeats it and continues; it cannot be rolled back"
        }
        (false, true, false) => {
            "is done; `scalectl migrate --resume` continues, `--rollback` rolls back"
        }
        (false, false, false) => {
            "was interrupted; `scalectl migrate --resume` repeats it and continues, `--rollback` rolls back"
        }
    };
    format!(
        "\n{} step {} ({}) {what}.\n",
        Painted(NOTICE, "Status:"),
        standing.step + 1,
        standing.name
    )
}

/// Why a command that changes something else has to wait.
pub fn refuse_while_under_way(record: Option<&Record>) -> Result<(), Failure> {
    refuse_while_deploying(record)?;
    match record.and_then(|record| record.migration.as_ref()) {
        None => Ok(()),
        Some(standing) => Err(Failure::with_help(
            format!("{}; nothing was changed", standing.in_words()),
            match standing.failover {
                Some(_) => {
                    "resume it with `scalectl failover --resume`; `scalectl failover --status` shows details"
                }
                None => {
                    "resume it with `scalectl migrate --resume`, or roll it back with `scalectl migrate --rollback`; `scalectl apply --during-migration` applies anyway"
                }
            },
        )),
    }
}

/// Fails while a deployment is under way: which servers have which version is for it to say.
pub fn refuse_while_deploying(record: Option<&Record>) -> Result<(), Failure> {
    let Some(deployment) = record.and_then(|record| record.deployment.as_ref()) else {
        return Ok(());
    };
    Err(Failure::with_help(
        format!("{}; nothing was changed", deployment.in_words()),
        "resume it with `scalectl deploy`, or go back with `scalectl rollback`",
    ))
}

/// The live stage, when what the spec asks for is a migration away from it.
pub fn begins_at(project: &Project, scope: &Scope, live: &Live) -> Result<Option<Stage>, Failure> {
    let from = live_stage(live.record.as_ref())?;
    let is_away = |from: &Stage| *from != project.spec.stage && !live.resources.is_empty();
    Ok(from.filter(|from| !scope.direct && is_away(from)))
}

/// Fails when a stage is not simply applied over another.
pub fn refuse_another_stage(project: &Project, scope: &Scope, live: &Live) -> Result<(), Failure> {
    let to = project.spec.stage.name();
    match begins_at(project, scope, live)? {
        None => Ok(()),
        Some(from) => Err(Failure::with_help(
            format!(
                "{} is at stage {}, and moving to {to} is a migration; nothing was changed",
                project.spec.app,
                from.name(),
            ),
            format!(
                "`scalectl migrate --to {to}` runs it step by step without losing data; `--direct` changes the stage in a single apply, without gates, for applications without users"
            ),
        )),
    }
}

/// The walk on a simulator in memory: no lease, no journal, and the spec stays as it is.
fn try_out(
    global: &Global,
    project: &Project,
    arguments: &Arguments,
    saved: Option<&SavedMigration>,
) -> Outcome {
    let graph = project.graph()?;
    let file = arguments.live.as_deref();
    let seen = observe::seen(global, project, &graph, "migrate --dry-run", file)?;
    let live = seen.snapshot.live();
    let record = live.record.as_ref();
    let standing = record.and_then(|record| record.migration.as_ref());
    let course = course(arguments, standing)?;
    check_target(arguments, standing)?;
    let (from, to) = ends(project, record)?;
    let workers = Some(usize::from(arguments.parallelism));
    let prepared = prepare(global, project, from, to, workers)?;
    may_go(project, &prepared, saved, &live, from)?;
    let numbers = numbers(&prepared.migration, standing, course);
    let frame = prepared.frame(standing);
    if !arguments.json {
        ui::print(&heading(project, &live, seen.place.as_deref()));
        ui::print(&text(&frame, ui::prose()));
    }
    let owner = project.owner();
    let document = || json::migration::document(&frame, &owner, project.provider());
    let way = dry_run::Way {
        course: dry_run::Course {
            migration: &prepared.migration,
            numbers: &numbers,
            back: course == Course::Back,
            workers,
        },
        document: arguments.json.then(document),
        verbose: global.verbose,
    };
    dry_run::migrate(project, &seen.snapshot, way)
}

/// Where what should exist by now differs from what does, apart from the resources of the step that was interrupted.
fn changed_since(migration: &Migration, standing: &Standing, live: &Live) -> String {
    const SHOWN: usize = 3;
    let graph_after = |steps: usize| match steps.checked_sub(1) {
        Some(last) => migration.steps.get(last).map(|step| &step.graph),
        None => Some(&migration.start),
    };
    let (Some(before), Some(at)) = (graph_after(standing.step), graph_after(standing.step + 1))
    else {
        return "it now has fewer steps".to_owned();
    };
    let reached = if standing.done { at } else { before };
    let changes = diff(reached, live, None).changes.into_iter();
    let differing: Vec<String> = changes
        .filter(|change| before.get(&change.address) == at.get(&change.address))
        .map(|change| {
            let paths: Vec<&str> = (change.properties.iter())
                .map(|property| &*property.path)
                .take(SHOWN)
                .collect();
            if paths.is_empty() {
                change.address.to_string()
            } else {
                format!("{} ({})", change.address, paths.join(", "))
            }
        })
        .collect();
    match differing.len().saturating_sub(SHOWN) {
        _ if differing.is_empty() => "a later step or its scripts differ".to_owned(),
        0 => format!("{} differs", differing.join(", ")),
        more => format!("{} and {more} more differ", differing[..SHOWN].join(", ")),
    }
}

/// Fails when the migration is not the one that was saved or is under way, may cost more than is
/// allowed, or does not begin at what is live.
fn may_go(
    project: &Project,
    prepared: &Prepared,
    saved: Option<&SavedMigration>,
    live: &Live,
    from: Stage,
) -> Result<(), Failure> {
    let migration = &prepared.migration;
    check(saved, project, migration)?;
    let record = live.record.as_ref();
    let standing = record.and_then(|record| record.migration.as_ref());
    if let Some(standing) = standing
        && !migration.is_of(standing)
    {
        return Err(Failure::with_help(
            format!(
                "the spec or the blueprints were edited since this migration started, and its steps differ now; it is at step {} ({}): {}; nothing was changed",
                standing.step + 1,
                standing.name,
                changed_since(migration, standing, live)
            ),
            "undo the edits, finish or roll back the migration, and edit them then",
        ));
    }
    may_begin(prepared, live, from)
}
