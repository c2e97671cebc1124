//! `scalectl lease`: who changes the application right now, and taking that right away.

use std::collections::BTreeSet;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::apply::not_confirmed;
use super::process::has_ended;
use super::project::Project;
use super::session::Session;
use super::{Failure, Global, Outcome, ui};
use crate::apply::retry::steadily;
use crate::apply::{Context, is_nowhere_else, observe_only};
use crate::provider::Held;
use crate::render::json::lease::document;
use crate::spec::Provider;
use crate::words::duration;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  scalectl lease show\n  scalectl lease break    after the machine of a run was lost; otherwise it expires within a minute"
)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show who holds the lease.
    Show {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Release the lease of another run, which then makes no further changes.
    Break {
        /// Skip the confirmation.
        #[arg(long)]
        auto_approve: bool,
    },
}

impl Arguments {
    /// Whether it changes something besides what it prints.
    pub fn changes(&self) -> bool {
        matches!(self.command, Command::Break { .. })
    }
}

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    let project = Project::load_as_applied(global)?;
    let shows = matches!(arguments.command, Command::Show { .. });
    let session = Session::open_to_look(&project, "lease", shows)?;
    session.run(async |_, context| {
        let name = format!("{} ({})", project.spec.app, project.spec.env);
        let held = steadily(context, "lease", || context.provider.lease(context.owner)).await?;
        if held.is_none() {
            // Nobody's here may be somebody's where the application is.
            is_nowhere_else(context, &observe_only(context, BTreeSet::new()).await?).await?;
        }
        match &arguments.command {
            Command::Show { json: true } => ui::print_json(&document(held.as_ref())),
            Command::Show { json: false } => ui::print(&format!("{}\n", in_words(&name, held.as_ref()))),
            Command::Break { auto_approve } => {
                ui::print(&format!("{}\n", in_words(&name, held.as_ref())));
                if held.is_none() {
                    return Ok(ExitCode::SUCCESS);
                }
                if !auto_approve {
                    confirm(context).await?;
                }
                let ended = held.as_ref().map(|held| &held.holder).filter(|holder| has_ended(holder));
                let waits = ended.is_none() && held.as_ref().is_some_and(|held| !held.over);
                if project.spec.provider != Provider::Sim && waits {
                    ui::note("That run notices and stops within a minute.\n");
                }
                let call = || context.provider.break_lease(context.owner, ended);
                let broken = steadily(context, "lease", call).await?;
                ui::print(match broken {
                    Some(_) => "Released. That run makes no further changes; the next apply takes over the operations that it started.\n",
                    None => "The lease was released meanwhile.\n",
                });
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

async fn confirm(context: &Context<'_>) -> Result<(), Failure> {
    ui::needs_terminal("add --auto-approve")?;
    if ui::confirm_unless(
        context.stop,
        "Break the lease? Only `yes` is accepted:",
        "yes",
    )
    .await
    {
        Ok(())
    } else {
        Err(not_confirmed(context, "not confirmed; nothing was changed"))
    }
}

fn in_words(name: &str, held: Option<&Held>) -> String {
    let Some(held) = held else {
        return format!("No run holds the lease of {name}.");
    };
    let since = i64::try_from(held.holder.since).unwrap_or(0);
    let since = jiff::Timestamp::from_millisecond(since).unwrap_or_default();
    let state = if held.over {
        "expired, the next run takes it"
    } else {
        "held"
    };
    format!(
        "{} has been running `scalectl {}` on {name} since {}; renewed {} ago: {state}.",
        held.holder.who,
        held.holder.command,
        since.strftime("%Y-%m-%d %H:%M:%S UTC"),
        duration(held.renewed.as_secs_f64())
    )
}
