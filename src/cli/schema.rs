//! `scalectl schema`: the JSON Schema of the spec.

use std::process::ExitCode;

use clap::Args;

use super::{Outcome, ui};
use crate::spec::json_schema;

#[derive(Args)]
#[command(
    after_help = "Example:\n  scalectl schema > scalectl.schema.json\n\nThen, as the first line of scalectl.yaml:\n  # yaml-language-server: $schema=scalectl.schema.json"
)]
pub struct Arguments {}

pub fn run(_: &Arguments) -> Outcome {
    ui::print_json(&json_schema());
    Ok(ExitCode::SUCCESS)
}
