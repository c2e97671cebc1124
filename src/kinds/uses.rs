//! What a service does with a resource of the user's own: the IAM actions that its role gets, and the properties that its
//! environment contains.
//!
//! The actions are those of an application that reads and writes, never those that change or delete the resource itself.
//! Each is in its service's table of <https://docs.aws.amazon.com/service-authorization/latest/reference/>, with the
//! resource that it applies to.

/// The default actions and variables of a resource type.
#[derive(Debug)]
pub struct Use {
    /// The CloudFormation resource type.
    pub kind: &'static str,
    /// Environment variables: the end of the name, and the property.
    pub variables: &'static [(&'static str, &'static str)],
    /// What the role may do, and with what.
    pub grants: &'static [Grant],
    /// What the role may do with a KMS key of the user's own that encrypts the resource.
    pub key: &'static [&'static str],
}

/// Actions on ARNs.
#[derive(Debug)]
pub struct Grant {
    /// The IAM actions.
    pub actions: &'static [&'static str],
    /// The ARNs: text, the property that follows it, and more text.
    pub on: &'static [(&'static str, &'static str, &'static str)],
}

/// What an application does with the items of a table
/// (<https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html>).
const ITEMS: &[&str] = &[
    "dynamodb:BatchGetItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:DeleteItem",
    "dynamodb:DescribeStream",
    "dynamodb:DescribeTable",
    "dynamodb:GetItem",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:Scan",
    "dynamodb:UpdateItem",
];

/// A table's key, by the permissions of whoever reads and writes items
/// (<https://docs.aws.amazon.com/kms/latest/developerguide/services-dynamodb.html>).
const TABLE_KEY: &[&str] = &[
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
];

/// A key whose data keys encrypt what is written and decrypt what is read.
const DATA_KEY: &[&str] = &["kms:Decrypt", "kms:GenerateDataKey"];

