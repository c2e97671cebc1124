//! AWS as a provider, through its official SDKs.
//!
//! This module is the [`Provider`], and finds the service that maps a kind. `reads` puts reads of
//! one moment into one call, `writes` guards what is not ours, `carried` is which of our marks is
//! where. `service` says what a mapping is, with one file (for EC2 one folder) per service; `bridge`
//! and `bind` lead from properties to the SDK's types and back; `call` is one call, `clients` who
//! makes it; `lease` is the right to write; `operate` is what a migration asks besides, `site` what
//! users of the site meet. `doctor` looks at credentials, permissions and quotas.

mod batch;
// Names that AWS has given up may still stand in somebody's blueprint.
#[allow(deprecated, reason = "what AWS still takes is still given")]
#[rustfmt::skip]
pub(crate) mod bind;
mod bridge;
mod call;
mod carried;
pub(crate) mod clients;
mod error;
mod home;
mod http;
mod identity;
mod lease;
pub mod marks;
mod operate;
mod quotas;
mod reads;
mod resolve;
pub(crate) mod service;
mod site;
mod writes;

mod acm;
mod autoscaling;
mod backup;
mod cloudcontrol;
mod cloudfront;
mod cloudwatch;
mod ec2;
mod elasticache;
pub(crate) mod elb;
mod iam;
mod logs;
mod rds;
mod route53;
mod s3;
mod secrets;
mod sns;
mod ssm;
mod waf;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use self::batch::Batches;
use self::carried::{marks_of, reported, stray};
pub use self::clients::Endpoints;
use self::clients::{Clients, HOME};
pub(crate) use self::error::chain;
use self::identity::Who;
use self::lease::Lease;
use self::reads::{Families, READS_AT_ONCE, Reads};
use self::service::{Depth, Index, Place, Service, Which};
use super::{
    Answer, Awaited, Clock, ErrorKind, Files, Health, Held, Holder, Outcome, Output, Pending,
    Probe, Provider, ProviderError, Query, Script, Traffic, Write,
};
use crate::address::Address;
use crate::inventory::{Applied, Handle, Live, LiveResource, Owner, Record, Status, Stray};
use crate::kinds::usable_when_made;
use crate::schema::Registry;
use crate::spec;

pub use self::call::Tally;

/// How many looks in a row count as ready: AWS's APIs are eventually consistent, and one look may
/// have met the one server that knows already
/// (<https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html>).
const SIGHTINGS: u32 = 2;

/// AWS.
pub struct Aws {
    pub(crate) clients: Clients,
    services: Vec<Box<dyn Service>>,
    by_kind: HashMap<&'static str, usize>,
    pub(crate) who: Who,
    /// The regions of the spec; the first keeps lease and record.
    pub(crate) regions: Vec<String>,
    clock: WallClock,
    lease: Lease,
    /// Identifiers that this process has seen to be ours, by kind.
    ours: RefCell<HashSet<(Arc<str>, Arc<str>)>>,
    /// Writes that may have taken effect although they failed.
    doubtful: RefCell<HashSet<String>>,
    reads: Reads,
    families: Families,
}

/// The machine's clock.
struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> u64 {
        u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or(0)
    }

    fn sleep(&self, duration: Duration) -> Pending<'_, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

pub(crate) fn fail(kind: ErrorKind, code: &str, message: String, operation: &str) -> ProviderError {
    ProviderError {
        kind,
        code: code.to_owned(),
        message,
        operation: operation.to_owned(),
    }
}

impl Aws {
    /// As the environment and the spec say. Asks nobody yet: who we are is asked beside the first
    /// call, and known before anything is changed.
    pub async fn connect(
        settings: &spec::Aws,
        regions: Vec<String>,
        endpoints: &Endpoints,
    ) -> Self {
        let region = regions.first().map_or(HOME, String::as_str).to_owned();
        let clients = Clients::connect(settings, &region, endpoints).await;
        let who = Who::new(clients.sts(&region), &settings.allowed_accounts);
        let services: Vec<Box<dyn Service>> = services();
        let by_kind = services
            .iter()
            .enumerate()
            .flat_map(|(number, service)| service.kinds().iter().map(move |kind| (*kind, number)))
            .collect();
        let lease = Lease::new(clients.ssm_for_lease(&region), clients.meter().clone());
        Self {
            who,
            services,
            by_kind,
            regions,
            clock: WallClock,
            lease,
            ours: RefCell::default(),
            doubtful: RefCell::default(),
            reads: Batches::new(READS_AT_ONCE),
            families: Batches::new(READS_AT_ONCE),
            clients,
        }
    }

