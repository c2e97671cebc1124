//! `scalectl schema`: the JSON Schemas of what scalectl reads and prints.

use std::process::ExitCode;

use clap::Args;

use super::{Outcome, ui};
use crate::render::schemas::Published;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  scalectl schema > scalectl.schema.json    for editors; `init` does this, too\n  scalectl schema --of plan                 the output of `plan --json`\n  scalectl schema --of events               one line of `apply --json-into`\n\nAn editor with a YAML language server finds the schema through the first line of scalectl.yaml:\n  # yaml-language-server: $schema=./scalectl.schema.json"
)]
pub struct Arguments {
    /// The document: spec, blueprint, policy, exceptions, test, plan, migration, events, status or history.
    #[arg(long, value_name = "DOCUMENT", default_value = "spec", value_parser = published)]
    of: Published,
}

/// A document on the command line.
fn published(text: &str) -> Result<Published, String> {
    let mut all = Published::ALL.into_iter();
    all.find(|one| one.name() == text).ok_or_else(|| {
        let names = Published::ALL.map(Published::name);
        let near = crate::schema::nearest(text, names.into_iter());
        let hint = near
            .map(|near| format!("did you mean {near}? "))
            .unwrap_or_default();
        format!("{hint}the documents are {}", names.join(", "))
    })
}

pub fn run(arguments: &Arguments) -> Outcome {
    ui::print_json(&arguments.of.schema());
    Ok(ExitCode::SUCCESS)
}
