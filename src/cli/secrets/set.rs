//! `scalectl secrets set`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::super::project::Project;
use super::super::session::Session;
use super::super::{Failure, Global, Outcome, ui};
use super::{Where, named, unknown, value};
use crate::apply::retry::steadily;
use crate::render::style::{CHANGED, NEW, Painted};
use crate::spec::SecretName;

#[derive(Args)]
pub struct Arguments {
    /// The secret, as a service names it: `shop/stripe`, `/shop/stripe`, `ssm:stripe`, or an ARN.
    name: String,
    /// Read the value from a file.
    #[arg(long, value_name = "FILE", conflicts_with = "random")]
    from: Option<PathBuf>,
    /// Make a random value of this many letters and digits.
    #[arg(long, value_name = "LENGTH", num_args = 0..=1, default_missing_value = "40",
          value_parser = clap::value_parser!(u16).range(16..=4096))]
    random: Option<u16>,
    /// Set it even if no service has it.
    #[arg(long)]
    unused: bool,
}

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    let project = Project::load(global, None)?;
    let reference = match named(&project.spec, &arguments.name) {
        Some(reference) => reference,
        None if arguments.unused => &arguments.name,
        None => return Err(unknown(&project.spec, &arguments.name)),
    };
    let place = SecretName::of(reference).place;
    let value = match (&arguments.from, arguments.random) {
        (Some(path), _) => value::of_file(path)?,
        (None, Some(length)) => value::random(length)?,
        (None, None) => value::asked(reference)?,
    };
    value::check(&value, place)?;
    let at = Where::of(&project.spec, reference);
    let session = Session::open(&project, "secrets set")?;
    session.run(async |_, context| {
        let (provider, owner) = (context.provider, context.owner);
        // A region that does not answer is found out before any of them has a new value.
        let mut before = Vec::new();
        for id in &at.ids {
            before.push(steadily(context, "secret", || provider.secret(id)).await?);
        }
        for (done, (id, before)) in at.ids.iter().zip(before).enumerate() {
            let set = steadily(context, "set_secret", || {
                provider.set_secret(owner, id, &at.copies, &value)
            });
            if let Err(error) = set.await {
                return Err(match done {
                    0 => Failure::from(error),
                    _ => partly(&at, done, error),
                });
            }
            let word = match before {
                None => Painted(NEW, "Created"),
                Some(_) => Painted(CHANGED, "Changed"),
            };
            let copies = match &*at.copies {
                [] => String::new(),
                copies => format!(", with a copy in {}", copies.join(", ")),
            };
            ui::print(&format!("{word} {reference} in {}{copies}\n", id.region));
        }
        let used = project.spec.secrets();
        let services: Vec<&str> = used.get(reference).into_iter().flatten().map(|(service, _)| *service).collect();
        if !services.is_empty() {
            ui::note(&format!(
                "Servers that run {} take it within a minute, each in a new container beside the old one.\n",
                services.join(", ")
            ));
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Some regions have the new value and others have not.
fn partly(at: &Where, done: usize, error: crate::provider::ProviderError) -> Failure {
    let regions = |ids: &[crate::provider::SecretId]| {
        let names: Vec<&str> = ids.iter().map(|id| &*id.region).collect();
        names.join(", ")
    };
    let what = format!(
        "{error}; {} has the new value, {} has the one before",
        regions(&at.ids[..done]),
        regions(&at.ids[done..])
    );
    Failure::with_help(what, "run the command again with the same value")
}
