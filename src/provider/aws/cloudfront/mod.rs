//! CloudFront: distributions, and what they refer to.
//!
//! [`shapes`] leads between CloudFormation's lists and CloudFront's.

mod distribution;
mod policies;
mod shapes;

use super::call::Api;
use super::service::Service;
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
