//! What may be written down of a live resource: no secrets, and the same text for the same state.
//!
//! What AWS never gives back is left out, by the registry's word for every path, because one provider
//! tells it and another does not. What [`schema::is_secret_in`] names is shown by a digest, so that a
//! plan can still tell whether it is the one that is wanted. Lists without an order are sorted.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::address::Address;
use crate::compare::Rules;
use crate::inventory::LiveResource;
use crate::ownership;
use crate::schema::{self, KindSchema, Shape, Within};
use crate::value::{Map, Value, hidden};

/// A live resource as it may be written down.
pub fn conceal(resource: &LiveResource) -> LiveResource {
    LiveResource {
        properties: properties(&resource.address, &resource.kind, &resource.properties),
        ..resource.clone()
    }
}

/// The properties of a resource as they may be written down.
pub fn properties(address: &Address, kind: &str, properties: &Map) -> Map {
    let conceal = Conceal {
        address,
        rules: Rules::of(kind),
    };
    let shapes = conceal.rules.schema.map(KindSchema::properties);
    conceal.object("", shapes, properties, Within::default())
}

/// A secret, whatever its form; whether there is one is none, nor is where it is kept.
fn secret(address: &Address, path: &str, value: &Value) -> Value {
    let hidden = |text: &str| Value::str(ownership::concealed(address, path, text));
    match value {
        Value::Null | Value::Bool(_) | Value::Reference(_) => value.clone(),
        _ if schema::is_kept_elsewhere(value) => value.clone(),
        Value::String(text) if hidden::is_hidden(text) => value.clone(),
        Value::String(text) => hidden(text),
        Value::List(items) => Value::list(items.iter().map(|item| secret(address, path, item))),
        Value::Map(map) => Value::Map(
            map.iter()
                .map(|(key, value)| (key.clone(), secret(address, path, value)))
                .collect(),
        ),
        other => hidden(&other.to_string()),
    }
}

struct Conceal<'a> {
    address: &'a Address,
    rules: Rules<'static>,
}

impl Conceal<'_> {
    fn is_write_only(&self, path: &str) -> bool {
        let schema = self.rules.schema;
        schema.is_some_and(|schema| schema.is_write_only(path))
    }

    /// `path` has `*` for a list's items.
    fn value(
        &self,
        path: &str,
        shape: Option<&'static Shape>,
        value: &Value,
        within: Within,
    ) -> Value {
        let shape = shape.and_then(|shape| self.rules.schema.map(|schema| schema.resolve(shape)));
        match value {
            Value::Map(map) => {
                let shapes = shape.and_then(|shape| shape.properties.as_ref());
                Value::Map(self.object(&format!("{path}."), shapes, map, within))
            }
            Value::List(items) => {
                let below = format!("{path}.*");
                let inner = shape.and_then(|shape| shape.items.as_deref());
                let each = |(index, item)| {
                    if within.hides_item(items, index) {
                        secret(self.address, &below, item)
                    } else {
                        self.value(&below, inner, item, within.item())
                    }
                };
                let mut items: Vec<Value> = items.iter().enumerate().map(each).collect();
                if self.has_no_order(path, shape) {
                    items.sort_by_cached_key(|item| serde_json::Value::from(item).to_string());
                }
                Value::List(items)
            }
            text => schema::in_json(text, |inner| {
                self.value(path, None, inner, Within::default())
            })
            .or_else(|| schema::in_urls(text, |one| secret(self.address, path, one).to_string()))
            .unwrap_or_else(|| text.clone()),
        }
    }

    /// `above` is the path, with its dot, or nothing for a resource's own properties.
    fn object(
        &self,
        above: &str,
        shapes: Option<&'static BTreeMap<Arc<str>, Shape>>,
        map: &Map,
        within: Within,
    ) -> Map {
        map.iter()
            .map(|(key, value)| (key, format!("{above}{key}"), value))
            .filter(|(_, below, _)| !self.is_write_only(below))
            .map(|(key, below, value)| {
                let shape = shapes.and_then(|shapes| shapes.get(key));
                let value = if schema::is_secret_in(map, key) || within.hides(map, key) {
                    secret(self.address, &below, value)
                } else {
                    self.value(&below, shape, value, within.below(key))
                };
                (Arc::clone(key), value)
            })
            .collect()
    }

    fn has_no_order(&self, path: &str, shape: Option<&Shape>) -> bool {
        let tags = self.rules.schema.and_then(KindSchema::tags);
        self.rules.facts.sets.iter().any(|(at, _)| *at == path)
            || tags.is_some_and(|(tags, _)| tags == path)
            || shape.is_some_and(Shape::is_set)
    }
}

