//! `scalectl plan`: what apply would change.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::exit::Code;
use super::failover::refuse_another_writer;
use super::history::all_runs;
use super::observe::{self, Range};
use super::project::{Project, write};
use super::saved::save as save_steps;
use super::session::Cloud;
use super::wait_indicator::observed;
use super::{Failure, Global, Outcome, migrate, report, stage, ui};
use crate::address::Address;
use crate::apply::journal::Entry;
use crate::apply::{Context, record_of};
use crate::deploy::closed::left_alone;
use crate::deploy::is_rollout;
use crate::doctor::{Verdict, quotas};
use crate::graph::Graph;
use crate::inventory::Live;
use crate::plan::saved::SavedPlan;
use crate::plan::{Plan, diff, guard};
use crate::policy::Report;
use crate::render::plan::{Detail, Frame};
use crate::render::style::{FAINT, NOTICE, Painted, STRONG};
use crate::render::view::{Format, MigrationView, PlanView};
use crate::spec::Stage;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  scalectl plan\n  scalectl plan --stage load-balanced        the changes to reach that stage\n  scalectl plan --out next.plan              save it, for `scalectl apply next.plan`\n  scalectl plan --live live.json             against a snapshot, without an account\n  scalectl plan --concise                    one line per resource\n  scalectl plan --markdown > comment.md      for a pull request comment\n  scalectl plan --html plan.html             a report as one HTML file\n  scalectl plan --json --detailed-exitcode   for CI: exit code 0 no changes, 2 changes, 3 denied by a policy"
)]
pub struct Arguments {
    #[command(flatten)]
    pub scope: Scope,
    /// Plan against this snapshot instead of the cloud; see `scalectl snapshot`.
    #[arg(long, value_name = "FILE")]
    live: Option<PathBuf>,
    /// Save the plan; apply rejects it if the spec or the cloud has changed since.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print one line per resource, without properties.
    #[arg(long, conflicts_with_all = ["json", "markdown"])]
    concise: bool,
    /// Print JSON; `scalectl schema --of plan` prints its JSON Schema.
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// Print Markdown for a comment: collapsible tiers, at most 65,536 characters.
    #[arg(long)]
    markdown: bool,
    /// Also write an HTML report with architecture, changes and duration; see https://scalectl.github.io/scalectl/report.html.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Exit with 0 for no changes, 2 for changes, 3 if a policy denies them.
    #[arg(long)]
    detailed_exitcode: bool,
}

/// What plan and apply look at.
#[derive(Args, Clone)]
pub struct Scope {
    /// Plan for this stage instead of the spec's: single-server, split-db, load-balanced, cdn or
    /// multi-region.
    #[arg(long, value_parser = stage)]
    pub stage: Option<Stage>,
    /// Only this resource and its dependencies; repeatable.
    #[arg(long, value_name = "ADDRESS")]
    pub target: Vec<Address>,
    /// Allow this protected resource to be deleted or replaced; repeatable.
    #[arg(long, value_name = "ADDRESS")]
    pub allow: Vec<Address>,
    /// Change stage in a single apply, without steps, gates or rollback; only for applications without users.
    #[arg(long)]
    pub direct: bool,
    /// Maximum number of concurrent operations.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..))]
    pub parallelism: u16,
}

impl Scope {
    /// Everything, at the spec's stage.
    pub fn whole() -> Self {
        Self {
            stage: None,
            target: Vec::new(),
            allow: Vec::new(),
            direct: true,
            parallelism: 50,
        }
    }

    /// Maximum number of concurrent operations.
    pub fn workers(&self) -> Option<usize> {
        Some(usize::from(self.parallelism))
    }
}

/// A plan with what it was made from.
pub struct Planned {
    pub graph: Graph,
    pub live: Live,
    pub plan: Plan,
    pub refusals: Vec<guard::Refusal>,
    pub report: Report,
}

/// Observes and plans.
pub async fn planned(
    context: &Context<'_>,
    project: &Project,
    scope: &Scope,
) -> Result<Planned, Failure> {
    let graph = project.graph()?;
    let live = observed(context, Some(&graph)).await?;
    against(project, scope, graph, live)
}

