//! Deleting a resource: what protects it is switched off first, and it is over when nothing is found of it.

use super::{Ended, Run};
use crate::apply::event::Event;
use crate::apply::retry::Patience;
use crate::apply::wait::{Failure, Wait, least};
use crate::inventory::{Handle, Status};
use crate::kinds;
use crate::plan::Change;
use crate::provider::Write;

impl Run<'_> {
    pub(super) async fn delete(&self, number: usize, change: &Change) -> Ended {
        let Some(live) = &change.live else {
            return Err(Failure::For("there is nothing to delete".to_owned()));
        };
        let handle = live.handle();
        self.unlock(number, change, &handle).await?;
        self.persist(number, change, Patience::DELETE, || {
            self.context.provider.delete(self.context.owner, &handle)
        })
        .await?;
        let typical = kinds::of(&change.kind).delete_seconds;
        let mut wait = Wait::new(typical, least(&change.kind, &live.properties));
        loop {
            if self.status(number, change, &handle).await?.is_none() {
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
        let Some((name, value)) = kinds::unlocked(&live.kind, &live.properties) else {
            return Ok(());
        };
        if live.status != Status::Ready && !matches!(live.status, Status::Failed(_)) {
            let typical = kinds::of(&live.kind).create_seconds;
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
        let typical = kinds::of(&live.kind).update_seconds;
        self.wait_until(number, change, handle, typical, |live| {
            live.status == Status::Ready
        })
        .await?;
        Ok(())
    }
}
