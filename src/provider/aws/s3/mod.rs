//! S3: buckets and their policies.
//!
//! A bucket's configurations have a call each, so a plan asks only for those that were ever set by
//! us: the marks name them. [`settings`] is the table of what there is once, [`families`] that of
//! what there is by number, [`shapes`] what CloudFormation writes otherwise than S3.

mod families;
pub(super) mod files;
mod settings;
mod shapes;

use async_trait::async_trait;
use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::{try_join, try_join_all};
use serde_json::json;

use self::families::FAMILIES;
use self::settings::SETTINGS;
use super::call::Api;
use super::marks::{Marks, Tags, child_key};
use super::sdk::s3;
use super::service::{
    Found, Place, Service, Site, Which, generated_name, input, none_if_gone, pages, tag_list, tags,
    text, touches,
};
use crate::inventory::Handle;
use crate::ownership;
use crate::provider::{ErrorKind, Outcome, Pending, ProviderError, Write};
use crate::value::{Map, Value};

const BUCKET: &str = "AWS::S3::Bucket";
const POLICY: &str = "AWS::S3::BucketPolicy";

/// S3's client.
type Client = Api<aws_sdk_s3::Client>;

/// A call by its parameters, for the tables.
type Call = for<'a> fn(&'a Client, &'a Map) -> Pending<'a, Outcome<Map>>;

/// A call of `sdk::s3`, for the tables.
macro_rules! call {
    ($name:ident) => {
        |api, question| Box::pin($crate::provider::aws::sdk::s3::$name(api, question))
    };
}
use call;

/// Every mapping of this service's kinds.
pub fn services() -> Vec<Box<dyn Service>> {
    vec![Box::new(Buckets)]
}

/// The mapping.
struct Buckets;

#[async_trait(?Send)]
impl Service for Buckets {
    fn kinds(&self) -> &'static [&'static str] {
        &[BUCKET, POLICY]
    }

    async fn list(
        &self,
        place: Place<'_>,
        kinds: &BTreeSet<Arc<str>>,
        which: Which<'_>,
    ) -> Outcome<Vec<Found>> {
        let api = &place.clients.s3(place.region);
        let buckets = tagged(api, place, which).await?;
        let buckets = buckets.iter().map(|(name, tags)| async move {
            let bucket = async {
                if kinds.contains(BUCKET) {
                    bucket(api, place, which, name, tags).await.map(Some)
                } else {
                    Ok(None)
                }
            };
            let policy = async {
                if kinds.contains(POLICY) {
                    policy(api, which, name, tags).await
                } else {
                    Ok(None)
                }
            };
            let (bucket, policy) = try_join(bucket, policy).await?;
            Ok::<_, ProviderError>(bucket.into_iter().chain(policy))
        });
        Ok(try_join_all(buckets).await?.into_iter().flatten().collect())
    }

    async fn create(
        &self,
        place: Place<'_>,
        write: &Write,
        tags: &Tags,
        _: &str,
    ) -> Outcome<Arc<str>> {
        let api = place.clients.s3(place.region);
        if *write.kind == *POLICY {
            put_policy(&api, &write.properties).await?;
            return Ok(text(&write.properties, "Bucket").into());
        }
        if write.properties.contains_key("AbacStatus") {
            return Err(no_abac());
        }
        let name = name_of(place.site().await?, write);
        make(&api, place, write, &name, tags).await?;
        put_tags(&api, &name, tags).await?;
        for setting in SETTINGS {
            if let Some(value) = write.properties.get(setting.property)
                && setting.property != "ObjectLockEnabled"
            {
                setting.put(&api, &name, value).await?;
            }
        }
        for family in FAMILIES {
            if let Some(value) = write.properties.get(family.property) {
                family.put(&api, &name, value).await?;
            }
        }
        Ok(name)
    }

    async fn update(
        &self,
        place: Place<'_>,
        handle: &Handle,
        write: &Write,
        changed: &[Arc<str>],
    ) -> Outcome<()> {
        let api = place.clients.s3(place.region);
        if *handle.kind == *POLICY {
            return put_policy(&api, &write.properties).await;
        }
        if touches(changed, &["AbacStatus"]) {
            return Err(no_abac());
        }
        let name = &handle.identifier;
        let touched = || {
            SETTINGS
                .iter()
                .filter(|one| touches(changed, &[one.property]))
        };
        // What needs another one goes before that, and comes after it: the table's order.
        for setting in touched().rev() {
            if !write.properties.contains_key(setting.property) {
                setting.clear(&api, name).await?;
            }
        }
        for setting in touched() {
            if let Some(value) = write.properties.get(setting.property) {
                setting.put(&api, name, value).await?;
            }
        }
        let none = Value::List(Vec::new());
        for family in FAMILIES {
            if touches(changed, &[family.property]) {
                let wanted = write.properties.get(family.property).unwrap_or(&none);
                family.put(&api, name, wanted).await?;
                family.delete_others(&api, name, wanted).await?;
            }
        }
        Ok(())
    }

    async fn delete(&self, place: Place<'_>, handle: &Handle) -> Outcome<()> {
        let api = place.clients.s3(place.region);
        let bucket = input(json!({"Bucket": &*handle.identifier}));
        if *handle.kind == *POLICY {
            s3::delete_bucket_policy(&api, &bucket).await?;
            return Ok(());
        }
        match s3::delete_bucket(&api, &bucket).await {
            Err(error) if error.code == "BucketNotEmpty" => {
                Err(holds_data(&api, &handle.identifier, error).await)
            }
            other => other.map(drop),
        }
    }

    async fn tag(
        &self,
        place: Place<'_>,
        _: &str,
        identifier: &str,
        set: &Tags,
        unset: &[String],
    ) -> Outcome<()> {
        let api = place.clients.s3(place.region);
        // S3 takes all tags at once, AWS's own included.
        let mut tags = tags_of(&api, identifier).await?;
        let goes = |key: &String| unset.contains(key) || set.iter().any(|(have, _)| have == key);
        tags.retain(|(key, _)| !goes(key));
        tags.extend(set.iter().cloned());
        put_tags(&api, identifier, &tags).await
    }

    fn identifier(&self, site: Site<'_>, write: &Write) -> Option<Arc<str>> {
        match &*write.kind {
            POLICY => Some(text(&write.properties, "Bucket").into()),
            _ => Some(name_of(site, write)),
        }
    }
}

