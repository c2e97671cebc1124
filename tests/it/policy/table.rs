//! One break for each rule: what is done to a graph that passes so that this rule, and no other, finds something.

use scalectl::graph::{Graph, Resource};
use scalectl::spec::Stage;
use scalectl::value::{Map, Value};
use serde_json::{Value as Json, json};

/// What is done to a graph that passes.
pub(super) enum Break {
    /// A property gets another value.
    Set(&'static str, &'static str, Json),
    /// A property goes.
    Unset(&'static str, &'static str),
    /// A resource goes.
    Drop(&'static str),
    /// A resource stands there a second time, under an address that no exception names.
    Copy(&'static str, &'static str),
    /// A resource that no blueprint has.
    Add(&'static str, &'static str, Json),
}

use Break::{Add, Copy, Drop, Set, Unset};

impl Break {
    pub(super) fn done_to(&self, graph: &mut Graph) {
        let resource = |graph: &mut Graph, address: &str| -> Resource {
            let found = graph.resources.remove(&address.parse().unwrap());
            found.unwrap_or_else(|| panic!("there is no {address}"))
        };
        let changed = match self {
            Drop(address) => {
                resource(graph, address);
                return;
            }
            Set(address, path, json) => {
                let mut changed = resource(graph, address);
                set(
                    &mut changed.properties,
                    path,
                    Some(Value::from(json.clone())),
                );
                changed
            }
            Unset(address, path) => {
                let mut changed = resource(graph, address);
                set(&mut changed.properties, path, None);
                changed
            }
            Copy(address, second) => Resource {
                address: second.parse().unwrap(),
                ..graph.get(&address.parse().unwrap()).unwrap().clone()
            },
            Add(address, kind, properties) => Resource {
                address: address.parse().unwrap(),
                kind: (*kind).into(),
                tier: "compute".into(),
                role: None,
                properties: serde_json::from_value(properties.clone()).unwrap(),
                after: Vec::new(),
                lifecycle: Default::default(),
                ready_when: Vec::new(),
            },
        };
        graph.resources.insert(changed.address.clone(), changed);
    }
}

/// Sets what a dotted path leads to, or takes it away; it has to be there, or its parent has.
fn set(properties: &mut Map, path: &str, to: Option<Value>) {
    let (parents, last) = match path.rsplit_once('.') {
        Some((parents, last)) => (Some(parents), last),
        None => (None, path),
    };
    let mut whole = Value::Map(std::mem::take(properties));
    let mut value = &mut whole;
    for step in parents.into_iter().flat_map(|parents| parents.split('.')) {
        value = match value {
            Value::Map(map) => map
                .get_mut(step)
                .unwrap_or_else(|| panic!("no {step} in {path}")),
            Value::List(items) => &mut items[step.parse::<usize>().unwrap()],
            other => panic!("{path} ends at {other}"),
        };
    }
    match (value, to) {
        (Value::Map(map), Some(to)) => {
            map.insert(last, to);
        }
        (Value::Map(map), None) => {
            map.remove(last)
                .unwrap_or_else(|| panic!("{path} is not there"));
        }
        (Value::List(items), Some(to)) => items[last.parse::<usize>().unwrap()] = to,
        (other, _) => panic!("{path} ends at {other}"),
    }
    if let Value::Map(map) = whole {
        *properties = map;
    }
}

const ONE: (&str, Stage) = ("shop", Stage::SingleServer);
const MANY: (&str, Stage) = ("marketplace", Stage::MultiRegion);
const MYSQL: (&str, Stage) = ("newsroom", Stage::MultiRegion);

fn ingress(port: u16) -> Json {
    json!({"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "CidrIp": "0.0.0.0/0", "Description": "x"})
}

/// Each rule with what breaks it and nothing else.
const TABLE: &str = "AWS::DynamoDB::GlobalTable";
const TABLE_ADDRESS: &str = "us-east-1/table[x]";

/// A table that passes, after `change`.
fn global_table(change: impl Fn(&mut Json)) -> Json {
    let replica = |region: &str| {
        json!({
            "Region": region, "DeletionProtectionEnabled": true,
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": true},
        })
    };
    let mut table = json!({
        "BillingMode": "PAY_PER_REQUEST", "SSESpecification": {"SSEEnabled": true, "SSEType": "KMS"},
        "Replicas": [replica("us-east-1"), replica("eu-west-1")],
    });
    change(&mut table);
    table
}

pub(super) fn table() -> Vec<(&'static str, (&'static str, Stage), Break)> {
    const INGRESS: &str = "SecurityGroupIngress.0";
    const SG: &str = "us-east-1/sg_server";
    const TEMPLATE: &str = "us-east-1/launch_template[storefront]";
    const ASG: &str = "us-east-1/asg[storefront]";
    const ALB: &str = "us-east-1/alb";
    const DB: &str = "us-east-1/db";
    const CACHE: &str = "us-east-1/cache";
    const EDGE: &str = "global/distribution";
    const BUCKET: &str = "us-east-1/bucket_assets";
    let attribute = |key: &str, value: &str| json!({"Key": key, "Value": value});
    vec![
        ("ec2-ssh-from-anywhere", ONE, Set(SG, INGRESS, ingress(22))),
        (
            "ec2-rdp-from-anywhere",
            ONE,
            Set(SG, INGRESS, ingress(3389)),
        ),
        ("ec2-high-risk-ports", ONE, Set(SG, INGRESS, ingress(5432))),
        ("ec2-open-ports", ONE, Set(SG, INGRESS, ingress(6000))),
        (
            "ec2-rule-descriptions",
            ONE,
            Unset(SG, "SecurityGroupIngress.0.Description"),
        ),
        ("ec2-flow-logs", ONE, Drop("us-east-1/flow_log")),
        (
            "ec2-subnet-public-addresses",
            ONE,
            Set(
                "us-east-1/subnet_public[a]",
                "MapPublicIpOnLaunch",
                json!(true),
            ),
        ),
        ("ec2-unused-address", ONE, Drop("us-east-1/eip_association")),
        (
            "ec2-instance-metadata",
            ONE,
            Set(
                "us-east-1/server",
                "MetadataOptions.HttpTokens",
                json!("optional"),
            ),
        ),
        (
            "ec2-template-metadata",
            MANY,
            Unset(TEMPLATE, "LaunchTemplateData.MetadataOptions.HttpTokens"),
        ),
        (
            "ec2-metadata-hops",
            MANY,
            Set(
                TEMPLATE,
                "LaunchTemplateData.MetadataOptions.HttpPutResponseHopLimit",
                json!(2),
            ),
        ),
        (
            "ec2-instance-public-address",
            ONE,
            Add(
                "us-east-1/bastion",
                "AWS::EC2::Instance",
                json!({
                    "MetadataOptions": {"HttpTokens": "required"},
                    "NetworkInterfaces": [{"AssociatePublicIpAddress": true}],
                }),
            ),
        ),
        (
            "ec2-template-public-address",
            MANY,
            Set(
                TEMPLATE,
                "LaunchTemplateData.NetworkInterfaces",
                json!([{"AssociatePublicIpAddress": true}]),
            ),
        ),
        (
            "ec2-disk-encryption",
            ONE,
            Set(
                "us-east-1/server",
                "BlockDeviceMappings.1.Ebs.Encrypted",
                json!(false),
            ),
        ),
        (
            "ec2-volume-encryption",
            ONE,
            Add("us-east-1/disk", "AWS::EC2::Volume", json!({"Size": 8})),
        ),
        (
            "dynamodb-scaling",
            ONE,
            Add(
                TABLE_ADDRESS,
                TABLE,
                global_table(|t| t["BillingMode"] = json!("PROVISIONED")),
            ),
        ),
        (
            "dynamodb-recovery",
            ONE,
            Add(
                TABLE_ADDRESS,
                TABLE,
                global_table(|t| t["Replicas"][1]["PointInTimeRecoverySpecification"] = json!({})),
            ),
        ),
        (
            "dynamodb-deletion-protection",
            ONE,
            Add(
                TABLE_ADDRESS,
                TABLE,
                global_table(|t| t["Replicas"][1]["DeletionProtectionEnabled"] = json!(false)),
            ),
        ),
        (
            "dynamodb-encryption",
            ONE,
            Add(
                TABLE_ADDRESS,
                TABLE,
                global_table(|t| t["SSESpecification"] = json!({"SSEEnabled": false})),
            ),
        ),
        (
            "keyspaces-recovery",
            ONE,
            Add(
                "us-east-1/columns",
                "AWS::Cassandra::Table",
                json!({"PointInTimeRecoveryEnabled": false}),
            ),
        ),
        (
            "sqs-encryption",
            ONE,
            Add(
                "us-east-1/queue",
                "AWS::SQS::Queue",
                json!({"SqsManagedSseEnabled": false, "RedrivePolicy": {"deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:dead", "maxReceiveCount": 5}}),
            ),
        ),
        (
            "sqs-dead-letters",
            ONE,
            Add(
                "us-east-1/queue",
                "AWS::SQS::Queue",
                json!({"SqsManagedSseEnabled": true}),
            ),
        ),
        (
            "elasticache-serverless-snapshots",
            ONE,
            Add(
                "us-east-1/serverless",
                "AWS::ElastiCache::ServerlessCache",
                json!({"SnapshotRetentionLimit": 0}),
            ),
        ),
        ("ec2-instance-backup", ONE, Drop("us-east-1/snapshots")),
        ("ssm-patching", ONE, Drop("us-east-1/patching")),
        (
            "autoscaling-health-check",
            MANY,
            Set(ASG, "HealthCheckType", json!("EC2")),
        ),
        (
            "autoscaling-zones",
            MANY,
            Set(ASG, "VPCZoneIdentifier", json!(["subnet-1"])),
        ),
        (
            "autoscaling-launch-template",
            MANY,
            Unset(ASG, "LaunchTemplate"),
        ),
        (
            "elb-http-redirect",
            MANY,
            Set(
                "us-east-1/listener_http",
                "DefaultActions",
                json!([{"Type": "forward"}]),
            ),
        ),
        (
            "elb-tls-policy",
            MANY,
            Set(
                "us-east-1/listener_https",
                "SslPolicy",
                json!("ELBSecurityPolicy-2016-08"),
            ),
        ),
        (
            "elb-invalid-headers",
            MANY,
            Set(ALB, "LoadBalancerAttributes.5.Value", json!("false")),
        ),
        (
            "elb-access-logs",
            MANY,
            Set(ALB, "LoadBalancerAttributes.0.Value", json!("false")),
        ),
        (
            "elb-deletion-protection",
            MANY,
            Set(ALB, "LoadBalancerAttributes.3.Value", json!("false")),
        ),
        (
            "elb-desync",
            MANY,
            Set(
                ALB,
                "LoadBalancerAttributes.4",
                attribute("routing.http.desync_mitigation_mode", "monitor"),
            ),
        ),
        ("elb-zones", MANY, Set(ALB, "Subnets", json!(["subnet-1"]))),
        ("elb-firewall", MANY, Copy(ALB, "us-east-1/other")),
        (
            "rds-public",
            MANY,
            Set(DB, "PubliclyAccessible", json!(true)),
        ),
        (
            "rds-encryption",
            MANY,
            Set(DB, "StorageEncrypted", json!(false)),
        ),
        ("rds-multi-az", MANY, Set(DB, "MultiAZ", json!(false))),
        (
            "rds-monitoring",
            MANY,
            Set(DB, "MonitoringInterval", json!(0)),
        ),
        (
            "rds-deletion-protection",
            MANY,
            Set(DB, "DeletionProtection", json!(false)),
        ),
        ("rds-logs", MANY, Unset(DB, "EnableCloudwatchLogsExports")),
        (
            "rds-iam-login",
            MANY,
            Set(DB, "EnableIAMDatabaseAuthentication", json!(false)),
        ),
        (
            "rds-backups",
            MANY,
            Set(DB, "BackupRetentionPeriod", json!(6)),
        ),
        (
            "rds-minor-upgrades",
            MANY,
            Set(DB, "AutoMinorVersionUpgrade", json!(false)),
        ),
        ("rds-snapshot-tags", MANY, Unset(DB, "CopyTagsToSnapshot")),
        (
            "rds-login-name",
            MANY,
            Set(DB, "MasterUsername", json!("postgres")),
        ),
        ("rds-backup-plan", MANY, Drop("us-east-1/backup_selection")),
        (
            "rds-postgres-tls",
            MANY,
            Set(
                "us-east-1/db_parameters",
                "Parameters",
                json!({"rds.force_ssl": "0"}),
            ),
        ),
        (
            "rds-mysql-tls",
            MYSQL,
            Set(
                "us-east-1/db_parameters",
                "Parameters.require_secure_transport",
                json!("OFF"),
            ),
        ),
        (
            "elasticache-backups",
            MYSQL,
            Set(CACHE, "SnapshotRetentionLimit", json!(0)),
        ),
        (
            "elasticache-minor-upgrades",
            MYSQL,
            Set(CACHE, "AutoMinorVersionUpgrade", json!(false)),
        ),
        (
            "elasticache-failover",
            MYSQL,
            Set(CACHE, "AutomaticFailoverEnabled", json!(false)),
        ),
        (
            "elasticache-encryption-at-rest",
            MYSQL,
            Unset(CACHE, "AtRestEncryptionEnabled"),
        ),
        (
            "elasticache-encryption-in-transit",
            MYSQL,
            Set(CACHE, "TransitEncryptionEnabled", json!(false)),
        ),
        (
            "elasticache-subnets",
            MYSQL,
            Unset(CACHE, "CacheSubnetGroupName"),
        ),
        (
            "kms-rotation",
            MANY,
            Set("eu-west-1/key_regional", "EnableKeyRotation", json!(false)),
        ),
        ("cloudfront-root-object", MANY, Copy(EDGE, "global/other")),
        (
            "cloudfront-viewer-https",
            MANY,
            Set(
                EDGE,
                "DistributionConfig.DefaultCacheBehavior.ViewerProtocolPolicy",
                json!("allow-all"),
            ),
        ),
        (
            "cloudfront-origin-failover",
            MANY,
            Unset(EDGE, "DistributionConfig.OriginGroups"),
        ),
        (
            "cloudfront-logs",
            MANY,
            Unset(EDGE, "DistributionConfig.Logging"),
        ),
        (
            "cloudfront-firewall",
            MANY,
            Unset(EDGE, "DistributionConfig.WebACLId"),
        ),
        (
            "cloudfront-certificate",
            MANY,
            Unset(
                EDGE,
                "DistributionConfig.ViewerCertificate.AcmCertificateArn",
            ),
        ),
        (
            "cloudfront-sni",
            MANY,
            Set(
                EDGE,
                "DistributionConfig.ViewerCertificate.SslSupportMethod",
                json!("vip"),
            ),
        ),
        (
            "cloudfront-origin-https",
            MANY,
            Set(
                EDGE,
                "DistributionConfig.Origins.0.CustomOriginConfig.OriginProtocolPolicy",
                json!("http-only"),
            ),
        ),
        (
            "cloudfront-origin-tls",
            MANY,
            Set(
                EDGE,
                "DistributionConfig.Origins.0.CustomOriginConfig.OriginSSLProtocols",
                json!(["TLSv1"]),
            ),
        ),
        (
            "cloudfront-origin-access",
            MANY,
            Unset(EDGE, "DistributionConfig.Origins.1.OriginAccessControlId"),
        ),
        (
            "cloudfront-tls-policy",
            MANY,
            Set(
                EDGE,
                "DistributionConfig.ViewerCertificate.MinimumProtocolVersion",
                json!("TLSv1.1_2016"),
            ),
        ),
        (
            "waf-rules",
            MANY,
            Set("us-east-1/web_acl", "Rules", json!([])),
        ),
        ("waf-logs", MANY, Drop("us-east-1/waf_logging")),
        (
            "waf-metrics",
            MANY,
            Set(
                "us-east-1/web_acl",
                "Rules.0.VisibilityConfig.CloudWatchMetricsEnabled",
                json!(false),
            ),
        ),
        (
            "acm-key-length",
            MANY,
            Set("us-east-1/certificate", "KeyAlgorithm", json!("RSA_1024")),
        ),
        (
            "route53-query-logs",
            MANY,
            Copy("global/zone", "global/other"),
        ),
        (
            "s3-block-public-access",
            MANY,
            Set(
                BUCKET,
                "PublicAccessBlockConfiguration.BlockPublicAcls",
                json!(false),
            ),
        ),
        ("s3-encryption", MANY, Unset(BUCKET, "BucketEncryption")),
        ("s3-tls-only", MANY, Drop("us-east-1/bucket_assets_policy")),
        (
            "s3-public-policy",
            MANY,
            Set(
                "us-east-1/bucket_assets_policy",
                "PolicyDocument.Statement.0",
                json!({
                    "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "s3:GetObject", "Resource": "*",
                }),
            ),
        ),
        (
            "s3-access-logs",
            MANY,
            Unset(BUCKET, "LoggingConfiguration"),
        ),
        (
            "s3-access-control-lists",
            MANY,
            Set(
                BUCKET,
                "OwnershipControls.Rules.0.ObjectOwnership",
                json!("ObjectWriter"),
            ),
        ),
        (
            "s3-lifecycle",
            MANY,
            Unset(BUCKET, "LifecycleConfiguration"),
        ),
        (
            "s3-versioning",
            MANY,
            Set(BUCKET, "VersioningConfiguration.Status", json!("Suspended")),
        ),
        (
            "iam-full-access",
            MANY,
            Set(
                "global/role_app",
                "Policies.0.PolicyDocument.Statement.0.Action",
                json!("*"),
            ),
        ),
        (
            "iam-wildcard-actions",
            MANY,
            Set(
                "global/role_app",
                "Policies.0.PolicyDocument.Statement.0.Action",
                json!(["ssm:GetParameter", "s3:*"]),
            ),
        ),
        (
            "iam-trust",
            MANY,
            Set(
                "global/role_app",
                "AssumeRolePolicyDocument.Statement.0.Principal",
                json!("*"),
            ),
        ),
        (
            "iam-trust",
            MANY,
            Set(
                "global/role_app",
                "AssumeRolePolicyDocument.Statement.0.Principal",
                json!({"AWS": ["123456789012", "*"]}),
            ),
        ),
        (
            "secretsmanager-rotation",
            MANY,
            Copy("us-east-1/secret_db", "us-east-1/token"),
        ),
        (
            "sns-encryption",
            MANY,
            Copy("us-east-1/topic", "us-east-1/news"),
        ),
        (
            "sns-public-policy",
            MANY,
            Set(
                "us-east-1/topic_policy",
                "PolicyDocument.Statement.0",
                json!({"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": "*"}),
            ),
        ),
        (
            "logs-retention",
            MANY,
            Unset("us-east-1/log_system", "RetentionInDays"),
        ),
        (
            "alarm-actions",
            MANY,
            Set("us-east-1/alarm_unhealthy[api]", "AlarmActions", json!([])),
        ),
        (
            "alarm-actions-enabled",
            MANY,
            Set(
                "us-east-1/alarm_unhealthy[api]",
                "ActionsEnabled",
                json!(false),
            ),
        ),
    ]
}
