//! `scalectl exec` and `scalectl run`: a command in a service's container, by Systems Manager and with no open port.

use std::process::ExitCode;

use clap::Args;

use super::deploy::known;
use super::migrate::told;
use super::project::Project;
use super::session::Session;
use super::{Global, Outcome, ui};
use crate::apply::retry::steadily;
use crate::deploy::{self, Mode};

/// What Systems Manager keeps of an output
/// (<https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetCommandInvocation.html>).
const KEPT: usize = 24_000;

/// Examples of `exec`.
pub const EXEC: &str = "Examples:\n  scalectl exec web -- ./manage.py check      on a server in service\n  scalectl exec web --server i-0abc -- ps aux   on this one\n\nOutput and exit code are the command's. It gets no input; `scalectl ssh` opens a shell.";

/// Examples of `run`.
pub const RUN: &str = "Examples:\n  scalectl run web -- ./manage.py createcachetable   once, beside the containers that serve\n\nOutput and exit code are the command's, which may take an hour.";

#[derive(Args)]
pub struct Arguments {
    /// The service.
    service: String,
    /// The region; the first of the spec without it.
    #[arg(long = "in", value_name = "REGION")]
    place: Option<String>,
    /// The server's id; one in service without it.
    #[arg(long, value_name = "ID")]
    server: Option<String>,
    /// The command.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    words: Vec<String>,
}

pub fn run(global: &Global, arguments: &Arguments, mode: Mode) -> Outcome {
    let project = Project::load(global, None)?;
    known(&project, &arguments.service)?;
    let region = project.region(arguments.place.as_deref())?;
    let graph = project.graph()?;
    let session = Session::open(&project, "exec")?;
    session.run(async |_, context| {
        let texts = |name: &str| deploy::script(&project.library, name);
        let place = (&*arguments.service, region, arguments.server.as_deref());
        let script = deploy::command(context, &graph, &texts, place, mode, &arguments.words).await;
        let script = script.map_err(|halt| told(&halt))?;
        let (provider, owner) = (context.provider, context.owner);
        let output = steadily(context, "run", || provider.run(owner, &script)).await?;
        ui::print_whole(&output.stdout);
        ui::note(&output.stderr);
        if output.stdout.chars().count() >= KEPT {
            ui::note(&format!(
                "note: Systems Manager keeps {KEPT} characters of an output; the rest is missing\n"
            ));
        }
        Ok(u8::try_from(output.code).map_or(ExitCode::FAILURE, ExitCode::from))
    })
}
