//! The folder `copilot/` of AWS Copilot: <https://aws.github.io/copilot-cli/docs/manifest/overview/>.
//!
//! A folder with a manifest is a service or a job. One environment becomes the spec, the production one if there is one; the
//! others become its environments. Add-ons (CloudFormation) become the database and the cache where they are that.

mod addons;
mod service;

use std::collections::BTreeMap;

use super::keys::{self, Lost, entries, rest};
use super::notes::Notes;
use super::site::Site;
use crate::diagnostic::{Diagnostic, Location};
use crate::spec::{self, Stage};
use crate::yaml::{self, Node};

/// Names of environments that the public uses.
const PRODUCTION: [&str; 5] = ["prod", "production", "live", "prd", "main"];

/// What an environment's manifest says that a spec does not.
const LOST: [Lost; 6] = [
    ("name", None),
    ("type", None),
    ("observability", None),
    (
        "http",
        Some((
            "the load balancer is scalectl's",
            "certificates are requested for the domain",
        )),
    ),
    (
        "network",
        Some((
            "the network is scalectl's own",
            "`network: {cidr: ...}` sets its addresses; an existing VPC cannot be used",
        )),
    ),
    (
        "cdn",
        Some((
            "how the CDN is set up is not read",
            "`stage: cdn` has CloudFront in front of the load balancer; see `cdn`",
        )),
    ),
];

/// What all manifests of an environment have around them.
pub struct Around<'a> {
    /// The application's name.
    pub app: &'a str,
    /// The environment's name.
    pub env: &'a str,
}

impl Around<'_> {
    /// A text with Copilot's own variables filled in; `None` where others are in it.
    pub fn filled(&self, text: &str) -> Option<String> {
        let text = text
            .replace("${COPILOT_APPLICATION_NAME}", self.app)
            .replace("${COPILOT_ENVIRONMENT_NAME}", self.env);
        (!text.contains("${")).then_some(text)
    }
}

/// What is in the folder.
#[derive(Default)]
struct Folder<'a> {
    /// The application's name.
    app: String,
    /// Services and jobs, by the names of their folders.
    manifests: Vec<(String, Node)>,
    /// The environments, with their manifests if they have some.
    environments: BTreeMap<String, Option<Node>>,
    /// The add-ons' paths and texts.
    addons: Vec<(&'a str, &'a str)>,
}

/// Sorts the files of a folder.
fn sorted<'a>(
    main: &str,
    texts: &'a BTreeMap<String, String>,
    notes: &mut Notes,
) -> Result<Folder<'a>, Vec<Diagnostic>> {
    let mut folder = Folder::default();
    for (path, text) in texts {
        let Some(short) = path
            .strip_prefix(main)
            .map(|path| path.trim_start_matches('/'))
        else {
            continue;
        };
        let at = Location {
            file: path.as_str().into(),
            line: 1,
            column: 1,
        };
        let parsed = || {
            yaml::parse(path, text).map_err(|error| {
                let mut errors = vec![error];
                yaml::quote(text, &mut errors);
                errors
            })
        };
        match &*short.split('/').collect::<Vec<_>>() {
            [".workspace"] => {
                folder.app = keys::text(&parsed()?, "application").unwrap_or_default();
            }
            ["environments", env, "manifest.yml"] => {
                folder
                    .environments
                    .insert((*env).to_owned(), Some(parsed()?));
            }
            ["pipelines", name, "manifest.yml"] => {
                let instead = "`scalectl ci` writes jobs for GitHub and GitLab: https://scalectl.github.io/scalectl/ci.html";
                notes.left(
                    &at,
                    format!("pipelines.{name}"),
                    "pipelines are your CI's",
                    instead,
                );
            }
            [name, "manifest.yml"] => folder.manifests.push(((*name).to_owned(), parsed()?)),
            [.., "addons", _] if !short.ends_with("parameters.yml") => {
                folder.addons.push((path, text))
            }
            [_, "overrides", ..] => {
                let why = "changes to Copilot's templates do not apply here";
                notes.left(
                    &at,
                    "overrides",
                    why,
                    "see `resources`, or `scalectl eject`",
                );
            }
            _ => {}
        }
    }
    for (_, manifest) in &folder.manifests {
        for (env, _, _) in entries(manifest.get("environments")) {
            folder.environments.entry(env.to_owned()).or_insert(None);
        }
    }
    Ok(folder)
}

/// The site of one environment.
fn site(folder: &Folder<'_>, env: &str, start: &Location, notes: &mut Notes) -> Site {
    let app = &folder.app;
    let around = Around { app, env };
    let mut site = Site::new(Stage::LoadBalanced, start.clone());
    site.app = (!app.is_empty()).then(|| app.clone());
    for (path, text) in &folder.addons {
        addons::read(path, text, &mut site, notes);
    }
    for (name, manifest) in &folder.manifests {
        let merged = match manifest.get("environments").and_then(|all| all.get(env)) {
            Some(overlay) => spec::merged(manifest, overlay),
            None => manifest.clone(),
        };
        service::read(name, &merged, &around, &mut site, notes);
    }
    if let Some(Some(manifest)) = folder.environments.get(env) {
        rest(manifest, &format!("environments.{env}"), &[], &LOST, notes);
    }
    site
}

/// Reads a folder, `main`: the site, and those of the other environments.
///
/// # Errors
/// Where it has no service, or a manifest is no YAML.
pub fn read(
    main: &str,
    texts: &BTreeMap<String, String>,
    notes: &mut Notes,
) -> Result<super::Read, Vec<Diagnostic>> {
    let start = Location {
        file: main.into(),
        line: 1,
        column: 1,
    };
    let folder = sorted(main, texts, notes)?;
    if folder.manifests.is_empty() {
        return Err(vec![
            Diagnostic::error(start, format!("{main} has no service")).help(
                "name Copilot's folder, in which each service has a folder with a manifest.yml",
            ),
        ]);
    }
    let names: Vec<&String> = folder.environments.keys().collect();
    let first = PRODUCTION
        .iter()
        .find(|name| names.iter().any(|env| env == *name));
    let first = first
        .copied()
        .or_else(|| names.first().map(|name| name.as_str()));
    let base = site(&folder, first.unwrap_or("prod"), &start, notes);
    let others: Vec<(String, Site)> = (names.iter())
        .filter(|env| Some(env.as_str()) != first)
        .map(|env| ((*env).clone(), site(&folder, env, &start, notes)))
        .collect();
    if let Some(first) = first.filter(|_| !others.is_empty()) {
        let why = format!("the spec without `-e` is Copilot's environment {first}");
        notes.check(
            &start,
            "environments",
            &why,
            "the others are in `environments`",
        );
    }
    Ok((base, others))
}
