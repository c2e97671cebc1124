//! What changes: create, update, adopt and delete one resource, each with our marks and never
//! somebody else's.
//!
//! `service` says how a kind is written; this module says what keeps it from being made twice.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::carried::{is_same, keeps_tags, marks_of, own_tags, pick_writable, tags_property};
use super::marks::{self, Marks, Tags, is_ours};
use super::service::{Depth, Found, Which};
use super::{Aws, fail, resolve};
use crate::address::Address;
use crate::inventory::{Applied, Handle, Owner, Status};
use crate::kinds;
use crate::kinds::Identity;
use crate::provider::{ErrorKind, Outcome, ProviderError, Write};
use crate::schema::Registry;
use crate::value::Map;

/// How often one that may have been made already is looked for before it is made again, and how
/// long apart: EC2 shows what it has made within seconds.
const LOOKS: [Duration; 4] = [
    Duration::from_millis(200),
    Duration::from_millis(800),
    Duration::from_secs(2),
    Duration::from_secs(4),
];

impl Aws {
    pub(super) async fn make(&self, write: &Write) -> Outcome<Arc<str>> {
        let number = self.number(&write.kind)?;
        let service = &self.services[number];
        let place = self.place(&write.address.region, None);
        let token = marks::token(write);
        let write = &Write {
            properties: resolve::resolved(place, &write.properties).await?,
            ..write.clone()
        };
        let doubted = self.doubtful.borrow().contains(&token);
        if doubted && !service.resumes(&write.kind) {
            // Where a client token or a name keeps one from being made twice, one look will do.
            let looks = if service.creates_duplicates(&write.kind) {
                &LOOKS[..]
            } else {
                &LOOKS[..1]
            };
            for wait in looks {
                if let Some(found) = self.made_before(number, write).await? {
                    return Ok(found.identifier);
                }
                tokio::time::sleep(*wait).await;
            }
        }
        // A child's mark comes first, so that no moment has a child that nobody owns.
        let key = service.mark_key(place, write);
        let site = place.site().await?;
        let key = key.or_else(|| service.identifier(site, write));
        if let Some(key) = &key {
            if !doubted {
                self.refuse_what_exists(number, write, key).await?;
            }
            self.mark_parent(write, key).await?;
        }
        self.doubtful.borrow_mut().insert(token.clone());
        let outcome = service
            .create(place, write, &Self::tags(write), &token)
            .await;
        let identifier = match outcome {
            Err(error) if error.kind == ErrorKind::AlreadyExists => {
                self.taken(number, write, error).await?
            }
            Err(error) => {
                // That this attempt did nothing says nothing about an earlier one.
                if error.kind != ErrorKind::Transient && !doubted {
                    self.doubtful.borrow_mut().remove(&token);
                    if let Some(key) = key.as_ref().filter(|_| !error.kind.is_retryable()) {
                        // Nothing was made; whoever makes it by hand keeps it. What failed is the news, not this.
                        let (kind, properties) = (&write.kind, &write.properties);
                        let unmarked = self.unmark_parent(kind, &write.address, properties, key);
                        let _ = unmarked.await;
                    }
                }
                return Err(error);
            }
            Ok(identifier) => identifier,
        };
        self.doubtful.borrow_mut().remove(&token);
        let key = (write.kind.clone(), identifier.clone());
        self.ours.borrow_mut().insert(key);
        Ok(identifier)
    }

    pub(super) async fn change(
        &self,
        handle: &Handle,
        write: &Write,
        changed: &[Arc<str>],
    ) -> Outcome<()> {
        let number = self.number(&handle.kind)?;
        let service = &self.services[number];
        let place = self.place(&handle.address.region, None);
        let Some(found) = self.check_ours(&write.owner, handle).await? else {
            let message = format!("{} does not exist", handle.identifier);
            return Err(fail(ErrorKind::NotFound, "NotFound", message, &handle.kind));
        };
        let schema = Registry::embedded().kind(&handle.kind);
        if let Some(name) = changed
            .iter()
            .find(|name| schema.is_some_and(|schema| schema.is_create_only(name)))
        {
            let message = format!("{name} cannot be changed");
            return Err(fail(
                ErrorKind::Invalid,
                "CreateOnly",
                message,
                &handle.kind,
            ));
        }
        let write = &Write {
            properties: resolve::resolved(place, &write.properties).await?,
            ..write.clone()
        };
        let tags = tags_property(&handle.kind);
        let rest: Vec<Arc<str>> = changed
            .iter()
            .filter(|name| {
                tags.is_none_or(|(tags, _)| tags != &***name) || keeps_tags(&handle.kind)
            })
            .cloned()
            .collect();
        if !rest.is_empty() || service.marks_itself(&handle.kind) {
            service.update(place, handle, write, &rest).await?;
        }
        match kinds::of(&handle.kind).identity {
            Identity::Child { .. } => {
                let key = service.mark_key(place, write);
                let key = key.as_ref().unwrap_or(&handle.identifier);
                self.mark_parent(write, key).await
            }
            Identity::Text { .. } => Ok(()),
            Identity::Tags | Identity::Items { .. } | Identity::TagSpecifications { .. } => {
                let wanted = Self::tags(write);
                let set: Tags = wanted
                    .iter()
                    .filter(|tag| !found.tags.contains(tag))
                    .cloned()
                    .collect();
                let unset: Vec<String> = found
                    .tags
                    .iter()
                    .map(|(key, _)| key.clone())
                    .filter(|key| !key.starts_with("aws:") && !is_ours(key))
                    .filter(|key| !wanted.iter().any(|(have, _)| have == key))
                    .collect();
                if set.is_empty() && unset.is_empty() {
                    return Ok(());
                }
                service
                    .tag(place, &handle.kind, &handle.identifier, &set, &unset)
                    .await
            }
        }
    }

