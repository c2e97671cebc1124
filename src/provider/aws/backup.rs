//! AWS Backup: vaults, plans, and what the plans back up.

use async_trait::async_trait;
use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::{try_join, try_join_all};
use serde_json::json;

use super::call::Api;
use super::marks::Tags;
use super::sdk::backup;
use super::service::{
    Depth, Found, NEXT_TOKEN, Place, Service, Site, Which, from_json, gone_is_fine, input,
    is_worth_asking, items, list, none_if_gone, pages, pick, rename, tag_map, tags_of_map, text,
    to_json, touches,
};
use crate::inventory::Handle;
use crate::provider::{Outcome, Write};
use crate::value::{Map, Value};

const VAULT: &str = "AWS::Backup::BackupVault";
const PLAN: &str = "AWS::Backup::BackupPlan";
const SELECTION: &str = "AWS::Backup::BackupSelection";

type Client = Api<aws_sdk_backup::Client>;

/// Every mapping of this service's kinds.
pub fn services() -> Vec<Box<dyn Service>> {
    vec![Box::new(Backup)]
}

struct Backup;

#[async_trait(?Send)]
impl Service for Backup {
    fn kinds(&self) -> &'static [&'static str] {
        &[VAULT, PLAN, SELECTION]
    }

    async fn list(
        &self,
        place: Place<'_>,
        kinds: &BTreeSet<Arc<str>>,
        which: Which<'_>,
    ) -> Outcome<Vec<Found>> {
        let vaults = async {
            if kinds.contains(VAULT) {
                vaults(place, which).await
            } else {
                Ok(Vec::new())
            }
        };
        let plans = async {
            match (kinds.contains(PLAN), kinds.contains(SELECTION)) {
                (false, false) => Ok(Vec::new()),
                (plans, selections) => plans_with(place, which, plans, selections).await,
            }
        };
        let (mut found, plans) = try_join(vaults, plans).await?;
        found.extend(plans);
        Ok(found)
    }

    async fn create(
        &self,
        place: Place<'_>,
        write: &Write,
        tags: &Tags,
        token: &str,
    ) -> Outcome<Arc<str>> {
        let api = &place.clients.backup(place.region);
        let token = Value::str(token);
        match &*write.kind {
            VAULT => {
                let mut vault = pick(&write.properties, &["BackupVaultName", "EncryptionKeyArn"]);
                vault.insert("BackupVaultTags", Value::from(tag_map(tags)));
                vault.insert("CreatorRequestId", token);
                backup::create_backup_vault(api, &vault).await?;
                let name = text(&write.properties, "BackupVaultName");
                for property in ["AccessPolicy", "Notifications", "LockConfiguration"] {
                    if write.properties.contains_key(property) {
                        set(api, name, property, &write.properties).await?;
                    }
                }
                Ok(name.into())
            }
            PLAN => {
                let mut plan = input(json!({"BackupPlanTags": tag_map(tags)}));
                plan.insert("BackupPlan", to_plan(&write.properties));
                plan.insert("CreatorRequestId", token);
                let answer = backup::create_backup_plan(api, &plan).await?;
                Ok(text(&answer, "BackupPlanId").into())
            }
            _ => {
                let mut selection = pick(&write.properties, &["BackupPlanId", "BackupSelection"]);
                selection.insert("CreatorRequestId", token);
                let answer = backup::create_backup_selection(api, &selection).await?;
                let plan = text(&write.properties, "BackupPlanId");
                Ok(joined(plan, text(&answer, "SelectionId")))
            }
        }
    }

    async fn update(
        &self,
        place: Place<'_>,
        handle: &Handle,
        write: &Write,
        changed: &[Arc<str>],
    ) -> Outcome<()> {
        let api = &place.clients.backup(place.region);
        match &*handle.kind {
            VAULT => {
                for property in changed {
                    set(api, &handle.identifier, property, &write.properties).await?;
                }
            }
            PLAN if touches(changed, &["BackupPlan"]) => {
                let mut plan = input(json!({"BackupPlanId": &*handle.identifier}));
                plan.insert("BackupPlan", to_plan(&write.properties));
                backup::update_backup_plan(api, &plan).await?;
            }
            // Nothing of a selection can be changed.
            _ => {}
        }
        Ok(())
    }

    async fn delete(&self, place: Place<'_>, handle: &Handle) -> Outcome<()> {
        let api = &place.clients.backup(place.region);
        match &*handle.kind {
            VAULT => {
                let vault = input(json!({"BackupVaultName": &*handle.identifier}));
                backup::delete_backup_vault(api, &vault).await?;
            }
            PLAN => {
                let plan = input(json!({"BackupPlanId": &*handle.identifier}));
                backup::delete_backup_plan(api, &plan).await?;
            }
            _ => {
                backup::delete_backup_selection(api, &selection(&handle.identifier)).await?;
            }
        }
        Ok(())
    }

    async fn tag(
        &self,
        place: Place<'_>,
        kind: &str,
        identifier: &str,
        set: &Tags,
        unset: &[String],
    ) -> Outcome<()> {
        let api = place.clients.backup(place.region);
        let arn = arn(place, kind, identifier).await?;
        if !set.is_empty() {
            let tags = input(json!({"ResourceArn": arn, "Tags": tag_map(set)}));
            backup::tag_resource(&api, &tags).await?;
        }
        if !unset.is_empty() {
            let mut keys = input(json!({"ResourceArn": arn}));
            keys.insert("TagKeyList", list(unset));
            backup::untag_resource(&api, &keys).await?;
        }
        Ok(())
    }

    fn identifier(&self, _: Site<'_>, write: &Write) -> Option<Arc<str>> {
        let name = || text(&write.properties, "BackupVaultName").into();
        (&*write.kind == VAULT).then(name)
    }

    fn mark_key(&self, _: Place<'_>, write: &Write) -> Option<Arc<str>> {
        let key = || {
            let plan = text(&write.properties, "BackupPlanId");
            joined(
                plan,
                text(&write.properties, "BackupSelection.SelectionName"),
            )
        };
        (&*write.kind == SELECTION).then(key)
    }
}

