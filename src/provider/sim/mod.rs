//! The simulator: AWS's rules, latencies and failures on a laptop, with no account.
//!
//! [`cloud`] is the state machine, [`data`] its databases' rows, `database` what RDS does with one, [`replicas`] how
//! managed ones follow each other, `site` what its users meet, [`rules`] what AWS refuses (`refusals`: single services,
//! `offers` and `windows`: what regions and services have, `routing`: a name's records, `account`: a new account), `agents`
//! and `tls` what servers do by themselves, `alarms` what is measured, [`attributes`] what it makes up, [`faults`]
//! what goes wrong on purpose, `outside` what others than scalectl do, [`store`] the file, [`load`] another cloud's state. This module is the [`Provider`]: it
//! spends (virtual) time, draws each call's fate and writes the file.
//!
//! Time is tokio's (`clock`): under a paused runtime it jumps to the next moment at which something happens,
//! so 40 minutes of AWS take a laptop a second.

mod account;
mod agents;
mod alarms;
pub mod attributes;
mod caches;
mod calls;
mod checks;
mod clock;
pub mod cloud;
mod clusters;
pub mod data;
mod database;
mod deletes;
mod engines;
pub mod faults;
mod files;
mod fleet;
mod health;
mod identifiers;
mod invalidations;
mod item;
mod keyspaces;
mod limits;
pub mod load;
mod logs;
mod networks;
mod offers;
mod outside;
mod queues;
mod records;
mod refusals;
mod releases;
pub mod replicas;
mod routing;
pub mod rules;
mod secrets;
mod site;
pub mod store;
mod tables;
mod tls;
mod windows;

use async_trait::async_trait;
use std::cell::{Cell, RefCell};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::{
    Answer, Clock, ErrorKind, Files, Health, Held, Hidden, Holder, LogLine, LogQuery, Outcome,
    Output, Probe, Provider, Query, Script, SecretId, SecretState, Traffic, Write,
};
use crate::address::GLOBAL;
use crate::inventory::{Applied, Handle, Live, LiveResource, Owner, Record, Stray};
use crate::kinds::usable_when_made;
use crate::value::Map;
use clock::{Pace, VirtualClock};
use cloud::{Cloud, operation, refuse};
use faults::Faults;
use store::{Opened, Store};

/// The simulator as a provider.
pub struct Sim {
    cloud: RefCell<Cloud>,
    faults: RefCell<Faults>,
    store: Option<Store>,
    clock: VirtualClock,
    written: Cell<bool>,
    limits: limits::Limits,
    crash_at: Cell<Option<(u64, Moment)>>,
    crashed: tokio::sync::Notify,
}

/// When in a call a process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Before it takes effect.
    Before,
    /// After it took effect, before its answer arrives.
    After,
}

impl Sim {
    /// A simulator in memory whose clock stands at `now` (milliseconds since the epoch).
    pub fn in_memory(cloud: Cloud, faults: Faults, now: u64) -> Self {
        Self {
            cloud: RefCell::new(cloud),
            faults: RefCell::new(faults),
            store: None,
            clock: VirtualClock {
                base: now,
                began: tokio::time::Instant::now(),
                pace: None,
            },
            written: Cell::new(false),
            limits: limits::Limits::default(),
            crash_at: Cell::new(None),
            crashed: tokio::sync::Notify::new(),
        }
    }

    /// The simulator of an opened file. Its clock goes on where it stood, or at `now` if that
    /// is later.
    pub fn of(opened: Opened, now: u64) -> Self {
        let base = opened.clock.max(now);
        let mut sim = Self::in_memory(opened.cloud, opened.faults, base);
        sim.store = opened.store;
        sim
    }

    /// Lets the clock run so many times as fast as the wall's, to be watched. The runtime's time has to jump.
    pub fn at_speed(mut self, factor: f64) -> Self {
        self.clock.pace = Some(Pace {
            began: std::time::Instant::now(),
            factor,
            turn: tokio::sync::Mutex::new(()),
        });
        self
    }

    /// Lets the process "die" at the n-th call from now, before the call takes effect or after it and
    /// before its answer: it never returns, and [`Sim::crashed`] does.
    pub fn crash_at(&self, call: u64, moment: Moment) {
        let so_far = self.faults.borrow().calls;
        self.crash_at.set(Some((so_far + call, moment)));
    }

