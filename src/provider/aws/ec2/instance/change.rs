//! Changes of instances, while they run and while they are stopped.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::{one, profile_of, read};
use crate::provider::aws::ec2::{Client, tag};
use crate::provider::aws::fail;
use crate::provider::aws::marks::STOPPED;
use crate::provider::aws::sdk::ec2;
use crate::provider::aws::service::{input, items, pick, tags, text, touches};
use crate::provider::{ErrorKind, Outcome, Write};
use crate::value::{Map, Value};

/// What AWS changes while an instance is stopped and not otherwise.
const STOPS: [&str; 9] = [
    "Affinity",
    "EbsOptimized",
    "HostId",
    "InstanceType",
    "KernelId",
    "PrivateDnsNameOptions",
    "RamdiskId",
    "Tenancy",
    "UserData",
];

/// How long an instance may take to stop, in looks and the pause between them.
const LOOKS: u32 = 100;
const PAUSE: Duration = Duration::from_secs(3);

/// Changes what can be changed while an instance runs.
pub async fn running(api: &Client, id: &str, write: &Write, changed: &[Arc<str>]) -> Outcome<()> {
    let given = &write.properties;
    for (name, default) in [("DisableApiTermination", false), ("SourceDestCheck", true)] {
        if touches(changed, &[name]) {
            let default = Value::Bool(default);
            let value = given.get(name).unwrap_or(&default);
            attribute(api, id, name, json!({"Value": value})).await?;
        }
    }
    if touches(changed, &["InstanceInitiatedShutdownBehavior"]) {
        let change = input(json!({
            "InstanceId": id, "Attribute": "instanceInitiatedShutdownBehavior",
            "Value": given.get("InstanceInitiatedShutdownBehavior").unwrap_or(&Value::str("stop")),
        }));
        ec2::modify_instance_attribute(api, &change).await?;
    }
    if touches(changed, &["SecurityGroupIds"]) {
        let groups = needed(write, "SecurityGroupIds")?;
        attribute(api, id, "Groups", json!(groups)).await?;
    }
    if touches(changed, &["Monitoring"]) {
        let instance = input(json!({"InstanceIds": [id]}));
        match given.get("Monitoring") {
            Some(Value::Bool(true)) => ec2::monitor_instances(api, &instance).await?,
            _ => ec2::unmonitor_instances(api, &instance).await?,
        };
    }
    if touches(changed, &["IamInstanceProfile"]) {
        profile(api, id, given.get("IamInstanceProfile")).await?;
    }
    if touches(changed, &["MetadataOptions"]) {
        let mut options = match given.get("MetadataOptions") {
            Some(Value::Map(options)) => options.clone(),
            _ => input(json!({
                "HttpEndpoint": "enabled", "HttpTokens": "optional", "HttpPutResponseHopLimit": 1,
            })),
        };
        options.insert("InstanceId", Value::str(id));
        ec2::modify_instance_metadata_options(api, &options).await?;
    }
    if touches(changed, &["CreditSpecification"]) {
        credits(api, id, write).await?;
    }
    if touches(changed, &["BlockDeviceMappings"]) {
        devices(api, id, write).await?;
    }
    Ok(())
}

