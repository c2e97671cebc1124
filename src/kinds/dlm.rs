//! Snapshots of disks by a schedule.

use super::record::{Holds, Identity, Kind, Tier};

pub(super) const KINDS: &[Kind] = &[Kind {
    name: "AWS::DLM::LifecyclePolicy",

    ..Kind::with(Tier::Backup, Holds::Nothing, Identity::Tags, (1, 1, 1))
}];
