//! `scalectl migrate`: from the stage that is live to another, step by step.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde::{Deserialize, Serialize};

use super::apply::obey;
use super::lines::{self, Lines, open_into};
use super::plan::{Scope, heading, tell_calls};
use super::project::{Project, find, load_spec, read, write};
use super::run::with_lease;
use super::session::{Session, runtime};
use super::walk_teller::{Teller, arrived_at, ended};
use super::{Failure, Global, Outcome, dry_run, live, report, stage, ui};
use crate::apply::{Context, observe};
use crate::blueprint;
use crate::graph::Graph;
use crate::migrate::forecast::{Forecast, forecast};
use crate::migrate::gate::Gate;
use crate::migrate::walk::{Event, Halt, Walker};
use crate::migrate::{Budget, Migration, Walk, action, route};
use crate::plan::{Counts, diff};
use crate::policy::Report;
use crate::provider::{Live, Owner, Record, Standing};
use crate::render::findings;
use crate::render::gates::Gates;
use crate::render::junit;
use crate::render::migration::{Frame, mermaid, text};
use crate::render::report::of_migration;
use crate::render::style::{NEW, NOTICE, Painted, duration};
use crate::render::{json, migration_markdown};
use crate::spec::{self, Stage};

#[derive(Args)]
#[command(
    after_help = "Examples:\n  scalectl migrate --to split-db --plan    every step with its gates and costs\n  scalectl migrate --to split-db           walk, asking before each step\n  scalectl migrate --step                  one step and stop; --resume goes on\n  scalectl migrate --auto --auto-approve   all steps, stopping at a gate that stays shut\n  scalectl migrate --rollback              back to the old stage, while there is a way back\n  scalectl migrate --dry-run --live live.json   walk it on an embedded cloud, with no account\n\nWhere a migration stands is written in the cloud, so that another machine can go on with it."
)]
pub struct Arguments {
    /// A migration saved by `--plan --out`: refused when it has become another one.
    #[arg(value_name = "FILE", conflicts_with = "to")]
    saved: Option<PathBuf>,
    /// The stage to go to; by default the spec's. At the end the spec says it.
    #[arg(long, value_parser = stage, value_name = "STAGE")]
    to: Option<Stage>,
    /// Only show the steps.
    #[arg(long, conflicts_with_all = ["step", "auto", "resume", "rollback", "status"])]
    plan: bool,
    /// One step, then stop.
    #[arg(long, conflicts_with = "auto")]
    step: bool,
    /// All steps without asking before each; a gate that stays shut stops it.
    #[arg(long)]
    auto: bool,
    /// Go on with the migration that is under way.
    #[arg(long, conflicts_with_all = ["rollback", "status"])]
    resume: bool,
    /// Take the migration that is under way back to the stage that was left last.
    #[arg(long, conflicts_with = "status")]
    rollback: bool,
    /// Say where the migration stands.
    #[arg(long)]
    status: bool,
    /// Walk it on an embedded cloud in memory that stands as this one, and change nothing.
    #[arg(long, conflicts_with_all = ["plan", "status", "step", "speed"])]
    dry_run: bool,
    /// With --dry-run: from this snapshot instead of the cloud; see `scalectl snapshot`.
    #[arg(long, value_name = "FILE", requires = "dry_run")]
    live: Option<PathBuf>,
    /// Save the plan, for `scalectl migrate FILE`.
    #[arg(long, value_name = "FILE", requires = "plan")]
    out: Option<PathBuf>,
    /// Write the plan as a report in one HTML file too; docs/report.md shows it.
    #[arg(long, value_name = "FILE", requires = "plan")]
    html: Option<PathBuf>,
    /// Print the plan as Markdown.
    #[arg(long, requires = "plan", conflicts_with_all = ["mermaid", "json"])]
    markdown: bool,
    /// Print the plan as a Mermaid Gantt chart.
    #[arg(long, requires = "plan", conflicts_with = "json")]
    mermaid: bool,
    /// Print JSON: the plan or status as one object, a walk as one object a line.
    #[arg(long)]
    json: bool,
    /// Write what happens on the way into this file or pipe, a JSON object a line, as it happens.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["plan", "status"])]
    json_into: Option<PathBuf>,
    /// Write what became of each gate to a file in JUnit's XML, after every step.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["plan", "status"])]
    junit: Option<PathBuf>,
    /// Do not ask.
    #[arg(long)]
    auto_approve: bool,
    /// Operations at a time.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..))]
    parallelism: u16,
    /// Let the embedded cloud's time pass so many times as fast as ours instead of jumping.
    #[arg(long, value_name = "FACTOR", value_parser = super::apply::speed)]
    speed: Option<f64>,
}

