//! Values in JSON, symbolic ones included, and back.

use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Part, Reference, TextBuilder, Value};

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
