//! Instance profiles, each with one role.

use serde_json::json;

use super::{Client, PROFILE, role_named, tag_role};
use crate::provider::aws::marks::{Marks, Tags, child_key};
use crate::provider::aws::sdk::iam;
use crate::provider::aws::service::{
    Found, MARKER, gone_is_fine, input, is_same_write, items, list, none_if_gone, pages, pick,
    tag_list, tags, text,
};
use crate::provider::{ErrorKind, Outcome, Write};
use crate::value::{Map, Value};

/// One instance profile, with the tags of its role.
pub async fn profile(api: &Client, name: &str) -> Outcome<Option<Found>> {
    let question = input(json!({"InstanceProfileName": name}));
    let Some(answer) = none_if_gone(iam::get_instance_profile(api, &question).await)? else {
        return Ok(None);
    };
    let Some(Value::Map(profile)) = answer.get("InstanceProfile") else {
        return Ok(None);
    };
    let roles = roles_of(&answer);
    let of_role = match roles.first() {
        Some(role) => {
            let call = async |question: &Map| iam::list_role_tags(api, question).await;
            none_if_gone(pages(call, role_named(role), "Tags", MARKER).await)?
        }
        None => None,
    };
    // One that lost its role while it got another is known by its own.
    let tags = match of_role {
        Some(of_role) => tags(&input(json!({"Tags": of_role})), "Tags"),
        None => tags(profile, "Tags"),
    };
    let role = roles.first().map(String::as_str);
    Ok(Some(found_profile(profile, role, tags)))
}

pub fn found_profile(profile: &Map, role: Option<&str>, of_role: Tags) -> Found {
    let mut properties = pick(profile, &["Arn", "InstanceProfileName", "Path"]);
    properties.insert("Roles", list(role));
    Found::new(
        PROFILE,
        text(profile, "InstanceProfileName"),
        properties,
        of_role,
    )
}

/// The names of the roles (none or one) in an answer of `GetInstanceProfile`.
pub fn roles_of(answer: &Map) -> Vec<String> {
    let profile = answer.get("InstanceProfile").and_then(Value::as_map);
    let roles = profile
        .into_iter()
        .flat_map(|profile| items(profile, "Roles"));
    roles
        .map(|role| text(role, "RoleName").to_owned())
        .collect()
}

/// Creates an instance profile, and puts its role into it. The profile carries our marks too, its
/// child mark included: they tell whose one without a role is, which an attempt that was cut off
/// leaves.
pub async fn create_profile(api: &Client, name: &str, write: &Write, tags: &Tags) -> Outcome<()> {
    let mut profile = pick(&write.properties, &["Path"]);
    profile.insert("InstanceProfileName", Value::str(name));
    let mut own = tags.clone();
    own.push(Marks::of(write).to_child_tag(PROFILE, name));
    profile.insert("Tags", Value::from(tag_list(&own)));
    match iam::create_instance_profile(api, &profile).await {
        Err(error) if error.kind == ErrorKind::AlreadyExists => {
            let question = input(json!({"InstanceProfileName": name}));
            let found = none_if_gone(iam::get_instance_profile(api, &question).await)?;
            let found = found
                .as_ref()
                .and_then(|answer| answer.get("InstanceProfile")?.as_map());
            if !found.is_some_and(|profile| is_same_write(&self::tags(profile, "Tags"), tags)) {
                return Err(error);
            }
        }
        other => {
            other?;
        }
    }
    set_role(api, name, text(&write.properties, "Roles.0"))
        .await
        .map(drop)
}

/// Makes `role` the role of a profile, which has one at most, and returns those that it had.
async fn set_role(api: &Client, profile: &str, role: &str) -> Outcome<Vec<String>> {
    let question = input(json!({"InstanceProfileName": profile}));
    let answer = iam::get_instance_profile(api, &question).await?;
    let (same, mut others): (Vec<String>, Vec<String>) =
        roles_of(&answer).into_iter().partition(|have| have == role);
    others.retain(|have| have != role);
    remove_roles(api, profile, &others).await?;
    if same.is_empty() {
        let pair = input(json!({"InstanceProfileName": profile, "RoleName": role}));
        iam::add_role_to_instance_profile(api, &pair).await?;
    }
    Ok(others)
}

pub async fn remove_roles(api: &Client, profile: &str, roles: &[String]) -> Outcome<()> {
    for role in roles {
        let pair = input(json!({"InstanceProfileName": profile, "RoleName": role}));
        gone_is_fine(iam::remove_role_from_instance_profile(api, &pair).await)?;
    }
    Ok(())
}

/// Gives a profile another role. Its mark moves along: to the new role before, from the old one
/// after, so that no moment has a profile that nobody owns.
pub async fn move_profile(api: &Client, name: &str, write: &Write) -> Outcome<()> {
    let role = text(&write.properties, "Roles.0");
    let mark = Marks::of(write).to_child_tag(PROFILE, name);
    tag_role(api, role, &vec![mark]).await?;
    for old in set_role(api, name, role).await? {
        let keys = input(json!({"RoleName": old, "TagKeys": [child_key(PROFILE, name)]}));
        gone_is_fine(iam::untag_role(api, &keys).await)?;
    }
    Ok(())
}
