//! The built-in policies: what the blueprints are held to, and that each rule sees what it is there for.

mod common;
#[path = "common/python.rs"]
mod python;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::{ALL_EXAMPLES, example, graph_of, root};
use jiff::civil::{Date, date};
use scalectl::blueprint::Library;
use scalectl::graph::{Graph, Resource};
use scalectl::plan::Plan;
use scalectl::policy::pack::{EXCEPTIONS, POLICIES};
use scalectl::policy::{Case, Policies, Report, check};
use scalectl::spec::{CacheEngine, Engine, Spec, Stage};
use scalectl::value::{Map, Value};
use serde_json::{Value as Json, json};

const TODAY: Date = date(2027, 3, 1);

fn judged(policies: &Policies, spec: &Spec, graph: &Graph) -> Report {
    let case = Case {
        spec: &spec.normalized(),
        graph,
        plan: &Plan {
            unchanged: graph.len(),
            ..Plan::default()
        },
        today: TODAY,
    };
    check(policies, &case)
}

#[test]
fn every_example_at_every_stage_passes() {
    let (library, policies) = (Library::embedded().unwrap(), Policies::embedded().unwrap());
    let cases = ALL_EXAMPLES.iter().flat_map(|name| {
        let engines = [None, Some(CacheEngine::Memcached)];
        engines.map(|engine| (name, engine))
    });
    for (name, engine) in cases {
        for stage in Stage::ALL {
            let mut spec = example(name, stage);
            if let (Some(engine), Some(cache)) = (engine, &mut spec.cache) {
                cache.engine = engine;
            }
            let report = judged(&policies, &spec, &graph_of(&library, &spec));
            let found: Vec<String> = report
                .findings
                .iter()
                .map(|f| {
                    let address = f.address.as_ref().map(ToString::to_string);
                    format!("{} {}: {}", f.rule, address.unwrap_or_default(), f.message)
                })
                .collect();
            assert_eq!(found, [""; 0], "{name} at {}", stage.name());
        }
    }
}

#[test]
fn every_engine_passes() {
    let (library, policies) = (Library::embedded().unwrap(), Policies::embedded().unwrap());
    for engine in Engine::ALL {
        let mut spec = example("newsroom", Stage::LoadBalanced);
        let database = spec.database.as_mut().unwrap();
        database.engine = engine;
        database.class = None;
        database.replicas = database.replicas.min(database.most_replicas());
        let report = judged(&policies, &spec, &graph_of(&library, &spec));
        let found: Vec<&str> = report.findings.iter().map(|f| &*f.rule).collect();
        assert_eq!(found, [""; 0], "{engine:?}");
    }
}

