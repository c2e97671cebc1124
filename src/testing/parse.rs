//! From a file's text to its cases, with every mistake at its place.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Case, Expect, Source, Start, Suite, Variant, scope};
use crate::address::Address;
use crate::blueprint::expression::Expression;
use crate::diagnostic::{Diagnostic, Location};
use crate::schema::nearest;
use crate::spec::Stage;
use crate::yaml::fields::{finish, items, known_keys, optional_text, read, text_of};
use crate::yaml::{Node, Yaml};

/// What a file may have.
pub const SUITE_KEYS: &[&str] = &["spec", "env", "stage", "set", "live", "tests"];

/// What a test may have.
pub const CASE_KEYS: &[&str] = &[
    "name", "env", "stage", "set", "live", "allow", "expect", "refused", "denied", "error",
];

/// Reads a file of tests.
///
/// # Errors
/// Everything that is wrong with it.
pub fn suite(file: &str, text: &str) -> Result<Suite, Vec<Diagnostic>> {
    let mut errors = Vec::new();
    let Some(root) = read(file, text, &mut errors) else {
        return Err(errors);
    };
    known_keys(&root, SUITE_KEYS, "a file of tests", &mut errors);
    let spec = match root.get("spec") {
        None => Source::Beside,
        Some(node) => match &node.value {
            Yaml::String(path) => Source::File(path.clone(), node.location.clone()),
            Yaml::Map(_) => Source::Inline(node.clone()),
            _ => {
                let message = format!(
                    "`spec` is a file name or an inline spec, not {}",
                    node.describe()
                );
                errors.push(Diagnostic::error(node.location.clone(), message));
                Source::Beside
            }
        },
    };
    let common = variant(&root, &mut errors);
    let live = root
        .get("live")
        .map(|node| start(node, &common, &mut errors));
    let mut names = BTreeSet::new();
    let nodes = items(&root, "tests", &mut errors);
    if nodes.is_empty() && errors.is_empty() {
        let message = "there are no tests here";
        errors.push(
            Diagnostic::error(root.location.clone(), message)
                .help("list them under `tests`, each with a `name` and what to `expect`"),
        );
    }
    let mut cases = Vec::new();
    for node in nodes {
        if let Some(case) = case(node, &common, live.as_ref(), &mut errors) {
            if !names.insert(case.name.clone()) {
                let message = format!("the test {:?} is defined twice", &*case.name);
                let help = "use a unique name";
                errors.push(Diagnostic::error(case.location.clone(), message).help(help));
            }
            cases.push(case);
        }
    }
    finish(text, 0, &mut errors);
    if errors.is_empty() {
        Ok(Suite {
            file: file.into(),
            spec,
            cases,
        })
    } else {
        Err(errors)
    }
}

fn variant(node: &Node, errors: &mut Vec<Diagnostic>) -> Variant {
    let stage = optional_text(node, "stage", errors).and_then(|name| {
        let found = Stage::ALL.into_iter().find(|stage| stage.name() == &*name);
        if found.is_none() {
            let names = Stage::ALL.map(Stage::name);
            let help = match nearest(&name, names.into_iter()) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("stages are {}", names.join(", ")),
            };
            let message = format!("there is no stage {name:?}");
            errors.push(Diagnostic::error(node.locate("stage").clone(), message).help(help));
        }
        found
    });
    let set = node.get("set").cloned();
    if let Some(set) = &set
        && !matches!(set.value, Yaml::Map(_))
    {
        let message = format!("`set` is a part of a spec, not {}", set.describe());
        errors.push(Diagnostic::error(set.location.clone(), message));
    }
    Variant {
        stage,
        env: optional_text(node, "env", errors),
        set,
    }
}

impl Variant {
    /// This one, and where it says nothing, what `common` says.
    fn or(self, common: &Variant) -> Self {
        Self {
            stage: self.stage.or(common.stage),
            env: self.env.or_else(|| common.env.clone()),
            set: match (self.set, &common.set) {
                (Some(set), Some(common)) => Some(crate::spec::merged(common, &set)),
                (set, common) => set.or_else(|| common.clone()),
            },
        }
    }
}

