//! Whether properties fit their kind. All problems at once, each with what would be right.
//!
//! Symbolic values fit any scalar: what the cloud will answer cannot be checked before it does.
//! Of `anyOf` and `oneOf` only alternatives that name a type, properties or a definition count;
//! those that merely demand combinations of properties are left to AWS.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock, Mutex};

use super::{Additional, KindSchema, Shape, TagStyle, Type, nearest};
use crate::value::{Map, Value};

/// Something that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The dotted path, as the blueprint would have to spell it.
    pub path: String,
    /// What is wrong, as a clause.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
}

/// Everything wrong with `properties` for a kind, ordered by path.
pub fn check_properties(schema: &KindSchema, properties: &Map) -> Vec<Problem> {
    let mut check = Check {
        schema,
        problems: Vec::new(),
    };
    for (name, value) in properties {
        match schema.properties().get(name) {
            None => check.unknown(name, name, &mut schema.properties().keys(), &schema.kind),
            Some(_) if schema.is_read_only(name) && !schema.required().contains(name) => {
                check.report(
                    name,
                    format!("{name} is set by AWS and cannot be specified"),
                    None,
                );
            }
            Some(shape) => check.value(name, shape, value),
        }
    }
    for name in schema.required() {
        if !properties.contains_key(name) {
            check.report(name, format!("{} needs {name}", schema.kind), None);
        }
    }
    if let Some((name, TagStyle::List)) = schema.tags()
        && let Some(Value::List(tags)) = properties.get(name)
    {
        check.tags(name, tags);
    }
    check
        .problems
        .extend(super::limits::check(&schema.kind, properties));
    check.problems.sort_by(|a, b| a.path.cmp(&b.path));
    check.problems
}

