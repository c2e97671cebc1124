//! Rules, as AWS has them and as CloudFormation writes them.

use futures_util::future::try_join_all;
use serde_json::json;

use crate::provider::aws::ec2::{Client, VALUES, specification};
use crate::provider::aws::fail;
use crate::provider::aws::marks::{APP, Tags};
use crate::provider::aws::sdk::ec2;
use crate::provider::aws::service::{NEXT_TOKEN, input, items, pages, pick, text};
use crate::provider::{ErrorKind, Outcome};
use crate::value::{Map, Value};

/// All rules of these groups.
pub async fn rules_of(api: &Client, groups: &[&str]) -> Outcome<Vec<Map>> {
    let found = groups.chunks(VALUES).map(|groups| {
        let filters = json!([{"Name": "group-id", "Values": groups}]);
        rules(api, input(json!({"Filters": filters, "MaxResults": 1000})))
    });
    Ok(try_join_all(found).await?.into_iter().flatten().collect())
}

/// The rules that answer a question.
pub async fn rules(api: &Client, question: Map) -> Outcome<Vec<Map>> {
    let call = async |question: &Map| ec2::describe_security_group_rules(api, question).await;
    pages(call, question, "SecurityGroupRules", NEXT_TOKEN).await
}

/// Adds rules, with tags if they are resources of their own.
pub async fn authorize(
    api: &Client,
    group: &str,
    rules: &[&Map],
    egress: bool,
    tags: Option<&Tags>,
) -> Outcome<Map> {
    if rules.is_empty() {
        return Ok(Map::new());
    }
    let permissions = rules.iter().map(|rule| permission(rule));
    let permissions = permissions.collect::<Outcome<Vec<_>>>()?;
    let tags = tags.map(|tags| specification("security-group-rule", tags));
    let rules =
        input(json!({"GroupId": group, "IpPermissions": permissions, "TagSpecifications": tags}));
    if egress {
        ec2::authorize_security_group_egress(api, &rules).await
    } else {
        ec2::authorize_security_group_ingress(api, &rules).await
    }
}

/// Takes rules away.
pub async fn revoke(
    api: &Client,
    group: &str,
    rules: &[impl AsRef<str>],
    egress: bool,
) -> Outcome<()> {
    if rules.is_empty() {
        return Ok(());
    }
    let ids: Vec<&str> = rules.iter().map(AsRef::as_ref).collect();
    let rules = input(json!({"GroupId": group, "SecurityGroupRuleIds": ids}));
    if egress {
        ec2::revoke_security_group_egress(api, &rules).await?
    } else {
        ec2::revoke_security_group_ingress(api, &rules).await?
    };
    Ok(())
}

/// Gives rules other descriptions.
pub async fn describe(api: &Client, group: &str, rules: &[(&str, &Map)]) -> Outcome<()> {
    if rules.is_empty() {
        return Ok(());
    }
    let rules: Vec<_> = rules
        .iter()
        .map(|(id, rule)| {
            let mut request = pick(rule, &["IpProtocol", "FromPort", "ToPort", "CidrIpv6"]);
            for (name, ours) in [
                ("CidrIpv4", &["CidrIp"][..]),
                ("PrefixListId", &PREFIX_LISTS),
                ("ReferencedGroupId", &PEERS),
            ] {
                if let Some(value) = ours.iter().find_map(|ours| rule.get(ours)) {
                    request.insert(name, value.clone());
                }
            }
            // Both have to be said, even for protocols that have none.
            for port in ["FromPort", "ToPort"] {
                if !request.contains_key(port) {
                    request.insert(port, Value::Int(-1));
                }
            }
            request.insert("Description", Value::str(text(rule, "Description")));
            json!({"SecurityGroupRuleId": id, "SecurityGroupRule": request})
        })
        .collect();
    let rules = input(json!({"GroupId": group, "SecurityGroupRules": rules}));
    ec2::modify_security_group_rules(api, &rules).await?;
    Ok(())
}

/// What CloudFormation calls the other side when it is a prefix list, on the way in and out.
const PREFIX_LISTS: [&str; 2] = ["SourcePrefixListId", "DestinationPrefixListId"];

/// The same for a group.
const PEERS: [&str; 2] = ["SourceSecurityGroupId", "DestinationSecurityGroupId"];

/// A rule as the calls that authorize it take it.
fn permission(rule: &Map) -> Outcome<serde_json::Value> {
    if rule.contains_key("SourceSecurityGroupName") || rule.contains_key("GroupName") {
        let message =
            "a rule names groups by their identifiers: `GroupId`, `SourceSecurityGroupId`";
        return Err(fail(
            ErrorKind::Invalid,
            "InvalidParameter",
            message.to_owned(),
            "ec2:AuthorizeSecurityGroupIngress",
        ));
    }
    let mut permission = pick(rule, &["IpProtocol", "FromPort", "ToPort"]);
    let [from, to] = PREFIX_LISTS;
    let [source, target] = PEERS;
    for (list, name, ours) in [
        ("IpRanges", "CidrIp", "CidrIp"),
        ("Ipv6Ranges", "CidrIpv6", "CidrIpv6"),
        ("PrefixListIds", "PrefixListId", from),
        ("PrefixListIds", "PrefixListId", to),
        ("UserIdGroupPairs", "GroupId", source),
        ("UserIdGroupPairs", "GroupId", target),
    ] {
        if let Some(value) = rule.get(ours) {
            let owner = rule.get("SourceSecurityGroupOwnerId");
            let other = input(json!({
                name: value, "Description": rule.get("Description"),
                "UserId": owner.filter(|_| name == "GroupId"),
            }));
            permission.insert(list, Value::list([Value::Map(other)]));
        }
    }
    Ok(json!(permission))
}

