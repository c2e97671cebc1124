use std::sync::Arc;

use jiff::civil::{Date, date};
use serde_json::json;

use super::{Case, Fate, Policies, Report, check};
use crate::graph::{Graph, Resource};
use crate::inventory::{Applied, Live, LiveResource, Status};
use crate::plan::diff;
use crate::value::{Map, Value};

const TODAY: Date = date(2027, 3, 1);

fn map(json: serde_json::Value) -> Map {
    match serde_json::from_value(json).unwrap() {
        Value::Map(map) => map,
        other => panic!("{other} is no map"),
    }
}

fn resource(id: &str, kind: &str, properties: serde_json::Value) -> Resource {
    Resource {
        address: format!("us-east-1/{id}").parse().unwrap(),
        kind: kind.into(),
        tier: "data".into(),
        role: None,
        properties: map(properties),
        after: Vec::new(),
        lifecycle: Default::default(),
        ready_when: Vec::new(),
    }
}

fn live(id: &str, kind: &str, properties: serde_json::Value) -> Live {
    let address: crate::address::Address = format!("us-east-1/{id}").parse().unwrap();
    let found = LiveResource {
        address: address.clone(),
        kind: kind.into(),
        identifier: id.into(),
        properties: map(properties),
        status: Status::Ready,
        applied: Some(Applied::default()),
    };
    Live {
        resources: [(address, found)].into(),
        ..Live::default()
    }
}

/// What one rule of a user's says; the built-in ones are not asked.
fn asked(rule: &str, exceptions: &str, graph: &Graph, live: &Live) -> Report {
    let rules = format!("rules:\n  - {{id: x, title: t, fix: f, {rule}}}\n");
    let mut files = vec![("own.yaml", rules.as_str())];
    if !exceptions.is_empty() {
        files.push(("exceptions.yaml", exceptions));
    }
    let mut policies = Policies::with(&files).unwrap_or_else(|errors| panic!("{errors:#?}"));
    policies.rules.retain(|rule| &*rule.id == "x");
    let plan = diff(graph, live, None);
    let spec = Value::from(json!({"stage": "split-db", "env": "prod"}));
    let case = Case {
        spec: &spec,
        graph,
        plan: &plan,
        today: TODAY,
    };
    check(&policies, &case)
}

fn messages(report: &Report) -> Vec<&str> {
    report.findings.iter().map(|f| &*f.message).collect()
}

const QUEUE: &str = "AWS::SSM::Parameter";

fn one(value: &str) -> Graph {
    [resource("p", QUEUE, json!({"Name": "/p", "Value": value}))]
        .into_iter()
        .collect()
}

#[test]
fn a_message_shows_the_values() {
    let rule = "severity: deny, kinds: ['AWS::SSM::*'], require: 'after.Value == \"b\"', message: '${address} is ${after.Value}, tier ${after.Tier}'";
    let report = asked(rule, "", &one("a"), &Live::default());
    assert_eq!(messages(&report), ["us-east-1/p is a, tier not set"]);
    let report = asked(rule, "", &one("b"), &Live::default());
    assert_eq!(messages(&report), [""; 0]);
}

#[test]
fn a_rule_sees_what_was_and_what_changes() {
    let rule = "severity: deny, message: '${before.Value} to ${after.Value}', actions: [update], require: '!(\"Value\" in changed)'";
    let before = live("p", QUEUE, json!({"Name": "/p", "Value": "a"}));
    assert_eq!(messages(&asked(rule, "", &one("b"), &before)), ["a to b"]);
    assert_eq!(messages(&asked(rule, "", &one("a"), &before)), [""; 0]);
}

#[test]
fn what_goes_is_looked_at_only_by_rules_that_say_so() {
    let before = live("p", QUEUE, json!({"Name": "/p", "Value": "a"}));
    let rule = "severity: deny, message: '${action} ${before.Value}', require: 'false'";
    let report = asked(rule, "", &Graph::default(), &before);
    assert_eq!(messages(&report), [""; 0]);
    let rule = format!("{rule}, actions: [delete]");
    let report = asked(&rule, "", &Graph::default(), &before);
    assert_eq!(messages(&report), ["delete a"]);
}

