//! Updates that AWS refuses in place, whatever is allowed: another processor architecture, less storage, an
//! older version.

use super::{Action, Change, Impossible, PropertyChange};
use crate::graph::{Graph, Resource};
use crate::inventory::{Live, LiveResource};
use crate::kinds;
use crate::roles::Role;
use crate::schema::facts::{is_another_major, offers, processor};
use crate::value::{Map, Value};

/// What of these changes AWS would refuse, with the way to the same end.
pub fn impossible(desired: &Graph, changes: &[Change], live: &Live) -> Vec<Impossible> {
    let updates = changes.iter().filter(|one| one.action == Action::Update);
    let mut found: Vec<Impossible> = updates.flat_map(|one| of_update(one, live)).collect();
    found.extend(disks(desired, live));
    found.extend(changes.iter().filter_map(old_minor));
    let groups = changes.iter().filter(|one| one.action == Action::Update);
    let groups = groups.filter(|one| &*one.kind == "AWS::RDS::DBSubnetGroup");
    found.extend(groups.filter_map(|group| left_zone(group, desired, live)));
    found
}

/// RDS takes no subnet out of a group while an instance of the group is in its zone, and no instance moves to another zone
/// by itself (<https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBSubnetGroup.html>,
/// `SubnetAlreadyInUse`). Where an instance is, is told by RDS only.
fn left_zone(group: &Change, desired: &Graph, live: &Live) -> Option<Impossible> {
    let ids = group
        .desired
        .as_ref()?
        .properties
        .get("SubnetIds")?
        .as_list()?;
    let zone_of = |subnet: &Map| Some(subnet.get("AvailabilityZone")?.as_str()?.to_owned());
    let zones: Option<Vec<String>> = ids
        .iter()
        .map(|id| match id {
            Value::Reference(subnet) => zone_of(&desired.get(&subnet.address)?.properties),
            id => {
                let mut all = live.resources.values();
                let subnet = all.find(|one| Some(&*one.identifier) == id.as_str())?;
                zone_of(&subnet.properties)
            }
        })
        .collect();
    let zones = zones?;
    let name = &*group.live.as_ref()?.identifier;
    let text = |one: &LiveResource, path: &str| {
        let text = one.properties.get(path)?.as_str()?;
        (!text.is_empty()).then(|| text.to_owned())
    };
    let mut databases = live.resources.values().filter(|one| {
        &*one.kind == DATABASE && text(one, "DBSubnetGroupName").is_some_and(|group| group == name)
    });
    databases.find_map(|one| {
        let is_left = |zone: &String| !zones.contains(zone);
        let writer = text(one, "AvailabilityZone").filter(is_left);
        let standby = text(one, "SecondaryAvailabilityZone").filter(is_left);
        let has_standby = text(one, "SecondaryAvailabilityZone").is_some();
        let (what, zone, way) = match (writer, standby) {
            (Some(zone), _) if has_standby => (
                "",
                zone,
                format!(
                    "`aws rds reboot-db-instance --force-failover --db-instance-identifier {}` fails it over to its standby's zone; then set `multi_az: false`, apply, remove the zone, and restore `multi_az`",
                    one.identifier
                ),
            ),
            (Some(zone), _) => (
                "",
                zone,
                "keep the zone, or set `multi_az: true` and apply: this error then shows the commands that move it".to_owned(),
            ),
            (None, Some(zone)) => (
                "the standby of ",
                zone,
                "set `multi_az: false` and apply, remove the zone, and restore `multi_az`".to_owned(),
            ),
            (None, None) => return None,
        };
        Some(Impossible {
            address: group.address.clone(),
            action: group.action,
            why: format!("RDS cannot remove the subnet in {zone} from it while {what}{} is there", one.address),
            way,
        })
    })
}

fn of_update(change: &Change, live: &Live) -> Vec<Impossible> {
    let no = |(why, way): (String, String)| Impossible {
        address: change.address.clone(),
        action: change.action,
        why,
        way,
    };
    let found = change.properties.iter().filter_map(|property| {
        another_processor(&change.kind, property)
            .or_else(|| back(&change.kind, property))
            .or_else(|| lost_column(&change.kind, property))
            .or_else(|| with_replicas(change, property, live))
            .or_else(|| another_engine(change, property))
            .or_else(|| another_server_version(change, property))
    });
    found.map(no).collect()
}

