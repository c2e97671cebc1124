//! `scalectl snapshot`: what is live, in a file.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::observe::{Range, from_cloud, warn};
use super::project::{Project, write};
use super::{Global, Outcome, stage, ui};
use crate::spec::Stage;
use crate::words::count;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  scalectl snapshot --out live.json\n  scalectl plan --live live.json                 plan against it, without an account\n  scalectl apply --dry-run --live live.json      run that plan on a simulator\n  scalectl drift --live live.json                changes made outside scalectl before the snapshot\n\nNothing is changed, and no lease is taken; `scalectl iam-policy --read-only` prints the permissions it needs. The file\ncontains no secrets; its format is documented at https://scalectl.github.io/scalectl/dry-run.html."
)]
pub struct Arguments {
    /// Write the snapshot to this file instead of standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Read the resources of this stage instead of the spec's.
    #[arg(long, value_parser = stage)]
    stage: Option<Stage>,
    /// Omit the names of other resources in the account; a dry run then detects no name conflicts.
    #[arg(long)]
    only_ours: bool,
}

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    let project = Project::load(global, arguments.stage)?;
    let range = if arguments.only_ours {
        Range::Ours
    } else {
        Range::All
    };
    let graph = project.graph()?;
    let seen = from_cloud(global, &project, &graph, "snapshot", range)?;
    warn(&seen.snapshot);
    let text = seen.snapshot.text();
    let Some(path) = &arguments.out else {
        ui::print_whole(&text);
        return Ok(ExitCode::SUCCESS);
    };
    write(path, &text)?;
    ui::print(&format!(
        "Saved {} and {} owned by others, as of {}, to {}.\n",
        count(seen.snapshot.resources.len(), "managed resource"),
        count(seen.snapshot.others.len(), "name"),
        seen.snapshot.taken,
        path.display()
    ));
    Ok(ExitCode::SUCCESS)
}
