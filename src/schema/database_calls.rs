//! Which call of RDS creates a database, and which of its properties that call takes; the rest is set once the
//! database is available.
//!
//! Pure, and known to both providers: the AWS provider sends what these functions return, and the simulator refuses in
//! them what RDS would refuse.

use std::sync::Arc;

use crate::value::{Map, Value};

/// What a database is made from, which says by which call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nothing.
    Empty,
    /// Another database, which it follows.
    Replica,
    /// A snapshot.
    Snapshot,
    /// Another database's backups.
    PointInTime,
}

/// What says where a database comes from, and can be said once only.
pub const ORIGINS: &[&str] = &[
    "DBClusterSnapshotIdentifier",
    "DBSnapshotIdentifier",
    "RestoreTime",
    "SourceDBClusterIdentifier",
    "SourceDBInstanceAutomatedBackupsArn",
    "SourceDBInstanceIdentifier",
    "SourceDbiResourceId",
    "UseLatestRestorableTime",
];

/// What a replica follows; dropping it promotes the replica.
pub const SOURCE: &str = "SourceDBInstanceIdentifier";

const GROUP: &str = "DBParameterGroupName";

/// What every creating call takes under the same name.
const ALL: &[&str] = &[
    "AllocatedStorage",
    "AutoMinorVersionUpgrade",
    "AvailabilityZone",
    "BackupTarget",
    "CACertificateIdentifier",
    "CopyTagsToSnapshot",
    "DBInstanceClass",
    "DBSubnetGroupName",
    "DedicatedLogVolume",
    "DeletionProtection",
    "Domain",
    "DomainAuthSecretArn",
    "DomainDnsIps",
    "DomainFqdn",
    "DomainIAMRoleName",
    "DomainOu",
    "EnableCloudwatchLogsExports",
    "EnableIAMDatabaseAuthentication",
    "Iops",
    "MultiAZ",
    "NetworkType",
    "OptionGroupName",
    "Port",
    "ProcessorFeatures",
    "PubliclyAccessible",
    "StorageThroughput",
    "StorageType",
];

/// The same, called otherwise.
const ALL_RENAMED: &[&str] = &[
    "AdditionalStorageVolumes",
    "CustomIAMInstanceProfile",
    "VPCSecurityGroups",
];

/// What only the call for an empty one takes.
const EMPTY: &[&str] = &[
    "BackupRetentionPeriod",
    "CharacterSetName",
    "DBClusterIdentifier",
    "DBName",
    "DBParameterGroupName",
    "DBSecurityGroups",
    "DBSystemId",
    "DatabaseInsightsMode",
    "EnablePerformanceInsights",
    "Engine",
    "EngineLifecycleSupport",
    "EngineVersion",
    "KmsKeyId",
    "LicenseModel",
    "ManageMasterUserPassword",
    "MasterUserAuthenticationType",
    "MasterUserPassword",
    "MasterUserSecret",
    "MasterUsername",
    "MaxAllocatedStorage",
    "MonitoringInterval",
    "MonitoringRoleArn",
    "NcharCharacterSetName",
    "PerformanceInsightsKMSKeyId",
    "PerformanceInsightsRetentionPeriod",
    "PreferredBackupWindow",
    "PreferredMaintenanceWindow",
    "PromotionTier",
    "StorageEncrypted",
    "TdeCredentialArn",
    "TdeCredentialPassword",
    "Timezone",
];

const REPLICA: &[&str] = &[
    "DatabaseInsightsMode",
    "EnablePerformanceInsights",
    "KmsKeyId",
    "MaxAllocatedStorage",
    "MonitoringInterval",
    "MonitoringRoleArn",
    "PerformanceInsightsKMSKeyId",
    "PerformanceInsightsRetentionPeriod",
    "ReplicaMode",
    "SourceDBClusterIdentifier",
    "SourceDBInstanceIdentifier",
    "UseDefaultProcessorFeatures",
];

/// What both restoring calls take.
const RESTORED: &[&str] = &[
    "BackupRetentionPeriod",
    "DBName",
    "DBParameterGroupName",
    "Engine",
    "EngineLifecycleSupport",
    "LicenseModel",
    "ManageMasterUserPassword",
    "MasterUserSecret",
    "PreferredBackupWindow",
    "TdeCredentialArn",
    "TdeCredentialPassword",
    "UseDefaultProcessorFeatures",
];

const SNAPSHOT: &[&str] = &["DBClusterSnapshotIdentifier", "DBSnapshotIdentifier"];

