//! Elastic Load Balancing.
//!
//! Times: load balancers 135 to 187 s in published apply logs; the rest answers within seconds.

use super::attributes;
use super::exposure;
use super::limit::Limit;
use super::record::{Drawn, Holds, Identity, Kind, Lock, Tier, child, kept_by, let_go_by};

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "AWS::ElasticLoadBalancingV2::Listener",
        sets: &[("ListenerAttributes", "Key")],
        attributes: Some(("ListenerAttributes", attributes::LISTENER)),
        // https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RedirectActionConfig.html
        defaults: &[
            ("DefaultActions.*.RedirectConfig.Host", "\"#{host}\""),
            ("DefaultActions.*.RedirectConfig.Path", "\"/#{path}\""),
            ("DefaultActions.*.RedirectConfig.Port", "\"#{port}\""),
            (
                "DefaultActions.*.RedirectConfig.Protocol",
                "\"#{protocol}\"",
            ),
            ("DefaultActions.*.RedirectConfig.Query", "\"#{query}\""),
            ("DefaultActions.*.ForwardConfig.TargetGroups.*.Weight", "1"),
        ],
        once: &["LoadBalancerArn", "Port"],
        named_by: &[let_go_by("ListenerArn")],
        ..Kind::with(Tier::Network, Holds::Nothing, Identity::Tags, (2, 2, 2))
    },
    Kind {
        name: "AWS::ElasticLoadBalancingV2::ListenerCertificate",

        ..Kind::with(
            Tier::Network,
            Holds::Nothing,
            child("ListenerArn", "AWS::ElasticLoadBalancingV2::Listener"),
            (2, 2, 2),
        )
    },
    Kind {
        name: "AWS::ElasticLoadBalancingV2::ListenerRule",
        defaults: &[
            ("Actions.*.RedirectConfig.Host", "\"#{host}\""),
            ("Actions.*.RedirectConfig.Path", "\"/#{path}\""),
            ("Actions.*.RedirectConfig.Port", "\"#{port}\""),
            ("Actions.*.RedirectConfig.Protocol", "\"#{protocol}\""),
            ("Actions.*.RedirectConfig.Query", "\"#{query}\""),
            ("Actions.*.ForwardConfig.TargetGroups.*.Weight", "1"),
        ],
        once: &["ListenerArn", "Priority"],
        narrows: &["Conditions"],
        ..Kind::with(Tier::Network, Holds::Nothing, Identity::Tags, (2, 2, 2))
    },
    Kind {
        name: "AWS::ElasticLoadBalancingV2::LoadBalancer",
        sets: &[("LoadBalancerAttributes", "Key")],
        attributes: Some(("LoadBalancerAttributes", attributes::LOAD_BALANCER)),
        drawn: Drawn::leads("Application Load Balancer"),
        once: &["Name"],
        named_by: &[let_go_by("LoadBalancerArn")],
        endpoint: Some(("load balancer", "DNSName")),
        exposes: Some(exposure::balancer),
        lock: Some(Lock::Attribute {
            list: "LoadBalancerAttributes",
            key: "deletion_protection.enabled",
        }),
        ..Kind::with(Tier::Network, Holds::Nothing, Identity::Tags, (160, 10, 10))
    },
    Kind {
        name: "AWS::ElasticLoadBalancingV2::TargetGroup",
        counts_as: Some(Limit::TargetGroups),
        sets: &[("TargetGroupAttributes", "Key")],
        attributes: Some(("TargetGroupAttributes", attributes::TARGET_GROUP)),
        // No call changes it.
        fixed: &["TargetControlPort"],
        once: &["Name"],
        named_by: &[kept_by("TargetGroupArn"), let_go_by("TargetGroupARNs")],
        ..Kind::with(Tier::Network, Holds::Nothing, Identity::Tags, (2, 2, 2))
    },
];
