//! Whether the zones that servers are put into have their instance types. Which zone a letter stands for differs from
//! account to account (<https://docs.aws.amazon.com/global-infrastructure/latest/regions/az-ids.html>), so only the account
//! can tell.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Check;
use super::quotas::instance_type;
use crate::graph::{Graph, Resource};
use crate::value::Value;

const CHECK: &str = "zones";

/// The zones that servers of a type are put into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Their region.
    pub region: Arc<str>,
    /// Their instance type.
    pub instance_type: Arc<str>,
    /// The zones' names.
    pub zones: BTreeSet<Arc<str>>,
}

/// Where a graph puts its servers, by region and type.
pub fn placed(graph: &Graph) -> Vec<Placed> {
    // By region and type.
    type Zones = BTreeMap<(Arc<str>, Arc<str>), BTreeSet<Arc<str>>>;
    let mut found = Zones::new();
    for resource in graph.iter() {
        let subnets = match &*resource.kind {
            "AWS::EC2::Instance" => "SubnetId",
            "AWS::AutoScaling::AutoScalingGroup" => "VPCZoneIdentifier",
            _ => continue,
        };
        if let Some(kind) = instance_type(graph, resource) {
            let key = (resource.address.region.clone(), Arc::from(kind));
            let zones = zones_of(graph, resource, subnets);
            found.entry(key).or_default().extend(zones);
        }
    }
    found
        .into_iter()
        .map(|((region, instance_type), zones)| Placed {
            region,
            instance_type,
            zones,
        })
        .collect()
}

/// The zones of the subnets that a property refers to.
fn zones_of(graph: &Graph, resource: &Resource, property: &str) -> Vec<Arc<str>> {
    let value = resource.properties.get(property);
    let list = value.map_or(&[][..], |value| {
        value.as_list().unwrap_or(std::slice::from_ref(value))
    });
    let zones = list.iter().filter_map(|one| {
        let Value::Reference(reference) = one else {
            return None;
        };
        let subnet = graph.get(&reference.address)?;
        Some(subnet.properties.get("AvailabilityZone")?.as_str()?.into())
    });
    zones.collect()
}

/// What it means that AWS offers a type in these zones of its region.
pub fn judge(placed: &Placed, offered: &BTreeSet<Arc<str>>) -> Check {
    let Placed {
        region,
        instance_type,
        zones,
    } = placed;
    let names = |zones: &mut dyn Iterator<Item = &Arc<str>>| {
        let names: Vec<&str> = zones.map(|zone| &**zone).collect();
        names.join(", ")
    };
    let lacking = names(&mut zones.difference(offered));
    if lacking.is_empty() {
        let all = names(&mut zones.iter());
        return Check::ok(CHECK, format!("{instance_type} is offered in {all}"));
    }
    let letters: Vec<&str> = offered
        .iter()
        .filter_map(|zone| zone.strip_prefix(&**region))
        .collect();
    Check::fails(
        CHECK,
        format!("{instance_type} is not offered in {lacking}, so no server can start there"),
        if letters.is_empty() {
            format!("use another instance type or another region than {region}")
        } else {
            format!(
                "use zones that offer it: `regions: [{{name: {region}, zones: [{}]}}]`",
                letters.join(", ")
            )
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(zones: &[&str]) -> BTreeSet<Arc<str>> {
        zones.iter().map(|zone| Arc::from(*zone)).collect()
    }

    #[test]
    fn a_zone_without_the_type_is_named_with_those_that_have_it() {
        let placed = Placed {
            region: "us-east-1".into(),
            instance_type: "t4g.small".into(),
            zones: set(&["us-east-1a", "us-east-1e"]),
        };
        let check = judge(&placed, &set(&["us-east-1a", "us-east-1b"]));
        assert_eq!(
            check.found,
            "t4g.small is not offered in us-east-1e, so no server can start there"
        );
        assert_eq!(
            check.mend.as_deref(),
            Some("use zones that offer it: `regions: [{name: us-east-1, zones: [a, b]}]`")
        );
        assert_eq!(
            judge(&placed, &placed.zones).verdict,
            super::super::Verdict::Ok
        );
        assert!(
            judge(&placed, &set(&[]))
                .mend
                .unwrap()
                .contains("another region")
        );
    }

    #[test]
    fn groups_and_single_servers_are_placed_by_their_subnets() {
        let library = crate::blueprint::Library::embedded().unwrap();
        for (stage, zones) in [("single-server", 1), ("load-balanced", 4)] {
            let text = format!(
                "app: shop\nstage: {stage}\ndomain: a.example.com\nnetwork: {{zones: 4}}\nservices: {{web: {{image: x, instance: m7g.large, scale: {{min: 4}}}}}}\n"
            );
            let spec = crate::spec::load("scalectl.yaml", &text, None, None).unwrap();
            let graph = crate::blueprint::compile(&library, &spec).unwrap();
            let [placed] = &placed(&graph)[..] else {
                panic!("one type in one region");
            };
            assert_eq!(&*placed.instance_type, "m7g.large");
            assert_eq!(placed.zones.len(), zones, "{stage}: {placed:?}");
        }
    }
}