const POINT_IN_TIME: &[&str] = &[
    "MaxAllocatedStorage",
    "RestoreTime",
    "SourceDBInstanceAutomatedBackupsArn",
    "SourceDBInstanceIdentifier",
    "SourceDbiResourceId",
    "UseLatestRestorableTime",
];

/// What a change takes under the same name, one by one, with AWS's default where it has one.
pub const PLAIN: &[(&str, &str)] = &[
    ("AutoMinorVersionUpgrade", "true"),
    ("BackupRetentionPeriod", "1"),
    ("CACertificateIdentifier", ""),
    ("CopyTagsToSnapshot", "false"),
    ("DBInstanceClass", ""),
    ("DBParameterGroupName", ""),
    ("DBSecurityGroups", ""),
    ("DedicatedLogVolume", "false"),
    ("DeletionProtection", "false"),
    ("EnableIAMDatabaseAuthentication", "false"),
    ("EngineLifecycleSupport", "open-source-rds-extended-support"),
    ("EngineVersion", ""),
    ("LicenseModel", ""),
    ("ManageMasterUserPassword", "false"),
    ("MasterUserAuthenticationType", ""),
    ("MasterUserPassword", ""),
    ("MultiAZ", "false"),
    ("NetworkType", "IPV4"),
    ("OptionGroupName", ""),
    ("PreferredBackupWindow", ""),
    ("PreferredMaintenanceWindow", ""),
    ("ProcessorFeatures", ""),
    ("PromotionTier", "1"),
    ("PubliclyAccessible", "false"),
    ("ReplicaMode", "open-read-only"),
    ("TdeCredentialArn", ""),
    ("UseDefaultProcessorFeatures", ""),
];

/// What is sent together when one of it changes, because one means nothing without the others.
pub const TOGETHER: &[&[&str]] = &[
    &["MonitoringInterval", "MonitoringRoleArn"],
    &[
        "DatabaseInsightsMode",
        "EnablePerformanceInsights",
        "PerformanceInsightsKMSKeyId",
        "PerformanceInsightsRetentionPeriod",
    ],
    &[
        "Domain",
        "DomainAuthSecretArn",
        "DomainDnsIps",
        "DomainFqdn",
        "DomainIAMRoleName",
        "DomainOu",
    ],
];

/// Storage, which changes as one.
pub const STORAGE: &[&str] = &[
    "AllocatedStorage",
    "Iops",
    "StorageThroughput",
    "StorageType",
];

/// What calls of their own change.
pub const ROLES: &str = "AssociatedRoles";
/// The same.
pub const COPIES: &[&str] = &[
    "AutomaticBackupReplicationKmsKeyId",
    "AutomaticBackupReplicationRegion",
    "AutomaticBackupReplicationRetentionPeriod",
];

/// What a change has to rename or to work out.
const OTHERS: &[&str] = &[
    "AdditionalStorageVolumes",
    "EnableCloudwatchLogsExports",
    "MasterUserSecret",
    "MaxAllocatedStorage",
    "Port",
    "VPCSecurityGroups",
];

impl Origin {
    /// What these properties ask for.
    pub fn of(properties: &Map) -> Self {
        let has = |names: &[&str]| names.iter().any(|name| properties.contains_key(name));
        if has(SNAPSHOT) {
            Self::Snapshot
        } else if has(&[
            "RestoreTime",
            "SourceDBInstanceAutomatedBackupsArn",
            "SourceDbiResourceId",
            "UseLatestRestorableTime",
        ]) {
            Self::PointInTime
        } else if has(&["SourceDBInstanceIdentifier", "SourceDBClusterIdentifier"]) {
            Self::Replica
        } else {
            Self::Empty
        }
    }

    /// Whether the creating call takes a property.
    fn takes(self, name: &str) -> bool {
        let of = |lists: &[&[&str]]| lists.iter().any(|list| list.contains(&name));
        of(&[ALL, ALL_RENAMED])
            || match self {
                Self::Empty => of(&[EMPTY]),
                // Without a parameter group: RDS takes one from some engines only, and only across regions (botocore:
                // CreateDBInstanceReadReplica.DBParameterGroupName), and refuses PostgreSQL's
                // (https://github.com/hashicorp/terraform-provider-aws/issues/38056). Set afterwards, it is right for
                // every engine, as AWS's own handler does it
                // (https://github.com/aws-cloudformation/aws-cloudformation-resource-providers-rds/pull/245).
                Self::Replica => of(&[REPLICA]),
                Self::Snapshot => of(&[RESTORED, SNAPSHOT]),
                Self::PointInTime => of(&[RESTORED, POINT_IN_TIME]),
            }
    }

