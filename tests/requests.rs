//! What validates the requests of the wire tests: it reads back everything that AWS's SDK for Python writes, and objects to
//! each kind of request that AWS would refuse, in each protocol.

#[path = "common/python.rs"]
pub mod python;
#[path = "common/requests.rs"]
mod requests;
mod emulator {
    pub use crate::python;
}

use std::process::Command;

use requests::Checker;

/// What is found in one request of a service.
fn found(service: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> String {
    let scope = format!("Credential=key/20260101/us-east-1/{service}/aws4_request");
    let mut all = vec![("authorization".to_owned(), scope)];
    all.extend(
        headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    );
    let checker = Checker::start();
    checker.take(method, path, &all, body.as_bytes());
    let found = checker.finish();
    let violations: Vec<_> = found.violations.into_keys().collect();
    violations.join("\n")
}

fn query(service: &str, body: &str) -> String {
    let form = [("content-type", "application/x-www-form-urlencoded")];
    found(service, "POST", "/", &form, body)
}

fn json(service: &str, target: &str, body: &str) -> String {
    found(service, "POST", "/", &[("x-amz-target", target)], body)
}

#[test]
fn what_botocore_writes_is_read_back_whole() {
    let output = Command::new(python::environment("emulators.txt").join("python"))
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/wire/requests_back.py"
        ))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{errors}");
    let count: u32 = text.split(' ').next().unwrap().parse().unwrap();
    assert!(count > 2500, "{text}");
}

#[test]
fn requests_that_aws_takes_pass() {
    let address = "Action=AllocateAddress&Version=2016-11-15&Domain=vpc\
        &TagSpecification.1.ResourceType=elastic-ip&TagSpecification.1.Tag.1.Key=a&TagSpecification.1.Tag.1.Value=b";
    assert_eq!(query("ec2", address), "");
    let group = "Action=CreateDBSubnetGroup&Version=2014-10-31&DBSubnetGroupName=a&DBSubnetGroupDescription=b\
        &SubnetIds.SubnetIdentifier.1=c&SubnetIds.SubnetIdentifier.2=d";
    assert_eq!(query("rds", group), "");
    let named = "AmazonSSM.GetParameters";
    assert_eq!(json("ssm", named, r#"{"Names": ["a"]}"#), "");
    let versioning = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    assert_eq!(
        found("s3", "PUT", "/bucket?versioning", &[], versioning),
        ""
    );
    let plan = r#"{"BackupPlan": {"BackupPlanName": "a", "Rules": [{"RuleName": "b", "TargetBackupVaultName": "vault"}]}}"#;
    assert_eq!(found("backup", "PUT", "/backup/plans", &[], plan), "");
}

#[test]
fn an_unknown_member_is_named_in_every_protocol() {
    let ec2 = query(
        "ec2",
        "Action=AllocateAddress&Version=2016-11-15&Domaine=vpc",
    );
    assert_eq!(ec2, "ec2:AllocateAddress: Domaine is no member");
    // The members of this list have another name.
    let rds = query(
        "rds",
        "Action=CreateDBSubnetGroup&Version=2014-10-31&DBSubnetGroupName=a&DBSubnetGroupDescription=b\
        &SubnetIds.member.1=c",
    );
    assert!(
        rds.contains("rds:CreateDBSubnetGroup: SubnetIds.member.1 is no member"),
        "{rds}"
    );
    let ssm = json(
        "ssm",
        "AmazonSSM.GetParameters",
        r#"{"Names": ["a"], "Name": "a"}"#,
    );
    assert_eq!(ssm, "ssm:GetParameters: Name is no member");
    let s3 = found(
        "s3",
        "PUT",
        "/bucket?versioning",
        &[],
        "<VersioningConfiguration><State>Enabled</State></VersioningConfiguration>",
    );
    assert!(s3.contains("has no member State"), "{s3}");
    let asked = found("route53", "GET", "/2013-04-01/hostedzone?max=1", &[], "");
    assert_eq!(
        asked,
        "route53:ListHostedZones: max is no member of the query"
    );
}

#[test]
fn what_is_missing_is_named() {
    let rds = query(
        "rds",
        "Action=CreateDBSubnetGroup&Version=2014-10-31&DBSubnetGroupName=a&SubnetIds.SubnetIdentifier.1=c",
    );
    assert_eq!(
        rds,
        "rds:CreateDBSubnetGroup: DBSubnetGroupDescription is required and missing"
    );
    let inner = r#"{"BackupPlan": {"BackupPlanName": "a", "Rules": [{"RuleName": "b"}]}}"#;
    let backup = found("backup", "PUT", "/backup/plans", &[], inner);
    assert_eq!(
        backup,
        "backup:CreateBackupPlan: BackupPlan.Rules[].TargetBackupVaultName is required and missing"
    );
}

#[test]
fn values_outside_list_length_range_and_pattern_are_named() {
    let target = "AWSWAF_20190729.GetWebACL";
    let words = json(
        "wafv2",
        target,
        r#"{"Name": "a b", "Scope": "GLOBAL", "Id": "c"}"#,
    );
    assert!(
        words.contains("Scope is GLOBAL, and none of CLOUDFRONT, REGIONAL"),
        "{words}"
    );
    assert!(
        words.contains("Name is a b, which does not match"),
        "{words}"
    );
    let role = format!(
        "Action=GetRole&Version=2010-05-08&RoleName={}",
        "a".repeat(65)
    );
    let words = query("iam", &role);
    assert!(
        words.contains("RoleName is 65 characters, and takes 1 to 64"),
        "{words}"
    );
    let words = json(
        "ssm",
        "AmazonSSM.DescribeParameters",
        r#"{"MaxResults": 51}"#,
    );
    assert!(
        words.contains("MaxResults is 51, and takes 1 to 50"),
        "{words}"
    );
    let words = query(
        "ec2",
        "Action=RunInstances&Version=2016-11-15&MinCount=one&MaxCount=1",
    );
    assert!(words.contains("MinCount is no integer: one"), "{words}");
}

#[test]
fn secrets_are_not_in_what_is_said() {
    let words = json(
        "secretsmanager",
        "secretsmanager.PutSecretValue",
        r#"{"SecretId": "a", "SecretString": ""}"#,
    );
    assert!(words.contains("SecretString is 0 characters"), "{words}");
}
