//! What exists: reads of one moment put into one call, and the look at everything.
//!
//! `service` says how a kind is listed; this module says when, with whom and how often.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{join_all, try_join, try_join_all};

use super::Aws;
use super::batch::Batches;
use super::carried::{marks_of, reported};
use super::clients::HOME;
use super::service::{Depth, Found, Index, Together, Which};
use crate::address::GLOBAL;
use crate::inventory::insert_newer;
use crate::inventory::{Handle, Live, Owner, Record};
use crate::kinds;
use crate::provider::{Clock, Outcome, Query};

/// Reads that fit into one call: AWS's lists take at least so many identifiers.
const READS: usize = 100;

/// Calls under way that read the same kind in the same region: one, and another so that a slow answer
/// does not hold up everyone.
pub(super) const READS_AT_ONCE: usize = 2;

/// How long one list of a look at everything that fails is asked for again, before the look is over for all
/// the others: milliseconds. A region that does not answer takes longer than that to be found out.
const PATIENCE: u64 = 20_000;

/// How long apart the first two times are; each further one takes as much longer.
const BASE: Duration = Duration::from_millis(100);

/// Kinds to list, by region, service and whether that has to succeed.
type Asked = BTreeMap<(String, usize, bool), BTreeSet<Arc<str>>>;

/// Reads of one service, region, kind and depth, by identifier.
pub(super) type Reads = Batches<(usize, String, Arc<str>, Depth), Arc<str>, Option<Found>>;

/// Reads of one service, region and depth, of whatever kind.
pub(super) type Families = Batches<(usize, String, Depth), Handle, Option<Found>>;

impl Aws {
    /// One that exists, read together with others of its kind.
    pub(super) async fn one(
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
    pub(super) async fn one_of(
        &self,
        owner: &Owner,
        handle: &Handle,
        depth: Depth,
    ) -> Outcome<Option<Found>> {
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
                        if told || found.is_some() {
                            Ok(found)
                        } else {
                            by_itself(one).await
                        }
                    }
                });
                Ok(join_all(reads).await)
            })
            .await
    }

    pub(super) async fn look(&self, owner: &Owner, query: &Query) -> Outcome<Live> {
        let mut live = Live::default();
        let found = if query.thorough {
            live.record = self.lease.record(owner).await?;
            let asked = self.asked(query, live.record.as_ref());
            self.list_all(owner, &asked, &mut live.unseen).await?
        } else {
            let asked = self.asked(query, None);
            let lists = self.list_all(owner, &asked, &mut live.unseen);
            let (found, record) = try_join(lists, self.lease.record(owner)).await?;
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
            insert_newer(&mut live, resource);
        }
        live.deposed
            .sort_by(|a, b| (&a.address, &a.identifier).cmp(&(&b.address, &b.identifier)));
        Ok(live)
    }

    /// What is to be listed, by region, service and whether it has to succeed. A thorough look goes
    /// over every mapped kind in every region that is known, where it may fail: an account may have
    /// no right to ask for what the application never used.
    pub(super) fn asked(&self, query: &Query, record: Option<&Record>) -> Asked {
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
                    if kinds::is_global(kind) == (region == GLOBAL) && !known.contains(&pair) {
                        let key = (region.clone(), *number, false);
                        asked.entry(key).or_default().insert(pair.1);
                    }
                }
            }
        }
        asked
    }

    pub(super) async fn list_all(
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
}
