//! `scalectl env diff`.

use std::process::ExitCode;

use clap::Args;

use super::super::{Global, Outcome, ui};
use super::File;
use crate::render::json::env::{Differences, One};
use crate::render::style::{FAINT, GONE, NEW, Painted};
use crate::spec::{BASE, differences};

#[derive(Args)]
pub struct Arguments {
    /// An environment; `default` is the spec without -e.
    #[arg(value_name = "ENV")]
    first: String,
    /// The one that it is compared with; the spec without -e if none is named.
    #[arg(value_name = "OTHER")]
    second: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    let file = File::read(global)?;
    // Alone, an environment is what the spec becomes.
    let (first, second) = match &arguments.second {
        Some(second) => (arguments.first.as_str(), second.as_str()),
        None => (BASE, arguments.first.as_str()),
    };
    let found = differences(&file.spec(first)?, &file.spec(second)?);
    if arguments.json {
        let one = |one: &crate::spec::Difference| One {
            path: one.path.clone(),
            first: one.first.clone(),
            second: one.second.clone(),
        };
        ui::print_json(&Differences {
            document: "environment-differences",
            format: 1,
            first,
            second,
            differences: found.iter().map(one).collect(),
        });
        return Ok(ExitCode::SUCCESS);
    }
    if found.is_empty() {
        ui::print(&format!("{first} and {second} are the same.\n"));
    }
    for one in found {
        ui::print(&format!("{}\n", one.path));
        let (minus, plus) = (Painted(GONE, "-"), Painted(NEW, "+"));
        for (sign, name, value) in [(minus, first, one.first), (plus, second, one.second)] {
            let value = value.unwrap_or_else(|| "nothing".to_owned());
            ui::print(&format!("  {sign} {value}  {}\n", Painted(FAINT, name)));
        }
    }
    Ok(ExitCode::SUCCESS)
}