    /// The region that keeps lease and record.
    pub(crate) fn home(&self) -> &str {
        self.regions.first().map_or(HOME, String::as_str)
    }

    /// Where calls go, in words.
    ///
    /// # Errors
    /// When it is not known who we are, or the spec does not allow that account.
    pub async fn place_in_words(&self) -> Outcome<String> {
        let endpoint = match self.clients.endpoint() {
            Some(endpoint) => format!(", at {endpoint}"),
            None => String::new(),
        };
        let account = &self.who.known().await?.account;
        let regions = self.regions.join(", ");
        Ok(format!("account {account} in {regions}{endpoint}"))
    }

    /// The account's number.
    ///
    /// # Errors
    /// When it is not known who we are, or the spec does not allow that account.
    pub async fn account(&self) -> Outcome<Arc<str>> {
        Ok(self.who.known().await?.account.clone())
    }

    /// How often each service was asked so far and how long that took, a line each.
    pub fn calls_in_words(&self) -> Vec<String> {
        let tallies = self.tallies();
        let total: u64 = tallies.values().map(|tally| tally.calls).sum();
        let mut lines = vec![format!("{total} calls to AWS:")];
        lines.extend(tallies.iter().map(|((service, region), tally)| {
            let (calls, span) = (tally.calls, tally.span.as_millis());
            format!("  {service} in {region}: {calls} in {span} ms")
        }));
        lines
    }

    /// The endpoint, when it is not AWS's.
    pub fn endpoint(&self) -> Option<&str> {
        self.clients.endpoint()
    }

    /// How often each service was asked so far, by service and region.
    pub fn tallies(&self) -> BTreeMap<(String, String), Tally> {
        self.clients.meter().tallies()
    }

    /// How often each operation was asked for so far, by AWS's names of service and operation.
    pub fn operations(&self) -> BTreeMap<(String, String), u64> {
        self.clients.meter().operations()
    }

    fn place<'a>(&'a self, region: &'a str, index: Option<&'a Index>) -> Place<'a> {
        Place {
            clients: &self.clients,
            region,
            who: &self.who,
            index,
            depth: Depth::Everything,
        }
    }

    /// To read at this depth, not a whole application.
    fn place_at<'a>(&'a self, region: &'a str, depth: Depth) -> Place<'a> {
        Place {
            depth,
            ..self.place(region, None)
        }
    }

    fn number(&self, kind: &str) -> Outcome<usize> {
        if let Some(number) = self.by_kind.get(kind) {
            return Ok(*number);
        }
        match Registry::embedded().kind(kind) {
            // The last one serves every other kind.
            Some(_) => Ok(self.services.len().saturating_sub(1)),
            None => {
                let message = format!("there is no kind {kind}");
                Err(fail(ErrorKind::Unsupported, "UnknownKind", message, kind))
            }
        }
    }
}

/// Every mapping.
fn services() -> Vec<Box<dyn Service>> {
    let mut services: Vec<Box<dyn Service>> = Vec::new();
    services.extend(acm::services());
    services.extend(autoscaling::services());
    services.extend(backup::services());
    services.extend(cloudfront::services());
    services.extend(cloudwatch::services());
    services.extend(ec2::services());
    services.extend(elasticache::services());
    services.extend(elb::services());
    services.extend(iam::services());
    services.extend(logs::services());
    services.extend(rds::services());
    services.extend(route53::services());
    services.extend(s3::services());
    services.extend(secrets::services());
    services.extend(sns::services());
    services.extend(ssm::services());
    services.extend(waf::services());
    // The last one serves every kind that no other maps.
    services.extend(cloudcontrol::services());
    services
}

/// The kinds that are mapped by hand; every other one goes through Cloud Control.
pub fn mapped_kinds() -> BTreeSet<&'static str> {
    services()
        .iter()
        .flat_map(|service| service.kinds().iter().copied())
        .collect()
}

impl Provider for Aws {
    fn clock(&self) -> &dyn Clock {
        &self.clock
    }

    fn sightings(&self) -> u32 {
        SIGHTINGS
    }

