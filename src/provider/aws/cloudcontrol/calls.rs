//! Cloud Control's calls: requests and their progress, patches, and what a handler's errors mean.

use std::time::Duration;

use serde_json::json;

use super::{Client, type_name};
use crate::kinds;
use crate::provider::aws::error;
use crate::provider::aws::sdk::cloudcontrol as cloud;
use crate::provider::aws::service::{NEXT_TOKEN, from_json, input, none_if_gone, pages, text};
use crate::provider::{ErrorKind, Outcome, ProviderError};
use crate::value::{Map, Value};

/// The first and the longest wait between two looks at a request.
const WAITS: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

/// Properties that name a parent, for a list of its children.
pub(super) fn model(property: &str, parent: &str) -> String {
    let model = match property.strip_suffix(".0") {
        Some(list) => json!({list: [parent]}),
        None => json!({property: parent}),
    };
    model.to_string()
}

pub(super) fn resource(kind: &str, identifier: &str) -> Map {
    input(json!({"TypeName": type_name(kind), "Identifier": identifier}))
}

/// The properties in a description, which come as text.
fn properties_of(description: &Map) -> Map {
    match from_json(text(description, "Properties")) {
        Value::Map(properties) => properties,
        _ => Map::new(),
    }
}

pub(super) async fn get(api: &Client, kind: &str, id: &str) -> Outcome<Option<Map>> {
    let answer = none_if_gone(told(cloud::get_resource(api, &resource(kind, id)).await))?;
    let description = answer
        .as_ref()
        .and_then(|answer| answer.get("ResourceDescription")?.as_map());
    let mut properties = description.map(properties_of);
    if let (Some(stand_in), Some(properties)) = (kinds::of(kind).stand_in, &mut properties)
        && let Some(only) = properties.remove(stand_in.single)
    {
        properties.insert(stand_in.list, Value::list([only]));
    }
    Ok(properties)
}

/// Identifiers of a kind, with what the list tells of each.
pub(super) async fn listed(
    api: &Client,
    kind: &str,
    model: Option<String>,
) -> Outcome<Vec<(String, Map)>> {
    let question =
        input(json!({"TypeName": type_name(kind), "MaxResults": 100, "ResourceModel": model}));
    let call = async |question: &Map| told(cloud::list_resources(api, question).await);
    let found = pages(call, question, "ResourceDescriptions", NEXT_TOKEN).await?;
    let entry = |one: &Map| (text(one, "Identifier").to_owned(), properties_of(one));
    Ok(found.iter().map(entry).collect())
}

/// A step of a JSON patch (RFC 6902) that sets a property; `add` replaces what there is.
pub(super) fn add(name: &str, value: &Value) -> serde_json::Value {
    json!({"op": "add", "path": pointer(name), "value": value})
}

pub(super) fn remove(name: &str) -> serde_json::Value {
    json!({"op": "remove", "path": pointer(name)})
}

/// A property's JSON pointer (RFC 6901).
fn pointer(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

pub(super) async fn apply(
    api: &Client,
    kind: &str,
    identifier: &str,
    patch: Vec<serde_json::Value>,
) -> Outcome<()> {
    if patch.is_empty() {
        return Ok(());
    }
    let mut request = resource(kind, identifier);
    let patch = serde_json::Value::Array(patch).to_string();
    request.insert("PatchDocument", Value::str(patch));
    let event = event_of(told(cloud::update_resource(api, &request).await)?);
    settled(api, kind, event, false).await?;
    Ok(())
}

pub(super) fn event_of(mut answer: Map) -> Map {
    match answer.remove("ProgressEvent") {
        Some(Value::Map(event)) => event,
        _ => Map::new(),
    }
}

/// A request's last word, or, for `named`, the first that has an identifier.
pub(super) async fn settled(api: &Client, kind: &str, mut event: Map, named: bool) -> Outcome<Map> {
    let mut wait = WAITS.0;
    loop {
        match text(&event, "OperationStatus") {
            "SUCCESS" => return Ok(event),
            "FAILED" | "CANCEL_COMPLETE" => {
                let (code, message) = (text(&event, "ErrorCode"), text(&event, "StatusMessage"));
                return Err(failed(kind, handler_kind(code, message), code, message));
            }
            _ if named && !text(&event, "Identifier").is_empty() => return Ok(event),
            _ => {}
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(WAITS.1);
        let request = input(json!({"RequestToken": text(&event, "RequestToken")}));
        event = event_of(told(
            cloud::get_resource_request_status(api, &request).await,
        )?);
    }
}

pub(super) fn failed(kind: &str, condition: ErrorKind, code: &str, message: &str) -> ProviderError {
    ProviderError {
        kind: condition,
        code: code.to_owned(),
        message: message.to_owned(),
        operation: kind.to_owned(),
    }
}

/// An outcome whose error says what Cloud Control's own code means.
pub(super) fn told(outcome: Outcome<Map>) -> Outcome<Map> {
    outcome.map_err(|error| {
        let kind = match error.kind {
            // No answer, no right, no lease: nothing of Cloud Control's.
            kind @ (ErrorKind::Transient
            | ErrorKind::Denied
            | ErrorKind::Held
            | ErrorKind::Throttled) => kind,
            _ => handler_kind(error.code.trim_end_matches("Exception"), &error.message),
        };
        ProviderError { kind, ..error }
    })
}

/// What a handler's error code means
/// (<https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-test-contract-errors.html>).
fn handler_kind(code: &str, message: &str) -> ErrorKind {
    match code {
        "AlreadyExists" => ErrorKind::AlreadyExists,
        "NotFound" | "ResourceNotFound" => ErrorKind::NotFound,
        "TypeNotFound" | "UnsupportedAction" | "UnsupportedTarget" => ErrorKind::Unsupported,
        "Throttling" => ErrorKind::Throttled,
        "ResourceConflict" | "ConcurrentOperation" | "ConcurrentModification" => {
            ErrorKind::Conflict
        }
        "AccessDenied" | "InvalidCredentials" | "UnauthorizedTaggingOperation" => ErrorKind::Denied,
        "ServiceLimitExceeded" => ErrorKind::Quota,
        "ServiceInternalError"
        | "InternalFailure"
        | "HandlerInternalFailure"
        | "NetworkFailure"
        | "NotStabilized"
        | "ServiceTimeout" => ErrorKind::Transient,
        // The service's own words are in the message.
        _ => error::kind_of(code, message, 400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_names_properties_by_pointer() {
        assert_eq!(
            add("Tags", &Value::Int(1)),
            json!({"op": "add", "path": "/Tags", "value": 1})
        );
        assert_eq!(remove("a/b~c"), json!({"op": "remove", "path": "/a~1b~0c"}));
    }

    #[test]
    fn handlers_errors_are_told_apart() {
        for (code, message, kind) in [
            ("AlreadyExists", "", ErrorKind::AlreadyExists),
            ("NotStabilized", "", ErrorKind::Transient),
            ("TypeNotFound", "", ErrorKind::Unsupported),
            (
                "GeneralServiceException",
                "The role cannot be assumed",
                ErrorKind::NotFound,
            ),
            ("InvalidRequest", "no", ErrorKind::Invalid),
        ] {
            assert_eq!(handler_kind(code, message), kind, "{code}");
        }
    }
}
