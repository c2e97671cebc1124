//! What a resource opens to the internet, told from its properties alone.
//!
//! Knows the properties that let anybody in: rules from everywhere, balancers and distributions that
//! answer the internet, public addresses, databases and policies that are public. What leads there,
//! such as a route to a gateway or a name in a zone, opens nothing by itself and is left out. What is
//! not known yet (a reference) opens nothing either: the resource that it refers to says so.

use std::collections::BTreeSet;

use ipnet::IpNet;

use crate::value::{Map, Value};

/// Ranges wider than this are the internet: the halves of `0.0.0.0/0` are as good as the whole. AWS
/// draws the line for "public" there
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html>).
const WIDEST: (u8, u8) = (8, 32);

/// Condition keys that leave a policy's `*` to few, when an operator fixes them; the same source.
const NARROWING: &[&str] = &[
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceip",
    "aws:sourceorgid",
    "aws:sourceowner",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:userid",
    "kms:calleraccount",
    "s3:dataaccesspointaccount",
    "s3:dataaccesspointarn",
];

/// The ways in which a resource of this kind with these properties lets the internet in, in words.
pub fn ways(kind: &str, properties: &Map) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    if let Some(exposes) = super::of(kind).exposes {
        exposes(properties, &mut found);
    }
    for name in ["PolicyDocument", "KeyPolicy", "ResourcePolicy"] {
        if let Some(policy) = properties.get(name) {
            policy_ways(policy, &mut found);
        }
    }
    found
}

/// Whether a property is true.
fn is_on(properties: &Map, path: &str) -> bool {
    properties
        .at(path)
        .is_some_and(|value| as_bool(value) == Some(true))
}

/// A security group: its rules.
pub(super) fn security_group(properties: &Map, found: &mut BTreeSet<String>) {
    for rule in list(properties.get("SecurityGroupIngress")) {
        found.extend(rule.as_map().and_then(ingress));
    }
}

/// A rule of a security group.
pub(super) fn rule(properties: &Map, found: &mut BTreeSet<String>) {
    found.extend(ingress(properties));
}

/// A load balancer. Facing the internet is the default, and a gateway load balancer has no scheme.
pub(super) fn balancer(properties: &Map, found: &mut BTreeSet<String>) {
    let scheme = properties.get("Scheme").and_then(Value::as_str);
    let is_gateway = properties.get("Type").and_then(Value::as_str) == Some("gateway");
    if scheme.unwrap_or("internet-facing") == "internet-facing" && !is_gateway {
        found.insert("the load balancer faces the internet".to_owned());
    }
}

/// A distribution.
pub(super) fn distribution(properties: &Map, found: &mut BTreeSet<String>) {
    if is_on(properties, "DistributionConfig.Enabled") {
        found.insert("the distribution is open to the internet".to_owned());
    }
}

/// A database.
pub(super) fn database(properties: &Map, found: &mut BTreeSet<String>) {
    if is_on(properties, "PubliclyAccessible") {
        found.insert("the database has a public address".to_owned());
    }
}

/// A subnet.
pub(super) fn subnet(properties: &Map, found: &mut BTreeSet<String>) {
    if is_on(properties, "MapPublicIpOnLaunch") {
        found.insert("instances in the subnet get a public address".to_owned());
    }
}

/// A public address given to something.
pub(super) fn association(_: &Map, found: &mut BTreeSet<String>) {
    found.insert("a public address routes to it".to_owned());
}

/// A public address.
pub(super) fn address(properties: &Map, found: &mut BTreeSet<String>) {
    if properties.contains_key("InstanceId") {
        found.insert("a public address routes to an instance".to_owned());
    }
}

/// An instance.
pub(super) fn instance(properties: &Map, found: &mut BTreeSet<String>) {
    public_interface(properties.get("NetworkInterfaces"), found);
}

/// A launch template.
pub(super) fn template(properties: &Map, found: &mut BTreeSet<String>) {
    public_interface(properties.at("LaunchTemplateData.NetworkInterfaces"), found);
}