    /// Returns once the process has "died".
    pub async fn crashed(&self) {
        self.crashed.notified().await;
    }

    /// The cloud itself, to look at.
    pub fn cloud(&self) -> std::cell::Ref<'_, Cloud> {
        self.cloud.borrow()
    }

    /// Writes down how late it is, if anything changed, so that the next process does not find half
    /// done what this one saw finished.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn close(&self) -> Outcome<()> {
        if !self.written.get() {
            return Ok(());
        }
        self.cloud.borrow_mut().settle(self.clock.now());
        self.save("sim:Close")
    }

    /// The cloud, taken out of the provider.
    pub fn into_cloud(self) -> Cloud {
        self.cloud.into_inner()
    }
}

fn subject(kind: &str, address: &crate::address::Address) -> String {
    format!("{kind} {address}")
}

#[async_trait(?Send)]
impl Provider for Sim {
    fn clock(&self) -> &dyn Clock {
        &self.clock
    }

    fn consistent_reads(&self) -> u32 {
        // Only where it shows things late, one look may see what the next one does not.
        match self.faults.borrow().lag {
            0 => 1,
            _ => 2,
        }
    }

    fn is_usable_at_once(&self, kind: &str) -> bool {
        self.faults.borrow().lag > 0 && usable_when_made(kind)
    }

    async fn observe(&self, owner: &Owner, query: &Query) -> Outcome<Live> {
        let down = self.faults.borrow().down.clone();
        let asked =
            |region: &&Arc<str>| query.thorough || query.kinds.iter().any(|(of, _)| of == *region);
        let region = down.iter().find(asked).cloned().unwrap_or_default();

        let name = "tagging:GetResources";
        self.call(name, "", &region, false, |cloud, now, _| {
            cloud.settle(now);
            Ok(cloud.observe(owner, query, now))
        })
        .await
    }

    async fn read(&self, owner: &Owner, handle: &Handle) -> Outcome<Option<LiveResource>> {
        let name = operation("Describe", &handle.kind);
        self.call(&name, "", &handle.address.region, false, |cloud, now, _| {
            Ok(cloud.read(owner, handle, now))
        })
        .await
    }

    async fn create(&self, write: &Write) -> Outcome<Arc<str>> {
        let name = operation("Create", &write.kind);
        let unverified = self.faults.borrow().unverified;
        self.admit(&write.kind, &write.address).await;
        let about = subject(&write.kind, &write.address);
        self.call(
            &name,
            &about,
            &write.address.region,
            true,
            |cloud, now, lag| {
                account::admit(cloud, unverified, &write.kind, &name)?;
                cloud.create(write, now, lag)
            },
        )
        .await
    }

    async fn update(&self, handle: &Handle, write: &Write, changed: &[Arc<str>]) -> Outcome<()> {
        let name = operation("Modify", &write.kind);
        self.admit(&write.kind, &write.address).await;
        let about = subject(&write.kind, &write.address);
        self.call(
            &name,
            &about,
            &write.address.region,
            true,
            |cloud, now, _| cloud.update(handle, write, changed, now),
        )
        .await
    }

    fn after_create(&self, write: &Write) -> Vec<Arc<str>> {
        database::after_create(write)
    }

    fn restarts(&self, write: &Write, before: &Map, changed: &[Arc<str>]) -> bool {
        database::restarts(write, before, changed)
    }

    async fn restart(&self, handle: &Handle) -> Outcome<()> {
        let name = operation("Reboot", &handle.kind);
        let region = &handle.address.region;
        self.admit(&handle.kind, &handle.address).await;
        let about = subject(&handle.kind, &handle.address);
        self.call(&name, &about, region, true, |cloud, now, _| {
            cloud.restart(handle, now)
        })
        .await
    }

    async fn delete(&self, owner: &Owner, handle: &Handle) -> Outcome<()> {
        let name = operation("Delete", &handle.kind);
        self.admit(&handle.kind, &handle.address).await;
        let about = subject(&handle.kind, &handle.address);
        self.call(
            &name,
            &about,
            &handle.address.region,
            true,
            |cloud, now, _| cloud.delete(owner, handle, now),
        )
        .await
    }

