//! Buckets.

use super::exposure;
use super::record::{Canonical, Drawn, Holds, Identity, Kind, Tier, child, let_go_by};

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "AWS::S3::Bucket",
        sets: &[
            ("AnalyticsConfigurations", "Id"),
            ("IntelligentTieringConfigurations", "Id"),
            ("InventoryConfigurations", "Id"),
            ("MetricsConfigurations", "Id"),
            ("NotificationConfiguration.LambdaConfigurations", ""),
            ("NotificationConfiguration.QueueConfigurations", ""),
            ("NotificationConfiguration.TopicConfigurations", ""),
        ],
        // S3 gives `Prefix` for `prefix`.
        canonical: &[
            (
                "NotificationConfiguration.LambdaConfigurations.*.Filter.S3Key.Rules.*.Name",
                Canonical::Lowercase,
            ),
            (
                "NotificationConfiguration.QueueConfigurations.*.Filter.S3Key.Rules.*.Name",
                Canonical::Lowercase,
            ),
            (
                "NotificationConfiguration.TopicConfigurations.*.Filter.S3Key.Rules.*.Name",
                Canonical::Lowercase,
            ),
        ],
        drawn: Drawn::leads("Amazon S3"),
        named_by: &[let_go_by("Bucket")],
        exposes: Some(exposure::bucket),
        ..Kind::with(Tier::Edge, Holds::Data, Identity::Tags, (2, 2, 2))
    },
    Kind {
        name: "AWS::S3::BucketPolicy",
        canonical: &[("PolicyDocument", Canonical::Policy)],
        once: &["Bucket"],
        ..Kind::with(
            Tier::Edge,
            Holds::Nothing,
            child("Bucket", "AWS::S3::Bucket"),
            (1, 1, 1),
        )
    },
];
