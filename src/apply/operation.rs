//! What one operation of a plan does: its calls, and the looks until what they made can be used.
//!
//! An operation has two moments; `looks` waits for both. It is usable when others may refer to what it wrote, and they begin
//! then; it ends when that was found often enough in a row to be sure ([`Provider::consistent_reads`]). Those
//! further looks wait for each other, so that what was written at about the same time is looked at in
//! the same few calls; of what was made and looks as it should they ask for the state only
//! ([`Provider::status`]). Whoever refers to what not every server knows of yet is refused and asks again.
//!
//! [`Provider::consistent_reads`]: crate::provider::Provider::consistent_reads
//! [`Provider::status`]: crate::provider::Provider::status

mod delete;
mod looks;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;

use super::Context;
use super::event::{End, Event};
use super::retry::{Patience, persist};
use super::stepwise;
use super::wait::Failure;
use crate::address::Address;
use crate::compare;
use crate::compare::Rules;
use crate::graph::Resource;
use crate::inventory::{Applied, Handle, LiveResource, Status};
use crate::kinds;
use crate::ownership;
use crate::plan::existing::{self, ZONE};
use crate::plan::operations::Part;
use crate::plan::{Change, Operation, Plan, Step};
use crate::provider::{ProviderError, Write};
use crate::schema::Registry;
use crate::value::{Map, Reference, Value};

/// What the operations of a run share.
pub struct Run<'a> {
    pub context: &'a Context<'a>,
    pub plan: &'a Plan,
    /// What has been written so far: its properties as found afterwards.
    known: RefCell<HashMap<Address, Map>>,
    /// What has been written so far: the cloud's identifiers.
    made: RefCell<HashMap<Address, Arc<str>>>,
    on_event: RefCell<&'a mut dyn FnMut(&Event)>,
    /// Properties that operations of this plan refer to, by whose they are.
    referred: HashMap<&'a Address, Vec<&'a str>>,
    /// When operations became usable, by their number, in the clock's milliseconds.
    usable: RefCell<HashMap<usize, u64>>,
    /// Tells of those that became usable.
    tell_usable: UnboundedSender<usize>,
    /// Whether nothing is under way but looks at what can be used already.
    pub quiet: watch::Sender<bool>,
    /// When the run began, in the clock's milliseconds.
    pub began: u64,
}

const CERTIFICATE: &str = "AWS::CertificateManager::Certificate";

type Ended = Result<(Option<Arc<str>>, Vec<String>), Failure>;

impl<'a> Run<'a> {
    /// Nothing done yet. The receiver is told the numbers of operations that can be used.
    pub fn new(
        context: &'a Context<'a>,
        plan: &'a Plan,
        on_event: &'a mut dyn FnMut(&Event),
    ) -> (Self, UnboundedReceiver<usize>) {
        let (tell_usable, told) = unbounded_channel();
        let mut referred: HashMap<&Address, Vec<&str>> = HashMap::new();
        for desired in plan.changes.iter().filter_map(|one| one.desired.as_ref()) {
            for (_, value) in &desired.properties {
                value.for_each_reference(&mut |reference| {
                    let paths = referred.entry(&reference.address).or_default();
                    paths.push(&reference.path);
                });
            }
        }
        let run = Self {
            context,
            plan,
            known: RefCell::default(),
            made: RefCell::default(),
            on_event: RefCell::new(on_event),
            referred,
            usable: RefCell::default(),
            tell_usable,
            quiet: watch::Sender::new(false),
            began: context.provider.clock().now(),
        };
        (run, told)
    }

    pub fn change(&self, operation: usize) -> &Change {
        &self.plan.changes[self.plan.operations[operation].change]
    }

    fn tell(&self, event: &Event) {
        (self.on_event.borrow_mut())(event);
    }

    pub fn finished(&self, operation: usize, end: &End, seconds: f64) {
        self.tell(&Event::Finished {
            operation,
            address: self.change(operation).address.clone(),
            step: self.plan.operations[operation].step,
            end: end.clone(),
            seconds,
        });
    }

    pub async fn operation(&self, number: usize) -> (usize, End, f64) {
        let Operation { step, .. } = self.plan.operations[number];
        let change = self.change(number);
        let clock = self.context.provider.clock();
        let began = clock.now();
        self.tell(&Event::Started {
            operation: number,
            address: change.address.clone(),
            step,
        });
        let ended = match step {
            Step::Create => self.create(number, change).await,
            Step::Update => self.update(number, change).await,
            Step::Delete => self.delete(number, change).await,
        };
        let end = match ended {
            Ok((identifier, differs)) => End::Done {
                identifier,
                differs,
            },
            Err(Failure::For(error)) => End::Failed {
                error: if &*change.kind == CERTIFICATE && step == Step::Create {
                    format!("{error}; {}", self.proof(change))
                } else {
                    error
                },
            },
            Err(Failure::Stopped) => End::Left,
        };
        // Looking on takes nobody's time.
        let over = self.usable.borrow().get(&number).copied();
        let took = over.unwrap_or_else(|| clock.now()).saturating_sub(began);
        (number, end, took as f64 / 1000.0)
    }