/// A bucket: its access control list, and whether it may be made public.
pub(super) fn bucket(properties: &Map, found: &mut BTreeSet<String>) {
    if let Some(acl) = properties.get("AccessControl").and_then(Value::as_str)
        && acl.starts_with("PublicRead")
    {
        found.insert(format!("its access control list is {acl}"));
    }
    if let Some(block) = properties
        .get("PublicAccessBlockConfiguration")
        .and_then(Value::as_map)
    {
        let off: Vec<&str> = block
            .iter()
            .filter(|(_, value)| as_bool(value) == Some(false))
            .map(|(name, _)| &**name)
            .collect();
        if !off.is_empty() {
            found.insert(format!("it may be made public: {} is off", off.join(", ")));
        }
    }
}

/// True and false, which some properties take as text.
fn as_bool(value: &Value) -> Option<bool> {
    match value.as_str() {
        Some("true") => Some(true),
        Some("false") => Some(false),
        _ => value.as_bool(),
    }
}

/// A list's items; one thing where a list may stand is a list of it.
fn list(value: Option<&Value>) -> &[Value] {
    match value {
        Some(Value::List(items)) => items,
        Some(one) => std::slice::from_ref(one),
        None => &[],
    }
}

fn public_interface(interfaces: Option<&Value>, found: &mut BTreeSet<String>) {
    let public = |interface: &Value| {
        interface
            .at("AssociatePublicIpAddress")
            .is_some_and(|value| as_bool(value) == Some(true))
    };
    if list(interfaces).iter().any(public) {
        found.insert("instances get a public address".to_owned());
    }
}

/// A rule that lets everybody in, in words: `tcp 443 from 0.0.0.0/0`.
fn ingress(rule: &Map) -> Option<String> {
    let from = ["CidrIp", "CidrIpv6"]
        .into_iter()
        .filter_map(|name| rule.get(name).and_then(Value::as_str))
        .find(|range| is_the_internet(range))?;
    let protocol = match rule.get("IpProtocol").map(Value::to_string).as_deref() {
        Some("-1") | None => "every protocol".to_owned(),
        Some("6") => "tcp".to_owned(),
        Some("17") => "udp".to_owned(),
        Some("1") => "icmp".to_owned(),
        Some("58") => "icmpv6".to_owned(),
        Some(other) => other.to_owned(),
    };
    let port = |name: &str| {
        let value = rule.get(name)?;
        value.as_number()
    };
    // ICMP has types where others have ports.
    let ports = match (port("FromPort"), port("ToPort")) {
        _ if !matches!(&*protocol, "tcp" | "udp") => String::new(),
        (None | Some(0 | -1), None | Some(65535 | -1)) => ", every port,".to_owned(),
        (Some(first), Some(last)) if first != last => format!(" {first}-{last}"),
        (Some(one), _) | (None, Some(one)) => format!(" {one}"),
    };
    Some(format!("{protocol}{ports} from {from}"))
}

/// Whether a range is so wide that it stands for everybody.
fn is_the_internet(range: &str) -> bool {
    match range.parse::<IpNet>() {
        Ok(IpNet::V4(net)) => net.prefix_len() < WIDEST.0,
        Ok(IpNet::V6(net)) => net.prefix_len() < WIDEST.1 && !is_private(net),
        Err(_) => false,
    }
}

/// Unique local addresses (RFC 4193) and link-local ones lead nowhere outside.
fn is_private(net: ipnet::Ipv6Net) -> bool {
    let first = net.network().octets()[0];
    (net.prefix_len() >= 7 && first & 0xfe == 0xfc) || (net.prefix_len() >= 10 && first == 0xfe)
}

