//! IAM's roles, and the instance profiles through which EC2 uses them.
//!
//! An account's roles come in pages of hundreds, with their policies, tags and instance profiles; only
//! the description and the longest session have to be asked for role by role.

mod profile;
mod role;

use async_trait::async_trait;
use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::try_join_all;
use serde_json::json;

use self::profile::{create_profile, found_profile, move_profile, profile, remove_roles, roles_of};
use self::role::{
    create_role, found_role, inline_policy, role, set_attached, set_inline, update_role,
};
use super::call::Api;
use super::marks::Tags;
use super::sdk::iam;
use super::service::{
    Found, MARKER, Place, Service, Site, Which, generated_name, input, items, none_if_gone, pages,
    pick, tag_list, tags, text, touches,
};
use crate::inventory::Handle;
use crate::provider::{Outcome, Write};
use crate::value::{Map, Value};

const ROLE: &str = "AWS::IAM::Role";
const PROFILE: &str = "AWS::IAM::InstanceProfile";

type Client = Api<aws_sdk_iam::Client>;

/// Every mapping of this service's kinds.
pub fn services() -> Vec<Box<dyn Service>> {
    vec![Box::new(Iam)]
}

struct Iam;

#[async_trait(?Send)]
impl Service for Iam {
    fn kinds(&self) -> &'static [&'static str] {
        &[ROLE, PROFILE]
    }

    async fn list(
        &self,
        place: Place<'_>,
        kinds: &BTreeSet<Arc<str>>,
        which: Which<'_>,
    ) -> Outcome<Vec<Found>> {
        let api = place.clients.iam(place.region);
        match which {
            Which::Named(names) if kinds.contains(ROLE) => {
                let found = try_join_all(names.iter().map(|name| role(&api, name))).await?;
                Ok(found.into_iter().flatten().collect())
            }
            Which::Named(names) => {
                let found = try_join_all(names.iter().map(|name| profile(&api, name))).await?;
                Ok(found.into_iter().flatten().collect())
            }
            which => all(&api, kinds, which).await,
        }
    }

    async fn create(
        &self,
        place: Place<'_>,
        write: &Write,
        tags: &Tags,
        _: &str,
    ) -> Outcome<Arc<str>> {
        let api = place.clients.iam(place.region);
        let name = name_of(write);
        match &*write.kind {
            ROLE => create_role(&api, &name, write, tags).await?,
            _ => create_profile(&api, &name, write, tags).await?,
        }
        Ok(name.into())
    }

    async fn update(
        &self,
        place: Place<'_>,
        handle: &Handle,
        write: &Write,
        changed: &[Arc<str>],
    ) -> Outcome<()> {
        let api = place.clients.iam(place.region);
        match &*handle.kind {
            ROLE => update_role(&api, &handle.identifier, &write.properties, changed).await,
            _ if touches(changed, &["Roles"]) => {
                move_profile(&api, &handle.identifier, write).await
            }
            _ => Ok(()),
        }
    }

    async fn delete(&self, place: Place<'_>, handle: &Handle) -> Outcome<()> {
        let api = place.clients.iam(place.region);
        let name = &*handle.identifier;
        if &*handle.kind == PROFILE {
            let question = input(json!({"InstanceProfileName": name}));
            let answer = iam::get_instance_profile(&api, &question).await?;
            remove_roles(&api, name, &roles_of(&answer)).await?;
            iam::delete_instance_profile(&api, &question).await?;
            return Ok(());
        }
        // Profiles of ours are deleted before their role, as what refers to it; one of somebody
        // else's keeps the role, and AWS says so.
        set_attached(&api, name, &[]).await?;
        set_inline(&api, name, &[]).await?;
        iam::delete_role(&api, &role_named(name)).await?;
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
        let api = place.clients.iam(place.region);
        if !set.is_empty() {
            tag_role(&api, identifier, set).await?;
        }
        if !unset.is_empty() {
            let keys = input(json!({"RoleName": identifier, "TagKeys": unset}));
            iam::untag_role(&api, &keys).await?;
        }
        Ok(())
    }

    fn identifier(&self, _: Site<'_>, write: &Write) -> Option<Arc<str>> {
        Some(name_of(write).into())
    }
}

fn name_of(write: &Write) -> String {
    let (property, most) = match &*write.kind {
        ROLE => ("RoleName", 64),
        _ => ("InstanceProfileName", 128),
    };
    match text(&write.properties, property) {
        "" => generated_name(write, most),
        name => name.to_owned(),
    }
}

fn role_named(name: &str) -> Map {
    input(json!({"RoleName": name}))
}

async fn tag_role(api: &Client, name: &str, tags: &Tags) -> Outcome<()> {
    let tags = input(json!({"RoleName": name, "Tags": tag_list(tags)}));
    iam::tag_role(api, &tags).await?;
    Ok(())
}

/// All roles of the account or of an owner, and the instance profiles that hold them.
async fn all(api: &Client, kinds: &BTreeSet<Arc<str>>, which: Which<'_>) -> Outcome<Vec<Found>> {
    let question = input(json!({"Filter": ["Role"], "MaxItems": 1000}));
    let call = async |question: &Map| iam::get_account_authorization_details(api, question).await;
    let mut details = pages(call, question, "RoleDetailList", MARKER).await?;
    details.retain(|role| which.wants_tagged(&tags(role, "Tags")));
    let mut found = Vec::new();
    if kinds.contains(PROFILE) {
        for role in &details {
            for profile in items(role, "InstanceProfileList") {
                let name = text(role, "RoleName");
                found.push(found_profile(profile, Some(name), tags(role, "Tags")));
            }
        }
    }
    if !kinds.contains(ROLE) {
        return Ok(found);
    }
    let rest = details.iter().map(|role| async move {
        match which {
            // What may be imported is named, not described.
            Which::All => Ok(Some(Map::new())),
            _ => none_if_gone(iam::get_role(api, &role_named(text(role, "RoleName"))).await),
        }
    });
    for (detail, answer) in details.iter().zip(try_join_all(rest).await?) {
        let Some(answer) = answer else { continue };
        let inline = items(detail, "RolePolicyList").map(inline_policy).collect();
        let attached = items(detail, "AttachedManagedPolicies");
        let attached = attached
            .map(|one| text(one, "PolicyArn").to_owned())
            .collect();
        let mut one = found_role(detail, inline, attached);
        if let Some(Value::Map(role)) = answer.get("Role") {
            for (name, value) in pick(role, &["Description", "MaxSessionDuration"]) {
                one.properties.insert(name, value);
            }
        }
        found.push(one);
    }
    Ok(found)
}
