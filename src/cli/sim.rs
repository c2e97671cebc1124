//! `scalectl sim`: a look into the simulator, and breaking it on purpose.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::project::Project;
use super::session::Session;
use super::{Failure, Global, Outcome, ui};
use crate::ownership;
use crate::provider::Provider as _;
use crate::provider::sim::Sim;
use crate::provider::sim::cloud::Item;
use crate::provider::sim::faults::{Faults, Refusal};
use crate::render::json::sim::{Resource, document};
use crate::render::property::block;
use crate::render::{style::FAINT, style::NEW, style::NOTICE, style::Painted, style::STRONG};
use crate::schema;
use crate::value::{Map, Value};
use crate::words::count;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  scalectl sim drift us-east-1/param_site Description=changed    a change in the console\n  scalectl sim drift us-east-1/topic --delete                    a deletion in the console\n  scalectl sim fault --throttle 0.3 --lose 0.1 --seed 7          throttling and lost answers\n  scalectl sim fault --refuse AWS::RDS::DBInstance --code InsufficientDBInstanceCapacity --times 1\n  scalectl sim fault --down us-east-1                            the failure of a region\n  scalectl sim fault --clear"
)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List the resources of all applications.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show one resource, tags included, without secret values.
    Show {
        /// The resource's address or identifier.
        what: String,
        /// Include secret values.
        #[arg(long)]
        secrets: bool,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Change or delete a resource outside scalectl, to create drift.
    Drift {
        /// The resource's address or identifier.
        what: String,
        /// Properties to set, as JSON or plain text; an empty value unsets a property.
        #[arg(value_name = "PATH=VALUE", required_unless_present = "delete")]
        set: Vec<String>,
        /// Delete it.
        #[arg(long, conflicts_with = "set")]
        delete: bool,
    },
    /// Remove a resource's ownership tags, as if it had been created outside scalectl; undo with `scalectl import`.
    Disown {
        /// The resource's address or identifier.
        what: String,
    },
    /// Put writes into the queue of a write-back cache, as if its writer had stopped.
    Backlog {
        /// The queue's address or identifier.
        queue: String,
        /// Number of waiting writes; 0 drains the queue.
        writes: u64,
    },
    /// Inject faults into all following calls.
    Fault(FaultArguments),
    /// Delete everything in the simulator.
    Reset {
        /// Skip the confirmation.
        #[arg(long)]
        auto_approve: bool,
    },
}

impl Arguments {
    /// Whether it changes something besides what it prints.
    pub fn changes(&self) -> bool {
        !matches!(self.command, Command::List { .. } | Command::Show { .. })
    }
}

#[derive(Args)]
struct FaultArguments {
    /// The fraction of calls that are throttled.
    #[arg(long, value_name = "SHARE", value_parser = share)]
    throttle: Option<f64>,
    /// The fraction of calls that fail with a server error.
    #[arg(long, value_name = "SHARE", value_parser = share)]
    transient: Option<f64>,
    /// The fraction of calls that take effect but whose response is lost.
    #[arg(long, value_name = "SHARE", value_parser = share)]
    lose: Option<f64>,
    /// Maximum delay in milliseconds before lists show new resources.
    #[arg(long, value_name = "MS")]
    lag: Option<u64>,
    /// Seed of the random generator.
    #[arg(long)]
    seed: Option<u64>,
    /// Reject changes to resources with this text in their type or address.
    #[arg(long, value_name = "KIND_OR_ADDRESS", requires = "code")]
    refuse: Option<String>,
    /// The error code of the rejection.
    #[arg(long, requires = "refuse")]
    code: Option<String>,
    /// Reject only this many times.
    #[arg(long, requires = "refuse")]
    times: Option<u32>,
    /// A region that does not respond and does not replicate; repeatable.
    #[arg(long, value_name = "REGION")]
    down: Vec<String>,
    /// Treat the account as unverified by AWS: no load balancers and distributions.
    #[arg(long)]
    unverified: bool,
    /// A hosted zone that no registrar or parent zone delegates to; repeatable.
    #[arg(long, value_name = "ZONE")]
    undelegated: Vec<String>,
    /// An image, by a part of its name, that never becomes healthy; repeatable.
    #[arg(long, value_name = "IMAGE")]
    sick: Vec<String>,
    /// An image, by a part of its name, that fails a minute after its start; repeatable.
    #[arg(long, value_name = "IMAGE")]
    failing: Vec<String>,
    /// Remove all faults.
    #[arg(long, exclusive = true)]
    clear: bool,
}

