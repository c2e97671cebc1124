//! Specs from the files of other tools: Compose, AWS Copilot, Kamal and Procfiles (`scalectl init --from`).
//!
//! Each format has a file or a folder, which reads it into the terms that all share (`site`) and notes, line by line, what
//! it cannot say in them (`notes`). `settle` decides what is left open, `write` makes the text. What a spec would be
//! refused for is taken out of it and noted too, so that what is written can be planned. Files are read by the command.

mod address;
mod command;
mod compose;
mod copilot;
mod image;
mod kamal;
mod keys;
mod notes;
mod procfile;
mod settle;
mod site;
mod variables;
mod write;

use std::collections::BTreeMap;

pub use self::notes::{Fate, Note};
pub use self::settle::label;

use self::notes::Notes;
use self::site::Site;
use self::write::Tree;
use crate::diagnostic::{Diagnostic, Location};
use crate::spec::{self, Stage};
use crate::yaml::{self, Node};

/// A tool whose files are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Docker Compose.
    Compose,
    /// AWS Copilot.
    Copilot,
    /// Kamal.
    Kamal,
    /// A Procfile, of Heroku and others.
    Procfile,
}

impl Origin {
    /// The tool's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Compose => "Compose",
            Self::Copilot => "AWS Copilot",
            Self::Kamal => "Kamal",
            Self::Procfile => "a Procfile",
        }
    }
}

/// The files of an application: texts by paths, as the user knows them.
pub struct Files {
    /// Whose they are.
    pub origin: Origin,
    /// The file or the folder that was named.
    pub main: String,
    /// All files. Beside a Compose file and a Procfile are those of its folder, by their paths from there.
    pub texts: BTreeMap<String, String>,
}

/// What the user says besides.
#[derive(Default)]
pub struct Wishes {
    /// The application's name.
    pub app: Option<String>,
    /// Its name where neither the user nor the files say one.
    pub fallback: String,
    /// The stage.
    pub stage: Option<Stage>,
    /// The domain.
    pub domain: Option<String>,
    /// The region.
    pub region: Option<String>,
}

/// A spec and what to know about it.
#[derive(Debug)]
pub struct Converted {
    /// The text.
    pub text: String,
    /// What was not carried over, or has to be looked at.
    pub notes: Vec<Note>,
}

/// The files beside a Compose file that it names, by their paths from its folder; none where it is no YAML.
pub fn beside_compose(text: &str) -> Vec<String> {
    let root = yaml::parse("", text).ok();
    root.map(|root| compose::env_files(&root))
        .unwrap_or_default()
}

/// Whose a YAML file is, by its keys.
pub fn origin_of(text: &str) -> Option<Origin> {
    let root = yaml::parse("", &kamal::without_code(text)).ok()?;
    if root.get("services").is_some() {
        return Some(Origin::Compose);
    }
    let is_kamal = root.get("image").is_some() && root.get("servers").is_some();
    is_kamal.then_some(Origin::Kamal)
}

/// How many parts of a spec that would be refused are taken out at most.
const MOST_REPAIRS: usize = 300;

/// Makes a spec of the files; `file` is its name.
///
/// # Errors
/// Where the files are not what they are taken for, and what of the spec would be refused and cannot be taken out.
pub fn convert(files: &Files, wishes: &Wishes, file: &str) -> Result<Converted, Vec<Diagnostic>> {
    let mut notes = Notes::default();
    let (base, others) = read(files, &mut notes)?;
    let app = app_of(&base, wishes);
    let mut sites = vec![(String::new(), base)];
    sites.extend(others);
    let mut trees = Vec::new();
    for (env, mut site) in sites {
        if let Some(stage) = wishes.stage {
            site.stage = stage;
        }
        if env.is_empty() {
            site.domain = wishes.domain.clone().or(site.domain);
            site.region = wishes.region.clone().or(site.region);
        }
        settle::settle(&mut site, &app, &mut notes);
        trees.push((env, write::tree(&site, &app), site));
    }
    let mut rest = trees.into_iter();
    let Some((_, mut tree, base)) = rest.next() else {
        return Err(Vec::new());
    };
    let mut environments = Vec::new();
    for (env, mut other, mut site) in rest {
        // Each environment has a domain of its own.
        if site.domain == base.domain && base.domain.is_some() {
            let domain = base.domain.as_ref().map(|domain| format!("{env}.{domain}"));
            let why = format!(
                "an environment needs a domain of its own; {} is a guess",
                domain.clone().unwrap_or_default()
            );
            notes.check(
                &site.at,
                format!("environments.{env}.domain"),
                &why,
                "write its domain",
            );
            site.domain = domain;
            other = write::tree(&site, &app);
        }
        if let Some(Tree::Map(differs)) = write::difference(&tree, &other) {
            let differs = differs
                .into_iter()
                .filter(|(key, _)| !["app", "provider"].contains(&&**key));
            environments.push((settle::label(&env, 20), Tree::Map(differs.collect())));
        }
    }
    if !environments.is_empty()
        && let Tree::Map(entries) = &mut tree
    {
        entries.push(("environments".to_owned(), Tree::Map(environments)));
    }
    let text = repaired(tree, file, &base, &mut notes)?;
    let notes = notes.sorted();
    let text = format!("{}{text}", heading(files, &notes));
    Ok(Converted { text, notes })
}

