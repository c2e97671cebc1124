//! The simulator itself: what exists, since when, and what a call does to it.
//!
//! A plain state machine: it is told the time and never waits, fails at random or touches a file.
//! One resource is an `item`; rules between them are [`super::rules`]', what AWS makes up is [`super::attributes`]'.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::data::Data;
use super::item::as_reported;
pub use super::item::{Item, Marks};
use super::releases::Running;
use super::{attributes, database, deletes, fleet, rules};
use crate::inventory::{
    Applied, Handle, Live, LiveResource, Owner, Record, SOME_ACCOUNT, Stray, insert_newer,
};
use crate::kinds;
use crate::kinds::Identity;
use crate::provider::{ErrorKind, Holder, Outcome, ProviderError, Query, Write};
use crate::schema::facts::{UPGRADE_SECONDS, is_another_major};
use crate::schema::{self, Registry};
use crate::value::{Map, Value};

/// Everything that exists.
#[derive(Clone, Debug, Default)]
pub struct Cloud {
    /// By number.
    pub items: BTreeMap<u64, Item>,
    /// The next number.
    pub next: u64,
    /// Each app's record.
    pub records: BTreeMap<Owner, Record>,
    /// The account's number, if it is another account's cloud.
    pub account: Option<Arc<str>>,
    /// Each app's lease.
    pub leases: BTreeMap<Owner, Holder>,
    /// Each app's rows.
    pub data: BTreeMap<Owner, Data>,
    /// The files of each bucket.
    pub files: BTreeMap<Arc<str>, BTreeSet<String>>,
    /// Alarms that are raised, by number.
    pub raised: BTreeSet<u64>,
    /// Services that have a role in the account.
    pub roles: BTreeSet<Arc<str>>,
    /// Names for which a server has a certificate, by the server's number.
    pub certified: BTreeMap<u64, BTreeSet<String>>,
    /// What servers run since a deployment waited for them, by setting and server.
    pub running: BTreeMap<(Arc<str>, Arc<str>), Running>,
    /// The user's own secrets, without their values.
    pub secrets: BTreeMap<super::secrets::Key, super::secrets::Kept>,
    /// Items that changed since they were last stored.
    pub dirty: BTreeSet<u64>,
    /// Where it stands as another cloud was found: the kinds that were looked for, by region. Of
    /// others nothing is known.
    pub looked: Option<BTreeSet<(Arc<str>, Arc<str>)>>,
    /// Kinds of which it was found to hold more than AWS's default quota, so that the account's is
    /// another one.
    pub beyond: BTreeSet<(Arc<str>, Arc<str>)>,
}

/// An answer that says no.
pub fn refuse(
    kind: ErrorKind,
    code: &str,
    message: impl Into<String>,
    operation: &str,
) -> ProviderError {
    ProviderError {
        kind,
        code: code.to_owned(),
        message: message.into(),
        operation: operation.to_owned(),
    }
}

/// The name of a call as AWS's logs would have it, such as `ec2:CreateVPC`.
pub fn operation(verb: &str, kind: &str) -> String {
    let mut parts = kind.split("::").skip(1);
    let service = parts.next().unwrap_or_default().to_lowercase();
    format!("{service}:{verb}{}", parts.next().unwrap_or_default())
}

impl Cloud {
    /// Forgets what has gone by `now`.
    pub fn settle(&mut self, now: u64) {
        let gone: Vec<u64> = self
            .items
            .values()
            .filter(|i| !i.exists(now))
            .map(|i| i.number)
            .collect();
        for number in gone {
            let item = self.items.remove(&number);
            self.dirty.insert(number);
            if let Some(item) = item {
                self.written_again(&item, item.gone_at.unwrap_or(now));
            }
        }
    }

    /// The item that a handle names.
    pub fn find(&self, kind: &str, region: &str, identifier: &str) -> Option<&Item> {
        self.items.values().find(|item| {
            &*item.kind == kind && &*item.region == region && &*item.identifier == identifier
        })
    }

    /// The account's number.
    pub fn account(&self) -> &str {
        self.account.as_deref().unwrap_or(SOME_ACCOUNT)
    }

