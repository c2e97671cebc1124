//! Which properties name other resources.
//!
//! From this follow the order of deletes and, in the embedded cloud, what AWS refuses. References
//! that a blueprint writes need no table; this one is for what is live and in no blueprint any more.

use crate::address::GLOBAL;
use crate::schema::Registry;
use crate::value::{Map, Value};

/// A property that names another resource: the property's own name, wherever it stands, the kinds
/// that it may name, and whether AWS refuses to delete what is named.
pub struct Names {
    /// The property's own name.
    pub property: &'static str,
    /// The kinds of which it may name one.
    pub kinds: &'static [&'static str],
    /// Whether AWS refuses to delete what is named.
    pub blocks: bool,
}

const fn names(property: &'static str, kinds: &'static [&'static str], blocks: bool) -> Names {
    Names {
        property,
        kinds,
        blocks,
    }
}

const NAMES: &[Names] = &[
    names("VpcId", &["AWS::EC2::VPC"], true),
    names("PeerVpcId", &["AWS::EC2::VPC"], true),
    names("SubnetId", &["AWS::EC2::Subnet"], true),
    names("SubnetIds", &["AWS::EC2::Subnet"], true),
    names("Subnets", &["AWS::EC2::Subnet"], true),
    names("VPCZoneIdentifier", &["AWS::EC2::Subnet"], true),
    names("SecurityGroupIds", &["AWS::EC2::SecurityGroup"], true),
    names("SecurityGroups", &["AWS::EC2::SecurityGroup"], true),
    names("VPCSecurityGroups", &["AWS::EC2::SecurityGroup"], true),
    names("VpcSecurityGroupIds", &["AWS::EC2::SecurityGroup"], true),
    // Rules go with their group, but a rule that names a group keeps that one.
    names("GroupId", &["AWS::EC2::SecurityGroup"], false),
    names("SourceSecurityGroupId", &["AWS::EC2::SecurityGroup"], true),
    names("RouteTableId", &["AWS::EC2::RouteTable"], false),
    names("RouteTableIds", &["AWS::EC2::RouteTable"], false),
    names("InternetGatewayId", &["AWS::EC2::InternetGateway"], true),
    names("GatewayId", &["AWS::EC2::InternetGateway"], false),
    names("NatGatewayId", &["AWS::EC2::NatGateway"], false),
    names(
        "VpcPeeringConnectionId",
        &["AWS::EC2::VPCPeeringConnection"],
        false,
    ),
    names("AllocationId", &["AWS::EC2::EIP"], true),
    names("LaunchTemplateId", &["AWS::EC2::LaunchTemplate"], false),
    names(
        "LoadBalancerArn",
        &["AWS::ElasticLoadBalancingV2::LoadBalancer"],
        false,
    ),
    names(
        "ListenerArn",
        &["AWS::ElasticLoadBalancingV2::Listener"],
        false,
    ),
    names(
        "TargetGroupArn",
        &["AWS::ElasticLoadBalancingV2::TargetGroup"],
        true,
    ),
    names(
        "TargetGroupARNs",
        &["AWS::ElasticLoadBalancingV2::TargetGroup"],
        false,
    ),
    names(
        "CertificateArn",
        &["AWS::CertificateManager::Certificate"],
        true,
    ),
    names(
        "AcmCertificateArn",
        &["AWS::CertificateManager::Certificate"],
        true,
    ),
    names("TopicArn", &["AWS::SNS::Topic"], false),
    names("Topics", &["AWS::SNS::Topic"], false),
    names("SnsTopicArn", &["AWS::SNS::Topic"], false),
    names("Roles", &["AWS::IAM::Role"], true),
    names("IamInstanceProfile", &["AWS::IAM::InstanceProfile"], false),
    names("MonitoringRoleArn", &["AWS::IAM::Role"], false),
    names("DeliverLogsPermissionArn", &["AWS::IAM::Role"], false),
    names("ExecutionRoleArn", &["AWS::IAM::Role"], false),
    names("IamRoleArn", &["AWS::IAM::Role"], false),
    names("LogDestination", &["AWS::Logs::LogGroup"], false),
    names("DBSubnetGroupName", &["AWS::RDS::DBSubnetGroup"], true),
    names(
        "DBParameterGroupName",
        &["AWS::RDS::DBParameterGroup"],
        true,
    ),
    names(
        "SourceDBInstanceIdentifier",
        &["AWS::RDS::DBInstance"],
        false,
    ),
    names(
        "CacheSubnetGroupName",
        &["AWS::ElastiCache::SubnetGroup"],
        true,
    ),
    names("HostedZoneId", &["AWS::Route53::HostedZone"], true),
    names("HealthCheckId", &["AWS::Route53::HealthCheck"], true),
    names(
        "AutoScalingGroupName",
        &["AWS::AutoScaling::AutoScalingGroup"],
        false,
    ),
    names("BackupPlanId", &["AWS::Backup::BackupPlan"], true),
    names("TargetBackupVault", &["AWS::Backup::BackupVault"], false),
    names("Bucket", &["AWS::S3::Bucket"], false),
    names(
        "OriginAccessControlId",
        &["AWS::CloudFront::OriginAccessControl"],
        true,
    ),
    names("WebACLId", &["AWS::WAFv2::WebACL"], true),
    names("ResourceArn", &["AWS::WAFv2::WebACL"], false),
    names("KmsKeyId", &["AWS::KMS::Key"], false),
];

/// Where the names of [`NAMES`] mean something else: AWS's own zones, buckets by domain name.
const NOT_NAMES: &[&str] = &["AliasTarget", "DistributionConfig.Logging", "Destination"];

/// Whether a property of this name names other resources.
pub fn is_name(property: &str) -> bool {
    NAMES.iter().any(|entry| entry.property == property)
}

/// Calls `visit` with the path and name of everything that `properties` name.
pub fn for_each_name<'a>(
    kind: &str,
    properties: &'a Map,
    visit: &mut dyn FnMut(&'static Names, &str, &'a str),
) {
    fn walk<'a>(
        kind: &str,
        path: &str,
        leaf: &str,
        value: &'a Value,
        visit: &mut dyn FnMut(&'static Names, &str, &'a str),
    ) {
        match value {
            Value::Map(map) => {
                for (key, value) in map {
                    walk(kind, &format!("{path}.{key}"), key, value, visit);
                }
            }
            Value::List(items) => {
                for item in items {
                    walk(kind, path, leaf, item, visit);
                }
            }
            Value::String(text) => {
                if NOT_NAMES.iter().any(|not| path.contains(not)) {
                    return;
                }
                let entry = NAMES.iter().find(|entry| entry.property == leaf);
                if let Some(entry) = entry
                    && !entry.kinds.contains(&kind)
                {
                    visit(entry, path, text);
                }
            }
            _ => {}
        }
    }
    let schema = Registry::embedded().kind(kind);
    for (name, value) in properties {
        let set_by_aws = schema.is_some_and(|schema| schema.is_read_only(name));
        // What the item is called itself is no reference.
        if !set_by_aws {
            walk(kind, name, name, value, visit);
        }
    }
    // A replica names another database, its own kind.
    if let Some(Value::String(source)) = properties.get("SourceDBInstanceIdentifier")
        && let Some(entry) = NAMES
            .iter()
            .find(|e| e.property == "SourceDBInstanceIdentifier")
    {
        visit(entry, "SourceDBInstanceIdentifier", source);
    }
}

