//! Systems Manager: parameters, and State Manager's associations.

use async_trait::async_trait;
use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::{try_join, try_join_all};
use serde_json::json;

use super::call::Api;
use super::marks::{APP, ENV, Tags};
use super::sdk::ssm;
use super::service::{
    Found, NEXT_TOKEN, Place, Service, Site, Which, generated_name, input, items, list,
    none_if_gone, pages, pick, tag_list, tags, text, touches, without,
};
use crate::inventory::Handle;
use crate::provider::{ErrorKind, Outcome, ProviderError, Write};
use crate::value::{Map, Value};

const PARAMETER: &str = "AWS::SSM::Parameter";
const ASSOCIATION: &str = "AWS::SSM::Association";

/// Parameters that one `DescribeParameters` tells of, and names that it filters by.
const PAGE: usize = 50;
/// Names that one `GetParameters` takes.
const VALUES: usize = 10;

/// What takes a parameter's properties back to AWS's defaults
/// (<https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-policies.html> for
/// policies). A tier has no way back, so it stays.
const DEFAULTS: [(&str, &str); 4] = [
    ("Description", ""),
    ("AllowedPattern", ""),
    ("DataType", "text"),
    ("Policies", "[{}]"),
];

/// What AWS takes of an association when it is created; all but `InstanceId` also later.
const ASSOCIATED: [&str; 18] = [
    "ApplyOnlyAtCronInterval",
    "AssociationDispatchAssumeRole",
    "AssociationName",
    "AutomationTargetParameterName",
    "CalendarNames",
    "ComplianceSeverity",
    "DocumentVersion",
    "InstanceId",
    "MaxConcurrency",
    "MaxErrors",
    "Name",
    "OutputLocation",
    "Parameters",
    "ScheduleExpression",
    "ScheduleOffset",
    "SyncCompliance",
    "Targets",
    "AssociationId",
];

type Client = Api<aws_sdk_ssm::Client>;

/// Every mapping of this service's kinds.
pub fn services() -> Vec<Box<dyn Service>> {
    vec![Box::new(Ssm)]
}

struct Ssm;

#[async_trait(?Send)]
impl Service for Ssm {
    fn kinds(&self) -> &'static [&'static str] {
        &[PARAMETER, ASSOCIATION]
    }

    async fn list(
        &self,
        place: Place<'_>,
        kinds: &BTreeSet<Arc<str>>,
        which: Which<'_>,
    ) -> Outcome<Vec<Found>> {
        let parameters = async {
            if kinds.contains(PARAMETER) {
                parameters(place, which).await
            } else {
                Ok(Vec::new())
            }
        };
        let associations = async {
            if kinds.contains(ASSOCIATION) {
                associations(place, which).await
            } else {
                Ok(Vec::new())
            }
        };
        let (mut found, associations) = try_join(parameters, associations).await?;
        found.extend(associations);
        Ok(found)
    }

    async fn create(
        &self,
        place: Place<'_>,
        write: &Write,
        tags: &Tags,
        _: &str,
    ) -> Outcome<Arc<str>> {
        let api = place.clients.ssm(place.region);
        let tags = Value::from(tag_list(tags));
        if &*write.kind == ASSOCIATION {
            // As with CloudFormation unless it is told to wait: what the association does to its
            // targets is theirs to report.
            let mut association = pick(&write.properties, &ASSOCIATED);
            association.insert("Tags", tags);
            let answer = ssm::create_association(&api, &association).await?;
            return Ok(text(&answer, "AssociationDescription.AssociationId").into());
        }
        let name = name_of(write);
        let mut parameter = without(&write.properties, &["Tags"]);
        parameter.insert("Name", Value::str(&*name));
        parameter.insert("Tags", tags);
        ssm::put_parameter(&api, &parameter).await?;
        Ok(name)
    }

    async fn update(
        &self,
        place: Place<'_>,
        handle: &Handle,
        write: &Write,
        changed: &[Arc<str>],
    ) -> Outcome<()> {
        let api = place.clients.ssm(place.region);
        let id = Value::String(handle.identifier.clone());
        if &*handle.kind == ASSOCIATION {
            // AWS forgets whatever an update leaves out, and runs the association at each.
            if !changed
                .iter()
                .all(|name| &**name == "WaitForSuccessTimeoutSeconds")
            {
                let mut association = pick(&write.properties, &ASSOCIATED);
                association.remove("InstanceId");
                association.insert("AssociationId", id);
                ssm::update_association(&api, &association).await?;
            }
            return Ok(());
        }
        // Tags go with new parameters only.
        let mut parameter = without(&write.properties, &["Tags"]);
        for (name, default) in DEFAULTS {
            if touches(changed, &[name]) && !parameter.contains_key(name) {
                parameter.insert(name, Value::str(default));
            }
        }
        parameter.insert("Name", id);
        parameter.insert("Overwrite", Value::Bool(true));
        ssm::put_parameter(&api, &parameter).await?;
        Ok(())
    }

    async fn delete(&self, place: Place<'_>, handle: &Handle) -> Outcome<()> {
        let api = place.clients.ssm(place.region);
        if &*handle.kind == ASSOCIATION {
            let association = input(json!({"AssociationId": &*handle.identifier}));
            ssm::delete_association(&api, &association).await?;
        } else {
            let parameter = input(json!({"Name": &*handle.identifier}));
            ssm::delete_parameter(&api, &parameter).await?;
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
        let api = place.clients.ssm(place.region);
        let mut resource = resource(kind, identifier);
        if !set.is_empty() {
            let mut tags = resource.clone();
            tags.insert("Tags", Value::from(tag_list(set)));
            ssm::add_tags_to_resource(&api, &tags).await?;
        }
        if !unset.is_empty() {
            resource.insert("TagKeys", list(unset));
            ssm::remove_tags_from_resource(&api, &resource).await?;
        }
        Ok(())
    }

    fn creates_duplicates(&self, kind: &str) -> bool {
        kind == ASSOCIATION
    }

    fn identifier(&self, _: Site<'_>, write: &Write) -> Option<Arc<str>> {
        (&*write.kind == PARAMETER).then(|| name_of(write))
    }
}

