//! Distributions.

use async_trait::async_trait;
use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::{try_join, try_join_all};
use serde_json::json;

use super::shapes::{WITHOUT_POLICY, complete, each_item, from_api, has_policy, to_api};
use super::{Client, MARKER, inner};
use crate::inventory::Handle;
use crate::ownership::hidden;
use crate::provider::aws::marks::{Marks, Tags};
use crate::provider::aws::sdk::cloudfront;
use crate::provider::aws::service::{
    Found, Place, Service, Which, input, items, none_if_gone, pages, pick, tag_list, tags, text,
    without,
};
use crate::provider::{ErrorKind, Outcome, ProviderError, Write};
use crate::value::{Map, Value};

const DISTRIBUTION: &str = "AWS::CloudFront::Distribution";

/// The mapping.
pub struct Distributions;

#[async_trait(?Send)]
impl Service for Distributions {
    fn kinds(&self) -> &'static [&'static str] {
        &[DISTRIBUTION]
    }

    async fn list(
        &self,
        place: Place<'_>,
        _: &BTreeSet<Arc<str>>,
        which: Which<'_>,
    ) -> Outcome<Vec<Found>> {
        let api = &place.clients.cloudfront(place.region);
        let asked: Vec<(String, Option<Tags>)> = match which {
            Which::Named(ids) => ids.iter().map(|id| (id.to_string(), None)).collect(),
            Which::Owned(_) | Which::All => listed(api, place, which).await?,
        };
        let found = asked.iter().map(|(id, tags)| async move {
            let tags = async {
                match tags {
                    Some(tags) => Ok(Some(tags.clone())),
                    None => none_if_gone(tags_of(api, &arn(place, id).await?).await),
                }
            };
            let question = input(json!({"Id": id}));
            let answer = async { none_if_gone(cloudfront::get_distribution(api, &question).await) };
            let (answer, tags) = try_join(answer, tags).await?;
            Ok::<_, ProviderError>(
                answer.map(|answer| found(inner(answer, "Distribution"), tags.unwrap_or_default())),
            )
        });
        Ok(try_join_all(found).await?.into_iter().flatten().collect())
    }

    async fn create(
        &self,
        place: Place<'_>,
        write: &Write,
        tags: &Tags,
        token: &str,
    ) -> Outcome<Arc<str>> {
        let api = place.clients.cloudfront(place.region);
        let mut config = config(write);
        config.insert("CallerReference", Value::str(token));
        let mut both = input(json!({"Tags": {"Items": tag_list(tags)}}));
        both.insert("DistributionConfig", Value::Map(config));
        let mut distribution = Map::new();
        distribution.insert("DistributionConfigWithTags", Value::Map(both));
        let answer = cloudfront::create_distribution_with_tags(&api, &distribution).await?;
        Ok(text(&answer, "Distribution.Id").into())
    }

    async fn update(
        &self,
        place: Place<'_>,
        handle: &Handle,
        write: &Write,
        _: &[Arc<str>],
    ) -> Outcome<()> {
        let api = place.clients.cloudfront(place.region);
        let mut current = input(json!({"Id": &*handle.identifier}));
        let answer = cloudfront::get_distribution(&api, &current).await?;
        current.insert("IfMatch", Value::str(text(&answer, "ETag")));
        let live = answer.at("Distribution.DistributionConfig");
        let live = live.and_then(Value::as_map).cloned().unwrap_or_default();
        let mut config = config(write);
        let reference = text(&live, "CallerReference");
        config.insert("CallerReference", Value::str(reference));
        reveal(&mut config, &live)?;
        current.insert("DistributionConfig", Value::Map(config));
        cloudfront::update_distribution(&api, &current).await?;
        Ok(())
    }

    async fn delete(&self, place: Place<'_>, handle: &Handle) -> Outcome<()> {
        let api = place.clients.cloudfront(place.region);
        let mut current = input(json!({"Id": &*handle.identifier}));
        let answer = cloudfront::get_distribution(&api, &current).await?;
        current.insert("IfMatch", Value::str(text(&answer, "ETag")));
        cloudfront::delete_distribution(&api, &current).await?;
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
        let api = place.clients.cloudfront(place.region);
        let arn = arn(place, identifier).await?;
        if !set.is_empty() {
            let tags = input(json!({"Resource": arn, "Tags": {"Items": tag_list(set)}}));
            cloudfront::tag_resource(&api, &tags).await?;
        }
        if !unset.is_empty() {
            let keys = input(json!({"Resource": arn, "TagKeys": {"Items": unset}}));
            cloudfront::untag_resource(&api, &keys).await?;
        }
        Ok(())
    }
}

async fn arn(place: Place<'_>, id: &str) -> Outcome<String> {
    let account = place.account().await?;
    Ok(format!("arn:aws:cloudfront::{account}:distribution/{id}"))
}

async fn tags_of(api: &Client, arn: &str) -> Outcome<Tags> {
    let question = input(json!({"Resource": arn}));
    let answer = cloudfront::list_tags_for_resource(api, &question).await?;
    Ok(tags(&inner(answer, "Tags"), "Items"))
}

