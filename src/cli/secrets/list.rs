//! `scalectl secrets list`.

use std::process::ExitCode;

use clap::Args;
use futures_util::future::try_join_all;

use super::super::project::Project;
use super::super::session::Session;
use super::super::{Failure, Global, Outcome, ui};
use super::Where;
use crate::apply::Context;
use crate::apply::retry::steadily;
use crate::provider::SecretState;
use crate::render::json::secrets::{Secret, Secrets, Use};
use crate::render::style::{FAINT, GONE, NEW, NOTICE, Painted};
use crate::spec::Spec;

#[derive(Args)]
pub struct Arguments {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    let project = Project::load(global, None)?;
    let session = Session::open_to_look(&project, "secrets list", true)?;
    session.run(async |_, context| {
        let all = project.spec.secrets().into_iter();
        let stand = all.map(|(reference, uses)| stands(context, &project.spec, reference, uses));
        let secrets = try_join_all(stand).await?;
        if arguments.json {
            ui::print_json(&Secrets {
                document: "secrets",
                format: 1,
                secrets,
            });
            return Ok(ExitCode::SUCCESS);
        }
        if secrets.is_empty() {
            ui::print("No service has a secret.\n");
        }
        let width = secrets.iter().map(|one| one.name.len()).max().unwrap_or(0);
        for one in &secrets {
            ui::print(&line(one, width));
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// How a secret stands in all regions.
async fn stands<'a>(
    context: &Context<'_>,
    spec: &Spec,
    reference: &'a str,
    uses: Vec<(&'a str, &'a str)>,
) -> Result<Secret<'a>, Failure> {
    let at = Where::of(spec, reference);
    let mut missing = Vec::new();
    let mut states: Vec<SecretState> = Vec::new();
    for id in &at.ids {
        let provider = context.provider;
        match steadily(context, "secret", || provider.secret(id)).await? {
            Some(state) => states.push(state),
            None => missing.push(id.region.to_string()),
        }
    }
    let copied = |region: &str| {
        states
            .iter()
            .any(|state| state.copies.iter().any(|have| &**have == region))
    };
    missing.extend(
        at.copies
            .iter()
            .filter(|region| !copied(region))
            .map(|region| region.to_string()),
    );
    let uses = uses
        .into_iter()
        .map(|(service, variable)| Use { service, variable });
    Ok(Secret {
        name: reference,
        uses: uses.collect(),
        // The oldest of several regions: what was set there last is not everywhere.
        set: states
            .iter()
            .filter_map(|state| state.changed)
            .min()
            .map(at_day),
        ends: states.iter().find_map(|state| state.ends).map(at_day),
        missing,
    })
}

fn at_day(at: u64) -> String {
    let at = i64::try_from(at)
        .ok()
        .and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
    at.unwrap_or_default()
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}

fn line(secret: &Secret<'_>, width: usize) -> String {
    let uses: Vec<String> = (secret.uses.iter())
        .map(|one| format!("{} {}", one.service, one.variable))
        .collect();
    let state = match (&secret.ends, &*secret.missing, &secret.set) {
        (Some(ends), _, _) => Painted(
            GONE,
            format!(
                "will be deleted {}; `secrets set` brings it back",
                &ends[..10]
            ),
        )
        .to_string(),
        (None, [], set) => {
            let day = set
                .as_deref()
                .and_then(|set| set.get(..10))
                .unwrap_or_default();
            Painted(NEW, format!("set {day}")).to_string()
        }
        (None, missing, _) => {
            Painted(NOTICE, format!("missing in {}", missing.join(", "))).to_string()
        }
    };
    format!(
        "{:width$}  {state}  {}\n",
        secret.name,
        Painted(FAINT, uses.join(", "))
    )
}
