//! Between property values and the AWS SDK's types.
//!
//! The SDK takes and gives Rust structs; blueprints speak CloudFormation's JSON. [`Read`] turns what
//! the SDK gives into a [`Value`], [`Fill`] a [`Value`] into what it takes, by AWS's own member
//! names. `super::sdk`, which `schemas/bind.py` writes, says for each type which field has which
//! name; the macros here make the code of it. So a mapping is written in AWS's names from end to
//! end, every operation takes all its parameters, and a name that an operation does not know is an
//! error, never dropped.

use std::collections::HashMap;
use std::hash::Hash;

use aws_smithy_types::date_time::Format;
use aws_smithy_types::error::operation::BuildError;
use aws_smithy_types::{Blob, DateTime};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::value::{Map, Value};

/// A value that does not fit what the SDK takes.
#[derive(Debug)]
pub struct Misfit(pub String);

impl From<BuildError> for Misfit {
    fn from(error: BuildError) -> Self {
        Self(error.to_string())
    }
}

/// What the SDK gives, as a value.
pub trait Read {
    /// `None` for what is not there.
    fn read(self) -> Option<Value>;
}

/// What the SDK takes, from a value.
pub trait Fill: Sized {
    /// # Errors
    /// When the value is of another type, or has members that this type has not.
    fn fill(value: &Value) -> Result<Self, Misfit>;
}

/// The end of a builder: some may fail, some may not.
pub trait Finish<T> {
    /// # Errors
    /// When something that is required is missing.
    fn finish(self) -> Result<T, Misfit>;
}

impl<T> Finish<T> for Result<T, BuildError> {
    fn finish(self) -> Result<T, Misfit> {
        Ok(self?)
    }
}

/// The members that an operation or a type is given, each to be taken once.
pub struct Given<'a> {
    members: &'a Map,
    taken: usize,
    known: Vec<&'static str>,
}

impl<'a> Given<'a> {
    /// All of `members`.
    pub fn new(members: &'a Map) -> Self {
        Self {
            members,
            taken: 0,
            known: Vec::new(),
        }
    }

    /// Those of an object.
    ///
    /// # Errors
    /// When `value` is none.
    pub fn of(value: &'a Value) -> Result<Self, Misfit> {
        match value {
            Value::Map(members) => Ok(Self::new(members)),
            other => Err(misfit("an object", other)),
        }
    }

    /// The member called `name`, if it is given.
    ///
    /// # Errors
    /// When it does not fit.
    pub fn take<T: Fill>(&mut self, name: &'static str) -> Result<Option<T>, Misfit> {
        self.known.push(name);
        let Some(value) = self.members.get(name) else {
            return Ok(None);
        };
        self.taken += 1;
        match T::fill(value) {
            Ok(filled) => Ok(Some(filled)),
            Err(Misfit(why)) => Err(Misfit(format!("{name}: {why}"))),
        }
    }

    /// # Errors
    /// When something was given that nothing has taken.
    pub fn end(self) -> Result<(), Misfit> {
        if self.taken == self.members.len() {
            return Ok(());
        }
        let left = self
            .members
            .iter()
            .find(|(name, _)| !self.known.contains(&&**name));
        match left {
            Some((name, _)) => Err(Misfit(format!("{name} is not known here"))),
            None => Ok(()),
        }
    }
}

fn misfit(wanted: &str, value: &Value) -> Misfit {
    Misfit(format!("{wanted} is needed, not {}", value.noun()))
}

/// A scalar as text: CloudFormation writes some texts as numbers or booleans.
///
/// # Errors
/// When it is no scalar.
pub fn text(value: &Value) -> Result<String, Misfit> {
    match value {
        Value::String(text) => Ok(text.to_string()),
        Value::Int(_) | Value::Bool(_) | Value::Float(_) => Ok(value.to_string()),
        other => Err(misfit("text", other)),
    }
}

impl Read for String {
    fn read(self) -> Option<Value> {
        Some(Value::str(self))
    }
}

impl Fill for String {
    fn fill(value: &Value) -> Result<Self, Misfit> {
        text(value)
    }
}

impl Read for bool {
    fn read(self) -> Option<Value> {
        Some(Value::Bool(self))
    }
}

impl Fill for bool {
    fn fill(value: &Value) -> Result<Self, Misfit> {
        match value {
            Value::Bool(truth) => Ok(*truth),
            Value::String(text) if &**text == "true" => Ok(true),
            Value::String(text) if &**text == "false" => Ok(false),
            other => Err(misfit("true or false", other)),
        }
    }
}

macro_rules! number {
    ($($kind:ty, $form:ident, $wide:ty);*) => {$(
        impl Read for $kind {
            fn read(self) -> Option<Value> {
                Some(Value::$form(self.into()))
            }
        }

        impl Fill for $kind {
            fn fill(value: &Value) -> Result<Self, Misfit> {
                let text = text(value)?;
                text.parse().map_err(|_| Misfit(format!("{text:?} is not a number that fits")))
            }
        }
    )*};
}