fn is_deploying(live: &Live) -> bool {
    let record = live.record.as_ref();
    record.is_some_and(|record| record.deployment.is_some())
}

/// Plans against what is live.
pub fn against(
    project: &Project,
    scope: &Scope,
    graph: Graph,
    live: Live,
) -> Result<Planned, Failure> {
    for target in &scope.target {
        if graph.get(target).is_none() && !live.resources.contains_key(target) {
            return Err(no_such(
                target,
                graph.resources.keys().chain(live.resources.keys()),
            ));
        }
    }
    let known = graph.resources.keys().chain(live.resources.keys());
    check_allowed(project, &scope.allow, known)?;
    refuse_another_writer(project, &live)?;
    let targets = (!scope.target.is_empty()).then_some(scope.target.as_slice());
    let mut plan = diff(&graph, &live, targets);
    if is_deploying(&live) {
        // What a deployment makes for a while goes with it.
        plan = plan.narrowed(&live, |one| !is_rollout(&one.address));
    }
    plan = left_alone(plan, &live);
    let allowed: BTreeSet<Address> = scope.allow.iter().cloned().collect();
    let refusals = guard::refusals(&plan, &allowed);
    let report = project.judge(&project.spec, &graph, &plan)?;
    Ok(Planned {
        graph,
        live,
        plan,
        refusals,
        report,
    })
}

/// Fails where `--allow` names what neither exists nor is planned, but something much like it does. Anything else is a warning:
/// an earlier run of the same command may have deleted it, and running again must go on.
pub fn check_allowed<'a>(
    project: &Project,
    allow: &[Address],
    known: impl Iterator<Item = &'a Address> + Clone,
) -> Result<(), Failure> {
    for address in allow.iter().filter(|_| project.is_sound) {
        let exists = known.clone().any(|one| one == address);
        if exists || project.library.declares(&address.id) {
            continue;
        }
        if let Some(near) = alike(address, &known.clone().collect::<Vec<_>>()) {
            return Err(absent(address, Some(&near)));
        }
        ui::note(&format!(
            "{} there is no resource {address}, so `--allow {address}` has no effect\n",
            Painted(NOTICE, "warning:")
        ));
    }
    Ok(())
}

/// The failure of naming a resource that does not exist.
pub fn no_such<'a>(address: &Address, known: impl Iterator<Item = &'a Address>) -> Failure {
    absent(
        address,
        alike(address, &known.collect::<Vec<_>>()).as_deref(),
    )
}

fn absent(address: &Address, near: Option<&str>) -> Failure {
    let what = format!("there is no resource {address}");
    match near {
        Some(near) => Failure::with_help(what, format!("did you mean {near}?")),
        None => Failure::with_help(what, "`scalectl status` lists them"),
    }
}

/// The address most like a wrong one, by its id: a shared region makes no two alike.
fn alike(address: &Address, known: &[&Address]) -> Option<String> {
    let id = |address: &Address| match &address.key {
        Some(key) => format!("{}[{key}]", address.id),
        None => address.id.to_string(),
    };
    let wanted = id(address);
    // The region may be the mistake, or be one besides.
    let (here, elsewhere): (Vec<&Address>, Vec<&Address>) =
        known.iter().partition(|one| one.region == address.region);
    [here, elsewhere].iter().find_map(|places| {
        let ids: Vec<String> = places.iter().copied().map(id).collect();
        let near = crate::schema::nearest(&wanted, ids.iter().map(String::as_str))?;
        let at = ids.iter().position(|one| one == near)?;
        places.get(at).map(ToString::to_string)
    })
}

