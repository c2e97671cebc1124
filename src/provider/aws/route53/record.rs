//! Records, written together with the TXT record that says whose each is.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use futures_util::future::try_join_all;
use serde_json::json;

use super::change::{MOST_RECORDS, action, delete_of, records_of, run_all};
use super::group;
use super::ownership::{
    HERITAGE, canonical, decoded, first_value, is_name, mark, mark_name, marks_from, value,
};
use super::prefetch::Early;
use super::{Client, RECORD, Tagged, bare, note_records};
use crate::inventory::{Owner, Status};
use crate::provider::aws::batch::Batches;
use crate::provider::aws::marks::{Marks, Tags};
use crate::provider::aws::sdk::route53;
use crate::provider::aws::service::{
    Found, Which, input, items, list, none_if_gone, pick, text, texts,
};
use crate::provider::{ErrorKind, Outcome, ProviderError, Write};
use crate::value::{Map, Value};

/// Properties that the API has under the same names.
const SAME: [&str; 11] = [
    "Name",
    "Type",
    "SetIdentifier",
    "Weight",
    "Region",
    "Failover",
    "GeoLocation",
    "GeoProximityLocation",
    "MultiValueAnswer",
    "HealthCheckId",
    "CidrRoutingConfig",
];

/// What is to be done in a zone.
#[derive(Clone)]
enum Job {
    /// These changes together.
    Write {
        changes: Vec<Value>,
        comment: String,
    },
    /// This record under another routing policy, in one change with the records that stand in its way.
    Move {
        record: Map,
        mark: Map,
        owner: Owner,
        comment: String,
    },
    /// The record with this identifier, and its TXT record.
    Delete(Arc<str>),
}

/// Records, and what this process has changed.
pub struct Records {
    jobs: Batches<String, Job, Option<String>>,
    /// Changes that may not have reached all of Route 53's servers, by record.
    under_way: RefCell<HashMap<Arc<str>, String>>,
    /// Zones of which it is known that our records are found there.
    noted: RefCell<BTreeSet<String>>,
}

impl Default for Records {
    /// Route 53 refuses a change while another of the same zone is being taken in
    /// (<https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html>,
    /// `PriorRequestNotComplete`).
    fn default() -> Self {
        Self {
            jobs: Batches::new(1),
            under_way: RefCell::default(),
            noted: RefCell::default(),
        }
    }
}

impl Records {
    /// Those with these identifiers.
    pub async fn named(&self, api: &Client, names: &[Arc<str>]) -> Outcome<Vec<Found>> {
        let zones: BTreeSet<&str> = names.iter().map(|name| part(name, 1)).collect();
        let each = zones.into_iter().map(async |zone| {
            let records = none_if_gone(records_of(api, zone).await)?;
            Ok(found(zone, &records.unwrap_or_default()))
        });
        let changes: BTreeSet<String> = {
            let under_way = self.under_way.borrow();
            names
                .iter()
                .filter_map(|name| under_way.get(name).cloned())
                .collect()
        };
        let asks = changes.iter().map(async |id| {
            let one = input(json!({"Id": id}));
            let answer = none_if_gone(route53::get_change(api, &one).await)?;
            let done = answer.is_none_or(|answer| text(&answer, "ChangeInfo.Status") == "INSYNC");
            Ok::<_, ProviderError>(done.then_some(id))
        });
        // Asked before the records, so that what is said to be everywhere is seen.
        let done: BTreeSet<&String> = try_join_all(asks).await?.into_iter().flatten().collect();
        let mut all: Vec<Found> = try_join_all(each).await?.into_iter().flatten().collect();
        all.retain(|one| names.contains(&one.identifier));
        let mut under_way = self.under_way.borrow_mut();
        under_way.retain(|_, change| !done.contains(change));
        for one in &mut all {
            if under_way.contains_key(&one.identifier) {
                one.status = Status::Pending("PENDING".into());
            }
        }
        Ok(all)
    }

