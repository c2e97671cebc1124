//! What instances are like.

use std::collections::HashMap;

use futures_util::future::{try_join_all, try_join3};
use serde_json::json;

use super::{INSTANCE, PLACEMENT, volume_properties};
use crate::provider::Outcome;
use crate::provider::aws::ec2::{Client, VALUES, question};
use crate::provider::aws::marks::STOPPED;
use crate::provider::aws::sdk::ec2;
use crate::provider::aws::service::{
    Found, NEXT_TOKEN, Which, input, items, list, none_if_gone, pages, pick, tags, text,
};
use crate::value::{Map, Value};

/// What only a call each tells: the property and the attribute.
const ATTRIBUTES: [(&str, &str); 3] = [
    ("DisableApiTermination", "disableApiTermination"),
    (
        "InstanceInitiatedShutdownBehavior",
        "instanceInitiatedShutdownBehavior",
    ),
    ("UserData", "userData"),
];

/// Properties that AWS has under the same name.
const SAME: [&str; 14] = [
    "CpuOptions",
    "EbsOptimized",
    "EnclaveOptions",
    "HibernationOptions",
    "ImageId",
    "InstanceId",
    "InstanceType",
    "KernelId",
    "KeyName",
    "PrivateDnsNameOptions",
    "RamdiskId",
    "SourceDestCheck",
    "SubnetId",
    "VpcId",
];

/// Instances with all that there is to know of them; of strangers only what the list says.
pub async fn instances(api: &Client, which: Which<'_>) -> Outcome<Vec<Found>> {
    let mut question = question(which, "instance-id", 1000);
    let mut filters = question.remove("Filters").map_or_else(Vec::new, |filters| {
        filters.as_list().unwrap_or_default().to_vec()
    });
    let states = ["pending", "running", "shutting-down", "stopping", "stopped"];
    filters.push(Value::from(
        json!({"Name": "instance-state-name", "Values": states}),
    ));
    question.insert("Filters", Value::List(filters));
    let call = async |question: &Map| ec2::describe_instances(api, question).await;
    let found = pages(call, question, "Reservations", NEXT_TOKEN).await?;
    let instances: Vec<&Map> = found
        .iter()
        .flat_map(|some| items(some, "Instances"))
        .collect();
    let attributes = instances.iter().map(|instance| async {
        match which {
            Which::All => Ok(Map::new()),
            _ => attributes(api, text(instance, "InstanceId")).await,
        }
    });
    let (attributes, credits, volumes) = try_join3(
        try_join_all(attributes),
        credits(api, &instances),
        volumes(api, &instances),
    )
    .await?;
    Ok(instances
        .iter()
        .zip(attributes)
        .map(|(instance, attributes)| {
            let mut properties = properties(instance, &volumes);
            for (name, value) in &attributes {
                properties.insert(name.clone(), value.clone());
            }
            if let Some(credits) = credits.get(text(instance, "InstanceId")) {
                let credits = json!({"CPUCredits": credits});
                properties.insert("CreditSpecification", Value::from(credits));
            }
            reported(instance, properties)
        })
        .collect())
}

/// An instance with its state. One that an update has stopped and not started yet is shown without
/// what that update was to change, and without its type, which everybody asks for: so the next
/// update takes up its work.
fn reported(instance: &Map, mut properties: Map) -> Found {
    let tags = tags(instance, "Tags");
    let unfinished = tags.iter().find(|(key, _)| key == STOPPED);
    if let Some((_, names)) = unfinished {
        for name in names.split(' ').chain(["InstanceType"]) {
            properties.remove(name);
        }
    }
    let state = text(instance, "State.Name");
    let ready = ["running", "stopped"];
    Found::new(INSTANCE, text(instance, "InstanceId"), properties, tags).in_state(
        state,
        &ready,
        &["shutting-down"],
        &[],
    )
}

/// What stands in the list.
fn properties(instance: &Map, volumes: &HashMap<String, Map>) -> Map {
    let mut properties = pick(instance, &SAME);
    for (theirs, ours) in PLACEMENT {
        let value = text(instance, &format!("Placement.{theirs}"));
        if !value.is_empty() {
            properties.insert(ours, Value::str(value));
        }
    }
    for (theirs, ours) in [
        ("PrivateDnsName", "PrivateDnsName"),
        ("PrivateIpAddress", "PrivateIp"),
        ("PrivateIpAddress", "PrivateIpAddress"),
        ("PublicDnsName", "PublicDnsName"),
        ("PublicIpAddress", "PublicIp"),
    ] {
        let value = text(instance, theirs);
        if !value.is_empty() {
            properties.insert(ours, Value::str(value));
        }
    }
    let state = json!({
        "Code": instance.at("State.Code").map(ToString::to_string),
        "Name": text(instance, "State.Name"),
    });
    properties.insert("State", Value::from(state));
    let groups = |name| list(items(instance, "SecurityGroups").map(|group| text(group, name)));
    properties.insert("SecurityGroupIds", groups("GroupId"));
    properties.insert("SecurityGroups", groups("GroupName"));
    // The name is the ARN's end.
    if let Some((_, name)) = text(instance, "IamInstanceProfile.Arn").rsplit_once('/') {
        properties.insert("IamInstanceProfile", Value::str(name));
    }
    let monitoring = ["enabled", "pending"].contains(&text(instance, "Monitoring.State"));
    properties.insert("Monitoring", Value::Bool(monitoring));
    if let Some(Value::Map(options)) = instance.get("MetadataOptions") {
        let mut options = options.clone();
        options.remove("State");
        properties.insert("MetadataOptions", Value::Map(options));
    }
    let tags = tags(instance, "Tags");
    let tag = |name: &str| {
        let key = format!("aws:ec2launchtemplate:{name}");
        tags.iter().find(|(have, _)| *have == key)
    };
    if let (Some((_, id)), Some((_, version))) = (tag("id"), tag("version")) {
        let template = json!({"LaunchTemplateId": id, "Version": version});
        properties.insert("LaunchTemplate", Value::from(template));
    }
    let interfaces = items(instance, "NetworkInterfaces").map(|one| Value::Map(interface(one)));
    properties.insert("NetworkInterfaces", Value::list(interfaces));
    let mappings = items(instance, "BlockDeviceMappings").map(|mapping| {
        let mut ebs = volumes
            .get(text(mapping, "Ebs.VolumeId"))
            .cloned()
            .unwrap_or_default();
        if let Some(deletes) = mapping.at("Ebs.DeleteOnTermination") {
            ebs.insert("DeleteOnTermination", deletes.clone());
        }
        Value::from(json!({"DeviceName": text(mapping, "DeviceName"), "Ebs": ebs}))
    });
    properties.insert("BlockDeviceMappings", Value::list(mappings));
    properties
}

