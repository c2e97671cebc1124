//! `scalectl iam-policy`: what the credentials have to be allowed, and nothing more.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use serde_json::json;

use super::project::{Project, load_spec};
use super::{Failure, Global, Outcome, ui};
use crate::graph::Graph;
use crate::schema::facts::actions::{Need, of_doctor, of_migration, of_needs, of_properties};
use crate::spec::Stage;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  scalectl iam-policy > policy.json              to plan, apply and destroy the spec at its stage\n  scalectl iam-policy --read-only > plan.json    to plan it, look for drift and take snapshots\n\nActions are named one by one; what they may touch is every resource, because AWS makes up most names."
)]
pub struct Arguments {
    /// Only what `plan`, `status`, `show`, `snapshot`, `drift` and dry runs need.
    #[arg(long)]
    read_only: bool,
    /// Also what `migrate` needs, to any stage that the spec fits, and `failover`.
    #[arg(long, conflicts_with = "read_only")]
    migrate: bool,
    /// Also what `doctor` asks: quotas, regions, and what the credentials may.
    #[arg(long)]
    doctor: bool,
}

/// What roles may do that are to last through all stages that the spec fits.
pub struct Whole {
    /// To look.
    pub reads: BTreeSet<Arc<str>>,
    /// To look, change, and migrate.
    pub everything: BTreeSet<Arc<str>>,
}

impl Whole {
    /// Those of a project.
    pub fn of(global: &Global, project: &Project) -> Result<Self, Failure> {
        let mut graph = project.graph()?;
        with_other_stages(global, project, &mut graph);
        let mut everything = of_graph(&graph, false);
        everything.extend(of_migration().cloned());
        Ok(Self {
            reads: of_graph(&graph, true),
            everything,
        })
    }
}

/// Adds what the spec wants at other stages.
fn with_other_stages(global: &Global, project: &Project, graph: &mut Graph) {
    for stage in Stage::ALL {
        // A stage that the spec does not fit yet is no stage to migrate to.
        let other = load_spec(global, Some(stage)).and_then(|(_, spec)| project.compile(&spec));
        graph.resources.extend(other.unwrap_or_default().resources);
    }
}

fn of_graph(graph: &Graph, read_only: bool) -> BTreeSet<Arc<str>> {
    let needs: &[Need] = match read_only {
        true => &[Need::Read],
        false => &[Need::Read, Need::Create, Need::Update, Need::Delete],
    };
    let asked = graph
        .iter()
        .flat_map(|resource| needs.iter().map(|need| (&*resource.kind, *need)));
    let mut actions = of_needs(asked);
    if !read_only {
        let resources = graph.iter();
        actions.extend(
            resources
                .flat_map(|one| of_properties(&one.properties))
                .cloned(),
        );
    }
    actions
}

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    let project = Project::load(global, None)?;
    let mut graph = project.graph()?;
    if arguments.migrate {
        with_other_stages(global, &project, &mut graph);
    }
    let mut actions = of_graph(&graph, arguments.read_only);
    if arguments.migrate {
        actions.extend(of_migration().cloned());
    }
    if arguments.doctor {
        actions.extend(of_doctor().cloned());
    }
    ui::print_json(&json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}],
    }));
    Ok(ExitCode::SUCCESS)
}