/// The application and its environments.
type Read = (Site, Vec<(String, Site)>);

fn read(files: &Files, notes: &mut Notes) -> Result<Read, Vec<Diagnostic>> {
    let text = |path: &str| {
        files
            .texts
            .get(path)
            .map(String::as_str)
            .unwrap_or_default()
    };
    let parsed =
        |path: &str, text: &str| yaml::parse(path, text).map_err(|error| quoted(text, error));
    match files.origin {
        Origin::Compose => {
            let root = parsed(&files.main, text(&files.main))?;
            Ok((compose::read(&root, &files.texts, notes)?, Vec::new()))
        }
        Origin::Procfile => {
            let beside = files
                .texts
                .get("app.json")
                .map(|text| ("app.json", text.as_str()));
            let site = procfile::read(&files.main, text(&files.main), beside, notes)?;
            Ok((site, Vec::new()))
        }
        Origin::Kamal => {
            let plain = |path: &str| kamal::without_code(text(path));
            let root = parsed(&files.main, &plain(&files.main))?;
            let base = kamal::read(&root, notes)?;
            let mut others = Vec::new();
            for path in files.texts.keys().filter(|path| **path != files.main) {
                let Some(env) = kamal::destination(&files.main, path) else {
                    continue;
                };
                let overlay = parsed(path, &plain(path))?;
                others.push((
                    env.to_owned(),
                    kamal::read(&spec::merged(&root, &overlay), notes)?,
                ));
            }
            Ok((base, others))
        }
        Origin::Copilot => copilot::read(&files.main, &files.texts, notes),
    }
}

fn quoted(text: &str, error: Diagnostic) -> Vec<Diagnostic> {
    let mut errors = vec![error];
    yaml::quote(text, &mut errors);
    errors
}

/// The application's name: the user's, the files', or the folder's.
fn app_of(site: &Site, wishes: &Wishes) -> String {
    let of_files = site.app.as_deref().map(|app| label(app, 30));
    let app = wishes.app.clone().or(of_files).filter(|app| app.len() > 1);
    app.unwrap_or_else(|| wishes.fallback.clone())
}

/// The lines in front of a spec.
fn heading(files: &Files, notes: &[Note]) -> String {
    let left = notes.iter().filter(|note| note.fate == Fate::Left).count();
    format!(
        "# From {} ({}), by `scalectl init --from`, which lists what is not carried over ({left}) and what to look at ({}).\n",
        files.main,
        files.origin.name(),
        notes.len() - left
    )
}

/// The text of a spec that can be planned: what would be refused is taken out, one part after the other, and noted.
fn repaired(
    mut tree: Tree,
    file: &str,
    site: &Site,
    notes: &mut Notes,
) -> Result<String, Vec<Diagnostic>> {
    let mut tries = 0;
    loop {
        let text =
            write::text(&tree).map_err(|error| vec![Diagnostic::error(site.at.clone(), error)])?;
        let errors = refused(file, &text);
        let Some(first) = errors.first() else {
            return Ok(text);
        };
        tries += 1;
        let path = first
            .location
            .as_ref()
            .and_then(|at| path_of(file, &text, at));
        // Without these there is no spec.
        let is_needed = |path: &[String]| match path {
            [one] => one != "domain",
            [_, _] => path[0] == "services",
            [.., last] => last == "image",
            [] => true,
        };
        let removed = path
            .as_ref()
            .filter(|path| !is_needed(path) && tries < MOST_REPAIRS);
        let Some(gone) = removed.and_then(|path| tree.remove(path)) else {
            return Err(errors);
        };
        let program = path.as_ref().and_then(|path| {
            let name = path.iter().skip_while(|step| *step != "services").nth(1)?;
            site.programs.iter().find(|program| *program.name == **name)
        });
        let at = program.map_or(&site.at, |program| &program.at);
        notes.left(
            at,
            gone,
            &first.message,
            first.help.as_deref().unwrap_or_default(),
        );
    }
}

/// What of a text and its environments would be refused.
fn refused(file: &str, text: &str) -> Vec<Diagnostic> {
    let mut envs: Vec<Option<String>> = vec![None];
    if let Ok(root) = yaml::parse(file, text) {
        let named = keys::entries(root.get("environments"));
        envs.extend(named.into_iter().map(|(name, _, _)| Some(name.to_owned())));
    }
    for env in envs {
        if let Err(errors) = spec::load(file, text, env.as_deref(), None) {
            return errors;
        }
    }
    Vec::new()
}

/// The path of the deepest key on a line.
fn path_of(file: &str, text: &str, at: &Location) -> Option<Vec<String>> {
    fn below(node: &Node, line: u32, path: &mut Vec<String>) -> bool {
        for (key, place, value) in keys::entries(Some(node)) {
            path.push(key.to_owned());
            if below(value, line, path) || place.line == line {
                return true;
            }
            // An item of a list stands for the list.
            if keys::items(Some(value))
                .iter()
                .any(|item| item.location.line == line)
            {
                return true;
            }
            path.pop();
        }
        false
    }
    let root = yaml::parse(file, text).ok()?;
    let mut path = Vec::new();
    below(&root, at.line, &mut path).then_some(path)
}