    fn awaited(&self) -> Option<Awaited> {
        let tallies = self.tallies();
        let answers = tallies.values().map(|tally| tally.calls - tally.waiting);
        let waiting = tallies.iter().filter(|(_, tally)| tally.waiting > 0);
        Some(Awaited {
            answers: answers.sum(),
            of: waiting
                .map(|((service, region), _)| format!("{service} in {region}"))
                .collect(),
        })
    }

    fn is_usable_at_once(&self, kind: &str) -> bool {
        self.by_kind.contains_key(kind) && usable_when_made(kind)
    }

    fn observe<'a>(&'a self, owner: &'a Owner, query: &'a Query) -> Pending<'a, Outcome<Live>> {
        Box::pin(async move {
            // What is not allowed is said before, and instead of, what else goes wrong.
            let look = async {
                let live = self.look(owner, query).await;
                self.who.known().await?;
                live
            };
            let (_, live) = futures_util::future::try_join(self.who.known(), look).await?;
            Ok(live)
        })
    }

    fn read<'a>(
        &'a self,
        owner: &'a Owner,
        handle: &'a Handle,
    ) -> Pending<'a, Outcome<Option<LiveResource>>> {
        Box::pin(async move {
            self.who.known().await?;
            let found = self.one_of(owner, handle, Depth::Everything).await?;
            Ok(found.and_then(|found| {
                let marks = marks_of(&found).filter(|marks| marks.owner == *owner)?;
                Some(reported(found, marks))
            }))
        })
    }

    fn status<'a>(
        &'a self,
        owner: &'a Owner,
        handle: &'a Handle,
    ) -> Pending<'a, Outcome<Option<Status>>> {
        Box::pin(async move {
            self.who.known().await?;
            let found = self.one_of(owner, handle, Depth::State).await?;
            Ok(found.map(|found| found.status))
        })
    }

    fn create<'a>(&'a self, write: &'a Write) -> Pending<'a, Outcome<Arc<str>>> {
        Box::pin(async move {
            self.who.known().await?;
            self.make(write).await
        })
    }

    fn shares_calls(&self, kind: &str) -> bool {
        kind == route53::RECORD
    }

    fn after_create(&self, write: &Write) -> Vec<Arc<str>> {
        let number = self.number(&write.kind);
        number.map_or_else(
            |_| Vec::new(),
            |number| self.services[number].after_create(write),
        )
    }

    fn restarts(&self, write: &Write, before: &crate::value::Map, changed: &[Arc<str>]) -> bool {
        let number = self.number(&write.kind);
        number.is_ok_and(|number| self.services[number].restarts(write, before, changed))
    }

    fn restart<'a>(&'a self, handle: &'a Handle) -> Pending<'a, Outcome<()>> {
        Box::pin(async move {
            self.who.known().await?;
            let service = &self.services[self.number(&handle.kind)?];
            let place = self.place(&handle.address.region, None);
            service.restart(place, handle).await
        })
    }

    fn update<'a>(
        &'a self,
        handle: &'a Handle,
        write: &'a Write,
        changed: &'a [Arc<str>],
    ) -> Pending<'a, Outcome<()>> {
        Box::pin(async move {
            self.who.known().await?;
            self.change(handle, write, changed).await
        })
    }

    fn delete<'a>(&'a self, owner: &'a Owner, handle: &'a Handle) -> Pending<'a, Outcome<()>> {
        Box::pin(async move {
            self.who.known().await?;
            self.remove(owner, handle).await
        })
    }

    fn find<'a>(
        &'a self,
        kind: &'a str,
        region: &'a str,
        identifier: Option<&'a str>,
    ) -> Pending<'a, Outcome<Vec<Stray>>> {
        Box::pin(async move {
            self.who.known().await?;
            let number = self.number(kind)?;
            let kinds = BTreeSet::from([Arc::from(kind)]);
            let names: Vec<Arc<str>> = identifier.into_iter().map(Arc::from).collect();
            let which = match identifier {
                Some(_) => Which::Named(&names),
                None => Which::All,
            };
            let place = self.place(region, None);
            let found = self.services[number].list(place, &kinds, which).await?;
            Ok(found
                .into_iter()
                .filter(|found| found.kind == kind)
                .map(stray)
                .collect())
        })
    }

    fn adopt<'a>(
        &'a self,
        owner: &'a Owner,
        handle: &'a Handle,
        applied: &'a Applied,
    ) -> Pending<'a, Outcome<()>> {
        Box::pin(async move {
            self.who.known().await?;
            self.mark(owner, handle, applied).await
        })
    }

    fn acquire_lease<'a>(
        &'a self,
        owner: &'a Owner,
        holder: &'a Holder,
    ) -> Pending<'a, Outcome<()>> {
        Box::pin(async move {
            self.who.known().await?;
            self.lease.acquire(owner, holder).await
        })
    }

    fn release_lease<'a>(&'a self, _: &'a Owner) -> Pending<'a, Outcome<()>> {
        Box::pin(self.lease.release())
    }

    fn lease<'a>(&'a self, owner: &'a Owner) -> Pending<'a, Outcome<Option<Held>>> {
        Box::pin(async move {
            self.who.known().await?;
            let standing = self.lease.standing(owner).await?;
            Ok(standing.map(|standing| Held {
                over: standing.is_over(),
                holder: standing.holder,
                renewed: standing.age,
            }))
        })
    }

    fn break_lease<'a>(
        &'a self,
        owner: &'a Owner,
        ended: Option<&'a Holder>,
    ) -> Pending<'a, Outcome<Option<Holder>>> {
        Box::pin(async move {
            self.who.known().await?;
            self.lease.break_it(owner, ended).await
        })
    }

    fn health<'a>(&'a self, _: &'a Owner, handle: &'a Handle) -> Pending<'a, Outcome<Health>> {
        Box::pin(operate::health(&self.clients, handle))
    }

    fn raised<'a>(
        &'a self,
        _: &'a Owner,
        alarms: &'a [Handle],
    ) -> Pending<'a, Outcome<Vec<Address>>> {
        Box::pin(operate::raised(&self.clients, alarms))
    }

    fn resolve<'a>(&'a self, name: &'a str) -> Pending<'a, Outcome<Option<Vec<IpAddr>>>> {
        Box::pin(async move {
            Ok(match self.clients.serves() {
                true => Some(site::resolve(name).await),
                false => None,
            })
        })
    }

    fn probe<'a>(&'a self, probe: &'a Probe) -> Pending<'a, Outcome<Answer>> {
        Box::pin(async move {
            Ok(match self.clients.serves() {
                true => site::probe(probe).await,
                false => Answer::NotAsked("an emulator of AWS serves no site".to_owned()),
            })
        })
    }

    fn traffic<'a>(&'a self, at: &'a [Handle]) -> Pending<'a, Outcome<Traffic>> {
        Box::pin(site::traffic(&self.clients, at, self.clock.now()))
    }

    fn replicated<'a>(
        &'a self,
        _: &'a Owner,
        handle: &'a Handle,
    ) -> Pending<'a, Outcome<Option<u64>>> {
        let now = self.clock().now();
        Box::pin(operate::replicated(&self.clients, handle, now))
    }

    fn copy_files<'a>(&'a self, from: &'a Handle, to: &'a Handle) -> Pending<'a, Outcome<Files>> {
        Box::pin(s3::files::copy(&self.clients, from, to))
    }

    fn invalidate<'a>(
        &'a self,
        _: &'a Owner,
        at: &'a Handle,
        paths: &'a [String],
        reference: &'a str,
    ) -> Pending<'a, Outcome<Arc<str>>> {
        Box::pin(cloudfront::invalidate(&self.clients, at, paths, reference))
    }

    fn is_invalidated<'a>(
        &'a self,
        _: &'a Owner,
        at: &'a Handle,
        id: &'a str,
    ) -> Pending<'a, Outcome<bool>> {
        Box::pin(cloudfront::is_invalidated(&self.clients, at, id))
    }

    fn run<'a>(&'a self, _: &'a Owner, script: &'a Script) -> Pending<'a, Outcome<Output>> {
        Box::pin(operate::run(&self.clients, script))
    }

    fn write_record<'a>(
        &'a self,
        owner: &'a Owner,
        record: &'a Record,
    ) -> Pending<'a, Outcome<()>> {
        Box::pin(async move {
            self.who.known().await?;
            self.lease.write_record(owner, record).await
        })
    }

    fn remove_record<'a>(&'a self, owner: &'a Owner) -> Pending<'a, Outcome<()>> {
        Box::pin(async move {
            self.who.known().await?;
            home::remove_record(&self.clients, self.home(), &self.regions, owner).await
        })
    }

    fn elsewhere<'a>(&'a self, owner: &'a Owner) -> Pending<'a, Outcome<Option<String>>> {
        Box::pin(home::elsewhere(&self.clients, self.home(), owner))
    }
}
