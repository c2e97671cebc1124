//! A database as RDS describes it, in CloudFormation's names.

use serde_json::json;

use crate::inventory::Status;
use crate::provider::aws::service::{Found, input, items, list, pick, rename, tags, text, texts};
use crate::value::{Map, Value};

/// The kind.
pub const KIND: &str = "AWS::RDS::DBInstance";

/// What both call the same. The replicas that a database has are left out: they name it, and what is
/// deleted first goes by who names whom.
const SAME: &[&str] = &[
    "AutoMinorVersionUpgrade",
    "AutomaticRestartTime",
    "AvailabilityZone",
    "BackupRetentionPeriod",
    "BackupTarget",
    "CACertificateIdentifier",
    "CertificateDetails",
    "CharacterSetName",
    "CopyTagsToSnapshot",
    "DBClusterIdentifier",
    "DBInstanceArn",
    "DBInstanceClass",
    "DBInstanceIdentifier",
    "DBInstanceStatus",
    "DBName",
    "DBSystemId",
    "DatabaseInsightsMode",
    "DbiResourceId",
    "DedicatedLogVolume",
    "DeletionProtection",
    "Engine",
    "EngineLifecycleSupport",
    "EngineVersion",
    "InstanceCreateTime",
    "Iops",
    "IsStorageConfigUpgradeAvailable",
    "KmsKeyId",
    "LatestRestorableTime",
    "LicenseModel",
    "MasterUsername",
    "MaxAllocatedStorage",
    "MonitoringInterval",
    "MonitoringRoleArn",
    "MultiAZ",
    "NcharCharacterSetName",
    "NetworkType",
    "PercentProgress",
    "PerformanceInsightsKMSKeyId",
    "PerformanceInsightsRetentionPeriod",
    "PreferredBackupWindow",
    "PreferredMaintenanceWindow",
    "ProcessorFeatures",
    "PromotionTier",
    "PubliclyAccessible",
    "ReplicaMode",
    "ResumeFullAutomationModeTime",
    "SecondaryAvailabilityZone",
    "StatusInfos",
    "StorageEncrypted",
    "StorageOperationPercentProgress",
    "StorageOperationStatus",
    "StorageThroughput",
    "StorageType",
    "TdeCredentialArn",
    "Timezone",
];

/// What RDS and CloudFormation name differently.
const RENAMED: &[(&str, &str)] = &[
    ("CustomIamInstanceProfile", "CustomIAMInstanceProfile"),
    (
        "EnabledCloudwatchLogsExports",
        "EnableCloudwatchLogsExports",
    ),
    (
        "IAMDatabaseAuthenticationEnabled",
        "EnableIAMDatabaseAuthentication",
    ),
    ("PerformanceInsightsEnabled", "EnablePerformanceInsights"),
    (
        "ReadReplicaSourceDBClusterIdentifier",
        "SourceDBClusterIdentifier",
    ),
    (
        "ReadReplicaSourceDBInstanceIdentifier",
        "SourceDBInstanceIdentifier",
    ),
];

/// The same of a directory's membership.
const DOMAIN: &[(&str, &str)] = &[
    ("Domain", "Domain"),
    ("FQDN", "DomainFqdn"),
    ("IAMRoleName", "DomainIAMRoleName"),
    ("OU", "DomainOu"),
    ("AuthSecretArn", "DomainAuthSecretArn"),
    ("DnsIps", "DomainDnsIps"),
];

/// A database, with its tags and state.
pub fn found(database: &Map) -> Found {
    let found = Found::new(
        KIND,
        text(database, "DBInstanceIdentifier"),
        properties(database),
        tags(database, "TagList"),
    );
    // A database that can be repaired is never called failed, because what failed is replaced:
    // these have never held anything, or cannot be brought back. One that is backed up or whose
    // storage is rearranged works as ever.
    let found = found.in_state(
        text(database, "DBInstanceStatus"),
        &[
            "available",
            "backing-up",
            "storage-config-upgrade",
            "storage-optimization",
        ],
        &["deleting", "delete-precheck"],
        &[
            "failed",
            "incompatible-create",
            "incompatible-restore",
            "insufficient-capacity",
            "restore-error",
        ],
    );
    match found.status {
        Status::Ready if is_settling(database) => Found {
            status: Status::Pending("modifying".into()),
            ..found
        },
        _ => found,
    }
}

