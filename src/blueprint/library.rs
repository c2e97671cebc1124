//! Where blueprints, modules and text templates come from: the binary, and a `blueprints/` folder
//! beside the spec whose files override or add to it.
//!
//! Reading the folder is the caller's; this takes names and texts. What somebody wrote is parsed at
//! once, so that every mistake is told; what is in the binary has none, and is parsed when it is first
//! asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use super::expression::Failure;
use super::functions::with_markers;
use super::model::{Blueprint, Module};
use super::parse;
use super::texts::{Templates, register};
use crate::diagnostic::{Diagnostic, Location};
use crate::schema::nearest;
use crate::value::Value;
use crate::yaml::fields::{finish, read};
use crate::yaml::{Node, builtin};

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
    "modules/aurora.yaml",
    "modules/balancer.yaml",
    "modules/cache.yaml",
    "modules/certificates.yaml",
    "modules/columns.yaml",
    "modules/data.yaml",
    "modules/dns.yaml",
    "modules/edge.yaml",
    "modules/fleet.yaml",
    "modules/maintenance.yaml",
    "modules/monitoring.yaml",
    "modules/network.yaml",
    "modules/peering.yaml",
    "modules/queue.yaml",
    "modules/readers.yaml",
    "modules/replica.yaml",
    "modules/routing.yaml",
    "modules/server.yaml",
    "modules/services.yaml",
    "modules/stores.yaml",
    "modules/tables.yaml",
    "modules/workers.yaml",
    "multi-region.yaml",
    "single-server.yaml",
    "split-db.yaml",
);

/// The text templates in the binary, by their path below `templates/`.
pub const TEMPLATES: &[File<'static>] = embedded!("templates":
    "actions/cut-over.sh",
    "actions/deploy/close.sh",
    "actions/deploy/release.sh",
    "actions/deploy/run.sh",
    "actions/deploy/settle.sh",
    "actions/flush.sh",
    "actions/lag.sh",
    "actions/lib.sh",
    "actions/mysql/copy-schema.sh",
    "actions/mysql/lib.sh",
    "actions/mysql/preflight.sh",
    "actions/postgres/copy-schema.sh",
    "actions/postgres/lib.sh",
    "actions/postgres/preflight.sh",
    "actions/replicate.sh",
    "actions/retire.sh",
    "actions/verify.sh",
    "rehearse/app.py",
    "rehearse/balance.cfg",
    "rehearse/balance.py",
    "rehearse/cache.py",
    "rehearse/catalog.py",
    "rehearse/compare.py",
    "rehearse/fill.py",
    "rehearse/ledger.py",
    "rehearse/model.py",
    "rehearse/mysql.sql",
    "rehearse/own.py",
    "rehearse/postgres.sql",
    "rehearse/reads.py",
    "rehearse/values.py",
    "user-data/haproxy.cfg",
    "user-data/server.sh",
    "user-data/site-database.py",
    "user-data/site-reconcile.py",
    "user-data/workers.sh",
);

/// Where the steps of migrations are, below `blueprints/`.
const MIGRATIONS: &str = "migrations/";

/// Where modules are, below `blueprints/`.
const MODULES: &str = "modules/";

/// Blueprints, modules and templates by name.
pub struct Library {
    /// By stage.
    blueprints: BTreeMap<Arc<str>, Entry<Blueprint>>,
    /// By name.
    modules: BTreeMap<Arc<str>, Entry<Module>>,
    templates: Templates,
    /// The files' texts by the names that messages use.
    sources: BTreeMap<String, String>,
}

/// A blueprint or module.
enum Entry<T> {
    /// From a folder.
    Given(T),
    /// From the binary.
    Builtin(Builtin<T>),
}

/// How a file's tree becomes what it holds.
type Parse<T> = fn(&Node, &mut Vec<Diagnostic>) -> T;

/// What somebody wrote, with every mistake in it.
fn parsed<T>(file: &str, text: &str, parse: Parse<T>, errors: &mut Vec<Diagnostic>) -> Option<T> {
    let root = read(file, text, errors)?;
    let before = errors.len();
    let parsed = parse(&root, errors);
    finish(text, before, errors);
    Some(parsed)
}