/// Every resource type with default actions, by name.
pub const USES: &[Use] = &[
    Use {
        kind: "AWS::DynamoDB::GlobalTable",
        variables: &[("NAME", "TableName")],
        grants: &[Grant {
            actions: ITEMS,
            // Servers use the replica in their own region.
            on: &[
                ("arn:aws:dynamodb:*:*:table/", "TableName", ""),
                ("arn:aws:dynamodb:*:*:table/", "TableName", "/index/*"),
                ("arn:aws:dynamodb:*:*:table/", "TableName", "/stream/*"),
            ],
        }],
        key: TABLE_KEY,
    },
    Use {
        kind: "AWS::DynamoDB::Table",
        variables: &[("NAME", "TableName"), ("ARN", "Arn")],
        grants: &[Grant {
            actions: ITEMS,
            on: &[
                ("", "Arn", ""),
                ("", "Arn", "/index/*"),
                ("", "Arn", "/stream/*"),
            ],
        }],
        key: TABLE_KEY,
    },
    // https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html
    Use {
        kind: "AWS::Events::EventBus",
        variables: &[("NAME", "Name"), ("ARN", "Arn")],
        grants: &[Grant {
            actions: &["events:PutEvents"],
            on: &[("", "Arn", "")],
        }],
        // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-encryption-event-bus-cmkey.html
        key: &["kms:Decrypt", "kms:GenerateDataKey"],
    },
    // https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html
    Use {
        kind: "AWS::KMS::Key",
        variables: &[("ID", "KeyId"), ("ARN", "Arn")],
        grants: &[Grant {
            actions: &[
                "kms:Decrypt",
                "kms:DescribeKey",
                "kms:Encrypt",
                "kms:GenerateDataKey",
            ],
            on: &[("", "Arn", "")],
        }],
        key: &[],
    },
    // https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonkinesisdatastreams.html
    Use {
        kind: "AWS::Kinesis::Stream",
        variables: &[("NAME", "Name"), ("ARN", "Arn")],
        grants: &[Grant {
            actions: &[
                "kinesis:DescribeStreamSummary",
                "kinesis:GetRecords",
                "kinesis:GetShardIterator",
                "kinesis:ListShards",
                "kinesis:PutRecord",
                "kinesis:PutRecords",
            ],
            on: &[("", "Arn", "")],
        }],
        // https://docs.aws.amazon.com/streams/latest/dev/permissions-user-key-KMS.html
        key: DATA_KEY,
    },
    // https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
    Use {
        kind: "AWS::Lambda::Function",
        variables: &[("NAME", "FunctionName"), ("ARN", "Arn")],
        grants: &[Grant {
            actions: &["lambda:InvokeFunction"],
            on: &[("", "Arn", ""), ("", "Arn", ":*")],
        }],
        key: &[],
    },
    // https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
    Use {
        kind: "AWS::S3::Bucket",
        variables: &[("NAME", "BucketName"), ("ARN", "Arn")],
        grants: &[
            Grant {
                actions: &["s3:GetBucketLocation", "s3:ListBucket"],
                on: &[("", "Arn", "")],
            },
            Grant {
                actions: &[
                    "s3:AbortMultipartUpload",
                    "s3:DeleteObject",
                    "s3:GetObject",
                    "s3:PutObject",
                ],
                on: &[("", "Arn", "/*")],
            },
        ],
        // https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
        key: DATA_KEY,
    },
    // https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html
    Use {
        kind: "AWS::SNS::Topic",
        variables: &[("ARN", "TopicArn")],
        grants: &[Grant {
            actions: &["sns:Publish"],
            on: &[("", "TopicArn", "")],
        }],
        // https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
        key: DATA_KEY,
    },
    // https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html
    Use {
        kind: "AWS::SQS::Queue",
        variables: &[("URL", "QueueUrl"), ("ARN", "Arn")],
        grants: &[Grant {
            actions: &[
                "sqs:ChangeMessageVisibility",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:GetQueueUrl",
                "sqs:ReceiveMessage",
                "sqs:SendMessage",
            ],
            on: &[("", "Arn", "")],
        }],
        // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
        key: DATA_KEY,
    },
    // https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html
    Use {
        kind: "AWS::SSM::Parameter",
        variables: &[("NAME", "Name"), ("ARN", "Arn")],
        grants: &[Grant {
            actions: &["ssm:GetParameter", "ssm:GetParameters"],
            on: &[("", "Arn", "")],
        }],
        key: &[],
    },
    // https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html
    Use {
        kind: "AWS::SecretsManager::Secret",
        variables: &[("ARN", "Id")],
        grants: &[Grant {
            actions: &[
                "secretsmanager:DescribeSecret",
                "secretsmanager:GetSecretValue",
            ],
            on: &[("", "Id", "")],
        }],
        // https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
        key: &["kms:Decrypt"],
    },
    // https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsstepfunctions.html
    Use {
        kind: "AWS::StepFunctions::StateMachine",
        variables: &[("NAME", "Name"), ("ARN", "Arn")],
        grants: &[Grant {
            actions: &["states:StartExecution"],
            on: &[("", "Arn", "")],
        }],
        key: &[],
    },
];

/// The default actions and variables of a resource type, if it has any.
#[must_use]
pub fn of(kind: &str) -> Option<&'static Use> {
    USES.iter().find(|one| one.kind == kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Registry;

    #[test]
    fn every_entry_names_properties_of_its_resource_type() {
        assert!(USES.is_sorted_by(|a, b| a.kind < b.kind));
        for one in USES {
            let schema = Registry::embedded().kind(one.kind).unwrap();
            let of_grants = one.grants.iter().flat_map(|grant| grant.on);
            let paths = (one.variables.iter().map(|(_, path)| path))
                .chain(of_grants.map(|(_, path, _)| path));
            for path in paths {
                assert!(schema.shape_at(path).is_some(), "{}: {path}", one.kind);
            }
        }
    }

    #[test]
    fn no_grant_has_a_wildcard_action() {
        for one in USES {
            let grants = one.grants.iter().flat_map(|grant| grant.actions);
            for action in grants.chain(one.key) {
                assert!(!action.contains('*'), "{}: {action}", one.kind);
            }
        }
    }
}
