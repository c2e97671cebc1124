//! Rows: what the simulator's relational databases hold, who may write, and who follows whom.
//!
//! Scripts do here what they do on a real server, as far as it concerns rows: so that a migration
//! that forgets to copy, or switches too early, loses rows here too. The scripts themselves are
//! proven against real databases by `scalectl rehearse`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::cloud::Cloud;
use crate::inventory::Owner;
use crate::provider::{Output, Script};
use crate::roles::database_setting;
use crate::value::Value;

/// An application's databases, by host.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Data {
    /// What each holds.
    pub stores: BTreeMap<Arc<str>, Store>,
    /// Where the servers' proxies lead, if a script has said so.
    pub proxied: Option<Arc<str>>,
    /// Writes in the queue of its write-back cache.
    #[serde(default)]
    pub waiting: u64,
    /// Invalidations by their id, with the moment at which they are done.
    #[serde(default)]
    pub invalidations: BTreeMap<Arc<str>, u64>,
}

/// A database.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Store {
    /// The rows' keys.
    pub rows: BTreeSet<u64>,
    /// Whether writes are refused.
    pub read_only: bool,
    /// The database whose changes it takes over.
    pub follows: Option<Arc<str>>,
    /// Of a managed replica: what its source has acknowledged and it does not have yet, as the moment
    /// and the row.
    #[serde(default)]
    pub behind: Vec<(u64, u64)>,
    /// Of a managed replica: the moment up to which it has everything.
    #[serde(default)]
    pub until: u64,
    /// Of a managed replica: when the last row was acknowledged that it has.
    #[serde(default)]
    pub replayed: u64,
}

impl Data {
    /// Lets every follower catch up.
    fn replicate(&mut self) {
        let follows: Vec<(Arc<str>, Arc<str>)> = self
            .stores
            .iter()
            .filter_map(|(host, store)| Some((host.clone(), store.follows.clone()?)))
            .collect();
        for (host, source) in follows {
            let rows = self.store(&source).rows.clone();
            self.store(&host).rows.extend(rows);
        }
    }

    pub(super) fn store(&mut self, host: &Arc<str>) -> &mut Store {
        self.stores.entry(host.clone()).or_default()
    }
}

impl Cloud {
    /// What a script does to an application's rows.
    pub fn script(&mut self, owner: &Owner, script: &Script) -> Output {
        let fail = |stderr: String| Output {
            code: 1,
            stdout: String::new(),
            stderr,
        };
        let server = self.items.values().find(|item| {
            *item.kind == *script.server.kind && item.identifier == script.server.identifier
        });
        if server.is_none() {
            return fail(format!("there is no server {}", script.server.identifier));
        }
        let what = script.name.rsplit('/').next().unwrap_or_default();
        if what == "preflight" {
            return Output::default();
        }
        if what == "flush" {
            return self.flush(owner);
        }
        let host = |name: &str| script.environment.get(name).map(|host| Arc::from(&**host));
        let (Some(source), Some(target)) = (host("SOURCE_HOST"), host("TARGET_HOST")) else {
            return fail("SOURCE_HOST and TARGET_HOST say between which databases".to_owned());
        };
        let (source, target): (Arc<str>, Arc<str>) = (source, target);
        let data = self.data.entry(owner.clone()).or_default();
        data.replicate();
        let mut stdout = String::new();
        match (what, script.undo) {
            ("copy-schema", false) => {
                // Begun anew, unless it follows already.
                if data.store(&target).follows.as_ref() != Some(&source) {
                    data.stores.insert(target, Store::default());
                }
            }
            ("copy-schema", true) => {
                data.stores.remove(&target);
            }
            ("replicate", false) => {
                // Once the application is led to the target, it leads.
                if data.proxied.as_ref() != Some(&target) {
                    data.store(&target).follows = Some(source);
                    data.replicate();
                }
            }
            ("replicate", true) => data.store(&target).follows = None,
            ("lag", _) => {
                stdout = r#"{"lag_bytes": 0, "lag_seconds": 0, "synced": true}"#.to_owned()
            }
            ("verify", _) => {
                let rows = |host| data.stores.get(host).map(|store: &Store| &store.rows);
                let equal = rows(&source) == rows(&target);
                stdout = serde_json::json!({"equal": equal}).to_string();
                if !equal {
                    return Output {
                        code: 1,
                        stdout,
                        stderr: "rows differ".to_owned(),
                    };
                }
            }
            ("cut-over", undo) => {
                let (from, to) = if !undo {
                    (source, target)
                } else {
                    (target, source)
                };
                let standing = data.store(&to).follows.as_ref() == Some(&from);
                if standing {
                    data.store(&from).read_only = true;
                    data.replicate();
                    data.store(&to).follows = None;
                    data.store(&from).follows = Some(to.clone());
                    data.store(&to).read_only = false;
                    data.proxied = Some(to);
                } else if undo && data.store(&from).follows.as_ref() == Some(&to) {
                    // It was never led away.
                    data.store(&to).read_only = false;
                } else if data.proxied.as_ref() != Some(&to) {
                    return fail(format!("{to} does not follow {from}"));
                }
            }
            ("retire", false) => {
                data.store(&source).follows = None;
                data.stores.remove(&source);
                data.proxied = None;
            }
            ("retire", true) => return fail("what is removed does not come back".to_owned()),
            (other, _) => return fail(format!("there is no script {other}")),
        }
        Output {
            code: 0,
            stdout,
            stderr: String::new(),
        }
    }

