//! Keys.

use super::record::{Canonical, Holds, Identity, Kind, Tier, child, let_go_by};

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "AWS::KMS::Alias",
        once: &["AliasName"],
        ..Kind::with(
            Tier::Security,
            Holds::Nothing,
            child("TargetKeyId", "AWS::KMS::Key"),
            (1, 1, 1),
        )
    },
    Kind {
        name: "AWS::KMS::Key",
        canonical: &[("KeyPolicy", Canonical::Policy)],
        named_by: &[let_go_by("KmsKeyId")],
        ..Kind::with(Tier::Security, Holds::Data, Identity::Tags, (3, 2, 1))
    },
];
