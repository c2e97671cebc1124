//! Every other kind, through Cloud Control: one interface to what CloudFormation's own handlers do.
//!
//! It is slower than the services themselves, so it serves only what has no mapping of its own. It
//! lists what the account has of a kind, with few properties and no filter: which are ours is told by
//! the tags, for which those whose list entry has none are read one by one. Children are listed
//! through their parents. `calls` are its calls, and what their answers mean.

mod calls;

use async_trait::async_trait;
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use futures_util::future::try_join_all;
use serde_json::json;

use tokio::sync::Mutex;

use self::calls::{
    add, apply, event_of, failed, get, listed, model, remove, resource, settled, told,
};
use super::call::Api;
use super::carried::{items_tags, tag_items};
use super::marks::{Marks, Tags};
use super::sdk::cloudcontrol as cloud;
use super::service::{
    Found, Place, Service, Site, Which, input, tag_list, tag_map, tags, tags_of_map, text,
};
use crate::inventory::{Handle, Status};
use crate::kinds;
use crate::kinds::Identity;
use crate::provider::{ErrorKind, Outcome, ProviderError, Write};
use crate::schema::{Registry, TagStyle};
use crate::value::{Map, Value};

/// Tokens that a creation tries. A request that failed answers its token for 36 hours with that
/// failure (<https://docs.aws.amazon.com/cloudcontrolapi/latest/userguide/resource-operations.html>),
/// so that trying again takes the next one.
const TOKENS: usize = 20;

type Client = Api<aws_sdk_cloudcontrol::Client>;

/// The mapping that serves every kind without one, so that it names none itself.
pub fn services() -> Vec<Box<dyn Service>> {
    vec![Box::new(CloudControl::default())]
}

/// The mapping of every other kind.
#[derive(Default)]
struct CloudControl {
    /// Creations that this process began and has not seen the end of, by kind and identifier.
    under_way: RefCell<HashMap<Key, Begun>>,
    /// Whoever changes the tags of a resource: they are read and written as a whole.
    tagging: RefCell<HashMap<Key, Arc<Mutex<()>>>>,
}

/// A resource's type and identifier.
type Key = (String, String);

/// A creation under way.
#[derive(Clone)]
struct Begun {
    request: String,
    tags: Tags,
}

