//! Runs a plan's operations: whatever is ready, the longest remaining path first.
//!
//! A permanent error stops what depends on it and nothing else. Success is what is found afterwards,
//! property by property, not that a call returned.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use super::Context;
use super::event::{End, Event, Report};
use super::retry::{Patience, persist};
use super::wait::{Failure, Wait};
use crate::address::Address;
use crate::blueprint::is_ready;
use crate::graph::Resource;
use crate::plan::compare::{self, Rules};
use crate::plan::schedule::followers;
use crate::plan::{Change, Operation, Plan, Step, digest};
use crate::provider::{Handle, LiveResource, ProviderError, Status, Write};
use crate::schema;
use crate::value::{Map, Reference};

/// How long after a first sighting the next look comes.
const AGAIN: Duration = Duration::from_millis(200);

/// How long calls in flight have to come to their end once somebody asks to stop. A CI job that is
/// cancelled has 7.5 s until SIGTERM and 2.5 s more until SIGKILL, and the lease is still to be given
/// back.
const GRACE: Duration = Duration::from_millis(1200);

/// Runs `plan` with at most `workers` operations at a time, or without a limit. Those that go out in
/// one call with others do not count.
pub async fn execute(
    context: &Context<'_>,
    plan: &Plan,
    workers: Option<usize>,
    on_event: &mut dyn FnMut(&Event),
) -> Report {
    let clock = context.provider.clock();
    let began = clock.now();
    let run = Run {
        context,
        plan,
        known: RefCell::new(HashMap::new()),
        on_event: RefCell::new(on_event),
    };
    let schedule = plan.schedule(workers);
    let needs = plan
        .operations
        .iter()
        .map(|operation| operation.needs.as_slice());
    let mut missing: Vec<usize> = needs.clone().map(<[usize]>::len).collect();
    let behind = followers(needs);
    let mut ends: Vec<Option<End>> = vec![None; plan.operations.len()];
    let shares = |number: usize| {
        let kind = &run.change(number).kind;
        context.provider.shares_calls(kind)
    };
    let mut running = FuturesUnordered::new();
    let mut busy = 0;
    let mut begun = vec![false; plan.operations.len()];
    'all: for last in [false, true] {
        let is_ready = |missing: &[usize], number: usize| {
            missing[number] == 0 && plan.operations[number].last == last
        };
        let mut ready = Ready::default();
        let add = |ready: &mut Ready, number: usize| match shares(number) {
            true => ready.free.push(number),
            false => ready
                .counted
                .push((schedule.remaining[number], Reverse(number))),
        };
        for (number, end) in ends.iter().enumerate() {
            if end.is_none() && is_ready(&missing, number) {
                add(&mut ready, number);
            }
        }
        loop {
            while !context.stop.is_asked() {
                let number = match ready.free.pop() {
                    Some(number) => number,
                    None if busy < workers.unwrap_or(usize::MAX).max(1) => {
                        match ready.counted.pop() {
                            Some((_, Reverse(number))) => number,
                            None => break,
                        }
                    }
                    None => break,
                };
                busy += usize::from(!shares(number));
                begun[number] = true;
                running.push(run.operation(number));
            }
            let Some((number, end, seconds)) = next(context, &mut running).await else {
                match context.stop.is_asked() {
                    true => break 'all,
                    false => break,
                }
            };
            busy -= usize::from(!shares(number));
            run.finished(number, &end, seconds);
            let done = matches!(end, End::Done { .. });
            let failed = matches!(end, End::Failed { .. });
            ends[number] = Some(end);
            if done {
                for follower in &behind[number] {
                    missing[*follower] -= 1;
                    if is_ready(&missing, *follower) && ends[*follower].is_none() {
                        add(&mut ready, *follower);
                    }
                }
            } else if failed {
                let by = run.change(number).address.clone();
                let mut open = behind[number].clone();
                if !last {
                    // Nothing old goes while something new is missing.
                    open.extend((0..plan.operations.len()).filter(|n| plan.operations[*n].last));
                }
                while let Some(follower) = open.pop() {
                    if ends[follower].is_none() {
                        let end = End::Blocked { by: by.clone() };
                        run.finished(follower, &end, 0.0);
                        ends[follower] = Some(end);
                        open.extend(&behind[follower]);
                    }
                }
            }
        }
    }
    Report {
        ends: ends
            .into_iter()
            .zip(begun)
            .map(|(end, begun)| {
                end.unwrap_or(match begun {
                    true => End::Left,
                    false => End::NotBegun,
                })
            })
            .collect(),
        seconds: clock.now().saturating_sub(began) as f64 / 1000.0,
        stopped: context.stop.is_asked(),
    }
}

