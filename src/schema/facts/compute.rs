//! Instances, launch templates and auto-scaling groups.

use super::{Identity, KindFacts as Facts};

pub(super) const FACTS: &[(&str, Facts)] = &[
    (
        "AWS::AutoScaling::AutoScalingGroup",
        Facts {
            // Moved by scaling policies.
            shared: &["DesiredCapacity"],
            ..Facts::seconds(90, 5, 120)
        },
    ),
    (
        "AWS::AutoScaling::LifecycleHook",
        Facts::seconds(1, 1, 1).child("AutoScalingGroupName", "AWS::AutoScaling::AutoScalingGroup"),
    ),
    (
        "AWS::AutoScaling::ScalingPolicy",
        Facts::seconds(2, 2, 1).child("AutoScalingGroupName", "AWS::AutoScaling::AutoScalingGroup"),
    ),
    (
        "AWS::EC2::Instance",
        Facts {
            // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-resize.html
            interrupts: &[
                ("InstanceType", "the instance stops and starts"),
                ("UserData", "the instance stops and starts"),
                ("EbsOptimized", "the instance stops and starts"),
            ],
            volatile: &["PublicIp", "PublicDnsName"],
            ..Facts::seconds(25, 60, 40)
        },
    ),
    (
        "AWS::EC2::LaunchTemplate",
        Facts {
            identity: Identity::TagSpecifications {
                resource_type: "launch-template",
            },
            volatile: &["LatestVersionNumber", "DefaultVersionNumber"],
            ..Facts::seconds(1, 1, 1)
        },
    ),
    ("AWS::EC2::Volume", Facts::seconds(10, 30, 5)),
];
