//! AWS as a provider, through its official SDKs.
//!
//! This module is the [`Provider`]: it finds the service that maps a kind, carries our marks, puts
//! reads of one moment into one call, and guards what is not ours. `service` says what a mapping
//! is, with one file (for EC2 one folder) per service; `bridge` and `bind` lead from properties
//! to the SDK's types and back; `call` is one call, `clients` who makes it; `lease` is the
//! right to write; `operate` is what a migration asks besides, `site` what users of
//! the site meet. `doctor` looks at credentials, permissions and quotas.

mod batch;
// Names that AWS has given up may still stand in somebody's blueprint.
#[allow(deprecated, reason = "what AWS still takes is still given")]
#[rustfmt::skip]
mod bind;
mod bridge;
mod call;
mod clients;
pub mod doctor;
mod error;
mod http;
mod identity;
mod lease;
pub mod marks;
mod operate;
mod quotas;
mod resolve;
mod service;
mod site;

mod acm;
mod autoscaling;
mod backup;
mod cloudcontrol;
mod cloudfront;
mod cloudwatch;
mod ec2;
mod elasticache;
mod elb;
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

use futures_util::future::{join_all, try_join_all};

use self::batch::Batches;
pub use self::clients::Endpoints;
use self::clients::{Clients, HOME};
use self::identity::Who;
use self::lease::Lease;
use self::marks::{Marks, Tags, is_ours};
use self::service::{Depth, Found, Index, Place, Service, Together, Which};
use super::{
    Answer, Applied, Clock, ErrorKind, Handle, Health, Held, Holder, Live, LiveResource, Outcome,
    Output, Owner, Pending, Probe, Provider, ProviderError, Query, Record, Script, Status, Stray,
    Traffic, Write,
};
use crate::address::{Address, GLOBAL};
use crate::schema::facts::{Identity, usable_when_made};
use crate::schema::{self, Registry, TagStyle};
use crate::spec;
use crate::value::{Map, Value};

pub use self::call::Tally;

/// Reads that fit into one call: AWS's lists take at least so many identifiers.
const READS: usize = 100;

/// Calls under way that read the same kind in the same region: one, and another so that a slow answer
/// does not hold up everyone.
const READS_AT_ONCE: usize = 2;

/// How long one list of a look at everything that fails is asked for again, before the look is over for all
/// the others: milliseconds. A region that does not answer takes longer than that to be found out.
const PATIENCE: u64 = 20_000;

/// How long apart the first two times are; each further one takes as much longer.
const BASE: Duration = Duration::from_millis(100);

/// How many looks in a row count as ready: AWS's APIs are eventually consistent, and one look may
/// have met the one server that knows already
/// (<https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html>).
const SIGHTINGS: u32 = 2;

/// How often one that may have been made already is looked for before it is made again, and how
/// long apart: EC2 shows what it has made within seconds.
const LOOKS: [Duration; 4] = [
    Duration::from_millis(200),
    Duration::from_millis(800),
    Duration::from_secs(2),
    Duration::from_secs(4),
];

/// AWS.
pub struct Aws {
    clients: Clients,
    services: Vec<Box<dyn Service>>,
    by_kind: HashMap<&'static str, usize>,
    who: Who,
    /// The regions of the spec; the first keeps lease and record.
    regions: Vec<String>,
    clock: WallClock,
    lease: Lease,
    /// Identifiers that this process has seen to be ours, by kind.
    ours: RefCell<HashSet<(Arc<str>, Arc<str>)>>,
    /// Writes that may have taken effect although they failed.
    doubtful: RefCell<HashSet<String>>,
    reads: Reads,
    families: Families,
}

/// Kinds to list, by region, service and whether that has to succeed.
type Asked = BTreeMap<(String, usize, bool), BTreeSet<Arc<str>>>;

/// Reads of one service, region, kind and depth, by identifier.
type Reads = Batches<(usize, String, Arc<str>, Depth), Arc<str>, Option<Found>>;

/// Reads of one service, region and depth, of whatever kind.
type Families = Batches<(usize, String, Depth), Handle, Option<Found>>;

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

