//! EC2's network and Elastic Load Balancing.
//!
//! Times: NAT gateways 84 to 121 s and load balancers 135 to 187 s in published apply logs; the rest
//! answers within seconds.

use super::{Canonical, KindFacts as Facts, attributes};

pub(super) const FACTS: &[(&str, Facts)] = &[
    (
        "AWS::EC2::EIP",
        Facts {
            // An address is what it is: no call moves it to another pool.
            fixed: &["Domain", "PublicIpv4Pool"],
            ..Facts::seconds(2, 2, 2)
        },
    ),
    (
        "AWS::EC2::EIPAssociation",
        Facts::seconds(2, 2, 2).child("AllocationId", "AWS::EC2::EIP"),
    ),
    (
        "AWS::EC2::FlowLog",
        Facts {
            canonical: &[("LogDestination", Canonical::LogGroupArn)],
            ..Facts::seconds(2, 2, 2)
        },
    ),
    ("AWS::EC2::InternetGateway", Facts::seconds(1, 1, 1)),
    (
        "AWS::EC2::NatGateway",
        Facts {
            // AWS reports addresses in an order of its own.
            sets: &[
                ("SecondaryAllocationIds", ""),
                ("SecondaryPrivateIpAddresses", ""),
            ],
            ..Facts::seconds(100, 5, 60)
        },
    ),
    (
        "AWS::EC2::Route",
        Facts::seconds(1, 1, 1).child("RouteTableId", "AWS::EC2::RouteTable"),
    ),
    (
        "AWS::EC2::SecurityGroup",
        Facts {
            // AWS reports rules in an order of its own.
            sets: &[("SecurityGroupEgress", ""), ("SecurityGroupIngress", "")],
            ..Facts::seconds(2, 1, 2)
        },
    ),
    ("AWS::EC2::SecurityGroupEgress", Facts::seconds(1, 1, 1)),
    ("AWS::EC2::SecurityGroupIngress", Facts::seconds(1, 1, 1)),
    (
        "AWS::EC2::Subnet",
        Facts {
            defaults: &[
                ("MapPublicIpOnLaunch", "false"),
                ("AssignIpv6AddressOnCreation", "false"),
            ],
            ..Facts::seconds(2, 1, 1)
        },
    ),
    (
        "AWS::EC2::SubnetRouteTableAssociation",
        Facts::seconds(1, 1, 1).child("RouteTableId", "AWS::EC2::RouteTable"),
    ),
    (
        "AWS::EC2::VPC",
        Facts {
            // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyVpcAttribute.html
            defaults: &[
                ("EnableDnsHostnames", "false"),
                ("EnableDnsSupport", "true"),
                ("InstanceTenancy", "\"default\""),
            ],
            ..Facts::seconds(2, 2, 1)
        },
    ),
    (
        "AWS::EC2::VPCEndpoint",
        Facts {
            canonical: &[("PolicyDocument", Canonical::Policy)],
            ..Facts::seconds(60, 20, 30)
        },
    ),
    (
        "AWS::EC2::VPCGatewayAttachment",
        Facts::seconds(1, 1, 2).child("VpcId", "AWS::EC2::VPC"),
    ),
    ("AWS::EC2::VPCPeeringConnection", Facts::seconds(5, 2, 2)),
    (
        "AWS::ElasticLoadBalancingV2::Listener",
        Facts {
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
            ..Facts::seconds(2, 2, 2)
        },
    ),
    (
        "AWS::ElasticLoadBalancingV2::ListenerCertificate",
        Facts::seconds(2, 2, 2).child("ListenerArn", "AWS::ElasticLoadBalancingV2::Listener"),
    ),
    (
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        Facts {
            defaults: &[
                ("Actions.*.RedirectConfig.Host", "\"#{host}\""),
                ("Actions.*.RedirectConfig.Path", "\"/#{path}\""),
                ("Actions.*.RedirectConfig.Port", "\"#{port}\""),
                ("Actions.*.RedirectConfig.Protocol", "\"#{protocol}\""),
                ("Actions.*.RedirectConfig.Query", "\"#{query}\""),
                ("Actions.*.ForwardConfig.TargetGroups.*.Weight", "1"),
            ],
            ..Facts::seconds(2, 2, 2)
        },
    ),
    (
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        Facts {
            sets: &[("LoadBalancerAttributes", "Key")],
            attributes: Some(("LoadBalancerAttributes", attributes::LOAD_BALANCER)),
            ..Facts::seconds(160, 10, 10)
        },
    ),
    (
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        Facts {
            sets: &[("TargetGroupAttributes", "Key")],
            attributes: Some(("TargetGroupAttributes", attributes::TARGET_GROUP)),
            // No call changes it.
            fixed: &["TargetControlPort"],
            ..Facts::seconds(2, 2, 2)
        },
    ),
];