    fn note(&self, operation: usize, change: &Change, note: String) {
        self.tell(&Event::Note {
            operation,
            address: change.address.clone(),
            note,
        });
    }

    /// What a certificate waits for, which nobody but the domain's owner can do.
    fn proof(&self, change: &Change) -> String {
        let desired = change.desired.as_ref();
        let domain = desired.and_then(|desired| desired.properties.get("DomainName"));
        let domain = domain.map(ToString::to_string).unwrap_or_default();
        let known = self.known.borrow();
        let new = self.plan.changes.iter().filter(|one| &*one.kind == ZONE);
        let new = new
            .filter_map(|one| known.get(&one.address))
            .map(existing::name_servers);
        let used = self.plan.uses.iter().map(|one| one.name_servers.clone());
        let servers: Vec<String> = new
            .chain(used)
            .find(|servers| !servers.is_empty())
            .unwrap_or_default();
        let servers = if servers.is_empty() {
            "the name servers of its hosted zone, which `scalectl status` shows".to_owned()
        } else {
            servers.join(" ")
        };
        format!(
            "the certificate is issued once its validation record resolves: {domain} must be delegated to {servers}"
        )
    }

    /// What was written, as it was found in the end.
    pub fn found(&self, ends: &[Option<End>]) -> Vec<LiveResource> {
        let mut known = self.known.take();
        let written = ends.iter().enumerate().filter_map(|(number, end)| {
            let Some(End::Done { identifier, .. }) = end else {
                return None;
            };
            let change = self.change(number);
            Some(LiveResource {
                address: change.address.clone(),
                kind: change.kind.clone(),
                identifier: identifier.clone()?,
                properties: known.remove(&change.address)?,
                status: Status::Ready,
                applied: None,
            })
        });
        written.collect()
    }

    /// Others may refer to it from now on.
    fn is_usable(&self, number: usize) {
        let now = self.context.provider.clock().now();
        self.usable.borrow_mut().insert(number, now);
        // Nobody listens any more when the run is over.
        let _ = self.tell_usable.send(number);
    }

    /// What should be written, with everything that is known by now.
    fn write(&self, number: usize, change: &Change) -> Result<(Write, Resource), Failure> {
        let Some(desired) = &change.desired else {
            return Err(Failure::For("there is nothing to write".to_owned()));
        };
        let known = self.known.borrow();
        let answer =
            |reference: &Reference| known.get(&reference.address)?.at(&reference.path).cloned();
        let mut properties = Map::new();
        for (name, value) in &desired.properties {
            let value = value.resolve(&answer);
            let mut open = None;
            value.for_each_reference(&mut |reference| open = Some(reference.to_string()));
            if let Some(open) = open {
                return Err(Failure::For(format!(
                    "{name} needs {open}, which the cloud did not return"
                )));
            }
            properties.insert(name.clone(), value);
        }
        if let Part::Around { property, value } = &self.plan.operations[number].part {
            properties.insert(property.clone(), value.clone());
        }
        let applied = ownership::of_properties(
            &change.address,
            change.generation,
            desired.lifecycle.protect,
            &properties,
        );
        let write = Write {
            owner: self.context.owner.clone(),
            address: change.address.clone(),
            kind: change.kind.clone(),
            properties: properties.clone(),
            applied,
        };
        Ok((
            write,
            Resource {
                properties,
                ..desired.clone()
            },
        ))
    }

