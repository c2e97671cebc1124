//! Route 53: hosted zones, records and health checks.
//!
//! All of it is one API for the whole account with five requests a second, so whatever fits into one
//! call goes into one: tags of ten, records of a zone, changes of a moment.

mod change;
mod group;
mod health_check;
mod ownership;
mod prefetch;
mod record;
mod zone;

use async_trait::async_trait;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use futures_util::future::{try_join, try_join_all};
use serde_json::json;

use self::prefetch::Early;
use super::call::Api;
use super::clients::HOME;
use super::marks::{APP, ENV, Marks, RECORDS, Tags};
use super::sdk::route53;
use super::service::{
    Depth, Found, Place, Service, Site, Which, input, items, none_if_gone, tag_list, tags, text,
};
use crate::inventory::{Handle, Owner};
use crate::ownership as applied;
use crate::provider::{ErrorKind, Outcome, Write};
use crate::value::Map;

pub use self::change::{action, change, delete_of, records_of};
pub use self::ownership::{is_name, quoted, unquoted};

const ZONE: &str = "AWS::Route53::HostedZone";
/// A record.
pub const RECORD: &str = "AWS::Route53::RecordSet";
const CHECK: &str = "AWS::Route53::HealthCheck";

/// Route 53's client.
pub type Client = Api<aws_sdk_route53::Client>;

/// One as AWS describes it, and its tags.
type Tagged = (Map, Tags);

/// What answers and questions call the token of the next page.
const NEXT_MARKER: (&str, &str) = ("NextMarker", "Marker");

/// What one call about tags takes
/// (<https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListTagsForResources.html>).
const TAGS: usize = 10;

/// Every mapping of this service's kinds.
pub fn services() -> Vec<Box<dyn Service>> {
    vec![Box::new(Dns::default())]
}

/// The mapping.
#[derive(Default)]
struct Dns {
    records: record::Records,
}

/// The client, wherever the addresses say that something is.
pub fn client(place: Place<'_>) -> Client {
    place.clients.route53(HOME)
}

#[async_trait(?Send)]
impl Service for Dns {
    fn kinds(&self) -> &'static [&'static str] {
        &[ZONE, RECORD, CHECK]
    }

    async fn list(
        &self,
        place: Place<'_>,
        kinds: &BTreeSet<Arc<str>>,
        which: Which<'_>,
    ) -> Outcome<Vec<Found>> {
        let api = client(place);
        let wanted = |kind: &str| kinds.contains(kind);
        if let (Which::Named(names), true) = (which, wanted(RECORD)) {
            return self.records.named(&api, names).await;
        }
        let checks = async {
            if wanted(CHECK) {
                health_check::list(&api, which).await
            } else {
                Ok(Vec::new())
            }
        };
        let zones = async {
            if !wanted(ZONE) && !wanted(RECORD) {
                return Ok(Vec::new());
            }
            let (all, told) = zone::list(&api, which).await?;
            if place.depth == Depth::State {
                return Ok(all.iter().map(zone::stands).collect());
            }
            let early = async {
                match which {
                    Which::Owned(_) => {
                        let early = Early::ask(&api, &all, wanted(ZONE), wanted(RECORD));
                        Ok(early.await)
                    }
                    _ => Ok(told),
                }
            };
            let tags = tagged(&api, zone::RESOURCE, which, all.clone());
            let (zones, early) = try_join(tags, early).await?;
            let records = async {
                if wanted(RECORD) {
                    record::in_zones(&api, which, &zones, &early).await
                } else {
                    Ok(Vec::new())
                }
            };
            let own: Vec<Tagged> = zones
                .iter()
                .filter(|(_, tags)| match which {
                    Which::Owned(owner) => is_owned(tags, owner),
                    Which::Named(_) | Which::All => true,
                })
                .cloned()
                .collect();
            let themselves = async {
                if wanted(ZONE) {
                    zone::found(&api, &own, &early).await
                } else {
                    Ok(Vec::new())
                }
            };
            let (mut found, records) = try_join(themselves, records).await?;
            found.extend(records);
            Ok(found)
        };
        let (mut found, checks) = try_join(zones, checks).await?;
        found.extend(checks);
        Ok(found)
    }

    async fn create(
        &self,
        place: Place<'_>,
        write: &Write,
        tags: &Tags,
        token: &str,
    ) -> Outcome<Arc<str>> {
        let api = client(place);
        match &*write.kind {
            ZONE => zone::create(&api, write, tags, token).await,
            CHECK => health_check::create(&api, write, tags, token).await,
            _ => self.records.create(&api, write).await,
        }
    }

    async fn update(
        &self,
        place: Place<'_>,
        handle: &Handle,
        write: &Write,
        changed: &[Arc<str>],
    ) -> Outcome<()> {
        let api = client(place);
        let id = &*handle.identifier;
        match &*handle.kind {
            ZONE => zone::update(&api, id, write, changed).await,
            CHECK => health_check::update(&api, id, write, changed).await,
            _ => self.records.update(&api, write, changed).await,
        }
    }

    async fn delete(&self, place: Place<'_>, handle: &Handle) -> Outcome<()> {
        let api = client(place);
        match &*handle.kind {
            ZONE => zone::delete(&api, &handle.identifier).await,
            CHECK => {
                let check = input(json!({"HealthCheckId": &*handle.identifier}));
                route53::delete_health_check(&api, &check).await?;
                Ok(())
            }
            _ => self.records.delete(&api, &handle.identifier).await,
        }
    }

    async fn tag(
        &self,
        place: Place<'_>,
        kind: &str,
        identifier: &str,
        set: &Tags,
        unset: &[String],
    ) -> Outcome<()> {
        let resource = if kind == ZONE {
            "hostedzone"
        } else {
            "healthcheck"
        };
        tag(&client(place), resource, identifier, set, unset).await
    }

    fn marks_itself(&self, kind: &str) -> bool {
        kind == RECORD
    }

    fn identifier(&self, _: Site<'_>, write: &Write) -> Option<Arc<str>> {
        (&*write.kind == RECORD).then(|| record::identifier(&write.properties))
    }
}