    /// Creates it, unless something of that name and type exists.
    pub async fn create(&self, api: &Client, write: &Write) -> Outcome<Arc<str>> {
        let zone = text(&write.properties, "HostedZoneId").to_owned();
        let is_noted = self.noted.borrow().contains(&zone);
        if !zone.is_empty() && !is_noted {
            note_records(api, &zone, &write.owner).await?;
            self.noted.borrow_mut().insert(zone);
        }
        let changes = |marking: &str| {
            vec![
                action("CREATE", set(&write.properties)),
                action(marking, mark(&write.properties, &Marks::of(write))),
            ]
        };
        // What is created counts once, so that twice as many marks go into one change.
        let mut outcome = self.write(api, write, changes("CREATE")).await;
        if matches!(&outcome, Err(error) if error.code == "InvalidChangeBatch")
            && !text(&write.properties, "SetIdentifier").is_empty()
        {
            let simple = self.simple(api, write).await?;
            if !simple.is_empty() {
                // In one change, so that the name resolves all the time.
                let all = simple.into_iter().chain(changes("UPSERT")).collect();
                outcome = self.write(api, write, all).await;
            }
        }
        if matches!(&outcome, Err(error) if error.kind == ErrorKind::AlreadyExists) {
            // A record that somebody deleted by hand has left its mark.
            outcome = self.write(api, write, changes("UPSERT")).await;
        }
        outcome?;
        Ok(identifier(&write.properties))
    }

    /// The deletions of the simple record in whose place this one is to be, if that is ours and stands for the
    /// same address: Route 53 takes none of several of a name beside it.
    async fn simple(&self, api: &Client, write: &Write) -> Outcome<Vec<Value>> {
        let mut simple = write.properties.clone();
        simple.remove("SetIdentifier");
        let identifier = identifier(&simple);
        let zone = part(&identifier, 1);
        let records = none_if_gone(records_of(api, zone).await)?.unwrap_or_default();
        let is_ours = found(zone, &records).into_iter().any(|one| {
            let marks = one.marks.as_ref();
            one.identifier == identifier
                && marks.is_some_and(|marks| {
                    marks.owner == write.owner && marks.address == write.address
                })
        });
        Ok(if is_ours {
            deletions(zone, &identifier, &records)
        } else {
            Vec::new()
        })
    }

    /// Changes it, or only its marks.
    pub async fn update(&self, api: &Client, write: &Write, changed: &[Arc<str>]) -> Outcome<()> {
        let mut changes = vec![action("UPSERT", mark(&write.properties, &Marks::of(write)))];
        if group::moves(changed) {
            let job = Job::Move {
                record: set(&write.properties),
                mark: mark(&write.properties, &Marks::of(write)),
                owner: write.owner.clone(),
                comment: text(&write.properties, "Comment").to_owned(),
            };
            return self.note(api, write, job).await;
        }
        let comment_alone = changed.iter().all(|name| &**name == "Comment");
        if !comment_alone {
            changes.push(action("UPSERT", set(&write.properties)));
        }
        self.write(api, write, changes).await
    }

    /// Deletes it.
    pub async fn delete(&self, api: &Client, identifier: &Arc<str>) -> Outcome<()> {
        let zone = part(identifier, 1);
        self.run(api, zone, Job::Delete(identifier.clone())).await?;
        self.under_way.borrow_mut().remove(identifier);
        Ok(())
    }

    async fn write(&self, api: &Client, write: &Write, changes: Vec<Value>) -> Outcome<()> {
        let comment = text(&write.properties, "Comment").to_owned();
        self.note(api, write, Job::Write { changes, comment }).await
    }

    /// Does it, and remembers the change until it has reached all servers.
    async fn note(&self, api: &Client, write: &Write, job: Job) -> Outcome<()> {
        let given = &write.properties;
        let zone = text(given, "HostedZoneId");
        if zone.is_empty() {
            return Err(ProviderError {
                kind: ErrorKind::Invalid,
                code: "NoHostedZone".to_owned(),
                message: "HostedZoneId says in which zone the record is; HostedZoneName could mean several".to_owned(),
                operation: "route53:ChangeResourceRecordSets".to_owned(),
            });
        }
        let change = self.run(api, zone, job).await?;
        if let Some(change) = change {
            let mut under_way = self.under_way.borrow_mut();
            under_way.insert(identifier(given), change);
        }
        Ok(())
    }

