//! What the report's drawing shows: the parts that a request passes, and what stands behind each.
//!
//! Owns the reduction from resources to parts. A resource that a person would draw on a whiteboard (a
//! load balancer, a database) is a part of its own; all others of a region and tier are one part, which
//! tells how many there are of each kind. So sixty subnets take as much room as one. Which parts there
//! are is settled over both sides together, so that a part of one side is the same part on the other.
//! Where things are drawn is [`super::drawing`]'s.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::facts;
use super::place::{Link, Places, Spot, Vpc};
use crate::address::{Address, GLOBAL};
use crate::render::diagram::tier_rank;
use crate::value::Map;

/// More copies of one resource than this are drawn as one part with a count.
const MOST_COPIES: usize = 4;
/// More parts in one tier of one region than this, and the rest is counted with what is not drawn.
const MOST_PARTS: usize = 8;
/// How many kinds are named before the rest is counted.
const NAMED_KINDS: usize = 3;
/// Tiers that no request passes: what is in them is counted, not drawn.
const BESIDE: &[&str] = &["security", "backup", "monitoring"];

/// What happens to a resource or part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mark {
    /// It stays as it is.
    #[default]
    Same,
    /// It is there afterwards and not before.
    New,
    /// It changes in place.
    Changed,
    /// A new one takes its place.
    Replaced,
    /// It is there before and not afterwards.
    Gone,
}

impl Mark {
    /// A sign that needs no colour to be told from the others.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Same => "",
            Self::New => "+",
            Self::Changed => "~",
            Self::Replaced => "±",
            Self::Gone => "−",
        }
    }

    /// In a word; also its class in the style sheet.
    pub fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::New => "new",
            Self::Changed => "changed",
            Self::Replaced => "replaced",
            Self::Gone => "gone",
        }
    }
}

/// A resource of one side.
#[derive(Clone, Copy, Debug)]
pub struct Thing<'a> {
    /// Its permanent name.
    pub address: &'a Address,
    /// Its CloudFormation type name.
    pub kind: &'a str,
    /// Its tier.
    pub tier: &'a str,
    /// Its properties, symbolic ones included.
    pub properties: &'a Map,
    /// What the cloud calls it, where it exists.
    pub identifier: Option<&'a str>,
    /// What happens to it.
    pub mark: Mark,
}

/// Resources of one id that belong to a part, for the list below the drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The id in the blueprint.
    pub id: String,
    /// The kind without `AWS::`.
    pub kind: String,
    /// How many there are, by what happens to them; on both sides together.
    pub marks: BTreeMap<Mark, usize>,
}

/// Something that is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The region, or `global`.
    pub region: String,
    /// Its tier.
    pub tier: String,
    /// What it is, such as `Load balancer`; for what is not drawn singly, the tier.
    pub role: String,
    /// Its name in the blueprint; empty for what is not drawn singly.
    pub name: String,
    /// Which of several copies, such as the service that a fleet runs; mostly empty.
    pub copy: String,
    /// Whether it is one that a person would draw.
    pub is_drawn: bool,
    /// What belongs to it, ordered by id.
    pub groups: Vec<Group>,
}

/// A part as it is on one side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagram {
    /// Which part, by number.
    pub part: usize,
    /// How many resources it stands for.
    pub count: usize,
    /// What is worth knowing at a glance, such as `db.m7g.large`.
    pub facts: Vec<String>,
    /// Where in the region's network it is; outside of it, without one.
    pub spot: Option<Spot>,
    /// Whether a standby in another zone takes over from it.
    pub has_standby: bool,
    /// How many there are, by what happens to them.
    pub marks: BTreeMap<Mark, usize>,
}

impl Diagram {
    /// What happens to the part as a whole: changed, where different things happen to its resources.
    pub fn mark(&self) -> Mark {
        let mut marks = self.marks.keys();
        match (marks.next(), marks.next()) {
            (Some(only), None) => *only,
            (None, _) => Mark::Same,
            _ => Mark::Changed,
        }
    }
}

/// A region of one side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Region {
    /// Its name, or `global`.
    pub name: String,
    /// What it is beside the others, such as `primary`.
    pub role: &'static str,
    /// Its zones without the region's name, such as `a`.
    pub zones: Vec<String>,
    /// Its network, where it has one.
    pub vpc: Option<Vpc>,
    /// The arrows that end here.
    pub links: Vec<Link>,
    /// The drawn parts by tier, in the order in which a request passes.
    pub lanes: Vec<(String, Vec<Diagram>)>,
    /// What is not drawn singly, by tier.
    pub beside: Vec<Diagram>,
}

