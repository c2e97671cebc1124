//! Route 53's rules for several records of one name and type, and changes that replace a whole group of them.

use super::cloud::{Cloud, Item};
use super::rules::{Refusal, same_name, text};
use crate::provider::{ErrorKind, Write};
use crate::value::Map;

const RECORD: &str = "AWS::Route53::RecordSet";

/// The properties of which a record with a set identifier has exactly one
/// (<https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html>), and Route 53's word
/// for each routing policy.
const POLICIES: [(&str, &str); 7] = [
    ("Weight", "weighted"),
    ("Region", "latency"),
    ("Failover", "failover"),
    ("GeoLocation", "geolocation"),
    ("GeoProximityLocation", "geoproximity"),
    ("MultiValueAnswer", "multivalue"),
    ("CidrRoutingConfig", "CIDR"),
];

/// The routing policy of a record: its property and Route 53's word.
fn policy(record: &Map) -> Option<(&'static str, &'static str)> {
    let mut policies = POLICIES.into_iter();
    policies.find(|(property, _)| record.contains_key(property))
}

/// Whether a record has a routing policy exactly if it has a set identifier.
///
/// # Errors
/// With Route 53's words (<https://github.com/hashicorp/terraform-provider-aws/issues/1668>).
pub fn check(record: &Map) -> Result<(), Refusal> {
    let policies: Vec<&str> = POLICIES
        .iter()
        .filter(|(property, _)| record.contains_key(property))
        .map(|(property, _)| *property)
        .collect();
    let wanted = usize::from(record.contains_key("SetIdentifier"));
    if policies.len() == wanted {
        return Ok(());
    }
    let found = if policies.is_empty() {
        "none".to_owned()
    } else {
        policies.join(", ")
    };
    let message = match wanted {
        1 => format!(
            "Expected exactly one of [Weight, Region, Failover, GeoLocation, or MultiValueAnswer], but found {found} in Change with [Name={}]",
            text(record, "Name")
        ),
        _ => format!(
            "Missing field 'SetIdentifier' in Change with [Name={}]",
            text(record, "Name")
        ),
    };
    Err(Refusal::new(ErrorKind::Invalid, "InvalidInput", message))
}

/// Why Route 53 does not take two records of one name and type beside each other; both have a set identifier.
///
/// Sources: <https://github.com/kubernetes-sigs/external-dns/issues/4345>,
/// <https://github.com/hashicorp/terraform-provider-aws/issues/15706> (policies),
/// <https://github.com/hashicorp/terraform-provider-aws/issues/1668> (regions),
/// <https://github.com/boto/boto3/issues/1347> (failover).
pub fn clash(new: &Map, old: &Map) -> Option<String> {
    let (property, word) = policy(new)?;
    let called = format!(
        "RRSet with DNS name {}, type {}, SetIdentifier {}",
        text(new, "Name"),
        text(new, "Type"),
        text(new, "SetIdentifier")
    );
    if policy(old).is_none_or(|(other, _)| other != property) {
        return Some(format!(
            "{called} cannot be created as a non-{word} set exists with the same name and type."
        ));
    }
    let is_once = matches!(property, "Region" | "Failover" | "GeoLocation");
    (is_once && new.get(property) == old.get(property)).then(|| {
        let what = property.to_lowercase();
        format!(
            "{called} cannot be created because a {word} RRSet with the same name, type and {what} already exists."
        )
    })
}

impl Cloud {
    /// Takes away the records that stand in the way of another routing policy of one of ours, as one change does
    /// that deletes and creates: those of the same owner, name and type. They are given back to be put back when
    /// the change is refused.
    pub(super) fn make_room(&mut self, own: &Item, write: &Write) -> Vec<Item> {
        if &*own.kind != RECORD {
            return Vec::new();
        }
        let new = &write.properties;
        let in_the_way = |item: &&Item| {
            let owned = item.marks.as_ref().map(|marks| &marks.owner) == Some(&write.owner);
            &*item.kind == RECORD
                && item.number != own.number
                && owned
                && text(&item.properties, "HostedZoneId") == text(new, "HostedZoneId")
                && text(&item.properties, "Type") == text(new, "Type")
                && same_name(text(&item.properties, "Name"), text(new, "Name"))
                && item.properties.contains_key("SetIdentifier")
                && clash(new, &item.properties).is_some()
        };
        let items: Vec<Item> = self.items.values().filter(in_the_way).cloned().collect();
        for item in &items {
            self.items.remove(&item.number);
            self.dirty.insert(item.number);
        }
        items
    }
}
