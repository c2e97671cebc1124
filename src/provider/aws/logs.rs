//! CloudWatch Logs' log groups.

use async_trait::async_trait;
use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::{try_join_all, try_join3};
use serde_json::json;

use super::call::Api;
use super::clients::Clients;
use super::marks::Tags;
use super::sdk::cloudwatchlogs as logs;
use super::service::{
    Depth, Found, Place, Service, Site, Which, from_json, generated_name, gone_is_fine, input,
    is_worth_asking, items, list, none_if_gone, pages, tag_map, tags_of_map, text, to_json,
};
use crate::inventory::Handle;
use crate::provider::{ErrorKind, LogLine, LogQuery, Outcome, ProviderError, Write};
use crate::value::{Map, Value};

const GROUP: &str = "AWS::Logs::LogGroup";

/// What the names of RDS's log groups begin with
/// (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.Procedural.UploadtoCloudWatch.html>).
const RDS: &str = "/aws/rds/";

const NEXT: (&str, &str) = ("nextToken", "nextToken");

/// Properties that log groups are described with, and AWS's names of them.
const DESCRIBED: [(&str, &str); 7] = [
    ("Arn", "arn"),
    (
        "BearerTokenAuthenticationEnabled",
        "bearerTokenAuthenticationEnabled",
    ),
    ("DeletionProtectionEnabled", "deletionProtectionEnabled"),
    ("KmsKeyId", "kmsKeyId"),
    ("LogGroupClass", "logGroupClass"),
    ("LogGroupName", "logGroupName"),
    ("RetentionInDays", "retentionInDays"),
];

/// Properties that the creating call takes.
const CREATED: [&str; 3] = ["KmsKeyId", "LogGroupClass", "DeletionProtectionEnabled"];

/// Properties that have a call of their own.
const APART: [&str; 5] = [
    "BearerTokenAuthenticationEnabled",
    "DataProtectionPolicy",
    "FieldIndexPolicies",
    "ResourcePolicyDocument",
    "RetentionInDays",
];

type Client = Api<aws_sdk_cloudwatchlogs::Client>;

/// Every mapping of this service's kinds.
pub fn services() -> Vec<Box<dyn Service>> {
    vec![Box::new(Groups)]
}

/// Events of a page (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html>).
const PAGE: usize = 10_000;

/// Lines of a group, oldest first. AWS tells of each stream in pages, some of them empty.
pub async fn lines(clients: &Clients, group: &Handle, wanted: &LogQuery) -> Outcome<Vec<LogLine>> {
    let api = clients.logs(&group.address.region);
    let mut question = input(json!({
        "logGroupName": &*group.identifier,
        "startTime": wanted.since,
        "limit": wanted.most.min(PAGE),
    }));
    // Between quotes a pattern is the text itself; AWS has no way to write a quote there.
    if let Some(text) = wanted
        .text
        .as_deref()
        .filter(|text| !text.contains(['"', '\\']))
    {
        question.insert("filterPattern", Value::str(format!("\"{text}\"")));
    }
    let mut found = Vec::new();
    loop {
        let answer = logs::filter_log_events(&api, &question).await?;
        let has = |line: &LogLine| {
            let text = wanted.text.as_deref();
            text.is_none_or(|text| line.text.contains(text))
        };
        found.extend(items(&answer, "events").map(line_of).filter(has));
        let next = text(&answer, "nextToken");
        if next.is_empty() || found.len() >= wanted.most {
            break;
        }
        question.insert("nextToken", Value::str(next));
    }
    found.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
    Ok(found)
}

fn line_of(event: &Map) -> LogLine {
    let at = event.get("timestamp").and_then(Value::as_int);
    LogLine {
        at: at.and_then(|at| u64::try_from(at).ok()).unwrap_or_default(),
        id: text(event, "eventId").to_owned(),
        stream: text(event, "logStreamName").to_owned(),
        text: text(event, "message").to_owned(),
    }
}

struct Groups;

