//! What a kind is called on a whiteboard, and what is worth knowing of one at a glance.
//!
//! Only properties that are named here are read, and none of them is secret.

use std::collections::HashMap;

use super::architecture::Thing;
use crate::address::{Address, GLOBAL};
use crate::kinds;
use crate::value::{Map, Value};
use crate::words::plural;

/// What a thing is, if it is drawn.
pub fn role(thing: &Thing<'_>) -> Option<&'static str> {
    if is_replica(thing) {
        return Some("RDS read replica");
    }
    kinds::of(thing.kind).drawn.map(|drawn| drawn.name)
}

/// Whether RDS keeps a standby in another zone, which is not a resource of its own.
pub fn has_standby(thing: &Thing<'_>) -> bool {
    thing.kind == "AWS::RDS::DBInstance" && flag(thing.properties, "MultiAZ")
}

fn is_replica(thing: &Thing<'_>) -> bool {
    thing.kind == "AWS::RDS::DBInstance"
        && thing
            .properties
            .get("SourceDBInstanceIdentifier")
            .is_some_and(|source| source.as_str() != Some(""))
}

/// Where a request meets a thing: a firewall for CloudFront is filed under us-east-1, and stands at the
/// edge of the whole.
pub fn region<'a>(thing: &Thing<'a>) -> &'a str {
    let scope = thing.properties.get("Scope").and_then(Value::as_str);
    match thing.kind {
        "AWS::WAFv2::WebACL" if scope == Some("CLOUDFRONT") => GLOBAL,
        _ => &thing.address.region,
    }
}

/// A tier as a heading.
pub fn tier_title(tier: &str) -> &str {
    match tier {
        "dns" => "Names",
        "edge" => "Edge",
        "network" => "Network",
        "compute" => "Compute",
        "cache" => "Cache",
        "data" => "Data",
        "security" => "Security",
        "backup" => "Backup",
        "monitoring" => "Monitoring",
        other => other,
    }
}

/// A kind without `AWS::`, such as `EC2 Subnet`.
pub fn short_kind(kind: &str) -> String {
    kind.trim_start_matches("AWS::").replace("::", " ")
}

/// `9 subnets`: so many of a kind, in words that come from its name.
pub fn counted(kind: &str, count: usize) -> String {
    let name = kind.rsplit("::").next().unwrap_or(kind);
    // Words begin at capitals; abbreviations (`VPC`, `DBSubnetGroup`) keep theirs.
    let letters: Vec<char> = name.chars().collect();
    let mut words = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let upper = |at: usize| letters.get(at).is_some_and(|c| c.is_uppercase());
        let begins = at > 0
            && upper(at)
            && (!upper(at - 1) || (letters.get(at + 1).is_some_and(|c| c.is_lowercase())));
        if begins {
            words.push(' ');
        }
        let abbreviated = upper(at) && (upper(at + 1) || (at > 0 && upper(at - 1) && !begins));
        if abbreviated {
            words.push(*letter)
        } else {
            words.extend(letter.to_lowercase())
        }
    }
    let many = match words.chars().last() {
        Some('y') if !words.ends_with("ay") && !words.ends_with("ey") => {
            format!("{}ies", &words[..words.len() - 1])
        }
        Some('s') if words.ends_with("ss") => format!("{words}es"),
        Some('s') => words.clone(),
        _ => format!("{words}s"),
    };
    plural(count, &words, &many)
}

/// One side's things, for facts that stand in another thing than the one asked for.
pub struct Around<'a> {
    by_address: HashMap<&'a Address, &'a Map>,
    by_identifier: HashMap<&'a str, &'a Map>,
    records: HashMap<Name<'a>, usize>,
}

