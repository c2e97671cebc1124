//! `scalectl apply`: the plan, the question, the run.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{ArgGroup, Args};

use super::deploy::versions;
use super::event_log::{self, open_into};
use super::exit::Code;
use super::plan::{Planned, Scope, against, heading, planned, tell_calls};
use super::project::{Project, read};
use super::run::{Options, run as carry_out, with_lease};
use super::session::Session;
use super::{Failure, Global, Outcome, dry_run, migrate, observe, saved, ui};
use crate::apply::journal::Entry;
use crate::apply::{self, Context, record_of, write_record};
use crate::deploy;
use crate::inventory::{Live, Record};
use crate::plan::existing::{ZONE, is_public};
use crate::plan::saved::{FORMAT, SavedPlan};
use crate::plan::{Action, Plan, guard};
use crate::policy::Report;
use crate::render::json::findings::policy;
use crate::render::plan::{Detail, Frame, changes, text};
use crate::render::style::{FAINT, Painted};
use crate::render::{findings, folded};
use crate::words::first;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  scalectl apply                     show the plan, ask for confirmation, apply it\n  scalectl apply --auto-approve      skip the confirmation\n  scalectl apply next.plan           apply a saved plan, if it is still current\n  scalectl apply --json-into run.jsonl   show progress, and write events for a program\n  scalectl apply --dry-run --live live.json   dry run on the simulator, without an account\n  scalectl apply --speed 60          one simulated minute per second\n\nTo resume an interrupted or killed run, run apply again."
)]
pub struct Arguments {
    /// A plan saved by `scalectl plan --out`.
    #[arg(value_name = "PLAN", conflicts_with_all = ["stage", "target"])]
    plan: Option<PathBuf>,
    #[command(flatten)]
    scope: Scope,
    /// Apply although a migration is in progress.
    #[arg(long)]
    during_migration: bool,
    /// Run the plan on an in-memory simulator with the cloud's current state; change nothing.
    #[arg(long, group = "unasked", conflicts_with = "speed")]
    pub dry_run: bool,
    /// With --dry-run: start from this snapshot instead of the cloud; see `scalectl snapshot`.
    #[arg(long, value_name = "FILE", requires = "dry_run")]
    live: Option<PathBuf>,
    #[command(flatten)]
    how: How,
}

/// How a run goes.
#[derive(Args, Clone)]
#[command(group(ArgGroup::new("unasked").multiple(true)))]
pub struct How {
    /// Skip the confirmation.
    #[arg(long, group = "unasked")]
    pub auto_approve: bool,
    /// Print one JSON object per line.
    #[arg(long, requires = "unasked")]
    pub json: bool,
    /// Also write events to this file or pipe, one JSON object per line, as they happen.
    #[arg(long, value_name = "FILE")]
    pub json_into: Option<PathBuf>,
    /// Run the simulator's clock this many times as fast as real time instead of skipping ahead.
    #[arg(long, value_name = "FACTOR", value_parser = speed)]
    pub speed: Option<f64>,
}