/// The version of a saved migration's format.
const SAVED: u32 = 1;

/// A migration in a file: not what it does, which may hold secrets, but what it is.
#[derive(Serialize, Deserialize)]
struct Saved {
    format: u32,
    owner: Owner,
    provider: String,
    from: Stage,
    to: Stage,
    digest: String,
}

/// A migration and what it was made from.
pub struct Prepared {
    pub migration: Migration,
    pub forecasts: Vec<Forecast>,
    pub allowed: Option<Budget>,
}

/// The stage with this name, as a record has it.
pub fn named(name: &str) -> Option<Stage> {
    Stage::ALL.into_iter().find(|stage| stage.name() == name)
}

/// The stage that is live, if it is known.
pub fn live_stage(record: Option<&Record>) -> Option<Stage> {
    named(record?.stage.as_deref()?)
}

/// Lays the way out.
pub fn lay_out(
    global: &Global,
    project: &Project,
    from: Stage,
    to: Stage,
) -> Result<Migration, Failure> {
    let walk = Walk::of(&project.library).map_err(|mistake| vec![mistake])?;
    let stages = route(from, to);
    let mut graphs: BTreeMap<Stage, Graph> = BTreeMap::new();
    for stage in &stages {
        let (_, spec) = load_spec(global, Some(*stage))?;
        graphs.insert(*stage, project.compile(&spec)?);
    }
    let settings = &project.spec.migration;
    Ok(Migration::new(&walk, &stages, &graphs)
        .ok_or_else(|| Failure::new("there is no way between these stages"))?
        .with_soak(settings.soak)
        .with_site(&project.spec)
        .with_gates(&user_gates(settings)?))
}

/// Lays the way out and goes it once, on an embedded cloud of its own.
pub fn prepare(
    global: &Global,
    project: &Project,
    from: Stage,
    to: Stage,
    workers: Option<usize>,
) -> Result<Prepared, Failure> {
    let migration = lay_out(global, project, from, to)?;
    let forecasts = forecasts(project, &migration, workers)?;
    Ok(Prepared {
        migration,
        forecasts,
        allowed: project.spec.migration.budget.map(|budget| Budget {
            unavailable: budget.unavailable,
            loss: budget.loss,
        }),
    })
}

/// Goes a way once, on an embedded cloud of its own: what every step would do.
pub fn forecasts(
    project: &Project,
    migration: &Migration,
    workers: Option<usize>,
) -> Result<Vec<Forecast>, Failure> {
    let owner = project.owner();
    // Time that jumps needs a runtime of its own, and a runtime its thread.
    let found = std::thread::scope(|scope| {
        let library = &project.library;
        let owner = &owner;
        let run = scope.spawn(move || {
            let texts = |engine: &str, name: &str| action::script(library, engine, name);
            let runtime = runtime(true)?;
            Ok(runtime.block_on(forecast(migration, owner, &texts, workers)))
        });
        run.join()
            .unwrap_or_else(|_| Err(Failure::new("the forecast broke off")))
    });
    let (forecasts, halt) = found?;
    if let Some(halt) = halt {
        let step = migration.steps.get(forecasts.len());
        let name = step.map_or("the first stage", |step| &*step.name);
        let why = match told(&halt) {
            Failure::Message { what, .. } => what,
            _ => String::new(),
        };
        return Err(Failure::with_help(
            format!("tried on an embedded cloud of its own, this stops at {name}: {why}"),
            "nothing was changed; mend the spec or the blueprints and try again",
        ));
    }
    Ok(forecasts)
}

