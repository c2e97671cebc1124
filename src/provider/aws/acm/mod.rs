//! Certificates, and the records that prove whose names they are for.
//!
//! As CloudFormation does it, the records are written into the zones that the blueprint names. The
//! zones are kept in tags of the certificate, so that a run that was interrupted before the records
//! were known is made up for.

mod proof;

use async_trait::async_trait;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{try_join, try_join_all};
use serde_json::json;

use self::proof::{withdraw, write_proofs, zone_tags, zones};
use super::call::Api;
use super::marks::{Marks, Tags};
use super::sdk::acm;
use super::service::{
    Found, NEXT_TOKEN, Place, Service, Which, input, items, none_if_gone, pages, pick, rename,
    tag_list, tags, text, texts, touches,
};
use crate::inventory::Handle;
use crate::ownership;
use crate::provider::{Outcome, Write};
use crate::value::{Map, Value};

const CERTIFICATE: &str = "AWS::CertificateManager::Certificate";

/// The property that `UpdateCertificateOptions` changes.
const LOGGING: &str = "CertificateTransparencyLoggingPreference";

/// How often a new certificate is asked for the records that prove its names, and how long apart:
/// they are known after some seconds. Later than that, whoever waits for it writes them.
const LOOKS: usize = 12;
const LOOK: Duration = Duration::from_millis(2500);

/// What the call has without which it lists only one kind of key.
const KEYS: [&str; 7] = [
    "RSA_1024",
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "EC_prime256v1",
    "EC_secp384r1",
    "EC_secp521r1",
];

/// ACM's client.
type Client = Api<aws_sdk_acm::Client>;

/// Every mapping of this service's kinds.
pub fn services() -> Vec<Box<dyn Service>> {
    vec![Box::new(Certificates::default())]
}

/// The mapping.
#[derive(Default)]
struct Certificates {
    /// Those whose records this process has seen to.
    proven: RefCell<HashSet<Arc<str>>>,
}

#[async_trait(?Send)]
impl Service for Certificates {
    fn kinds(&self) -> &'static [&'static str] {
        &[CERTIFICATE]
    }

    async fn list(
        &self,
        place: Place<'_>,
        _: &BTreeSet<Arc<str>>,
        which: Which<'_>,
    ) -> Outcome<Vec<Found>> {
        let api = place.clients.acm(place.region);
        let certificates = match which {
            Which::Named(arns) => {
                let each = arns.iter().map(async |arn| {
                    let both = try_join(detail(&api, arn), tags_of(&api, arn)).await;
                    none_if_gone(both)
                });
                let found: Vec<(Map, Tags)> =
                    try_join_all(each).await?.into_iter().flatten().collect();
                for (certificate, tags) in &found {
                    if text(certificate, "Status") == "PENDING_VALIDATION" {
                        self.prove(place, certificate, tags).await?;
                    }
                }
                found
            }
            Which::Owned(_) | Which::All => listed(place, &api, which).await?,
        };
        Ok(certificates.into_iter().map(found).collect())
    }

    async fn create(
        &self,
        place: Place<'_>,
        write: &Write,
        tags: &Tags,
        token: &str,
    ) -> Outcome<Arc<str>> {
        let api = place.clients.acm(place.region);
        let mut tags = tags.clone();
        tags.extend(zone_tags(&write.properties));
        let request = request(&write.properties, &tags, token);
        let answer = acm::request_certificate(&api, &request).await?;
        let arn = text(&answer, "CertificateArn");
        if !zones(&tags).is_empty() {
            for _ in 0..LOOKS {
                let certificate = detail(&api, arn).await;
                if let Some(certificate) = none_if_gone(certificate)?
                    && self.prove(place, &certificate, &tags).await?
                {
                    break;
                }
                tokio::time::sleep(LOOK).await;
            }
        }
        Ok(arn.into())
    }

    async fn update(
        &self,
        place: Place<'_>,
        handle: &Handle,
        write: &Write,
        changed: &[Arc<str>],
    ) -> Outcome<()> {
        if touches(changed, &[LOGGING]) {
            let enabled = Value::str("ENABLED");
            let logging = write.properties.get(LOGGING).unwrap_or(&enabled);
            let options = input(json!({"CertificateArn": &*handle.identifier,
                    "Options": {LOGGING: logging}}));
            let api = place.clients.acm(place.region);
            acm::update_certificate_options(&api, &options).await?;
        }
        Ok(())
    }

    async fn delete(&self, place: Place<'_>, handle: &Handle) -> Outcome<()> {
        let api = place.clients.acm(place.region);
        let arn = &*handle.identifier;
        let zones = zones(&tags_of(&api, arn).await?);
        let one = input(json!({"CertificateArn": arn}));
        acm::delete_certificate(&api, &one).await?;
        let zones: BTreeSet<&String> = zones.values().collect();
        for zone in zones {
            none_if_gone(withdraw(place, zone, arn).await)?;
        }
        Ok(())
    }

    async fn tag(
        &self,
        place: Place<'_>,
        _: &str,
        identifier: &str,
        set: &Tags,
        unset: &[String],
    ) -> Outcome<()> {
        let api = place.clients.acm(place.region);
        let one =
            |tags: serde_json::Value| input(json!({"CertificateArn": identifier, "Tags": tags}));
        if !set.is_empty() {
            acm::add_tags_to_certificate(&api, &one(tag_list(set))).await?;
        }
        if !unset.is_empty() {
            let keys = unset.iter().map(|key| json!({"Key": key})).collect();
            acm::remove_tags_from_certificate(&api, &one(keys)).await?;
        }
        Ok(())
    }

    fn resumes(&self, _: &str) -> bool {
        // The records that prove it.
        true
    }
}

