//! `scalectl stages`: what each stage is for, and what changes from one to the next.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Args;

use super::exit::Code;
use super::project::{Project, find, load_spec};
use super::{Failure, Global, Outcome, ui};
use crate::blueprint::Library;
use crate::graph::Graph;
use crate::render::diagram::tier_rank;
use crate::render::json;
use crate::render::wrap::paragraph;
use crate::render::{
    style::FAINT, style::GONE, style::NEW, style::NOTICE, style::Painted, style::STRONG,
};
use crate::spec::Stage;
use crate::words::count;

#[derive(Args)]
pub struct Arguments {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Resources that come and go between two stages, by tier.
type Steps = BTreeMap<(usize, String), (Vec<String>, Vec<String>)>;

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    // Without a spec the stages are told in general.
    let project = match find(global) {
        Ok(_) => Some(Project::load(global, None)?),
        Err(_) => None,
    };
    let builtin;
    let library = match &project {
        Some(project) => &project.library,
        None => {
            builtin = Library::embedded()?;
            &builtin
        }
    };
    let current = project.as_ref().map(|project| project.spec.stage);
    let mut before: Option<Graph> = None;
    let mut text = String::new();
    let mut told = Vec::new();
    for stage in Stage::ALL {
        let Some(blueprint) = library.blueprint(stage.name()) else {
            return Err(Failure::new(format!(
                "there is no blueprint {}",
                stage.name()
            )));
        };
        // A spec may not have what a later stage needs, such as a second region.
        let graph = match &project {
            Some(project) => {
                load_spec(global, Some(stage)).and_then(|(_, spec)| project.compile(&spec))
            }
            None => Err(Failure::Told(Code::Error)),
        };
        let why_not = match &graph {
            Err(Failure::Diagnostics(found)) => found.first().map(|d| d.message.clone()),
            _ => None,
        };
        let graph = graph.ok();
        let steps = match (&before, &graph) {
            (Some(before), Some(graph)) => steps(before, graph),
            _ => Steps::new(),
        };
        told.push(json::stages::Stage {
            stage: stage.name(),
            title: &blueprint.title,
            description: &blueprint.description,
            grow: blueprint.grow.as_deref(),
            resources: graph.as_ref().map(Graph::len),
            needs: why_not.clone(),
        });
        let here = if current == Some(stage) {
            "  ← you are here"
        } else {
            ""
        };
        text.push_str(&format!(
            "{}  {}{}\n",
            Painted(STRONG, stage.name()),
            blueprint.title,
            Painted(NOTICE, here)
        ));
        text.push_str(&wrapped(&blueprint.description));
        match (&graph, &why_not) {
            (Some(graph), _) => text.push_str(&resources(graph, &steps, before.is_some())),
            (None, Some(why)) => text.push_str(&format!(
                "  {}\n",
                Painted(FAINT, format!("not yet possible: {why}"))
            )),
            (None, None) => {}
        }
        if let Some(grow) = &blueprint.grow {
            text.push_str(&wrapped(grow));
        }
        text.push('\n');
        before = graph.or(before);
    }
    if arguments.json {
        ui::print_json(&json::stages::document(current.map(Stage::name), told))
    } else {
        ui::print(&text)
    }
    Ok(ExitCode::SUCCESS)
}

/// How many resources there are and, after another stage, how many come and go by tier.
fn resources(graph: &Graph, steps: &Steps, is_compared: bool) -> String {
    let mut text = format!("  {}", count(graph.len(), "resource"));
    let (new, gone): (usize, usize) = steps.values().fold((0, 0), |(new, gone), (a, b)| {
        (new + a.len(), gone + b.len())
    });
    if is_compared {
        text.push_str(&format!(
            ": {} new, {} removed",
            Painted(NEW, new),
            Painted(GONE, gone)
        ));
    }
    text.push('\n');
    for ((_, tier), (new, gone)) in steps {
        let mut all = counted('+', new);
        all.extend(counted('-', gone));
        text.push_str(&format!(
            "    {:11} {}\n",
            tier,
            Painted(FAINT, all.join(" "))
        ));
    }
    text
}

/// Which resources come and go, by tier: each instance in each region counts, as in a plan.
fn steps(before: &Graph, after: &Graph) -> Steps {
    let mut steps = Steps::new();
    let only = |of: &Graph, other: &Graph| -> Vec<(String, String)> {
        let alone = of.iter().filter(|one| other.get(&one.address).is_none());
        alone
            .map(|one| (one.tier.to_string(), one.address.id.to_string()))
            .collect()
    };
    for (tier, id) in only(after, before) {
        let entry = steps.entry((tier_rank(&tier), tier)).or_default();
        entry.0.push(id);
    }
    for (tier, id) in only(before, after) {
        let entry = steps.entry((tier_rank(&tier), tier)).or_default();
        entry.1.push(id);
    }
    steps
}

/// Names with a sign, each once, with how many there are of it.
fn counted(sign: char, ids: &[String]) -> Vec<String> {
    let mut told: Vec<(&str, usize)> = Vec::new();
    for id in ids {
        match told.iter_mut().find(|(have, _)| have == id) {
            Some((_, times)) => *times += 1,
            None => told.push((id, 1)),
        }
    }
    let told = told.into_iter().map(|(id, times)| match times {
        1 => format!("{sign}{id}"),
        times => format!("{sign}{id}×{times}"),
    });
    told.collect()
}

/// A paragraph, indented.
fn wrapped(text: &str) -> String {
    let lines = paragraph(text, ui::prose().saturating_sub(2));
    lines.iter().map(|line| format!("  {line}\n")).collect()
}
