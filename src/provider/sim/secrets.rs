//! The user's own secrets in the simulator: when each was set, and a digest by which a test tells whether it was. No value
//! is stored.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::cloud::{Cloud, refuse};
use crate::provider::{ErrorKind, Hidden, Outcome, SecretId, SecretState};
use crate::spec::SecretPlace;

/// How long Secrets Manager keeps a deleted secret
/// (<https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html>).
const WINDOW: Duration = Duration::from_secs(30 * 86_400);

/// The most bytes of a secret, and of a standard parameter.
const MANAGER: usize = 65_536;
const PARAMETER: usize = 4096;

/// A secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    digest: String,
    changed: u64,
    ends: Option<u64>,
    copies: Vec<Arc<str>>,
}

/// Where it stands in the simulator's file: the region, the service and the name.
pub type Key = (Arc<str>, Arc<str>, Arc<str>);

fn key(secret: &SecretId) -> Key {
    let service = match secret.place {
        SecretPlace::Manager => "secretsmanager",
        SecretPlace::Parameters => "ssm",
    };
    (secret.region.clone(), service.into(), secret.name.clone())
}

/// The calls, by AWS's names.
pub fn describe(secret: &SecretId) -> &'static str {
    match secret.place {
        SecretPlace::Manager => "secretsmanager:DescribeSecret",
        SecretPlace::Parameters => "ssm:DescribeParameters",
    }
}

/// The same, to set one.
pub fn put(secret: &SecretId) -> &'static str {
    match secret.place {
        SecretPlace::Manager => "secretsmanager:PutSecretValue",
        SecretPlace::Parameters => "ssm:PutParameter",
    }
}

/// The same, to delete one.
pub fn delete(secret: &SecretId) -> &'static str {
    match secret.place {
        SecretPlace::Manager => "secretsmanager:DeleteSecret",
        SecretPlace::Parameters => "ssm:DeleteParameter",
    }
}

impl Cloud {
    /// How a secret stands.
    pub(super) fn secret(&self, secret: &SecretId, now: u64) -> Option<SecretState> {
        let kept = self.secrets.get(&key(secret))?;
        let is_there = kept.ends.is_none_or(|ends| now < ends);
        is_there.then(|| SecretState {
            changed: Some(kept.changed),
            ends: kept.ends,
            copies: kept.copies.clone(),
        })
    }

    /// Sets a secret.
    ///
    /// # Errors
    /// Where AWS would take no such value.
    pub(super) fn set_secret(
        &mut self,
        secret: &SecretId,
        copies: &[Arc<str>],
        value: &Hidden,
        now: u64,
    ) -> Outcome<()> {
        let call = put(secret);
        let most = match secret.place {
            SecretPlace::Manager => MANAGER,
            SecretPlace::Parameters => PARAMETER,
        };
        if value.0.is_empty() || value.0.len() > most {
            let message = format!("a value has 1 to {most} bytes, not {}", value.0.len());
            return Err(refuse(
                ErrorKind::Invalid,
                "ValidationException",
                message,
                call,
            ));
        }
        let is_arn = secret.name.starts_with("arn:");
        let have = self.secrets.get(&key(secret));
        if is_arn && have.is_none() {
            let message = "Secrets Manager can't find the specified secret.";
            return Err(refuse(
                ErrorKind::NotFound,
                "ResourceNotFoundException",
                message,
                call,
            ));
        }
        let mut all = have.map(|kept| kept.copies.clone()).unwrap_or_default();
        for region in copies {
            if !all.contains(region) {
                all.push(region.clone());
            }
        }
        let kept = Kept {
            digest: hex::encode(Sha256::digest(value.0.as_bytes())),
            changed: now,
            ends: None,
            copies: all,
        };
        self.secrets.insert(key(secret), kept);
        Ok(())
    }

    /// Deletes a secret: a parameter at once, a secret of Secrets Manager after the time in which it can be brought back.
    pub(super) fn remove_secret(&mut self, secret: &SecretId, now: u64) {
        let window = u64::try_from(WINDOW.as_millis()).unwrap_or(u64::MAX);
        match secret.place {
            SecretPlace::Parameters => {
                self.secrets.remove(&key(secret));
            }
            SecretPlace::Manager => {
                if let Some(kept) = self.secrets.get_mut(&key(secret)) {
                    kept.ends = kept.ends.or(Some(now.saturating_add(window)));
                    kept.copies.clear();
                }
            }
        }
    }
}