fn fail(kind: ErrorKind, code: &str, message: String, operation: &str) -> ProviderError {
    ProviderError {
        kind,
        code: code.to_owned(),
        message,
        operation: operation.to_owned(),
    }
}

/// With attribute-based access control, a bucket's tags have another call, of another service.
fn no_abac() -> ProviderError {
    let message = "AbacStatus is not offered: such a bucket takes no tags by S3's own calls, and so none of scalectl's marks";
    fail(
        ErrorKind::Unsupported,
        "AbacStatus",
        message.to_owned(),
        "s3:PutBucketAbac",
    )
}

/// A bucket's name; one in the account's own namespace ends as AWS wants it to
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html>).
fn name_of(site: Site<'_>, write: &Write) -> Arc<str> {
    match (
        text(&write.properties, "BucketName"),
        text(&write.properties, "BucketNamePrefix"),
    ) {
        ("", "") => generated_name(write, 63).to_lowercase().into(),
        ("", prefix) => format!("{prefix}-{}-{}-an", site.account, site.region).into(),
        (name, _) => name.into(),
    }
}

/// Makes a bucket, or goes on with one whose making was interrupted. What is there already is
/// looked at first: in us-east-1, S3 calls it success to create a bucket that one has
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html>).
async fn make(
    api: &Client,
    place: Place<'_>,
    write: &Write,
    name: &str,
    tags: &Tags,
) -> Outcome<()> {
    match tags_of(api, name).await {
        Ok(have) => {
            let ours = Marks::from_tags(&have).is_some_and(|marks| {
                marks.owner == write.owner
                    && marks.address == write.address
                    && marks.applied.generation == write.applied.generation
            });
            if ours || have.is_empty() && holds(api, name).await? == (0, false) {
                return Ok(());
            }
            let message = format!("the bucket {name} exists already");
            return Err(fail(
                ErrorKind::AlreadyExists,
                "BucketAlreadyOwnedByYou",
                message,
                "s3:CreateBucket",
            ));
        }
        // It is not there, or in another region, or somebody else's: creating it tells which.
        Err(error) if !error.kind.is_retryable() => {}
        Err(error) => return Err(error),
    }
    let constraint = (place.region != "us-east-1").then_some(place.region);
    let mut configuration = json!({"Tags": tag_list(tags)});
    if let Some(region) = constraint {
        configuration["LocationConstraint"] = region.into();
    }
    let mut bucket = input(json!({
        "Bucket": name,
        "CreateBucketConfiguration": configuration,
        "BucketNamespace": write.properties.get("BucketNamespace").and_then(Value::as_str),
    }));
    if write.properties.get("ObjectLockEnabled") == Some(&Value::Bool(true)) {
        bucket.insert("ObjectLockEnabledForBucket", Value::Bool(true));
    }
    s3::create_bucket(api, &bucket).await?;
    Ok(())
}

