//! What a resource carries: the blueprint's tags and our marks, where each kind keeps them, and the
//! resource as the rest of scalectl sees it, without our marks.
//!
//! `marks` says what the marks say and how they are written.

use super::marks::{Marks, Tags, is_ours};
use super::service::{self, Found};
use crate::address::{Address, GLOBAL};
use crate::inventory::{Applied, LiveResource, Owner, Stray};
use crate::kinds;
use crate::kinds::Identity;
use crate::provider::Write;
use crate::schema::{Registry, TagStyle};
use crate::value::{Map, Value};

/// The property that holds a kind's tags, and its form; launch templates have them deeper.
pub(super) fn tags_property(kind: &str) -> Option<(&'static str, TagStyle)> {
    Registry::embedded().kind(kind)?.tags()
}

/// Kinds whose tags say more than key and value, so that they are properties like others.
pub(super) fn keeps_tags(kind: &str) -> bool {
    kind == "AWS::AutoScaling::AutoScalingGroup"
}

/// The tags that a blueprint gives.
pub(super) fn own_tags(kind: &str, properties: &Map) -> Tags {
    match kinds::of(kind).identity {
        Identity::Tags => match tags_property(kind) {
            Some((name, TagStyle::List)) => service::tags(properties, name),
            Some((name, TagStyle::Map)) => service::tags_of_map(properties, name),
            None => Tags::new(),
        },
        Identity::TagSpecifications { resource_type } => {
            service::items(properties, "TagSpecifications")
                .filter(|one| service::text(one, "ResourceType") == resource_type)
                .flat_map(|one| service::tags(one, "Tags"))
                .collect()
        }
        Identity::Items { list } => items_tags(properties, list),
        Identity::Child { .. } | Identity::Text { .. } => Tags::new(),
    }
}

/// The tags of a list's items; of a key that several have, the first.
pub(super) fn items_tags(properties: &Map, list: &str) -> Tags {
    let mut found = Tags::new();
    for tag in service::items(properties, list).flat_map(|one| service::tags(one, "Tags")) {
        if !found.iter().any(|(key, _)| *key == tag.0) {
            found.push(tag);
        }
    }
    found
}

/// Sets tags of each item of a list and removes those whose key `unset` selects.
pub(super) fn tag_items(
    properties: &mut Map,
    list: &str,
    set: &Tags,
    unset: impl Fn(&str) -> bool,
) {
    let Some(Value::List(items)) = properties.get_mut(list) else {
        return;
    };
    for item in items {
        let Value::Map(item) = item else { continue };
        let mut tags = service::tags(item, "Tags");
        tags.retain(|(key, _)| !unset(key) && !set.iter().any(|(have, _)| have == key));
        tags.extend_from_slice(set);
        if tags.is_empty() {
            item.remove("Tags")
        } else {
            item.insert("Tags", Value::from(service::tag_list(&tags)))
        };
    }
}

/// The marks of one that exists.
pub(super) fn marks_of(found: &Found) -> Option<Marks> {
    if found.marks.is_some() {
        return found.marks.clone();
    }
    match kinds::of(found.kind).identity {
        Identity::Tags | Identity::Items { .. } | Identity::TagSpecifications { .. } => {
            Marks::from_tags(&found.tags)
        }
        Identity::Child { .. } => {
            let key = found.mark.as_ref().unwrap_or(&found.identifier);
            Marks::from_child_tag(&found.tags, found.kind, key)
        }
        Identity::Text { property } => Marks::from_text(found.properties.at(property)?.as_str()?).1,
    }
}

pub(super) fn is_same(marks: &Marks, write: &Write) -> bool {
    marks.is_of_same_write(&Marks::of(write))
}

/// One of ours as the rest of scalectl sees it: without our marks.
pub(super) fn reported(found: Found, marks: Marks) -> LiveResource {
    let mut properties = found.properties;
    match kinds::of(found.kind).identity {
        Identity::Tags if keeps_tags(found.kind) => {}
        Identity::Tags => {
            let tags: Tags = found
                .tags
                .into_iter()
                .filter(|(key, _)| !is_ours(key))
                .collect();
            if let (false, Some((name, style))) = (tags.is_empty(), tags_property(found.kind)) {
                let value = match style {
                    TagStyle::List => service::tag_list(&tags),
                    TagStyle::Map => service::tag_map(&tags),
                };
                properties.insert(name, Value::from(value));
            }
        }
        Identity::TagSpecifications { resource_type } => {
            let tags: Tags = found
                .tags
                .into_iter()
                .filter(|(key, _)| !is_ours(key))
                .collect();
            if !tags.is_empty() {
                let specification = serde_json::json!([{"ResourceType": resource_type, "Tags": service::tag_list(&tags)}]);
                properties.insert("TagSpecifications", Value::from(specification));
            }
        }
        Identity::Items { list } => tag_items(&mut properties, list, &Tags::new(), is_ours),
        Identity::Text { property } => strip_text(&mut properties, property),
        Identity::Child { .. } => {}
    }
    LiveResource {
        address: marks.address,
        kind: found.kind.into(),
        identifier: found.identifier,
        properties,
        status: found.status,
        applied: Some(marks.applied),
    }
}

/// What can be written of what was read.
pub(super) fn pick_writable(kind: &str, properties: &Map) -> Map {
    let schema = Registry::embedded().kind(kind);
    properties
        .iter()
        .filter(|(name, _)| !schema.is_some_and(|schema| schema.is_read_only(name)))
        .cloned()
        .collect()
}

/// Something that exists, whoever it belongs to.
pub(super) fn stray(found: Found) -> Stray {
    let marks = marks_of(&found);
    let owner = marks
        .as_ref()
        .map(|marks| (marks.owner.clone(), marks.address.clone()));
    // An address of no meaning: what is nobody's has none.
    let marks = marks.unwrap_or_else(|| Marks {
        owner: Owner {
            app: "".into(),
            env: "".into(),
        },
        address: Address::new(GLOBAL, "nobody", None),
        applied: Applied::default(),
    });
    let resource = reported(found, marks);
    Stray {
        kind: resource.kind,
        identifier: resource.identifier,
        properties: resource.properties,
        status: resource.status,
        owner,
    }
}

/// Takes our marks off the end of a text.
pub(super) fn strip_text(map: &mut Map, path: &str) {
    match path.split_once('.') {
        Some((head, rest)) => {
            if let Some(Value::Map(inner)) = map.get_mut(head) {
                strip_text(inner, rest);
            }
        }
        None => {
            if let Some(Value::String(text)) = map.get(path) {
                let text = Marks::from_text(text).0.to_owned();
                if text.is_empty() {
                    map.remove(path)
                } else {
                    map.insert(path, Value::str(text))
                };
            }
        }
    }
}
