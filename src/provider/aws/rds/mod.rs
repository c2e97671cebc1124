//! RDS: one file per kind. What all of them need is here: tags, names, lists.

mod instance;
mod parameter_group;
mod reading;
mod subnet_group;
mod subscription;
mod writing;

use std::sync::Arc;

use serde_json::json;

use super::call::Api;
use super::marks::Tags;
use super::sdk::rds;
use super::service::{
    Place, Service, Which, generated_name, input, one_or_all, tag_list, tags, text,
};
use crate::provider::{ErrorKind, Outcome, ProviderError, Write};
use crate::value::Map;

/// RDS's client.
type Client = Api<aws_sdk_rds::Client>;

/// Every mapping of this service's kinds.
pub fn services() -> Vec<Box<dyn Service>> {
    vec![
        Box::new(instance::Instances),
        Box::new(parameter_group::ParameterGroups),
        Box::new(subnet_group::SubnetGroups),
        Box::new(subscription::Subscriptions),
    ]
}

/// The name of a write, which RDS keeps in small letters.
fn name_of(write: &Write, property: &str, most: usize) -> Arc<str> {
    match text(&write.properties, property) {
        "" => generated_name(write, most).to_lowercase().into(),
        name => name.to_lowercase().into(),
    }
}

/// What a list call has: the one that is asked for, or everything.
async fn listed(
    call: impl AsyncFn(&Map) -> Outcome<Map>,
    which: Which<'_>,
    member: &str,
    id: (&'static str, &str),
) -> Outcome<Vec<Map>> {
    let question = input(json!({"MaxRecords": 100}));
    one_or_all(call, which, question, member, id).await
}

/// The tags of something whose list call does not tell them.
async fn tags_of(place: Place<'_>, api: &Client, arn: &str, name: &str) -> Outcome<Option<Tags>> {
    let ask = async || {
        let question = input(json!({"ResourceName": arn}));
        let answer = rds::list_tags_for_resource(api, &question).await?;
        Ok(tags(&answer, "TagList"))
    };
    place.tags(arn, name, ask).await
}

/// Sets and removes tags of anything in RDS. `resource` is the end of its ARN.
async fn tag(place: Place<'_>, resource: &str, set: &Tags, unset: &[String]) -> Outcome<()> {
    let api = place.clients.rds(place.region);
    let arn = place.arn("rds", resource).await?;
    if !set.is_empty() {
        let tags = input(json!({"ResourceName": &*arn, "Tags": tag_list(set)}));
        rds::add_tags_to_resource(&api, &tags).await?;
    }
    if !unset.is_empty() {
        let keys = input(json!({"ResourceName": &*arn, "TagKeys": unset}));
        rds::remove_tags_from_resource(&api, &keys).await?;
    }
    Ok(())
}

/// What AWS would refuse or never do, said before it is asked.
fn invalid(message: String, operation: &str) -> ProviderError {
    ProviderError {
        kind: ErrorKind::Invalid,
        code: "NotPossible".to_owned(),
        message,
        operation: operation.to_owned(),
    }
}
