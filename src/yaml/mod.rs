//! YAML with places: every node knows the file, line and column that it came from.
//!
//! Owns the step from text to a tree of [`Node`]s. Parsing itself, and the bounds that keep hostile
//! input harmless (depth, nodes, aliases), are `serde-saphyr`'s (`raw`). The files in the binary were
//! parsed when it was built (`packed`). What the tree means is decided by the spec and the
//! blueprints, which report their findings at these places.

pub mod fields;
mod logins;
mod packed;
mod quote;
mod raw;
mod words;

pub use packed::builtin;
pub use quote::{quote, quote_files};

use std::sync::Arc;

use serde_saphyr::Spanned;

use self::raw::Raw;
use crate::diagnostic::{Diagnostic, Location};
use crate::value::Value;

/// The largest file read, in bytes. A spec of a hundred services has about 50 kB; past this size it
/// is a mistake or an attack.
const MAX_BYTES: usize = 1 << 20;

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Yaml,
    /// Where it starts. For the target of an alias: where the alias stands.
    pub location: Location,
}

/// What a node can be: YAML 1.2's core schema.
#[derive(Clone, Debug, PartialEq)]
pub enum Yaml {
    /// Nothing, `null` or `~`.
    Null,
    /// `true` or `false`; YAML 1.1's `yes` and `on` are text.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A number with a fraction or an exponent, or one too large for an integer.
    Float(f64),
    /// Text.
    String(Arc<str>),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order of the file.
    Map(Vec<(Key, Node)>),
}

/// A mapping's key and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The key.
    pub text: Arc<str>,
    /// Where.
    pub location: Location,
}

impl Node {
    /// The value under `key`, if this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match &self.value {
            Yaml::Map(entries) => entries
                .iter()
                .find(|(have, _)| &*have.text == key)
                .map(|(_, node)| node),
            _ => None,
        }
    }

    /// The text, if this is text.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Yaml::String(text) => Some(text),
            _ => None,
        }
    }

    /// Where a dotted path stands: the key of its last step, or of the last step that exists.
    pub fn locate(&self, path: &str) -> &Location {
        let mut node = self;
        let mut place = &self.location;
        let mut rest = path;
        while !rest.is_empty() {
            let next = match &node.value {
                // A key may hold dots itself, so the longest key that fits wins.
                Yaml::Map(entries) => entries
                    .iter()
                    .filter(|(key, _)| {
                        rest.strip_prefix(&*key.text)
                            .is_some_and(|tail| tail.is_empty() || tail.starts_with('.'))
                    })
                    .max_by_key(|(key, _)| key.text.len())
                    .map(|(key, node)| (&key.location, node, key.text.len())),
                Yaml::List(items) => {
                    let step = rest.split('.').next().unwrap_or(rest);
                    let item = step
                        .parse::<usize>()
                        .ok()
                        .and_then(|index| items.get(index));
                    item.map(|item| (&item.location, item, step.len()))
                }
                _ => None,
            };
            let Some((found, below, length)) = next else {
                break;
            };
            place = found;
            node = below;
            rest = rest[length..].trim_start_matches('.');
        }
        place
    }

    /// What it is, in words for a message: `a list`, `the text "x"`.
    pub fn describe(&self) -> String {
        match &self.value {
            Yaml::Null => "nothing".to_owned(),
            Yaml::Bool(truth) => format!("{truth}"),
            Yaml::Int(number) => format!("the number {number}"),
            Yaml::Float(number) => format!("the number {number}"),
            Yaml::String(text) if text.chars().count() <= 40 => format!("the text {text:?}"),
            Yaml::String(_) => "a long text".to_owned(),
            Yaml::List(_) => "a list".to_owned(),
            Yaml::Map(_) => "a mapping".to_owned(),
        }
    }

    /// The value without its places.
    pub fn to_value(&self) -> Value {
        match &self.value {
            Yaml::Null => Value::Null,
            Yaml::Bool(truth) => Value::Bool(*truth),
            Yaml::Int(number) => Value::Int(*number),
            Yaml::Float(number) => Value::Float(*number),
            Yaml::String(text) => Value::String(text.clone()),
            Yaml::List(items) => Value::list(items.iter().map(Node::to_value)),
            Yaml::Map(entries) => Value::Map(
                entries
                    .iter()
                    .map(|(key, node)| (key.text.clone(), node.to_value()))
                    .collect(),
            ),
        }
    }
}

/// Reads one YAML document; `file` is the name that messages use.
///
/// # Errors
/// When the text is not YAML, holds a key twice, or exceeds the bounds on size, depth or aliases.
pub fn parse(file: &str, text: &str) -> Result<Node, Diagnostic> {
    let file: Arc<str> = file.into();
    let start = Location {
        file: file.clone(),
        line: 1,
        column: 1,
    };
    if text.len() > MAX_BYTES {
        let message = format!(
            "the file has {} bytes, more than the {MAX_BYTES} that are read",
            text.len()
        );
        return Err(Diagnostic::error(start, message)
            .help("split the application into several specs, or remove generated data"));
    }
    match raw::read(text) {
        Ok(Some(raw)) => Ok(place(raw, &file)),
        Ok(None) => Ok(Node {
            value: Yaml::Null,
            location: start,
        }),
        Err(error) => Err(mistake(&file, text, &error)),
    }
}

/// A text as a value of a type that says itself what it takes.
///
/// # Errors
/// When it is no YAML, or not of that type, with its place.
pub fn typed<T: serde::de::DeserializeOwned>(file: &str, text: &str) -> Result<T, Diagnostic> {
    serde_saphyr::from_str(text).map_err(|error| mistake(&file.into(), text, &error))
}