struct Check<'a> {
    schema: &'a KindSchema,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn report(&mut self, path: &str, message: String, help: Option<String>) {
        self.problems.push(Problem {
            path: path.to_owned(),
            message,
            help,
        });
    }

    fn unknown(
        &mut self,
        path: &str,
        name: &str,
        known: &mut dyn Iterator<Item = &Arc<str>>,
        of: &str,
    ) {
        let known: Vec<&str> = known.map(|name| &**name).collect();
        let help = match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("it has {}", list(&known)),
        };
        self.report(path, format!("{of} has no property {name}"), Some(help));
    }

    /// A resource has no two tags of one key, which no schema can say.
    fn tags(&mut self, path: &str, tags: &[Value]) {
        let mut seen = BTreeSet::new();
        for (index, tag) in tags.iter().enumerate() {
            if let Some(key) = tag.at("Key").and_then(Value::as_str)
                && !seen.insert(key)
            {
                let message = format!("{path} has {key:?} twice");
                self.report(&format!("{path}.{index}"), message, None);
            }
        }
    }

    fn value(&mut self, path: &str, shape: &Shape, value: &Value) {
        let shape = self.schema.resolve(shape);
        if matches!(
            value,
            Value::Reference(_) | Value::Text(_) | Value::Base64(_)
        ) {
            return;
        }
        if !shape.types.is_empty() && !shape.types.iter().any(|kind| fits(*kind, value)) {
            let wanted: Vec<_> = shape.types.iter().map(|kind| kind.words()).collect();
            let message = format!(
                "{path} must be {}, not {}",
                wanted.join(" or "),
                describe(value)
            );
            self.report(path, message, None);
            return;
        }
        self.alternatives(path, shape, value);
        if let Some(allowed) = &shape.allowed {
            let given = serde_json::Value::from(value);
            if !allowed.contains(&given) {
                let names: Vec<String> = allowed.iter().map(plain).collect();
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                let near = value
                    .as_str()
                    .and_then(|text| nearest(text, names.iter().copied()));
                let help = match near {
                    Some(near) => format!("did you mean {near}?"),
                    None => format!("one of {}", list(&names)),
                };
                self.report(
                    path,
                    format!("{path} cannot be {}", describe(value)),
                    Some(help),
                );
            }
        }
        match value {
            Value::String(text) => self.text(path, shape, text),
            Value::Int(number) => self.number(path, shape, *number as f64),
            Value::Float(number) => self.number(path, shape, *number),
            Value::List(items) => self.items(path, shape, items),
            Value::Map(map) => self.object(path, shape, map),
            _ => {}
        }
    }

    fn alternatives(&mut self, path: &str, shape: &Shape, value: &Value) {
        for choices in [&shape.any_of, &shape.one_of] {
            let choices: Vec<&Shape> = choices
                .iter()
                .filter(|choice| {
                    !choice.types.is_empty()
                        || choice.reference.is_some()
                        || choice.properties.is_some()
                        || choice.allowed.is_some()
                })
                .collect();
            let attempts: Vec<(bool, Vec<Problem>)> = choices
                .iter()
                .map(|choice| {
                    let mut attempt = Check {
                        schema: self.schema,
                        problems: Vec::new(),
                    };
                    attempt.value(path, choice, value);
                    (self.may_be(choice, value), attempt.problems)
                })
                .collect();
            if attempts.is_empty() || attempts.iter().any(|(_, problems)| problems.is_empty()) {
                continue;
            }
            // With one alternative of the right type, its problems are what the user wants to read.
            let mut likely = attempts.into_iter().filter(|(right_type, _)| *right_type);
            match (likely.next(), likely.next()) {
                (Some((_, problems)), None) => self.problems.extend(problems),
                _ => {
                    let words: Vec<&str> = choices
                        .iter()
                        .flat_map(|choice| &self.schema.resolve(choice).types)
                        .filter(|kind| **kind != Type::Null)
                        .map(|kind| kind.words())
                        .collect();
                    let wanted = if words.is_empty() {
                        String::from("one of its forms")
                    } else {
                        words.join(" or ")
                    };
                    let message = format!("{path} must be {wanted}, not {}", describe(value));
                    self.report(path, message, None);
                }
            }
        }
    }

    /// Whether a shape, or one of its alternatives, is of the value's type.
    fn may_be(&self, shape: &Shape, value: &Value) -> bool {
        let shape = self.schema.resolve(shape);
        let mut choices = shape.any_of.iter().chain(&shape.one_of).peekable();
        if !shape.types.is_empty() {
            return shape.types.iter().any(|kind| fits(*kind, value));
        }
        if let Some(allowed) = &shape.allowed {
            let is_like =
                |one: &serde_json::Value| one.is_string() == matches!(value, Value::String(_));
            return allowed.iter().any(is_like);
        }
        choices.peek().is_none() || choices.any(|choice| self.may_be(choice, value))
    }

    fn text(&mut self, path: &str, shape: &Shape, text: &str) {
        let length = text.chars().count();
        if shape.min_length.is_some_and(|least| length < least)
            || shape.max_length.is_some_and(|most| length > most)
        {
            let range = range(shape.min_length, shape.max_length);
            self.report(
                path,
                format!("{path} has {length} characters, not {range}"),
                None,
            );
        }
        // A dynamic reference ({{resolve:ssm:...}}) is replaced by AWS before its own check.
        if let Some(pattern) = &shape.pattern
            && !text.starts_with(super::DYNAMIC)
            && !matches(pattern, text)
        {
            self.report(
                path,
                format!("{path} cannot be {text:?}"),
                Some(pattern_in_words(pattern)),
            );
        }
    }

    fn number(&mut self, path: &str, shape: &Shape, number: f64) {
        if shape.minimum.is_some_and(|least| number < least)
            || shape.maximum.is_some_and(|most| number > most)
        {
            let range = range(shape.minimum, shape.maximum);
            self.report(path, format!("{path} is {number}, not {range}"), None);
        }
    }

    fn items(&mut self, path: &str, shape: &Shape, items: &[Value]) {
        if shape.min_items.is_some_and(|least| items.len() < least)
            || shape.max_items.is_some_and(|most| items.len() > most)
        {
            let range = range(shape.min_items, shape.max_items);
            self.report(
                path,
                format!("{path} has {} items, not {range}", items.len()),
                None,
            );
        }
        if shape.unique_items {
            for (index, item) in items.iter().enumerate() {
                if items[..index].contains(item) {
                    self.report(path, format!("{path} holds {} twice", describe(item)), None);
                }
            }
        }
        if let Some(inner) = &shape.items {
            for (index, item) in items.iter().enumerate() {
                self.value(&format!("{path}.{index}"), inner, item);
            }
        }
    }

    fn object(&mut self, path: &str, shape: &Shape, map: &Map) {
        let closed = matches!(
            shape.additional_properties,
            Some(Additional::Allowed(false))
        ) && shape.pattern_properties.is_none();
        for (name, value) in map {
            let inner = format!("{path}.{name}");
            match shape.properties.as_ref().and_then(|known| known.get(name)) {
                Some(known) => self.value(&inner, known, value),
                None if closed => match &shape.properties {
                    Some(known) => self.unknown(&inner, name, &mut known.keys(), path),
                    None => self.report(&inner, format!("{path} has no properties"), None),
                },
                None => {
                    if let Some(Additional::Shaped(other)) = &shape.additional_properties {
                        self.value(&inner, other, value);
                    }
                }
            }
        }
        for name in &shape.required {
            if !map.contains_key(name) {
                self.report(
                    &format!("{path}.{name}"),
                    format!("{path} needs {name}"),
                    None,
                );
            }
        }
    }
}