    /// Does it together with what else is to be done in the zone at this moment.
    async fn run(&self, api: &Client, zone: &str, job: Job) -> Outcome<Option<String>> {
        let call = async |jobs: &[Job]| {
            let is_written = |job: &Job| matches!(job, Job::Write { .. });
            let records = if jobs.iter().all(is_written) {
                Vec::new()
            } else {
                records_of(api, zone).await?
            };
            // Whatever an earlier change of the same call deletes is gone for the later ones.
            let mut gone = BTreeSet::new();
            let changes: Vec<(Vec<Value>, &str)> = jobs
                .iter()
                .map(|job| match job {
                    Job::Write { changes, comment } => (changes.clone(), &**comment),
                    Job::Move {
                        record,
                        mark,
                        owner,
                        comment,
                    } => {
                        let ours: Vec<Map> = ours(zone, &records, owner);
                        (group::changes(record, mark, &ours, &mut gone), &**comment)
                    }
                    Job::Delete(identifier) => (deletions(zone, identifier, &records), ""),
                })
                .collect();
            Ok(run_all(api, zone, &changes).await)
        };
        let most = MOST_RECORDS / 4;
        self.jobs.ask(zone.to_owned(), job, most, call).await
    }
}

/// Those of these zones that are wanted.
pub async fn in_zones(
    api: &Client,
    which: Which<'_>,
    zones: &[Tagged],
    early: &Early,
) -> Outcome<Vec<Found>> {
    let each = zones.iter().map(async |(zone, _)| {
        let zone = bare(text(zone, "Id"));
        let records = none_if_gone(early.records(api, zone).await)?;
        Ok::<_, ProviderError>(found(zone, &records.unwrap_or_default()))
    });
    let mut all: Vec<Found> = try_join_all(each).await?.into_iter().flatten().collect();
    if let Which::Owned(owner) = which {
        all.retain(|one| {
            one.marks
                .as_ref()
                .is_some_and(|marks| marks.owner == *owner)
        });
    }
    Ok(all)
}

/// A zone's records as CloudFormation has them, without those that say whose the others are.
pub fn found(zone: &str, records: &[Map]) -> Vec<Found> {
    let mut marks: BTreeMap<(String, &str), Marks> = BTreeMap::new();
    for record in records {
        if let Some(found) = first_value(record).as_deref().and_then(marks_from) {
            let key = (
                canonical(text(record, "Name")),
                text(record, "SetIdentifier"),
            );
            marks.insert(key, found);
        }
    }
    let others = records
        .iter()
        .filter(|record| !first_value(record).is_some_and(|value| value.starts_with(HERITAGE)));
    others
        .map(|record| {
            let mut properties = pick(record, &SAME);
            properties.insert("HostedZoneId", Value::str(zone));
            properties.insert("Name", Value::str(decoded(text(record, "Name"))));
            if let Some(ttl) = record.get("TTL") {
                properties.insert("TTL", Value::str(ttl.to_string()));
            }
            if let Some(alias) = record.get("AliasTarget") {
                properties.insert("AliasTarget", alias.clone());
            } else {
                let values = items(record, "ResourceRecords").map(|one| text(one, "Value"));
                properties.insert("ResourceRecords", list(values));
            }
            let key = (
                canonical(&mark_name(&properties)),
                text(record, "SetIdentifier"),
            );
            let marks = marks.get(&key).cloned();
            let identifier = identifier(&properties);
            let one = Found::new(RECORD, identifier, properties, Tags::new());
            Found { marks, ..one }
        })
        .collect()
}

/// A zone's records that are this owner's, as the API has them.
fn ours(zone: &str, records: &[Map], owner: &Owner) -> Vec<Map> {
    let found = found(zone, records).into_iter().filter(|one| {
        one.marks
            .as_ref()
            .is_some_and(|marks| marks.owner == *owner)
    });
    let names: BTreeSet<Arc<str>> = found.map(|one| one.identifier).collect();
    let is_ours = |record: &&Map| {
        let mut properties = pick(record, &SAME);
        properties.insert("HostedZoneId", Value::str(zone));
        names.contains(&identifier(&properties))
    };
    records.iter().filter(is_ours).cloned().collect()
}