/// Both sides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Architecture {
    /// Everything that is drawn on one side or the other.
    pub parts: Vec<Part>,
    /// The regions before, in the order of a request.
    pub before: Vec<Region>,
    /// The regions afterwards, in the order of a request.
    pub after: Vec<Region>,
    /// The part of each address, by number.
    pub part_of: HashMap<Address, usize>,
}

/// What tells parts apart: region with its rank, tier with its rank, id and key; no id for what is not
/// drawn singly.
type Key<'a> = (u8, &'a str, usize, &'a str, Option<(&'a str, &'a str)>);

impl Architecture {
    /// Both sides in parts; what is global comes first, then the primary region.
    pub fn of(before: &[Thing<'_>], after: &[Thing<'_>], primary: &str) -> Self {
        let wanted: HashSet<&Address> = after.iter().map(|thing| thing.address).collect();
        let both: Vec<&Thing<'_>> = before
            .iter()
            .filter(|thing| !wanted.contains(thing.address))
            .chain(after)
            .collect();
        let keys = keys(&both, primary);
        let mut members: BTreeMap<Key<'_>, Vec<&Thing<'_>>> = BTreeMap::new();
        for thing in &both {
            members.entry(keys[thing.address]).or_default().push(thing);
        }
        let numbers: HashMap<Key<'_>, usize> = members
            .keys()
            .enumerate()
            .map(|(number, key)| (*key, number))
            .collect();
        let part_of: HashMap<Address, usize> = keys
            .iter()
            .map(|(address, key)| ((*address).clone(), numbers[key]))
            .collect();
        let parts: Vec<Part> = members
            .iter()
            .map(|(key, things)| part(key, things))
            .collect();
        Self {
            before: side(before, &parts, &part_of, primary),
            after: side(after, &parts, &part_of, primary),
            parts,
            part_of,
        }
    }
}

/// The part of each address.
fn keys<'a>(things: &[&Thing<'a>], primary: &str) -> HashMap<&'a Address, Key<'a>> {
    let place = |thing: &Thing<'a>| {
        let region = facts::region(thing);
        let rank = match region {
            GLOBAL => 0,
            region if region == primary => 1,
            _ => 2,
        };
        (rank, region, tier_rank(thing.tier), thing.tier)
    };
    let mut copies: BTreeMap<_, usize> = BTreeMap::new();
    for thing in things.iter().filter(|thing| can_be_drawn(thing)) {
        *copies
            .entry((place(thing), &*thing.address.id))
            .or_default() += 1;
    }
    // Of each tier the first so many are drawn; a tier with more of them is no drawing any more.
    let mut drawn: BTreeMap<_, usize> = BTreeMap::new();
    let mut kept = HashSet::new();
    for ((place, id), count) in &copies {
        let takes = if *count > MOST_COPIES { 1 } else { *count };
        let so_far = drawn.entry(*place).or_default();
        if *so_far + takes <= MOST_PARTS {
            *so_far += takes;
            kept.insert((*place, *id));
        }
    }
    things
        .iter()
        .map(|thing| {
            let (place, id) = (place(thing), &*thing.address.id);
            let single = kept.contains(&(place, id)) && can_be_drawn(thing);
            let key = match copies.get(&(place, id)) {
                Some(count) if single && *count > MOST_COPIES => Some((id, "")),
                Some(_) if single => Some((id, thing.address.key.as_deref().unwrap_or(""))),
                _ => None,
            };
            (thing.address, (place.0, place.1, place.2, place.3, key))
        })
        .collect()
}

fn can_be_drawn(thing: &Thing<'_>) -> bool {
    facts::role(thing).is_some() && !BESIDE.contains(&thing.tier)
}

fn part(key: &Key<'_>, things: &[&Thing<'_>]) -> Part {
    let mut groups: BTreeMap<(&str, &str), BTreeMap<Mark, usize>> = BTreeMap::new();
    for thing in things {
        *groups
            .entry((&thing.address.id, thing.kind))
            .or_default()
            .entry(thing.mark)
            .or_default() += 1;
    }
    let (_, region, _, tier, drawn) = key;
    let role = match drawn {
        Some((id, _)) => facts::role(things[0]).unwrap_or(id),
        None => facts::tier_title(tier),
    };
    let (name, copy) = match drawn {
        Some((id, "")) => ((*id).to_owned(), ""),
        Some((id, copy)) => (format!("{id}[{copy}]"), *copy),
        None => (String::new(), ""),
    };
    Part {
        region: (*region).to_owned(),
        tier: (*tier).to_owned(),
        role: role.to_owned(),
        name,
        copy: copy.to_owned(),
        is_drawn: drawn.is_some(),
        groups: groups
            .into_iter()
            .map(|((id, kind), marks)| Group {
                id: id.to_owned(),
                kind: facts::short_kind(kind),
                marks,
            })
            .collect(),
    }
}