    async fn create(&self, number: usize, change: &Change) -> Ended {
        let (write, desired) = self.write(number, change)?;
        let attempts = Cell::new(0);
        let identifier = self
            .persist(number, change, Patience::WRITE, || {
                attempts.set(attempts.get() + 1);
                self.context.provider.create(&write)
            })
            .await?;
        let handle = Handle {
            address: change.address.clone(),
            kind: change.kind.clone(),
            identifier: identifier.clone(),
        };
        let made = (change.address.clone(), identifier.clone());
        self.made.borrow_mut().extend([made]);
        let facts = kinds::of(&change.kind);
        let mut later = self.context.provider.after_create(&write);
        let first = attempts.get() == 1 && later.is_empty();
        let as_made = first.then(|| self.as_made(change, &desired, &identifier));
        if let Some(properties) = as_made.flatten() {
            let known = (change.address.clone(), properties);
            self.known.borrow_mut().extend([known]);
            self.is_usable(number);
            let live = self
                .until_sure(number, change, &handle, &desired, None, true)
                .await?;
            return Ok((Some(identifier), self.settle(&desired, live)));
        }
        let mut live = self
            .until_ready(number, change, &handle, &desired, facts.create_seconds)
            .await?;
        if &*change.kind == ZONE {
            let servers = existing::name_servers(&live.properties).join(" ");
            let name = existing::name(&live.properties);
            self.note(
                number,
                change,
                format!("delegate {name} to its name servers: {servers}"),
            );
        }
        let rules = Rules::of(&change.kind);
        if attempts.get() > 1 {
            // What an attempt that broke off has made may lack some of it.
            let names = write.properties.iter().map(|(name, _)| name);
            let may_lack = |name: &&Arc<str>| {
                !rules.is_write_only(name)
                    && !rules.is_create_only(name)
                    && !rules.facts.externally_managed.contains(&&***name)
            };
            later.extend(names.filter(may_lack).cloned());
            later.sort();
            later.dedup();
        }
        later.retain(|name| {
            let value = write.properties.get(name);
            value.is_some_and(|value| {
                rules.is_write_only(name)
                    || !compare::property(rules, name, value, live.properties.get(name)).is_empty()
            })
        });
        let made = later.is_empty();
        if !made {
            self.persist(number, change, Patience::WRITE, || {
                self.context.provider.update(&handle, &write, &later)
            })
            .await?;
            let before = live.properties;
            live = self
                .until_ready(number, change, &handle, &desired, facts.update_seconds)
                .await?;
            if self.context.provider.restarts(&write, &before, &later) {
                live = self.restart(number, change, &handle, &desired).await?;
            }
        }
        self.written(number, change, &handle, &desired, live, made)
            .await
    }

    /// It was found ready once: others may refer to it, and it ends when that is sure.
    async fn written(
        &self,
        number: usize,
        change: &Change,
        handle: &Handle,
        desired: &Resource,
        live: LiveResource,
        made: bool,
    ) -> Ended {
        self.settle(desired, live.clone());
        self.is_usable(number);
        let live = self
            .until_sure(number, change, handle, desired, Some(live), made)
            .await?;
        Ok((Some(handle.identifier.clone()), self.settle(desired, live)))
    }

    /// What is known of something as soon as it is made, where that is all that anybody refers to, and
    /// where it has no state in which it cannot be used.
    fn as_made(&self, change: &Change, desired: &Resource, identifier: &str) -> Option<Map> {
        if !self.context.provider.is_usable_at_once(&change.kind) || !desired.ready_when.is_empty()
        {
            return None;
        }
        let mut properties = desired.properties.clone();
        let schema = Registry::embedded().kind(&change.kind)?;
        if let Some(name) = schema.only_identifier() {
            properties.insert(name, Value::str(identifier));
        }
        for (name, value) in kinds::of(&change.kind).known_when_made {
            properties.insert(*name, Value::str(value.unwrap_or(identifier)));
        }
        let referred = self.referred.get(&change.address);
        let mut referred = referred.into_iter().flatten();
        referred
            .all(|path| properties.at(path).is_some())
            .then_some(properties)
    }

    /// Sets the one property whose value was not free before.
    async fn finish(&self, number: usize, change: &Change, property: &Arc<str>) -> Ended {
        let (write, desired) = self.write(number, change)?;
        let made = self.made.borrow().get(&change.address).cloned();
        let live = change.live.as_ref().map(|live| live.identifier.clone());
        let Some(identifier) = made.or(live) else {
            return Err(Failure::For("there is nothing to update".to_owned()));
        };
        let handle = Handle {
            address: change.address.clone(),
            kind: change.kind.clone(),
            identifier,
        };
        let changed = [property.clone()];
        self.persist(number, change, Patience::WRITE, || {
            self.context.provider.update(&handle, &write, &changed)
        })
        .await?;
        let typical = kinds::of(&change.kind).update_seconds;
        let live = self
            .until_ready(number, change, &handle, &desired, typical)
            .await?;
        self.written(number, change, &handle, &desired, live, false)
            .await
    }

