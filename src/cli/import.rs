//! `scalectl import`: what exists already comes under management, without being rebuilt.

use std::borrow::Cow;
use std::process::ExitCode;

use clap::Args;

use super::apply::not_confirmed;
use super::plan::no_such;
use super::project::Project;
use super::run::with_lease;
use super::session::Session;
use super::wait_indicator::{looking, observed};
use super::{Failure, Global, Outcome, ui};
use crate::address::Address;
use crate::apply::observe::kinds;
use crate::apply::retry::steadily;
use crate::apply::{Context, observe, record_of, write_record};
use crate::graph::{Graph, Resource};
use crate::inventory::{Applied, Handle, Stray};
use crate::plan::existing::{RECORD, is_swapped};
use crate::plan::import_match::{Proposal, Regions, as_live, propose};
use crate::plan::{Action, Change, Plan, diff};
use crate::provider::ErrorKind;
use crate::render::json::proposals::document;
use crate::render::plan::{Detail, Frame, changes};
use crate::render::style::{FAINT, NOTICE, Painted, STRONG};
use crate::schema::Registry;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  scalectl import --discover                       find resources in the account that match the spec\n  scalectl import us-east-1/vpc vpc-0a1b2c3d       show the differences, ask for confirmation, import\n\nImporting writes ownership tags and changes nothing else; `scalectl plan` then shows the differences."
)]
pub struct Arguments {
    /// The address of the resource in the spec, as `scalectl plan` shows it.
    #[arg(
        value_name = "ADDRESS",
        required_unless_present = "discover",
        requires = "identifier"
    )]
    address: Option<Address>,
    /// The AWS identifier of the existing resource; parts of a compound identifier are joined by `|`.
    #[arg(value_name = "ID")]
    identifier: Option<String>,
    /// Propose existing resources for everything in the spec that is not managed yet.
    #[arg(long, conflicts_with_all = ["address", "identifier"])]
    discover: bool,
    /// Print JSON.
    #[arg(long, requires = "discover", conflicts_with_all = ["address", "identifier"])]
    json: bool,
    /// Skip the confirmation.
    #[arg(long, conflicts_with = "discover")]
    auto_approve: bool,
}

impl Arguments {
    /// Whether it changes something besides what it prints.
    pub fn changes(&self) -> bool {
        !self.discover
    }
}

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    let project = Project::load(global, None)?;
    let graph = project.graph()?;
    let session = Session::open_to_look(&project, "import", arguments.discover)?;
    let holder = session.holder.clone();
    session.run(async |_, context| {
        let (Some(address), Some(identifier)) = (&arguments.address, &arguments.identifier) else {
            let found = looking(context.provider, discover(context, &graph)).await?;
            found.tell(arguments.json);
            return Ok(ExitCode::SUCCESS);
        };
        with_lease(context, &holder, project.patience, async || {
            adopt(context, &graph, address, identifier, arguments.auto_approve).await
        })
        .await
    })
}

