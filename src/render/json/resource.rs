//! One resource as programs read it, without its secrets.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::plan::{ChangeJson, change};
use crate::address::Address;
use crate::compare::redact::properties;
use crate::graph;
use crate::inventory::{LiveResource, Status};
use crate::plan::Change;
use crate::value::Map;

/// What `scalectl show --json` prints.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Resource")]
pub struct Document<'a> {
    /// The document type: `resource`.
    #[schemars(extend("const" = "resource"))]
    pub document: &'static str,
    /// The format version; it increases with incompatible changes.
    #[schemars(extend("const" = 1))]
    pub format: u32,
    /// Its address.
    pub address: &'a Address,
    /// The existing resource; null if it does not exist.
    pub live: Option<Live<'a>>,
    /// The resource in the spec; null if the spec does not have it.
    pub desired: Option<Desired<'a>>,
    /// What apply would do to it: none or one change, and one more for a leftover of a replace.
    pub changes: Vec<ChangeJson<'a>>,
}

/// An existing resource.
#[derive(Serialize, JsonSchema)]
pub struct Live<'a> {
    /// The CloudFormation resource type.
    pub kind: &'a str,
    /// The cloud's identifier.
    pub identifier: &'a str,
    /// Its status.
    pub status: &'a Status,
    /// Its properties. A secret is shown as `(hidden ...)` with a digest, so that two can be compared.
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub properties: Map,
}

/// A resource in the spec.
#[derive(Serialize, JsonSchema)]
pub struct Desired<'a> {
    /// The CloudFormation resource type.
    pub kind: &'a str,
    /// The part of the architecture.
    pub tier: &'a str,
    /// Its properties, without those that the cloud never returns. Values that are known after
    /// apply are `{"$ref": "ADDRESS#PATH"}`; a secret is shown as `(hidden ...)`.
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub properties: Map,
    /// Resources that must exist first although no property refers to them.
    pub after: &'a [Address],
    /// Whether deleting or replacing it is rejected unless it is named.
    pub protect: bool,
    /// Paths of properties that may be changed outside scalectl.
    pub ignore_changes: &'a [Arc<str>],
}

/// A resource as a document.
pub fn document<'a>(
    address: &'a Address,
    live: Option<&'a LiveResource>,
    desired: Option<&'a graph::Resource>,
    changes: &'a [Change],
) -> Document<'a> {
    Document {
        document: "resource",
        format: 1,
        address,
        live: live.map(|live| Live {
            kind: &live.kind,
            identifier: &live.identifier,
            status: &live.status,
            properties: properties(address, &live.kind, &live.properties),
        }),
        desired: desired.map(|desired| Desired {
            kind: &desired.kind,
            tier: &desired.tier,
            properties: properties(address, &desired.kind, &desired.properties),
            after: &desired.after,
            protect: desired.lifecycle.protect,
            ignore_changes: &desired.lifecycle.ignore_changes,
        }),
        changes: changes.iter().map(|one| change(one, None)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_told_neither_live_nor_desired() {
        let address: Address = "us-east-1/param".parse().unwrap();
        let kind: Arc<str> = "AWS::SSM::Parameter".into();
        let of = |value: &str| -> Map {
            let json = serde_json::json!({"Name": "/a", "Type": "SecureString", "Value": value});
            serde_json::from_value(json).unwrap()
        };
        let live = LiveResource {
            address: address.clone(),
            kind: kind.clone(),
            identifier: "/a".into(),
            properties: of("hunter2"),
            status: Status::Ready,
            applied: None,
        };
        let desired = graph::Resource {
            address: address.clone(),
            kind,
            tier: "data".into(),
            role: None,
            properties: of("hunter3"),
            after: Vec::new(),
            lifecycle: graph::Lifecycle::default(),
            ready_when: Vec::new(),
        };
        let told = document(&address, Some(&live), Some(&desired), &[]);
        let text = serde_json::to_string(&told).unwrap();
        assert!(!text.contains("hunter"), "{text}");
        assert_eq!(text.matches("(hidden ").count(), 2, "{text}");
    }
}