    /// Marks what is nobody's.
    pub(super) async fn mark(
        &self,
        owner: &Owner,
        handle: &Handle,
        applied: &Applied,
    ) -> Outcome<()> {
        let number = self.number(&handle.kind)?;
        let region = &handle.address.region;
        let (kind, id) = (&handle.kind, &handle.identifier);
        let found = self.one(kind, region, id, Depth::Everything).await?;
        let Some(found) = found else {
            let message = format!("{} does not exist", handle.identifier);
            return Err(fail(ErrorKind::NotFound, "NotFound", message, &handle.kind));
        };
        let have = marks_of(&found);
        if have.is_some_and(|have| have.owner != *owner) {
            let message = format!("{} belongs to somebody else", handle.identifier);
            return Err(fail(ErrorKind::Denied, "NotOurs", message, &handle.kind));
        }
        let write = Write {
            owner: owner.clone(),
            address: handle.address.clone(),
            kind: handle.kind.clone(),
            properties: found.properties.clone(),
            applied: applied.clone(),
        };
        let service = &self.services[number];
        let place = self.place(region, None);
        match kinds::of(&handle.kind).identity {
            Identity::Child { .. } => {
                let key = found.mark.as_ref().unwrap_or(&handle.identifier);
                self.mark_parent(&write, key).await
            }
            Identity::Text { property } => {
                let top = property.split('.').next().unwrap_or(property);
                let write = Write {
                    properties: pick_writable(&handle.kind, &write.properties),
                    ..write
                };
                service.update(place, handle, &write, &[top.into()]).await
            }
            Identity::Tags | Identity::Items { .. } | Identity::TagSpecifications { .. } => {
                let tags = Marks::of(&write).to_tags();
                let (kind, id) = (&handle.kind, &handle.identifier);
                service.tag(place, kind, id, &tags, &[]).await
            }
        }
    }