/// Whether something that was asked for is still under way.
fn is_settling(database: &Map) -> bool {
    // A new certificate may wait for the next restart, and nobody waits for full automation.
    let waits = |name: &str| {
        [
            "CACertificateIdentifier",
            "AutomationMode",
            "ResumeFullAutomationModeTime",
        ]
        .contains(&name)
    };
    let nothing = |value: &Value| match value {
        Value::List(list) => list.is_empty(),
        Value::Map(map) => map.is_empty(),
        _ => false,
    };
    let pending = database.get("PendingModifiedValues");
    let pending = pending.and_then(Value::as_map).is_some_and(|values| {
        values
            .iter()
            .any(|(name, value)| !waits(name) && !nothing(value))
    });
    // `pending-reboot` waits for a restart, which is nobody's to make but the user's.
    let on_its_way = |member: &str, status: &str, words: &[&str]| {
        items(database, member).any(|one| words.contains(&text(one, status)))
    };
    pending
        || on_its_way("DBParameterGroups", "ParameterApplyStatus", &["applying"])
        || on_its_way("VpcSecurityGroups", "Status", &["adding", "removing"])
        || on_its_way(
            "OptionGroupMemberships",
            "Status",
            &["applying", "removing"],
        )
        || on_its_way("DomainMemberships", "Status", &["joining"])
        || on_its_way("AssociatedRoles", "Status", &["PENDING"])
}

fn properties(database: &Map) -> Map {
    let mut properties = pick(database, SAME);
    for (theirs, ours) in RENAMED {
        if let Some(value) = database.get(theirs) {
            properties.insert(*ours, value.clone());
        }
    }
    for name in ["Endpoint", "ListenerEndpoint"] {
        if let Some(Value::Map(endpoint)) = database.get(name) {
            let mut endpoint = endpoint.clone();
            to_text(&mut endpoint, "Port");
            properties.insert(name, Value::Map(endpoint));
        }
    }
    let port = ["Endpoint.Port", "DbInstancePort"]
        .iter()
        .find_map(|path| database.at(path)?.as_int())
        .filter(|port| *port != 0);
    if let Some(port) = port {
        properties.insert("Port", Value::str(port.to_string()));
    }
    if let Some(size) = database.get("AllocatedStorage") {
        properties.insert("AllocatedStorage", Value::str(size.to_string()));
        // Storage that may grow to its own size does not grow.
        if !properties.contains_key("MaxAllocatedStorage") {
            properties.insert("MaxAllocatedStorage", size.clone());
        }
    }
    let groups = items(database, "VpcSecurityGroups").map(|one| text(one, "VpcSecurityGroupId"));
    properties.insert("VPCSecurityGroups", list(groups));
    let groups = items(database, "DBSecurityGroups").map(|one| text(one, "DBSecurityGroupName"));
    properties.insert("DBSecurityGroups", list(groups));
    let mut name = |property: &'static str, name: &str| {
        if !name.is_empty() {
            properties.insert(property, Value::str(name));
        }
    };
    name(
        "DBSubnetGroupName",
        text(database, "DBSubnetGroup.DBSubnetGroupName"),
    );
    let group = items(database, "DBParameterGroups").next();
    if let Some(group) = group {
        name("DBParameterGroupName", text(group, "DBParameterGroupName"));
    }
    let leaves = |group: &&Map| text(group, "Status").contains("remov");
    let group = items(database, "OptionGroupMemberships").find(|group| !leaves(group));
    if let Some(group) = group {
        name("OptionGroupName", text(group, "OptionGroupName"));
    }
    if let Some(domain) = items(database, "DomainMemberships").next() {
        for (theirs, ours) in DOMAIN {
            if let Some(value) = domain.get(theirs) {
                properties.insert(*ours, value.clone());
            }
        }
    }
    let roles = items(database, "AssociatedRoles");
    let roles = roles.map(|role| Value::Map(pick(role, &["FeatureName", "RoleArn"])));
    properties.insert("AssociatedRoles", Value::list(roles));
    let volumes = items(database, "AdditionalStorageVolumes");
    let volumes: Vec<Value> = volumes.map(volume).collect();
    if !volumes.is_empty() {
        properties.insert("AdditionalStorageVolumes", Value::List(volumes));
    }
    let secret = database.get("MasterUserSecret").and_then(Value::as_map);
    properties.insert("ManageMasterUserPassword", Value::Bool(secret.is_some()));
    if let Some(secret) = secret {
        let secret = pick(secret, &["KmsKeyId", "SecretArn"]);
        properties.insert("MasterUserSecret", Value::Map(secret));
    }
    if let Some(region) = replicated_to(database) {
        properties.insert("AutomaticBackupReplicationRegion", Value::str(region));
    }
    properties
}

fn volume(volume: &Map) -> Value {
    let mut volume = volume.clone();
    volume.remove("StorageVolumeStatus");
    rename(&mut volume, "IOPS", "Iops");
    to_text(&mut volume, "AllocatedStorage");
    Value::Map(volume)
}

fn to_text(map: &mut Map, name: &'static str) {
    if let Some(value) = map.remove(name) {
        map.insert(name, Value::str(value.to_string()));
    }
}

