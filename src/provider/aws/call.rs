//! One call to AWS: admission by quota, the fence of the lease, and the count of what was asked.
//!
//! An [`Api`] is one service's client in one region. Every operation of `super::sdk` passes
//! [`Api::admit`] before it leaves, and [`Watch`] sees every request on the wire, the SDK's own
//! retries included: there they are counted, and there a changing one is stopped when the lease has
//! run out. [`Unrepeated`] leaves it to us to repeat a changing call that may have had its effect.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef, InterceptorContext,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::retries::classifiers::{
    ClassifyRetry, RetryAction, RetryClassifierPriority, RetryReason,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::DateTime;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::date_time::Format;
use aws_smithy_types::retry;

use super::convert::Misfit;
use super::quotas::Quotas;
use crate::provider::{ErrorKind, ProviderError};

/// A client that is not made yet.
type Later<C> = LazyLock<C, Make<C>>;

/// Makes a client.
pub type Make<C> = Box<dyn FnOnce() -> C + Send>;

/// One service's client in one region.
#[derive(Clone)]
pub struct Api<C> {
    /// The SDK's client for what only reads.
    reading: C,
    /// The one for the rest, made when it is first needed.
    changing: Arc<Later<C>>,
    region: Arc<str>,
    meter: Arc<Meter>,
}

impl<C> Api<C> {
    /// Clients whose calls are metered: one for what only reads, and one that leaves it to us to
    /// repeat what may have had its effect ([`Unrepeated`]).
    pub fn new(reading: C, changing: Make<C>, region: Arc<str>, meter: Arc<Meter>) -> Self {
        Self {
            reading,
            changing: Arc::new(LazyLock::new(changing)),
            region,
            meter,
        }
    }

    /// The SDK's client for an operation, `service:Name`.
    pub fn client(&self, operation: &str) -> &C {
        let name = operation
            .split_once(':')
            .map_or(operation, |(_, name)| name);
        if is_read(name) {
            &self.reading
        } else {
            &self.changing
        }
    }

    /// Waits until the call is within AWS's published quota.
    pub async fn admit(&self, operation: &'static str) {
        let wait = self.meter.quotas.take(operation, &self.region);
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }
}

/// An operation's parameters that do not fit it: what a blueprint asked for cannot be said to AWS.
pub fn unfit(operation: &str, Misfit(why): Misfit) -> ProviderError {
    ProviderError {
        kind: ErrorKind::Invalid,
        code: "InvalidParameter".to_owned(),
        message: why,
        operation: operation.to_owned(),
    }
}

/// What a provider's calls have in common.
#[derive(Debug)]
pub struct Meter {
    quotas: Quotas,
    tallies: Mutex<BTreeMap<(String, String), Tally>>,
    operations: Mutex<BTreeMap<(String, String), u64>>,
    /// When the lease ends, in milliseconds of [`Meter::now`]; changing calls leave before that.
    fence: AtomicU64,
    clock: Steady,
    /// How far AWS's clock is ahead of ours, in milliseconds, by the last answer.
    ahead: AtomicI64,
}

/// What [`Meter::ahead`] is made of before anybody answered.
const UNHEARD: i64 = i64::MIN;

/// How often a service was asked, and how long that took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Requests on the wire, retries included.
    pub calls: u64,
    /// From the first request to the last answer.
    pub span: Duration,
    /// Requests that are not answered yet.
    pub waiting: u64,
    first: Option<Instant>,
}

/// What goes over the wire.
#[derive(Clone, Copy)]
enum Wire {
    Request,
    Answer,
}

impl Meter {
    /// With these quotas, and no fence.
    pub fn new(quotas: Quotas) -> Self {
        Self {
            quotas,
            tallies: Mutex::default(),
            operations: Mutex::default(),
            fence: AtomicU64::new(u64::MAX),
            clock: Steady::new(),
            ahead: AtomicI64::new(UNHEARD),
        }
    }

    /// How far AWS's clock is ahead of ours, in milliseconds; nothing before the first answer.
    pub fn ahead(&self) -> i64 {
        self.skew().unwrap_or(0)
    }

    /// The same, or `None` before the first answer.
    pub fn skew(&self) -> Option<i64> {
        let ahead = self.ahead.load(Ordering::SeqCst);
        (ahead != UNHEARD).then_some(ahead)
    }

    /// AWS's clock, in milliseconds since the epoch.
    pub fn server_now(&self) -> u64 {
        let ours = jiff::Timestamp::now().as_millisecond();
        u64::try_from(ours + self.ahead()).unwrap_or(0)
    }

    /// Milliseconds that this meter has run at least: it never goes back.
    pub fn now(&self) -> u64 {
        self.clock.now()
    }

    /// Lets changing calls leave until `end` ([`Meter::now`]); `u64::MAX` for no limit.
    pub fn set_fence(&self, end: u64) {
        self.fence.store(end, Ordering::SeqCst);
    }

