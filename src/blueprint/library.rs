//! Where blueprints, modules and text templates come from: the binary, and a `blueprints/` folder
//! beside the spec whose files override or add to it.
//!
//! Reading the folder is the caller's; this takes names and texts.

use std::collections::BTreeMap;
use std::sync::Arc;

use handlebars::Handlebars;

use super::expression::Failure;
use super::functions::with_markers;
use super::model::{Blueprint, Module};
use super::parse;
use crate::diagnostic::{Diagnostic, Location};
use crate::schema::nearest;
use crate::value::Value;

/// A file of a library: its path below the library's folder, and its text.
pub type File<'a> = (&'a str, &'a str);

macro_rules! embedded {
    ($folder:literal: $($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../", $folder, "/", $path)))),*]
    };
}

/// The blueprints and modules in the binary, by their path below `blueprints/`.
pub const BLUEPRINTS: &[File<'static>] = embedded!("blueprints":
    "cdn.yaml",
    "load-balanced.yaml",
    "migrations/steps.yaml",
    "modules/assets.yaml",
    "modules/balancer.yaml",
    "modules/cache.yaml",
    "modules/certificates.yaml",
    "modules/data.yaml",
    "modules/dns.yaml",
    "modules/edge.yaml",
    "modules/fleet.yaml",
    "modules/maintenance.yaml",
    "modules/monitoring.yaml",
    "modules/network.yaml",
    "modules/peering.yaml",
    "modules/replica.yaml",
    "modules/routing.yaml",
    "modules/server.yaml",
    "modules/services.yaml",
    "multi-region.yaml",
    "single-server.yaml",
    "split-db.yaml",
);

/// The text templates in the binary, by their path below `templates/`.
pub const TEMPLATES: &[File<'static>] = embedded!("templates":
    "user-data/server.sh",
);

/// Blueprints, modules and templates by name.
pub struct Library {
    /// By stage.
    pub blueprints: BTreeMap<Arc<str>, Blueprint>,
    /// By name.
    pub modules: BTreeMap<Arc<str>, Module>,
    templates: Handlebars<'static>,
    /// The files' texts by the names that messages use.
    sources: BTreeMap<String, String>,
}

impl Library {
    /// The library in the binary.
    ///
    /// # Errors
    /// Never: the tests load it. The diagnostics are those of its files.
    pub fn embedded() -> Result<Self, Vec<Diagnostic>> {
        Self::with(&[], &[])
    }

    /// The library in the binary with `blueprints` and `templates` in place of, or added to, its
    /// own. Their paths are relative to a `blueprints/` and a `templates/` folder.
    ///
    /// # Errors
    /// Every mistake in every file.
    pub fn with(blueprints: &[File<'_>], templates: &[File<'_>]) -> Result<Self, Vec<Diagnostic>> {
        let mut errors = Vec::new();
        let mut files: BTreeMap<&str, &str> = BLUEPRINTS.iter().copied().collect();
        files.extend(blueprints.iter().copied());
        let mut library = Self {
            blueprints: BTreeMap::new(),
            modules: BTreeMap::new(),
            templates: Handlebars::new(),
            sources: BTreeMap::new(),
        };
        library.templates.set_strict_mode(true);
        // Text files, not HTML: nothing is to be escaped as HTML.
        library.templates.register_escape_fn(handlebars::no_escape);
        library
            .templates
            .register_helper("sh", Box::new(shell_word));
        for (path, text) in files {
            let shown = format!("blueprints/{path}");
            library.sources.insert(shown.clone(), text.to_owned());
            if path.starts_with("migrations/") {
                // Read by whoever migrates.
            } else if path.starts_with("modules/") {
                if let Some(module) = parse::module(&shown, text, &mut errors) {
                    library.modules.insert(module.name.clone(), module);
                }
            } else if let Some(blueprint) = parse::blueprint(&shown, text, &mut errors) {
                library.blueprints.insert(blueprint.name.clone(), blueprint);
            }
        }
        for (path, text) in TEMPLATES.iter().chain(templates) {
            if let Err(error) = library.templates.register_template_string(path, text) {
                let place = Location {
                    file: format!("templates/{path}").into(),
                    line: error
                        .pos()
                        .map_or(1, |(line, _)| u32::try_from(line).unwrap_or(1)),
                    column: 1,
                };
                errors.push(Diagnostic::error(place, error.reason().to_string()));
            }
        }
        if errors.is_empty() {
            Ok(library)
        } else {
            Err(errors)
        }
    }

    /// A file's text, by the name that messages use, such as `blueprints/modules/dns.yaml`.
    pub fn source(&self, file: &str) -> Option<&str> {
        self.sources.get(file).map(String::as_str)
    }

    /// Whether any module has a resource with this id.
    pub fn declares(&self, id: &str) -> bool {
        self.modules
            .values()
            .flat_map(|module| &module.resources)
            .any(|known| &*known.id == id)
    }

    /// Puts the files' lines beside messages that speak of them.
    pub fn quote(&self, diagnostics: &mut [Diagnostic]) {
        for diagnostic in diagnostics {
            if let (None, Some(place)) = (&diagnostic.line, &diagnostic.location)
                && let Some(text) = self.sources.get(&*place.file)
            {
                diagnostic.line = crate::yaml::line_of(text, place.line);
            }
        }
    }

    /// The text of a template for these values; what only the cloud knows stays symbolic.
    ///
    /// # Errors
    /// When there is no such template, or it uses a value that is not given.
    pub fn render(&self, name: &str, args: &Value) -> Result<Value, Failure> {
        if !self.templates.has_template(name) {
            let known = self.templates.get_templates().keys().map(String::as_str);
            return Err(Failure {
                message: format!("there is no template {name:?}"),
                help: nearest(name, known).map(|near| format!("did you mean {near:?}?")),
            });
        }
        with_markers(args, |json| {
            self.templates
                .render(name, json)
                .map_err(|error| Failure::new(format!("templates/{name}: {}", error.reason())))
        })
    }
}

/// `{{sh value}}`: the value as one word of a POSIX shell
/// (<https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_02_02>).
fn shell_word(
    helper: &handlebars::Helper<'_>,
    _: &Handlebars<'_>,
    _: &handlebars::Context,
    _: &mut handlebars::RenderContext<'_, '_>,
    out: &mut dyn handlebars::Output,
) -> handlebars::HelperResult {
    let value = helper.param(0).map(|param| param.value());
    let text = match value {
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    out.write(&format!("'{}'", text.replace('\'', "'\\''")))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folders_is_in_the_binary() {
        fn below(folder: &std::path::Path, root: &std::path::Path, found: &mut Vec<String>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    below(&path, root, found);
                } else {
                    let path = path.strip_prefix(root).unwrap();
                    found.push(path.to_string_lossy().replace('\\', "/"));
                }
            }
        }
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut found = Vec::new();
        below(
            &root.join("blueprints"),
            &root.join("blueprints"),
            &mut found,
        );
        found.sort();
        assert_eq!(
            found,
            BLUEPRINTS.iter().map(|(path, _)| *path).collect::<Vec<_>>()
        );
        let mut found = Vec::new();
        below(
            &root.join("templates/user-data"),
            &root.join("templates"),
            &mut found,
        );
        found.sort();
        assert_eq!(
            found,
            TEMPLATES.iter().map(|(path, _)| *path).collect::<Vec<_>>()
        );
    }

    #[test]
    fn a_shell_word_cannot_break_out() {
        let mut args = crate::value::Map::new();
        args.insert("x", Value::str("a'; rm -rf / #"));
        let library = Library::with(&[], &[("t", "echo {{sh x}}")]).unwrap();
        let text = library.render("t", &Value::Map(args)).unwrap();
        assert_eq!(text.as_str(), Some(r"echo 'a'\''; rm -rf / #'"));
    }

    #[test]
    fn mistakes_in_a_users_module_are_told_at_their_places() {
        let text = "module: mine\nresources:\n  - id: vpc2\n    kind: AWS::EC2::VPCs\n    tier: netwrok\n    properties: {}\n  - id: net\n    kind: AWS::EC2::Subnet\n    tier: network\n    properties: {VpcIdd: x, MapPublicIpOnLaunch: sure, CidrBlock: \"${cidrsubnets(1)}\"}\n";
        let errors = Library::with(&[("modules/mine.yaml", text)], &[])
            .map(|_| ())
            .unwrap_err();
        let told: Vec<String> = errors
            .iter()
            .map(|e| {
                format!(
                    "{} {} {:?}",
                    e.location.as_ref().unwrap(),
                    e.message,
                    e.help
                )
            })
            .collect();
        insta::assert_snapshot!(told.join("\n"));
    }
}
