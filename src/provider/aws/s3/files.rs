//! Copies between buckets: what is in one and not in another, object by object, inside S3.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use futures_util::future::ready;
use futures_util::stream::{self, StreamExt as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use super::{Client, fail};

use crate::inventory::Handle;
use crate::provider::aws::clients::Clients;
use crate::provider::aws::sdk::s3;
use crate::provider::aws::service::{input, pages, text};
use crate::provider::{ErrorKind, Files, Outcome, ProviderError};
use crate::value::{Map, Value};

/// What one call to CopyObject takes
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>).
const LARGEST: i64 = 5 << 30;

/// What may take longer than a call gets.
const LARGE: i64 = 1 << 30;

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
    /// Whether a copy is as this is now: the same contents, or as large and not older. Tags say the same of the same
    /// contents only where an object came in one part and is not encrypted with a key; S3's own copies keep the time.
    fn is(&self, copy: &Object) -> bool {
        self.size == copy.size && (self.tag == copy.tag || copy.modified >= self.modified)
    }
}

/// What came of one object.
enum Copied {
    /// It is there.
    Done,
    /// Somebody was faster, or has to be asked again: the next list tells.
    Later(ProviderError),
    /// S3 will not copy it: its key, and why.
    Never(String),
}

/// Copies what `to` lacks of `from`, until there is nothing left or it is time to tell.
///
/// # Errors
/// What kept everything that was tried from being copied; or, once all others are there, which objects S3 does not copy,
/// and how to.
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
    // Lists of a large bucket take long themselves.
    let until = Instant::now() + TURN.max(began.elapsed());
    let left = lacks.len() as u64;
    let (mut done, mut passing, mut never) = (0, None, Vec::new());
    let mut copies = stream::iter(lacks)
        .take_while(|_| ready(Instant::now() < until))
        .map(async |(object, old)| one(&target, from, to, &object, old).await)
        .buffer_unordered(AT_A_TIME);
    while let Some(copied) = copies.next().await {
        match copied? {
            Copied::Done => done += 1,
            Copied::Later(error) => passing = Some(error),
            Copied::Never(why) => never.push(why),
        }
    }
    if done == 0 && !never.is_empty() {
        const NAMED: usize = 3;
        never.sort();
        let more = never.len().saturating_sub(NAMED);
        let mut message = never[..never.len() - more].join("; ");
        if more > 0 {
            message.push_str(&format!("; and {more} more"));
        }
        return Err(fail(
            ErrorKind::Invalid,
            "NotCopied",
            message,
            "s3:CopyObject",
        ));
    }
    match passing {
        Some(error) if done == 0 => Err(error),
        _ => Ok(Files {
            there: all - (left - done),
            left: left - done,
        }),
    }
}

/// Copies one object, unless the target has got another meanwhile: what S3 replicates is newer.
async fn one(
    api: &Client,
    from: &Handle,
    to: &Handle,
    object: &Object,
    old: Option<&Object>,
) -> Outcome<Copied> {
    let (bucket, key) = (&*from.identifier, &*object.key);
    let by_hand = || {
        format!(
            "{key} in {bucket} is too large for one call; copy it with `aws s3 cp 's3://{bucket}/{key}' 's3://{}/{key}' --source-region {} --region {}`, then run `scalectl migrate --resume`",
            to.identifier, from.address.region, to.address.region
        )
    };
    if object.size > LARGEST {
        return Ok(Copied::Never(by_hand()));
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
        Ok(_) => Ok(Copied::Done),
        Err(error) if error.code == "InvalidObjectState" => Ok(Copied::Never(format!(
            "{key} in {bucket} is archived; restore it with `aws s3api restore-object`, or delete it, then run `scalectl migrate --resume`"
        ))),
        // One call gets a minute.
        Err(error) if error.code == "Timeout" && object.size > LARGE => {
            Ok(Copied::Never(by_hand()))
        }
        Err(error) if error.kind.is_retryable() || CHANGED.contains(&&*error.code) => {
            Ok(Copied::Later(error))
        }
        Err(error) => Err(error),
    }
}

/// What S3 answers where an object came, went or changed since it was listed.
const CHANGED: [&str; 3] = [
    "NoSuchKey",
    "PreconditionFailed",
    "ConditionalRequestConflict",
];

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
