//! The plan: what would change, why, in which order and for how long.
//!
//! Plans are plain, comparable, serialisable values. Nothing here touches a clock, a network or a
//! terminal.

pub mod compare;
pub mod digest;
pub mod schedule;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::graph::Resource;
use crate::provider::{Applied, LiveResource};
use crate::value::Value;

/// What happens to one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// It does not exist and will.
    Create,
    /// It changes in place.
    Update,
    /// A create-only property changed: a new one takes its place.
    Replace,
    /// It exists and is no longer wanted.
    Delete,
    /// It is as it should be.
    NoOp,
}

/// Why a change is proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum Reason {
    /// The blueprint wants it and the cloud has none.
    Missing,
    /// The cloud has it and the blueprint does not want it.
    NotInBlueprint,
    /// Properties differ.
    Differs,
    /// These create-only properties differ.
    CreateOnly {
        /// The properties' names.
        properties: Vec<Arc<str>>,
    },
    /// Its kind changed.
    KindChanged {
        /// The kind it has.
        from: Arc<str>,
    },
    /// It is a leftover of a replace that did not finish.
    Deposed,
    /// It exists but failed, or is half-way deleted, and has to be made anew.
    Broken {
        /// The cloud's own word.
        status: Arc<str>,
    },
}

/// One property of a change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PropertyChange {
    /// The dotted path.
    pub path: Arc<str>,
    /// As it is; `None` when it is not set.
    pub before: Option<Value>,
    /// As it will be; `None` when it goes back to the cloud's default.
    pub after: Option<Value>,
    /// Whether this one forces the replace.
    pub create_only: bool,
    /// Whether it was changed outside: we set it, and somebody moved it.
    pub drift: bool,
    /// Whether the values are secret or never given back; then `before` and `after` are `None`.
    pub hidden: bool,
}

/// What happens to one resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Which.
    pub address: Address,
    /// Its CloudFormation type name.
    pub kind: Arc<str>,
    /// Its tier, for grouping.
    pub tier: Arc<str>,
    /// What happens.
    pub action: Action,
    /// Why.
    pub reason: Option<Reason>,
    /// Property by property, ordered by path.
    pub properties: Vec<PropertyChange>,
    /// What is interrupted meanwhile, in words, if anything.
    pub interrupts: Option<Arc<str>>,
    /// On replace: the new one comes first.
    pub create_before_destroy: bool,
    /// As it should be; `None` for a delete.
    pub desired: Option<Resource>,
    /// As it is; `None` for a create.
    pub live: Option<LiveResource>,
    /// The marks that the write will leave.
    pub applied: Applied,
}
