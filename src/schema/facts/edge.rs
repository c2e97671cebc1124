//! DNS, certificates, CloudFront and the firewall before it.
//!
//! Times: a record is everywhere after about 35 s, a distribution after 43 to 754 s in published
//! apply logs.

use super::{Canonical, KindFacts as Facts};

pub(super) const FACTS: &[(&str, Facts)] = &[
    (
        "AWS::CertificateManager::Certificate",
        Facts {
            canonical: &[("DomainName", Canonical::DnsName)],
            ..Facts::seconds(90, 5, 5)
        },
    ),
    (
        "AWS::CloudFront::CachePolicy",
        Facts::seconds(1, 1, 1)
            .text("CachePolicyConfig.Comment")
            .global(),
    ),
    (
        "AWS::CloudFront::Distribution",
        Facts::seconds(240, 180, 240).global(),
    ),
    (
        "AWS::CloudFront::Function",
        Facts::seconds(5, 5, 2)
            .text("FunctionConfig.Comment")
            .global(),
    ),
    (
        "AWS::CloudFront::OriginAccessControl",
        Facts::seconds(1, 1, 1)
            .text("OriginAccessControlConfig.Description")
            .global(),
    ),
    (
        "AWS::CloudFront::OriginRequestPolicy",
        Facts::seconds(1, 1, 1)
            .text("OriginRequestPolicyConfig.Comment")
            .global(),
    ),
    (
        "AWS::CloudFront::ResponseHeadersPolicy",
        Facts::seconds(1, 1, 1)
            .text("ResponseHeadersPolicyConfig.Comment")
            .global(),
    ),
    (
        "AWS::Route53::HealthCheck",
        Facts::seconds(2, 2, 1).global(),
    ),
    (
        "AWS::Route53::HostedZone",
        Facts {
            canonical: &[("Name", Canonical::DnsName)],
            ..Facts::seconds(35, 2, 2).global()
        },
    ),
    (
        "AWS::Route53::RecordSet",
        Facts {
            canonical: &[
                ("Name", Canonical::DnsName),
                ("AliasTarget.DNSName", Canonical::DnsName),
                ("TTL", Canonical::Number),
            ],
            ..Facts::seconds(35, 35, 35)
                .child("HostedZoneId", "AWS::Route53::HostedZone")
                .global()
        },
    ),
    (
        "AWS::WAFv2::LoggingConfiguration",
        Facts::seconds(1, 1, 1).child("ResourceArn", "AWS::WAFv2::WebACL"),
    ),
    (
        "AWS::WAFv2::WebACL",
        Facts {
            sets: &[("Rules", "Name")],
            ..Facts::seconds(3, 3, 3)
        },
    ),
    (
        "AWS::WAFv2::WebACLAssociation",
        Facts::seconds(5, 5, 5).child("WebACLArn", "AWS::WAFv2::WebACL"),
    ),
];
