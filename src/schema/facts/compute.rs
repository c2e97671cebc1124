//! Instances, launch templates and auto-scaling groups.

use super::{Canonical, Identity, KindFacts as Facts};

pub(super) const FACTS: &[(&str, Facts)] = &[
    (
        "AWS::AutoScaling::AutoScalingGroup",
        Facts {
            // Moved by scaling policies.
            shared: &["DesiredCapacity"],
            // AWS reports both in an order of its own.
            sets: &[
                ("MetricsCollection", ""),
                ("NotificationConfigurations", ""),
            ],
            // https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html
            open: true,
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
                ("Affinity", "the instance stops and starts"),
                ("EbsOptimized", "the instance stops and starts"),
                ("HostId", "the instance stops and starts"),
                ("InstanceType", "the instance stops and starts"),
                ("KernelId", "the instance stops and starts"),
                ("PrivateDnsNameOptions", "the instance stops and starts"),
                ("RamdiskId", "the instance stops and starts"),
                ("Tenancy", "the instance stops and starts"),
                ("UserData", "the instance stops and starts"),
            ],
            // Disks and interfaces come from the image and are attached later; an address moves to
            // another; the version of a template may be asked for by name.
            unread: &["BlockDeviceMappings", "LaunchTemplate", "NetworkInterfaces"],
            canonical: &[("UserData", Canonical::UserData)],
            fixed: &["AdditionalInfo"],
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
            canonical: &[("LaunchTemplateData.UserData", Canonical::UserData)],
            volatile: &["LatestVersionNumber", "DefaultVersionNumber"],
            ..Facts::seconds(1, 1, 1)
        },
    ),
    (
        "AWS::EC2::Volume",
        Facts {
            // https://docs.aws.amazon.com/ebs/latest/userguide/modify-volume-requirements.html
            grows: &["Size"],
            ..Facts::seconds(10, 30, 5)
        },
    ),
];

/// The processor architecture of an instance type, as image names call it: `arm64` or `x86_64`.
///
/// Amazon's Arm processors carry a g behind the generation (t4g, m7gd, g5g, im4gn); a1 and Apple's later
/// ones are Arm without it (<https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html>).
pub fn processor(instance: &str) -> &'static str {
    let family = instance.split('.').next().unwrap_or(instance);
    let behind = family.trim_start_matches(|letter: char| !letter.is_ascii_digit());
    let is_arm = family == "a1"
        || family.starts_with("mac2")
        || !family.starts_with("mac") && behind.contains('g');
    match is_arm {
        true => "arm64",
        false => "x86_64",
    }
}
