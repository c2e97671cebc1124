//! The plan: what would change, why, in which order and for how long.
//!
//! Plans are plain, comparable, serialisable values. Nothing here touches a clock, a network or a
//! terminal.

mod beside;
pub mod blast;
pub mod blocks;
mod cidr;
pub mod diff;
pub mod drift;
pub mod existing;
pub mod guard;
pub mod import_match;
mod in_place;
pub mod operations;
mod properties;
mod ranges;
mod room;
pub mod saved;
pub mod scale;
pub mod schedule;

pub use blast::Blast;
pub use diff::diff;
pub use operations::{Operation, Step};

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::graph::{Graph, Resource};
use crate::inventory::{Live, LiveResource};
use crate::value::Value;

/// What happens to one address.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
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
}

/// Why a change is proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
    /// It is still on its way from an earlier run; there is only to wait.
    Unfinished,
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
    /// Whether the values are secret or never given back; then `before` and `after` say only whether there
    /// are any.
    pub hidden: bool,
}

/// Seconds that a new server takes until it answers.
const BOOT: i64 = 60;

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
    pub reason: Reason,
    /// Property by property, ordered by path.
    pub properties: Vec<PropertyChange>,
    /// What is interrupted meanwhile, in words, if anything.
    pub interrupts: Option<Arc<str>>,
    /// On replace: the new one comes first.
    pub create_before_destroy: bool,
    /// As it should be, as far as that is known; `None` for a delete.
    pub desired: Option<Resource>,
    /// As it is; `None` for a create.
    pub live: Option<LiveResource>,
    /// What it refers to, and what has to be there before.
    pub depends_on: Vec<Address>,
    /// The generation that the write will leave; see [`crate::inventory::Applied`].
    pub generation: u32,
}

/// The property of a bucket that says where S3 copies its files to.
const REPLICATION: &str = "ReplicationConfiguration";

impl Change {
    /// What follows from it besides, in words: a group's new servers come one after the other, and S3 copies no old
    /// files.
    pub fn effect(&self) -> Option<String> {
        let sends = |one: &PropertyChange| one.path.starts_with(REPLICATION);
        let is_bucket = &*self.kind == "AWS::S3::Bucket";
        if is_bucket && self.action == Action::Update && self.properties.iter().any(sends) {
            return Some(
                "S3 replicates only new files; existing files are copied by a migration's step `files`, or by `aws s3 sync`"
                    .to_owned(),
            );
        }
        let is_launched = |one: &PropertyChange| one.path.starts_with("LaunchTemplate");
        let is_group = &*self.kind == "AWS::AutoScaling::AutoScalingGroup";
        if !is_group || self.action != Action::Update || !self.properties.iter().any(is_launched) {
            return None;
        }
        let live = &self.live.as_ref()?.properties;
        let number = |name: &str| live.get(name).and_then(Value::as_number);
        let servers = number("DesiredCapacity")
            .or(number("MinSize"))
            .unwrap_or(1)
            .max(1);
        let warmup = number("DefaultInstanceWarmup").unwrap_or(300);
        // AWS replaces a tenth of them at a time; each boots and warms up.
        let minutes = servers.div_euclid((servers / 10).max(1)) * (BOOT + warmup) / 60;
        Some(format!(
            "AWS replaces {} with new ones, one after the other: about {} m; apply does not wait for it",
            match servers {
                1 => "its server".to_owned(),
                all => format!("all {all} servers"),
            },
            minutes.max(1)
        ))
    }

    /// The path of each property that was changed outside.
    pub fn drifted(&self) -> impl Iterator<Item = &PropertyChange> {
        self.properties.iter().filter(|property| property.drift)
    }
}

/// Everything that would change, in which order and for how long.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The changes, ordered by address; what stays as it is is not among them.
    pub changes: Vec<Change>,
    /// How many resources stay as they are.
    pub unchanged: usize,
    /// The single writes and deletes, each with what it waits for.
    pub operations: Vec<Operation>,
    /// What of it cannot be carried out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub impossible: Vec<Impossible>,
    /// What exists and is used in the place of resources that the blueprint would make.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uses: Vec<existing::Uses>,
    /// Regions whose addresses are not those of their places in the spec.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<blocks::Kept>,
}

/// A change that AWS would refuse whatever is allowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Impossible {
    /// Of what.
    pub address: Address,
    /// What would happen to it.
    pub action: Action,
    /// Why it cannot, in words.
    pub why: String,
    /// What to do instead.
    pub way: String,
}

/// How many changes there are of each sort.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// New ones.
    pub create: usize,
    /// Changed in place.
    pub update: usize,
    /// Replaced by new ones.
    pub replace: usize,
    /// Removed.
    pub delete: usize,
    /// Left alone.
    pub unchanged: usize,
}

impl Plan {
    /// What is to be known besides the changes, a sentence each.
    pub fn notes(&self) -> impl Iterator<Item = String> {
        let uses = self.uses.iter().map(existing::Uses::in_words);
        uses.chain(self.kept.iter().map(blocks::Kept::in_words))
    }

    /// Some of its changes, and nothing of what they depend on.
    pub fn narrowed(self, live: &Live, keeps: impl Fn(&Change) -> bool) -> Self {
        let changes: Vec<Change> = self.changes.into_iter().filter(|c| keeps(c)).collect();
        let (operations, impossible) = operations::with_refusals(&changes, live);
        Self {
            changes,
            operations,
            impossible,
            ..self
        }
    }

    /// Files each change under the tier that `graph` knows its resource by, such as what is deleted: a type alone does
    /// not say whether a parameter is the database's.
    pub fn take_tiers(&mut self, graph: &Graph) {
        for change in &mut self.changes {
            if let Some(known) = graph.get(&change.address) {
                change.tier = known.tier.clone();
            }
        }
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// How many changes there are of each sort.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts {
            unchanged: self.unchanged,
            ..Counts::default()
        };
        for change in &self.changes {
            match change.action {
                Action::Create => counts.create += 1,
                Action::Update => counts.update += 1,
                Action::Replace => counts.replace += 1,
                Action::Delete => counts.delete += 1,
            }
        }
        counts
    }

    /// What it interrupts, destroys, replaces and newly opens to the internet.
    pub fn blast(&self) -> Blast {
        Blast::of(self)
    }

    /// When each operation runs, for so many `workers` at once or without a limit.
    pub fn schedule(&self, workers: Option<usize>) -> schedule::Schedule {
        let tasks: Vec<schedule::Task> = self
            .operations
            .iter()
            .map(|operation| schedule::Task {
                seconds: operation.seconds,
                needs: operation.needs.clone(),
                last: operation.last,
            })
            .collect();
        schedule::schedule(&tasks, workers)
    }
}
