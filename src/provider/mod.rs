//! What a cloud must be able to do: observe, create, update, delete, hold a lease, and tell time.
//!
//! The trait is narrow and written for implementers. Two implementations pass one conformance
//! suite: [`sim`], the simulator, and the AWS SDKs. Identity lives below this trait: a
//! provider marks what it creates as ours *in the creating call* (tags `scalectl:app`,
//! `scalectl:env`, `scalectl:address`; for what cannot be tagged, a marker on its parent) and
//! [`Provider::observe`] reads addresses back from those marks. Everything above sees addresses.
//!
//! Waiting is not a provider's business: `create` returns when the call returns, and the executor
//! polls [`Provider::read`] until the status is [`Status::Ready`].

#[cfg(feature = "aws")]
pub mod aws;
pub mod pace;
mod secret;
pub mod sim;

pub use secret::{Hidden, SecretId, SecretState};

use async_trait::async_trait;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::inventory::{Applied, Handle, Live, LiveResource, Owner, Record, Status, Stray};
use crate::value::Map;

/// A boxed future on one thread: the executor runs on a current-thread runtime.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Where to look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// The kinds to list, per region (or [`crate::address::GLOBAL`]).
    pub kinds: BTreeSet<(Arc<str>, Arc<str>)>,
    /// Look for every kind in every region that the provider knows, as `destroy` does.
    pub thorough: bool,
}

/// What calls in flight wait for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Awaited {
    /// Answers so far.
    pub answers: u64,
    /// Whose answers are missing, such as `EC2 in us-east-1`.
    pub of: Vec<String>,
}

/// How many of a bucket's files another has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// Those that are there.
    pub there: u64,
    /// Those that are left to copy.
    pub left: u64,
}

/// A script to be run on a server.
#[derive(Clone, Debug, PartialEq)]
pub struct Script {
    /// What it is called, such as `postgres/replicate`.
    pub name: Arc<str>,
    /// Whether it takes back what it did.
    pub undo: bool,
    /// The server, or a group of them.
    pub server: Handle,
    /// Which server of the group; one of them without it.
    pub on: Option<Arc<str>>,
    /// The whole command, for bash, parameters included.
    pub text: String,
    /// Its parameters by themselves. Secrets are never among them, only where to find them.
    pub environment: BTreeMap<Arc<str>, String>,
    /// How long it may take.
    pub within: Duration,
}

/// What a script said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// Its exit code.
    pub code: i32,
    /// What it wrote, at most what the service keeps of it.
    pub stdout: String,
    /// What it complained about.
    pub stderr: String,
}

/// Which lines of a log group are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogQuery {
    /// Since when, in milliseconds since the epoch.
    pub since: u64,
    /// A text that they contain.
    pub text: Option<String>,
    /// At most so many.
    pub most: usize,
}

/// A line that somebody logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When, in milliseconds since the epoch.
    pub at: u64,
    /// What tells it from every other line of its group.
    pub id: String,
    /// Who, as the log stream's name says: a container.
    pub stream: String,
    /// The line.
    pub text: String,
}

/// How those stand who answer requests behind a resource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// How many are healthy.
    pub healthy: u32,
    /// How many there are.
    pub all: u32,
}

/// A request to the site, as one of its users would send it, but through a door of our choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The site's name: the one in the URL, and the one that the certificate has to be for.
    pub name: Arc<str>,
    /// The host or the address that is connected to, whatever the name resolves to.
    pub door: Arc<str>,
    /// The path in the URL.
    pub path: Arc<str>,
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It was answered with this status code.
    Status(u16),
    /// There was no answer: why.
    Nothing(String),
    /// It could not be sent at all, because nobody serves anything here: why.
    NotAsked(String),
}

/// What load balancers and distributions have counted of late.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Traffic {
    /// Requests.
    pub requests: f64,
    /// Those of them that were answered with 5xx.
    pub errors: f64,
    /// Milliseconds within which 95 of 100 were answered, where it was slowest.
    pub slowest: Option<f64>,
}

/// How far back [`Provider::traffic`] looks.
pub const LATELY: Duration = Duration::from_secs(300);

/// What to create or update. Properties hold no symbolic value any more.
#[derive(Clone, Debug, PartialEq)]
pub struct Write {
    /// Whose it is.
    pub owner: Owner,
    /// Its permanent name; the region comes from it.
    pub address: Address,
    /// Its CloudFormation type name.
    pub kind: Arc<str>,
    /// Everything that it should have.
    pub properties: Map,
    /// To be marked on it.
    pub applied: Applied,
}

/// Who holds a lease, for messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Who: `user@host (pid 4242)`.
    pub who: String,
    /// The command under way, such as `apply`.
    pub command: String,
    /// Since when, in milliseconds since the epoch.
    pub since: u64,
    /// Which process that is, for others on its machine: see `cli::process`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<String>,
}

