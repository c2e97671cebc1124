//! `scalectl doctor`: what would go wrong, before anything is touched.

use std::collections::BTreeSet;
use std::process::ExitCode;

use clap::Args;

use super::migrate::{Prepared, live_stage, may_begin, named, prepare};
use super::project::Project;
use super::session::{Cloud, Session};
use super::wait_indicator::looking;
use super::{Failure, Global, Outcome, stage, ui};
use crate::apply::retry::steadily;
use crate::apply::{ANOTHER_REGION, Context, observe};
use crate::doctor::permissions::{self, Needed, Stride};
use crate::doctor::{Check, Verdict, quotas};
#[cfg(feature = "aws")]
use crate::doctor::{aws::web, delegation, images, zones};
use crate::graph::Graph;
use crate::inventory::{Live, Standing};
use crate::plan::{Plan, diff, guard};
use crate::provider::ProviderError;
use crate::render::json;
use crate::render::{
    style::CHANGED, style::FAINT, style::GONE, style::NEW, style::NOTICE, style::Painted,
};
use crate::spec::Stage;
use crate::words::{count, duration};

#[derive(Args)]
#[command(
    after_help = "Examples:\n  scalectl doctor\n  scalectl doctor --stage load-balanced    check permissions and quotas for that stage\n  scalectl doctor --json                   for CI: exit code 1 when a check fails\n\nNothing is changed, and no lease is taken."
)]
pub struct Arguments {
    /// Check the plan for this stage instead of the spec's.
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
        checks.extend(on_the_cloud(global, &project, &graph)?);
    }
    if arguments.json {
        ui::print_json(&json::doctor::document(&checks))
    } else {
        ui::print(&in_words(&checks))
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
    let machine = crate::doctor::aws::Machine {
        now: std::time::SystemTime::now(),
        profile: std::env::var("AWS_PROFILE").ok(),
    };
    let look = crate::doctor::aws::credentials(settings, &regions, &endpoints, &machine);
    Ok(super::session::runtime(false)?.block_on(look))
}

/// Without the AWS provider there is nothing to look at before.
#[cfg(not(feature = "aws"))]
fn before(_: &Project) -> Result<Vec<Check>, Failure> {
    Ok(Vec::new())
}

/// What the provider itself is asked.
fn on_the_cloud(global: &Global, project: &Project, graph: &Graph) -> Result<Vec<Check>, Failure> {
    let session = match Session::open_to_look(project, "doctor", true) {
        Ok(session) => session,
        // The simulator's file cannot be used.
        Err(Failure::Message { what, help, .. }) => {
            return Ok(vec![Check {
                verdict: Verdict::Fails,
                mend: help,
                ..Check::ok("store", what)
            }]);
        }
        Err(other) => return Err(other),
    };
    session.run(async |cloud, context| {
        looking(
            context.provider,
            checked(global, project, graph, cloud, context),
        )
        .await
    })
}

async fn checked(
    global: &Global,
    project: &Project,
    graph: &Graph,
    cloud: &Cloud,
    context: &Context<'_>,
) -> Result<Vec<Check>, Failure> {
    let mut checks = Vec::new();
    if cloud.sim().is_some() {
        let found = "the simulator needs no credentials or clock";
        checks.push(Check::ok("store", found));
    }
    #[cfg(feature = "aws")]
    if let Cloud::Aws(aws) = cloud {
        checks.extend(aws.check_regions().await);
    }
    checks.push(lease(context).await);
    let live = match observe(context, Some(graph)).await {
        Ok(live) => live,
        Err(error) => {
            checks.push(unseen(&error));
            let needed = permissions::needed_to_look(graph);
            checks.push(allowed(cloud, &needed, "scalectl iam-policy --read-only").await);
            return Ok(checks);
        }
    };
    let (check, course) = course(global, project, graph, &live);
    checks.push(check);
    let (needed, policy) = match &course {
        Course::Apply(plan) => {
            let needed = permissions::needed(graph, &live, plan);
            (needed, "scalectl iam-policy")
        }
        Course::Migrate(prepared) => {
            let needed = permissions::needed_to_migrate(&strides(prepared), &live);
            (needed, "scalectl iam-policy --migrate")
        }
    };
    checks.push(allowed(cloud, &needed, policy).await);
    if cloud.sim().is_some() {
        let wanted = wanted(graph, &live, &course);
        checks.extend(quotas::beyond_defaults(&wanted, &live));
    }
    #[cfg(feature = "aws")]
    if let Cloud::Aws(aws) = cloud {
        checks.extend(aws.check_quotas(&wanted(graph, &live, &course)).await);
        checks.extend(aws.check_zones(&zones::placed(graph)).await);
        // An emulator's account has no names of the world's, and no servers that would run an image.
        if aws.endpoint().is_none() {
            checks.extend(web::check_images(&images::wanted(&project.spec)).await);
            checks.extend(web::check_delegation(&delegation::zones(&live)).await);
        }
    }
    Ok(checks)
}

