//! `scalectl env`: the environments of a spec, in what two differ, and the images of one in another.

mod diff;
mod list;
mod promote;

use clap::{Args, Subcommand};

use super::project::{find, read};
use super::{Failure, Global, Outcome};
use crate::schema::nearest;
use crate::spec::{self, BASE, Spec};

#[derive(Args)]
#[command(
    after_help = "Examples:\n  scalectl env list                        all environments, with stage, domain and images\n  scalectl env diff staging                in what staging differs from the spec without -e\n  scalectl env promote staging default     the images that staging has, for the spec without -e\n  scalectl env promote qa staging web      one service's"
)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List the environments of the spec.
    List(list::Arguments),
    /// Show in what two environments differ, with defaults filled in.
    Diff(diff::Arguments),
    /// Write the images of one environment into another.
    Promote(promote::Arguments),
}

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    match &arguments.command {
        Command::List(arguments) => list::run(global, arguments),
        Command::Diff(arguments) => diff::run(global, arguments),
        Command::Promote(arguments) => promote::run(global, arguments),
    }
}

/// A spec's file and its environments.
struct File {
    /// Its name.
    shown: String,
    /// Its text.
    text: String,
    /// The names of its environments, that without a name first.
    names: Vec<String>,
}

impl File {
    fn read(global: &Global) -> Result<Self, Failure> {
        let path = find(global)?;
        let text = read(&path, "make it readable")?;
        let mut names = vec![BASE.to_owned()];
        names.extend(spec::environment_names(&text));
        Ok(Self {
            shown: path.display().to_string(),
            text,
            names,
        })
    }

    /// The spec of an environment.
    fn spec(&self, name: &str) -> Result<Spec, Failure> {
        self.spec_of(&self.text, name)
    }

    /// The same of another text.
    fn spec_of(&self, text: &str, name: &str) -> Result<Spec, Failure> {
        if !self.names.iter().any(|one| one == name) {
            let help = match nearest(name, self.names.iter().map(String::as_str)) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("it has {}", self.names.join(", ")),
            };
            return Err(Failure::with_help(
                format!("{} has no environment {name}", self.shown),
                help,
            ));
        }
        let env = (name != BASE).then_some(name);
        Ok(spec::load(&self.shown, text, env, None)?)
    }
}
