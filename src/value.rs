//! Property values: what a resource's properties are made of.
//!
//! A [`Value`] is JSON plus three symbolic forms, for what only the cloud can answer: a
//! [`Reference`] to another resource's attribute, text with references inside it, and the base64
//! of such text. Symbolic values are data, not code: they print as `${address.Path}`, survive a
//! round trip through JSON, and become plain values once [`Value::resolve`] is given the answers.
//!
//! Maps are sorted vectors ([`Map`]), so that printing order never depends on insertion order and
//! a resource stays within a few kilobytes.

use std::fmt;
use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

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

impl From<serde_json::Value> for Value {
    fn from(json: serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(truth) => Self::Bool(truth),
            serde_json::Value::Number(number) => match number.as_i64() {
                Some(int) => Self::Int(int),
                None => Self::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            serde_json::Value::String(text) => Self::str(text),
            serde_json::Value::Array(items) => {
                Self::List(items.into_iter().map(Self::from).collect())
            }
            serde_json::Value::Object(entries) => Self::Map(
                entries
                    .into_iter()
                    .map(|(key, value)| (Arc::from(key), Self::from(value)))
                    .collect(),
            ),
        }
    }
}

/// The key under which a [`Reference`] is written in JSON: `{"$ref": "us-east-1/db#Endpoint.Port"}`.
const REF: &str = "$ref";
/// The key under which text with references is written in JSON: a list of strings and references.
const TEXT: &str = "$text";
/// The key under which symbolic base64 is written in JSON.
const BASE64: &str = "$base64";

impl From<&Value> for serde_json::Value {
    fn from(value: &Value) -> Self {
        let wrap = |key: &str, inner: Self| {
            let mut object = serde_json::Map::new();
            object.insert(key.to_owned(), inner);
            Self::Object(object)
        };
        let reference =
            |r: &Reference| wrap(REF, Self::String(format!("{}#{}", r.address, r.path)));
        match value {
            Value::Null => Self::Null,
            Value::Bool(truth) => Self::Bool(*truth),
            Value::Int(number) => Self::from(*number),
            Value::Float(number) => Self::from(*number),
            Value::String(text) => Self::from(&**text),
            Value::List(items) => Self::Array(items.iter().map(Self::from).collect()),
            Value::Map(map) => Self::Object(
                map.iter()
                    .map(|(key, value)| (key.to_string(), Self::from(value)))
                    .collect(),
            ),
            Value::Reference(r) => reference(r),
            Value::Text(parts) => wrap(
                TEXT,
                parts
                    .iter()
                    .map(|part| match part {
                        Part::Literal(literal) => Self::from(&**literal),
                        Part::Reference(r) => reference(r),
                    })
                    .collect(),
            ),
            Value::Base64(inner) => wrap(BASE64, Self::from(&**inner)),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::Value::from(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let plain = Self::from(serde_json::Value::deserialize(deserializer)?);
        revive(plain).map_err(D::Error::custom)
    }
}

/// Turns the JSON spellings of symbolic values back into symbolic values.
fn revive(value: Value) -> Result<Value, String> {
    Ok(match value {
        Value::List(items) => Value::List(items.into_iter().map(revive).collect::<Result<_, _>>()?),
        Value::Map(map) => {
            if let [(key, inner)] = map.entries() {
                match &**key {
                    REF => return revive_reference(inner).map(Value::Reference),
                    BASE64 => return Ok(Value::Base64(Arc::new(revive(inner.clone())?))),
                    TEXT => {
                        let mut text = TextBuilder::default();
                        for part in inner.as_list().ok_or("$text takes a list")? {
                            text.push_value(&revive(part.clone())?);
                        }
                        return Ok(text.finish());
                    }
                    _ => {}
                }
            }
            Value::Map(
                map.into_iter()
                    .map(|(key, value)| Ok((key, revive(value)?)))
                    .collect::<Result<_, String>>()?,
            )
        }
        plain => plain,
    })
}

fn revive_reference(value: &Value) -> Result<Arc<Reference>, String> {
    let text = value.as_str().ok_or("$ref takes ADDRESS#PATH")?;
    let (address, path) = text
        .split_once('#')
        .ok_or_else(|| format!("{text:?} is not ADDRESS#PATH"))?;
    Ok(Arc::new(Reference {
        address: address.parse().map_err(|e| format!("{e}"))?,
        path: path.into(),
    }))
}

/// An object's entries, sorted by key.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Map(Vec<(Arc<str>, Value)>);

impl Map {
    /// An empty map.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    fn find(&self, key: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(have, _)| (**have).cmp(key))
    }

    /// The value under `key`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.find(key).ok().map(|index| &self.0[index].1)
    }

    /// The value under `key`, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.find(key).ok().map(|index| &mut self.0[index].1)
    }

    /// Sets `key`, returning what stood there.
    pub fn insert(&mut self, key: impl Into<Arc<str>>, value: Value) -> Option<Value> {
        let key = key.into();
        match self.find(&key) {
            Ok(index) => Some(std::mem::replace(&mut self.0[index].1, value)),
            Err(index) => {
                self.0.insert(index, (key, value));
                None
            }
        }
    }

    /// Takes `key` out.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        self.find(key).ok().map(|index| self.0.remove(index).1)
    }

    /// Whether `key` is set.
    pub fn contains_key(&self, key: &str) -> bool {
        self.find(key).is_ok()
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The entries, sorted by key.
    pub fn entries(&self) -> &[(Arc<str>, Value)] {
        &self.0
    }

    /// The entries, sorted by key.
    pub fn iter(&self) -> std::slice::Iter<'_, (Arc<str>, Value)> {
        self.0.iter()
    }
}

impl Serialize for Map {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

impl<'de> Deserialize<'de> for Map {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Map(map) => Ok(map),
            other => Err(D::Error::custom(format!(
                "expected an object, found {other}"
            ))),
        }
    }
}

impl FromIterator<(Arc<str>, Value)> for Map {
    /// Collects entries; of two with one key the later wins.
    fn from_iter<I: IntoIterator<Item = (Arc<str>, Value)>>(entries: I) -> Self {
        let mut entries: Vec<_> = entries.into_iter().collect();
        if !entries.is_sorted_by(|a, b| a.0 < b.0) {
            entries.reverse();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            entries.dedup_by(|later, earlier| later.0 == earlier.0);
        }
        entries.shrink_to_fit();
        Self(entries)
    }
}

impl IntoIterator for Map {
    type Item = (Arc<str>, Value);
    type IntoIter = std::vec::IntoIter<Self::Item>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Map {
    type Item = &'a (Arc<str>, Value);
    type IntoIter = std::slice::Iter<'a, (Arc<str>, Value)>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
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
