//! `scalectl validate`: the spec, of every environment where none is named, and its blueprint, without a look at the
//! cloud.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::project::{Project, load_spec, write};
use super::{Failure, Global, Outcome, folder, stage, ui};
use crate::diagnostic::Diagnostic;
use crate::render::junit::{Case, End, Suite};
use crate::render::{diagnostics, json, junit};
use crate::render::{style::FAINT, style::NEW, style::NOTICE, style::Painted};
use crate::spec::Stage;
use crate::words::count;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  scalectl validate\n  scalectl validate --all-stages    also at the later stages\n  scalectl validate --junit validate.xml   for CI"
)]
pub struct Arguments {
    /// Check at this stage instead of the spec's.
    #[arg(long, value_parser = stage)]
    stage: Option<Stage>,
    /// Check at every stage that the spec allows.
    #[arg(long, conflicts_with = "stage")]
    all_stages: bool,
    /// Print JSON; `scalectl schema --of validation` prints its JSON Schema.
    #[arg(long)]
    json: bool,
    /// Write the checks to a JUnit XML file.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    let mut cases = Vec::new();
    let checked = check(global, arguments, &mut cases);
    if let Some(path) = &arguments.junit {
        let name = "validate".to_owned();
        let cases = cases.clone();
        write(path, &junit::xml(&[Suite { name, cases }]))?;
    }
    if arguments.json {
        return told(&cases, checked);
    }
    ui::print(&checked?);
    Ok(ExitCode::SUCCESS)
}

/// Prints the checks for programs. What is wrong is in what is printed, and the exit code as without.
fn told(cases: &[Case], checked: Result<String, Failure>) -> Outcome {
    let code = checked.as_ref().err().map(Failure::code);
    let mistakes = match checked {
        Ok(_) => Vec::new(),
        Err(Failure::Diagnostics(found)) => found,
        Err(Failure::Message { what, help, .. }) => {
            let mut mistake = Diagnostic::of_option(what);
            mistake.help = help;
            vec![mistake]
        }
        Err(told @ Failure::Told(_)) => return Err(told),
    };
    ui::print_json(&json::validation::document(cases, &mistakes));
    code.map_or(Ok(ExitCode::SUCCESS), |code| Err(Failure::Told(code)))
}

/// A check as a case, and its result as it is.
fn noted<T>(
    cases: &mut Vec<Case>,
    name: impl Into<String>,
    result: Result<T, Failure>,
) -> Result<T, Failure> {
    let end = match &result {
        Ok(_) => End::Passed,
        Err(failure) => failed(failure),
    };
    cases.push(Case::new(name, end));
    result
}

fn failed(failure: &Failure) -> End {
    let (message, text) = match failure {
        Failure::Diagnostics(found) => {
            let text = anstream::adapter::strip_str(&diagnostics::render(found)).to_string();
            (count(found.len(), "mistake"), text)
        }
        Failure::Message { what, help, .. } => (what.clone(), help.clone().unwrap_or_default()),
        Failure::Told(_) => ("it failed".to_owned(), String::new()),
    };
    End::Failed { message, text }
}

fn check(global: &Global, arguments: &Arguments, cases: &mut Vec<Case>) -> Result<String, Failure> {
    let project = noted(
        cases,
        "spec and blueprints",
        Project::load(global, arguments.stage),
    )?;
    noted(cases, "policies", project.policies().map(drop))?;
    noted(
        cases,
        "tests",
        folder::exists(&project.folder.join("tests")),
    )?;
    let name = project.spec.stage.name();
    let graph = noted(cases, format!("stage {name}"), project.graph())?;
    if global.env.is_none() {
        let mut mistakes = Vec::new();
        for env in project.spec.environments.keys() {
            let of = Global {
                env: Some(env.clone()),
                ..global.clone()
            };
            let compiled =
                load_spec(&of, arguments.stage).and_then(|(_, spec)| project.compile(&spec));
            match noted(cases, format!("environment {env}"), compiled) {
                Err(Failure::Diagnostics(found)) => mistakes.extend(found),
                Err(other) => return Err(other),
                Ok(_) => {}
            }
        }
        if !mistakes.is_empty() {
            return Err(Failure::Diagnostics(mistakes));
        }
    }
    let mut text = format!(
        "{} {}: {}\n",
        Painted(NEW, "Valid:"),
        project.title(),
        count(graph.len(), "resource")
    );
    for note in project.spec.notes() {
        text.push_str(&format!("{} {}.\n", Painted(NOTICE, "Note:"), note));
    }
    for line in project.spec.not_yet() {
        text.push_str(&format!(
            "{}\n",
            Painted(FAINT, format!("Not yet: {line}."))
        ));
    }
    if arguments.all_stages {
        for stage in Stage::ALL {
            match load_spec(global, Some(stage)) {
                Ok((_, spec)) => {
                    let graph = if spec.stage == project.spec.stage {
                        project.compile(&spec)?
                    } else {
                        noted(
                            cases,
                            format!("stage {}", stage.name()),
                            project.compile(&spec),
                        )?
                    };
                    text.push_str(&format!(
                        "  {:14} {}\n",
                        stage.name(),
                        count(graph.len(), "resource")
                    ));
                }
                Err(super::Failure::Diagnostics(found)) => {
                    let why = found.first().map(|d| d.message.clone()).unwrap_or_default();
                    let name = format!("stage {}", stage.name());
                    cases.push(Case::new(name, End::Skipped(why.clone())));
                    text.push_str(&format!(
                        "  {:14} {}\n",
                        stage.name(),
                        Painted(FAINT, format!("not possible: {why}"))
                    ));
                }
                Err(other) => return Err(other),
            }
        }
    }
    Ok(text)
}
