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
        Facts::seconds(300, 120, 180),
    ),
    ("AWS::ElastiCache::ParameterGroup", Facts::seconds(2, 2, 2)),
    (
        "AWS::ElastiCache::ReplicationGroup",
        Facts {
            interrupts: &[
                ("CacheNodeType", "the cache fails over for seconds"),
                ("EngineVersion", "the cache fails over for seconds"),
            ],
            ..Facts::seconds(480, 300, 240)
        },
    ),
    ("AWS::ElastiCache::SubnetGroup", Facts::seconds(2, 2, 2)),
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
            ],
            canonical: &[
                ("DBInstanceIdentifier", Canonical::Lowercase),
                ("AllocatedStorage", Canonical::Number),
                ("PreferredMaintenanceWindow", Canonical::Lowercase),
            ],
            // Minor versions move with AutoMinorVersionUpgrade, storage with MaxAllocatedStorage.
            shared: &["EngineVersion", "AllocatedStorage"],
            fixed: &["AvailabilityZone", "Engine", "SourceDBInstanceIdentifier"],
            ..Facts::seconds(480, 300, 240)
        },
    ),
    ("AWS::RDS::DBParameterGroup", Facts::seconds(2, 2, 2)),
    (
        "AWS::RDS::DBSubnetGroup",
        Facts {
            sets: &[("SubnetIds", "")],
            ..Facts::seconds(2, 2, 1)
        },
    ),
    ("AWS::RDS::EventSubscription", Facts::seconds(10, 10, 5)),
    ("AWS::S3::Bucket", Facts::seconds(2, 2, 2)),
    (
        "AWS::S3::BucketPolicy",
        Facts {
            canonical: &[("PolicyDocument", Canonical::Policy)],
            ..Facts::seconds(1, 1, 1).child("Bucket", "AWS::S3::Bucket")
        },
    ),
    ("AWS::SecretsManager::Secret", Facts::seconds(1, 1, 1)),
];
