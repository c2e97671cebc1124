//! `scalectl scale`: what the spec asks of size and number, in steps with gates instead of at once.
//!
//! More first, then what interrupts, one resource after the other, then less: so that there is
//! room for those whom an interruption turns away.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgGroup, Args};

use super::apply::{How, obey, refuse};
use super::event_log::{self, open_into};
use super::exit::Code;
use super::migrate::{refuse_another_stage, refuse_while_under_way};
use super::migrate_progress::waiting;
use super::plan::{Scope, planned, tell_calls};
use super::progress::{Progress, Show, ticking};
use super::project::Project;
use super::run::{Options, run as carry_out, with_lease};
use super::session::Session;
use super::{Failure, Global, Outcome, ui};
use crate::address::Address;
use crate::apply::journal::Entry;
use crate::apply::{Context, observe, record_of};
use crate::graph::Graph;
use crate::inventory::Record;
use crate::migrate::gates::{Alarms, Check, Gate, Healthy, Reading};
use crate::migrate::walk::{Halt, settled};
use crate::plan::scale::{Step, steps};
use crate::plan::{Plan, diff, guard};
use crate::render::folded;
use crate::render::plan::{Frame, summary};
use crate::render::{style::NEW, style::Painted, style::STRONG};
use crate::words::duration;

#[derive(Args)]
#[command(
    group(ArgGroup::new("unasked").multiple(true)),
    after_help = "Examples:\n  scalectl scale --plan    show each step and what it interrupts\n  scalectl scale           run the steps, each when servers are healthy and no alarm is firing\n\nSet sizes and counts in the spec: services.*.instance, services.*.scale, database.class,\ndatabase.storage, database.replicas, cache.node, cache.nodes."
)]
pub struct Arguments {
    /// Show the steps and exit.
    #[arg(long, group = "unasked")]
    plan: bool,
    /// Allow this protected resource to be deleted or replaced; repeatable.
    #[arg(long, value_name = "ADDRESS")]
    allow: Vec<Address>,
    /// Maximum number of concurrent operations.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..))]
    parallelism: u16,
    /// Skip the confirmation.
    #[arg(long, group = "unasked")]
    auto_approve: bool,
    /// Print JSON: the steps as one object, then one object per event and line.
    #[arg(long, requires = "unasked")]
    json: bool,
    /// Also write events to this file or pipe, one JSON object per line, as they happen.
    #[arg(long, value_name = "FILE")]
    json_into: Option<PathBuf>,
    /// Run the simulator's clock this many times as fast as real time instead of skipping ahead.
    #[arg(long, value_name = "FACTOR", value_parser = super::apply::speed)]
    speed: Option<f64>,
}

/// Servers are healthy and no alarm is raised, three times in a row.
const GATES: [Gate; 2] = [
    Gate::new(Check::Healthy(Healthy {}), 3, 1800),
    Gate::new(Check::Alarms(Alarms {}), 3, 1800),
];

impl Arguments {
    /// Whether it changes something besides what it prints.
    pub fn changes(&self) -> bool {
        !self.plan
    }
}

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    let project = Project::load(global, None)?;
    let scope = Scope {
        stage: None,
        target: Vec::new(),
        allow: arguments.allow.clone(),
        direct: false,
        parallelism: arguments.parallelism,
    };
    let options = Options {
        command: "apply",
        from: Record {
            stage: Some(project.spec.stage.name().into()),
            ..Record::default()
        },
        workers: scope.workers(),
        json: arguments.json,
        into: open_into(arguments.json_into.as_deref())?,
        verbose: global.verbose,
    };
    let session = Session::open_to_look(&project, "scale", arguments.plan)?;
    let session = session.at_speed(arguments.speed);
    let holder = session.holder.clone();
    session.run(async |cloud, context| {
        let outcome = if arguments.plan {
            let found = planned(context, &project, &scope).await?;
            refuse_another_stage(&project, &scope, &found.live)?;
            if found.plan.is_empty() {
                refuse(&found.refusals)?;
            }
            tell(&found.plan, &steps(&found.plan), &options);
            refuse(&found.refusals)?;
            obey(&found.report, options.json, options.into.as_ref())?;
            Ok(ExitCode::SUCCESS)
        } else {
            with_lease(context, &holder, project.patience, async || {
                walk(context, &project, &scope, arguments, &options).await
            })
            .await
        };
        tell_calls(global, cloud);
        outcome
    })
}