fn share(text: &str) -> Result<f64, String> {
    let share: f64 = text
        .parse()
        .map_err(|_| format!("{text:?} is not a number"))?;
    if (0.0..=1.0).contains(&share) {
        Ok(share)
    } else {
        Err("a fraction from 0 to 1".to_owned())
    }
}

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    let project = Project::load_as_applied(global)?;
    if let Command::Reset { auto_approve } = &arguments.command {
        return reset(&project, *auto_approve);
    }
    let session = Session::open_to_look(&project, "sim", !arguments.changes())?;
    session.run(async |cloud, _| {
        let Some(sim) = cloud.sim() else {
            return Err(Failure::with_help(
                "this application is on AWS, not on the simulator",
                "inspect the simulator with `--provider sim`",
            ));
        };
        match &arguments.command {
            Command::List { json } => list(sim, *json),
            Command::Show {
                what,
                secrets,
                json,
            } => show(sim, what, *secrets, *json),
            Command::Drift { what, set, delete } => drift(sim, what, set, *delete),
            Command::Disown { what } => disown(sim, what),
            Command::Backlog { queue, writes } => backlog(sim, queue, *writes),
            Command::Fault(arguments) => fault(sim, arguments),
            Command::Reset { .. } => Ok(ExitCode::SUCCESS),
        }
    })
}

fn list(sim: &Sim, as_json: bool) -> Outcome {
    let now = sim.clock().now();
    let cloud = sim.cloud();
    let items = cloud.items.values().filter(|item| item.exists(now));
    if as_json {
        ui::print_json(&document(items.map(|item| told(item, now)).collect()));
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = String::new();
    let mut number = 0;
    for item in items {
        number += 1;
        let place = match &item.marks {
            Some(marks) => format!("{}/{} {}", marks.owner.app, marks.owner.env, marks.address),
            None => "(unmanaged)".to_owned(),
        };
        text.push_str(&format!(
            "{:10} {:12} {}  {} {}\n",
            item.state(now),
            item.region,
            Painted(STRONG, item.kind.trim_start_matches("AWS::")),
            item.identifier,
            Painted(FAINT, place)
        ));
    }
    text.push_str(&format!("{}\n", count(number, "resource")));
    let faults = sim.faults();
    if !faults.is_quiet() {
        text.push_str(&format!(
            "{} faults are injected; `scalectl sim fault --clear` removes them.\n",
            Painted(NOTICE, "Note:")
        ));
    }
    ui::print(&text);
    Ok(ExitCode::SUCCESS)
}

/// An item as programs read it.
fn told(item: &Item, now: u64) -> Resource<'_> {
    Resource {
        kind: &item.kind,
        region: &item.region,
        identifier: &item.identifier,
        state: item.state(now),
        properties: &item.properties,
        marks: marks(item),
    }
}

/// The tags that say whose an item is.
fn marks(item: &Item) -> Option<BTreeMap<&'static str, String>> {
    let marks = item.marks.as_ref()?;
    Some(BTreeMap::from([
        ("scalectl:app", marks.owner.app.to_string()),
        ("scalectl:env", marks.owner.env.to_string()),
        ("scalectl:address", marks.address.to_tag()),
        ("scalectl:applied", ownership::to_tag(&marks.applied)),
    ]))
}

fn find(sim: &Sim, what: &str) -> Result<Item, Failure> {
    let cloud = sim.cloud();
    let called = |item: &&Item| {
        &*item.identifier == what
            || item
                .marks
                .as_ref()
                .is_some_and(|marks| marks.address.to_string() == what)
    };
    if let Some(item) = cloud.items.values().find(called) {
        return Ok(item.clone());
    }
    let names: Vec<String> = cloud
        .items
        .values()
        .filter_map(|item| Some(item.marks.as_ref()?.address.to_string()))
        .collect();
    let near = crate::schema::nearest(what, names.iter().map(String::as_str));
    Err(Failure::with_help(
        format!("the simulator has no resource {what}"),
        match near {
            Some(near) => format!("did you mean {near}?"),
            None => "`scalectl sim list` lists all resources".to_owned(),
        },
    ))
}

