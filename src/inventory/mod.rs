//! What there is: resources as they were found, whose they are, and the record that an application leaves.
//!
//! Plain values, without a cloud: who fills them in is `provider`'s, who compares them with what is wanted `plan`'s.

mod release;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::release::{Deployment, Release, Version};
use crate::address::Address;
use crate::value::Map;

/// The account of a provider that has none; AWS's own documentation uses this number.
pub const SOME_ACCOUNT: &str = "123456789012";

/// The owner of resources: one application in one environment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Owner {
    /// The spec's `app`.
    pub app: Arc<str>,
    /// The environment; `default` if the spec has none.
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

/// An existing resource of another owner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Existing {
    /// Its CloudFormation type name.
    pub kind: Arc<str>,
    /// The cloud's identifier.
    pub identifier: Arc<str>,
    /// Its properties.
    pub properties: Map,
    /// The application and environment that manage it, if any.
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

/// An existing resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LiveResource {
    /// Its address, from the ownership tags.
    pub address: Address,
    /// Its CloudFormation type name.
    pub kind: Arc<str>,
    /// The identifier that the cloud knows it by, such as `vpc-0a1b2c3d`; CloudFormation's
    /// primary identifier, its parts joined by `|`.
    pub identifier: Arc<str>,
    /// All its properties, including read-only ones, without the ownership tags.
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub properties: Map,
    /// Its status.
    pub status: Status,
    /// What was last applied, from the ownership tags.
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

/// What the last apply wrote, stored in a tag of the resource.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Applied {
    /// The generation: 1 at first, increased by each replace, so that client tokens differ.
    pub generation: u32,
    /// Whether its blueprint protects it; used when the resource is no longer in the blueprint.
    pub protect: bool,
    /// Short digests of the properties as they were set, by the digest of their names (see
    /// [`crate::ownership`]). They distinguish drift from a changed spec,
    /// and replace values that the cloud never returns.
    pub digests: BTreeMap<Arc<str>, Arc<str>>,
}

/// The status of a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Status {
    /// It is ready.
    Ready,
    /// It is not ready yet; the text is the state reported by the cloud, such as `creating`.
    Pending(Arc<str>),
    /// It is being deleted.
    Deleting,
    /// It failed; the text is the reason.
    Failed(Arc<str>),
}

/// The resource types and the stage to read: a hint stored with the lease, not a state file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Record {
    /// The stage last applied completely.
    pub stage: Option<Arc<str>>,
    /// Every (region, kind) ever used.
    pub kinds: BTreeSet<(Arc<str>, Arc<str>)>,
    /// A digest of the addresses last applied completely: while the spec has the same ones, a
    /// missing resource was deleted outside scalectl.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addresses: Option<Arc<str>>,
    /// The migration in progress, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migration: Option<Standing>,
    /// The deployment in progress, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment: Option<Deployment>,
    /// The last deployments of services, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub releases: Vec<Release>,
}

/// The status of a migration, so that another machine can resume it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Standing {
    /// The old stage.
    pub from: Arc<str>,
    /// The new stage.
    pub to: Arc<str>,
    /// The number of the step started last, starting at 0.
    pub step: usize,
    /// That step's name.
    pub name: Arc<str>,
    /// A digest of all steps when it started.
    #[serde(default)]
    pub digest: Arc<str>,
    /// Whether that step is done, including its gates.
    pub done: bool,
    /// Whether it is being rolled back.
    pub back: bool,
    /// When the step was started, in milliseconds since the epoch.
    pub since: u64,
    /// The failover, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failover: Option<Failover>,
}

/// A failover of a database's writes from one region to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Failover {
    /// The region that took the writes.
    pub from: Arc<str>,
    /// The one that will.
    pub to: Arc<str>,
    /// Seconds of acknowledged writes that may be lost.
    pub loss: u32,
    /// Whether the old region does not respond.
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
            "a {what} from {} to {} is in progress, at step {} ({})",
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
    /// Its status.
    pub status: Status,
    /// Whose it is, by scalectl's marks; `None` for nobody's.
    pub owner: Option<(Owner, Address)>,
}

/// A resource of another owner in the account that may conflict with ours: its name
/// and its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Other {
    /// Where it is; [`crate::address::GLOBAL`] for global services.
    pub region: Arc<str>,
    /// Its CloudFormation type name.
    pub kind: Arc<str>,
    /// The cloud's identifier.
    pub identifier: Arc<str>,
    /// The properties that identify its name and place.
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub properties: Map,
}

impl Other {
    /// What it is ordered by.
    pub fn key(&self) -> (&str, &str, &str) {
        (&self.region, &self.kind, &self.identifier)
    }
}