/// A lease that somebody holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Who.
    pub holder: Holder,
    /// How long ago it was taken or renewed.
    pub renewed: Duration,
    /// Whether it was not renewed in time, so that the next one to ask gets it.
    pub over: bool,
}

/// Conditions that callers act on; a provider maps its own errors to these in one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ErrorKind {
    /// The thing named does not exist.
    NotFound,
    /// The name is taken by something that is not ours.
    AlreadyExists,
    /// The cloud refuses in its present state, for instance because something depends on it.
    Conflict,
    /// The credentials may not.
    Denied,
    /// Too many calls; retry later.
    Throttled,
    /// A server error, or an answer that did not arrive: the effect may have happened; retry.
    Transient,
    /// The request is wrong and will stay wrong.
    Invalid,
    /// A quota is used up.
    Quota,
    /// Somebody else holds the lease.
    Held,
    /// Not offered by this provider.
    Unsupported,
}

impl ErrorKind {
    /// Whether the same call may succeed later.
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::Throttled | Self::Transient)
    }
}

/// A call that failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize, JsonSchema)]
#[error("{operation}: {message} ({code})")]
pub struct ProviderError {
    /// What callers act on.
    pub kind: ErrorKind,
    /// The cloud's own code, such as `DependencyViolation`.
    pub code: String,
    /// The cloud's own words.
    pub message: String,
    /// The call, such as `ec2:DeleteSubnet`.
    pub operation: String,
}

/// A provider's answer.
pub type Outcome<T> = Result<T, ProviderError>;

/// Time as the provider sees it: virtual in the simulator, the machine's with AWS.
pub trait Clock {
    /// Milliseconds since the epoch.
    fn now(&self) -> u64;
    /// Returns after `duration` of this clock's time.
    fn sleep(&self, duration: Duration) -> Pending<'_, ()>;
}

/// A cloud. Every method may be called again after any failure: each is idempotent.
#[async_trait(?Send)]
pub trait Provider {
    /// Its clock.
    fn clock(&self) -> &dyn Clock;

    /// How many looks in a row have to find a resource ready before it counts as ready, because not
    /// every server behind an API knows of it at once.
    fn consistent_reads(&self) -> u32 {
        1
    }

    /// Whether something of this kind can be referred to as soon as the call that makes it has given its
    /// identifier, because it has no state in which it cannot be used.
    fn is_usable_at_once(&self, kind: &str) -> bool {
        let _ = kind;
        false
    }

    /// What calls in flight wait for, to be shown; `None` where answers come at once.
    fn awaited(&self) -> Option<Awaited> {
        None
    }

    /// Finds what is ours with a few list calls per service and region, never one per resource.
    async fn observe(&self, owner: &Owner, query: &Query) -> Outcome<Live>;

    /// One resource as it is now, or `None` when there is none.
    async fn read(&self, owner: &Owner, handle: &Handle) -> Outcome<Option<LiveResource>>;

    /// Whether one that is known to be ours is there and can be used, and no more than that: `None` when
    /// there is none. Often fewer calls than [`Provider::read`].
    async fn status(&self, owner: &Owner, handle: &Handle) -> Outcome<Option<Status>> {
        let live = self.read(owner, handle).await?;
        Ok(live.map(|live| live.status))
    }

    /// Creates it, with our marks in the same call, and returns its identifier without waiting
    /// for it to be ready. When one with this address and generation exists already (an earlier
    /// answer was lost), returns that one's. When the name is taken by something that is not ours:
    /// [`ErrorKind::AlreadyExists`].
    async fn create(&self, write: &Write) -> Outcome<Arc<str>>;

    /// Whether writes of this kind at the same moment go out in one call, so that a limit of operations
    /// at a time does not hold for them.
    fn shares_calls(&self, _kind: &str) -> bool {
        false
    }

    /// The properties of this write that no creating call takes: they are changed once it is ready.
    fn after_create(&self, _write: &Write) -> Vec<Arc<str>> {
        Vec::new()
    }

    /// Changes the properties named in `changed` (top-level names; a name missing from
    /// `write.properties` goes back to the cloud's default) and its marks, in place.
    async fn update(&self, handle: &Handle, write: &Write, changed: &[Arc<str>]) -> Outcome<()>;

    /// Whether it has to be restarted once these properties are changed, before they count. `before` is what it has
    /// until then.
    fn restarts(&self, _write: &Write, _before: &Map, _changed: &[Arc<str>]) -> bool {
        false
    }

    /// Restarts one for which [`Provider::restarts`] says so, and returns without waiting for it to be ready.
    async fn restart(&self, _handle: &Handle) -> Outcome<()> {
        Box::pin(std::future::ready(Ok(()))).await
    }

    /// Starts deleting it. What is gone already is success. Gone means [`Provider::read`] is `None`.
    async fn delete(&self, owner: &Owner, handle: &Handle) -> Outcome<()>;

