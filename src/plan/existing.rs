//! Hosted zones that exist are used, not made a second time: of two public zones of one name the world asks
//! one only. Records that exist are in the way until they are imported.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{Action, Change, Impossible};
use crate::address::Address;
use crate::graph::{Graph, Resource};
use crate::inventory::{Existing, Live, Owner};
use crate::value::{Map, Reference, Value};

/// The type of hosted zones.
pub const ZONE: &str = "AWS::Route53::HostedZone";
/// The type of records.
pub const RECORD: &str = "AWS::Route53::RecordSet";

/// Something that exists and is used as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uses {
    /// In whose place.
    pub address: Address,
    /// Its name.
    pub name: String,
    /// The cloud's identifier.
    pub identifier: String,
    /// The application and environment that manage it, if any do.
    pub owner: Option<Owner>,
    /// The servers that the domain has to be delegated to.
    pub name_servers: Vec<String>,
}

impl Uses {
    /// It in one sentence.
    pub fn in_words(&self) -> String {
        let owner = match &self.owner {
            Some(owner) => format!("{} ({}) manages it", owner.app, owner.env),
            None => format!(
                "it is unmanaged; `scalectl import {} {}` imports it",
                self.address, self.identifier
            ),
        };
        format!(
            "uses the existing hosted zone {} ({}) and changes only its own records in it; {owner}",
            self.name, self.identifier
        )
    }
}

/// The name of a zone or record, in one spelling.
pub fn name(properties: &Map) -> String {
    let name = properties.get("Name").and_then(Value::as_str);
    let name = name.unwrap_or_default().trim_end_matches('.');
    name.to_lowercase().replace("\\052", "*")
}

/// The name servers of a zone.
pub fn name_servers(zone: &Map) -> Vec<String> {
    let servers = zone.get("NameServers").and_then(Value::as_list);
    let servers = servers.unwrap_or_default().iter();
    servers.map(ToString::to_string).collect()
}

/// Whether a zone is asked by everybody, and not by the machines of a VPC only.
pub fn is_public(properties: &Map) -> bool {
    let vpcs = properties.get("VPCs").and_then(Value::as_list);
    vpcs.is_none_or(<[Value]>::is_empty)
}

/// Whether a zone's name is another one's or that of a domain above it.
pub fn fits(wanted: &str, zone: &str) -> bool {
    wanted == zone
        || wanted
            .strip_suffix(zone)
            .is_some_and(|rest| rest.ends_with('.'))
}

/// The existing zones that a wanted one could be; several when they have one name.
fn candidates<'a>(graph: &Graph, zone: &Resource, live: &'a Live) -> Vec<&'a Existing> {
    let wanted = name(&zone.properties);
    let zones = live.existing.iter().filter(|one| &*one.kind == ZONE);
    let named = |want: &str| -> Vec<&Existing> {
        zones
            .clone()
            .filter(|one| name(&one.properties) == want)
            .collect()
    };
    let same = named(&wanted);
    // A zone that is named apart from its domain is meant as it is written.
    let is_its_own = graph
        .iter()
        .any(|one| &*one.kind == RECORD && name(&one.properties) == wanted);
    if !same.is_empty() || !is_its_own {
        return same;
    }
    let above = zones.clone().map(|one| name(&one.properties));
    let nearest = above
        .filter(|zone| fits(&wanted, zone))
        .max_by_key(String::len);
    nearest.map(|nearest| named(&nearest)).unwrap_or_default()
}

/// The id of the zone where a record is or will be, where that is known.
pub fn zone_of(graph: &Graph, record: &Resource, live: &Live) -> Option<String> {
    match record.properties.get("HostedZoneId")? {
        Value::String(id) => Some(id.to_string()),
        Value::Reference(reference) => match live.resources.get(&reference.address) {
            Some(zone) => Some(zone.identifier.to_string()),
            None => match candidates(graph, graph.get(&reference.address)?, live).as_slice() {
                [one] => Some(one.identifier.to_string()),
                _ => None,
            },
        },
        _ => None,
    }
}