    async fn update(&self, number: usize, change: &Change) -> Ended {
        if let Part::Then { property } = &self.plan.operations[number].part {
            return self.finish(number, change, property).await;
        }
        let (write, desired) = self.write(number, change)?;
        let Some(live) = &change.live else {
            return Err(Failure::For("there is nothing to update".to_owned()));
        };
        let handle = live.handle();
        let facts = kinds::of(&change.kind);
        let changes_anyway = facts.open && !change.properties.is_empty();
        if live.status != Status::Ready && !changes_anyway {
            // An earlier run's work: nothing can be changed until it is through.
            self.until_ready(number, change, &handle, &desired, facts.create_seconds)
                .await?;
        }
        let mut changed: Vec<Arc<str>> = change
            .properties
            .iter()
            .map(|property| Arc::from(property.path.split('.').next().unwrap_or(&property.path)))
            .collect();
        changed.dedup();
        let calls = stepwise::calls(&change.kind, &live.properties, &write.properties, &changed);
        let last = calls.len().saturating_sub(1);
        // Whoever goes on after an interruption has to know what was set before and is still to be removed.
        let mut applied = live.applied.clone().unwrap_or_else(|| Applied {
            digests: BTreeMap::new(),
            ..write.applied.clone()
        });
        for (position, call) in calls.into_iter().enumerate() {
            applied = if position == last {
                write.applied.clone()
            } else {
                ownership::and_set(applied, &change.address, &call.changed, &call.properties)
            };
            let write = Write {
                properties: call.properties,
                applied: applied.clone(),
                ..write.clone()
            };
            self.persist(number, change, Patience::WRITE, || {
                self.context.provider.update(&handle, &write, &call.changed)
            })
            .await?;
            if position < last {
                self.until_ready(number, change, &handle, &desired, facts.update_seconds)
                    .await?;
            }
        }
        let before = &live.properties;
        let restarts = self.context.provider.restarts(&write, before, &changed);
        let mut live = self
            .until_ready(number, change, &handle, &desired, facts.update_seconds)
            .await?;
        if restarts {
            live = self.restart(number, change, &handle, &desired).await?;
        }
        self.written(number, change, &handle, &desired, live, false)
            .await
    }

    /// Restarts what was just set up, so that what was changed counts.
    async fn restart(
        &self,
        number: usize,
        change: &Change,
        handle: &Handle,
        desired: &Resource,
    ) -> Result<LiveResource, Failure> {
        self.persist(number, change, Patience::WRITE, || {
            self.context.provider.restart(handle)
        })
        .await?;
        let typical = kinds::of(&change.kind).update_seconds;
        self.until_ready(number, change, handle, desired, typical)
            .await
    }

    /// Tells of each further attempt at a call.
    fn teller<'b>(
        &'b self,
        operation: usize,
        change: &'b Change,
    ) -> impl FnMut(&ProviderError, u32) + 'b {
        move |error, attempt| {
            self.tell(&Event::Retrying {
                operation,
                address: change.address.clone(),
                attempt,
                error: error.clone(),
            });
        }
    }

    async fn persist<'b, T>(
        &self,
        number: usize,
        change: &Change,
        patience: Patience,
        call: impl FnMut() -> crate::provider::Pending<'b, crate::provider::Outcome<T>>,
    ) -> Result<T, Failure> {
        let mut again = self.teller(number, change);
        let name = change.address.to_string();
        Ok(persist(self.context, &name, patience, &mut again, call).await?)
    }

    async fn read(
        &self,
        number: usize,
        change: &Change,
        handle: &Handle,
    ) -> Result<Option<LiveResource>, Failure> {
        let call = || self.context.provider.read(self.context.owner, handle);
        self.ask(number, change, call).await
    }

    /// Whether it is there and can be used, and no more than that.
    async fn status(
        &self,
        number: usize,
        change: &Change,
        handle: &Handle,
    ) -> Result<Option<Status>, Failure> {
        let call = || self.context.provider.status(self.context.owner, handle);
        self.ask(number, change, call).await
    }

    /// A question to the cloud about a resource, with the patience of one.
    async fn ask<'b, T>(
        &self,
        number: usize,
        change: &Change,
        call: impl FnMut() -> crate::provider::Pending<'b, crate::provider::Outcome<T>>,
    ) -> Result<T, Failure> {
        let mut again = self.teller(number, change);
        let name = format!("read {}", change.address);
        Ok(persist(self.context, &name, Patience::READ, &mut again, call).await?)
    }

    /// Remembers what was found and says what is not as asked.
    fn settle(&self, desired: &Resource, live: LiveResource) -> Vec<String> {
        let differs = differences(desired, &live);
        let mut properties = live.properties;
        // References see a property as it was asked for, not in the cloud's spelling.
        for (name, value) in &desired.properties {
            properties.insert(name.clone(), value.clone());
        }
        self.known
            .borrow_mut()
            .insert(desired.address.clone(), properties);
        differs
    }
}

/// The properties that are not as they should be.
fn differences(desired: &Resource, live: &LiveResource) -> Vec<String> {
    let rules = Rules::of(&desired.kind);
    let compared = desired.properties.iter().filter(|(name, _)| {
        !rules.is_write_only(name) && !rules.facts.externally_managed.contains(&&**name)
    });
    compared
        .flat_map(|(name, value)| compare::property(rules, name, value, live.properties.get(name)))
        .map(|difference| difference.path)
        .filter(|path| !desired.lifecycle.ignores(path))
        .collect()
}
