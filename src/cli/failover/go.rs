//! Checks what is asked for, asks for consent, and begins.

use super::find::Found;
use super::prepare::{Prepared, prepare};
use super::show::{head, is_there};
use super::walk::walk;
use super::{Arguments, End};
use crate::apply::Context;
use crate::cli::apply::not_confirmed;
use crate::cli::project::Project;
use crate::cli::{Failure, Global, ui};
use crate::migrate::failover::{check_course, check_next, check_start, numbers};

/// The walk.
pub(super) async fn go(
    global: &Global,
    project: &Project,
    arguments: &Arguments,
    context: &Context<'_>,
    found: &Found,
    place: Option<String>,
) -> Result<End, Failure> {
    let (prepared, live) = match prepare(project, arguments, context, found).await? {
        Prepared::Move(planned, live) => (planned, live),
        Prepared::Already { writer, record } => {
            is_there(arguments, &writer)?;
            return Ok(End::At {
                writer,
                record: Box::new(record),
            });
        }
    };
    let migration = &prepared.migration;
    let standing = prepared.standing.as_ref();
    check_course(migration, standing, prepared.anew, &arguments.request())?;
    if standing.is_none() {
        check_start(migration, &live)?;
    }
    let numbers = numbers(migration, standing, arguments.rollback);
    check_next(migration, &numbers, found.down.as_deref())?;
    if !arguments.json {
        head(&prepared, found, place);
    }
    confirm(context, arguments).await?;
    walk(
        global, project, arguments, context, found, migration, numbers,
    )
    .await
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