/// One side, region by region.
fn side(
    things: &[Thing<'_>],
    parts: &[Part],
    part_of: &HashMap<Address, usize>,
    primary: &str,
) -> Vec<Region> {
    let places = Places::of(things);
    let around = facts::Around::of(things);
    let mut members: BTreeMap<usize, Vec<&Thing<'_>>> = BTreeMap::new();
    for thing in things {
        // Every address of either side has a part.
        members
            .entry(part_of[thing.address])
            .or_default()
            .push(thing);
    }
    let mut regions: Vec<Region> = Vec::new();
    for (number, things) in members {
        let part = &parts[number];
        if regions.last().is_none_or(|last| last.name != part.region) {
            let zones = places.zones(&part.region);
            regions.push(Region {
                name: part.region.clone(),
                role: places.role(&part.region, primary),
                vpc: places.vpc(&part.region, &zones),
                zones,
                ..Region::default()
            });
        }
        let Some(region) = regions.last_mut() else {
            continue;
        };
        let mut sight = Diagram {
            part: number,
            count: things.len(),
            ..Diagram::default()
        };
        for thing in &things {
            *sight.marks.entry(thing.mark).or_default() += 1;
        }
        if !part.is_drawn {
            sight.facts = kinds_in_words(&things);
            region.beside.push(sight);
            continue;
        }
        sight.facts = facts::of(things[0], things.len(), &around);
        sight.has_standby = facts::has_standby(things[0]);
        sight.spot = region
            .vpc
            .as_ref()
            .and_then(|vpc| places.spot(things[0], vpc, &region.zones));
        match region.lanes.last_mut() {
            Some((tier, sights)) if *tier == part.tier => sights.push(sight),
            _ => region.lanes.push((part.tier.clone(), vec![sight])),
        }
    }
    let drawn = |thing: &Thing<'_>| {
        let part = part_of.get(thing.address).copied()?;
        parts[part].is_drawn.then_some(part)
    };
    for link in places.links(&drawn) {
        let region = &parts[link.to].region;
        if let Some(region) = regions.iter_mut().find(|one| one.name == *region) {
            region.links.push(link);
        }
    }
    regions
}

