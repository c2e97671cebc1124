//! A migration or a failover in a file, and whether the one that is laid out now is still the same.
//!
//! Nothing in the file is run. It has digests only, of everything that was shown when it was saved: what exists before
//! and after each step, its scripts and gates, and what it may cost. Whoever runs it lays the steps out again and compares.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Migration, Step};
use crate::blueprint::Library;
use crate::inventory::{Failover, Owner};
use crate::spec::Stage;

/// The version of the file's format; a file of another one is refused.
pub const FORMAT: u32 = 2;

/// A migration or a failover in a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedMigration {
    /// [`FORMAT`].
    pub format: u32,
    /// Whose resources it changes.
    pub owner: Owner,
    /// The provider that it was made with.
    pub provider: Arc<str>,
    /// The stage where it begins.
    pub from: Stage,
    /// The stage where it ends.
    pub to: Stage,
    /// What it fails over, where it is no way between stages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failover: Option<Failover>,
    /// A digest of what exists before its first step.
    start: Arc<str>,
    steps: Vec<SavedStep>,
    /// A digest of the scripts that steps may run.
    scripts: Arc<str>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedStep {
    name: Arc<str>,
    digest: Arc<str>,
}

impl SavedMigration {
    /// A migration to be saved.
    pub fn new(owner: Owner, provider: &str, migration: &Migration, library: &Library) -> Self {
        let step = |step: &Step| SavedStep {
            name: Arc::clone(&step.name),
            digest: digest(step),
        };
        Self {
            format: FORMAT,
            owner,
            provider: provider.into(),
            from: migration.from,
            to: migration.to,
            failover: migration.failover.clone(),
            start: digest(&migration.start),
            steps: migration.steps.iter().map(step).collect(),
            scripts: digest(&library.texts_below("actions/").collect::<Vec<_>>()),
        }
    }

    /// What differs in the one that is laid out now, as a clause; `None` where it is the same.
    pub fn difference(&self, now: &Self) -> Option<String> {
        if (&self.owner, &self.provider) != (&now.owner, &now.provider) {
            let of = |one: &Self| {
                let Owner { app, env } = &one.owner;
                format!("{app} ({env}) on {}", one.provider)
            };
            return Some(format!("it is for {}, not for {}", of(self), of(now)));
        }
        if (self.from, self.to) != (now.from, now.to) {
            return Some(format!(
                "it migrates from stage {} to {}, not from {} to {}",
                self.from.name(),
                self.to.name(),
                now.from.name(),
                now.to.name()
            ));
        }
        if self.failover != now.failover {
            return Some(match (&self.failover, &now.failover) {
                (Some(saved), Some(now)) => format!("it {}; now it {}", moves(saved), moves(now)),
                _ => "a failover is not a migration".to_owned(),
            });
        }
        if self.start != now.start {
            return Some("the resources before its first step have changed".to_owned());
        }
        let number = (0..self.steps.len().max(now.steps.len()))
            .find(|number| self.steps.get(*number) != now.steps.get(*number));
        if let Some(number) = number {
            let name = |one: &Self| one.steps.get(number).map(|step| Arc::clone(&step.name));
            let what = match (name(self), name(now)) {
                (Some(old), Some(new)) if old == new => format!("({old}) has changed"),
                (Some(old), Some(new)) => format!("was {old} and is now {new}"),
                (Some(old), None) => format!("({old}) no longer exists"),
                (_, new) => format!("({}) is new", new.as_deref().unwrap_or_default()),
            };
            return Some(format!("step {} {what}", number + 1));
        }
        if self.scripts != now.scripts {
            return Some("a script under `templates/actions` has changed".to_owned());
        }
        // The format at least, or what a later one adds.
        (self != now).then(|| "its format differs".to_owned())
    }
}

/// What a failover does, in words.
fn moves(failover: &Failover) -> String {
    let Failover {
        from,
        to,
        loss,
        lost,
    } = failover;
    let without = if *lost {
        ", which does not respond,"
    } else {
        ""
    };
    format!("moves the writes from {from}{without} to {to} and may lose those of {loss} s")
}

fn digest(of: &impl Serialize) -> Arc<str> {
    // Serialising plain data with string keys cannot fail.
    let text = serde_json::to_vec(of).unwrap_or_default();
    hex::encode(&Sha256::digest(&text)[..12]).into()
}
