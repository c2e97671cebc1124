//! CloudFront.
//!
//! Times: a distribution is everywhere after 43 to 754 s in published apply logs.

use super::exposure;
use super::record::{Drawn, Holds, Identity, Kind, Lock, Tier, kept_by};

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

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "AWS::CloudFront::CachePolicy",
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
        once: &["CachePolicyConfig.Name"],
        ..Kind::with(
            Tier::Edge,
            Holds::Nothing,
            Identity::Text {
                property: "CachePolicyConfig.Comment",
            },
            (1, 1, 1),
        )
    },
    Kind {
        name: "AWS::CloudFront::Distribution",
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
        drawn: Drawn::leads("Amazon CloudFront"),
        endpoint: Some(("edge", "DomainName")),
        exposes: Some(exposure::distribution),
        lock: Some(Lock::Within("DistributionConfig", "Enabled")),
        ..Kind::with(Tier::Edge, Holds::Nothing, Identity::Tags, (240, 180, 240))
    },
    Kind {
        name: "AWS::CloudFront::Function",

        ..Kind::with(
            Tier::Edge,
            Holds::Nothing,
            Identity::Text {
                property: "FunctionConfig.Comment",
            },
            (5, 5, 2),
        )
    },
    Kind {
        name: "AWS::CloudFront::OriginAccessControl",
        once: &["OriginAccessControlConfig.Name"],
        named_by: &[kept_by("OriginAccessControlId")],
        ..Kind::with(
            Tier::Edge,
            Holds::Nothing,
            Identity::Text {
                property: "OriginAccessControlConfig.Description",
            },
            (1, 1, 1),
        )
    },
    Kind {
        name: "AWS::CloudFront::OriginRequestPolicy",
        once: &["OriginRequestPolicyConfig.Name"],
        ..Kind::with(
            Tier::Edge,
            Holds::Nothing,
            Identity::Text {
                property: "OriginRequestPolicyConfig.Comment",
            },
            (1, 1, 1),
        )
    },
    Kind {
        name: "AWS::CloudFront::ResponseHeadersPolicy",
        once: &["ResponseHeadersPolicyConfig.Name"],
        ..Kind::with(
            Tier::Edge,
            Holds::Nothing,
            Identity::Text {
                property: "ResponseHeadersPolicyConfig.Comment",
            },
            (1, 1, 1),
        )
    },
];
