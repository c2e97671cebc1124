//! Roles and policies.

use super::record::{Canonical, Holds, Identity, Kind, Tier, child, kept_by, let_go_by};

pub(super) const KINDS: &[Kind] = &[
    // The role is known for a few seconds only here and there after it was created.
    Kind {
        name: "AWS::IAM::InstanceProfile",
        named_by: &[let_go_by("IamInstanceProfile")],
        ..Kind::with(
            Tier::Security,
            Holds::Nothing,
            child("Roles.0", "AWS::IAM::Role"),
            (10, 10, 1),
        )
    },
    Kind {
        name: "AWS::IAM::ManagedPolicy",
        canonical: &[("PolicyDocument", Canonical::Policy)],
        ..Kind::with(
            Tier::Security,
            Holds::Nothing,
            Identity::Text {
                property: "Description",
            },
            (2, 2, 2),
        )
    },
    Kind {
        name: "AWS::IAM::Policy",
        canonical: &[("PolicyDocument", Canonical::Policy)],
        ..Kind::with(
            Tier::Security,
            Holds::Nothing,
            child("Roles.0", "AWS::IAM::Role"),
            (2, 2, 2),
        )
    },
    Kind {
        name: "AWS::IAM::Role",
        canonical: &[
            ("AssumeRolePolicyDocument", Canonical::Policy),
            ("Policies.*.PolicyDocument", Canonical::Policy),
        ],
        sets: &[("ManagedPolicyArns", ""), ("Policies", "PolicyName")],
        named_by: &[
            kept_by("Roles"),
            let_go_by("MonitoringRoleArn"),
            let_go_by("DeliverLogsPermissionArn"),
            let_go_by("ExecutionRoleArn"),
            let_go_by("IamRoleArn"),
        ],
        ..Kind::with(Tier::Security, Holds::Nothing, Identity::Tags, (10, 2, 2))
    },
];