fn fits(kind: Type, value: &Value) -> bool {
    match kind {
        Type::Object => matches!(value, Value::Map(_)),
        Type::Array => matches!(value, Value::List(_)),
        Type::String => matches!(value, Value::String(_)),
        Type::Integer => matches!(value, Value::Int(_)),
        Type::Number => matches!(value, Value::Int(_) | Value::Float(_)),
        Type::Boolean => matches!(value, Value::Bool(_)),
        Type::Null => matches!(value, Value::Null),
    }
}

fn describe(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text:?}"),
        Value::Null | Value::List(_) | Value::Map(_) => value.noun().to_owned(),
        other => other.to_string(),
    }
}

fn plain(json: &serde_json::Value) -> String {
    json.as_str()
        .map_or_else(|| json.to_string(), str::to_owned)
}

/// The first few names, and how many more there are.
fn list(names: &[&str]) -> String {
    const SHOWN: usize = 16;
    let shown = names[..names.len().min(SHOWN)].join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn range<T: std::fmt::Display>(least: Option<T>, most: Option<T>) -> String {
    match (least, most) {
        (Some(least), Some(most)) => format!("{least} to {most}"),
        (Some(least), None) => format!("at least {least}"),
        (None, Some(most)) => format!("at most {most}"),
        (None, None) => String::from("any number"),
    }
}

/// Whether `text` matches one of the registry's patterns. They are written for ECMAScript; one
/// that `regex-lite` cannot read (look-around) is not checked here and left to AWS.
pub fn matches(pattern: &Arc<str>, text: &str) -> bool {
    type Cache = Mutex<std::collections::BTreeMap<Arc<str>, Option<Arc<regex_lite::Regex>>>>;
    static CACHE: LazyLock<Cache> = LazyLock::new(Cache::default);
    let compiled = {
        // A panic while the lock is held cannot leave a half-written entry.
        let mut cache = CACHE
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        cache
            .entry(pattern.clone())
            .or_insert_with(|| regex_lite::Regex::new(pattern).ok().map(Arc::new))
            .clone()
    };
    compiled.is_none_or(|regex| regex.is_match(text))
}

/// Patterns that the spec's own keys have, for people. AWS's properties have a thousand, which stay as they are.
const WORDS: [(&str, &str); 11] = [
    (
        "^[a-z][a-z0-9-]{0,28}[a-z0-9]$",
        "use 2 to 30 lower-case letters, digits and hyphens, a letter first and no hyphen last",
    ),
    (
        "^[a-z]{2}(-[a-z]+)+-[0-9]$",
        "write a region such as us-east-1",
    ),
    (
        "^db\\.[a-z0-9-]+\\.[a-z0-9-]+$",
        "write a class such as db.t4g.micro",
    ),
    (
        "^cache\\.[a-z0-9-]+\\.[a-z0-9-]+$",
        "write a node such as cache.t4g.micro",
    ),
    (
        "^[a-z0-9-]+\\.[a-z0-9-]+$",
        "write an instance type such as t4g.small",
    ),
    (
        "^[A-Za-z][A-Za-z0-9_]{0,62}$",
        "use up to 63 letters, digits and underscores, a letter first",
    ),
    (
        "^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$",
        "write one address such as ops@example.com",
    ),
    (
        "^[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9]$",
        "write two times of a day in UTC, such as 03:00-04:00",
    ),
    (
        "^(mon|tue|wed|thu|fri|sat|sun):[0-2][0-9]:[0-5][0-9]-(mon|tue|wed|thu|fri|sat|sun):[0-2][0-9]:[0-5][0-9]$",
        "write two times of a week in UTC, such as sun:05:00-sun:06:00",
    ),
    ("^/", "begin it with `/`"),
    (
        "^[a-z0-9-]+:[A-Za-z0-9*]+$",
        "write an IAM action with its service, such as s3:GetObject",
    ),
];

/// What a value has to be like.
pub fn pattern_in_words(pattern: &str) -> String {
    let words = WORDS.iter().find(|(known, _)| *known == pattern);
    words.map_or_else(
        || format!("it must match {pattern}"),
        |(_, words)| (*words).to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Registry;

    fn problems(kind: &str, json: serde_json::Value) -> Vec<String> {
        let schema = Registry::embedded().kind(kind).unwrap();
        let Value::Map(properties) = Value::from(json) else {
            panic!("not an object")
        };
        check_properties(schema, &properties)
            .into_iter()
            .map(|problem| match problem.help {
                Some(help) => format!("{} ({help})", problem.message),
                None => problem.message,
            })
            .collect()
    }

    #[test]
    fn all_problems_are_found_at_once() {
        let found = problems(
            "AWS::EC2::Subnet",
            serde_json::json!({"CidrBlok": "10.0.0.0/24", "MapPublicIpOnLaunch": "yes", "SubnetId": "subnet-1"}),
        );
        assert_eq!(
            found,
            [
                "AWS::EC2::Subnet has no property CidrBlok (did you mean CidrBlock?)",
                "MapPublicIpOnLaunch must be true or false, not \"yes\"",
                "SubnetId is set by AWS and cannot be specified",
                "AWS::EC2::Subnet needs VpcId",
            ]
        );
    }

    #[test]
    fn nested_objects_and_enums_are_checked() {
        let found = problems(
            "AWS::S3::Bucket",
            serde_json::json!({"VersioningConfiguration": {"Status": "enabled"}, "PublicAccessBlockConfiguration": {"BlockAll": true}}),
        );
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(
            found[0].starts_with("PublicAccessBlockConfiguration has no property BlockAll"),
            "{found:?}"
        );
        assert_eq!(
            found[1],
            "VersioningConfiguration.Status cannot be \"enabled\" (did you mean Enabled?)"
        );
    }

    #[test]
    fn a_key_has_one_tag() {
        let tag = |key: &str| serde_json::json!({"Key": key, "Value": "x"});
        let found = problems(
            "AWS::EC2::VPC",
            serde_json::json!({"CidrBlock": "10.0.0.0/16", "Tags": [tag("a"), tag("b"), tag("a")]}),
        );
        assert_eq!(found, ["Tags has \"a\" twice"]);
    }

    #[test]
    fn what_the_cloud_will_answer_fits_any_scalar() {
        let vpc = serde_json::json!({"VpcId": {"$ref": "us-east-1/vpc#VpcId"}, "CidrBlock": "10.0.0.0/24"});
        let properties: Map = serde_json::from_value(vpc).unwrap();
        let schema = Registry::embedded().kind("AWS::EC2::Subnet").unwrap();
        assert_eq!(check_properties(schema, &properties), []);
    }
}
