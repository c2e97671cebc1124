//! Plans in files: written by `plan --out`, applied by `apply FILE` unless the cloud has moved on.
//!
//! A saved plan holds a fingerprint of exactly the live resources that it touches. When one of them
//! changed it is stale; what it does not touch may change. Applying a plan changes what it touches,
//! so no plan can be applied twice.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Plan, conceal, digest};
use crate::address::Address;
use crate::provider::{Live, LiveResource, Owner, Query, Record};
use crate::schema::{self, Registry};

/// The version of the file's format; a file of another one is refused.
pub const FORMAT: u32 = 1;

/// A plan in a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedPlan {
    /// [`FORMAT`].
    pub format: u32,
    /// Whose resources it changes.
    pub owner: Owner,
    /// The provider that it was made with.
    pub provider: Arc<str>,
    /// The stage that it leads to.
    pub stage: Arc<str>,
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
        record: Record,
        mut plan: Plan,
        live: &Live,
    ) -> Self {
        let fingerprints = fingerprints(&plan, live);
        let mut concealed: BTreeMap<Address, BTreeMap<Arc<str>, Arc<str>>> = BTreeMap::new();
        for change in &mut plan.changes {
            change.live = change.live.as_ref().map(conceal::conceal);
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
                        || schema::without_secrets(value) != *value
                })
                .map(|(name, _)| name.clone())
                .collect();
            for name in kept {
                if let Some(value) = desired.properties.remove(&name) {
                    let digest = digest::of_value(&change.address, &name, &value);
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
            record,
            plan,
            fingerprints,
            concealed,
        }
    }

    /// Puts the values that were left out back in, from a plan of the spec as it is `now`. Returns
    /// the addresses for which the spec has other values by now.
    pub fn reveal(&mut self, now: &Plan) -> Vec<Address> {
        let mut moved = Vec::new();
        for change in &mut self.plan.changes {
            let Some(names) = self.concealed.get(&change.address) else {
                continue;
            };
            let Some(desired) = &mut change.desired else {
                continue;
            };
            for (name, digest) in names {
                let known = now
                    .changes
                    .iter()
                    .find(|known| known.address == change.address);
                let known = known.and_then(|known| known.desired.as_ref());
                match known.and_then(|known| known.properties.get(name)) {
                    Some(value) if digest::of_value(&change.address, name, value) == *digest => {
                        desired.properties.insert(name.clone(), value.clone());
                    }
                    _ => moved.push(change.address.clone()),
                }
            }
        }
        moved.dedup();
        moved
    }

    /// What has to be observed to tell whether it is stale.
    pub fn query(&self) -> Query {
        Query {
            kinds: self.record.kinds.clone(),
            thorough: false,
        }
    }

    /// The addresses whose live resources are not what they were.
    pub fn stale(&self, live: &Live) -> Vec<Address> {
        let now = fingerprints(&self.plan, live);
        self.fingerprints
            .iter()
            .filter(|(address, digest)| now.get(address) != Some(digest))
            .map(|(address, _)| address.clone())
            .collect()
    }
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
    let text = serde_json::to_string(&conceal::conceal(resource)).unwrap_or_default();
    Sha256::digest(text.as_bytes())
        .iter()
        .take(12)
        .map(|byte| format!("{byte:02x}"))
        .collect()
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
            Record::default(),
            plan,
            &live,
        )
    }

    #[test]
    fn a_secret_is_not_in_the_file_and_comes_back_from_the_spec() {
        let mut plan = saved(&secret("hunter2"));
        assert!(!serde_json::to_string(&plan).unwrap().contains("hunter2"));
        let now = diff(&secret("hunter2"), &Live::default(), None);
        assert!(plan.reveal(&now).is_empty());
        let desired = plan.plan.changes[0].desired.as_ref().unwrap();
        assert_eq!(
            desired.properties.get("SecretString"),
            Some(&Value::str("hunter2"))
        );
    }

    #[test]
    fn a_spec_with_another_secret_is_noticed() {
        let mut plan = saved(&secret("hunter2"));
        let now = diff(&secret("hunter3"), &Live::default(), None);
        assert_eq!(plan.reveal(&now).len(), 1);
    }

    #[test]
    fn a_plan_is_stale_once_what_it_creates_exists() {
        let plan = saved(&secret("x"));
        assert!(plan.stale(&Live::default()).is_empty());
        let mut live = Live::default();
        let resource = LiveResource {
            address: "us-east-1/s".parse().unwrap(),
            kind: "AWS::SecretsManager::Secret".into(),
            identifier: "s".into(),
            properties: Default::default(),
            status: crate::provider::Status::Ready,
            applied: None,
        };
        live.resources.insert(resource.address.clone(), resource);
        assert_eq!(plan.stale(&live).len(), 1);
    }
}
