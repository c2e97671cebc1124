//! What there is: resources as they were found, whose they are, and the record that an application leaves.
//!
//! Plain values, without a cloud: who fills them in is `provider`'s, who compares them with what is wanted `plan`'s.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::value::Map;

/// The account of a provider that has none; AWS's own documentation uses this number.
pub const SOME_ACCOUNT: &str = "123456789012";

/// Whose resources: one application in one environment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Owner {
    /// The spec's `app`.
    pub app: Arc<str>,
    /// The environment; `default` where the spec has none.
    pub env: Arc<str>,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Live {
    /// Ours, by address. Of two that claim one address the higher generation stands here.
    pub resources: BTreeMap<Address, LiveResource>,
    /// Superseded ones: an earlier generation left by a replace that did not finish.
    pub deposed: Vec<LiveResource>,
    /// The app's record, if there is one.
    pub record: Option<Record>,
    /// The account's number; nobody has told it where it is not here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<Arc<str>>,
    /// Where a thorough look could not see, and why: kinds that the application is not known to use.
    #[serde(default)]
    pub unseen: Vec<String>,
    /// What others have that would be made a second time, or is in the way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub existing: Vec<Existing>,
}

/// Something that exists and is not ours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Existing {
    /// Its CloudFormation type name.
    pub kind: Arc<str>,
    /// The cloud's identifier.
    pub identifier: Arc<str>,
    /// Its properties.
    pub properties: Map,
    /// The application and environment that manage it, if any do.
    pub owner: Option<Owner>,
}

/// Adds one of ours. Of two that claim one address the higher generation is the resource, the other
/// is deposed.
pub fn insert_newer(live: &mut Live, resource: LiveResource) {
    let address = resource.address.clone();
    match live.resources.remove(&address) {
        None => {
            live.resources.insert(address, resource);
        }
        Some(other) => {
            let (new, old) = if resource.generation() >= other.generation() {
                (resource, other)
            } else {
                (other, resource)
            };
            live.resources.insert(address, new);
            live.deposed.push(old);
        }
    }
}

/// A resource as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LiveResource {
    /// Its permanent name, from our marks.
    pub address: Address,
    /// Its CloudFormation type name.
    pub kind: Arc<str>,
    /// The identifier that the cloud knows it by, such as `vpc-0a1b2c3d`; CloudFormation's
    /// primary identifier, its parts joined by `|`.
    pub identifier: Arc<str>,
    /// All its properties, read-only ones included; our own marks removed.
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub properties: Map,
    /// Whether it can be used.
    pub status: Status,
    /// What was last applied, from our marks.
    pub applied: Option<Applied>,
}

impl LiveResource {
    /// What names it in calls.
    pub fn handle(&self) -> Handle {
        Handle {
            address: self.address.clone(),
            kind: self.kind.clone(),
            identifier: self.identifier.clone(),
        }
    }

    /// Which generation it is; 0 for one without marks.
    pub fn generation(&self) -> u32 {
        self.applied
            .as_ref()
            .map_or(0, |applied| applied.generation)
    }
}

/// What the last apply wrote, kept with the resource itself in one tag.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Applied {
    /// 1 at first; one more after each replace, so that client tokens differ.
    pub generation: u32,
    /// Whether its blueprint protects it; asked when the blueprint no longer knows it.
    pub protect: bool,
    /// Short digests of the properties as they were set, by the digest of their names (see
    /// [`crate::ownership`]). They tell drift (we set it, somebody moved it) from a changed spec,
    /// and stand for what the cloud never gives back.
    pub digests: BTreeMap<Arc<str>, Arc<str>>,
}

/// Whether a resource can be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Status {
    /// It works.
    Ready,
    /// It is on its way; the text is the cloud's own word, such as `creating`.
    Pending(Arc<str>),
    /// It is on its way out.
    Deleting,
    /// It will never work; the text says why.
    Failed(Arc<str>),
}

/// The right kinds and stage to look for: a hint beside the lease, not a state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Record {
    /// The stage last applied in full.
    pub stage: Option<Arc<str>>,
    /// Every (region, kind) ever used.
    pub kinds: BTreeSet<(Arc<str>, Arc<str>)>,
    /// A digest of the addresses last applied in full: while the spec still has the same ones, what is
    /// missing was removed by somebody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addresses: Option<Arc<str>>,
    /// The migration that is under way, if one is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migration: Option<Standing>,
}

/// Where a migration stands, so that another machine can go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Standing {
    /// The stage where it began.
    pub from: Arc<str>,
    /// The stage where it leads.
    pub to: Arc<str>,
    /// The number of the step that was begun last, from 0 on.
    pub step: usize,
    /// That step's name.
    pub name: Arc<str>,
    /// A digest of the whole way, as it was when it began.
    #[serde(default)]
    pub digest: Arc<str>,
    /// Whether that step is done, its gates included.
    pub done: bool,
    /// Whether it is on its way back.
    pub back: bool,
    /// When the step was begun, in milliseconds since the epoch.
    pub since: u64,
    /// What it fails over, where it is no way between stages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failover: Option<Failover>,
}

/// A database's writes that move from one region to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Failover {
    /// The region that took the writes.
    pub from: Arc<str>,
    /// The one that will.
    pub to: Arc<str>,
    /// So many seconds of acknowledged writes may be lost.
    pub loss: u32,
    /// Whether the old region does not answer.
    pub lost: bool,
}

impl Standing {
    /// The command that goes on with it.
    pub fn command(&self) -> &'static str {
        match self.failover {
            Some(_) => "failover",
            None => "migrate",
        }
    }

    /// That it is under way, and where, in words.
    pub fn in_words(&self) -> String {
        let what = match self.failover {
            Some(_) => "failover",
            None => "migration",
        };
        format!(
            "a {what} from {} to {} is under way, at step {} ({})",
            self.from,
            self.to,
            self.step + 1,
            self.name
        )
    }
}

/// One that exists: kind, region and identifier.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Handle {
    /// Its permanent name.
    pub address: Address,
    /// Its CloudFormation type name.
    pub kind: Arc<str>,
    /// The cloud's identifier.
    pub identifier: Arc<str>,
}

/// Something that exists, whoever it belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct Stray {
    /// Its CloudFormation type name.
    pub kind: Arc<str>,
    /// The cloud's identifier.
    pub identifier: Arc<str>,
    /// All its properties, without scalectl's marks.
    pub properties: Map,
    /// Whether it can be used.
    pub status: Status,
    /// Whose it is, by scalectl's marks; `None` for nobody's.
    pub owner: Option<(Owner, Address)>,
}

/// What somebody else has in the account, as far as it can stand in the way of ours: what it is called
/// and where it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Other {
    /// Where it is; [`crate::address::GLOBAL`] for global services.
    pub region: Arc<str>,
    /// Its CloudFormation type name.
    pub kind: Arc<str>,
    /// The cloud's identifier.
    pub identifier: Arc<str>,
    /// Of its properties, those that name and place it.
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub properties: Map,
}

impl Other {
    /// What it is ordered by.
    pub fn key(&self) -> (&str, &str, &str) {
        (&self.region, &self.kind, &self.identifier)
    }
}