/// The deletions of a record and its TXT record, as they are now.
fn deletions(zone: &str, wanted: &str, records: &[Map]) -> Vec<Value> {
    let named = |record: &&Map| {
        let mut properties = pick(record, &SAME);
        properties.insert("HostedZoneId", Value::str(zone));
        *identifier(&properties) == *wanted
    };
    let mut properties = input(json!({"Name": part(wanted, 0), "Type": part(wanted, 2)}));
    properties.insert("SetIdentifier", Value::str(part(wanted, 3)));
    let name = mark_name(&properties);
    let beside = |record: &&Map| {
        is_name(record, &name)
            && text(record, "SetIdentifier") == part(wanted, 3)
            && first_value(record).is_some_and(|value| value.starts_with(HERITAGE))
    };
    let record = records.iter().filter(named);
    record
        .chain(records.iter().filter(beside))
        .map(delete_of)
        .collect()
}

/// A record as the API has it.
fn set(given: &Map) -> Map {
    let mut record = pick(given, &SAME);
    if let Some(ttl) = given.get("TTL") {
        record.insert("TTL", ttl.clone());
    }
    if given.contains_key("ResourceRecords") {
        let values = texts(given, "ResourceRecords").map(value);
        record.insert("ResourceRecords", Value::list(values));
    }
    if let Some(Value::Map(alias)) = given.get("AliasTarget") {
        let mut alias = alias.clone();
        if !alias.contains_key("EvaluateTargetHealth") {
            alias.insert("EvaluateTargetHealth", Value::Bool(false));
        }
        record.insert("AliasTarget", Value::Map(alias));
    }
    record
}

/// CloudFormation's primary identifier, the name in one spelling.
pub fn identifier(given: &Map) -> Arc<str> {
    format!(
        "{}|{}|{}|{}",
        canonical(text(given, "Name")),
        text(given, "HostedZoneId"),
        text(given, "Type"),
        text(given, "SetIdentifier")
    )
    .into()
}

/// A part of an identifier; a set identifier may hold anything.
fn part(identifier: &str, number: usize) -> &str {
    identifier.splitn(4, '|').nth(number).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::ownership::tests::marks;
    use super::*;

    fn record(json: serde_json::Value) -> Map {
        input(json)
    }

    #[test]
    fn marks_survive_the_txt_record() {
        let given = record(
            json!({"Name": "*.Example.com.", "Type": "A", "HostedZoneId": "Z1",
            "SetIdentifier": "eu"}),
        );
        let marks = marks(30);
        let mark = mark(&given, &marks);
        assert_eq!(text(&mark, "Name"), "scalectl-a.wildcard.example.com");
        assert_eq!(text(&mark, "SetIdentifier"), "eu");
        let value = text(&mark, "ResourceRecords.0.Value");
        assert!(value.contains("\" \""), "more than one string: {value}");
        let live = record(json!({"Name": "\\052.example.com.", "Type": "A", "TTL": 60,
            "SetIdentifier": "eu", "ResourceRecords": [{"Value": "192.0.2.1"}]}));
        let found = found("Z1", &[live, mark]);
        assert_eq!(found.len(), 1, "the TXT record is none of its own");
        assert_eq!(found[0].marks, Some(marks));
        assert_eq!(&*found[0].identifier, "*.example.com|Z1|A|eu");
        assert_eq!(found[0].identifier, identifier(&given));
        assert_eq!(found[0].properties.get("TTL"), Some(&Value::str("60")));
    }

    #[test]
    fn a_record_without_our_txt_is_nobodys() {
        let strangers = record(json!({"Name": "scalectl-a.www.example.com.", "Type": "TXT",
            "ResourceRecords": [{"Value": "\"hello\""}]}));
        let live = record(json!({"Name": "www.example.com.", "Type": "A",
            "ResourceRecords": [{"Value": "192.0.2.1"}]}));
        let found = found("Z1", &[live, strangers]);
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|one| one.marks.is_none()));
    }
}
