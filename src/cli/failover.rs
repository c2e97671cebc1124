//! `scalectl failover`: the database's writes move to another region, step by step, and back.
//!
//! Where a failover stands is in the record, as a migration's. The record is in the region that takes
//! the writes; where that one does not answer, it is in the one that takes over.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::apply::not_confirmed;
use super::lines::{self, Lines, open_into};
use super::migrate::{forecasts, live_stage, refuse_while_under_way, told};
use super::plan::tell_calls;
use super::project::{Project, find, read, write};
use super::run::with_lease;
use super::session::Session;
use super::walk_teller::{Teller, ended};
use super::{Failure, Global, Outcome, report, ui};
use crate::apply::journal::Entry;
use crate::apply::{Context, kinds, observe_without, write_record};
use crate::graph::Graph;
use crate::inventory::{Failover, Live, Record, Standing};
use crate::migrate::Migration;
use crate::migrate::failover::{Graphs, database_of, steps_of, writer_of};
use crate::migrate::forecast::Forecast;
use crate::migrate::walk::{Halt, Walker};
use crate::plan::{Counts, diff};
use crate::provider::Query;
use crate::render::json::walk::{What, object};
use crate::render::json::{migration::document, settled};
use crate::render::migration::{Frame, mermaid, text};
use crate::render::migration_markdown;
use crate::render::report::of_migration;
use crate::render::style::{NEW, NOTICE, Painted};
use crate::spec::{self, Stage};

#[derive(Args)]
#[command(
    after_help = "Examples:\n  scalectl failover --to eu-west-1 --plan              every step with its gates and costs\n  scalectl failover --to eu-west-1                     fence, wait until nothing is missing, promote, switch, rebuild\n  scalectl failover --to eu-west-1 --accept-loss 5m    the old region does not answer: what its last 5 minutes wrote may be lost\n  scalectl failover --resume                           go on, such as once the old region answers again\n  scalectl failover --to us-east-1                     and back"
)]
pub struct Arguments {
    /// The region whose database is to take the writes. At the end the spec says it.
    #[arg(long, value_name = "REGION", required_unless_present_any = ["resume", "rollback", "status"])]
    to: Option<String>,
    /// Lose so much of what was acknowledged, where the old region does not answer or its replica does
    /// not catch up: seconds, or such as 90s, 5m, 1h.
    #[arg(long, value_name = "DURATION", value_parser = seconds, conflicts_with_all = ["rollback", "status"])]
    accept_loss: Option<u32>,
    /// Only show the steps.
    #[arg(long, conflicts_with_all = ["resume", "rollback", "status"])]
    plan: bool,
    /// Go on with the failover that is under way.
    #[arg(long, conflicts_with_all = ["rollback", "status"])]
    resume: bool,
    /// Take the failover that is under way back, while the replica is not promoted.
    #[arg(long, conflicts_with = "status")]
    rollback: bool,
    /// Say where the failover stands.
    #[arg(long)]
    status: bool,
    /// Print JSON: the plan or status as one object, a walk as one object a line.
    #[arg(long)]
    json: bool,
    /// Print the plan as Markdown.
    #[arg(long, requires = "plan", conflicts_with_all = ["mermaid", "json"])]
    markdown: bool,
    /// Print the plan as a Mermaid Gantt chart.
    #[arg(long, requires = "plan", conflicts_with = "json")]
    mermaid: bool,
    /// Write the plan as a report in one HTML file too; docs/report.md shows it.
    #[arg(long, value_name = "FILE", requires = "plan")]
    html: Option<PathBuf>,
    /// Write what happens on the way into this file or pipe, a JSON object a line, as it happens.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["plan", "status"])]
    json_into: Option<PathBuf>,
    /// Do not ask.
    #[arg(long)]
    auto_approve: bool,
    /// Operations at a time.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..))]
    parallelism: u16,
    /// Run the embedded cloud's clock this many times as fast as real time instead of skipping ahead.
    #[arg(long, value_name = "FACTOR", value_parser = super::apply::speed)]
    speed: Option<f64>,
}

