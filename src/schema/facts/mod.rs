//! What the registry does not say about a kind: one table per service.
//!
//! Typical times (for predictions, and for the embedded cloud), how identity is carried, which
//! lists are sets, AWS's fixed defaults, canonical forms, what an update interrupts, which
//! attributes move on an update and which properties AWS or an autoscaler moves. A kind without an
//! entry has [`KindFacts::PLAIN`].

pub mod actions;
mod attributes;
mod compute;
mod data;
mod edge;
pub mod exclusive;
mod network;
pub mod offers;
mod operations;
pub mod parameters;
pub mod references;
pub mod reserved;
mod unlock;

pub use compute::processor;
pub use data::{UPGRADE_SECONDS, is_another_major};
pub use unlock::unlocked;

use super::{KindSchema, Registry};
use crate::value::Value;

/// What the registry does not say about a kind. Paths are dotted, with `*` for a list's items.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KindFacts {
    /// Seconds from the call until it can be used.
    pub create_seconds: u32,
    /// Seconds from the call until a change has taken effect.
    pub update_seconds: u32,
    /// Seconds from the call until it is gone.
    pub delete_seconds: u32,
    /// How our marks are carried.
    pub identity: Identity,
    /// Lists whose order is no difference, with the entry that tells items apart ("" for the whole
    /// item). Those that the registry calls unordered need no entry.
    pub sets: &'static [(&'static str, &'static str)],
    /// The property that lists attributes of which AWS always tells all, by `Key` and `Value`, and
    /// what those are that nobody sets.
    pub attributes: Option<(&'static str, &'static [(&'static str, &'static str)])>,
    /// Values that AWS takes for a property that is not set, as JSON.
    pub defaults: &'static [(&'static str, &'static str)],
    /// Properties with several spellings of one value.
    pub canonical: &'static [(&'static str, Canonical)],
    /// Properties whose update interrupts service, and how.
    pub interrupts: &'static [(&'static str, &'static str)],
    /// Attributes that change when it is updated in place.
    pub volatile: &'static [&'static str],
    /// Properties whose every change needs a new resource, although the registry says so of some changes or none.
    pub fixed: &'static [&'static str],
    /// Of the properties that need a new resource those that can be dropped in place, and whose value is
    /// given back although the registry says that it is not: a replica becomes a database of its own.
    pub released: &'static [&'static str],
    /// Numbers and versions that AWS lets grow and never go back.
    pub grows: &'static [&'static str],
    /// Properties that AWS or an autoscaler moves: set when created, never called drift.
    pub shared: &'static [&'static str],
    /// Properties whose live value says nothing about what was asked for, because it holds what
    /// others have added since: compared by what was last applied, as those that AWS never gives back.
    pub unread: &'static [&'static str],
    /// Whether AWS takes changes before it can be used, which may be what it needs to get there.
    pub open: bool,
}

/// How a kind carries the marks that say whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// In its tags; the registry names the property. A few kinds have tags in the service's own API
    /// alone, and no property for them.
    Tags,
    /// In the tags of its parent, because it has none itself. It is found through the parent and
    /// told from its siblings by its primary identifier.
    Child {
        /// The property that refers to the parent.
        parent: &'static str,
        /// The parent's kind.
        kind: &'static str,
    },
    /// In a text property that is ours to write.
    Text {
        /// The property's path.
        property: &'static str,
    },
    /// Within tag specifications, as launch templates have it.
    TagSpecifications {
        /// The resource type that the specification names.
        resource_type: &'static str,
    },
}

/// Spellings that mean the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Canonical {
    /// A DNS name: case and a trailing dot do not matter.
    DnsName,
    /// An IAM policy document: a text or a list of one, in any order; `Version` first or last.
    Policy,
    /// Case does not matter.
    Lowercase,
    /// A number may be written as text.
    Number,
    /// A log group's ARN: CloudFormation ends it with `:*`, other services tell it without.
    LogGroupArn,
    /// A script as Base64, compressed or not.
    UserData,
}

impl KindFacts {
    /// A kind of which nothing special is known: tagged, regional, ready within a second.
    pub const PLAIN: Self = Self {
        create_seconds: 1,
        update_seconds: 1,
        delete_seconds: 1,
        identity: Identity::Tags,
        sets: &[],
        attributes: None,
        defaults: &[],
        canonical: &[],
        interrupts: &[],
        volatile: &[],
        fixed: &[],
        released: &[],
        grows: &[],
        shared: &[],
        unread: &[],
        open: false,
    };

    /// Typical seconds to create, update and delete.
    const fn seconds(create: u32, update: u32, delete: u32) -> Self {
        Self {
            create_seconds: create,
            update_seconds: update,
            delete_seconds: delete,
            ..Self::PLAIN
        }
    }

