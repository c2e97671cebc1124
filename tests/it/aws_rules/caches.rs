//! What ElastiCache refuses of a cache, and SQS of a queue.

use super::*;

const GROUP: &str = "AWS::ElastiCache::ReplicationGroup";
const PARAMETERS: &str = "AWS::ElastiCache::ParameterGroup";
const SERVERLESS: &str = "AWS::ElastiCache::ServerlessCache";
const QUEUE: &str = "AWS::SQS::Queue";

/// A group of two nodes that ElastiCache takes, after `change`.
fn group(change: impl Fn(&mut Json)) -> Json {
    let mut group = json!({
        "ReplicationGroupId": "carts", "ReplicationGroupDescription": "x", "Engine": "valkey", "EngineVersion": "8.0",
        "CacheNodeType": "cache.m7g.large", "NumCacheClusters": 2, "AutomaticFailoverEnabled": true, "MultiAZEnabled": true,
    });
    change(&mut group);
    group
}

fn parameters(family: &str, properties: Json) -> Json {
    json!({"CacheParameterGroupFamily": family, "Description": "x", "Properties": properties})
}

#[test]
fn failover_needs_replicas_and_durability_a_sharded_cluster() {
    for (wrong, why) in [
        (group(|g| g["NumCacheClusters"] = json!(1)), "with one node"),
        (
            group(|g| g["AutomaticFailoverEnabled"] = json!(false)),
            "must be enabled for Multi-AZ",
        ),
        (
            group(|g| g["Durability"] = json!("sync")),
            "requires cluster mode",
        ),
    ] {
        let refused = Account::new().create("us-east-1/cache", GROUP, wrong);
        let refused = refused.unwrap_err();
        assert_eq!(refused.code, "InvalidParameterCombination");
        assert!(refused.message.contains(why), "{}", refused.message);
    }
    Account::new().made("us-east-1/cache", GROUP, group(|_| ()));
}

#[test]
fn parameters_are_those_of_their_family_and_fit_the_engine() {
    let mut account = Account::new();
    for wrong in [
        parameters("valkey99", json!({})),
        parameters("valkey8", json!({"maxmemory-policy": "lru"})),
        parameters("valkey8", json!({"appendonly": "yes"})),
        parameters("memcached1.6", json!({"maxmemory-policy": "noeviction"})),
    ] {
        let refused = account.create("us-east-1/p", PARAMETERS, wrong);
        assert_eq!(code(refused), "InvalidParameterValue");
    }
    let evicts = json!({"maxmemory-policy": "allkeys-lfu"});
    let redis = account.made(
        "us-east-1/p",
        PARAMETERS,
        parameters("redis7", evicts.clone()),
    );
    let named = |name: &Arc<str>| group(|g| g["CacheParameterGroupName"] = json!(&**name));
    let refused = account.create("us-east-1/cache", GROUP, named(&redis));
    assert!(refused.unwrap_err().message.contains("family valkey8"));
    let valkey = account.made("us-east-1/q", PARAMETERS, parameters("valkey8", evicts));
    account.made("us-east-1/cache", GROUP, named(&valkey));
    let refused = account.delete("us-east-1/q", PARAMETERS, &valkey);
    assert!(refused.is_err(), "a group in use stays");
}

#[test]
fn a_serverless_cache_has_two_or_three_subnets_and_a_major_version() {
    let mut account = Account::new();
    let (_, a, b) = account.network();
    let serverless = |engine: &str, version: &str, subnets: Json| json!({"ServerlessCacheName": "carts", "Engine": engine, "MajorEngineVersion": version, "SubnetIds": subnets});
    for wrong in [
        serverless("valkey", "8", json!([&*a])),
        serverless("valkey", "8.0", json!([&*a, &*b])),
        serverless("mongo", "8", json!([&*a, &*b])),
    ] {
        let refused = account.create("us-east-1/cache", SERVERLESS, wrong);
        assert_eq!(code(refused), "InvalidParameterValue");
    }
    let fits = serverless("memcached", "1.6", json!([&*a, &*b]));
    account.made("us-east-1/cache", SERVERLESS, fits);
}

#[test]
fn a_queue_of_writes_ends_in_fifo_and_has_dead_letters_of_its_type() {
    let mut account = Account::new();
    for wrong in [
        json!({"QueueName": "writes", "FifoQueue": true}),
        json!({"QueueName": "writes.fifo"}),
        json!({"QueueName": "a writes"}),
        json!({"QueueName": "writes", "DeduplicationScope": "queue"}),
        json!({"QueueName": "w.fifo", "FifoQueue": true, "FifoThroughputLimit": "perMessageGroupId"}),
        json!({"QueueName": "w", "SqsManagedSseEnabled": true, "KmsMasterKeyId": "alias/aws/sqs"}),
        json!({"QueueName": "w", "RedrivePolicy": {"deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:none", "maxReceiveCount": 5}}),
    ] {
        let refused = account.create("us-east-1/q", QUEUE, wrong);
        assert_eq!(code(refused), "InvalidParameterValue");
    }
    account.made(
        "us-east-1/dead",
        QUEUE,
        json!({"QueueName": "dead.fifo", "FifoQueue": true}),
    );
    let arn = "arn:aws:sqs:us-east-1:123456789012:dead.fifo";
    let policy = |times: u32| json!({"deadLetterTargetArn": arn, "maxReceiveCount": times});
    for wrong in [
        json!({"QueueName": "writes", "RedrivePolicy": policy(5)}),
        json!({"QueueName": "writes.fifo", "FifoQueue": true, "RedrivePolicy": policy(0)}),
    ] {
        let refused = account.create("us-east-1/q", QUEUE, wrong);
        assert_eq!(code(refused), "InvalidParameterValue");
    }
    let fits = json!({"QueueName": "writes.fifo", "FifoQueue": true, "RedrivePolicy": policy(5)});
    let url = account.made("us-east-1/q", QUEUE, fits);
    assert_eq!(
        &*url,
        "https://sqs.us-east-1.amazonaws.com/123456789012/writes.fifo"
    );
}