/// A network interface as CloudFormation writes it.
fn interface(interface: &Map) -> Map {
    let mut found = pick(
        interface,
        &["NetworkInterfaceId", "PrivateIpAddress", "SubnetId"],
    );
    let description = text(interface, "Description");
    if !description.is_empty() {
        found.insert("Description", Value::str(description));
    }
    if let Some(index) = interface.at("Attachment.DeviceIndex") {
        found.insert("DeviceIndex", Value::str(index.to_string()));
    }
    if let Some(deletes) = interface.at("Attachment.DeleteOnTermination") {
        found.insert("DeleteOnTermination", deletes.clone());
    }
    let groups = items(interface, "Groups").map(|group| text(group, "GroupId"));
    found.insert("GroupSet", list(groups));
    let public = interface.contains_key("Association");
    found.insert("AssociatePublicIpAddress", Value::Bool(public));
    let pair = |one: &Map| Value::Map(pick(one, &["Primary", "PrivateIpAddress"]));
    let addresses = items(interface, "PrivateIpAddresses").map(pair);
    found.insert("PrivateIpAddresses", Value::list(addresses));
    let six = |one: &Map| Value::Map(pick(one, &["Ipv6Address"]));
    let addresses = items(interface, "Ipv6Addresses").map(six);
    found.insert("Ipv6Addresses", Value::list(addresses));
    found
}

/// What only a call each tells of an instance.
async fn attributes(api: &Client, id: &str) -> Outcome<Map> {
    let found = try_join_all(ATTRIBUTES.map(|(name, attribute)| async move {
        let question = input(json!({"InstanceId": id, "Attribute": attribute}));
        let answer = none_if_gone(ec2::describe_instance_attribute(api, &question).await)?;
        let value = answer.and_then(|answer| answer.at(&format!("{name}.Value")).cloned());
        Ok((name, value))
    }))
    .await?;
    let set = found.into_iter().filter_map(|(name, value)| {
        let value = value.filter(|value| value.as_str() != Some(""))?;
        Some((name.into(), value))
    });
    Ok(set.collect())
}

/// The credit options of those whose types have any, by instance. AWS answers nothing at all when
/// one is asked for that has none.
async fn credits(api: &Client, instances: &[&Map]) -> Outcome<HashMap<String, String>> {
    let burstable = instances.iter().filter(|instance| {
        let kind = text(instance, "InstanceType");
        let family = kind.split('.').next().unwrap_or_default();
        ["t2", "t3", "t3a", "t4g"].contains(&family)
            && text(instance, "State.Name") != "shutting-down"
    });
    let ids: Vec<&str> = burstable.map(|one| text(one, "InstanceId")).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let question = input(json!({"InstanceIds": ids}));
    let answer = ec2::describe_instance_credit_specifications(api, &question).await;
    let answer = none_if_gone(answer)?.unwrap_or_default();
    Ok(items(&answer, "InstanceCreditSpecifications")
        .map(|one| {
            let (id, credits) = (text(one, "InstanceId"), text(one, "CpuCredits"));
            (id.to_owned(), credits.to_owned())
        })
        .collect())
}

/// The volumes of these instances, as a device mapping tells of them, by identifier.
pub async fn volumes(api: &Client, instances: &[&Map]) -> Outcome<HashMap<String, Map>> {
    let ids: Vec<&str> = instances
        .iter()
        .map(|one| text(one, "InstanceId"))
        .collect();
    let found = try_join_all(ids.chunks(VALUES).map(|ids| {
        let filters = json!([{"Name": "attachment.instance-id", "Values": ids}]);
        let question = input(json!({"Filters": filters, "MaxResults": 500}));
        let call = async |question: &Map| ec2::describe_volumes(api, question).await;
        pages(call, question, "Volumes", NEXT_TOKEN)
    }))
    .await?;
    Ok(found
        .iter()
        .flatten()
        .map(|volume| {
            (
                text(volume, "VolumeId").to_owned(),
                volume_properties(volume),
            )
        })
        .collect())
}