/// Those of the account that are asked for: ids and tags.
async fn listed(
    api: &Client,
    place: Place<'_>,
    which: Which<'_>,
) -> Outcome<Vec<(String, Option<Tags>)>> {
    let call = async |question: &Map| {
        let answer = cloudfront::list_distributions(api, question).await?;
        Ok(inner(answer, "DistributionList"))
    };
    let all = pages(call, Map::new(), "Items", MARKER).await?;
    let tagged = all.iter().map(|one| async move {
        let arn = text(one, "ARN");
        let ask = async || tags_of(api, arn).await;
        let tags = match which {
            Which::Owned(owner) => {
                let tags = place.tags(arn, text(one, "Comment"), ask).await?;
                let is_ours =
                    |tags: &Tags| Marks::from_tags(tags).is_some_and(|marks| marks.owner == *owner);
                tags.filter(is_ours)
            }
            Which::Named(_) | Which::All => none_if_gone(ask().await)?,
        };
        Ok::<_, ProviderError>(tags.map(|tags| (text(one, "Id").to_owned(), Some(tags))))
    });
    Ok(try_join_all(tagged).await?.into_iter().flatten().collect())
}

fn found(mut distribution: Map, tags: Tags) -> Found {
    let id = text(&distribution, "Id").to_owned();
    let mut properties = pick(&distribution, &["DomainName", "Id"]);
    if let Some(Value::Map(mut config)) = distribution.remove("DistributionConfig") {
        config.remove("CallerReference");
        match config.get_mut("Logging") {
            Some(Value::Map(logging)) if logging.get("Enabled") == Some(&Value::Bool(true)) => {
                logging.remove("Enabled");
            }
            _ => {
                config.remove("Logging");
            }
        }
        if let Some(Value::Map(certificate)) = config.get_mut("ViewerCertificate") {
            let default = "CloudFrontDefaultCertificate";
            *certificate = match certificate.get(default) {
                // What comes with CloudFront's own cannot be chosen.
                Some(Value::Bool(true)) => pick(certificate, &[default]),
                // An older way to say the same.
                _ => without(certificate, &["Certificate", "CertificateSource"]),
            };
        }
        let settle = |behavior: &mut Map| {
            if has_policy(behavior) {
                *behavior = without(behavior, &WITHOUT_POLICY);
            }
        };
        if let Some(Value::Map(behavior)) = config.get_mut("DefaultCacheBehavior") {
            settle(behavior);
        }
        each_item(&mut config, "CacheBehaviors", settle);
        // What origins are shown to know us by is nobody else's.
        each_item(&mut config, "Origins", |origin| {
            each_item(origin, "CustomHeaders", |header| {
                let value = hidden(text(header, "HeaderValue"));
                header.insert("HeaderValue", Value::str(value));
            });
        });
        properties.insert("DistributionConfig", from_api(Value::Map(config)));
    }
    let state = text(&distribution, "Status");
    let found = Found::new(DISTRIBUTION, id, properties, tags);
    found.in_state(state, &["Deployed"], &[], &[])
}

/// All of the configuration that a blueprint stands for, but for its caller reference.
fn config(write: &Write) -> Map {
    let config = write.properties.get("DistributionConfig");
    let mut config = config.and_then(Value::as_map).cloned().unwrap_or_default();
    // The older name of the same list.
    if let Some(Value::List(names)) = config.remove("CNAMEs") {
        let mut aliases = names;
        if let Some(Value::List(more)) = config.remove("Aliases") {
            aliases.extend(more);
        }
        config.insert("Aliases", Value::List(aliases));
    }
    let Value::Map(mut config) = to_api(Value::Map(config)) else {
        return Map::new();
    };
    complete(&mut config);
    config
}

/// Puts the values of headers back where what was read, and so hidden, is written again.
fn reveal(config: &mut Map, live: &Map) -> Outcome<()> {
    let known: Vec<String> = live
        .get("Origins")
        .and_then(Value::as_map)
        .into_iter()
        .flat_map(|origins| items(origins, "Items"))
        .filter_map(|origin| origin.get("CustomHeaders")?.as_map())
        .flat_map(|headers| items(headers, "Items"))
        .map(|header| text(header, "HeaderValue").to_owned())
        .collect();
    let lost = std::cell::Cell::new(false);
    each_item(config, "Origins", |origin| {
        each_item(origin, "CustomHeaders", |header| {
            let value = text(header, "HeaderValue");
            if !value.starts_with("(hidden ") {
                return;
            }
            match known.iter().find(|known| hidden(known) == value) {
                Some(value) => {
                    header.insert("HeaderValue", Value::str(value.as_str()));
                }
                None => lost.set(true),
            }
        });
    });
    if !lost.get() {
        return Ok(());
    }
    Err(ProviderError {
        kind: ErrorKind::Invalid,
        code: "HiddenValue".to_owned(),
        message: "the value of a custom header is not known any more; nothing was changed"
            .to_owned(),
        operation: "cloudfront:UpdateDistribution".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(json: serde_json::Value) -> Map {
        Value::from(json).as_map().cloned().unwrap_or_default()
    }

    #[test]
    fn a_header_that_was_hidden_is_written_as_it_was() {
        let origins = |value: &str| {
            map(
                json!({"Origins": {"Quantity": 1, "Items": [{"Id": "app", "CustomHeaders":
                {"Quantity": 1, "Items": [{"HeaderName": "x", "HeaderValue": value}]}}]}}),
            )
        };
        let mut config = origins(&hidden("abc"));
        reveal(&mut config, &origins("abc")).unwrap();
        assert_eq!(config, origins("abc"));
        let mut config = origins(&hidden("other"));
        assert!(reveal(&mut config, &origins("abc")).is_err());
    }
}