/// Whether a property is a version of this engine, and goes to another major one.
pub fn upgrade(engine: &str, property: &PropertyChange) -> bool {
    let text = |value: &Option<Value>| value.as_ref().map(ToString::to_string);
    let (Some(before), Some(after)) = (text(&property.before), text(&property.after)) else {
        return false;
    };
    &*property.path == "EngineVersion" && is_another_major(engine, &before, &after)
}

/// The engine of a database that exists.
fn engine_of(change: &Change) -> &str {
    let live = change.live.as_ref();
    let engine = live.and_then(|live| live.properties.get("Engine")?.as_str());
    engine.unwrap_or_default()
}

/// Whether a change takes a database to a newer major version.
pub fn is_upgrade(change: &Change) -> bool {
    [DATABASE, CLUSTER].contains(&&*change.kind)
        && change.action == Action::Update
        && change
            .properties
            .iter()
            .any(|one| upgrade(engine_of(change), one))
}

const DATABASE: &str = "AWS::RDS::DBInstance";
const CLUSTER: &str = "AWS::RDS::DBCluster";
const GLOBAL_CLUSTER: &str = "AWS::RDS::GlobalCluster";

/// Replicas do not follow a source of another major version
/// (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_UpgradeDBInstance.PostgreSQL.html>).
fn with_replicas(
    change: &Change,
    property: &PropertyChange,
    live: &Live,
) -> Option<(String, String)> {
    if &*change.kind != DATABASE || !upgrade(engine_of(change), property) {
        return None;
    }
    let own = change.live.as_ref()?;
    let arn = own.properties.get("DBInstanceArn").map(ToString::to_string);
    let follows = |one: &&LiveResource| {
        let source = one.properties.get("SourceDBInstanceIdentifier");
        let source = source.map(ToString::to_string);
        &*one.kind == DATABASE
            && source.is_some_and(|source| source == *own.identifier || Some(source) == arn)
    };
    let replicas: Vec<String> = live
        .resources
        .values()
        .filter(follows)
        .map(|one| one.address.to_string())
        .collect();
    if replicas.is_empty() {
        return None;
    }
    Some((
        format!("{} would not be upgraded to the new major version with it", replicas.join(", ")),
        "remove the replicas first (`replicas: 0`; several regions: back to stage cdn), apply, change `version`, apply, and add them again".to_owned(),
    ))
}

/// RDS creates no database of an old minor version and upgrades none to one; only a database that has it already keeps it
/// (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html>).
fn old_minor(change: &Change) -> Option<Impossible> {
    if ![DATABASE, CLUSTER, GLOBAL_CLUSTER].contains(&&*change.kind) {
        return None;
    }
    let wanted = &change.desired.as_ref()?.properties;
    let is_made = matches!(change.action, Action::Create | Action::Replace);
    let is_moved = (change.properties.iter()).any(|one| &*one.path == "EngineVersion");
    if !(is_made || change.action == Action::Update && is_moved) {
        return None;
    }
    let engine = wanted.get("Engine")?.as_str()?;
    let version = wanted.get("EngineVersion")?.to_string();
    let latest = offers::newest_of(engine, &version)?;
    let major = offers::major(engine, &version);
    Some(Impossible {
        address: change.address.clone(),
        action: change.action,
        why: format!("RDS offers version {version} of {engine} only to existing databases"),
        way: format!("set `version: \"{latest}\"`, or \"{major}\" for its latest minor version"),
    })
}

/// What the parameter says.
fn told(value: Option<&Value>) -> Option<serde_json::Value> {
    serde_json::from_str(&value?.to_string()).ok()
}

/// The servers' setting, before and after, where a property of it changes.
fn settings(
    change: &Change,
    property: &PropertyChange,
) -> Option<(serde_json::Value, serde_json::Value)> {
    let desired = change.desired.as_ref()?;
    if desired.role != Some(Role::DatabaseSetting) || &*property.path != "Value" {
        return None;
    }
    let before = told(change.live.as_ref()?.properties.get("Value"))?;
    let after = told(desired.properties.get("Value"))?;
    Some((before, after))
}