/// The steps, each with what it changes and interrupts.
fn tell(plan: &Plan, steps: &[Step], options: &Options) {
    // Plain data, with addresses as keys.
    let told = steps.iter().map(|step| serde_json::json!(step)).collect();
    let entry = Entry::Steps { steps: told };
    event_log::tell(options.into.as_ref(), options.json, &entry);
    if options.json {
        return;
    }
    if plan.is_empty() {
        ui::print(&format!(
            "{}\n",
            Painted(NEW, "Nothing to do: sizes and counts match the spec.")
        ));
        return;
    }
    for (number, step) in steps.iter().enumerate() {
        ui::print(&format!(
            "{:>2}  {}  about {}\n",
            number + 1,
            Painted(STRONG, &step.does),
            duration(f64::from(step.seconds))
        ));
        let changes = plan.changes.iter();
        let changes = changes.filter(|change| step.changes.contains_key(&change.address));
        ui::print(&folded::of(changes.collect(), ui::columns()));
    }
    ui::print("\nEach step starts when servers are healthy and no alarm is firing.\n\n");
    let frame = Frame {
        workers: options.workers,
        ..Frame::default()
    };
    let mut text = String::new();
    summary(&mut text, plan, &frame);
    ui::print(&text);
}

async fn walk(
    context: &Context<'_>,
    project: &Project,
    scope: &Scope,
    arguments: &Arguments,
    options: &Options,
) -> Outcome {
    let found = planned(context, project, scope).await?;
    refuse_while_under_way(found.live.record.as_ref())?;
    refuse_another_stage(project, scope, &found.live)?;
    let steps = steps(&found.plan);
    if steps.is_empty() {
        refuse(&found.refusals)?;
    }
    tell(&found.plan, &steps, options);
    if steps.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    refuse(&found.refusals)?;
    obey(&found.report, options.json, options.into.as_ref())?;
    let how = How {
        auto_approve: arguments.auto_approve,
        json: arguments.json,
        json_into: None,
        speed: arguments.speed,
    };
    super::apply::ask(context, project, &found.plan, &how).await?;
    for (number, step) in steps.iter().enumerate() {
        for gate in &GATES {
            let opened = watched(context, &found.graph, gate, options.show()).await;
            opened.map_err(|halt| match super::migrate::told(&halt) {
                Failure::Message { what, code, .. } => Failure::with_help(
                    format!("before step {}: {what}", number + 1),
                    "finished steps are kept; run `scalectl scale` again to resume",
                )
                .coded(code),
                other => other,
            })?;
        }
        let plan = narrowed(context, &found.graph, step, scope).await?;
        if plan.is_empty() {
            continue;
        }
        let last = number + 1 == steps.len();
        let stage = last.then(|| project.spec.stage.name());
        let record = record_of(found.live.record.as_ref(), &found.graph, stage);
        let report = carry_out(context, project, &plan, record, options).await?;
        if !report.is_complete() {
            return Err(Failure::Told(Code::of_run(&report)));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Waits until a gate opens, and shows what it waits for.
async fn watched(
    context: &Context<'_>,
    graph: &Graph,
    gate: &Gate,
    show: Show,
) -> Result<(), Halt> {
    let clock = context.provider.clock();
    let progress = RefCell::new(Progress::new(show, clock));
    let is_live = progress.borrow().is_live();
    let mut asked = 0;
    let mut tell = |reading: &Reading, passed: u64| {
        asked += 1;
        let since = clock.now().saturating_sub(passed);
        let what = waiting(gate, reading, asked);
        progress.borrow_mut().wait(what, since);
    };
    let work = settled(context, graph, gate, &mut tell);
    ticking(clock, is_live, || progress.borrow_mut().refresh(), work).await
}

/// What is left to do of a step.
async fn narrowed(
    context: &Context<'_>,
    graph: &Graph,
    step: &Step,
    scope: &Scope,
) -> Result<Plan, Failure> {
    let live = observe(context, Some(graph)).await?;
    let plan = step.of(diff(graph, &live, None), &live);
    let allowed: BTreeSet<Address> = scope.allow.iter().cloned().collect();
    refuse(&guard::refusals(&plan, &allowed))?;
    Ok(plan)
}
