//! `scalectl maintenance`: closes the site for visitors with a page, and opens it again.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::migrate::told;
use super::project::Project;
use super::run::with_lease;
use super::session::Session;
use super::wait_indicator::observed;
use super::{Failure, Global, Outcome, ui};
use crate::deploy::closed::{Closed, close, closed};
use crate::deploy::script;
use crate::plain_file;
use crate::render::json::maintenance::{Maintenance, Region};
use crate::render::style::{NEW, NOTICE, Painted};
use crate::words::count;

/// The page, unless there is another.
const PAGE: &str = include_str!("../../templates/pages/maintenance.html");

/// The most bytes of a page: with what else is said, a parameter holds 4,096
/// (<https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html>).
const MOST: u64 = 3000;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  scalectl maintenance on                        visitors get a page and status 503\n  scalectl maintenance on --page closed.html     a page of yours\n  scalectl maintenance status\n  scalectl maintenance off\n\nWorkers go on. Load balancers and DNS get healthy answers, so that no server is replaced and no region fails over."
)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Close the site: visitors get a page and status 503.
    On {
        /// The page, HTML of up to 3,000 bytes; a short text without it.
        #[arg(long, value_name = "FILE")]
        page: Option<PathBuf>,
        /// The seconds after which visitors and crawlers are told to come again.
        #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u32).range(1..=604_800))]
        retry_after: u32,
    },
    /// Open the site again.
    Off,
    /// Say whether the site is closed, since when and by whom.
    Status {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    let project = Project::load(global, None)?;
    match &arguments.command {
        Command::On { page, retry_after } => {
            let page = match page {
                Some(path) => page_of(path)?,
                None => PAGE.trim().to_owned(),
            };
            change(&project, Some((page, *retry_after)))
        }
        Command::Off => change(&project, None),
        Command::Status { json } => status(&project, *json),
    }
}

fn page_of(path: &Path) -> Result<String, Failure> {
    let bytes = plain_file::read(path, MOST)
        .map_err(|error| Failure::new(format!("{} {error}", path.display())))?;
    String::from_utf8(bytes).map_err(|_| {
        Failure::with_help(
            format!("{} is not text in UTF-8", path.display()),
            "save it in UTF-8",
        )
    })
}

fn change(project: &Project, wanted: Option<(String, u32)>) -> Outcome {
    let graph = project.graph()?;
    let session = Session::open(project, "maintenance")?;
    let holder = session.holder.clone();
    session.run(async |_, context| {
        let now = context.provider.clock().now();
        let wanted = wanted.map(|(page, retry)| Closed::with_page(&page, retry, &holder.who, now));
        let texts = |name: &str| script(&project.library, name);
        let work = async || {
            close(context, &graph, &texts, wanted.as_ref())
                .await
                .map_err(|halt| told(&halt))
        };
        let servers = with_lease(context, &holder, project.patience, work).await?;
        let servers = count(servers, "server");
        ui::print(&match wanted {
            Some(_) => format!(
                "{} for maintenance on {servers}; `scalectl maintenance off` opens it\n",
                Painted(NOTICE, "Closed")
            ),
            None => format!("{} on {servers}\n", Painted(NEW, "Open")),
        });
        Ok(ExitCode::SUCCESS)
    })
}

fn status(project: &Project, is_json: bool) -> Outcome {
    let graph = project.graph()?;
    let session = Session::open_to_look(project, "maintenance status", true)?;
    session.run(async |_, context| {
        let live = observed(context, Some(&graph)).await?;
        let regions: Vec<Region> = closed(&live)
            .into_iter()
            .map(|(region, closed)| Region {
                region: region.to_string(),
                since: closed.since(),
                who: closed.who,
                retry_after: closed.retry,
            })
            .collect();
        if is_json {
            ui::print_json(&Maintenance {
                document: "maintenance",
                format: 1,
                closed: regions,
            });
            return Ok(ExitCode::SUCCESS);
        }
        if regions.is_empty() {
            ui::print("The site is open.\n");
        }
        for one in regions {
            ui::print(&format!(
                "Closed in {} since {} by {}\n",
                one.region, one.since, one.who
            ));
        }
        Ok(ExitCode::SUCCESS)
    })
}