/// Changes what needs the instance stopped: stops it if it runs, and starts it if it was this that
/// stopped it, whether AWS takes the changes or not. A tag remembers that, so that an interrupted update
/// is taken up by the next.
pub async fn stopped(api: &Client, id: &str, write: &Write, changed: &[Arc<str>]) -> Outcome<()> {
    let names: Vec<&str> = STOPS
        .into_iter()
        .filter(|name| touches(changed, &[name]))
        .collect();
    if names.is_empty() {
        return Ok(());
    }
    let mut state = state_of(api, id).await?;
    if ["pending", "running"].contains(&&*state.0) {
        let mark = vec![(STOPPED.to_owned(), names.join(" "))];
        tag(api, id, &mark, &[]).await?;
        ec2::stop_instances(api, &input(json!({"InstanceIds": [id]}))).await?;
        state = state_of(api, id).await?;
    }
    for _ in 0..LOOKS {
        if state.0 == "stopped" {
            break;
        }
        tokio::time::sleep(PAUSE).await;
        state = state_of(api, id).await?;
    }
    if state.0 != "stopped" {
        let message = format!("{id} is {} and does not stop", state.0);
        let operation = "ec2:StopInstances";
        return Err(fail(
            ErrorKind::Conflict,
            "IncorrectState",
            message,
            operation,
        ));
    }
    let changed = stopped_changes(api, id, write, &names).await;
    if state.1 {
        // What was refused leaves the server as it was, and it served.
        ec2::start_instances(api, &input(json!({"InstanceIds": [id]}))).await?;
        tag(api, id, &Vec::new(), &[STOPPED.to_owned()]).await?;
    }
    changed
}

/// The changes themselves, of an instance that is stopped.
async fn stopped_changes(api: &Client, id: &str, write: &Write, names: &[&str]) -> Outcome<()> {
    for name in ["InstanceType", "KernelId", "RamdiskId"] {
        if names.contains(&name) {
            let value = json!({"Value": needed(write, name)?});
            attribute(api, id, name.trim_end_matches("Id"), value).await?;
        }
    }
    if names.contains(&"EbsOptimized") {
        let value = write.properties.get("EbsOptimized");
        let value = value.unwrap_or(&Value::Bool(false));
        attribute(api, id, "EbsOptimized", json!({"Value": value})).await?;
    }
    if names.contains(&"UserData") {
        let data = text(&write.properties, "UserData");
        attribute(api, id, "UserData", json!({"Value": data})).await?;
    }
    let placement = ["Affinity", "HostId", "Tenancy"];
    if names.iter().any(|name| placement.contains(name)) {
        let mut placement = pick(&write.properties, &placement);
        placement.insert("InstanceId", Value::str(id));
        ec2::modify_instance_placement(api, &placement).await?;
    }
    if names.contains(&"PrivateDnsNameOptions") {
        let options = needed(write, "PrivateDnsNameOptions")?;
        let options = input(json!({
            "InstanceId": id,
            "PrivateDnsHostnameType": options.at("HostnameType"),
            "EnableResourceNameDnsARecord": options.at("EnableResourceNameDnsARecord"),
            "EnableResourceNameDnsAAAARecord": options.at("EnableResourceNameDnsAAAARecord"),
        }));
        ec2::modify_private_dns_name_options(api, &options).await?;
    }
    Ok(())
}

/// The state of an instance, and whether an update of ours has stopped it.
async fn state_of(api: &Client, id: &str) -> Outcome<(String, bool)> {
    let Some(instance) = one(api, id).await? else {
        let message = format!("{id} does not exist");
        let operation = "ec2:DescribeInstances";
        return Err(fail(ErrorKind::NotFound, "NotFound", message, operation));
    };
    let ours = tags(&instance, "Tags")
        .iter()
        .any(|(key, _)| key == STOPPED);
    Ok((text(&instance, "State.Name").to_owned(), ours))
}

/// A value that AWS has no default for.
fn needed<'a>(write: &'a Write, name: &str) -> Outcome<&'a Value> {
    write.properties.get(name).ok_or_else(|| {
        let message = format!("{name} of an instance can be changed, but not left out again");
        let operation = "ec2:ModifyInstanceAttribute";
        fail(ErrorKind::Invalid, "MissingParameter", message, operation)
    })
}

async fn attribute(api: &Client, id: &str, name: &str, value: serde_json::Value) -> Outcome<()> {
    let change = input(json!({"InstanceId": id, name: value}));
    ec2::modify_instance_attribute(api, &change).await?;
    Ok(())
}

