//! Instances, launch templates and disks.

use super::super::exposure;
use super::super::record::{Canonical, Drawn, Holds, Identity, Kind, Lock, Tier, let_go_by};

pub(in crate::kinds) const KINDS: &[Kind] = &[
    Kind {
        name: "AWS::EC2::Instance",
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
        compare_by_digest: &["BlockDeviceMappings", "LaunchTemplate", "NetworkInterfaces"],
        canonical: &[("UserData", Canonical::UserData)],
        fixed: &["AdditionalInfo"],
        volatile: &["PublicIp", "PublicDnsName"],
        drawn: Drawn::works("Amazon EC2"),
        exposes: Some(exposure::instance),
        lock: Some(Lock::Flag("DisableApiTermination")),
        ..Kind::with(Tier::Compute, Holds::Nothing, Identity::Tags, (25, 60, 40))
    },
    Kind {
        name: "AWS::EC2::LaunchTemplate",

        canonical: &[("LaunchTemplateData.UserData", Canonical::UserData)],
        volatile: &["LatestVersionNumber", "DefaultVersionNumber"],
        once: &["LaunchTemplateName"],
        named_by: &[let_go_by("LaunchTemplateId")],
        exposes: Some(exposure::template),
        known_when_made: &[
            ("DefaultVersionNumber", Some("1")),
            ("LatestVersionNumber", Some("1")),
        ],
        ..Kind::with(
            Tier::Compute,
            Holds::Nothing,
            Identity::TagSpecifications {
                resource_type: "launch-template",
            },
            (1, 1, 1),
        )
    },
    Kind {
        name: "AWS::EC2::Volume",
        // https://docs.aws.amazon.com/ebs/latest/userguide/modify-volume-requirements.html
        monotonic: &["Size"],
        ..Kind::with(Tier::Data, Holds::Data, Identity::Tags, (10, 30, 5))
    },
];
