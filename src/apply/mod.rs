//! Apply: carries a plan out, and says exactly what was done.
//!
//! [`mod@observe`] finds what there is, [`mod@execute`] runs a plan's operations, [`retry`] decides what is
//! tried again, [`journal`] writes down what happens as it happens. What should be done is `plan`'s;
//! how a call is made, and when AWS's quotas admit it, is the provider's.

pub mod dry_run;
pub mod event;
pub mod execute;
mod existing;
pub mod journal;
pub mod observe;
mod operation;
mod queue;
pub mod read_only;
pub mod retry;
mod stepwise;
mod wait;

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use crate::inventory::Owner;
use crate::provider::Provider;

pub use event::{End, Event, Report};
pub use execute::execute;
pub use observe::{
    ANOTHER_REGION, is_nowhere_else, kinds, observe, observe_kinds, observe_only, observe_without,
    record_of, remove_record, write_record,
};

/// What everything here works with.
pub struct Context<'a> {
    /// The cloud.
    pub provider: &'a dyn Provider,
    /// Whose resources.
    pub owner: &'a Owner,
    /// Whether to stop: no new work, no waiting, only calls in flight come to their end.
    pub stop: &'a Stop,
}

impl Context<'_> {
    /// Waits so long by the provider's clock; `false` when somebody asks to stop before.
    async fn sleep(&self, duration: Duration) -> bool {
        tokio::select! {
            () = self.provider.clock().sleep(duration) => true,
            () = self.stop.asked() => false,
        }
    }
}

/// A request to stop, and the cloud's silence: whether all of its answers are failures.
#[derive(Default)]
pub struct Stop {
    asked: Cell<bool>,
    notify: tokio::sync::Notify,
    silence: Rc<Silence>,
}

/// Since when every call of a run has failed.
#[derive(Default)]
struct Silence {
    since: Cell<Option<u64>>,
    lasts: Cell<bool>,
}

/// A cloud that refuses every call for so long is given up, in milliseconds: a run is to end within two minutes, with time
/// for the lease.
const SILENCE: u64 = 75_000;

impl Stop {
    /// Asks to stop.
    pub fn ask(&self) {
        self.asked.set(true);
        self.notify.notify_waiters();
    }

    /// Whether somebody asked.
    pub fn is_asked(&self) -> bool {
        self.asked.get()
    }

    /// One that nobody can ask to stop, of the same run.
    fn deaf(&self) -> Self {
        Self {
            silence: Rc::clone(&self.silence),
            ..Self::default()
        }
    }

    /// The cloud has done what a call asked for, or refused that very call.
    fn heard(&self) {
        self.silence.since.set(None);
        self.silence.lasts.set(false);
    }

    /// A call has failed as any other might have: whether all have, for so long that it is given up.
    fn unheard(&self, now: u64) -> bool {
        let since = self.silence.since.get().unwrap_or(now);
        self.silence.since.set(Some(since));
        let lasts = now.saturating_sub(since) >= SILENCE;
        self.silence.lasts.set(lasts);
        lasts
    }

    /// Whether the cloud was given up, so that nothing new is to begin.
    pub fn is_given_up(&self) -> bool {
        self.silence.lasts.get()
    }

    /// Returns once somebody asks.
    pub async fn asked(&self) {
        // Registered before the look, so that nothing slips in between.
        let notified = self.notify.notified();
        if !self.is_asked() {
            notified.await;
        }
    }
}
