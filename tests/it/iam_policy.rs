//! `schemas/actions.txt` against what can be called at all: `schemas/operations.txt` names every
//! operation that the AWS provider is bound to. What is called in fact, `tests/wire.rs` holds against
//! what each step of the examples needs.
#![cfg(feature = "aws")]

use std::collections::BTreeSet;

use crate::actions::action_of;
use crate::common::root;
use scalectl::kinds::actions::{
    Need, of_doctor, of_every_change, of_every_run, of_files, of_kind, of_logs, of_migration,
    of_properties,
};
use scalectl::schema::Registry;
use scalectl::value::{Map, Value};

/// Actions that AWS's services take in the caller's name, so that nobody here calls them.
const ON_BEHALF: &[(&str, &str)] = &[
    (
        "application-autoscaling:DeleteScalingPolicy",
        "Cloud Control, for global tables",
    ),
    (
        "application-autoscaling:DeregisterScalableTarget",
        "Cloud Control, for global tables",
    ),
    (
        "application-autoscaling:DescribeScalableTargets",
        "Cloud Control, for global tables",
    ),
    (
        "application-autoscaling:DescribeScalingPolicies",
        "Cloud Control, for global tables",
    ),
    (
        "application-autoscaling:PutScalingPolicy",
        "Cloud Control, for global tables",
    ),
    (
        "application-autoscaling:RegisterScalableTarget",
        "Cloud Control, for global tables",
    ),
    ("backup-storage:MountCapsule", "CreateBackupVault"),
    ("cassandra:Alter", "Cloud Control, for Keyspaces"),
    ("cassandra:Create", "Cloud Control, for Keyspaces"),
    ("cassandra:Drop", "Cloud Control, for Keyspaces"),
    ("cassandra:Modify", "Cloud Control, for Keyspaces"),
    ("cassandra:Select", "Cloud Control, for Keyspaces"),
    (
        "cassandra:SelectMultiRegionResource",
        "Cloud Control, for Keyspaces",
    ),
    ("cassandra:TagResource", "Cloud Control, for Keyspaces"),
    ("cassandra:UntagResource", "Cloud Control, for Keyspaces"),
    (
        "dlm:CreateLifecyclePolicy",
        "Cloud Control, for lifecycle policies",
    ),
    (
        "dlm:DeleteLifecyclePolicy",
        "Cloud Control, for lifecycle policies",
    ),
    (
        "dlm:GetLifecyclePolicies",
        "Cloud Control, for lifecycle policies",
    ),
    (
        "dlm:GetLifecyclePolicy",
        "Cloud Control, for lifecycle policies",
    ),
    ("dlm:TagResource", "Cloud Control, for lifecycle policies"),
    ("dlm:UntagResource", "Cloud Control, for lifecycle policies"),
    (
        "dlm:UpdateLifecyclePolicy",
        "Cloud Control, for lifecycle policies",
    ),
    (
        "dynamodb:BatchWriteItem",
        "Cloud Control, for global tables",
    ),
    ("dynamodb:CreateTable", "Cloud Control, for global tables"),
    (
        "dynamodb:CreateTableReplica",
        "Cloud Control, for global tables",
    ),
    ("dynamodb:DeleteItem", "Cloud Control, for global tables"),
    ("dynamodb:DeleteTable", "Cloud Control, for global tables"),
    (
        "dynamodb:DeleteTableReplica",
        "Cloud Control, for global tables",
    ),
    (
        "dynamodb:DescribeContinuousBackups",
        "Cloud Control, for global tables",
    ),
    (
        "dynamodb:DescribeContributorInsights",
        "Cloud Control, for global tables",
    ),
    (
        "dynamodb:DescribeKinesisStreamingDestination",
        "Cloud Control, for global tables",
    ),
    ("dynamodb:DescribeTable", "Cloud Control, for global tables"),
    (
        "dynamodb:DescribeTableReplicaAutoScaling",
        "Cloud Control, for global tables",
    ),
    (
        "dynamodb:DescribeTimeToLive",
        "Cloud Control, for global tables",
    ),
    ("dynamodb:GetItem", "Cloud Control, for global tables"),
    (
        "dynamodb:GetResourcePolicy",
        "Cloud Control, for global tables",
    ),
    ("dynamodb:ListTables", "Cloud Control, for global tables"),
    (
        "dynamodb:ListTagsOfResource",
        "Cloud Control, for global tables",
    ),
    ("dynamodb:PutItem", "Cloud Control, for global tables"),
    ("dynamodb:Query", "Cloud Control, for global tables"),
    ("dynamodb:Scan", "Cloud Control, for global tables"),
    ("dynamodb:TagResource", "Cloud Control, for global tables"),
    ("dynamodb:UntagResource", "Cloud Control, for global tables"),
    (
        "dynamodb:UpdateContinuousBackups",
        "Cloud Control, for global tables",
    ),
    (
        "dynamodb:UpdateContributorInsights",
        "Cloud Control, for global tables",
    ),
    ("dynamodb:UpdateItem", "Cloud Control, for global tables"),
    ("dynamodb:UpdateTable", "Cloud Control, for global tables"),
    (
        "dynamodb:UpdateTableReplicaAutoScaling",
        "Cloud Control, for global tables",
    ),
    (
        "dynamodb:UpdateTimeToLive",
        "Cloud Control, for global tables",
    ),
    (
        "elasticache:CreateCacheParameterGroup",
        "Cloud Control, for caches",
    ),
    (
        "elasticache:CreateServerlessCache",
        "Cloud Control, for caches",
    ),
    (
        "elasticache:DeleteCacheParameterGroup",
        "Cloud Control, for caches",
    ),
    (
        "elasticache:DeleteServerlessCache",
        "Cloud Control, for caches",
    ),
    (
        "elasticache:DescribeCacheParameterGroups",
        "Cloud Control, for caches",
    ),
    (
        "elasticache:DescribeCacheParameters",
        "Cloud Control, for caches",
    ),
    (
        "elasticache:DescribeEngineDefaultParameters",
        "Cloud Control, for caches",
    ),
    (
        "elasticache:DescribeServerlessCaches",
        "Cloud Control, for caches",
    ),
    (
        "elasticache:ModifyCacheParameterGroup",
        "Cloud Control, for caches",
    ),
    (
        "elasticache:ModifyServerlessCache",
        "Cloud Control, for caches",
    ),
    (
        "iam:CreateServiceLinkedRole",
        "the first group, balancer, database, cluster or log of an account",
    ),
    ("iam:PassRole", "whatever is given a role"),
    ("kms:CreateGrant", "CreateBackupVault, CreateDBInstance"),
    ("kms:Decrypt", "CreateBackupVault"),
    ("kms:DescribeKey", "CreateBackupVault, CreateDBInstance"),
    ("kms:GenerateDataKey", "CreateBackupVault"),
    ("kms:RetireGrant", "CreateBackupVault"),
    (
        "logs:CreateLogDelivery",
        "CreateFlowLogs, PutLoggingConfiguration",
    ),
    (
        "logs:DeleteLogDelivery",
        "DeleteFlowLogs, DeleteLoggingConfiguration",
    ),
    (
        "rds:CreateDBSnapshot",
        "DeleteDBInstance with a final snapshot",
    ),
    (
        "s3:GetBucketAcl",
        "CreateDistribution with logs in a bucket",
    ),
    ("s3:GetObject", "CopyObject"),
    ("s3:GetObjectTagging", "CopyObject"),
    ("s3:PutObjectTagging", "CopyObject"),
    ("s3:TagResource", "CreateBucket with tags"),
    ("sqs:CreateQueue", "Cloud Control, for queues"),
    ("sqs:DeleteQueue", "Cloud Control, for queues"),
    ("sqs:GetQueueAttributes", "Cloud Control, for queues"),
    ("sqs:GetQueueUrl", "Cloud Control, for queues"),
    ("sqs:ListQueueTags", "Cloud Control, for queues"),
    ("sqs:ListQueues", "Cloud Control, for queues"),
    ("sqs:SetQueueAttributes", "Cloud Control, for queues"),
    ("sqs:TagQueue", "Cloud Control, for queues"),
    ("sqs:UntagQueue", "Cloud Control, for queues"),
    ("wafv2:AssociateWebACL", "CreateDistribution with a web ACL"),
];

