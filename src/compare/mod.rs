//! Whether a desired property and a live one are the same, and where they differ.
//!
//! Only what the blueprint sets counts: inside objects, keys that it leaves out are compared with
//! AWS's fixed default where there is one and ignored otherwise. Lists that AWS keeps in no order
//! are compared as sets, and values with several spellings by their canonical form.

mod masked;
pub mod redact;

use std::borrow::Cow;
use std::sync::Arc;

pub use self::masked::stands_for;
use crate::kinds::Canonical;
use crate::kinds::{self, Kind};
use crate::schema::{self, KindSchema, Registry, Shape};
use crate::value::{Map, Value, decoded_text};

/// One place where desired and live differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The dotted path.
    pub path: String,
    /// As it is.
    pub before: Option<Value>,
    /// As it should be; `None` for what should not be set.
    pub after: Option<Value>,
    /// Whether the values are to be kept from plans, logs and journals.
    pub secret: bool,
}

/// What compare knows about a kind.
#[derive(Clone, Copy)]
pub struct Rules<'a> {
    /// The registry's facts; `None` for a kind it does not know.
    pub schema: Option<&'a KindSchema>,
    /// What the registry does not say.
    pub facts: &'a Kind,
}

/// Whether `path` is `above` or stands below it; `*` is any one step.
fn is_at_or_below(above: &str, path: &str) -> bool {
    let mut steps = path.split('.');
    (above.split('.')).all(|step| steps.next().is_some_and(|one| step == "*" || step == one))
}

impl Rules<'_> {
    /// What is known about `kind`.
    pub fn of(kind: &str) -> Rules<'static> {
        Rules {
            schema: Registry::embedded().kind(kind),
            facts: kinds::of(kind),
        }
    }

    /// Whether a change at `path` needs a new resource.
    pub fn is_create_only(&self, path: &str) -> bool {
        self.schema
            .is_some_and(|schema| schema.is_create_only(path))
            || self
                .facts
                .fixed
                .iter()
                .any(|fixed| is_at_or_below(fixed, path))
    }

    /// Whether something stands inside `value`, the property `path`, that AWS never gives back.
    pub fn holds_write_only(&self, path: &str, value: &Value) -> bool {
        let Some(schema) = self.schema else {
            return false;
        };
        match value {
            Value::Map(map) => map.iter().any(|(key, value)| {
                let below = format!("{path}.{key}");
                schema.is_write_only(&below) || self.holds_write_only(&below, value)
            }),
            Value::List(items) => items
                .iter()
                .any(|item| self.holds_write_only(&format!("{path}.*"), item)),
            _ => false,
        }
    }

    /// Whether AWS never gives back what stands at `path`, or not as it was asked for.
    pub fn is_write_only(&self, path: &str) -> bool {
        self.schema.is_some_and(|schema| schema.is_write_only(path))
            || self.facts.compare_by_digest.contains(&path)
    }
}

/// Where one property's desired value differs from its live one.
pub fn property(
    rules: Rules<'_>,
    name: &str,
    desired: &Value,
    live: Option<&Value>,
) -> Vec<Difference> {
    let shape = rules
        .schema
        .and_then(|schema| schema.properties().get(name));
    let mut compare = Compare {
        rules,
        found: Vec::new(),
    };
    let tags = rules
        .schema
        .and_then(KindSchema::tags)
        .is_some_and(|(tags, _)| tags == name);
    match live {
        Some(live) if tags => {
            let live = without_aws_tags(live);
            compare.value(&Path::root(name), shape, desired, Some(&live));
        }
        live => compare.value(&Path::root(name), shape, desired, live),
    }
    compare.found
}

/// AWS's fixed default for a path (`*` for list items), from the registry or our tables.
pub fn default_of<'a>(
    rules: Rules<'a>,
    pattern: &str,
    shape: Option<&'a Shape>,
) -> Option<Cow<'a, Value>> {
    if let Some((_, json)) = rules
        .facts
        .defaults
        .iter()
        .find(|(path, _)| *path == pattern)
    {
        // A test holds every default of the tables against the JSON parser.
        return serde_json::from_str(json).ok().map(Cow::Owned);
    }
    let default = shape?.default.as_ref()?;
    Some(Cow::Owned(Value::from(default.clone())))
}

