//! Key-value tables.

use super::record::{Drawn, Holds, Identity, Kind, Lock, Tier};

pub(super) const KINDS: &[Kind] = &[Kind {
    name: "AWS::DynamoDB::Table",
    sets: &[("AttributeDefinitions", "AttributeName")],
    drawn: Drawn::stores("Amazon DynamoDB"),
    lock: Some(Lock::Flag("DeletionProtectionEnabled")),
    ..Kind::with(Tier::Data, Holds::Data, Identity::Tags, (12, 10, 8))
}];