impl Arguments {
    /// Whether it changes something besides what it prints.
    pub fn changes(&self) -> bool {
        !self.plan && !self.status
    }
}

/// How often a region is asked before it counts as one that does not answer.
const ASKED: u32 = 3;

/// The steps that can be begun anew without the old region: afterwards only it is missing.
const SWITCHES: [&str; 4] = ["fence", "catch-up", "promote", "switch"];

fn seconds(text: &str) -> Result<u32, String> {
    let wrong = || format!("{text:?} is no duration; seconds, or such as 90s, 5m or 1h");
    let (number, factor) = match text.char_indices().last() {
        Some((at, 's')) => (&text[..at], 1),
        Some((at, 'm')) => (&text[..at], 60),
        Some((at, 'h')) => (&text[..at], 3600),
        _ => (text, 1),
    };
    let number: u32 = number.parse().map_err(|_| wrong())?;
    number.checked_mul(factor).ok_or_else(wrong)
}

/// Fails where another region's database takes the writes than the spec says.
pub fn refuse_another_writer(project: &Project, live: &Live) -> Result<(), Failure> {
    let record = live.record.as_ref();
    let settled = record.is_some_and(|record| record.migration.is_none());
    if project.spec.stage != Stage::MultiRegion || !settled {
        return Ok(());
    }
    let says = project.spec.writer_region();
    match writer_of(live) {
        Some(writer) if *writer != *says => Err(Failure::with_help(
            format!(
                "the database in {writer} takes the writes, and the spec says {says}; nothing was changed"
            ),
            format!(
                "`scalectl failover --to {says}` moves them there; or say in the spec how it is: `database: {{writer_region: {writer}}}`"
            ),
        )),
        _ => Ok(()),
    }
}

/// A failover, what it would do, and where it stands.
struct Prepared {
    migration: Migration,
    forecasts: Vec<Forecast>,
    standing: Option<Standing>,
    /// The region that was to be fenced has gone away since: it begins again, from outside.
    anew: bool,
}

impl Prepared {
    fn frame(&self) -> Frame<'_> {
        Frame {
            migration: &self.migration,
            forecasts: &self.forecasts,
            standing: self.standing.as_ref(),
            allowed: None,
        }
    }

    fn failover(&self) -> Option<&Failover> {
        self.migration.failover.as_ref()
    }
}

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    let project = Project::load(global, None)?;
    fits(&project, arguments)?;
    let found = look(&project, arguments)?;
    let looks = arguments.plan || arguments.status;
    let command = match looks {
        true => "failover --plan",
        false => "failover",
    };
    let session = Session::open_at(&project, command, &found.home, looks)?;
    let session = session.at_speed(arguments.speed);
    let holder = session.holder.clone();
    let outcome = session.run(async |cloud, context| {
        let place = cloud.place().await?;
        let outcome = match looks {
            true => show(&project, arguments, context, &found, place).await,
            false => {
                with_lease(context, &holder, project.patience, async || {
                    go(global, &project, arguments, context, &found, place).await
                })
                .await
            }
        };
        tell_calls(global, cloud);
        outcome
    })?;
    match outcome {
        End::Shown => Ok(ExitCode::SUCCESS),
        End::At { writer, record } => {
            // The record goes where the writes go, before the spec leads everybody there, and what the
            // other region remembers is out of date.
            let others = project.spec.regions.iter().map(spec::Region::name);
            let others = others.filter(|region| *region != found.home);
            for region in others.filter(|region| found.down.as_deref() != Some(region)) {
                let session = Session::open_at(&project, command, region, false)?;
                session.run(async |_, context| Ok(write_record(context, &record).await?))?;
            }
            say_so(global, &project, arguments, &writer)
        }
    }
}

/// How a run ended.
enum End {
    /// Nothing has to be written down.
    Shown,
    /// A region's database takes the writes, with what the record is now.
    At { writer: String, record: Box<Record> },
}

