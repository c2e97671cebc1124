//! Subnet groups.

use async_trait::async_trait;
use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::try_join_all;
use serde_json::json;

use super::{listed, name_of, tag, tags_of};
use crate::inventory::Handle;
use crate::provider::aws::marks::Tags;
use crate::provider::aws::sdk::rds;
use crate::provider::aws::service::{
    Found, Place, Service, Site, Which, input, items, list, pick, tag_list, text,
};
use crate::provider::{Outcome, Write};
use crate::value::{Map, Value};

const KIND: &str = "AWS::RDS::DBSubnetGroup";
const NAME: &str = "DBSubnetGroupName";

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
        let api = place.clients.rds(place.region);
        let call = async |question: &Map| rds::describe_db_subnet_groups(&api, question).await;
        let groups = listed(call, which, "DBSubnetGroups", (NAME, NAME)).await?;
        let found = groups.iter().map(async |group| {
            let (arn, name) = (text(group, "DBSubnetGroupArn"), text(group, NAME));
            let Some(tags) = tags_of(place, &api, arn, name).await? else {
                return Ok(None);
            };
            let mut properties = pick(
                group,
                &[NAME, "DBSubnetGroupDescription", "DBSubnetGroupArn"],
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
        let api = place.clients.rds(place.region);
        let name = name_of(write, NAME, 255);
        let mut group = pick(
            &write.properties,
            &["DBSubnetGroupDescription", "SubnetIds"],
        );
        group.insert(NAME, Value::str(name.clone()));
        group.insert("Tags", Value::from(tag_list(tags)));
        rds::create_db_subnet_group(&api, &group).await?;
        Ok(name)
    }

    async fn update(
        &self,
        place: Place<'_>,
        handle: &Handle,
        write: &Write,
        _: &[Arc<str>],
    ) -> Outcome<()> {
        let api = place.clients.rds(place.region);
        let mut group = pick(
            &write.properties,
            &["DBSubnetGroupDescription", "SubnetIds"],
        );
        group.insert(NAME, Value::str(&*handle.identifier));
        rds::modify_db_subnet_group(&api, &group).await?;
        Ok(())
    }

    async fn delete(&self, place: Place<'_>, handle: &Handle) -> Outcome<()> {
        let api = place.clients.rds(place.region);
        let group = input(json!({NAME: &*handle.identifier}));
        rds::delete_db_subnet_group(&api, &group).await?;
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
        tag(place, &format!("subgrp:{identifier}"), set, unset).await
    }

    fn identifier(&self, _: Site<'_>, write: &Write) -> Option<Arc<str>> {
        Some(name_of(write, NAME, 255))
    }
}