async fn adopt(
    context: &Context<'_>,
    graph: &Graph,
    address: &Address,
    identifier: &str,
    auto_approve: bool,
) -> Outcome {
    let mut live = observed(context, Some(graph)).await?;
    let Some(wanted) = graph.get(address) else {
        return Err(no_such(address, graph.resources.keys()));
    };
    if let Some(managed) = live.resources.get(address) {
        let what = format!("{address} is already managed: it is {}", managed.identifier);
        return Err(Failure::new(what));
    }
    let identifier = &*whole(&wanted.kind, identifier);
    let stray = existing(context, graph, wanted, identifier).await?;
    if let Some((_, at)) = &stray.owner {
        // What the spec calls otherwise now.
        live.resources.remove(at);
        ui::print(&format!(
            "{identifier} was {at}, which is no longer in the spec.\n"
        ));
    }
    live.resources
        .insert(address.clone(), as_live(address, &stray));
    let plan = diff(graph, &live, Some(std::slice::from_ref(address)));
    let mut own = plan.clone();
    own.changes.retain(|change| change.address == *address);
    own.operations.clear();
    show(&own, address, identifier);
    let is_rebuilt = own.changes.iter().any(is_rebuilt);
    if auto_approve && is_rebuilt {
        return Err(Failure::with_help(
            format!("{identifier} cannot be imported as {address}; nothing was changed"),
            "change the spec to match the resource, or omit --auto-approve to decide",
        ));
    }
    if !auto_approve {
        ui::needs_terminal("add --auto-approve")?;
        if !ui::confirm_unless(context.stop, "Import it? Only `yes` is accepted:", "yes").await {
            return Err(not_confirmed(context, "not confirmed; nothing was changed"));
        }
    }
    let record = record_of(live.record.as_ref(), graph, None);
    write_record(context, &record).await?;
    let handle = Handle {
        address: address.clone(),
        kind: wanted.kind.clone(),
        identifier: stray.identifier.clone(),
    };
    let applied = Applied {
        generation: 1,
        protect: wanted.lifecycle.protect,
        ..Applied::default()
    };
    steadily(context, "adopt", || {
        context.provider.adopt(context.owner, &handle, &applied)
    })
    .await?;
    ui::print(&format!(
        "Imported: {identifier} is now managed as {address}.\n"
    ));
    Ok(ExitCode::SUCCESS)
}

/// The resource that has this identifier.
///
/// # Errors
/// When there is none, or it belongs to an application that still has it.
async fn existing(
    context: &Context<'_>,
    graph: &Graph,
    wanted: &Resource,
    identifier: &str,
) -> Result<Stray, Failure> {
    let address = &wanted.address;
    let found = steadily(context, "find", || {
        context
            .provider
            .find(&wanted.kind, &address.region, Some(identifier))
    })
    .await;
    let found = match (found, form(&wanted.kind, identifier)) {
        // The cloud was not even asked.
        (Err(error), Some(form)) if !error.kind.is_retryable() => {
            return Err(Failure::with_help(error.to_string(), form));
        }
        (found, _) => found?,
    };
    let Some(stray) = found.into_iter().next() else {
        let what = format!(
            "there is no {} {identifier} in {}",
            wanted.kind, address.region
        );
        let help = form(&wanted.kind, identifier)
            .unwrap_or_else(|| "`scalectl import --discover` lists matches".to_owned());
        return Err(Failure::with_help(what, help));
    };
    if let Some((owner, at)) = &stray.owner
        && (owner != context.owner || graph.get(at).is_some())
    {
        let what = format!(
            "{identifier} belongs to {} ({}), where it is {at}; nothing was changed",
            owner.app, owner.env
        );
        return Err(Failure::new(what));
    }
    Ok(stray)
}

/// Shows what apply would change of it.
fn show(own: &Plan, address: &Address, identifier: &str) {
    match own.changes.first() {
        None => ui::print(&format!(
            "{} {identifier} matches {address} in the spec.\n",
            Painted(STRONG, "Fits:")
        )),
        Some(change) => {
            let heading = format!("After the import, apply would change {identifier}:");
            ui::print(&format!(
                "{}\n\n{}\n",
                Painted(STRONG, heading),
                changes(own, &Frame::default(), Detail::Full)
            ));
            if is_swapped(change) {
                ui::print("apply does this in one change; the name keeps resolving.\n");
            }
            for warning in warnings(change) {
                ui::print(&format!("{} {warning}\n", Painted(NOTICE, "Warning:")));
            }
            if is_rebuilt(change) {
                ui::print(&format!(
                    "{} it cannot be changed to match the spec: apply would replace it.\n",
                    Painted(NOTICE, "Warning:")
                ));
            }
        }
    }
}

/// What a change does to something that is in use, beyond what the plan shows.
fn warnings(change: &Change) -> Vec<&'static str> {
    let touches = |name: &str| change.properties.iter().any(|one| &*one.path == name);
    let mut told = Vec::new();
    if &*change.kind == "AWS::RDS::DBInstance" && touches("MasterUserPassword") {
        told.push("the master user would get the password in the application's secret, and connections with the old password would fail. `plan` rejects that unless it is named with --allow. To keep the password, first import the secret that holds it (JSON with `username` and `password`) as the application's secret.");
    }
    if &*change.kind == "AWS::EC2::Instance" && touches("UserData") {
        told.push("user data runs only at a server's first boot: this server would stop and start, but still run the old software. Move its application to a new server instead.");
    }
    told
}