/// Tags that begin with `aws:` are AWS's own and cannot be changed
/// (<https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html>).
fn without_aws_tags(tags: &Value) -> Value {
    match tags {
        Value::List(items) => Value::list(
            items
                .iter()
                .filter(|tag| {
                    !tag.at("Key")
                        .and_then(Value::as_str)
                        .is_some_and(|key| key.starts_with("aws:"))
                })
                .cloned(),
        ),
        other => other.clone(),
    }
}

/// A path as it prints, and as the tables spell it.
struct Path {
    shown: String,
    pattern: String,
}

impl Path {
    fn root(name: &str) -> Self {
        Self {
            shown: name.to_owned(),
            pattern: name.to_owned(),
        }
    }

    fn key(&self, key: &str) -> Self {
        Self {
            shown: format!("{}.{key}", self.shown),
            pattern: format!("{}.{key}", self.pattern),
        }
    }

    fn item(&self, name: &str) -> Self {
        Self {
            shown: format!("{}.{name}", self.shown),
            pattern: format!("{}.*", self.pattern),
        }
    }
}

struct Compare<'a> {
    rules: Rules<'a>,
    found: Vec<Difference>,
}

impl<'a> Compare<'a> {
    /// Whether AWS gives the property back, but not what stands at this path of it.
    fn is_write_only_inside(&self, path: &Path) -> bool {
        path.pattern.contains('.')
            && self
                .rules
                .schema
                .is_some_and(|schema| schema.is_write_only(&path.pattern))
    }

    /// Whether an object says of each of its keys what our tables know to hold without it, so that AWS may leave it out.
    fn is_off(&self, path: &Path, desired: &Value) -> bool {
        let is_default = |(key, value): &(Arc<str>, Value)| {
            let default = default_of(self.rules, &path.key(key).pattern, None);
            default.is_some_and(|default| same_scalar(&default, value))
        };
        let map = desired.as_map();
        map.is_some_and(|map| !map.is_empty() && map.iter().all(is_default))
    }

    fn differ(&mut self, path: &Path, before: Option<&Value>, after: Option<&Value>) {
        self.found.push(Difference {
            path: path.shown.clone(),
            before: before.cloned(),
            after: after.cloned(),
            secret: schema::is_secret(&path.shown)
                || [before, after]
                    .into_iter()
                    .flatten()
                    .any(|value| schema::is_hidden_variable(&path.shown, value)),
        });
    }

    /// What was found since there were `before`, below `key` of these, is as secret as that is.
    fn keep_secret(&mut self, before: usize, key: &str, desired: &Map, live: &Map) {
        let found = &mut self.found[before..];
        if !found.is_empty()
            && [desired, live]
                .into_iter()
                .any(|map| schema::is_secret_in(map, key))
        {
            found.iter_mut().for_each(|one| one.secret = true);
        }
    }

    fn value(
        &mut self,
        path: &Path,
        shape: Option<&'a Shape>,
        desired: &Value,
        live: Option<&Value>,
    ) {
        let shape = shape.and_then(|shape| self.rules.schema.map(|schema| schema.resolve(shape)));
        let Some(live) = live else {
            if !is_empty(desired) && !self.is_write_only_inside(path) && !self.is_off(path, desired)
            {
                self.differ(path, None, Some(desired));
            }
            return;
        };
        let canonical = self
            .rules
            .facts
            .canonical
            .iter()
            .find(|(at, _)| *at == path.pattern);
        if let Some((_, form)) = canonical {
            if !same_canonical(*form, desired, live) {
                self.differ(path, Some(live), Some(desired));
            }
            return;
        }
        match (desired, live) {
            (Value::Map(desired), Value::Map(live)) => self.object(path, shape, desired, live),
            (Value::List(wanted), Value::List(have)) => {
                self.list(path, shape, (desired, wanted), (live, have));
            }
            _ if same_scalar(desired, live) || stands_for(desired, live) => {}
            _ => self.differ(path, Some(live), Some(desired)),
        }
    }

