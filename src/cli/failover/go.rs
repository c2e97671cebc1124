//! Checks the request, confirms, and starts the failover.

use super::find::Found;
use super::prepare::{Prepared, prepare};
use super::show::{head, is_there};
use super::walk::walk;
use super::{Arguments, End};
use crate::apply::Context;
use crate::cli::apply::not_confirmed;
use crate::cli::migrate::says_yes;
use crate::cli::project::Project;
use crate::cli::saved::check;
use crate::cli::{Failure, Global, ui};
use crate::migrate::failover::{check_course, check_next, check_start, numbers};
use crate::migrate::saved::SavedMigration;
use crate::render::migration::Frame;

/// The walk.
pub(super) async fn go(
    global: &Global,
    project: &Project,
    arguments: &Arguments,
    saved: Option<&SavedMigration>,
    context: &Context<'_>,
    found: &Found,
    place: Option<String>,
) -> Result<End, Failure> {
    let (prepared, live) = match prepare(project, arguments, context, found).await? {
        Prepared::Move(planned, live) => (planned, live),
        Prepared::Already { writer, record } => {
            is_there(arguments, &writer)?;
            return Ok(End::At { writer, record });
        }
    };
    let migration = &prepared.migration;
    let standing = prepared.standing.as_ref();
    check_course(migration, standing, prepared.anew, &arguments.request())?;
    check(saved, project, migration)?;
    if standing.is_none() {
        check_start(migration, &live)?;
    }
    let numbers = numbers(migration, standing, arguments.rollback);
    check_next(migration, &numbers, found.down.as_deref())?;
    if !arguments.json {
        let asks = !arguments.auto_approve && !global.verbose;
        head(&prepared, found, place, asks);
    }
    confirm(context, arguments, &prepared.frame(), &numbers).await?;
    walk(
        global, project, arguments, context, found, migration, numbers,
    )
    .await
}

async fn confirm(
    context: &Context<'_>,
    arguments: &Arguments,
    frame: &Frame<'_>,
    numbers: &[usize],
) -> Result<(), Failure> {
    if arguments.auto_approve {
        return Ok(());
    }
    ui::needs_terminal("add --auto-approve")?;
    let yes = if arguments.rollback {
        // What a step back changes is known once it begins.
        let question = "\nRoll all of this back? Only `yes` is accepted:";
        ui::confirm_unless(context.stop, question, "yes").await
    } else {
        let question = format!("\nRun all {} steps?", numbers.len());
        says_yes(context, &question, frame, numbers).await
    };
    if yes {
        Ok(())
    } else {
        Err(not_confirmed(context, "not confirmed; nothing was changed"))
    }
}