/// What goes above a plan.
pub fn heading(project: &Project, live: &Live, place: Option<&str>) -> String {
    let mut text = format!("{}\n", Painted(STRONG, project.title()));
    if let Some(place) = place {
        text.push_str(&format!("{place}\n"));
    }
    let record = live.record.as_ref();
    if let Some(standing) = record.and_then(|record| record.migration.as_ref()) {
        text.push_str(&format!(
            "{} {}; `scalectl {} --status` shows details.\n",
            Painted(NOTICE, "Note:"),
            standing.in_words(),
            standing.command()
        ));
    }
    if let Some(deployment) = record.and_then(|record| record.deployment.as_ref()) {
        text.push_str(&format!(
            "{} {}; `scalectl deploy` resumes it, `scalectl rollback` takes it back.\n",
            Painted(NOTICE, "Note:"),
            deployment.in_words(),
        ));
    }
    let stage = record.and_then(|record| record.stage.as_deref());
    if let Some(stage) = stage
        && stage != project.spec.stage.name()
    {
        text.push_str(&format!(
            "{} the application is at stage {stage}; this plan changes it to {}.\n",
            Painted(NOTICE, "Note:"),
            project.spec.stage.name()
        ));
    }
    if live.record.is_none() && live.resources.is_empty() {
        for (app, env) in former(project) {
            text.push_str(&format!(
                "{} {} ({}) has no resources yet; {app} ({env}), which was last applied from this folder, keeps running and costs money. To manage it again, set its name in the spec; to delete it, run `scalectl destroy` with that name.\n",
                Painted(NOTICE, "Note:"),
                project.spec.app,
                project.spec.env,
            ));
        }
    }
    text.push('\n');
    text
}

/// Applications and environments that this folder's spec had before and has no more: those whose last run
/// was not to destroy them.
fn former(project: &Project) -> Vec<(String, String)> {
    let mut last: BTreeMap<(String, String), bool> = BTreeMap::new();
    // Without journals nothing is known of the past, which is no reason to fail.
    for (_, entries) in all_runs(project).unwrap_or_default() {
        let Some(Entry::Run {
            command,
            app,
            env,
            provider,
            ..
        }) = entries.first()
        else {
            continue;
        };
        if *provider == project.provider() {
            last.insert((app.clone(), env.clone()), command == "destroy");
        }
    }
    let spec = &project.spec;
    let is_former = |(app, env): &(String, String)| {
        let has_env = env == "default" || *env == spec.env || spec.environments.contains_key(env);
        *app != spec.app || !has_env
    };
    let left = last.into_iter().filter(|(_, destroyed)| !destroyed);
    left.map(|(owner, _)| owner).filter(is_former).collect()
}

/// With `--verbose`, how often which service was asked.
pub fn tell_calls(global: &Global, cloud: &Cloud) {
    tell(global, &cloud.calls());
}

/// With `--verbose`, these lines about calls.
pub fn tell(global: &Global, calls: &[String]) {
    if global.verbose {
        for line in calls {
            ui::note(&format!("{line}\n"));
        }
    }
}

impl Arguments {
    fn format(&self) -> Format {
        Format::asked(self.json, self.markdown, false)
    }
}

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    let project = Project::load(global, arguments.scope.stage)?;
    let graph = project.graph()?;
    let seen = match &arguments.live {
        Some(path) => observe::from_file(&project, &graph, path)?,
        None => observe::from_cloud(global, &project, &graph, "plan", Range::Ours)?,
    };
    let place = seen.place.clone();
    let planned = against(&project, &arguments.scope, graph, seen.live)?;
    if let Some(from) = migrate::begins_at(&project, &arguments.scope, &planned.live)? {
        return migration(
            global,
            arguments,
            &project,
            &planned,
            from,
            place.as_deref(),
        );
    }
    let Planned {
        graph,
        live,
        plan,
        refusals,
        report,
        ..
    } = &planned;
    let workers = arguments.scope.workers();
    if let Some(path) = &arguments.out {
        save(path, &project, &planned, &arguments.scope)?;
    }
    let owner = project.owner();
    let stage = project.spec.stage.name();
    let (not_yet, notes) = (project.spec.not_yet(), project.spec.notes());
    let frame = Frame {
        not_yet: &not_yet,
        notes: &notes,
        refusals,
        workers,
        destroy: false,
        policy: Some(report),
    };
    let format = arguments.format();
    let view = PlanView {
        heading: heading(&project, live, place.as_deref()),
        plan,
        frame: &frame,
        detail: if arguments.concise {
            Detail::Concise
        } else {
            Detail::Full
        },
        owner: &owner,
        stage,
        provider: project.provider(),
        policy: report,
        live,
        desired: graph,
    };
    let html = arguments.html.as_deref();
    report::show(&view, format, html, &project, place.as_deref())?;
    warn_of_quotas(&quotas::wanted(graph, plan), live);
    if format == Format::Text {
        match &arguments.out {
            Some(path) => ui::print(&format!(
                "\nSaved. Apply it with `scalectl apply {}`.\n",
                path.display()
            )),
            // What is refused has said so, and how to allow it.
            None if !plan.is_empty() && refusals.is_empty() && allows(report) => {
                ui::print(&format!(
                    "\n{}\n",
                    Painted(FAINT, "Run `scalectl apply` to make these changes.")
                ))
            }
            None => {}
        }
    }
    Ok(exit_code(arguments, report, !plan.is_empty()))
}

