//! Which rules there are: those in the binary, and a `policies/` folder beside the spec whose files take the
//! place of built-in ones of the same name, or add to them.
//!
//! Reading the folder is the caller's; this takes names and texts.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::exception::Exception;
use super::{Rule, parse};
use crate::diagnostic::Diagnostic;
use crate::value::wildcard;
use crate::yaml::fields::{finish, read};
use crate::yaml::{Node, builtin};

/// A file: its path below `policies/`, and its text.
pub type File<'a> = (&'a str, &'a str);

macro_rules! embedded {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../policies/", $path)))),*]
    };
}

/// The rules in the binary, by their path below `policies/`.
pub const POLICIES: &[File<'static>] = embedded!(
    "balancing.yaml",
    "compute.yaml",
    "data.yaml",
    "edge.yaml",
    "exceptions.yaml",
    "identity.yaml",
    "network.yaml",
    "storage.yaml",
    "watching.yaml",
);

/// The file that holds exceptions; one beside the spec adds to the built-in one.
pub const EXCEPTIONS: &str = "exceptions.yaml";

/// Rules, and exceptions from them.
pub struct Policies {
    /// The rules, by id.
    pub rules: Vec<Rule>,
    /// The exceptions.
    pub exceptions: Vec<Exception>,
    /// The files' texts by the names that messages use.
    sources: BTreeMap<String, String>,
}

impl Policies {
    /// The rules in the binary.
    ///
    /// # Errors
    /// Never: the tests load it. The diagnostics are those of its files.
    pub fn embedded() -> Result<Self, Vec<Diagnostic>> {
        Self::with(&[])
    }

    /// The rules in the binary with these files in place of, or added to, its own.
    ///
    /// # Errors
    /// Every mistake in every file.
    ///
    /// # Panics
    /// When a file in the binary is broken, which the tests rule out.
    pub fn with(files: &[File<'_>]) -> Result<Self, Vec<Diagnostic>> {
        let mut errors = Vec::new();
        let mut policies = Self {
            rules: Vec::new(),
            exceptions: Vec::new(),
            sources: BTreeMap::new(),
        };
        let given: BTreeMap<&str, &str> = files.iter().copied().collect();
        for (path, _) in POLICIES {
            if *path == EXCEPTIONS || !given.contains_key(path) {
                let root = builtin(&shown(path))
                    .unwrap_or_else(|| panic!("{path} in the binary is broken"));
                policies.add(path, &root, true, &mut errors);
            }
        }
        for (path, text) in given {
            let shown = shown(path);
            if let Some(root) = read(&shown, text, &mut errors) {
                let before = errors.len();
                policies.add(path, &root, false, &mut errors);
                finish(text, before, &mut errors);
            }
            policies.sources.insert(shown, text.to_owned());
        }
        policies.check_ids(&mut errors);
        if errors.is_empty() {
            policies.rules.sort_by(|a, b| a.id.cmp(&b.id));
            return Ok(policies);
        }
        errors.sort_by(|a, b| (&a.location, &a.message).cmp(&(&b.location, &b.message)));
        policies.quote(&mut errors);
        Err(errors)
    }

    /// Adds what a file holds.
    fn add(&mut self, path: &str, root: &Node, builtin: bool, errors: &mut Vec<Diagnostic>) {
        if path == EXCEPTIONS {
            let found = parse::exceptions(root, !builtin, errors);
            self.exceptions.extend(found);
        } else {
            self.rules.extend(parse::rules(root, builtin, errors));
        }
    }

    /// Ids are unique, and exceptions speak of rules that there are.
    fn check_ids(&self, errors: &mut Vec<Diagnostic>) {
        let mut seen: BTreeMap<&Arc<str>, &Rule> = BTreeMap::new();
        for rule in &self.rules {
            if let Some(first) = seen.insert(&rule.id, rule) {
                let message = format!("the rule {} is defined twice", rule.id);
                let help = format!(
                    "it is already defined at {}; use another id",
                    first.location
                );
                errors.push(Diagnostic::error(rule.location.clone(), message).help(help));
            }
        }
        // Rules that could not be read are not there to be found.
        if !errors.is_empty() {
            return;
        }
        for exception in &self.exceptions {
            // A built-in rule may have given way to a file of the user's.
            if exception.expires.is_none()
                || seen.keys().any(|id| wildcard::matches(&exception.rule, id))
            {
                continue;
            }
            let message = format!("there is no rule {}", exception.rule);
            let near = crate::schema::nearest(&exception.rule, seen.keys().map(|id| &***id));
            let help = match near {
                Some(near) => format!("did you mean {near}?"),
                None => "`scalectl policy list` lists them".to_owned(),
            };
            errors.push(Diagnostic::error(exception.location.clone(), message).help(help));
        }
    }

    /// The rule with this id.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| &*rule.id == id)
    }

    /// Whether a rule or exception comes from the binary.
    pub fn is_builtin(&self, file: &str) -> bool {
        !self.sources.contains_key(file)
    }

    /// Puts the files' lines beside messages that speak of them.
    pub fn quote(&self, diagnostics: &mut [Diagnostic]) {
        crate::yaml::quote_files(|file| Some(self.sources.get(file)?), diagnostics);
    }
}

/// A file as messages name it.
fn shown(path: &str) -> String {
    format!("policies/{path}")
}
