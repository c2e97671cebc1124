//! `scalectl failover`: the database's writes move to another region, step by step, and back.
//!
//! Where a failover stands is in the record, as a migration's. The record is in the region that takes
//! the writes; where that one does not answer, it is in the one that takes over.

mod arguments;
mod find;
mod go;
mod prepare;
mod show;
mod walk;
mod writer;

use std::process::ExitCode;

pub use self::arguments::Arguments;
use self::find::look;
use self::go::go;
use self::show::show;
pub use self::writer::refuse_another_writer;
use self::writer::say_so;
use super::plan::tell_calls;
use super::project::Project;
use super::run::with_lease;
use super::saved::{check_owner, load};
use super::session::Session;
use super::{Failure, Global, Outcome};
use crate::apply::write_record;
use crate::inventory::Record;
use crate::migrate::failover::{Unfit, fits};
use crate::spec;

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    let project = Project::load(global, None)?;
    let saved = arguments.saved.as_deref();
    let saved = saved.map(|path| load(path, "failover")).transpose()?;
    if let Some(saved) = &saved {
        check_owner(saved, &project)?;
    }
    let asked = saved.as_ref().and_then(|saved| saved.failover.as_ref());
    let asked = asked.map(|failover| arguments.of(failover));
    let arguments = asked.as_ref().unwrap_or(arguments);
    fits(&project.spec, arguments.to.as_deref())?;
    let found = look(&project, arguments)?;
    let looks = arguments.plan || arguments.status;
    let command = if looks { "failover --plan" } else { "failover" };
    let session = Session::open_at(&project, command, &found.home, looks)?;
    let session = session.at_speed(arguments.speed);
    let holder = session.holder.clone();
    let outcome = session.run(async |cloud, context| {
        let place = cloud.place().await?;
        let outcome = if looks {
            show(&project, arguments, context, &found, place).await
        } else {
            with_lease(context, &holder, project.patience, async || {
                go(
                    global,
                    &project,
                    arguments,
                    saved.as_ref(),
                    context,
                    &found,
                    place,
                )
                .await
            })
            .await
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

impl From<Unfit> for Failure {
    fn from(unfit: Unfit) -> Self {
        Self::with_help(unfit.what, unfit.help)
    }
}
