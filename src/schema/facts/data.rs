//! Databases, caches, buckets, keys and secrets.
//!
//! Times: RDS instances 315 to 1,026 s in published apply logs, of which the middle is 8 minutes;
//! a failover 60 to 120 s (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.MultiAZSingleStandby.html>).

use super::{Canonical, KindFacts as Facts};

pub(super) const FACTS: &[(&str, Facts)] = &[
    (
        "AWS::DynamoDB::Table",
        Facts {
            sets: &[("AttributeDefinitions", "AttributeName")],
            ..Facts::seconds(12, 10, 8)
        },
    ),
    (
        "AWS::ElastiCache::CacheCluster",
        Facts {
            sets: &[("LogDeliveryConfigurations", "LogType")],
            canonical: &[
                ("ClusterName", Canonical::Lowercase),
                ("CacheSubnetGroupName", Canonical::Lowercase),
                ("PreferredMaintenanceWindow", Canonical::Lowercase),
            ],
            // botocore: ModifyCacheClusterMessage has no TransitEncryptionEnabled.
            fixed: &["TransitEncryptionEnabled"],
            // Minor versions move with AutoMinorVersionUpgrade.
            shared: &["EngineVersion"],
            ..Facts::seconds(300, 120, 180)
        },
    ),
    ("AWS::ElastiCache::ParameterGroup", Facts::seconds(2, 2, 2)),
    (
        "AWS::ElastiCache::ReplicationGroup",
        Facts {
            interrupts: &[
                ("CacheNodeType", "the cache fails over for seconds"),
                ("EngineVersion", "the cache fails over for seconds"),
            ],
            sets: &[("LogDeliveryConfigurations", "LogType")],
            canonical: &[("ReplicationGroupId", Canonical::Lowercase)],
            // https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/VersionManagement.html
            grows: &["EngineVersion"],
            ..Facts::seconds(480, 300, 240)
        },
    ),
    (
        "AWS::ElastiCache::SubnetGroup",
        Facts {
            canonical: &[("CacheSubnetGroupName", Canonical::Lowercase)],
            ..Facts::seconds(2, 2, 2)
        },
    ),
    (
        "AWS::KMS::Alias",
        Facts::seconds(1, 1, 1).child("TargetKeyId", "AWS::KMS::Key"),
    ),
    (
        "AWS::KMS::Key",
        Facts {
            canonical: &[("KeyPolicy", Canonical::Policy)],
            ..Facts::seconds(3, 2, 1)
        },
    ),
    (
        "AWS::RDS::DBInstance",
        Facts {
            interrupts: &[
                (
                    "DBInstanceClass",
                    "the database restarts, or fails over where it has a standby (60 to 120 s)",
                ),
                ("EngineVersion", "the database restarts"),
                (
                    "DBParameterGroupName",
                    "static parameters wait for a restart",
                ),
                (
                    "SourceDBInstanceIdentifier",
                    "the replica restarts as a database of its own",
                ),
            ],
            sets: &[
                ("EnableCloudwatchLogsExports", ""),
                ("AssociatedRoles", ""),
                ("ProcessorFeatures", "Name"),
                ("DomainDnsIps", ""),
                ("AdditionalStorageVolumes", "VolumeName"),
            ],
            canonical: &[
                ("DBInstanceIdentifier", Canonical::Lowercase),
                ("DBParameterGroupName", Canonical::Lowercase),
                ("DBSubnetGroupName", Canonical::Lowercase),
                ("AllocatedStorage", Canonical::Number),
                ("PreferredMaintenanceWindow", Canonical::Lowercase),
            ],
            // Minor versions move with AutoMinorVersionUpgrade, storage with MaxAllocatedStorage.
            shared: &["EngineVersion", "AllocatedStorage"],
            fixed: &["AvailabilityZone", "Engine", "SourceDBInstanceIdentifier"],
            // PromoteReadReplica.
            released: &["SourceDBInstanceIdentifier"],
            // https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.ModifyingExisting.html,
            // https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_UpgradeDBInstance.Upgrading.html
            grows: &["AllocatedStorage", "EngineVersion"],
            ..Facts::seconds(480, 300, 240)
        },
    ),
    (
        "AWS::RDS::DBParameterGroup",
        Facts {
            canonical: &[("DBParameterGroupName", Canonical::Lowercase)],
            ..Facts::seconds(2, 2, 2)
        },
    ),
    (
        "AWS::RDS::DBSubnetGroup",
        Facts {
            canonical: &[("DBSubnetGroupName", Canonical::Lowercase)],
            sets: &[("SubnetIds", "")],
            ..Facts::seconds(2, 2, 1)
        },
    ),
    ("AWS::RDS::EventSubscription", Facts::seconds(10, 10, 5)),
    (
        "AWS::S3::Bucket",
        Facts {
            sets: &[
                ("AnalyticsConfigurations", "Id"),
                ("IntelligentTieringConfigurations", "Id"),
                ("InventoryConfigurations", "Id"),
                ("MetricsConfigurations", "Id"),
                ("NotificationConfiguration.LambdaConfigurations", ""),
                ("NotificationConfiguration.QueueConfigurations", ""),
                ("NotificationConfiguration.TopicConfigurations", ""),
            ],
            // S3 gives `Prefix` for `prefix`.
            canonical: &[
                (
                    "NotificationConfiguration.LambdaConfigurations.*.Filter.S3Key.Rules.*.Name",
                    Canonical::Lowercase,
                ),
                (
                    "NotificationConfiguration.QueueConfigurations.*.Filter.S3Key.Rules.*.Name",
                    Canonical::Lowercase,
                ),
                (
                    "NotificationConfiguration.TopicConfigurations.*.Filter.S3Key.Rules.*.Name",
                    Canonical::Lowercase,
                ),
            ],
            ..Facts::seconds(2, 2, 2)
        },
    ),
    (
        "AWS::S3::BucketPolicy",
        Facts {
            canonical: &[("PolicyDocument", Canonical::Policy)],
            ..Facts::seconds(1, 1, 1).child("Bucket", "AWS::S3::Bucket")
        },
    ),
    ("AWS::SecretsManager::Secret", Facts::seconds(1, 1, 1)),
];

/// Typical seconds of a database's upgrade to another major version: checks, a snapshot, the upgrade, another
/// snapshot.
pub const UPGRADE_SECONDS: u32 = 900;

/// Whether a database engine's version is of another major version: MySQL and MariaDB count by the first two
/// numbers, PostgreSQL by the first
/// (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_UpgradeDBInstance.Upgrading.html>).
pub fn is_another_major(engine: &str, before: &str, after: &str) -> bool {
    let counts = match engine.contains("mysql") || engine.contains("mariadb") {
        true => 2,
        false => 1,
    };
    let major = |version: &str| -> Vec<String> {
        version.split('.').take(counts).map(str::to_owned).collect()
    };
    let (before, after) = (major(before), major(after));
    let common = before.len().min(after.len());
    before[..common] != after[..common]
}
