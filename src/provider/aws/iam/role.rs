//! Roles with their policies.

use std::sync::Arc;

use futures_util::future::{try_join, try_join_all, try_join3};
use percent_encoding::percent_decode_str;
use serde_json::json;

use super::{Client, ROLE, role_named};
use crate::provider::aws::marks::Tags;
use crate::provider::aws::sdk::iam;
use crate::provider::aws::service::{
    Found, MARKER, from_json, gone_is_fine, input, is_same_write, items, list, none_if_gone, pages,
    pick, tag_list, tags, text, texts, to_json, touches,
};
use crate::provider::{ErrorKind, Outcome, Write};
use crate::value::{Map, Value};

/// Managed policies that a role may have unless AWS allowed more
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>).
const ATTACHED: usize = 10;

/// A policy document as IAM gives it: JSON in percent encoding.
fn document(encoded: &str) -> Value {
    if encoded.starts_with('{') {
        from_json(encoded)
    } else {
        from_json(&percent_decode_str(encoded).decode_utf8_lossy())
    }
}

/// One role, with the three calls that tell all of it.
pub async fn role(api: &Client, name: &str) -> Outcome<Option<Found>> {
    let role = async {
        let role = iam::get_role(api, &role_named(name)).await;
        none_if_gone(role)
    };
    let attached = async { Ok(none_if_gone(attached(api, name).await)?.unwrap_or_default()) };
    let inline = async {
        let names = none_if_gone(inline_names(api, name).await)?.unwrap_or_default();
        let policies = names.iter().map(|policy| async move {
            let question = input(json!({"RoleName": name, "PolicyName": policy}));
            none_if_gone(iam::get_role_policy(api, &question).await)
        });
        let policies = try_join_all(policies).await?;
        Ok(policies.iter().flatten().map(inline_policy).collect())
    };
    let (role, attached, inline) = try_join3(role, attached, inline).await?;
    let role = role.and_then(|mut answer| answer.remove("Role"));
    Ok(match role {
        Some(Value::Map(role)) => Some(found_role(&role, inline, attached)),
        _ => None,
    })
}

pub fn found_role(role: &Map, inline: Vec<Value>, attached: Vec<String>) -> Found {
    let mut properties = pick(
        role,
        &[
            "Arn",
            "RoleId",
            "RoleName",
            "Path",
            "Description",
            "MaxSessionDuration",
        ],
    );
    let trust = document(text(role, "AssumeRolePolicyDocument"));
    properties.insert("AssumeRolePolicyDocument", trust);
    if !inline.is_empty() {
        properties.insert("Policies", Value::list(inline));
    }
    if !attached.is_empty() {
        properties.insert("ManagedPolicyArns", list(attached));
    }
    let boundary = text(role, "PermissionsBoundary.PermissionsBoundaryArn");
    if !boundary.is_empty() {
        properties.insert("PermissionsBoundary", Value::str(boundary));
    }
    Found::new(ROLE, text(role, "RoleName"), properties, tags(role, "Tags"))
}

/// An inline policy as the property has it.
pub fn inline_policy(policy: &Map) -> Value {
    let mut one = pick(policy, &["PolicyName"]);
    one.insert("PolicyDocument", document(text(policy, "PolicyDocument")));
    Value::Map(one)
}

pub async fn create_role(api: &Client, name: &str, write: &Write, tags: &Tags) -> Outcome<()> {
    let mut role = pick(
        &write.properties,
        &[
            "Path",
            "Description",
            "MaxSessionDuration",
            "PermissionsBoundary",
        ],
    );
    role.insert("RoleName", Value::str(name));
    if let Some(trust) = write.properties.get("AssumeRolePolicyDocument") {
        role.insert("AssumeRolePolicyDocument", to_json(trust));
    }
    role.insert("Tags", Value::from(tag_list(tags)));
    match iam::create_role(api, &role).await {
        Err(error) if error.kind == ErrorKind::AlreadyExists => {
            // Ours from an attempt that was cut off gets what that did not come to.
            let found = none_if_gone(iam::get_role(api, &role_named(name)).await)?;
            let found = found
                .as_ref()
                .and_then(|answer| answer.get("Role")?.as_map());
            if !found.is_some_and(|role| is_same_write(&self::tags(role, "Tags"), tags)) {
                return Err(error);
            }
        }
        other => {
            other?;
        }
    }
    let names: Vec<&str> = texts(&write.properties, "ManagedPolicyArns").collect();
    let policies: Vec<&Map> = items(&write.properties, "Policies").collect();
    try_join(attach(api, name, &names), put(api, name, &policies)).await?;
    Ok(())
}