/// Fails where there is nothing to fail over.
fn fits(project: &Project, arguments: &Arguments) -> Result<(), Failure> {
    let spec = &project.spec;
    if spec.stage != Stage::MultiRegion {
        return Err(Failure::with_help(
            format!("at stage {} there is one region only", spec.stage.name()),
            "`scalectl migrate --to multi-region` goes where there are several",
        ));
    }
    if spec.database.is_none() {
        return Err(Failure::with_help(
            format!("{} has no database whose writes could move", spec.app),
            "requests go to a healthy region by themselves, by its health check",
        ));
    }
    let names: Vec<&str> = spec.regions.iter().map(spec::Region::name).collect();
    if names.len() > 2 {
        return Err(Failure::with_help(
            format!(
                "{} is in {} regions, and only the first is peered with all others: after a failover the rest could not reach the database",
                spec.app,
                names.len()
            ),
            "failover is for two regions",
        ));
    }
    match &arguments.to {
        Some(to) if !names.contains(&to.as_str()) => Err(Failure::with_help(
            format!("{to} is none of the spec's regions"),
            format!("they are {}", names.join(" and ")),
        )),
        _ => Ok(()),
    }
}

/// What is known before anything is asked for: where the record is, and which region does not answer.
struct Found {
    home: String,
    down: Option<String>,
}

/// Looks for the failover that is under way, and whether every region answers.
fn look(project: &Project, arguments: &Arguments) -> Result<Found, Failure> {
    let writer = project.spec.writer_region();
    let mut homes: Vec<&str> = project
        .spec
        .regions
        .iter()
        .map(spec::Region::name)
        .collect();
    homes.sort_by_key(|region| *region != writer);
    let graph = project.graph()?;
    let mut down = None;
    for home in &homes {
        let session = Session::open_at(project, "failover", home, true)?;
        let asked = session.run(async |_, context| answers(context, &graph, home).await)?;
        match asked {
            Ok(Some(standing)) if standing.failover.is_some() => {
                // It began where the record is.
                return Ok(Found {
                    home: (*home).to_owned(),
                    down: down.or(still_down(project, &graph, &standing)?),
                });
            }
            Ok(_) => {}
            Err(why) if down.is_none() => {
                down = Some((*home).to_owned());
                if arguments.accept_loss.is_none() && !arguments.resume && !arguments.status {
                    return Err(Failure::with_help(
                        format!("{home} does not answer ({why}); nothing was changed"),
                        "try again, or go on without it and lose what its replica does not have: `--accept-loss DURATION`",
                    ));
                }
            }
            Err(why) => {
                return Err(Failure::new(format!(
                    "no region answers: {home} neither ({why})"
                )));
            }
        }
    }
    let home = match &down {
        Some(down) => homes.iter().find(|home| *home != down),
        None => homes.first(),
    };
    Ok(Found {
        home: home.map_or(writer, |home| home).to_owned(),
        down,
    })
}

/// Whether the region that a failover leads away from does not answer.
fn still_down(
    project: &Project,
    graph: &Graph,
    standing: &Standing,
) -> Result<Option<String>, Failure> {
    let Some(failover) = &standing.failover else {
        return Ok(None);
    };
    let session = Session::open_at(project, "failover", &failover.to, true)?;
    let from = &*failover.from;
    let asked = session.run(async |_, context| answers(context, graph, from).await)?;
    Ok(asked.is_err().then(|| from.to_owned()))
}

