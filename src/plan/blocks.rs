//! Blocks of addresses of regions: a region that is live keeps the one that it has.
//!
//! A region without a `cidr` of its own gets the n-th block after `network.cidr`. When regions are put into another
//! order, or one of them is left out, the others' places change, and a VPC cannot change its block. So the blocks are
//! translated in the whole graph, and new regions get one that is free.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use super::cidr;
use crate::graph::{Graph, Numbering, Resource};
use crate::inventory::Live;
use crate::roles::Role;
use crate::value::{Map, Value};

const VPC: &str = "AWS::EC2::VPC";

/// How many blocks after `network.cidr` belong to regions; AWS has fewer regions.
const MOST: usize = 64;

/// A region whose addresses are not those of its place in the spec.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Its name.
    pub region: Arc<str>,
    /// The block that it has, or gets.
    pub block: Ipv4Net,
    /// The one that follows from its place.
    pub numbered: Ipv4Net,
    /// Whether it is live; a new one gets another block because a live one has its own.
    pub is_live: bool,
}

impl Kept {
    /// It in one sentence.
    pub fn in_words(&self) -> String {
        let Self {
            region,
            block,
            numbered,
            ..
        } = self;
        if self.is_live {
            format!(
                "{region} keeps its address range {block}, although the order of `regions` implies {numbered}; to recreate it with that range, set {{name: {region}, cidr: {numbered}}}"
            )
        } else {
            format!(
                "{region} gets {block}, because another region has {numbered}, which the order of `regions` implies"
            )
        }
    }
}

/// The graph with the blocks that regions have, and which differ from their places.
pub fn settled<'a>(desired: &'a Graph, live: &Live) -> (Cow<'a, Graph>, Vec<Kept>) {
    let kept = kept(desired, live);
    if kept.is_empty() {
        return (Cow::Borrowed(desired), kept);
    }
    let mut settled = desired.clone();
    for resource in settled.resources.values_mut() {
        translate_map(&mut resource.properties, &kept);
    }
    (Cow::Owned(settled), kept)
}

/// Blocks that differ from the numbered ones: first those of live regions, then those of new ones.
fn kept(desired: &Graph, live: &Live) -> Vec<Kept> {
    let Numbering { base, blocks } = &desired.numbering;
    let networks: BTreeMap<&Arc<str>, (&Resource, Ipv4Net)> = desired
        .with_role(Role::Network)
        .filter(|one| &*one.kind == VPC)
        .filter_map(|vpc| Some((&vpc.address.region, (vpc, cidr::of(&vpc.properties)?))))
        .collect();
    let mut used: Vec<Ipv4Net> = Vec::new();
    let mut found = Vec::new();
    let mut new = Vec::new();
    for (region, (vpc, wanted)) in networks {
        let is_numbered = blocks.get(region) == Some(&wanted);
        let has = live.resources.get(&vpc.address);
        match has.and_then(|has| cidr::of(&has.properties)) {
            Some(block)
                if is_numbered && block != wanted && places(*base).any(|one| one == block) =>
            {
                used.push(block);
                found.push(Kept {
                    region: Arc::clone(region),
                    block,
                    numbered: wanted,
                    is_live: true,
                });
            }
            None if is_numbered => new.push((region, wanted)),
            _ => used.push(wanted),
        }
    }
    // The addresses of a region that goes are in use until it is gone.
    let gone = live.resources.values().filter(|one| &*one.kind == VPC);
    let gone = gone.filter(|one| desired.get(&one.address).is_none());
    used.extend(gone.filter_map(|one| cidr::of(&one.properties)));
    for (region, wanted) in new {
        let is_free = |block: &Ipv4Net| !used.iter().any(|other| cidr::overlap(*other, *block));
        let mut free = places(*base).filter(is_free);
        let block = if is_free(&wanted) {
            wanted
        } else {
            free.next().unwrap_or(wanted)
        };
        used.push(block);
        if block != wanted {
            found.push(Kept {
                region: Arc::clone(region),
                block,
                numbered: wanted,
                is_live: false,
            });
        }
    }
    found
}

/// The blocks that regions get, in the order of their places.
fn places(base: Ipv4Net) -> impl Iterator<Item = Ipv4Net> {
    std::iter::successors(Some(base.trunc()), |block| cidr::following(*block)).take(MOST)
}

fn translate_map(map: &mut Map, kept: &[Kept]) {
    let keys: Vec<Arc<str>> = map.iter().map(|(key, _)| Arc::clone(key)).collect();
    for key in keys {
        if let Some(value) = map.get_mut(&key) {
            translate(value, kept);
        }
    }
}

/// Puts what lies in a numbered block at the same place in the block that the region has.
fn translate(value: &mut Value, kept: &[Kept]) {
    match value {
        Value::String(text) => {
            if let Some(moved) = moved(text, kept) {
                *value = Value::str(moved.to_string());
            }
        }
        Value::List(items) => items.iter_mut().for_each(|item| translate(item, kept)),
        Value::Map(map) => translate_map(map, kept),
        _ => {}
    }
}

fn moved(text: &str, kept: &[Kept]) -> Option<Ipv4Net> {
    let part: Ipv4Net = text.parse().ok()?;
    let one = kept.iter().find(|one| one.numbered.contains(&part))?;
    let offset = u32::from(part.addr()) - u32::from(one.numbered.network());
    let first = u32::from(one.block.network()).checked_add(offset)?;
    Ipv4Net::new(first.into(), part.prefix_len()).ok()
}