    /// What belongs to `owner`.
    pub fn observe(&self, owner: &Owner, query: &Query, now: u64) -> Live {
        let mut live = Live {
            record: self.records.get(owner).cloned(),
            account: Some(self.account().into()),
            ..Live::default()
        };
        let ours = self.items.values().filter_map(|item| {
            let marks = item.marks.as_ref().filter(|marks| marks.owner == *owner)?;
            let place = (item.region.clone(), item.kind.clone());
            let asked = query.thorough || query.kinds.contains(&place);
            (asked && item.visible_at <= now && item.exists(now)).then(|| item.report(marks, now))
        });
        for resource in ours {
            insert_newer(&mut live, resource);
        }
        live.deposed
            .sort_by(|a, b| (&a.address, &a.identifier).cmp(&(&b.address, &b.identifier)));
        live
    }

    /// One resource of `owner` as it is.
    pub fn read(&self, owner: &Owner, handle: &Handle, now: u64) -> Option<LiveResource> {
        let item = self.find(&handle.kind, &handle.address.region, &handle.identifier)?;
        let marks = item.marks.as_ref().filter(|marks| marks.owner == *owner)?;
        (item.visible_at <= now && item.exists(now)).then(|| item.report(marks, now))
    }

    /// Makes a resource; the same address and generation twice is one resource.
    ///
    /// # Errors
    /// What AWS would say.
    pub fn create(&mut self, write: &Write, now: u64, lag: u64) -> Outcome<Arc<str>> {
        self.settle(now);
        let call = operation("Create", &write.kind);
        let token = |marks: &Marks| {
            marks.owner == write.owner
                && marks.address == write.address
                && marks.applied.generation == write.applied.generation
        };
        let existing = self
            .items
            .values()
            .find(|item| item.kind == write.kind && item.marks.as_ref().is_some_and(token));
        if let Some(item) = existing {
            return Ok(item.identifier.clone());
        }
        let old = self.simple_record(write);
        let old = old.or_else(|| self.moved_over(write));
        if let Some(item) = old.or_else(|| self.made_by_rds(write)) {
            // Deleted and created in one change, or not at all.
            self.items.remove(&item.number);
            let made = self.make(write, now, lag, &call);
            if made.is_err() {
                self.items.insert(item.number, item);
            } else {
                self.dirty.insert(item.number);
            }
            return made;
        }
        self.make(write, now, lag, &call)
    }

    /// The simple record of ours in whose place one of several of its name is to be.
    fn simple_record(&self, write: &Write) -> Option<Item> {
        let new = &write.properties;
        let is_it = |item: &&Item| {
            let same = |of: &str| item.properties.get(of) == new.get(of);
            let marks = item.marks.as_ref();
            &*item.kind == "AWS::Route53::RecordSet"
                && item.kind == write.kind
                && !item.properties.contains_key("SetIdentifier")
                && new.contains_key("SetIdentifier")
                && marks.is_some_and(|marks| {
                    marks.owner == write.owner && marks.address == write.address
                })
                && same("Name")
                && same("Type")
                && same("HostedZoneId")
        };
        self.items.values().find(is_it).cloned()
    }

    /// The resource of ours that goes over to the new one in the same call.
    fn moved_over(&self, write: &Write) -> Option<Item> {
        let facts = kinds::of(&write.kind);
        let is_it = |item: &&Item| {
            let marks = item.marks.as_ref();
            let mut once = facts.once.iter();
            item.kind == write.kind
                && item.gone_at.is_none()
                && marks.is_some_and(|marks| {
                    marks.owner == write.owner && marks.address == write.address
                })
                && once.all(|path| item.properties.at(path) == write.properties.at(path))
        };
        let mut all = self.items.values().filter(|_| facts.moves_over);
        all.find(is_it).cloned()
    }

