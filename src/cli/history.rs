//! `scalectl history`: past runs, from their journals.

use std::process::ExitCode;

use clap::Args;

use super::project::{Project, read};
use super::{Failure, Global, Outcome, ui};
use crate::apply::End;
use crate::apply::Event;
use crate::apply::journal::{self, Entry};
use crate::render::json::history::{Run, document};
use crate::render::{style::FAINT, style::GONE, style::NEW, style::Painted};
use crate::words::{count, duration};

#[derive(Args)]
#[command(
    after_help = "Examples:\n  scalectl history              all runs, newest last\n  scalectl history latest       everything that the newest run did"
)]
pub struct Arguments {
    /// The run to show in full: its id, or `latest`.
    run: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    let project = Project::load_as_applied(global)?;
    let runs = runs(&project)?;
    let Some(wanted) = &arguments.run else {
        if arguments.json {
            let told = runs.iter().map(|(_, entries)| Run {
                run: entries.first(),
                end: end(entries),
                entries: None,
            });
            ui::print_json(&document(told.collect()));
        } else if runs.is_empty() {
            ui::print("No runs yet.\n");
        } else {
            ui::print(
                &runs
                    .iter()
                    .map(|(id, entries)| line(id, entries))
                    .collect::<String>(),
            );
        }
        return Ok(ExitCode::SUCCESS);
    };
    let found = match wanted.as_str() {
        "latest" => runs.last(),
        id => runs.iter().find(|(have, _)| have == id),
    };
    let Some((id, entries)) = found else {
        return Err(Failure::with_help(
            format!("no run {wanted} exists"),
            "`scalectl history` lists them",
        ));
    };
    if arguments.json {
        ui::print_json(&document(vec![Run {
            run: entries.first(),
            end: end(entries),
            entries: Some(entries),
        }]));
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = line(id, entries);
    for entry in entries {
        let Entry::Operation { at, what } = entry else {
            continue;
        };
        let at = Painted(FAINT, format!("{:>10}", duration(*at)));
        match what {
            Event::Started { .. } | Event::Waiting { .. } => {}
            Event::Note { address, note, .. } => {
                text.push_str(&format!("{at}  {address}: {note}\n"));
            }
            Event::Retrying {
                address,
                attempt,
                error,
                ..
            } => {
                text.push_str(&format!(
                    "{at}  attempt {attempt} at {address} failed: {error}\n"
                ));
            }
            Event::Finished {
                address,
                step,
                end,
                seconds,
                ..
            } => {
                let told = match end {
                    End::Done { identifier, .. } => {
                        identifier.as_deref().unwrap_or("done").to_owned()
                    }
                    End::Failed { error } => Painted(GONE, format!("failed: {error}")).to_string(),
                    End::Blocked { by } => format!("not started: {by} failed"),
                    End::Left => "not waited for".to_owned(),
                    End::NotBegun => "not started".to_owned(),
                };
                let step = format!("{step:?}").to_lowercase();
                text.push_str(&format!(
                    "{at}  {step} {address} {told} {}\n",
                    Painted(FAINT, duration(*seconds))
                ));
            }
        }
    }
    ui::print(&text);
    Ok(ExitCode::SUCCESS)
}

/// The runs of this app and environment, the oldest first.
fn runs(project: &Project) -> Result<Vec<(String, Vec<Entry>)>, Failure> {
    let mut found = all_runs(project)?;
    found.retain(|(_, entries)| {
        matches!(entries.first(), Some(Entry::Run { env, .. }) if *env == project.spec.env)
    });
    Ok(found)
}

/// All runs of this folder, the oldest first: ids begin with the time.
pub fn all_runs(project: &Project) -> Result<Vec<(String, Vec<Entry>)>, Failure> {
    let folder = project.local().join("runs");
    let Ok(files) = std::fs::read_dir(&folder) else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for file in files.flatten() {
        let path = file.path();
        let text = read(
            &path,
            "remove it; journals are only read by `scalectl history`",
        )?;
        let entries = journal::read(&text);
        if let Some(id) = path.file_stem() {
            found.push((id.to_string_lossy().into_owned(), entries));
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(found)
}

fn end(entries: &[Entry]) -> Option<&Entry> {
    entries
        .iter()
        .rev()
        .find(|entry| matches!(entry, Entry::End { .. }))
}

fn line(id: &str, entries: &[Entry]) -> String {
    let Some(Entry::Run {
        command,
        stage,
        began,
        ..
    }) = entries.first()
    else {
        return String::new();
    };
    let state = match end(entries) {
        Some(Entry::End {
            seconds,
            done,
            failed: 0,
            left: 0,
        }) => Painted(
            NEW,
            format!(
                "complete, {} in {}",
                count(*done, "operation"),
                duration(*seconds)
            ),
        ),
        Some(Entry::End {
            seconds,
            done,
            failed,
            left,
        }) => Painted(
            GONE,
            format!(
                "{done} done, {failed} failed, {left} left after {}",
                duration(*seconds)
            ),
        ),
        _ => Painted(GONE, "killed before it finished".to_owned()),
    };
    let began = began.split('.').next().unwrap_or(began);
    let what = if command == "apply" {
        format!("apply to {stage}")
    } else {
        command.clone()
    };
    format!("{id}  {what} at {began}: {state}\n")
}