/// A rule as CloudFormation writes it within a group.
pub fn properties(rule: &Map) -> Map {
    let side = usize::from(is_egress(rule));
    let mut properties = pick(rule, &["IpProtocol", "FromPort", "ToPort", "CidrIpv6"]);
    for (path, name) in [
        ("Description", "Description"),
        ("CidrIpv4", "CidrIp"),
        ("PrefixListId", PREFIX_LISTS[side]),
        ("ReferencedGroupInfo.GroupId", PEERS[side]),
    ] {
        let value = text(rule, path);
        if !value.is_empty() {
            properties.insert(name, Value::str(value));
        }
    }
    if let (0, Some(owner)) = (side, rule.at("ReferencedGroupInfo.UserId")) {
        properties.insert("SourceSecurityGroupOwnerId", owner.clone());
    }
    properties
}

/// The rules that a group tells itself, where those to several sides stand together, as CloudFormation
/// writes them within a group.
pub fn permitted(group: &Map, egress: bool) -> Vec<Map> {
    let side = usize::from(egress);
    let list = ["IpPermissions", "IpPermissionsEgress"][side];
    let mut rules = Vec::new();
    for permission in items(group, list) {
        for (sides, name, ours) in [
            ("IpRanges", "CidrIp", "CidrIp"),
            ("Ipv6Ranges", "CidrIpv6", "CidrIpv6"),
            ("PrefixListIds", "PrefixListId", PREFIX_LISTS[side]),
            ("UserIdGroupPairs", "GroupId", PEERS[side]),
        ] {
            for one in items(permission, sides) {
                let mut rule = pick(permission, &["IpProtocol", "FromPort", "ToPort"]);
                // As DescribeSecurityGroupRules says that there are no ports.
                for port in ["FromPort", "ToPort"] {
                    if !rule.contains_key(port) {
                        rule.insert(port, Value::Int(-1));
                    }
                }
                rule.insert(ours, Value::str(text(one, name)));
                let description = text(one, "Description");
                if !description.is_empty() {
                    rule.insert("Description", Value::str(description));
                }
                if let (false, Some(owner)) = (egress, one.get("UserId")) {
                    rule.insert("SourceSecurityGroupOwnerId", owner.clone());
                }
                rules.push(rule);
            }
        }
    }
    rules
}

/// What AWS tells rules by, of which no two of a group may be the same: all but the description.
pub fn key(rule: &Map) -> (String, Vec<String>, String) {
    let shown = |name: &str| rule.get(name).map(ToString::to_string);
    let protocol = match shown("IpProtocol").unwrap_or_default().to_lowercase() {
        number if number == "1" => "icmp".to_owned(),
        number if number == "6" => "tcp".to_owned(),
        number if number == "17" => "udp".to_owned(),
        number if number == "58" => "icmpv6".to_owned(),
        other => other,
    };
    // Other protocols have no ports, whatever a rule says.
    let ports = if ["icmp", "icmpv6", "tcp", "udp"].contains(&&*protocol) {
        ["FromPort", "ToPort"].map(|name| shown(name).unwrap_or_else(|| "-1".to_owned()))
    } else {
        Default::default()
    };
    let sides = ["CidrIp", "CidrIpv6"]
        .iter()
        .chain(&PREFIX_LISTS)
        .chain(&PEERS);
    let side = sides.filter_map(|name| shown(name)).next();
    (protocol, ports.to_vec(), side.unwrap_or_default())
}

/// Whether a rule is one of the way out.
pub fn is_egress(rule: &Map) -> bool {
    rule.get("IsEgress").and_then(Value::as_bool) == Some(true)
}

/// Whether a rule is a resource of its own and not one of its group's.
pub fn is_separate(rule: &Map) -> bool {
    items(rule, "Tags").any(|tag| text(tag, "Key") == APP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_tells_the_same_rules_as_the_list_of_rules() {
        let group = input(json!({"IpPermissions": [
            {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443,
             "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "in"}, {"CidrIp": "192.168.0.0/16"}],
             "Ipv6Ranges": [], "PrefixListIds": [],
             "UserIdGroupPairs": [{"GroupId": "sg-2", "UserId": "123456789012"}]}],
            "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]}));
        let listed = |json| properties(&input(json));
        let ways_in = [
            listed(
                json!({"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IsEgress": false,
                "CidrIpv4": "10.0.0.0/8", "Description": "in"}),
            ),
            listed(
                json!({"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IsEgress": false,
                "CidrIpv4": "192.168.0.0/16"}),
            ),
            listed(
                json!({"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IsEgress": false,
                "ReferencedGroupInfo": {"GroupId": "sg-2", "UserId": "123456789012"}}),
            ),
        ];
        assert_eq!(permitted(&group, false), ways_in);
        let out = listed(json!({"IpProtocol": "-1", "FromPort": -1, "ToPort": -1,
            "IsEgress": true, "CidrIpv4": "0.0.0.0/0"}));
        assert_eq!(permitted(&group, true), [out]);
    }
}
