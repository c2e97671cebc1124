//! EC2's network and Elastic Load Balancing.
//!
//! Times: NAT gateways 84 to 121 s and load balancers 135 to 187 s in published apply logs; the rest
//! answers within seconds.

use super::{Canonical, KindFacts as Facts};

pub(super) const FACTS: &[(&str, Facts)] = &[
    ("AWS::EC2::EIP", Facts::seconds(2, 2, 2)),
    (
        "AWS::EC2::EIPAssociation",
        Facts::seconds(2, 2, 2).child("AllocationId", "AWS::EC2::EIP"),
    ),
    ("AWS::EC2::FlowLog", Facts::seconds(2, 2, 2)),
    ("AWS::EC2::InternetGateway", Facts::seconds(1, 1, 1)),
    ("AWS::EC2::NatGateway", Facts::seconds(100, 5, 60)),
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
    (
        "AWS::EC2::SecurityGroupEgress",
        Facts::seconds(1, 1, 1).child("GroupId", "AWS::EC2::SecurityGroup"),
    ),
    (
        "AWS::EC2::SecurityGroupIngress",
        Facts::seconds(1, 1, 1).child("GroupId", "AWS::EC2::SecurityGroup"),
    ),
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
        Facts::seconds(2, 2, 2),
    ),
    (
        "AWS::ElasticLoadBalancingV2::ListenerCertificate",
        Facts::seconds(2, 2, 2).child("ListenerArn", "AWS::ElasticLoadBalancingV2::Listener"),
    ),
    (
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        Facts::seconds(2, 2, 2),
    ),
    (
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        Facts {
            sets: &[("LoadBalancerAttributes", "Key")],
            ..Facts::seconds(160, 10, 10)
        },
    ),
    (
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        Facts {
            sets: &[("TargetGroupAttributes", "Key")],
            ..Facts::seconds(2, 2, 2)
        },
    ),
];