#[async_trait(?Send)]
impl Service for Groups {
    fn kinds(&self) -> &'static [&'static str] {
        &[GROUP]
    }

    async fn list(
        &self,
        place: Place<'_>,
        _: &BTreeSet<Arc<str>>,
        which: Which<'_>,
    ) -> Outcome<Vec<Found>> {
        let api = &place.clients.logs(place.region);
        let groups = groups(api, which).await?;
        let found = try_join_all(groups.iter().map(|group| found(place, api, group, which)));
        Ok(found.await?.into_iter().flatten().collect())
    }

    async fn create(
        &self,
        place: Place<'_>,
        write: &Write,
        tags: &Tags,
        _: &str,
    ) -> Outcome<Arc<str>> {
        let api = place.clients.logs(place.region);
        let name = name_of(write);
        let mut group = input(json!({"logGroupName": &*name, "tags": tag_map(tags)}));
        for (property, member) in DESCRIBED {
            if let Some(value) = write.properties.get(property)
                && CREATED.contains(&property)
            {
                group.insert(member, value.clone());
            }
        }
        match logs::create_log_group(&api, &group).await {
            // RDS was first. A group with the logs of a database of ours can be no one else's.
            Err(error) if error.kind == ErrorKind::AlreadyExists && name.starts_with(RDS) => {
                self.tag(place, GROUP, &name, tags, &[]).await?;
            }
            other => drop(other?),
        }
        for property in APART {
            if write.properties.contains_key(property) {
                set(place, &api, &name, property, &write.properties).await?;
            }
        }
        Ok(name)
    }

    async fn update(
        &self,
        place: Place<'_>,
        handle: &Handle,
        write: &Write,
        changed: &[Arc<str>],
    ) -> Outcome<()> {
        let api = place.clients.logs(place.region);
        for property in changed {
            set(place, &api, &handle.identifier, property, &write.properties).await?;
        }
        Ok(())
    }

    async fn delete(&self, place: Place<'_>, handle: &Handle) -> Outcome<()> {
        let api = place.clients.logs(place.region);
        let group = input(json!({"logGroupName": &*handle.identifier}));
        logs::delete_log_group(&api, &group).await?;
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
        let api = place.clients.logs(place.region);
        let arn = arn(place, identifier).await?;
        if !set.is_empty() {
            let tags = input(json!({"resourceArn": arn, "tags": tag_map(set)}));
            logs::tag_resource(&api, &tags).await?;
        }
        if !unset.is_empty() {
            let mut keys = input(json!({"resourceArn": arn}));
            keys.insert("tagKeys", list(unset));
            logs::untag_resource(&api, &keys).await?;
        }
        Ok(())
    }

    fn identifier(&self, _: Site<'_>, write: &Write) -> Option<Arc<str>> {
        Some(name_of(write))
    }
}

fn name_of(write: &Write) -> Arc<str> {
    match text(&write.properties, "LogGroupName") {
        "" => generated_name(write, 128).into(),
        name => name.into(),
    }
}

/// A log group's ARN as calls about tags and policies want it. The attribute `Arn` has `:*` at its
/// end, which stands for the streams.
async fn arn(place: Place<'_>, name: &str) -> Outcome<String> {
    place.arn("logs", &format!("log-group:{name}")).await
}

async fn groups(api: &Client, which: Which<'_>) -> Outcome<Vec<Map>> {
    let Which::Named(names) = which else {
        let call = async |question: &Map| logs::describe_log_groups(api, question).await;
        return pages(call, input(json!({"limit": 50})), "logGroups", NEXT).await;
    };
    // Names are sorted, so the first with a name for its prefix is the one of that name, if there is
    // one. AWS does not say what a list of names does when one of them is gone.
    let groups = names.iter().map(|name| async move {
        let question = input(json!({"logGroupNamePrefix": &**name, "limit": 1}));
        let answer = logs::describe_log_groups(api, &question).await?;
        let mut found = items(&answer, "logGroups");
        Ok(found
            .find(|one| text(one, "logGroupName") == &**name)
            .cloned())
    });
    Ok(try_join_all(groups).await?.into_iter().flatten().collect())
}

/// A group with its tags and, when it is one that was asked for, its policies.
async fn found(
    place: Place<'_>,
    api: &Client,
    group: &Map,
    which: Which<'_>,
) -> Outcome<Option<Found>> {
    let name = text(group, "logGroupName");
    let arn = &arn(place, name).await?;
    let ask = async || {
        let question = input(json!({"resourceArn": arn}));
        let answer = logs::list_tags_for_resource(api, &question).await?;
        Ok(tags_of_map(&answer, "tags"))
    };
    let Some(tags) = place.tags(arn, name, ask).await? else {
        return Ok(None);
    };
    if !which.wants_tagged(&tags) {
        return Ok(None);
    }
    let mut properties = Map::new();
    for (property, member) in DESCRIBED {
        // What is off is as if it had never been on.
        match group.get(member) {
            None | Some(Value::Bool(false)) => {}
            Some(value) => {
                properties.insert(property, value.clone());
            }
        }
    }
    if !matches!(which, Which::All) && place.depth == Depth::Everything {
        for (property, value) in policies(api, group, &tags, arn, which).await? {
            properties.insert(property, value);
        }
    }
    Ok(Some(Found::new(GROUP, name, properties, tags)))
}

