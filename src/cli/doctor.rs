//! `scalectl doctor`: what would go wrong, before anything is touched.

use std::collections::BTreeSet;
use std::process::ExitCode;

use clap::Args;

use super::project::Project;
use super::session::{Cloud, Session};
use super::{Failure, Global, Outcome, stage, ui};
use crate::apply::retry::steadily;
use crate::apply::{Context, observe};
#[cfg(feature = "aws")]
use crate::doctor::quotas;
use crate::doctor::{Check, Verdict, permissions};
use crate::graph::Graph;
use crate::plan::{Plan, diff, guard};
use crate::provider::{Live, ProviderError};
use crate::render::json;
use crate::render::style::{CHANGED, FAINT, GONE, NEW, NOTICE, Painted, count, duration};
use crate::spec::Stage;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  scalectl doctor\n  scalectl doctor --stage load-balanced    whether that stage would be allowed, and fit the quotas\n  scalectl doctor --json                   for CI: exit code 1 when a check fails\n\nNothing is changed, and no lease is taken."
)]
pub struct Arguments {
    /// Look at the plan for this stage instead of the spec's.
    #[arg(long, value_parser = stage)]
    stage: Option<Stage>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    let project = Project::load(global, arguments.stage)?;
    let graph = project.graph()?;
    let found = format!("{}, {}", project.title(), count(graph.len(), "resource"));
    let mut checks = vec![Check::ok("spec", found)];
    checks.extend(before(&project)?);
    if worst(&checks) < Verdict::Fails {
        checks.extend(on_the_cloud(&project, &graph)?);
    }
    match arguments.json {
        true => ui::print_json(&json::doctor::document(&checks)),
        false => ui::print(&in_words(&checks)),
    }
    Ok(match worst(&checks) {
        Verdict::Fails => ExitCode::FAILURE,
        Verdict::Ok | Verdict::Warning => ExitCode::SUCCESS,
    })
}

/// What is looked at before the provider can be opened.
#[cfg(feature = "aws")]
fn before(project: &Project) -> Result<Vec<Check>, Failure> {
    let crate::spec::Provider::Aws(settings) = &project.spec.provider else {
        return Ok(Vec::new());
    };
    let regions = project.spec.regions.iter();
    let regions: Vec<String> = regions.map(|region| region.name().to_owned()).collect();
    let endpoints = crate::provider::aws::Endpoints::default();
    let look = crate::provider::aws::doctor::credentials(settings, &regions, &endpoints);
    Ok(super::session::runtime(false)?.block_on(look))
}

/// Without the AWS provider there is nothing to look at before.
#[cfg(not(feature = "aws"))]
fn before(_: &Project) -> Result<Vec<Check>, Failure> {
    Ok(Vec::new())
}

/// What the provider itself is asked.
fn on_the_cloud(project: &Project, graph: &Graph) -> Result<Vec<Check>, Failure> {
    let session = match Session::open(project, "doctor") {
        Ok(session) => session,
        // The embedded cloud's file cannot be used.
        Err(Failure::Message { what, help }) => {
            return Ok(vec![Check {
                verdict: Verdict::Fails,
                mend: help,
                ..Check::ok("store", what)
            }]);
        }
        Err(other) => return Err(other),
    };
    session.run(async |cloud, context| {
        let mut checks = Vec::new();
        if cloud.sim().is_some() {
            let found =
                "the embedded cloud can be used; there are no credentials, clocks or quotas to look at";
            checks.push(Check::ok("store", found));
        }
        #[cfg(feature = "aws")]
        if let Cloud::Aws(aws) = cloud {
            checks.extend(aws.check_regions().await);
        }
        checks.push(lease(context).await);
        let planned = match observe(context, Some(graph)).await {
            Ok(live) => {
                let plan = diff(graph, &live, None);
                checks.push(planned_check(&plan));
                Some((live, plan))
            }
            Err(error) => {
                checks.push(unseen(&error));
                None
            }
        };
        checks.extend(allowed_and_fits(cloud, graph, planned.as_ref()).await);
        Ok(checks)
    })
}

