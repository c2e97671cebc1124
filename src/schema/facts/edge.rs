//! DNS, certificates, CloudFront and the firewall before it.
//!
//! Times: a record is everywhere after about 35 s, a distribution after 43 to 754 s in published
//! apply logs.

use super::{Canonical, KindFacts as Facts};

/// Of a distribution's lists only the cache behaviors and the members of an origin group have an
/// order.
const DISTRIBUTION_SETS: &[(&str, &str)] = &[
    ("DistributionConfig.Aliases", ""),
    ("DistributionConfig.CustomErrorResponses", "ErrorCode"),
    ("DistributionConfig.Origins", "Id"),
    (
        "DistributionConfig.Origins.*.OriginCustomHeaders",
        "HeaderName",
    ),
    (
        "DistributionConfig.Origins.*.CustomOriginConfig.OriginSSLProtocols",
        "",
    ),
    (
        "DistributionConfig.OriginGroups.Items.*.FailoverCriteria.StatusCodes.Items",
        "",
    ),
    (
        "DistributionConfig.Restrictions.GeoRestriction.Locations",
        "",
    ),
    ("DistributionConfig.DefaultCacheBehavior.AllowedMethods", ""),
    ("DistributionConfig.DefaultCacheBehavior.CachedMethods", ""),
    (
        "DistributionConfig.DefaultCacheBehavior.FunctionAssociations",
        "EventType",
    ),
    (
        "DistributionConfig.DefaultCacheBehavior.LambdaFunctionAssociations",
        "EventType",
    ),
    (
        "DistributionConfig.DefaultCacheBehavior.TrustedKeyGroups",
        "",
    ),
    ("DistributionConfig.DefaultCacheBehavior.TrustedSigners", ""),
    (
        "DistributionConfig.DefaultCacheBehavior.ForwardedValues.Headers",
        "",
    ),
    (
        "DistributionConfig.DefaultCacheBehavior.ForwardedValues.QueryStringCacheKeys",
        "",
    ),
    (
        "DistributionConfig.DefaultCacheBehavior.ForwardedValues.Cookies.WhitelistedNames",
        "",
    ),
    ("DistributionConfig.CacheBehaviors.*.AllowedMethods", ""),
    ("DistributionConfig.CacheBehaviors.*.CachedMethods", ""),
    (
        "DistributionConfig.CacheBehaviors.*.FunctionAssociations",
        "EventType",
    ),
    (
        "DistributionConfig.CacheBehaviors.*.LambdaFunctionAssociations",
        "EventType",
    ),
    ("DistributionConfig.CacheBehaviors.*.TrustedKeyGroups", ""),
    ("DistributionConfig.CacheBehaviors.*.TrustedSigners", ""),
    (
        "DistributionConfig.CacheBehaviors.*.ForwardedValues.Headers",
        "",
    ),
    (
        "DistributionConfig.CacheBehaviors.*.ForwardedValues.QueryStringCacheKeys",
        "",
    ),
    (
        "DistributionConfig.CacheBehaviors.*.ForwardedValues.Cookies.WhitelistedNames",
        "",
    ),
];

pub(super) const FACTS: &[(&str, Facts)] = &[
    (
        "AWS::CertificateManager::Certificate",
        Facts {
            canonical: &[("DomainName", Canonical::DnsName)],
            sets: &[
                ("DomainValidationOptions", "DomainName"),
                ("SubjectAlternativeNames", ""),
            ],
            ..Facts::seconds(90, 5, 5)
        },
    ),
    (
        "AWS::CloudFront::CachePolicy",
        Facts {
            sets: &[
                (
                    "CachePolicyConfig.ParametersInCacheKeyAndForwardedToOrigin.CookiesConfig.Cookies",
                    "",
                ),
                (
                    "CachePolicyConfig.ParametersInCacheKeyAndForwardedToOrigin.HeadersConfig.Headers",
                    "",
                ),
                (
                    "CachePolicyConfig.ParametersInCacheKeyAndForwardedToOrigin.QueryStringsConfig.QueryStrings",
                    "",
                ),
            ],
            ..Facts::seconds(1, 1, 1).text("CachePolicyConfig.Comment")
        },
    ),
    (
        "AWS::CloudFront::Distribution",
        Facts {
            sets: DISTRIBUTION_SETS,
            // The registry's defaults of these are empty objects.
            defaults: &[
                (
                    "DistributionConfig.Restrictions",
                    r#"{"GeoRestriction": {"RestrictionType": "none"}}"#,
                ),
                (
                    "DistributionConfig.ViewerCertificate",
                    r#"{"CloudFrontDefaultCertificate": true}"#,
                ),
                (
                    "DistributionConfig.DefaultCacheBehavior.ForwardedValues.Cookies",
                    r#"{"Forward": "none"}"#,
                ),
                (
                    "DistributionConfig.CacheBehaviors.*.ForwardedValues.Cookies",
                    r#"{"Forward": "none"}"#,
                ),
            ],
            ..Facts::seconds(240, 180, 240)
        },
    ),
    (
        "AWS::CloudFront::Function",
        Facts::seconds(5, 5, 2).text("FunctionConfig.Comment"),
    ),
    (
        "AWS::CloudFront::OriginAccessControl",
        Facts::seconds(1, 1, 1).text("OriginAccessControlConfig.Description"),
    ),
    (
        "AWS::CloudFront::OriginRequestPolicy",
        Facts::seconds(1, 1, 1).text("OriginRequestPolicyConfig.Comment"),
    ),
    (
        "AWS::CloudFront::ResponseHeadersPolicy",
        Facts::seconds(1, 1, 1).text("ResponseHeadersPolicyConfig.Comment"),
    ),
    (
        "AWS::Route53::HealthCheck",
        Facts {
            // https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html
            defaults: &[
                ("HealthCheckConfig.Inverted", "false"),
                ("HealthCheckConfig.MeasureLatency", "false"),
            ],
            ..Facts::seconds(2, 2, 1)
        },
    ),
    (
        "AWS::Route53::HostedZone",
        Facts {
            canonical: &[("Name", Canonical::DnsName)],
            ..Facts::seconds(35, 2, 2)
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
            // A record is called by all three, so another one of them is another record.
            fixed: &["Name", "SetIdentifier", "Type"],
            ..Facts::seconds(35, 35, 35).child("HostedZoneId", "AWS::Route53::HostedZone")
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
