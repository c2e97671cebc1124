//! Auto Scaling groups and what belongs to them.

use super::limit::Limit;
use super::record::{Drawn, Holds, Identity, Kind, Tier, child, let_go_by};

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "AWS::AutoScaling::AutoScalingGroup",
        counts_as: Some(Limit::AutoScalingGroups),
        // Moved by scaling policies.
        externally_managed: &["DesiredCapacity"],
        // AWS reports both in an order of its own.
        sets: &[
            ("MetricsCollection", ""),
            ("NotificationConfigurations", ""),
        ],
        // https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html
        open: true,
        drawn: Drawn::works("Auto Scaling group"),
        named_by: &[let_go_by("AutoScalingGroupName")],
        ..Kind::with(Tier::Compute, Holds::Nothing, Identity::Tags, (90, 5, 120))
    },
    Kind {
        name: "AWS::AutoScaling::LifecycleHook",

        ..Kind::with(
            Tier::Compute,
            Holds::Nothing,
            child("AutoScalingGroupName", "AWS::AutoScaling::AutoScalingGroup"),
            (1, 1, 1),
        )
    },
    Kind {
        name: "AWS::AutoScaling::ScalingPolicy",
        once: &["AutoScalingGroupName", "PolicyName"],
        ..Kind::with(
            Tier::Compute,
            Holds::Nothing,
            child("AutoScalingGroupName", "AWS::AutoScaling::AutoScalingGroup"),
            (2, 2, 1),
        )
    },
];
