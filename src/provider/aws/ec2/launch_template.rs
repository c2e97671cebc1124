//! Launch templates. Their data cannot be changed: a change is a new version, which becomes the
//! default one.

use async_trait::async_trait;
use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::try_join;
use serde_json::json;

use super::{Client, question, specification, tag};
use crate::inventory::Handle;
use crate::provider::aws::marks::Tags;
use crate::provider::aws::sdk::ec2;
use crate::provider::aws::service::{
    Depth, Found, NEXT_TOKEN, Place, Service, Which, generated_name, input, none_if_gone, pages,
    pick, tags, text, touches,
};
use crate::provider::{Outcome, Write};
use crate::value::{Map, Value};

const TEMPLATE: &str = "AWS::EC2::LaunchTemplate";

/// The mapping.
pub struct LaunchTemplates;

#[async_trait(?Send)]
impl Service for LaunchTemplates {
    fn kinds(&self) -> &'static [&'static str] {
        &[TEMPLATE]
    }

    async fn list(
        &self,
        place: Place<'_>,
        _: &BTreeSet<Arc<str>>,
        which: Which<'_>,
    ) -> Outcome<Vec<Found>> {
        let api = place.clients.ec2(place.region);
        let templates = async {
            let question = match which {
                Which::Named([id]) => input(json!({"LaunchTemplateIds": [&**id]})),
                // No filter knows identifiers, and one that is gone would fail the call for all.
                Which::Named(_) => question(Which::All, "", 200),
                other => question(other, "", 200),
            };
            let call = async |question: &Map| ec2::describe_launch_templates(&api, question).await;
            let found = pages(call, question, "LaunchTemplates", NEXT_TOKEN).await;
            Ok(none_if_gone(found)?.unwrap_or_default())
        };
        let versions = async {
            match place.depth {
                Depth::Everything => latest(&api, which).await,
                Depth::State => Ok(Vec::new()),
            }
        };
        let (templates, versions) = try_join(templates, versions).await?;
        Ok(templates
            .iter()
            .filter(|template| which.wants(text(template, "LaunchTemplateId")))
            .map(|template| found(template, &versions))
            .collect())
    }

    async fn create(
        &self,
        place: Place<'_>,
        write: &Write,
        tags: &Tags,
        _: &str,
    ) -> Outcome<Arc<str>> {
        let api = place.clients.ec2(place.region);
        // The name is its own, so that no token is needed.
        let mut template = version(write);
        let name = match write.properties.get("LaunchTemplateName") {
            Some(name) => name.clone(),
            None => Value::str(generated_name(write, 128)),
        };
        template.insert("LaunchTemplateName", name);
        let tags = specification("launch-template", tags);
        template.insert("TagSpecifications", Value::from(tags));
        let answer = ec2::create_launch_template(&api, &template).await?;
        Ok(text(&answer, "LaunchTemplate.LaunchTemplateId").into())
    }

    async fn update(
        &self,
        place: Place<'_>,
        handle: &Handle,
        write: &Write,
        changed: &[Arc<str>],
    ) -> Outcome<()> {
        if !touches(changed, &["LaunchTemplateData", "VersionDescription"]) {
            return Ok(());
        }
        let api = place.clients.ec2(place.region);
        let id = Value::String(handle.identifier.clone());
        let mut template = version(write);
        template.insert("LaunchTemplateId", id.clone());
        let answer = ec2::create_launch_template_version(&api, &template).await?;
        let number = answer.at("LaunchTemplateVersion.VersionNumber");
        let default = input(json!({
            "LaunchTemplateId": id, "DefaultVersion": number.map(ToString::to_string),
        }));
        ec2::modify_launch_template(&api, &default).await?;
        Ok(())
    }

    async fn delete(&self, place: Place<'_>, handle: &Handle) -> Outcome<()> {
        let api = place.clients.ec2(place.region);
        let template = input(json!({"LaunchTemplateId": &*handle.identifier}));
        ec2::delete_launch_template(&api, &template).await?;
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
        tag(&place.clients.ec2(place.region), identifier, set, unset).await
    }
}

/// What a version is made of.
fn version(write: &Write) -> Map {
    pick(
        &write.properties,
        &["LaunchTemplateData", "VersionDescription"],
    )
}

/// The latest versions, those of all templates in one call unless only one is asked for.
async fn latest(api: &Client, which: Which<'_>) -> Outcome<Vec<Map>> {
    let question = match which {
        Which::Named([id]) => json!({"LaunchTemplateId": &**id, "Versions": ["$Latest"]}),
        _ => json!({"Versions": ["$Latest"], "MaxResults": 200}),
    };
    let call = async |question: &Map| ec2::describe_launch_template_versions(api, question).await;
    let found = pages(call, input(question), "LaunchTemplateVersions", NEXT_TOKEN).await;
    Ok(none_if_gone(found)?.unwrap_or_default())
}

fn found(template: &Map, versions: &[Map]) -> Found {
    let id = text(template, "LaunchTemplateId");
    let mut properties = pick(template, &["LaunchTemplateId", "LaunchTemplateName"]);
    for name in ["LatestVersionNumber", "DefaultVersionNumber"] {
        if let Some(number) = template.get(name) {
            properties.insert(name, Value::str(number.to_string()));
        }
    }
    let version = versions
        .iter()
        .find(|one| text(one, "LaunchTemplateId") == id);
    if let Some(version) = version {
        if let Some(Value::Map(data)) = version.get("LaunchTemplateData") {
            let mut data = data.clone();
            if let Some(Value::Map(options)) = data.get_mut("MetadataOptions") {
                // Not a setting.
                options.remove("State");
            }
            properties.insert("LaunchTemplateData", Value::Map(data));
        }
        let description = text(version, "VersionDescription");
        if !description.is_empty() {
            properties.insert("VersionDescription", Value::str(description));
        }
    }
    Found::new(TEMPLATE, id, properties, tags(template, "Tags"))
}
