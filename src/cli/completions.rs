//! `scalectl completions`: a completion script for a shell.

use std::process::ExitCode;

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::{Cli, Outcome, ui};

#[derive(Args)]
#[command(
    after_help = "Examples:\n  scalectl completions bash > /etc/bash_completion.d/scalectl\n  scalectl completions zsh > \"${fpath[1]}/_scalectl\"\n  scalectl completions fish > ~/.config/fish/completions/scalectl.fish"
)]
pub struct Arguments {
    /// The shell.
    shell: Shell,
}

pub fn run(arguments: &Arguments) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(
        arguments.shell,
        &mut Cli::command(),
        "scalectl",
        &mut script,
    );
    ui::print_whole(&String::from_utf8_lossy(&script));
    Ok(ExitCode::SUCCESS)
}
