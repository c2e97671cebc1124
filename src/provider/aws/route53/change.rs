//! Changes of a zone's records, as many as AWS takes in one call, and their reading.

use std::collections::BTreeSet;

use serde_json::json;

use super::group::is_in_the_way;
use super::{Client, bare};
use crate::provider::aws::sdk::route53;
use crate::provider::aws::service::{input, items, text};
use crate::provider::{ErrorKind, Outcome, ProviderError};
use crate::value::{Map, Value};

/// What a change may hold: records, and characters of their values; what is upserted counts twice
/// (<https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html#limits-api-requests-changeresourcerecordsets>).
pub const MOST_RECORDS: usize = 1000;
const MOST_CHARACTERS: usize = 32_000;

/// Carries out changes in as few calls as AWS takes, and tells of each in their order. When it refuses one,
/// the others get through without it.
pub async fn run_all(
    api: &Client,
    zone: &str,
    jobs: &[(Vec<Value>, &str)],
) -> Vec<Outcome<Option<String>>> {
    let mut outcomes = Vec::new();
    // In their order, the next one last.
    let mut parts = vec![jobs];
    while let Some(part) = parts.pop() {
        let (some, others) = part.split_at(fitting(part));
        if !others.is_empty() {
            parts.push(others);
        }
        let changes: Vec<Value> = some
            .iter()
            .flat_map(|(changes, _)| changes.clone())
            .collect();
        let comments: BTreeSet<&str> = some.iter().map(|(_, comment)| *comment).collect();
        let comments: Vec<&str> = comments.into_iter().filter(|one| !one.is_empty()).collect();
        match change(api, zone, changes, &comments.join("; ")).await {
            Err(error) if error.code == "InvalidChangeBatch" && some.len() > 1 => {
                // Halves, so that one among hundreds is found with a few calls.
                let (first, second) = some.split_at(some.len() / 2);
                parts.extend([second, first]);
            }
            outcome => outcomes.extend(some.iter().map(|_| outcome.clone())),
        }
    }
    outcomes
}

/// How many of these fit into one call; at least one, if there are any.
fn fitting(jobs: &[(Vec<Value>, &str)]) -> usize {
    let (mut records, mut characters) = (0, 0);
    let fits = |(changes, _): &&(Vec<Value>, &str)| {
        for change in changes {
            let times = match change.at("Action").and_then(Value::as_str) {
                Some("UPSERT") => 2,
                _ => 1,
            };
            let values = change.at("ResourceRecordSet.ResourceRecords");
            let values = values.and_then(Value::as_list).unwrap_or_default();
            let length = |value: &Value| {
                let text = value.at("Value").and_then(Value::as_str);
                text.map_or(0, |text| text.chars().count())
            };
            records += times * values.len().max(1);
            characters += times * values.iter().map(length).sum::<usize>();
        }
        records <= MOST_RECORDS && characters <= MOST_CHARACTERS
    };
    jobs.iter().take_while(fits).count().max(1).min(jobs.len())
}

/// Changes records of a zone, as a whole or not at all; the change's id, unless there is none.
///
/// # Errors
/// [`ErrorKind::AlreadyExists`] when something was to be created that exists.
pub async fn change(
    api: &Client,
    zone: &str,
    changes: Vec<Value>,
    comment: &str,
) -> Outcome<Option<String>> {
    if changes.is_empty() {
        return Ok(None);
    }
    let mut batch = Map::new();
    batch.insert("Changes", Value::List(changes));
    if !comment.is_empty() {
        let comment: String = comment.chars().take(256).collect();
        batch.insert("Comment", Value::str(comment));
    }
    let mut question = input(json!({"HostedZoneId": zone}));
    question.insert("ChangeBatch", Value::Map(batch));
    match route53::change_resource_record_sets(api, &question).await {
        Ok(answer) => Ok(Some(bare(text(&answer, "ChangeInfo.Id")).to_owned())),
        // Another record of ours has the policy of before, or the place, and is about to be written.
        Err(error) if is_in_the_way(&error) => {
            let kind = ErrorKind::Conflict;
            Err(ProviderError { kind, ..error })
        }
        Err(error)
            if error.code == "InvalidChangeBatch" && error.message.contains("already exists") =>
        {
            let kind = ErrorKind::AlreadyExists;
            Err(ProviderError { kind, ..error })
        }
        Err(error) => Err(error),
    }
}

/// One change of a record as the API has it.
pub fn action(name: &str, record: Map) -> Value {
    let mut change = Map::new();
    change.insert("Action", Value::str(name));
    change.insert("ResourceRecordSet", Value::Map(record));
    Value::Map(change)
}

/// The deletion of a record as it was read.
pub fn delete_of(record: &Map) -> Value {
    action("DELETE", record.clone())
}

/// All records of a zone.
pub async fn records_of(api: &Client, zone: &str) -> Outcome<Vec<Map>> {
    let mut question = input(json!({"HostedZoneId": zone, "MaxItems": 300}));
    let mut records = Vec::new();
    loop {
        let answer = route53::list_resource_record_sets(api, &question).await?;
        records.extend(items(&answer, "ResourceRecordSets").cloned());
        if answer.get("IsTruncated") != Some(&Value::Bool(true)) {
            return Ok(records);
        }
        for part in ["Name", "Type", "Identifier"] {
            match answer.get(&format!("NextRecord{part}")) {
                Some(next) => question.insert(format!("StartRecord{part}"), next.clone()),
                None => question.remove(&format!("StartRecord{part}")),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_cut_where_aws_would_refuse_them() {
        let long = "x".repeat(4000);
        let job = |action_name: &str| {
            let record = input(json!({"ResourceRecords": [{"Value": long}]}));
            (vec![action(action_name, record)], "")
        };
        assert_eq!(fitting(&vec![job("CREATE"); 20]), 8);
        assert_eq!(fitting(&vec![job("UPSERT"); 20]), 4);
    }
}