pub async fn update_role(
    api: &Client,
    name: &str,
    properties: &Map,
    changed: &[Arc<str>],
) -> Outcome<()> {
    if touches(changed, &["AssumeRolePolicyDocument"])
        && let Some(trust) = properties.get("AssumeRolePolicyDocument")
    {
        let mut policy = role_named(name);
        policy.insert("PolicyDocument", to_json(trust));
        iam::update_assume_role_policy(api, &policy).await?;
    }
    if touches(changed, &["Description", "MaxSessionDuration"]) {
        let mut role = role_named(name);
        for (property, default) in [
            ("Description", Value::str("")),
            ("MaxSessionDuration", Value::Int(3600)),
        ] {
            let value = properties.get(property).cloned();
            role.insert(property, value.unwrap_or(default));
        }
        iam::update_role(api, &role).await?;
    }
    if touches(changed, &["PermissionsBoundary"]) {
        match text(properties, "PermissionsBoundary") {
            "" => {
                gone_is_fine(iam::delete_role_permissions_boundary(api, &role_named(name)).await)?
            }
            boundary => {
                let boundary = input(json!({"RoleName": name, "PermissionsBoundary": boundary}));
                iam::put_role_permissions_boundary(api, &boundary).await?;
            }
        }
    }
    if touches(changed, &["ManagedPolicyArns"]) {
        let arns: Vec<&str> = texts(properties, "ManagedPolicyArns").collect();
        set_attached(api, name, &arns).await?;
    }
    if touches(changed, &["Policies"]) {
        let policies: Vec<&Map> = items(properties, "Policies").collect();
        set_inline(api, name, &policies).await?;
    }
    Ok(())
}

async fn attached(api: &Client, role: &str) -> Outcome<Vec<String>> {
    let call = async |question: &Map| iam::list_attached_role_policies(api, question).await;
    let attached = pages(call, role_named(role), "AttachedPolicies", MARKER).await?;
    let arn = |policy: &Map| text(policy, "PolicyArn").to_owned();
    Ok(attached.iter().map(arn).collect())
}

async fn inline_names(api: &Client, role: &str) -> Outcome<Vec<String>> {
    let mut question = role_named(role);
    let mut names = Vec::new();
    loop {
        let answer = iam::list_role_policies(api, &question).await?;
        names.extend(texts(&answer, "PolicyNames").map(str::to_owned));
        match text(&answer, "Marker") {
            "" => return Ok(names),
            marker => question.insert("Marker", Value::str(marker)),
        };
    }
}

async fn attach(api: &Client, role: &str, arns: &[&str]) -> Outcome<()> {
    let calls = arns.iter().map(|arn| async move {
        let policy = input(json!({"RoleName": role, "PolicyArn": arn}));
        iam::attach_role_policy(api, &policy).await
    });
    try_join_all(calls).await?;
    Ok(())
}

async fn detach(api: &Client, role: &str, arns: &[&str]) -> Outcome<()> {
    let calls = arns.iter().map(|arn| async move {
        let policy = input(json!({"RoleName": role, "PolicyArn": arn}));
        gone_is_fine(iam::detach_role_policy(api, &policy).await)
    });
    try_join_all(calls).await?;
    Ok(())
}

/// Makes `wanted` the managed policies of a role.
pub async fn set_attached(api: &Client, role: &str, wanted: &[&str]) -> Outcome<()> {
    let have = attached(api, role).await?;
    let extra: Vec<&str> = have
        .iter()
        .map(String::as_str)
        .filter(|arn| !wanted.contains(arn))
        .collect();
    let missing: Vec<&str> = wanted
        .iter()
        .copied()
        .filter(|arn| !have.iter().any(|one| one == arn))
        .collect();
    // New rights come before old ones go, where there is room for both.
    if have.len() + missing.len() > ATTACHED {
        detach(api, role, &extra).await?;
        return attach(api, role, &missing).await;
    }
    attach(api, role, &missing).await?;
    detach(api, role, &extra).await
}

async fn put(api: &Client, role: &str, policies: &[&Map]) -> Outcome<()> {
    let calls = policies.iter().map(|policy| async move {
        let mut one = pick(policy, &["PolicyName"]);
        one.insert("RoleName", Value::str(role));
        if let Some(document) = policy.get("PolicyDocument") {
            one.insert("PolicyDocument", to_json(document));
        }
        iam::put_role_policy(api, &one).await
    });
    try_join_all(calls).await?;
    Ok(())
}

/// Makes `wanted` the inline policies of a role.
pub async fn set_inline(api: &Client, role: &str, wanted: &[&Map]) -> Outcome<()> {
    let have = inline_names(api, role).await?;
    put(api, role, wanted).await?;
    let extra = have.iter().filter(|name| {
        !wanted
            .iter()
            .any(|policy| text(policy, "PolicyName") == **name)
    });
    let calls = extra.map(|name| async move {
        let policy = input(json!({"RoleName": role, "PolicyName": name}));
        gone_is_fine(iam::delete_role_policy(api, &policy).await)
    });
    try_join_all(calls).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_decoded() {
        let json = json!({"Statement": [{"Resource": "arn:aws:s3:::a b/*%41+"}]});
        let encoded = "%7B%22Statement%22%3A%20%5B%7B%22Resource%22%3A%20%22arn%3Aaws%3As3%3A%3A%3Aa%20b%2F%2A%2541+%22%7D%5D%7D";
        assert_eq!(document(encoded), Value::from(json.clone()));
        assert_eq!(document(&json.to_string()), Value::from(json));
    }
}
