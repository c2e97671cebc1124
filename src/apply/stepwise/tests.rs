//! What calls an update takes, and what each leads to.

use super::*;

const TABLE: &str = "AWS::DynamoDB::GlobalTable";

fn map(json: serde_json::Value) -> Map {
    serde_json::from_value(json).unwrap()
}

fn table(keys: &[&str], regions: &[&str], indexes: &[&str]) -> Map {
    let attributes: Vec<_> = (keys.iter().chain(indexes))
        .map(|name| serde_json::json!({"AttributeName": name, "AttributeType": "S"}))
        .collect();
    let schema = |name: &str| serde_json::json!([{"AttributeName": name, "KeyType": "HASH"}]);
    let indexes: Vec<_> = (indexes.iter())
        .map(|name| serde_json::json!({"IndexName": format!("by_{name}"), "KeySchema": schema(name)}))
        .collect();
    let replicas: Vec<_> = (regions.iter())
        .map(|region| serde_json::json!({"Region": region}))
        .collect();
    let mut table = map(serde_json::json!({
        "AttributeDefinitions": attributes, "KeySchema": schema(keys[0]), "Replicas": replicas,
    }));
    if !indexes.is_empty() {
        table.insert("GlobalSecondaryIndexes", serde_json::json!(indexes).into());
    }
    if regions.len() > 1 {
        table.insert(
            "StreamSpecification",
            serde_json::json!({"StreamViewType": "NEW_AND_OLD_IMAGES"}).into(),
        );
    }
    table
}

/// What each call leads to: the replicas, the indexes, the attributes, and whether there is a stream.
fn told(live: &Map, wanted: &Map) -> Vec<String> {
    let changed: Vec<Arc<str>> = (wanted.iter().chain(live))
        .filter(|(name, _)| live.get(name) != wanted.get(name))
        .map(|(name, _)| name.clone())
        .collect();
    let mut now = live.clone();
    let each = calls(TABLE, live, wanted, &changed)
        .into_iter()
        .map(|call| {
            for name in &call.changed {
                match call.properties.get(name) {
                    Some(value) => now.insert(name.clone(), value.clone()),
                    None => now.remove(name),
                };
            }
            let joined = |list: &str, entry: &str| names(&now, list, entry).join(",");
            format!(
                "{} | {} | {} | {}",
                joined("Replicas", "Region"),
                joined("GlobalSecondaryIndexes", "IndexName"),
                joined("AttributeDefinitions", "AttributeName"),
                now.contains_key("StreamSpecification")
            )
        });
    let each = each.collect();
    assert_eq!(now, *wanted, "the last call leaves what is wanted");
    each
}

#[test]
fn one_addition_is_one_call() {
    let (live, wanted) = (
        table(&["id"], &["a"], &[]),
        table(&["id"], &["a", "b"], &[]),
    );
    assert_eq!(told(&live, &wanted), ["a,b |  | id | true"]);
}

#[test]
fn replicas_and_indexes_come_one_by_one() {
    let live = table(&["id"], &["a"], &[]);
    let wanted = table(&["id"], &["a", "b", "c"], &["x", "y"]);
    assert_eq!(
        told(&live, &wanted),
        [
            "a | by_x | id,x | true",
            "a | by_x,by_y | id,x,y | true",
            "a,b | by_x,by_y | id,x,y | true",
            "a,b,c | by_x,by_y | id,x,y | true",
        ]
    );
}

#[test]
fn a_stream_stays_until_the_last_replica_is_gone() {
    let live = table(&["id"], &["a", "b", "c"], &["x"]);
    let wanted = table(&["id"], &["a"], &[]);
    assert_eq!(
        told(&live, &wanted),
        [
            "a,b,c |  | id | true",
            "a,c |  | id | true",
            "a |  | id | false",
        ]
    );
}

#[test]
fn a_renamed_index_goes_before_the_new_one_comes() {
    let live = table(&["id"], &["a"], &["x"]);
    let wanted = table(&["id"], &["a"], &["y"]);
    assert_eq!(
        told(&live, &wanted),
        ["a |  | id | false", "a | by_y | id,y | false"]
    );
}

#[test]
fn an_index_with_another_key_is_removed_and_added() {
    let live = table(&["id"], &["a"], &["x"]);
    let mut wanted = table(&["id"], &["a"], &["y"]);
    let renamed = serde_json::to_string(&wanted)
        .unwrap()
        .replace("by_y", "by_x");
    wanted = map(serde_json::from_str(&renamed).unwrap());
    assert_eq!(
        told(&live, &wanted),
        ["a |  | id | false", "a | by_x | id,y | false"]
    );
}

const UNITS: &str = "ReadProvisionedThroughputSettings";