    /// What exists of a kind in a region, whoever it belongs to: the one with this identifier, or
    /// all. For import.
    async fn find(&self, kind: &str, region: &str, identifier: Option<&str>)
    -> Outcome<Vec<Stray>>;

    /// Marks something that is nobody's as the owner's, or gives something of the owner's another address, and changes
    /// nothing else about it.
    async fn adopt(&self, owner: &Owner, handle: &Handle, applied: &Applied) -> Outcome<()>;

    /// Takes the lease: one writer per app and environment. [`ErrorKind::Held`] names the holder.
    async fn acquire_lease(&self, owner: &Owner, holder: &Holder) -> Outcome<()>;

    /// Gives the lease back; not holding it is success.
    async fn release_lease(&self, owner: &Owner) -> Outcome<()>;

    /// The lease as it stands, whoever holds it.
    async fn lease(&self, owner: &Owner) -> Outcome<Option<Held>>;

    /// Takes the lease away from whoever holds it, and says who that was once the holder can change nothing
    /// any more: when it has found out, or its lease would have ended, or at once where that is the run
    /// that is known to have `ended`.
    async fn break_lease(&self, owner: &Owner, ended: Option<&Holder>) -> Outcome<Option<Holder>>;

    /// How many servers behind a target group, or of an Auto Scaling group, or whether an instance, are healthy.
    async fn health(&self, owner: &Owner, handle: &Handle) -> Outcome<Health>;

    /// Which of these alarms are raised.
    async fn firing_alarms(&self, owner: &Owner, alarms: &[Handle]) -> Outcome<Vec<Address>>;

    /// The addresses that a name has for the machine that scalectl runs on, none when it has none.
    /// `None` where the names of this cloud are nobody's.
    async fn resolve(&self, name: &str) -> Outcome<Option<Vec<IpAddr>>>;

    /// Sends a request to the site.
    async fn probe(&self, probe: &Probe) -> Outcome<Answer>;

    /// What these load balancers and distributions counted within [`LATELY`], together.
    async fn traffic(&self, at: &[Handle]) -> Outcome<Traffic>;

    /// The moment up to which a replica of a database has everything that its source acknowledged, in
    /// milliseconds since the epoch by this provider's clock, as late as is known for sure; `None` while
    /// nothing is known.
    async fn replicated(&self, owner: &Owner, handle: &Handle) -> Outcome<Option<u64>>;

    /// Copies files that one bucket has and another lacks, as many as take a minute or so, and says how it stands then.
    /// What the other has already, as S3 copied it, stays.
    async fn copy_files(&self, from: &Handle, to: &Handle) -> Outcome<Files>;

    /// Has a distribution's edge locations forget these paths, and returns the invalidation's id. The same `reference`
    /// again is the same invalidation.
    async fn invalidate(
        &self,
        owner: &Owner,
        at: &Handle,
        paths: &[String],
        reference: &str,
    ) -> Outcome<Arc<str>>;

    /// Whether every edge location has forgotten the paths of an invalidation.
    async fn is_invalidated(&self, owner: &Owner, at: &Handle, id: &str) -> Outcome<bool>;

    /// The servers in service behind a handle, by their identifiers: of a group, or the instance itself.
    async fn servers(&self, owner: &Owner, handle: &Handle) -> Outcome<Vec<Arc<str>>>;

    /// Runs a script on a server, or on one of a group's, and returns once it has ended.
    async fn run(&self, owner: &Owner, script: &Script) -> Outcome<Output>;

    /// Lines of a log group, oldest first.
    async fn log_lines(
        &self,
        owner: &Owner,
        group: &Handle,
        wanted: &LogQuery,
    ) -> Outcome<Vec<LogLine>>;

    /// How a secret of the user's own stands; `None` when there is none. Its value is never read.
    async fn secret(&self, secret: &SecretId) -> Outcome<Option<SecretState>>;

    /// Sets a secret of the user's own, new or again, with copies in other regions that follow it. One that is on its way
    /// out is brought back.
    async fn set_secret(
        &self,
        owner: &Owner,
        secret: &SecretId,
        copies: &[Arc<str>],
        value: &Hidden,
    ) -> Outcome<()>;

    /// Deletes a secret of the user's own: a parameter at once, another with its copies after the time in which it can be
    /// brought back. What is gone already is success.
    async fn remove_secret(&self, secret: &SecretId) -> Outcome<()>;

    /// Writes the app's record.
    async fn write_record(&self, owner: &Owner, record: &Record) -> Outcome<()>;

    /// Removes the app's record, of which nothing is left to look for.
    async fn remove_record(&self, owner: &Owner) -> Outcome<()>;

    /// The region in which the app's record is, where that is not the one that this provider was opened
    /// for; `None` where it is nowhere, as before the first apply.
    async fn elsewhere(&self, owner: &Owner) -> Outcome<Option<String>> {
        let _ = owner;
        Box::pin(std::future::ready(Ok(None))).await
    }
}