number!(i32, Int, i64; i64, Int, i64; f32, Float, f64; f64, Float, f64);

impl Read for DateTime {
    fn read(self) -> Option<Value> {
        self.fmt(Format::DateTime).ok().map(Value::str)
    }
}

impl Fill for DateTime {
    fn fill(value: &Value) -> Result<Self, Misfit> {
        let text = text(value)?;
        Self::from_str(&text, Format::DateTime)
            .map_err(|error| Misfit(format!("{text:?} is no moment: {error}")))
    }
}

impl Read for Blob {
    fn read(self) -> Option<Value> {
        Some(Value::str(STANDARD.encode(self.as_ref())))
    }
}

impl Fill for Blob {
    fn fill(value: &Value) -> Result<Self, Misfit> {
        let text = text(value)?;
        let bytes = STANDARD
            .decode(&text)
            .map_err(|error| Misfit(format!("this is no Base64: {error}")))?;
        Ok(Self::new(bytes))
    }
}

impl<T: Read> Read for Option<T> {
    fn read(self) -> Option<Value> {
        self?.read()
    }
}

impl<T: Read> Read for Box<T> {
    fn read(self) -> Option<Value> {
        (*self).read()
    }
}

impl<T: Fill> Fill for Box<T> {
    fn fill(value: &Value) -> Result<Self, Misfit> {
        T::fill(value).map(Self::new)
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(self) -> Option<Value> {
        Some(Value::list(self.into_iter().filter_map(Read::read)))
    }
}

impl<T: Fill> Fill for Vec<T> {
    fn fill(value: &Value) -> Result<Self, Misfit> {
        let Value::List(items) = value else {
            return Err(misfit("a list", value));
        };
        items
            .iter()
            .enumerate()
            .map(|(index, item)| {
                T::fill(item).map_err(|Misfit(why)| Misfit(format!("{index}: {why}")))
            })
            .collect()
    }
}

impl<K: AsRef<str> + Eq + Hash, T: Read> Read for HashMap<K, T> {
    fn read(self) -> Option<Value> {
        let mut map = Map::new();
        for (key, value) in self {
            if let Some(value) = value.read() {
                map.insert(key.as_ref(), value);
            }
        }
        Some(Value::Map(map))
    }
}

impl<K: for<'a> From<&'a str> + Eq + Hash, T: Fill> Fill for HashMap<K, T> {
    fn fill(value: &Value) -> Result<Self, Misfit> {
        let Value::Map(map) = value else {
            return Err(misfit("an object", value));
        };
        map.iter()
            .map(|(key, value)| match T::fill(value) {
                Ok(filled) => Ok((K::from(key), filled)),
                Err(Misfit(why)) => Err(Misfit(format!("{key}: {why}"))),
            })
            .collect()
    }
}

/// An enum of words.
macro_rules! word {
    ($name:ident) => {
        impl $crate::provider::aws::convert::Read for sdk::types::$name {
            fn read(self) -> Option<$crate::value::Value> {
                Some($crate::value::Value::str(self.as_str()))
            }
        }

        impl $crate::provider::aws::convert::Fill for sdk::types::$name {
            fn fill(
                value: &$crate::value::Value,
            ) -> Result<Self, $crate::provider::aws::convert::Misfit> {
                Ok(Self::from(&*$crate::provider::aws::convert::text(value)?))
            }
        }
    };
}

/// A struct: which member is which field, and its builder's setter.
macro_rules! record {
    (readfill $name:ident, $members:tt) => {
        $crate::provider::aws::convert::record!(read $name, $members);
        $crate::provider::aws::convert::record!(fill $name, $members);
    };
    (read $name:ident, [$($wire:literal $field:ident $setter:ident)*]) => {
        impl $crate::provider::aws::convert::Read for sdk::types::$name {
            fn read(self) -> Option<$crate::value::Value> {
                #[allow(unused_mut, reason = "some have no members")]
                let mut map = $crate::value::Map::new();
                $(if let Some(value) = $crate::provider::aws::convert::Read::read(self.$field) {
                    map.insert($wire, value);
                })*
                Some($crate::value::Value::Map(map))
            }
        }
    };
    (fill $name:ident, [$($wire:literal $field:ident $setter:ident)*]) => {
        impl $crate::provider::aws::convert::Finish<Self> for sdk::types::$name {
            fn finish(self) -> Result<Self, $crate::provider::aws::convert::Misfit> {
                Ok(self)
            }
        }

        impl $crate::provider::aws::convert::Fill for sdk::types::$name {
            fn fill(
                value: &$crate::value::Value,
            ) -> Result<Self, $crate::provider::aws::convert::Misfit> {
                #[allow(unused_mut, reason = "some have no members")]
                let mut given = $crate::provider::aws::convert::Given::of(value)?;
                let builder = Self::builder()$(.$setter(given.take($wire)?))*;
                given.end()?;
                $crate::provider::aws::convert::Finish::finish(builder.build())
            }
        }
    };
}

/// An enum with one of several members.
macro_rules! union {
    (readfill $name:ident, $members:tt) => {
        $crate::provider::aws::convert::union!(read $name, $members);
        $crate::provider::aws::convert::union!(fill $name, $members);
    };
    (read $name:ident, [$($wire:literal $variant:ident)*]) => {
        impl $crate::provider::aws::convert::Read for sdk::types::$name {
            fn read(self) -> Option<$crate::value::Value> {
                let (name, value) = match self {
                    $(Self::$variant(inner) => ($wire, $crate::provider::aws::convert::Read::read(inner)?),)*
                    _ => return None,
                };
                let mut map = $crate::value::Map::new();
                map.insert(name, value);
                Some($crate::value::Value::Map(map))
            }
        }
    };
    (fill $name:ident, [$($wire:literal $variant:ident)*]) => {
        impl $crate::provider::aws::convert::Fill for sdk::types::$name {
            fn fill(
                value: &$crate::value::Value,
            ) -> Result<Self, $crate::provider::aws::convert::Misfit> {
                let mut given = $crate::provider::aws::convert::Given::of(value)?;
                let mut found = None;
                $(if let Some(inner) = given.take($wire)? {
                    found = Some(Self::$variant(inner));
                })*
                given.end()?;
                found.ok_or_else(|| {
                    $crate::provider::aws::convert::Misfit("one of its members is needed".to_owned())
                })
            }
        }
    };
}

/// A call: its arguments and what its answer holds.
macro_rules! operation {
    ($name:ident, $operation:literal, [$($wire:literal $setter:ident)*], [$($out:literal $field:ident)*]) => {
        #[doc = concat!("`", $operation, "`, with its parameters by name.")]
        pub async fn $name(
            api: &$crate::provider::aws::call::Api<sdk::Client>,
            input: &$crate::value::Map,
        ) -> $crate::provider::Outcome<$crate::value::Map> {
            let fill = || {
                #[allow(unused_mut, reason = "some take nothing")]
                let mut given = $crate::provider::aws::convert::Given::new(input);
                let request = api.client($operation).$name()$(.$setter(given.take($wire)?))*;
                given.end()?;
                Ok::<_, $crate::provider::aws::convert::Misfit>(request)
            };
            let request = fill().map_err(|misfit| $crate::provider::aws::call::unfit($operation, misfit))?;
            api.admit($operation).await;
            #[allow(unused_variables, reason = "some answer nothing")]
            let answer = Box::pin(request.send())
                .await
                .map_err(|error| $crate::provider::aws::error::refused($operation, error))?;
            #[allow(unused_mut, reason = "some answer nothing")]
            let mut map = $crate::value::Map::new();
            $(if let Some(value) = $crate::provider::aws::convert::Read::read(answer.$field) {
                map.insert($out, value);
            })*
            Ok(map)
        }
    };
}

pub(crate) use {operation, record, union, word};

#[cfg(test)]
mod tests {
    use super::*;

