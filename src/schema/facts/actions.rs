//! Which IAM actions a kind needs: to be found, made, changed and removed. For `scalectl iam-policy`.
//!
//! Names: <https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html>.

use std::collections::BTreeSet;

/// The actions of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Actions {
    /// To find and look at it.
    pub read: &'static [&'static str],
    /// To make it.
    pub create: &'static [&'static str],
    /// To change it, its tags included.
    pub update: &'static [&'static str],
    /// To remove it.
    pub delete: &'static [&'static str],
}

const fn of(
    read: &'static [&'static str],
    create: &'static [&'static str],
    update: &'static [&'static str],
    delete: &'static [&'static str],
) -> Actions {
    Actions {
        read,
        create,
        update,
        delete,
    }
}

/// What every run needs: who we are, the lease and the record, the index of what is ours.
pub const ALWAYS_READ: &[&str] = &[
    "sts:GetCallerIdentity",
    "ssm:GetParameters",
    "ssm:GetParametersByPath",
    "tag:GetResources",
];

/// What a run that changes something needs for its lease and record.
pub const ALWAYS_WRITE: &[&str] = &["ssm:PutParameter", "ssm:DeleteParameter"];

const TAGS: [&str; 2] = ["ec2:CreateTags", "ec2:DeleteTags"];

