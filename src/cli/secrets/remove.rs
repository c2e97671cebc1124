//! `scalectl secrets rm`.

use std::process::ExitCode;

use clap::Args;

use super::super::project::Project;
use super::super::session::Session;
use super::super::{Failure, Global, Outcome, ui};
use super::{Where, named};
use crate::apply::retry::steadily;
use crate::render::style::{GONE, Painted};
use crate::spec::{SecretName, SecretPlace};

#[derive(Args)]
pub struct Arguments {
    /// The secret, as a service named it.
    name: String,
    /// Delete it without asking.
    #[arg(long)]
    auto_approve: bool,
}

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    let project = Project::load(global, None)?;
    let name = &arguments.name;
    if let Some(reference) = named(&project.spec, name) {
        let uses = project.spec.secrets();
        let uses: Vec<String> = (uses.get(reference).into_iter().flatten())
            .map(|(service, variable)| format!("{variable} of {service}"))
            .collect();
        return Err(Failure::with_help(
            format!(
                "{name} is {}; a new container would not start without it",
                uses.join(", ")
            ),
            "remove it from `secrets` in the spec and apply first",
        ));
    }
    let is_parameter = SecretName::of(name).place == SecretPlace::Parameters;
    let at = Where::of(&project.spec, name);
    let regions: Vec<&str> = at.ids.iter().map(|id| &*id.region).collect();
    if !arguments.auto_approve {
        let when = if is_parameter {
            "at once; it cannot be brought back"
        } else {
            "in 30 days; until then `secrets set` brings it back"
        };
        ui::note(&format!(
            "{name} in {} will be deleted {when}.\n",
            regions.join(", ")
        ));
        ui::needs_terminal("add --auto-approve")?;
        if !ui::confirm("Delete it? Only `yes` will do:", "yes") {
            return Err(Failure::new("nothing was deleted"));
        }
    }
    let session = Session::open(&project, "secrets rm")?;
    session.run(async |_, context| {
        let provider = context.provider;
        let mut found = false;
        for id in &at.ids {
            let state = steadily(context, "secret", || provider.secret(id)).await?;
            if state.is_none() {
                continue;
            }
            found = true;
            steadily(context, "remove_secret", || provider.remove_secret(id)).await?;
            let after = steadily(context, "secret", || provider.secret(id)).await?;
            let when = match after.and_then(|after| after.ends) {
                Some(_) => " (for good in 30 days)",
                None => "",
            };
            ui::print(&format!(
                "{} {name} in {}{when}\n",
                Painted(GONE, "Deleted"),
                id.region
            ));
        }
        if found {
            return Ok(ExitCode::SUCCESS);
        }
        let what = format!("there is no secret {name} in {}", regions.join(", "));
        Err(Failure::new(what))
    })
}