    fn map(json: serde_json::Value) -> Value {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_value_survives_the_sdks_types() {
        let json = serde_json::json!({"IpProtocol": "tcp", "FromPort": 80, "ToPort": 90,
            "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "inside"}]});
        let permission = aws_sdk_ec2::types::IpPermission::fill(&map(json.clone())).unwrap();
        assert_eq!(permission.from_port(), Some(80));
        assert_eq!(permission.read(), Some(map(json)));
    }

    #[test]
    fn numbers_and_booleans_may_be_written_as_text() {
        assert_eq!(i32::fill(&Value::str("42")).unwrap(), 42);
        assert!(bool::fill(&Value::str("true")).unwrap());
        assert_eq!(String::fill(&Value::Int(7)).unwrap(), "7");
        assert!(i32::fill(&Value::str("many")).is_err());
    }

    #[test]
    fn a_member_that_the_sdk_does_not_know_is_an_error() {
        let value = map(serde_json::json!({"CidrIp": "10.0.0.0/8", "Comment": "x"}));
        let Misfit(why) = aws_sdk_ec2::types::IpRange::fill(&value).unwrap_err();
        assert_eq!(why, "Comment is not known here");
    }

    #[test]
    fn what_does_not_fit_says_where() {
        let value = map(serde_json::json!({"IpRanges": [{"CidrIp": ["x"]}]}));
        let Misfit(why) = aws_sdk_ec2::types::IpPermission::fill(&value).unwrap_err();
        assert_eq!(why, "IpRanges: 0: CidrIp: text is needed, not a list");
    }
}
