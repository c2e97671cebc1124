//! EventBridge.

use super::record::{Holds, Identity, Kind, Tier};

pub(super) const KINDS: &[Kind] = &[Kind {
    name: "AWS::Events::Rule",

    ..Kind::with(Tier::Monitoring, Holds::Nothing, Identity::Tags, (1, 1, 1))
}];
