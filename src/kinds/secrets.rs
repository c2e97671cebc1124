//! Secrets.

use super::record::{Holds, Identity, Kind, Tier};

pub(super) const KINDS: &[Kind] = &[Kind {
    name: "AWS::SecretsManager::Secret",
    once: &["Name"],
    generated: &["GenerateSecretString"],
    ..Kind::with(Tier::Security, Holds::Nothing, Identity::Tags, (1, 1, 1))
}];