/// Data does not move from one engine to another, whatever is allowed by name.
fn another_engine(change: &Change, property: &PropertyChange) -> Option<(String, String)> {
    let (before, after) = settings(change, property)?;
    let (has, wants) = (before["engine"].as_str()?, after["engine"].as_str()?);
    (has != wants).then(|| {
        (
            format!("the data is in {has}, and {wants} would start empty: scalectl does not move data between engines"),
            format!("restore `engine: {has}`; to change it, deploy a second environment with `engine: {wants}`, copy the data there, and destroy the first"),
        )
    })
}

/// Files of one major version are nothing that a server of another one reads.
fn another_server_version(change: &Change, property: &PropertyChange) -> Option<(String, String)> {
    let (before, after) = settings(change, property)?;
    if before["host"] != "local" || after["host"] != "local" || before["engine"] != after["engine"]
    {
        return None;
    }
    let (engine, has, wants) = (
        before["engine"].as_str()?,
        before["version"].as_str()?,
        after["version"].as_str()?,
    );
    is_another_major(engine, has, wants).then(|| {
        (
            format!("the server's disk has files of {engine} {has}, which {engine} {wants} cannot read"),
            format!("set `version: \"{has}\"`; or move the database to RDS with `scalectl migrate --to split-db`, which upgrades it; or dump it and restore it into a new environment"),
        )
    })
}

/// Disks of a server are made with it: another size in the spec would change nothing.
fn disks(desired: &Graph, live: &Live) -> Vec<Impossible> {
    let is_local = |resource: &&Resource| {
        let config = told(resource.properties.get("Value"));
        resource.role == Some(Role::DatabaseSetting)
            && config.is_some_and(|config| config["host"] == "local")
    };
    let regions: Vec<&str> = desired
        .iter()
        .filter(is_local)
        .map(|one| &*one.address.region)
        .collect();
    let mut found = Vec::new();
    for server in desired
        .iter()
        .filter(|one| &*one.kind == "AWS::EC2::Instance")
    {
        let Some(has) = live.resources.get(&server.address) else {
            continue;
        };
        if !server.lifecycle.ignores("BlockDeviceMappings")
            || !regions.contains(&&*server.address.region)
        {
            continue;
        }
        let (wanted, has) = (sizes(&server.properties), sizes(&has.properties));
        for (device, wanted) in wanted {
            let Some((_, has)) = has.iter().find(|(other, _)| *other == device) else {
                continue;
            };
            if *has != wanted {
                found.push(Impossible {
                    address: server.address.clone(),
                    action: Action::Update,
                    why: format!("its disk {device} has {has} GB, but the spec sets {wanted}: a disk is created with its server"),
                    way: if wanted > *has {
format!("set `storage: {has}`; or enlarge the disk itself (`aws ec2 modify-volume --size {wanted}`, then `sudo xfs_growfs /data` on the server); or run `scalectl migrate --to split-db`, whose database storage grows automatically")
} else {
format!("write `storage: {has}`: AWS makes no disk smaller")
},
                });
            }
        }
    }
    found
}

/// The sizes of an instance's disks, by device.
fn sizes(properties: &Map) -> Vec<(String, i64)> {
    let devices = properties
        .get("BlockDeviceMappings")
        .and_then(Value::as_list);
    let size = |device: &Value| {
        let name = device.at("DeviceName")?.to_string();
        Some((name, device.at("Ebs.VolumeSize")?.as_number()?))
    };
    devices
        .unwrap_or_default()
        .iter()
        .filter_map(size)
        .collect()
}

