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
pub(crate) mod sdk;
mod call;
mod carried;
pub(crate) mod clients;
mod convert;
mod documents;
mod error;
mod http;
mod identity;
mod lease;
pub mod marks;
mod own_secrets;
mod quotas;
mod readings;
mod reads;
mod record_region;
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

use async_trait::async_trait;
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
    Answer, Awaited, Clock, ErrorKind, Files, Health, Held, Hidden, Holder, LogLine, LogQuery,
    Outcome, Output, Pending, Probe, Provider, ProviderError, Query, Script, SecretId, SecretState,
    Traffic, Write,
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

#[async_trait(?Send)]
impl Provider for Aws {
    fn clock(&self) -> &dyn Clock {
        &self.clock
    }

    fn consistent_reads(&self) -> u32 {
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

    async fn observe(&self, owner: &Owner, query: &Query) -> Outcome<Live> {
        // What is not allowed is said before, and instead of, what else goes wrong.
        let look = async {
            let live = self.look(owner, query).await;
            self.who.known().await?;
            live
        };
        let (who, mut live) = futures_util::future::try_join(self.who.known(), look).await?;
        live.account = Some(who.account.clone());
        Ok(live)
    }

    async fn read(&self, owner: &Owner, handle: &Handle) -> Outcome<Option<LiveResource>> {
        self.who.known().await?;
        let found = self.one_of(owner, handle, Depth::Everything).await?;
        Ok(found.and_then(|found| {
            let marks = marks_of(&found).filter(|marks| marks.owner == *owner)?;
            Some(reported(found, marks))
        }))
    }

    async fn status(&self, owner: &Owner, handle: &Handle) -> Outcome<Option<Status>> {
        self.who.known().await?;
        let found = self.one_of(owner, handle, Depth::State).await?;
        Ok(found.map(|found| found.status))
    }

    async fn create(&self, write: &Write) -> Outcome<Arc<str>> {
        self.who.known().await?;
        self.make(write).await
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

    async fn restart(&self, handle: &Handle) -> Outcome<()> {
        self.who.known().await?;
        let service = &self.services[self.number(&handle.kind)?];
        let place = self.place(&handle.address.region, None);
        service.restart(place, handle).await
    }

    async fn update(&self, handle: &Handle, write: &Write, changed: &[Arc<str>]) -> Outcome<()> {
        self.who.known().await?;
        self.change(handle, write, changed).await
    }

    async fn delete(&self, owner: &Owner, handle: &Handle) -> Outcome<()> {
        self.who.known().await?;
        self.remove(owner, handle).await
    }

    async fn find(
        &self,
        kind: &str,
        region: &str,
        identifier: Option<&str>,
    ) -> Outcome<Vec<Stray>> {
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
    }

    async fn adopt(&self, owner: &Owner, handle: &Handle, applied: &Applied) -> Outcome<()> {
        self.who.known().await?;
        self.mark(owner, handle, applied).await
    }

    async fn acquire_lease(&self, owner: &Owner, holder: &Holder) -> Outcome<()> {
        self.who.known().await?;
        self.lease.acquire(owner, holder).await
    }

    async fn release_lease(&self, _: &Owner) -> Outcome<()> {
        Box::pin(self.lease.release()).await
    }

    async fn lease(&self, owner: &Owner) -> Outcome<Option<Held>> {
        self.who.known().await?;
        let standing = self.lease.standing(owner).await?;
        Ok(standing.map(|standing| Held {
            over: standing.is_over(),
            holder: standing.holder,
            renewed: standing.age,
        }))
    }

    async fn break_lease(&self, owner: &Owner, ended: Option<&Holder>) -> Outcome<Option<Holder>> {
        self.who.known().await?;
        self.lease.break_it(owner, ended).await
    }

    async fn health(&self, _: &Owner, handle: &Handle) -> Outcome<Health> {
        Box::pin(readings::health(&self.clients, handle)).await
    }

    async fn firing_alarms(&self, _: &Owner, alarms: &[Handle]) -> Outcome<Vec<Address>> {
        Box::pin(readings::firing_alarms(&self.clients, alarms)).await
    }

    async fn resolve(&self, name: &str) -> Outcome<Option<Vec<IpAddr>>> {
        Ok(if self.clients.serves() {
            Some(site::resolve(name).await)
        } else {
            None
        })
    }

    async fn probe(&self, probe: &Probe) -> Outcome<Answer> {
        Ok(if self.clients.serves() {
            site::probe(probe).await
        } else {
            Answer::NotAsked("an emulator of AWS serves no site".to_owned())
        })
    }

    async fn traffic(&self, at: &[Handle]) -> Outcome<Traffic> {
        Box::pin(site::traffic(&self.clients, at, self.clock.now())).await
    }

    async fn replicated(&self, _: &Owner, handle: &Handle) -> Outcome<Option<u64>> {
        let now = self.clock().now();
        Box::pin(readings::replicated(&self.clients, handle, now)).await
    }

    async fn copy_files(&self, from: &Handle, to: &Handle) -> Outcome<Files> {
        Box::pin(s3::files::copy(&self.clients, from, to)).await
    }

    async fn invalidate(
        &self,
        _: &Owner,
        at: &Handle,
        paths: &[String],
        reference: &str,
    ) -> Outcome<Arc<str>> {
        Box::pin(cloudfront::invalidate(&self.clients, at, paths, reference)).await
    }

    async fn is_invalidated(&self, _: &Owner, at: &Handle, id: &str) -> Outcome<bool> {
        Box::pin(cloudfront::is_invalidated(&self.clients, at, id)).await
    }

    async fn servers(&self, _: &Owner, handle: &Handle) -> Outcome<Vec<Arc<str>>> {
        Box::pin(readings::servers(&self.clients, handle)).await
    }

    async fn run(&self, _: &Owner, script: &Script) -> Outcome<Output> {
        Box::pin(readings::run(&self.clients, script)).await
    }

    async fn log_lines(
        &self,
        _: &Owner,
        group: &Handle,
        wanted: &LogQuery,
    ) -> Outcome<Vec<LogLine>> {
        Box::pin(logs::lines(&self.clients, group, wanted)).await
    }

    async fn secret(&self, secret: &SecretId) -> Outcome<Option<SecretState>> {
        Box::pin(own_secrets::state(&self.clients, secret)).await
    }

    async fn set_secret(
        &self,
        owner: &Owner,
        secret: &SecretId,
        copies: &[Arc<str>],
        value: &Hidden,
    ) -> Outcome<()> {
        self.who.known().await?;
        Box::pin(own_secrets::set(
            &self.clients,
            owner,
            secret,
            copies,
            value,
        ))
        .await
    }

    async fn remove_secret(&self, secret: &SecretId) -> Outcome<()> {
        self.who.known().await?;
        Box::pin(own_secrets::remove(&self.clients, secret)).await
    }

    async fn write_record(&self, owner: &Owner, record: &Record) -> Outcome<()> {
        self.who.known().await?;
        self.lease.write_record(owner, record).await
    }

    async fn remove_record(&self, owner: &Owner) -> Outcome<()> {
        self.who.known().await?;
        record_region::remove_record(&self.clients, self.home(), &self.regions, owner).await
    }

    async fn elsewhere(&self, owner: &Owner) -> Outcome<Option<String>> {
        Box::pin(record_region::elsewhere(&self.clients, self.home(), owner)).await
    }
}
