//! Where things are: in which VPC, in which sort of subnet, in which zones; and what passes from one to another.
//!
//! Things name each other by reference in a graph, by identifier where they exist, and now and then by the name that they
//! were given (a group of subnets, the source of a replica). All three are followed here.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::architecture::Thing;
use crate::address::Address;
use crate::kinds::{self, Does};
use crate::plan::existing::{ZONE, is_public};
use crate::value::{Map, Value};

/// A region's network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vpc {
    /// Its block of addresses.
    pub block: String,
    /// Whether it has a way to the internet.
    pub has_gateway: bool,
    /// What else leads out of it, in words.
    pub ways: Vec<String>,
    /// Its subnets by sort, those that are open to the internet first.
    pub rows: Vec<Row>,
}

/// The subnets of one sort, one in each of some zones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Its id in the blueprint.
    pub id: String,
    /// Whether the internet leads to it.
    pub is_public: bool,
    /// What is in each of the region's zones.
    pub cells: Vec<Option<Cell>>,
}

/// A subnet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// Its block of addresses.
    pub block: String,
    /// Whether a NAT gateway is in it.
    pub has_nat: bool,
}

/// Where in a network a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    /// Which row of subnets.
    pub row: usize,
    /// The first zone that it may be in.
    pub first: usize,
    /// The last zone that it may be in.
    pub last: usize,
    /// The zone that it is in, where it is in one only and that is known.
    pub only: Option<usize>,
}

/// What passes from one part to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// Requests.
    Request,
    /// Copies of data.
    Replication,
}

/// An arrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// What passes.
    pub way: Way,
    /// From which part; from whoever uses the application, without one.
    pub from: Option<usize>,
    /// To which part.
    pub to: usize,
}

/// A side's things, to be found by what others call them.
pub struct Places<'a> {
    things: &'a [Thing<'a>],
    by_address: HashMap<&'a Address, usize>,
    by_identifier: HashMap<&'a str, usize>,
    by_name: HashMap<(&'a str, &'a str, &'a str), usize>,
}

/// Kinds whose names others use, and the property that holds the name.
const NAMES: [(&str, &str); 3] = [
    ("AWS::RDS::DBSubnetGroup", "DBSubnetGroupName"),
    ("AWS::ElastiCache::SubnetGroup", "CacheSubnetGroupName"),
    ("AWS::RDS::DBInstance", "DBInstanceIdentifier"),
];

/// Identifiers shorter than this would be found in text that has nothing to do with them.
const TELLING: usize = 6;

