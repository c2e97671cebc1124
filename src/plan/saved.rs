//! Plans in files: written by `plan --out`, applied by `apply FILE` if the same plan is made again.
//!
//! Nothing in the file is carried out. `apply` makes a plan anew, from the spec and what is live then, and refuses unless it is
//! the one in the file: so a file that was edited, a spec that changed, and a cloud that moved are all noticed. Applying
//! a plan changes what is live, so no plan can be applied twice.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::Plan;
use crate::address::Address;
use crate::compare::redact;
use crate::inventory::{Live, LiveResource, Owner, Record};
use crate::ownership;
use crate::schema::{self, Registry};

/// The version of the file's format; a file of another one is refused.
pub const FORMAT: u32 = 2;

/// A plan in a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedPlan {
    /// [`FORMAT`].
    pub format: u32,
    /// Whose resources it changes.
    pub owner: Owner,
    /// The provider that it was made with.
    pub provider: Arc<str>,
    /// The stage that it leads to.
    pub stage: Arc<str>,
    /// What `--target` named; nothing for everything.
    pub targets: Vec<Address>,
    /// The app's record as it will be.
    pub record: Record,
    /// The plan.
    pub plan: Plan,
    /// Digests of each live resource that the plan touches; of one that it creates, none.
    pub fingerprints: BTreeMap<Address, Vec<String>>,
    /// Digests of the values that the plan would write and that are not in the file: what the cloud never
    /// gives back, and what has a secret in it.
    concealed: BTreeMap<Address, BTreeMap<Arc<str>, Arc<str>>>,
}

impl SavedPlan {
    /// A plan to be saved: without secrets, and without the values that the cloud never gives back, which
    /// may be.
    pub fn new(
        owner: Owner,
        provider: &str,
        stage: &str,
        targets: Vec<Address>,
        record: Record,
        mut plan: Plan,
        live: &Live,
    ) -> Self {
        let fingerprints = fingerprints(&plan, live);
        let mut concealed: BTreeMap<Address, BTreeMap<Arc<str>, Arc<str>>> = BTreeMap::new();
        for change in &mut plan.changes {
            change.live = change.live.as_ref().map(redact::conceal);
            let Some(desired) = &mut change.desired else {
                continue;
            };
            let schema = Registry::embedded().kind(&change.kind);
            let is_write_only = |name: &str| schema.is_some_and(|one| one.is_write_only(name));
            let kept: Vec<Arc<str>> = desired
                .properties
                .iter()
                .filter(|(name, value)| {
                    is_write_only(name)
                        || schema::is_secret_in(&desired.properties, name)
                        || schema::without_secrets_at(name, value) != *value
                })
                .map(|(name, _)| name.clone())
                .collect();
            for name in kept {
                if let Some(value) = desired.properties.remove(&name) {
                    let digest = ownership::of_value(&change.address, &name, &value);
                    let names = concealed.entry(change.address.clone()).or_default();
                    names.insert(name, digest);
                }
            }
        }
        Self {
            format: FORMAT,
            owner,
            provider: provider.into(),
            stage: stage.into(),
            targets,
            record,
            plan,
            fingerprints,
            concealed,
        }
    }

    /// What is otherwise in the plan that is made `now`: clauses, each about an address. None when it is the same plan.
    pub fn differences(&self, now: &Self) -> Vec<String> {
        if self == now {
            return Vec::new();
        }
        let changes = |saved: &Self| -> BTreeMap<Address, Value> {
            let all = saved.plan.changes.iter();
            all.map(|change| (change.address.clone(), plain(change)))
                .collect()
        };
        let (then, now_changes) = (changes(self), changes(now));
        let mut found = Vec::new();
        for (address, change) in &then {
            match now_changes.get(address) {
                None => found.push(format!("{address} would no longer be changed")),
                Some(other) if other != change || self.digests(address) != now.digests(address) => {
                    let at = first_difference(change, other).unwrap_or_default();
                    found.push(format!("{address} would be changed differently{at}"));
                }
                Some(_) => {}
            }
        }
        let new = now_changes.keys().filter(|one| !then.contains_key(*one));
        found.extend(new.map(|address| format!("{address} would also be changed")));
        if found.is_empty() {
            // Such as the order, or the counts.
            let at = first_difference(&plain(self), &plain(now)).unwrap_or_default();
            found.push(format!("the file differs{at}"));
        }
        found
    }

    /// What stands for an address's live resource and for the values that are not in the file.
    fn digests(&self, address: &Address) -> impl PartialEq + '_ {
        (self.fingerprints.get(address), self.concealed.get(address))
    }
}