    /// The host of the relational database that an application's servers use now.
    pub fn database_of(&self, owner: &Owner) -> Option<Arc<str>> {
        if let Some(host) = self.data.get(owner).and_then(|data| data.proxied.clone()) {
            return Some(host);
        }
        let mut settings = self.settings(owner).map(|(_, said)| said);
        match settings.next()?["host"].as_str()? {
            "local" => Some(
                self.items
                    .values()
                    .find(|item| &*item.kind == "AWS::EC2::Instance" && item.is_of(owner))?
                    .properties
                    .get("PrivateIp")?
                    .as_str()?
                    .into(),
            ),
            host => Some(host.into()),
        }
    }

    /// What an application's servers are told of their database, with the region where.
    fn settings<'a>(
        &'a self,
        owner: &'a Owner,
    ) -> impl Iterator<Item = (&'a str, serde_json::Value)> {
        let own = self.items.values().filter(|item| item.is_of(owner));
        own.filter_map(|item| {
            Some((
                &*item.region,
                database_setting(&item.kind, &item.properties)?,
            ))
        })
    }

    /// The host of the relational database that the servers of one region use, by their settings.
    pub fn database_in(&self, owner: &Owner, region: &str) -> Option<Arc<str>> {
        let mut settings = self.settings(owner);
        let (_, said) = settings.find(|(at, _)| *at == region)?;
        Some(said["host"].as_str()?.into())
    }

    /// A client's write through the application: whether it was acknowledged.
    ///
    /// # Errors
    /// Why not.
    pub fn write_row(&mut self, owner: &Owner, row: u64, now: u64) -> Result<(), String> {
        let host = self
            .database_of(owner)
            .ok_or("the servers know no database")?;
        self.write_to(owner, &host, row, now)
    }

    /// A write to the database at a host.
    ///
    /// # Errors
    /// Why it is not acknowledged.
    pub fn write_to(
        &mut self,
        owner: &Owner,
        host: &Arc<str>,
        row: u64,
        now: u64,
    ) -> Result<(), String> {
        let managed = self.managed_at(host, now);
        let local = self.items.values().any(|item| {
            let address = item.properties.get("PrivateIp").and_then(Value::as_str);
            &*item.kind == "AWS::EC2::Instance" && address == Some(&**host) && item.exists(now)
        });
        match managed {
            Some(database) => self.takes_writes(database, now)?,
            None if local => {}
            None => return Err(format!("there is no database at {host}")),
        }
        let data = self.data.entry(owner.clone()).or_default();
        let store = data.store(host);
        if store.read_only {
            return Err(format!("the database at {host} takes no writes"));
        }
        store.rows.insert(row);
        self.acknowledged(owner, host, row, now);
        Ok(())
    }

    /// The rows that the servers of one region find.
    pub fn rows_in(&self, owner: &Owner, region: &str) -> BTreeSet<u64> {
        let found = self.database_in(owner, region).and_then(|host| {
            let data = self.data.get(owner)?;
            Some(data.stores.get(&host)?.rows.clone())
        });
        found.unwrap_or_default()
    }

    /// The rows that the application finds.
    pub fn rows(&self, owner: &Owner) -> BTreeSet<u64> {
        let found = self.database_of(owner).and_then(|host| {
            let data = self.data.get(owner)?;
            Some(data.stores.get(&host)?.rows.clone())
        });
        found.unwrap_or_default()
    }
}