    fn make(&mut self, write: &Write, now: u64, lag: u64, call: &str) -> Outcome<Arc<str>> {
        let facts = kinds::of(&write.kind);
        let region = write.address.region.clone();
        rules::check(self, &write.kind, &region, &write.properties, None, now)
            .map_err(|refusal| refusal.of(call))?;
        let number = self.next;
        let given = database::creation(self, &write.kind, &region, &write.properties)
            .map_err(|refusal| refusal.of(call))?;
        let (identifier, properties) =
            attributes::create(self, &write.kind, &region, number, &given);
        rules::check_unique(self, &write.kind, &region, &identifier, &properties)
            .map_err(|refusal| refusal.of(call))?;
        self.next += 1;
        self.dirty.insert(number);
        let marks = Marks {
            owner: write.owner.clone(),
            address: write.address.clone(),
            applied: write.applied.clone(),
        };
        let mut item = Item {
            number,
            kind: write.kind.clone(),
            region,
            identifier: identifier.clone(),
            properties,
            marks: Some(marks),
            ready_at: now + u64::from(facts.create_seconds) * 1000,
            word: "creating".into(),
            visible_at: now + lag,
            gone_at: None,
            failed: None,
            started: None,
            replaced_at: None,
        };
        fleet::judged(&mut item, now);
        self.items.insert(number, item.clone());
        self.logs_begin(&item);
        self.starts(number);
        Ok(identifier)
    }

    /// Changes a resource in place.
    ///
    /// # Errors
    /// What AWS would say.
    pub fn update(
        &mut self,
        handle: &Handle,
        write: &Write,
        changed: &[Arc<str>],
        now: u64,
    ) -> Outcome<()> {
        self.settle(now);
        let call = operation("Modify", &write.kind);
        let Some(item) = self
            .find(&handle.kind, &handle.address.region, &handle.identifier)
            .cloned()
        else {
            if &*write.kind == "AWS::Route53::RecordSet" {
                // Route 53's UPSERT creates what another change of its group took away.
                return self.make(write, now, 0, &call).map(|_| ());
            }
            let message = format!("{} does not exist", handle.identifier);
            return Err(refuse(ErrorKind::NotFound, "NotFound", message, &call));
        };
        // A group takes changes at any time.
        if !item.is_ready(now) && &*item.kind != fleet::GROUP {
            let message = format!("{} is {}", item.identifier, item.state(now));
            return Err(refuse(
                ErrorKind::Conflict,
                "IncorrectState",
                message,
                &call,
            ));
        }
        let replaces = fleet::replaces(&write.kind, changed);
        if replaces && item.is_replaced(now) {
            // As the mapping does: what goes on is ended, and the next attempt begins anew.
            if let Some(item) = self.items.get_mut(&item.number) {
                item.replaced_at = None;
            }
            self.dirty.insert(item.number);
            let message =
                "an instance refresh is in progress, and blocks the execution of this one";
            return Err(refuse(
                ErrorKind::Conflict,
                fleet::IN_PROGRESS,
                message.to_owned(),
                &call,
            ));
        }
        let mut properties = item.properties.clone();
        for name in changed {
            match write.properties.get(name) {
                Some(value) => properties.insert(name.clone(), value.clone()),
                None => properties.remove(name),
            };
        }
        let moved = self.make_room(&item, write);
        rules::check_immutable(&write.kind, &item.properties, &properties)
            .and_then(|()| {
                rules::check(
                    self,
                    &write.kind,
                    &item.region,
                    &properties,
                    Some(&item),
                    now,
                )
            })
            .map_err(|refusal| {
                self.items
                    .extend(moved.into_iter().map(|item| (item.number, item)));
                refusal.of(&call)
            })?;
        let facts = kinds::of(&write.kind);
        let version = |map: &Map| map.get("EngineVersion").map(ToString::to_string);
        let seconds = match (version(&item.properties), version(&properties)) {
            (Some(before), Some(after))
                if is_another_major(&engine(&properties), &before, &after) =>
            {
                UPGRADE_SECONDS
            }
            _ => facts.update_seconds,
        };
        let properties = attributes::update(self, &item, properties);
        let Some(item) = self.items.get_mut(&item.number) else {
            return Ok(());
        };
        item.properties = properties;
        if let Some(marks) = &mut item.marks {
            marks.applied = write.applied.clone();
        }
        if !changed.is_empty() && !fleet::still_begins(item, now) {
            item.ready_at = now + u64::from(seconds) * 1000;
            item.word = "modifying".into();
        }
        if replaces {
            item.replaced_at = Some(now + fleet::replacement(&item.properties));
        }
        fleet::judged_again(item, replaces, now);
        let number = item.number;
        self.dirty.insert(number);
        let released = |name: &Arc<str>| facts.clearable.contains(&&**name);
        if changed.iter().any(released) {
            self.promoted(number);
        }
        if changed.iter().any(|name| database::restarts_by(name)) {
            self.starts(number);
        }
        Ok(())
    }

