//! What a rule sees: a resource as it was and will be, what happens to it, its neighbours, the spec, the plan.
//! What only the cloud will answer reads as the reference that a plan prints, so that it can be compared.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::sync::Arc;

use super::Fate;
use crate::address::Address;
use crate::blueprint::expression::{Failure, Scope};
use crate::schema;
use crate::value::{Map, Reference, Value};

/// A resource as a rule looks at it.
pub struct Seen<'a> {
    /// Its address.
    pub address: &'a Address,
    /// Its kind.
    pub kind: &'a Arc<str>,
    /// Its tier.
    pub tier: &'a Arc<str>,
    /// Whether it is protected.
    pub protect: bool,
    /// What happens to it.
    pub fate: Fate,
    /// Its properties as they are; null for one that is new.
    pub before: Value,
    /// Its properties as they will be; null for one that goes.
    pub after: Value,
    /// The paths of what changes.
    pub changed: Value,
    /// What it refers to, by number.
    pub needs: Vec<usize>,
    /// What refers to it, by number.
    pub referrers: Vec<usize>,
}

impl Seen<'_> {
    /// What it is called and what happens to it.
    fn named(&self) -> Map {
        let key = self.address.key.clone().map_or(Value::Null, Value::String);
        [
            ("action", Value::str(self.fate.name())),
            ("address", Value::str(self.address.to_string())),
            ("id", Value::String(self.address.id.clone())),
            ("key", key),
            ("kind", Value::String(self.kind.clone())),
            ("protect", Value::Bool(self.protect)),
            ("region", Value::String(self.address.region.clone())),
            ("tier", Value::String(self.tier.clone())),
        ]
        .into_iter()
        .map(|(name, value)| (name.into(), value))
        .collect()
    }

    /// It as an item of a list.
    fn as_item(&self) -> Value {
        let mut map = self.named();
        map.insert("after", self.after.clone());
        Value::Map(map)
    }
}

/// What all rules see.
pub struct Whole<'a> {
    /// The spec as blueprints see it.
    pub spec: &'a Value,
    /// Every resource, ordered by address.
    pub seen: Vec<Seen<'a>>,
    /// The counts of the plan.
    pub plan: Value,
    /// Every resource that will stand as an item, once a rule asks.
    pub resources: OnceCell<Value>,
}

/// The scope of a rule's expressions.
pub struct PolicyContext<'a> {
    /// Everything.
    pub whole: &'a Whole<'a>,
    /// The resource, unless the rule is over the plan.
    pub seen: Option<&'a Seen<'a>>,
    /// Whether secrets are covered up, because what is said will be printed.
    pub covered: bool,
}

impl PolicyContext<'_> {
    fn shown<'v>(&self, value: &'v Value) -> Cow<'v, Value> {
        if self.covered {
            Cow::Owned(schema::without_secrets(value))
        } else {
            Cow::Borrowed(value)
        }
    }

    fn neighbours(&self, numbers: &[usize]) -> Value {
        let items = numbers
            .iter()
            .map(|number| self.whole.seen[*number].as_item());
        self.shown(&Value::list(items)).into_owned()
    }
}

impl Scope for PolicyContext<'_> {
    fn variable(&self, name: &str) -> Result<Option<Cow<'_, Value>>, Failure> {
        let whole = self.whole;
        match name {
            "spec" => return Ok(Some(self.shown(whole.spec))),
            "stage" | "env" => return Ok(whole.spec.at(name).map(Cow::Borrowed)),
            "plan" => return Ok(Some(Cow::Borrowed(&whole.plan))),
            "resources" => {
                let stand = whole.seen.iter().filter(|seen| seen.fate != Fate::Delete);
                let all = || Value::list(stand.map(Seen::as_item));
                return Ok(Some(self.shown(whole.resources.get_or_init(all))));
            }
            _ => {}
        }
        let Some(seen) = self.seen else {
            return Ok(None);
        };
        Ok(match name {
            "after" => Some(self.shown(&seen.after)),
            "before" => Some(self.shown(&seen.before)),
            "changed" => Some(Cow::Borrowed(&seen.changed)),
            "needs" => Some(Cow::Owned(self.neighbours(&seen.needs))),
            "referrers" => Some(Cow::Owned(self.neighbours(&seen.referrers))),
            name => seen.named().remove(name).map(Cow::Owned),
        })
    }

    fn select(&self, of: &Reference, name: &str) -> Result<Value, Failure> {
        Err(Failure::new(format!("{of} has no {name} here")))
    }

    fn template(&self, _: &str, _: &Value) -> Result<Value, Failure> {
        Err(Failure::new("templates cannot be used in a rule"))
    }

    /// A property that is not set is null, or every rule would begin with `has`. Names that no kind has
    /// were found when the rule was read.
    fn absent(&self, _: Failure) -> Result<Value, Failure> {
        Ok(Value::Null)
    }
}