impl<'a> Places<'a> {
    /// What may be asked of these.
    pub fn of(things: &'a [Thing<'a>]) -> Self {
        let mut places = Self {
            things,
            by_address: HashMap::new(),
            by_identifier: HashMap::new(),
            by_name: HashMap::new(),
        };
        for (number, thing) in things.iter().enumerate() {
            places.by_address.insert(thing.address, number);
            if let Some(identifier) = thing.identifier {
                places.by_identifier.insert(identifier, number);
            }
            let name = NAMES.iter().find(|(kind, _)| *kind == thing.kind);
            if let Some(name) = name.and_then(|(_, path)| text(thing.properties, path)) {
                let key = (thing.kind, &*thing.address.region, name);
                places.by_name.insert(key, number);
            }
        }
        places
    }

    /// What a value names, whatever it calls it.
    fn named(&self, value: &Value, kind: &str, region: &str) -> Option<&'a Thing<'a>> {
        let mut found = None;
        value.for_each_reference(&mut |reference| {
            found = found.or(self.by_address.get(&reference.address).copied());
        });
        if let (None, Value::String(text)) = (found, value) {
            // arn:aws:rds:REGION:ACCOUNT:db:NAME
            let parts: Vec<&str> = text.split(':').collect();
            let (region, name) = match parts.as_slice() {
                ["arn", _, _, region, _, .., name] => (*region, *name),
                _ => (region, &**text),
            };
            let by_identifier = self.by_identifier.get(&**text);
            found = by_identifier
                .or_else(|| self.by_name.get(&(kind, region, name)))
                .copied();
        }
        found
            .map(|number| &self.things[number])
            .filter(|thing| thing.kind == kind)
    }

    /// The subnets that a thing names, itself or through a group.
    fn subnets(&self, thing: &Thing<'a>) -> Vec<&'a Thing<'a>> {
        let mut found: Vec<usize> = Vec::new();
        for (_, value) in thing.properties {
            value.for_each_reference(&mut |reference| {
                found.extend(self.by_address.get(&reference.address));
            });
            for_each_text(value, &mut |text| {
                found.extend(self.by_identifier.get(text));
            });
        }
        let mut found: Vec<&Thing<'a>> = found
            .into_iter()
            .map(|number| &self.things[number])
            .filter(|thing| thing.kind == "AWS::EC2::Subnet")
            .collect();
        if !found.is_empty() {
            return found;
        }
        let region = &*thing.address.region;
        for (kind, path) in NAMES {
            let named = thing.properties.get(path);
            let group = named.and_then(|value| self.named(value, kind, region));
            if let Some(group) = group.filter(|group| group.address != thing.address) {
                found = self.subnets(group);
                break;
            }
        }
        if found.is_empty()
            && let Some(source) = self.source(thing)
            && source.address.region == thing.address.region
        {
            return self.subnets(source);
        }
        found
    }

    /// The database that a replica follows.
    pub fn source(&self, thing: &Thing<'a>) -> Option<&'a Thing<'a>> {
        let value = thing.properties.get("SourceDBInstanceIdentifier")?;
        let region = &*thing.address.region;
        self.named(value, "AWS::RDS::DBInstance", region)
            .filter(|source| source.address != thing.address)
    }

    /// Whether a thing's properties name another.
    pub fn mentions(&self, thing: &Thing<'a>, other: &Thing<'a>) -> bool {
        let mut found = false;
        for (_, value) in thing.properties {
            value.for_each_reference(&mut |reference| {
                found |= reference.address == *other.address;
            });
            if let Some(identifier) = other.identifier.filter(|one| one.len() >= TELLING) {
                for_each_text(value, &mut |text| found |= text.contains(identifier));
            }
        }
        found
    }

    /// The zones of a region that hold subnets, without its name.
    pub fn zones(&self, region: &str) -> Vec<String> {
        let mut zones: Vec<String> = self
            .of_kind(region, "AWS::EC2::Subnet")
            .filter_map(|thing| text(thing.properties, "AvailabilityZone"))
            .filter_map(|zone| zone.strip_prefix(region).map(str::to_owned))
            .collect();
        zones.sort_unstable();
        zones.dedup();
        zones
    }

    /// What is of a kind in a region.
    fn of_kind<'b>(
        &'b self,
        region: &'b str,
        kind: &'b str,
    ) -> impl Iterator<Item = &'a Thing<'a>> + 'b {
        self.things
            .iter()
            .filter(move |thing| thing.kind == kind && *thing.address.region == *region)
    }

    /// A region's network, where it has one.
    pub fn vpc(&self, region: &str, zones: &[String]) -> Option<Vpc> {
        let vpc = self.of_kind(region, "AWS::EC2::VPC").next()?;
        let in_nat: HashSet<&Address> = self
            .of_kind(region, "AWS::EC2::NatGateway")
            .flat_map(|nat| self.subnets(nat))
            .map(|subnet| subnet.address)
            .collect();
        let mut rows: BTreeMap<(bool, &str), Row> = BTreeMap::new();
        for subnet in self.of_kind(region, "AWS::EC2::Subnet") {
            let is_public = self.is_public(region, subnet);
            let id = &*subnet.address.id;
            let row = rows.entry((!is_public, id)).or_insert_with(|| Row {
                id: id.to_owned(),
                is_public,
                cells: vec![None; zones.len()],
            });
            let zone = text(subnet.properties, "AvailabilityZone").unwrap_or_default();
            let zone = zone.strip_prefix(region).unwrap_or(zone);
            if let Some(at) = zones.iter().position(|one| one == zone) {
                row.cells[at] = Some(Cell {
                    block: text(subnet.properties, "CidrBlock")
                        .unwrap_or_default()
                        .to_owned(),
                    has_nat: in_nat.contains(subnet.address),
                });
            }
        }
        let mut ways = self.endpoints(region);
        // A peering belongs to the region that asked for it, and leads both ways.
        let is_peering = |thing: &&Thing<'_>| thing.kind == "AWS::EC2::VPCPeeringConnection";
        let mut peerings = self.things.iter().filter(is_peering);
        if peerings.any(|one| *one.address.region == *region || self.mentions(one, vpc)) {
            ways.push("VPC peering".to_owned());
        }
        Some(Vpc {
            block: text(vpc.properties, "CidrBlock")
                .unwrap_or_default()
                .to_owned(),
            has_gateway: self
                .of_kind(region, "AWS::EC2::InternetGateway")
                .next()
                .is_some(),
            ways,
            rows: rows.into_values().collect(),
        })
    }

    /// The services that a region's VPC endpoints lead to, in words; more than a caption holds are counted.
    fn endpoints(&self, region: &str) -> Vec<String> {
        let mut services: Vec<&str> = self
            .of_kind(region, "AWS::EC2::VPCEndpoint")
            .map(|one| {
                let name = text(one.properties, "ServiceName").unwrap_or("VPC");
                // com.amazonaws.us-east-1.s3
                let service = (name.split_once(&format!(".{region}."))).map(|(_, service)| service);
                match service.unwrap_or(name) {
                    "s3" => "S3",
                    "dynamodb" => "DynamoDB",
                    other => other,
                }
            })
            .collect();
        services.sort_unstable_by(|a, b| b.cmp(a));
        services.dedup();
        match services.len() {
            0..=2 => (services.iter().map(|service| format!("{service} endpoint"))).collect(),
            more => vec![format!("{more} VPC endpoints")],
        }
    }

    /// Whether a subnet's route table leads to an internet gateway.
    fn is_public(&self, region: &str, subnet: &Thing<'a>) -> bool {
        let table = |thing: &Thing<'a>| {
            let value = thing.properties.get("RouteTableId")?;
            self.named(value, "AWS::EC2::RouteTable", region)
        };
        let tables: Vec<&Address> = self
            .of_kind(region, "AWS::EC2::SubnetRouteTableAssociation")
            .filter(|one| {
                self.subnets(one)
                    .iter()
                    .any(|s| s.address == subnet.address)
            })
            .filter_map(table)
            .map(|table| table.address)
            .collect();
        let is_gateway = |value: &Value| {
            self.named(value, "AWS::EC2::InternetGateway", region)
                .is_some()
                || value.as_str().is_some_and(|text| text.starts_with("igw-"))
        };
        self.of_kind(region, "AWS::EC2::Route").any(|route| {
            route.properties.get("GatewayId").is_some_and(is_gateway)
                && table(route).is_some_and(|table| tables.contains(&table.address))
        })
    }

    /// Where in its region's network a thing is.
    pub fn spot(&self, thing: &Thing<'a>, vpc: &Vpc, zones: &[String]) -> Option<Spot> {
        let subnets = self.subnets(thing);
        let first = subnets.first()?;
        let row = vpc
            .rows
            .iter()
            .position(|row| row.id == *first.address.id)?;
        let region = &*thing.address.region;
        let zone = |properties: &Map| {
            let zone = text(properties, "AvailabilityZone")?.strip_prefix(region)?;
            zones.iter().position(|one| one == zone)
        };
        let within: Vec<usize> = subnets
            .iter()
            .filter(|subnet| subnet.address.id == first.address.id)
            .filter_map(|subnet| zone(subnet.properties))
            .collect();
        let only = zone(thing.properties);
        Some(Spot {
            row,
            first: *within.iter().min()?,
            last: *within.iter().max()?,
            only: only.or((within.len() == 1).then(|| within[0])),
        })
    }

    /// Every arrow between parts; a thing that is none is not told of.
    pub fn links(&self, part_of: &dyn Fn(&Thing<'a>) -> Option<usize>) -> Vec<Link> {
        let mut links = self.requests(part_of);
        links.extend(self.replications(part_of));
        links.sort_unstable();
        links.dedup();
        links
    }

    /// The things for which `is_one`, each with its part.
    fn drawn(
        &self,
        part_of: &dyn Fn(&Thing<'a>) -> Option<usize>,
        is_one: impl Fn(&Thing<'a>) -> bool,
    ) -> Vec<(&'a Thing<'a>, usize)> {
        let ones = self.things.iter().filter(|one| is_one(one));
        ones.filter_map(|one| part_of(one).map(|part| (one, part)))
            .collect()
    }

    /// The ways that requests take, from users to stores.
    fn requests(&self, part_of: &dyn Fn(&Thing<'a>) -> Option<usize>) -> Vec<Link> {
        let drawn = |kind: &str| self.drawn(part_of, |one| one.kind == kind);
        let is_asked = |one: &Thing<'a>| one.kind == ZONE && is_public(one.properties);
        let zones = self.drawn(part_of, is_asked);
        let walls = drawn("AWS::WAFv2::WebACL");
        let edges = drawn("AWS::CloudFront::Distribution");
        let balancers = drawn("AWS::ElasticLoadBalancingV2::LoadBalancer");
        let apis = drawn("AWS::ApiGatewayV2::Api");
        let that = |does: Does| self.drawn(part_of, |one| is_drawn_as(one, does));
        let (servers, stores) = (that(Does::Works), that(Does::Stores));
        let buckets = drawn("AWS::S3::Bucket");
        let mut links: Vec<Link> = Vec::new();
        let mut request = |from: Option<usize>, to: usize| {
            if from != Some(to) {
                links.push(Link {
                    way: Way::Request,
                    from,
                    to,
                });
            }
        };
        let here = |one: &Thing<'a>, other: &Thing<'a>| one.address.region == other.address.region;
        let mut front: Option<usize> = None;
        for (_, part) in zones
            .iter()
            .take(1)
            .chain(walls.iter().take(edges.len().min(1)))
        {
            request(front, *part);
            front = Some(*part);
        }
        for (edge, part) in &edges {
            request(front, *part);
            for (bucket, to) in &buckets {
                if self.mentions(edge, bucket) {
                    request(Some(*part), *to);
                }
            }
        }
        let fronts: Vec<Option<usize>> = if edges.is_empty() {
            vec![front]
        } else {
            edges.iter().map(|(_, part)| Some(*part)).collect()
        };
        for front in &fronts {
            for (_, to) in balancers.iter().chain(&apis) {
                request(*front, *to);
            }
        }
        for (server, to) in &servers {
            let before: Vec<usize> = balancers
                .iter()
                .chain(&apis)
                .filter(|(one, _)| here(one, server))
                .map(|(_, part)| *part)
                .collect();
            for part in &before {
                request(Some(*part), *to);
            }
            if before.is_empty() {
                for front in &fronts {
                    request(*front, *to);
                }
            }
            for (store, to_store) in &stores {
                if here(server, store) {
                    request(Some(*to), *to_store);
                }
            }
        }
        links
    }

    /// The ways that copies of data take, from the original.
    fn replications(&self, part_of: &dyn Fn(&Thing<'a>) -> Option<usize>) -> Vec<Link> {
        let stores = self.drawn(part_of, |one| is_drawn_as(one, Does::Stores));
        let buckets = self.drawn(part_of, |one| one.kind == "AWS::S3::Bucket");
        let mut links: Vec<Link> = Vec::new();
        for (replica, to) in &stores {
            if let Some(from) = self.source(replica).and_then(part_of) {
                links.push(Link {
                    way: Way::Replication,
                    from: Some(from),
                    to: *to,
                });
            }
        }
        for (bucket, from) in &buckets {
            let Some(rules) = bucket.properties.get("ReplicationConfiguration") else {
                continue;
            };
            for (other, to) in buckets
                .iter()
                .filter(|(other, _)| other.address != bucket.address)
            {
                let mut found = false;
                rules.for_each_reference(&mut |reference| {
                    found |= reference.address == *other.address;
                });
                let name = text(other.properties, "BucketName").or(other.identifier);
                if let Some(name) = name.filter(|name| name.len() >= TELLING) {
                    for_each_text(rules, &mut |text| found |= text.ends_with(name));
                }
                if found {
                    links.push(Link {
                        way: Way::Replication,
                        from: Some(*from),
                        to: *to,
                    });
                }
            }
        }
        links
    }

    /// What a region is to the application, beside the others.
    pub fn role(&self, region: &str, primary: &str) -> &'static str {
        let secondary = self.things.iter().any(|thing| {
            thing.kind == "AWS::Route53::RecordSet"
                && text(thing.properties, "Failover") == Some("SECONDARY")
                && [
                    text(thing.properties, "SetIdentifier"),
                    text(thing.properties, "Region"),
                ]
                .contains(&Some(region))
        });
        match (region == primary, secondary) {
            (true, _) => "primary",
            (false, true) => "failover",
            (false, false) => "active",
        }
    }
}

fn for_each_text(value: &Value, found: &mut dyn FnMut(&str)) {
    match value {
        Value::String(text) => found(text),
        Value::List(items) => items.iter().for_each(|item| for_each_text(item, found)),
        Value::Map(map) => map.iter().for_each(|(_, item)| for_each_text(item, found)),
        _ => {}
    }
}

fn text<'a>(properties: &'a Map, path: &str) -> Option<&'a str> {
    properties.at(path).and_then(Value::as_str)
}

fn is_drawn_as(thing: &Thing<'_>, does: Does) -> bool {
    let drawn = kinds::of(thing.kind).drawn;
    drawn.is_some_and(|drawn| drawn.does == does)
}
