//! `scalectl graph`: the architecture as a drawing.

use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::project::Project;
use super::{Global, Outcome, stage, ui};
use crate::render::report::picture;
use crate::render::{dot, mermaid, svg};
use crate::spec::{Region, Stage};

#[derive(Args)]
#[command(
    after_help = "Examples:\n  scalectl graph > architecture.svg         regions, VPCs, zones, subnets, request and replication paths\n  scalectl graph --dependencies > all.svg   dependencies between resources; --all adds roles, alarms and backups\n  scalectl graph --format mermaid           dependencies, for Markdown\n  scalectl graph --format dot | dot -Tpdf -o dependencies.pdf"
)]
pub struct Arguments {
    /// The format; dot and mermaid draw dependencies.
    #[arg(long, default_value = "svg")]
    format: Format,
    /// Draw this stage instead of the spec's.
    #[arg(long, value_parser = stage)]
    stage: Option<Stage>,
    /// Draw the dependencies between resources instead of the architecture.
    #[arg(long)]
    dependencies: bool,
    /// With --dependencies: include roles, rules, alarms, logs and backups.
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
    let dependencies = arguments.dependencies || arguments.all;
    if dependencies && !arguments.all {
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
        Format::Svg if dependencies => svg::render(&graph, &title),
        Format::Svg => picture(
            &graph,
            &title,
            project.spec.regions.first().map_or("", Region::name),
        ),
    });
    Ok(ExitCode::SUCCESS)
}
