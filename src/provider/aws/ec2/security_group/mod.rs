//! Security groups, and rules that are resources of their own.
//!
//! A group's inline rules and separate ones live in the same place of AWS's; what tells a separate
//! rule is that it carries marks, because EC2 tags rules although CloudFormation gives their kinds
//! no `Tags`.

mod rule;

use async_trait::async_trait;
use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::{try_join, try_join_all};
use serde_json::json;

use self::rule::{
    authorize, describe, is_egress, is_separate, key, permitted, properties, revoke, rules,
    rules_of,
};
use super::{Client, question, specification, tag};
use crate::inventory::Handle;
use crate::provider::aws::marks::{APP, Tags};
use crate::provider::aws::sdk::ec2;
use crate::provider::aws::service::{
    Depth, Found, NEXT_TOKEN, Place, Service, Together, Which, generated_name, gone_is_fine, input,
    is_same_write, items, pages, pick, tags, text, touches,
};
use crate::provider::{ErrorKind, Outcome, Write};
use crate::value::{Map, Value};

const GROUP: &str = "AWS::EC2::SecurityGroup";
const INGRESS: &str = "AWS::EC2::SecurityGroupIngress";
const EGRESS: &str = "AWS::EC2::SecurityGroupEgress";

/// A group's inline rules, and whether they are those of the way out.
const INLINE: [(&str, bool); 2] = [
    ("SecurityGroupIngress", false),
    ("SecurityGroupEgress", true),
];

/// The mapping.
pub struct SecurityGroups;

#[async_trait(?Send)]
impl Service for SecurityGroups {
    fn kinds(&self) -> &'static [&'static str] {
        &[GROUP, INGRESS, EGRESS]
    }

    fn reads_together(&self) -> Together {
        Together::Owned
    }

    async fn list(
        &self,
        place: Place<'_>,
        kinds: &BTreeSet<Arc<str>>,
        which: Which<'_>,
    ) -> Outcome<Vec<Found>> {
        let api = place.clients.ec2(place.region);
        let apart = kinds.contains(INGRESS) || kinds.contains(EGRESS);
        let grouped = kinds.contains(GROUP);
        // Whether the groups' own rules are asked for.
        let inline = grouped && place.depth == Depth::Everything;
        let groups = async {
            if grouped {
                groups(&api, which).await
            } else {
                Ok(Vec::new())
            }
        };
        let rules = async {
            match which {
                Which::Owned(_) if apart || inline => rules(&api, anybodys()).await,
                Which::Named(_) if apart => {
                    rules(&api, question(which, "security-group-rule-id", 1000)).await
                }
                // Those that are nobody's are shown with their group.
                _ => Ok(Vec::new()),
            }
        };
        let (groups, rules) = try_join(groups, rules).await?;
        let mut found = if inline {
            described(&api, which, &groups, &rules).await?
        } else {
            groups.iter().map(|one| group(one, Map::new())).collect()
        };
        for rule in rules {
            let kind = if is_egress(&rule) { EGRESS } else { INGRESS };
            if kinds.contains(kind) {
                let id = text(&rule, "SecurityGroupRuleId");
                let mut properties = properties(&rule);
                properties.insert("GroupId", Value::str(text(&rule, "GroupId")));
                properties.insert("Id", Value::str(id));
                found.push(Found::new(kind, id, properties, tags(&rule, "Tags")));
            }
        }
        Ok(found)
    }

    async fn create(
        &self,
        place: Place<'_>,
        write: &Write,
        tags: &Tags,
        _: &str,
    ) -> Outcome<Arc<str>> {
        let api = place.clients.ec2(place.region);
        match &*write.kind {
            GROUP => create_group(&api, write, tags).await,
            kind => {
                let egress = kind == EGRESS;
                let group = text(&write.properties, "GroupId");
                let answer =
                    authorize(&api, group, &[&write.properties], egress, Some(tags)).await?;
                let made = items(&answer, "SecurityGroupRules").next();
                Ok(made
                    .map_or("", |rule| text(rule, "SecurityGroupRuleId"))
                    .into())
            }
        }
    }

    async fn update(
        &self,
        place: Place<'_>,
        handle: &Handle,
        write: &Write,
        changed: &[Arc<str>],
    ) -> Outcome<()> {
        let api = place.clients.ec2(place.region);
        if &*handle.kind != GROUP {
            let group = text(&write.properties, "GroupId");
            return describe(&api, group, &[(&handle.identifier, &write.properties)]).await;
        }
        if !INLINE.iter().any(|(name, _)| touches(changed, &[name])) {
            return Ok(());
        }
        let existing = rules_of(&api, &[&handle.identifier]).await?;
        for (name, egress) in INLINE {
            if touches(changed, &[name]) {
                let wanted = wanted(write, name, egress);
                settle(&api, &handle.identifier, &wanted, egress, &existing).await?;
            }
        }
        Ok(())
    }

    async fn delete(&self, place: Place<'_>, handle: &Handle) -> Outcome<()> {
        let api = place.clients.ec2(place.region);
        let id = &handle.identifier;
        if &*handle.kind == GROUP {
            ec2::delete_security_group(&api, &input(json!({"GroupId": &**id}))).await?;
            return Ok(());
        }
        let names = [id.clone()];
        let question = question(Which::Named(&names), "security-group-rule-id", 1000);
        for rule in rules(&api, question).await? {
            revoke(&api, text(&rule, "GroupId"), &[id], is_egress(&rule)).await?;
        }
        Ok(())
    }

    async fn tag(
        &self,
        place: Place<'_>,
        _: &str,
        identifier: &str,
        set: &Tags,
        unset: &[String],
    ) -> Outcome<()> {
        tag(&place.clients.ec2(place.region), identifier, set, unset).await
    }
}