    fn object(&mut self, path: &Path, shape: Option<&'a Shape>, desired: &Map, live: &Map) {
        if chooses_another(desired, live) {
            let (desired, live) = (Value::Map(desired.clone()), Value::Map(live.clone()));
            self.differ(path, Some(&live), Some(&desired));
            return;
        }
        let properties = shape.and_then(|shape| shape.properties.as_ref());
        let inner = |key: &str| properties.and_then(|properties| properties.get(key));
        for (key, value) in desired {
            let before = self.found.len();
            self.value(&path.key(key), inner(key), value, live.get(key));
            self.keep_secret(before, key, desired, live);
        }
        for (key, value) in live {
            if desired.contains_key(key) {
                continue;
            }
            let before = self.found.len();
            let below = path.key(key);
            if let Some(default) = default_of(self.rules, &below.pattern, inner(key))
                && !same_scalar(&default, value)
            {
                self.differ(&below, Some(value), None);
            }
            // An object without a fixed list of keys is ours as a whole: a key that we do not
            // set, such as a tag or an environment variable, should not be there.
            if properties.is_none() {
                self.differ(&below, Some(value), None);
            }
            self.keep_secret(before, key, desired, live);
        }
    }

    fn list(
        &mut self,
        path: &Path,
        shape: Option<&'a Shape>,
        (desired, wanted): (&Value, &[Value]),
        (live, have): (&Value, &[Value]),
    ) {
        let items = shape.and_then(|shape| shape.items.as_deref());
        let tags = self
            .rules
            .schema
            .and_then(KindSchema::tags)
            .is_some_and(|(tags, _)| tags == path.pattern);
        let key = match self
            .rules
            .facts
            .sets
            .iter()
            .find(|(at, _)| *at == path.pattern)
        {
            Some((_, key)) => Some(*key),
            None if tags => Some("Key"),
            None if shape.is_some_and(Shape::is_set) => Some(""),
            None => None,
        };
        match key {
            None if wanted.len() == have.len() => {
                for (index, (wanted, have)) in wanted.iter().zip(have).enumerate() {
                    self.value(&path.item(&index.to_string()), items, wanted, Some(have));
                }
            }
            None => self.differ(path, Some(live), Some(desired)),
            Some("") => {
                if !self.same_set(path, items, wanted, have) {
                    self.differ(path, Some(live), Some(desired));
                }
            }
            Some(key) => self.keyed(path, items, key, wanted, have),
        }
    }

    /// Compares items that a key tells apart, such as tags.
    fn keyed(
        &mut self,
        path: &Path,
        items: Option<&'a Shape>,
        key: &str,
        wanted: &[Value],
        have: &[Value],
    ) {
        let name = |item: &Value| item.at(key).map(ToString::to_string).unwrap_or_default();
        let find =
            |items: &[Value], wanted: &str| items.iter().position(|item| name(item) == wanted);
        let attributes = self.rules.facts.attributes;
        let attributes = attributes.filter(|(at, _)| *at == path.pattern);
        // Whether an attribute is as AWS has it when nobody sets it, if that is known.
        let at_default = |item: &Value| {
            let (_, defaults) = attributes?;
            let (_, default) = defaults.iter().find(|(key, _)| *key == name(item))?;
            Some(item.at("Value").map(ToString::to_string).as_deref() == Some(default))
        };
        for item in wanted {
            let name = name(item);
            let live = find(have, &name).map(|index| &have[index]);
            let below = path.item(&name);
            match live {
                None if at_default(item) == Some(true) => {}
                None => self.differ(&below, None, Some(item)),
                Some(live) => self.value(&below, items, item, Some(live)),
            }
        }
        for item in have {
            let name = name(item);
            let counts = attributes.is_none() || at_default(item) == Some(false);
            if counts && find(wanted, &name).is_none() {
                self.differ(&path.item(&name), Some(item), None);
            }
        }
    }

