//! `scalectl show ADDRESS`: one resource as it is, and where it differs.

use std::process::ExitCode;

use clap::Args;

use super::plan::no_such;
use super::project::Project;
use super::session::Session;
use super::wait_indicator::observed;
use super::{Global, Outcome, ui};
use crate::address::Address;
use crate::compare::redact::properties;
use crate::deploy::closed::left_alone;
use crate::plan::{Plan, diff};
use crate::render::json;
use crate::render::plan::{Detail, Frame, changes};
use crate::render::property;
use crate::render::style::{FAINT, NEW, Painted, STRONG};
use crate::schema::Registry;
use crate::value::Value;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  scalectl show us-east-1/vpc\n  scalectl show 'us-east-1/subnet_public[a]' --json"
)]
pub struct Arguments {
    /// The resource's address, as `plan` and `status` show it.
    #[arg(value_name = "ADDRESS")]
    address: Address,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    let project = Project::load_as_applied(global)?;
    let wanted = project.graph_if_sound()?;
    let is_known = wanted.is_some();
    let graph = wanted.unwrap_or_default();
    let session = Session::open_to_look(&project, "show", true)?;
    let live = session.run(async |_, context| Ok(observed(context, Some(&graph)).await?))?;
    let address = &arguments.address;
    let desired = graph.get(address);
    let found = live.resources.get(address);
    if desired.is_none() && found.is_none() {
        return Err(no_such(
            address,
            graph.resources.keys().chain(live.resources.keys()),
        ));
    }
    let whole = left_alone(diff(&graph, &live, None), &live);
    // This resource's share of the plan; its operations wait for those of others.
    let plan = Plan {
        changes: whole
            .changes
            .into_iter()
            .filter(|change| is_known && change.address == *address)
            .collect(),
        ..Plan::default()
    };
    if arguments.json {
        ui::print_json(&json::resource::document(
            address,
            found,
            desired,
            &plan.changes,
        ));
        return Ok(ExitCode::SUCCESS);
    }
    let mut out = String::new();
    match found {
        Some(resource) => {
            out.push_str(&format!(
                "{}  {}\n  {}\n\n",
                Painted(STRONG, address),
                Painted(FAINT, &resource.kind),
                resource.identifier
            ));
            let schema = Registry::embedded().kind(&resource.kind);
            let properties = properties(address, &resource.kind, &resource.properties);
            let width = properties
                .iter()
                .map(|(name, _)| name.len())
                .max()
                .unwrap_or(0);
            for (name, value) in &properties {
                let by_aws = schema.is_some_and(|schema| schema.is_read_only(name));
                let mark = if by_aws { "  # set by AWS" } else { "" };
                block(&mut out, name, value, width, mark, global.verbose);
            }
        }
        None => out.push_str(&format!("{address} does not exist yet.\n")),
    }
    out.push('\n');
    if !is_known {
        out.push_str("The spec is invalid, so the resource cannot be compared with it.\n");
    } else if plan.changes.is_empty() {
        out.push_str(&format!("{}\n", Painted(NEW, "It matches the spec.")));
    } else {
        // One resource's share of the plan, without the summary of the whole.
        out.push_str(&changes(&plan, &Frame::default(), Detail::Full));
    }
    ui::print(&out);
    Ok(ExitCode::SUCCESS)
}

fn block(out: &mut String, name: &str, value: &Value, width: usize, mark: &str, is_whole: bool) {
    let told = match value.as_str() {
        Some(text) if is_whole => format!("{text:?}"),
        _ => property::block(value, 4),
    };
    out.push_str(&format!(
        "  {name:width$} = {}{}\n",
        told,
        Painted(FAINT, mark)
    ));
}
