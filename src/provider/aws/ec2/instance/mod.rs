//! Instances: [`read`] tells what they are like, [`change`] makes them different.

mod change;
mod read;

use async_trait::async_trait;
use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::json;

use super::{Client, tag};
use crate::inventory::Handle;
use crate::provider::aws::fail;
use crate::provider::aws::marks::{Tags, is_ours};
use crate::provider::aws::sdk::ec2;
use crate::provider::aws::service::{
    Found, Place, Service, Which, input, items, pick, rename, tag_list, text, without,
};
use crate::provider::{ErrorKind, Outcome, Write};
use crate::value::{Map, Value};

const INSTANCE: &str = "AWS::EC2::Instance";

/// Properties that AWS has under `Placement`, by their names there.
const PLACEMENT: [(&str, &str); 6] = [
    ("Affinity", "Affinity"),
    ("AvailabilityZone", "AvailabilityZone"),
    ("GroupName", "PlacementGroupName"),
    ("HostId", "HostId"),
    ("HostResourceGroupArn", "HostResourceGroupArn"),
    ("Tenancy", "Tenancy"),
];

/// How many instances of one client token may have been terminated before another is taken.
const TOKENS: u32 = 10;

/// The mapping.
pub struct Instances;

#[async_trait(?Send)]
impl Service for Instances {
    fn kinds(&self) -> &'static [&'static str] {
        &[INSTANCE]
    }

    async fn list(
        &self,
        place: Place<'_>,
        _: &BTreeSet<Arc<str>>,
        which: Which<'_>,
    ) -> Outcome<Vec<Found>> {
        read::instances(&place.clients.ec2(place.region), which).await
    }

    async fn create(
        &self,
        place: Place<'_>,
        write: &Write,
        tags: &Tags,
        token: &str,
    ) -> Outcome<Arc<str>> {
        let api = place.clients.ec2(place.region);
        let mut question = question(write, tags)?;
        let id = run(&api, &mut question, token).await?;
        if write.properties.get("SourceDestCheck") == Some(&Value::Bool(false)) {
            let check = input(json!({"InstanceId": &*id, "SourceDestCheck": {"Value": false}}));
            ec2::modify_instance_attribute(&api, &check).await?;
        }
        Ok(id)
    }

    async fn update(
        &self,
        place: Place<'_>,
        handle: &Handle,
        write: &Write,
        changed: &[Arc<str>],
    ) -> Outcome<()> {
        possible(write)?;
        let api = place.clients.ec2(place.region);
        change::running(&api, &handle.identifier, write, changed).await?;
        change::stopped(&api, &handle.identifier, write, changed).await
    }

    async fn delete(&self, place: Place<'_>, handle: &Handle) -> Outcome<()> {
        let api = place.clients.ec2(place.region);
        let instance = input(json!({"InstanceIds": [&*handle.identifier]}));
        ec2::terminate_instances(&api, &instance).await?;
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
        tag(&place.clients.ec2(place.region), identifier, set, unset).await
    }
}

/// Refuses what needs other resources beside the instance.
fn possible(write: &Write) -> Outcome<()> {
    for (name, instead) in [
        ("SsmAssociations", "AWS::SSM::Association"),
        ("Volumes", "BlockDeviceMappings"),
    ] {
        if write.properties.contains_key(name) {
            let message = format!("{name} is not supported; {instead} does the same");
            let operation = "ec2:RunInstances";
            return Err(fail(ErrorKind::Invalid, "Unsupported", message, operation));
        }
    }
    Ok(())
}

