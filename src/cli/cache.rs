//! `scalectl cache`: empties the application's cache.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::apply::not_confirmed;
use super::project::Project;
use super::run::with_lease;
use super::session::Session;
use super::wait_indicator::observed;
use super::{Failure, Global, Outcome, ui};
use crate::apply::Context;
use crate::inventory::{Live, LiveResource, Status};
use crate::migrate::action::packed_command;
use crate::provider::{Output, Script};
use crate::render::json::caches::{Flush, Flushed};
use crate::spec::Spec;

/// The script, below `templates/`.
const SCRIPT: &str = "actions/flush.sh";

/// How long a server may take.
const WITHIN: Duration = Duration::from_secs(120);

/// The script's exit code while writes wait in the queue.
const WAITING: i32 = 3;

/// What runs scripts: the server of a stage with one, or one of a group's.
const SERVERS: [&str; 2] = ["AWS::EC2::Instance", "AWS::AutoScaling::AutoScalingGroup"];

#[derive(Args)]
#[command(
    after_help = "Examples:\n  scalectl cache flush                  empty the cache of every region, after a confirmation\n  scalectl cache flush --auto-approve   without a confirmation\n\nA write-back cache is emptied only when no writes are left in its queue."
)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Empty the cache; reads go to the database until the cache is filled again.
    Flush {
        /// Skip the confirmation
        #[arg(long)]
        auto_approve: bool,
        /// Print JSON; needs --auto-approve
        #[arg(long, requires = "auto_approve")]
        json: bool,
    },
}

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    let Command::Flush { auto_approve, json } = arguments.command;
    let project = Project::load(global, None)?;
    let spec = &project.spec;
    if spec.cache.is_none() {
        let what = format!("{} ({}) has no cache", spec.app, spec.env);
        return Err(Failure::with_help(what, "declare `cache` in the spec"));
    }
    let text = project.library.text(SCRIPT).unwrap_or_default().to_string();
    let graph = project.graph()?;
    let session = Session::open(&project, "cache flush")?;
    let holder = session.holder.clone();
    session.run(async |_, context| {
        let live = observed(context, Some(&graph)).await?;
        let servers = servers(spec, &live)?;
        if !auto_approve {
            ui::needs_terminal("add --auto-approve")?;
            let regions: Vec<&str> = servers.keys().copied().collect();
            let question = format!(
                "Reads go to the database until the cache in {} is filled again.\nFlush it? Only `yes` is accepted:",
                regions.join(" and ")
            );
            if !ui::confirm_unless(context.stop, &question, "yes").await {
                return Err(not_confirmed(context, "not confirmed; nothing was flushed"));
            }
        }
        with_lease(context, &holder, project.patience, async || {
            let mut caches = Vec::new();
            for (region, server) in &servers {
                let nodes = flush(context, spec, &text, server).await?;
                if !json {
                    ui::print(&format!("The cache in {region} is empty.\n"));
                }
                caches.push(Flushed { region, nodes });
            }
            if json {
                ui::print_json(&Flush { document: "flush", format: 1, caches });
            }
            Ok(ExitCode::SUCCESS)
        })
        .await
    })
}

/// The parameter that tells servers where the cache is.
fn parameter(spec: &Spec) -> String {
    format!("/{}/{}/cache", spec.app, spec.env)
}

/// A server that can reach the cache, in each region that has one.
fn servers<'a>(
    spec: &Spec,
    live: &'a Live,
) -> Result<BTreeMap<&'a str, &'a LiveResource>, Failure> {
    let (mut found, name) = (BTreeMap::new(), parameter(spec));
    for resource in live.resources.values() {
        let is_server = SERVERS.contains(&&*resource.kind) && resource.status == Status::Ready;
        let caches = live
            .resources
            .values()
            .any(|one| *one.identifier == name && one.address.region == resource.address.region);
        if is_server && caches {
            found.entry(&*resource.address.region).or_insert(resource);
        }
    }
    if found.is_empty() {
        Err(Failure::with_help(
            format!(
                "{} ({}) has no running server that can reach its cache",
                spec.app, spec.env
            ),
            "`scalectl apply` starts them",
        ))
    } else {
        Ok(found)
    }
}

/// Empties the cache of a server's region; how many nodes were told.
async fn flush(
    context: &Context<'_>,
    spec: &Spec,
    text: &str,
    server: &LiveResource,
) -> Result<u64, Failure> {
    let variables = [
        ("CACHE_PARAMETER", parameter(spec)),
        ("AWS_DEFAULT_REGION", server.address.region.to_string()),
    ];
    let script = Script {
        name: "cache/flush".into(),
        undo: false,
        server: server.handle(),
        on: None,
        text: packed_command(text, false, &variables).map_err(Failure::new)?,
        environment: variables
            .into_iter()
            .map(|(name, value)| (name.into(), value))
            .collect(),
        within: WITHIN,
    };
    let output = context.provider.run(context.owner, &script).await?;
    let number = |name: &str| {
        let said: serde_json::Value = serde_json::from_str(output.stdout.trim()).ok()?;
        said.get(name)?.as_u64()
    };
    let region = &server.address.region;
    match output.code {
        0 => Ok(number("nodes").unwrap_or(1)),
        WAITING => Err(Failure::with_help(
            format!(
                "the queue in {region} holds {} acknowledged writes that are not in the database yet; nothing was flushed there",
                number("waiting").unwrap_or_default()
            ),
            "flush again when the writer has applied them; an alarm fires if it falls behind",
        )),
        _ => Err(failed(region, &output)),
    }
}

fn failed(region: &str, output: &Output) -> Failure {
    let why = output.stderr.lines().last().unwrap_or("no error output");
    let what = format!("the cache in {region} could not be flushed: {why}");
    let help = "entries may be left; retry when the server can reach the cache";
    Failure::with_help(what, help)
}
