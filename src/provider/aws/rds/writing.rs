//! What is asked of RDS for a database that exists: to change it. What the creating calls take stands in
//! [`crate::schema::database_calls`].

use std::sync::Arc;

use serde_json::json;

use super::reading::log_types;
use crate::provider::aws::service::{items, pick, text, touches};
use crate::schema::{
    database_calls::ORIGINS, database_calls::PLAIN, database_calls::SOURCE,
    database_calls::STORAGE, database_calls::TOGETHER, database_calls::volume,
};
use crate::value::{Map, Value};

/// Something that a change asks for and that no call does.
pub fn impossible(properties: &Map, changed: &[Arc<str>]) -> Option<String> {
    if properties.get("ApplyImmediately") == Some(&Value::Bool(false)) {
        return Some(
            "ApplyImmediately is false, but scalectl waits for what it changes and a maintenance window may be a week away; leave it out"
                .to_owned(),
        );
    }
    // That a replica follows nobody any more is a call of its own.
    let is_released = |name: &str| name == SOURCE && !properties.contains_key(SOURCE);
    let origin = changed
        .iter()
        .find(|name| ORIGINS.contains(&&***name) && !is_released(name))?;
    Some(format!(
        "{origin} says what a database is made from and cannot be changed"
    ))
}

/// What a change of these properties sends, but for what has to be asked for first: parameter
/// group, option group and security groups by default are left out. Empty when nothing is to be sent.
pub fn modification(live: &Map, wanted: &Map, changed: &[Arc<str>]) -> Map {
    let mut call = Map::new();
    for (name, default) in PLAIN {
        if !touches(changed, &[name]) {
            continue;
        }
        match wanted.get(name) {
            Some(value) => call.insert(*name, value.clone()),
            None if default.is_empty() => None,
            None => call.insert(*name, Value::str(*default)),
        };
    }
    // Backups of a replica are off by default.
    let is_replica = !text(live, "ReadReplicaSourceDBInstanceIdentifier").is_empty();
    if is_replica && touches(changed, &["BackupRetentionPeriod"]) {
        let days = wanted.get("BackupRetentionPeriod").cloned();
        call.insert("BackupRetentionPeriod", days.unwrap_or(Value::Int(0)));
    }
    for together in TOGETHER {
        if touches(changed, together) {
            let some = pick(wanted, together);
            for (name, value) in &some {
                call.insert(name.clone(), value.clone());
            }
        }
    }
    switch_off(&mut call, wanted, changed);
    if touches(changed, &["ManageMasterUserPassword"])
        && wanted.get("ManageMasterUserPassword") != Some(&Value::Bool(true))
        && let Some(password) = wanted.get("MasterUserPassword")
    {
        call.insert("MasterUserPassword", password.clone());
    }
    if touches(changed, &["MasterUserSecret"])
        && let Some(key) = wanted.at("MasterUserSecret.KmsKeyId")
    {
        call.insert("MasterUserSecretKmsKeyId", key.clone());
    }
    if touches(changed, &["Port"]) {
        let port = wanted.get("Port").cloned();
        call.insert("DBPortNumber", port.unwrap_or_else(|| port_of(live)));
    }
    if touches(changed, &["VPCSecurityGroups"])
        && let Some(groups) = wanted.get("VPCSecurityGroups")
    {
        call.insert("VpcSecurityGroupIds", groups.clone());
    }
    if touches(changed, &["EnableCloudwatchLogsExports"]) {
        let change = log_types(live, wanted);
        if !change.is_null() {
            call.insert("CloudwatchLogsExportConfiguration", Value::from(change));
        }
    }
    if touches(changed, &["AdditionalStorageVolumes"]) {
        call.insert("AdditionalStorageVolumes", volumes(live, wanted));
    }
    storage(&mut call, live, wanted, changed);
    // These only go with others; alone they change nothing, which AWS refuses.
    let riders = [
        ("EngineVersion", "AllowMajorVersionUpgrade"),
        ("CACertificateIdentifier", "CertificateRotationRestart"),
        ("TdeCredentialArn", "TdeCredentialPassword"),
    ];
    for (with, rider) in riders {
        // Whether another major version is wanted was asked before, by the plan's guard rails.
        let default = (rider == "AllowMajorVersionUpgrade").then_some(Value::Bool(true));
        if call.contains_key(with)
            && let Some(value) = wanted.get(rider).cloned().or(default)
        {
            call.insert(rider, value);
        }
    }
    call
}

/// What is switched off, or goes back to AWS's default, by another parameter than the one that set it.
fn switch_off(call: &mut Map, wanted: &Map, changed: &[Arc<str>]) {
    let gone = |name: &str| touches(changed, &[name]) && !wanted.contains_key(name);
    if gone("MonitoringInterval") {
        call.remove("MonitoringRoleArn");
        call.insert("MonitoringInterval", Value::Int(0));
    }
    if gone("EnablePerformanceInsights") {
        call.insert("EnablePerformanceInsights", Value::Bool(false));
    }
    if gone("DatabaseInsightsMode") {
        call.insert("DatabaseInsightsMode", Value::str("standard"));
    }
    if gone("PerformanceInsightsRetentionPeriod")
        && wanted.get("EnablePerformanceInsights") == Some(&Value::Bool(true))
    {
        call.insert("PerformanceInsightsRetentionPeriod", Value::Int(7));
    }
    if gone("Domain") {
        call.insert("DisableDomain", Value::Bool(true));
    }
    if gone("ProcessorFeatures") {
        call.insert("UseDefaultProcessorFeatures", Value::Bool(true));
    }
}

