//! `scalectl validate`: the spec and its blueprint, without a look at the cloud.

use std::process::ExitCode;

use clap::Args;

use super::project::{Project, load_spec};
use super::{Global, Outcome, stage, ui};
use crate::render::style::{FAINT, NEW, Painted, count};
use crate::spec::Stage;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  scalectl validate\n  scalectl validate --all-stages    also what the later stages would make of it"
)]
pub struct Arguments {
    /// Check at this stage instead of the spec's.
    #[arg(long, value_parser = stage)]
    stage: Option<Stage>,
    /// Check at every stage that the spec allows.
    #[arg(long, conflicts_with = "stage")]
    all_stages: bool,
}

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    let project = Project::load(global, arguments.stage)?;
    let graph = project.graph()?;
    let mut text = format!(
        "{} {}: {}\n",
        Painted(NEW, "Valid:"),
        project.title(),
        count(graph.len(), "resource")
    );
    for line in project.spec.not_yet() {
        text.push_str(&format!(
            "{}\n",
            Painted(FAINT, format!("Not yet: {line}."))
        ));
    }
    if arguments.all_stages {
        for stage in Stage::ALL {
            match load_spec(global, Some(stage)) {
                Ok((_, spec)) => {
                    let graph = project.compile(&spec)?;
                    text.push_str(&format!(
                        "  {:14} {}\n",
                        stage.name(),
                        count(graph.len(), "resource")
                    ));
                }
                Err(super::Failure::Diagnostics(found)) => {
                    let why = found.first().map(|d| d.message.clone()).unwrap_or_default();
                    text.push_str(&format!(
                        "  {:14} {}\n",
                        stage.name(),
                        Painted(FAINT, format!("not possible: {why}"))
                    ));
                }
                Err(other) => return Err(other),
            }
        }
    }
    ui::print(&text);
    Ok(ExitCode::SUCCESS)
}
