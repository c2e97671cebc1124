//! Alarms and dashboards.

use super::record::{Holds, Identity, Kind, Tier};

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "AWS::CloudWatch::Alarm",
        sets: &[
            ("Dimensions", "Name"),
            ("AlarmActions", ""),
            ("OKActions", ""),
        ],
        ..Kind::with(Tier::Monitoring, Holds::Nothing, Identity::Tags, (1, 1, 1))
    },
    Kind {
        name: "AWS::CloudWatch::Dashboard",

        ..Kind::with(Tier::Monitoring, Holds::Nothing, Identity::Tags, (1, 1, 1))
    },
];