    async fn find(
        &self,
        kind: &str,
        region: &str,
        identifier: Option<&str>,
    ) -> Outcome<Vec<Stray>> {
        let name = operation("Describe", kind);
        self.call(&name, "", region, false, |cloud, now, _| {
            Ok(cloud.strays(kind, region, identifier, now))
        })
        .await
    }

    async fn adopt(&self, owner: &Owner, handle: &Handle, applied: &Applied) -> Outcome<()> {
        let region = &handle.address.region;
        Box::pin(self.call(
            "tagging:TagResources",
            "",
            region,
            true,
            move |cloud, now, _| cloud.adopt(owner, handle, applied, now),
        ))
        .await
    }

    async fn acquire_lease(&self, owner: &Owner, holder: &Holder) -> Outcome<()> {
        Box::pin(
            self.call(
                "lease:Acquire",
                "",
                "",
                false,
                move |cloud, _, _| match cloud.leases.get(owner) {
                    Some(other) if other != holder => {
                        let message = format!("{} runs `scalectl {}`", other.who, other.command);
                        Err(refuse(
                            ErrorKind::Held,
                            "LeaseHeld",
                            message,
                            "lease:Acquire",
                        ))
                    }
                    _ => {
                        cloud.leases.insert(owner.clone(), holder.clone());
                        Ok(())
                    }
                },
            ),
        )
        .await
    }

    async fn release_lease(&self, owner: &Owner) -> Outcome<()> {
        Box::pin(
            self.call("lease:Release", "", "", false, move |cloud, _, _| {
                cloud.leases.remove(owner);
                Ok(())
            }),
        )
        .await
    }

    async fn lease(&self, owner: &Owner) -> Outcome<Option<Held>> {
        Box::pin(
            self.call("lease:Describe", "", "", false, move |cloud, now, _| {
                Ok(cloud.leases.get(owner).map(|holder| Held {
                    holder: holder.clone(),
                    renewed: Duration::from_millis(now.saturating_sub(holder.since)),
                    over: false,
                }))
            }),
        )
        .await
    }

    async fn break_lease(&self, owner: &Owner, _: Option<&Holder>) -> Outcome<Option<Holder>> {
        Box::pin(self.call("lease:Break", "", "", false, move |cloud, _, _| {
            Ok(cloud.leases.remove(owner))
        }))
        .await
    }

    async fn health(&self, _: &Owner, handle: &Handle) -> Outcome<Health> {
        let name = operation("Describe", &handle.kind);
        self.call(&name, "", &handle.address.region, false, |cloud, now, _| {
            cloud.health(handle, now)
        })
        .await
    }

    async fn firing_alarms(
        &self,
        _: &Owner,
        alarms: &[Handle],
    ) -> Outcome<Vec<crate::address::Address>> {
        let down = self.faults.borrow().down.clone();
        let asked = |region: &&Arc<str>| alarms.iter().any(|one| one.address.region == **region);
        let region = down.iter().find(asked).cloned().unwrap_or_default();

        let name = "cloudwatch:DescribeAlarms";
        let images = self.faults.borrow().images.clone();
        self.call(name, "", &region, false, |cloud, now, _| {
            let fails = cloud.failing(&images, now) > 0.0;
            Ok(cloud.firing_alarms(alarms, fails))
        })
        .await
    }

    async fn replicated(&self, _: &Owner, handle: &Handle) -> Outcome<Option<u64>> {
        let region = &handle.address.region;
        let name = "cloudwatch:GetMetricStatistics";
        self.call(name, "", region, false, |cloud, now, _| {
            Ok(cloud.replicated(handle, now))
        })
        .await
    }

    async fn copy_files(&self, from: &Handle, to: &Handle) -> Outcome<Files> {
        let region = &to.address.region;
        self.call("s3:CopyObject", "", region, false, |cloud, _, _| {
            Ok(cloud.copy_files(&from.identifier, &to.identifier))
        })
        .await
    }

    async fn resolve(&self, name: &str) -> Outcome<Option<Vec<IpAddr>>> {
        // A resolver is none of AWS's APIs: it takes no call, and none of their failures befalls it.

        let now = self.clock.now();
        Ok(Some(self.cloud.borrow().addresses(name, now)))
    }

    async fn probe(&self, probe: &Probe) -> Outcome<Answer> {
        let now = self.clock.now();
        Ok(self.cloud.borrow().answer(probe, now))
    }

