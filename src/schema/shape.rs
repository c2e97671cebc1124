//! The shape of a property: the subset of JSON Schema that the CloudFormation registry uses.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Deserializer};
use serde_json::Value as Json;

/// What a value may look like. Every part is optional; what is absent is not checked.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Shape {
    /// The types allowed; empty means any.
    #[serde(rename = "type", deserialize_with = "one_or_many")]
    pub types: Vec<Type>,
    /// `#/definitions/NAME`.
    #[serde(rename = "$ref")]
    pub reference: Option<Arc<str>>,
    /// The only values allowed.
    #[serde(rename = "enum")]
    pub allowed: Option<Vec<Json>>,
    /// The value AWS takes when the property is not set.
    pub default: Option<Json>,
    /// A regular expression that text matches somewhere.
    pub pattern: Option<Arc<str>>,
    /// The least number.
    pub minimum: Option<f64>,
    /// The greatest number.
    pub maximum: Option<f64>,
    /// The least number of characters.
    pub min_length: Option<usize>,
    /// The greatest number of characters.
    pub max_length: Option<usize>,
    /// The least number of items.
    pub min_items: Option<usize>,
    /// The greatest number of items.
    pub max_items: Option<usize>,
    /// Whether items differ from each other.
    pub unique_items: bool,
    /// `Some(false)` when AWS does not keep the order of items.
    pub insertion_order: Option<bool>,
    /// The shape of a list's items.
    pub items: Option<Box<Shape>>,
    /// The shapes of an object's entries.
    pub properties: Option<BTreeMap<Arc<str>, Shape>>,
    /// Shapes of entries by a pattern of their names; with it, unknown names are allowed.
    pub pattern_properties: Option<BTreeMap<Arc<str>, Shape>>,
    /// What entries other than `properties` may be.
    pub additional_properties: Option<Additional>,
    /// Entries that an object must have.
    pub required: Vec<Arc<str>>,
    /// Alternatives of which at least one fits.
    pub any_of: Vec<Shape>,
    /// Alternatives of which one fits.
    pub one_of: Vec<Shape>,
}

/// What an object's other entries may be.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Additional {
    /// Anything, or nothing.
    Allowed(bool),
    /// What has this shape.
    Shaped(Box<Shape>),
}

/// A JSON type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Type {
    /// An object.
    Object,
    /// A list.
    Array,
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// Nothing.
    Null,
}

impl Type {
    /// The type as JSON Schema calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Array => "array",
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Null => "null",
        }
    }

    /// The type in words, with its article.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Object => "an object",
            Self::Array => "a list",
            Self::String => "text",
            Self::Integer => "a whole number",
            Self::Number => "a number",
            Self::Boolean => "true or false",
            Self::Null => "nothing",
        }
    }
}

impl Shape {
    /// Whether `kind` is among the types that are named.
    pub fn is(&self, kind: Type) -> bool {
        self.types.contains(&kind)
    }

    /// Whether AWS treats a list as a set, so that its order is no difference.
    pub fn is_set(&self) -> bool {
        self.insertion_order == Some(false)
    }
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Type>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany {
        One(Type),
        Many(Vec<Type>),
    }
    Ok(match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(one) => vec![one],
        OneOrMany::Many(many) => many,
    })
}
