//! `scalectl destroy`: everything that belongs to the application, wherever it is.

use std::process::ExitCode;

use clap::Args;

use super::apply::not_confirmed;
use super::apply::{How, obey, refuse};
use super::event_log::{self, open_into};
use super::exit::Code;
use super::plan::{check_allowed, tell_calls};
use super::project::Project;
use super::run::{Options, run as carry_out, with_lease};
use super::session::Session;
use super::wait_indicator::observed;
use super::{Failure, Global, Outcome, ui};
use crate::address::Address;
use crate::apply::remove_record;
use crate::graph::Graph;
use crate::inventory::{Live, Record};
use crate::plan::{diff, guard};
use crate::policy::Report;
use crate::render::folded;
use crate::render::plan::{Detail, Frame, changes, text};
use crate::render::style::{NEW, NOTICE, Painted, STRONG};
use crate::value::Value;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  scalectl destroy                                     show what would be deleted, and what is protected\n  scalectl destroy --allow global/zone --allow us-east-1/server\n\nProtected resources (databases, zones, buckets, keys, servers with data) are deleted only if each is named with --allow."
)]
pub struct Arguments {
    /// Allow this protected resource to be deleted; repeatable.
    #[arg(long, value_name = "ADDRESS")]
    allow: Vec<Address>,
    /// Maximum number of concurrent operations.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..))]
    parallelism: u16,
    #[command(flatten)]
    how: How,
}

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    let project = Project::load_for_destroy(global)?;
    let options = Options {
        command: "destroy",
        from: Record::default(),
        workers: Some(usize::from(arguments.parallelism)),
        json: arguments.how.json,
        into: open_into(arguments.how.json_into.as_deref())?,
        verbose: global.verbose,
    };
    let session = Session::open(&project, "destroy")?.at_speed(arguments.how.speed);
    let holder = session.holder.clone();
    session.run(async |cloud, context| {
        let outcome = with_lease(context, &holder, project.patience, async || {
            let live = observed(context, None).await?;
            for what in &live.unseen {
                ui::note(&format!("warning: not read: {what}\n"));
            }
            check_allowed(&project, &arguments.allow, live.resources.keys())?;
            let mut plan = diff(&Graph::default(), &live, None);
            // A blueprint knows better than a type which tier a resource is in.
            if let Ok(graph) = project.graph() {
                plan.take_tiers(&graph);
            }
            let kept = kept(&live);
            let name = format!("{} ({})", project.spec.app, project.spec.env);
            if plan.is_empty() {
                if live.record.is_some() {
                    remove_record(context).await?;
                }
                event_log::nothing(&project, 0, "destroy", options.into.as_ref(), options.json);
                if !options.json {
                    ui::print(&format!("{}\n", Painted(NEW, format!("{name} has no resources."))));
                }
                return Ok(ExitCode::SUCCESS);
            }
            let refusals = guard::refusals(&plan, &arguments.allow.iter().cloned().collect());
            if !options.json {
                let frame = Frame { refusals: &refusals, workers: options.workers, destroy: true, ..Frame::default() };
                let heading = Painted(STRONG, format!("All resources of {name}, in every region:"));
                let place = cloud.place().await?.map(|place| format!("\n{place}")).unwrap_or_default();
                let told = if options.verbose {
                    text(&plan, &frame, Detail::Full)
                } else {
                    folded::text(&plan, &frame, ui::columns())
                };
                ui::print(&format!("{heading}{place}\n\n{told}"));
                tell_kept(&kept);
            }
            refuse(&refusals)?;
            // Of what exceptions were for nothing stays, which is no reason to warn.
            let report = project.judge(&project.spec, &Graph::default(), &plan)?;
            obey(&Report { warnings: Vec::new(), ..report }, options.json, options.into.as_ref())?;
            if !arguments.how.auto_approve {
                ui::needs_terminal("add --auto-approve")?;
                let app = &*project.spec.app;
                let question = format!(
                    "\nThis deletes {name} permanently. To confirm, type the application's name, {app}; `d` shows each resource:"
                );
                loop {
                    match ui::answer_unless(context.stop, &question).await.as_deref() {
                        Some(answer) if answer == app => break,
                        Some("d") => ui::print(&changes(&plan, &Frame { destroy: true, ..Frame::default() }, Detail::Full)),
                        _ => return Err(not_confirmed(context, "not confirmed; nothing was deleted")),
                    }
                }
            }
            // Of a migration that was under way nothing is left either.
            let record = Record { stage: None, addresses: None, migration: None, deployment: None, ..live.record.clone().unwrap_or_default() };
            let report = carry_out(context, &project, &plan, record, &options).await?;
            if report.is_complete() {
                // All that it names was looked at. It goes last, so that a run that is cut short finds it.
                remove_record(context).await?;
                if !options.json {
                    tell_kept(&kept);
                }
                Ok(ExitCode::SUCCESS)
            } else {
                Err(Failure::Told(Code::of_run(&report)))
            }
        })
        .await;
        tell_calls(global, cloud);
        outcome
    })
}

/// What AWS keeps of resources that are deleted.
fn kept(live: &Live) -> Vec<String> {
    let mut kept = Vec::new();
    for one in live.resources.values() {
        let at = |path: &str| one.properties.at(path);
        match &*one.kind {
            // RDS takes none of a cluster's server.
            "AWS::RDS::DBInstance"
                if at("SourceDBInstanceIdentifier").is_none()
                    && at("DBClusterIdentifier").is_none() =>
            {
                kept.push(format!("a final snapshot of {}", one.address));
            }
            "AWS::EC2::Instance" => {
                let disks = at("BlockDeviceMappings").and_then(Value::as_list);
                for disk in disks.into_iter().flatten().filter_map(Value::as_map) {
                    let stays = disk.at("Ebs.DeleteOnTermination").and_then(Value::as_bool);
                    let name = disk.at("DeviceName").and_then(Value::as_str);
                    if let (Some(false), Some(name)) = (stays, name) {
                        kept.push(format!(
                            "the EBS volume {name} of {}, with its data",
                            one.address
                        ));
                    }
                }
            }
            _ => {}
        }
    }
    kept
}

fn tell_kept(kept: &[String]) {
    if kept.is_empty() {
        return;
    }
    let lines: String = kept.iter().map(|what| format!("  {what}\n")).collect();
    ui::print(&format!(
        "{}\n{lines}",
        Painted(NOTICE, "Kept, and billed until you delete it:")
    ));
}
