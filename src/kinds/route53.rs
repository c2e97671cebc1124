//! Names.
//!
//! Times: a record is everywhere after about 35 s.

use super::limit::Limit;
use super::record::{Canonical, Drawn, Holds, Identity, Kind, Tier, child, kept_by};

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "AWS::Route53::HealthCheck",
        counts_as: Some(Limit::HealthChecks),
        // https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html
        defaults: &[
            ("HealthCheckConfig.Inverted", "false"),
            ("HealthCheckConfig.MeasureLatency", "false"),
        ],
        named_by: &[kept_by("HealthCheckId")],
        ..Kind::with(Tier::Dns, Holds::Nothing, Identity::Tags, (2, 2, 1))
    },
    Kind {
        name: "AWS::Route53::HostedZone",
        counts_as: Some(Limit::HostedZones),
        canonical: &[("Name", Canonical::DnsName)],
        drawn: Drawn::leads("Amazon Route 53"),
        named_by: &[kept_by("HostedZoneId")],
        ..Kind::with(Tier::Dns, Holds::Data, Identity::Tags, (35, 2, 2))
    },
    Kind {
        name: "AWS::Route53::RecordSet",
        canonical: &[
            ("Name", Canonical::DnsName),
            ("AliasTarget.DNSName", Canonical::DnsName),
            ("TTL", Canonical::Number),
        ],
        // A record is called by all three, so another one of them is another record.
        fixed: &["Name", "SetIdentifier", "Type"],
        once: &["HostedZoneId", "Name", "Type", "SetIdentifier"],
        ..Kind::with(
            Tier::Dns,
            Holds::Nothing,
            child("HostedZoneId", "AWS::Route53::HostedZone"),
            (35, 35, 35),
        )
    },
];