/// The actions of every operation that can be called.
fn bound() -> BTreeSet<String> {
    let text = std::fs::read_to_string(root().join("schemas/operations.txt")).unwrap();
    text.lines()
        .flat_map(|line| {
            let mut words = line.split_whitespace();
            let service = words.next().unwrap_or_default().to_owned();
            words
                .map(move |operation| action_of(&service, operation))
                .collect::<Vec<_>>()
        })
        .collect()
}

/// Every action of the table.
fn named() -> BTreeSet<String> {
    let needs = [Need::Read, Need::Create, Need::Update, Need::Delete];
    let kinds = Registry::embedded().names();
    let of_kinds =
        kinds.flat_map(|kind| needs.map(|need| of_kind(kind, need).cloned().collect::<Vec<_>>()));
    let mut named: BTreeSet<String> = of_kinds
        .flatten()
        .map(|action| action.to_string())
        .collect();
    let others = of_every_run()
        .chain(of_every_change())
        .chain(of_doctor())
        .chain(of_migration())
        .chain(of_logs())
        .chain(of_files());
    named.extend(others.map(ToString::to_string));
    let mut secret = Map::new();
    secret.insert("A", Value::str("{{resolve:secretsmanager:x}}"));
    named.extend(of_properties(&secret).map(ToString::to_string));
    named
}

#[test]
fn every_operation_that_can_be_called_is_somebodys_action() {
    let missing: Vec<String> = bound().difference(&named()).cloned().collect();
    assert!(
        missing.is_empty(),
        "not in schemas/actions.txt: {missing:#?}"
    );
}

#[test]
fn every_action_is_called_or_taken_by_a_service_in_our_name() {
    let bound = bound();
    let idle: Vec<String> = named().difference(&bound).cloned().collect();
    let expected: Vec<&str> = ON_BEHALF.iter().map(|(action, _)| *action).collect();
    assert_eq!(
        idle, expected,
        "what nobody calls has to go, or to say who takes it"
    );
}
