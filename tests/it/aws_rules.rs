//! The simulator refuses what AWS refuses, with AWS's code.

use std::sync::Arc;

use scalectl::address::Address;
use scalectl::inventory::{Handle, Owner};
use scalectl::ownership;
use scalectl::provider::sim::cloud::Cloud;
use scalectl::provider::{Outcome, Write};
use scalectl::value::{Map, Value};
use serde_json::{Value as Json, json};

#[path = "aws_rules/caches.rs"]
mod caches;
mod database;
mod names;
mod tables;

/// A cloud in which time passes fast enough for everything to be ready at the next call.
struct Account {
    cloud: Cloud,
    now: u64,
}

impl Account {
    fn new() -> Self {
        Self {
            cloud: Cloud::default(),
            now: 0,
        }
    }

    fn write(address: &str, kind: &str, properties: Json) -> Write {
        let address: Address = address.parse().unwrap();
        let properties = match serde_json::from_value(properties).unwrap() {
            Value::Map(map) => map,
            other => panic!("{other}"),
        };
        Write {
            owner: Owner {
                app: "a".into(),
                env: "default".into(),
            },
            applied: ownership::of_properties(&address, 1, false, &Map::new()),
            address,
            kind: kind.into(),
            properties,
        }
    }

    fn create(&mut self, address: &str, kind: &str, properties: Json) -> Outcome<Arc<str>> {
        self.now += 3_600_000;
        self.cloud
            .create(&Self::write(address, kind, properties), self.now, 0)
    }

    fn made(&mut self, address: &str, kind: &str, properties: Json) -> Arc<str> {
        self.create(address, kind, properties)
            .unwrap_or_else(|error| panic!("{address}: {error}"))
    }

    fn update(
        &mut self,
        address: &str,
        kind: &str,
        id: &Arc<str>,
        name: &str,
        value: Json,
    ) -> Outcome<()> {
        self.now += 3_600_000;
        let write = Self::write(address, kind, json!({ name: value }));
        let handle = Handle {
            address: write.address.clone(),
            kind: kind.into(),
            identifier: id.clone(),
        };
        self.cloud.update(&handle, &write, &[name.into()], self.now)
    }

    /// An update of every property that `properties` have.
    fn change(
        &mut self,
        address: &str,
        kind: &str,
        id: &Arc<str>,
        properties: Json,
    ) -> Outcome<()> {
        self.now += 3_600_000;
        let write = Self::write(address, kind, properties);
        let changed: Vec<Arc<str>> = (write.properties.iter())
            .map(|(name, _)| name.clone())
            .collect();
        let handle = Handle {
            address: write.address.clone(),
            kind: kind.into(),
            identifier: id.clone(),
        };
        self.cloud.update(&handle, &write, &changed, self.now)
    }

    fn delete(&mut self, address: &str, kind: &str, id: &Arc<str>) -> Outcome<()> {
        self.now += 3_600_000;
        let owner = Owner {
            app: "a".into(),
            env: "default".into(),
        };
        let handle = Handle {
            address: address.parse().unwrap(),
            kind: kind.into(),
            identifier: id.clone(),
        };
        self.cloud.delete(&owner, &handle, self.now)
    }

    /// A VPC with subnets in two zones.
    fn network(&mut self) -> (Arc<str>, Arc<str>, Arc<str>) {
        let vpc = self.made(
            "us-east-1/vpc",
            "AWS::EC2::VPC",
            json!({"CidrBlock": "10.0.0.0/16"}),
        );
        let mut subnet = |key: &str, cidr: &str| {
            let properties = json!({"VpcId": &*vpc, "CidrBlock": cidr, "AvailabilityZone": format!("us-east-1{key}")});
            self.made(
                &format!("us-east-1/subnet[{key}]"),
                "AWS::EC2::Subnet",
                properties,
            )
        };
        let (a, b) = (subnet("a", "10.0.0.0/24"), subnet("b", "10.0.1.0/24"));
        (vpc, a, b)
    }
}

fn code<T: std::fmt::Debug>(outcome: Outcome<T>) -> String {
    outcome.unwrap_err().code
}

#[test]
fn subnets_lie_within_their_vpc_and_apart_from_each_other() {
    let mut account = Account::new();
    let (vpc, _, _) = account.network();
    let mut subnet = |cidr: &str| {
        let properties =
            json!({"VpcId": &*vpc, "CidrBlock": cidr, "AvailabilityZone": "us-east-1a"});
        account.create("us-east-1/other", "AWS::EC2::Subnet", properties)
    };
    assert_eq!(code(subnet("10.1.0.0/24")), "InvalidSubnet.Range");
    assert_eq!(code(subnet("10.0.0.128/25")), "InvalidSubnet.Conflict");
    assert!(subnet("10.0.2.0/24").is_ok());
}

