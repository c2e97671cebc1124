//! Secrets Manager. What a secret holds passes through this process only where it is made, and is
//! never returned.

use async_trait::async_trait;
use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::try_join_all;
use serde_json::json;

use super::call::Api;
use super::marks::{APP, Marks, Tags};
use super::sdk::secretsmanager as secrets;
use super::service::{
    Found, NEXT_TOKEN, Place, Service, Which, generated_name, input, items, list, none_if_gone,
    pages, pick, rename, tag_list, tags, text, touches, without,
};
use crate::inventory::Handle;
use crate::ownership;
use crate::provider::{ErrorKind, Outcome, ProviderError, Write};
use crate::value::{Map, Value};

/// Secrets Manager's client.
type Client = Api<aws_sdk_secretsmanager::Client>;

const KIND: &str = "AWS::SecretsManager::Secret";

/// The key of a secret that names none.
const DEFAULT_KEY: &str = "alias/aws/secretsmanager";

/// Every mapping of this service's kinds.
pub fn services() -> Vec<Box<dyn Service>> {
    vec![Box::new(Secrets)]
}

/// The mapping.
struct Secrets;

#[async_trait(?Send)]
impl Service for Secrets {
    fn kinds(&self) -> &'static [&'static str] {
        &[KIND]
    }

    async fn list(
        &self,
        place: Place<'_>,
        _: &BTreeSet<Arc<str>>,
        which: Which<'_>,
    ) -> Outcome<Vec<Found>> {
        let api = place.clients.secrets(place.region);
        let arns: Vec<Arc<str>> = match which {
            Which::Named(names) => names.to_vec(),
            Which::Owned(_) | Which::All => listed(&api, which).await?,
        };
        let described = arns.iter().map(|arn| described(&api, arn));
        let described = try_join_all(described).await?;
        Ok(described
            .iter()
            .flatten()
            .filter(|secret| is_there(secret, place.region))
            .map(found)
            .collect())
    }

    async fn create(
        &self,
        place: Place<'_>,
        write: &Write,
        tags: &Tags,
        token: &str,
    ) -> Outcome<Arc<str>> {
        let api = place.clients.secrets(place.region);
        let properties = &write.properties;
        let name = match text(properties, "Name") {
            "" => generated_name(write, 512),
            name => name.to_owned(),
        };
        let mut secret = pick(
            properties,
            &["Description", "KmsKeyId", "ReplicaRegions", "Type"],
        );
        rename(&mut secret, "ReplicaRegions", "AddReplicaRegions");
        secret.insert("Name", Value::str(&*name));
        secret.insert("Tags", Value::from(tag_list(tags)));
        secret.insert("ClientRequestToken", Value::str(token));
        if let Some(content) = content(&api, properties).await? {
            secret.insert("SecretString", content);
        }
        match secrets::create_secret(&api, &secret).await {
            Ok(answer) => Ok(text(&answer, "ARN").into()),
            // The name is taken: by what an earlier run made and lists do not show for minutes,
            // or by one that is scheduled for deletion.
            Err(error)
                if error.kind == ErrorKind::AlreadyExists || error.message.contains("deletion") =>
            {
                match taken_over(&api, &name, write, tags).await? {
                    Some(arn) => Ok(arn),
                    None => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    async fn update(
        &self,
        place: Place<'_>,
        handle: &Handle,
        write: &Write,
        changed: &[Arc<str>],
    ) -> Outcome<()> {
        let api = place.clients.secrets(place.region);
        change(&api, &handle.identifier, &write.properties, changed).await
    }

    async fn delete(&self, place: Place<'_>, handle: &Handle) -> Outcome<()> {
        let api = place.clients.secrets(place.region);
        let Some(secret) = described(&api, &handle.identifier).await? else {
            return Ok(());
        };
        if secret.contains_key("DeletedDate") {
            return Ok(());
        }
        let regions: Vec<&str> = items(&secret, "ReplicationStatus")
            .map(|replica| text(replica, "Region"))
            .collect();
        remove_replicas(&api, &handle.identifier, &regions).await?;
        // AWS keeps it for 30 days, from which it can be brought back.
        let secret = input(json!({"SecretId": &*handle.identifier}));
        match secrets::delete_secret(&api, &secret).await {
            // Replicas take a moment to go.
            Err(error) if error.message.contains("replica") => Err(ProviderError {
                kind: ErrorKind::Conflict,
                ..error
            }),
            other => other.map(|_| ()),
        }
    }

    async fn tag(
        &self,
        place: Place<'_>,
        _: &str,
        identifier: &str,
        set: &Tags,
        unset: &[String],
    ) -> Outcome<()> {
        let api = place.clients.secrets(place.region);
        if !set.is_empty() {
            let tags = input(json!({"SecretId": identifier, "Tags": tag_list(set)}));
            secrets::tag_resource(&api, &tags).await?;
        }
        if !unset.is_empty() {
            let keys = input(json!({"SecretId": identifier, "TagKeys": unset}));
            secrets::untag_resource(&api, &keys).await?;
        }
        Ok(())
    }
}

/// The ARNs of those that may be asked for. Filters match keys and values each for itself and by
/// their beginning.
async fn listed(api: &Client, which: Which<'_>) -> Outcome<Vec<Arc<str>>> {
    let filters = match which {
        Which::Owned(owner) => json!([
            {"Key": "tag-key", "Values": [APP]},
            {"Key": "tag-value", "Values": [&*owner.app]},
        ]),
        Which::Named(_) | Which::All => json!(null),
    };
    let question = input(json!({"MaxResults": 100, "Filters": filters}));
    let call = async |question: &Map| secrets::list_secrets(api, question).await;
    let found = pages(call, question, "SecretList", NEXT_TOKEN).await?;
    Ok(found
        .iter()
        .filter(|secret| which.wants_tagged(&tags(secret, "Tags")))
        .map(|secret| text(secret, "ARN").into())
        .collect())
}

async fn described(api: &Client, id: &str) -> Outcome<Option<Map>> {
    let question = input(json!({"SecretId": id}));
    none_if_gone(secrets::describe_secret(api, &question).await)
}

/// Whether it is neither on its way out nor another region's replica, which bears the same tags.
fn is_there(secret: &Map, region: &str) -> bool {
    let home = text(secret, "PrimaryRegion");
    !secret.contains_key("DeletedDate") && (home.is_empty() || home == region)
}

fn found(secret: &Map) -> Found {
    let arn = text(secret, "ARN");
    let mut properties = pick(secret, &["Description", "KmsKeyId", "Name", "Type"]);
    properties.insert("Id", Value::str(arn));
    // One that failed is missing, so that the next update makes it anew.
    let replicas: Vec<&Map> = items(secret, "ReplicationStatus")
        .filter(|replica| text(replica, "Status") != "Failed")
        .collect();
    if !replicas.is_empty() {
        let regions = replicas.iter();
        let regions = regions.map(|replica| Value::Map(pick(replica, &["KmsKeyId", "Region"])));
        properties.insert("ReplicaRegions", Value::list(regions));
    }
    let under_way = replicas
        .iter()
        .any(|replica| text(replica, "Status") == "InProgress");
    let state = if under_way { "replicating" } else { "" };
    Found::new(KIND, arn, properties, tags(secret, "Tags")).in_state(state, &[""], &[], &[])
}

/// What a secret holds: given, generated, or nothing.
async fn content(api: &Client, properties: &Map) -> Outcome<Option<Value>> {
    match properties.get("GenerateSecretString") {
        Some(Value::Map(how)) => generated(api, how).await.map(Some),
        _ => Ok(properties.get("SecretString").cloned()),
    }
}

/// A password by these rules, alone or within a JSON object, as CloudFormation makes it
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-secretsmanager-secret-generatesecretstring.html>).
async fn generated(api: &Client, how: &Map) -> Outcome<Value> {
    let rules = without(how, &["GenerateStringKey", "SecretStringTemplate"]);
    let answer = secrets::get_random_password(api, &rules).await?;
    let password = text(&answer, "RandomPassword");
    within(how, password).map(Value::str)
}

fn within(how: &Map, password: &str) -> Outcome<String> {
    let fail = |message: &str| ProviderError {
        kind: ErrorKind::Invalid,
        code: "GenerateSecretString".to_owned(),
        message: message.to_owned(),
        operation: KIND.to_owned(),
    };
    let template = match how.get("SecretStringTemplate") {
        Some(template) => template.to_string(),
        None => String::new(),
    };
    match (&*template, text(how, "GenerateStringKey")) {
        ("", "") => Ok(password.to_owned()),
        ("", _) | (_, "") => Err(fail(
            "SecretStringTemplate and GenerateStringKey go together",
        )),
        (template, key) => match serde_json::from_str(template) {
            Ok(serde_json::Value::Object(mut object)) => {
                object.insert(key.to_owned(), password.into());
                Ok(serde_json::Value::Object(object).to_string())
            }
            _ => Err(fail("SecretStringTemplate is no JSON object")),
        },
    }
}

/// The marks of a secret that stands for the same as a write, in whatever generation.
fn marks_of(secret: &Map, write: &Write) -> Option<Marks> {
    Marks::from_tags(&tags(secret, "Tags"))
        .filter(|marks| marks.owner == write.owner && marks.address == write.address)
}

/// One that has the name of a write and is ours: as it is when this very write made it, brought back
/// when it is scheduled for deletion. `None` for any other.
async fn taken_over(
    api: &Client,
    name: &str,
    write: &Write,
    ours: &Tags,
) -> Outcome<Option<Arc<str>>> {
    let Some(secret) = described(api, name).await? else {
        return Ok(None);
    };
    let Some(marks) = marks_of(&secret, write) else {
        return Ok(None);
    };
    if !secret.contains_key("DeletedDate") {
        let same = marks.applied.generation == write.applied.generation;
        return Ok(same.then(|| text(&secret, "ARN").into()));
    }
    let before = tags(&secret, "Tags");
    let arn = text(&secret, "ARN");
    let id = input(json!({"SecretId": arn}));
    secrets::restore_secret(api, &id).await?;
    let mut changed: Vec<Arc<str>> = ["Description", "KmsKeyId", "ReplicaRegions", "Type"]
        .into_iter()
        .map(Arc::from)
        .collect();
    // A password that was generated by the same rules may be in use and stays.
    for name in ["GenerateSecretString", "SecretString"] {
        if let Some(value) = write.properties.get(name)
            && (name == "SecretString"
                || ownership::was_set_to(&marks.applied, &write.address, name, value) != Some(true))
        {
            changed.push(name.into());
        }
    }
    change(api, arn, &write.properties, &changed).await?;
    let tags = input(json!({"SecretId": arn, "Tags": tag_list(ours)}));
    secrets::tag_resource(api, &tags).await?;
    let gone: Vec<&str> = before
        .iter()
        .map(|(key, _)| &**key)
        .filter(|key| !ours.iter().any(|(have, _)| have == key) && !key.starts_with("aws:"))
        .collect();
    if !gone.is_empty() {
        let keys = input(json!({"SecretId": arn, "TagKeys": gone}));
        secrets::untag_resource(api, &keys).await?;
    }
    Ok(Some(arn.into()))
}

async fn change(api: &Client, arn: &str, wanted: &Map, changed: &[Arc<str>]) -> Outcome<()> {
    let mut call = Map::new();
    for (name, default) in [("Description", ""), ("KmsKeyId", DEFAULT_KEY), ("Type", "")] {
        if touches(changed, &[name]) {
            let value = wanted.get(name).cloned();
            // A type cannot be taken away.
            if value.is_some() || name != "Type" {
                call.insert(name, value.unwrap_or_else(|| Value::str(default)));
            }
        }
    }
    if touches(changed, &["GenerateSecretString", "SecretString"])
        && let Some(content) = content(api, wanted).await?
    {
        call.insert("SecretString", content);
    }
    if !call.is_empty() {
        call.insert("SecretId", Value::str(arn));
        secrets::update_secret(api, &call).await?;
    }
    if touches(changed, &["ReplicaRegions"]) {
        set_replicas(api, arn, wanted).await?;
    }
    Ok(())
}

/// Replicas: those that are no longer wanted, that failed or that have another key go, then those
/// that are missing come.
async fn set_replicas(api: &Client, arn: &str, wanted: &Map) -> Outcome<()> {
    let Some(secret) = described(api, arn).await? else {
        return Ok(());
    };
    let have: Vec<&Map> = items(&secret, "ReplicationStatus").collect();
    let want: Vec<&Map> = items(wanted, "ReplicaRegions").collect();
    let is = |have: &Map, want: &Map| {
        let key = text(want, "KmsKeyId");
        text(have, "Region") == text(want, "Region")
            && text(have, "Status") != "Failed"
            && (key.is_empty() || key == text(have, "KmsKeyId"))
    };
    let gone: Vec<&str> = have
        .iter()
        .filter(|have| !want.iter().any(|want| is(have, want)))
        .map(|have| text(have, "Region"))
        .collect();
    remove_replicas(api, arn, &gone).await?;
    let new: Vec<Value> = want
        .iter()
        .filter(|want| !have.iter().any(|have| is(have, want)))
        .map(|want| Value::Map((*want).clone()))
        .collect();
    if !new.is_empty() {
        let mut call = input(json!({"SecretId": arn}));
        call.insert("AddReplicaRegions", Value::List(new));
        secrets::replicate_secret_to_regions(api, &call).await?;
    }
    Ok(())
}

async fn remove_replicas(api: &Client, arn: &str, regions: &[&str]) -> Outcome<()> {
    if !regions.is_empty() {
        let mut call = input(json!({"SecretId": arn}));
        call.insert("RemoveReplicaRegions", list(regions));
        secrets::remove_regions_from_replication(api, &call).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_password_stands_alone_or_in_its_template() {
        assert_eq!(within(&Map::new(), "pw").unwrap(), "pw");
        let how = input(json!({"SecretStringTemplate": "{\"username\": \"app\"}",
            "GenerateStringKey": "password"}));
        let made: serde_json::Value = serde_json::from_str(&within(&how, "p\"w").unwrap()).unwrap();
        assert_eq!(made, json!({"username": "app", "password": "p\"w"}));
        let how = input(json!({"SecretStringTemplate": "{}"}));
        let error = within(&how, "hidden").unwrap_err();
        assert!(!error.to_string().contains("hidden"));
    }

    #[test]
    fn a_replica_is_another_regions_secret() {
        let secret = input(json!({"ARN": "arn", "PrimaryRegion": "us-east-1"}));
        assert!(is_there(&secret, "us-east-1"));
        assert!(!is_there(&secret, "eu-west-1"));
        let gone = input(json!({"ARN": "arn", "DeletedDate": "2026-01-01T00:00:00Z"}));
        assert!(!is_there(&gone, "us-east-1"));
    }
}
