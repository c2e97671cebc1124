//! The records that prove whose a certificate's names are.
//!
//! Their zones are kept in tags of the certificate. Certificates of one name are proven by one
//! record; beside it stands a TXT record for each certificate of ours that needs it, and the record
//! goes when the last of them does.

use std::collections::BTreeMap;

use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::provider::aws::marks::{Tags, ZONES};
use crate::provider::aws::route53::{
    self, action, change, delete_of, is_name, quoted, records_of, unquoted,
};
use crate::provider::aws::service::{Place, input, items, none_if_gone, text};
use crate::provider::{ErrorKind, Outcome, ProviderError};
use crate::value::Map;

/// The longest value of a tag.
const TAG_VALUE: usize = 256;

/// The zones of `DomainValidationOptions` as tags; a tag's value may hold no `*`.
pub fn zone_tags(given: &Map) -> Tags {
    let mut values: Vec<String> = Vec::new();
    for option in items(given, "DomainValidationOptions") {
        let zone = text(option, "HostedZoneId");
        if zone.is_empty() {
            continue;
        }
        let pair = format!("{}={zone}", text(option, "DomainName").replace('*', "@"));
        match values.last_mut() {
            Some(last) if last.len() + 1 + pair.len() <= TAG_VALUE => {
                last.push(' ');
                last.push_str(&pair);
            }
            _ => values.push(pair),
        }
    }
    let key = |number: usize| match number {
        0 => ZONES.to_owned(),
        number => format!("{ZONES}-{}", number + 1),
    };
    let values = values.into_iter().enumerate();
    values.map(|(number, value)| (key(number), value)).collect()
}

/// The zones by domain, from tags.
pub fn zones(tags: &Tags) -> BTreeMap<String, String> {
    tags.iter()
        .filter(|(key, _)| key.starts_with(ZONES))
        .flat_map(|(_, value)| value.split(' '))
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, zone)| (name.replace('@', "*"), zone.to_owned()))
        .collect()
}

/// The TXT record that says that a certificate of ours needs the record `name`.
fn need(arn: &str, name: &str) -> Map {
    let digest = Sha256::digest(arn.as_bytes());
    let short = hex::encode(&digest[..6]);
    let name = name.trim_end_matches('.');
    quoted(
        &format!("scalectl-acm-{short}.{name}"),
        &format!("certificate={arn}"),
    )
}

/// Whether a TXT record says that a certificate of ours needs the record `name`.
fn needs(txt: &Map, name: &str) -> bool {
    let beside = text(txt, "Name").split_once('.');
    beside.is_some_and(|(_, rest)| rest.trim_end_matches('.') == name.trim_end_matches('.'))
        && unquoted(txt).is_some_and(|content| content.starts_with("certificate="))
}

fn proof(name: &str, value: &str) -> Map {
    input(json!({"Name": name, "Type": "CNAME", "TTL": 300,
        "ResourceRecords": [{"Value": value}]}))
}

/// Writes a certificate's records into a zone. One that exists is another certificate's too, and
/// stays somebody else's unless it is ours.
pub async fn write_proofs(
    place: Place<'_>,
    zone: &str,
    arn: &str,
    records: &BTreeMap<&str, &str>,
) -> Outcome<()> {
    let api = route53::client(place);
    let both = |name: &str, value: &str| {
        [
            action("CREATE", proof(name, value)),
            action("UPSERT", need(arn, name)),
        ]
    };
    let new = records.iter().flat_map(|(name, value)| both(name, value));
    match change(&api, zone, new.collect(), "").await {
        Err(error) if error.kind == ErrorKind::AlreadyExists => {}
        other => return other.map(|_| ()),
    }
    let have = records_of(&api, zone).await?;
    let mut changes = Vec::new();
    for (name, value) in records {
        let exists = have
            .iter()
            .any(|one| text(one, "Type") == "CNAME" && is_name(one, name));
        match exists {
            false => changes.extend(both(name, value)),
            true if have.iter().any(|txt| needs(txt, name)) => {
                changes.push(action("UPSERT", need(arn, name)));
            }
            true => {}
        }
    }
    match change(&api, zone, changes, "").await {
        // Another certificate of ours was faster.
        Err(error) if error.kind == ErrorKind::AlreadyExists => Err(ProviderError {
            kind: ErrorKind::Conflict,
            ..error
        }),
        other => other.map(|_| ()),
    }
}

/// Takes a certificate's needs out of a zone, and then the records that no other one needs.
pub async fn withdraw(place: Place<'_>, zone: &str, arn: &str) -> Outcome<()> {
    let api = route53::client(place);
    let content = format!("certificate={arn}");
    let have = records_of(&api, zone).await?;
    let own: Vec<&Map> = have
        .iter()
        .filter(|one| unquoted(one).is_some_and(|text| text == content))
        .collect();
    let deletions = own.iter().map(|one| delete_of(one)).collect();
    none_if_gone(change(&api, zone, deletions, "").await)?;
    // Looked at again, because others may be withdrawn at the same time.
    let left = records_of(&api, zone).await?;
    let unneeded = left.iter().filter(|one| {
        let name = text(one, "Name");
        text(one, "Type") == "CNAME"
            && own.iter().any(|txt| needs(txt, name))
            && !left.iter().any(|txt| needs(txt, name))
    });
    for one in unneeded {
        none_if_gone(change(&api, zone, vec![delete_of(one)], "").await)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(names: &[&str]) -> Map {
        let options: Vec<_> = names
            .iter()
            .map(|name| json!({"DomainName": name, "HostedZoneId": "Z0123456789ABCDEFGHIJ"}))
            .collect();
        input(json!({"DomainValidationOptions": options}))
    }

    #[test]
    fn zones_survive_the_tags() {
        let names: Vec<String> = (0..20).map(|n| format!("host{n}.example.com")).collect();
        let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
        names.push("*.example.com");
        let tags = zone_tags(&options(&names));
        assert_eq!(tags[0].0, "scalectl:zones");
        assert_eq!(tags[1].0, "scalectl:zones-2");
        assert!(
            tags.iter()
                .all(|(_, value)| value.len() <= TAG_VALUE && !value.contains('*'))
        );
        let zones = zones(&tags);
        assert_eq!(zones.len(), names.len());
        assert!(
            names
                .iter()
                .all(|name| zones[*name] == "Z0123456789ABCDEFGHIJ")
        );
    }

    #[test]
    fn a_need_belongs_to_its_record() {
        let need = need("arn:aws:acm:us-east-1:1:certificate/2", "_x.example.com.");
        assert!(needs(&need, "_x.example.com."));
        assert!(!needs(&need, "_y.example.com."));
        assert_eq!(
            unquoted(&need).as_deref(),
            Some("certificate=arn:aws:acm:us-east-1:1:certificate/2")
        );
    }
}