pub fn speed(text: &str) -> Result<f64, String> {
    let speed: f64 = text
        .parse()
        .map_err(|_| format!("{text:?} is not a number"))?;
    if (0.001..=1e6).contains(&speed) {
        Ok(speed)
    } else {
        Err("a number from 0.001 to a million".to_owned())
    }
}

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    let saved = match arguments.plan.as_deref() {
        Some(path) => Some((path, load(path)?)),
        None => None,
    };
    // A saved plan leads to the stage that it was made for.
    let stage = match &saved {
        Some((_, saved)) => Some(super::stage(&saved.stage).map_err(Failure::new)?),
        None => arguments.scope.stage,
    };
    let project = Project::load(global, stage)?;
    if let Some((path, saved)) = &saved {
        check_owner(path, saved, &project)?;
    }
    let mut options = Options {
        command: "apply",
        from: Record::default(),
        workers: arguments.scope.workers(),
        json: arguments.how.json,
        into: open_into(arguments.how.json_into.as_deref())?,
        verbose: global.verbose,
    };
    if arguments.dry_run {
        return try_out(global, arguments, &project, saved, &options);
    }
    let session = Session::open(&project, "apply")?.at_speed(arguments.how.speed);
    let holder = session.holder.clone();
    session.run(async |cloud, context| {
        let outcome = with_lease(context, &holder, project.patience, async || {
            let scope = scope_of(arguments, saved.as_ref().map(|(_, saved)| saved));
            let planned = planned(context, &project, &scope).await?;
            under_way(arguments, &planned.live)?;
            match &saved {
                Some((path, saved)) => {
                    is_same(path, saved, &super::plan::saved(&project, &planned, &scope))?
                }
                None => migrate::refuse_another_stage(&project, &scope, &planned.live)?,
            }
            show(
                &project,
                &planned,
                &options,
                cloud.place().await?.as_deref(),
            );
            refuse(&planned.refusals)?;
            obey(&planned.report, options.json, options.into.as_ref())?;
            let versions = deploy::changed(&planned.plan, &planned.graph, &planned.live);
            if !options.json {
                ui::note(&versions::without_release(&project, &versions));
            }
            let whole = scope.target.is_empty();
            let stage = whole.then(|| project.spec.stage.name());
            let record = record_of(planned.live.record.as_ref(), &planned.graph, stage);
            let (graph, plan, live) = (planned.graph, planned.plan, planned.live);
            options.from = live.record.clone().unwrap_or_default();
            // What is made whole at a stage is on no way any more.
            let migration = record.migration.clone().filter(|_| !whole);
            let record = Record {
                migration,
                ..record
            };
            if plan.is_empty() {
                let into = options.into.as_ref();
                event_log::nothing(&project, plan.unchanged, "apply", into, options.json);
                return settled(context, &live, record).await;
            }
            if saved.is_none() {
                ask(context, &project, &plan, &arguments.how).await?;
            }
            let report = carry_out(context, &project, &plan, record, &options).await?;
            if !report.is_complete() {
                return Err(Failure::Told(Code::of_run(&report)));
            }
            if cloud.has_servers() {
                versions::awaited(context, &project, &graph, &versions, options.json).await?;
            }
            if !options.json {
                say_where(live, &plan, report);
            }
            Ok(ExitCode::SUCCESS)
        })
        .await;
        tell_calls(global, cloud);
        outcome
    })
}

/// The same with everything on a simulator in memory: no lease, no journal, nothing written.
fn try_out(
    global: &Global,
    arguments: &Arguments,
    project: &Project,
    saved: Option<(&Path, SavedPlan)>,
    options: &Options,
) -> Outcome {
    let graph = project.graph()?;
    let file = arguments.live.as_deref();
    let seen = observe::seen(global, project, &graph, "apply --dry-run", file)?;
    let snapshot = seen.snapshot;
    let live = snapshot.live();
    under_way(arguments, &live)?;
    let scope = scope_of(arguments, saved.as_ref().map(|(_, saved)| saved));
    if saved.is_none() {
        migrate::refuse_another_stage(project, &scope, &live)?;
    }
    let planned = against(project, &scope, graph, live)?;
    if let Some((path, saved)) = &saved {
        is_same(path, saved, &super::plan::saved(project, &planned, &scope))?;
    }
    show(project, &planned, options, seen.place.as_deref());
    dry_run::apply(project, &snapshot, &planned, options)
}

/// Fails while a migration is under way, unless told otherwise.
fn under_way(arguments: &Arguments, live: &Live) -> Result<(), Failure> {
    if arguments.during_migration {
        migrate::refuse_while_deploying(live.record.as_ref())
    } else {
        migrate::refuse_while_under_way(live.record.as_ref())
    }
}

