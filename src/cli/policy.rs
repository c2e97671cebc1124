//! `scalectl policy`: what the rules say of a spec, and which rules there are.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::exit::Code;
use super::plan::{Scope, planned, tell_calls};
use super::project::{Project, find, load_spec, read, write};
use super::session::Session;
use super::{Failure, Global, Outcome, stage, ui};
use crate::diagnostic::Location;
use crate::plan::Plan;
use crate::policy::{Finding, Policies, Report, Severity};
use crate::render::junit::{Case, End, Suite};
use crate::render::{findings, json, junit, sarif};
use crate::render::{
    style::CHANGED, style::FAINT, style::GONE, style::NEW, style::Painted, style::STRONG,
};
use crate::spec::{Spec, Stage};
use crate::words::count;
use crate::yaml::{self, Node};

#[derive(Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Evaluate all policy rules against the planned resources.
    Check(Check),
    /// List the rules.
    List(List),
}

#[derive(Args)]
#[command(
    after_help = "Examples:\n  scalectl policy check                  the spec and its blueprint, offline\n  scalectl policy check --all-stages     also at the other stages\n  scalectl policy check --live           with the planned changes, for rules about changes\n  scalectl policy check --sarif policy.sarif --junit policy.xml   for code hosts and CI\n\nThe exit code is 1 when a rule denies something."
)]
struct Check {
    /// Check at this stage instead of the spec's.
    #[arg(long, value_parser = stage)]
    stage: Option<Stage>,
    /// Check at every stage that the spec allows.
    #[arg(long, conflicts_with_all = ["stage", "live"])]
    all_stages: bool,
    /// Read the cloud too, so that rules see the planned changes.
    #[arg(long)]
    live: bool,
    /// Write the findings to a SARIF file.
    #[arg(long, value_name = "FILE")]
    sarif: Option<PathBuf>,
    /// Write the result of each rule to a JUnit XML file.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
#[command(
    after_help = "Example:\n  scalectl policy list\n\nPut your own rules into policies/*.yaml next to the spec; see https://scalectl.github.io/scalectl/policy.html."
)]
struct List {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    match &arguments.command {
        Command::Check(arguments) => check(global, arguments),
        Command::List(arguments) => list(global, arguments),
    }
}

fn check(global: &Global, arguments: &Check) -> Outcome {
    let project = Project::load(global, arguments.stage)?;
    let reports = if arguments.live {
        vec![(stage_name(&project.spec), against_live(global, &project)?)]
    } else {
        offline(global, arguments, &project)?
    };
    if let Some(path) = &arguments.sarif {
        let places = Places::of(global, &project)?;
        let json = sarif::document(project.policies()?, &reports, &|finding| {
            places.of_finding(finding)
        });
        write(path, &format!("{json:#}\n"))?;
    }
    if let Some(path) = &arguments.junit {
        write(path, &junit::xml(&suites(project.policies()?, &reports)))?;
    }
    if arguments.json {
        ui::print_json(&json::findings::document(&reports))
    } else {
        for (stage, report) in &reports {
            tell(&project, stage, report);
        }
    }
    Ok(
        if reports
            .iter()
            .any(|(_, report)| report.denied().next().is_some())
        {
            Code::Denied.into()
        } else {
            ExitCode::SUCCESS
        },
    )
}

fn stage_name(spec: &Spec) -> String {
    spec.stage.name().to_owned()
}

/// What the rules say where nothing changes.
fn offline(
    global: &Global,
    arguments: &Check,
    project: &Project,
) -> Result<Vec<(String, Report)>, Failure> {
    let mut specs = vec![project.spec.clone()];
    if arguments.all_stages {
        // A stage that the spec does not fit has nothing to be asked about.
        specs = Stage::ALL
            .into_iter()
            .filter_map(|stage| Some(load_spec(global, Some(stage)).ok()?.1))
            .collect();
    }
    specs
        .iter()
        .map(|spec| {
            let graph = project.compile(spec)?;
            let plan = Plan {
                unchanged: graph.len(),
                ..Plan::default()
            };
            Ok((stage_name(spec), project.judge(spec, &graph, &plan)?))
        })
        .collect()
}

/// What the rules say of the changes that apply would make.
fn against_live(global: &Global, project: &Project) -> Result<Report, Failure> {
    let session = Session::open_to_look(project, "policy check", true)?;
    session.run(async |cloud, context| {
        let planned = planned(context, project, &Scope::whole()).await?;
        tell_calls(global, cloud);
        Ok(planned.report)
    })
}

