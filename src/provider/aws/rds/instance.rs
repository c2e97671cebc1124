//! Databases.

use async_trait::async_trait;
use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::try_join_all;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::reading::{KIND, farewell, found, replicated_to};
use super::writing::{impossible, modification};
use super::{Client, invalid, listed, name_of, tag};
use crate::inventory::Handle;
use crate::provider::aws::marks::Tags;
use crate::provider::aws::sdk::{ec2, rds};
use crate::provider::aws::service::{
    Depth, Found, Place, Service, Site, Which, input, items, list, pick, tag_list, tags, text,
    touches,
};
use crate::provider::{ErrorKind, Outcome, Write};
use crate::schema::{
    database_calls::COPIES, database_calls::Origin, database_calls::ROLES, database_calls::SOURCE,
    database_calls::needs_restart,
};
use crate::value::{Map, Value};

const NAME: &str = "DBInstanceIdentifier";

/// How many names are tried for a final snapshot when earlier ones are taken.
const SNAPSHOTS: u32 = 9;

/// The mapping.
pub struct Instances;

#[async_trait(?Send)]
impl Service for Instances {
    fn kinds(&self) -> &'static [&'static str] {
        &[KIND]
    }

    async fn list(
        &self,
        place: Place<'_>,
        _: &BTreeSet<Arc<str>>,
        which: Which<'_>,
    ) -> Outcome<Vec<Found>> {
        let api = place.clients.rds(place.region);
        let databases = databases(&api, which).await?;
        let found = databases
            .iter()
            .filter(|database| which.wants_tagged(&tags(database, "TagList")))
            .map(async |database| {
                let mut found = found(database);
                if place.depth == Depth::Everything
                    && let Some(copies) = copies(place, database).await?
                    && let Some(days) = copies.get("BackupRetentionPeriod")
                {
                    found.properties.insert(COPIES[2], days.clone());
                }
                Ok(found)
            });
        try_join_all(found).await
    }

    async fn create(
        &self,
        place: Place<'_>,
        write: &Write,
        tags: &Tags,
        _: &str,
    ) -> Outcome<Arc<str>> {
        let api = place.clients.rds(place.region);
        let properties = &write.properties;
        if let Some(why) = impossible(properties, &[]) {
            return Err(invalid(why, "rds:CreateDBInstance"));
        }
        let name = name_of(write, NAME, 63);
        let origin = Origin::of(properties);
        let mut call = origin.creation(properties);
        let id = match origin {
            Origin::PointInTime => "TargetDBInstanceIdentifier",
            _ => NAME,
        };
        call.insert(id, Value::str(name.clone()));
        call.insert("Tags", Value::from(tag_list(tags)));
        match origin {
            Origin::Empty => rds::create_db_instance(&api, &call).await?,
            // Where it comes from stands in the source's ARN. The signed URL that earlier
            // versions of the API wanted is ignored everywhere but in GovCloud and China.
            Origin::Replica => rds::create_db_instance_read_replica(&api, &call).await?,
            Origin::Snapshot => rds::restore_db_instance_from_db_snapshot(&api, &call).await?,
            Origin::PointInTime => rds::restore_db_instance_to_point_in_time(&api, &call).await?,
        };
        Ok(name)
    }

    fn after_create(&self, write: &Write) -> Vec<Arc<str>> {
        Origin::of(&write.properties).rest(&write.properties)
    }

    fn restarts(&self, write: &Write, before: &Map, changed: &[Arc<str>]) -> bool {
        needs_restart(&write.properties, before, changed)
    }

    async fn restart(&self, place: Place<'_>, handle: &Handle) -> Outcome<()> {
        let api = place.clients.rds(place.region);
        let question = input(json!({NAME: &*handle.identifier}));
        rds::reboot_db_instance(&api, &question).await?;
        Ok(())
    }

    async fn update(
        &self,
        place: Place<'_>,
        handle: &Handle,
        write: &Write,
        changed: &[Arc<str>],
    ) -> Outcome<()> {
        let api = place.clients.rds(place.region);
        let wanted = &write.properties;
        if let Some(why) = impossible(wanted, changed) {
            return Err(invalid(why, "rds:ModifyDBInstance"));
        }
        let named = [handle.identifier.clone()];
        let databases = databases(&api, Which::Named(&named)).await?;
        let Some(live) = databases.first() else {
            let message = format!("{} is not there", handle.identifier);
            return Err(invalid(message, "rds:DescribeDBInstances"));
        };
        let follows = text(live, "ReadReplicaSourceDBInstanceIdentifier");
        if touches(changed, &[SOURCE]) && !follows.is_empty() {
            let mut call = pick(wanted, &["BackupRetentionPeriod", "PreferredBackupWindow"]);
            call.insert(NAME, Value::str(&*handle.identifier));
            rds::promote_read_replica(&api, &call).await?;
        }
        if touches(changed, &[ROLES]) {
            set_roles(&api, live, wanted).await?;
        }
        if touches(changed, COPIES) {
            set_copies(place, live, wanted).await?;
        }
        let mut call = modification(live, wanted, changed);
        let gone = |name: &str| touches(changed, &[name]) && !wanted.contains_key(name);
        if gone("DBParameterGroupName") || gone("OptionGroupName") {
            let (parameters, options) = default_groups(&api, live).await?;
            if gone("DBParameterGroupName") {
                call.insert("DBParameterGroupName", Value::str(parameters));
            }
            if gone("OptionGroupName") {
                call.insert("OptionGroupName", Value::str(options));
            }
        }
        if gone("VPCSecurityGroups") {
            call.insert("VpcSecurityGroupIds", default_security(place, live).await?);
        }
        if call.is_empty() {
            return Ok(());
        }
        call.insert(NAME, Value::str(&*handle.identifier));
        call.insert("ApplyImmediately", Value::Bool(true));
        rds::modify_db_instance(&api, &call).await?;
        Ok(())
    }

    async fn delete(&self, place: Place<'_>, handle: &Handle) -> Outcome<()> {
        let api = place.clients.rds(place.region);
        let named = [handle.identifier.clone()];
        let databases = databases(&api, Which::Named(&named)).await?;
        let Some(live) = databases.first() else {
            return Ok(());
        };
        if text(live, "DBInstanceStatus") == "deleting" {
            return Ok(());
        }
        for number in 1..=SNAPSHOTS {
            let call = farewell(live, &snapshot_name(live, number));
            match rds::delete_db_instance(&api, &call).await {
                // Left by a delete that did not come to its end; it stays.
                Err(error) if error.kind == ErrorKind::AlreadyExists && number < SNAPSHOTS => {}
                other => return other.map(|_| ()),
            }
        }
        Ok(())
    }

    async fn tag(
        &self,
        place: Place<'_>,
        _: &str,
        identifier: &str,
        set: &Tags,
        unset: &[String],
    ) -> Outcome<()> {
        tag(place, &format!("db:{identifier}"), set, unset).await
    }

    fn identifier(&self, _: Site<'_>, write: &Write) -> Option<Arc<str>> {
        Some(name_of(write, NAME, 63))
    }
}

