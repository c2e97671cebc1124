//! Where the record of a failover is, and which region does not answer.

use super::Arguments;
use crate::apply::{Context, kinds};
use crate::cli::Failure;
use crate::cli::project::Project;
use crate::cli::session::Session;
use crate::graph::Graph;
use crate::inventory::Standing;
use crate::provider::Query;
use crate::spec;

/// Failed reads of a region's record before the region counts as down.
const ASKED: u32 = 3;

/// What the first reads found: where the record is, and which region is down.
pub(super) struct Found {
    pub home: String,
    pub down: Option<String>,
}

/// Looks for the failover that is under way, and whether every region answers.
pub(super) fn look(project: &Project, arguments: &Arguments) -> Result<Found, Failure> {
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
                        format!("{home} does not respond ({why}); nothing was changed"),
                        "try again, or continue without it and lose the writes that its replica does not have: `--accept-loss DURATION`",
                    ));
                }
            }
            Err(why) => {
                return Err(Failure::new(format!(
                    "no region responds, not even {home} ({why})"
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