/// The user's gates, whose expressions can be read.
fn user_gates(settings: &spec::Migration) -> Result<Vec<Gate>, Failure> {
    for gate in &settings.gates {
        if let Some(expression) = &gate.expression {
            blueprint::check_condition(expression).map_err(|why| {
                Failure::new(format!(
                    "the gate `{expression}` in `migration.gates` is no expression: {why}"
                ))
            })?;
        }
    }
    Ok(settings.gates.iter().filter_map(Gate::of_spec).collect())
}

/// Fails when a step may cost more than the spec allows.
fn within_budget(prepared: &Prepared) -> Result<(), Failure> {
    let Some(number) = prepared.frame(None).over_budget().first().copied() else {
        return Ok(());
    };
    let (step, cost) = (
        &prepared.migration.steps[number],
        prepared.forecasts[number].budget,
    );
    Err(Failure::with_help(
        format!(
            "step {} ({}) may cost {} s without writes and {} s of lost writes, more than `migration.budget` in the spec allows; nothing was changed",
            number + 1,
            step.name,
            cost.unavailable,
            cost.loss
        ),
        "raise the budget, or change what interrupts",
    ))
}

/// What the policies say of the stage that a migration leads to.
fn judged(project: &Project, prepared: &Prepared, live: &Live) -> Result<Report, Failure> {
    let to = prepared.migration.to;
    let graph = match prepared.migration.steps.last() {
        Some(step) => &step.graph,
        None => &prepared.migration.start,
    };
    let mut spec = project.spec.clone();
    spec.stage = to;
    project.judge(&spec, graph, &diff(graph, live, None))
}

/// Fails when the live stage is not as the spec has it: a migration leads from one stage to another and
/// makes no other change on the way.
fn settled_at(prepared: &Prepared, live: &Live, from: Stage) -> Result<(), Failure> {
    let plan = diff(&prepared.migration.start, live, None);
    let Some(first) = plan.changes.first() else {
        return Ok(());
    };
    let counts = plan.counts();
    Err(Failure::with_help(
        format!(
            "at its present stage the application is not as the spec has it: {} to create, {} to change, {} to replace, {} to delete, such as {}; nothing was changed",
            counts.create, counts.update, counts.replace, counts.delete, first.address
        ),
        format!(
            "`scalectl apply --stage {}` makes it so first; then migrate",
            from.name()
        ),
    ))
}

impl Prepared {
    /// It with where it stands, for renderers.
    pub fn frame<'a>(&'a self, standing: Option<&'a Standing>) -> Frame<'a> {
        Frame {
            migration: &self.migration,
            forecasts: &self.forecasts,
            standing,
            allowed: self.allowed,
        }
    }
}

/// What a walk does next.
#[derive(Clone, Copy, PartialEq)]
enum Course {
    Forward,
    Back,
}

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    let saved: Option<Saved> = match &arguments.saved {
        None => None,
        Some(path) => Some(load(path)?),
    };
    let to = arguments.to.or(saved.as_ref().map(|saved| saved.to));
    let project = Project::load(global, to)?;
    if let Some(saved) = &saved
        && (saved.owner != project.owner() || saved.provider != project.provider())
    {
        return Err(Failure::with_help(
            "the saved migration is another application's, or another provider's",
            AGAIN,
        ));
    }
    if arguments.dry_run {
        return try_out(global, &project, arguments, saved.as_ref());
    }
    let command = match arguments.plan || arguments.status {
        true => "migrate --plan",
        false => "migrate",
    };
    let into = open_into(arguments.json_into.as_deref())?;
    let session = Session::open(&project, command)?.at_speed(arguments.speed);
    let holder = session.holder.clone();
    session.run(async |cloud, context| {
        let looks = arguments.plan || arguments.status;
        let outcome = match looks {
            true => {
                let live = look(context, &project).await?;
                show(global, &project, arguments, &live, cloud.place().await?)
            }
            false => {
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
            }
        };
        tell_calls(global, cloud);
        outcome
    })
}