/// As JSON; plain data with strings as keys.
fn plain(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// Where two values first differ, as ` at a.b.0`; no value is named, since one may be a secret.
fn first_difference(one: &Value, other: &Value) -> Option<String> {
    fn path(one: &Value, other: &Value) -> Option<Vec<String>> {
        if one == other {
            return None;
        }
        let below = |name: String, one: &Value, other: &Value| {
            let mut below = path(one, other)?;
            below.insert(0, name);
            Some(below)
        };
        match (one, other) {
            (Value::Object(a), Value::Object(b)) => a.keys().chain(b.keys()).find_map(|key| {
                below(
                    key.clone(),
                    one.get(key).unwrap_or(&Value::Null),
                    other.get(key).unwrap_or(&Value::Null),
                )
            }),
            (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
                let mut pairs = a.iter().zip(b).enumerate();
                pairs.find_map(|(n, (a, b))| below(n.to_string(), a, b))
            }
            _ => Some(Vec::new()),
        }
    }
    let path = path(one, other)?;
    (!path.is_empty()).then(|| format!(" ({})", path.join(".")))
}

/// A digest of each live resource that `plan` touches.
pub fn fingerprints(plan: &Plan, live: &Live) -> BTreeMap<Address, Vec<String>> {
    plan.changes
        .iter()
        .map(|change| {
            let mut digests: Vec<String> = live
                .resources
                .get(&change.address)
                .into_iter()
                .chain(
                    live.deposed
                        .iter()
                        .filter(|old| old.address == change.address),
                )
                .map(fingerprint)
                .collect();
            digests.sort();
            (change.address.clone(), digests)
        })
        .collect()
}

/// Of what a snapshot has too, so that a plan made from one can be applied.
fn fingerprint(resource: &LiveResource) -> String {
    // Serialising plain data with string keys cannot fail.
    let text = serde_json::to_string(&redact::conceal(resource)).unwrap_or_default();
    hex::encode(&Sha256::digest(text.as_bytes())[..12])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Graph, Resource};
    use crate::plan::diff;
    use crate::value::Value;

    fn secret(text: &str) -> Graph {
        let properties = serde_json::json!({"Name": "s", "SecretString": text});
        let Value::Map(properties) = serde_json::from_value(properties).unwrap() else {
            panic!()
        };
        [Resource {
            address: "us-east-1/s".parse().unwrap(),
            kind: "AWS::SecretsManager::Secret".into(),
            tier: "security".into(),
            role: None,
            properties,
            after: Vec::new(),
            lifecycle: Default::default(),
            ready_when: Vec::new(),
        }]
        .into_iter()
        .collect()
    }

    fn saved(graph: &Graph) -> SavedPlan {
        let owner = Owner {
            app: "shop".into(),
            env: "default".into(),
        };
        let live = Live::default();
        let plan = diff(graph, &live, None);
        SavedPlan::new(
            owner,
            "sim",
            "single-server",
            Vec::new(),
            Record::default(),
            plan,
            &live,
        )
    }

    #[test]
    fn a_secret_is_not_in_the_file_and_another_one_is_noticed() {
        let plan = saved(&secret("hunter2"));
        assert!(!serde_json::to_string(&plan).unwrap().contains("hunter2"));
        assert!(plan.differences(&saved(&secret("hunter2"))).is_empty());
        let found = plan.differences(&saved(&secret("hunter3")));
        assert_eq!(found, ["us-east-1/s would be changed differently"]);
    }

    #[test]
    fn a_file_that_was_read_is_the_plan_that_was_written() {
        let plan = saved(&secret("hunter2"));
        let text = serde_json::to_string(&plan).unwrap();
        let read: SavedPlan = serde_json::from_str(&text).unwrap();
        assert!(read.differences(&plan).is_empty());
    }

    #[test]
    fn every_edited_value_of_a_file_is_noticed() {
        let plan = saved(&secret("hunter2"));
        let whole = serde_json::to_value(&plan).unwrap();
        let mut places = Vec::new();
        leaves(&whole, String::new(), &mut places);
        assert!(places.len() > 20, "{places:?}");
        for place in places {
            let mut edited = whole.clone();
            let leaf = edited.pointer_mut(&place).unwrap();
            *leaf = match leaf.take() {
                serde_json::Value::String(text) => format!("{text}x").into(),
                serde_json::Value::Bool(is) => (!is).into(),
                serde_json::Value::Number(n) => (n.as_f64().unwrap() + 1.0).into(),
                serde_json::Value::Null => "x".into(),
                serde_json::Value::Array(_) => serde_json::json!(["global/x"]),
                serde_json::Value::Object(_) => serde_json::json!({"x": {}}),
            };
            // What cannot be read is no saved plan.
            if let Ok(read) = serde_json::from_value::<SavedPlan>(edited) {
                assert!(!read.differences(&plan).is_empty(), "{place}");
            }
        }
    }

    fn leaves(value: &serde_json::Value, at: String, found: &mut Vec<String>) {
        match value {
            serde_json::Value::Object(map) if !map.is_empty() => {
                for (key, below) in map {
                    leaves(
                        below,
                        format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")),
                        found,
                    );
                }
            }
            serde_json::Value::Array(all) if !all.is_empty() => {
                for (n, below) in all.iter().enumerate() {
                    leaves(below, format!("{at}/{n}"), found);
                }
            }
            _ => found.push(at),
        }
    }
}
