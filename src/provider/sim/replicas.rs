//! Managed databases that follow another: how far behind they are, what a promotion loses, and who may
//! write to one.
//!
//! Within a region a replica has at once what its source acknowledged, across regions [`LAG`] later.
//! Where one of both regions is down nothing arrives any more. What has not arrived when a replica is
//! promoted never will. How far a replica is said to be is what CloudWatch would say.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::cloud::{Cloud, Item};
use super::rules::is_called;
use crate::inventory::{Handle, Owner};
use crate::value::Value;

/// How long a row is on its way to another region, in milliseconds.
pub const LAG: u64 = 2000;

/// How often RDS itself writes a transaction into a database of PostgreSQL, in milliseconds.
const HEARTBEAT: u64 = 300_000;

const DATABASE: &str = "AWS::RDS::DBInstance";
const CLUSTER: &str = "AWS::RDS::DBCluster";
const SOURCE: &str = "SourceDBInstanceIdentifier";

/// What a promoted replica does at first, in RDS's word.
pub const PROMOTED: &str = "rebooting";

/// A replica that follows a database.
struct Replica {
    owner: Owner,
    host: Arc<str>,
    source: Arc<str>,
    regions: [Arc<str>; 2],
}

impl Replica {
    fn lag(&self) -> u64 {
        let [own, other] = &self.regions;
        if own == other { 0 } else { LAG }
    }
}

fn host_of(item: &Item) -> Option<Arc<str>> {
    let address = item.properties.at("Endpoint.Address")?;
    Some(address.as_str()?.into())
}

fn text<'a>(item: &'a Item, name: &str) -> &'a str {
    let value = item.properties.get(name).and_then(Value::as_str);
    value.unwrap_or_default()
}

impl Cloud {
    fn replicas(&self, now: u64) -> Vec<Replica> {
        let databases = || self.items.values().filter(|item| &*item.kind == DATABASE);
        let works =
            |item: &&Item| item.exists(now) && (item.ready_at <= now || &*item.word != "creating");
        let found = databases().filter(works).filter_map(|item| {
            let source = text(item, SOURCE);
            let source =
                databases().find(|other| !source.is_empty() && is_called(other, source))?;
            Some(Replica {
                owner: item.marks.as_ref()?.owner.clone(),
                host: host_of(item)?,
                source: host_of(source)?,
                regions: [item.region.clone(), source.region.clone()],
            })
        });
        found.collect()
    }

    /// Lets every managed replica take over what has arrived by `now`; nothing arrives from or in a
    /// region that is down.
    pub fn replicate(&mut self, now: u64, down: &BTreeSet<Arc<str>>) {
        for replica in self.replicas(now) {
            if replica.regions.iter().any(|region| down.contains(region)) {
                continue;
            }
            let lag = replica.lag();
            let data = self.data.entry(replica.owner).or_default();
            if !data.stores.contains_key(&replica.host) {
                // It begins as a copy.
                let rows = data.store(&replica.source).rows.clone();
                data.store(&replica.host).rows = rows;
            }
            let store = data.store(&replica.host);
            let (arrived, behind): (Vec<_>, Vec<_>) = std::mem::take(&mut store.behind)
                .into_iter()
                .partition(|(at, _)| at + lag <= now);
            for (at, row) in arrived {
                store.rows.insert(row);
                store.replayed = store.replayed.max(at);
            }
            store.until = behind.first().map_or(now, |(at, _)| at.saturating_sub(1));
            store.behind = behind;
        }
    }

    /// Sends a row that a database has acknowledged to those that follow it.
    pub(super) fn acknowledged(&mut self, owner: &Owner, host: &Arc<str>, row: u64, now: u64) {
        for replica in self.replicas(now) {
            let data = self.data.entry(owner.clone()).or_default();
            // One that has not begun yet begins with it.
            if replica.source == *host
                && let Some(store) = data.stores.get_mut(&replica.host)
            {
                store.behind.push((now, row));
            }
        }
    }

    /// What has not arrived at a replica that is promoted never will.
    pub(super) fn promoted(&mut self, number: u64) {
        let Some(item) = self.items.get_mut(&number) else {
            return;
        };
        item.word = PROMOTED.into();
        let (Some(host), Some(marks)) = (host_of(item), &item.marks) else {
            return;
        };
        if let Some(data) = self.data.get_mut(&marks.owner) {
            data.store(&host).behind.clear();
        }
    }

    /// The moment up to which a database is known to have everything that its source acknowledged; that of one that
    /// follows nobody is `now`. A replica of PostgreSQL is known by the last transaction alone that it replayed, a row or
    /// RDS's own: so does `ReplicaLag` count, and what its slot keeps for it is never exactly nothing.
    pub fn replicated(&self, handle: &Handle, now: u64) -> Option<u64> {
        let item = self.find(&handle.kind, &handle.address.region, &handle.identifier)?;
        if text(item, SOURCE).is_empty() {
            return Some(now);
        }
        let data = self.data.get(&item.marks.as_ref()?.owner)?;
        let store = data.stores.get(&host_of(item)?)?;
        if text(item, "Engine") != "postgres" {
            return Some(store.until);
        }
        // The source's own transactions come at fixed times.
        let heartbeat = store.until - store.until % HEARTBEAT;
        Some(heartbeat.max(store.replayed))
    }

    /// The managed database that answers at a host.
    pub(super) fn managed_at(&self, host: &str, now: u64) -> Option<&Item> {
        self.items.values().find(|item| {
            [DATABASE, CLUSTER].contains(&&*item.kind)
                && host_of(item).as_deref() == Some(host)
                && item.failed.is_none()
                && item.exists(now)
                && (item.ready_at <= now || &*item.word != "creating")
        })
    }

    /// Whether servers can write to a managed database.
    ///
    /// # Errors
    /// Why not.
    pub(super) fn takes_writes(&self, item: &Item, now: u64) -> Result<(), String> {
        let no = |why: &str| Err(format!("{} {why}", item.identifier));
        if !text(item, SOURCE).is_empty() {
            return no("follows another database");
        }
        if item.ready_at > now && &*item.word == PROMOTED {
            return no("restarts");
        }
        if self.is_read_only(item) {
            return no("is read-only by its parameters");
        }
        if self.admits_somebody(item) {
            Ok(())
        } else {
            no("admits nobody by its security groups")
        }
    }

    fn is_read_only(&self, database: &Item) -> bool {
        ["default_transaction_read_only", "read_only"]
            .iter()
            .any(|name| self.parameter(database, name).as_deref() == Some("1"))
    }

    fn admits_somebody(&self, database: &Item) -> bool {
        let groups = ["VPCSecurityGroups", "VpcSecurityGroupIds"].into_iter();
        let groups = groups
            .filter_map(|name| database.properties.get(name))
            .next();
        let Some(groups) = groups.and_then(Value::as_list) else {
            return true;
        };
        groups.iter().filter_map(Value::as_str).any(|id| {
            self.items.values().any(|item| match &*item.kind {
                "AWS::EC2::SecurityGroupIngress" => text(item, "GroupId") == id,
                "AWS::EC2::SecurityGroup" => {
                    let rules = item.properties.get("SecurityGroupIngress");
                    let rules = rules.and_then(Value::as_list).unwrap_or_default();
                    is_called(item, id) && !rules.is_empty()
                }
                _ => false,
            })
        })
    }
}
