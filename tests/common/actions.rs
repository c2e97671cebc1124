//! From the operations that are called to the IAM actions that they need. The names differ here and
//! there; sources: each service's page of
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html>.

/// The prefix of a service's actions, by the SDK's name of the service and by its crate's, where it
/// is not that name in small letters.
const PREFIXES: &[(&str, &str)] = &[
    ("Auto Scaling", "autoscaling"),
    ("CloudControl", "cloudformation"),
    ("cloudcontrol", "cloudformation"),
    ("CloudWatch Logs", "logs"),
    ("cloudwatchlogs", "logs"),
    ("Elastic Load Balancing v2", "elasticloadbalancing"),
    ("elasticloadbalancingv2", "elasticloadbalancing"),
    ("Resource Groups Tagging API", "tag"),
    ("resourcegroupstagging", "tag"),
    ("Route 53", "route53"),
    ("Secrets Manager", "secretsmanager"),
];

/// Operations whose action has another name.
const RENAMED: &[(&str, &str)] = &[
    (
        "cloudfront:CreateDistributionWithTags",
        "cloudfront:CreateDistribution",
    ),
    (
        "s3:CreateBucketMetadataConfiguration",
        "s3:CreateBucketMetadataTableConfiguration",
    ),
    (
        "s3:DeleteBucketAnalyticsConfiguration",
        "s3:PutAnalyticsConfiguration",
    ),
    ("s3:DeleteBucketCors", "s3:PutBucketCORS"),
    ("s3:DeleteBucketEncryption", "s3:PutEncryptionConfiguration"),
    (
        "s3:DeleteBucketIntelligentTieringConfiguration",
        "s3:PutIntelligentTieringConfiguration",
    ),
    (
        "s3:DeleteBucketInventoryConfiguration",
        "s3:PutInventoryConfiguration",
    ),
    ("s3:DeleteBucketLifecycle", "s3:PutLifecycleConfiguration"),
    (
        "s3:DeleteBucketMetadataConfiguration",
        "s3:DeleteBucketMetadataTableConfiguration",
    ),
    (
        "s3:DeleteBucketMetricsConfiguration",
        "s3:PutMetricsConfiguration",
    ),
    (
        "s3:DeleteBucketReplication",
        "s3:PutReplicationConfiguration",
    ),
    ("s3:DeleteBucketTagging", "s3:PutBucketTagging"),
    (
        "s3:GetBucketAccelerateConfiguration",
        "s3:GetAccelerateConfiguration",
    ),
    ("s3:GetBucketCors", "s3:GetBucketCORS"),
    ("s3:GetBucketEncryption", "s3:GetEncryptionConfiguration"),
    (
        "s3:GetBucketLifecycleConfiguration",
        "s3:GetLifecycleConfiguration",
    ),
    (
        "s3:GetBucketMetadataConfiguration",
        "s3:GetBucketMetadataTableConfiguration",
    ),
    (
        "s3:GetBucketNotificationConfiguration",
        "s3:GetBucketNotification",
    ),
    ("s3:GetBucketReplication", "s3:GetReplicationConfiguration"),
    (
        "s3:GetObjectLockConfiguration",
        "s3:GetBucketObjectLockConfiguration",
    ),
    ("s3:GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock"),
    ("s3:HeadBucket", "s3:ListBucket"),
    (
        "s3:ListBucketAnalyticsConfigurations",
        "s3:GetAnalyticsConfiguration",
    ),
    (
        "s3:ListBucketIntelligentTieringConfigurations",
        "s3:GetIntelligentTieringConfiguration",
    ),
    (
        "s3:ListBucketInventoryConfigurations",
        "s3:GetInventoryConfiguration",
    ),
    (
        "s3:ListBucketMetricsConfigurations",
        "s3:GetMetricsConfiguration",
    ),
    ("s3:CopyObject", "s3:PutObject"),
    ("s3:ListBuckets", "s3:ListAllMyBuckets"),
    ("s3:ListObjectVersions", "s3:ListBucketVersions"),
    ("s3:ListObjectsV2", "s3:ListBucket"),
    (
        "s3:PutBucketAccelerateConfiguration",
        "s3:PutAccelerateConfiguration",
    ),
    (
        "s3:PutBucketAnalyticsConfiguration",
        "s3:PutAnalyticsConfiguration",
    ),
    ("s3:PutBucketCors", "s3:PutBucketCORS"),
    ("s3:PutBucketEncryption", "s3:PutEncryptionConfiguration"),
    (
        "s3:PutBucketIntelligentTieringConfiguration",
        "s3:PutIntelligentTieringConfiguration",
    ),
    (
        "s3:PutBucketInventoryConfiguration",
        "s3:PutInventoryConfiguration",
    ),
    (
        "s3:PutBucketLifecycleConfiguration",
        "s3:PutLifecycleConfiguration",
    ),
    (
        "s3:PutBucketMetricsConfiguration",
        "s3:PutMetricsConfiguration",
    ),
    (
        "s3:PutBucketNotificationConfiguration",
        "s3:PutBucketNotification",
    ),
    ("s3:PutBucketReplication", "s3:PutReplicationConfiguration"),
    (
        "s3:PutObjectLockConfiguration",
        "s3:PutBucketObjectLockConfiguration",
    ),
    ("s3:PutPublicAccessBlock", "s3:PutBucketPublicAccessBlock"),
];

/// The action that an operation of a service needs.
pub fn action_of(service: &str, operation: &str) -> String {
    let prefix = PREFIXES.iter().find(|(name, _)| *name == service);
    let prefix = prefix.map_or_else(
        || service.to_lowercase(),
        |(_, prefix)| (*prefix).to_owned(),
    );
    let name = format!("{prefix}:{operation}");
    match RENAMED.iter().find(|(from, _)| *from == name) {
        Some((_, action)) => (*action).to_owned(),
        None => name,
    }
}