/// An identifier with all its parts: a record alone of its name has no set identifier.
fn whole<'a>(kind: &str, identifier: &'a str) -> Cow<'a, str> {
    if kind == RECORD && identifier.split('|').count() == 3 {
        Cow::Owned(format!("{identifier}|"))
    } else {
        Cow::Borrowed(identifier)
    }
}

/// Whether something new would be made in the place of what is adopted.
fn is_rebuilt(change: &Change) -> bool {
    change.action == Action::Replace && !is_swapped(change)
}

/// What help there is about an identifier that has not the parts of its kind's.
fn form(kind: &str, identifier: &str) -> Option<String> {
    let parts = Registry::embedded().kind(kind)?.primary_identifier();
    (identifier.split('|').count() != parts.len()).then(|| {
        format!(
            "{kind} is identified by {}; `scalectl import --discover` lists matches",
            parts.join("|")
        )
    })
}

/// What fits, and how many resources are not managed yet.
struct Fitting {
    proposals: Vec<Proposal>,
    missing: usize,
}

impl Fitting {
    fn tell(&self, as_json: bool) {
        if as_json {
            ui::print_json(&document(self.missing, &self.proposals))
        } else {
            ui::print(&in_words(&self.proposals, self.missing))
        }
    }
}

async fn discover(context: &Context<'_>, graph: &Graph) -> Result<Fitting, Failure> {
    let live = observe(context, Some(graph)).await?;
    let mut strays: Vec<Stray> = Vec::new();
    let mut regions = Regions::new();
    for (region, kind) in kinds(graph) {
        let open = graph.iter().any(|resource| {
            resource.kind == kind
                && resource.address.region == region
                && !live.resources.contains_key(&resource.address)
        });
        if !open {
            continue;
        }
        let found = steadily(context, "find", || {
            context.provider.find(&kind, &region, None)
        })
        .await;
        match found {
            Ok(found) => {
                for stray in found {
                    regions.insert(strays.len(), region.clone());
                    strays.push(stray);
                }
            }
            Err(error) if error.kind == ErrorKind::Unsupported => {}
            Err(error) => return Err(error.into()),
        }
    }
    let proposals = propose(graph, &live, &strays, &regions);
    let missing = graph.len()
        - graph
            .iter()
            .filter(|r| live.resources.contains_key(&r.address))
            .count();
    Ok(Fitting { proposals, missing })
}

fn in_words(proposals: &[Proposal], missing: usize) -> String {
    let (clear, several): (Vec<_>, Vec<_>) =
        proposals.iter().partition(|one| one.identifiers.len() == 1);
    let mut text = format!(
        "{}; exactly one match for {}.\n",
        crate::words::count(missing, "unmanaged resource"),
        clear.len()
    );
    if !clear.is_empty() {
        text.push_str("\nImport in this order:\n");
    }
    for one in &clear {
        let differs = if one.differs.is_empty() {
            "matches exactly".to_owned()
        } else {
            format!("apply would change {}", one.differs.join(", "))
        };
        text.push_str(&format!(
            "  scalectl import {} {}  {}\n",
            one.address,
            quoted(&one.identifiers[0]),
            Painted(FAINT, format!("# {differs}"))
        ));
    }
    if !several.is_empty() {
        text.push_str("\nSeveral matches of equal quality:\n");
    }
    for one in &several {
        text.push_str(&format!(
            "  {}  {}\n",
            one.address,
            one.identifiers.join(", ")
        ));
    }
    text
}

/// An identifier as a shell takes it.
fn quoted(identifier: &str) -> String {
    if identifier.contains('|') {
        format!("'{identifier}'")
    } else {
        identifier.to_owned()
    }
}