fn name_of(write: &Write) -> Arc<str> {
    match text(&write.properties, "Name") {
        "" => generated_name(write, 512).into(),
        name => name.into(),
    }
}

/// What calls about tags name.
fn resource(kind: &str, identifier: &str) -> Map {
    let kind = if kind == PARAMETER {
        "Parameter"
    } else {
        "Association"
    };
    input(json!({"ResourceType": kind, "ResourceId": identifier}))
}

async fn ask_tags(api: &Client, kind: &str, identifier: &str) -> Outcome<Tags> {
    let answer = ssm::list_tags_for_resource(api, &resource(kind, identifier)).await;
    let answer = answer.map_err(|error| match &*error.code {
        // What SSM says of one that is gone.
        "InvalidResourceId" => ProviderError {
            kind: ErrorKind::NotFound,
            ..error
        },
        _ => error,
    })?;
    Ok(tags(&answer, "TagList"))
}

/// Parameters with their values and tags. Of what the registry calls write-only, because
/// CloudFormation does not read it, that is told which goes back to a default when it is taken out of
/// a blueprint; plans compare none of it.
async fn parameters(place: Place<'_>, which: Which<'_>) -> Outcome<Vec<Found>> {
    let api = &place.clients.ssm(place.region);
    let filters: Vec<_> = match which {
        Which::Owned(owner) => vec![json!([
            {"Key": format!("tag:{APP}"), "Option": "Equals", "Values": [&*owner.app]},
            {"Key": format!("tag:{ENV}"), "Option": "Equals", "Values": [&*owner.env]},
        ])],
        Which::Named(names) => {
            let filter = |names: &[Arc<str>]| {
                let names: Vec<&str> = names.iter().map(|name| &**name).collect();
                json!([{"Key": "Name", "Option": "Equals", "Values": names}])
            };
            names.chunks(PAGE).map(filter).collect()
        }
        Which::All => vec![json!(null)],
    };
    let lists = filters.into_iter().map(|filters| {
        let question = input(json!({"ParameterFilters": filters, "MaxResults": PAGE}));
        let call = async |question: &Map| ssm::describe_parameters(api, question).await;
        pages(call, question, "Parameters", NEXT_TOKEN)
    });
    let described: Vec<Map> = try_join_all(lists).await?.into_iter().flatten().collect();
    let site = place.site().await?;
    // Secrets stay where they are.
    let open: Vec<&str> = described
        .iter()
        .filter(|one| text(one, "Type") != "SecureString")
        .map(|one| text(one, "Name"))
        .collect();
    let values = try_join_all(open.chunks(VALUES).map(|names| async move {
        ssm::get_parameters(api, &input(json!({"Names": names}))).await
    }));
    let tags = try_join_all(described.iter().map(|one| async move {
        let name = text(one, "Name");
        // The service has chosen by tag already, so the name need not tell whose it is.
        let hint = match which {
            Which::Owned(owner) => &*owner.app,
            _ => name,
        };
        place
            .tags(&arn(site, one), hint, async || {
                ask_tags(api, PARAMETER, name).await
            })
            .await
    }));
    let (values, tags) = try_join(values, tags).await?;
    let value = |name: &str| {
        let mut told = values.iter().flat_map(|answer| items(answer, "Parameters"));
        told.find(|one| text(one, "Name") == name)?
            .get("Value")
            .cloned()
    };
    let found = described.iter().zip(tags).filter_map(|(one, tags)| {
        let told = ["Name", "Type", "DataType", "Description", "AllowedPattern"];
        let mut properties = pick(one, &told);
        let policies: Vec<&str> = items(one, "Policies")
            .map(|one| text(one, "PolicyText"))
            .collect();
        if !policies.is_empty() {
            properties.insert("Policies", Value::str(format!("[{}]", policies.join(","))));
        }
        properties.insert("Arn", Value::str(arn(site, one)));
        if let Some(value) = value(text(one, "Name")) {
            properties.insert("Value", value);
        }
        Some(Found::new(PARAMETER, text(one, "Name"), properties, tags?))
    });
    Ok(found.collect())
}

