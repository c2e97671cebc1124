//! `scalectl init`: a commented spec to start from.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use handlebars::Handlebars;
use serde_json::json;

use super::editor::{self, SPEC_SCHEMA};
use super::elsewhere;
use super::project::{SPEC, write};
use super::{Failure, Global, Outcome, stage, ui};
use crate::convert::Wishes;
use crate::render::schemas::Published;
use crate::render::style::{NEW, Painted};
use crate::spec::{self, Stage};

#[derive(Args)]
#[command(
    after_help = "Examples:\n  scalectl init --app shop --domain shop.example.com\n  scalectl init --app newsroom --domain www.newsroom.example --stage cdn\n  scalectl init --from docker-compose.yml\n  scalectl init --from copilot --domain shop.example.com\n  scalectl init --from config/deploy.yml\n  scalectl init --from Procfile"
)]
pub struct Arguments {
    /// Write the spec from another tool's files: a Compose file, AWS Copilot's folder, Kamal's deploy.yml or a Procfile. What
    /// cannot be carried over is listed line by line.
    #[arg(long, value_name = "PATH")]
    from: Option<PathBuf>,
    /// The application's name [default: the folder's name].
    #[arg(long)]
    app: Option<String>,
    /// The stage to start at: single-server, split-db, load-balanced, cdn or multi-region [default: single-server, or what is
    /// most like the other tool's].
    #[arg(long, value_parser = stage)]
    stage: Option<Stage>,
    /// The site's domain.
    #[arg(long)]
    domain: Option<String>,
    /// Overwrite an existing spec.
    #[arg(long)]
    force: bool,
    /// With `--from`: print what was not carried over as JSON.
    #[arg(long, requires = "from")]
    json: bool,
}

/// The starter spec.
const STARTER: &str = include_str!("../../templates/init/scalectl.yaml");

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    let path = global.file.clone().unwrap_or_else(|| PathBuf::from(SPEC));
    if path.exists() && !arguments.force {
        let what = format!("{} already exists", path.display());
        return Err(Failure::with_help(
            what,
            "overwrite it with `--force`, or name another with `-f FILE`",
        ));
    }
    let app = match &arguments.app {
        Some(app) => app.clone(),
        None => folder_name(),
    };
    if let Some(from) = &arguments.from {
        let wishes = Wishes {
            app: arguments.app.clone(),
            fallback: app,
            stage: arguments.stage,
            domain: arguments.domain.clone(),
            region: global.region.clone(),
        };
        return elsewhere::run(from, &wishes, &path, arguments.json);
    }
    let chosen = arguments.stage.unwrap_or(Stage::SingleServer);
    let domain = match (&arguments.domain, chosen) {
        (Some(domain), _) => Some(domain.clone()),
        (None, stage) if stage >= Stage::LoadBalanced => Some(format!("{app}.example.com")),
        (None, _) => None,
    };
    if !is_plain(&app) || domain.as_deref().is_some_and(|domain| !is_plain(domain)) {
        let what = "names may contain letters, digits, hyphens and, in domains, dots";
        return Err(Failure::with_help(
            what,
            "for example `--app shop --domain shop.example.com`",
        ));
    }
    let values = json!({
        "app": app,
        "stage": chosen.name(),
        "domain": domain,
        "balanced": chosen >= Stage::LoadBalanced,
        "cdn": chosen >= Stage::Cdn,
        "region": global.region.as_deref().unwrap_or("us-east-1"),
        "second": if global.region.as_deref() == Some("eu-west-1") { "us-east-1" } else { "eu-west-1" },
        "regions": chosen == Stage::MultiRegion,
    });
    let text = Handlebars::new()
        .render_template(STARTER, &values)
        .map_err(|error| Failure::new(format!("the starter spec is invalid: {error}")))?;
    let text = editor::with_header(&format!("./{SPEC_SCHEMA}"), &text);
    // What would be refused at the next command is refused now, with the same words.
    spec::load(&path.display().to_string(), &text, None, None)?;
    write(&path, &text)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let schema = editor::write(Published::Spec, folder, SPEC_SCHEMA)?;
    ui::print(&format!(
        "{} {}, and {} for editors\n\nNext:\n  scalectl plan     show what it would create\n  scalectl apply    create it, on the simulator\n",
        Painted(NEW, "Wrote"),
        path.display(),
        schema.display()
    ));
    Ok(ExitCode::SUCCESS)
}

/// Whether a name can stand in YAML as it is; what it may be is then the spec's to say.
fn is_plain(name: &str) -> bool {
    name.chars()
        .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

/// The current folder's name as an app's: lower case, digits and hyphens.
fn folder_name() -> String {
    let folder = std::env::current_dir().unwrap_or_default();
    let name = folder
        .file_name()
        .map(|name| name.to_string_lossy().to_lowercase())
        .unwrap_or_default();
    let name: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .take(30)
        .collect();
    let name = name
        .trim_matches(|c: char| c == '-' || c.is_ascii_digit())
        .to_owned();
    if name.len() < 2 {
        "shop".to_owned()
    } else {
        name
    }
}
