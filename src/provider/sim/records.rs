//! What Route 53 refuses of records.

use super::cloud::{Cloud, Item};
use super::routing;
use super::rules::{Refusal, is_called, same_name, text};
use crate::provider::ErrorKind;
use crate::value::Map;

pub fn check_record(cloud: &Cloud, properties: &Map, old: Option<&Item>) -> Result<(), Refusal> {
    let bad = |message: String| Refusal::new(ErrorKind::Invalid, "InvalidChangeBatch", message);
    let (name, kind) = (text(properties, "Name"), text(properties, "Type"));
    let id = text(properties, "HostedZoneId");
    let zone = cloud
        .items
        .values()
        .find(|i| &*i.kind == "AWS::Route53::HostedZone" && is_called(i, id));
    if let Some(zone) = zone {
        let suffix = text(&zone.properties, "Name")
            .trim_end_matches('.')
            .to_lowercase();
        let full = name.trim_end_matches('.').to_lowercase();
        if full != suffix && !full.ends_with(&format!(".{suffix}")) {
            return Err(bad(format!("{name} is not in the zone {suffix}")));
        }
    }
    let alias = properties.contains_key("AliasTarget");
    if alias && (properties.contains_key("TTL") || properties.contains_key("ResourceRecords")) {
        return Err(bad(
            "an alias has no TTL and no ResourceRecords of its own".to_owned()
        ));
    }
    if !alias && !properties.contains_key("ResourceRecords") {
        return Err(bad(
            "a record has ResourceRecords or an AliasTarget".to_owned()
        ));
    }
    // https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html
    if properties.contains_key("HealthCheckId") && !properties.contains_key("SetIdentifier") {
        return Err(bad(format!(
            "{name} has a health check, which a simple record cannot have"
        )));
    }
    routing::check(properties)?;
    let set = properties.get("SetIdentifier");
    for other in cloud
        .items
        .values()
        .filter(|item| &*item.kind == "AWS::Route53::RecordSet")
    {
        if old.is_some_and(|old| old.number == other.number)
            || text(&other.properties, "HostedZoneId") != id
            || text(&other.properties, "Type") != kind
            || !same_name(text(&other.properties, "Name"), name)
        {
            continue;
        }
        let theirs = other.properties.get("SetIdentifier");
        if set.is_some() && theirs.is_some() {
            if let Some(why) = routing::clash(properties, &other.properties) {
                // Passes when the other one of ours is written.
                return Err(Refusal::new(ErrorKind::Conflict, "InvalidChangeBatch", why));
            }
        } else {
            let message = format!(
                "Tried to create resource record set {name} type {kind} but it already exists"
            );
            return Err(Refusal::new(
                ErrorKind::AlreadyExists,
                "InvalidChangeBatch",
                message,
            ));
        }
    }
    Ok(())
}