#[async_trait(?Send)]
impl Service for CloudControl {
    fn kinds(&self) -> &'static [&'static str] {
        &[]
    }

    async fn list(
        &self,
        place: Place<'_>,
        kinds: &BTreeSet<Arc<str>>,
        which: Which<'_>,
    ) -> Outcome<Vec<Found>> {
        let api = &place.clients.cloudcontrol(place.region);
        let known = kinds
            .iter()
            .filter_map(|kind| Registry::embedded().kind(kind));
        let each = known.map(|schema| self.of_kind(api, place.region, &schema.kind, which));
        let found = try_join_all(each).await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn create(
        &self,
        place: Place<'_>,
        write: &Write,
        tags: &Tags,
        token: &str,
    ) -> Outcome<Arc<str>> {
        let api = &place.clients.cloudcontrol(place.region);
        let site = place.site().await?;
        if is_child(&write.kind)
            && self.mark_key(place, write).is_none()
            && self.identifier(site, write).is_none()
        {
            let why = format!(
                "its mark on what it belongs to needs {}, which AWS would make up: set it in the blueprint",
                missing(write).join(" and ")
            );
            return Err(failed(&write.kind, ErrorKind::Unsupported, "NoMark", &why));
        }
        let state = serde_json::Value::from(&Value::Map(desired(write, tags))).to_string();
        let mut event = Map::new();
        for attempt in 0..TOKENS {
            let request = input(json!({
                "TypeName": type_name(&write.kind), "DesiredState": state,
                "ClientToken": format!("{token}-{attempt}"),
            }));
            event = event_of(told(cloud::create_resource(api, &request).await)?);
            if text(&event, "OperationStatus") != "FAILED" {
                break;
            }
        }
        let event = settled(api, &write.kind, event, true).await?;
        let identifier = text(&event, "Identifier");
        if text(&event, "OperationStatus") != "SUCCESS" {
            let key = (write.kind.to_string(), identifier.to_owned());
            let request = text(&event, "RequestToken").to_owned();
            let tags = tags.clone();
            self.under_way
                .borrow_mut()
                .insert(key, Begun { request, tags });
        }
        Ok(identifier.into())
    }

    async fn update(
        &self,
        place: Place<'_>,
        handle: &Handle,
        write: &Write,
        changed: &[Arc<str>],
    ) -> Outcome<()> {
        let api = &place.clients.cloudcontrol(place.region);
        let wanted = desired(write, &Tags::new());
        let mut names: BTreeSet<&str> = changed.iter().map(|name| &**name).collect();
        if let Identity::Text { property } = kinds::of(&handle.kind).identity {
            // Marks are in it, whatever else is changed.
            names.insert(property.split('.').next().unwrap_or(property));
        }
        // Only what is there can be removed.
        let current = if names.iter().all(|name| wanted.contains_key(name)) {
            Map::new()
        } else {
            get(api, &handle.kind, &handle.identifier)
                .await?
                .unwrap_or_default()
        };
        let patch: Vec<_> = names
            .into_iter()
            .filter_map(|name| match wanted.get(name) {
                Some(value) => Some(add(name, value)),
                None => current.contains_key(name).then(|| remove(name)),
            })
            .collect();
        apply(api, &handle.kind, &handle.identifier, patch).await
    }

    async fn delete(&self, place: Place<'_>, handle: &Handle) -> Outcome<()> {
        let api = &place.clients.cloudcontrol(place.region);
        let resource = resource(&handle.kind, &handle.identifier);
        let event = event_of(told(cloud::delete_resource(api, &resource).await)?);
        settled(api, &handle.kind, event, false).await?;
        Ok(())
    }

    async fn tag(
        &self,
        place: Place<'_>,
        kind: &str,
        identifier: &str,
        set: &Tags,
        unset: &[String],
    ) -> Outcome<()> {
        let api = &place.clients.cloudcontrol(place.region);
        if let Identity::Items { list } = kinds::of(kind).identity {
            let mut current = get(api, kind, identifier).await?.unwrap_or_default();
            tag_items(&mut current, list, set, |key| {
                unset.iter().any(|have| have == key)
            });
            let patch = current.get(list).map(|items| add(list, items));
            return apply(api, kind, identifier, patch.into_iter().collect()).await;
        }
        let Some((property, style)) = tags_property(kind) else {
            return Ok(());
        };
        let key = (kind.to_owned(), identifier.to_owned());
        let lock = self.tagging.borrow_mut().entry(key).or_default().clone();
        let _alone = lock.lock().await;
        let current = get(api, kind, identifier).await?.unwrap_or_default();
        let stays = |key: &str| {
            let named = set.iter().any(|(have, _)| have == key);
            !named && !unset.iter().any(|have| have == key) && !key.starts_with("aws:")
        };
        let mut tags: Tags = tags_in(&current, property, style);
        tags.retain(|(key, _)| stays(key));
        tags.extend_from_slice(set);
        let patch = if tags.is_empty() {
            remove(property)
        } else {
            add(property, &tags_value(&tags, style))
        };
        apply(api, kind, identifier, vec![patch]).await
    }

    fn mark_key(&self, _: Place<'_>, write: &Write) -> Option<Arc<str>> {
        mark_key(&write.kind, &write.properties)
    }

    fn identifier(&self, _: Site<'_>, write: &Write) -> Option<Arc<str>> {
        let schema = Registry::embedded().kind(&write.kind)?;
        let parts =
            schema
                .primary_identifier()
                .iter()
                .map(|path| match write.properties.at(path)? {
                    Value::Map(_) | Value::List(_) | Value::Null => None,
                    scalar => Some(scalar.to_string()),
                });
        let parts: Option<Vec<String>> = parts.collect();
        Some(parts?.join("|").into())
    }
}

/// What is wrong where a kind is listed only below what it belongs to, such as a service of its cluster: Cloud Control
/// asks for that in words of its own, and who looks for what exists does not know it.
fn below_others(kind: &str, error: ProviderError) -> ProviderError {
    let asks = ["ResourceModel", "Required property"];
    if error.kind == ErrorKind::Invalid && asks.iter().any(|words| error.message.contains(words)) {
        failed(
            kind,
            ErrorKind::Unsupported,
            "NotListed",
            "Cloud Control lists it only below what it belongs to, so that it would not be found again; make it outside of scalectl",
        )
    } else {
        error
    }
}

