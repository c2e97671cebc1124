//! `scalectl drift`: what somebody changed outside of scalectl.
//!
//! It handles values only: what is live comes through a view that has no changing call
//! ([`crate::apply::read_only::View`]), and no lease is taken.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::exit::Code;
use super::observe::{Range, from_cloud, from_file};
use super::plan::heading;
use super::project::{Project, spec_deployed};
use super::{Failure, Global, Outcome, migrate, ui};
use crate::deploy::closed::is_closed;
use crate::graph::Graph;
use crate::inventory::{Live, Standing};
use crate::plan::drift::drift;
use crate::render::drift::text;
use crate::render::json::drift::document;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  scalectl drift                      for a nightly job: exit code 0 no drift, 2 drift, 1 error\n  scalectl drift --json\n  scalectl drift --live live.json     in a snapshot, without an account\n\nNothing is changed, and no lease is taken; `scalectl iam-policy --read-only` prints the permissions it needs. Changes by\nAWS, by autoscaling, or to the spec are not drift."
)]
pub struct Arguments {
    /// Compare with this snapshot instead of the cloud; see `scalectl snapshot`.
    #[arg(long, value_name = "FILE")]
    live: Option<PathBuf>,
    /// Print JSON; https://scalectl.github.io/scalectl/dry-run.html documents it.
    #[arg(long)]
    json: bool,
}

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    let project = Project::load(global, None)?;
    let graph = project.graph()?;
    let mut seen = match &arguments.live {
        Some(path) => from_file(&project, &graph, path)?,
        None => from_cloud(global, &project, &graph, "drift", Range::Ours)?,
    };
    let stage = migrate::live_stage(seen.live.record.as_ref())?;
    let graph = last_applied(global, &project, graph, &seen.live)?;
    // A closed site is nobody's drift.
    seen.live.resources.retain(|address, _| !is_closed(address));
    let drift = drift(&graph, &seen.live);
    if arguments.json {
        ui::print_json(&document(
            &drift,
            &project.owner(),
            stage.map(|stage| stage.name()),
            project.provider(),
        ))
    } else {
        ui::print(&heading(&project, &seen.live, seen.place.as_deref()));
        ui::print(&text(&drift));
    }
    Ok(if drift.resources.is_empty() {
        ExitCode::SUCCESS
    } else {
        Code::Changes.into()
    })
}

/// What was to exist when scalectl changed something last: the spec at the stage that is live, or at
/// the step at which a migration stands.
fn last_applied(
    global: &Global,
    project: &Project,
    graph: Graph,
    live: &Live,
) -> Result<Graph, Failure> {
    let record = live.record.as_ref();
    let standing = record.and_then(|record| record.migration.as_ref());
    if let Some(standing) = standing
        && let Some(step) = at_step(global, project, standing)?
    {
        return Ok(step);
    }
    match migrate::live_stage(record)? {
        Some(stage) if stage != project.spec.stage => {
            let spec = spec_deployed(global, project, stage)?;
            project.compile(&spec)
        }
        _ => Ok(graph),
    }
}

/// What was to exist after the step at which a migration stands; `None` where the spec leads through
/// something else by now.
fn at_step(
    global: &Global,
    project: &Project,
    standing: &Standing,
) -> Result<Option<Graph>, Failure> {
    let (Some(from), Some(to)) = (migrate::named(&standing.from), migrate::named(&standing.to))
    else {
        return Ok(None);
    };
    let migration = migrate::lay_out(global, project, from, to)?;
    let step = migration.steps.get(standing.step);
    Ok(step
        .filter(|_| migration.is_of(standing))
        .map(|step| step.graph.clone()))
}
