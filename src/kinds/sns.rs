//! Topics and who is told.

use super::record::{Canonical, Holds, Identity, Kind, Tier, child, let_go_by};

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "AWS::SNS::Subscription",
        once: &["TopicArn", "Protocol", "Endpoint"],
        ..Kind::with(
            Tier::Monitoring,
            Holds::Nothing,
            child("TopicArn", "AWS::SNS::Topic"),
            (1, 1, 1),
        )
    },
    Kind {
        name: "AWS::SNS::Topic",
        named_by: &[
            let_go_by("TopicArn"),
            let_go_by("Topics"),
            let_go_by("SnsTopicArn"),
        ],
        ..Kind::with(Tier::Monitoring, Holds::Nothing, Identity::Tags, (1, 1, 1))
    },
    Kind {
        name: "AWS::SNS::TopicPolicy",
        canonical: &[("PolicyDocument", Canonical::Policy)],
        // It is its topic's, and known by it.
        fixed: &["Topics", "Topics.0"],
        once: &["Topics.0"],
        ..Kind::with(
            Tier::Monitoring,
            Holds::Nothing,
            child("Topics.0", "AWS::SNS::Topic"),
            (1, 1, 1),
        )
    },
];