const TABLE: &[(&str, Actions)] = &[
    (
        "AWS::AutoScaling::AutoScalingGroup",
        of(
            &[
                "autoscaling:DescribeAutoScalingGroups",
                "autoscaling:DescribeNotificationConfigurations",
                "autoscaling:DescribeInstanceRefreshes",
                "autoscaling:DescribeScalingActivities",
            ],
            &[
                "autoscaling:CreateAutoScalingGroup",
                "autoscaling:CreateOrUpdateTags",
                "autoscaling:EnableMetricsCollection",
                "autoscaling:PutNotificationConfiguration",
                "ec2:RunInstances",
                "iam:PassRole",
                "iam:CreateServiceLinkedRole",
            ],
            &[
                "autoscaling:UpdateAutoScalingGroup",
                "autoscaling:StartInstanceRefresh",
                "autoscaling:AttachLoadBalancerTargetGroups",
                "autoscaling:DetachLoadBalancerTargetGroups",
                "autoscaling:EnableMetricsCollection",
                "autoscaling:DisableMetricsCollection",
                "autoscaling:PutNotificationConfiguration",
                "autoscaling:DeleteNotificationConfiguration",
                "autoscaling:CreateOrUpdateTags",
                "autoscaling:DeleteTags",
            ],
            &["autoscaling:DeleteAutoScalingGroup"],
        ),
    ),
    (
        "AWS::AutoScaling::ScalingPolicy",
        of(
            &[
                "autoscaling:DescribePolicies",
                "autoscaling:DescribeAutoScalingGroups",
            ],
            &[
                "autoscaling:PutScalingPolicy",
                "autoscaling:CreateOrUpdateTags",
            ],
            &[
                "autoscaling:PutScalingPolicy",
                "autoscaling:CreateOrUpdateTags",
            ],
            &["autoscaling:DeletePolicy", "autoscaling:DeleteTags"],
        ),
    ),
    (
        "AWS::Backup::BackupPlan",
        of(
            &[
                "backup:ListBackupPlans",
                "backup:GetBackupPlan",
                "backup:ListTags",
            ],
            &["backup:CreateBackupPlan", "backup:TagResource"],
            &[
                "backup:UpdateBackupPlan",
                "backup:TagResource",
                "backup:UntagResource",
            ],
            &["backup:DeleteBackupPlan"],
        ),
    ),
    (
        "AWS::Backup::BackupSelection",
        of(
            &[
                "backup:ListBackupPlans",
                "backup:ListBackupSelections",
                "backup:GetBackupSelection",
                "backup:ListTags",
            ],
            &[
                "backup:CreateBackupSelection",
                "backup:TagResource",
                "iam:PassRole",
            ],
            &["backup:TagResource"],
            &["backup:DeleteBackupSelection", "backup:UntagResource"],
        ),
    ),
    (
        "AWS::Backup::BackupVault",
        of(
            &[
                "backup:ListBackupVaults",
                "backup:DescribeBackupVault",
                "backup:GetBackupVaultAccessPolicy",
                "backup:GetBackupVaultNotifications",
                "backup:ListTags",
            ],
            &[
                "backup:CreateBackupVault",
                "backup:TagResource",
                "backup-storage:MountCapsule",
                "kms:CreateGrant",
                "kms:GenerateDataKey",
                "kms:Decrypt",
                "kms:RetireGrant",
                "kms:DescribeKey",
                "backup:PutBackupVaultAccessPolicy",
                "backup:PutBackupVaultLockConfiguration",
                "backup:PutBackupVaultNotifications",
            ],
            &[
                "backup:PutBackupVaultAccessPolicy",
                "backup:DeleteBackupVaultAccessPolicy",
                "backup:PutBackupVaultLockConfiguration",
                "backup:DeleteBackupVaultLockConfiguration",
                "backup:PutBackupVaultNotifications",
                "backup:DeleteBackupVaultNotifications",
                "backup:TagResource",
                "backup:UntagResource",
            ],
            &["backup:DeleteBackupVault"],
        ),
    ),
    (
        "AWS::CertificateManager::Certificate",
        of(
            &[
                "acm:ListCertificates",
                "acm:DescribeCertificate",
                "acm:ListTagsForCertificate",
            ],
            &[
                "acm:RequestCertificate",
                "acm:AddTagsToCertificate",
                "route53:ChangeResourceRecordSets",
                "route53:ListResourceRecordSets",
            ],
            &[
                "acm:UpdateCertificateOptions",
                "acm:AddTagsToCertificate",
                "acm:RemoveTagsFromCertificate",
            ],
            &["acm:DeleteCertificate", "route53:ChangeResourceRecordSets"],
        ),
    ),
    (
        "AWS::CloudFront::CachePolicy",
        of(
            &["cloudfront:ListCachePolicies", "cloudfront:GetCachePolicy"],
            &["cloudfront:CreateCachePolicy"],
            &["cloudfront:UpdateCachePolicy"],
            &["cloudfront:DeleteCachePolicy"],
        ),
    ),
    (
        "AWS::CloudFront::Distribution",
        of(
            &[
                "cloudfront:ListDistributions",
                "cloudfront:GetDistribution",
                "cloudfront:ListTagsForResource",
            ],
            &[
                "cloudfront:CreateDistribution",
                "cloudfront:TagResource",
                "acm:DescribeCertificate",
                "wafv2:GetWebACL",
                "wafv2:AssociateWebACL",
                "s3:GetBucketAcl",
                "s3:PutBucketAcl",
            ],
            &[
                "cloudfront:UpdateDistribution",
                "cloudfront:TagResource",
                "cloudfront:UntagResource",
            ],
            &["cloudfront:DeleteDistribution"],
        ),
    ),
    (
        "AWS::CloudFront::OriginAccessControl",
        of(
            &[
                "cloudfront:ListOriginAccessControls",
                "cloudfront:GetOriginAccessControl",
            ],
            &["cloudfront:CreateOriginAccessControl"],
            &["cloudfront:UpdateOriginAccessControl"],
            &["cloudfront:DeleteOriginAccessControl"],
        ),
    ),
    (
        "AWS::CloudFront::ResponseHeadersPolicy",
        of(
            &[
                "cloudfront:ListResponseHeadersPolicies",
                "cloudfront:GetResponseHeadersPolicy",
            ],
            &["cloudfront:CreateResponseHeadersPolicy"],
            &["cloudfront:UpdateResponseHeadersPolicy"],
            &["cloudfront:DeleteResponseHeadersPolicy"],
        ),
    ),
    (
        "AWS::CloudWatch::Alarm",
        of(
            &[
                "cloudwatch:DescribeAlarms",
                "cloudwatch:ListTagsForResource",
            ],
            &["cloudwatch:PutMetricAlarm", "cloudwatch:TagResource"],
            &[
                "cloudwatch:PutMetricAlarm",
                "cloudwatch:TagResource",
                "cloudwatch:UntagResource",
            ],
            &["cloudwatch:DeleteAlarms"],
        ),
    ),
    (
        "AWS::EC2::EIP",
        of(
            &["ec2:DescribeAddresses"],
            &["ec2:AllocateAddress", TAGS[0]],
            &TAGS,
            &["ec2:ReleaseAddress"],
        ),
    ),
    (
        "AWS::EC2::EIPAssociation",
        of(
            &["ec2:DescribeAddresses"],
            &["ec2:AssociateAddress", TAGS[0]],
            &["ec2:AssociateAddress", TAGS[0]],
            &["ec2:DisassociateAddress", TAGS[1]],
        ),
    ),
    (
        "AWS::EC2::FlowLog",
        of(
            &["ec2:DescribeFlowLogs"],
            &[
                "ec2:CreateFlowLogs",
                TAGS[0],
                "iam:PassRole",
                "logs:CreateLogDelivery",
            ],
            &TAGS,
            &["ec2:DeleteFlowLogs", "logs:DeleteLogDelivery"],
        ),
    ),
    (
        "AWS::EC2::Instance",
        of(
            &[
                "ec2:DescribeInstances",
                "ec2:DescribeInstanceAttribute",
                "ec2:DescribeInstanceCreditSpecifications",
                "ec2:DescribeVolumes",
                "ec2:DescribeIamInstanceProfileAssociations",
            ],
            &[
                "ec2:RunInstances",
                TAGS[0],
                "iam:PassRole",
                "ssm:GetParameters",
            ],
            &[
                "ec2:ModifyInstanceAttribute",
                "ec2:ModifyInstanceMetadataOptions",
                "ec2:ModifyInstanceCreditSpecification",
                "ec2:StopInstances",
                "ec2:StartInstances",
                "ec2:MonitorInstances",
                "ec2:UnmonitorInstances",
                "ec2:AssociateIamInstanceProfile",
                "ec2:ReplaceIamInstanceProfileAssociation",
                "ec2:DisassociateIamInstanceProfile",
                TAGS[0],
                TAGS[1],
                "iam:PassRole",
            ],
            &["ec2:TerminateInstances", "ec2:ModifyInstanceAttribute"],
        ),
    ),
    (
        "AWS::EC2::InternetGateway",
        of(
            &["ec2:DescribeInternetGateways"],
            &["ec2:CreateInternetGateway", TAGS[0]],
            &TAGS,
            &["ec2:DeleteInternetGateway"],
        ),
    ),
    (
        "AWS::EC2::LaunchTemplate",
        of(
            &[
                "ec2:DescribeLaunchTemplates",
                "ec2:DescribeLaunchTemplateVersions",
            ],
            &[
                "ec2:CreateLaunchTemplate",
                TAGS[0],
                "iam:PassRole",
                "ssm:GetParameters",
            ],
            &[
                "ec2:CreateLaunchTemplateVersion",
                "ec2:ModifyLaunchTemplate",
                TAGS[0],
                TAGS[1],
            ],
            &["ec2:DeleteLaunchTemplate"],
        ),
    ),
    (
        "AWS::EC2::NatGateway",
        of(
            &["ec2:DescribeNatGateways"],
            &["ec2:CreateNatGateway", TAGS[0]],
            &[
                "ec2:AssociateNatGatewayAddress",
                "ec2:DisassociateNatGatewayAddress",
                "ec2:AssignPrivateNatGatewayAddress",
                "ec2:UnassignPrivateNatGatewayAddress",
                TAGS[0],
                TAGS[1],
            ],
            &["ec2:DeleteNatGateway"],
        ),
    ),
    (
        "AWS::EC2::Route",
        of(
            &["ec2:DescribeRouteTables"],
            &["ec2:CreateRoute", TAGS[0]],
            &["ec2:ReplaceRoute", TAGS[0]],
            &["ec2:DeleteRoute", TAGS[1]],
        ),
    ),
    (
        "AWS::EC2::RouteTable",
        of(
            &["ec2:DescribeRouteTables"],
            &["ec2:CreateRouteTable", TAGS[0]],
            &TAGS,
            &["ec2:DeleteRouteTable"],
        ),
    ),
    (
        "AWS::EC2::SecurityGroup",
        of(
            &[
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSecurityGroupRules",
            ],
            &[
                "ec2:CreateSecurityGroup",
                "ec2:AuthorizeSecurityGroupIngress",
                "ec2:AuthorizeSecurityGroupEgress",
                "ec2:RevokeSecurityGroupEgress",
                TAGS[0],
            ],
            &[
                "ec2:AuthorizeSecurityGroupIngress",
                "ec2:AuthorizeSecurityGroupEgress",
                "ec2:RevokeSecurityGroupIngress",
                "ec2:RevokeSecurityGroupEgress",
                "ec2:ModifySecurityGroupRules",
                "ec2:UpdateSecurityGroupRuleDescriptionsIngress",
                "ec2:UpdateSecurityGroupRuleDescriptionsEgress",
                TAGS[0],
                TAGS[1],
            ],
            &["ec2:DeleteSecurityGroup"],
        ),
    ),
    (
        "AWS::EC2::SecurityGroupEgress",
        of(
            &[
                "ec2:DescribeSecurityGroupRules",
                "ec2:DescribeSecurityGroups",
            ],
            &["ec2:AuthorizeSecurityGroupEgress", TAGS[0]],
            &[
                "ec2:ModifySecurityGroupRules",
                "ec2:UpdateSecurityGroupRuleDescriptionsEgress",
                TAGS[0],
                TAGS[1],
            ],
            &["ec2:RevokeSecurityGroupEgress", TAGS[1]],
        ),
    ),
    (
        "AWS::EC2::SecurityGroupIngress",
        of(
            &[
                "ec2:DescribeSecurityGroupRules",
                "ec2:DescribeSecurityGroups",
            ],
            &["ec2:AuthorizeSecurityGroupIngress", TAGS[0]],
            &[
                "ec2:ModifySecurityGroupRules",
                "ec2:UpdateSecurityGroupRuleDescriptionsIngress",
                TAGS[0],
                TAGS[1],
            ],
            &["ec2:RevokeSecurityGroupIngress", TAGS[1]],
        ),
    ),
    (
        "AWS::EC2::Subnet",
        of(
            &["ec2:DescribeSubnets", "ec2:DescribeNetworkAcls"],
            &["ec2:CreateSubnet", "ec2:ModifySubnetAttribute", TAGS[0]],
            &["ec2:ModifySubnetAttribute", TAGS[0], TAGS[1]],
            &["ec2:DeleteSubnet"],
        ),
    ),
    (
        "AWS::EC2::SubnetRouteTableAssociation",
        of(
            &["ec2:DescribeRouteTables"],
            &[
                "ec2:AssociateRouteTable",
                "ec2:ReplaceRouteTableAssociation",
                TAGS[0],
            ],
            &["ec2:ReplaceRouteTableAssociation", TAGS[0]],
            &["ec2:DisassociateRouteTable", TAGS[1]],
        ),
    ),
    (
        "AWS::EC2::VPC",
        of(
            &[
                "ec2:DescribeVpcs",
                "ec2:DescribeVpcAttribute",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeNetworkAcls",
            ],
            &["ec2:CreateVpc", "ec2:ModifyVpcAttribute", TAGS[0]],
            &[
                "ec2:ModifyVpcAttribute",
                "ec2:ModifyVpcTenancy",
                TAGS[0],
                TAGS[1],
            ],
            &["ec2:DeleteVpc"],
        ),
    ),
    (
        "AWS::EC2::VPCEndpoint",
        of(
            &["ec2:DescribeVpcEndpoints"],
            &["ec2:CreateVpcEndpoint", TAGS[0]],
            &["ec2:ModifyVpcEndpoint", TAGS[0], TAGS[1]],
            &["ec2:DeleteVpcEndpoints"],
        ),
    ),
    (
        "AWS::EC2::VPCGatewayAttachment",
        of(
            &["ec2:DescribeVpcs", "ec2:DescribeInternetGateways"],
            &["ec2:AttachInternetGateway", TAGS[0]],
            &[
                "ec2:AttachInternetGateway",
                "ec2:DetachInternetGateway",
                TAGS[0],
            ],
            &["ec2:DetachInternetGateway", TAGS[1]],
        ),
    ),
    (
        "AWS::EC2::VPCPeeringConnection",
        of(
            &["ec2:DescribeVpcPeeringConnections"],
            &[
                "ec2:CreateVpcPeeringConnection",
                "ec2:AcceptVpcPeeringConnection",
                TAGS[0],
            ],
            &TAGS,
            &["ec2:DeleteVpcPeeringConnection"],
        ),
    ),
    (
        "AWS::ElastiCache::CacheCluster",
        of(
            &[
                "elasticache:DescribeCacheClusters",
                "elasticache:ListTagsForResource",
            ],
            &[
                "elasticache:CreateCacheCluster",
                "elasticache:AddTagsToResource",
                "iam:CreateServiceLinkedRole",
            ],
            &[
                "elasticache:ModifyCacheCluster",
                "elasticache:AddTagsToResource",
                "elasticache:RemoveTagsFromResource",
            ],
            &["elasticache:DeleteCacheCluster"],
        ),
    ),
    (
        "AWS::ElastiCache::ReplicationGroup",
        of(
            &[
                "elasticache:DescribeReplicationGroups",
                "elasticache:DescribeCacheClusters",
                "elasticache:ListTagsForResource",
            ],
            &[
                "elasticache:CreateReplicationGroup",
                "elasticache:AddTagsToResource",
                "iam:CreateServiceLinkedRole",
            ],
            &[
                "elasticache:ModifyReplicationGroup",
                "elasticache:ModifyReplicationGroupShardConfiguration",
                "elasticache:IncreaseReplicaCount",
                "elasticache:DecreaseReplicaCount",
                "elasticache:AddTagsToResource",
                "elasticache:RemoveTagsFromResource",
            ],
            &["elasticache:DeleteReplicationGroup"],
        ),
    ),
    (
        "AWS::ElastiCache::SubnetGroup",
        of(
            &[
                "elasticache:DescribeCacheSubnetGroups",
                "elasticache:ListTagsForResource",
            ],
            &[
                "elasticache:CreateCacheSubnetGroup",
                "elasticache:AddTagsToResource",
            ],
            &[
                "elasticache:ModifyCacheSubnetGroup",
                "elasticache:AddTagsToResource",
                "elasticache:RemoveTagsFromResource",
            ],
            &["elasticache:DeleteCacheSubnetGroup"],
        ),
    ),
    (
        "AWS::ElasticLoadBalancingV2::Listener",
        of(
            &[
                "elasticloadbalancing:DescribeLoadBalancers",
                "elasticloadbalancing:DescribeListeners",
                "elasticloadbalancing:DescribeListenerAttributes",
                "elasticloadbalancing:DescribeTags",
            ],
            &[
                "elasticloadbalancing:CreateListener",
                "elasticloadbalancing:ModifyListenerAttributes",
                "elasticloadbalancing:AddTags",
            ],
            &[
                "elasticloadbalancing:ModifyListener",
                "elasticloadbalancing:ModifyListenerAttributes",
                "elasticloadbalancing:AddTags",
                "elasticloadbalancing:RemoveTags",
            ],
            &["elasticloadbalancing:DeleteListener"],
        ),
    ),
    (
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        of(
            &[
                "elasticloadbalancing:DescribeLoadBalancers",
                "elasticloadbalancing:DescribeListeners",
                "elasticloadbalancing:DescribeRules",
                "elasticloadbalancing:DescribeTags",
            ],
            &[
                "elasticloadbalancing:CreateRule",
                "elasticloadbalancing:AddTags",
                "secretsmanager:GetSecretValue",
            ],
            &[
                "elasticloadbalancing:ModifyRule",
                "elasticloadbalancing:SetRulePriorities",
                "elasticloadbalancing:AddTags",
                "elasticloadbalancing:RemoveTags",
            ],
            &["elasticloadbalancing:DeleteRule"],
        ),
    ),
    (
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        of(
            &[
                "elasticloadbalancing:DescribeLoadBalancers",
                "elasticloadbalancing:DescribeLoadBalancerAttributes",
                "elasticloadbalancing:DescribeTags",
            ],
            &[
                "elasticloadbalancing:CreateLoadBalancer",
                "elasticloadbalancing:ModifyLoadBalancerAttributes",
                "elasticloadbalancing:AddTags",
                "ec2:DescribeAccountAttributes",
                "ec2:DescribeAddresses",
                "ec2:DescribeInternetGateways",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcs",
                "iam:CreateServiceLinkedRole",
            ],
            &[
                "elasticloadbalancing:ModifyLoadBalancerAttributes",
                "elasticloadbalancing:SetSubnets",
                "elasticloadbalancing:SetSecurityGroups",
                "elasticloadbalancing:SetIpAddressType",
                "elasticloadbalancing:AddTags",
                "elasticloadbalancing:RemoveTags",
            ],
            &["elasticloadbalancing:DeleteLoadBalancer"],
        ),
    ),
    (
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        of(
            &[
                "elasticloadbalancing:DescribeTargetGroups",
                "elasticloadbalancing:DescribeTargetGroupAttributes",
                "elasticloadbalancing:DescribeTargetHealth",
                "elasticloadbalancing:DescribeTags",
            ],
            &[
                "elasticloadbalancing:CreateTargetGroup",
                "elasticloadbalancing:ModifyTargetGroupAttributes",
                "elasticloadbalancing:RegisterTargets",
                "elasticloadbalancing:AddTags",
            ],
            &[
                "elasticloadbalancing:ModifyTargetGroup",
                "elasticloadbalancing:ModifyTargetGroupAttributes",
                "elasticloadbalancing:RegisterTargets",
                "elasticloadbalancing:DeregisterTargets",
                "elasticloadbalancing:AddTags",
                "elasticloadbalancing:RemoveTags",
            ],
            &["elasticloadbalancing:DeleteTargetGroup"],
        ),
    ),
    (
        "AWS::IAM::InstanceProfile",
        of(
            &[
                "iam:GetAccountAuthorizationDetails",
                "iam:GetInstanceProfile",
                "iam:ListInstanceProfiles",
                "iam:GetRole",
                "iam:ListRoleTags",
            ],
            &[
                "iam:CreateInstanceProfile",
                "iam:AddRoleToInstanceProfile",
                "iam:TagRole",
                "iam:PassRole",
            ],
            &[
                "iam:AddRoleToInstanceProfile",
                "iam:RemoveRoleFromInstanceProfile",
                "iam:TagRole",
                "iam:PassRole",
            ],
            &[
                "iam:DeleteInstanceProfile",
                "iam:RemoveRoleFromInstanceProfile",
                "iam:UntagRole",
            ],
        ),
    ),
    (
        "AWS::IAM::Role",
        of(
            &[
                "iam:GetAccountAuthorizationDetails",
                "iam:GetRole",
                "iam:ListRolePolicies",
                "iam:GetRolePolicy",
                "iam:ListAttachedRolePolicies",
                "iam:ListRoleTags",
            ],
            &[
                "iam:CreateRole",
                "iam:TagRole",
                "iam:PutRolePolicy",
                "iam:AttachRolePolicy",
            ],
            &[
                "iam:UpdateRole",
                "iam:UpdateAssumeRolePolicy",
                "iam:PutRolePolicy",
                "iam:DeleteRolePolicy",
                "iam:AttachRolePolicy",
                "iam:DetachRolePolicy",
                "iam:PutRolePermissionsBoundary",
                "iam:DeleteRolePermissionsBoundary",
                "iam:TagRole",
                "iam:UntagRole",
            ],
            &[
                "iam:DeleteRole",
                "iam:DeleteRolePolicy",
                "iam:DetachRolePolicy",
                "iam:ListInstanceProfilesForRole",
            ],
        ),
    ),
    (
        "AWS::Logs::LogGroup",
        of(
            &[
                "logs:DescribeLogGroups",
                "logs:ListTagsForResource",
                "logs:GetDataProtectionPolicy",
                "logs:DescribeIndexPolicies",
                "logs:DescribeResourcePolicies",
            ],
            &[
                "logs:CreateLogGroup",
                "logs:PutRetentionPolicy",
                "logs:TagResource",
                "logs:PutDataProtectionPolicy",
                "logs:PutIndexPolicy",
                "logs:AssociateKmsKey",
            ],
            &[
                "logs:PutRetentionPolicy",
                "logs:DeleteRetentionPolicy",
                "logs:AssociateKmsKey",
                "logs:DisassociateKmsKey",
                "logs:PutDataProtectionPolicy",
                "logs:DeleteDataProtectionPolicy",
                "logs:PutIndexPolicy",
                "logs:DeleteIndexPolicy",
                "logs:PutLogGroupDeletionProtection",
                "logs:TagResource",
                "logs:UntagResource",
            ],
            &["logs:DeleteLogGroup"],
        ),
    ),
    (
        "AWS::RDS::DBInstance",
        of(
            &["rds:DescribeDBInstances"],
            &[
                "rds:CreateDBInstance",
                "rds:CreateDBInstanceReadReplica",
                "rds:ModifyDBInstance",
                "rds:AddTagsToResource",
                "rds:AddRoleToDBInstance",
                "iam:PassRole",
                "iam:CreateServiceLinkedRole",
                "secretsmanager:GetSecretValue",
                "kms:CreateGrant",
                "kms:DescribeKey",
            ],
            &[
                "rds:ModifyDBInstance",
                "rds:AddRoleToDBInstance",
                "rds:RemoveRoleFromDBInstance",
                "rds:AddTagsToResource",
                "rds:RemoveTagsFromResource",
                "iam:PassRole",
            ],
            &["rds:DeleteDBInstance", "rds:CreateDBSnapshot"],
        ),
    ),
    (
        "AWS::RDS::DBParameterGroup",
        of(
            &[
                "rds:DescribeDBParameterGroups",
                "rds:DescribeDBParameters",
                "rds:ListTagsForResource",
            ],
            &[
                "rds:CreateDBParameterGroup",
                "rds:ModifyDBParameterGroup",
                "rds:AddTagsToResource",
            ],
            &[
                "rds:ModifyDBParameterGroup",
                "rds:ResetDBParameterGroup",
                "rds:AddTagsToResource",
                "rds:RemoveTagsFromResource",
            ],
            &["rds:DeleteDBParameterGroup"],
        ),
    ),
    (
        "AWS::RDS::DBSubnetGroup",
        of(
            &["rds:DescribeDBSubnetGroups", "rds:ListTagsForResource"],
            &["rds:CreateDBSubnetGroup", "rds:AddTagsToResource"],
            &[
                "rds:ModifyDBSubnetGroup",
                "rds:AddTagsToResource",
                "rds:RemoveTagsFromResource",
            ],
            &["rds:DeleteDBSubnetGroup"],
        ),
    ),
    (
        "AWS::RDS::EventSubscription",
        of(
            &["rds:DescribeEventSubscriptions", "rds:ListTagsForResource"],
            &["rds:CreateEventSubscription", "rds:AddTagsToResource"],
            &[
                "rds:ModifyEventSubscription",
                "rds:AddSourceIdentifierToSubscription",
                "rds:RemoveSourceIdentifierFromSubscription",
                "rds:AddTagsToResource",
                "rds:RemoveTagsFromResource",
            ],
            &["rds:DeleteEventSubscription"],
        ),
    ),
    (
        "AWS::Route53::HealthCheck",
        of(
            &[
                "route53:ListHealthChecks",
                "route53:GetHealthCheck",
                "route53:ListTagsForResources",
                "route53:ListTagsForResource",
            ],
            &["route53:CreateHealthCheck", "route53:ChangeTagsForResource"],
            &["route53:UpdateHealthCheck", "route53:ChangeTagsForResource"],
            &["route53:DeleteHealthCheck"],
        ),
    ),
    (
        "AWS::Route53::HostedZone",
        of(
            &[
                "route53:ListHostedZones",
                "route53:GetHostedZone",
                "route53:ListTagsForResources",
                "route53:ListTagsForResource",
                "route53:ListQueryLoggingConfigs",
            ],
            &[
                "route53:CreateHostedZone",
                "route53:ChangeTagsForResource",
                "route53:CreateQueryLoggingConfig",
                "route53:AssociateVPCWithHostedZone",
            ],
            &[
                "route53:UpdateHostedZoneComment",
                "route53:AssociateVPCWithHostedZone",
                "route53:DisassociateVPCFromHostedZone",
                "route53:CreateQueryLoggingConfig",
                "route53:DeleteQueryLoggingConfig",
                "route53:ChangeTagsForResource",
            ],
            &[
                "route53:DeleteHostedZone",
                "route53:DeleteQueryLoggingConfig",
            ],
        ),
    ),
    (
        "AWS::Route53::RecordSet",
        of(
            &[
                "route53:ListHostedZones",
                "route53:ListResourceRecordSets",
                "route53:ListTagsForResources",
                "route53:ListTagsForResource",
            ],
            &["route53:ChangeResourceRecordSets", "route53:GetChange"],
            &["route53:ChangeResourceRecordSets", "route53:GetChange"],
            &["route53:ChangeResourceRecordSets", "route53:GetChange"],
        ),
    ),
    (
        "AWS::S3::Bucket",
        of(
            &[
                "s3:ListAllMyBuckets",
                "s3:ListBucket",
                "s3:ListBucketVersions",
                "s3:GetBucketLocation",
                "s3:GetBucketTagging",
                "s3:GetEncryptionConfiguration",
                "s3:GetBucketOwnershipControls",
                "s3:GetBucketPublicAccessBlock",
                "s3:GetBucketVersioning",
                "s3:GetBucketLogging",
                "s3:GetLifecycleConfiguration",
                "s3:GetReplicationConfiguration",
                "s3:GetBucketCORS",
                "s3:GetBucketWebsite",
                "s3:GetBucketNotification",
                "s3:GetAccelerateConfiguration",
                "s3:GetBucketObjectLockConfiguration",
                "s3:GetAnalyticsConfiguration",
                "s3:GetInventoryConfiguration",
                "s3:GetMetricsConfiguration",
                "s3:GetIntelligentTieringConfiguration",
            ],
            &[
                "s3:CreateBucket",
                "s3:PutBucketTagging",
                "s3:PutEncryptionConfiguration",
                "s3:PutBucketOwnershipControls",
                "s3:PutBucketPublicAccessBlock",
                "s3:PutBucketVersioning",
                "s3:PutBucketLogging",
                "s3:PutLifecycleConfiguration",
                "s3:PutReplicationConfiguration",
                "iam:PassRole",
            ],
            &[
                "s3:PutBucketTagging",
                "s3:PutEncryptionConfiguration",
                "s3:PutBucketOwnershipControls",
                "s3:PutBucketPublicAccessBlock",
                "s3:PutBucketVersioning",
                "s3:PutBucketLogging",
                "s3:PutLifecycleConfiguration",
                "s3:PutReplicationConfiguration",
                "s3:PutBucketCORS",
                "s3:PutBucketWebsite",
                "s3:DeleteBucketWebsite",
                "s3:PutBucketNotification",
                "s3:PutAccelerateConfiguration",
                "s3:PutBucketObjectLockConfiguration",
                "s3:PutAnalyticsConfiguration",
                "s3:PutInventoryConfiguration",
                "s3:PutMetricsConfiguration",
                "s3:PutIntelligentTieringConfiguration",
                "iam:PassRole",
            ],
            &["s3:DeleteBucket"],
        ),
    ),
    (
        "AWS::S3::BucketPolicy",
        of(
            &[
                "s3:ListAllMyBuckets",
                "s3:GetBucketTagging",
                "s3:GetBucketPolicy",
            ],
            &["s3:PutBucketPolicy", "s3:PutBucketTagging"],
            &["s3:PutBucketPolicy", "s3:PutBucketTagging"],
            &["s3:DeleteBucketPolicy", "s3:PutBucketTagging"],
        ),
    ),
    (
        "AWS::SNS::Subscription",
        of(
            &[
                "sns:ListTopics",
                "sns:ListTagsForResource",
                "sns:ListSubscriptionsByTopic",
                "sns:GetSubscriptionAttributes",
            ],
            &["sns:Subscribe", "sns:TagResource"],
            &["sns:SetSubscriptionAttributes", "sns:TagResource"],
            &["sns:Unsubscribe", "sns:UntagResource"],
        ),
    ),
    (
        "AWS::SNS::Topic",
        of(
            &[
                "sns:ListTopics",
                "sns:ListTagsForResource",
                "sns:GetTopicAttributes",
                "sns:ListSubscriptionsByTopic",
            ],
            &[
                "sns:CreateTopic",
                "sns:TagResource",
                "sns:SetTopicAttributes",
                "sns:Subscribe",
            ],
            &[
                "sns:SetTopicAttributes",
                "sns:Subscribe",
                "sns:Unsubscribe",
                "sns:TagResource",
                "sns:UntagResource",
            ],
            &["sns:DeleteTopic"],
        ),
    ),
    (
        "AWS::SNS::TopicPolicy",
        of(
            &[
                "sns:ListTopics",
                "sns:ListTagsForResource",
                "sns:GetTopicAttributes",
            ],
            &["sns:SetTopicAttributes", "sns:TagResource"],
            &["sns:SetTopicAttributes", "sns:TagResource"],
            &["sns:SetTopicAttributes", "sns:UntagResource"],
        ),
    ),
    (
        "AWS::SSM::Association",
        of(
            &[
                "ssm:ListAssociations",
                "ssm:DescribeAssociation",
                "ssm:ListTagsForResource",
            ],
            &["ssm:CreateAssociation", "ssm:AddTagsToResource"],
            &[
                "ssm:UpdateAssociation",
                "ssm:AddTagsToResource",
                "ssm:RemoveTagsFromResource",
            ],
            &["ssm:DeleteAssociation"],
        ),
    ),
    (
        "AWS::SSM::Parameter",
        of(
            &[
                "ssm:DescribeParameters",
                "ssm:GetParameters",
                "ssm:ListTagsForResource",
            ],
            &["ssm:PutParameter", "ssm:AddTagsToResource"],
            &[
                "ssm:PutParameter",
                "ssm:AddTagsToResource",
                "ssm:RemoveTagsFromResource",
            ],
            &["ssm:DeleteParameter"],
        ),
    ),
    (
        "AWS::SecretsManager::Secret",
        of(
            &[
                "secretsmanager:ListSecrets",
                "secretsmanager:DescribeSecret",
            ],
            &[
                "secretsmanager:CreateSecret",
                "secretsmanager:GetRandomPassword",
                "secretsmanager:RestoreSecret",
                "secretsmanager:UpdateSecret",
                "secretsmanager:TagResource",
                "secretsmanager:ReplicateSecretToRegions",
            ],
            &[
                "secretsmanager:UpdateSecret",
                "secretsmanager:PutSecretValue",
                "secretsmanager:GetRandomPassword",
                "secretsmanager:ReplicateSecretToRegions",
                "secretsmanager:RemoveRegionsFromReplication",
                "secretsmanager:TagResource",
                "secretsmanager:UntagResource",
            ],
            &[
                "secretsmanager:DeleteSecret",
                "secretsmanager:RemoveRegionsFromReplication",
            ],
        ),
    ),
    (
        "AWS::WAFv2::LoggingConfiguration",
        of(
            &[
                "wafv2:ListWebACLs",
                "wafv2:ListTagsForResource",
                "wafv2:ListLoggingConfigurations",
                "wafv2:GetLoggingConfiguration",
            ],
            &[
                "wafv2:PutLoggingConfiguration",
                "wafv2:TagResource",
                "logs:CreateLogDelivery",
                "logs:PutResourcePolicy",
                "logs:DescribeResourcePolicies",
                "logs:DescribeLogGroups",
                "iam:CreateServiceLinkedRole",
            ],
            &["wafv2:PutLoggingConfiguration", "wafv2:TagResource"],
            &[
                "wafv2:DeleteLoggingConfiguration",
                "wafv2:UntagResource",
                "logs:DeleteLogDelivery",
            ],
        ),
    ),
    (
        "AWS::WAFv2::WebACL",
        of(
            &[
                "wafv2:ListWebACLs",
                "wafv2:GetWebACL",
                "wafv2:ListTagsForResource",
            ],
            &["wafv2:CreateWebACL", "wafv2:TagResource"],
            &[
                "wafv2:UpdateWebACL",
                "wafv2:TagResource",
                "wafv2:UntagResource",
            ],
            &["wafv2:DeleteWebACL"],
        ),
    ),
];