/// RDS lists Neptune's and DocumentDB's databases too, which are other kinds.
async fn databases(api: &Client, which: Which<'_>) -> Outcome<Vec<Map>> {
    let call = async |question: &Map| rds::describe_db_instances(api, question).await;
    let mut found = listed(call, which, "DBInstances", (NAME, NAME)).await?;
    found.retain(|database| !["neptune", "docdb"].contains(&text(database, "Engine")));
    Ok(found)
}

/// A database's own: its resource identifier is never used again, as its name may be.
fn snapshot_name(database: &Map, number: u32) -> String {
    let own = match text(database, "DbiResourceId") {
        "" => text(database, "InstanceCreateTime"),
        id => id,
    };
    let digest = Sha256::digest(own.as_bytes());
    let own = hex::encode(&digest[..4]);
    let end = match number {
        1 => String::new(),
        number => format!("-{number}"),
    };
    format!("{}-final-{own}{end}", text(database, NAME))
}

async fn set_roles(api: &Client, live: &Map, wanted: &Map) -> Outcome<()> {
    let roles = |map: &Map| -> BTreeSet<(String, String)> {
        let pair = |role: &Map| {
            let (arn, feature) = (text(role, "RoleArn"), text(role, "FeatureName"));
            (arn.to_owned(), feature.to_owned())
        };
        items(map, ROLES).map(pair).collect()
    };
    let (have, want) = (roles(live), roles(wanted));
    let id = text(live, NAME);
    let call = |(arn, feature): &(String, String)| {
        input(json!({NAME: id, "RoleArn": arn, "FeatureName": feature}))
    };
    for role in have.difference(&want) {
        rds::remove_role_from_db_instance(api, &call(role)).await?;
    }
    for role in want.difference(&have) {
        rds::add_role_to_db_instance(api, &call(role)).await?;
    }
    Ok(())
}

