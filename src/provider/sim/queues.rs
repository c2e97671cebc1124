//! What SQS refuses of a queue, from its API's documents.

use super::cloud::Cloud;
use super::rules::{Refusal, text};
use crate::provider::ErrorKind;
use crate::value::{Map, Value};

/// The resource type.
pub const QUEUE: &str = "AWS::SQS::Queue";

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(ErrorKind::Invalid, "InvalidParameterValue", message)
}

fn is_on(properties: &Map, name: &str) -> bool {
    properties.get(name) == Some(&Value::Bool(true))
}

/// Names, what FIFO queues alone have, and dead-letter queues that exist and are of the same type
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html>).
///
/// # Errors
/// What SQS would say.
pub fn check(cloud: &Cloud, region: &str, properties: &Map) -> Result<(), Refusal> {
    let name = text(properties, "QueueName");
    let is_fifo = is_on(properties, "FifoQueue");
    let plain = name.strip_suffix(".fifo").unwrap_or(name);
    let is_fit = name.len() <= 80
        && (plain.bytes()).all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if !is_fit {
        return Err(invalid(
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
        ));
    }
    if !name.is_empty() && is_fifo != name.ends_with(".fifo") {
        return Err(invalid("The name of a FIFO queue can only end with .fifo"));
    }
    let of_fifo = [
        "ContentBasedDeduplication",
        "DeduplicationScope",
        "FifoThroughputLimit",
    ];
    if !is_fifo && let Some(name) = of_fifo.iter().find(|name| properties.contains_key(name)) {
        return Err(invalid(format!(
            "Unknown Attribute {name} of a standard queue"
        )));
    }
    if text(properties, "FifoThroughputLimit") == "perMessageGroupId"
        && text(properties, "DeduplicationScope") != "messageGroup"
    {
        return Err(invalid(
            "FifoThroughputLimit perMessageGroupId needs DeduplicationScope messageGroup",
        ));
    }
    if is_on(properties, "SqsManagedSseEnabled") && properties.contains_key("KmsMasterKeyId") {
        return Err(invalid(
            "You can use one type of server-side encryption at one time.",
        ));
    }
    dead_letters(cloud, region, properties, is_fifo)
}

fn dead_letters(
    cloud: &Cloud,
    region: &str,
    properties: &Map,
    is_fifo: bool,
) -> Result<(), Refusal> {
    let Some(policy) = properties.get("RedrivePolicy") else {
        return Ok(());
    };
    let times = policy.at("maxReceiveCount").and_then(Value::as_int);
    if !times.is_some_and(|times| (1..=1000).contains(&times)) {
        return Err(invalid(
            "maxReceiveCount must be an integer between 1 and 1000",
        ));
    }
    let target = policy.at("deadLetterTargetArn").and_then(Value::as_str);
    let target = target.and_then(|arn| {
        let mut queues =
            (cloud.items.values()).filter(|item| &*item.kind == QUEUE && &*item.region == region);
        queues.find(|item| item.properties.get("Arn").and_then(Value::as_str) == Some(arn))
    });
    match target {
        None => Err(invalid("Dead letter target does not exist.")),
        Some(target) if is_on(&target.properties, "FifoQueue") != is_fifo => Err(invalid(
            "Dead-letter queue must be same type of queue as the source.",
        )),
        Some(_) => Ok(()),
    }
}