/// What each call changes, and the value of `list` after it.
fn each(live: &Map, wanted: &Map, changed: &[&str], list: &str) -> Vec<(String, String)> {
    let changed: Vec<Arc<str>> = changed.iter().map(|name| Arc::from(*name)).collect();
    let calls = calls(TABLE, live, wanted, &changed).into_iter();
    let told = calls.map(|call| {
        let value = call.properties.get(list).map(ToString::to_string);
        (call.changed.join(","), value.unwrap_or_default())
    });
    told.collect()
}

/// A table with capacity that is provisioned for its replica and each index.
fn provisioned(indexes: &[&str]) -> Map {
    let mut table = table(&["id"], &["a"], indexes);
    let named = indexes.iter().map(|name| {
        serde_json::json!({"IndexName": format!("by_{name}"), UNITS: {"ReadCapacityUnits": 1}})
    });
    let replica = serde_json::json!([{
        "Region": "a", UNITS: {"ReadCapacityUnits": 1},
        "GlobalSecondaryIndexes": named.collect::<Vec<_>>(),
    }]);
    table.insert("Replicas", replica.into());
    table
}

#[test]
fn replicas_follow_an_index_that_goes_and_capacity_that_goes() {
    let lists = ["AttributeDefinitions", "GlobalSecondaryIndexes"];
    let live = provisioned(&["x"]);
    let mut wanted = provisioned(&[]);
    let replica = serde_json::json!([{"Region": "a", UNITS: {"ReadCapacityUnits": 1}}]);
    wanted.insert("Replicas", replica.into());
    let told = each(&live, &wanted, &lists, "Replicas");
    assert_eq!(told.len(), 1);
    assert!(told[0].0.ends_with(",Replicas"), "{told:?}");
    let on_demand = table(&["id"], &["a"], &["x"]);
    let told = each(&live, &on_demand, &["BillingMode"], "Replicas");
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].0, "BillingMode,Replicas");
    // What AWS adds to a replica by itself changes nothing.
    let told = each(&on_demand, &on_demand, &["SSESpecification"], "Replicas");
    assert_eq!(told[0].0, "SSESpecification");
}

#[test]
fn settings_of_an_index_are_not_sent_without_capacity_while_another_index_comes() {
    let live = provisioned(&["x"]);
    let wanted = table(&["id"], &["a"], &["x", "y", "z"]);
    let lists = [
        "AttributeDefinitions",
        "BillingMode",
        "GlobalSecondaryIndexes",
    ];
    let told = each(&live, &wanted, &lists, "Replicas");
    assert_eq!(told.len(), 2);
    assert!(
        told.iter().all(|(_, replicas)| !replicas.contains(UNITS)),
        "{told:?}"
    );
    assert!(told[0].0.contains("BillingMode"), "{told:?}");
}

#[test]
fn the_protection_of_a_replica_goes_before_the_replica() {
    let locked = |regions: &[&str]| {
        let mut table = table(&["id"], regions, &[]);
        let replicas = regions
            .iter()
            .map(|region| serde_json::json!({"Region": region, "DeletionProtectionEnabled": true}));
        table.insert(
            "Replicas",
            serde_json::json!(replicas.collect::<Vec<_>>()).into(),
        );
        table
    };
    let (live, wanted) = (locked(&["a", "b"]), locked(&["a"]));
    let told = each(
        &live,
        &wanted,
        &["Replicas", "StreamSpecification"],
        "Replicas",
    );
    let of = |on: bool, region: &str| {
        Value::from(serde_json::json!({"Region": region, "DeletionProtectionEnabled": on}))
    };
    let both = Value::list([of(true, "a"), of(false, "b")]).to_string();
    assert_eq!(told[0], ("Replicas".to_owned(), both));
    let one = Value::list([of(true, "a")]).to_string();
    assert_eq!(told[1], ("Replicas,StreamSpecification".to_owned(), one));
    assert_eq!(told.len(), 2);
}

#[test]
fn another_attribute_of_expiry_takes_two_calls_and_none_takes_its_name() {
    let by = |name: Option<&str>, on: bool| {
        let mut table = table(&["id"], &["a"], &[]);
        let mut expiry = serde_json::json!({"Enabled": on});
        if let Some(name) = name {
            expiry["AttributeName"] = name.into();
        }
        table.insert(EXPIRY, expiry.into());
        table
    };
    let text = |name: &str, on: bool| by(Some(name), on).get(EXPIRY).unwrap().to_string();
    let live = by(Some("ends"), true);
    let values = |wanted: &Map| -> Vec<String> {
        let told = each(&live, wanted, &[EXPIRY], EXPIRY).into_iter();
        told.map(|(_, value)| value).collect()
    };
    let another = by(Some("until"), true);
    assert_eq!(values(&another), [text("ends", false), text("until", true)]);
    assert_eq!(values(&by(None, false)), [text("ends", false)]);
}