/// What a selection is called: its plan's identifier, then its own, since AWS asks for both. Its mark
/// on the plan has its name in the second place, which is known before it exists.
fn joined(plan: &str, second: &str) -> Arc<str> {
    format!("{plan}|{second}").into()
}

/// What calls about a selection name.
fn selection(identifier: &str) -> Map {
    let (plan, selection) = identifier.split_once('|').unwrap_or((identifier, ""));
    input(json!({"BackupPlanId": plan, "SelectionId": selection}))
}

async fn arn(place: Place<'_>, kind: &str, identifier: &str) -> Outcome<String> {
    let kind = if kind == VAULT {
        "backup-vault"
    } else {
        "backup-plan"
    };
    place.arn("backup", &format!("{kind}:{identifier}")).await
}

/// The tags of a plan or vault.
async fn tags_of(place: Place<'_>, api: &Client, arn: &str, name: &str) -> Outcome<Option<Tags>> {
    let ask = async || {
        let mut question = input(json!({"ResourceArn": arn}));
        let mut found = Tags::new();
        loop {
            let answer = backup::list_tags(api, &question).await?;
            found.extend(tags_of_map(&answer, "Tags"));
            match text(&answer, "NextToken") {
                "" => return Ok(found),
                token => question.insert("NextToken", Value::str(token)),
            };
        }
    };
    place.tags(arn, name, ask).await
}