    pub(super) async fn remove(&self, owner: &Owner, handle: &Handle) -> Outcome<()> {
        let number = self.number(&handle.kind)?;
        let key = (handle.kind.clone(), handle.identifier.clone());
        let known = self.ours.borrow().contains(&key);
        let is_child = kinds::parent(&handle.kind).is_some();
        let mut child = None;
        if !known || is_child {
            let Some(found) = self.check_ours(owner, handle).await? else {
                return Ok(());
            };
            child = Some(found).filter(|_| is_child);
        }
        let place = self.place(&handle.address.region, None);
        match self.services[number].delete(place, handle).await {
            Err(error) if error.kind != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let Some(child) = child else {
            return Ok(());
        };
        let key = child.mark.as_ref().unwrap_or(&child.identifier);
        self.unmark_parent(&handle.kind, &handle.address, &child.properties, key)
            .await
    }

    /// Takes the mark of a child that Cloud Control serves off its parent, so that one of the same key that somebody else
    /// makes later is not ours; nothing, where the parent is gone too.
    async fn unmark_parent(
        &self,
        kind: &str,
        address: &Address,
        properties: &Map,
        key: &str,
    ) -> Outcome<()> {
        if kinds::parent(kind).is_none() {
            return Ok(());
        }
        let Some((of, parent)) = Self::parent(kind, properties) else {
            return Ok(());
        };
        let place = self.place(&address.region, None);
        let unset = [marks::child_key(kind, key)];
        let service = &self.services[self.number(of)?];
        match service.tag(place, of, &parent, &Tags::new(), &unset).await {
            Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    /// Fails where a child that Cloud Control serves exists already and has no mark: the mark that comes before the
    /// creation would make it ours.
    async fn refuse_what_exists(&self, number: usize, write: &Write, key: &str) -> Outcome<()> {
        if kinds::parent(&write.kind).is_none() {
            return Ok(());
        }
        let place = self.place(&write.address.region, None);
        let kinds = BTreeSet::from([write.kind.clone()]);
        let which = Which::Owned(&write.owner);
        let all = self.services[number].list(place, &kinds, which).await?;
        let parent = Self::parent(&write.kind, &write.properties);
        let taken = all.into_iter().find(|found| {
            let own = found.mark.as_deref().unwrap_or(&found.identifier);
            own == key
                && Self::parent(&write.kind, &found.properties) == parent
                && marks_of(found).is_none()
        });
        let Some(found) = taken else {
            return Ok(());
        };
        let message = format!(
            "{} exists and is not scalectl's; `scalectl import {} {}` adopts it",
            found.identifier, write.address, found.identifier
        );
        Err(fail(
            ErrorKind::Invalid,
            "AlreadyExists",
            message,
            &write.kind,
        ))
    }

    /// The tags by which a resource is found again: its own and our marks.
    pub(super) fn tags(write: &Write) -> Tags {
        let mut tags = own_tags(&write.kind, &write.properties);
        tags.extend(Marks::of(write).to_tags());
        tags
    }

    /// The parent of a child, if `kind` is one: its kind and identifier.
    pub(super) fn parent(kind: &str, properties: &Map) -> Option<(&'static str, String)> {
        let Identity::Child { parent, kind, .. } = kinds::of(kind).identity else {
            return None;
        };
        Some((kind, properties.at(parent)?.as_str()?.to_owned()))
    }

    /// Marks a parent for its child, by what the mark is keyed by.
    pub(super) async fn mark_parent(&self, write: &Write, key: &str) -> Outcome<()> {
        let Some((kind, parent)) = Self::parent(&write.kind, &write.properties) else {
            return Ok(());
        };
        if self.services[self.number(&write.kind)?].marks_itself(&write.kind) {
            return Ok(());
        }
        let number = self.number(kind)?;
        let tag = Marks::of(write).to_child_tag(&write.kind, key);
        self.services[number]
            .tag(
                self.place(&write.address.region, None),
                kind,
                &parent,
                &vec![tag],
                &[],
            )
            .await
    }

    /// One of ours with the address and generation of a write, whose answer may have been lost.
    pub(super) async fn made_before(&self, number: usize, write: &Write) -> Outcome<Option<Found>> {
        let kinds = BTreeSet::from([write.kind.clone()]);
        let found = self.services[number]
            .list(
                self.place(&write.address.region, None),
                &kinds,
                Which::Owned(&write.owner),
            )
            .await?;
        Ok(found.into_iter().find(|found| {
            let deleting = found.status == Status::Deleting;
            !deleting
                && *found.kind == *write.kind
                && marks_of(found).is_some_and(|marks| is_same(&marks, write))
        }))
    }

    /// The one whose name stood in the way of a write: ours, or why not.
    pub(super) async fn taken(
        &self,
        number: usize,
        write: &Write,
        error: ProviderError,
    ) -> Outcome<Arc<str>> {
        let site = self.place(&write.address.region, None).site().await?;
        let named = match self.services[number].identifier(site, write) {
            Some(identifier) => {
                let region = &write.address.region;
                self.one(&write.kind, region, &identifier, Depth::Everything)
                    .await?
            }
            None => None,
        };
        let found = match named {
            Some(found) => Some(found),
            None => self.made_before(number, write).await?,
        };
        let Some(found) = found else {
            let message = format!(
                "{}; where it is this application's, `scalectl import --discover` finds it",
                error.message
            );
            return Err(ProviderError { message, ..error });
        };
        let marks = marks_of(&found);
        let message = match marks {
            Some(marks) if is_same(&marks, write) => return Ok(found.identifier),
            Some(marks) if marks.owner == write.owner && marks.address == write.address => {
                // An earlier generation that is on its way out.
                return Err(ProviderError {
                    kind: ErrorKind::Conflict,
                    ..error
                });
            }
            Some(marks) if marks.owner == write.owner => format!(
                "{id} exists and is {}; where the spec calls that {} now, `scalectl import {} {id}` gives it this address",
                marks.address,
                write.address,
                write.address,
                id = found.identifier,
            ),
            Some(marks) => format!(
                "{} exists and belongs to {} ({}) as {}",
                found.identifier, marks.owner.app, marks.owner.env, marks.address
            ),
            None => format!(
                "{} exists and is not scalectl's; `scalectl import {} {}` adopts it",
                found.identifier, write.address, found.identifier
            ),
        };
        Err(ProviderError { message, ..error })
    }

    /// Fails unless the resource is the owner's.
    pub(super) async fn check_ours(
        &self,
        owner: &Owner,
        handle: &Handle,
    ) -> Outcome<Option<Found>> {
        let key = (handle.kind.clone(), handle.identifier.clone());
        let found = self
            .one(
                &handle.kind,
                &handle.address.region,
                &handle.identifier,
                Depth::Everything,
            )
            .await?;
        if let Some(found) = &found {
            let owned = marks_of(found).is_some_and(|marks| marks.owner == *owner);
            if !owned {
                let message = format!("{} belongs to somebody else", handle.identifier);
                return Err(fail(ErrorKind::Denied, "NotOurs", message, &handle.kind));
            }
            self.ours.borrow_mut().insert(key);
        }
        Ok(found)
    }
}