    /// The same for a child of another resource.
    const fn child(self, parent: &'static str, kind: &'static str) -> Self {
        Self {
            identity: Identity::Child { parent, kind },
            ..self
        }
    }

    /// The same, marked in a text property.
    const fn text(self, property: &'static str) -> Self {
        Self {
            identity: Identity::Text { property },
            ..self
        }
    }
}

/// The facts about `kind`.
pub fn facts(kind: &str) -> &'static KindFacts {
    static PLAIN: KindFacts = KindFacts::PLAIN;
    [
        compute::FACTS,
        data::FACTS,
        edge::FACTS,
        network::FACTS,
        operations::FACTS,
    ]
    .into_iter()
    .find_map(|table| {
        let index = table.binary_search_by(|(have, _)| (*have).cmp(kind)).ok()?;
        Some(&table[index].1)
    })
    .unwrap_or(&PLAIN)
}

/// Whether something of `kind` belongs to no region, as all do of some services.
pub fn is_global(kind: &str) -> bool {
    const SERVICES: [&str; 3] = ["AWS::CloudFront::", "AWS::IAM::", "AWS::Route53::"];
    SERVICES.iter().any(|service| kind.starts_with(service))
}

/// Whether something of `kind`, which there is, can say whose it is. Of the kinds that nothing more is known of than
/// the registry's facts only those with tags can that are set when it is made, can change, and are given back: others
/// would be made again by every run.
pub fn can_be_marked(kind: &str) -> bool {
    let registry = Registry::embedded();
    let has_tags = |schema: &KindSchema| {
        schema.tags().is_some_and(|(tags, _)| {
            let is_ours = !schema.is_write_only(tags) && !schema.is_read_only(tags);
            is_ours && !schema.is_create_only(tags)
        })
    };
    registry.is_known(kind) || registry.kind(kind).is_some_and(has_tags)
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

/// Kinds that are ready within seconds, but not at once: their state says so.
const PENDING_AT_FIRST: [&str; 2] = ["AWS::EC2::Subnet", "AWS::EC2::VPC"];

/// Whether something of `kind` can be used as soon as the call that makes it returns: it has no state
/// of its own, and AWS has nothing to start for it.
pub fn usable_when_made(kind: &str) -> bool {
    facts(kind).create_seconds <= 2 && !PENDING_AT_FIRST.contains(&kind)
}

/// Attributes of something of `kind` that are known when it was just made: those that have its
/// identifier under another name, and those that are always the same at first.
pub fn known_when_made(kind: &str) -> &'static [(&'static str, Option<&'static str>)] {
    match kind {
        "AWS::EC2::LaunchTemplate" => &[
            ("DefaultVersionNumber", Some("1")),
            ("LatestVersionNumber", Some("1")),
        ],
        "AWS::EC2::SecurityGroup" => &[("GroupId", None)],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables() -> Vec<&'static [(&'static str, KindFacts)]> {
        vec![
            compute::FACTS,
            data::FACTS,
            edge::FACTS,
            network::FACTS,
            operations::FACTS,
        ]
    }

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
    fn every_entry_is_found_and_speaks_of_a_known_kind() {
        for table in tables() {
            assert!(table.is_sorted_by(|a, b| a.0 < b.0));
            for (kind, entry) in table {
                assert!(Registry::embedded().kind(kind).is_some(), "{kind}");
                assert_eq!(facts(kind), entry, "{kind}");
            }
        }
    }

    #[test]
    fn every_path_leads_to_a_property() {
        for (kind, entry) in tables().into_iter().flatten() {
            let schema = Registry::embedded().kind(kind).unwrap();
            let mut paths: Vec<&str> = entry.sets.iter().map(|(path, _)| *path).collect();
            paths.extend(entry.attributes.iter().map(|(path, _)| *path));
            paths.extend(entry.defaults.iter().map(|(path, _)| *path));
            paths.extend(entry.canonical.iter().map(|(path, _)| *path));
            paths.extend(entry.interrupts.iter().map(|(path, _)| *path));
            paths.extend(entry.volatile);
            paths.extend(entry.shared);
            paths.extend(entry.unread);
            paths.extend(entry.fixed);
            paths.extend(entry.released);
            paths.extend(entry.grows);
            match entry.identity {
                Identity::Child { parent, kind: of } => {
                    paths.push(parent);
                    assert!(Registry::embedded().kind(of).is_some(), "{kind}: {of}");
                }
                Identity::Text { property } => paths.push(property),
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
            let tagged = facts(kind).identity == Identity::Tags;
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
