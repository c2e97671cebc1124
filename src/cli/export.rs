//! `scalectl export`: the resources in another tool's language.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde_json::json;

use super::project::{Project, write};
use super::{Failure, Global, Outcome, stage, ui};
use crate::render::cloudformation;
use crate::render::style::{NEW, Painted};
use crate::spec::Stage;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  scalectl export --format cloudformation --out cloudformation\n  cfn-lint cloudformation/*.json\n\nThe templates are meant for linters and scanners. A reference to another region is a parameter of one\ntemplate and an output of the other."
)]
pub struct Arguments {
    /// The format.
    #[arg(long, default_value = "cloudformation")]
    format: Format,
    /// Write one template per region to this folder instead of standard output.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Export this stage instead of the spec's.
    #[arg(long, value_parser = stage)]
    stage: Option<Stage>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Cloudformation,
}

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    let project = Project::load(global, arguments.stage)?;
    let graph = project.graph()?;
    let primary = project
        .spec
        .regions
        .first()
        .map_or("us-east-1", |region| region.name());
    let Format::Cloudformation = arguments.format;
    let templates = cloudformation::templates(&graph, primary, &project.spec.app);
    let has_values = (project.spec.services.values()).any(|service| !service.env.is_empty());
    if has_values {
        ui::note(
            "warning: the templates contain all values of `env` in plain text; put secrets under `secrets` instead\n",
        );
    }
    let Some(folder) = &arguments.out else {
        ui::print_json(&match templates.len() {
            1 => templates.into_values().next().unwrap_or_default(),
            _ => json!(templates),
        });
        return Ok(ExitCode::SUCCESS);
    };
    let failed = |error: std::io::Error| {
        Failure::new(format!("{} cannot be written: {error}", folder.display()))
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    for (region, template) in templates {
        let path = folder.join(format!(
            "{}-{}-{region}.json",
            project.spec.app,
            project.spec.stage.name()
        ));
        write(&path, &format!("{template:#}\n"))?;
        ui::print(&format!("{} {}\n", Painted(NEW, "Wrote"), path.display()));
    }
    Ok(ExitCode::SUCCESS)
}
