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
    after_help = "Examples:\n  scalectl snapshot --out live.json\n  scalectl plan --live live.json                 plan against it, with no account\n  scalectl apply --dry-run --live live.json      carry that plan out on a simulator\n  scalectl drift --live live.json                what somebody changed until then\n\nIt changes nothing and takes no lease; `scalectl iam-policy --read-only` is all that it may do. No secret is in\nit. https://scalectl.github.io/scalectl/dry-run.html documents the file."
)]
pub struct Arguments {
    /// Write it to this file instead of standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Look for what this stage has instead of the spec's.
    #[arg(long, value_parser = stage)]
    stage: Option<Stage>,
    /// Leave out what others have in the account: a dry run then meets no name that they took.
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
        "{}: {}, and {} that others have, as of {}.\n",
        path.display(),
        count(seen.snapshot.resources.len(), "resource"),
        seen.snapshot.others.len(),
        seen.snapshot.taken
    ));
    Ok(ExitCode::SUCCESS)
}
