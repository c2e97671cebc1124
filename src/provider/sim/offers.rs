//! What AWS refuses because a region, or all of them, does not offer it.

use super::cloud::{Cloud, Item};
use super::refusals::template_of;
use super::rules::Refusal;
use super::site::text;
use crate::provider::ErrorKind;
use crate::schema::facts::offers::{self, What};
use crate::value::Map;

fn invalid(message: String) -> Refusal {
    Refusal::new(ErrorKind::Invalid, "InvalidParameterValue", message)
}

/// Whether a region offers what a resource is to be of. `old` is what it was.
///
/// # Errors
/// What AWS would say.
pub fn check(
    cloud: &Cloud,
    kind: &str,
    region: &str,
    properties: &Map,
    old: Option<&Item>,
) -> Result<(), Refusal> {
    let before = |name: &str| old.map_or("", |old| text(&old.properties, name));
    match kind {
        "AWS::EC2::Subnet" if old.is_none() => zone(region, text(properties, "AvailabilityZone")),
        "AWS::EC2::Instance" => {
            let wanted = text(properties, "InstanceType");
            if wanted == before("InstanceType") {
                Ok(())
            } else {
                instance(region, wanted)
            }
        }
        // What a launch template says is looked at when a group takes it
        // (https://docs.aws.amazon.com/autoscaling/ec2/userguide/create-launch-template.html).
        "AWS::AutoScaling::AutoScalingGroup" => {
            let Some(data) = template_of(cloud, properties) else {
                return Ok(());
            };
            instance(region, text(data, "InstanceType")).map_err(|refusal| {
                refusal.within("You must use a valid fully-formed launch template.")
            })
        }
        "AWS::RDS::DBInstance" => database(region, properties, old),
        "AWS::ElastiCache::ReplicationGroup" | "AWS::ElastiCache::CacheCluster" => {
            let (node, engine) = (
                text(properties, "CacheNodeType"),
                text(properties, "Engine"),
            );
            if node != before("CacheNodeType") && !offers::is_offered(What::Cache, node, region) {
                return Err(invalid(format!("Invalid Cache Node Type: {node}.")));
            }
            let version = text(properties, "EngineVersion");
            let is_known = offers::versions(engine).any(|one| one == version);
            if version != before("EngineVersion") && !version.is_empty() && !is_known {
                return Err(invalid(format!(
                    "Cannot find version {version} for {engine}"
                )));
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn zone(region: &str, zone: &str) -> Result<(), Refusal> {
    let Some(letters) = offers::zones(region) else {
        return Ok(());
    };
    // Which of a region's letters an account has, differs.
    let last = letters.chars().last().unwrap_or('f');
    let is_one = match zone
        .strip_prefix(region)
        .map(|letter| letter.chars().collect())
    {
        Some(letters) => {
            let letters: Vec<char> = letters;
            matches!(letters[..], [letter] if ('a'..=last).contains(&letter))
        }
        None => zone.is_empty(),
    };
    if is_one {
        return Ok(());
    }
    let all: Vec<String> = letters
        .chars()
        .map(|one| format!("{region}{one}"))
        .collect();
    Err(invalid(format!(
        "Value ({zone}) for parameter availabilityZone is invalid. Subnets can currently only be created in the following availability zones: {}.",
        all.join(", ")
    )))
}

fn instance(region: &str, name: &str) -> Result<(), Refusal> {
    let found = offers::regions_of(What::Instance, name);
    // What a template does not name, something else does; Macs are not in the table.
    if name.is_empty()
        || name.starts_with("mac")
        || offers::is_offered(What::Instance, name, region)
    {
        return Ok(());
    }
    if found.is_empty() {
        Err(invalid(format!("Invalid value '{name}' for InstanceType.")))
    } else {
        Err(Refusal::new(
            ErrorKind::Invalid,
            "Unsupported",
            format!(
                "The requested configuration is currently not supported. Please check the documentation for supported configurations. {region} has no {name}."
            ),
        ))
    }
}

fn database(region: &str, properties: &Map, old: Option<&Item>) -> Result<(), Refusal> {
    let (class, version) = (
        text(properties, "DBInstanceClass"),
        text(properties, "EngineVersion"),
    );
    let engine = match old {
        Some(old) => text(&old.properties, "Engine"),
        None => text(properties, "Engine"),
    };
    let before = |name: &str| old.map_or("", |old| text(&old.properties, name));
    let license = text(properties, "LicenseModel");
    let Some(what) = What::of_engine(engine, license) else {
        return Ok(());
    };
    let combination =
        |message: String| Refusal::new(ErrorKind::Invalid, "InvalidParameterCombination", message);
    let is_new = version != before("EngineVersion");
    if is_new && !version.is_empty() && !offers::has_version(engine, version) {
        return Err(combination(format!(
            "Cannot find version {version} for {engine}"
        )));
    }
    if class == before("DBInstanceClass") && !is_new {
        return Ok(());
    }
    if offers::regions_of(what, class).is_empty() {
        return Err(invalid(format!("Invalid DB Instance class: {class}")));
    }
    if !offers::is_offered(what, class, region) || offers::lacks(engine, version, class) {
        return Err(combination(format!(
            "RDS does not support creating a DB instance with the following combination: DBInstanceClass={class}, Engine={engine}, EngineVersion={version}. For supported combinations of instance class and database engine version, see the documentation."
        )));
    }
    Ok(())
}
