//! The desired graph: resources by address, and the edges between them.
//!
//! Owns the data that compile makes and diff reads. Knows nothing of blueprints, providers or
//! plans. Edges are never written by hand: they are the references that properties hold.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::roles::Role;
use crate::value::{Map, Value};

/// The tiers of an architecture, in the order in which they are shown: the way of a request from
/// the edge to the data, then what watches over it.
pub const TIERS: &[&str] = &[
    "dns",
    "edge",
    "network",
    "compute",
    "cache",
    "data",
    "security",
    "backup",
    "monitoring",
];

/// One resource that should exist.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    /// Its permanent name.
    pub address: Address,
    /// Its CloudFormation type name, such as `AWS::EC2::VPC`.
    pub kind: Arc<str>,
    /// The part of the architecture that it belongs to, such as `network`; plans group by it.
    pub tier: Arc<str>,
    /// What it is to the engine, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Properties under CloudFormation's names, with ownership tags where the kind has tags.
    pub properties: Map,
    /// Resources that must exist first although no property refers to them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<Address>,
    /// What a plan may do with it.
    #[serde(default)]
    pub lifecycle: Lifecycle,
    /// What must be true of it, as `self`, before others may use it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ready_when: Vec<Arc<str>>,
}

/// What a plan may do with a resource.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Lifecycle {
    /// Refuse to delete or replace it unless it is named on the command line.
    #[serde(default)]
    pub protect: bool,
    /// Dotted property paths that something else moves, such as `DesiredCapacity`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore_changes: Vec<Arc<str>>,
    /// On replace, create the new one before the old one is deleted.
    #[serde(default)]
    pub create_before_destroy: bool,
    /// The migration phase, where it can't be derived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Arc<str>>,
}

impl Lifecycle {
    /// Whether what stands at `path`, or something above it, is none of our business.
    pub fn ignores(&self, path: &str) -> bool {
        self.ignore_changes.iter().any(|ignored| {
            path.strip_prefix(&**ignored)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }
}

impl Resource {
    /// The addresses that this resource needs: those its properties refer to, and `after`.
    pub fn dependencies(&self) -> Vec<Address> {
        let mut needs: Vec<Address> = self.after.clone();
        for (_, value) in &self.properties {
            value.for_each_reference(&mut |reference| needs.push(reference.address.clone()));
        }
        needs.sort();
        needs.dedup();
        needs.retain(|address| *address != self.address);
        needs
    }

    /// The property at a dotted path.
    pub fn property(&self, path: &str) -> Option<&Value> {
        self.properties.at(path)
    }
}

/// Resources by address.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Graph {
    /// The resources, ordered by address.
    pub resources: BTreeMap<Address, Resource>,
    /// Addresses that the spec leaves to the order of its regions.
    #[serde(skip)]
    pub numbering: Numbering,
}

/// Regions whose blocks of addresses follow from their place among the spec's regions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbering {
    /// The first block, `network.cidr`.
    pub base: Ipv4Net,
    /// The regions that have no block of their own in the spec, and the one that their place gives them.
    pub blocks: BTreeMap<Arc<str>, Ipv4Net>,
}

impl Graph {
    /// The resource at `address`.
    pub fn get(&self, address: &Address) -> Option<&Resource> {
        self.resources.get(address)
    }

    /// The resources, ordered by address.
    pub fn iter(&self) -> impl Iterator<Item = &Resource> {
        self.resources.values()
    }

    /// The resources that are this to the engine.
    pub fn with_role(&self, role: Role) -> impl Iterator<Item = &Resource> {
        self.iter().filter(move |one| one.role == Some(role))
    }

    /// What each resource needs, as positions in the order of addresses; what is not in the graph is
    /// left out.
    pub fn needs(&self) -> Vec<Vec<usize>> {
        let position: HashMap<&Address, usize> = self
            .resources
            .keys()
            .enumerate()
            .map(|(position, address)| (address, position))
            .collect();
        self.iter()
            .map(|resource| {
                let needed = resource.dependencies();
                needed
                    .iter()
                    .filter_map(|address| position.get(address).copied())
                    .collect()
            })
            .collect()
    }

    /// The number of resources.
    pub fn len(&self) -> usize {
        self.resources.len()
    }

    /// Whether there is no resource.
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty()
    }
}

impl FromIterator<Resource> for Graph {
    fn from_iter<I: IntoIterator<Item = Resource>>(resources: I) -> Self {
        Self {
            resources: resources
                .into_iter()
                .map(|resource| (resource.address.clone(), resource))
                .collect(),
            numbering: Numbering::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ignored_covers_what_stands_below_it_and_nothing_beside_it() {
        let lifecycle = Lifecycle {
            ignore_changes: vec!["Code.Hash".into()],
            ..Lifecycle::default()
        };
        assert!(lifecycle.ignores("Code.Hash"));
        assert!(lifecycle.ignores("Code.Hash.0"));
        assert!(!lifecycle.ignores("Code"));
        assert!(!lifecycle.ignores("Code.HashKind"));
    }
}
