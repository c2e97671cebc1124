//! What DynamoDB refuses of a table.

use super::*;

const TABLE: &str = "AWS::DynamoDB::GlobalTable";
const AT: &str = "us-east-1/table";

/// A table that DynamoDB takes, after `change`.
fn table(change: impl Fn(&mut Json)) -> Json {
    let mut table = json!({
        "TableName": "carts", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "Replicas": [{"Region": "us-east-1"}],
    });
    change(&mut table);
    table
}

fn index(name: &str, key: &str) -> Json {
    json!({
        "IndexName": name, "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    })
}

fn attributes(names: &[&str]) -> Json {
    let one = |name: &&str| json!({"AttributeName": name, "AttributeType": "S"});
    names.iter().map(one).collect()
}

/// A table with these indexes, each by a key of its name.
fn indexed(names: &[&str]) -> Json {
    table(|table| {
        let keys: Vec<&str> = ["id"].into_iter().chain(names.iter().copied()).collect();
        table["AttributeDefinitions"] = attributes(&keys);
        let indexes = names.iter().map(|name| index(&format!("by_{name}"), name));
        table["GlobalSecondaryIndexes"] = indexes.collect();
    })
}

#[test]
fn keys_indexes_capacity_and_replicas_fit_together() {
    let many: Vec<String> = (0..21).map(|number| format!("k{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let wrong = [
        (
            table(|t| t["TableName"] = json!("ab")),
            "at least 3 letters",
        ),
        (
            table(|t| t["KeySchema"][0]["KeyType"] = json!("RANGE")),
            "the first element must be a HASH key",
        ),
        (
            table(|t| {
                t["KeySchema"] = json!([
                    {"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "id", "KeyType": "RANGE"},
                ]);
            }),
            "have the same name: id",
        ),
        (
            table(|t| t["GlobalSecondaryIndexes"] = json!([index("by_x", "x")])),
            "not defined in AttributeDefinitions. Keys: [x]",
        ),
        (
            table(|t| t["AttributeDefinitions"] = attributes(&["id", "x"])),
            "Some AttributeDefinitions are not used. AttributeDefinitions: [x]",
        ),
        (indexed(&many), "exceeds the per-table limit of 20"),
        (
            table(|t| {
                t["AttributeDefinitions"] = attributes(&["id", "x"]);
                t["GlobalSecondaryIndexes"] = json!([index("by_x", "x"), index("by_x", "id")]);
            }),
            "Duplicate index name: by_x",
        ),
        (
            table(|t| {
                let mut index = index("by_id", "id");
                index["Projection"] = json!({"ProjectionType": "INCLUDE"});
                t["GlobalSecondaryIndexes"] = json!([index]);
            }),
            "must be specified if ProjectionType is INCLUDE",
        ),
        (
            table(|t| t["BillingMode"] = json!("PROVISIONED")),
            "must be specified for the table",
        ),
        (
            table(|t| {
                t["Replicas"][0]["ReadProvisionedThroughputSettings"] =
                    json!({"ReadCapacityUnits": 5})
            }),
            "must not be specified for us-east-1",
        ),
        (
            table(|t| t["Replicas"] = json!([{"Region": "eu-west-1"}])),
            "must include one in us-east-1",
        ),
        (
            table(|t| t["Replicas"] = json!([{"Region": "us-east-1"}, {"Region": "eu-west-1"}])),
            "must have a stream",
        ),
        (
            table(|t| {
                t["TimeToLiveSpecification"] = json!({"AttributeName": "id", "Enabled": true})
            }),
            "TimeToLive cannot be enabled on id",
        ),
    ];
    for (properties, words) in wrong {
        let mut account = Account::new();
        let error = account.create(AT, TABLE, properties).unwrap_err();
        assert!(error.message.contains(words), "{words}: {error}");
    }
    Account::new().made(AT, TABLE, table(|_| ()));
    Account::new().made(AT, TABLE, indexed(&many[..20]));
}

#[test]
fn an_update_adds_or_removes_one_index_or_replica() {
    let mut account = Account::new();
    let made = account.made(AT, TABLE, table(|_| ()));
    let error = account
        .change(AT, TABLE, &made, indexed(&["x", "y"]))
        .unwrap_err();
    assert_eq!(error.code, "LimitExceededException");
    account.change(AT, TABLE, &made, indexed(&["x"])).unwrap();
    account
        .change(AT, TABLE, &made, indexed(&["x", "y"]))
        .unwrap();
    let mut moved = indexed(&["x", "y"]);
    moved["GlobalSecondaryIndexes"][0]["Projection"] = json!({"ProjectionType": "KEYS_ONLY"});
    let error = account.change(AT, TABLE, &made, moved).unwrap_err();
    assert!(
        error.message.contains("index by_x cannot be changed"),
        "{error}"
    );
    let spread = |regions: &[&str]| {
        let mut table = indexed(&["x", "y"]);
        let replicas = regions.iter().map(|region| json!({"Region": region}));
        table["Replicas"] = replicas.collect();
        table["StreamSpecification"] = json!({"StreamViewType": "NEW_AND_OLD_IMAGES"});
        table
    };
    let all = ["us-east-1", "eu-west-1", "eu-central-1"];
    let error = account.change(AT, TABLE, &made, spread(&all)).unwrap_err();
    assert_eq!(error.code, "LimitExceededException");
    account.change(AT, TABLE, &made, spread(&all[..2])).unwrap();
    account.change(AT, TABLE, &made, spread(&all)).unwrap();
}

#[test]
fn a_name_exists_once_in_each_region_of_a_table() {
    let mut account = Account::new();
    account.made(
        AT,
        TABLE,
        table(|t| {
            t["Replicas"] = json!([{"Region": "us-east-1"}, {"Region": "eu-west-1"}]);
            t["StreamSpecification"] = json!({"StreamViewType": "NEW_AND_OLD_IMAGES"});
        }),
    );
    let there = table(|t| t["Replicas"][0]["Region"] = json!("eu-west-1"));
    let error = account.create("eu-west-1/other", TABLE, there).unwrap_err();
    assert_eq!(error.code, "ResourceInUseException");
    let elsewhere = table(|t| t["Replicas"][0]["Region"] = json!("eu-central-1"));
    account.made("eu-central-1/other", TABLE, elsewhere);
}

#[test]
fn a_protected_replica_keeps_its_table() {
    let mut account = Account::new();
    let protected = table(|t| t["Replicas"][0]["DeletionProtectionEnabled"] = json!(true));
    let made = account.made(AT, TABLE, protected);
    let error = account.delete(AT, TABLE, &made).unwrap_err();
    assert_eq!(error.code, "OperationNotPermitted");
    account.change(AT, TABLE, &made, table(|_| ())).unwrap();
    account.delete(AT, TABLE, &made).unwrap();
}

#[test]
fn a_protected_replica_goes_once_its_protection_is_off() {
    let mut account = Account::new();
    let spread = |regions: &[(&str, bool)]| {
        table(|t| {
            t["StreamSpecification"] = json!({"StreamViewType": "NEW_AND_OLD_IMAGES"});
            let one = |(region, on): &(&str, bool)| json!({"Region": region, "DeletionProtectionEnabled": on});
            t["Replicas"] = regions.iter().map(one).collect();
        })
    };
    let (here, there) = (("us-east-1", true), "eu-west-1");
    let made = account.made(AT, TABLE, spread(&[here, (there, true)]));
    let error = account
        .change(AT, TABLE, &made, spread(&[here]))
        .unwrap_err();
    assert_eq!(error.code, "OperationNotPermitted");
    assert!(error.message.contains(there), "{error}");
    let open = spread(&[here, (there, false)]);
    account.change(AT, TABLE, &made, open).unwrap();
    account.change(AT, TABLE, &made, spread(&[here])).unwrap();
}

#[test]
fn expiry_is_off_before_another_attribute_is_named() {
    let expires = |expiry: Json| table(|t| t["TimeToLiveSpecification"] = expiry.clone());
    let by = |name: &str, on: bool| expires(json!({"AttributeName": name, "Enabled": on}));
    let mut account = Account::new();
    let made = account.made(AT, TABLE, by("ends", true));
    let error = account
        .change(AT, TABLE, &made, by("until", true))
        .unwrap_err();
    assert!(
        error.message.contains("current AttributeName is ends"),
        "{error}"
    );
    let nameless = expires(json!({"Enabled": false}));
    let error = account
        .change(AT, TABLE, &made, nameless.clone())
        .unwrap_err();
    assert!(error.message.contains("must be specified"), "{error}");
    account.change(AT, TABLE, &made, by("ends", false)).unwrap();
    account.change(AT, TABLE, &made, nameless).unwrap();
    account.change(AT, TABLE, &made, by("until", true)).unwrap();
}

#[test]
fn a_keyspace_keeps_its_regions_and_a_table_its_columns() {
    let (keyspace, table) = ("AWS::Cassandra::Keyspace", "AWS::Cassandra::Table");
    let spread = |regions: Json| {
        json!({
            "KeyspaceName": "arcade", "ClientSideTimestampsEnabled": true,
            "ReplicationSpecification": {"ReplicationStrategy": "MULTI_REGION", "RegionList": regions},
        })
    };
    let mut account = Account::new();
    let alone = json!({"KeyspaceName": "arcade", "ReplicationSpecification": {"ReplicationStrategy": "SINGLE_REGION"}});
    let made = account.made(AT, keyspace, alone);
    let mut unstamped = spread(json!(["us-east-1", "eu-west-1"]));
    unstamped["ClientSideTimestampsEnabled"] = json!(false);
    let error = account.change(AT, keyspace, &made, unstamped).unwrap_err();
    assert!(error.message.contains("client-side timestamps"), "{error}");
    let elsewhere = spread(json!(["eu-west-1", "eu-central-1"]));
    assert!(account.change(AT, keyspace, &made, elsewhere).is_err());
    let all = spread(json!(["us-east-1", "eu-west-1", "eu-central-1"]));
    account.change(AT, keyspace, &made, all).unwrap();
    let fewer = spread(json!(["us-east-1", "eu-west-1"]));
    let error = account.change(AT, keyspace, &made, fewer).unwrap_err();
    assert!(error.message.contains("cannot be removed"), "{error}");

    let columns = |regular: Json| {
        json!({
            "KeyspaceName": "arcade", "TableName": "replays", "RegularColumns": regular,
            "PartitionKeyColumns": [{"ColumnName": "game", "ColumnType": "text"}],
        })
    };
    let rating = json!({"ColumnName": "rating", "ColumnType": "int"});
    let twice = columns(json!([{"ColumnName": "game", "ColumnType": "int"}]));
    let error = account.create(AT, table, twice).unwrap_err();
    assert!(
        error.message.contains("Duplicate column name game"),
        "{error}"
    );
    let lost = json!({"KeyspaceName": "none", "TableName": "x1", "PartitionKeyColumns": []});
    assert!(account.create(AT, table, lost).is_err());
    let id = account.made(AT, table, columns(json!([rating])));
    let more = columns(json!([rating, {"ColumnName": "player", "ColumnType": "text"}]));
    account.change(AT, table, &id, more).unwrap();
    let error = account
        .change(AT, table, &id, columns(json!([rating])))
        .unwrap_err();
    assert!(error.message.contains("column player"), "{error}");
    let error = account.delete(AT, keyspace, &made).unwrap_err();
    assert_eq!(error.code, "DependencyViolation");
}
