//! The looks at what an operation wrote: until it can be used, and until that is sure.

use std::time::Duration;

use super::{CERTIFICATE, Run, differences};
use crate::apply::event::Event;
use crate::apply::wait::{Failure, Wait, least};
use crate::blueprint::is_ready;
use crate::graph::Resource;
use crate::inventory::{Handle, LiveResource, Status};
use crate::kinds;
use crate::plan::Change;

/// How long after one look the next one comes, when nothing else is to be waited for.
const AGAIN: Duration = Duration::from_millis(200);

/// How far apart the common looks are while other operations are under way, in milliseconds.
const TOGETHER: u64 = 3_000;

impl Run<'_> {
    /// Waits until a resource was found ready often enough in a row to be sure that it is; `live` is
    /// how it was found once, `made` that it was made and not changed since.
    pub(super) async fn until_sure(
        &self,
        number: usize,
        change: &Change,
        handle: &Handle,
        desired: &Resource,
        live: Option<LiveResource>,
        made: bool,
    ) -> Result<LiveResource, Failure> {
        let mut sightings = u32::from(live.is_some());
        let mut last = live;
        let typical = kinds::of(&change.kind).create_seconds;
        let mut wait = Wait::new(typical, least(&change.kind, &desired.properties));
        loop {
            if let Some(live) =
                last.take_if(|_| sightings >= self.context.provider.consistent_reads())
            {
                return Ok(live);
            }
            self.common_look().await?;
            last = match last {
                // What was made and looks as it should has no older look: that it stays is enough.
                Some(live) if made && differences(desired, &live).is_empty() => {
                    let status = self.status(number, change, handle).await?;
                    is_up(status.as_ref())?.then_some(live)
                }
                _ => {
                    let live = self.look(number, change, handle).await?;
                    live.filter(|live| is_as_wanted(live, desired))
                }
            };
            match last {
                Some(_) => sightings += 1,
                None => {
                    sightings = 0;
                    self.tell(&Event::Waiting { operation: number });
                    wait.sleep(self.context).await?;
                }
            }
        }
    }

    /// Waits for the moment when everything is looked at that can be used already: every three seconds,
    /// and soon when nothing else is under way.
    async fn common_look(&self) -> Result<(), Failure> {
        let now = self.context.provider.clock().now();
        let rest = TOGETHER - now.saturating_sub(self.began) % TOGETHER;
        let rest = Duration::from_millis(rest).max(AGAIN);
        let quiet = async {
            // The sender is in this very run.
            let _ = self.quiet.subscribe().wait_for(|quiet| *quiet).await;
            self.context.sleep(AGAIN).await
        };
        let goes_on = tokio::select! {
            goes_on = quiet => goes_on,
            goes_on = self.context.sleep(rest) => goes_on,
        };
        if goes_on {
            Ok(())
        } else {
            Err(Failure::Stopped)
        }
    }

    /// How a resource is found now; that it is not there may be the cloud's delay in showing it.
    async fn look(
        &self,
        number: usize,
        change: &Change,
        handle: &Handle,
    ) -> Result<Option<LiveResource>, Failure> {
        let live = self.read(number, change, handle).await?;
        is_up(live.as_ref().map(|live| &live.status))?;
        Ok(live)
    }

    /// Waits until a resource can be used, by the cloud's word and by `readyWhen`.
    pub(super) async fn until_ready(
        &self,
        number: usize,
        change: &Change,
        handle: &Handle,
        desired: &Resource,
        typical: u32,
    ) -> Result<LiveResource, Failure> {
        self.wait_until(number, change, handle, typical, |live| {
            is_as_wanted(live, desired)
        })
        .await
    }

    pub(super) async fn wait_until(
        &self,
        number: usize,
        change: &Change,
        handle: &Handle,
        typical: u32,
        enough: impl Fn(&LiveResource) -> bool,
    ) -> Result<LiveResource, Failure> {
        let desired = change.desired.as_ref();
        let least = desired.map(|desired| least(&change.kind, &desired.properties));
        let mut wait = Wait::new(typical, least.unwrap_or_default());
        let clock = self.context.provider.clock();
        let (began, mut noted) = (clock.now(), &*change.kind != CERTIFICATE);
        loop {
            let live = self.look(number, change, handle).await?;
            let state = match live.as_ref().map(|live| &live.status) {
                Some(Status::Pending(state)) => Some(state.clone()),
                _ => None,
            };
            if let Some(live) = live.filter(|live| enough(live)) {
                return Ok(live);
            }
            if !noted && clock.now().saturating_sub(began) > u64::from(typical) * 1000 {
                noted = true;
                self.note(number, change, self.proof(change));
            }
            self.tell(&Event::Waiting { operation: number });
            wait.sleep(self.context)
                .await
                .map_err(|failure| match (failure, state) {
                    (Failure::For(text), Some(state)) => Failure::For(format!("{text}: {state}")),
                    (failure, _) => failure,
                })?;
        }
    }
}

/// Whether a resource can be used by the cloud's word; that it will never be is a failure.
fn is_up(status: Option<&Status>) -> Result<bool, Failure> {
    match status {
        Some(Status::Failed(why)) => Err(Failure::For(format!("it failed: {why}"))),
        status => Ok(status == Some(&Status::Ready)),
    }
}

/// Whether a resource can be used, by the cloud's word and by `readyWhen`.
fn is_as_wanted(live: &LiveResource, desired: &Resource) -> bool {
    live.status == Status::Ready && is_ready(&desired.ready_when, &live.properties).unwrap_or(false)
}
