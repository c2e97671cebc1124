//! Copies between buckets: what is in one and not in another, object by object, inside S3.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use super::{Client, fail};

use crate::inventory::Handle;
use crate::provider::aws::bind::s3;
use crate::provider::aws::clients::Clients;
use crate::provider::aws::service::{input, pages, text};
use crate::provider::{ErrorKind, Files, Outcome, ProviderError};
use crate::value::{Map, Value};

/// What one call to CopyObject takes
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>).
const LARGEST: i64 = 5 << 30;

/// How long is copied before it is told how far that is.
const TURN: Duration = Duration::from_secs(30);

/// How many are copied at a time.
const AT_A_TIME: usize = 16;

/// Everything but what a URL's path may hold as it is, and the slash.
const KEY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

const TOKEN: (&str, &str) = ("NextContinuationToken", "ContinuationToken");

/// An object as a list tells it.
struct Object {
    key: String,
    size: i64,
    tag: String,
    modified: String,
}

impl Object {
    /// Whether a copy is as this is now. The tag of what came in several parts is none of its contents, and a copy by S3
    /// keeps the time; where neither tells, what is as large and not older counts.
    fn is(&self, copy: &Object) -> bool {
        let of_contents = |one: &Object| !one.tag.contains('-');
        let same = match of_contents(self) && of_contents(copy) {
            true => self.tag == copy.tag,
            false => copy.modified >= self.modified,
        };
        self.size == copy.size && same
    }
}

/// Copies what `to` lacks of `from`, until there is nothing left or it is time to tell.
pub async fn copy(clients: &Clients, from: &Handle, to: &Handle) -> Outcome<Files> {
    let source = clients.s3(&from.address.region);
    let target = clients.s3(&to.address.region);
    let began = Instant::now();
    let have = list(&target, &to.identifier).await?;
    let have: HashMap<String, Object> = have.into_iter().map(|o| (o.key.clone(), o)).collect();
    let objects = list(&source, &from.identifier).await?;
    let all = objects.len() as u64;
    let lacks: Vec<(Object, Option<&Object>)> = objects
        .into_iter()
        .map(|object| {
            let old = have.get(&object.key);
            (object, old)
        })
        .filter(|(object, old)| !old.is_some_and(|old| object.is(old)))
        .collect();
    let mut left = lacks.len() as u64;
    let mut copied = stream::iter(lacks)
        .map(async |(object, old)| one(&target, from, to, &object, old).await)
        .buffer_unordered(AT_A_TIME);
    while copied.try_next().await?.is_some() {
        left -= 1;
        if began.elapsed() >= TURN {
            break;
        }
    }
    Ok(Files {
        there: all - left,
        left,
    })
}

/// Copies one object, unless the target has got another meanwhile: what S3 replicates is newer.
async fn one(
    api: &Client,
    from: &Handle,
    to: &Handle,
    object: &Object,
    old: Option<&Object>,
) -> Outcome<()> {
    let (bucket, key) = (&*from.identifier, &*object.key);
    if object.size > LARGEST {
        let message = format!(
            "{key} in {bucket} is larger than 5 GiB, which S3 does not copy in one call; copy it by `aws s3 cp 's3://{bucket}/{key}' 's3://{}/{key}' --source-region {} --region {}`, and go on",
            to.identifier, from.address.region, to.address.region
        );
        return Err(fail(
            ErrorKind::Invalid,
            "EntityTooLarge",
            message,
            "s3:CopyObject",
        ));
    }
    let place = utf8_percent_encode(key, KEY);
    let mut question = input(json!({
        "Bucket": &*to.identifier,
        "Key": key,
        "CopySource": format!("{bucket}/{place}"),
    }));
    match old {
        None => question.insert("IfNoneMatch", Value::str("*")),
        Some(old) => question.insert("IfMatch", Value::str(&*old.tag)),
    };
    match s3::copy_object(api, &question).await {
        Ok(_) => Ok(()),
        Err(error) if is_over(&error) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Whether there is nothing to copy any more: somebody deleted it, or S3 was faster.
fn is_over(error: &ProviderError) -> bool {
    [
        "NoSuchKey",
        "PreconditionFailed",
        "ConditionalRequestConflict",
    ]
    .contains(&&*error.code)
}

async fn list(api: &Client, bucket: &str) -> Outcome<Vec<Object>> {
    let question = input(json!({"Bucket": bucket, "MaxKeys": 1000}));
    let call = async |question: &Map| s3::list_objects_v2(api, question).await;
    let found = pages(call, question, "Contents", TOKEN).await?;
    Ok(items_of(&found))
}

fn items_of(found: &[Map]) -> Vec<Object> {
    let object = |one: &Map| Object {
        key: text(one, "Key").to_owned(),
        size: one.get("Size").and_then(Value::as_int).unwrap_or(0),
        tag: text(one, "ETag").to_owned(),
        modified: text(one, "LastModified").to_owned(),
    };
    found.iter().map(object).collect()
}