/// A zone, by reference or by identifier.
#[derive(PartialEq, Eq, Hash)]
enum Name<'a> {
    Address(&'a Address),
    Identifier(&'a str),
}

impl<'a> Around<'a> {
    /// What may be asked of these.
    pub fn of(things: &[Thing<'a>]) -> Self {
        let mut around = Self {
            by_address: HashMap::new(),
            by_identifier: HashMap::new(),
            records: HashMap::new(),
        };
        for thing in things {
            match thing.kind {
                "AWS::EC2::LaunchTemplate" => {
                    around.by_address.insert(thing.address, thing.properties);
                    if let Some(identifier) = thing.identifier {
                        around.by_identifier.insert(identifier, thing.properties);
                    }
                }
                "AWS::Route53::RecordSet" => {
                    let zone = match thing.properties.get("HostedZoneId") {
                        Some(Value::Reference(zone)) => Name::Address(&zone.address),
                        Some(Value::String(zone)) => Name::Identifier(zone),
                        _ => continue,
                    };
                    *around.records.entry(zone).or_default() += 1;
                }
                _ => {}
            }
        }
        around
    }

    fn named(&self, value: Option<&Value>) -> Option<&'a Map> {
        match value? {
            Value::Reference(reference) => self.by_address.get(&reference.address).copied(),
            Value::String(text) => self.by_identifier.get(&**text).copied(),
            _ => None,
        }
    }

    fn records(&self, zone: &Thing<'a>) -> usize {
        let by_address = self.records.get(&Name::Address(zone.address));
        let by_identifier = zone
            .identifier
            .and_then(|identifier| self.records.get(&Name::Identifier(identifier)));
        by_address.or(by_identifier).copied().unwrap_or_default()
    }
}

fn flag(properties: &Map, path: &str) -> bool {
    properties
        .at(path)
        .is_some_and(|value| value.as_bool().unwrap_or(false) || value.as_str() == Some("true"))
}

/// What is known of a property that holds a name or a number.
fn shown(properties: &Map, path: &str) -> Option<String> {
    match properties.at(path)? {
        Value::String(text) => Some(text.to_string()),
        Value::Int(number) => Some(number.to_string()),
        _ => None,
    }
}

/// What is worth knowing of a thing, or of so many of them, at a glance.
pub fn of(thing: &Thing<'_>, count: usize, around: &Around<'_>) -> Vec<String> {
    let shown = |path: &str| shown(thing.properties, path);
    let mut facts = Vec::new();
    match thing.kind {
        "AWS::Route53::HostedZone" => {
            facts.extend(shown("Name").map(|name| name.trim_end_matches('.').to_owned()));
            let records = around.records(thing);
            if records > 0 {
                facts.push(counted("Record", records));
            }
        }
        "AWS::CloudFront::Distribution" => {
            let aliases = thing.properties.at("DistributionConfig.Aliases");
            let first = aliases.and_then(Value::as_list).and_then(<[Value]>::first);
            facts.extend(first.and_then(Value::as_str).map(str::to_owned));
        }
        "AWS::WAFv2::WebACL" => {
            let rules = thing.properties.get("Rules").and_then(Value::as_list);
            facts.extend(rules.map(|rules| counted("Rule", rules.len())));
        }
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => {
            facts.push(shown("Scheme").unwrap_or_else(|| "internet-facing".to_owned()));
        }
        "AWS::EC2::Instance" => facts.extend(shown("InstanceType")),
        "AWS::AutoScaling::AutoScalingGroup" => {
            let template = around
                .named(thing.properties.at("LaunchTemplate.LaunchTemplateId"))
                .or_else(|| {
                    around.named(thing.properties.at(
                        "MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.LaunchTemplateId",
                    ))
                });
            facts.extend(
                template
                    .and_then(|template| self::shown(template, "LaunchTemplateData.InstanceType")),
            );
            if let (Some(least), Some(most)) = (shown("MinSize"), shown("MaxSize")) {
                facts.push(if least == most {
                    format!("{least} servers")
                } else {
                    format!("{least} to {most} servers")
                });
            }
        }
        "AWS::ElastiCache::ReplicationGroup" | "AWS::ElastiCache::CacheCluster" => {
            facts.extend(shown("Engine"));
            facts.extend(shown("CacheNodeType"));
            let nodes = shown("NumCacheClusters").and_then(|nodes| nodes.parse().ok());
            facts.extend(nodes.map(|nodes: usize| crate::words::count(nodes, "node")));
            if flag(thing.properties, "MultiAZEnabled") {
                facts.push("Multi-AZ".to_owned());
            }
        }
        "AWS::RDS::DBInstance" => {
            let engine = shown("Engine").map(|engine| match shown("EngineVersion") {
                Some(version) => format!("{engine} {version}"),
                None => engine,
            });
            facts.extend(engine.filter(|_| !is_replica(thing)));
            facts.extend(shown("DBInstanceClass"));
        }
        "AWS::S3::Bucket" => facts.extend(shown("BucketName")),
        "AWS::DynamoDB::Table" | "AWS::DynamoDB::GlobalTable" | "AWS::Cassandra::Table" => {
            facts.extend(shown("TableName"));
        }
        _ => {}
    }
    if count > 1 {
        facts.insert(0, format!("×{count}"));
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_become_words_with_a_plural() {
        let told: Vec<String> = [
            ("AWS::EC2::Subnet", 9),
            ("AWS::EC2::VPC", 1),
            ("AWS::EC2::NatGateway", 2),
            ("AWS::RDS::DBSubnetGroup", 2),
            ("AWS::S3::BucketPolicy", 2),
            ("AWS::IAM::Role", 1),
        ]
        .iter()
        .map(|(kind, count)| counted(kind, *count))
        .collect();
        assert_eq!(
            told,
            [
                "9 subnets",
                "1 VPC",
                "2 nat gateways",
                "2 DB subnet groups",
                "2 bucket policies",
                "1 role"
            ]
        );
    }
}
