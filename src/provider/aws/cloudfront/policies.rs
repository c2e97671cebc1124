//! What distributions refer to: cache policies, response headers policies, origin access controls.
//!
//! They have no tags; our marks stand at the end of a text that is ours to write.

use async_trait::async_trait;
use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::try_join_all;
use serde_json::json;

use super::shapes::{from_api, to_api};
use super::{Call, Client, MARKER, inner};
use crate::inventory::Handle;
use crate::provider::aws::marks::{Marks, Tags};
use crate::provider::aws::sdk::cloudfront;
use crate::provider::aws::service::{
    Found, Place, Service, Which, input, none_if_gone, pages, pick, text, without,
};
use crate::provider::{ErrorKind, Outcome, ProviderError, Write};
use crate::value::{Map, Value};

/// A kind, and its calls.
struct Policy {
    kind: &'static str,
    /// What one is called in answers; with `Config`, the parameter and the property.
    name: &'static str,
    config: &'static str,
    /// The text that carries our marks, and the longest that AWS takes.
    text: (&'static str, usize),
    list: Call,
    /// What the answer of `list` is wrapped in.
    listing: &'static str,
    /// Whether AWS has some of its own, which are not listed.
    managed: bool,
    get: Call,
    create: Call,
    update: Call,
    delete: Call,
}

macro_rules! call {
    ($name:ident) => {
        |api, question| Box::pin(cloudfront::$name(api, question))
    };
}

const POLICIES: [Policy; 3] = [
    Policy {
        kind: "AWS::CloudFront::CachePolicy",
        name: "CachePolicy",
        config: "CachePolicyConfig",
        text: ("Comment", 128),
        list: call!(list_cache_policies),
        listing: "CachePolicyList",
        managed: true,
        get: call!(get_cache_policy),
        create: call!(create_cache_policy),
        update: call!(update_cache_policy),
        delete: call!(delete_cache_policy),
    },
    Policy {
        kind: "AWS::CloudFront::OriginAccessControl",
        name: "OriginAccessControl",
        config: "OriginAccessControlConfig",
        text: ("Description", 256),
        list: call!(list_origin_access_controls),
        listing: "OriginAccessControlList",
        managed: false,
        get: call!(get_origin_access_control),
        create: call!(create_origin_access_control),
        update: call!(update_origin_access_control),
        delete: call!(delete_origin_access_control),
    },
    Policy {
        kind: "AWS::CloudFront::ResponseHeadersPolicy",
        name: "ResponseHeadersPolicy",
        config: "ResponseHeadersPolicyConfig",
        text: ("Comment", 128),
        list: call!(list_response_headers_policies),
        listing: "ResponseHeadersPolicyList",
        managed: true,
        get: call!(get_response_headers_policy),
        create: call!(create_response_headers_policy),
        update: call!(update_response_headers_policy),
        delete: call!(delete_response_headers_policy),
    },
];

impl Policy {
    fn of(kind: &str) -> Outcome<&'static Self> {
        let found = POLICIES.iter().find(|policy| policy.kind == kind);
        found.ok_or_else(|| ProviderError {
            kind: ErrorKind::Unsupported,
            code: "UnknownKind".to_owned(),
            message: format!("{kind} has no mapping here"),
            operation: kind.to_owned(),
        })
    }

    async fn all(&self, api: &Client) -> Outcome<Vec<Found>> {
        let question = if self.managed {
            input(json!({"Type": "custom"}))
        } else {
            Map::new()
        };
        let call = async |question: &Map| {
            let answer = (self.list)(api, question).await?;
            Ok(inner(answer, self.listing))
        };
        let listed = pages(call, question, "Items", MARKER).await?;
        let found = listed
            .into_iter()
            .map(|mut one| match one.remove(self.name) {
                Some(Value::Map(policy)) => self.found(policy),
                // An access control is listed without its configuration around it.
                _ => {
                    let mut control = pick(&one, &["Id"]);
                    control.insert(self.config, Value::Map(without(&one, &["Id"])));
                    self.found(control)
                }
            });
        Ok(found.collect())
    }

    /// One that exists, and the tag of its version.
    async fn one(&self, api: &Client, id: &str) -> Outcome<(Found, String)> {
        let answer = (self.get)(api, &input(json!({"Id": id}))).await?;
        let version = text(&answer, "ETag").to_owned();
        Ok((self.found(inner(answer, self.name)), version))
    }

