//! Event subscriptions.

use async_trait::async_trait;
use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::try_join_all;
use serde_json::json;

use super::{Client, listed, tag, tags_of};
use crate::inventory::Handle;
use crate::provider::aws::marks::Tags;
use crate::provider::aws::sdk::rds;
use crate::provider::aws::service::{
    Found, Place, Service, Site, Which, generated_name, input, items, list, pick, rename, tag_list,
    text, texts, touches,
};
use crate::provider::{Outcome, Write};
use crate::value::{Map, Value};

const KIND: &str = "AWS::RDS::EventSubscription";
const NAME: &str = "SubscriptionName";

/// The mapping.
pub struct Subscriptions;

#[async_trait(?Send)]
impl Service for Subscriptions {
    fn kinds(&self) -> &'static [&'static str] {
        &[KIND]
    }

    async fn list(
        &self,
        place: Place<'_>,
        _: &BTreeSet<Arc<str>>,
        which: Which<'_>,
    ) -> Outcome<Vec<Found>> {
        let api = place.clients.rds(place.region);
        let subscriptions = subscriptions(&api, which).await?;
        let found = subscriptions.iter().map(async |one| {
            let name = text(one, "CustSubscriptionId");
            let arn = match text(one, "EventSubscriptionArn") {
                "" => place.arn("rds", &format!("es:{name}")).await?,
                arn => arn.to_owned(),
            };
            let Some(tags) = tags_of(place, &api, &arn, name).await? else {
                return Ok(None);
            };
            let mut properties = pick(
                one,
                &[
                    "SnsTopicArn",
                    "SourceType",
                    "SourceIdsList",
                    "EventCategoriesList",
                    "Enabled",
                ],
            );
            rename(&mut properties, "SourceIdsList", "SourceIds");
            rename(&mut properties, "EventCategoriesList", "EventCategories");
            properties.insert(NAME, Value::str(name));
            let found = Found::new(KIND, name, properties, tags);
            let failed = ["no-permission", "topic-not-exist"];
            Ok(Some(found.in_state(
                text(one, "Status"),
                &["active"],
                &["deleting"],
                &failed,
            )))
        });
        Ok(try_join_all(found).await?.into_iter().flatten().collect())
    }

    async fn create(
        &self,
        place: Place<'_>,
        write: &Write,
        tags: &Tags,
        _: &str,
    ) -> Outcome<Arc<str>> {
        let api = place.clients.rds(place.region);
        let name = name_of(write);
        let mut subscription = pick(
            &write.properties,
            &[
                "SnsTopicArn",
                "SourceType",
                "SourceIds",
                "EventCategories",
                "Enabled",
            ],
        );
        subscription.insert(NAME, Value::str(name.clone()));
        subscription.insert("Tags", Value::from(tag_list(tags)));
        rds::create_event_subscription(&api, &subscription).await?;
        Ok(name)
    }

    async fn update(
        &self,
        place: Place<'_>,
        handle: &Handle,
        write: &Write,
        changed: &[Arc<str>],
    ) -> Outcome<()> {
        let api = place.clients.rds(place.region);
        let name = &*handle.identifier;
        let wanted = &write.properties;
        // Sources are of one type, so those of another go first.
        if touches(changed, &["SourceIds"]) {
            let named = [handle.identifier.clone()];
            let live = subscriptions(&api, Which::Named(&named)).await?;
            let have: BTreeSet<&str> = live
                .iter()
                .flat_map(|one| texts(one, "SourceIdsList"))
                .collect();
            let want: BTreeSet<&str> = texts(wanted, "SourceIds").collect();
            for source in have.difference(&want) {
                let source = input(json!({NAME: name, "SourceIdentifier": source}));
                rds::remove_source_identifier_from_subscription(&api, &source).await?;
            }
            modify(&api, name, wanted, changed).await?;
            for source in want.difference(&have) {
                let source = input(json!({NAME: name, "SourceIdentifier": source}));
                rds::add_source_identifier_to_subscription(&api, &source).await?;
            }
            return Ok(());
        }
        modify(&api, name, wanted, changed).await
    }

    async fn delete(&self, place: Place<'_>, handle: &Handle) -> Outcome<()> {
        let api = place.clients.rds(place.region);
        let subscription = input(json!({NAME: &*handle.identifier}));
        rds::delete_event_subscription(&api, &subscription).await?;
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
        tag(place, &format!("es:{identifier}"), set, unset).await
    }

    fn identifier(&self, _: Site<'_>, write: &Write) -> Option<Arc<str>> {
        Some(name_of(write))
    }
}

/// AWS leaves the case of these names as it is.
fn name_of(write: &Write) -> Arc<str> {
    match text(&write.properties, NAME) {
        "" => generated_name(write, 255).into(),
        name => name.into(),
    }
}

async fn subscriptions(api: &Client, which: Which<'_>) -> Outcome<Vec<Map>> {
    let call = async |question: &Map| rds::describe_event_subscriptions(api, question).await;
    let id = (NAME, "CustSubscriptionId");
    listed(call, which, "EventSubscriptionsList", id).await
}

/// What one call changes.
async fn modify(api: &Client, name: &str, wanted: &Map, changed: &[Arc<str>]) -> Outcome<()> {
    if !touches(changed, &["SourceType", "EventCategories", "Enabled"]) {
        return Ok(());
    }
    // Categories are named together with the type that has them.
    let mut change = pick(wanted, &["SourceType", "EventCategories"]);
    if touches(changed, &["EventCategories"]) && !change.contains_key("EventCategories") {
        change.insert("EventCategories", all_categories(api, wanted).await?);
    }
    if touches(changed, &["Enabled"]) {
        let enabled = wanted.get("Enabled").cloned();
        change.insert("Enabled", enabled.unwrap_or(Value::Bool(true)));
    }
    change.insert(NAME, Value::str(name));
    rds::modify_event_subscription(api, &change).await?;
    Ok(())
}

/// No list of categories means all of them, but a change cannot say "none".
async fn all_categories(api: &Client, wanted: &Map) -> Outcome<Value> {
    let question = pick(wanted, &["SourceType"]);
    let answer = rds::describe_event_categories(api, &question).await?;
    let categories: BTreeSet<&str> = items(&answer, "EventCategoriesMapList")
        .flat_map(|map| texts(map, "EventCategories"))
        .collect();
    Ok(list(categories))
}