/// How many objects, versions and delete markers are in a bucket, and whether there are more.
async fn holds(api: &Client, name: &str) -> Outcome<(usize, bool)> {
    let question = input(json!({"Bucket": name, "MaxKeys": 1000}));
    let answer = s3::list_object_versions(api, &question).await?;
    let count = |member: &str| {
        let list = answer.get(member).and_then(Value::as_list);
        list.map_or(0, <[Value]>::len)
    };
    let more = answer.get("IsTruncated") == Some(&Value::Bool(true));
    Ok((count("Versions") + count("DeleteMarkers"), more))
}

/// Why a bucket that holds data is not deleted. Waiting does not empty it, and neither do we.
async fn holds_data(api: &Client, name: &str, error: ProviderError) -> ProviderError {
    let held = match holds(api, name).await {
        Ok((1, false)) => "an object or version".to_owned(),
        Ok((count, more)) => {
            let least = if more { "at least " } else { "" };
            format!("{least}{count} objects and versions")
        }
        Err(_) => "objects".to_owned(),
    };
    let message = format!(
        "the bucket {name} still holds {held}; scalectl never deletes data: remove every version of them first, for instance with \"Empty\" in the S3 console"
    );
    ProviderError {
        kind: ErrorKind::Invalid,
        message,
        ..error
    }
}

/// A bucket's tags.
async fn tags_of(api: &Client, name: &str) -> Outcome<Tags> {
    match s3::get_bucket_tagging(api, &input(json!({"Bucket": name}))).await {
        Ok(answer) => Ok(tags(&answer, "TagSet")),
        Err(error) if error.code == "NoSuchTagSet" => Ok(Tags::new()),
        Err(error) => Err(error),
    }
}

async fn put_tags(api: &Client, name: &str, tags: &Tags) -> Outcome<()> {
    let bucket = if tags.is_empty() {
        return s3::delete_bucket_tagging(api, &input(json!({"Bucket": name})))
            .await
            .map(drop);
    } else {
        input(json!({"Bucket": name, "Tagging": {"TagSet": tag_list(tags)}}))
    };
    s3::put_bucket_tagging(api, &bucket).await?;
    Ok(())
}

/// The buckets of a region that are asked for, with their tags.
async fn tagged(
    api: &Client,
    place: Place<'_>,
    which: Which<'_>,
) -> Outcome<Vec<(Arc<str>, Tags)>> {
    let names: Vec<Arc<str>> = match which {
        Which::Named(names) => names.to_vec(),
        Which::Owned(_) | Which::All => {
            let question = input(json!({"BucketRegion": place.region, "MaxBuckets": 1000}));
            let next = ("ContinuationToken", "ContinuationToken");
            let call = async |question: &Map| s3::list_buckets(api, question).await;
            let buckets = pages(call, question, "Buckets", next).await?;
            let here = |bucket: &&Map| ["", place.region].contains(&text(bucket, "BucketRegion"));
            let name = |bucket: &Map| text(bucket, "Name").into();
            buckets.iter().filter(here).map(name).collect()
        }
    };
    let tagged = names.iter().map(|name| async move {
        let arn = format!("arn:aws:s3:::{name}");
        let ask = async || match tags_of(api, name).await {
            Err(error) if is_elsewhere(&error) => Ok(None),
            // Among all of an account's buckets some may be closed to us; ours must not be.
            Err(error) if error.kind == ErrorKind::Denied && !is_likely_ours(which, name) => {
                Ok(None)
            }
            other => none_if_gone(other),
        };
        let tags = match which {
            Which::Owned(owner) => {
                let ask = async || Ok(ask().await?.unwrap_or_default());
                let tags = place.tags(&arn, name, ask).await?;
                let is_ours =
                    |tags: &Tags| Marks::from_tags(tags).is_some_and(|marks| marks.owner == *owner);
                tags.filter(is_ours)
            }
            Which::Named(_) | Which::All => ask().await?,
        };
        Ok::<_, ProviderError>(tags.map(|tags| (name.clone(), tags)))
    });
    Ok(try_join_all(tagged).await?.into_iter().flatten().collect())
}

