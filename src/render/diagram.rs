//! What a drawing of the graph shows: boxes grouped by region and tier, and arrows between them.
//!
//! Owns the reduction from resources to boxes (the copies that a loop makes become one box with a
//! count) and leaves the drawing to [`super::dot`], [`super::mermaid`] and [`super::svg`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::address::{Address, GLOBAL};
use crate::graph::{Graph, TIERS};

/// A drawing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagram {
    /// Boxes, ordered by region (global first), tier and id.
    pub boxes: Vec<Box>,
    /// Arrows from what needs to what is needed, as indices into `boxes`.
    pub arrows: BTreeSet<(usize, usize)>,
}

/// A region's name and its tiers, each with the indices of its boxes.
pub type Region<'a> = (&'a str, Vec<(&'a str, Vec<usize>)>);

/// One or several resources of one id in one region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Box {
    /// The region, or `global`.
    pub region: Arc<str>,
    /// The tier.
    pub tier: Arc<str>,
    /// The id in the blueprint.
    pub id: Arc<str>,
    /// The CloudFormation type name.
    pub kind: Arc<str>,
    /// How many resources it stands for.
    pub count: usize,
}

impl Box {
    /// The kind without `AWS::`, such as `EC2 Subnet`.
    pub fn short_kind(&self) -> String {
        self.kind.trim_start_matches("AWS::").replace("::", " ")
    }

    /// The id, with the count where there are several.
    pub fn title(&self) -> String {
        match self.count {
            1 => self.id.to_string(),
            count => format!("{} ×{count}", self.id),
        }
    }
}

/// A tier's place in the drawing order.
pub fn tier_rank(tier: &str) -> usize {
    TIERS
        .iter()
        .position(|known| *known == tier)
        .unwrap_or(TIERS.len())
}

impl Diagram {
    /// The drawing of `graph`.
    pub fn of(graph: &Graph) -> Self {
        type Place = (bool, Arc<str>, usize, Arc<str>, Arc<str>);
        let place = |address: &Address, tier: &Arc<str>| -> Place {
            let region = address.region.clone();
            (
                &*region != GLOBAL,
                region,
                tier_rank(tier),
                tier.clone(),
                address.id.clone(),
            )
        };
        let mut boxes: BTreeMap<Place, Box> = BTreeMap::new();
        for resource in graph.iter() {
            boxes
                .entry(place(&resource.address, &resource.tier))
                .or_insert_with(|| Box {
                    region: resource.address.region.clone(),
                    tier: resource.tier.clone(),
                    id: resource.address.id.clone(),
                    kind: resource.kind.clone(),
                    count: 0,
                })
                .count += 1;
        }
        let index: BTreeMap<&Place, usize> = boxes
            .keys()
            .enumerate()
            .map(|(index, place)| (place, index))
            .collect();
        let mut arrows = BTreeSet::new();
        for resource in graph.iter() {
            let from = index[&place(&resource.address, &resource.tier)];
            for needed in resource.dependencies() {
                // A reference to a resource outside this graph has no box to point at.
                let Some(needed) = graph.get(&needed) else {
                    continue;
                };
                let to = index[&place(&needed.address, &needed.tier)];
                if from != to {
                    arrows.insert((from, to));
                }
            }
        }
        Self {
            boxes: boxes.into_values().collect(),
            arrows,
        }
    }

    /// The boxes by region and tier, in drawing order, with their indices.
    pub fn groups(&self) -> Vec<Region<'_>> {
        let mut regions: Vec<Region<'_>> = Vec::new();
        for (index, item) in self.boxes.iter().enumerate() {
            if regions
                .last()
                .is_none_or(|(region, _)| *region != &*item.region)
            {
                regions.push((&item.region, Vec::new()));
            }
            // A region was pushed just above if there was none.
            let tiers = &mut regions.last_mut().unwrap().1;
            match tiers.last_mut() {
                Some((tier, indices)) if *tier == &*item.tier => indices.push(index),
                _ => tiers.push((&item.tier, vec![index])),
            }
        }
        regions
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::graph::{Lifecycle, Resource};
    use crate::value::{Map, Reference, Value};

    pub(crate) fn resource(
        address: &str,
        kind: &str,
        tier: &str,
        needs: &[(&str, &str, &str)],
    ) -> Resource {
        Resource {
            address: address.parse().unwrap(),
            kind: kind.into(),
            tier: tier.into(),
            role: None,
            properties: needs
                .iter()
                .map(|(property, address, path)| {
                    let reference = Reference {
                        address: address.parse().unwrap(),
                        path: (*path).into(),
                    };
                    (Arc::from(*property), Value::Reference(Arc::new(reference)))
                })
                .collect::<Map>(),
            after: Vec::new(),
            lifecycle: Lifecycle::default(),
            ready_when: Vec::new(),
        }
    }

    pub(crate) fn small() -> Graph {
        [
            resource("us-east-1/vpc", "AWS::EC2::VPC", "network", &[]),
            resource(
                "us-east-1/subnet[a]",
                "AWS::EC2::Subnet",
                "network",
                &[("VpcId", "us-east-1/vpc", "VpcId")],
            ),
            resource(
                "us-east-1/subnet[b]",
                "AWS::EC2::Subnet",
                "network",
                &[("VpcId", "us-east-1/vpc", "VpcId")],
            ),
            resource(
                "us-east-1/server",
                "AWS::EC2::Instance",
                "compute",
                &[("SubnetId", "us-east-1/subnet[a]", "SubnetId")],
            ),
            resource(
                "global/record",
                "AWS::Route53::RecordSet",
                "dns",
                &[("Target", "us-east-1/server", "PublicIp")],
            ),
        ]
        .into_iter()
        .collect()
    }

    #[test]
    fn copies_of_a_loop_become_one_box_with_a_count() {
        let diagram = Diagram::of(&small());
        let titles: Vec<_> = diagram.boxes.iter().map(Box::title).collect();
        assert_eq!(titles, ["record", "subnet ×2", "vpc", "server"]);
        assert_eq!(diagram.arrows, BTreeSet::from([(0, 3), (1, 2), (3, 1)]));
    }

    #[test]
    fn global_comes_first_and_tiers_follow_the_request() {
        let diagram = Diagram::of(&small());
        let groups = diagram.groups();
        assert_eq!(
            groups,
            [
                ("global", vec![("dns", vec![0])]),
                (
                    "us-east-1",
                    vec![("network", vec![1, 2]), ("compute", vec![3])]
                ),
            ]
        );
    }
}