impl CloudControl {
    /// Those of one kind that are asked for.
    async fn of_kind(
        &self,
        api: &Client,
        region: &str,
        kind: &'static str,
        which: Which<'_>,
    ) -> Outcome<Vec<Found>> {
        let found = match (which, kinds::of(kind).identity) {
            (Which::Named(names), _) => {
                try_join_all(names.iter().map(|name| self.named(api, kind, name))).await?
            }
            (
                Which::Owned(_),
                Identity::Child {
                    parent, kind: of, ..
                },
            ) => {
                return self.children(api, region, kind, (parent, of), which).await;
            }
            (which, _) => {
                let listed = listed(api, kind, None)
                    .await
                    .map_err(|error| below_others(kind, error))?;
                let ids = listed.iter().filter(|(_, properties)| {
                    let Some((property, style)) = tags_property(kind) else {
                        return true;
                    };
                    // An entry with tags tells by them; one without may have some all the same.
                    !properties.contains_key(property)
                        || which.wants_tagged(&tags_in(properties, property, style))
                });
                try_join_all(ids.map(|(id, _)| self.named(api, kind, id))).await?
            }
        };
        let identity = kinds::of(kind).identity;
        let in_items = matches!(identity, Identity::Items { .. });
        let tagged = tags_property(kind).is_some() || in_items;
        // Every region of a global table lists it; it is a resource of the one that its address names.
        let is_here = |one: &Found| {
            let marks = Marks::from_tags(&one.tags).filter(|_| in_items);
            marks.is_none_or(|marks| &*marks.address.region == region)
        };
        let wanted = |one: &Found| (!tagged || which.wants_tagged(&one.tags)) && is_here(one);
        Ok(found.into_iter().flatten().filter(wanted).collect())
    }

    /// Children, through their parents of the same owner.
    async fn children(
        &self,
        api: &Client,
        region: &str,
        kind: &'static str,
        (property, of): (&str, &'static str),
        which: Which<'_>,
    ) -> Outcome<Vec<Found>> {
        let parents = Box::pin(self.of_kind(api, region, of, which)).await?;
        let found = parents.iter().map(|parent| async move {
            if is_called_by_its_parent(kind, property) {
                let properties = get(api, kind, &parent.identifier).await?;
                let only = properties.map(|properties| {
                    let properties = below(parent, property, properties);
                    child(kind, parent.identifier.clone(), properties, &parent.tags)
                });
                return Ok(Vec::from_iter(only));
            }
            let model = model(property, &parent.identifier);
            let entries = listed(api, kind, Some(model)).await?;
            let children = entries.iter().map(|(id, _)| get(api, kind, id));
            let mut found = Vec::new();
            for ((id, _), properties) in entries.iter().zip(try_join_all(children).await?) {
                // A handler may list more than it was asked for.
                if let Some(properties) = properties
                    && is_named(parent, properties.at(property))
                {
                    let properties = below(parent, property, properties);
                    found.push(child(kind, id.as_str().into(), properties, &parent.tags));
                }
            }
            Ok(found)
        });
        Ok(try_join_all(found).await?.into_iter().flatten().collect())
    }

    /// One, with its tags or its parent's.
    async fn named(&self, api: &Client, kind: &'static str, id: &str) -> Outcome<Option<Found>> {
        let key = (kind.to_owned(), id.to_owned());
        let begun = self.under_way.borrow().get(&key).cloned();
        let mut status = Status::Ready;
        if let Some(begun) = &begun {
            let request = input(json!({"RequestToken": begun.request}));
            let event = event_of(told(
                cloud::get_resource_request_status(api, &request).await,
            )?);
            status = match text(&event, "OperationStatus") {
                "SUCCESS" => Status::Ready,
                "FAILED" | "CANCEL_COMPLETE" => {
                    Status::Failed(text(&event, "StatusMessage").into())
                }
                state => Status::Pending(state.into()),
            };
            if !matches!(status, Status::Pending(_)) {
                self.under_way.borrow_mut().remove(&key);
            }
        }
        let Some(mut properties) = get(api, kind, id).await? else {
            // Cloud Control knows of it before the service does.
            let begun = begun.filter(|_| matches!(status, Status::Pending(_)));
            return Ok(begun.map(|begun| Found {
                status,
                ..Found::new(kind, id, Map::new(), begun.tags)
            }));
        };
        let tags = match (tags_property(kind), kinds::of(kind).identity) {
            (Some((property, style)), Identity::Tags) => {
                let tags = tags_in(&properties, property, style);
                properties.remove(property);
                tags
            }
            (_, Identity::Items { list }) => items_tags(&properties, list),
            (
                _,
                Identity::Child {
                    parent, kind: of, ..
                },
            ) => {
                let named = properties.at(parent).and_then(Value::as_str);
                let found = get(api, of, named.unwrap_or_default()).await?;
                let (property, style) = tags_property(of).unwrap_or(("Tags", TagStyle::List));
                if let Some(own) = found.as_ref().and_then(|found| only_name(of, found))
                    && !parent.contains('.')
                {
                    properties.insert(parent, own);
                }
                found
                    .map(|found| tags_in(&found, property, style))
                    .unwrap_or_default()
            }
            _ => Tags::new(),
        };
        Ok(Some(Found {
            status,
            ..child(kind, id.into(), properties, &tags)
        }))
    }
}

/// One that was read, with what its mark on its parent is keyed by if it has one there.
fn child(kind: &'static str, id: Arc<str>, properties: Map, tags: &Tags) -> Found {
    let mark = mark_key(kind, &properties);
    Found {
        mark,
        ..Found::new(kind, id, properties, tags.clone())
    }
}

/// What tells a child from its siblings where AWS makes its identifier up.
fn mark_key(kind: &str, properties: &Map) -> Option<Arc<str>> {
    let Identity::Child { among, .. } = kinds::of(kind).identity else {
        return None;
    };
    let values = among.iter().map(|path| {
        let value = properties.at(path);
        value.map(Value::to_string).unwrap_or_default()
    });
    (!among.is_empty()).then(|| values.collect::<Vec<_>>().join("|").into())
}

/// What a resource of `kind` is called, where one property says it.
fn only_name(kind: &str, properties: &Map) -> Option<Value> {
    let only = Registry::embedded().kind(kind)?.only_identifier()?;
    properties.get(only).cloned()
}

/// A child's properties with its parent called by its identifier, as blueprints do, where AWS answers with its ARN.
fn below(parent: &Found, property: &str, mut properties: Map) -> Map {
    if !property.contains('.') {
        properties.insert(property, Value::str(&*parent.identifier));
    }
    properties
}

/// Whether there is one for each of its parents, and it is called as its parent is.
fn is_called_by_its_parent(kind: &str, property: &str) -> bool {
    if kinds::of(kind).stand_in.is_some() {
        return true;
    }
    let schema = Registry::embedded().kind(kind);
    schema.and_then(|schema| schema.only_identifier()) == Some(property)
}

/// Whether a child's property names this parent, by its identifier or by its ARN.
fn is_named(parent: &Found, name: Option<&Value>) -> bool {
    let Some(name) = name.and_then(Value::as_str) else {
        return false;
    };
    let own = parent.properties.iter();
    *name == *parent.identifier
        || own
            .filter(|(key, _)| key.to_ascii_lowercase().ends_with("arn"))
            .any(|(_, value)| value.as_str() == Some(name))
}

/// The parts of an identifier that a write does not say.
fn missing(write: &Write) -> Vec<&'static str> {
    let schema = Registry::embedded().kind(&write.kind);
    let parts = schema.map_or(&[][..], |schema| schema.primary_identifier());
    let unsaid = parts
        .iter()
        .filter(|path| write.properties.at(path).is_none());
    unsaid.map(|path| &**path).collect()
}

