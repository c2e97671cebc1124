//! `scalectl output` and `scalectl open`: where the application is, for scripts and for a browser.

use std::process::{Command, ExitCode, Stdio};

use clap::Args;

use super::project::Project;
use super::session::Session;
use super::status::endpoints;
use super::wait_indicator::observed;
use super::{Failure, Global, Outcome, ui};
use crate::inventory::Live;
use crate::render::json::output::{Output, Outputs};

#[derive(Args)]
#[command(
    after_help = "Examples:\n  scalectl output                 all of them, by name\n  scalectl output site            one value, for a script\n  curl -fsS \"$(scalectl output site)/health\""
)]
pub struct Arguments {
    /// The name of one, such as `site` or `database`.
    name: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
#[command(
    after_help = "Examples:\n  scalectl open            in a browser, if there is one\n  scalectl open --print    print the address only"
)]
pub struct Open {
    /// Print the address and start no browser.
    #[arg(long)]
    print: bool,
}

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    let live = live(global)?;
    let found = outputs(&live);
    let wanted: Vec<&Output<'_>> = match &arguments.name {
        None => found.iter().collect(),
        Some(name) => found.iter().filter(|one| one.name == *name).collect(),
    };
    if let (Some(name), true) = (&arguments.name, wanted.is_empty()) {
        return Err(missing(name, &found));
    }
    if arguments.json {
        ui::print_json(&Outputs {
            document: "outputs",
            format: 1,
            outputs: wanted,
        });
        return Ok(ExitCode::SUCCESS);
    }
    let width = wanted.iter().map(|one| one.name.len()).max().unwrap_or(0);
    for one in wanted {
        ui::print(&match arguments.name {
            Some(_) => format!("{}\n", one.value),
            None => format!("{:width$}  {}\n", one.name, one.value),
        });
    }
    Ok(ExitCode::SUCCESS)
}

pub fn open(global: &Global, arguments: &Open) -> Outcome {
    let live = live(global)?;
    let found = outputs(&live);
    let site = found.iter().find(|one| one.name == "site");
    let site = site.ok_or_else(|| missing("site", &found))?;
    ui::print(&format!("{}\n", site.value));
    if !arguments.print {
        // What is no browser's machine has the address all the same.
        let program = if cfg!(target_os = "macos") {
            "open"
        } else {
            "xdg-open"
        };
        let mut browser = Command::new(program);
        browser
            .arg(&site.value)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if browser.spawn().is_err() {
            ui::note("No browser starts here; open the address above.\n");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn live(global: &Global) -> Result<Live, Failure> {
    let project = Project::load_as_applied(global)?;
    let graph = project.graph_if_sound()?.unwrap_or_default();
    let session = Session::open_to_look(&project, "output", true)?;
    session.run(async |_, context| Ok(observed(context, Some(&graph)).await?))
}

/// Where the application and its parts are, by name.
fn outputs(live: &Live) -> Vec<Output<'_>> {
    let all = endpoints(live).into_iter();
    let named = all.map(|(what, value, address)| Output {
        name: what.replace(' ', "-"),
        value,
        address,
    });
    named.collect()
}

fn missing(name: &str, found: &[Output<'_>]) -> Failure {
    let mut names: Vec<&str> = found.iter().map(|one| &*one.name).collect();
    names.dedup();
    let help = if names.is_empty() {
        "the application is not deployed; `scalectl apply` creates it".to_owned()
    } else {
        format!("there are {}", names.join(", "))
    };
    Failure::with_help(format!("the application has no output {name}"), help)
}