/// What Cloud Control needs of its own; the kind's own service asks for more, by its handlers.
const CLOUD_CONTROL: Actions = of(
    &["cloudformation:ListResources", "cloudformation:GetResource"],
    &[
        "cloudformation:CreateResource",
        "cloudformation:GetResourceRequestStatus",
    ],
    &[
        "cloudformation:UpdateResource",
        "cloudformation:GetResourceRequestStatus",
    ],
    &[
        "cloudformation:DeleteResource",
        "cloudformation:GetResourceRequestStatus",
    ],
);

/// What a kind needs.
pub fn of_kind(kind: &str) -> Actions {
    match TABLE.binary_search_by(|(have, _)| (*have).cmp(kind)) {
        Ok(index) => TABLE[index].1,
        Err(_) => CLOUD_CONTROL,
    }
}

/// What changes are planned to a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// It is looked at.
    Read,
    /// One is made.
    Create,
    /// One is changed.
    Update,
    /// One is removed.
    Delete,
}

/// The actions for these needs.
pub fn of_needs<'a>(needs: impl IntoIterator<Item = (&'a str, Need)>) -> BTreeSet<&'static str> {
    let mut actions: BTreeSet<&'static str> = ALWAYS_READ.iter().copied().collect();
    for (kind, need) in needs {
        let of = of_kind(kind);
        let own = match need {
            Need::Read => of.read,
            Need::Create => of.create,
            Need::Update => of.update,
            Need::Delete => of.delete,
        };
        actions.extend(own);
        if need != Need::Read {
            actions.extend(ALWAYS_WRITE);
        }
    }
    actions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Registry;

    #[test]
    fn every_entry_is_found_and_speaks_of_a_known_kind() {
        assert!(TABLE.is_sorted_by(|a, b| a.0 < b.0));
        for (kind, actions) in TABLE {
            assert!(Registry::embedded().kind(kind).is_some(), "{kind}");
            assert_eq!(of_kind(kind), *actions);
            let all = [actions.read, actions.create, actions.update, actions.delete];
            assert!(all.iter().all(|part| !part.is_empty()), "{kind}");
        }
    }

    #[test]
    fn what_only_looks_needs_nothing_that_changes() {
        let needs = TABLE.iter().map(|(kind, _)| (*kind, Need::Read));
        for action in of_needs(needs) {
            let name = action.split(':').nth(1).unwrap_or_default();
            let verbs = ["Describe", "Get", "List"];
            assert!(verbs.iter().any(|verb| name.starts_with(verb)), "{action}");
        }
    }
}
