//! Parameters and patching.

use super::record::{Holds, Identity, Kind, Tier};

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "AWS::SSM::Association",

        ..Kind::with(Tier::Security, Holds::Nothing, Identity::Tags, (1, 1, 1))
    },
    Kind {
        name: "AWS::SSM::MaintenanceWindow",

        ..Kind::with(Tier::Security, Holds::Nothing, Identity::Tags, (1, 1, 1))
    },
    Kind {
        name: "AWS::SSM::Parameter",

        ..Kind::with(Tier::Security, Holds::Nothing, Identity::Tags, (1, 1, 1))
    },
    Kind {
        name: "AWS::SSM::PatchBaseline",

        ..Kind::with(Tier::Security, Holds::Nothing, Identity::Tags, (1, 1, 1))
    },
];