/// A file in the binary; its name without folder and ending is the name of what it holds.
struct Builtin<T> {
    path: &'static str,
    text: &'static str,
    parse: Parse<T>,
    parsed: OnceLock<T>,
}

impl<T> Entry<T> {
    fn builtin(path: &'static str, text: &'static str, parse: Parse<T>) -> Self {
        Self::Builtin(Builtin {
            path,
            text,
            parse,
            parsed: OnceLock::new(),
        })
    }

    /// What it says.
    ///
    /// # Panics
    /// When a file in the binary is broken, which the tests rule out.
    fn get(&self) -> &T {
        match self {
            Self::Given(given) => given,
            Self::Builtin(file) => file.parsed.get_or_init(|| {
                let mut errors = Vec::new();
                let root = builtin(&shown(file.path));
                match root.map(|root| (file.parse)(&root, &mut errors)) {
                    Some(parsed) if errors.is_empty() => parsed,
                    _ => panic!("built-in file {} is invalid: {errors:?}", file.path),
                }
            }),
        }
    }
}

/// A blueprint's or module's file as messages name it.
fn shown(path: &str) -> String {
    format!("blueprints/{path}")
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
        let given: BTreeMap<&str, &str> = blueprints.iter().copied().collect();
        let mut library = Self {
            blueprints: BTreeMap::new(),
            modules: BTreeMap::new(),
            templates: Templates::new(),
            sources: BTreeMap::new(),
        };
        for (path, text) in BLUEPRINTS {
            if !given.contains_key(path) {
                library.add_builtin(path, text);
            }
        }
        for (path, text) in given {
            let shown = shown(path);
            library.sources.insert(shown.clone(), text.to_owned());
            if path.starts_with(MIGRATIONS) {
                // Read by whoever migrates.
            } else if path.starts_with(MODULES) {
                if let Some(module) = parsed(&shown, text, parse::module, &mut errors) {
                    let name = module.name.clone();
                    library.modules.insert(name, Entry::Given(module));
                }
            } else if let Some(blueprint) = parsed(&shown, text, parse::blueprint, &mut errors) {
                let name = blueprint.name.clone();
                library.blueprints.insert(name, Entry::Given(blueprint));
            }
        }
        for (path, text) in templates {
            let shown = format!("templates/{path}");
            library.sources.insert(shown, (*text).to_owned());
            if let Err(error) = register(&mut library.templates.given, path, text) {
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

    fn add_builtin(&mut self, path: &'static str, text: &'static str) {
        self.sources.insert(shown(path), text.to_owned());
        if path.starts_with(MIGRATIONS) {
            return;
        }
        let name = Arc::from(path.trim_start_matches(MODULES).trim_end_matches(".yaml"));
        if path.starts_with(MODULES) {
            let module = Entry::builtin(path, text, parse::module);
            self.modules.insert(name, module);
        } else {
            let blueprint = Entry::builtin(path, text, parse::blueprint);
            self.blueprints.insert(name, blueprint);
        }
    }

    /// The blueprint of a stage.
    pub fn blueprint(&self, stage: &str) -> Option<&Blueprint> {
        self.blueprints.get(stage).map(Entry::get)
    }

    /// The stages that have a blueprint.
    pub fn stages(&self) -> impl Iterator<Item = &str> {
        self.blueprints.keys().map(|name| &**name)
    }

    /// The module of this name.
    pub fn module(&self, name: &str) -> Option<&Module> {
        self.modules.get(name).map(Entry::get)
    }

    /// The modules' names.
    pub fn module_names(&self) -> impl Iterator<Item = &str> {
        self.modules.keys().map(|name| &**name)
    }

    /// A file's text, by the name that messages use, such as `blueprints/modules/dns.yaml`.
    pub fn source(&self, file: &str) -> Option<&str> {
        self.sources.get(file).map(String::as_str)
    }

    /// A template's text as it stands in its file, by its path below `templates/`.
    pub fn text(&self, path: &str) -> Option<&str> {
        let builtin = || TEMPLATES.iter().find(|(name, _)| *name == path);
        self.source(&format!("templates/{path}"))
            .or_else(|| builtin().map(|(_, text)| *text))
    }

    /// The templates whose path below `templates/` begins like this, as they stand in their files, by path.
    pub fn texts_below(&self, start: &str) -> impl Iterator<Item = (&str, &str)> {
        let own = self.sources.keys();
        let own = own.filter_map(|file| file.strip_prefix("templates/"));
        let paths: BTreeSet<&str> = own.chain(TEMPLATES.iter().map(|(path, _)| *path)).collect();
        let below = paths
            .into_iter()
            .filter(move |path| path.starts_with(start));
        below.filter_map(|path| Some((path, self.text(path)?)))
    }

    /// Whether any module has a resource with this id.
    pub fn declares(&self, id: &str) -> bool {
        self.modules.values().any(|module| match module {
            Entry::Given(module) => module.resources.iter().any(|known| &*known.id == id),
            // Not worth parsing all of them.
            Entry::Builtin(file) => declared(file.text).any(|known| known == id),
        })
    }

    /// Where a user's module at this stage says a resource's property, or, without one, the resource; what
    /// comes from the binary is nowhere.
    pub fn place(&self, stage: &str, id: &str, property: &str) -> Option<Location> {
        let modules = self
            .blueprint(stage)?
            .compose
            .iter()
            .filter_map(|compose| self.modules.get(&compose.module));
        for module in modules {
            if let Entry::Given(module) = module
                && let Some(found) = module.resources.iter().find(|known| &*known.id == id)
            {
                let source = found.source.as_ref().filter(|_| !property.is_empty());
                let place = source.map(|source| source.locate(property));
                return Some(match place {
                    // A property that is not there is where the resource is.
                    Some(place) if source.is_none_or(|s| s.location != *place) => place.clone(),
                    _ => found.location.clone(),
                });
            }
        }
        None
    }

    /// Puts the files' lines beside messages that speak of them.
    pub fn quote(&self, diagnostics: &mut [Diagnostic]) {
        crate::yaml::quote_files(|file| Some(self.sources.get(file)?), diagnostics);
    }

    /// The text of a template for these values; what only the cloud knows stays symbolic.
    ///
    /// # Errors
    /// When there is no such template, or it uses a value that is not given.
    pub fn render(&self, name: &str, args: &Value) -> Result<Value, Failure> {
        let templates = self.templates.all();
        if !templates.has_template(name) {
            let known = templates.get_templates().keys().map(String::as_str);
            return Err(Failure {
                message: format!("there is no template {name:?}"),
                help: nearest(name, known).map(|near| format!("did you mean {near:?}?")),
            });
        }
        with_markers(args, |json| {
            templates
                .render(name, json)
                .map_err(|error| Failure::new(format!("templates/{name}: {}", error.reason())))
        })
    }
}

/// The ids of the resources in a module of the binary, by its text.
fn declared(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .filter_map(|line| line.strip_prefix("  - id: "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::TIERS;
    use crate::kinds;
    use crate::value::shell;

    #[test]
    fn no_plan_unpacks_the_registry_for_a_built_in_blueprint() {
        let listed = concat!(
            include_str!("../../schemas/kinds.txt"),
            include_str!("../../schemas/unmapped.txt")
        );
        for (file, text) in BLUEPRINTS {
            for word in text.split(|c: char| !c.is_ascii_alphanumeric() && c != ':') {
                let is_kind = word.starts_with("AWS::") && word.matches("::").count() == 2;
                assert!(
                    !is_kind || listed.lines().any(|kind| kind == word),
                    "{file}: list {word} in schemas/unmapped.txt and run schemas/extract.py"
                );
            }
        }
    }

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
        for folder in ["actions", "rehearse", "user-data"] {
            let templates = root.join("templates");
            below(&templates.join(folder), &templates, &mut found);
        }
        found.sort();
        assert_eq!(
            found,
            TEMPLATES.iter().map(|(path, _)| *path).collect::<Vec<_>>()
        );
    }

    #[test]
    fn every_file_in_the_binary_can_be_parsed_and_has_the_name_of_what_it_holds() {
        let library = Library::embedded().unwrap();
        for name in library.stages() {
            assert_eq!(&*library.blueprint(name).unwrap().name, name);
        }
        for name in library.module_names() {
            let module = library.module(name).unwrap();
            assert_eq!(&*module.name, name);
            let ids = module.resources.iter().map(|resource| &*resource.id);
            assert!(
                ids.eq(declared(
                    BLUEPRINTS
                        .iter()
                        .find(|(path, _)| *path == format!("modules/{name}.yaml"))
                        .unwrap()
                        .1
                )),
                "{name}"
            );
        }
        assert_eq!(
            library.templates.all().get_templates().len(),
            TEMPLATES.len()
        );
        let steps = BLUEPRINTS.iter().filter(|(p, _)| p.starts_with(MIGRATIONS));
        let count = library.stages().count() + library.module_names().count();
        assert_eq!(count + steps.count(), BLUEPRINTS.len());
    }

    #[test]
    fn a_file_beside_the_spec_takes_the_place_of_the_one_in_the_binary_by_path_or_by_name() {
        let text = "module: network\ndescription: Mine.\nresources: []\n";
        for path in ["modules/network.yaml", "modules/a.yaml", "modules/z.yaml"] {
            let library = Library::with(&[(path, text)], &[]).unwrap();
            assert_eq!(
                &*library.module("network").unwrap().description,
                "Mine.",
                "{path}"
            );
            assert!(!library.declares("vpc"), "{path}");
        }
    }

    #[test]
    fn user_data_go_out_without_comments() {
        let text = "#!/bin/sh\n# Why.\n\nif true; then\n    echo '#'  # here\nfi\n";
        let library = Library::with(&[], &[("user-data/t", text), ("t", text)]).unwrap();
        let none = Value::Map(crate::value::Map::new());
        let lean = library.render("user-data/t", &none).unwrap();
        assert_eq!(
            lean.as_str(),
            Some("#!/bin/sh\nif true; then\n  echo '#'  # here\nfi\n")
        );
        assert_eq!(library.render("t", &none).unwrap().as_str(), Some(text));
    }

    #[test]
    fn a_shell_word_cannot_break_out() {
        let mut args = crate::value::Map::new();
        args.insert("x", Value::str("a'; rm -rf / #"));
        let library = Library::with(&[], &[("t", "echo {{sh x}}")]).unwrap();
        let text = library.render("t", &Value::Map(args)).unwrap();
        let word = shell::word("a'; rm -rf / #").unwrap();
        assert_eq!(text.as_str(), Some(&*format!("echo {word}")));
    }

    #[test]
    fn every_type_that_a_built_in_module_declares_has_a_record_and_every_tier_a_place() {
        let library = Library::embedded().unwrap();
        for name in library.module_names() {
            for one in &library.module(name).unwrap().resources {
                assert_eq!(kinds::of(&one.kind).name, &*one.kind, "{name}: {}", one.id);
            }
        }
        for record in kinds::all() {
            assert!(TIERS.contains(&record.tier.name()), "{}", record.name);
        }
    }

    #[test]
    fn any_kind_of_the_registry_can_be_used_that_can_say_whose_it_is() {
        let module = |kind: &str, properties: &str| {
            let text = format!(
                "module: mine\ndescription: x\nresources:\n  - {{id: a, kind: \"{kind}\", tier: compute, properties: {properties}}}\n"
            );
            let library = Library::with(&[("modules/mine.yaml", &text)], &[]);
            library
                .map(|_| ())
                .map_err(|errors| errors[0].message.clone())
        };
        assert_eq!(module("AWS::SQS::Queue", "{}"), Ok(()));
        assert_eq!(
            module("AWS::EC2::Route", "{RouteTableId: a}"),
            Ok(()),
            "marked on its table"
        );
        assert_eq!(
            module("AWS::SQS::QueuePolicy", "{Queues: [a], PolicyDocument: {}}"),
            Ok(()),
            "marked on its queue"
        );
        let refused = module("AWS::IAM::RolePolicy", "{RoleName: a, PolicyName: b}");
        let message = refused.unwrap_err();
        assert!(
            message.starts_with("AWS::IAM::RolePolicy is not supported"),
            "{message}"
        );
    }

    #[test]
    fn a_word_of_the_language_is_no_id() {
        let text = "module: mine\ndescription: x\nresources:\n  - {id: function, kind: \"AWS::SQS::Queue\", tier: compute, properties: {}}\n";
        let errors = Library::with(&[("modules/mine.yaml", text)], &[]);
        let errors = errors.map(|_| ()).unwrap_err();
        assert_eq!(errors.len(), 1);
        assert!(
            errors[0]
                .message
                .starts_with("`function` is a reserved word")
        );
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