/// Whether a name in `region` can mean something in `home`: names count in their region, ARNs and
/// both ends of a peering everywhere.
pub fn is_in_reach(home: &str, region: &str, path: &str, name: &str) -> bool {
    home == region
        || [home, region].contains(&GLOBAL)
        || name.starts_with("arn:")
        || path == "PeerVpcId"
        || path == "VpcPeeringConnectionId"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_that_is_named_is_known() {
        for entry in NAMES {
            for kind in entry.kinds {
                assert!(Registry::embedded().kind(kind).is_some(), "{kind}");
            }
        }
    }

    #[test]
    fn a_replica_names_its_source_and_an_alias_names_no_zone_of_ours() {
        let properties = |json| match serde_json::from_value(json).unwrap() {
            Value::Map(map) => map,
            other => panic!("{other}"),
        };
        let names = |kind, map: &Map| {
            let mut found = Vec::new();
            for_each_name(kind, map, &mut |_, path, name| {
                found.push(format!("{path}={name}"))
            });
            found
        };
        let replica = properties(serde_json::json!({"SourceDBInstanceIdentifier": "db"}));
        assert_eq!(
            names("AWS::RDS::DBInstance", &replica),
            ["SourceDBInstanceIdentifier=db"]
        );
        let alias =
            serde_json::json!({"HostedZoneId": "Z1", "AliasTarget": {"HostedZoneId": "Z2"}});
        assert_eq!(
            names("AWS::Route53::RecordSet", &properties(alias)),
            ["HostedZoneId=Z1"]
        );
    }
}
