//! One simulated resource: what it is, whose, since when, and how it is reported.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::database::Started;
use crate::address::Address;
use crate::inventory::{Applied, LiveResource, Owner, Status};
use crate::kinds;
use crate::kinds::Canonical;
use crate::schema::Registry;
use crate::value::{Map, Value};

/// One resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Counted up, never used twice.
    pub number: u64,
    /// Its CloudFormation type name.
    pub kind: Arc<str>,
    /// Where it is; `global` for global services.
    pub region: Arc<str>,
    /// What the cloud knows it by.
    pub identifier: Arc<str>,
    /// Everything that it has, as it was set, and what the cloud made up.
    pub properties: Map,
    /// Whose it is. Of kinds that cannot be tagged the marks stand here too.
    pub marks: Option<Marks>,
    /// From when on it can be used, in milliseconds since the epoch.
    pub ready_at: u64,
    /// The cloud's word for what goes on until then.
    pub word: Arc<str>,
    /// From when on lists and reads show it.
    pub visible_at: u64,
    /// From when on it is gone, once it is being deleted.
    pub gone_at: Option<u64>,
    /// Why it will never work, if so.
    pub failed: Option<Arc<str>>,
    /// Of a database: what it was started with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<Started>,
    /// Of a group of servers: when all are such as it launches now, once they are replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_at: Option<u64>,
}

/// Whose a resource is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Marks {
    /// The app and environment.
    pub owner: Owner,
    /// Its permanent name.
    pub address: Address,
    /// What was last applied.
    pub applied: Applied,
}

impl Item {
    /// One without an owner that was always there; its number is its caller's to give.
    pub fn unowned(
        kind: Arc<str>,
        region: Arc<str>,
        identifier: Arc<str>,
        properties: Map,
    ) -> Self {
        Self {
            number: 0,
            kind,
            region,
            identifier,
            properties,
            marks: None,
            ready_at: 0,
            word: "available".into(),
            visible_at: 0,
            gone_at: None,
            failed: None,
            started: None,
            replaced_at: None,
        }
    }

    /// Whether it can be used at `now`.
    pub fn is_ready(&self, now: u64) -> bool {
        self.failed.is_none() && self.gone_at.is_none() && self.ready_at <= now
    }

    /// Whether an application made it.
    pub fn is_of(&self, owner: &Owner) -> bool {
        self.marks
            .as_ref()
            .is_some_and(|marks| marks.owner == *owner)
    }

    /// Whether it still exists at `now`.
    pub fn exists(&self, now: u64) -> bool {
        self.gone_at.is_none_or(|gone| gone > now)
    }

    /// The cloud's word for its state.
    pub fn state(&self, now: u64) -> &str {
        match (&self.failed, self.gone_at) {
            (Some(_), _) => "failed",
            (None, Some(_)) => "deleting",
            (None, None) if self.ready_at > now => &self.word,
            (None, None) => "available",
        }
    }

    /// Whether it can be used, as providers say it.
    pub(super) fn status(&self, now: u64) -> Status {
        match (&self.failed, self.gone_at) {
            (Some(why), _) => Status::Failed(why.clone()),
            (None, Some(_)) => Status::Deleting,
            (None, None) if self.ready_at > now => Status::Pending(self.word.clone()),
            (None, None) => Status::Ready,
        }
    }

    /// It as a list call reports it to its owner.
    pub(super) fn report(&self, marks: &Marks, now: u64) -> LiveResource {
        LiveResource {
            address: marks.address.clone(),
            kind: self.kind.clone(),
            identifier: self.identifier.clone(),
            properties: as_reported(&self.kind, &self.properties),
            status: self.status(now),
            applied: Some(marks.applied.clone()),
        }
    }
}

/// Properties in the spelling in which AWS gives them back: names with a final dot, lists without
/// an order in another one, no write-only values.
pub(super) fn as_reported(kind: &str, properties: &Map) -> Map {
    let facts = kinds::of(kind);
    let schema = Registry::embedded().kind(kind);
    properties
        .iter()
        .filter(|(name, _)| {
            // DescribeLaunchTemplateVersions tells it, whatever the registry says.
            kind == "AWS::EC2::LaunchTemplate" && &**name == "LaunchTemplateData"
                || facts.clearable.contains(&&**name)
                || !schema.is_some_and(|schema| schema.is_write_only(name))
        })
        .map(|(name, value)| {
            let form = facts.canonical.iter().find(|(path, _)| *path == &**name);
            let value = match (form, value) {
                (Some((_, Canonical::DnsName)), Value::String(text)) if !text.ends_with('.') => {
                    Value::str(format!("{}.", text.to_lowercase()))
                }
                (None, Value::List(items)) if facts.sets.iter().any(|(at, _)| *at == &**name) => {
                    Value::list(items.iter().rev().cloned())
                }
                _ => value.clone(),
            };
            (name.clone(), value)
        })
        .collect()
}