async fn look(context: &Context<'_>, project: &Project) -> Result<Live, Failure> {
    Ok(observe(context, Some(&project.graph()?)).await?)
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
                "the migration that is under way leads from {} to {}, which this scalectl does not know",
                standing.from, standing.to
            ))),
        };
    }
    let from = live_stage(record).ok_or_else(|| {
        Failure::with_help(
            format!("nothing of {} is known to be live", project.spec.app),
            "`scalectl apply` builds the spec's stage; there is nothing to migrate yet",
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
        let stage = live_stage(record);
        match arguments.json {
            true => ui::print_json(&json::settled::document(live)),
            false => ui::print(&format!(
                "No migration is under way; {} is {}.\n",
                project.spec.app,
                stage.map_or("not live".to_owned(), |stage| format!(
                    "at stage {}",
                    stage.name()
                ))
            )),
        }
        return Ok(ExitCode::SUCCESS);
    }
    let (from, to) = ends(project, record)?;
    check_target(arguments, standing)?;
    if from == to {
        let here = format!("{} is at stage {}", project.spec.app, to.name());
        if arguments.out.is_some() {
            let what = format!("{here} already; there is no migration to save");
            return Err(Failure::new(what));
        }
        match arguments.json {
            true => ui::print_json(&json::settled::document(live)),
            false => ui::print(&format!("{}\n", Painted(NEW, format!("{here}.")))),
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
    if let Some(path) = &arguments.out {
        save(path, project, &prepared.migration)?;
    }
    let report = judged(project, &prepared, live)?;
    if let Some(path) = &arguments.html {
        report::write(path, project, place.as_deref(), |cover| {
            of_migration(cover, &frame)
        })?;
    }
    if arguments.json {
        let owner = project.owner();
        let mut json = json::migration::document(&frame, &owner, project.provider());
        json.policy = Some(json::findings::policy(&report));
        ui::print_json(&json);
    } else if arguments.markdown {
        ui::print(&migration_markdown::render(
            &frame,
            &project.owner(),
            Some(&report),
        ));
    } else if arguments.mermaid {
        ui::print(&mermaid(&frame));
    } else {
        if let Some(place) = place {
            ui::print(&format!("{place}\n"));
        }
        ui::print(&text(&frame));
        ui::print(&findings::text(&report));
        if let Some(standing) = standing {
            ui::print(&stands(standing, &prepared.migration));
        }
    }
    if standing.is_none() {
        within_budget(&prepared)?;
        settled_at(&prepared, live, from)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What is said where the spec leads through something else than the migration that is under way.
fn changed(standing: &Standing) -> String {
    format!(
        "warning: the spec or the blueprints changed since the migration from {} to {} began at step {} ({})\n",
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
                "the migration that is under way leads to {}, not to {}",
                standing.to,
                to.name()
            ),
            "finish it with `--resume`, or take it back with `--rollback`, first",
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
        (true, _, _) => "is on its way back; `scalectl migrate --rollback` goes on with that",
        (false, true, true) => {
            "is done and has reached its stage; `scalectl migrate --resume` goes on from there, `--rollback` stays there"
        }
        (false, false, true) => {
            "was begun; `scalectl migrate --resume` does it again and goes on; there is no way back from it"
        }
        (false, true, false) => {
            "is done; `scalectl migrate --resume` goes on, `--rollback` leads back"
        }
        (false, false, false) => {
            "was begun; `scalectl migrate --resume` does it again and goes on, `--rollback` leads back"
        }
    };
    format!(
        "\n{} step {} ({}) {what}.\n",
        Painted(NOTICE, "Stands:"),
        standing.step + 1,
        standing.name
    )
}

/// Why a command that changes something else has to wait.
pub fn refuse_while_under_way(record: Option<&Record>) -> Result<(), Failure> {
    match record.and_then(|record| record.migration.as_ref()) {
        None => Ok(()),
        Some(standing) => Err(Failure::with_help(
            format!("{}; nothing was changed", standing.in_words()),
            match standing.failover {
                Some(_) => {
                    "`scalectl failover --resume` goes on, `scalectl failover --status` tells more"
                }
                None => {
                    "`scalectl migrate --resume` goes on, `scalectl migrate --rollback` leads back; `scalectl apply --during-migration` changes things all the same"
                }
            },
        )),
    }
}

/// The live stage, when what the spec asks for is a migration away from it.
pub fn begins_at(project: &Project, scope: &Scope, live: &Live) -> Option<Stage> {
    let from = live_stage(live.record.as_ref())?;
    (!scope.direct && from != project.spec.stage && !live.resources.is_empty()).then_some(from)
}

/// Fails when a stage is not simply applied over another.
pub fn refuse_another_stage(project: &Project, scope: &Scope, live: &Live) -> Result<(), Failure> {
    let to = project.spec.stage.name();
    match begins_at(project, scope, live) {
        None => Ok(()),
        Some(from) => Err(Failure::with_help(
            format!(
                "{} is at stage {}, and {to} is a migration away; nothing was changed",
                project.spec.app,
                from.name(),
            ),
            format!(
                "`scalectl migrate --to {to}` goes there step by step and loses nothing; `--direct` goes in one go, without gates, for what nobody uses"
            ),
        )),
    }
}

/// The walk on an embedded cloud in memory: no lease, no journal, and the spec stays as it is.
fn try_out(
    global: &Global,
    project: &Project,
    arguments: &Arguments,
    saved: Option<&Saved>,
) -> Outcome {
    let graph = project.graph()?;
    let file = arguments.live.as_deref();
    let seen = live::seen(global, project, &graph, "migrate --dry-run", file)?;
    let live = seen.snapshot.live();
    let record = live.record.as_ref();
    let standing = record.and_then(|record| record.migration.as_ref());
    let course = course(arguments, standing)?;
    check_target(arguments, standing)?;
    let (from, to) = ends(project, record)?;
    let workers = Some(usize::from(arguments.parallelism));
    let prepared = prepare(global, project, from, to, workers)?;
    may_go(&prepared, saved, &live, from)?;
    let numbers = numbers(&prepared.migration, standing, course);
    let frame = prepared.frame(standing);
    if !arguments.json {
        ui::print(&heading(project, &live, seen.place.as_deref()));
        ui::print(&text(&frame));
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

/// Fails when the migration is not the one that was saved or is under way, may cost more than is
/// allowed, or does not begin at what is live.
fn may_go(
    prepared: &Prepared,
    saved: Option<&Saved>,
    live: &Live,
    from: Stage,
) -> Result<(), Failure> {
    let migration = &prepared.migration;
    if let Some(saved) = saved
        && *saved.digest != *migration.digest
    {
        return Err(Failure::with_help(
            "the spec, the blueprints or the live stage changed since the migration was saved; nothing was changed",
            AGAIN,
        ));
    }
    let record = live.record.as_ref();
    let standing = record.and_then(|record| record.migration.as_ref());
    if let Some(standing) = standing
        && !migration.is_of(standing)
    {
        return Err(Failure::with_help(
            format!(
                "the spec or the blueprints lead through something else than when the migration began, which is at step {} ({}); nothing was changed",
                standing.step + 1,
                standing.name
            ),
            "put them back as they were, finish or take back the migration, and change them then",
        ));
    }
    if standing.is_none() {
        within_budget(prepared)?;
        settled_at(prepared, live, from)?;
    }
    Ok(())
}

/// The walk.
async fn go(
    global: &Global,
    project: &Project,
    arguments: &Arguments,
    saved: Option<&Saved>,
    context: &Context<'_>,
    place: Option<String>,
    into: Option<&File>,
) -> Outcome {
    let live = look(context, project).await?;
    let record = live.record.as_ref();
    let standing = record.and_then(|record| record.migration.clone());
    let course = course(arguments, standing.as_ref())?;
    check_target(arguments, standing.as_ref())?;
    let (from, to) = ends(project, record)?;
    if from == to {
        lines::tell(into, arguments.json, &arrived_at(to, 0.0));
        if !arguments.json {
            ui::print(&format!(
                "{}\n",
                Painted(
                    NEW,
                    format!("{} is at stage {}.", project.spec.app, to.name())
                )
            ));
        }
        return finish(global, project, arguments, to);
    }
    let workers = Some(usize::from(arguments.parallelism));
    let prepared = prepare(global, project, from, to, workers)?;
    let migration = &prepared.migration;
    may_go(&prepared, saved, &live, from)?;
    if !arguments.json {
        if let Some(place) = place {
            ui::print(&format!("{place}\n"));
        }
        ui::print(&text(&prepared.frame(standing.as_ref())));
    }
    // What was begun is finished or taken back, whatever the rules have become meanwhile.
    if standing.is_none() {
        obey(&judged(project, &prepared, &live)?, arguments.json, into)?;
    }
    let numbers = numbers(migration, standing.as_ref(), course);
    if let (Course::Back, Some(at), true) = (course, &standing, numbers.is_empty()) {
        // Between two hops nothing has to be taken back: the stage is reached.
        let stage = migration.steps[at.step].hop.1;
        let record = Record {
            migration: None,
            ..live.record.clone().unwrap_or_default()
        };
        crate::apply::write_record(context, &record).await?;
        lines::tell(into, arguments.json, &arrived_at(stage, 0.0));
        if !arguments.json {
            ui::print(&format!(
                "\n{} {} is at stage {}, which was reached in full.\n",
                Painted(NEW, "Arrived:"),
                project.spec.app,
                stage.name()
            ));
        }
        return Ok(ExitCode::SUCCESS);
    }
    confirm(context, arguments, course, &numbers, migration).await?;
    let texts = |engine: &str, name: &str| action::script(&project.library, engine, name);
    let walker = Walker {
        context,
        migration,
        texts: &texts,
        workers,
        folder: Some(&project.folder),
    };
    let command = match course {
        Course::Forward => "migrate",
        Course::Back => "rollback",
    };
    let mut lines = Lines::begin(project, Counts::default(), command, into, arguments.json)?;
    let began = context.provider.clock().now();
    let (first, last) = (numbers.first().copied(), numbers.last().copied());
    let (mut taken, total) = (0, numbers.len());
    let mut gates = Gates::of(migration);
    for number in numbers {
        let asked_already = arguments.auto || arguments.auto_approve || Some(number) == first;
        if !asked_already && course == Course::Forward && !arguments.step {
            let name = &migration.steps[number].name;
            let question = format!(
                "\nGo on with step {} ({name})? Only `yes` is a yes:",
                number + 1
            );
            if !ui::confirm_unless(context.stop, &question, "yes").await {
                ended(&mut lines, context, began, taken, 0, total);
                return Err(Failure::with_help(
                    format!(
                        "not confirmed; the migration stands before step {} ({name})",
                        number + 1
                    ),
                    "`scalectl migrate --resume` goes on, `--rollback` leads back",
                ));
            }
        }
        let mut teller = Teller {
            migration,
            json: arguments.json,
            verbose: global.verbose,
            lines: &mut lines,
            began,
            clock: context.provider.clock(),
        };
        let mut tell = |event: &Event<'_>| {
            gates.take(event);
            teller.tell(event);
        };
        let walked = match course {
            Course::Forward => walker.forward(number, &mut tell).await,
            Course::Back => walker.back(number, &mut tell).await,
        };
        if let Err(halt) = &walked {
            gates.stop(number, halt.in_words());
        }
        if let Some(path) = &arguments.junit {
            write(path, &junit::xml(&[gates.suite()]))?;
        }
        if let Err(halt) = walked {
            ended(&mut lines, context, began, taken, 1, total);
            return Err(stopped(migration, number, &halt));
        }
        taken += 1;
        if arguments.step && Some(number) != last {
            ended(&mut lines, context, began, taken, 0, total);
            if !arguments.json {
                let next = match (course, migration.steps[number].point_of_no_return) {
                    (Course::Back, _) => "`scalectl migrate --rollback` goes on with that",
                    (Course::Forward, true) => "`scalectl migrate --resume` goes on",
                    (Course::Forward, false) => {
                        "`scalectl migrate --resume` goes on, `--rollback` leads back"
                    }
                };
                ui::print(&format!("\nOne step done; {next}.\n"));
            }
            return Ok(ExitCode::SUCCESS);
        }
    }
    ended(&mut lines, context, began, taken, 0, total);
    let seconds = context.provider.clock().now().saturating_sub(began) as f64 / 1000.0;
    let arrived = match course {
        Course::Forward => to,
        Course::Back => {
            let number = first.unwrap_or_default();
            migration.steps[number].hop.0
        }
    };
    lines.tell(&arrived_at(arrived, seconds));
    if !arguments.json {
        ui::print(&format!(
            "\n{} {} is at stage {}, after {} of the cloud's time.\n",
            Painted(NEW, "Arrived:"),
            project.spec.app,
            arrived.name(),
            duration(seconds)
        ));
    }
    match course {
        Course::Forward => finish(global, project, arguments, to),
        Course::Back => {
            if arrived != project.spec.stage && !arguments.json {
                ui::note(&format!(
                    "The spec says {}; `scalectl migrate` begins that way anew.\n",
                    project.spec.stage.name()
                ));
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Forward or back, and whether that fits what is under way.
fn course(arguments: &Arguments, standing: Option<&Standing>) -> Result<Course, Failure> {
    match standing {
        None if arguments.resume || arguments.rollback => Err(Failure::with_help(
            "no migration is under way",
            "`scalectl migrate --to STAGE` begins one",
        )),
        None => Ok(Course::Forward),
        Some(standing) if arguments.resume && standing.back => Err(Failure::with_help(
            format!(
                "the migration is on its way back, at step {} ({})",
                standing.step + 1,
                standing.name
            ),
            "`scalectl migrate --rollback` goes on with that",
        )),
        Some(_) if arguments.rollback => Ok(Course::Back),
        Some(_) if arguments.resume => Ok(Course::Forward),
        Some(standing) => Err(Failure::with_help(
            standing.in_words(),
            "go on with `--resume`, or back with `--rollback`",
        )),
    }
}

/// The steps to take, in their order.
fn numbers(migration: &Migration, standing: Option<&Standing>, course: Course) -> Vec<usize> {
    match (course, standing) {
        (Course::Forward, None) => (0..migration.steps.len()).collect(),
        (Course::Forward, Some(at)) => {
            (at.step + usize::from(at.done)..migration.steps.len()).collect()
        }
        (Course::Back, None) => Vec::new(),
        (Course::Back, Some(at)) if at.done && !at.back && migration.ends_hop(at.step) => {
            Vec::new()
        }
        (Course::Back, Some(at)) => (migration.hop_begins(at.step)..=at.step).rev().collect(),
    }
}

async fn confirm(
    context: &Context<'_>,
    arguments: &Arguments,
    course: Course,
    numbers: &[usize],
    migration: &Migration,
) -> Result<(), Failure> {
    if arguments.auto_approve {
        return Ok(());
    }
    ui::needs_terminal("add --auto-approve, with --auto for all steps or --step for one")?;
    let Some(first) = numbers.first() else {
        return Ok(());
    };
    let name = &migration.steps[*first].name;
    let question = match (course, arguments.auto) {
        (Course::Forward, true) => "\nWalk all of this? Only `yes` is a yes:".to_owned(),
        (Course::Forward, false) => {
            format!(
                "\nBegin with step {} ({name})? Only `yes` is a yes:",
                first + 1
            )
        }
        (Course::Back, _) => format!(
            "\nGo back from step {} ({name}) to {}? Only `yes` is a yes:",
            first + 1,
            migration.steps[*first].hop.0.name()
        ),
    };
    match ui::confirm_unless(context.stop, &question, "yes").await {
        true => Ok(()),
        false => Err(Failure::new("not confirmed; nothing was changed")),
    }
}

/// The spec says where the application is: its one line is changed, unless it says so already.
fn finish(global: &Global, project: &Project, arguments: &Arguments, to: Stage) -> Outcome {
    let path = find(global)?;
    let text = read(&path, "make it readable")?;
    let env = (project.spec.env != "default").then_some(project.spec.env.as_str());
    let (_, spec) = load_spec(global, None)?;
    if spec.stage == to {
        return Ok(ExitCode::SUCCESS);
    }
    let shown = path.display();
    let by_hand = || {
        Failure::with_help(
            format!(
                "the application is at {}, but {shown} could not be made to say so",
                to.name()
            ),
            format!("write `stage: {}` there", to.name()),
        )
    };
    let edited = spec::with_stage(&text, env, to).ok_or_else(by_hand)?;
    std::fs::write(&path, edited).map_err(|_| by_hand())?;
    if !arguments.json {
        ui::print(&format!("{shown} now says `stage: {}`.\n", to.name()));
    }
    Ok(ExitCode::SUCCESS)
}

/// Why a walk stopped, in words.
pub fn told(halt: &Halt) -> Failure {
    let what = halt.in_words();
    match halt {
        Halt::Refused(_) => Failure::with_help(
            what,
            "`scalectl plan` at the present stage shows what moved; mend that, then `--resume` or `--rollback`",
        ),
        Halt::NoReturn { .. } => Failure::with_help(
            what,
            "`scalectl migrate --resume` goes on; afterwards a migration to the old stage is the way back",
        ),
        _ => Failure::new(what),
    }
}

/// The failure of a walk that stopped at a step.
fn stopped(migration: &Migration, number: usize, halt: &Halt) -> Failure {
    let name = &migration.steps[number].name;
    match told(halt) {
        Failure::Message { what, help } => {
            let next = "what is done is written down: `scalectl migrate --resume` goes on here, `--rollback` leads back";
            Failure::Message {
                what: format!("step {} ({name}): {what}", number + 1),
                help: Some(help.unwrap_or_else(|| next.to_owned())),
            }
        }
        other => other,
    }
}

/// What to do about a saved migration that cannot be used.
const AGAIN: &str = "make a new one with `scalectl migrate --plan --out FILE`";

fn load(path: &std::path::Path) -> Result<Saved, Failure> {
    let shown = path.display();
    let saved: Saved = serde_json::from_str(&read(path, AGAIN)?).map_err(|error| {
        Failure::with_help(format!("{shown} is not a saved migration: {error}"), AGAIN)
    })?;
    match saved.format == SAVED {
        true => Ok(saved),
        false => Err(Failure::with_help(
            format!(
                "{shown} has format {}, and this scalectl reads {SAVED}",
                saved.format
            ),
            AGAIN,
        )),
    }
}

/// Whether a file's text is a saved migration.
pub fn is_saved(text: &str) -> bool {
    serde_json::from_str::<Saved>(text).is_ok()
}

/// Saves a migration, to be walked by `migrate FILE`.
pub fn save(
    path: &std::path::Path,
    project: &Project,
    migration: &Migration,
) -> Result<(), Failure> {
    let saved = Saved {
        format: SAVED,
        owner: project.owner(),
        provider: project.provider().to_owned(),
        from: migration.from,
        to: migration.to,
        digest: migration.digest.to_string(),
    };
    let failed =
        |error: String| Failure::new(format!("{} cannot be written: {error}", path.display()));
    let text = serde_json::to_string(&saved).map_err(|error| failed(error.to_string()))?;
    std::fs::write(path, text).map_err(|error| failed(error.to_string()))
}
