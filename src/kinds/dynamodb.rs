//! Key-value tables.

use super::record::{Drawn, Holds, Identity, Kind, Lock, Stepwise, Tier};

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "AWS::DynamoDB::GlobalTable",
        sets: &[
            ("AttributeDefinitions", "AttributeName"),
            ("GlobalSecondaryIndexes", "IndexName"),
            ("GlobalSecondaryIndexes.*.Projection.NonKeyAttributes", ""),
            ("Replicas", "Region"),
            ("Replicas.*.GlobalSecondaryIndexes", "IndexName"),
            ("Replicas.*.Tags", "Key"),
        ],
        defaults: &[("TimeToLiveSpecification.Enabled", "false")],
        // https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-globaltable.html
        stepwise: &[
            Stepwise {
                list: "GlobalSecondaryIndexes",
                entry: "IndexName",
                fixed: &["KeySchema", "Projection"],
                owned: &["WriteProvisionedThroughputSettings"],
            },
            Stepwise {
                list: "Replicas",
                entry: "Region",
                fixed: &[],
                owned: &[
                    "ReadProvisionedThroughputSettings",
                    "GlobalSecondaryIndexes.*.ReadProvisionedThroughputSettings",
                ],
            },
        ],
        // An attribute keeps its type as long as it is a key.
        fixed: &["AttributeDefinitions.*.AttributeType", "KeySchema"],
        drawn: Drawn::stores("DynamoDB global table"),
        endpoint: Some(("table", "TableName")),
        lock: Some(Lock::Each {
            list: "Replicas",
            flag: "DeletionProtectionEnabled",
        }),
        ..Kind::with(
            Tier::Data,
            Holds::Data,
            Identity::Items { list: "Replicas" },
            (20, 60, 15),
        )
    },
    Kind {
        name: "AWS::DynamoDB::Table",
        sets: &[("AttributeDefinitions", "AttributeName")],
        drawn: Drawn::stores("Amazon DynamoDB"),
        lock: Some(Lock::Flag("DeletionProtectionEnabled")),
        ..Kind::with(Tier::Data, Holds::Data, Identity::Tags, (12, 10, 8))
    },
];