/// Operations that nothing holds up any more.
#[derive(Default)]
struct Ready {
    /// Those that a limit holds for, the longest remaining path first.
    counted: BinaryHeap<(u64, Reverse<usize>)>,
    /// The others.
    free: Vec<usize>,
}

/// The next operation to end; `None` when none is running, or when the calls in flight take too
/// long after somebody asked to stop. What they do is found by the next run.
async fn next<T>(
    context: &Context<'_>,
    running: &mut FuturesUnordered<impl Future<Output = T>>,
) -> Option<T> {
    let too_long = async {
        context.stop.asked().await;
        context.provider.clock().sleep(GRACE).await;
    };
    tokio::select! {
        biased;
        ended = running.next() => ended,
        () = too_long => None,
    }
}

struct Run<'a> {
    context: &'a Context<'a>,
    plan: &'a Plan,
    /// What has been written so far: its properties as found afterwards.
    known: RefCell<HashMap<Address, Map>>,
    on_event: RefCell<&'a mut dyn FnMut(&Event)>,
}

type Ended = Result<(Option<Arc<str>>, Vec<String>), Failure>;

impl Run<'_> {
    fn change(&self, operation: usize) -> &Change {
        &self.plan.changes[self.plan.operations[operation].change]
    }

    fn tell(&self, event: &Event) {
        (self.on_event.borrow_mut())(event);
    }

    fn finished(&self, operation: usize, end: &End, seconds: f64) {
        self.tell(&Event::Finished {
            operation,
            address: self.change(operation).address.clone(),
            step: self.plan.operations[operation].step,
            end: end.clone(),
            seconds,
        });
    }

    async fn operation(&self, number: usize) -> (usize, End, f64) {
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
            Err(Failure::For(error)) => End::Failed { error },
            Err(Failure::Stopped) => End::Left,
        };
        (
            number,
            end,
            clock.now().saturating_sub(began) as f64 / 1000.0,
        )
    }

    /// What should be written, with everything that is known by now.
    fn write(&self, change: &Change) -> Result<(Write, Resource), Failure> {
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
                    "{name} needs {open}, which the cloud did not give"
                )));
            }
            properties.insert(name.clone(), value);
        }
        let applied = digest::of_properties(
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
        let (write, desired) = self.write(change)?;
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
        let facts = schema::facts(&change.kind);
        let mut live = self
            .until_ready(number, change, &handle, &desired, facts.create_seconds)
            .await?;
        let mut later = self.context.provider.after_create(&write);
        let rules = Rules::of(&change.kind);
        if attempts.get() > 1 {
            // What an attempt that broke off has made may lack some of it.
            let names = write.properties.iter().map(|(name, _)| name);
            let may_lack = |name: &&Arc<str>| {
                !rules.is_write_only(name)
                    && !rules.is_create_only(name)
                    && !rules.facts.shared.contains(&&***name)
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
        if !later.is_empty() {
            self.persist(number, change, Patience::WRITE, || {
                self.context.provider.update(&handle, &write, &later)
            })
            .await?;
            live = self
                .until_ready(number, change, &handle, &desired, facts.update_seconds)
                .await?;
        }
        Ok((Some(identifier), self.settle(&desired, live)))
    }

    async fn update(&self, number: usize, change: &Change) -> Ended {
        let (write, desired) = self.write(change)?;
        let Some(live) = &change.live else {
            return Err(Failure::For("there is nothing to update".to_owned()));
        };
        let handle = live.handle();
        let facts = schema::facts(&change.kind);
        if live.status != Status::Ready {
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
        self.persist(number, change, Patience::WRITE, || {
            self.context.provider.update(&handle, &write, &changed)
        })
        .await?;
        let live = self
            .until_ready(number, change, &handle, &desired, facts.update_seconds)
            .await?;
        Ok((Some(handle.identifier.clone()), self.settle(&desired, live)))
    }

    async fn delete(&self, number: usize, change: &Change) -> Ended {
        let Some(live) = &change.live else {
            return Err(Failure::For("there is nothing to delete".to_owned()));
        };
        let handle = live.handle();
        self.unlock(number, change, &handle).await?;
        self.persist(number, change, Patience::DELETE, || {
            self.context.provider.delete(self.context.owner, &handle)
        })
        .await?;
        let typical = schema::facts(&change.kind).delete_seconds;
        let mut wait = Wait::new(typical);
        loop {
            if self.read(number, change, &handle).await?.is_none() {
                return Ok((None, Vec::new()));
            }
            self.tell(&Event::Waiting { operation: number });
            wait.sleep(self.context).await?;
        }
    }

    /// Switches off what AWS wants switched off before a delete; the plan's guard rails have asked.
    async fn unlock(&self, number: usize, change: &Change, handle: &Handle) -> Result<(), Failure> {
        let Some(live) = self.read(number, change, handle).await? else {
            return Ok(());
        };
        if live.status == Status::Deleting {
            return Ok(());
        }
        let Some((name, value)) = schema::facts::unlocked(&live.kind, &live.properties) else {
            return Ok(());
        };
        if live.status != Status::Ready && !matches!(live.status, Status::Failed(_)) {
            let typical = schema::facts(&live.kind).create_seconds;
            self.wait_until(number, change, handle, typical, |live| {
                live.status == Status::Ready
            })
            .await?;
        }
        let mut properties = live.properties.clone();
        properties.insert(name.clone(), value);
        let write = Write {
            owner: self.context.owner.clone(),
            address: change.address.clone(),
            kind: live.kind.clone(),
            properties,
            applied: live.applied.clone().unwrap_or_default(),
        };
        let changed = [name];
        self.persist(number, change, Patience::WRITE, || {
            self.context.provider.update(handle, &write, &changed)
        })
        .await?;
        let typical = schema::facts(&live.kind).update_seconds;
        self.wait_until(number, change, handle, typical, |live| {
            live.status == Status::Ready
        })
        .await?;
        Ok(())
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
        let mut again = self.teller(number, change);
        let name = format!("read {}", change.address);
        let call = || self.context.provider.read(self.context.owner, handle);
        Ok(persist(self.context, &name, Patience::READ, &mut again, call).await?)
    }

    /// Waits until a resource can be used, by the cloud's word and by `readyWhen`.
    async fn until_ready(
        &self,
        number: usize,
        change: &Change,
        handle: &Handle,
        desired: &Resource,
        typical: u32,
    ) -> Result<LiveResource, Failure> {
        self.wait_until(number, change, handle, typical, |live| {
            live.status == Status::Ready
                && is_ready(&desired.ready_when, &live.properties).unwrap_or(false)
        })
        .await
    }

    async fn wait_until(
        &self,
        number: usize,
        change: &Change,
        handle: &Handle,
        typical: u32,
        enough: impl Fn(&LiveResource) -> bool,
    ) -> Result<LiveResource, Failure> {
        let mut wait = Wait::new(typical);
        let mut sightings = 0;
        loop {
            // None is the cloud's delay in showing what it has made.
            let live = self.read(number, change, handle).await?;
            if let Some(Status::Failed(why)) = live.as_ref().map(|live| &live.status) {
                return Err(Failure::For(format!("it failed: {why}")));
            }
            match live.filter(|live| enough(live)) {
                Some(live) => {
                    sightings += 1;
                    if sightings >= self.context.provider.sightings() {
                        return Ok(live);
                    }
                    // Seen once, the next look need not wait as long as the first.
                    if !self.context.sleep(AGAIN).await {
                        return Err(Failure::Stopped);
                    }
                    continue;
                }
                None => sightings = 0,
            }
            self.tell(&Event::Waiting { operation: number });
            wait.sleep(self.context).await?;
        }
    }

    /// Remembers what was found and says what is not as asked.
    fn settle(&self, desired: &Resource, live: LiveResource) -> Vec<String> {
        let rules = Rules::of(&desired.kind);
        let differs = desired
            .properties
            .iter()
            .filter(|(name, _)| {
                !rules.is_write_only(name) && !rules.facts.shared.contains(&&**name)
            })
            .flat_map(|(name, value)| {
                compare::property(rules, name, value, live.properties.get(name))
            })
            .map(|difference| difference.path)
            .filter(|path| !desired.lifecycle.ignores(path))
            .collect();
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
