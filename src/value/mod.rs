//! Property values: what a resource's properties are made of.
//!
//! A [`Value`] is JSON plus three symbolic forms, for what only the cloud can answer: a
//! [`Reference`] to another resource's attribute, text with references inside it, and the base64
//! of such text. Symbolic values are data, not code: they print as `${address.Path}`, survive a
//! round trip through JSON, and become plain values once [`Value::resolve`] is given the answers.
//!
//! Maps are sorted vectors ([`Map`]), so that printing order never depends on insertion order and
//! a resource stays within a few kilobytes.

mod encoded;
pub mod hidden;
mod json;
mod map;
pub mod shell;
pub mod wildcard;

pub use encoded::{base64_gzip, decoded_text, settings};
pub use map::Map;

use std::fmt;
use std::sync::Arc;

use crate::address::Address;

/// A property value, possibly symbolic.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// JSON `null`; never sent to a provider, only used while compiling.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A number with a fraction.
    Float(f64),
    /// Text.
    String(Arc<str>),
    /// An ordered list.
    List(Vec<Value>),
    /// An object.
    Map(Map),
    /// An attribute of another resource that is not known before that resource exists.
    Reference(Arc<Reference>),
    /// Text with references inside.
    Text(Arc<[Part]>),
    /// Base64 of a value that is still symbolic.
    Base64(Arc<Value>),
}

/// A resource's attribute, such as `us-east-1/db` and `Endpoint.Address`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// The resource asked.
    pub address: Address,
    /// The attribute's path, steps separated by dots.
    pub path: Arc<str>,
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${{{}.{}}}", self.address, self.path)
    }
}

/// A piece of [`Value::Text`].
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Text as it stands.
    Literal(Arc<str>),
    /// A value to be inserted.
    Reference(Arc<Reference>),
}

impl Value {
    /// A string value.
    pub fn str(text: impl Into<Arc<str>>) -> Self {
        Self::String(text.into())
    }

    /// A list of values.
    pub fn list(items: impl IntoIterator<Item = Value>) -> Self {
        Self::List(items.into_iter().collect())
    }

    /// What it is in words, for messages that must not tell what may be secret.
    pub fn noun(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "a boolean",
            Self::Int(_) | Self::Float(_) => "a number",
            Self::String(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "an object",
            Self::Reference(_) | Self::Text(_) | Self::Base64(_) => "a reference",
        }
    }

    /// The text of a [`Value::String`].
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The number of a [`Value::Int`].
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// A whole number, also one that is written as text: CloudFormation has many so.
    pub fn as_number(&self) -> Option<i64> {
        self.as_int().or_else(|| self.as_str()?.parse().ok())
    }

    /// The truth of a [`Value::Bool`].
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// The entries of a [`Value::Map`].
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The items of a [`Value::List`].
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// What a dotted path leads to: map keys, and indices into lists.
    pub fn at(&self, path: &str) -> Option<&Value> {
        path.split('.').try_fold(self, |value, step| match value {
            Self::Map(map) => map.get(step),
            Self::List(items) => items.get(step.parse::<usize>().ok()?),
            _ => None,
        })
    }

    /// Calls `visit` for every reference in this value, in order.
    pub fn for_each_reference<'a>(&'a self, visit: &mut dyn FnMut(&'a Arc<Reference>)) {
        match self {
            Self::Reference(reference) => visit(reference),
            Self::Text(parts) => {
                for part in parts.iter() {
                    if let Part::Reference(reference) = part {
                        visit(reference);
                    }
                }
            }
            Self::Base64(inner) => inner.for_each_reference(visit),
            Self::List(items) => items.iter().for_each(|item| item.for_each_reference(visit)),
            Self::Map(map) => map
                .iter()
                .for_each(|(_, value)| value.for_each_reference(visit)),
            _ => {}
        }
    }

    /// Whether anything in this value waits for the cloud.
    pub fn is_symbolic(&self) -> bool {
        let mut symbolic = false;
        self.for_each_reference(&mut |_| symbolic = true);
        symbolic
    }

    /// This value with what waits for the cloud as the text that a plan prints, such as
    /// `${us-east-1/vpc.VpcId}`, so that it can be compared.
    pub fn printed(&self) -> Value {
        match self {
            Self::Reference(_) | Self::Text(_) | Self::Base64(_) => Self::str(self.to_string()),
            Self::List(items) => Self::list(items.iter().map(Self::printed)),
            Self::Map(map) => Self::Map(
                map.iter()
                    .map(|(key, value)| (key.clone(), value.printed()))
                    .collect(),
            ),
            plain => plain.clone(),
        }
    }

    /// This value with every reference that `answer` knows replaced by its answer. What it does
    /// not know stays symbolic.
    pub fn resolve(&self, answer: &dyn Fn(&Reference) -> Option<Value>) -> Value {
        match self {
            Self::Reference(reference) => answer(reference).unwrap_or_else(|| self.clone()),
            Self::Text(parts) => {
                let mut text = TextBuilder::default();
                for part in parts.iter() {
                    match part {
                        Part::Literal(literal) => text.push_str(literal),
                        Part::Reference(reference) => match answer(reference) {
                            Some(value) => text.push_value(&value),
                            None => text.push_reference(reference.clone()),
                        },
                    }
                }
                text.finish()
            }
            Self::Base64(inner) => base64_of(inner.resolve(answer)),
            Self::List(items) => {
                Self::List(items.iter().map(|item| item.resolve(answer)).collect())
            }
            Self::Map(map) => Self::Map(
                map.iter()
                    .map(|(key, value)| (key.clone(), value.resolve(answer)))
                    .collect(),
            ),
            plain => plain.clone(),
        }
    }
}

