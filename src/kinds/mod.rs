//! What the registry does not say about a resource type: one record per type, one file per service.
//!
//! A record says how its resources are found again, what is lost with them, how long they take, which values exist once
//! only, who names them, what has to be switched off before a delete, how values compare, what an update interrupts,
//! what lets the internet in, and what they are called. A type without a record has [`UNKNOWN`]'s facts. What AWS's
//! registry says (properties, types, what can change) is `schema`'s; which IAM actions a type needs is a table of its own
//! (`schemas/actions.txt`, read by [`actions`]), and [`uses`] has what services may do with the user's own resources.

pub mod actions;
mod attributes;
pub mod exclusive;
pub mod exposure;
mod limit;
mod lock;
mod record;
pub mod references;
pub mod uses;

mod acm;
mod autoscaling;
mod backup;
mod children;
mod cloudfront;
mod cloudwatch;
mod dlm;
mod dynamodb;
mod ec2;
mod elasticache;
mod elb;
mod events;
mod iam;
mod keyspaces;
mod kms;
mod logs;
mod others;
mod rds;
mod route53;
mod s3;
mod secrets;
mod sns;
mod ssm;
mod waf;

use std::collections::HashMap;
use std::sync::LazyLock;

pub use limit::Limit;
pub use lock::unlocked;
pub use record::{
    Canonical, Does, Drawn, Exposes, Holds, Identity, Kind, Lock, NamedBy, StandIn, Stepwise, Tier,
};

use crate::schema::Registry;
use crate::value::Value;

/// Every service's records.
const SERVICES: &[&[Kind]] = &[
    acm::KINDS,
    autoscaling::KINDS,
    backup::KINDS,
    children::KINDS,
    cloudfront::KINDS,
    cloudwatch::KINDS,
    dlm::KINDS,
    dynamodb::KINDS,
    ec2::instances::KINDS,
    ec2::network::KINDS,
    elasticache::KINDS,
    elb::KINDS,
    events::KINDS,
    iam::KINDS,
    keyspaces::KINDS,
    kms::KINDS,
    logs::KINDS,
    others::KINDS,
    rds::KINDS,
    route53::KINDS,
    s3::KINDS,
    secrets::KINDS,
    sns::KINDS,
    ssm::KINDS,
    waf::KINDS,
];

/// A type without a record: tagged, regional, ready within a second.
pub const UNKNOWN: Kind = Kind::with(Tier::Monitoring, Holds::Nothing, Identity::Tags, (1, 1, 1));

/// Every record.
pub fn all() -> impl Iterator<Item = &'static Kind> {
    SERVICES.iter().copied().flatten()
}

/// The record of `kind`, or [`UNKNOWN`].
pub fn of(kind: &str) -> &'static Kind {
    static UNKNOWN_KIND: Kind = UNKNOWN;
    static BY_NAME: LazyLock<HashMap<&'static str, &'static Kind>> =
        LazyLock::new(|| all().map(|kind| (kind.name, kind)).collect());
    BY_NAME.get(kind).copied().unwrap_or(&UNKNOWN_KIND)
}

/// The tier of what no blueprint mentions any more, by its record or else by its service.
pub fn tier(kind: &str) -> Tier {
    let record = of(kind);
    if !record.name.is_empty() {
        return record.tier;
    }
    match kind.split("::").nth(1).unwrap_or_default() {
        "Route53" => Tier::Dns,
        "CloudFront" | "WAFv2" | "S3" => Tier::Edge,
        "AutoScaling" => Tier::Compute,
        "IAM" | "KMS" | "CertificateManager" | "SecretsManager" | "SSM" => Tier::Security,
        "EC2" | "ElasticLoadBalancingV2" => Tier::Network,
        "ElastiCache" => Tier::Cache,
        "RDS" | "DynamoDB" => Tier::Data,
        "Backup" | "DLM" => Tier::Backup,
        _ => Tier::Monitoring,
    }
}