/// Vaults. All are listed even when some are named: asked about one that does not exist, AWS says that
/// we may not see it.
async fn vaults(place: Place<'_>, which: Which<'_>) -> Outcome<Vec<Found>> {
    let api = &place.clients.backup(place.region);
    let call = async |question: &Map| backup::list_backup_vaults(api, question).await;
    let mut vaults = pages(call, Map::new(), "BackupVaultList", NEXT_TOKEN).await?;
    vaults.retain(|vault| which.wants(text(vault, "BackupVaultName")));
    let found = vaults.iter().map(|vault| async move {
        let name = text(vault, "BackupVaultName");
        let tags = tags_of(place, api, text(vault, "BackupVaultArn"), name).await?;
        let Some(tags) = tags.filter(|tags| which.wants_tagged(tags)) else {
            return Ok(None);
        };
        if place.depth == Depth::State {
            return Ok(Some(Found::new(VAULT, name, Map::new(), tags)));
        }
        let question = &input(json!({"BackupVaultName": name}));
        let policy = async {
            if is_worth_asking(which, &tags, "AccessPolicy") {
                none_if_gone(backup::get_backup_vault_access_policy(api, question).await)
            } else {
                Ok(None)
            }
        };
        let notifications = async {
            if is_worth_asking(which, &tags, "Notifications") {
                none_if_gone(backup::get_backup_vault_notifications(api, question).await)
            } else {
                Ok(None)
            }
        };
        let (policy, notifications) = try_join(policy, notifications).await?;
        let mut properties = pick(
            vault,
            &["BackupVaultArn", "BackupVaultName", "EncryptionKeyArn"],
        );
        if let Some(policy) = policy.as_ref().map(|answer| text(answer, "Policy"))
            && !policy.is_empty()
        {
            properties.insert("AccessPolicy", from_json(policy));
        }
        if let Some(answer) = notifications
            && !text(&answer, "SNSTopicArn").is_empty()
        {
            let told = pick(&answer, &["SNSTopicArn", "BackupVaultEvents"]);
            properties.insert("Notifications", Value::Map(told));
        }
        let lock = pick(vault, &["MinRetentionDays", "MaxRetentionDays"]);
        if !lock.is_empty() {
            properties.insert("LockConfiguration", Value::Map(lock));
        }
        Ok(Some(Found::new(VAULT, name, properties, tags)))
    });
    Ok(try_join_all(found).await?.into_iter().flatten().collect())
}

/// Sets one property of a vault, or takes it away.
async fn set(api: &Client, name: &str, property: &str, properties: &Map) -> Outcome<()> {
    let mut vault = input(json!({"BackupVaultName": name}));
    match (property, properties.get(property)) {
        ("AccessPolicy", Some(policy)) => {
            vault.insert("Policy", to_json(policy));
            backup::put_backup_vault_access_policy(api, &vault).await?;
        }
        ("AccessPolicy", None) => {
            gone_is_fine(backup::delete_backup_vault_access_policy(api, &vault).await)?;
        }
        ("Notifications", Some(Value::Map(notifications))) => {
            vault = notifications.clone();
            vault.insert("BackupVaultName", Value::str(name));
            backup::put_backup_vault_notifications(api, &vault).await?;
        }
        ("Notifications", _) => {
            gone_is_fine(backup::delete_backup_vault_notifications(api, &vault).await)?;
        }
        ("LockConfiguration", Some(Value::Map(lock))) => {
            vault = lock.clone();
            vault.insert("BackupVaultName", Value::str(name));
            backup::put_backup_vault_lock_configuration(api, &vault).await?;
        }
        ("LockConfiguration", _) => {
            gone_is_fine(backup::delete_backup_vault_lock_configuration(api, &vault).await)?;
        }
        _ => {}
    }
    Ok(())
}

/// Plans, their selections, or both.
async fn plans_with(
    place: Place<'_>,
    which: Which<'_>,
    themselves: bool,
    selections: bool,
) -> Outcome<Vec<Found>> {
    let api = &place.clients.backup(place.region);
    // Identifier, and the tags where they are known by now.
    let mut plans: Vec<(String, Option<Tags>)> = Vec::new();
    match which {
        Which::Named(names) => {
            for name in names {
                let plan = name.split('|').next().unwrap_or(name);
                if !plans.iter().any(|(have, _)| have == plan) {
                    plans.push((plan.to_owned(), None));
                }
            }
        }
        which => {
            let call = async |question: &Map| backup::list_backup_plans(api, question).await;
            let listed = pages(call, Map::new(), "BackupPlansList", NEXT_TOKEN).await?;
            let tags = listed.iter().map(|plan| {
                tags_of(
                    place,
                    api,
                    text(plan, "BackupPlanArn"),
                    text(plan, "BackupPlanName"),
                )
            });
            let tags = try_join_all(tags).await?;
            for (plan, tags) in listed.iter().zip(tags) {
                if let Some(tags) = tags.filter(|tags| which.wants_tagged(tags)) {
                    plans.push((text(plan, "BackupPlanId").to_owned(), Some(tags)));
                }
            }
        }
    }
    let found = plans.into_iter().map(|(id, known)| async move {
        let tags = async {
            match known {
                Some(tags) => Ok(Some(tags)),
                None => tags_of(place, api, &arn(place, PLAN, &id).await?, "").await,
            }
        };
        let plan = async {
            let question = input(json!({"BackupPlanId": id}));
            if themselves {
                none_if_gone(backup::get_backup_plan(api, &question).await)
            } else {
                Ok(None)
            }
        };
        let selections = async {
            if selections {
                Ok(none_if_gone(selections_of(api, &id, which).await)?.unwrap_or_default())
            } else {
                Ok(Vec::new())
            }
        };
        let (tags, (plan, selections)) = try_join(tags, try_join(plan, selections)).await?;
        let tags = tags.unwrap_or_default();
        let mut found = Vec::new();
        // A deleted plan is told of for a while yet.
        if let Some(plan) = plan.filter(|plan| !plan.contains_key("DeletionDate")) {
            let mut properties = pick(&plan, &["BackupPlanArn", "BackupPlanId", "VersionId"]);
            properties.insert("BackupPlan", from_plan(&plan));
            found.push(Found::new(PLAN, &*id, properties, tags.clone()));
        }
        found.extend(
            selections
                .iter()
                .map(|one| found_selection(&id, one, &tags)),
        );
        Ok(found)
    });
    Ok(try_join_all(found).await?.into_iter().flatten().collect())
}