async fn groups(api: &Client, which: Which<'_>) -> Outcome<Vec<Map>> {
    let call = async |question: &Map| ec2::describe_security_groups(api, question).await;
    let question = question(which, "group-id", 1000);
    pages(call, question, "SecurityGroups", NEXT_TOKEN).await
}

/// Groups with their inline rules, which are those that are not `apart`.
async fn described(
    api: &Client,
    which: Which<'_>,
    groups: &[Map],
    apart: &[Map],
) -> Outcome<Vec<Found>> {
    let ids: Vec<&str> = groups.iter().map(|group| text(group, "GroupId")).collect();
    let each = match which {
        // A list of many is content with what it has. One that is read between writes may be told
        // of a rule that is not known to be apart yet, so that its rules are asked for.
        Which::Owned(_) => None,
        Which::Named(_) | Which::All => Some(rules_of(api, &ids).await?),
    };
    let described = groups.iter().map(|group| {
        let id = text(group, "GroupId");
        let mut found = pick(group, &["GroupId", "GroupName", "VpcId"]);
        found.insert("Id", Value::str(id));
        found.insert("GroupDescription", Value::str(text(group, "Description")));
        for (name, egress) in INLINE {
            let its = |rule: &&Map| text(rule, "GroupId") == id && is_egress(rule) == egress;
            let inline: Vec<Map> = match &each {
                Some(each) => {
                    let inline = each.iter().filter(its).filter(|rule| !is_separate(rule));
                    inline.map(properties).collect()
                }
                None => {
                    let apart: Vec<_> = apart.iter().filter(its).map(properties).collect();
                    let is_apart = |rule: &Map| apart.iter().any(|one| key(one) == key(rule));
                    let told = permitted(group, egress).into_iter();
                    told.filter(|rule| !is_apart(rule)).collect()
                }
            };
            found.insert(name, Value::list(inline.into_iter().map(Value::Map)));
        }
        self::group(group, found)
    });
    Ok(described.collect())
}

fn group(group: &Map, properties: Map) -> Found {
    let tags = tags(group, "Tags");
    Found::new(GROUP, text(group, "GroupId"), properties, tags)
}

/// The question for all rules that are resources of their own, whoever they belong to.
fn anybodys() -> Map {
    let filters = json!([{"Name": "tag-key", "Values": [APP]}]);
    input(json!({"Filters": filters, "MaxResults": 1000}))
}