fn fail(kind: ErrorKind, code: &str, message: String, operation: &str) -> ProviderError {
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

    /// One that exists, read together with others of its kind.
    async fn one(
        &self,
        kind: &Arc<str>,
        region: &str,
        identifier: &Arc<str>,
        depth: Depth,
    ) -> Outcome<Option<Found>> {
        let number = self.number(kind)?;
        let key = (number, region.to_owned(), kind.clone(), depth);
        self.reads
            .ask(key, identifier.clone(), READS, async |identifiers| {
                let kinds = BTreeSet::from([kind.clone()]);
                let place = self.place_at(region, depth);
                let found = self.services[number]
                    .list(place, &kinds, Which::Named(identifiers))
                    .await?;
                let mut by_identifier: HashMap<Arc<str>, Found> = found
                    .into_iter()
                    .filter(|found| *found.kind == **kind)
                    .map(|found| (found.identifier.clone(), found))
                    .collect();
                Ok(identifiers
                    .iter()
                    .map(|identifier| Ok(by_identifier.remove(identifier)))
                    .collect())
            })
            .await
    }

    /// One of the owner's that exists, read together with others of its service, of whatever kind.
    async fn one_of(&self, owner: &Owner, handle: &Handle, depth: Depth) -> Outcome<Option<Found>> {
        let region = &*handle.address.region;
        let number = self.number(&handle.kind)?;
        let service = &self.services[number];
        let by_itself =
            async |one: &Handle| self.one(&one.kind, region, &one.identifier, depth).await;
        let together = service.reads_together();
        if together == Together::Never {
            return by_itself(handle).await;
        }
        let key = (number, region.to_owned(), depth);
        self.families
            .ask(key, handle.clone(), READS, async |handles| {
                let kinds: BTreeSet<Arc<str>> =
                    handles.iter().map(|one| one.kind.clone()).collect();
                let mut seen = HashMap::new();
                let mut told = false;
                if kinds.len() > 1 {
                    let names = handles.iter().map(|one| one.identifier.clone());
                    let names: Vec<Arc<str>> = names.collect();
                    let which = match together {
                        Together::Owned => Which::Owned(owner),
                        Together::Named | Together::Never => Which::Named(&names),
                    };
                    // What fails for one of them, such as one that goes meanwhile, is the others' no business.
                    let place = self.place_at(region, depth);
                    if let Ok(found) = service.list(place, &kinds, which).await {
                        let keyed = |found: Found| ((found.kind, found.identifier.clone()), found);
                        seen.extend(found.into_iter().map(keyed));
                        // AWS's filters by tag may lag behind.
                        told = together == Together::Named;
                    }
                }
                let reads = handles.iter().map(|one| {
                    let found = seen.get(&(&*one.kind, one.identifier.clone())).cloned();
                    async move {
                        match told || found.is_some() {
                            true => Ok(found),
                            false => by_itself(one).await,
                        }
                    }
                });
                Ok(join_all(reads).await)
            })
            .await
    }

    /// The tags by which a resource is found again: its own and our marks.
    fn tags(write: &Write) -> Tags {
        let mut tags = own_tags(&write.kind, &write.properties);
        tags.extend(Marks::of(write).to_tags());
        tags
    }

    /// The parent of a child, if `kind` is one: its kind and identifier.
    fn parent(kind: &str, properties: &Map) -> Option<(&'static str, String)> {
        let Identity::Child { parent, kind } = schema::facts(kind).identity else {
            return None;
        };
        Some((kind, properties.at(parent)?.as_str()?.to_owned()))
    }

    /// Marks a parent for its child, by what the mark is keyed by.
    async fn mark_parent(&self, write: &Write, key: &str) -> Outcome<()> {
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
    async fn made_before(&self, number: usize, write: &Write) -> Outcome<Option<Found>> {
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
    async fn taken(&self, number: usize, write: &Write, error: ProviderError) -> Outcome<Arc<str>> {
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
            return Err(error);
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
    async fn check_ours(&self, owner: &Owner, handle: &Handle) -> Outcome<Option<Found>> {
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

    /// What is to be listed, by region, service and whether it has to succeed. A thorough look goes
    /// over every mapped kind in every region that is known, where it may fail: an account may have
    /// no right to ask for what the application never used.
    fn asked(&self, query: &Query, record: Option<&Record>) -> Asked {
        let mut asked = Asked::new();
        let mut known: BTreeSet<(Arc<str>, Arc<str>)> = query.kinds.clone();
        if query.thorough {
            known.extend(record.into_iter().flat_map(|record| record.kinds.clone()));
        }
        for (region, kind) in &known {
            // A kind that nobody maps has nothing here.
            if let Ok(number) = self.number(kind) {
                let key = (region.to_string(), number, true);
                asked.entry(key).or_default().insert(kind.clone());
            }
        }
        if query.thorough {
            let mut regions: BTreeSet<String> = known.iter().map(|(r, _)| r.to_string()).collect();
            regions.extend(self.regions.iter().cloned());
            regions.extend([GLOBAL.to_owned(), HOME.to_owned()]);
            for region in &regions {
                for (kind, number) in &self.by_kind {
                    let pair = (Arc::from(region.as_str()), Arc::from(*kind));
                    if schema::facts(kind).global == (region == GLOBAL) && !known.contains(&pair) {
                        let key = (region.clone(), *number, false);
                        asked.entry(key).or_default().insert(pair.1);
                    }
                }
            }
        }
        asked
    }

    async fn look(&self, owner: &Owner, query: &Query) -> Outcome<Live> {
        let mut live = Live::default();
        let found = if query.thorough {
            live.record = self.lease.record(owner).await?;
            let asked = self.asked(query, live.record.as_ref());
            self.list_all(owner, &asked, &mut live.unseen).await?
        } else {
            let asked = self.asked(query, None);
            let lists = self.list_all(owner, &asked, &mut live.unseen);
            let (found, record) =
                futures_util::future::try_join(lists, self.lease.record(owner)).await?;
            live.record = record;
            found
        };
        for found in found {
            let Some(marks) = marks_of(&found) else {
                continue;
            };
            let asked = query.thorough
                || query
                    .kinds
                    .contains(&(marks.address.region.clone(), found.kind.into()));
            if marks.owner != *owner || !asked {
                continue;
            }
            let resource = reported(found, marks);
            let key = (resource.kind.clone(), resource.identifier.clone());
            self.ours.borrow_mut().insert(key);
            super::insert_newer(&mut live, resource);
        }
        live.deposed
            .sort_by(|a, b| (&a.address, &a.identifier).cmp(&(&b.address, &b.identifier)));
        Ok(live)
    }

    async fn list_all(
        &self,
        owner: &Owner,
        asked: &Asked,
        unseen: &mut Vec<String>,
    ) -> Outcome<Vec<Found>> {
        let indices: HashMap<&String, Index> = asked
            .keys()
            .map(|(region, _, _)| (region, Index::new(owner)))
            .collect();
        let indices = &indices;
        let began = self.clock.now();
        let lists =
            asked
                .iter()
                .enumerate()
                .map(|(turn, ((region, number, needed), kinds))| async move {
                    // One after the other, so that the first is on its way while the last is prepared.
                    for _ in 0..turn {
                        tokio::task::yield_now().await;
                    }
                    let place = self.place(region, indices.get(region));
                    let mut attempt = 0;
                    let found = loop {
                        let found = self.services[*number]
                            .list(place, kinds, Which::Owned(owner))
                            .await;
                        match found {
                            Err(error)
                                if error.kind.is_retryable()
                                    && self.clock.now().saturating_sub(began) < PATIENCE =>
                            {
                                attempt += 1;
                                tokio::time::sleep(BASE * attempt).await;
                            }
                            found => break found,
                        }
                    };
                    match found {
                        Err(error) if !needed && !error.kind.is_retryable() => {
                            let kinds: Vec<&str> = kinds.iter().map(|kind| &**kind).collect();
                            let what = format!("{} in {region}: {error}", kinds.join(", "));
                            Ok((Vec::new(), Some(what)))
                        }
                        found => found.map(|found| (found, None)),
                    }
                });
        let mut all = Vec::new();
        for (found, failed) in try_join_all(lists).await? {
            all.extend(found);
            unseen.extend(failed);
        }
        Ok(all)
    }

    async fn make(&self, write: &Write) -> Outcome<Arc<str>> {
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
            let looks = if service.doubles(&write.kind) {
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
        if let Some(key) = key.or_else(|| service.identifier(site, write)) {
            self.mark_parent(write, &key).await?;
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

    async fn change(&self, handle: &Handle, write: &Write, changed: &[Arc<str>]) -> Outcome<()> {
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
        match schema::facts(&handle.kind).identity {
            Identity::Child { .. } => {
                let key = service.mark_key(place, write);
                let key = key.as_ref().unwrap_or(&handle.identifier);
                self.mark_parent(write, key).await
            }
            Identity::Text { .. } => Ok(()),
            Identity::Tags | Identity::TagSpecifications { .. } => {
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
    async fn mark(&self, owner: &Owner, handle: &Handle, applied: &Applied) -> Outcome<()> {
        let number = self.number(&handle.kind)?;
        let region = &handle.address.region;
        let (kind, id) = (&handle.kind, &handle.identifier);
        let found = self.one(kind, region, id, Depth::Everything).await?;
        let Some(found) = found else {
            let message = format!("{} does not exist", handle.identifier);
            return Err(fail(ErrorKind::NotFound, "NotFound", message, &handle.kind));
        };
        let have = marks_of(&found);
        if have.is_some_and(|have| (&have.owner, &have.address) != (owner, &handle.address)) {
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
        match schema::facts(&handle.kind).identity {
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
            Identity::Tags | Identity::TagSpecifications { .. } => {
                let tags = Marks::of(&write).to_tags();
                let (kind, id) = (&handle.kind, &handle.identifier);
                service.tag(place, kind, id, &tags, &[]).await
            }
        }
    }

    async fn remove(&self, owner: &Owner, handle: &Handle) -> Outcome<()> {
        let number = self.number(&handle.kind)?;
        let key = (handle.kind.clone(), handle.identifier.clone());
        let known = self.ours.borrow().contains(&key);
        if !known && self.check_ours(owner, handle).await?.is_none() {
            return Ok(());
        }
        let place = self.place(&handle.address.region, None);
        match self.services[number].delete(place, handle).await {
            Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
            other => other,
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

/// The property that holds a kind's tags, and its form; launch templates have them deeper.
fn tags_property(kind: &str) -> Option<(&'static str, TagStyle)> {
    Registry::embedded().kind(kind)?.tags()
}

/// Kinds whose tags say more than key and value, so that they are properties like others.
fn keeps_tags(kind: &str) -> bool {
    kind == "AWS::AutoScaling::AutoScalingGroup"
}

/// The tags that a blueprint gives.
fn own_tags(kind: &str, properties: &Map) -> Tags {
    match schema::facts(kind).identity {
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
        Identity::Child { .. } | Identity::Text { .. } => Tags::new(),
    }
}

/// The marks of one that exists.
fn marks_of(found: &Found) -> Option<Marks> {
    if found.marks.is_some() {
        return found.marks.clone();
    }
    match schema::facts(found.kind).identity {
        Identity::Tags | Identity::TagSpecifications { .. } => Marks::from_tags(&found.tags),
        Identity::Child { .. } => {
            let key = found.mark.as_ref().unwrap_or(&found.identifier);
            Marks::from_child_tag(&found.tags, found.kind, key)
        }
        Identity::Text { property } => Marks::from_text(found.properties.at(property)?.as_str()?).1,
    }
}

fn is_same(marks: &Marks, write: &Write) -> bool {
    marks.is_of_same_write(&Marks::of(write))
}

/// One of ours as the rest of scalectl sees it: without our marks.
fn reported(found: Found, marks: Marks) -> LiveResource {
    let mut properties = found.properties;
    match schema::facts(found.kind).identity {
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
fn pick_writable(kind: &str, properties: &Map) -> Map {
    let schema = Registry::embedded().kind(kind);
    properties
        .iter()
        .filter(|(name, _)| !schema.is_some_and(|schema| schema.is_read_only(name)))
        .cloned()
        .collect()
}

/// Something that exists, whoever it belongs to.
fn stray(found: Found) -> Stray {
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
        address: crate::address::Address::new(GLOBAL, "nobody", None),
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
fn strip_text(map: &mut Map, path: &str) {
    match path.split_once('.') {
        Some((head, rest)) => {
            if let Some(Value::Map(inner)) = map.get_mut(head) {
                strip_text(inner, rest);
            }
        }
        None => {
            if let Some(Value::String(text)) = map.get(path) {
                let text = Marks::from_text(text).0.to_owned();
                match text.is_empty() {
                    true => map.remove(path),
                    false => map.insert(path, Value::str(text)),
                };
            }
        }
    }
}

impl Provider for Aws {
    fn clock(&self) -> &dyn Clock {
        &self.clock
    }

    fn sightings(&self) -> u32 {
        SIGHTINGS
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

    fn break_lease<'a>(&'a self, owner: &'a Owner) -> Pending<'a, Outcome<Option<Holder>>> {
        Box::pin(async move {
            self.who.known().await?;
            self.lease.break_it(owner).await
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
}