    /// What the creating call is given, but for name and tags.
    pub fn creation(self, properties: &Map) -> Map {
        let taken = properties.iter().filter(|(name, _)| self.takes(name));
        let mut call: Map = taken.cloned().collect();
        rename(&mut call, "VPCSecurityGroups", "VpcSecurityGroupIds");
        rename(
            &mut call,
            "CustomIAMInstanceProfile",
            "CustomIamInstanceProfile",
        );
        if call.remove("MasterUserSecret").is_some()
            && let Some(key) = properties.at("MasterUserSecret.KmsKeyId")
        {
            call.insert("MasterUserSecretKmsKeyId", key.clone());
        }
        if call.contains_key("AdditionalStorageVolumes") {
            let volumes = properties
                .get("AdditionalStorageVolumes")
                .and_then(Value::as_list);
            let volumes = volumes.unwrap_or_default().iter();
            let volumes = volumes.filter_map(Value::as_map).map(volume);
            call.insert("AdditionalStorageVolumes", Value::list(volumes));
        }
        call
    }

    /// What has to wait until the database is there.
    pub fn rest(self, properties: &Map) -> Vec<Arc<str>> {
        let changeable = |name: &str| {
            PLAIN.iter().any(|(plain, _)| *plain == name)
                || TOGETHER.iter().any(|together| together.contains(&name))
                || [STORAGE, OTHERS, COPIES]
                    .iter()
                    .any(|list| list.contains(&name))
                || name == ROLES
        };
        let names = properties.iter().map(|(name, _)| name);
        names
            .filter(|name| changeable(name) && !self.takes(name))
            .cloned()
            .collect()
    }
}

/// A volume of a database, in the names of RDS's calls.
pub fn volume(volume: &Map) -> Value {
    let told = ["StorageOperationPercentProgress", "StorageOperationStatus"];
    let mut volume: Map = volume
        .iter()
        .filter(|(name, _)| !told.contains(&&**name))
        .cloned()
        .collect();
    rename(&mut volume, "Iops", "IOPS");
    Value::Map(volume)
}

fn rename(map: &mut Map, from: &str, to: &'static str) {
    if let Some(value) = map.remove(from) {
        map.insert(to, value);
    }
}

/// Whether a database has to be restarted once these properties of it are changed: a replica that RDS made with a
/// parameter group of its own. Parameters of another group count from the next restart on
/// (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithDBInstanceParamGroups.html>). Nobody reads
/// from a replica that is new; a database that is in use is not restarted.
pub fn needs_restart(wanted: &Map, before: &Map, changed: &[Arc<str>]) -> bool {
    let group = before.get(GROUP).and_then(Value::as_str);
    Origin::of(wanted) == Origin::Replica
        && changed.iter().any(|name| &**name == GROUP)
        && group.is_some_and(|group| group.starts_with("default."))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::schema::database_calls::*;

    fn map(json: serde_json::Value) -> Map {
        match Value::from(json) {
            Value::Map(map) => map,
            other => panic!("{other}"),
        }
    }

    fn names(names: &[&str]) -> Vec<Arc<str>> {
        names.iter().map(|name| Arc::from(*name)).collect()
    }

    #[test]
    fn a_replica_gets_the_rest_once_it_is_there() {
        for source in ["db", "arn:aws:rds:us-east-1:123456789012:db:db"] {
            let replica = map(
                json!({"SourceDBInstanceIdentifier": source, "StorageType": "gp3",
                "DBParameterGroupName": "group", "PreferredBackupWindow": "01:00-02:00",
                "SourceRegion": "us-east-1", "DeletionProtection": true}),
            );
            let origin = Origin::of(&replica);
            assert_eq!(origin, Origin::Replica);
            let rest = names(&["DBParameterGroupName", "PreferredBackupWindow"]);
            assert_eq!(origin.rest(&replica), rest);
            let call = json!({"SourceDBInstanceIdentifier": source, "StorageType": "gp3", "DeletionProtection": true});
            assert_eq!(origin.creation(&replica), map(call));
        }
    }

    #[test]
    fn only_a_new_replica_is_restarted_for_its_parameters() {
        let replica = map(json!({SOURCE: "db", GROUP: "own"}));
        let changed = names(&[GROUP]);
        let with = |group: &str| map(json!({ GROUP: group }));
        assert!(needs_restart(
            &replica,
            &with("default.postgres17"),
            &changed
        ));
        assert!(!needs_restart(&replica, &with("older"), &changed));
        assert!(!needs_restart(&replica, &with("default.postgres17"), &[]));
        let alone = map(json!({ GROUP: "own" }));
        assert!(!needs_restart(
            &alone,
            &with("default.postgres17"),
            &changed
        ));
    }
}