/// What Cloud Control calls a type.
fn type_name(kind: &str) -> &str {
    kinds::of(kind)
        .stand_in
        .map_or(kind, |stand_in| stand_in.kind)
}

fn is_child(kind: &str) -> bool {
    matches!(kinds::of(kind).identity, Identity::Child { .. })
}

fn tags_property(kind: &str) -> Option<(&'static str, TagStyle)> {
    Registry::embedded().kind(kind)?.tags()
}

fn tags_in(properties: &Map, property: &str, style: TagStyle) -> Tags {
    match style {
        TagStyle::List => tags(properties, property),
        TagStyle::Map => tags_of_map(properties, property),
    }
}

fn tags_value(tags: &Tags, style: TagStyle) -> Value {
    Value::from(match style {
        TagStyle::List => tag_list(tags),
        TagStyle::Map => tag_map(tags),
    })
}

/// What a resource should be, with these tags and marks.
fn desired(write: &Write, tags: &Tags) -> Map {
    let mut properties = write.properties.clone();
    match kinds::of(&write.kind).identity {
        Identity::Text { property } => {
            let text = text(&properties, property);
            let marked = Value::str(Marks::of(write).to_text(text));
            put(&mut properties, property, marked);
        }
        Identity::Child { .. } => {
            if let Some(stand_in) = kinds::of(&write.kind).stand_in
                && let Some(Value::List(items)) = properties.remove(stand_in.list)
                && let Some(only) = items.first()
            {
                properties.insert(stand_in.single, only.clone());
            }
        }
        // An update replaces the whole list, so the marks are in it, whatever else is changed.
        Identity::Items { list } => {
            tag_items(&mut properties, list, &Marks::of(write).to_tags(), |_| {
                false
            });
        }
        Identity::Tags | Identity::TagSpecifications { .. } => {
            if let (Some((property, style)), false) = (tags_property(&write.kind), tags.is_empty())
            {
                properties.insert(property, tags_value(tags, style));
            }
        }
    }
    properties
}

/// Sets what stands at a dotted path of objects.
fn put(map: &mut Map, path: &str, value: Value) {
    let Some((head, rest)) = path.split_once('.') else {
        map.insert(path, value);
        return;
    };
    let mut inner = match map.remove(head) {
        Some(Value::Map(inner)) => inner,
        _ => Map::new(),
    };
    put(&mut inner, rest, value);
    map.insert(head, Value::Map(inner));
}
