//! `scalectl secrets`: which secrets services need and whether they are there; sets one, and deletes one.
//!
//! A value comes from a prompt that does not show it, from stdin or from a file, goes to AWS and nowhere else: it is neither
//! printed nor stored, and never on a command line.

mod list;
mod remove;
mod set;
mod value;

use std::sync::Arc;

use clap::{Args, Subcommand};

use super::{Failure, Global, Outcome};
use crate::provider::SecretId;
use crate::schema::nearest;
use crate::spec::{SecretName, SecretPlace, Spec};

#[derive(Args)]
#[command(
    after_help = "Examples:\n  scalectl secrets list                              which secrets services need, and whether they are there\n  scalectl secrets set shop/stripe                   asks for the value and does not show it\n  pass show stripe | scalectl secrets set shop/stripe\n  scalectl secrets set shop/tls-key --from key.pem\n  scalectl secrets set shop/session --random         a new random value, which nobody sees\n  scalectl secrets rm shop/old"
)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List the secrets that services need, and whether they are there.
    List(list::Arguments),
    /// Set a secret's value: from a prompt, stdin, a file or at random.
    Set(set::Arguments),
    /// Delete a secret that no service needs.
    Rm(remove::Arguments),
}

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    match &arguments.command {
        Command::List(arguments) => list::run(global, arguments),
        Command::Set(arguments) => set::run(global, arguments),
        Command::Rm(arguments) => remove::run(global, arguments),
    }
}

/// Where a secret is kept: one place with copies in the other regions, or each region for itself.
struct Where {
    /// Where a value is written.
    ids: Vec<SecretId>,
    /// The regions that have a copy of the first.
    copies: Vec<Arc<str>>,
}

impl Where {
    /// Where the secret of a reference is kept for a spec.
    fn of(spec: &Spec, reference: &str) -> Self {
        let name = SecretName::of(reference);
        let regions: Vec<Arc<str>> = match &name.region {
            Some(region) => vec![region.as_str().into()],
            None => spec.secret_regions().into_iter().map(Arc::from).collect(),
        };
        let id = |region: &Arc<str>| SecretId {
            region: region.clone(),
            place: name.place,
            name: name.name.as_str().into(),
        };
        match name.place {
            SecretPlace::Manager => Self {
                ids: regions.iter().take(1).map(id).collect(),
                copies: regions.iter().skip(1).cloned().collect(),
            },
            SecretPlace::Parameters => Self {
                ids: regions.iter().map(id).collect(),
                copies: Vec::new(),
            },
        }
    }
}

/// The reference by which services have a secret, also where it is asked for by its ARN or the like.
fn named<'a>(spec: &'a Spec, asked: &str) -> Option<&'a str> {
    let wanted = SecretName::of(asked);
    let same = |have: &str| {
        let have = SecretName::of(have);
        (have.place, &have.name) == (wanted.place, &wanted.name)
    };
    spec.secrets()
        .into_keys()
        .find(|have| *have == asked || same(have))
}

/// A secret that no service has: most often a slip of the pen.
fn unknown(spec: &Spec, asked: &str) -> Failure {
    let secrets = spec.secrets();
    let help = match nearest(asked, secrets.keys().copied()) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("give it to one, `secrets: {{VARIABLE: {asked}}}`, or add --unused"),
    };
    Failure::with_help(
        format!("no service of the spec has the secret {asked}"),
        help,
    )
}