impl Certificates {
    /// Writes the records that prove a certificate's names; false when AWS does not tell all of them
    /// yet.
    async fn prove(&self, place: Place<'_>, certificate: &Map, tags: &Tags) -> Outcome<bool> {
        let arn = text(certificate, "CertificateArn");
        let zones = zones(tags);
        if zones.is_empty() || self.proven.borrow().contains(arn) {
            return Ok(true);
        }
        let mut by_zone: BTreeMap<&String, BTreeMap<&str, &str>> = BTreeMap::new();
        let mut known = 0;
        for option in items(certificate, "DomainValidationOptions") {
            let Some(zone) = zones.get(text(option, "DomainName")) else {
                continue;
            };
            let name = text(option, "ResourceRecord.Name");
            if name.is_empty() {
                continue;
            }
            known += 1;
            let value = text(option, "ResourceRecord.Value");
            by_zone.entry(zone).or_default().insert(name, value);
        }
        if known < zones.len() {
            return Ok(false);
        }
        let writes = by_zone
            .iter()
            .map(|(zone, records)| write_proofs(place, zone, arn, records));
        try_join_all(writes).await?;
        self.proven.borrow_mut().insert(arn.into());
        Ok(true)
    }
}

/// What a certificate is asked for with.
fn request(given: &Map, tags: &Tags, token: &str) -> Map {
    let mut request = pick(
        given,
        &[
            "DomainName",
            "SubjectAlternativeNames",
            "ValidationMethod",
            "CertificateAuthorityArn",
            "KeyAlgorithm",
        ],
    );
    let mut options = pick(given, &[LOGGING]);
    if let Some(export) = given.get("CertificateExport") {
        options.insert("Export", export.clone());
    }
    if !options.is_empty() {
        request.insert("Options", Value::Map(options));
    }
    let mail: Vec<Value> = items(given, "DomainValidationOptions")
        .filter(|option| option.contains_key("ValidationDomain"))
        .map(|option| Value::Map(pick(option, &["DomainName", "ValidationDomain"])))
        .collect();
    if !mail.is_empty() {
        request.insert("DomainValidationOptions", Value::List(mail));
    }
    // The longest that is taken.
    let token: String = token.chars().take(32).collect();
    request.insert("IdempotencyToken", Value::str(token));
    request.insert("Tags", Value::from(tag_list(tags)));
    request
}

async fn detail(api: &Client, arn: &str) -> Outcome<Map> {
    let one = input(json!({"CertificateArn": arn}));
    let answer = acm::describe_certificate(api, &one).await?;
    let certificate = answer.get("Certificate").and_then(Value::as_map);
    Ok(certificate.cloned().unwrap_or_default())
}

async fn tags_of(api: &Client, arn: &str) -> Outcome<Tags> {
    let one = input(json!({"CertificateArn": arn}));
    let answer = acm::list_tags_for_certificate(api, &one).await?;
    Ok(tags(&answer, "Tags"))
}

/// Those that are wanted, in detail.
async fn listed(place: Place<'_>, api: &Client, which: Which<'_>) -> Outcome<Vec<(Map, Tags)>> {
    let question = input(json!({"MaxItems": 1000, "Includes": {"keyTypes": KEYS}}));
    let call = async |question: &Map| acm::list_certificates(api, question).await;
    let all = pages(call, question, "CertificateSummaryList", NEXT_TOKEN).await?;
    let each = all.iter().map(async |summary| {
        let arn = text(summary, "CertificateArn");
        let name = text(summary, "DomainName");
        let ask = async || tags_of(api, arn).await;
        let tags = if is_new(summary) {
            none_if_gone(ask().await)?
        } else {
            place.tags(arn, name, ask).await?
        };
        let Some(tags) = tags else {
            return Ok(None);
        };
        if let Which::Owned(owner) = which
            && Marks::from_tags(&tags).is_none_or(|marks| marks.owner != *owner)
        {
            return Ok(None);
        }
        let certificate = none_if_gone(detail(api, arn).await)?;
        Ok(certificate.map(|certificate| (certificate, tags)))
    });
    Ok(try_join_all(each).await?.into_iter().flatten().collect())
}