/// The volumes beside the first one, with those that are no longer wanted.
fn volumes(live: &Map, wanted: &Map) -> Value {
    let mut volumes: Vec<Value> = items(wanted, "AdditionalStorageVolumes")
        .map(volume)
        .collect();
    for old in items(live, "AdditionalStorageVolumes") {
        let name = text(old, "VolumeName");
        if !items(wanted, "AdditionalStorageVolumes").any(|new| text(new, "VolumeName") == name) {
            let gone = json!({"VolumeName": name, "SetForDelete": true});
            volumes.push(Value::from(gone));
        }
    }
    Value::List(volumes)
}

/// Storage: what has provisioned IOPS takes size and IOPS together only, and gp3 below its size for
/// provisioning takes no IOPS at all
/// (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html#gp3-storage>).
fn storage(call: &mut Map, live: &Map, wanted: &Map, changed: &[Arc<str>]) {
    if touches(changed, STORAGE) {
        for name in ["AllocatedStorage", "StorageType"] {
            if touches(changed, &[name])
                && let Some(value) = wanted.get(name)
            {
                call.insert(name, value.clone());
            }
        }
        for name in ["Iops", "StorageThroughput"] {
            if let Some(value) = wanted.get(name) {
                call.insert(name, value.clone());
            }
        }
        let class = match text(wanted, "StorageType") {
            "" => text(live, "StorageType"),
            class => class,
        };
        let number = |name: &str| live.get(name).and_then(Value::as_int).unwrap_or_default();
        let provisioned = class.starts_with("io") || (class == "gp3" && number("Iops") > 3000);
        if provisioned && !call.contains_key("Iops") && number("Iops") > 0 {
            call.insert("Iops", Value::Int(number("Iops")));
        }
        // Away from provisioned IOPS.
        if touches(changed, &["Iops"]) && ["gp2", "standard"].contains(&class) {
            call.insert("Iops", Value::Int(0));
        }
        if call.contains_key("Iops") && !call.contains_key("AllocatedStorage") {
            call.insert("AllocatedStorage", Value::Int(number("AllocatedStorage")));
        }
    }
    if touches(changed, &["MaxAllocatedStorage"]) {
        // A limit that is the size switches growing off.
        let limit = wanted.get("MaxAllocatedStorage");
        let size = call
            .get("AllocatedStorage")
            .or(live.get("AllocatedStorage"));
        if let Some(limit) = limit.or(size).cloned() {
            call.insert("MaxAllocatedStorage", limit);
        }
    }
}

/// The port that an engine listens on when nobody says otherwise.
fn port_of(live: &Map) -> Value {
    let engine = text(live, "Engine");
    let is = |name: &str| engine.contains(name);
    Value::Int(match () {
        () if is("postgres") => 5432,
        () if is("oracle") => 1521,
        () if is("sqlserver") => 1433,
        () if is("db2") => 50000,
        () => 3306,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::aws::service::input;

    fn names(names: &[&str]) -> Vec<Arc<str>> {
        names.iter().map(|name| Arc::from(*name)).collect()
    }

    #[test]
    fn only_what_changed_is_sent() {
        let live = input(json!({"AllocatedStorage": 20, "StorageType": "gp3", "Iops": 3000}));
        let wanted = input(json!({"AllocatedStorage": "40", "StorageType": "gp3",
            "AllowMajorVersionUpgrade": true, "EngineVersion": "17", "DBInstanceClass": "db.t4g.micro"}));
        let call = |changed: &[&str]| modification(&live, &wanted, &names(changed));
        assert_eq!(call(&["AllowMajorVersionUpgrade"]), Map::new());
        assert_eq!(
            call(&["EngineVersion"]),
            input(json!({"EngineVersion": "17", "AllowMajorVersionUpgrade": true}))
        );
        assert_eq!(
            call(&["AllocatedStorage"]),
            input(json!({"AllocatedStorage": "40"}))
        );
        assert_eq!(
            call(&["MaxAllocatedStorage"]),
            input(json!({"MaxAllocatedStorage": 20}))
        );
    }

    #[test]
    fn a_source_can_be_dropped_and_not_changed() {
        let follows = input(json!({SOURCE: "other"}));
        assert!(impossible(&follows, &names(&[SOURCE])).is_some());
        assert_eq!(impossible(&Map::new(), &names(&[SOURCE])), None);
    }

    #[test]
    fn provisioned_storage_is_changed_as_a_whole() {
        let live = input(json!({"AllocatedStorage": 500, "StorageType": "gp3", "Iops": 12000}));
        let wanted = input(json!({"AllocatedStorage": "600", "StorageType": "gp3"}));
        assert_eq!(
            modification(&live, &wanted, &names(&["AllocatedStorage"])),
            input(json!({"AllocatedStorage": "600", "Iops": 12000}))
        );
        let wanted = input(json!({"StorageType": "gp2"}));
        assert_eq!(
            modification(&live, &wanted, &names(&["StorageType", "Iops"])),
            input(json!({"StorageType": "gp2", "Iops": 0, "AllocatedStorage": 500}))
        );
    }

    #[test]
    fn what_is_no_longer_asked_for_goes_back_to_the_default() {
        let live = input(json!({"Engine": "postgres"}));
        let changed = names(&["MonitoringInterval", "MonitoringRoleArn", "Port", "MultiAZ"]);
        assert_eq!(
            modification(&live, &Map::new(), &changed),
            input(json!({"MonitoringInterval": 0, "DBPortNumber": 5432, "MultiAZ": "false"}))
        );
    }
}