/// What the record says is under way, if what there is in a region can be told.
async fn answers(
    context: &Context<'_>,
    graph: &Graph,
    region: &str,
) -> Result<Result<Option<Standing>, String>, Failure> {
    let here = kinds(graph).into_iter().filter(|(of, _)| **of == *region);
    let query = Query {
        kinds: here.collect(),
        thorough: false,
    };
    let mut asked = 0;
    loop {
        match context.provider.observe(context.owner, &query).await {
            Ok(live) => return Ok(Ok(live.record.and_then(|record| record.migration))),
            Err(error) if error.kind.is_retryable() => {
                asked += 1;
                if asked == ASKED {
                    return Ok(Err(error.to_string()));
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// What is to be done, and the forecast of it; or the region that has the writes already.
async fn prepare(
    project: &Project,
    arguments: &Arguments,
    context: &Context<'_>,
    found: &Found,
) -> Result<Result<(Prepared, Live), (String, Record)>, Failure> {
    let graph = project.graph()?;
    let live = observe_without(context, kinds(&graph), found.down.as_deref()).await?;
    let record = live.record.clone().unwrap_or_default();
    let standing = record.migration.clone();
    if standing.as_ref().is_some_and(|at| at.failover.is_none()) {
        refuse_while_under_way(Some(&record))?;
    }
    let mut anew = false;
    let switches = standing
        .as_ref()
        .is_some_and(|at| SWITCHES.contains(&&*at.name));
    let failover = match standing.as_ref().and_then(|at| at.failover.clone()) {
        Some(failover) => match (&found.down, arguments.accept_loss) {
            (Some(down), Some(loss)) if switches && !failover.lost && **down == *failover.from => {
                anew = true;
                Failover {
                    loss,
                    lost: true,
                    ..failover
                }
            }
            _ => failover,
        },
        None => {
            if live_stage(Some(&record)) != Some(Stage::MultiRegion) && found.down.is_none() {
                return Err(Failure::with_help(
                    format!("{} is not live at stage multi-region", project.spec.app),
                    "`scalectl apply` or `scalectl migrate` makes it so",
                ));
            }
            let Some(to) = arguments.to.clone() else {
                return Err(Failure::with_help(
                    "no failover is under way",
                    "`scalectl failover --to REGION` begins one",
                ));
            };
            let from = match &found.down {
                Some(down) => down.clone(),
                None => writer_of(&live)
                    .ok_or_else(|| {
                        Failure::with_help(
                            "the servers' settings lead to no database that takes writes, or to several",
                            "`scalectl status` tells what there is",
                        )
                    })?
                    .to_string(),
            };
            if from == to {
                if found.down.is_some() {
                    return Err(Failure::new(format!("{to} does not answer")));
                }
                return Ok(Err((to, record)));
            }
            Failover {
                from: from.into(),
                to: to.into(),
                loss: arguments.accept_loss.unwrap_or(0),
                lost: found.down.is_some(),
            }
        }
    };
    let graphs = Graphs {
        old: as_writer(project, &failover.from, false)?,
        between: as_writer(project, &failover.to, true)?,
        new: as_writer(project, &failover.to, false)?,
    };
    let migration = steps_of(&graphs, failover).map_err(Failure::new)?;
    let workers = Some(usize::from(arguments.parallelism));
    let forecasts = forecasts(project, &migration, workers)?;
    let prepared = Prepared {
        migration,
        forecasts,
        standing: standing.filter(|_| !anew),
        anew,
    };
    Ok(Ok((prepared, live)))
}

/// The resources with a region's database as the one that takes the writes.
fn as_writer(project: &Project, region: &str, without_readers: bool) -> Result<Graph, Failure> {
    let mut spec = project.spec.clone();
    if let Some(database) = &mut spec.database {
        database.writer_region = Some(region.to_owned());
        database.without_readers = without_readers;
    }
    project.compile(&spec)
}

/// `--plan` and `--status`.
async fn show(
    project: &Project,
    arguments: &Arguments,
    context: &Context<'_>,
    found: &Found,
    place: Option<String>,
) -> Result<End, Failure> {
    if arguments.status {
        let graph = project.graph()?;
        let live = observe_without(context, kinds(&graph), found.down.as_deref()).await?;
        let standing = live.record.as_ref().and_then(|r| r.migration.as_ref());
        if standing.is_none_or(|standing| standing.failover.is_none()) {
            let writer = writer_of(&live);
            match arguments.json {
                true => ui::print_json(&settled::document(&live)),
                false => ui::print(&format!(
                    "No failover is under way; {}.\n",
                    match writer {
                        Some(writer) => format!("the database in {writer} takes the writes"),
                        None => "no database is known to take writes".to_owned(),
                    }
                )),
            }
            return Ok(End::Shown);
        }
    }
    let (prepared, live) = match prepare(project, arguments, context, found).await? {
        Ok(prepared) => prepared,
        Err((writer, record)) => {
            match arguments.json {
                true => {
                    let stage = record.stage.as_deref();
                    ui::print_json(&settled::of(stage, Some(writer)));
                }
                false => is_there(arguments, &writer)?,
            }
            return Ok(End::Shown);
        }
    };
    let frame = prepared.frame();
    let owner = project.owner();
    if let Some(path) = &arguments.html {
        report::write(path, project, place.as_deref(), |cover| {
            of_migration(cover, &frame)
        })?;
    }
    if arguments.json {
        ui::print_json(&document(&frame, &owner, project.provider()));
    } else if arguments.markdown {
        ui::print(&migration_markdown::render(&frame, &owner, None));
    } else if arguments.mermaid {
        ui::print(&mermaid(&frame));
    } else {
        head(&prepared, found, place);
    }
    if prepared.standing.is_none() {
        settled(&prepared, &live)?;
    }
    Ok(End::Shown)
}

/// The steps, and where it stands.
fn head(prepared: &Prepared, found: &Found, place: Option<String>) {
    if let Some(place) = place {
        ui::print(&format!("{place}\n"));
    }
    ui::print(&text(&prepared.frame()));
    if let Some(down) = &found.down {
        ui::print(&format!(
            "{} {down} does not answer; what has to be done there waits until it does.\n",
            Painted(NOTICE, "Note:"),
        ));
    }
    if let Some(standing) = &prepared.standing {
        let state = match (standing.back, standing.done) {
            (true, _) => "is on its way back; `scalectl failover --rollback` goes on with that",
            (false, true) => "is done; `scalectl failover --resume` goes on",
            (false, false) => "was begun; `scalectl failover --resume` does it again and goes on",
        };
        ui::print(&format!(
            "{} step {} ({}) {state}.\n",
            Painted(NOTICE, "Stands:"),
            standing.step + 1,
            standing.name
        ));
    }
}

fn is_there(arguments: &Arguments, writer: &str) -> Result<(), Failure> {
    let into = open_into(arguments.json_into.as_deref())?;
    let moved = Entry::Step {
        at: 0.0,
        what: object(&What::Moved {
            writer,
            seconds: 0.0,
            waits: None,
        }),
    };
    lines::tell(into.as_ref(), arguments.json, &moved);
    if !arguments.json {
        ui::print(&format!(
            "{}\n",
            Painted(NEW, format!("The database in {writer} takes the writes."))
        ));
    }
    Ok(())
}

/// Fails when the application is not as the spec has it: a failover makes no other change.
fn settled(prepared: &Prepared, live: &Live) -> Result<(), Failure> {
    let Some(failover) = prepared.failover() else {
        return Ok(());
    };
    let start = &prepared.migration.start;
    if failover.lost {
        // What there is in the region that answers is enough, if its replica is there.
        let replica = database_of(start, &failover.to);
        let there = replica.is_some_and(|one| live.resources.contains_key(&one.address));
        return match there {
            true => Ok(()),
            false => Err(Failure::with_help(
                format!(
                    "there is no replica in {}; nothing was changed",
                    failover.to
                ),
                "without one there is nothing to fail over to: restore a backup",
            )),
        };
    }
    let plan = diff(start, live, None);
    let Some(first) = plan.changes.first() else {
        return Ok(());
    };
    let counts = plan.counts();
    Err(Failure::with_help(
        format!(
            "the application is not as the spec has it: {} to create, {} to change, {} to replace, {} to delete, such as {}; nothing was changed",
            counts.create, counts.update, counts.replace, counts.delete, first.address
        ),
        "`scalectl apply` makes it so first; then fail over",
    ))
}

/// The walk.
async fn go(
    global: &Global,
    project: &Project,
    arguments: &Arguments,
    context: &Context<'_>,
    found: &Found,
    place: Option<String>,
) -> Result<End, Failure> {
    let (prepared, live) = match prepare(project, arguments, context, found).await? {
        Ok(prepared) => prepared,
        Err((writer, record)) => {
            is_there(arguments, &writer)?;
            return Ok(End::At {
                writer,
                record: Box::new(record),
            });
        }
    };
    course(arguments, &prepared)?;
    let migration = &prepared.migration;
    match &prepared.standing {
        None => settled(&prepared, &live)?,
        Some(at) if !migration.is_of(at) => {
            return Err(Failure::with_help(
                format!(
                    "the spec or the blueprints lead through something else than when the failover began, which is at step {} ({}); nothing was changed",
                    at.step + 1,
                    at.name
                ),
                "put them back as they were, finish the failover, and change them then",
            ));
        }
        Some(_) => {}
    }
    let numbers: Vec<usize> = match (&prepared.standing, arguments.rollback) {
        (Some(at), true) => (0..=at.step).rev().collect(),
        (Some(at), false) => (at.step + usize::from(at.done)..migration.steps.len()).collect(),
        (None, _) => (0..migration.steps.len()).collect(),
    };
    waits_for_region(migration, &numbers, found)?;
    if !arguments.json {
        head(&prepared, found, place);
    }
    confirm(context, arguments).await?;
    walk(
        global, project, arguments, context, found, migration, numbers,
    )
    .await
}

/// Fails where what is asked for does not fit what is under way.
fn course(arguments: &Arguments, prepared: &Prepared) -> Result<(), Failure> {
    let Some(standing) = &prepared.standing else {
        return match (arguments.resume || arguments.rollback) && !prepared.anew {
            true => Err(Failure::with_help(
                "no failover is under way",
                "`scalectl failover --to REGION` begins one",
            )),
            false => Ok(()),
        };
    };
    let begun = standing.step + usize::from(standing.done && !standing.back);
    let promoted = !prepared.migration.has_way_back(standing.step);
    match (arguments.resume, arguments.rollback) {
        (true, _) if standing.back => Err(Failure::with_help(
            format!("the failover is on its way back, at step {begun}"),
            "`scalectl failover --rollback` goes on with that",
        )),
        (_, true) if promoted => Err(Failure::with_help(
            "the replica is a database of its own already, and there is no way back from that",
            "`scalectl failover --resume` goes on; afterwards `--to` the old region is the way back",
        )),
        (true, _) | (_, true) => Ok(()),
        (false, false) => Err(Failure::with_help(
            standing.in_words(),
            "go on with `--resume`, or, before the replica is promoted, back with `--rollback`",
        )),
    }
}

/// Fails where the very next step has to do with a region that does not answer.
fn waits_for_region(
    migration: &Migration,
    numbers: &[usize],
    found: &Found,
) -> Result<(), Failure> {
    let next = numbers
        .first()
        .and_then(|number| migration.steps.get(*number));
    match (next, &found.down) {
        (Some(step), Some(down)) if step.without.as_deref() != Some(down) => {
            Err(Failure::with_help(
                format!(
                    "{down} does not answer, and step {} needs it; nothing was changed",
                    step.name
                ),
                "try again once it does: `scalectl failover --resume`",
            ))
        }
        _ => Ok(()),
    }
}

async fn confirm(context: &Context<'_>, arguments: &Arguments) -> Result<(), Failure> {
    if arguments.auto_approve {
        return Ok(());
    }
    ui::needs_terminal("add --auto-approve")?;
    let question = match arguments.rollback {
        true => "\nTake all of this back? Only `yes` is a yes:",
        false => "\nWalk all of this? Only `yes` is a yes:",
    };
    match ui::confirm_unless(context.stop, question, "yes").await {
        true => Ok(()),
        false => Err(not_confirmed(context, "not confirmed; nothing was changed")),
    }
}

async fn walk(
    global: &Global,
    project: &Project,
    arguments: &Arguments,
    context: &Context<'_>,
    found: &Found,
    migration: &Migration,
    numbers: Vec<usize>,
) -> Result<End, Failure> {
    let Some(failover) = &migration.failover else {
        return Ok(End::Shown);
    };
    let texts = |_: &str, _: &str| None;
    let walker = Walker {
        context,
        migration,
        texts: &texts,
        workers: Some(usize::from(arguments.parallelism)),
        folder: Some(&project.folder),
    };
    let into = open_into(arguments.json_into.as_deref())?;
    let counts = Counts::default();
    let mut lines = Lines::begin(project, counts, "failover", into.as_ref(), arguments.json)?;
    let began = context.provider.clock().now();
    let total = numbers.len();
    let mut taken = 0;
    let mut left: BTreeSet<usize> = BTreeSet::new();
    for number in numbers {
        let step = &migration.steps[number];
        if found.down.is_some() && step.without.is_none() {
            left.insert(number);
            continue;
        }
        let mut teller = Teller {
            migration,
            json: arguments.json,
            verbose: global.verbose,
            lines: &mut lines,
            began,
            clock: context.provider.clock(),
        };
        let walked = match arguments.rollback {
            true => walker.back(number, &mut |event| teller.tell(event)).await,
            false => {
                walker
                    .forward(number, &mut |event| teller.tell(event))
                    .await
            }
        };
        if let Err(halt) = walked {
            ended(&mut lines, context, began, taken, 1, total);
            return Err(stopped(migration, number, &halt));
        }
        taken += 1;
    }
    ended(&mut lines, context, began, taken, 0, total);
    let seconds = context.provider.clock().now().saturating_sub(began) as f64 / 1000.0;
    let writer = match arguments.rollback {
        true => &failover.from,
        false => &failover.to,
    };
    let waits = left.first().map(|number| &*migration.steps[*number].name);
    lines.tell(&Entry::Step {
        at: seconds,
        what: object(&What::Moved {
            writer,
            seconds,
            waits,
        }),
    });
    if !arguments.json {
        ui::print(&format!(
            "\n{} the database in {writer} takes the writes, after {}.\n",
            Painted(NEW, "Arrived:"),
            project.time(seconds)
        ));
    }
    if let Some(down) = found
        .down
        .as_ref()
        .filter(|_| waits.is_some() && !arguments.json)
    {
        ui::print(&format!(
            "{} its replica in {down}, and the old database there, whose data stay as they are until then. \
             Once {down} answers: `scalectl failover --resume`.\n",
            Painted(NOTICE, "Left:")
        ));
    }
    let live = observe_without(context, kinds(&migration.start), found.down.as_deref()).await?;
    Ok(End::At {
        writer: writer.to_string(),
        record: Box::new(live.record.unwrap_or_default()),
    })
}

/// The failure of a walk that stopped at a step.
fn stopped(migration: &Migration, number: usize, halt: &Halt) -> Failure {
    let step = &migration.steps[number];
    let next = match migration.has_way_back(number) {
        true => {
            "what is done is written down: `scalectl failover --resume` goes on here, `--rollback` leads back"
        }
        false => "what is done is written down: `scalectl failover --resume` goes on here",
    };
    match told(halt) {
        Failure::Message { what, code, .. } => {
            Failure::with_help(format!("step {} ({}): {what}", number + 1, step.name), next)
                .coded(code)
        }
        other => other,
    }
}

/// The spec says which region takes the writes.
fn say_so(global: &Global, project: &Project, arguments: &Arguments, writer: &str) -> Outcome {
    if project.spec.writer_region() == writer {
        return Ok(ExitCode::SUCCESS);
    }
    let path = find(global)?;
    let text = read(&path, "make it readable")?;
    let env = (project.spec.env != "default").then_some(project.spec.env.as_str());
    let shown = path.display();
    let by_hand = || {
        Failure::with_help(
            format!(
                "the database in {writer} takes the writes, but {shown} could not be made to say so"
            ),
            format!("write `writer_region: {writer}` under `database` there"),
        )
    };
    let edited = spec::with_writer(&text, env, writer).ok_or_else(by_hand)?;
    write(&path, &edited).map_err(|_| by_hand())?;
    if !arguments.json {
        ui::print(&format!(
            "{shown} now says `writer_region: {writer}` under `database`.\n"
        ));
    }
    Ok(ExitCode::SUCCESS)
}