/// Disks hold an image for one processor architecture
/// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resize-limitations.html>).
fn another_processor(kind: &str, property: &PropertyChange) -> Option<(String, String)> {
    if kind != "AWS::EC2::Instance" || &*property.path != "InstanceType" {
        return None;
    }
    let before = property.before.as_ref().and_then(Value::as_str)?;
    let after = property.after.as_ref().and_then(Value::as_str)?;
    let (has, wants) = (processor(before), processor(after));
    if has == wants {
        return None;
    }
    Some((
        format!(
            "{after} has {wants} processors, but the server's image is for {has} ({before}); AWS cannot change that in place"
        ),
        format!(
            "use a type with {has} processors, such as {}; or run `scalectl migrate --to load-balanced` with the current type and change it afterwards, because servers behind a load balancer get an image that matches their type",
            such_as(before, after)
        ),
    ))
}

/// A type of the same size with the processors that the server has.
fn such_as(before: &str, after: &str) -> String {
    let family = before.split('.').next().unwrap_or(before);
    let size = after.split_once('.').map_or("large", |(_, size)| size);
    format!("{family}.{size}")
}

/// What only grows.
fn back(kind: &str, property: &PropertyChange) -> Option<(String, String)> {
    let grows = kinds::of(kind).monotonic;
    let goes_back = grows.contains(&&*property.path)
        && kinds::goes_back(property.before.as_ref(), property.after.as_ref());
    let before = property.before.as_ref().filter(|_| goes_back)?;
    Some((
        format!(
            "its {} would change from {before} to {}: RDS cannot shrink storage or downgrade versions",
            property.path,
            property
                .after
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default()
        ),
        format!(
            "set {before} in the spec; for less, copy the data into a new database and delete the old one"
        ),
    ))
}

/// Keyspaces adds columns to a table, and neither removes one nor changes its type in an update
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cassandra-table.html>).
fn lost_column(kind: &str, property: &PropertyChange) -> Option<(String, String)> {
    let column = property.path.strip_prefix("RegularColumns.")?;
    let before = property.before.as_ref().filter(|_| kind == COLUMNS)?;
    let (why, back) = match column.strip_suffix(".ColumnType") {
        Some(column) => {
            let after = property.after.as_ref().map(ToString::to_string);
            let after = after.unwrap_or_default();
            (
                format!(
                    "its column {column} would change from {before} to {after}, but Keyspaces cannot change a column's type"
                ),
                format!(
                    "set `{column}: {before}` in `columns`, and add a column with another name"
                ),
            )
        }
        None => {
            let had = before.at("ColumnType").map(ToString::to_string);
            let had = had.unwrap_or_default();
            (
                format!("its column {column} would be dropped, but Keyspaces cannot drop columns"),
                format!("restore `{column}: {had}` in `columns`; an unused column costs nothing"),
            )
        }
    };
    Some((why, format!("{back}; or copy the data into a second store")))
}

const COLUMNS: &str = "AWS::Cassandra::Table";

#[cfg(test)]
mod tests {
    use super::*;

    fn property(path: &str, before: &str, after: &str) -> PropertyChange {
        PropertyChange {
            path: path.into(),
            before: Some(Value::str(before)),
            after: Some(Value::str(after)),
            create_only: false,
            drift: false,
            hidden: false,
        }
    }

    #[test]
    fn a_server_keeps_its_processor_architecture() {
        let refused = |before: &str, after: &str| {
            another_processor(
                "AWS::EC2::Instance",
                &property("InstanceType", before, after),
            )
        };
        assert!(refused("t4g.small", "t3.small").is_some());
        assert!(refused("c5.large", "c7gn.large").is_some());
        assert!(refused("g5.xlarge", "g5g.xlarge").is_some());
        assert!(refused("m5.large", "a1.large").is_some());
        assert_eq!(refused("t4g.small", "m7g.large"), None);
        assert_eq!(refused("t3.small", "g4dn.xlarge"), None);
        let (_, way) = refused("t4g.small", "t3.medium").unwrap();
        assert!(way.contains("such as t4g.medium"), "{way}");
    }

    #[test]
    fn storage_and_versions_never_go_back() {
        let refused = |path: &str, before: &str, after: &str| {
            back("AWS::RDS::DBInstance", &property(path, before, after)).is_some()
        };
        assert!(refused("AllocatedStorage", "100", "20"));
        assert!(refused("EngineVersion", "17.2", "16"));
        assert!(!refused("AllocatedStorage", "20", "100"));
        assert!(!refused("EngineVersion", "17.2", "17"));
    }
}