#[test]
fn a_rule_over_the_plan_speaks_of_what_will_stand() {
    let before = live("p", QUEUE, json!({"Name": "/p", "Value": "a"}));
    let rule =
        "severity: deny, over: plan, require: 'resources.exists(r, r.id == \"p\")', message: m";
    let other: Graph = [resource("q", QUEUE, json!({"Name": "/q"}))]
        .into_iter()
        .collect();
    assert_eq!(messages(&asked(rule, "", &other, &before)), ["m"]);
    assert_eq!(messages(&asked(rule, "", &one("a"), &before)), [""; 0]);
    // Who takes everything away breaks no rule about what there should be.
    assert_eq!(
        messages(&asked(rule, "", &Graph::default(), &before)),
        [""; 0]
    );
}

#[test]
fn a_rule_over_the_plan_is_asked_once() {
    let rule = "severity: warn, over: plan, require: 'plan.create < 2 || stage != \"split-db\"', message: '${plan.create} with ${size(resources)}'";
    let graph: Graph = ["a", "b"]
        .map(|id| resource(id, QUEUE, json!({"Name": id})))
        .into_iter()
        .collect();
    let report = asked(rule, "", &graph, &Live::default());
    assert_eq!(messages(&report), ["2 with 2"]);
    assert_eq!(report.denied().count(), 0);
}

#[test]
fn neighbours_are_those_that_refer_and_those_referred_to() {
    let graph: Graph = [
        resource("v", "AWS::EC2::VPC", json!({"CidrBlock": "10.0.0.0/16"})),
        resource(
            "f",
            "AWS::EC2::FlowLog",
            json!({"ResourceId": {"$ref": "us-east-1/v#VpcId"}}),
        ),
    ]
    .into_iter()
    .collect();
    let rule = "severity: deny, require: 'false', message: '${referrers.map(r, r.id)} ${needs.map(r, r.after.CidrBlock)} ${id == \"f\" ? after.ResourceId : kind}'";
    let report = asked(rule, "", &graph, &Live::default());
    assert_eq!(
        messages(&report),
        [
            "[] [\"10.0.0.0/16\"] ${us-east-1/v.VpcId}",
            "[\"f\"] [] AWS::EC2::VPC"
        ]
    );
}

#[test]
fn what_cannot_be_decided_counts_as_broken() {
    let rule = "severity: deny, message: m, require: 'after.Value < 3'";
    let report = asked(rule, "", &one("a"), &Live::default());
    assert_eq!(
        messages(&report),
        ["cannot be evaluated: text and a number have no order"]
    );
    assert_eq!(report.denied().count(), 1);
    let rule = "severity: deny, message: m, require: after.Value";
    let report = asked(rule, "", &one("a"), &Live::default());
    assert!(messages(&report)[0].contains("not true or false"));
}

#[test]
fn secrets_are_compared_and_never_told() {
    let graph: Graph = [resource(
        "d",
        "AWS::RDS::DBInstance",
        json!({"MasterUserPassword": "hunter2"}),
    )]
    .into_iter()
    .collect();
    for require in [
        "'startsWith(after.MasterUserPassword, \"{{resolve:\")'",
        "'after.MasterUserPassword < 1'",
        "'after.MasterUserPassword'",
        "'resources.exists(r, r.after.MasterUserPassword > 1)'",
    ] {
        let rule = format!(
            "severity: deny, message: 'it is ${{after.MasterUserPassword}} in ${{resources}}', require: {require}"
        );
        let report = asked(&rule, "", &graph, &Live::default());
        let told = format!("{:?}", report.findings);
        assert_eq!(report.findings.len(), 1, "{require}");
        assert!(!told.contains("hunter2"), "{told}");
    }
}

const DENIED: &str = "severity: deny, message: m, require: 'false'";

fn excepted(line: &str) -> Report {
    let text = format!("exceptions:\n  - {{rule: x, reason: because, {line}}}\n");
    asked(DENIED, &text, &one("a"), &Live::default())
}

