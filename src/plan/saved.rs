//! Plans in files: written by `plan --out`, applied by `apply FILE` unless the cloud has moved on.
//!
//! A saved plan holds a fingerprint of exactly the live resources that it touches. When one of them
//! changed it is stale; what it does not touch may change. Applying a plan changes what it touches,
//! so no plan can be applied twice.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::Plan;
use crate::address::Address;
use crate::provider::{Live, LiveResource, Owner, Query, Record};

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
    /// A digest of each live resource that the plan touches; of one that it creates, `absent`.
    pub fingerprints: BTreeMap<Address, Vec<String>>,
}

impl SavedPlan {
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

fn fingerprint(resource: &LiveResource) -> String {
    // Serialising plain data with string keys cannot fail.
    let text = serde_json::to_string(resource).unwrap_or_default();
    Sha256::digest(text.as_bytes())
        .iter()
        .take(12)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
