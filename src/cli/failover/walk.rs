//! A failover as it runs.

use std::collections::BTreeSet;

use super::find::Found;
use super::{Arguments, End};
use crate::apply::journal::Entry;
use crate::apply::{Context, kinds, observe_without};
use crate::cli::event_log::{Lines, open_into};
use crate::cli::migrate::told;
use crate::cli::migrate_progress::{Teller, ended, shown};
use crate::cli::progress::Show;
use crate::cli::project::Project;
use crate::cli::{Failure, Global, ui};
use crate::migrate::Migration;
use crate::migrate::walk::{Halt, Walker};
use crate::plan::Counts;
use crate::render::json::walk::{What, object};
use crate::render::style::{NEW, NOTICE, Painted};

/// Takes the steps of these numbers.
pub(super) async fn walk(
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
    let show = Show {
        json: arguments.json,
        verbose: global.verbose,
        workers: walker.workers,
    };
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
        let teller = Teller::new(migration, show, &mut lines, began, context.provider.clock());
        let walked = shown(
            teller,
            |_| {},
            async |tell| {
                if arguments.rollback {
                    walker.back(number, tell).await
                } else {
                    walker.forward(number, tell).await
                }
            },
        )
        .await;
        if let Err(halt) = walked {
            let failed = usize::from(halt.is_failure());
            ended(&mut lines, context, began, taken, failed, total);
            return Err(stopped(migration, number, &halt));
        }
        taken += 1;
    }
    ended(&mut lines, context, began, taken, 0, total);
    let seconds = context.provider.clock().now().saturating_sub(began) as f64 / 1000.0;
    let writer = if arguments.rollback {
        &failover.from
    } else {
        &failover.to
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
            Painted(NEW, "Done:"),
            project.time(seconds)
        ));
    }
    if let Some(down) = found
        .down
        .as_ref()
        .filter(|_| waits.is_some() && !arguments.json)
    {
        ui::print(&format!(
            "{} the replica in {down}; the old database there keeps its data until then. \
             When {down} responds again: `scalectl failover --resume`.\n",
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
    let next = if migration.has_way_back(number) {
        "progress is saved: resume with `scalectl failover --resume`, or roll back with `scalectl failover --rollback`"
    } else {
        "progress is saved: resume with `scalectl failover --resume`"
    };
    match told(halt) {
        Failure::Message { what, code, .. } => {
            Failure::with_help(format!("step {} ({}): {what}", number + 1, step.name), next)
                .coded(code)
        }
        other => other,
    }
}