fn arn(site: Site<'_>, parameter: &Map) -> String {
    match text(parameter, "ARN") {
        // A name that is a path begins with its own slash.
        "" => site.arn(
            "ssm",
            &format!(
                "parameter/{}",
                text(parameter, "Name").trim_start_matches('/')
            ),
        ),
        arn => arn.to_owned(),
    }
}

async fn associations(place: Place<'_>, which: Which<'_>) -> Outcome<Vec<Found>> {
    let api = &place.clients.ssm(place.region);
    let listed: Vec<(Arc<str>, Option<Tags>)> = match which {
        Which::Named(ids) => ids.iter().map(|id| (id.clone(), None)).collect(),
        which => {
            let call = async |question: &Map| ssm::list_associations(api, question).await;
            let question = input(json!({"MaxResults": PAGE}));
            let listed = pages(call, question, "Associations", NEXT_TOKEN).await?;
            let tags = try_join_all(listed.iter().map(|one| async move {
                let id = text(one, "AssociationId");
                let arn = place.arn("ssm", &format!("association/{id}")).await?;
                let hint = match (text(one, "AssociationName"), which) {
                    ("", Which::Owned(owner)) => &*owner.app,
                    (name, _) => name,
                };
                place
                    .tags(&arn, hint, async || ask_tags(api, ASSOCIATION, id).await)
                    .await
            }))
            .await?;
            let ids = listed.iter().map(|one| text(one, "AssociationId").into());
            ids.zip(tags)
                .filter(|(_, tags)| tags.as_ref().is_some_and(|tags| which.wants_tagged(tags)))
                .collect()
        }
    };
    let found = listed.into_iter().map(|(id, tags)| async move {
        let question = input(json!({"AssociationId": &*id}));
        let answer = none_if_gone(ssm::describe_association(api, &question).await);
        let tags = async {
            match tags {
                Some(tags) => Ok(Some(tags)),
                None => none_if_gone(ask_tags(api, ASSOCIATION, &id).await),
            }
        };
        let (answer, tags) = try_join(async { answer }, tags).await?;
        let described = answer.and_then(|mut answer| answer.remove("AssociationDescription"));
        Ok(match (described, tags) {
            (Some(Value::Map(described)), Some(tags)) => Some(Found::new(
                ASSOCIATION,
                id,
                pick(&described, &ASSOCIATED),
                tags,
            )),
            _ => None,
        })
    });
    Ok(try_join_all(found).await?.into_iter().flatten().collect())
}