fn show(project: &Project, planned: &Planned, options: &Options, place: Option<&str>) {
    if options.json {
        return;
    }
    let (not_yet, notes) = (project.spec.not_yet(), project.spec.notes());
    let frame = Frame {
        not_yet: &not_yet,
        notes: &notes,
        refusals: &planned.refusals,
        workers: options.workers,
        destroy: false,
        policy: None,
    };
    let told = if options.verbose {
        text(&planned.plan, &frame, Detail::Full)
    } else {
        folded::text(&planned.plan, &frame, ui::columns())
    };
    ui::print(&(heading(project, &planned.live, place) + &told));
    if !options.verbose
        && planned
            .plan
            .changes
            .iter()
            .any(|one| one.action == Action::Create)
    {
        ui::print(&format!("{}\n", Painted(FAINT, UNFOLD)));
    }
}

/// Nothing to do still means that the stage is reached.
async fn settled(context: &Context<'_>, live: &Live, record: Record) -> Outcome {
    if live.record.as_ref() != Some(&record) {
        write_record(context, &record).await?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Fails when the guard rails refuse something.
pub fn refuse(refusals: &[guard::Refusal]) -> Result<(), Failure> {
    let told = |refusals: &[&guard::Refusal]| -> String {
        let told = refusals
            .iter()
            .map(|refusal| format!("{} ({})", refusal.address, refusal.why));
        told.collect::<Vec<String>>().join(", ")
    };
    let never: Vec<&guard::Refusal> = refusals.iter().filter(|one| one.way.is_some()).collect();
    if !never.is_empty() {
        let ways: Vec<&str> = never.iter().filter_map(|one| one.way.as_deref()).collect();
        return Err(Failure::with_help(
            format!(
                "AWS would reject this: {}; nothing was changed",
                told(&never)
            ),
            ways.join("\n"),
        ));
    }
    if refusals.is_empty() {
        return Ok(());
    }
    let allow: Vec<String> = refusals
        .iter()
        .map(|refusal| format!("--allow {}", refusal.address))
        .collect();
    Err(Failure::with_help(
        format!(
            "this would put data or the site at risk: {}; nothing was changed",
            told(&refusals.iter().collect::<Vec<_>>())
        ),
        format!(
            "to go ahead, make sure that the data is safe and pass: {}",
            allow.join(" ")
        ),
    ))
}

/// Tells what the policies say, and fails when they deny something.
pub fn obey(report: &Report, json: bool, into: Option<&File>) -> Result<(), Failure> {
    if !report.findings.is_empty() {
        // Plain data, with strings as keys.
        let policy = serde_json::json!(policy(report));
        event_log::tell(into, json, &Entry::Policy { policy });
    }
    if !json {
        ui::print(&findings::text(report));
    }
    let denied: Vec<String> = report
        .denied()
        .map(|finding| match &finding.address {
            Some(address) => format!("{} ({address})", finding.rule),
            None => finding.rule.to_string(),
        })
        .collect();
    if denied.is_empty() {
        return Ok(());
    }
    Err(Failure::with_help(
        format!(
            "denied by policies: {}; nothing was changed",
            first(&denied)
        ),
        "fix the findings, or add exceptions with a reason and a date to policies/exceptions.yaml; check with `scalectl policy check`",
    )
    .coded(Code::Denied))
}

/// How to see what is folded.
const UNFOLD: &str =
    "New resources are summarized; -v shows every property, as `scalectl plan` does.";

/// Asks once, or twice when more goes than stays.
pub async fn ask(
    context: &Context<'_>,
    project: &Project,
    plan: &Plan,
    how: &How,
) -> Result<(), Failure> {
    if how.auto_approve {
        return Ok(());
    }
    ui::needs_terminal(
        "add --auto-approve, or save a plan with `scalectl plan --out FILE` and apply that",
    )?;
    let no = || not_confirmed(context, "not confirmed; nothing was changed");
    loop {
        let question = "\nApply these changes? Only `yes` is accepted; `d` shows every property:";
        match ui::answer_unless(context.stop, question).await.as_deref() {
            Some("yes") => break,
            Some("d") => ui::print(&changes(plan, &Frame::default(), Detail::Full)),
            _ => return Err(no()),
        }
    }
    if guard::deletes_more_than_it_keeps(plan) {
        let counts = plan.counts();
        let question = format!(
            "This deletes {} and keeps {}. To confirm, type the application's name, {}:",
            counts.delete,
            counts.unchanged + counts.update + counts.replace,
            project.spec.app
        );
        if !ui::confirm_unless(context.stop, &question, &project.spec.app).await {
            return Err(no());
        }
    }
    Ok(())
}

/// The failure of an answer that is no yes, or of an interrupt in place of one.
pub fn not_confirmed(context: &Context<'_>, what: &str) -> Failure {
    Failure::new(what).coded(Code::Error.unless_interrupted(context.stop))
}

/// What to do about a saved plan that cannot be used.
const AGAIN: &str = "create a new one with `scalectl plan --out FILE`";

fn load(path: &Path) -> Result<SavedPlan, Failure> {
    let shown = path.display();
    let text = read(path, AGAIN)?;
    if let Some(other) = saved::parse(&text) {
        let command = saved::command_of(&other);
        return Err(Failure::with_help(
            format!("{shown} is for `{command}`, not for `apply`"),
            format!("`scalectl {command} {shown}` runs it, step by step"),
        ));
    }
    let saved: SavedPlan = serde_json::from_str(&text).map_err(|error| {
        Failure::with_help(format!("{shown} is not a saved plan: {error}"), AGAIN)
    })?;
    if saved.format != FORMAT {
        let what = format!(
            "{shown} has format {}; this version of scalectl reads format {FORMAT}",
            saved.format
        );
        return Err(Failure::with_help(what, AGAIN));
    }
    Ok(saved)
}

fn check_owner(path: &Path, saved: &SavedPlan, project: &Project) -> Result<(), Failure> {
    if saved.owner == project.owner() && *saved.provider == *project.provider() {
        return Ok(());
    }
    let what = format!(
        "{} is for {} ({}) on {}, not for {} ({}) on {}",
        path.display(),
        saved.owner.app,
        saved.owner.env,
        saved.provider,
        project.spec.app,
        project.spec.env,
        project.provider()
    );
    Err(Failure::with_help(what, AGAIN))
}

/// What is planned for: what the command names, or what the saved plan was made for.
fn scope_of(arguments: &Arguments, saved: Option<&SavedPlan>) -> Scope {
    let scope = arguments.scope.clone();
    match saved {
        Some(saved) => Scope {
            target: saved.targets.clone(),
            ..scope
        },
        None => scope,
    }
}

/// So many differences are named in one message.
const NAMED: usize = 3;

/// Fails unless the plan that is made now is the saved one.
fn is_same(path: &Path, saved: &SavedPlan, now: &SavedPlan) -> Result<(), Failure> {
    let found = saved.differences(now);
    if found.is_empty() {
        return Ok(());
    }
    let more = match found.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    let first: Vec<&str> = found.iter().take(NAMED).map(String::as_str).collect();
    Err(Failure::with_help(
        format!(
            "{} differs from the current plan: {}{more}. It was already applied or edited, or the spec or the cloud has changed since; nothing was changed",
            path.display(),
            first.join("; ")
        ),
        AGAIN,
    ))
}

/// Where the application is to be found, after a plan for what there was is carried out.
fn say_where(mut live: Live, plan: &Plan, report: apply::Report) {
    let gone = plan.changes.iter().filter(|one| one.desired.is_none());
    for change in gone {
        live.resources.remove(&change.address);
    }
    let found = report.found.into_iter();
    live.resources
        .extend(found.map(|resource| (resource.address.clone(), resource)));
    ui::print(&super::status::endpoint_lines(&live));
    let makes_zone = plan
        .changes
        .iter()
        .filter(|one| one.action == Action::Create && &*one.kind == ZONE)
        .filter_map(|one| one.desired.as_ref())
        .any(|zone| is_public(&zone.properties));
    if makes_zone {
        ui::print(
            "Enter the name servers at the domain's registrar; until then the site's names do not resolve.\n",
        );
    }
    ui::print(&format!(
        "{}\n",
        Painted(FAINT, "`scalectl status` shows everything that is running.")
    ));
}
