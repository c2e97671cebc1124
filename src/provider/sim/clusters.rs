//! What RDS refuses of a cluster of Aurora and of the servers in it.

use super::cloud::{Cloud, Item};
use super::engines::{combination, generated, group, value};
use super::rules::{Refusal, is_called, text};
use crate::provider::ErrorKind;
use crate::schema::facts::{offers, reserved};
use crate::value::{Map, Value};

const DATABASE: &str = "AWS::RDS::DBInstance";
/// The resource type of Aurora's clusters.
pub(super) const CLUSTER: &str = "AWS::RDS::DBCluster";
/// The resource type of their parameter groups.
pub(super) const CLUSTER_GROUP: &str = "AWS::RDS::DBClusterParameterGroup";

/// Whether a cluster may be so
/// (botocore: CreateDBCluster; <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.CreateInstance.html>).
///
/// # Errors
/// What RDS would say.
pub fn check(
    cloud: &Cloud,
    region: &str,
    properties: &Map,
    old: Option<&Item>,
) -> Result<(), Refusal> {
    let engine = match old {
        Some(old) => text(&old.properties, "Engine"),
        None => text(properties, "Engine"),
    };
    let logs: &[&str] = match engine {
        "aurora-mysql" => &[
            "audit",
            "error",
            "general",
            "instance",
            "slowquery",
            "iam-db-auth-error",
        ],
        "aurora-postgresql" => &["instance", "postgresql", "iam-db-auth-error"],
        _ => return Ok(()),
    };
    let version = text(properties, "EngineVersion");
    let before = old.map_or("", |old| text(&old.properties, "EngineVersion"));
    if version != before && !version.is_empty() && !offers::has_version(engine, version) {
        return combination(format!("Cannot find version {version} for {engine}"));
    }
    for name in ["AllocatedStorage", "Iops", "DBClusterInstanceClass"] {
        if properties.contains_key(name) {
            return combination(format!(
                "The parameter {name} isn't supported for engine {engine}"
            ));
        }
    }
    let wanted = properties.get("EnableCloudwatchLogsExports");
    let mut wanted = wanted.and_then(Value::as_list).unwrap_or_default().iter();
    let unknown = wanted.find_map(|log| log.as_str().filter(|log| !logs.contains(log)));
    if let Some(log) = unknown {
        return combination(format!(
            "You cannot use the log types '{log}' with engine version {engine} {version}. For supported log types, see the documentation."
        ));
    }
    if old.is_none() {
        let (name, user) = (
            text(properties, "DatabaseName"),
            text(properties, "MasterUsername"),
        );
        if reserved::is_reserved(engine, &name.to_lowercase()) || name.len() > 64 {
            return value(format!(
                "DatabaseName {name} cannot be used. It is a reserved word for this engine"
            ));
        }
        if reserved::is_reserved_user(engine, user) {
            return value(format!(
                "MasterUsername {user} cannot be used as it is a reserved word used by the engine"
            ));
        }
        if user.len() > 16 {
            return value(format!(
                "The parameter MasterUsername is not valid for {engine}: it must be 1 to 16 characters"
            ));
        }
        let password = text(properties, "MasterUserPassword");
        if generated(cloud, password).is_some_and(|letters| letters > 41) {
            return value("The parameter MasterUserPassword is not a valid password because it is longer than 41 characters.".to_owned());
        }
    }
    group(cloud, region, engine, properties)
}

/// Whether a server may be a cluster's: the cluster has what others have of their own
/// (botocore: CreateDBInstance, "This setting doesn't apply to Amazon Aurora DB instances").
///
/// # Errors
/// What RDS would say.
pub fn member(
    cloud: &Cloud,
    engine: &str,
    properties: &Map,
    old: Option<&Item>,
) -> Result<(), Refusal> {
    const CLUSTERS: [&str; 9] = [
        "AllocatedStorage",
        "BackupRetentionPeriod",
        "DBName",
        "DeletionProtection",
        "EnableCloudwatchLogsExports",
        "EnableIAMDatabaseAuthentication",
        "MasterUserPassword",
        "MasterUsername",
        "StorageEncrypted",
    ];
    if old.is_some() {
        return Ok(());
    }
    if let Some(name) = CLUSTERS.iter().find(|name| properties.contains_key(name)) {
        return combination(format!(
            "The requested DB Instance will be a member of a DB Cluster. Set {name} for the DB Cluster."
        ));
    }
    let name = text(properties, "DBClusterIdentifier");
    let mut clusters = cloud.items.values().filter(|item| &*item.kind == CLUSTER);
    let Some(cluster) = clusters.find(|item| !name.is_empty() && is_called(item, name)) else {
        return Err(Refusal::new(
            ErrorKind::Invalid,
            "DBClusterNotFoundFault",
            format!("DBCluster {name} not found."),
        ));
    };
    let has = text(&cluster.properties, "Engine");
    if has != engine {
        return combination(format!(
            "The engine name requested for your DB Instance ({engine}) doesn't match the engine name of your DB Cluster ({has})."
        ));
    }
    let is_of = |item: &&Item| {
        &*item.kind == DATABASE && text(&item.properties, "DBClusterIdentifier") == name
    };
    // A writer and 15 readers.
    if cloud.items.values().filter(is_of).count() < 16 {
        Ok(())
    } else {
        Err(Refusal::new(
            ErrorKind::Invalid,
            "InvalidDBClusterStateFault",
            format!("DB cluster {name} has 16 DB instances already"),
        ))
    }
}