async fn profile(api: &Client, id: &str, wanted: Option<&Value>) -> Outcome<()> {
    let question = input(json!({"Filters": [
        {"Name": "instance-id", "Values": [id]},
        {"Name": "state", "Values": ["associating", "associated"]}]}));
    let answer = ec2::describe_iam_instance_profile_associations(api, &question).await?;
    let has = items(&answer, "IamInstanceProfileAssociations").next();
    let has = has.map(|association| text(association, "AssociationId"));
    match (has, wanted.map(profile_of)) {
        (None, None) => {}
        (None, Some(profile)) => {
            let change = input(json!({"InstanceId": id, "IamInstanceProfile": profile}));
            ec2::associate_iam_instance_profile(api, &change).await?;
        }
        (Some(has), Some(profile)) => {
            let change = input(json!({"AssociationId": has, "IamInstanceProfile": profile}));
            ec2::replace_iam_instance_profile_association(api, &change).await?;
        }
        (Some(has), None) => {
            let change = input(json!({"AssociationId": has}));
            ec2::disassociate_iam_instance_profile(api, &change).await?;
        }
    }
    Ok(())
}

async fn credits(api: &Client, id: &str, write: &Write) -> Outcome<()> {
    let default = if text(&write.properties, "InstanceType").starts_with("t2.") {
        "standard"
    } else {
        "unlimited"
    };
    let wanted = match text(&write.properties, "CreditSpecification.CPUCredits") {
        "" => default,
        wanted => wanted,
    };
    let change = input(json!({
        "InstanceCreditSpecifications": [{"InstanceId": id, "CpuCredits": wanted}],
    }));
    let answer = ec2::modify_instance_credit_specification(api, &change).await?;
    match items(&answer, "UnsuccessfulInstanceCreditSpecifications").next() {
        None => Ok(()),
        Some(refused) => Err(fail(
            ErrorKind::Invalid,
            text(refused, "Error.Code"),
            text(refused, "Error.Message").to_owned(),
            "ec2:ModifyInstanceCreditSpecification",
        )),
    }
}

/// Of a device, only what becomes of it with the instance can be changed
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-instance.html>).
async fn devices(api: &Client, id: &str, write: &Write) -> Outcome<()> {
    let Some(instance) = one(api, id).await? else {
        return Ok(());
    };
    let volumes = read::volumes(api, &[&instance]).await?;
    let mut changes = Vec::new();
    for wanted in items(&write.properties, "BlockDeviceMappings") {
        let device = text(wanted, "DeviceName");
        let has = items(&instance, "BlockDeviceMappings")
            .find(|mapping| text(mapping, "DeviceName") == device);
        let volume = has.and_then(|has| volumes.get(text(has, "Ebs.VolumeId")));
        let none = Map::new();
        let ebs = wanted.get("Ebs").and_then(Value::as_map).unwrap_or(&none);
        for (name, value) in ebs {
            let same = match &**name {
                "DeleteOnTermination" => has.is_some(),
                name => volume.is_some_and(|volume| {
                    let has = volume.get(name).map(ToString::to_string);
                    has == Some(value.to_string())
                }),
            };
            if !same {
                let message = format!(
                    "{device}: {name} cannot be changed here; change the volume itself, or replace the instance"
                );
                let operation = "ec2:ModifyInstanceAttribute";
                return Err(fail(
                    ErrorKind::Invalid,
                    "InvalidParameter",
                    message,
                    operation,
                ));
            }
        }
        if let (Some(has), Some(deletes)) = (has, ebs.get("DeleteOnTermination"))
            && has.at("Ebs.DeleteOnTermination") != Some(deletes)
        {
            changes.push(json!({
                "DeviceName": device, "Ebs": {"DeleteOnTermination": deletes},
            }));
        }
    }
    if !changes.is_empty() {
        attribute(api, id, "BlockDeviceMappings", json!(changes)).await?;
    }
    Ok(())
}