/// Base64 of `value`: text when it is plain, symbolic otherwise.
pub fn base64_of(value: Value) -> Value {
    use base64::Engine as _;
    match &value {
        Value::String(text) => {
            Value::str(base64::engine::general_purpose::STANDARD.encode(text.as_bytes()))
        }
        _ => Value::Base64(Arc::new(value)),
    }
}

/// Collects text that may hold references, joining neighbouring literals.
#[derive(Default)]
pub struct TextBuilder {
    parts: Vec<Part>,
    literal: String,
}

impl TextBuilder {
    /// Appends plain text.
    pub fn push_str(&mut self, text: &str) {
        self.literal.push_str(text);
    }

    /// Appends a reference.
    pub fn push_reference(&mut self, reference: Arc<Reference>) {
        self.flush();
        self.parts.push(Part::Reference(reference));
    }

    /// Appends a value as text: strings bare, everything else as it prints.
    pub fn push_value(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.literal.push_str(text),
            Value::Reference(reference) => self.push_reference(reference.clone()),
            Value::Text(parts) => {
                for part in parts.iter() {
                    match part {
                        Part::Literal(literal) => self.push_str(literal),
                        Part::Reference(reference) => self.push_reference(reference.clone()),
                    }
                }
            }
            other => {
                use fmt::Write as _;
                // Writing to a String cannot fail.
                let _ = write!(self.literal, "{other}");
            }
        }
    }

    fn flush(&mut self) {
        if !self.literal.is_empty() {
            let literal = std::mem::take(&mut self.literal);
            self.parts.push(Part::Literal(literal.into()));
        }
    }

    /// The finished value: a string if there was no reference, a bare reference if that was all.
    pub fn finish(mut self) -> Value {
        if self.parts.is_empty() {
            return Value::str(self.literal);
        }
        self.flush();
        match self.parts.as_slice() {
            [Part::Reference(only)] => Value::Reference(only.clone()),
            _ => Value::Text(self.parts.into()),
        }
    }
}

/// Prints JSON on one line, with symbolic values as `${...}`; strings at the top are bare.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn nested(value: &Value, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            match value {
                Value::String(text) => write!(f, "{}", serde_json::Value::from(&**text)),
                Value::Text(_) => write!(f, "\"{value}\""),
                other => write!(f, "{other}"),
            }
        }
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(truth) => write!(f, "{truth}"),
            Self::Int(number) => write!(f, "{number}"),
            Self::Float(number) => write!(f, "{number}"),
            Self::String(text) => f.write_str(text),
            Self::Reference(reference) => write!(f, "{reference}"),
            Self::Text(parts) => parts.iter().try_for_each(|part| match part {
                Part::Literal(literal) => f.write_str(literal),
                Part::Reference(reference) => write!(f, "{reference}"),
            }),
            Self::Base64(inner) => write!(f, "base64({inner})"),
            Self::List(items) => {
                f.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        f.write_str(", ")?;
                    }
                    nested(item, f)?;
                }
                f.write_str("]")
            }
            Self::Map(map) => {
                f.write_str("{")?;
                for (index, (key, value)) in map.iter().enumerate() {
                    if index > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{key}: ")?;
                    nested(value, f)?;
                }
                f.write_str("}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(address: &str, path: &str) -> Value {
        Value::Reference(Arc::new(Reference {
            address: address.parse().unwrap(),
            path: path.into(),
        }))
    }

    #[test]
    fn symbolic_values_survive_json() {
        let mut text = TextBuilder::default();
        text.push_str("https://");
        text.push_value(&reference("us-east-1/alb", "DNSName"));
        let text = text.finish();
        let mut map = Map::new();
        map.insert("b", base64_of(text.clone()));
        map.insert(
            "a",
            Value::list([reference("us-east-1/s[a]", "SubnetId"), text]),
        );
        let value = Value::Map(map);
        let json = serde_json::to_string(&value).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), value);
    }

    #[test]
    fn resolving_joins_text_and_encodes_base64() {
        let mut text = TextBuilder::default();
        text.push_str("db=");
        text.push_value(&reference("us-east-1/db", "Endpoint.Port"));
        let value = base64_of(text.finish());
        assert!(value.is_symbolic());
        assert_eq!(
            value.to_string(),
            "base64(db=${us-east-1/db.Endpoint.Port})"
        );
        let resolved = value.resolve(&|_| Some(Value::Int(5432)));
        assert_eq!(resolved, Value::str("ZGI9NTQzMg=="));
    }

    #[test]
    fn the_later_of_two_equal_keys_wins() {
        let map: Map = [("b", 1), ("a", 2), ("b", 3)]
            .map(|(key, number)| (Arc::from(key), Value::Int(number)))
            .into_iter()
            .collect();
        assert_eq!(Value::Map(map).to_string(), "{a: 2, b: 3}");
    }
}