fn tell(project: &Project, stage: &str, report: &Report) {
    let heading = format!(
        "{} ({}) at stage {stage}:",
        project.spec.app, project.spec.env
    );
    let mut text = format!(
        "{} {} evaluated against {}\n",
        Painted(STRONG, heading),
        count(report.asked.len(), "rule"),
        count(report.resources, "resource")
    );
    if report.findings.is_empty() {
        text.push_str(&format!("{}\n", findings::summary(report)));
    }
    text.push_str(&findings::text(report));
    ui::print(&text);
}

/// A suite per stage, a case per rule.
fn suites(policies: &Policies, reports: &[(String, Report)]) -> Vec<Suite> {
    reports
        .iter()
        .map(|(stage, report)| Suite {
            name: format!("policy.{stage}"),
            cases: report
                .asked
                .iter()
                .map(|id| case(policies, id, report))
                .collect(),
        })
        .collect()
}

fn case(policies: &Policies, id: &str, report: &Report) -> Case {
    let found: Vec<&Finding> = report.findings.iter().filter(|f| &*f.rule == id).collect();
    let lines: Vec<String> = found
        .iter()
        .map(|finding| {
            let address = finding.address.as_ref().map(ToString::to_string);
            format!(
                "{}: {}; fix: {}",
                address.unwrap_or_else(|| "the plan".to_owned()),
                finding.message,
                finding.fix
            )
        })
        .collect();
    let title = policies.rule(id).map_or("", |rule| &rule.title);
    let name = format!("{id}: {title}");
    match found.first() {
        Some(first) if first.severity == Severity::Deny => Case::new(
            name,
            End::Failed {
                message: count(found.len(), "finding"),
                text: lines.join("\n"),
            },
        ),
        _ => Case {
            said: lines.join("\n"),
            ..Case::new(name, End::Passed)
        },
    }
}

fn list(global: &Global, arguments: &List) -> Outcome {
    let project = Project::load(global, None)?;
    let policies = project.policies()?;
    let rules = &policies.rules;
    if arguments.json {
        ui::print_json(&json::rules::document(policies));
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = String::new();
    for rule in rules {
        let style = match rule.severity {
            Severity::Deny => GONE,
            Severity::Warn => CHANGED,
        };
        let origin = if policies.is_builtin(&rule.location.file) {
            rule.reference.as_deref().unwrap_or_default().to_owned()
        } else {
            rule.location.to_string()
        };
        text.push_str(&format!(
            "{} {:34} {}  {}\n",
            Painted(style, rule.severity.name()),
            rule.id,
            rule.title,
            Painted(FAINT, origin)
        ));
    }
    text.push_str(&format!("{}\n", Painted(NEW, count(rules.len(), "rule"))));
    ui::print(&text);
    Ok(ExitCode::SUCCESS)
}

/// Where findings are to be mended: in a blueprint beside the spec, or in the spec itself.
struct Places<'a> {
    project: &'a Project,
    /// The spec's file, by the name under which it was found.
    spec: Node,
    folder: PathBuf,
}

impl<'a> Places<'a> {
    fn of(global: &Global, project: &'a Project) -> Result<Self, Failure> {
        let path = relative(find(global)?);
        let text = read(&path, "make it readable")?;
        let shown = path.display().to_string();
        Ok(Self {
            project,
            spec: yaml::parse(&shown, &text).map_err(|mistake| vec![mistake])?,
            folder: path.parent().map(Path::to_owned).unwrap_or_default(),
        })
    }

    fn of_finding(&self, finding: &Finding) -> Option<Location> {
        let stage = self.project.spec.stage.name();
        let property = finding.property.as_deref().unwrap_or_default();
        let id = finding.address.as_ref().map(|address| &*address.id);
        let own = |id| self.project.spec.place_of_resource(id, property);
        if let Some(place) = id.and_then(own) {
            return Some(place);
        }
        if let Some(place) = id.and_then(|id| self.project.library.place(stage, id, property)) {
            let file = self.folder.join(&*place.file).display().to_string();
            return Some(Location {
                file: file.into(),
                ..place
            });
        }
        let kind = finding.kind.as_deref().unwrap_or_default();
        let section = section(crate::kinds::tier(kind).name());
        let key = [section, "stage"]
            .into_iter()
            .find(|key| self.spec.get(key).is_some());
        Some(self.spec.locate(key.unwrap_or_default()).clone())
    }
}

/// The section of the spec that most of a tier follows from.
fn section(tier: &str) -> &'static str {
    match tier {
        "backup" => "maintenance",
        "cache" => "cache",
        "compute" => "services",
        "data" => "database",
        "dns" => "domain",
        "edge" => "cdn",
        "monitoring" => "monitoring",
        "network" => "network",
        _ => "stage",
    }
}

/// A path below the current folder by its way from there, as code hosts want it.
fn relative(path: PathBuf) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    match path.strip_prefix(&here) {
        Ok(inner) => inner.to_owned(),
        Err(_) => path,
    }
}
