//! AWS Backup.

use super::record::{Canonical, Holds, Identity, Kind, Tier, child, kept_by, let_go_by};

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "AWS::Backup::BackupPlan",
        named_by: &[kept_by("BackupPlanId")],
        ..Kind::with(Tier::Backup, Holds::Nothing, Identity::Tags, (1, 1, 1))
    },
    Kind {
        name: "AWS::Backup::BackupSelection",

        ..Kind::with(
            Tier::Backup,
            Holds::Nothing,
            child("BackupPlanId", "AWS::Backup::BackupPlan"),
            (1, 1, 1),
        )
    },
    Kind {
        name: "AWS::Backup::BackupVault",
        canonical: &[("AccessPolicy", Canonical::Policy)],
        named_by: &[let_go_by("TargetBackupVault")],
        ..Kind::with(Tier::Backup, Holds::Data, Identity::Tags, (1, 1, 1))
    },
];