    fn found(&self, policy: Map) -> Found {
        let id = text(&policy, "Id").to_owned();
        let mut properties = pick(&policy, &["Id", "LastModifiedTime"]);
        if let Some(config) = policy.get(self.config) {
            properties.insert(self.config, from_api(config.clone()));
        }
        Found::new(self.kind, id, properties, Tags::new())
    }

    /// The parameters of `create` and `update`.
    fn parameters(&self, write: &Write) -> Outcome<Map> {
        let config = write.properties.get(self.config);
        let mut config = config.and_then(Value::as_map).cloned().unwrap_or_default();
        let (name, most) = self.text;
        let marked = Marks::of(write).to_text(text(&config, name));
        if marked.chars().count() > most {
            return Err(ProviderError {
                kind: ErrorKind::Invalid,
                code: "TextTooLong".to_owned(),
                message: format!(
                    "{name} and the marks of scalectl at its end are {} characters together, and AWS takes {most}; shorten it",
                    marked.chars().count()
                ),
                operation: format!("cloudfront:Create{}", self.name),
            });
        }
        config.insert(name, Value::str(marked));
        let mut parameters = Map::new();
        parameters.insert(self.config, to_api(Value::Map(config)));
        Ok(parameters)
    }
}

/// The mapping.
pub struct Policies;

#[async_trait(?Send)]
impl Service for Policies {
    fn kinds(&self) -> &'static [&'static str] {
        &[POLICIES[0].kind, POLICIES[1].kind, POLICIES[2].kind]
    }

    async fn list(
        &self,
        place: Place<'_>,
        kinds: &BTreeSet<Arc<str>>,
        which: Which<'_>,
    ) -> Outcome<Vec<Found>> {
        let api = &place.clients.cloudfront(place.region);
        let wanted = POLICIES.iter().filter(|policy| kinds.contains(policy.kind));
        let lists = wanted.map(|policy| async move {
            let Which::Named(ids) = which else {
                return policy.all(api).await;
            };
            let each = ids
                .iter()
                .map(|id| async move { none_if_gone(policy.one(api, id).await) });
            let found = try_join_all(each).await?;
            Ok(found
                .into_iter()
                .flatten()
                .map(|(found, _)| found)
                .collect())
        });
        let lists: Vec<Vec<Found>> = try_join_all(lists).await?;
        Ok(lists.into_iter().flatten().collect())
    }

    async fn create(
        &self,
        place: Place<'_>,
        write: &Write,
        _: &Tags,
        _: &str,
    ) -> Outcome<Arc<str>> {
        let api = place.clients.cloudfront(place.region);
        let policy = Policy::of(&write.kind)?;
        let answer = (policy.create)(&api, &policy.parameters(write)?).await?;
        Ok(text(&inner(answer, policy.name), "Id").into())
    }

    async fn update(
        &self,
        place: Place<'_>,
        handle: &Handle,
        write: &Write,
        _: &[Arc<str>],
    ) -> Outcome<()> {
        let api = place.clients.cloudfront(place.region);
        let policy = Policy::of(&handle.kind)?;
        let (_, version) = policy.one(&api, &handle.identifier).await?;
        let mut parameters = policy.parameters(write)?;
        parameters.insert("Id", Value::str(&*handle.identifier));
        parameters.insert("IfMatch", Value::str(version));
        (policy.update)(&api, &parameters).await?;
        Ok(())
    }

    async fn delete(&self, place: Place<'_>, handle: &Handle) -> Outcome<()> {
        let api = place.clients.cloudfront(place.region);
        let policy = Policy::of(&handle.kind)?;
        let (_, version) = policy.one(&api, &handle.identifier).await?;
        let question = input(json!({"Id": &*handle.identifier, "IfMatch": version}));
        (policy.delete)(&api, &question).await?;
        Ok(())
    }

    async fn tag(&self, _: Place<'_>, kind: &str, _: &str, _: &Tags, _: &[String]) -> Outcome<()> {
        let error = ProviderError {
            kind: ErrorKind::Unsupported,
            code: "NoTags".to_owned(),
            message: format!("{kind} has no tags"),
            operation: "cloudfront:TagResource".to_owned(),
        };
        Err(error)
    }
}
