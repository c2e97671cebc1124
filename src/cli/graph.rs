//! `scalectl graph`: the architecture as a drawing.

use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::project::Project;
use super::{Global, Outcome, stage, ui};
use crate::render::{dot, mermaid, svg};
use crate::spec::Stage;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  scalectl graph > architecture.svg\n  scalectl graph --all > everything.svg     with roles, alarms and backups too\n  scalectl graph --format mermaid           for Markdown\n  scalectl graph --format dot | dot -Tpdf -o architecture.pdf"
)]
pub struct Arguments {
    /// The form.
    #[arg(long, default_value = "svg")]
    format: Format,
    /// Draw this stage instead of the spec's.
    #[arg(long, value_parser = stage)]
    stage: Option<Stage>,
    /// Draw everything; by default roles, rules, alarms, logs and backups are left out.
    #[arg(long)]
    all: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Dot,
    Mermaid,
    Svg,
}

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    let project = Project::load(global, arguments.stage)?;
    let mut graph = project.graph()?;
    if !arguments.all {
        let beside = ["security", "backup", "monitoring"];
        graph
            .resources
            .retain(|_, resource| !beside.contains(&&*resource.tier));
    }
    let title = format!(
        "{} at stage {}",
        project.spec.app,
        project.spec.stage.name()
    );
    ui::print_whole(&match arguments.format {
        Format::Dot => dot::render(&graph, &title),
        Format::Mermaid => mermaid::render(&graph),
        Format::Svg => svg::render(&graph, &title),
    });
    Ok(ExitCode::SUCCESS)
}
