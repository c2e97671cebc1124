//! A simulator that stands as another cloud was found: for dry runs.
//!
//! What was found keeps its identifiers, its properties and whose it is. What others have counts
//! against quotas and takes names. What nobody looked for is taken to exist where something names it,
//! because a dry run that fails for want of sight would be worth nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::cloud::{Cloud, Item, Marks};
use super::rules;
use crate::inventory::{Live, LiveResource, Other, Owner, Status};
use crate::kinds;
use crate::kinds::{exclusive, references};
use crate::schema::Registry;
use crate::value::{Map, Value};

/// The first number of what is made in a loaded cloud: what it makes up follows from numbers, and must
/// not be what another simulator made up for what was loaded.
const FIRST: u64 = 1_000_000;

/// Properties that name or place something, besides identifiers and names of other resources.
const PLACES: [&str; 7] = [
    "AvailabilityZone",
    "CidrBlock",
    "CidrIp",
    "HostedZoneId",
    "Name",
    "SetIdentifier",
    "Type",
];

/// What there was somewhere else.
pub struct Found<'a> {
    /// Whose resources.
    pub owner: &'a Owner,
    /// Theirs.
    pub live: &'a Live,
    /// Other people's.
    pub others: &'a [Other],
    /// What was looked for.
    pub looked: BTreeSet<(Arc<str>, Arc<str>)>,
}

impl Cloud {
    /// A cloud that stands as another one was found at `now`, in milliseconds since the epoch.
    pub fn holding(found: Found<'_>, now: u64) -> Self {
        let record = found.live.record.iter().cloned();
        let mut cloud = Self {
            next: FIRST,
            records: record.map(|record| (found.owner.clone(), record)).collect(),
            looked: Some(found.looked),
            account: found.live.account.clone(),
            ..Self::default()
        };
        let ours = found.live.resources.values().chain(&found.live.deposed);
        let ours = ours.map(|resource| of_ours(found.owner, resource, now));
        let others = found.others.iter().map(of_others);
        for (number, item) in (1..).zip(ours.chain(others)) {
            cloud.items.insert(number, Item { number, ..item });
        }
        cloud.beyond = rules::beyond_quota(&cloud);
        cloud
    }

    /// Gives what was loaded the values that no cloud gives back, where they are known from elsewhere.
    pub fn reveal(&mut self, owner: &Owner, known: &BTreeMap<crate::address::Address, Map>) {
        for item in self.items.values_mut() {
            let marks = item.marks.as_ref().filter(|marks| marks.owner == *owner);
            let Some(values) = marks.and_then(|marks| known.get(&marks.address)) else {
                continue;
            };
            for (name, value) in values {
                if !item.properties.contains_key(name) {
                    item.properties.insert(name.clone(), value.clone());
                }
            }
        }
    }
}

fn of_ours(owner: &Owner, resource: &LiveResource, now: u64) -> Item {
    let facts = kinds::of(&resource.kind);
    let in_seconds = |seconds: u32| now + u64::from(seconds) * 1000;
    let marks = Marks {
        owner: owner.clone(),
        address: resource.address.clone(),
        applied: resource.applied.clone().unwrap_or_default(),
    };
    let mut item = Item {
        marks: Some(marks),
        ..Item::unowned(
            resource.kind.clone(),
            resource.address.region.clone(),
            resource.identifier.clone(),
            resource.properties.clone(),
        )
    };
    match &resource.status {
        Status::Ready => {}
        // How long it has been on its way is not known: the whole time, at worst.
        Status::Pending(word) => {
            item.ready_at = in_seconds(facts.create_seconds);
            item.word = word.clone();
        }
        Status::Deleting => item.gone_at = Some(in_seconds(facts.delete_seconds)),
        Status::Failed(why) => item.failed = Some(why.clone()),
    }
    item
}

fn of_others(other: &Other) -> Item {
    Item::unowned(
        other.kind.clone(),
        other.region.clone(),
        other.identifier.clone(),
        other.properties.clone(),
    )
}

/// Of somebody else's properties, those that name and place it: all that the rules look at.
pub fn naming(kind: &str, properties: &Map) -> Map {
    let schema = Registry::embedded().kind(kind);
    // A rule is told from others by all that it says.
    let whole = kind.starts_with("AWS::EC2::SecurityGroup") && kind.ends_with("gress");
    let names = |name: &Arc<str>| {
        let lower = name.to_lowercase();
        schema.is_some_and(|schema| {
            schema.primary_identifier().contains(name)
                || schema.is_read_only(name) && (lower.ends_with("id") || lower.ends_with("arn"))
        }) || references::is_name(name)
            || PLACES.contains(&&**name)
    };
    let once = exclusive::once(kind).unwrap_or_default();
    let mut kept: Map = properties
        .iter()
        .filter(|(name, value)| {
            let is_plain = matches!(value, Value::String(_) | Value::List(_));
            whole || is_plain && names(name) || once.contains(&&**name)
        })
        .cloned()
        .collect();
    for path in once {
        if let (Some((top, below)), Some(value)) = (path.split_once('.'), properties.at(path)) {
            let inner = Map::from_iter([(Arc::from(below), value.clone())]);
            kept.insert(top, Value::Map(inner));
        }
    }
    kept.remove("Tags");
    kept
}