/// `9 subnets, 4 routes, 3 NAT gateways and 5 more`.
fn kinds_in_words(things: &[&Thing<'_>]) -> Vec<String> {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for thing in things {
        *kinds.entry(thing.kind).or_default() += 1;
    }
    let mut kinds: Vec<(&str, usize)> = kinds.into_iter().collect();
    kinds.sort_by_key(|(kind, count)| (std::cmp::Reverse(*count), *kind));
    let rest: usize = kinds.iter().skip(NAMED_KINDS).map(|(_, count)| count).sum();
    let mut words: Vec<String> = kinds
        .iter()
        .take(NAMED_KINDS)
        .map(|(kind, count)| facts::counted(kind, *count))
        .collect();
    if rest > 0 {
        words.push(format!("{rest} more"));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    struct Owned(Address, &'static str, &'static str, Map, Option<String>);

    fn owned(at: &str, kind: &'static str, tier: &'static str, json: serde_json::Value) -> Owned {
        let properties = Value::from(json).as_map().unwrap().clone();
        let address: Address = at.parse().unwrap();
        let identifier = address.key.as_ref().map(|key| format!("identifier-{key}"));
        Owned(address, kind, tier, properties, identifier)
    }

    fn things(all: &[Owned], mark: Mark) -> Vec<Thing<'_>> {
        all.iter()
            .map(|Owned(address, kind, tier, properties, identifier)| Thing {
                address,
                kind,
                tier,
                properties,
                identifier: identifier.as_deref(),
                mark,
            })
            .collect()
    }

    fn subnet(number: usize, zone: &str) -> Owned {
        owned(
            &format!("us-east-1/subnet[{number}]"),
            "AWS::EC2::Subnet",
            "network",
            serde_json::json!({"AvailabilityZone": format!("us-east-1{zone}")}),
        )
    }

    #[test]
    fn sixty_subnets_are_one_part_and_the_load_balancer_is_its_own() {
        let mut all: Vec<Owned> = (0..60).map(|number| subnet(number, "a")).collect();
        all.push(owned(
            "us-east-1/alb",
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "network",
            serde_json::json!({"Scheme": "internet-facing"}),
        ));
        let drawn = Architecture::of(&[], &things(&all, Mark::New), "us-east-1");
        let names: Vec<_> = drawn
            .parts
            .iter()
            .map(|part| (part.role.as_str(), part.is_drawn))
            .collect();
        assert_eq!(
            names,
            [("Network", false), ("Application Load Balancer", true)]
        );
        assert_eq!(drawn.after[0].beside[0].facts, ["60 subnets"]);
        assert_eq!(drawn.after[0].lanes[0].1[0].mark(), Mark::New);
        assert!(drawn.before.is_empty());
    }

    #[test]
    fn zones_are_found_by_reference_and_by_identifier() {
        let mut all = vec![
            owned(
                "us-east-1/vpc",
                "AWS::EC2::VPC",
                "network",
                serde_json::json!({}),
            ),
            subnet(1, "a"),
            subnet(2, "b"),
            subnet(3, "c"),
            owned(
                "us-east-1/asg",
                "AWS::AutoScaling::AutoScalingGroup",
                "compute",
                serde_json::json!({"VPCZoneIdentifier": ["identifier-1", {"$ref": "us-east-1/subnet[3]#SubnetId"}]}),
            ),
        ];
        // Through JSON's own form, references are references.
        for Owned(.., properties, _) in &mut all {
            let json = serde_json::to_value(&*properties).unwrap();
            *properties = serde_json::from_value(json).unwrap();
        }
        let drawn = Architecture::of(&[], &things(&all, Mark::Same), "us-east-1");
        let (_, sights) = &drawn.after[0].lanes[0];
        assert_eq!(drawn.after[0].zones, ["a", "b", "c"]);
        let spot = sights[0].spot.unwrap();
        assert_eq!((spot.first, spot.last, spot.only), (0, 2, None));
    }

    #[test]
    fn endpoints_are_captioned_with_their_service() {
        let endpoint = |id: &str, service: &str| {
            let name = format!("com.amazonaws.us-east-1.{service}");
            let json = serde_json::json!({"ServiceName": name});
            owned(id, "AWS::EC2::VPCEndpoint", "network", json)
        };
        let vpc = || {
            owned(
                "us-east-1/vpc",
                "AWS::EC2::VPC",
                "network",
                serde_json::json!({}),
            )
        };
        let ways = |mut all: Vec<Owned>| {
            all.push(vpc());
            // A part is drawn for something that the network holds.
            all.push(subnet(1, "a"));
            let drawn = Architecture::of(&[], &things(&all, Mark::New), "us-east-1");
            drawn.after[0].vpc.clone().unwrap().ways
        };
        let (s3, tables) = (
            endpoint("us-east-1/s", "s3"),
            endpoint("us-east-1/d", "dynamodb"),
        );
        let other = || endpoint("us-east-1/e", "ecr.api");
        assert_eq!(ways(vec![other()]), ["ecr.api endpoint"]);
        assert_eq!(ways(vec![s3, tables]), ["S3 endpoint", "DynamoDB endpoint"]);
        let three = vec![
            endpoint("us-east-1/s", "s3"),
            endpoint("us-east-1/d", "dynamodb"),
            other(),
        ];
        assert_eq!(ways(three), ["3 VPC endpoints"]);
    }

    #[test]
    fn a_table_of_keyspaces_shows_its_name() {
        let table = owned(
            "us-east-1/column_table[replays]",
            "AWS::Cassandra::Table",
            "data",
            serde_json::json!({"TableName": "replays"}),
        );
        let drawn = Architecture::of(&[], &things(&[table], Mark::New), "us-east-1");
        assert_eq!(drawn.after[0].lanes[0].1[0].facts, ["replays"]);
    }

    #[test]
    fn a_part_is_the_same_one_before_and_after() {
        let db = |id: &str| owned(id, "AWS::RDS::DBInstance", "data", serde_json::json!({}));
        let before = [db("us-east-1/db"), db("us-east-1/old")];
        let after = [db("us-east-1/db"), db("us-east-1/young")];
        let drawn = Architecture::of(
            &things(&before, Mark::Gone),
            &things(&after, Mark::Changed),
            "us-east-1",
        );
        let part = |region: &Region| region.lanes[0].1.iter().map(|s| s.part).collect::<Vec<_>>();
        assert_eq!(part(&drawn.before[0]), [0, 1]);
        assert_eq!(part(&drawn.after[0]), [0, 2]);
        assert_eq!(drawn.parts[0].groups[0].marks, [(Mark::Changed, 1)].into());
    }

    #[test]
    fn a_thousand_databases_are_one_part_with_a_count() {
        let all: Vec<Owned> = (0..1000)
            .map(|n| {
                owned(
                    &format!("us-east-1/db[{n}]"),
                    "AWS::RDS::DBInstance",
                    "data",
                    serde_json::json!({}),
                )
            })
            .collect();
        let drawn = Architecture::of(
            &things(&all, Mark::Same),
            &things(&all, Mark::Same),
            "us-east-1",
        );
        assert_eq!(drawn.parts.len(), 1);
        assert_eq!(drawn.after[0].lanes[0].1[0].count, 1000);
    }
}