    /// Restarts a database.
    ///
    /// # Errors
    /// What AWS would say.
    pub fn restart(&mut self, handle: &Handle, now: u64) -> Outcome<()> {
        let call = operation("Reboot", &handle.kind);
        let found = self.find(&handle.kind, &handle.address.region, &handle.identifier);
        let Some(item) = found else {
            let message = format!("{} does not exist", handle.identifier);
            return Err(refuse(ErrorKind::NotFound, "NotFound", message, &call));
        };
        let (number, seconds) = (item.number, database::RESTART_SECONDS);
        if !item.is_ready(now) {
            let message = format!("{} is {}", item.identifier, item.state(now));
            let code = "InvalidDBInstanceState";
            return Err(refuse(ErrorKind::Conflict, code, message, &call));
        }
        if let Some(item) = self.items.get_mut(&number) {
            item.ready_at = now + seconds * 1000;
            item.word = "rebooting".into();
        }
        self.dirty.insert(number);
        self.starts(number);
        Ok(())
    }

    /// Starts to delete a resource, and takes along what cannot be without it.
    ///
    /// # Errors
    /// What AWS would say.
    pub fn delete(&mut self, owner: &Owner, handle: &Handle, now: u64) -> Outcome<()> {
        self.settle(now);
        let call = operation("Delete", &handle.kind);
        let Some(item) = self
            .find(&handle.kind, &handle.address.region, &handle.identifier)
            .cloned()
        else {
            return Ok(());
        };
        if item
            .marks
            .as_ref()
            .is_none_or(|marks| marks.owner != *owner)
        {
            let message = format!("{} belongs to somebody else", handle.identifier);
            return Err(refuse(ErrorKind::Denied, "AccessDenied", message, &call));
        }
        if item.gone_at.is_some() {
            return Ok(());
        }
        deletes::check_delete(self, &item, now).map_err(|refusal| refusal.of(&call))?;
        let children: Vec<u64> = self
            .items
            .values()
            .filter(|child| {
                let (parent, kind) = match kinds::of(&child.kind).identity {
                    Identity::Child { parent, kind, .. } => (parent, kind),
                    // A rule has tags of its own and goes with its group all the same.
                    _ if child.kind.starts_with("AWS::EC2::SecurityGroup") => {
                        ("GroupId", "AWS::EC2::SecurityGroup")
                    }
                    _ => return false,
                };
                let named = child.properties.at(parent).and_then(Value::as_str);
                *kind == *item.kind
                    && child.number != item.number
                    && named.is_some_and(|name| rules::is_called(&item, name))
            })
            .map(|child| child.number)
            .collect();
        let seconds = kinds::of(&item.kind).delete_seconds;
        for number in children.into_iter().chain([item.number]) {
            if let Some(item) = self.items.get_mut(&number) {
                item.gone_at = Some(now + u64::from(seconds) * 1000);
                self.dirty.insert(number);
            }
        }
        Ok(())
    }

    /// What exists of a kind in a region, whoever it belongs to.
    pub fn strays(
        &self,
        kind: &str,
        region: &str,
        identifier: Option<&str>,
        now: u64,
    ) -> Vec<Stray> {
        let wanted = |item: &&Item| {
            (&*item.kind, &*item.region) == (kind, region)
                && identifier.is_none_or(|one| &*item.identifier == one.trim_end_matches('|'))
                && item.visible_at <= now
                && item.exists(now)
        };
        self.items
            .values()
            .filter(wanted)
            .map(|item| Stray {
                kind: item.kind.clone(),
                identifier: item.identifier.clone(),
                properties: as_reported(&item.kind, &item.properties),
                status: item.status(now),
                owner: item
                    .marks
                    .as_ref()
                    .map(|marks| (marks.owner.clone(), marks.address.clone())),
            })
            .collect()
    }

