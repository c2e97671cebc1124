//! What apply and destroy share: the lease, the journal, the progress, the report.

use std::cell::RefCell;
use std::fs::File;
use std::time::Duration;

use super::event_log::Lines;
use super::exit::Code;
use super::process::has_ended;
use super::progress::{Progress, Show, ticking};
use super::project::Project;
use super::{Failure, ui};
use crate::apply::journal::{Ended, Entry};
use crate::apply::{Context, End, Event, Report, execute, write_record};
use crate::inventory::Record;
use crate::plan::operations::Part;
use crate::plan::{Plan, Step};
use crate::provider::{ErrorKind, Holder};
use crate::render::{style::GONE, style::NEW, style::Painted, style::STRONG};
use crate::spec::Provider;
use crate::words::{count, duration};

/// How a run is shown and limited.
pub struct Options {
    /// `apply` or `destroy`.
    pub command: &'static str,
    /// The app's record before.
    pub from: Record,
    /// Maximum number of concurrent operations.
    pub workers: Option<usize>,
    /// One JSON object a line instead of text.
    pub json: bool,
    /// Where such lines go besides.
    pub into: Option<File>,
    /// Show retries.
    pub verbose: bool,
}

impl Options {
    /// The same for what is seen of it.
    pub fn show(&self) -> Show {
        Show {
            json: self.json,
            verbose: self.verbose,
            workers: self.workers,
        }
    }
}

/// How long after a request to stop the work still has; then the lease is given back without it. The
/// executor ends within less, so this is for the rest, such as looking at what there is.
const GRACE: Duration = Duration::from_millis(1500);

/// How long it is tried to give the lease back to a cloud that has refused everything.
const HOPE: Duration = Duration::from_secs(20);

/// Takes the lease, waiting for somebody else's for a while, runs `work`, and gives the lease back
/// whatever came of it.
pub async fn with_lease<T>(
    context: &Context<'_>,
    holder: &Holder,
    patience: Duration,
    work: impl AsyncFnOnce() -> Result<T, Failure>,
) -> Result<T, Failure> {
    acquire(context, holder, patience).await?;
    let too_long = async {
        context.stop.asked().await;
        context.provider.clock().sleep(GRACE).await;
    };
    let result = tokio::select! {
        biased;
        result = work() => result,
        () = too_long => Err(Failure::new("stopped before it finished").coded(Code::Interrupted)),
    };
    let released = crate::apply::retry::steadily(context, "lease", || {
        context.provider.release_lease(context.owner)
    });
    // Of a cloud that has refused everything not much can be hoped for; the lease ends by itself.
    let hope = async {
        if context.stop.is_given_up() {
            context.provider.clock().sleep(HOPE).await
        } else {
            std::future::pending().await
        }
    };
    let released = tokio::select! {
        biased;
        released = released => released.map_err(|error| error.to_string()),
        () = hope => Err("the cloud does not respond".to_owned()),
    };
    if let Err(error) = released {
        ui::note(&format!(
            "warning: the lease could not be released: {error}\n"
        ));
    }
    result
}

async fn acquire(
    context: &Context<'_>,
    holder: &Holder,
    patience: Duration,
) -> Result<(), Failure> {
    let clock = context.provider.clock();
    let began = clock.now();
    let mut told = false;
    loop {
        let acquired = crate::apply::retry::steadily(context, "lease", || {
            context.provider.acquire_lease(context.owner, holder)
        })
        .await;
        let error = match acquired {
            Ok(()) => return Ok(()),
            Err(error) if error.kind == ErrorKind::Held => {
                if taken_over(context).await? {
                    continue;
                } else {
                    error
                }
            }
            Err(error) => return Err(error.into()),
        };
        let passed = Duration::from_millis(clock.now().saturating_sub(began));
        if passed >= patience || context.stop.is_asked() {
            return Err(Failure::with_help(
                format!(
                    "another run is changing {}: {}",
                    context.owner.app, error.message
                ),
                "wait for it to finish (`--lock-timeout SECONDS`); see `scalectl lease show`; if that run no longer exists, run `scalectl lease break`",
            )
            .coded(Code::Held.unless_interrupted(context.stop)));
        }
        if !std::mem::replace(&mut told, true) {
            ui::note(&format!("Waiting: {}...\n", error.message));
        }
        tokio::select! {
            () = clock.sleep(Duration::from_secs(1)) => {}
            () = context.stop.asked() => {}
        }
    }
}

/// Takes the lease from a run on this machine that has died; whether there was one. What it began is found by this run.
async fn taken_over(context: &Context<'_>) -> Result<bool, Failure> {
    let lease = || context.provider.lease(context.owner);
    let Some(held) = crate::apply::retry::steadily(context, "lease", lease).await? else {
        return Ok(false);
    };
    if !has_ended(&held.holder) {
        return Ok(false);
    }
    ui::note(&format!(
        "Taking over the lease of {}, which was killed while running `scalectl {}`.\n",
        held.holder.who, held.holder.command
    ));
    let ended = Some(&held.holder);
    let broken = || context.provider.break_lease(context.owner, ended);
    crate::apply::retry::steadily(context, "lease", broken).await?;
    Ok(true)
}

