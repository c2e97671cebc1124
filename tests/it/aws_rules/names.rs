//! What Route 53 refuses of health checks and private zones.

use super::*;

const CHECK: &str = "AWS::Route53::HealthCheck";
const ALARM: &str = "AWS::CloudWatch::Alarm";
const ZONE: &str = "AWS::Route53::HostedZone";
const RECORD: &str = "AWS::Route53::RecordSet";

fn alarm(change: impl Fn(&mut Json)) -> Json {
    let mut alarm = json!({
        "AlarmName": "lag", "Namespace": "AWS/RDS", "MetricName": "ReplicaLag", "Statistic": "Maximum",
        "Dimensions": [{"Name": "DBInstanceIdentifier", "Value": "x"}], "Period": 60, "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold", "Threshold": 5,
    });
    change(&mut alarm);
    alarm
}

fn check(region: &str) -> Json {
    json!({"HealthCheckConfig": {
        "Type": "CLOUDWATCH_METRIC", "AlarmIdentifier": {"Name": "lag", "Region": region},
        "InsufficientDataHealthStatus": "Unhealthy"}})
}

#[test]
fn a_health_check_reads_alarms_of_one_plain_metric() {
    let mut account = Account::new();
    account.made("us-east-1/a", ALARM, alarm(|_| ()));
    account.made("global/c", CHECK, check("us-east-1"));
    let refused = account
        .create("global/d", CHECK, check("eu-west-1"))
        .unwrap_err();
    assert!(
        refused.message.contains("does not exist in eu-west-1"),
        "{refused}"
    );
    for (change, why) in [
        (
            json!({"DatapointsToAlarm": 2, "EvaluationPeriods": 3}),
            "M out of N",
        ),
        (json!({"Period": 10}), "high-resolution"),
        (
            json!({"Statistic": null, "ExtendedStatistic": "p90"}),
            "extended statistic",
        ),
    ] {
        let mut account = Account::new();
        let changed = alarm(|alarm| {
            for (name, value) in change.as_object().unwrap() {
                if value.is_null() {
                    alarm.as_object_mut().unwrap().remove(name);
                } else {
                    alarm[name] = value.clone();
                }
            }
        });
        account.made("us-east-1/a", ALARM, changed);
        let refused = account
            .create("global/c", CHECK, check("us-east-1"))
            .unwrap_err();
        assert_eq!(refused.code, "InvalidInput");
        assert!(refused.message.contains(why), "{}", refused.message);
    }
}

#[test]
fn a_health_check_has_what_its_type_has() {
    let mut account = Account::new();
    let child = account.made("us-east-1/a", ALARM, alarm(|_| ()));
    assert_eq!(&*child, "lag");
    let child = account.made("global/c", CHECK, check("us-east-1"));
    let of = |children: &str, more: Json| {
        let mut config =
            json!({"Type": "CALCULATED", "ChildHealthChecks": [children], "HealthThreshold": 1});
        for (name, value) in more.as_object().unwrap() {
            config[name] = value.clone();
        }
        json!({"HealthCheckConfig": config})
    };
    account.made("global/d", CHECK, of(&child, json!({})));
    let refused = account.create("global/e", CHECK, of("unknown", json!({})));
    assert_eq!(code(refused), "InvalidInput");
    let refused = account.create("global/e", CHECK, of(&child, json!({"Port": 443})));
    assert_eq!(code(refused), "InvalidInput");
    let missing = json!({"HealthCheckConfig": {"Type": "CALCULATED", "HealthThreshold": 1}});
    assert_eq!(
        code(account.create("global/e", CHECK, missing)),
        "InvalidInput"
    );
}

#[test]
fn a_vpc_has_one_zone_of_a_name() {
    let mut account = Account::new();
    let vpc = |account: &mut Account, name: &str| {
        account.made(name, "AWS::EC2::VPC", json!({"CidrBlock": "10.0.0.0/16"}))
    };
    let (first, second) = (
        vpc(&mut account, "us-east-1/a"),
        vpc(&mut account, "us-east-1/b"),
    );
    let zone = |vpc: &str| json!({"Name": "a.internal", "VPCs": [{"VPCId": vpc, "VPCRegion": "us-east-1"}]});
    let id = account.made("global/a", ZONE, zone(&first));
    account.made("global/b", ZONE, zone(&second));
    let refused = account.create("global/c", ZONE, zone(&first));
    assert_eq!(code(refused), "ConflictingDomainExists");
    // Nobody delegates to it.
    let item = account
        .cloud
        .items
        .values()
        .find(|item| item.identifier == id)
        .unwrap();
    assert_eq!(item.properties.get("NameServers"), None);
    account.made("us-east-1/a2", ALARM, alarm(|_| ()));
    let check = account.made("global/check", CHECK, check("us-east-1"));
    let simple = json!({"HostedZoneId": &*id, "Name": "x.a.internal", "Type": "CNAME", "TTL": "5",
        "ResourceRecords": ["y.example"], "HealthCheckId": &*check});
    let refused = account.create("global/record", RECORD, simple).unwrap_err();
    assert!(refused.message.contains("simple record"), "{refused}");
}