#[test]
fn subnet_groups_and_load_balancers_span_two_zones() {
    let mut account = Account::new();
    let (_, a, b) = account.network();
    let group = |ids: Json| json!({"DBSubnetGroupDescription": "x", "SubnetIds": ids});
    let refused = account.create(
        "us-east-1/g",
        "AWS::RDS::DBSubnetGroup",
        group(json!([&*a])),
    );
    assert_eq!(code(refused), "ValidationError");
    account.made(
        "us-east-1/g",
        "AWS::RDS::DBSubnetGroup",
        group(json!([&*a, &*b])),
    );
    let alone = account.create(
        "us-east-1/alb",
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        json!({"Subnets": [&*a]}),
    );
    assert_eq!(code(alone), "ValidationError");
}

#[test]
fn what_others_need_is_not_deleted() {
    let mut account = Account::new();
    let (vpc, a, _) = account.network();
    assert_eq!(
        code(account.delete("us-east-1/vpc", "AWS::EC2::VPC", &vpc)),
        "DependencyViolation"
    );
    account
        .delete("us-east-1/subnet[a]", "AWS::EC2::Subnet", &a)
        .unwrap();
}

#[test]
fn a_gateway_stays_while_addresses_are_mapped_through_it() {
    let mut account = Account::new();
    let (vpc, a, _) = account.network();
    let igw = account.made("us-east-1/igw", "AWS::EC2::InternetGateway", json!({}));
    let kind = "AWS::EC2::VPCGatewayAttachment";
    let attached = account.made(
        "us-east-1/at",
        kind,
        json!({"VpcId": &*vpc, "InternetGatewayId": &*igw}),
    );
    let eip = account.made("us-east-1/eip", "AWS::EC2::EIP", json!({"Domain": "vpc"}));
    let allocation = eip.split_once('|').unwrap().1.to_owned();
    let nat = account.made(
        "us-east-1/nat",
        "AWS::EC2::NatGateway",
        json!({"SubnetId": &*a, "AllocationId": allocation}),
    );
    assert_eq!(
        code(account.delete("us-east-1/at", kind, &attached)),
        "DependencyViolation"
    );
    assert_eq!(
        code(account.delete("us-east-1/eip", "AWS::EC2::EIP", &eip)),
        "DependencyViolation"
    );
    account
        .delete("us-east-1/nat", "AWS::EC2::NatGateway", &nat)
        .unwrap();
    account.delete("us-east-1/at", kind, &attached).unwrap();
}

#[test]
fn a_protected_database_is_not_deleted_and_its_disk_does_not_shrink() {
    let mut account = Account::new();
    let kind = "AWS::RDS::DBInstance";
    let properties = json!({
        "Engine": "postgres", "EngineVersion": "17", "DBInstanceClass": "db.t4g.medium", "DBInstanceIdentifier": "db",
        "AllocatedStorage": "50", "MasterUsername": "app", "ManageMasterUserPassword": true, "DeletionProtection": true,
    });
    let mut without = properties.clone();
    without
        .as_object_mut()
        .unwrap()
        .remove("ManageMasterUserPassword");
    assert_eq!(
        code(account.create("us-east-1/db", kind, without)),
        "ValidationError"
    );
    let db = account.made("us-east-1/db", kind, properties.clone());
    assert_eq!(
        code(account.create("us-east-1/db2", kind, properties)),
        "AlreadyExists"
    );
    assert_eq!(
        code(account.delete("us-east-1/db", kind, &db)),
        "OperationNotPermitted"
    );
    let mut change =
        |name: &str, value: Json| account.update("us-east-1/db", kind, &db, name, value);
    assert_eq!(
        code(change("AllocatedStorage", json!("20"))),
        "ValidationError"
    );
    assert_eq!(
        code(change("EngineVersion", json!("16"))),
        "ValidationError"
    );
    change("AllowMajorVersionUpgrade", json!(false)).unwrap();
    assert_eq!(
        code(change("EngineVersion", json!("18"))),
        "ValidationError"
    );
    assert_eq!(code(change("Engine", json!("mysql"))), "NotUpdatable");
    assert_eq!(code(change("DBName", json!("other"))), "NotUpdatable");
    change("AllocatedStorage", json!("100")).unwrap();
    change("DeletionProtection", json!(false)).unwrap();
    account.delete("us-east-1/db", kind, &db).unwrap();
}

#[test]
fn a_replica_needs_a_source_with_backups() {
    let mut account = Account::new();
    let kind = "AWS::RDS::DBInstance";
    let source = |name: &str, days: u8| {
        json!({
            "Engine": "postgres", "DBInstanceClass": "db.t4g.medium", "DBInstanceIdentifier": name, "AllocatedStorage": "50",
            "MasterUsername": "app", "ManageMasterUserPassword": true, "BackupRetentionPeriod": days,
        })
    };
    account.made("us-east-1/bare", kind, source("bare", 0));
    account.made("us-east-1/kept", kind, source("kept", 7));
    let replica =
        |of: &str| json!({"SourceDBInstanceIdentifier": of, "DBInstanceClass": "db.t4g.medium"});
    assert_eq!(
        code(account.create("us-east-1/r", kind, replica("bare"))),
        "InvalidDBInstanceState"
    );
    assert_eq!(
        code(account.create("us-east-1/r", kind, replica("none"))),
        "NotFound"
    );
    account.made("us-east-1/r", kind, replica("kept"));
}

