//! What AWS limits the number of, and its published defaults.

/// Something of which AWS lets an account have so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Limit {
    /// Elastic IP addresses in a region.
    ElasticIps,
    /// VPCs in a region.
    Vpcs,
    /// NAT gateways in a zone.
    NatGateways,
    /// Security groups in a region.
    SecurityGroups,
    /// Rules of one security group in one direction.
    Rules,
    /// Virtual processors of running on-demand instances of the standard families in a region.
    Vcpus,
    /// Auto Scaling groups in a region.
    AutoScalingGroups,
    /// Application Load Balancers in a region.
    LoadBalancers,
    /// Target groups in a region.
    TargetGroups,
    /// RDS instances in a region.
    DbInstances,
    /// Hosted zones of the account.
    HostedZones,
    /// Health checks of the account.
    HealthChecks,
    /// Records of one zone.
    Records,
}

impl Limit {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::ElasticIps => "Elastic IPs",
            Self::Vpcs => "VPCs",
            Self::NatGateways => "NAT gateways",
            Self::SecurityGroups => "security groups",
            Self::Rules => "rules",
            Self::Vcpus => "vCPUs of standard on-demand instances",
            Self::AutoScalingGroups => "Auto Scaling groups",
            Self::LoadBalancers => "Application Load Balancers",
            Self::TargetGroups => "target groups",
            Self::DbInstances => "RDS instances",
            Self::HostedZones => "hosted zones",
            Self::HealthChecks => "health checks",
            Self::Records => "records",
        }
    }

    /// The service's code in Service Quotas, where more is asked for.
    pub fn service(self) -> &'static str {
        match self {
            Self::ElasticIps | Self::Vcpus => "ec2",
            Self::Vpcs | Self::NatGateways | Self::SecurityGroups | Self::Rules => "vpc",
            Self::AutoScalingGroups => "autoscaling",
            Self::LoadBalancers | Self::TargetGroups => "elasticloadbalancing",
            Self::DbInstances => "rds",
            Self::HostedZones | Self::HealthChecks | Self::Records => "route53",
        }
    }

    /// AWS's published default, where no API tells the account's own limit. Sources:
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html> and
    /// <https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html>.
    pub fn published(self) -> Option<u64> {
        match self {
            Self::Vpcs | Self::NatGateways | Self::Vcpus => Some(5),
            Self::SecurityGroups => Some(2500),
            Self::Rules => Some(60),
            _ => None,
        }
    }

    /// The limit of an account that never asked for more, for resource types of which a plan makes few
    /// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/elastic-ip-addresses-eip.html>,
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html>,
    /// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html>,
    /// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html>).
    pub fn default_of_new_accounts(self) -> Option<u64> {
        match self {
            Self::ElasticIps | Self::Vpcs => Some(5),
            Self::DbInstances => Some(40),
            Self::LoadBalancers => Some(50),
            Self::HealthChecks => Some(200),
            _ => None,
        }
    }
}