/// The policies of a group, each of which is told by a call of its own. Groups are not described with
/// the last two, which few have.
async fn policies(
    api: &Client,
    group: &Map,
    tags: &Tags,
    arn: &str,
    which: Which<'_>,
) -> Outcome<Vec<(&'static str, Value)>> {
    let name = text(group, "logGroupName");
    let asked = |property: &str| is_worth_asking(which, tags, property);
    let protection = async {
        if text(group, "dataProtectionStatus") != "ACTIVATED" {
            return Ok(None);
        }
        let question = input(json!({"logGroupIdentifier": name}));
        let answer = none_if_gone(logs::get_data_protection_policy(api, &question).await)?;
        Ok(answer.map(|answer| from_json(text(&answer, "policyDocument"))))
    };
    let index = async {
        if !asked("FieldIndexPolicies") {
            return Ok(None);
        }
        let question = input(json!({"logGroupIdentifiers": [name]}));
        let answer = logs::describe_index_policies(api, &question).await?;
        let mut policies = items(&answer, "indexPolicies");
        let own = policies.find(|policy| text(policy, "source") != "ACCOUNT");
        let document = own.map(|policy| from_json(text(policy, "policyDocument")));
        Ok(document.map(|document| Value::list([document])))
    };
    let resource = async {
        if !asked("ResourcePolicyDocument") {
            return Ok(None);
        }
        let question = input(json!({"resourceArn": arn, "policyScope": "RESOURCE"}));
        let answer = logs::describe_resource_policies(api, &question).await?;
        let mut policies = items(&answer, "resourcePolicies");
        let own = policies.find(|policy| text(policy, "resourceArn") == arn);
        Ok(own.map(|policy| from_json(text(policy, "policyDocument"))))
    };
    let (protection, index, resource) = try_join3(protection, index, resource).await?;
    let all = [
        ("DataProtectionPolicy", protection),
        ("FieldIndexPolicies", index),
        ("ResourcePolicyDocument", resource),
    ];
    Ok(all
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect())
}

/// Sets one property that can be changed, or takes it back to AWS's default.
async fn set(
    place: Place<'_>,
    api: &Client,
    name: &str,
    property: &str,
    properties: &Map,
) -> Outcome<()> {
    let value = properties.get(property);
    let group = || input(json!({"logGroupName": name}));
    let identified = || input(json!({"logGroupIdentifier": name}));
    let flag = value.cloned().unwrap_or(Value::Bool(false));
    match (property, value) {
        ("RetentionInDays", Some(days)) => {
            let mut retention = group();
            retention.insert("retentionInDays", days.clone());
            logs::put_retention_policy(api, &retention).await?;
        }
        ("RetentionInDays", None) => {
            gone_is_fine(logs::delete_retention_policy(api, &group()).await)?;
        }
        ("KmsKeyId", Some(key)) => {
            let mut encryption = group();
            encryption.insert("kmsKeyId", key.clone());
            logs::associate_kms_key(api, &encryption).await?;
        }
        ("KmsKeyId", None) => {
            gone_is_fine(logs::disassociate_kms_key(api, &group()).await)?;
        }
        ("DataProtectionPolicy", Some(document)) => {
            let mut policy = identified();
            policy.insert("policyDocument", to_json(document));
            logs::put_data_protection_policy(api, &policy).await?;
        }
        ("DataProtectionPolicy", None) => {
            gone_is_fine(logs::delete_data_protection_policy(api, &identified()).await)?;
        }
        ("FieldIndexPolicies", value) => {
            // A list by its type; a group has one at most.
            match value.and_then(Value::as_list).and_then(<[Value]>::first) {
                Some(document) => {
                    let mut policy = identified();
                    policy.insert("policyDocument", to_json(document));
                    logs::put_index_policy(api, &policy).await?;
                }
                None => gone_is_fine(logs::delete_index_policy(api, &identified()).await)?,
            }
        }
        ("ResourcePolicyDocument", value) => {
            let mut policy = input(json!({"resourceArn": arn(place, name).await?}));
            match value {
                Some(document) => {
                    policy.insert("policyDocument", to_json(document));
                    logs::put_resource_policy(api, &policy).await?;
                }
                None => gone_is_fine(logs::delete_resource_policy(api, &policy).await)?,
            }
        }
        ("BearerTokenAuthenticationEnabled", _) => {
            let mut switch = identified();
            switch.insert("bearerTokenAuthenticationEnabled", flag);
            logs::put_bearer_token_authentication(api, &switch).await?;
        }
        ("DeletionProtectionEnabled", _) => {
            let mut switch = identified();
            switch.insert("deletionProtectionEnabled", flag);
            logs::put_log_group_deletion_protection(api, &switch).await?;
        }
        _ => {
            return Err(ProviderError {
                kind: ErrorKind::Invalid,
                code: "CreateOnly".to_owned(),
                message: format!("{property} of a log group cannot be changed"),
                operation: GROUP.to_owned(),
            });
        }
    }
    Ok(())
}