/// Runs a plan and tells how it went; the record is written before anything exists that only it
/// would find again, and once more when everything is done.
pub async fn run(
    context: &Context<'_>,
    project: &Project,
    plan: &Plan,
    record: Record,
    options: &Options,
) -> Result<Report, Failure> {
    // On the way to another stage the application is at none; at its own it stays where it is.
    let before = Record {
        stage: record
            .stage
            .clone()
            .filter(|stage| options.from.stage.as_ref() == Some(stage)),
        addresses: options.from.addresses.clone(),
        migration: options.from.migration.clone(),
        ..record.clone()
    };
    if before != options.from {
        write_record(context, &before).await?;
    }
    let into = options.into.as_ref();
    let mut lines = Lines::begin(project, plan.counts(), options.command, into, options.json)?;
    let began = context.provider.clock().now();
    let wall = std::time::Instant::now();
    let clock = context.provider.clock();
    let progress = RefCell::new(Progress::new(options.show(), clock));
    progress.borrow_mut().begin(plan);
    let is_live = progress.borrow().is_live();
    let mut on_event = |event: &Event| {
        progress.borrow_mut().event(event);
        if matches!(event, Event::Waiting { .. }) {
            return;
        }
        let passed = context.provider.clock().now().saturating_sub(began);
        lines.write(&Entry::Operation {
            at: passed as f64 / 1000.0,
            what: event.clone(),
        });
    };
    let work = execute(context, plan, options.workers, &mut on_event);
    let report = ticking(clock, is_live, || progress.borrow_mut().refresh(), work).await;
    progress.borrow_mut().end();
    drop(progress);
    lines.write(&Entry::End {
        seconds: report.seconds,
        done: report.count(|end| matches!(end, End::Done { .. })),
        failed: report.count(|end| matches!(end, End::Failed { .. })),
        left: report.count(|end| !matches!(end, End::Done { .. } | End::Failed { .. })),
    });
    if report.is_complete() && options.command == "apply" && record != before {
        write_record(context, &record).await?;
    }
    let operations = plan.operations.iter().zip(&report.ends);
    lines.tell(&Entry::Report {
        complete: report.is_complete(),
        seconds: report.seconds,
        operations: operations
            .map(|(operation, end)| Ended {
                address: plan.changes[operation.change].address.clone(),
                step: operation.step,
                end: end.clone(),
            })
            .collect(),
    });
    if !options.json {
        let mut time = project.time(report.seconds);
        if project.spec.provider == Provider::Sim {
            let wall = wall.elapsed().as_secs_f64();
            time.push_str(&format!(" ({} here)", duration(wall.max(0.05))));
        }
        ui::print(&tell(plan, &report, options, &time));
    }
    Ok(report)
}

/// The report: what was done, what was not, and what to run next.
fn tell(plan: &Plan, report: &Report, options: &Options, time: &str) -> String {
    let mut text = String::new();
    let done = |step: Step| {
        plan.operations
            .iter()
            .zip(&report.ends)
            .filter(|(operation, end)| operation.step == step && matches!(end, End::Done { .. }))
            // The second part of a write is counted with the first.
            .filter(|(operation, _)| !matches!(operation.part, Part::Then { .. }))
            .count()
    };
    let name = if options.command == "apply" {
        "Apply"
    } else {
        "Destroy"
    };
    let style = if report.is_complete() { NEW } else { GONE };
    let state = match (report.is_complete(), report.stopped) {
        (true, _) => "complete",
        (false, true) => "stopped",
        (false, false) => "incomplete",
    };
    text.push_str(&format!(
        "\n{} {} created, {} updated, {} deleted in {time}.\n",
        Painted(style, format!("{name} {state}:")),
        done(Step::Create),
        done(Step::Update),
        done(Step::Delete),
    ));
    if report.is_complete() {
        return text;
    }
    for (operation, end) in plan.operations.iter().zip(&report.ends) {
        let address = &plan.changes[operation.change].address;
        match end {
            End::Failed { error } => {
                text.push_str(&format!(
                    "  {} {address}: {error}\n",
                    Painted(GONE, "failed")
                ));
            }
            End::Done { differs, .. } if !differs.is_empty() => {
                text.push_str(&format!(
                    "  {} {address}: {} not as planned\n",
                    Painted(GONE, "differs"),
                    differs.join(", ")
                ));
            }
            _ => {}
        }
    }
    let blocked = report.count(|end| matches!(end, End::Blocked { .. }));
    let left = report.count(|end| matches!(end, End::Left));
    let not_begun = report.count(|end| matches!(end, End::NotBegun));
    for (number, what) in [
        (blocked, "not started, because a dependency failed"),
        (left, "started, result not awaited"),
        (not_begun, "not started"),
    ] {
        if number > 0 {
            text.push_str(&format!("  {} {what}\n", count(number, "operation")));
        }
    }
    text.push_str(&format!(
        "{} run `scalectl {}` again to resume; finished operations are not repeated.\n",
        Painted(STRONG, "Next:"),
        options.command
    ));
    text
}