/// Whether the tagging API may not know a certificate yet, whose name tells nothing either.
fn is_new(summary: &Map) -> bool {
    let made = text(summary, "CreatedAt").parse::<jiff::Timestamp>();
    let hour = jiff::SignedDuration::from_hours(1);
    made.map_or(true, |made| {
        jiff::Timestamp::now().duration_since(made) < hour
    })
}

/// As CloudFormation has it.
fn found((certificate, tags): (Map, Tags)) -> Found {
    let arn = text(&certificate, "CertificateArn");
    let mut properties = pick(
        &certificate,
        &["CertificateArn", "DomainName", "CertificateAuthorityArn"],
    );
    properties.insert("Id", Value::str(arn));
    // Described as RSA-2048, asked for as RSA_2048.
    let key = text(&certificate, "KeyAlgorithm").replace('-', "_");
    properties.insert("KeyAlgorithm", Value::str(key));
    if let Some(Value::Map(options)) = certificate.get("Options") {
        let mut options = pick(options, &[LOGGING, "Export"]);
        rename(&mut options, "Export", "CertificateExport");
        for (name, value) in options {
            properties.insert(name, value);
        }
    }
    if let Some(names) = alternatives(&certificate, &tags) {
        properties.insert("SubjectAlternativeNames", names);
    }
    let method = certificate.at("DomainValidationOptions.0.ValidationMethod");
    if let Some(method) = method {
        properties.insert("ValidationMethod", method.clone());
    }
    let options = validation(&certificate, &tags);
    if !options.is_empty() {
        properties.insert("DomainValidationOptions", Value::List(options));
    }
    let state = text(&certificate, "Status");
    let why = text(&certificate, "FailureReason");
    let one = Found::new(CERTIFICATE, arn, properties, tags);
    match (state, why) {
        ("FAILED", why) if !why.is_empty() => one.in_state(why, &[], &[], &[why]),
        (state, _) => one.in_state(
            state,
            &["ISSUED", "INACTIVE"],
            &[],
            &["FAILED", "VALIDATION_TIMED_OUT", "REVOKED", "EXPIRED"],
        ),
    }
}

/// The further names. AWS counts the first one among them, and a blueprint may: then that is what
/// its marks say.
fn alternatives(certificate: &Map, tags: &Tags) -> Option<Value> {
    const NAME: &str = "SubjectAlternativeNames";
    let first = text(certificate, "DomainName");
    let others: Vec<Value> = texts(certificate, NAME)
        .filter(|name| *name != first)
        .map(Value::str)
        .collect();
    if let Some(marks) = Marks::from_tags(tags) {
        for place in 0..=others.len() {
            let mut all = others.clone();
            all.insert(place, Value::str(first));
            let all = Value::List(all);
            if ownership::was_set_to(&marks.applied, &marks.address, NAME, &all) == Some(true) {
                return Some(all);
            }
        }
    }
    (!others.is_empty()).then_some(Value::List(others))
}

/// By what the names are proven, as the blueprint says it.
fn validation(certificate: &Map, tags: &Tags) -> Vec<Value> {
    let zones = zones(tags);
    let mail = items(certificate, "DomainValidationOptions")
        .filter(|option| option.contains_key("ValidationDomain"))
        .filter(|option| !zones.contains_key(text(option, "DomainName")))
        .map(|option| Value::Map(pick(option, &["DomainName", "ValidationDomain"])));
    let dns = zones
        .iter()
        .map(|(name, zone)| Value::Map(input(json!({"DomainName": name, "HostedZoneId": zone}))));
    dns.chain(mail).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{Applied, Owner};

    #[test]
    fn the_first_name_is_among_the_others_only_where_it_was_set_so() {
        let certificate = input(json!({"DomainName": "example.com",
            "SubjectAlternativeNames": ["example.com", "www.example.com"]}));
        let given = |json: serde_json::Value| {
            let properties = input(json!({"SubjectAlternativeNames": json}));
            let address: crate::address::Address = "us-east-1/certificate".parse().unwrap();
            let applied: Applied = ownership::of_properties(&address, 1, false, &properties);
            let owner = Owner {
                app: "shop".into(),
                env: "default".into(),
            };
            let marks = Marks {
                owner,
                address,
                applied,
            };
            alternatives(&certificate, &marks.to_tags())
                .unwrap()
                .to_string()
        };
        let without = given(json!(["www.example.com"]));
        assert!(!without.contains("\"example.com\""), "{without}");
        let with = given(json!(["www.example.com", "example.com"]));
        assert!(with.ends_with("\"example.com\"]"), "{with}");
    }
}