/// What a resource's policy lets everybody do.
fn policy_ways(policy: &Value, found: &mut BTreeSet<String>) {
    // Some kinds take the document as text.
    let parsed = policy
        .as_str()
        .and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok())
        .map(Value::from);
    let policy = parsed.as_ref().unwrap_or(policy);
    for statement in list(policy.at("Statement")) {
        let allows = statement.at("Effect").and_then(Value::as_str) == Some("Allow");
        if !allows || !is_everybody(statement.at("Principal")) || is_narrowed(statement) {
            continue;
        }
        let actions: Vec<&str> = list(statement.at("Action"))
            .iter()
            .filter_map(Value::as_str)
            .collect();
        found.insert(if actions.is_empty() {
            "its policy allows everyone".to_owned()
        } else {
            format!("its policy allows everyone {}", actions.join(", "))
        });
    }
}

fn is_everybody(principal: Option<&Value>) -> bool {
    let star = |value: &Value| {
        list(Some(value))
            .iter()
            .any(|one| one.as_str() == Some("*"))
    };
    match principal {
        Some(Value::Map(map)) => map.get("AWS").is_some_and(star),
        Some(other) => star(other),
        None => false,
    }
}

/// Whether a condition leaves the statement to few.
fn is_narrowed(statement: &Value) -> bool {
    let Some(conditions) = statement.at("Condition").and_then(Value::as_map) else {
        return false;
    };
    conditions.iter().any(|(operator, keys)| {
        let operator = operator.to_ascii_lowercase();
        // `…IfExists` holds where the key is missing, `Not…` names those who are kept out.
        if operator.contains("not") || operator.ends_with("ifexists") || operator == "null" {
            return false;
        }
        keys.as_map().is_some_and(|keys| {
            keys.iter().any(|(key, values)| {
                let key = key.to_ascii_lowercase();
                NARROWING.contains(&&*key) && list(Some(values)).iter().all(|v| is_fixed(&key, v))
            })
        })
    })
}

