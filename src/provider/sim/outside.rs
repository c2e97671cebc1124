//! What others than scalectl do to a simulated cloud: its site's users, its owner's hands, what goes wrong on purpose.

use super::Sim;
use super::faults::Faults;
use crate::inventory::Owner;
use crate::provider::{Clock as _, Outcome};

impl Sim {
    /// A client's write through an application, and whether it was acknowledged.
    ///
    /// # Errors
    /// Why not.
    pub fn write_row(&self, owner: &Owner, row: u64) -> Result<(), String> {
        let now = self.clock.now();
        self.replicate();
        self.cloud.borrow_mut().write_row(owner, row, now)
    }

    /// The same through the servers of one region.
    ///
    /// # Errors
    /// Why not.
    pub fn write_row_in(&self, owner: &Owner, region: &str, row: u64) -> Result<(), String> {
        let now = self.clock.now();
        self.replicate();
        if self.faults.borrow().down.contains(region) {
            return Err(format!("{region} does not answer"));
        }
        let host = self.cloud.borrow().database_in(owner, region);
        let host = host.ok_or("the servers know no database")?;
        let mut cloud = self.cloud.borrow_mut();
        let home = cloud.managed_at(&host, now).map(|item| item.region.clone());
        if home.is_some_and(|home| self.faults.borrow().down.contains(&home)) {
            return Err(format!("{host} does not answer"));
        }
        cloud.write_to(owner, &host, row, now)
    }

    /// What goes wrong on purpose.
    pub fn faults(&self) -> Faults {
        self.faults.borrow().clone()
    }

    /// Sets what goes wrong on purpose.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn set_faults(&self, faults: Faults) -> Outcome<()> {
        self.replicate();
        *self.faults.borrow_mut() = faults;
        self.save("sim:Fault")
    }

    /// Changes a property behind scalectl's back; see [`drift`](super::cloud::Cloud::drift).
    ///
    /// # Errors
    /// When there is no such item or property, or the file cannot be written.
    pub fn drift(
        &self,
        number: u64,
        path: &str,
        value: Option<crate::value::Value>,
    ) -> Outcome<()> {
        self.cloud.borrow_mut().drift(number, path, value)?;
        self.save("sim:Drift")
    }

    /// Makes an item nobody's, as if it had been made by hand.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn disown(&self, number: u64) -> Outcome<()> {
        {
            let mut cloud = self.cloud.borrow_mut();
            if let Some(item) = cloud.items.get_mut(&number) {
                item.marks = None;
            }
            cloud.dirty.insert(number);
        }
        self.save("sim:Disown")
    }

    /// Leaves so many writes in an application's queue.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn backlog(&self, owner: &Owner, writes: u64) -> Outcome<()> {
        let mut cloud = self.cloud.borrow_mut();
        cloud.data.entry(owner.clone()).or_default().waiting = writes;
        drop(cloud);
        self.save("sim:Backlog")
    }

    /// Removes an item behind scalectl's back.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn remove(&self, number: u64) -> Outcome<()> {
        {
            let mut cloud = self.cloud.borrow_mut();
            cloud.items.remove(&number);
            cloud.dirty.insert(number);
        }
        self.save("sim:Remove")
    }
}
