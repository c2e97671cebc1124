//! Secrets of the user's own: what is asked of them, and what is said. A value goes in and never comes out.

use std::fmt;
use std::sync::Arc;

use crate::spec::SecretPlace;

/// A secret in a region.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretId {
    /// The region.
    pub region: Arc<str>,
    /// Where it is kept.
    pub place: SecretPlace,
    /// Its name, or the ARN of a secret of Secrets Manager.
    pub name: Arc<str>,
}

/// How a secret stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretState {
    /// When its value was set last, in milliseconds since the epoch.
    pub changed: Option<u64>,
    /// When it will be deleted for good, where it is on its way out.
    pub ends: Option<u64>,
    /// The other regions that have a copy which follows it.
    pub copies: Vec<Arc<str>>,
}

/// A value that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden(pub String);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden")
    }
}
