//! Identity, monitoring, messages, patching and backup.

use super::{Canonical, KindFacts as Facts};

pub(super) const FACTS: &[(&str, Facts)] = &[
    ("AWS::Backup::BackupPlan", Facts::seconds(1, 1, 1)),
    (
        "AWS::Backup::BackupSelection",
        Facts::seconds(1, 1, 1).child("BackupPlanId", "AWS::Backup::BackupPlan"),
    ),
    (
        "AWS::Backup::BackupVault",
        Facts {
            canonical: &[("AccessPolicy", Canonical::Policy)],
            ..Facts::seconds(1, 1, 1)
        },
    ),
    (
        "AWS::CloudWatch::Alarm",
        Facts {
            sets: &[
                ("Dimensions", "Name"),
                ("AlarmActions", ""),
                ("OKActions", ""),
            ],
            ..Facts::seconds(1, 1, 1)
        },
    ),
    // The role is known for a few seconds only here and there after it was created.
    (
        "AWS::IAM::InstanceProfile",
        Facts::seconds(10, 10, 1).child("Roles.0", "AWS::IAM::Role"),
    ),
    (
        "AWS::IAM::ManagedPolicy",
        Facts {
            canonical: &[("PolicyDocument", Canonical::Policy)],
            ..Facts::seconds(2, 2, 2).text("Description")
        },
    ),
    (
        "AWS::IAM::Policy",
        Facts {
            canonical: &[("PolicyDocument", Canonical::Policy)],
            ..Facts::seconds(2, 2, 2).child("Roles.0", "AWS::IAM::Role")
        },
    ),
    (
        "AWS::IAM::Role",
        Facts {
            canonical: &[
                ("AssumeRolePolicyDocument", Canonical::Policy),
                ("Policies.*.PolicyDocument", Canonical::Policy),
            ],
            sets: &[("ManagedPolicyArns", ""), ("Policies", "PolicyName")],
            ..Facts::seconds(10, 2, 2)
        },
    ),
    (
        "AWS::SNS::Subscription",
        Facts::seconds(1, 1, 1).child("TopicArn", "AWS::SNS::Topic"),
    ),
    (
        "AWS::SNS::TopicPolicy",
        Facts {
            canonical: &[("PolicyDocument", Canonical::Policy)],
            // It is its topic's, and known by it.
            fixed: &["Topics", "Topics.0"],
            ..Facts::seconds(1, 1, 1).child("Topics.0", "AWS::SNS::Topic")
        },
    ),
];
