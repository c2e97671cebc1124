//! Values that AWS gives once only: while one resource has them, it creates no second one with them.
//!
//! From this follow which replacements can be created before the old one is deleted, which create has
//! to wait until another resource gives a value up, and what the simulator refuses.

use ipnet::Ipv4Net;

use crate::schema::Registry;
use crate::value::{Map, Value};

/// Properties whose absence tells a resource from others as a value does; without any other property AWS
/// makes a value up.
const ABSENT: &[&str] = &[
    "CidrIp",
    "CidrIpv6",
    "DestinationCidrBlock",
    "DestinationIpv6CidrBlock",
    "DestinationPrefixListId",
    "DestinationSecurityGroupId",
    "FromPort",
    "SourcePrefixListId",
    "SourceSecurityGroupId",
    "ToPort",
];

/// The properties whose values together exist once only for a resource type, if there are such.
pub fn once(kind: &str) -> Option<&'static [&'static str]> {
    Some(super::of(kind).once).filter(|paths| !paths.is_empty())
}

/// What `wanted` and `other` of the same type and region both would have, in words, although it exists
/// once only; `None` when both can exist.
pub fn clash(kind: &str, wanted: &Map, other: &Map) -> Option<String> {
    if let Some(paths) = once(kind)
        && shares(kind, paths, wanted, other)
    {
        return Some(in_words(paths, wanted));
    }
    let schema = Registry::embedded().kind(kind)?;
    let own: Vec<&str> = schema
        .primary_identifier()
        .iter()
        .map(|name| &**name)
        .collect();
    let is_given = own.iter().all(|name| !schema.is_read_only(name));
    (is_given && shares(kind, &own, wanted, other)).then(|| in_words(&own, wanted))
}

fn shares(kind: &str, paths: &[&str], wanted: &Map, other: &Map) -> bool {
    let is_simple = |map: &Map| map.get("SetIdentifier").is_none();
    let listener = listener_of(kind, other);
    let of_other = |path: &str| match path {
        "ListenerArn" => other.at(path).or(listener.as_ref()),
        path => other.at(path),
    };
    let is_same = |path: &&str| match (wanted.at(path), of_other(path)) {
        (Some(wanted), Some(other)) if kind == "AWS::EC2::Subnet" && *path == "CidrBlock" => {
            overlaps(wanted, other)
        }
        (Some(wanted), Some(other)) => !wanted.is_symbolic() && name_of(wanted) == name_of(other),
        // A simple record bears no other one beside it.
        _ if *path == "SetIdentifier" => is_simple(wanted) || is_simple(other),
        (None, None) => ABSENT.contains(path),
        _ => false,
    };
    paths.iter().any(|path| wanted.at(path).is_some()) && paths.iter().all(is_same)
}

/// The listener of a rule, which AWS tells in the rule's own name only
/// (<https://docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancingv2.html>).
fn listener_of(kind: &str, rule: &Map) -> Option<Value> {
    let arn = rule
        .get("RuleArn")
        .filter(|_| kind.ends_with("::ListenerRule"))?;
    let (listener, _) = arn.as_str()?.rsplit_once('/')?;
    Some(Value::str(listener.replacen(
        ":listener-rule/",
        ":listener/",
        1,
    )))
}

/// A value as AWS compares it: numbers and text alike, names of DNS in any case and with or without a dot.
fn name_of(value: &Value) -> String {
    let text = value.to_string();
    text.trim_end_matches('.').to_lowercase()
}

/// Whether two blocks of addresses have some in common.
pub fn overlaps(one: &Value, other: &Value) -> bool {
    let net = |value: &Value| value.as_str()?.parse::<Ipv4Net>().ok();
    match (net(one), net(other)) {
        (Some(one), Some(other)) => one.contains(&other) || other.contains(&one),
        _ => false,
    }
}

fn in_words(paths: &[&str], map: &Map) -> String {
    let set = paths.iter().filter_map(|path| Some((path, map.at(path)?)));
    let told: Vec<String> = set.map(|(path, value)| format!("{path} {value}")).collect();
    told.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(json: serde_json::Value) -> Map {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn names_that_aws_makes_up_do_not_clash() {
        let role = "AWS::IAM::Role";
        let live = map(serde_json::json!({"RoleName": "Role-1", "Path": "/"}));
        assert_eq!(
            clash(role, &map(serde_json::json!({"Path": "/x/"})), &live),
            None
        );
        let fixed = map(serde_json::json!({"RoleName": "Role-1", "Path": "/x/"}));
        assert_eq!(
            clash(role, &fixed, &live).as_deref(),
            Some("RoleName Role-1")
        );
    }

    #[test]
    fn rules_of_another_listener_do_not_clash() {
        let rule = "AWS::ElasticLoadBalancingV2::ListenerRule";
        let live = map(serde_json::json!({"ListenerArn": "a", "Priority": 7}));
        let same = map(serde_json::json!({"ListenerArn": "a", "Priority": 7}));
        let other = map(serde_json::json!({"ListenerArn": "b", "Priority": 7}));
        assert!(clash(rule, &same, &live).is_some());
        assert_eq!(clash(rule, &other, &live), None);
        let arn = |what: &str| {
            format!("arn:aws:elasticloadbalancing:us-east-1:123456789012:{what}/app/x/1/2")
        };
        let told =
            serde_json::json!({"RuleArn": format!("{}/3", arn("listener-rule")), "Priority": 7});
        let same = serde_json::json!({"ListenerArn": arn("listener"), "Priority": 7});
        assert!(clash(rule, &map(same), &map(told)).is_some());
        let coming =
            serde_json::json!({"ListenerArn": {"$ref": "us-east-1/l#ListenerArn"}, "Priority": 7});
        assert_eq!(clash(rule, &map(coming), &live), None);
    }

    #[test]
    fn simple_records_clash_with_weighted_ones() {
        let record = "AWS::Route53::RecordSet";
        let at = |set: Option<&str>| {
            let mut found =
                map(serde_json::json!({"HostedZoneId": "Z", "Name": "A.example.com", "Type": "A"}));
            if let Some(set) = set {
                found.insert("SetIdentifier", Value::str(set));
            }
            found
        };
        assert!(clash(record, &at(Some("site")), &at(None)).is_some());
        assert!(clash(record, &at(Some("site")), &at(Some("site"))).is_some());
        assert_eq!(clash(record, &at(Some("site")), &at(Some("next"))), None);
    }
}