/// The graph with what exists in the place of what would be made a second time.
pub fn used<'a>(
    desired: Cow<'a, Graph>,
    live: &Live,
) -> (Cow<'a, Graph>, Vec<Uses>, Vec<Impossible>) {
    let mut uses = Vec::new();
    let mut unclear = Vec::new();
    let mut found: Vec<(Address, &Existing)> = Vec::new();
    if live.existing.is_empty() {
        return (desired, uses, unclear);
    }
    let zones = desired.iter().filter(|one| &*one.kind == ZONE);
    for zone in zones.filter(|one| is_public(&one.properties)) {
        if live.resources.contains_key(&zone.address) {
            continue;
        }
        match candidates(&desired, zone, live).as_slice() {
            [] => {}
            [one] => {
                uses.push(Uses {
                    address: zone.address.clone(),
                    name: name(&one.properties),
                    identifier: one.identifier.to_string(),
                    owner: one.owner.clone(),
                    name_servers: name_servers(&one.properties),
                });
                found.push((zone.address.clone(), one));
            }
            several => {
                let ids: Vec<&str> = several.iter().map(|one| &*one.identifier).collect();
                unclear.push(Impossible {
                    address: zone.address.clone(),
                    action: Action::Create,
                    why: format!(
                        "{} hosted zones are named {}: {}",
                        several.len(),
                        name(&several[0].properties),
                        ids.join(", ")
                    ),
                    way: format!(
                        "import the one to which the domain is delegated: `scalectl import {} {}`",
                        zone.address, ids[0]
                    ),
                });
            }
        }
    }
    if found.is_empty() {
        return (desired, uses, unclear);
    }
    let is_used = |address: &Address| found.iter().any(|(of, _)| of == address);
    let answer = |reference: &Reference| {
        let (_, existing) = found.iter().find(|(of, _)| *of == reference.address)?;
        match &*reference.path {
            "Id" => Some(Value::str(&*existing.identifier)),
            path => existing.properties.at(path).cloned(),
        }
    };
    let others = desired.iter().filter(|one| !is_used(&one.address));
    let graph = others.map(|resource| {
        let mut resource = resource.clone();
        resource.after.retain(|address| !is_used(address));
        let properties = resource.properties.iter();
        resource.properties = properties
            .map(|(name, value)| (name.clone(), value.resolve(&answer)))
            .collect();
        resource
    });
    (Cow::Owned(graph.collect()), uses, unclear)
}

/// Records that would be created although others of the name exist.
pub fn in_the_way(changes: &[Change], live: &Live) -> Vec<Impossible> {
    let records = live.existing.iter().filter(|one| &*one.kind == RECORD);
    let created = changes
        .iter()
        .filter(|change| change.action == Action::Create && &*change.kind == RECORD);
    let mut found = Vec::new();
    for change in created {
        let Some(desired) = &change.desired else {
            continue;
        };
        let is_it = |one: &&Existing| {
            let same = |of: &str| desired.properties.get(of) == one.properties.get(of);
            same("Type")
                && same("HostedZoneId")
                && name(&desired.properties) == name(&one.properties)
        };
        let Some(one) = records.clone().find(is_it) else {
            continue;
        };
        let identifier = one.identifier.trim_end_matches('|');
        let has = one
            .properties
            .get("ResourceRecords")
            .or(one.properties.get("AliasTarget"));
        let has = has.map(Value::to_string).unwrap_or_default();
        let (why, way) = match &one.owner {
            Some(owner) => (
                format!("{} ({}) has the record {identifier}", owner.app, owner.env),
                "set another `domain` for this environment".to_owned(),
            ),
            None => (
                format!("the record {identifier} already exists: {has}"),
                format!(
                    "import it with `scalectl import {} '{identifier}'`; apply then replaces it in one change, so the name keeps resolving",
                    change.address
                ),
            ),
        };
        found.push(Impossible {
            address: change.address.clone(),
            action: change.action,
            why,
            way,
        });
    }
    found
}

/// Whether a replacement is one change in the zone: a simple record becomes one of several of its name.
pub fn is_swapped(change: &Change) -> bool {
    let (Some(desired), Some(live)) = (&change.desired, &change.live) else {
        return false;
    };
    let same = |of: &str| desired.properties.get(of) == live.properties.get(of);
    &*live.kind == RECORD
        && &*desired.kind == RECORD
        && !live.properties.contains_key("SetIdentifier")
        && desired.properties.contains_key("SetIdentifier")
        && same("Type")
        && same("HostedZoneId")
        && name(&desired.properties) == name(&live.properties)
}