/// The selections of a plan that are asked for.
async fn selections_of(api: &Client, plan: &str, which: Which<'_>) -> Outcome<Vec<Map>> {
    let call = async |question: &Map| backup::list_backup_selections(api, question).await;
    let question = input(json!({"BackupPlanId": plan}));
    let listed = pages(call, question, "BackupSelectionsList", NEXT_TOKEN).await?;
    let wanted = listed
        .iter()
        .map(|one| joined(plan, text(one, "SelectionId")));
    let found = wanted.filter(|id| which.wants(id)).map(|id| async move {
        none_if_gone(backup::get_backup_selection(api, &selection(&id)).await)
    });
    Ok(try_join_all(found).await?.into_iter().flatten().collect())
}

fn found_selection(plan: &str, answer: &Map, of_plan: &Tags) -> Found {
    let id = joined(plan, text(answer, "SelectionId"));
    let mut properties = pick(answer, &["BackupPlanId", "SelectionId"]);
    properties.insert("Id", Value::String(id.clone()));
    if let Some(Value::Map(selection)) = answer.get("BackupSelection") {
        properties.insert("BackupSelection", Value::Map(without_nothing(selection)));
    }
    let name = text(answer, "BackupSelection.SelectionName");
    Found {
        mark: Some(joined(plan, name)),
        ..Found::new(SELECTION, id, properties, of_plan.clone())
    }
}

/// Without empty lists and objects, which AWS gives for what was never set.
fn without_nothing(map: &Map) -> Map {
    let empty = |value: &Value| match value {
        Value::List(items) => items.is_empty(),
        Value::Map(inner) => without_nothing(inner).is_empty(),
        _ => false,
    };
    map.iter()
        .filter(|(_, value)| !empty(value))
        .cloned()
        .collect()
}

/// A plan in AWS's names, from CloudFormation's.
fn to_plan(properties: &Map) -> Value {
    let Some(Value::Map(plan)) = properties.get("BackupPlan") else {
        return Value::Map(Map::new());
    };
    let mut plan = plan.clone();
    renamed(
        &mut plan,
        "BackupPlanRule",
        "Rules",
        ("TargetBackupVault", "TargetBackupVaultName"),
    );
    Value::Map(plan)
}

/// A plan in CloudFormation's names, from AWS's answer.
fn from_plan(answer: &Map) -> Value {
    let Some(Value::Map(plan)) = answer.get("BackupPlan") else {
        return Value::Map(Map::new());
    };
    let mut plan = without_nothing(plan);
    renamed(
        &mut plan,
        "Rules",
        "BackupPlanRule",
        ("TargetBackupVaultName", "TargetBackupVault"),
    );
    Value::Map(plan)
}

fn renamed(plan: &mut Map, from: &str, to: &'static str, vault: (&str, &'static str)) {
    let rules = items(plan, from).map(|rule| {
        let mut rule = without_nothing(rule);
        // AWS's own, which nobody sets.
        rule.remove("RuleId");
        rename(&mut rule, vault.0, vault.1);
        Value::Map(rule)
    });
    let rules = Value::list(rules.collect::<Vec<_>>());
    plan.remove(from);
    plan.insert(to, rules);
}