/// What another region knows of the copies of the automated backups.
async fn copies(place: Place<'_>, database: &Map) -> Outcome<Option<Map>> {
    let Some(region) = replicated_to(database) else {
        return Ok(None);
    };
    let copies = items(database, "DBInstanceAutomatedBackupsReplications").next();
    let arn = copies.map_or("", |copies| text(copies, "DBInstanceAutomatedBackupsArn"));
    let api = place.clients.rds(region);
    let question = input(json!({"DBInstanceAutomatedBackupsArn": arn}));
    let answer = rds::describe_db_instance_automated_backups(&api, &question).await?;
    Ok(items(&answer, "DBInstanceAutomatedBackups").next().cloned())
}

/// Copies of automated backups are changed by ending them and beginning again.
async fn set_copies(place: Place<'_>, live: &Map, wanted: &Map) -> Outcome<()> {
    let source = text(live, "DBInstanceArn");
    if let Some(region) = replicated_to(live) {
        let api = place.clients.rds(region);
        let stop = input(json!({"SourceDBInstanceArn": source}));
        rds::stop_db_instance_automated_backups_replication(&api, &stop).await?;
    }
    let region = text(wanted, COPIES[1]);
    if !region.is_empty() {
        let api = place.clients.rds(region);
        let start = input(json!({"SourceDBInstanceArn": source,
            "KmsKeyId": wanted.get(COPIES[0]), "BackupRetentionPeriod": wanted.get(COPIES[2])}));
        rds::start_db_instance_automated_backups_replication(&api, &start).await?;
    }
    Ok(())
}

/// The parameter group and the option group that AWS gives to such a database.
async fn default_groups(api: &Client, live: &Map) -> Outcome<(String, String)> {
    let (engine, version) = (text(live, "Engine"), text(live, "EngineVersion"));
    let question = input(json!({"Engine": engine, "EngineVersion": version, "IncludeAll": true}));
    let answer = rds::describe_db_engine_versions(api, &question).await?;
    let Some(version) = items(&answer, "DBEngineVersions").next() else {
        let message = format!("{engine} {version} has no default groups");
        return Err(invalid(message, "rds:DescribeDBEngineVersions"));
    };
    let major = text(version, "MajorEngineVersion").replace('.', "-");
    let family = text(version, "DBParameterGroupFamily");
    Ok((
        format!("default.{family}"),
        format!("default:{engine}-{major}"),
    ))
}

/// The security group that AWS gives to a database that names none: its VPC's.
async fn default_security(place: Place<'_>, live: &Map) -> Outcome<Value> {
    let vpc = text(live, "DBSubnetGroup.VpcId");
    let question = input(json!({"Filters": [{"Name": "vpc-id", "Values": [vpc]},
        {"Name": "group-name", "Values": ["default"]}]}));
    let api = place.clients.ec2(place.region);
    let answer = ec2::describe_security_groups(&api, &question).await?;
    Ok(list(
        items(&answer, "SecurityGroups").map(|group| text(group, "GroupId")),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_final_snapshot_is_called_after_the_one_database() {
        let mut database = input(json!({NAME: "shop-db", "DbiResourceId": "db-ABCDEFGHIJKL"}));
        let first = snapshot_name(&database, 1);
        assert!(first.starts_with("shop-db-final-"), "{first}");
        assert_eq!(first.len(), "shop-db-final-".len() + 8);
        assert_eq!(snapshot_name(&database, 2), format!("{first}-2"));
        database.insert("DbiResourceId", Value::str("db-OTHER"));
        assert_ne!(snapshot_name(&database, 1), first);
    }
}