#[test]
fn records_stand_in_their_zone_and_once() {
    let mut account = Account::new();
    let zone = account.made(
        "global/zone",
        "AWS::Route53::HostedZone",
        json!({"Name": "example.com"}),
    );
    let kind = "AWS::Route53::RecordSet";
    let record = |name: &str| json!({"HostedZoneId": &*zone, "Name": name, "Type": "A", "TTL": "60", "ResourceRecords": ["192.0.2.1"]});
    assert_eq!(
        code(account.create("global/r", kind, record("www.example.org"))),
        "InvalidChangeBatch"
    );
    account.made("global/r", kind, record("www.example.com"));
    assert_eq!(
        code(account.create("global/s", kind, record("WWW.example.com."))),
        "InvalidChangeBatch"
    );
    let empty = json!({"HostedZoneId": &*zone, "Name": "a.example.com", "Type": "A"});
    assert_eq!(
        code(account.create("global/t", kind, empty)),
        "InvalidChangeBatch"
    );
    assert_eq!(
        code(account.delete("global/zone", "AWS::Route53::HostedZone", &zone)),
        "DependencyViolation"
    );
}

#[test]
fn what_cloudfront_uses_is_in_us_east_1() {
    let mut account = Account::new();
    let certificate = |account: &mut Account, region: &str| {
        account.made(
            &format!("{region}/cert"),
            "AWS::CertificateManager::Certificate",
            json!({"DomainName": "a.example.com"}),
        )
    };
    let distribution = |arn: &str, target: &str| {
        json!({"DistributionConfig": {
            "Enabled": true,
            "ViewerCertificate": {"AcmCertificateArn": arn, "SslSupportMethod": "sni-only"},
            "Origins": [{"Id": "app", "DomainName": "o.example.com", "CustomOriginConfig": {"OriginProtocolPolicy": "https-only"}}],
            "DefaultCacheBehavior": {"TargetOriginId": target, "ViewerProtocolPolicy": "https-only"},
        }})
    };
    let kind = "AWS::CloudFront::Distribution";
    let there = certificate(&mut account, "eu-west-1");
    assert_eq!(
        code(account.create("global/d", kind, distribution(&there, "app"))),
        "InvalidViewerCertificate"
    );
    let here = certificate(&mut account, "us-east-1");
    assert_eq!(
        code(account.create("global/d", kind, distribution(&here, "ap"))),
        "NoSuchOrigin"
    );
    account.made("global/d", kind, distribution(&here, "app"));
    let acl = json!({"Scope": "CLOUDFRONT", "DefaultAction": {"Allow": {}}, "VisibilityConfig": {"SampledRequestsEnabled": true, "CloudWatchMetricsEnabled": true, "MetricName": "x"}});
    assert_eq!(
        code(account.create("eu-west-1/acl", "AWS::WAFv2::WebACL", acl)),
        "WAFInvalidParameterException"
    );
}

#[test]
fn names_are_given_once_and_quotas_end() {
    let mut account = Account::new();
    let bucket = json!({"BucketName": "mine-in-the-world"});
    account.made("us-east-1/b", "AWS::S3::Bucket", bucket.clone());
    assert_eq!(
        code(account.create("eu-west-1/b", "AWS::S3::Bucket", bucket)),
        "AlreadyExists"
    );
    for number in 0..5 {
        account.made(
            &format!("us-east-1/vpc[{number}]"),
            "AWS::EC2::VPC",
            json!({"CidrBlock": "10.0.0.0/16"}),
        );
    }
    let sixth = account.create(
        "us-east-1/vpc[5]",
        "AWS::EC2::VPC",
        json!({"CidrBlock": "10.0.0.0/16"}),
    );
    assert_eq!(code(sixth), "LimitExceeded");
}

#[test]
fn what_does_not_fit_is_refused() {
    let mut account = Account::new();
    let parameter = |value: String| json!({"Name": "/x", "Type": "String", "Value": value});
    let kind = "AWS::SSM::Parameter";
    assert_eq!(
        code(account.create("us-east-1/p", kind, parameter("x".repeat(4097)))),
        "ValidationError"
    );
    account.made("us-east-1/p", kind, parameter("x".repeat(4096)));
    let server = json!({"UserData": "x".repeat(30_000)});
    assert_eq!(
        code(account.create("us-east-1/i", "AWS::EC2::Instance", server)),
        "InvalidParameterValue"
    );
    assert_eq!(
        code(account.create(
            "us-east-1/v",
            "AWS::EC2::VPC",
            json!({"Cidr": "10.0.0.0/16"})
        )),
        "ValidationError"
    );
}