    /// Whether each wanted item has its own partner.
    fn same_set(
        &self,
        path: &Path,
        items: Option<&'a Shape>,
        wanted: &[Value],
        have: &[Value],
    ) -> bool {
        if wanted.len() != have.len() {
            return false;
        }
        let mut free: Vec<&Value> = have.iter().collect();
        wanted.iter().all(|item| {
            let partner = free.iter().position(|live| {
                let mut attempt = Compare {
                    rules: self.rules,
                    found: Vec::new(),
                };
                attempt.value(&path.item("*"), items, item, Some(live));
                attempt.found.is_empty()
            });
            partner.map(|index| free.swap_remove(index)).is_some()
        })
    }
}

/// Whether `value` holds a dynamic reference (`{{resolve:...}}`), which AWS's answers do not show.
pub fn is_dynamic(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(schema::DYNAMIC),
        Value::List(items) => items.iter().any(is_dynamic),
        Value::Map(map) => map.iter().any(|(_, value)| is_dynamic(value)),
        _ => false,
    }
}

/// Nothing, as AWS reports it when it was set to an empty list or object.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::List(items) => items.is_empty(),
        Value::Map(map) => map.is_empty(),
        _ => false,
    }
}

/// Whether two objects choose differently by nothing but their keys, as `Allow: {}` and `Block: {}` do.
fn chooses_another(desired: &Map, live: &Map) -> bool {
    let is_choice = |value: &Value| value.as_map().is_some_and(Map::is_empty);
    !desired.is_empty()
        && desired.iter().all(|(_, value)| is_choice(value))
        && live.iter().any(|(_, value)| value.as_map().is_some())
        && !desired.iter().any(|(key, _)| live.contains_key(key))
}

/// Equality of plain values; CloudFormation takes numbers and booleans as text, so AWS may give
/// back the other spelling.
fn same_scalar(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Int(int), Value::Float(float)) | (Value::Float(float), Value::Int(int)) => {
            *int as f64 == *float
        }
        (Value::String(text), other @ (Value::Int(_) | Value::Bool(_) | Value::Float(_)))
        | (other @ (Value::Int(_) | Value::Bool(_) | Value::Float(_)), Value::String(text)) => {
            **text == other.to_string()
        }
        _ => a == b,
    }
}

fn same_canonical(form: Canonical, desired: &Value, live: &Value) -> bool {
    let text = |f: &dyn Fn(&str) -> String| match (desired.as_str(), live.as_str()) {
        (Some(a), Some(b)) => f(a) == f(b),
        _ => desired == live,
    };
    match form {
        Canonical::DnsName => text(&|name| name.trim_end_matches('.').to_lowercase()),
        Canonical::Lowercase => text(&str::to_lowercase),
        Canonical::LogGroupArn => text(&|arn| arn.trim_end_matches(":*").to_owned()),
        Canonical::Number => desired.to_string() == live.to_string(),
        Canonical::Policy => policy(desired) == policy(live),
        Canonical::UserData => {
            let text = |value: &Value| value.as_str().and_then(decoded_text);
            desired == live || text(desired).is_some_and(|script| Some(script) == text(live))
        }
    }
}

/// A policy document in one form: parsed if it is text, every list sorted, a list of one as its item.
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>.
fn policy(document: &Value) -> Value {
    match document {
        Value::String(text) if text.trim_start().starts_with('{') => {
            match serde_json::from_str::<serde_json::Value>(text) {
                Ok(json) => policy(&Value::from(json)),
                Err(_) => document.clone(),
            }
        }
        Value::List(items) => {
            let mut items: Vec<Value> = items.iter().map(policy).collect();
            items.sort_by_cached_key(ToString::to_string);
            match items.len() {
                1 => items.remove(0),
                _ => Value::List(items),
            }
        }
        Value::Map(map) => Value::Map(
            map.iter()
                .map(|(key, value)| (Arc::clone(key), policy(value)))
                .collect(),
        ),
        plain => plain.clone(),
    }
}

#[cfg(test)]
mod tests;