    async fn traffic(&self, at: &[Handle]) -> Outcome<Traffic> {
        let region = at.first().map_or("", |one| &*one.address.region);

        let images = self.faults.borrow().images.clone();
        let name = "cloudwatch:GetMetricData";
        self.call(name, "", region, false, |cloud, now, _| {
            let mut traffic = cloud.traffic(at, now);
            let failed = traffic.requests * cloud.failing(&images, now);
            traffic.errors = (traffic.errors + failed).min(traffic.requests);
            Ok(traffic)
        })
        .await
    }

    async fn invalidate(
        &self,
        owner: &Owner,
        at: &Handle,
        paths: &[String],
        reference: &str,
    ) -> Outcome<Arc<str>> {
        let name = "cloudfront:CreateInvalidation";
        Box::pin(
            self.call(name, &at.identifier, GLOBAL, true, move |cloud, now, _| {
                cloud.invalidate(owner, at, paths, reference, now)
            }),
        )
        .await
    }

    async fn is_invalidated(&self, owner: &Owner, at: &Handle, id: &str) -> Outcome<bool> {
        let name = "cloudfront:GetInvalidation";
        Box::pin(
            self.call(name, &at.identifier, GLOBAL, false, move |cloud, now, _| {
                cloud.is_invalidated(owner, id, now)
            }),
        )
        .await
    }

    async fn servers(&self, _: &Owner, handle: &Handle) -> Outcome<Vec<Arc<str>>> {
        let region = &handle.address.region;
        Box::pin(self.call(
            "autoscaling:Describe",
            "",
            region,
            false,
            |cloud, now, _| cloud.servers(handle, now),
        ))
        .await
    }

    async fn run(&self, owner: &Owner, script: &Script) -> Outcome<Output> {
        let region = &script.server.address.region;
        let images = self.faults.borrow().images.clone();
        let wait = releases::wait(&script.name);
        self.clock.sleep(wait).await;
        Box::pin(self.call(
            "ssm:SendCommand",
            &script.name,
            region,
            true,
            move |cloud, now, _| {
                Ok(match cloud.deploys(owner, script, &images, now) {
                    Some(output) => output,
                    None => cloud.script(owner, script),
                })
            },
        ))
        .await
    }

    async fn log_lines(
        &self,
        owner: &Owner,
        group: &Handle,
        wanted: &LogQuery,
    ) -> Outcome<Vec<LogLine>> {
        let region = &group.address.region;
        Box::pin(self.call(
            "logs:FilterLogEvents",
            "",
            region,
            false,
            |cloud, now, _| cloud.log_lines(owner, group, wanted, now),
        ))
        .await
    }

    async fn secret(&self, secret: &SecretId) -> Outcome<Option<SecretState>> {
        let operation = secrets::describe(secret);
        let (subject, region) = (&secret.name, &secret.region);
        Box::pin(
            self.call(operation, subject, region, false, |cloud, now, _| {
                Ok(cloud.secret(secret, now))
            }),
        )
        .await
    }

    async fn set_secret(
        &self,
        _: &Owner,
        secret: &SecretId,
        copies: &[Arc<str>],
        value: &Hidden,
    ) -> Outcome<()> {
        let operation = secrets::put(secret);
        let (subject, region) = (&secret.name, &secret.region);
        Box::pin(
            self.call(operation, subject, region, true, |cloud, now, _| {
                cloud.set_secret(secret, copies, value, now)
            }),
        )
        .await
    }

    async fn remove_secret(&self, secret: &SecretId) -> Outcome<()> {
        let operation = secrets::delete(secret);
        let (subject, region) = (&secret.name, &secret.region);
        Box::pin(
            self.call(operation, subject, region, true, |cloud, now, _| {
                cloud.remove_secret(secret, now);
                Ok(())
            }),
        )
        .await
    }

    async fn write_record(&self, owner: &Owner, record: &Record) -> Outcome<()> {
        Box::pin(self.call("record:Put", "", "", true, move |cloud, _, _| {
            cloud.records.insert(owner.clone(), record.clone());
            Ok(())
        }))
        .await
    }

    async fn remove_record(&self, owner: &Owner) -> Outcome<()> {
        Box::pin(
            self.call("record:Delete", "", "", true, move |cloud, _, _| {
                cloud.records.remove(owner);
                Ok(())
            }),
        )
        .await
    }
}