    /// Marks what is nobody's.
    ///
    /// # Errors
    /// When it does not exist, or is somebody's.
    pub fn adopt(
        &mut self,
        owner: &Owner,
        handle: &Handle,
        applied: &Applied,
        now: u64,
    ) -> Outcome<()> {
        self.settle(now);
        let number = self
            .find(&handle.kind, &handle.address.region, &handle.identifier)
            .map(|item| item.number);
        let item = number.and_then(|number| self.items.get_mut(&number));
        let Some(item) = item else {
            let message = format!("{} does not exist", handle.identifier);
            return Err(refuse(ErrorKind::NotFound, "NotFound", message, "adopt"));
        };
        let marks = Marks {
            owner: owner.clone(),
            address: handle.address.clone(),
            applied: applied.clone(),
        };
        match &item.marks {
            Some(have) if have.owner != marks.owner => {
                let message = format!("{} belongs to somebody else", handle.identifier);
                return Err(refuse(ErrorKind::Denied, "AccessDenied", message, "adopt"));
            }
            _ => item.marks = Some(marks),
        }
        self.dirty.insert(item.number);
        Ok(())
    }

    /// Changes a property behind scalectl's back, as somebody at the console would.
    ///
    /// # Errors
    /// When the value does not fit the kind.
    pub fn drift(&mut self, number: u64, path: &str, value: Option<Value>) -> Outcome<()> {
        let Some(item) = self.items.get_mut(&number) else {
            return Err(refuse(
                ErrorKind::NotFound,
                "NotFound",
                "it does not exist",
                "sim:Drift",
            ));
        };
        let invalid =
            |message: String| refuse(ErrorKind::Invalid, "InvalidParameter", message, "sim:Drift");
        let Some(kind) = Registry::embedded().kind(&item.kind) else {
            return Err(invalid(format!("{} is unknown", item.kind)));
        };
        // What stands in an object without a fixed list of keys, such as tags, may be called anything.
        let above = path
            .rsplit_once('.')
            .and_then(|(above, _)| kind.shape_at(above));
        let is_free =
            above.is_some_and(|shape| shape.properties.is_none() && shape.items.is_none());
        if kind.shape_at(path).is_none() && !is_free {
            let near = schema::nearest(path, kind.properties().keys().map(|name| &**name));
            let hint = near
                .map(|near| format!("; did you mean {near}?"))
                .unwrap_or_default();
            return Err(invalid(format!(
                "{} has no property {path}{hint}",
                item.kind
            )));
        }
        set_at(&mut item.properties, path, value);
        self.dirty.insert(number);
        Ok(())
    }
}

/// A database's engine; empty for what is none.
fn engine(properties: &Map) -> String {
    let engine = properties.get("Engine").and_then(Value::as_str);
    engine.unwrap_or_default().to_owned()
}

/// Sets or removes what stands at a dotted path; objects on the way are made.
fn set_at(map: &mut Map, path: &str, value: Option<Value>) {
    let Some((head, rest)) = path.split_once('.') else {
        match value {
            Some(value) => map.insert(path, value),
            None => map.remove(path),
        };
        return;
    };
    if map.get(head).is_none() {
        map.insert(head, Value::Map(Map::new()));
    }
    match map.get_mut(head) {
        Some(Value::Map(inner)) => set_at(inner, rest, value),
        Some(Value::List(items)) => {
            let (index, rest) = rest.split_once('.').unwrap_or((rest, ""));
            let Some(item) = index.parse().ok().and_then(|i: usize| items.get_mut(i)) else {
                return;
            };
            match (item, value) {
                (Value::Map(inner), value) if !rest.is_empty() => set_at(inner, rest, value),
                (item, Some(value)) => *item = value,
                (_, None) => {}
            }
        }
        _ => {}
    }
}