/// Whether a condition's value names few. A reference names the one thing that it refers to.
fn is_fixed(key: &str, value: &Value) -> bool {
    match value.as_str() {
        None => true,
        Some(range) if key == "aws:sourceip" => !is_the_internet(range),
        Some(text) => !text.trim_matches('*').is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(kind: &str, properties: serde_json::Value) -> Vec<String> {
        let properties = Value::from(properties);
        ways(kind, properties.as_map().unwrap())
            .into_iter()
            .collect()
    }

    fn rule(rule: serde_json::Value) -> Vec<String> {
        of("AWS::EC2::SecurityGroupIngress", rule)
    }

    #[test]
    fn rules_from_everywhere_are_told_with_protocol_and_ports() {
        let told = of(
            "AWS::EC2::SecurityGroup",
            json!({"SecurityGroupIngress": [
                {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "0.0.0.0/0"},
                {"IpProtocol": "udp", "FromPort": 1000, "ToPort": 2000, "CidrIpv6": "::/0"},
                {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "192.0.2.0/24"},
                {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "SourceSecurityGroupId": "sg-1"},
            ], "SecurityGroupEgress": [{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}]}),
        );
        assert_eq!(told, ["tcp 443 from 0.0.0.0/0", "udp 1000-2000 from ::/0"]);
        assert_eq!(
            rule(json!({"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"})),
            ["every protocol from 0.0.0.0/0"]
        );
        assert_eq!(
            rule(json!({"IpProtocol": "6", "FromPort": 0, "ToPort": 65535, "CidrIp": "0.0.0.0/0"})),
            ["tcp, every port, from 0.0.0.0/0"]
        );
    }

    #[test]
    fn half_the_internet_is_the_internet_and_a_private_range_is_not() {
        let from = |name: &str, range: &str| {
            rule(json!({"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, name: range})).len()
        };
        assert_eq!(from("CidrIp", "128.0.0.0/1"), 1);
        assert_eq!(from("CidrIpv6", "2000::/3"), 1);
        assert_eq!(from("CidrIp", "10.0.0.0/8"), 0);
        assert_eq!(from("CidrIpv6", "fc00::/7"), 0);
        assert_eq!(from("CidrIpv6", "2001:db8::/32"), 0);
        assert_eq!(from("CidrIp", "not a range"), 0);
    }

    #[test]
    fn a_balancer_faces_the_internet_unless_it_says_otherwise() {
        let kind = "AWS::ElasticLoadBalancingV2::LoadBalancer";
        assert_eq!(of(kind, json!({})).len(), 1);
        assert_eq!(of(kind, json!({"Scheme": "internet-facing"})).len(), 1);
        assert_eq!(of(kind, json!({"Scheme": "internal"})).len(), 0);
        assert_eq!(of(kind, json!({"Type": "gateway"})).len(), 0);
    }

    #[test]
    fn a_policy_is_public_when_it_allows_everybody_and_no_condition_narrows_it() {
        let policy = |statement: serde_json::Value| {
            let document = json!({"Statement": [statement]});
            let object = of("AWS::S3::BucketPolicy", json!({"PolicyDocument": document}));
            let text = json!({"PolicyDocument": document.to_string()});
            assert_eq!(object, of("AWS::S3::BucketPolicy", text));
            object.len()
        };
        let allow = json!({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"});
        let with = |key: &str, value: serde_json::Value| {
            let mut statement = allow.clone();
            statement[key] = value;
            policy(statement)
        };
        assert_eq!(policy(allow.clone()), 1);
        assert_eq!(with("Principal", json!({"AWS": ["*"]})), 1);
        assert_eq!(with("Effect", json!("Deny")), 0);
        assert_eq!(
            with("Principal", json!({"Service": "cloudfront.amazonaws.com"})),
            0
        );
        let when = |condition| with("Condition", condition);
        assert_eq!(
            when(json!({"StringEquals": {"aws:SourceVpce": "vpce-1"}})),
            0
        );
        assert_eq!(
            when(json!({"IpAddress": {"aws:SourceIp": ["192.0.2.0/24"]}})),
            0
        );
        assert_eq!(
            when(json!({"IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "0.0.0.0/0"]}})),
            1
        );
        assert_eq!(
            when(json!({"StringNotEquals": {"aws:SourceVpce": "vpce-1"}})),
            1
        );
        assert_eq!(when(json!({"StringLike": {"aws:SourceArn": "*"}})), 1);
        assert_eq!(when(json!({"Bool": {"aws:SecureTransport": "true"}})), 1);
    }

    #[test]
    fn public_addresses_databases_buckets_and_distributions_are_told() {
        for (kind, properties) in [
            ("AWS::RDS::DBInstance", json!({"PubliclyAccessible": true})),
            ("AWS::EC2::Subnet", json!({"MapPublicIpOnLaunch": "true"})),
            ("AWS::EC2::EIPAssociation", json!({"AllocationId": "a"})),
            ("AWS::EC2::EIP", json!({"InstanceId": "i-1"})),
            (
                "AWS::EC2::Instance",
                json!({"NetworkInterfaces": [{"AssociatePublicIpAddress": true}]}),
            ),
            (
                "AWS::EC2::LaunchTemplate",
                json!({"LaunchTemplateData": {"NetworkInterfaces": [{"AssociatePublicIpAddress": true}]}}),
            ),
            (
                "AWS::CloudFront::Distribution",
                json!({"DistributionConfig": {"Enabled": true}}),
            ),
            (
                "AWS::S3::Bucket",
                json!({"AccessControl": "PublicReadWrite"}),
            ),
            (
                "AWS::S3::Bucket",
                json!({"PublicAccessBlockConfiguration": {"BlockPublicAcls": true, "BlockPublicPolicy": false}}),
            ),
        ] {
            assert_eq!(of(kind, properties.clone()).len(), 1, "{kind} {properties}");
        }
        for (kind, properties) in [
            ("AWS::RDS::DBInstance", json!({"PubliclyAccessible": false})),
            ("AWS::EC2::Subnet", json!({"MapPublicIpOnLaunch": false})),
            ("AWS::EC2::EIP", json!({"Domain": "vpc"})),
            (
                "AWS::CloudFront::Distribution",
                json!({"DistributionConfig": {"Enabled": false}}),
            ),
            ("AWS::S3::Bucket", json!({"AccessControl": "Private"})),
        ] {
            assert_eq!(of(kind, properties.clone()).len(), 0, "{kind} {properties}");
        }
    }
}