async fn create_group(api: &Client, write: &Write, tags: &Tags) -> Outcome<Arc<str>> {
    let name = match write.properties.get("GroupName") {
        Some(name) => name.to_string(),
        None => generated_name(write, 255),
    };
    let description = text(&write.properties, "GroupDescription");
    let vpc = write.properties.get("VpcId");
    let group = input(json!({
        "GroupName": name, "Description": description, "VpcId": vpc,
        "TagSpecifications": specification("security-group", tags),
    }));
    let error = match ec2::create_security_group(api, &group).await {
        Ok(answer) => {
            let id = text(&answer, "GroupId");
            let into = async {
                let wanted = wanted(write, "SecurityGroupIngress", false);
                authorize(api, id, &refs(&wanted), false, None).await
            };
            let out = async {
                if !write.properties.contains_key("SecurityGroupEgress") {
                    return Ok(Map::new());
                }
                open_nothing(api, id).await?;
                let wanted = wanted(write, "SecurityGroupEgress", true);
                authorize(api, id, &refs(&wanted), true, None).await
            };
            try_join(into, out).await?;
            return Ok(id.into());
        }
        Err(error) if error.kind == ErrorKind::AlreadyExists => error,
        Err(error) => return Err(error),
    };
    // The one of an earlier attempt may lack some of its rules.
    let mut filters = vec![json!({"Name": "group-name", "Values": [name]})];
    filters.extend(vpc.map(|vpc| json!({"Name": "vpc-id", "Values": [vpc]})));
    let question = input(json!({"Filters": filters}));
    let answer = ec2::describe_security_groups(api, &question).await?;
    let same = items(&answer, "SecurityGroups")
        .find(|group| is_same_write(&self::tags(group, "Tags"), tags));
    let Some(group) = same else {
        return Err(error);
    };
    let id = text(group, "GroupId");
    let existing = rules_of(api, &[id]).await?;
    for (name, egress) in INLINE {
        if write.properties.contains_key(name) {
            settle(api, id, &wanted(write, name, egress), egress, &existing).await?;
        }
    }
    Ok(id.into())
}

/// Takes the rules away with which AWS lets everything out of a new group; that for IPv6 is there in
/// a VPC that has it.
async fn open_nothing(api: &Client, group: &str) -> Outcome<()> {
    let anywhere = [
        json!({"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}),
        json!({"IpProtocol": "-1", "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}),
    ];
    try_join_all(anywhere.map(|rule| async move {
        let rule = input(json!({"GroupId": group, "IpPermissions": [rule]}));
        gone_is_fine(ec2::revoke_security_group_egress(api, &rule).await)
    }))
    .await?;
    Ok(())
}

/// The inline rules that a group should have; without any, those that AWS gives to a new one.
fn wanted(write: &Write, name: &str, egress: bool) -> Vec<Map> {
    match write.properties.contains_key(name) {
        true => items(&write.properties, name).cloned().collect(),
        false if egress => vec![input(json!({"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}))],
        false => Vec::new(),
    }
}

fn refs(rules: &[Map]) -> Vec<&Map> {
    rules.iter().collect()
}

/// Makes a group's inline rules of one direction what they should be: the new ones first, so that
/// nothing is refused in between that was and will be allowed.
async fn settle(
    api: &Client,
    group: &str,
    wanted: &[Map],
    egress: bool,
    existing: &[Map],
) -> Outcome<()> {
    let existing: Vec<(&str, Map)> = existing
        .iter()
        .filter(|rule| is_egress(rule) == egress && !is_separate(rule))
        .map(|rule| (text(rule, "SecurityGroupRuleId"), properties(rule)))
        .collect();
    let mut new = Vec::new();
    let mut described = Vec::new();
    for rule in wanted {
        match existing.iter().find(|(_, have)| key(have) == key(rule)) {
            None => new.push(rule),
            Some((id, have)) if text(have, "Description") != text(rule, "Description") => {
                described.push((*id, rule));
            }
            Some(_) => {}
        }
    }
    let old: Vec<&str> = existing
        .iter()
        .filter(|(_, have)| !wanted.iter().any(|rule| key(rule) == key(have)))
        .map(|(id, _)| *id)
        .collect();
    authorize(api, group, &new, egress, None).await?;
    describe(api, group, &described).await?;
    revoke(api, group, &old, egress).await
}
