//! `--plan` and `--status`: what a failover shows and does not do.

use super::find::Found;
use super::prepare::{Planned, Prepared, prepare};
use super::{Arguments, End};
use crate::apply::journal::Entry;
use crate::apply::{Context, kinds, observe_without};
use crate::cli::event_log::{self, open_into};
use crate::cli::migrate::above;
use crate::cli::project::Project;
use crate::cli::saved::save;
use crate::cli::{Failure, report, ui};
use crate::migrate::failover::{check_start, writer_of};
use crate::render::json::settled;
use crate::render::json::walk::{What, object};
use crate::render::migration::{overview, text};
use crate::render::style::{NEW, NOTICE, Painted};
use crate::render::view::{Format, MigrationView};

/// `--plan` and `--status`.
pub(super) async fn show(
    project: &Project,
    arguments: &Arguments,
    context: &Context<'_>,
    found: &Found,
    place: Option<String>,
) -> Result<End, Failure> {
    if arguments.status && !is_under_way(project, arguments, context, found).await? {
        return Ok(End::Shown);
    }
    let (prepared, live) = match prepare(project, arguments, context, found).await? {
        Prepared::Move(planned, live) => (planned, live),
        Prepared::Already { writer, .. } if arguments.out.is_some() => {
            return Err(Failure::new(format!(
                "the database in {writer} already takes the writes; there is no failover to save"
            )));
        }
        Prepared::Already { writer, record } => {
            if arguments.json {
                let stage = record.stage.as_deref();
                ui::print_json(&settled::of(stage, Some(writer)));
            } else {
                is_there(arguments, &writer)?
            }
            return Ok(End::Shown);
        }
    };
    let begins = match prepared.standing {
        None => check_start(&prepared.migration, &live).map_err(Failure::from),
        Some(_) => Ok(()),
    };
    match (&arguments.out, &prepared.standing, &begins) {
        (Some(_), Some(standing), _) => {
            return Err(Failure::with_help(
                format!(
                    "{}; there is no other failover to save",
                    standing.in_words()
                ),
                "`scalectl failover --resume` continues it",
            ));
        }
        (Some(path), None, Ok(())) => save(path, project, &prepared.migration)?,
        _ => {}
    }
    let (frame, owner) = (prepared.frame(), project.owner());
    let format = arguments.format();
    let view = MigrationView {
        heading: above(place.as_deref()),
        frame: &frame,
        owner: &owner,
        provider: project.provider(),
        policy: None,
    };
    let html = arguments.html.as_deref();
    report::show(&view, format, html, project, place.as_deref())?;
    if format == Format::Text {
        below(&prepared, found);
    }
    begins?;
    Ok(End::Shown)
}

/// The steps, on one screen for whoever is asked, and where it stands.
pub(super) fn head(prepared: &Planned, found: &Found, place: Option<String>, asks: bool) {
    ui::print(&above(place.as_deref()));
    ui::print(&if asks {
        overview(&prepared.frame(), ui::columns())
    } else {
        text(&prepared.frame(), ui::prose())
    });
    below(prepared, found);
}

/// What does not answer, and where it stands.
fn below(prepared: &Planned, found: &Found) {
    if let Some(down) = &found.down {
        ui::print(&format!(
            "{} {down} does not respond; the steps there wait until it does.\n",
            Painted(NOTICE, "Note:"),
        ));
    }
    if let Some(standing) = &prepared.standing {
        let state = match (standing.back, standing.done) {
            (true, _) => "is being rolled back; `scalectl failover --rollback` continues",
            (false, true) => "is done; `scalectl failover --resume` continues with the next step",
            (false, false) => {
                "was interrupted; `scalectl failover --resume` repeats it and continues"
            }
        };
        ui::print(&format!(
            "{} step {} ({}) {state}.\n",
            Painted(NOTICE, "Status:"),
            standing.step + 1,
            standing.name
        ));
    }
}

pub(super) fn is_there(arguments: &Arguments, writer: &str) -> Result<(), Failure> {
    let into = open_into(arguments.json_into.as_deref())?;
    let moved = Entry::Step {
        at: 0.0,
        what: object(&What::Moved {
            writer,
            seconds: 0.0,
            waits: None,
        }),
    };
    event_log::tell(into.as_ref(), arguments.json, &moved);
    if !arguments.json {
        ui::print(&format!(
            "{}\n",
            Painted(NEW, format!("The database in {writer} takes the writes."))
        ));
    }
    Ok(())
}

/// Whether a failover is under way; prints where the writes go otherwise.
async fn is_under_way(
    project: &Project,
    arguments: &Arguments,
    context: &Context<'_>,
    found: &Found,
) -> Result<bool, Failure> {
    let graph = project.graph()?;
    let live = observe_without(context, kinds(&graph), found.down.as_deref()).await?;
    let standing = live.record.as_ref().and_then(|r| r.migration.as_ref());
    if standing.is_some_and(|standing| standing.failover.is_some()) {
        return Ok(true);
    }
    if arguments.json {
        ui::print_json(&settled::document(&live))
    } else {
        ui::print(&format!(
            "No failover is in progress; {}.\n",
            match writer_of(&live) {
                Some(writer) => format!("the database in {writer} takes the writes"),
                None => "no database takes writes".to_owned(),
            }
        ))
    }
    Ok(false)
}
