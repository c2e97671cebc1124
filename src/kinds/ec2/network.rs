//! EC2's network.
//!
//! Times: NAT gateways 84 to 121 s in published apply logs; the rest answers within seconds.

use super::super::exposure;
use super::super::limit::Limit;
use super::super::record::{Canonical, Holds, Identity, Kind, Tier, child, kept_by, let_go_by};

pub(in crate::kinds) const KINDS: &[Kind] = &[
    Kind {
        name: "AWS::EC2::EIP",
        counts_as: Some(Limit::ElasticIps),
        // An address is what it is: no call moves it to another pool.
        fixed: &["Domain", "PublicIpv4Pool"],
        named_by: &[kept_by("AllocationId")],
        exposes: Some(exposure::address),
        ..Kind::with(Tier::Network, Holds::Nothing, Identity::Tags, (2, 2, 2))
    },
    Kind {
        name: "AWS::EC2::EIPAssociation",
        exposes: Some(exposure::association),
        ..Kind::with(
            Tier::Network,
            Holds::Nothing,
            child("AllocationId", "AWS::EC2::EIP"),
            (2, 2, 2),
        )
    },
    Kind {
        name: "AWS::EC2::FlowLog",
        canonical: &[("LogDestination", Canonical::LogGroupArn)],
        once: &["ResourceId", "TrafficType", "LogDestination"],
        ..Kind::with(Tier::Network, Holds::Nothing, Identity::Tags, (2, 2, 2))
    },
    Kind {
        name: "AWS::EC2::InternetGateway",
        named_by: &[kept_by("InternetGatewayId"), let_go_by("GatewayId")],
        ..Kind::with(Tier::Network, Holds::Nothing, Identity::Tags, (1, 1, 1))
    },
    Kind {
        name: "AWS::EC2::NatGateway",
        // AWS reports addresses in an order of its own.
        sets: &[
            ("SecondaryAllocationIds", ""),
            ("SecondaryPrivateIpAddresses", ""),
        ],
        once: &["AllocationId"],
        named_by: &[let_go_by("NatGatewayId")],
        ..Kind::with(Tier::Network, Holds::Nothing, Identity::Tags, (100, 5, 60))
    },
    Kind {
        name: "AWS::EC2::PrefixList",

        ..Kind::with(Tier::Network, Holds::Nothing, Identity::Tags, (1, 1, 1))
    },
    Kind {
        name: "AWS::EC2::Route",
        once: &[
            "RouteTableId",
            "DestinationCidrBlock",
            "DestinationIpv6CidrBlock",
            "DestinationPrefixListId",
        ],
        is_path: true,
        ..Kind::with(
            Tier::Network,
            Holds::Nothing,
            child("RouteTableId", "AWS::EC2::RouteTable"),
            (1, 1, 1),
        )
    },
    Kind {
        name: "AWS::EC2::RouteTable",
        named_by: &[let_go_by("RouteTableId"), let_go_by("RouteTableIds")],
        ..Kind::with(Tier::Network, Holds::Nothing, Identity::Tags, (1, 1, 1))
    },
    Kind {
        name: "AWS::EC2::SecurityGroup",
        counts_as: Some(Limit::SecurityGroups),
        // AWS reports rules in an order of its own.
        sets: &[("SecurityGroupEgress", ""), ("SecurityGroupIngress", "")],
        once: &["VpcId", "GroupName"],
        named_by: &[
            kept_by("SecurityGroupIds"),
            kept_by("SecurityGroups"),
            kept_by("VPCSecurityGroups"),
            kept_by("VpcSecurityGroupIds"),
            let_go_by("GroupId"),
            kept_by("SourceSecurityGroupId"),
        ],
        exposes: Some(exposure::security_group),
        known_when_made: &[("GroupId", None)],
        ..Kind::with(Tier::Security, Holds::Nothing, Identity::Tags, (2, 1, 2))
    },
    Kind {
        name: "AWS::EC2::SecurityGroupEgress",
        once: &[
            "GroupId",
            "IpProtocol",
            "FromPort",
            "ToPort",
            "CidrIp",
            "CidrIpv6",
            "DestinationPrefixListId",
            "DestinationSecurityGroupId",
        ],
        is_path: true,
        ..Kind::with(Tier::Network, Holds::Nothing, Identity::Tags, (1, 1, 1))
    },
    Kind {
        name: "AWS::EC2::SecurityGroupIngress",
        once: &[
            "GroupId",
            "IpProtocol",
            "FromPort",
            "ToPort",
            "CidrIp",
            "CidrIpv6",
            "SourcePrefixListId",
            "SourceSecurityGroupId",
        ],
        is_path: true,
        exposes: Some(exposure::rule),
        ..Kind::with(Tier::Security, Holds::Nothing, Identity::Tags, (1, 1, 1))
    },
    Kind {
        name: "AWS::EC2::Subnet",
        defaults: &[
            ("MapPublicIpOnLaunch", "false"),
            ("AssignIpv6AddressOnCreation", "false"),
        ],
        once: &["VpcId", "CidrBlock"],
        named_by: &[
            kept_by("SubnetId"),
            kept_by("SubnetIds"),
            kept_by("Subnets"),
            kept_by("VPCZoneIdentifier"),
        ],
        exposes: Some(exposure::subnet),
        is_pending_at_first: true,
        ..Kind::with(Tier::Network, Holds::Nothing, Identity::Tags, (2, 1, 1))
    },
    Kind {
        name: "AWS::EC2::SubnetRouteTableAssociation",
        once: &["SubnetId"],
        // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReplaceRouteTableAssociation.html
        moves_over: true,
        is_path: true,
        ..Kind::with(
            Tier::Network,
            Holds::Nothing,
            child("RouteTableId", "AWS::EC2::RouteTable"),
            (1, 1, 1),
        )
    },
    Kind {
        name: "AWS::EC2::VPC",
        counts_as: Some(Limit::Vpcs),
        // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyVpcAttribute.html
        defaults: &[
            ("EnableDnsHostnames", "false"),
            ("EnableDnsSupport", "true"),
            ("InstanceTenancy", "\"default\""),
        ],
        named_by: &[kept_by("VpcId"), kept_by("PeerVpcId")],
        is_pending_at_first: true,
        ..Kind::with(Tier::Network, Holds::Foundation, Identity::Tags, (2, 2, 1))
    },
    Kind {
        name: "AWS::EC2::VPCEndpoint",
        canonical: &[("PolicyDocument", Canonical::Policy)],
        once: &["VpcId", "ServiceName"],
        ..Kind::with(Tier::Network, Holds::Nothing, Identity::Tags, (60, 20, 30))
    },
    Kind {
        name: "AWS::EC2::VPCGatewayAttachment",
        once: &["VpcId"],
        is_path: true,
        // A gateway cannot be detached while public addresses are mapped through it
        // (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DetachInternetGateway.html).
        leaves_after: &[
            "AWS::EC2::NatGateway",
            "AWS::EC2::EIPAssociation",
            "AWS::EC2::Instance",
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "AWS::AutoScaling::AutoScalingGroup",
        ],
        ..Kind::with(
            Tier::Network,
            Holds::Nothing,
            child("VpcId", "AWS::EC2::VPC"),
            (1, 1, 2),
        )
    },
    Kind {
        name: "AWS::EC2::VPCPeeringConnection",
        once: &["VpcId", "PeerVpcId"],
        named_by: &[let_go_by("VpcPeeringConnectionId")],
        ..Kind::with(Tier::Network, Holds::Nothing, Identity::Tags, (5, 2, 2))
    },
];