/// The region that gets copies of the automated backups, which the copies' ARN names.
pub fn replicated_to(database: &Map) -> Option<&str> {
    let copies = items(database, "DBInstanceAutomatedBackupsReplications").next()?;
    text(copies, "DBInstanceAutomatedBackupsArn")
        .split(':')
        .nth(3)
}

/// The log types that a change adds and takes away.
pub fn log_types(database: &Map, wanted: &Map) -> serde_json::Value {
    let have: Vec<&str> = texts(database, "EnabledCloudwatchLogsExports").collect();
    let want: Vec<&str> = texts(wanted, "EnableCloudwatchLogsExports").collect();
    let missing = |from: &[&str], of: &[&str]| -> Vec<String> {
        let missing = of.iter().filter(|one| !from.contains(one));
        missing.map(|one| (*one).to_owned()).collect()
    };
    let (enable, disable) = (missing(&have, &want), missing(&want, &have));
    if enable.is_empty() && disable.is_empty() {
        json!(null)
    } else {
        json!({"EnableLogTypes": enable, "DisableLogTypes": disable})
    }
}

/// Whether a database has never been usable, so that nothing is lost with it.
pub fn was_never_there(database: &Map) -> bool {
    !database.contains_key("InstanceCreateTime")
        && [
            "creating",
            "failed",
            "incompatible-create",
            "incompatible-restore",
            "insufficient-capacity",
            "restore-error",
        ]
        .contains(&text(database, "DBInstanceStatus"))
}

/// What a deleting call says of the data. A final snapshot cannot be taken of a replica, of a
/// member of a cluster or of RDS Custom
/// (<https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBInstance.html>): of these
/// the data is elsewhere, or RDS Custom keeps its backups. Any other database leaves one.
pub fn farewell(database: &Map, snapshot: &str) -> Map {
    let id = text(database, "DBInstanceIdentifier");
    let has = |name: &str| !text(database, name).is_empty();
    if has("DBClusterIdentifier") {
        return input(json!({"DBInstanceIdentifier": id, "SkipFinalSnapshot": true}));
    }
    let skip = has("ReadReplicaSourceDBInstanceIdentifier")
        || has("ReadReplicaSourceDBClusterIdentifier")
        || text(database, "Engine").starts_with("custom-")
        || was_never_there(database);
    let snapshot = if skip { json!(null) } else { json!(snapshot) };
    input(
        json!({"DBInstanceIdentifier": id, "SkipFinalSnapshot": skip,
        "FinalDBSnapshotIdentifier": snapshot, "DeleteAutomatedBackups": false}),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(json: serde_json::Value) -> Map {
        input(json)
    }

    #[test]
    fn a_primary_leaves_a_snapshot_and_a_replica_none() {
        let mut primary = database(json!({"DBInstanceIdentifier": "db", "Engine": "postgres",
            "DBInstanceStatus": "available", "InstanceCreateTime": "2026-01-01T00:00:00Z"}));
        let last = farewell(&primary, "db-final");
        assert_eq!(text(&last, "FinalDBSnapshotIdentifier"), "db-final");
        assert_eq!(last.get("SkipFinalSnapshot"), Some(&Value::Bool(false)));
        assert_eq!(
            last.get("DeleteAutomatedBackups"),
            Some(&Value::Bool(false))
        );
        primary.insert("DBInstanceStatus", Value::str("failed"));
        assert!(farewell(&primary, "db-final").contains_key("FinalDBSnapshotIdentifier"));
        primary.insert("ReadReplicaSourceDBInstanceIdentifier", Value::str("other"));
        let last = farewell(&primary, "db-final");
        assert!(!last.contains_key("FinalDBSnapshotIdentifier"));
        assert_eq!(last.get("SkipFinalSnapshot"), Some(&Value::Bool(true)));
    }

    #[test]
    fn a_database_is_ready_when_nothing_is_pending() {
        let mut one = database(
            json!({"DBInstanceIdentifier": "db", "DBInstanceStatus": "available",
            "PendingModifiedValues": {"CACertificateIdentifier": "rds-ca-rsa4096-g1"},
            "DBParameterGroups": [{"DBParameterGroupName": "g", "ParameterApplyStatus": "pending-reboot"}]}),
        );
        assert_eq!(found(&one).status, Status::Ready);
        one.insert(
            "PendingModifiedValues",
            Value::from(json!({"DBInstanceClass": "db.t4g.large"})),
        );
        assert_eq!(found(&one).status, Status::Pending("modifying".into()));
        one.insert("DBInstanceStatus", Value::str("storage-full"));
        assert_eq!(found(&one).status, Status::Pending("storage-full".into()));
    }
}