fn start(node: &Node, common: &Variant, errors: &mut Vec<Diagnostic>) -> Start {
    match &node.value {
        Yaml::String(path) => Start::File(path.clone(), node.location.clone()),
        Yaml::Map(_) => {
            let keys = ["stage", "env", "set"];
            known_keys(node, &keys, "`live`", errors);
            Start::Applied(variant(node, errors).or(common))
        }
        Yaml::Null => Start::Nothing,
        _ => {
            let message = format!(
                "`live` is a file name, or what was applied before, such as {{stage: split-db}}, not {}",
                node.describe()
            );
            errors.push(Diagnostic::error(node.location.clone(), message));
            Start::Nothing
        }
    }
}

fn case(
    node: &Node,
    common: &Variant,
    live: Option<&Start>,
    errors: &mut Vec<Diagnostic>,
) -> Option<Case> {
    known_keys(node, CASE_KEYS, "a test", errors);
    let name = text_of(node, "name", errors);
    let own = variant(node, errors).or(common);
    let live = match (node.get("live"), live) {
        (Some(node), _) => start(node, common, errors),
        (None, Some(Start::Applied(variant))) => Start::Applied(variant.clone()),
        (None, Some(Start::File(path, place))) => Start::File(path.clone(), place.clone()),
        (None, _) => Start::Nothing,
    };
    let allow = texts(node, "allow", errors)
        .into_iter()
        .flat_map(|(texts, _)| texts)
        .filter_map(|(text, place)| match text.parse::<Address>() {
            Ok(address) => Some(address),
            Err(error) => {
                errors.push(Diagnostic::error(place, error.to_string()));
                None
            }
        })
        .collect();
    let expect: Vec<Expect> = items(node, "expect", errors)
        .iter()
        .filter_map(|node| expect(node, errors))
        .collect();
    let exact = |key: &str, errors: &mut Vec<Diagnostic>| {
        let (found, place) = texts(node, key, errors)?;
        Some((found.into_iter().map(|(text, _)| text).collect(), place))
    };
    let refused = exact("refused", errors);
    let denied = exact("denied", errors);
    let error =
        optional_text(node, "error", errors).map(|text| (text, node.locate("error").clone()));
    let nothing =
        node.get("expect").is_none() && refused.is_none() && denied.is_none() && error.is_none();
    if nothing {
        let message = "a test expects something: `expect`, `refused`, `denied` or `error`";
        errors.push(Diagnostic::error(node.location.clone(), message));
    }
    if error.is_some() && (node.get("expect").is_some() || refused.is_some() || denied.is_some()) {
        let message = "a test that expects an error has no plan to check";
        errors.push(Diagnostic::error(node.locate("error").clone(), message));
    }
    Some(Case {
        name: name?,
        location: node.location.clone(),
        variant: own,
        live,
        allow,
        expect,
        refused,
        denied,
        error,
    })
}

type Texts = (Vec<(Arc<str>, Location)>, Location);

/// The texts under `key`, if it is there.
fn texts(node: &Node, key: &str, errors: &mut Vec<Diagnostic>) -> Option<Texts> {
    node.get(key)?;
    let mut found = Vec::new();
    for item in items(node, key, errors) {
        match item.as_str() {
            Some(text) => found.push((Arc::from(text), item.location.clone())),
            None => {
                let message = format!("{key} takes a list of texts, not {}", item.describe());
                errors.push(Diagnostic::error(item.location.clone(), message));
            }
        }
    }
    Some((found, node.locate(key).clone()))
}

fn expect(node: &Node, errors: &mut Vec<Diagnostic>) -> Option<Expect> {
    let (that, message) = match &node.value {
        Yaml::String(_) => (node, None),
        Yaml::Map(_) => {
            known_keys(node, &["that", "message"], "an expectation", errors);
            text_of(node, "that", errors)?;
            let message = optional_text(node, "message", errors);
            (node.get("that")?, message)
        }
        _ => {
            let message = format!(
                "an expectation is an expression, or `that` with a `message`, not {}",
                node.describe()
            );
            errors.push(Diagnostic::error(node.location.clone(), message));
            return None;
        }
    };
    let text = that.as_str()?.trim();
    let inner = text.strip_prefix("${").and_then(|t| t.strip_suffix('}'));
    let text = inner.unwrap_or(text);
    match Expression::parse(text, &that.location) {
        Ok(expression) => {
            scope::check(&expression, errors);
            Some(Expect {
                text: text.into(),
                expression,
                message,
            })
        }
        Err(error) => {
            errors.push(error);
            None
        }
    }
}