fn is_likely_ours(which: Which<'_>, name: &str) -> bool {
    match which {
        Which::Owned(owner) => name.contains(&*owner.app),
        Which::Named(_) => true,
        Which::All => false,
    }
}

/// What S3 says of a bucket that another region has.
fn is_elsewhere(error: &ProviderError) -> bool {
    [
        "PermanentRedirect",
        "AuthorizationHeaderMalformed",
        "IllegalLocationConstraintException",
        "Http301",
    ]
    .contains(&&*error.code)
}

async fn bucket(
    api: &Client,
    place: Place<'_>,
    which: Which<'_>,
    name: &str,
    tags: &Tags,
) -> Outcome<Found> {
    let applied = Marks::from_tags(tags).map(|marks| marks.applied);
    let asked = |property: &str| match (which, &applied) {
        (Which::All, _) => true,
        (_, Some(applied)) => ownership::was_set(applied, property),
        (_, None) => false,
    };
    let settings = SETTINGS
        .iter()
        .filter(|setting| asked(setting.property))
        .map(|setting| setting.get(api, name));
    let families = FAMILIES
        .iter()
        .filter(|family| asked(family.property))
        .map(|family| family.get(api, name));
    let (settings, families) = try_join(try_join_all(settings), try_join_all(families)).await?;
    let region = place.region;
    // https://docs.aws.amazon.com/general/latest/gr/s3.html
    let dash = match region {
        "us-east-1" | "us-west-1" | "us-west-2" | "ap-southeast-1" | "ap-southeast-2"
        | "ap-northeast-1" | "eu-west-1" | "sa-east-1" | "us-gov-west-1" => '-',
        _ => '.',
    };
    let mut properties = input(json!({
        "BucketName": name,
        "Arn": format!("arn:aws:s3:::{name}"),
        "DomainName": format!("{name}.s3.amazonaws.com"),
        "RegionalDomainName": format!("{name}.s3.{region}.amazonaws.com"),
        "DualStackDomainName": format!("{name}.s3.dualstack.{region}.amazonaws.com"),
        "WebsiteURL": format!("http://{name}.s3-website{dash}{region}.amazonaws.com"),
    }));
    for (property, value) in settings.into_iter().chain(families) {
        if let Some(value) = value {
            properties.insert(property, value);
        }
    }
    Ok(Found::new(BUCKET, name, properties, tags.clone()))
}

async fn policy(api: &Client, which: Which<'_>, name: &str, tags: &Tags) -> Outcome<Option<Found>> {
    let marked = || tags.iter().any(|(key, _)| *key == child_key(POLICY, name));
    if matches!(which, Which::Owned(_)) && !marked() {
        return Ok(None);
    }
    let question = input(json!({"Bucket": name}));
    let answer = none_if_gone(s3::get_bucket_policy(api, &question).await)?;
    Ok(answer.map(|answer| {
        let document = text(&answer, "Policy");
        let document = match serde_json::from_str::<serde_json::Value>(document) {
            Ok(json) => Value::from(json),
            Err(_) => Value::str(document),
        };
        let mut properties = input(json!({"Bucket": name}));
        properties.insert("PolicyDocument", document);
        Found::new(POLICY, name, properties, tags.clone())
    }))
}

async fn put_policy(api: &Client, properties: &Map) -> Outcome<()> {
    let document = match properties.get("PolicyDocument") {
        Some(Value::String(document)) => document.to_string(),
        Some(other) => serde_json::Value::from(other).to_string(),
        None => String::new(),
    };
    let policy = input(json!({"Bucket": text(properties, "Bucket"), "Policy": document}));
    s3::put_bucket_policy(api, &policy).await?;
    Ok(())
}