#[test]
fn every_file_of_the_folder_is_in_the_binary() {
    let mut found: Vec<String> = std::fs::read_dir(root().join("policies"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    let known: Vec<&str> = POLICIES.iter().map(|(path, _)| *path).collect();
    assert_eq!(found, known);
}

/// What is done to a graph that passes.
enum Break {
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
    fn done_to(&self, graph: &mut Graph) {
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

fn table() -> Vec<(&'static str, (&'static str, Stage), Break)> {
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
                "PolicyDocument.Statement.0.Principal",
                json!("*"),
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

#[test]
fn each_rule_sees_what_it_is_there_for_and_no_other_does() {
    let (library, policies) = (Library::embedded().unwrap(), Policies::embedded().unwrap());
    let mut graphs: BTreeMap<(&str, Stage), (Spec, Graph)> = BTreeMap::new();
    let mut wrong = Vec::new();
    let table = table();
    for (rule, base, change) in &table {
        let (spec, graph) = graphs.entry(*base).or_insert_with(|| {
            let spec = example(base.0, base.1);
            let graph = graph_of(&library, &spec);
            (spec, graph)
        });
        let mut graph = graph.clone();
        change.done_to(&mut graph);
        let report = judged(&policies, spec, &graph);
        let found: BTreeSet<&str> = report.findings.iter().map(|f| &*f.rule).collect();
        if found != BTreeSet::from([*rule]) {
            wrong.push(format!("{rule}: {:?}", report.findings));
        }
        for finding in &report.findings {
            let said = format!("{} {}", finding.message, finding.fix);
            if said.contains("${") || said.contains("cannot be decided") || said.contains("null") {
                wrong.push(format!("{rule} does not say it well: {said}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let tried: BTreeSet<&str> = table.iter().map(|(rule, _, _)| *rule).collect();
    let known: BTreeSet<&str> = policies.rules.iter().map(|rule| &*rule.id).collect();
    assert_eq!(tried, known, "rules that no case breaks");
}

/// The built-in files are read without a look at the names in them, for speed; as a user's they get it.
#[test]
fn the_built_in_rules_speak_of_names_that_there_are() {
    let files: Vec<(&str, &str)> = POLICIES
        .iter()
        .copied()
        .filter(|(path, _)| *path != EXCEPTIONS)
        .collect();
    if let Err(errors) = Policies::with(&files) {
        panic!("{}", scalectl::render::diagnostics::render(&errors));
    }
}

/// An exception for something that no longer needs one hides what comes after it.
#[test]
fn every_built_in_exception_is_needed_by_an_example() {
    let (library, policies) = (Library::embedded().unwrap(), Policies::embedded().unwrap());
    let mut used: BTreeSet<String> = BTreeSet::new();
    for name in ALL_EXAMPLES {
        for stage in Stage::ALL {
            let spec = example(name, stage);
            let report = judged(&policies, &spec, &graph_of(&library, &spec));
            used.extend(report.excepted.iter().map(|one| one.reason.to_string()));
        }
    }
    let idle: Vec<&str> = policies
        .exceptions
        .iter()
        .map(|exception| &*exception.reason)
        .filter(|reason| !used.contains(*reason))
        .collect();
    assert_eq!(idle, [""; 0]);
}

fn scalectl(folder: &Path, line: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scalectl"));
    command.current_dir(folder).args(line.split_whitespace());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SCALECTL_")) {
        command.env_remove(name);
    }
    command.output().unwrap()
}

/// Whether files in JSON or YAML are what a schema says.
fn assert_valid(schema: &Path, files: &[PathBuf]) {
    let check = "import sys, jsonschema, yaml\n\
                 schema, *files = [yaml.safe_load(open(path)) for path in sys.argv[1:]]\n\
                 kind = jsonschema.validators.validator_for(schema)\n\
                 kind.check_schema(schema)\n\
                 for file in files: kind(schema).validate(file)\n";
    let output = Command::new(python::environment("json-schema.txt").join("python"))
        .args(["-c", check])
        .arg(schema)
        .args(files)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A folder with the shop, a rule of its own that it breaks, and a blueprint of its own.
fn shop() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write(
        "scalectl.yaml",
        &std::fs::read_to_string(root().join("examples/shop/scalectl.yaml")).unwrap(),
    );
    write(
        "policies/own.yaml",
        "\
policy: own
rules:
  - id: images-from-our-registry
    title: Services run images of our registry only
    severity: deny
    kinds: [AWS::SSM::Parameter]
    when: id == 'param_service'
    require: contains(after.Value, 'registry.acme.example/')
    property: Value
    message: ${key} runs ${spec.services[key].image}
    fix: push it to registry.acme.example first
",
    );
    write(
        "blueprints/modules/monitoring.yaml",
        &std::fs::read_to_string(root().join("blueprints/modules/monitoring.yaml"))
            .unwrap()
            .replace("{Service: [cloudwatch", "{AWS: \"*\", Service: [cloudwatch"),
    );
    folder
}

const EXCEPTION: &str = "\
exceptions:
  - rule: images-from-our-registry
    address: \"*/param_service*\"
    reason: The registry moves
    expires: 2999-12-31
  - rule: sns-public-policy
    address: us-east-1/topic_policy
    reason: A test
    expires: 2999-12-31
";

#[test]
fn what_is_denied_is_shown_by_plan_and_stops_apply() {
    let folder = shop();
    let path = folder.path();
    let text = |output: &Output| {
        String::from_utf8(output.stdout.clone()).unwrap()
            + &String::from_utf8(output.stderr.clone()).unwrap()
    };
    let output = scalectl(path, "plan");
    assert_eq!(output.status.code(), Some(0));
    let shown = text(&output);
    let policy = &shown[shown.find("Policy:").unwrap()..];
    insta::assert_snapshot!(policy);
    assert_eq!(
        scalectl(path, "plan --detailed-exitcode").status.code(),
        Some(3)
    );

    let output = scalectl(path, "apply --auto-approve");
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output).contains("policies deny this: images-from-our-registry"));
    let output = scalectl(path, "apply --auto-approve --json --json-into run.jsonl");
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        told,
        std::fs::read_to_string(path.join("run.jsonl")).unwrap()
    );
    assert_eq!(told.lines().count(), 1, "{told}");
    let line: Json = serde_json::from_str(&told).unwrap();
    assert_eq!(line["event"], "policy");
    assert!(line["policy"]["denied"].as_u64() > Some(0), "{line}");
    let output = scalectl(path, "status --json");
    let json: Json = serde_json::from_slice(&output.stdout).unwrap();
    assert!(
        !json.to_string().contains("vpc"),
        "something was applied: {json}"
    );

    let saved = scalectl(path, "plan --out next.plan");
    assert!(saved.status.success());
    let output = scalectl(path, "apply next.plan");
    assert_eq!(output.status.code(), Some(3), "a saved plan is asked again");

    std::fs::write(path.join("policies/exceptions.yaml"), EXCEPTION).unwrap();
    assert_eq!(
        scalectl(path, "plan --detailed-exitcode").status.code(),
        Some(2)
    );
    assert!(scalectl(path, "apply next.plan").status.success());
    let output = scalectl(path, "migrate --to split-db --plan");
    assert!(output.status.success(), "{}", text(&output));

    std::fs::remove_file(path.join("policies/exceptions.yaml")).unwrap();
    let output = scalectl(path, "migrate --to split-db --auto --auto-approve");
    assert_eq!(output.status.code(), Some(3));
    assert!(
        text(&output).contains("policies deny this"),
        "{}",
        text(&output)
    );
    let output = scalectl(path, "migrate --status --json");
    assert!(
        text(&output).contains("\"single-server\""),
        "{}",
        text(&output)
    );
}

#[test]
fn findings_are_json_sarif_and_junit_too() {
    let folder = shop();
    let path = folder.path();
    let output = scalectl(
        path,
        "policy check --json --sarif out.sarif --junit out.xml",
    );
    assert_eq!(output.status.code(), Some(3));
    let json: Json = serde_json::from_slice(&output.stdout).unwrap();
    let found = &json["stages"][0];
    assert_eq!(found["denied"], 2);
    assert_eq!(found["findings"][0]["rule"], "images-from-our-registry");

    let sarif = std::fs::read_to_string(path.join("out.sarif")).unwrap();
    let log: Json = serde_json::from_str(&sarif).unwrap();
    let places: BTreeMap<&str, String> = log["runs"][0]["results"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|result| result.get("suppressions").is_none())
        .map(|result| {
            let place = &result["locations"][0]["physicalLocation"];
            let uri = place["artifactLocation"]["uri"].as_str().unwrap();
            let line = format!("{uri}:{}", place["region"]["startLine"]);
            (result["ruleId"].as_str().unwrap(), line)
        })
        .collect();
    // What the binary's blueprints do is mended in the spec, at the section it follows from.
    assert_eq!(places["images-from-our-registry"], "scalectl.yaml:3");
    let module = &places["sns-public-policy"];
    assert!(
        module.starts_with("blueprints/modules/monitoring.yaml:"),
        "{module}"
    );
    let suppressed = log["runs"][0]["results"].to_string();
    assert!(suppressed.contains("\"justification\""), "{suppressed}");

    let xml = std::fs::read_to_string(path.join("out.xml")).unwrap();
    assert!(xml.contains("<failure message=\"1 finding\">"), "{xml}");

    // The schema is OASIS's, published with the standard.
    let schema = root().join("tests/sarif/sarif-schema-2.1.0.json");
    assert_valid(&schema, &[path.join("out.sarif")]);
}

#[test]
fn every_stage_that_a_spec_fits_is_asked() {
    let folder = root().join("examples/newsroom");
    let output = scalectl(&folder, "policy check --all-stages --json");
    assert!(output.status.success());
    let json: Json = serde_json::from_slice(&output.stdout).unwrap();
    let stages: Vec<&str> = json["stages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["stage"].as_str().unwrap())
        .collect();
    assert_eq!(
        stages,
        ["single-server", "split-db", "load-balanced", "cdn"]
    );
}

#[test]
fn validate_and_the_gates_of_a_migration_are_cases_for_ci() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    std::fs::copy(
        root().join("examples/shop/scalectl.yaml"),
        path.join("scalectl.yaml"),
    )
    .unwrap();
    let read = |name: &str| std::fs::read_to_string(path.join(name)).unwrap();
    assert!(
        scalectl(path, "validate --all-stages --junit v.xml")
            .status
            .success()
    );
    let xml = read("v.xml");
    assert!(
        xml.contains("name=\"stage cdn\"") && xml.contains("<skipped"),
        "{xml}"
    );

    assert!(scalectl(path, "apply --auto-approve").status.success());
    assert!(
        scalectl(
            path,
            "migrate --to split-db --step --auto-approve --junit m.xml"
        )
        .status
        .success()
    );
    let xml = read("m.xml");
    assert!(
        xml.contains("<testsuite name=\"migrate.single-server.split-db\""),
        "{xml}"
    );
    assert!(
        xml.contains("1 expand: every name leads to something that is there"),
        "{xml}"
    );
    assert!(
        xml.contains("failures=\"0\"") && xml.contains("<skipped message=\"not come to\"/>"),
        "{xml}"
    );

    std::fs::write(path.join("scalectl.yaml"), "app: shop\nstage: cdm\n").unwrap();
    assert_eq!(
        scalectl(path, "validate --junit v.xml").status.code(),
        Some(1)
    );
    assert!(
        read("v.xml").contains("stage cannot be &quot;cdm&quot;"),
        "{}",
        read("v.xml")
    );
}

#[test]
fn the_schemas_for_editors_take_what_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let exceptions = folder.path().join("exceptions.yaml");
    // Dates in quotes, because YAML 1.1, which the validator reads, has a type of its own for them.
    std::fs::write(&exceptions, EXCEPTION.replace("2999-12-31", "'2999-12-31'")).unwrap();
    let policies = POLICIES
        .iter()
        .filter(|(path, _)| *path != EXCEPTIONS)
        .map(|(path, _)| root().join("policies").join(path))
        .collect::<Vec<_>>();
    let tests = [
        "marketplace/tests/regions",
        "newsroom/tests/readers",
        "shop/tests/stages",
    ]
    .map(|name| root().join(format!("examples/{name}.test.yaml")));
    for (name, files) in [
        ("policy", policies),
        ("exceptions", vec![exceptions]),
        ("test", tests.to_vec()),
    ] {
        let output = scalectl(folder.path(), &format!("schema --of {name}"));
        let schema = folder.path().join(format!("{name}.schema.json"));
        std::fs::write(&schema, output.stdout).unwrap();
        assert_valid(&schema, &files);
    }
}
