//! `scalectl releases`: the last deployments; and `scalectl rollback`, which deploys one of them again.

use std::process::ExitCode;

use clap::Args;

use super::image::Edit;
use super::{Order, carry_out, known};
use crate::cli::apply::How;
use crate::cli::project::Project;
use crate::cli::session::Session;
use crate::cli::wait_indicator::observed;
use crate::cli::{Failure, Global, Outcome, ui};
use crate::deploy::image_of;
use crate::inventory::{Record, Release};
use crate::render::json::deploy::Releases;
use crate::render::style::{FAINT, GONE, NEW, Painted};

#[derive(Args)]
#[command(
    after_help = "Examples:\n  scalectl releases          the last deployments of all services, newest first\n  scalectl releases web      those of one service"
)]
pub struct Arguments {
    /// Only this service's.
    service: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    let project = Project::load(global, None)?;
    if let Some(service) = &arguments.service {
        known(&project, service)?;
    }
    let record = record(&project)?;
    let releases = of(&record, arguments.service.as_deref());
    if arguments.json {
        ui::print_json(&Releases {
            document: "releases",
            format: 1,
            releases,
        });
        return Ok(ExitCode::SUCCESS);
    }
    if releases.is_empty() {
        ui::print("No deployments yet; `scalectl deploy` makes the first.\n");
    }
    for (number, release) in releases.iter().enumerate() {
        ui::print(&line(number + 1, release));
    }
    Ok(ExitCode::SUCCESS)
}

fn line(number: usize, release: &Release) -> String {
    let at = i64::try_from(release.at).ok();
    let at = at.and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
    let at = at.map(|at| at.strftime("%Y-%m-%d %H:%M").to_string());
    let outcome = match &release.rolled_back {
        None => format!("{}", Painted(NEW, "served")),
        Some(why) => format!("{}: {why}", Painted(GONE, "rolled back")),
    };
    format!(
        "{number:>3}  {}  {}  {}  {outcome}  {}\n",
        at.unwrap_or_default(),
        release.service,
        release.image,
        Painted(FAINT, format!("by {}", release.who))
    )
}

/// The app's record as it is.
fn record(project: &Project) -> Result<Record, Failure> {
    let graph = project.graph()?;
    let session = Session::open_to_look(project, "releases", true)?;
    session.run(async |_, context| {
        let live = observed(context, Some(&graph)).await?;
        Ok(live.record.unwrap_or_default())
    })
}

/// The releases of a service or of all, newest first.
fn of<'a>(record: &'a Record, service: Option<&str>) -> Vec<&'a Release> {
    let all = record.releases.iter().rev();
    all.filter(|one| service.is_none_or(|name| *one.service == *name))
        .collect()
}

#[derive(Args)]
#[command(
    after_help = "Examples:\n  scalectl rollback            take the deployment in progress back\n  scalectl rollback web        deploy the version that served before\n  scalectl rollback web --to 3   deploy the third of `scalectl releases web`\n\nThe image is written into the spec, so that the next apply keeps it."
)]
pub struct Rollback {
    /// The service; without it the deployment in progress is taken back.
    service: Option<String>,
    /// The number of a release, as `scalectl releases SERVICE` lists them.
    #[arg(long, value_name = "N", requires = "service", value_parser = clap::value_parser!(u16).range(1..))]
    to: Option<u16>,
    #[command(flatten)]
    how: How,
}

pub fn roll_back(global: &Global, arguments: &Rollback) -> Outcome {
    let project = Project::load(global, None)?;
    let record = record(&project)?;
    if record.deployment.is_some() || arguments.service.is_none() {
        return carry_out(
            global,
            &Order {
                services: &[],
                edits: Vec::new(),
                is_back: true,
                is_plan: false,
                how: &arguments.how,
            },
            project,
        );
    }
    let service = arguments.service.clone().unwrap_or_default();
    known(&project, &service)?;
    let image = before(&project, &record, &service, arguments.to)?;
    let services = [service];
    carry_out(
        global,
        &Order {
            edits: vec![Edit::new(&services[0], &image)],
            services: &services,
            is_back: false,
            is_plan: false,
            how: &arguments.how,
        },
        project,
    )
}

/// The image that a rollback deploys: that of a release by its number, or the last one that served and is another.
fn before(
    project: &Project,
    record: &Record,
    service: &str,
    number: Option<u16>,
) -> Result<String, Failure> {
    let releases = of(record, Some(service));
    let now = project.spec.services.get(service).map(image_of);
    let found = match number {
        Some(number) => releases.get(usize::from(number) - 1).map(|one| &one.image),
        None => {
            let served = releases.iter().filter(|one| one.rolled_back.is_none());
            // The first that was deployed followed what an apply had brought.
            let images = served.flat_map(|one| [&one.image, &one.before]);
            images
                .into_iter()
                .find(|image| Some(*image) != now.as_ref())
        }
    };
    found.cloned().ok_or_else(|| {
        Failure::with_help(
            match number {
                Some(number) => format!("{service} has no release {number}"),
                None => format!("no earlier version of {service} is known"),
            },
            format!("`scalectl releases {service}` lists them; `scalectl deploy {service} --image REF` deploys any image"),
        )
    })
}