/// Whether a resource of `kind` holds what cannot be made again.
pub fn holds_data(kind: &str) -> bool {
    of(kind).holds == Holds::Data
}

/// Whether something of `kind` belongs to no region, as all do of some services.
pub fn is_global(kind: &str) -> bool {
    const SERVICES: [&str; 3] = ["AWS::CloudFront::", "AWS::IAM::", "AWS::Route53::"];
    SERVICES.iter().any(|service| kind.starts_with(service))
}

/// Why resources of `kind`, a type of the registry, could not be used, in words; `None` where they can.
///
/// A type needs marks and, without a mapping of its own, Cloud Control. Of the types without a record only those with
/// tags can be marked that are set at creation, can change, and are read back: others would be made again by every run.
pub fn unusable(kind: &str) -> Option<&'static str> {
    let registry = Registry::embedded();
    let schema = registry.kind(kind)?;
    if registry.is_known(kind) {
        return None;
    }
    if schema.is_out_of_reach() && of(kind).stand_in.is_none() {
        return Some(
            "scalectl has no mapping for it, and the AWS Cloud Control API does not support it",
        );
    }
    let has_tags = schema.tags().is_some_and(|(tags, _)| {
        let is_ours = !schema.is_write_only(tags) && !schema.is_read_only(tags);
        is_ours && !schema.is_create_only(tags)
    });
    let is_marked = has_tags || of(kind).identity != Identity::Tags;
    (!is_marked).then_some("its tags cannot be set at creation, changed and read, and scalectl knows no parent resource for it")
}

/// The type that resources of `kind` belong to, and the property that names one, where an apply finds them through it
/// by Cloud Control.
pub fn parent(kind: &str) -> Option<(&'static str, &'static str)> {
    match of(kind).identity {
        Identity::Child {
            parent, kind: of, ..
        } if !Registry::embedded().is_known(kind) => Some((of, parent)),
        _ => None,
    }
}

/// Whether a number or a version, such as `16.3`, is smaller than it was. Parts that one of the two leaves out say
/// nothing, as one that is not set.
pub fn goes_back(before: Option<&Value>, after: Option<&Value>) -> bool {
    let parts = |value: &Value| -> Option<Vec<u64>> {
        let text = value.to_string();
        text.split('.').map(|part| part.parse().ok()).collect()
    };
    let (Some(before), Some(after)) = (before.and_then(parts), after.and_then(parts)) else {
        return false;
    };
    let common = before.len().min(after.len());
    after[..common] < before[..common]
}

