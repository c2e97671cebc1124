//! Subnet groups.

use async_trait::async_trait;
use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::try_join_all;
use serde_json::json;

use super::{name_of, tag};
use crate::inventory::Handle;
use crate::provider::aws::marks::Tags;
use crate::provider::aws::sdk::elasticache;
use crate::provider::aws::service::{
    Found, Place, Service, Site, Which, input, items, list, one_or_all, pick, rename, tag_list,
    tags, text,
};
use crate::provider::{Outcome, Write};
use crate::value::{Map, Value};

const KIND: &str = "AWS::ElastiCache::SubnetGroup";
const NAME: &str = "CacheSubnetGroupName";

/// The mapping.
pub struct SubnetGroups;

#[async_trait(?Send)]
impl Service for SubnetGroups {
    fn kinds(&self) -> &'static [&'static str] {
        &[KIND]
    }

    async fn list(
        &self,
        place: Place<'_>,
        _: &BTreeSet<Arc<str>>,
        which: Which<'_>,
    ) -> Outcome<Vec<Found>> {
        let api = place.clients.elasticache(place.region);
        let call =
            async |question: &Map| elasticache::describe_cache_subnet_groups(&api, question).await;
        let question = input(json!({"MaxRecords": 100}));
        let member = "CacheSubnetGroups";
        let groups = one_or_all(call, which, question, member, (NAME, NAME)).await?;
        let found = groups.iter().map(async |group| {
            let name = text(group, NAME);
            let arn = match text(group, "ARN") {
                "" => {
                    place
                        .arn("elasticache", &format!("subnetgroup:{name}"))
                        .await?
                }
                arn => arn.to_owned(),
            };
            let ask = async || {
                let question = input(json!({"ResourceName": arn}));
                let answer = elasticache::list_tags_for_resource(&api, &question).await?;
                Ok(tags(&answer, "TagList"))
            };
            let Some(tags) = place.tags(&arn, name, ask).await? else {
                return Ok(None);
            };
            let mut properties = pick(group, &[NAME, "CacheSubnetGroupDescription"]);
            rename(
                &mut properties,
                "CacheSubnetGroupDescription",
                "Description",
            );
            let subnets = items(group, "Subnets").map(|subnet| text(subnet, "SubnetIdentifier"));
            properties.insert("SubnetIds", list(subnets));
            Ok(Some(Found::new(KIND, name, properties, tags)))
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
        let api = place.clients.elasticache(place.region);
        let name = name_of(write, NAME, 255);
        let mut group = call(write, &name);
        group.insert("Tags", Value::from(tag_list(tags)));
        elasticache::create_cache_subnet_group(&api, &group).await?;
        Ok(name)
    }

    async fn update(
        &self,
        place: Place<'_>,
        handle: &Handle,
        write: &Write,
        _: &[Arc<str>],
    ) -> Outcome<()> {
        let api = place.clients.elasticache(place.region);
        let group = call(write, &handle.identifier);
        elasticache::modify_cache_subnet_group(&api, &group).await?;
        Ok(())
    }

    async fn delete(&self, place: Place<'_>, handle: &Handle) -> Outcome<()> {
        let api = place.clients.elasticache(place.region);
        let group = input(json!({NAME: &*handle.identifier}));
        elasticache::delete_cache_subnet_group(&api, &group).await?;
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
        let arn = place
            .arn("elasticache", &format!("subnetgroup:{identifier}"))
            .await?;
        tag(place, &arn, set, unset).await
    }

    fn identifier(&self, _: Site<'_>, write: &Write) -> Option<Arc<str>> {
        Some(name_of(write, NAME, 255))
    }
}

/// What both creating and changing take.
fn call(write: &Write, name: &str) -> Map {
    let mut group = pick(&write.properties, &["Description", "SubnetIds"]);
    rename(&mut group, "Description", "CacheSubnetGroupDescription");
    group.insert(NAME, Value::str(name));
    group
}
