//! Files that were there before S3 began to replicate a bucket: it copies those that come afterwards only
//! (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-batch-replication-batch.html>).
//!
//! Pure: owns which buckets a hop makes copies of. What lacks and what is copied is the provider's.

use crate::address::Address;
use crate::graph::{Graph, Resource};
use crate::value::{Map, Value};

const BUCKET: &str = "AWS::S3::Bucket";
/// The property of a bucket that says where its files are copied to.
pub const REPLICATION: &str = "ReplicationConfiguration";

/// A bucket that has files already, and one that S3 copies only new ones to.
pub type Pair = (Address, Address);

/// The buckets that `new` lets S3 replicate and `old` has without that, each with where to.
pub fn pairs(old: &Graph, new: &Graph) -> Vec<Pair> {
    let buckets = new.iter().filter(|resource| &*resource.kind == BUCKET);
    let pairs = buckets.filter_map(|bucket| {
        let before = targets(old.get(&bucket.address)?);
        let now = targets(bucket).into_iter();
        let fresh = now.filter(move |target| !before.contains(target));
        Some(fresh.map(|target| (bucket.address.clone(), target)))
    });
    pairs.flatten().collect()
}

fn targets(bucket: &Resource) -> Vec<Address> {
    let rules = bucket.properties.get(REPLICATION).and_then(Value::as_map);
    let rules = rules.and_then(|config: &Map| config.get("Rules")?.as_list());
    let targets = rules.unwrap_or_default().iter().filter_map(|rule| {
        match rule.at("Destination.Bucket")? {
            Value::Reference(reference) => Some(reference.address.clone()),
            _ => None,
        }
    });
    targets.collect()
}