/// Whether something of `kind` can be used as soon as the call that makes it returns: it has no state
/// of its own, and AWS has nothing to start for it.
pub fn usable_when_made(kind: &str) -> bool {
    let record = of(kind);
    record.create_seconds <= 2 && !record.is_pending_at_first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_part_by_part() {
        let back = |before: &str, after: &str| {
            goes_back(Some(&Value::str(before)), Some(&Value::str(after)))
        };
        assert!(back("100", "20") && back("16.10", "16.9") && back("8.0.40", "8.0.39"));
        assert!(!back("20", "100") && !back("16.9", "16.10") && !back("16.3", "16"));
        assert!(!back("16", "16.3") && !back("8.0.mysql_aurora.3", "8.0.1"));
        assert!(goes_back(Some(&Value::Int(100)), Some(&Value::str("20"))));
    }

    #[test]
    fn every_record_is_the_only_one_of_a_type_of_the_registry() {
        for service in SERVICES {
            assert!(
                service.is_sorted_by(|a, b| a.name < b.name),
                "{}",
                service[0].name
            );
        }
        for record in all() {
            assert!(
                Registry::embedded().kind(record.name).is_some(),
                "{:?}",
                record.name
            );
            assert!(
                std::ptr::eq(of(record.name), record),
                "{} twice",
                record.name
            );
        }
    }

    #[test]
    fn every_type_with_a_mapping_has_a_record() {
        for kind in Registry::embedded().names() {
            assert_eq!(of(kind).name, kind);
        }
    }

    #[test]
    fn nothing_that_a_drawing_or_a_delete_depends_on_is_misspelt() {
        for record in all() {
            let others = [record.leaves_after, record.made_anew_by];
            for other in others.into_iter().flatten() {
                assert!(
                    Registry::embedded().kind(other).is_some(),
                    "{}: {other}",
                    record.name
                );
            }
        }
    }

    #[test]
    fn every_path_leads_to_a_property() {
        for entry in all() {
            let kind = entry.name;
            let schema = Registry::embedded().kind(kind).unwrap();
            let mut paths: Vec<&str> = entry.sets.iter().map(|(path, _)| *path).collect();
            paths.extend(entry.attributes.iter().map(|(path, _)| *path));
            paths.extend(entry.defaults.iter().map(|(path, _)| *path));
            paths.extend(entry.canonical.iter().map(|(path, _)| *path));
            paths.extend(entry.interrupts.iter().map(|(path, _)| *path));
            paths.extend(entry.volatile);
            paths.extend(entry.externally_managed);
            paths.extend(entry.compare_by_digest);
            paths.extend(entry.fixed);
            paths.extend(entry.clearable);
            let below = |one: &Stepwise| {
                let (list, owned) = (one.list, one.owned.iter());
                owned
                    .map(move |path| format!("{list}.*.{path}"))
                    .collect::<Vec<_>>()
            };
            let below: Vec<String> = entry.stepwise.iter().flat_map(below).collect();
            paths.extend(below.iter().map(String::as_str));
            paths.extend(entry.stepwise.iter().map(|one| one.list));
            paths.extend(entry.monotonic);
            paths.extend(entry.once);
            paths.extend(entry.narrows);
            paths.extend(entry.endpoint.map(|(_, path)| path));
            paths.extend(entry.known_when_made.iter().map(|(path, _)| *path));
            paths.extend(match entry.lock {
                None => None,
                Some(Lock::Flag(name) | Lock::Within(name, _)) => Some(name),
                Some(Lock::Attribute { list, .. } | Lock::Each { list, .. }) => Some(list),
            });
            match entry.identity {
                Identity::Child {
                    parent,
                    kind: of,
                    among,
                } => {
                    paths.push(parent);
                    paths.extend(among);
                    assert!(Registry::embedded().kind(of).is_some(), "{kind}: {of}");
                }
                Identity::Text { property } => paths.push(property),
                Identity::Items { list } => paths.push(list),
                Identity::TagSpecifications { .. } => paths.push("TagSpecifications"),
                Identity::Tags => {}
            }
            for path in paths {
                assert!(schema.shape_at(path).is_some(), "{kind}: {path}");
            }
            for (path, json) in entry.defaults {
                assert!(
                    serde_json::from_str::<serde_json::Value>(json).is_ok(),
                    "{kind}: {path}"
                );
            }
        }
    }

    #[test]
    fn every_kind_can_carry_our_marks() {
        for kind in Registry::embedded().names() {
            let schema = Registry::embedded().kind(kind).unwrap();
            let tagged = of(kind).identity == Identity::Tags;
            // EC2 tags rules (https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html).
            let rule = ["Egress", "Ingress"]
                .iter()
                .any(|side| kind == format!("AWS::EC2::SecurityGroup{side}"));
            assert!(
                !tagged || rule || schema.tags().is_some(),
                "{kind} has no tags and no other identity"
            );
        }
    }

    #[test]
    fn global_services_are_global() {
        for kind in Registry::embedded().all() {
            let global = ["AWS::IAM::", "AWS::Route53::", "AWS::CloudFront::"]
                .iter()
                .any(|service| kind.starts_with(service));
            assert_eq!(is_global(kind), global, "{kind}");
        }
    }
}
