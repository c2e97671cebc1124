//! One call of the simulator: what time it takes, what becomes of it, and what is written down.

use std::time::Duration;

use super::cloud::{Cloud, refuse};
use super::faults::Fate;
use super::{Moment, Sim};
use crate::provider::{Clock as _, ErrorKind, Outcome, ProviderError};

/// How long one call takes, in milliseconds: a describe call of EC2 answers in some 100 ms.
const CALL: u64 = 100;

impl Sim {
    /// Lets what follows by itself catch up: replicas, certificates.
    pub(super) fn replicate(&self) {
        let now = self.clock.now();
        let faults = self.faults.borrow();
        let mut cloud = self.cloud.borrow_mut();
        cloud.replicate(now, &faults.down);
        cloud.prove(now, &faults.undelegated);
    }

    /// Writes the file.
    pub(super) fn save(&self, operation: &str) -> Outcome<()> {
        let Some(store) = &self.store else {
            return Ok(());
        };
        let mut cloud = self.cloud.borrow_mut();
        self.written.set(true);
        store
            .save(&mut cloud, &self.faults.borrow(), self.clock.now())
            .map_err(|error| {
                refuse(
                    ErrorKind::Invalid,
                    "StoreUnavailable",
                    error.to_string(),
                    operation,
                )
            })
    }

    /// One call: its time, its fate, its effect. `region` is empty where it is none's.
    pub(super) async fn call<T>(
        &self,
        operation: &str,
        subject: &str,
        region: &str,
        writes: bool,
        effect: impl FnOnce(&mut Cloud, u64, u64) -> Outcome<T>,
    ) -> Outcome<T> {
        self.clock.sleep(Duration::from_millis(CALL)).await;
        self.replicate();
        let (fate, lag) = self.faults.borrow_mut().next(operation, subject);
        let calls = self.faults.borrow().calls;
        let dies = match self.crash_at.get() {
            Some((call, moment)) if call == calls => Some(moment),
            _ => None,
        };
        if dies == Some(Moment::Before) {
            return self.die().await;
        }
        let lost: Option<ProviderError> = match fate {
            Fate::Refused(error) => return Err(error),
            Fate::Lost(error) => Some(error),
            Fate::Done => None,
        };
        if self.faults.borrow().down.contains(region) {
            let message = format!("{region} does not answer, see `scalectl sim fault`");
            let code = "ServiceUnavailable";
            return Err(refuse(ErrorKind::Transient, code, message, operation));
        }
        let result = effect(&mut self.cloud.borrow_mut(), self.clock.now(), lag);
        if writes {
            self.save(operation)?;
        }
        if dies == Some(Moment::After) {
            return self.die().await;
        }
        match lost {
            Some(error) => Err(error),
            None => result,
        }
    }

    /// Waits until a changing call is within its service's quota.
    pub(super) async fn admit(&self, kind: &str, address: &crate::address::Address) {
        self.limits.admit(&self.clock, kind, &address.region).await;
    }

    async fn die<T>(&self) -> T {
        self.crashed.notify_one();
        std::future::pending().await
    }
}