/// An id without what it is an id of.
fn bare(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

/// Whether we have set a property that costs a call to read.
fn was_set(tags: &Tags, name: &str) -> bool {
    Marks::from_tags(tags).is_some_and(|marks| applied::was_set(&marks.applied, name))
}

/// Sets and removes tags, as many at once as AWS takes.
async fn tag(api: &Client, resource: &str, id: &str, set: &Tags, unset: &[String]) -> Outcome<()> {
    let one = json!({"ResourceType": resource, "ResourceId": id});
    for some in set.chunks(TAGS) {
        let mut question = one.clone();
        question["AddTags"] = tag_list(&some.to_vec());
        route53::change_tags_for_resource(api, &input(question)).await?;
    }
    for some in unset.chunks(TAGS) {
        let mut question = one.clone();
        question["RemoveTagKeys"] = json!(some);
        route53::change_tags_for_resource(api, &input(question)).await?;
    }
    Ok(())
}

/// With their tags, those that are wanted.
async fn tagged(
    api: &Client,
    resource: &str,
    which: Which<'_>,
    found: Vec<Map>,
) -> Outcome<Vec<Tagged>> {
    let ids: Vec<&str> = found.iter().map(|one| bare(text(one, "Id"))).collect();
    let asks = ids.chunks(TAGS).map(async |some| {
        let all = input(json!({"ResourceType": resource, "ResourceIds": some}));
        match route53::list_tags_for_resources(api, &all).await {
            Ok(answer) => Ok(items(&answer, "ResourceTagSets").cloned().collect()),
            // One that is gone fails the call for all.
            Err(error) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::Invalid) => {
                let each = some.iter().map(async |id| {
                    let one = input(json!({"ResourceType": resource, "ResourceId": id}));
                    none_if_gone(route53::list_tags_for_resource(api, &one).await)
                });
                let answers = try_join_all(each).await?.into_iter().flatten();
                let sets = answers.filter_map(|mut answer| match answer.remove("ResourceTagSet") {
                    Some(crate::value::Value::Map(set)) => Some(set),
                    _ => None,
                });
                Ok(sets.collect::<Vec<Map>>())
            }
            Err(error) => Err(error),
        }
    });
    let sets = try_join_all(asks).await?.into_iter().flatten();
    let by_id: HashMap<String, Tags> = sets
        .map(|set| (text(&set, "ResourceId").to_owned(), tags(&set, "Tags")))
        .collect();
    let with_tags = found.into_iter().map(|one| {
        let tags = by_id.get(bare(text(&one, "Id"))).cloned();
        (one, tags.unwrap_or_default())
    });
    Ok(with_tags
        .filter(|(_, tags)| match which {
            Which::Owned(owner) => is_owned(tags, owner) || has_records(tags, owner),
            Which::Named(_) | Which::All => true,
        })
        .collect())
}

fn is_owned(tags: &Tags, owner: &Owner) -> bool {
    let has = |key: &str, value: &str| tags.iter().any(|tag| tag.0 == key && tag.1 == value);
    has(APP, &owner.app) && has(ENV, &owner.env)
}

/// Whether an application has records in somebody else's zone.
fn has_records(tags: &Tags, owner: &Owner) -> bool {
    let name = guest(owner);
    let guests = tags.iter().filter(|(key, _)| key == RECORDS);
    guests
        .flat_map(|(_, value)| value.split(' '))
        .any(|one| one == name)
}

fn guest(owner: &Owner) -> String {
    format!("{}/{}", owner.app, owner.env)
}

/// Notes on a zone that is not the owner's that it has records in it: only so they are found again.
async fn note_records(api: &Client, zone: &str, owner: &Owner) -> Outcome<()> {
    let one = input(json!({"ResourceType": zone::RESOURCE, "ResourceId": zone}));
    let answer = route53::list_tags_for_resource(api, &one).await?;
    let set = answer
        .get("ResourceTagSet")
        .and_then(crate::value::Value::as_map);
    let has = set.map(|set| tags(set, "Tags")).unwrap_or_default();
    if is_owned(&has, owner) || has_records(&has, owner) {
        return Ok(());
    }
    let before = has.iter().find(|(key, _)| key == RECORDS);
    let value = match before {
        Some((_, before)) => format!("{before} {}", guest(owner)),
        None => guest(owner),
    };
    let noted: Tags = vec![(RECORDS.to_owned(), value)];
    tag(api, zone::RESOURCE, zone, &noted, &[]).await
}

/// What AWS tells retries from new requests by. Each may be used once, even when what it made is
/// gone, so that the same write later needs another one; it begins with the write's token.
fn another_reference(token: &str) -> String {
    format!("{token}-{}", jiff::Timestamp::now().as_second())
}