#[test]
fn an_exception_counts_until_its_last_day() {
    let report = excepted("address: '*/p', expires: 2027-03-01");
    assert_eq!(report.findings, []);
    assert_eq!(&*report.excepted[0].reason, "because");
    assert_eq!(report.excepted[0].until.as_deref(), Some("2027-03-01"));
    assert_eq!(report.warnings, []);

    let report = excepted("address: '*/p', expires: 2027-02-28");
    let expired = report.findings[0].expired.as_deref().unwrap();
    assert!(expired.contains("ended on 2027-02-28"), "{expired}");
    assert_eq!(report.warnings.len(), 1);
    assert!(report.warnings[0].message.contains("ended on 2027-02-28"));
}

#[test]
fn an_exception_that_matches_nothing_is_told_with_its_line() {
    let report = excepted("address: '*/q', expires: 2028-01-01");
    assert_eq!(report.findings.len(), 1);
    let warning = &report.warnings[0];
    assert!(warning.message.contains("matches nothing"), "{warning:?}");
    assert!(warning.line.as_deref().unwrap().contains("rule: x"));
}

#[test]
fn an_exception_holds_at_its_stages_and_under_its_condition_only() {
    let tail = "address: '*', expires: 2028-01-01";
    for (line, holds) in [
        ("stages: [split-db]", true),
        ("stages: [cdn]", false),
        ("when: 'env == \"prod\"'", true),
        ("when: 'env == \"test\"'", false),
        // One that cannot be decided excepts nothing.
        ("when: 'env < 3'", false),
    ] {
        let report = excepted(&format!("{tail}, {line}"));
        assert_eq!(report.findings.is_empty(), holds, "{line}");
    }
}

#[test]
fn a_file_of_the_users_takes_the_place_of_a_built_in_one() {
    let own =
        "rules:\n  - {id: mine, title: t, severity: warn, require: 'true', message: m, fix: f}\n";
    let policies = Policies::with(&[("network.yaml", own)]).unwrap();
    assert!(policies.rule("mine").is_some() && policies.rule("ec2-flow-logs").is_none());
    assert!(policies.rule("rds-public").is_some());
}

#[test]
fn every_mistake_is_told_at_its_place() {
    let rules = "\
policy: own
colour: red
rules:
  - id: Wrong
    title: t
    severity: denny
    kinds: [AWS::EC2::Instanc, 5]
    actions: [creat]
    require: after.A ==
    message: m
    fix: f
  - id: names
    title: t
    severity: deny
    kinds: [AWS::EC2::Instance]
    require: after.MetadataOptoins.HttpTokens == 'required' && contain(spec.databse, stge)
    property: MetadataOptions.HttpToken
    message: ${after.BlockDeviceMappings.Ebs}
    fix: [f]
  - id: rds-public
    title: t
    severity: deny
    over: plan
    kinds: [AWS::EC2::VPC]
    require: after.CidrBlock != null && resources.all(r, r.kinds != null) && plan.creat < 3
    message: m
    fix: f
";
    let exceptions = "\
exceptions:
  - {rule: rds-publik, address: x, reason: r, expires: tomorrow}
  - {rule: rds-public, address: x, expires: 2027-01-01}
  - {rule: rds-public, address: x, reason: r, stages: [cdm]}
";
    let errors = Policies::with(&[("own.yaml", rules), ("exceptions.yaml", exceptions)])
        .err()
        .unwrap();
    let told: Vec<String> = errors
        .iter()
        .map(|error| {
            let help: Arc<str> = error.help.as_deref().unwrap_or_default().into();
            let place = error.location.as_ref().unwrap();
            format!("{place} {} ({help})", error.message)
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn every_fate_has_a_name_of_its_own() {
    let names: std::collections::BTreeSet<&str> = Fate::ALL.map(Fate::name).into();
    assert_eq!(names.len(), Fate::ALL.len());
}

#[test]
fn a_condition_that_cannot_be_read_hides_no_other_mistake_of_its_rule() {
    let rules = "policy: own\nrules:\n  - id: x\n    title: t\n    severity: deny\n    require: after.A ==\n    message: ${aftr}\n    fix: f\n";
    let errors = Policies::with(&[("own.yaml", rules)]).err().unwrap();
    let lines: Vec<u32> = errors
        .iter()
        .map(|error| error.location.as_ref().unwrap().line)
        .collect();
    assert_eq!(lines, [6, 7], "{errors:#?}");
}