#[cfg(test)]
mod tests {
    use crate::compare;
    use crate::compare::redact::*;

    fn concealed(kind: &str, json: serde_json::Value) -> Map {
        let Value::Map(map) = serde_json::from_value(json).unwrap() else {
            panic!("an object is needed")
        };
        properties(&"us-east-1/x".parse().unwrap(), kind, &map)
    }

    fn text(map: &Map) -> String {
        serde_json::to_string(map).unwrap()
    }

    #[test]
    fn what_aws_never_gives_back_is_left_out_at_every_depth() {
        let map = concealed(
            "AWS::ElasticLoadBalancingV2::Listener",
            serde_json::json!({"Port": 443, "DefaultActions": [{"Type": "authenticate-oidc",
                "AuthenticateOidcConfig": {"ClientId": "id", "ClientSecret": "hunter2"}}]}),
        );
        assert!(text(&map).contains("\"ClientId\":\"id\"") && !text(&map).contains("ClientSecret"));
        let map = concealed(
            "AWS::RDS::DBInstance",
            serde_json::json!({"Engine": "postgres", "MasterUserPassword": "hunter2", "ManageMasterUserPassword": true}),
        );
        assert_eq!(
            text(&map),
            r#"{"Engine":"postgres","ManageMasterUserPassword":true}"#
        );
    }

    #[test]
    fn no_secret_is_written_down_whatever_its_form_and_place() {
        let hostile = serde_json::json!({
            "DbPassword": "hunter2",
            "PinPassword": 271828,
            "List": [{"Key": "AdminPassword", "Value": "hunter2"}, {"Name": "a", "ApiSecretKey": ["hunter2"]}],
            "Environment": {"Variables": {"ClientSecret": {"deep": "hunter2"}, "AuthToken": "(hidden hunter2)"}},
        });
        let map = concealed("AWS::Unknown::Kind", hostile);
        for secret in ["hunter2", "271828"] {
            assert!(!text(&map).contains(secret), "{}", text(&map));
        }
        let encrypted =
            serde_json::json!({"Name": "/a", "Type": "SecureString", "Value": "hunter2"});
        let map = concealed("AWS::SSM::Parameter", encrypted);
        assert!(!text(&map).contains("hunter2"), "{}", text(&map));
    }

    #[test]
    fn a_concealed_secret_still_tells_whether_it_is_the_wanted_one() {
        let kind = "AWS::Unknown::Kind";
        let live = concealed(
            kind,
            serde_json::json!({"A": {"B": {"DbPassword": "hunter2"}}}),
        );
        let wanted = |secret: &str| Value::from(serde_json::json!({"B": {"DbPassword": secret}}));
        let differs = |secret: &str| {
            !compare::property(Rules::of(kind), "A", &wanted(secret), live.get("A")).is_empty()
        };
        assert!(!differs("hunter2") && differs("hunter3"));
        let twice = properties(&"us-east-1/x".parse().unwrap(), kind, &live);
        assert_eq!(twice, live, "what is concealed once stays as it is");
    }

    #[test]
    fn the_order_in_which_aws_lists_things_leaves_no_trace() {
        let tag = |key: &str| serde_json::json!({"Key": key, "Value": "1"});
        let of = |tags: [&str; 2]| {
            let tags = tags.map(tag);
            concealed("AWS::EC2::VPC", serde_json::json!({"Tags": tags}))
        };
        assert_eq!(of(["a", "b"]), of(["b", "a"]));
    }
}