/// Who changes the application right now.
async fn lease(context: &Context<'_>) -> Check {
    let held = steadily(context, "lease", || context.provider.lease(context.owner)).await;
    match held {
        Err(error) => Check::not_asked("lease", "who holds it", &error),
        Ok(None) => Check::ok("lease", "not held"),
        Ok(Some(held)) => {
            let renewed = duration(held.renewed.as_secs_f64());
            let who = format!(
                "{} runs `scalectl {}`",
                held.holder.who, held.holder.command
            );
            if held.over {
                Check::ok("lease", format!("{who}, expired: the next run takes it"))
            } else {
                Check::warning(
                    "lease",
                    format!("{who}, renewed {renewed} ago"),
                    "wait for that run; if it no longer exists, release its lease with `scalectl lease break`",
                )
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
            format!("{found}; apply rejects {}", count(some, "change")),
            "`scalectl plan` shows which and why, and how to allow them",
        ),
    }
}

/// Why there is no plan.
fn unseen(error: &ProviderError) -> Check {
    if error.code == ANOTHER_REGION {
        return Check::fails("plan", &*error.message, super::MOVED);
    }
    let mend = match error.kind {
        crate::provider::ErrorKind::Denied => {
            format!(
                "allow `{}`; `scalectl iam-policy --read-only` prints all permissions that planning needs",
                error.operation
            )
        }
        _ => "`scalectl plan -v` shows details".to_owned(),
    };
    Check::fails(
        "plan",
        format!("existing resources cannot be read: {error}"),
        mend,
    )
}

/// A check that ended in a failure.
fn failed(name: &'static str, failure: Failure) -> Check {
    match failure {
        Failure::Message { what, help, .. } => Check {
            verdict: Verdict::Fails,
            mend: help,
            ..Check::ok(name, what)
        },
        _ => {
            let mend = "`scalectl migrate --plan` shows why";
            Check::fails(name, "there is no migration to it", mend)
        }
    }
}

/// What would be carried out.
enum Course {
    Apply(Plan),
    Migrate(Prepared),
}

/// What would be carried out, and what there is to say about it: the spec's stage may be another than
/// the live one, and a migration under way.
fn course(global: &Global, project: &Project, graph: &Graph, live: &Live) -> (Check, Course) {
    let record = live.record.as_ref();
    let standing = record.and_then(|record| record.migration.as_ref());
    let ends = match standing {
        Some(standing) => named(&standing.from).zip(named(&standing.to)),
        None => match live_stage(record) {
            Ok(from) => from.map(|from| (from, project.spec.stage)),
            Err(failure) => {
                return (
                    failed("plan", failure),
                    Course::Apply(diff(graph, live, None)),
                );
            }
        },
    };
    let plan = |check: Option<Check>| {
        let plan = diff(graph, live, None);
        (
            check.unwrap_or_else(|| planned_check(&plan)),
            Course::Apply(plan),
        )
    };
    let under_way = |standing: &Standing| {
        let mend = format!("`scalectl {} --resume` continues it", standing.command());
        Check::warning("plan", standing.in_words(), mend)
    };
    let (from, to) = match ends {
        Some((from, to)) if from != to => (from, to),
        // A failover has its own checks before it begins.
        _ => return plan(standing.map(under_way)),
    };
    let prepared = match prepare(global, project, from, to, None) {
        Ok(prepared) => prepared,
        Err(failure) => return plan(Some(failed("plan", failure))),
    };
    let check = match (standing, may_begin(&prepared, live, from)) {
        (Some(standing), _) => under_way(standing),
        (None, Err(Failure::Message { what, help, .. })) => Check {
            verdict: Verdict::Fails,
            mend: help,
            ..Check::ok("plan", what)
        },
        (None, _) => Check::ok(
            "plan",
            format!(
                "a migration from {} to {}: {}, about {}",
                from.name(),
                to.name(),
                count(prepared.migration.steps.len(), "step"),
                duration(prepared.frame(None).seconds())
            ),
        ),
    };
    (check, Course::Migrate(prepared))
}

/// The steps of a migration, as far as permissions go.
fn strides(prepared: &Prepared) -> Vec<Stride<'_>> {
    let steps = prepared.migration.steps.iter().zip(&prepared.forecasts);
    steps
        .enumerate()
        .map(|(number, (step, forecast))| Stride {
            graph: &step.graph,
            plan: &forecast.plan,
            back: prepared.migration.has_way_back(number),
        })
        .collect()
}

/// What would be made of what AWS limits: of a migration the most that stands at a time.
fn wanted(graph: &Graph, live: &Live, course: &Course) -> quotas::Wanted {
    match course {
        Course::Apply(plan) => quotas::wanted(graph, plan),
        Course::Migrate(prepared) => {
            let steps = prepared.migration.steps.iter();
            steps
                .map(|step| quotas::wanted(&step.graph, &diff(&step.graph, live, None)))
                .fold(quotas::Wanted::default(), quotas::Wanted::or)
        }
    }
}

/// Whether the credentials may do what is planned; `policy` is the command that prints what they need.
async fn allowed(cloud: &Cloud, needed: &Needed, policy: &str) -> Check {
    let actions = count(needed.len(), "action");
    match cloud {
        Cloud::Sim(_) => Check::ok(
            "permissions",
            format!("the simulator needs none; on AWS this plan needs {actions} (`{policy}`)"),
        ),
        #[cfg(feature = "aws")]
        Cloud::Aws(aws) => match aws.decisions(needed).await {
            Ok(decisions) => permissions::judge(needed, &decisions, policy),
            Err(error) => {
                let what = format!("whether the {actions} that this plan needs are allowed");
                Check::not_asked("permissions", &what, &error)
            }
        },
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
        (0, 0) => "All checks passed.".to_owned(),
        (0, some) => format!("{}; no check failed.", count(some, "warning")),
        (some, _) => format!("{} failed; nothing was changed.", count(some, "check")),
    };
    text.push_str(&format!("{}\n", Painted(FAINT, end)));
    text
}