fn show(sim: &Sim, what: &str, with_secrets: bool, as_json: bool) -> Outcome {
    let mut item = find(sim, what)?;
    if !with_secrets {
        let properties = Value::Map(item.properties);
        item.properties = match schema::without_secrets(&properties) {
            Value::Map(properties) => properties,
            _ => Map::new(),
        };
    }
    let now = sim.clock().now();
    if as_json {
        ui::print_json(&document(vec![told(&item, now)]));
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = format!(
        "{}  {}\n  {} in {}\n",
        Painted(STRONG, &item.identifier),
        Painted(FAINT, &item.kind),
        item.state(now),
        item.region
    );
    for (tag, value) in marks(&item).into_iter().flatten() {
        text.push_str(&format!("  {} {value}\n", Painted(FAINT, tag)));
    }
    text.push('\n');
    let width = item
        .properties
        .iter()
        .map(|(name, _)| name.len())
        .max()
        .unwrap_or(0);
    for (name, value) in &item.properties {
        text.push_str(&format!("  {name:width$} = {}\n", block(value, 4)));
    }
    ui::print(&text);
    Ok(ExitCode::SUCCESS)
}

fn disown(sim: &Sim, what: &str) -> Outcome {
    let item = find(sim, what)?;
    sim.disown(item.number)?;
    ui::print(&format!("{} is unmanaged now.\n", item.identifier));
    Ok(ExitCode::SUCCESS)
}

fn backlog(sim: &Sim, queue: &str, writes: u64) -> Outcome {
    let item = find(sim, queue)?;
    let Some(marks) = item.marks.filter(|_| &*item.kind == "AWS::SQS::Queue") else {
        let what = format!("{} is not a queue of an application", item.identifier);
        return Err(Failure::with_help(
            what,
            "name one, such as us-east-1/queue_writes",
        ));
    };
    sim.backlog(&marks.owner, writes)?;
    ui::print(&format!(
        "{writes} writes are waiting in {}.\n",
        item.identifier
    ));
    Ok(ExitCode::SUCCESS)
}

fn drift(sim: &Sim, what: &str, set: &[String], delete: bool) -> Outcome {
    let item = find(sim, what)?;
    if delete {
        sim.remove(item.number)?;
        ui::print(&format!(
            "{} {} outside scalectl.\n",
            Painted(NEW, "Deleted"),
            item.identifier
        ));
        return Ok(ExitCode::SUCCESS);
    }
    for assignment in set {
        let Some((path, text)) = assignment.split_once('=') else {
            let what = format!("{assignment:?} is not PATH=VALUE");
            return Err(Failure::with_help(
                what,
                "for example Description=changed, or BackupRetentionPeriod=1",
            ));
        };
        let value = match text {
            "" => None,
            text => Some(serde_json::from_str::<Value>(text).unwrap_or_else(|_| Value::str(text))),
        };
        sim.drift(item.number, path, value)?;
        ui::print(&format!(
            "{} {path} of {} outside scalectl.\n",
            Painted(NEW, "Changed"),
            item.identifier
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn fault(sim: &Sim, arguments: &FaultArguments) -> Outcome {
    let mut faults = sim.faults();
    if arguments.clear {
        faults = Faults {
            calls: faults.calls,
            ..Faults::default()
        };
    }
    for (given, field) in [
        (arguments.throttle, &mut faults.throttle),
        (arguments.transient, &mut faults.transient),
        (arguments.lose, &mut faults.lose),
    ] {
        if let Some(given) = given {
            *field = given;
        }
    }
    if faults.throttle + faults.transient + faults.lose > 1.0 {
        return Err(Failure::with_help(
            "the fractions add up to more than 1",
            "choose smaller fractions, or start with `scalectl sim fault --clear`",
        ));
    }
    faults.lag = arguments.lag.unwrap_or(faults.lag);
    faults.seed = arguments.seed.unwrap_or(faults.seed);
    if let (Some(what), Some(code)) = (&arguments.refuse, &arguments.code) {
        faults.refusals.push(Refusal {
            what: what.as_str().into(),
            code: code.as_str().into(),
            times: arguments.times,
        });
    }
    let down = arguments.down.iter().map(|region| region.as_str().into());
    faults.down.extend(down);
    faults.unverified |= arguments.unverified;
    let zones = arguments
        .undelegated
        .iter()
        .map(|zone| zone.as_str().into());
    faults.undelegated.extend(zones);
    let parts = |given: &[String]| -> Vec<std::sync::Arc<str>> {
        given.iter().map(|part| part.as_str().into()).collect()
    };
    faults.images.sick.extend(parts(&arguments.sick));
    faults.images.failing.extend(parts(&arguments.failing));
    sim.set_faults(faults.clone())?;
    let mut text = if faults.is_quiet() {
        "No faults are injected.\n".to_owned()
    } else {
        format!(
            "Faults: {:.0} % throttled, {:.0} % server errors, {:.0} % responses lost, lists up to {} ms late (seed {}).\n",
            faults.throttle * 100.0,
            faults.transient * 100.0,
            faults.lose * 100.0,
            faults.lag,
            faults.seed
        )
    };
    for refusal in faults
        .refusals
        .iter()
        .filter(|refusal| refusal.times != Some(0))
    {
        let times = refusal
            .times
            .map(|times| format!(", {times} more times"))
            .unwrap_or_default();
        text.push_str(&format!(
            "Changes to {} are rejected with {}{times}.\n",
            refusal.what, refusal.code
        ));
    }
    for region in &faults.down {
        text.push_str(&format!("{region} does not respond.\n"));
    }
    if faults.unverified {
        text.push_str("AWS has not verified the account.\n");
    }
    for zone in &faults.undelegated {
        text.push_str(&format!("The zone {zone} is not delegated.\n"));
    }
    ui::print(&text);
    Ok(ExitCode::SUCCESS)
}

fn reset(project: &Project, auto_approve: bool) -> Outcome {
    if !auto_approve {
        ui::needs_terminal("add --auto-approve")?;
        if !ui::confirm(
            "Delete everything in the simulator? Only `yes` is accepted:",
            "yes",
        ) {
            return Err(Failure::new("not confirmed; nothing was changed"));
        }
    }
    Session::reset(project)?;
    ui::print("The simulator is empty.\n");
    Ok(ExitCode::SUCCESS)
}
