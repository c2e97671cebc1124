//! CloudFront: distributions, and what they refer to.
//!
//! [`shapes`] leads between CloudFormation's lists and CloudFront's.

mod distribution;
mod policies;
mod shapes;

use std::sync::Arc;

use serde_json::json;

use super::call::Api;
use super::clients::Clients;
use super::sdk::cloudfront;
use super::service::{Service, input, text};
use crate::inventory::Handle;
use crate::provider::{Outcome, Pending};
use crate::value::{Map, Value};

/// CloudFront's client.
type Client = Api<aws_sdk_cloudfront::Client>;

/// A call by its parameters, for tables.
type Call = for<'a> fn(&'a Client, &'a Map) -> Pending<'a, Outcome<Map>>;

/// What [`super::service::pages`] goes by here.
const MARKER: (&str, &str) = ("NextMarker", "Marker");

/// Every mapping of this service's kinds.
pub fn services() -> Vec<Box<dyn Service>> {
    vec![
        Box::new(distribution::Distributions),
        Box::new(policies::Policies),
    ]
}

/// The object that an answer is wrapped in.
fn inner(mut answer: Map, name: &str) -> Map {
    match answer.remove(name) {
        Some(Value::Map(map)) => map,
        _ => Map::new(),
    }
}

/// Has a distribution forget these paths; the same reference again is the same invalidation
/// (<https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateInvalidation.html>).
pub async fn invalidate(
    clients: &Clients,
    at: &Handle,
    paths: &[String],
    reference: &str,
) -> Outcome<Arc<str>> {
    let question = input(json!({
        "DistributionId": &*at.identifier,
        "InvalidationBatch": {
            "Paths": {"Quantity": paths.len(), "Items": paths},
            "CallerReference": reference,
        },
    }));
    let answer =
        cloudfront::create_invalidation(&clients.cloudfront(&at.address.region), &question).await?;
    Ok(text(&answer, "Invalidation.Id").into())
}

/// Whether an invalidation is done.
pub async fn is_invalidated(clients: &Clients, at: &Handle, id: &str) -> Outcome<bool> {
    let question = input(json!({"DistributionId": &*at.identifier, "Id": id}));
    let answer =
        cloudfront::get_invalidation(&clients.cloudfront(&at.address.region), &question).await?;
    Ok(text(&answer, "Invalidation.Status") == "Completed")
}