/// Who changes the application right now.
async fn lease(context: &Context<'_>) -> Check {
    let held = steadily(context, "lease", || context.provider.lease(context.owner)).await;
    match held {
        Err(error) => Check::not_asked("lease", "who holds it", &error),
        Ok(None) => Check::ok("lease", "nobody holds it"),
        Ok(Some(held)) => {
            let renewed = duration(held.renewed.as_secs_f64());
            let who = format!(
                "{} runs `scalectl {}`",
                held.holder.who, held.holder.command
            );
            match held.over {
                true => Check::ok(
                    "lease",
                    format!("{who}, and is over: the next run takes it"),
                ),
                false => Check::warning(
                    "lease",
                    format!("{who}, renewed {renewed} ago"),
                    "wait for that run; `scalectl lease break` takes the lease from one that is no more",
                ),
            }
        }
    }
}

/// The plan, and whether apply would refuse it.
fn planned_check(plan: &Plan) -> Check {
    let refused = guard::refusals(plan, &BTreeSet::new()).len();
    let found = permissions::plan_in_words(plan);
    match refused {
        0 => Check::ok("plan", found),
        some => Check::warning(
            "plan",
            format!("{found}; apply refuses {}", count(some, "change")),
            "`scalectl plan` tells which and why, and how they are allowed",
        ),
    }
}

/// Why there is no plan.
fn unseen(error: &ProviderError) -> Check {
    let mend = match error.kind {
        crate::provider::ErrorKind::Denied => {
            format!(
                "allow `{}`; `scalectl iam-policy --read-only` prints all that planning needs",
                error.operation
            )
        }
        _ => "`scalectl plan -v` tells more".to_owned(),
    };
    Check::fails(
        "plan",
        format!("what exists cannot be looked at: {error}"),
        mend,
    )
}

/// Whether the credentials may do what is planned, and whether it fits the account's quotas.
async fn allowed_and_fits(
    cloud: &Cloud,
    graph: &Graph,
    planned: Option<&(Live, Plan)>,
) -> Vec<Check> {
    let needed = match planned {
        Some((live, plan)) => permissions::needed(graph, live, plan),
        None => permissions::needed_to_look(graph),
    };
    let actions = count(needed.len(), "action");
    match cloud {
        Cloud::Sim(_) => vec![Check::ok(
            "permissions",
            format!("the embedded cloud asks for none; on AWS this plan needs {actions}"),
        )],
        #[cfg(feature = "aws")]
        Cloud::Aws(aws) => {
            let mut checks = vec![match aws.decisions(&needed).await {
                Ok(decisions) => permissions::judge(&needed, &decisions),
                Err(error) => {
                    let what = format!("whether the {actions} of this plan are allowed");
                    Check::not_asked("permissions", &what, &error)
                }
            }];
            if let Some((_, plan)) = planned {
                checks.extend(aws.check_quotas(&quotas::wanted(graph, plan)).await);
            }
            checks
        }
    }
}

fn worst(checks: &[Check]) -> Verdict {
    let verdicts = checks.iter().map(|check| check.verdict);
    verdicts.max().unwrap_or(Verdict::Ok)
}

fn in_words(checks: &[Check]) -> String {
    let mut text = String::new();
    for check in checks {
        let (style, word) = match check.verdict {
            Verdict::Ok => (NEW, "ok"),
            Verdict::Warning => (CHANGED, "warning"),
            Verdict::Fails => (GONE, "fails"),
        };
        let verdict = Painted(style, format!("{word:7}"));
        text.push_str(&format!("{verdict}  {:11}  {}\n", check.check, check.found));
        for detail in &check.details {
            text.push_str(&format!("{:22}{detail}\n", ""));
        }
        if let Some(mend) = &check.mend {
            text.push_str(&format!("{:22}{} {mend}\n", "", Painted(NOTICE, "help:")));
        }
    }
    let of = |verdict| {
        checks
            .iter()
            .filter(|check| check.verdict == verdict)
            .count()
    };
    let (warnings, failures) = (of(Verdict::Warning), of(Verdict::Fails));
    let end = match (failures, warnings) {
        (0, 0) => "Nothing stands in the way of `scalectl apply`.".to_owned(),
        (0, some) => format!("{}; nothing fails.", count(some, "warning")),
        (some, _) => format!("{} failed; nothing was touched.", count(some, "check")),
    };
    text.push_str(&format!("{}\n", Painted(FAINT, end)));
    text
}