fn mistake(file: &Arc<str>, text: &str, error: &serde_saphyr::Error) -> Diagnostic {
    let location = match error.location() {
        Some(at) => at_location(file, at),
        None => Location {
            file: file.clone(),
            line: 1,
            column: 1,
        },
    };
    // The parser appends its own place; ours is printed in one form everywhere.
    let message = error.without_snippet().to_string();
    let message = match message.rfind(" at line ") {
        Some(end) => message[..end].to_owned(),
        None => message,
    };
    let (message, help) = words::plain(&message);
    let mut diagnostic = Diagnostic::error(location, message);
    diagnostic.help = help;
    quote::quote_unread(text, &mut diagnostic);
    diagnostic
}

fn at_location(file: &Arc<str>, at: serde_saphyr::Location) -> Location {
    let narrow = |number: u64| u32::try_from(number.max(1)).unwrap_or(u32::MAX);
    Location {
        file: file.clone(),
        line: narrow(at.line()),
        column: narrow(at.column()),
    }
}

fn place(raw: Spanned<Raw>, file: &Arc<str>) -> Node {
    let location = at_location(file, raw.referenced);
    let value = match raw.value {
        Raw::Null => Yaml::Null,
        Raw::Bool(truth) => Yaml::Bool(truth),
        Raw::Int(number) => Yaml::Int(number),
        Raw::Float(number) => Yaml::Float(number),
        Raw::String(text) => Yaml::String(text),
        Raw::List(items) => Yaml::List(items.into_iter().map(|item| place(item, file)).collect()),
        Raw::Map(entries) => Yaml::Map(
            entries
                .into_iter()
                .map(|(key, value)| {
                    let key = Key {
                        location: at_location(file, key.referenced),
                        text: key.value.into(),
                    };
                    (key, place(value, file))
                })
                .collect(),
        ),
    };
    Node { value, location }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(node: &Node) -> (u32, u32) {
        (node.location.line, node.location.column)
    }

    #[test]
    fn every_node_and_key_knows_its_place() {
        let root = parse(
            "a.yaml",
            "app: shop\nservices:\n  web:\n    ports: [80, 'x']\n",
        )
        .unwrap();
        assert_eq!(at(root.get("app").unwrap()), (1, 6));
        let Yaml::Map(entries) = &root.value else {
            panic!("{root:?}")
        };
        assert_eq!(
            (entries[1].0.location.line, entries[1].0.location.column),
            (2, 1)
        );
        let ports = root
            .get("services")
            .and_then(|s| s.get("web"))
            .and_then(|w| w.get("ports"))
            .unwrap();
        let Yaml::List(items) = &ports.value else {
            panic!("{ports:?}")
        };
        assert_eq!(items[0].value, Yaml::Int(80));
        assert_eq!(at(&items[1]), (4, 17));
        assert_eq!(items[1].value, Yaml::String("x".into()));
    }

    #[test]
    fn booleans_are_those_of_yaml_1_2() {
        let root = parse("a.yaml", "a: yes\nb: true\nc: off\nd: ~\ne:\n").unwrap();
        assert_eq!(root.get("a").unwrap().value, Yaml::String("yes".into()));
        assert_eq!(root.get("b").unwrap().value, Yaml::Bool(true));
        assert_eq!(root.get("c").unwrap().value, Yaml::String("off".into()));
        assert_eq!(root.get("d").unwrap().value, Yaml::Null);
        assert_eq!(root.get("e").unwrap().value, Yaml::Null);
    }

    #[test]
    fn an_empty_file_is_nothing() {
        for text in ["", "# only a comment\n", "---\n"] {
            assert_eq!(parse("a.yaml", text).unwrap().value, Yaml::Null, "{text:?}");
        }
    }

    #[test]
    fn a_key_that_stands_twice_is_an_error_at_the_second() {
        let error = parse("a.yaml", "app: a\nstage: b\napp: c\n").unwrap_err();
        assert_eq!(error.location.as_ref().unwrap().to_string(), "a.yaml:3:1");
        assert_eq!(error.line.as_deref(), Some("app: c"));
        assert!(error.message.contains("app"), "{}", error.message);
    }

    #[test]
    fn hostile_input_is_an_error_and_never_a_panic() {
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for level in 1..12 {
            let below = format!("*a{}, ", level - 1).repeat(9);
            bomb.push_str(&format!("a{level}: &a{level} [{below}]\n"));
        }
        let inputs = [
            ("deep nesting", "[".repeat(100_000)),
            (
                "deep mappings",
                (0..5_000)
                    .map(|n| format!("{}a:\n", " ".repeat(n)))
                    .collect(),
            ),
            ("alias bomb", bomb),
            ("10 MB scalar", format!("a: {}", "x".repeat(10 << 20))),
            ("unclosed quote", "a: \"b".to_owned()),
            ("tab indentation", "a:\n\tb: 1\n".to_owned()),
            ("undefined alias", "a: *nowhere\n".to_owned()),
            ("recursive alias", "a: &a [*a]\n".to_owned()),
            ("control character", "a: \u{1}\n".to_owned()),
            ("two documents", "a: 1\n---\nb: 2\n".to_owned()),
        ];
        for (name, text) in inputs {
            let error = parse("a.yaml", &text).expect_err(name);
            assert!(
                !error.message.is_empty() && error.location.is_some(),
                "{name}: {error:?}"
            );
        }
    }
}
