//! `scalectl deploy` and `scalectl rollback`: a new version of services reaches their servers in shares, is watched, and
//! goes back by itself when it fails.
//!
//! Owns the arguments; `run` is one run of it, `tell` what is seen of one, `image` writes the spec, and `releases` has those
//! before. The walk is [`crate::deploy`]'s.

mod image;
mod releases;
mod run;
mod tell;
pub mod versions;

use clap::Args;

use self::image::Edit;
pub use self::releases::{Arguments as Releases, Rollback, roll_back, run as releases};
use self::run::Run;
use super::apply::How;
use super::event_log::open_into;
use super::plan::tell_calls;
use super::project::Project;
use super::run::with_lease;
use super::session::Session;
use super::{Failure, Global, Outcome};

#[derive(Args)]
#[command(
    after_help = "Examples:\n  scalectl deploy                                  deploy every service whose image or settings changed in the spec\n  scalectl deploy web --image ghcr.io/acme/web:2   write that image into the spec, and deploy it\n  scalectl deploy --plan                           show what would be deployed, and how\n\nServers take the new version in shares (`deploy` of the service in the spec). A version that does not become healthy,\nfails requests, is too slow or raises an alarm is rolled back. Ctrl-C pauses: `scalectl deploy` resumes,\n`scalectl rollback` goes back."
)]
pub struct Arguments {
    /// The services to deploy; without it all that changed.
    #[arg(value_name = "SERVICE")]
    services: Vec<String>,
    /// The image to deploy; written into the spec.
    #[arg(long, value_name = "REF", requires = "services")]
    image: Option<String>,
    /// Show what would be deployed and exit.
    #[arg(long, group = "unasked")]
    plan: bool,
    #[command(flatten)]
    how: How,
}

impl Arguments {
    /// Whether it changes something besides what it prints.
    pub fn changes(&self) -> bool {
        !self.plan
    }
}

/// What is deployed, and which way.
struct Order<'a> {
    services: &'a [String],
    edits: Vec<Edit>,
    is_back: bool,
    is_plan: bool,
    how: &'a How,
}

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    let project = Project::load(global, None)?;
    let edits = match (&arguments.image, &*arguments.services) {
        (None, _) => Vec::new(),
        (Some(image), [service]) => vec![Edit::new(service, image).pinned(&project)?],
        (Some(_), _) => {
            return Err(Failure::with_help(
                "`--image` is the image of one service",
                "name one service, or write the images into the spec and run `scalectl deploy`",
            ));
        }
    };
    carry_out(
        global,
        &Order {
            services: &arguments.services,
            edits,
            is_back: false,
            is_plan: arguments.plan,
            how: &arguments.how,
        },
        project,
    )
}

fn carry_out(global: &Global, order: &Order<'_>, mut project: Project) -> Outcome {
    for name in order.services {
        known(&project, name)?;
    }
    for edit in &order.edits {
        edit.apply(global, &mut project)?;
    }
    let into = open_into(order.how.json_into.as_deref())?;
    let command = if order.is_back { "rollback" } else { "deploy" };
    let session = Session::open_to_look(&project, command, order.is_plan)?;
    let session = session.at_speed(order.how.speed);
    let holder = session.holder.clone();
    session.run(async |cloud, context| {
        let who = holder.who.clone();
        let work = async || {
            let run = Run {
                global,
                project: &project,
                order,
                context,
                into: into.as_ref(),
                who,
            };
            run.go().await
        };
        let outcome = if order.is_plan {
            work().await
        } else {
            with_lease(context, &holder, project.patience, work).await
        };
        tell_calls(global, cloud);
        outcome
    })
}

/// Fails when the spec has no such service.
pub fn known(project: &Project, name: &str) -> Result<(), Failure> {
    if project.spec.services.contains_key(name) {
        return Ok(());
    }
    let names: Vec<&str> = project.spec.services.keys().map(String::as_str).collect();
    Err(Failure::with_help(
        format!("the spec has no service {name}"),
        format!("its services are {}", names.join(", ")),
    ))
}