/// The parameters of the creating call.
fn question(write: &Write, tags: &Tags) -> Outcome<Map> {
    possible(write)?;
    let given = &write.properties;
    // What has another name or form there, and what is not the call's.
    let mut question = without(
        given,
        &[
            "CreditSpecification",
            "ElasticGpuSpecifications",
            "IamInstanceProfile",
            "Monitoring",
            "PropagateTagsToVolumeOnCreation",
            "SourceDestCheck",
            "Tags",
        ],
    );
    let mut placement = Map::new();
    for (theirs, ours) in PLACEMENT {
        if let Some(value) = question.remove(ours) {
            placement.insert(theirs, value);
        }
    }
    if !placement.is_empty() {
        question.insert("Placement", Value::Map(placement));
    }
    for (ours, theirs) in [
        ("BlockDeviceMappings", "BlockDeviceMappings"),
        ("ElasticGpuSpecifications", "ElasticGpuSpecification"),
        ("NetworkInterfaces", "NetworkInterfaces"),
    ] {
        if given.contains_key(ours) {
            let list = items(given, ours).map(|item| Value::Map(item_for_call(item)));
            question.insert(theirs, Value::list(list));
        }
    }
    if let Some(credits) = given.at("CreditSpecification.CPUCredits") {
        let credits = json!({"CpuCredits": credits});
        question.insert("CreditSpecification", Value::from(credits));
    }
    if let Some(profile) = given.get("IamInstanceProfile") {
        question.insert("IamInstanceProfile", profile_of(profile));
    }
    if let Some(monitoring) = given.get("Monitoring") {
        question.insert("Monitoring", Value::from(json!({"Enabled": monitoring})));
    }
    let mut specifications = vec![json!({"ResourceType": "instance", "Tags": tag_list(tags)})];
    let own: Tags = tags
        .iter()
        .filter(|(key, _)| !is_ours(key))
        .cloned()
        .collect();
    let propagates = given.get("PropagateTagsToVolumeOnCreation") == Some(&Value::Bool(true));
    if propagates && !own.is_empty() {
        // A volume with the instance's marks would pass for the instance.
        specifications.push(json!({"ResourceType": "volume", "Tags": tag_list(&own)}));
    }
    question.insert("TagSpecifications", Value::from(json!(specifications)));
    question.insert("MinCount", Value::Int(1));
    question.insert("MaxCount", Value::Int(1));
    Ok(question)
}

/// A mapping of a device, or a network interface, as the call has it.
fn item_for_call(item: &Map) -> Map {
    let mut item = item.clone();
    rename(&mut item, "GroupSet", "Groups");
    if item.contains_key("NoDevice") {
        item.insert("NoDevice", Value::str(""));
    }
    item
}

/// An instance profile for a call: by its name, or its ARN.
fn profile_of(profile: &Value) -> Value {
    let key = if profile
        .as_str()
        .is_some_and(|text| text.starts_with("arn:"))
    {
        "Arn"
    } else {
        "Name"
    };
    Value::from(json!({key: profile}))
}

/// Starts an instance, unless an earlier call with the same token has: then that one is it. After
/// it has been terminated, AWS wants another token
/// (<https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html>).
async fn run(api: &Client, question: &mut Map, token: &str) -> Outcome<Arc<str>> {
    let mut attempt = 0;
    loop {
        let token = match attempt {
            0 => token.to_owned(),
            attempt => format!("{token}-{attempt}"),
        };
        question.insert("ClientToken", Value::str(token));
        attempt += 1;
        match ec2::run_instances(api, question).await {
            Err(error) if error.code == "IdempotentInstanceTerminated" && attempt < TOKENS => {}
            Err(error) => return Err(error),
            Ok(answer) => {
                let made = items(&answer, "Instances").next();
                let state = made.map_or("", |made| text(made, "State.Name"));
                if !["shutting-down", "terminated"].contains(&state) || attempt >= TOKENS {
                    return Ok(made.map_or("", |made| text(made, "InstanceId")).into());
                }
            }
        }
    }
}

/// One instance as AWS has it, if it is there.
async fn one(api: &Client, id: &str) -> Outcome<Option<Map>> {
    let filters = json!([{"Name": "instance-id", "Values": [id]}]);
    let answer = ec2::describe_instances(api, &input(json!({"Filters": filters}))).await?;
    let mut instances = items(&answer, "Reservations").flat_map(|some| items(some, "Instances"));
    Ok(instances.next().cloned())
}

/// What can be known of the volumes of a device mapping.
fn volume_properties(volume: &Map) -> Map {
    let mut ebs = pick(
        volume,
        &["Encrypted", "Iops", "KmsKeyId", "SnapshotId", "VolumeType"],
    );
    if ebs.get("SnapshotId") == Some(&Value::str("")) {
        ebs.remove("SnapshotId");
    }
    if let Some(size) = volume.get("Size") {
        ebs.insert("VolumeSize", size.clone());
    }
    ebs
}
