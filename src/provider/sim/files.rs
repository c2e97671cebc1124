//! Files in buckets: S3 copies those that come once a rule for that is there, and none that were there before
//! (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-what-is-isnot-replicated.html>).

use std::collections::BTreeSet;
use std::sync::Arc;

use super::cloud::{Cloud, Item};
use crate::provider::Files;
use crate::value::Value;

const BUCKET: &str = "AWS::S3::Bucket";

/// How many one call copies.
const SOME: usize = 1000;

impl Cloud {
    /// Puts a file into a bucket, as an application or a deploy does.
    ///
    /// # Errors
    /// When there is no such bucket.
    pub fn put_file(&mut self, bucket: &str, key: &str) -> Result<(), String> {
        let is_it = |item: &&Item| &*item.kind == BUCKET && &*item.identifier == bucket;
        let Some(item) = self.items.values().find(is_it) else {
            return Err(format!("there is no bucket {bucket}"));
        };
        let rules = item.properties.at("ReplicationConfiguration.Rules");
        let rules = rules.and_then(Value::as_list).unwrap_or_default();
        let targets = rules.iter().filter_map(|rule| {
            let arn = rule.at("Destination.Bucket")?.as_str()?;
            Some(Arc::from(arn.rsplit(':').next()?))
        });
        for bucket in std::iter::once(Arc::from(bucket)).chain(targets.collect::<Vec<_>>()) {
            self.files.entry(bucket).or_default().insert(key.to_owned());
        }
        Ok(())
    }

    /// The files of a bucket.
    pub fn files_of(&self, bucket: &str) -> BTreeSet<String> {
        self.files.get(bucket).cloned().unwrap_or_default()
    }

    /// Copies some of what a bucket has and another lacks.
    pub(super) fn copy_files(&mut self, from: &str, to: &Arc<str>) -> Files {
        let source = self.files_of(from);
        let target = self.files.entry(to.clone()).or_default();
        let lacks: Vec<&String> = source.difference(target).collect();
        let left = lacks.len().saturating_sub(SOME) as u64;
        let some: Vec<String> = lacks.into_iter().take(SOME).cloned().collect();
        target.extend(some);
        Files {
            there: source.len() as u64 - left,
            left,
        }
    }
}