    /// What was asked so far, by service and region.
    pub fn tallies(&self) -> BTreeMap<(String, String), Tally> {
        self.tallies
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// How often each operation was asked for so far, by service and name.
    pub fn operations(&self) -> BTreeMap<(String, String), u64> {
        self.operations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn note_operation(&self, service: &str, name: &str) {
        let mut operations = self
            .operations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *operations
            .entry((service.to_owned(), name.to_owned()))
            .or_default() += 1;
    }

    /// A request that leaves, or the answer to one.
    fn note(&self, service: &str, region: &str, wire: Wire) {
        let mut tallies = self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        let tally = tallies
            .entry((service.to_owned(), region.to_owned()))
            .or_default();
        match wire {
            Wire::Request => {
                tally.calls += 1;
                tally.waiting += 1;
            }
            // An attempt that failed before it left is told here too.
            Wire::Answer => tally.waiting = tally.waiting.saturating_sub(1),
        }
        let first = *tally.first.get_or_insert_with(Instant::now);
        tally.span = first.elapsed();
    }
}

/// A clock that never goes back and never stands still. A machine's steady clock may stand while the
/// machine sleeps, its wall clock may be set; this one goes on by whichever has gone further.
#[derive(Debug)]
struct Steady {
    began: Instant,
    /// The wall's clock at that moment, in milliseconds since the epoch.
    wall: i64,
    /// How far the wall's clock was ahead at most, in milliseconds.
    slept: AtomicU64,
}

impl Steady {
    fn new() -> Self {
        Self {
            began: Instant::now(),
            wall: jiff::Timestamp::now().as_millisecond(),
            slept: AtomicU64::new(0),
        }
    }

    fn now(&self) -> u64 {
        let wall = jiff::Timestamp::now().as_millisecond() - self.wall;
        let steady = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.at(steady, wall)
    }

    /// What it shows when so many milliseconds have passed by the two clocks.
    fn at(&self, steady: u64, wall: i64) -> u64 {
        let ahead = u64::try_from(wall).unwrap_or(0).saturating_sub(steady);
        let slept = self.slept.fetch_max(ahead, Ordering::SeqCst).max(ahead);
        steady.saturating_add(slept)
    }
}

/// Whether an operation changes nothing, by its name.
pub fn is_read(name: &str) -> bool {
    ["Describe", "Get", "List", "Head", "Simulate", "Assume"]
        .iter()
        .any(|verb| name.starts_with(verb))
}

/// Sees every request on the wire.
#[derive(Debug)]
pub struct Watch {
    /// The region that the client calls.
    pub region: Arc<str>,
    /// Where to note it.
    pub meter: Arc<Meter>,
    /// Whether the lease must be held for what changes something; taking the lease itself is not.
    pub fenced: bool,
}

#[dyn_dispatch_hint]
impl Intercept for Watch {
    fn name(&self) -> &'static str {
        "Watch"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let (service, name) = match cfg.load::<Metadata>() {
            Some(metadata) => (metadata.service(), metadata.name()),
            None => ("", ""),
        };
        if self.fenced
            && !is_read(name)
            && self.meter.now() >= self.meter.fence.load(Ordering::SeqCst)
        {
            return Err(Fenced.into());
        }
        self.meter.note(service, &self.region, Wire::Request);
        self.meter.note_operation(service, name);
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context
            .response()
            .and_then(|response| response.headers().get("date"))
            .and_then(|date| DateTime::from_str(date, Format::HttpDate).ok())
            .and_then(|date| date.to_millis().ok());
        if let Some(date) = date {
            // The header counts whole seconds: its middle is the best guess.
            let ahead = date + 500 - jiff::Timestamp::now().as_millisecond();
            self.meter.ahead.store(ahead, Ordering::SeqCst);
        }
        if let Some(metadata) = cfg.load::<Metadata>() {
            self.meter
                .note(metadata.service(), &self.region, Wire::Answer);
        }
        Ok(())
    }
}

/// Keeps the SDK from repeating a call that may have had its effect: a server error, a connection that
/// broke, an answer that came in part or not at all. Whoever made the call looks first. Throttling is
/// before the effect, so that it stays the SDK's.
#[derive(Debug)]
pub struct Unrepeated;

impl ClassifyRetry for Unrepeated {
    fn classify_retry(&self, _: &InterceptorContext) -> RetryAction {
        RetryAction::RetryForbidden
    }

    fn classify_retry_v2(&self, _: &InterceptorContext, previous: &RetryAction) -> RetryAction {
        match previous {
            RetryAction::RetryIndicated(RetryReason::RetryableError {
                kind: retry::ErrorKind::ThrottlingError,
                ..
            }) => RetryAction::NoActionIndicated,
            _ => RetryAction::RetryForbidden,
        }
    }

    fn name(&self) -> &'static str {
        "Unrepeated"
    }

    fn priority(&self) -> RetryClassifierPriority {
        // After all of the SDK's own, whose verdict it is given.
        RetryClassifierPriority::run_after(RetryClassifierPriority::run_after(
            RetryClassifierPriority::transient_error_classifier(),
        ))
    }
}

/// A changing call that was stopped because the lease had ended.
#[derive(Debug, thiserror::Error)]
#[error(
    "the lease has ended, so nothing is changed any more; another run may hold it: `scalectl lease show` tells"
)]
pub struct Fenced;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steady_clock_goes_on_while_the_machine_sleeps_and_never_back() {
        let clock = Steady::new();
        assert_eq!(clock.at(1_000, 1_000), 1_000);
        assert_eq!(clock.at(2_000, 302_000), 302_000, "it slept five minutes");
        assert_eq!(clock.at(3_000, 303_000), 303_000);
        assert_eq!(
            clock.at(4_000, -9_000),
            304_000,
            "somebody set the clock back"
        );
    }
}
