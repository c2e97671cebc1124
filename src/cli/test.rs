//! `scalectl test`: finds files of tests, runs their cases, tells what came of them.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;

use super::project::{SPEC, find, library, policies, today, write};
use super::session::runtime;
use super::{Failure, Global, Outcome, ui};
use super::{confined, folder};
use crate::blueprint::Library;
use crate::diagnostic::Diagnostic;
use crate::inventory::Live;
use crate::policy::Policies;
use crate::render::test_results::{Told, line, suites, summary, text};
use crate::render::{json, junit};
use crate::testing::{self, Case, Ground, Source, Suite};
use crate::yaml::{self, Node};

#[derive(Args)]
#[command(
    after_help = "Examples:\n  scalectl test                             all tests/*.test.yaml and *.test.yaml next to the spec\n  scalectl test tests/data.test.yaml        one file\n  scalectl test --filter database           cases with this text in their names\n  scalectl test --junit tests.xml           for CI\n\nThe exit code is 1 when a case fails. See https://scalectl.github.io/scalectl/testing.html for how to write tests."
)]
pub struct Arguments {
    /// Test files [default: those next to the spec].
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Run only cases with this text in their name or their file's name.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Write the results to a JUnit XML file.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// How files of tests end.
const ENDING: &str = ".test.yaml";

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    let files = if arguments.files.is_empty() {
        beside(global)?
    } else {
        arguments.files.clone()
    };
    let stands = stands(global, &files)?;
    let runtime = runtime(true)?;
    let mut told = Vec::new();
    let mut left_out = 0;
    for stand in &stands {
        let wanted: Vec<&Case> = stand
            .suite
            .cases
            .iter()
            .filter(|case| is_wanted(arguments.filter.as_deref(), &stand.suite, case))
            .collect();
        left_out += stand.suite.cases.len() - wanted.len();
        if !arguments.json && !wanted.is_empty() {
            ui::print(&format!("{}\n", stand.suite.file));
        }
        for case in wanted {
            let began = Instant::now();
            let recorded = |path: &str| stand.recorded(path);
            let ground = Ground {
                spec: &stand.spec,
                env: global.env.as_deref(),
                library: &stand.library,
                policies: &stand.policies,
                today: today(),
                recorded: &recorded,
            };
            let mut outcome = runtime.block_on(testing::run(&ground, case));
            stand.quote(&mut outcome);
            let one = Told {
                file: stand.suite.file.clone(),
                name: case.name.clone(),
                location: case.location.clone(),
                seconds: began.elapsed().as_secs_f64(),
                outcome,
            };
            if !arguments.json {
                ui::print(&line(&one));
            }
            told.push(one);
        }
    }
    if let Some(path) = &arguments.junit {
        write(path, &junit::xml(&suites(&told)))?;
    }
    if told.is_empty() {
        let filter = arguments.filter.as_deref().unwrap_or_default();
        return Err(Failure::with_help(
            format!("no test name contains {filter:?}"),
            "omit `--filter` to see all names",
        ));
    }
    if arguments.json {
        ui::print_json(&json::test_results::document(&told))
    } else {
        ui::print(&(text(&told) + &summary(&told, left_out)))
    }
    Ok(if told.iter().all(Told::is_well) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn is_wanted(filter: Option<&str>, suite: &Suite, case: &Case) -> bool {
    filter.is_none_or(|part| case.name.contains(part) || suite.file.contains(part))
}

/// The files of tests beside the spec.
fn beside(global: &Global) -> Result<Vec<PathBuf>, Failure> {
    let spec = find(global)?;
    let home = spec.parent().map(Path::to_owned).unwrap_or_default();
    let mut found = Vec::new();
    for place in [home.clone(), home.join("tests")] {
        let shown = if place.as_os_str().is_empty() {
            Path::new(".")
        } else {
            &place
        };
        if place != home && !folder::exists(&place)? {
            continue;
        }
        let names = folder::entries(shown)?;
        let names = names.iter().filter_map(|path| path.file_name());
        found.extend(
            names
                .filter(|name| name.to_string_lossy().ends_with(ENDING))
                .map(|name| place.join(name)),
        );
    }
    found.sort();
    if !found.is_empty() {
        Ok(found)
    } else {
        Err(Failure::with_help(
            format!("there are no tests next to {}", spec.display()),
            "create tests/NAME.test.yaml (see https://scalectl.github.io/scalectl/testing.html), or pass file names",
        ))
    }
}

/// A file of tests with what its cases stand on.
struct Stand {
    suite: Suite,
    folder: PathBuf,
    spec: Node,
    library: Library,
    policies: Policies,
    /// The texts of files, for messages.
    sources: Vec<(String, String)>,
}

impl Stand {
    fn recorded(&self, path: &str) -> Result<Live, String> {
        let path = self.folder.join(path);
        let shown = path.display();
        let text = confined::read(&path, home(&self.folder)).map_err(|failure| match failure {
            Failure::Message { what, .. } => what,
            _ => format!("{shown} cannot be read"),
        })?;
        serde_json::from_str(&text)
            .map_err(|error| format!("{shown} is not a valid state: {error}"))
    }

    /// Puts the files' lines beside messages that speak of them.
    fn quote(&self, outcome: &mut testing::Outcome) {
        for failure in &mut outcome.failures {
            if let testing::Failure::Broken(found) = failure {
                self.library.quote(found);
                let source = |file: &str| {
                    let source = self.sources.iter().find(|(name, _)| *name == *file);
                    source.map(|(_, text)| text.as_str())
                };
                yaml::quote_files(source, found);
            }
        }
    }
}

/// Every file with what it stands on, or every mistake in all of them.
fn stands(global: &Global, files: &[PathBuf]) -> Result<Vec<Stand>, Failure> {
    let mut stands = Vec::new();
    let mut errors: Vec<Diagnostic> = Vec::new();
    for file in files {
        match stand(global, file) {
            Ok(stand) => stands.push(stand),
            Err(Failure::Diagnostics(found)) => errors.extend(found),
            Err(other) => return Err(other),
        }
    }
    if errors.is_empty() {
        Ok(stands)
    } else {
        Err(Failure::Diagnostics(errors))
    }
}

fn stand(global: &Global, file: &Path) -> Result<Stand, Failure> {
    let shown = file.display().to_string();
    let folder = file.parent().map(Path::to_owned).unwrap_or_default();
    let text = confined::read(file, home(&folder))?;
    let suite = testing::suite(&shown, &text)?;
    let mut sources = vec![(shown, text)];
    let (spec, home) = match &suite.spec {
        Source::Inline(node) => (node.clone(), folder.clone()),
        source => {
            let help = "set `spec` to the path of the spec, relative to the test file";
            let (path, text) = match source {
                Source::File(path, _) => {
                    let path = folder.join(&**path);
                    let text = confined::read(&path, home(&folder))?;
                    (path, text)
                }
                _ => {
                    let path = near(global, &folder)?;
                    let text = confined::spec(&path, help)?;
                    (path, text)
                }
            };
            let name = path.display().to_string();
            let node = yaml::parse(&name, &text).map_err(|mistake| vec![mistake])?;
            sources.push((name, text));
            (node, path.parent().map(Path::to_owned).unwrap_or_default())
        }
    };
    Ok(Stand {
        suite,
        folder,
        spec,
        library: library(&home)?,
        policies: policies(&home)?,
        sources,
    })
}

/// The folder of the project that a folder of tests belongs to.
fn home(folder: &Path) -> &Path {
    let above = match folder.parent() {
        Some(parent) if !folder.as_os_str().is_empty() => parent,
        _ => return folder,
    };
    if above.join(SPEC).exists() && !folder.join(SPEC).exists() {
        above
    } else {
        folder
    }
}

/// The spec beside a file of tests, or in the folder above.
fn near(global: &Global, folder: &Path) -> Result<PathBuf, Failure> {
    if global.is_for_a_file() {
        return find(global);
    }
    let found = [Some(folder), folder.parent()]
        .into_iter()
        .flatten()
        .map(|folder| folder.join(SPEC))
        .find(|path| path.exists());
    found.map_or_else(|| find(global), Ok)
}
