//! `scalectl env list`.

use std::process::ExitCode;

use clap::Args;

use super::super::{Global, Outcome, ui};
use super::File;
use crate::render::json::env::{Environment, Environments};
use crate::render::style::{FAINT, Painted, STRONG};
use crate::spec::{BASE, Domain, Provider, Region};

#[derive(Args)]
pub struct Arguments {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    let file = File::read(global)?;
    let mut environments = Vec::new();
    for name in &file.names {
        let spec = file.spec(name)?;
        environments.push(Environment {
            name: name.clone(),
            stage: spec.stage.name(),
            provider: match spec.provider {
                Provider::Sim => "sim",
                Provider::Aws(_) => "aws",
            },
            regions: spec
                .regions
                .iter()
                .map(Region::name)
                .map(str::to_owned)
                .collect(),
            domain: spec.domain.as_ref().map(Domain::name).map(str::to_owned),
            images: (spec.services.iter())
                .filter_map(|(service, one)| Some((service.clone(), one.image.clone()?)))
                .collect(),
        });
    }
    if arguments.json {
        ui::print_json(&Environments {
            document: "environments",
            format: 1,
            environments,
        });
        return Ok(ExitCode::SUCCESS);
    }
    let width = environments
        .iter()
        .map(|one| one.name.len())
        .max()
        .unwrap_or(0);
    for one in &environments {
        ui::print(&format!(
            "{}{:pad$}  {} on {} in {}  {}\n",
            Painted(STRONG, &one.name),
            "",
            one.stage,
            one.provider,
            one.regions.join(", "),
            one.domain.as_deref().unwrap_or_default(),
            pad = width - one.name.len(),
        ));
        for (service, image) in &one.images {
            ui::print(&format!(
                "{:width$}  {}\n",
                "",
                Painted(FAINT, format!("{service}: {image}"))
            ));
        }
    }
    if environments.len() == 1 {
        ui::note(&format!(
            "{BASE} is the spec without -e; others are in its section `environments`.\n"
        ));
    }
    Ok(ExitCode::SUCCESS)
}
