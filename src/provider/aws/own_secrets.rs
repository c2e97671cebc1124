//! The user's own secrets, in Secrets Manager and in Systems Manager's Parameter Store. Values are written and never read.

use std::sync::Arc;

use serde_json::json;

use super::clients::Clients;
use super::sdk::{secretsmanager as secrets, ssm};
use super::service::{gone_is_fine, input, items, none_if_gone, text};
use crate::inventory::Owner;
use crate::provider::{ErrorKind, Hidden, Outcome, ProviderError, SecretId, SecretState};
use crate::spec::SecretPlace;
use crate::value::{Map, Value};

/// The tag that says for which application a secret was set. None of scalectl's marks: nothing that is marked is a user's.
const SET_FOR: &str = "set-by-scalectl-for";

/// How a secret stands; `None` when there is none.
pub async fn state(clients: &Clients, secret: &SecretId) -> Outcome<Option<SecretState>> {
    match secret.place {
        SecretPlace::Manager => {
            let found = described(clients, secret).await?;
            Ok(found.map(|found| SecretState {
                changed: moment(&found, "LastChangedDate").or(moment(&found, "CreatedDate")),
                ends: moment(&found, "DeletedDate"),
                copies: items(&found, "ReplicationStatus")
                    .filter(|copy| text(copy, "Status") != "Failed")
                    .map(|copy| text(copy, "Region").into())
                    .collect(),
            }))
        }
        SecretPlace::Parameters => {
            let api = clients.ssm(&secret.region);
            let filter = json!([{"Key": "Name", "Option": "Equals", "Values": [&*secret.name]}]);
            let question = input(json!({"ParameterFilters": filter}));
            let answer = ssm::describe_parameters(&api, &question).await?;
            let found = items(&answer, "Parameters")
                .next()
                .map(|found| SecretState {
                    changed: moment(found, "LastModifiedDate"),
                    ..SecretState::default()
                });
            Ok(found)
        }
    }
}

async fn described(clients: &Clients, secret: &SecretId) -> Outcome<Option<Map>> {
    let api = clients.secrets(&secret.region);
    let question = input(json!({"SecretId": &*secret.name}));
    none_if_gone(secrets::describe_secret(&api, &question).await)
}

fn moment(of: &Map, key: &str) -> Option<u64> {
    let at: jiff::Timestamp = text(of, key).parse().ok()?;
    u64::try_from(at.as_millisecond()).ok()
}

/// Sets a secret, with copies in other regions that follow it. One that is scheduled for deletion is brought back.
pub async fn set(
    clients: &Clients,
    owner: &Owner,
    secret: &SecretId,
    copies: &[Arc<str>],
    value: &Hidden,
) -> Outcome<()> {
    let content = Value::str(&*value.0);
    if secret.place == SecretPlace::Parameters {
        let api = clients.ssm(&secret.region);
        let mut parameter =
            input(json!({"Name": &*secret.name, "Type": "SecureString", "Overwrite": true}));
        parameter.insert("Value", content);
        return ssm::put_parameter(&api, &parameter).await.map(|_| ());
    }
    let api = clients.secrets(&secret.region);
    let id = || input(json!({"SecretId": &*secret.name}));
    let Some(found) = described(clients, secret).await? else {
        if secret.name.starts_with("arn:") {
            return Err(ProviderError {
                kind: ErrorKind::NotFound,
                code: "ResourceNotFoundException".to_owned(),
                message: "there is no secret of this ARN".to_owned(),
                operation: "secretsmanager:DescribeSecret".to_owned(),
            });
        }
        let whose = format!("{}/{}", owner.app, owner.env);
        let mut new =
            input(json!({"Name": &*secret.name, "Tags": [{"Key": SET_FOR, "Value": whose}]}));
        new.insert("SecretString", content);
        add_copies(&mut new, copies);
        return secrets::create_secret(&api, &new).await.map(|_| ());
    };
    if found.contains_key("DeletedDate") {
        secrets::restore_secret(&api, &id()).await?;
    }
    let mut change = id();
    change.insert("SecretString", content);
    secrets::update_secret(&api, &change).await?;
    let have = |region: &Arc<str>| {
        items(&found, "ReplicationStatus").any(|copy| text(copy, "Region") == &**region)
    };
    let missing: Vec<Arc<str>> = copies
        .iter()
        .filter(|region| !have(region))
        .cloned()
        .collect();
    if !missing.is_empty() {
        let mut call = id();
        add_copies(&mut call, &missing);
        secrets::replicate_secret_to_regions(&api, &call).await?;
    }
    Ok(())
}

fn add_copies(call: &mut Map, regions: &[Arc<str>]) {
    if !regions.is_empty() {
        let regions = regions
            .iter()
            .map(|region| Value::Map(input(json!({"Region": &**region}))));
        call.insert("AddReplicaRegions", Value::list(regions));
    }
}

/// Deletes a secret: a parameter at once, a secret of Secrets Manager with its copies in 30 days, until when it can be
/// brought back.
pub async fn remove(clients: &Clients, secret: &SecretId) -> Outcome<()> {
    if secret.place == SecretPlace::Parameters {
        let api = clients.ssm(&secret.region);
        let parameter = input(json!({"Name": &*secret.name}));
        return gone_is_fine(ssm::delete_parameter(&api, &parameter).await);
    }
    let Some(found) = described(clients, secret).await? else {
        return Ok(());
    };
    if found.contains_key("DeletedDate") {
        return Ok(());
    }
    let api = clients.secrets(&secret.region);
    let regions: Vec<Value> = items(&found, "ReplicationStatus")
        .map(|copy| Value::str(text(copy, "Region")))
        .collect();
    if !regions.is_empty() {
        let mut call = input(json!({"SecretId": &*secret.name}));
        call.insert("RemoveReplicaRegions", Value::List(regions));
        secrets::remove_regions_from_replication(&api, &call).await?;
    }
    let call = input(json!({"SecretId": &*secret.name, "RecoveryWindowInDays": 30}));
    secrets::delete_secret(&api, &call).await.map(|_| ())
}
