//! What counts as a difference.

use serde_json::json;

use crate::compare::*;
use crate::ownership;
use crate::schema::Registry;
use crate::value::base64_gzip;

fn compare(
    kind: &str,
    name: &str,
    desired: serde_json::Value,
    live: serde_json::Value,
) -> Vec<String> {
    let rules = Rules {
        schema: Registry::embedded().kind(kind),
        facts: kinds::of(kind),
    };
    let show = |value: Option<Value>| value.map_or("-".to_owned(), |value| value.to_string());
    property(rules, name, &Value::from(desired), Some(&Value::from(live)))
        .into_iter()
        .map(|found| {
            format!(
                "{}: {} → {}",
                found.path,
                show(found.before),
                show(found.after)
            )
        })
        .collect()
}

const NONE: [&str; 0] = [];

#[test]
fn a_choice_between_empty_objects_is_told_by_its_name() {
    let (kind, allow) = ("AWS::WAFv2::WebACL", json!({"Allow": {}}));
    let found = compare(kind, "DefaultAction", json!({"Block": {}}), allow.clone());
    assert_eq!(found, ["DefaultAction: {Allow: {}} → {Block: {}}"]);
    let tailored = json!({"Allow": {"CustomRequestHandling": {"InsertHeaders": []}}});
    let found = compare(kind, "DefaultAction", json!({"Block": {}}), tailored);
    assert_eq!(found.len(), 1);
    assert_eq!(compare(kind, "DefaultAction", allow.clone(), allow), NONE);
    assert_eq!(
        compare(kind, "DefaultAction", json!({"Allow": {}}), json!({})),
        NONE
    );
}

#[test]
fn an_object_that_switches_off_what_is_off_may_be_missing() {
    let (kind, name) = ("AWS::DynamoDB::GlobalTable", "TimeToLiveSpecification");
    let found = |desired, live: Option<serde_json::Value>| {
        let live = live.map(Value::from);
        property(Rules::of(kind), name, &Value::from(desired), live.as_ref()).len()
    };
    let by = |on: bool| json!({"AttributeName": "ends_at", "Enabled": on});
    assert_eq!(found(json!({"Enabled": false}), None), 0);
    assert_eq!(found(json!({"Enabled": false}), Some(by(false))), 0);
    assert_eq!(found(json!({"Enabled": false}), Some(by(true))), 1);
    assert_eq!(found(by(true), None), 1);
}

#[test]
fn tags_are_compared_by_key_and_awss_own_are_left_alone() {
    let found = compare(
        "AWS::EC2::VPC",
        "Tags",
        json!([{"Key": "Name", "Value": "a"}, {"Key": "new", "Value": "1"}]),
        json!([{"Key": "old", "Value": "2"}, {"Key": "aws:x", "Value": "3"}, {"Key": "Name", "Value": "b"}]),
    );
    assert_eq!(
        found,
        [
            "Tags.Name.Value: b → a",
            r#"Tags.new: - → {Key: "new", Value: "1"}"#,
            r#"Tags.old: {Key: "old", Value: "2"} → -"#
        ]
    );
}

#[test]
fn a_dynamic_reference_is_not_compared_with_what_it_stands_for() {
    let header = |value: &str| json!({"Origins": [{"Id": "app", "OriginCustomHeaders": [{"HeaderName": "X", "HeaderValue": value}]}]});
    let kind = "AWS::CloudFront::Distribution";
    let desired = header("{{resolve:secretsmanager:a}}");
    let same = |live| compare(kind, "DistributionConfig", desired.clone(), live);
    assert_eq!(same(header("hunter2")), NONE);
    assert_eq!(same(header("{{resolve:secretsmanager:b}}")).len(), 1);
    let plain = |live| compare(kind, "DistributionConfig", header("hunter2"), live);
    assert_eq!(plain(header(&ownership::hidden("hunter2"))), NONE);
    assert_eq!(plain(header(&ownership::hidden("hunter3"))).len(), 1);
}

#[test]
fn the_order_of_rules_is_no_difference() {
    let rule = |port: u16| json!({"IpProtocol": "tcp", "FromPort": port, "ToPort": port});
    let (a, b) = (json!([rule(80), rule(443)]), json!([rule(443), rule(80)]));
    assert_eq!(
        compare(
            "AWS::EC2::SecurityGroup",
            "SecurityGroupIngress",
            a.clone(),
            b
        ),
        NONE
    );
    let found = compare(
        "AWS::EC2::SecurityGroup",
        "SecurityGroupIngress",
        a,
        json!([rule(80)]),
    );
    assert_eq!(found.len(), 1);
}

#[test]
fn policies_are_compared_by_what_they_mean() {
    let desired =
        json!({"Statement": [{"Effect": "Allow", "Action": ["b:c", "a:b"], "Resource": "*"}]});
    let live = json!(
        "{\"Statement\":{\"Action\":[\"a:b\",\"b:c\"],\"Effect\":\"Allow\",\"Resource\":[\"*\"]}}"
    );
    assert_eq!(
        compare("AWS::S3::BucketPolicy", "PolicyDocument", desired, live),
        NONE
    );
}

#[test]
fn what_aws_adds_inside_an_object_is_no_difference() {
    let desired = json!({"Status": "Enabled"});
    let live = json!({"Status": "Enabled", "Extra": 1});
    assert_eq!(
        compare("AWS::S3::Bucket", "VersioningConfiguration", desired, live),
        NONE
    );
}

#[test]
fn attributes_at_their_defaults_are_no_difference() {
    let item = |key: &str, value: &str| json!({"Key": key, "Value": value});
    let balancer = |desired, live| {
        compare(
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "LoadBalancerAttributes",
            desired,
            live,
        )
    };
    let idle = item("idle_timeout.timeout_seconds", "60");
    let computed = item("ipv6.deny_all_igw_traffic", "false");
    let http2 = |value: &str| item("routing.http2.enabled", value);
    assert_eq!(
        balancer(json!([idle]), json!([computed, http2("true"), idle])),
        NONE
    );
    assert_eq!(balancer(json!([idle, http2("true")]), json!([])), NONE);
    assert_eq!(
        balancer(json!([idle]), json!([idle, http2("false")])).len(),
        1
    );
    assert_eq!(balancer(json!([http2("false")]), json!([])).len(), 1);
}

#[test]
fn scripts_are_compared_by_their_text() {
    let (kind, name) = ("AWS::EC2::Instance", "UserData");
    let one = "IyEvYmluL3NoCmVjaG8gb25lCg==";
    let packed = base64_gzip("#!/bin/sh\necho one\n");
    assert_eq!(compare(kind, name, json!(packed), json!(one)), [""; 0]);
    let other = base64_gzip("#!/bin/sh\necho two\n");
    assert_eq!(compare(kind, name, json!(other), json!(one)).len(), 1);
    let (kind, name) = ("AWS::EC2::LaunchTemplate", "LaunchTemplateData");
    let with = |data: &str| json!({"UserData": data});
    assert_eq!(compare(kind, name, with(&packed), with(one)), [""; 0]);
}

#[test]
fn spellings_of_one_value_are_equal() {
    assert_eq!(
        compare(
            "AWS::Route53::HostedZone",
            "Name",
            json!("Example.com"),
            json!("example.com.")
        ),
        NONE
    );
    assert_eq!(
        compare(
            "AWS::RDS::DBInstance",
            "AllocatedStorage",
            json!("50"),
            json!(50)
        ),
        NONE
    );
}