/// Says which quotas a plan exceeds, unless the account has higher ones.
pub fn warn_of_quotas(wanted: &quotas::Wanted, live: &Live) {
    for check in quotas::beyond_defaults(wanted, live) {
        if let (Verdict::Warning, Some(raise)) = (check.verdict, check.mend) {
            let found = check.found;
            ui::note(&format!(
                "warning: the apply may exceed a quota: {found}; {raise}\n"
            ));
        }
    }
}

/// Whether the policies let it be applied.
fn allows(report: &Report) -> bool {
    report.denied().next().is_none()
}

/// Who asks for it in detail is told by the exit code what apply would say: an error before changes.
fn exit_code(arguments: &Arguments, report: &Report, changes: bool) -> ExitCode {
    match arguments.detailed_exitcode {
        true if !allows(report) => Code::Denied.into(),
        true if changes => Code::Changes.into(),
        _ => ExitCode::SUCCESS,
    }
}

/// The spec asks for another stage than the live one: the plan is a migration.
fn migration(
    global: &Global,
    arguments: &Arguments,
    project: &Project,
    planned: &Planned,
    from: Stage,
    place: Option<&str>,
) -> Outcome {
    let (to, workers) = (project.spec.stage, arguments.scope.workers());
    let prepared = migrate::prepare(global, project, from, to, workers)?;
    let record = planned.live.record.as_ref();
    let frame = prepared.frame(record.and_then(|record| record.migration.as_ref()));
    let owner = project.owner();
    // What `migrate` would refuse is refused here, after it is shown.
    let begins = migrate::may_begin(&prepared, &planned.live, from);
    if let (Some(path), Ok(())) = (&arguments.out, &begins) {
        save_steps(path, project, &prepared.migration)?;
    }
    let format = arguments.format();
    let view = MigrationView {
        heading: heading(project, &planned.live, place),
        frame: &frame,
        owner: &owner,
        provider: project.provider(),
        policy: Some(&planned.report),
    };
    let html = arguments.html.as_deref();
    report::show(&view, format, html, project, place)?;
    if format == Format::Text {
        match &arguments.out {
            _ if begins.is_err() => {}
            Some(path) => ui::print(&format!(
                "\nSaved. Run it with `scalectl migrate {}`.\n",
                path.display()
            )),
            None => ui::print(&format!(
                "{}\n",
                Painted(
                    FAINT,
                    "Run it with `scalectl migrate`; `scalectl plan --direct` shows it as one change."
                )
            )),
        }
    }
    begins?;
    Ok(exit_code(arguments, &planned.report, true))
}

fn save(
    path: &std::path::Path,
    project: &Project,
    planned: &Planned,
    scope: &Scope,
) -> Result<(), Failure> {
    let saved = saved(project, planned, scope);
    // Plain data, with strings as keys.
    write(path, &serde_json::to_string(&saved).unwrap_or_default())
}

/// A plan as it is written into a file.
pub fn saved(project: &Project, planned: &Planned, scope: &Scope) -> SavedPlan {
    let stage = project.spec.stage.name();
    let Planned {
        graph, live, plan, ..
    } = planned;
    // Targets alone do not reach a stage.
    let reached = scope.target.is_empty().then_some(stage);
    SavedPlan::new(
        project.owner(),
        project.provider(),
        stage,
        scope.target.clone(),
        record_of(live.record.as_ref(), graph, reached),
        plan.clone(),
        live,
    )
}
