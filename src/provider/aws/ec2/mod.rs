//! EC2: one file per family of kinds. What all of them need is here: filters, tags.

mod address;
mod endpoint;
mod flow_log;
mod instance;
mod launch_template;
mod nat_gateway;
mod peering;
mod routing;
mod security_group;
mod subnet;
mod vpc;

use std::time::Duration;

use serde_json::json;

use super::call::Api;
use super::error::kind_of;
use super::marks::{APP, ENV, Tags};
use super::sdk::ec2;
use super::service::{Service, Which, input, items, pick, tag_list, text};
use crate::provider::{ErrorKind, Outcome, ProviderError};
use crate::value::Map;

/// EC2's client.
type Client = Api<aws_sdk_ec2::Client>;

/// Every mapping of EC2's kinds.
pub fn services() -> Vec<Box<dyn Service>> {
    vec![
        Box::new(vpc::Vpcs),
        Box::new(subnet::Subnets),
        Box::new(routing::Routing),
        Box::new(address::Addresses),
        Box::new(nat_gateway::NatGateways),
        Box::new(endpoint::Endpoints),
        Box::new(peering::Peerings),
        Box::new(flow_log::FlowLogs),
        Box::new(instance::Instances),
        Box::new(launch_template::LaunchTemplates),
        Box::new(security_group::SecurityGroups),
    ]
}

/// Values of one filter in one call
/// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html>).
const VALUES: usize = 200;

/// The question of a describe call: filtered, because the quota of unfiltered calls is the smallest
/// (<https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html>), and by the filter `id`
/// instead of by identifier, because one that is gone would fail the call for all.
fn question(which: Which<'_>, id: &str, page: u32) -> Map {
    let filters = match which {
        Which::Owned(owner) => json!([
            {"Name": format!("tag:{APP}"), "Values": [&*owner.app]},
            {"Name": format!("tag:{ENV}"), "Values": [&*owner.env]},
        ]),
        Which::Named(names) => {
            let names: Vec<&str> = names.iter().map(|name| &**name).collect();
            json!([{"Name": id, "Values": names}])
        }
        Which::All => json!(null),
    };
    let page = if page == 0 { json!(null) } else { json!(page) };
    input(json!({"Filters": filters, "MaxResults": page}))
}

/// Tags for the creating call.
fn specification(resource: &str, tags: &Tags) -> serde_json::Value {
    json!([{"ResourceType": resource, "Tags": tag_list(tags)}])
}

/// Sets and removes tags of anything in EC2.
async fn tag(api: &Client, id: &str, set: &Tags, unset: &[String]) -> Outcome<()> {
    if !set.is_empty() {
        let tags = input(json!({"Resources": [id], "Tags": tag_list(set)}));
        ec2::create_tags(api, &tags).await?;
    }
    if !unset.is_empty() {
        let keys: Vec<_> = unset.iter().map(|key| json!({"Key": key})).collect();
        ec2::delete_tags(api, &input(json!({"Resources": [id], "Tags": keys}))).await?;
    }
    Ok(())
}

/// How long apart a call about what was made a moment ago is tried: EC2 knows it everywhere within
/// seconds.
const YOUNG: [Duration; 5] = [
    Duration::from_millis(200),
    Duration::from_millis(800),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
];

/// A call about what the same `create` has just made, which may not be known everywhere yet. When it
/// fails for good the effect counts as unknown, so that what was made is found again by its marks
/// instead of made twice; what is missing then shows as an update.
async fn just_made(call: impl AsyncFn() -> Outcome<Map>) -> Outcome<()> {
    let unknown = |error: ProviderError| match error.kind {
        ErrorKind::Held => error,
        _ => ProviderError {
            kind: ErrorKind::Transient,
            ..error
        },
    };
    for wait in YOUNG {
        match call().await {
            Err(error) if error.kind == ErrorKind::NotFound => tokio::time::sleep(wait).await,
            other => return other.map(|_| ()).map_err(unknown),
        }
    }
    call().await.map(|_| ()).map_err(unknown)
}

/// The members of an answer with these names; AWS tells some that have no value as an empty text.
fn told(answer: &Map, names: &[&str]) -> Map {
    pick(answer, names)
        .into_iter()
        .filter(|(_, value)| value.as_str() != Some(""))
        .collect()
}

/// The failure that a call about several things hides in its answer.
fn unsuccessful(operation: &str, answer: &Map) -> Outcome<()> {
    let Some(failed) = items(answer, "Unsuccessful").next() else {
        return Ok(());
    };
    let (code, message) = (text(failed, "Error.Code"), text(failed, "Error.Message"));
    Err(ProviderError {
        kind: kind_of(code, message, 400),
        code: code.to_owned(),
        message: message.to_owned(),
        operation: operation.to_owned(),
    })
}
