//! Auto Scaling: groups of instances, and the policies by which they grow and shrink.

mod group;
mod parts;
mod policy;
mod read;

use async_trait::async_trait;
use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::try_join;
use serde_json::json;

use super::call::Api;
use super::marks::{APP, ENV, Tags};
use super::sdk::autoscaling;
use super::service::{
    Depth, Found, NEXT_TOKEN, Place, Service, Site, Together, Which, input, pages,
};
use crate::inventory::Handle;
use crate::provider::{Outcome, Write};
use crate::value::Map;

const GROUP: &str = "AWS::AutoScaling::AutoScalingGroup";
const POLICY: &str = "AWS::AutoScaling::ScalingPolicy";

/// Auto Scaling's client.
type Client = Api<aws_sdk_autoscaling::Client>;

/// Every mapping of this service's kinds.
pub fn services() -> Vec<Box<dyn Service>> {
    vec![Box::new(AutoScaling)]
}

/// The mapping.
struct AutoScaling;

#[async_trait(?Send)]
impl Service for AutoScaling {
    fn kinds(&self) -> &'static [&'static str] {
        &[GROUP, POLICY]
    }

    fn reads_together(&self) -> Together {
        Together::Named
    }

    async fn list(
        &self,
        place: Place<'_>,
        kinds: &BTreeSet<Arc<str>>,
        which: Which<'_>,
    ) -> Outcome<Vec<Found>> {
        let api = place.clients.autoscaling(place.region);
        // A policy's identifier holds its group's name.
        let (names, arns): (Vec<Arc<str>>, Vec<Arc<str>>);
        let (of_groups, of_policies) = match which {
            Which::Named(asked) if kinds.contains(POLICY) => {
                let group = |name: &Arc<str>| match policy::group_of(name) {
                    "" => name.clone(),
                    group => group.into(),
                };
                names = BTreeSet::from_iter(asked.iter().map(group))
                    .into_iter()
                    .collect();
                let policies = asked
                    .iter()
                    .filter(|name| !policy::group_of(name).is_empty());
                arns = policies.cloned().collect();
                (Which::Named(&names), Which::Named(&arns))
            }
            other => (other, other),
        };
        let policies = async {
            if kinds.contains(POLICY) {
                policy::policies(&api, of_policies).await
            } else {
                Ok(Vec::new())
            }
        };
        let groups = async {
            // A policy's group has its tags, and nothing about its state.
            if kinds.contains(GROUP) || place.depth == Depth::Everything {
                groups(&api, of_groups).await
            } else {
                Ok(Vec::new())
            }
        };
        let (groups, policies) = try_join(groups, policies).await?;
        let mut found = match place.depth {
            Depth::Everything => policy::found(&policies, &groups, which),
            Depth::State => policy::standing(&policies, which),
        };
        if kinds.contains(GROUP) {
            let groups = read::found(&api, &groups).await?;
            let wanted = groups
                .into_iter()
                .filter(|group| which.wants(&group.identifier));
            found.extend(wanted);
        }
        Ok(found)
    }

    async fn create(
        &self,
        place: Place<'_>,
        write: &Write,
        tags: &Tags,
        _: &str,
    ) -> Outcome<Arc<str>> {
        let api = place.clients.autoscaling(place.region);
        match &*write.kind {
            GROUP => group::create(&api, write, tags).await,
            _ => policy::put(&api, write, &policy::name(write)).await,
        }
    }

    async fn update(
        &self,
        place: Place<'_>,
        handle: &Handle,
        write: &Write,
        changed: &[Arc<str>],
    ) -> Outcome<()> {
        let api = place.clients.autoscaling(place.region);
        match &*handle.kind {
            GROUP => group::update(&api, &handle.identifier, write, changed).await,
            _ => {
                let name = policy::name_of(&handle.identifier);
                policy::put(&api, write, name).await?;
                Ok(())
            }
        }
    }

    async fn delete(&self, place: Place<'_>, handle: &Handle) -> Outcome<()> {
        let api = place.clients.autoscaling(place.region);
        let identifier = &*handle.identifier;
        match &*handle.kind {
            GROUP => {
                let group = input(json!({"AutoScalingGroupName": identifier, "ForceDelete": true}));
                autoscaling::delete_auto_scaling_group(&api, &group).await?;
            }
            _ => {
                let (group, name) = (policy::group_of(identifier), policy::name_of(identifier));
                let policy = input(json!({"AutoScalingGroupName": group, "PolicyName": name}));
                autoscaling::delete_policy(&api, &policy).await?;
            }
        }
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
        let api = place.clients.autoscaling(place.region);
        group::tag(&api, identifier, set, unset).await
    }

    fn identifier(&self, _: Site<'_>, write: &Write) -> Option<Arc<str>> {
        (&*write.kind == GROUP).then(|| group::name(write).into())
    }

    fn mark_key(&self, _: Place<'_>, write: &Write) -> Option<Arc<str>> {
        let key = || policy::key(policy::group(write), &policy::name(write));
        (&*write.kind == POLICY).then(key)
    }
}

/// Groups as AWS has them.
async fn groups(api: &Client, which: Which<'_>) -> Outcome<Vec<Map>> {
    let question = match which {
        Which::Owned(owner) => json!({"MaxRecords": 100, "Filters": [
            {"Name": format!("tag:{APP}"), "Values": [&*owner.app]},
            {"Name": format!("tag:{ENV}"), "Values": [&*owner.env]}]}),
        Which::Named(names) => {
            let names: Vec<&str> = names.iter().map(|name| &**name).collect();
            json!({"MaxRecords": 100, "AutoScalingGroupNames": names})
        }
        Which::All => json!({"MaxRecords": 100}),
    };
    let call =
        async |question: &Map| autoscaling::describe_auto_scaling_groups(api, question).await;
    pages(call, input(question), "AutoScalingGroups", NEXT_TOKEN).await
}
