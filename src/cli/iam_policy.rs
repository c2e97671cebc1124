//! `scalectl iam-policy`: what the credentials have to be allowed, and nothing more.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use super::project::{Project, load_spec};
use super::{Failure, Global, Outcome, ui};
use crate::doctor::permissions::replicates;
use crate::graph::Graph;
use crate::kinds::actions::{
    Need, is_known, of_doctor, of_files, of_logs, of_migration, of_needs, of_properties, of_secrets,
};
use crate::render::iam;
use crate::spec::Stage;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  scalectl iam-policy > policy.json              plan, apply and destroy the spec's stage\n  scalectl iam-policy --read-only > plan.json    plan, drift and snapshot\n  scalectl iam-policy --migrate --split          a list of policies that fit into IAM managed policies\n\nActions are listed one by one. They apply to all resources, because AWS generates most names."
)]
pub struct Arguments {
    /// Only the permissions for `plan`, `status`, `show`, `snapshot`, `drift` and dry runs.
    #[arg(long)]
    read_only: bool,
    /// Also the permissions for `failover` and for `migrate` to every stage that the spec allows.
    #[arg(long, conflicts_with = "read_only")]
    migrate: bool,
    /// Also the permissions for `doctor`: quotas, regions and simulated policies.
    #[arg(long)]
    doctor: bool,
    /// Print a list of policies, each within the size limit of a managed policy.
    #[arg(long)]
    split: bool,
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
        if replicates(&graph) {
            everything.extend(of_files().cloned());
        }
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
    let needs: &[Need] = if read_only {
        &[Need::Read]
    } else {
        &[Need::Read, Need::Create, Need::Update, Need::Delete]
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
    if !arguments.read_only {
        actions.extend(of_logs().cloned());
        // A deployment asks servers and alarms as a migration does.
        actions.extend(of_migration().cloned());
    }
    if !project.spec.secrets().is_empty() {
        actions.extend(of_secrets(!arguments.read_only).cloned());
    }
    if arguments.migrate && replicates(&graph) {
        actions.extend(of_files().cloned());
    }
    if arguments.doctor {
        actions.extend(of_doctor().cloned());
    }
    if let Some(note) = unknown(&graph) {
        ui::note(&note);
    }
    if arguments.split {
        ui::print_json(&iam::managed(&actions));
        return Ok(ExitCode::SUCCESS);
    }
    let policy = iam::policy(&actions);
    let size = iam::size(&policy);
    if size > iam::MANAGED {
        ui::note(&format!(
            "note: the policy has {size} characters without white space; a managed policy allows {}. `--split` prints {} policies\n",
            iam::MANAGED,
            iam::managed(&actions).len()
        ));
    }
    ui::print_json(&policy);
    Ok(ExitCode::SUCCESS)
}

/// Says of which kinds the actions are not known.
fn unknown(graph: &Graph) -> Option<String> {
    let kinds = graph.iter().map(|resource| &*resource.kind);
    let kinds: BTreeSet<&str> = kinds.filter(|kind| !is_known(kind)).collect();
    let first = kinds.first()?;
    let service = first.split("::").nth(1).unwrap_or(first).to_lowercase();
    Some(format!(
        "note: {} are managed through Cloud Control with your credentials. This policy does not include the actions of their services, such as {service}: see \"handlers\" in `aws cloudformation describe-type --type RESOURCE --type-name {first}`\n",
        Vec::from_iter(kinds.iter().copied()).join(", ")
    ))
}
