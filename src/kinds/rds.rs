//! Databases.
//!
//! Times: instances 315 to 1,026 s in published apply logs, of which the middle is 8 minutes; a failover 60 to 120 s
//! (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.MultiAZSingleStandby.html>).

use super::exposure;
use super::limit::Limit;
use super::record::{Canonical, Drawn, Holds, Identity, Kind, Lock, Tier, kept_by, let_go_by};
use crate::value::{Map, Value};

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "AWS::RDS::DBCluster",
        interrupts: &[
            ("EngineVersion", "the database restarts"),
            (
                "DBClusterParameterGroupName",
                "static parameters wait for a restart",
            ),
        ],
        sets: &[
            ("AssociatedRoles", ""),
            ("AvailabilityZones", ""),
            ("EnableCloudwatchLogsExports", ""),
            ("VpcSecurityGroupIds", ""),
        ],
        canonical: &[
            ("DBClusterIdentifier", Canonical::Lowercase),
            ("DBClusterParameterGroupName", Canonical::Lowercase),
            ("DBSubnetGroupName", Canonical::Lowercase),
            ("PreferredMaintenanceWindow", Canonical::Lowercase),
        ],
        // Minor versions move with the members' AutoMinorVersionUpgrade.
        externally_managed: &["EngineVersion"],
        fixed: &["Engine", "MasterUsername"],
        monotonic: &["EngineVersion"],
        drawn: Drawn::stores("Amazon Aurora"),
        named_by: &[kept_by("DBClusterIdentifier")],
        endpoint: Some(("database", "Endpoint.Address")),
        lock: Some(Lock::Flag("DeletionProtection")),
        ..Kind::with(Tier::Data, Holds::Data, Identity::Tags, (120, 60, 120))
    },
    Kind {
        name: "AWS::RDS::DBClusterParameterGroup",
        canonical: &[("DBClusterParameterGroupName", Canonical::Lowercase)],
        named_by: &[kept_by("DBClusterParameterGroupName")],
        ..Kind::with(Tier::Data, Holds::Nothing, Identity::Tags, (5, 5, 5))
    },
    Kind {
        name: "AWS::RDS::DBInstance",
        counts_as: Some(Limit::DbInstances),
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
                "the replica is promoted, which restarts it",
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
        externally_managed: &["EngineVersion", "AllocatedStorage"],
        fixed: &["AvailabilityZone", "Engine", "SourceDBInstanceIdentifier"],
        // PromoteReadReplica.
        clearable: &["SourceDBInstanceIdentifier"],
        // https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.ModifyingExisting.html,
        // https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_UpgradeDBInstance.Upgrading.html
        monotonic: &["AllocatedStorage", "EngineVersion"],
        drawn: Drawn::stores("RDS writer"),
        named_by: &[let_go_by("SourceDBInstanceIdentifier")],
        endpoint: Some(("database", "Endpoint.Address")),
        exposes: Some(exposure::database),
        patience: Some(patience),
        lock: Some(Lock::Flag("DeletionProtection")),
        ..Kind::with(Tier::Data, Holds::Data, Identity::Tags, (480, 300, 240))
    },
    Kind {
        name: "AWS::RDS::DBParameterGroup",
        canonical: &[("DBParameterGroupName", Canonical::Lowercase)],
        named_by: &[kept_by("DBParameterGroupName")],
        ..Kind::with(Tier::Data, Holds::Nothing, Identity::Tags, (2, 2, 2))
    },
    Kind {
        name: "AWS::RDS::DBSubnetGroup",
        canonical: &[("DBSubnetGroupName", Canonical::Lowercase)],
        sets: &[("SubnetIds", "")],
        named_by: &[kept_by("DBSubnetGroupName")],
        ..Kind::with(Tier::Data, Holds::Nothing, Identity::Tags, (2, 2, 1))
    },
    Kind {
        name: "AWS::RDS::EventSubscription",

        ..Kind::with(Tier::Data, Holds::Nothing, Identity::Tags, (10, 10, 5))
    },
];

/// A database that is copied takes as long as its disk is large.
fn patience(properties: &Map) -> u64 {
    const LEAST: u64 = 4_800;
    const PER_GIB: u64 = 20;
    let number = |name: &str| properties.get(name).and_then(Value::as_number);
    // A replica says how large it may become only.
    let size = number("AllocatedStorage").or_else(|| number("MaxAllocatedStorage"));
    let size = size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
    LEAST + size * PER_GIB
}
