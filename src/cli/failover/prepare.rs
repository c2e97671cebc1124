//! What a failover would do: its steps, tried on the simulator.

use super::Arguments;
use super::find::Found;
use crate::apply::{Context, kinds, observe_without};
use crate::cli::Failure;
use crate::cli::migrate::{forecasts, refuse_while_deploying, refuse_while_under_way};
use crate::cli::project::Project;
use crate::graph::Graph;
use crate::inventory::{Live, Record, Standing};
use crate::migrate::Migration;
use crate::migrate::failover::{Choice, Graphs, chosen, steps_of};
use crate::migrate::forecast::Forecast;
use crate::render::migration::Frame;

/// What a request comes to.
pub(super) enum Prepared {
    /// A failover, of what is live.
    Move(Box<Planned>, Box<Live>),
    /// The region has the writes already, by this record.
    Already { writer: String, record: Box<Record> },
}

/// A failover, what it would do, and where it stands.
pub(super) struct Planned {
    pub migration: Migration,
    pub forecasts: Vec<Forecast>,
    pub standing: Option<Standing>,
    /// The region that was to be fenced has gone away since: it begins again, from outside.
    pub anew: bool,
}

impl Planned {
    pub fn frame(&self) -> Frame<'_> {
        Frame {
            migration: &self.migration,
            forecasts: &self.forecasts,
            standing: self.standing.as_ref(),
            allowed: None,
        }
    }
}

/// What is to be done, and the forecast of it; or the region that has the writes already.
pub(super) async fn prepare(
    project: &Project,
    arguments: &Arguments,
    context: &Context<'_>,
    found: &Found,
) -> Result<Prepared, Failure> {
    let graph = project.graph()?;
    let down = found.down.as_deref();
    let live = observe_without(context, kinds(&graph), down).await?;
    let record = live.record.clone().unwrap_or_default();
    let standing = record.migration.clone();
    refuse_while_deploying(Some(&record))?;
    if standing.as_ref().is_some_and(|at| at.failover.is_none()) {
        refuse_while_under_way(Some(&record))?;
    }
    let choice = chosen(&project.spec.app, &live, down, &arguments.request())?;
    let (failover, anew) = match choice {
        Choice::Move { failover, anew } => (failover, anew),
        Choice::Already(writer) => {
            let record = Box::new(record);
            return Ok(Prepared::Already { writer, record });
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
    let planned = Planned {
        migration,
        forecasts,
        standing: standing.filter(|_| !anew),
        anew,
    };
    Ok(Prepared::Move(Box::new(planned), Box::new(live)))
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
