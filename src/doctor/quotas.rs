//! How much of what AWS limits a plan would make, and whether that fits.
//!
//! Some limits AWS tells; for the others stands its published default, which an account's own limit
//! may be above, so that going beyond it is a warning and no failure.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Check, Verdict};
use crate::address::GLOBAL;
use crate::graph::{Graph, Resource};
use crate::inventory::{Live, LiveResource};
use crate::kinds;
pub use crate::kinds::Limit;
use crate::plan::{Plan, Step};
use crate::value::{Map, Value};

/// Of what a plan would make more, and where: a region, a zone, or a group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// What.
    pub limit: Limit,
    /// Whom to ask: a region, or [`GLOBAL`].
    pub region: Arc<str>,
    /// Where it is counted; the region where that is the same.
    pub within: Arc<str>,
}

impl Place {
    /// Where it is counted, in words.
    pub fn within_in_words(&self) -> &str {
        match &*self.within {
            GLOBAL => "the account",
            within => within,
        }
    }
}

/// What a plan would make, by place. Processors are counted in [`Wanted::types`], because only AWS
/// knows how many a type has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// How many more.
    pub more: BTreeMap<Place, u64>,
    /// How many instances, by region and type; a group counts with its greatest size.
    pub types: BTreeMap<(Arc<str>, Arc<str>), u64>,
}

/// What is used and allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// In use now.
    pub used: u64,
    /// The account's own limit, or `None` where AWS does not tell it.
    pub most: Option<u64>,
}

impl Wanted {
    /// Whichever is more, place by place: what is needed when this and the other do not stand at the
    /// same time.
    pub fn or(mut self, other: Self) -> Self {
        for (place, more) in other.more {
            let most = self.more.entry(place).or_default();
            *most = more.max(*most);
        }
        for (of, number) in other.types {
            let most = self.types.entry(of).or_default();
            *most = number.max(*most);
        }
        self
    }
}

/// What `plan` would make of what AWS limits.
pub fn wanted(graph: &Graph, plan: &Plan) -> Wanted {
    let mut wanted = Wanted::default();
    for operation in &plan.operations {
        if operation.step != Step::Create {
            continue;
        }
        let Some(resource) = &plan.changes[operation.change].desired else {
            continue;
        };
        count(&mut wanted, graph, resource);
    }
    rules(&mut wanted, graph, plan);
    wanted
}

fn count(wanted: &mut Wanted, graph: &Graph, resource: &Resource) {
    let region = &resource.address.region;
    let mut more = |limit, within: &Arc<str>, number: u64| {
        let place = Place {
            limit,
            region: region.clone(),
            within: within.clone(),
        };
        *wanted.more.entry(place).or_default() += number;
    };
    if let Some(limit) = kinds::of(&resource.kind).counts_as {
        more(limit, region, 1);
    }
    match &*resource.kind {
        // Of network load balancers AWS lets one have as many again; the blueprints have none.
        "AWS::ElasticLoadBalancingV2::LoadBalancer"
            if text(&resource.properties, "Type").is_none_or(|kind| kind == "application") =>
        {
            more(Limit::LoadBalancers, region, 1);
        }
        "AWS::EC2::NatGateway" => {
            let subnet = referred(graph, resource, "SubnetId");
            let zone = subnet.and_then(|subnet| text(&subnet.properties, "AvailabilityZone"));
            if let Some(zone) = zone {
                more(Limit::NatGateways, &zone.into(), 1);
            }
        }
        // Of a zone that is made now nobody has records yet, and 10,000 is far.
        "AWS::Route53::RecordSet" => {
            if let Some(zone) = text(&resource.properties, "HostedZoneId") {
                more(Limit::Records, &zone.into(), 1);
            }
        }
        "AWS::EC2::Instance" | "AWS::AutoScaling::AutoScalingGroup" => {
            let size = match resource.property("MaxSize") {
                Some(size) => size.as_str().and_then(|size| size.parse().ok()),
                None => Some(1),
            };
            if let (Some(kind), Some(size)) = (instance_type(graph, resource), size) {
                let key = (region.clone(), kind.into());
                *wanted.types.entry(key).or_default() += size;
            }
        }
        _ => {}
    }
}

/// The type that an instance or a group has, of its own or from its launch template.
pub fn instance_type<'a>(graph: &'a Graph, resource: &'a Resource) -> Option<&'a str> {
    let own = text(&resource.properties, "InstanceType");
    own.or_else(|| {
        let needs = resource.dependencies();
        let template = needs
            .iter()
            .filter_map(|address| graph.get(address))
            .find(|one| &*one.kind == "AWS::EC2::LaunchTemplate")?;
        text(&template.properties, "LaunchTemplateData.InstanceType")
    })
}

/// Whether the quota of standard on-demand instances counts a type: families A, C, D, H, I, M, R, T
/// and Z (<https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html>).
pub fn is_standard(instance_type: &str) -> bool {
    let family: String = instance_type
        .chars()
        .take_while(char::is_ascii_lowercase)
        .collect();
    ["a", "c", "d", "h", "i", "im", "is", "m", "r", "t", "z"].contains(&&*family)
}

/// How many entries CloudFront's list of addresses counts for; other lists count for what they hold,
/// which only AWS knows
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/working-with-aws-managed-prefix-lists.html>).
const PREFIX_LIST: u64 = 55;

/// The rules of the fullest security group that the plan makes or adds rules to, in one direction.
fn rules(wanted: &mut Wanted, graph: &Graph, plan: &Plan) {
    let touched = |address: &crate::address::Address| {
        plan.changes
            .iter()
            .any(|change| change.address == *address && change.desired.is_some())
    };
    let mut counts: BTreeMap<Place, (u64, bool)> = BTreeMap::new();
    let mut add = |group: &Resource, direction: &str, number: u64, touched: bool| {
        let place = Place {
            limit: Limit::Rules,
            region: group.address.region.clone(),
            within: format!("{} ({direction})", group.address).into(),
        };
        let entry = counts.entry(place).or_default();
        entry.0 += number;
        entry.1 |= touched && number > 0;
    };
    for resource in graph.iter() {
        let touched = touched(&resource.address);
        match &*resource.kind {
            "AWS::EC2::SecurityGroup" => {
                for (name, direction) in [
                    ("SecurityGroupIngress", "inbound"),
                    ("SecurityGroupEgress", "outbound"),
                ] {
                    let rules = resource
                        .property(name)
                        .and_then(Value::as_list)
                        .unwrap_or_default();
                    let number = rules.iter().filter_map(Value::as_map).map(weight).sum();
                    add(resource, direction, number, touched);
                }
            }
            "AWS::EC2::SecurityGroupIngress" | "AWS::EC2::SecurityGroupEgress" => {
                let direction = if resource.kind.ends_with("Ingress") {
                    "inbound"
                } else {
                    "outbound"
                };
                if let Some(group) = referred(graph, resource, "GroupId") {
                    add(group, direction, weight(&resource.properties), touched);
                }
            }
            _ => {}
        }
    }
    // One group says enough about all: the fullest of each region.
    let mut fullest: BTreeMap<Arc<str>, (Place, u64)> = BTreeMap::new();
    for (place, (number, touched)) in counts {
        let most = fullest.get(&place.region).map_or(0, |(_, most)| *most);
        if touched && number > most {
            fullest.insert(place.region.clone(), (place, number));
        }
    }
    wanted.more.extend(fullest.into_values());
}

fn weight(rule: &Map) -> u64 {
    if ["SourcePrefixListId", "DestinationPrefixListId"]
        .iter()
        .any(|name| rule.at(name).is_some())
    {
        PREFIX_LIST
    } else {
        1
    }
}

fn text<'a>(properties: &'a Map, path: &str) -> Option<&'a str> {
    properties.at(path)?.as_str()
}

/// The resource that a property refers to.
fn referred<'a>(graph: &'a Graph, resource: &Resource, path: &str) -> Option<&'a Resource> {
    match resource.property(path)? {
        Value::Reference(reference) => graph.get(&reference.address),
        _ => None,
    }
}

/// What a place comes to when so many more are made there.
pub fn judge(place: &Place, more: u64, usage: Usage) -> Check {
    let limit = place.limit;
    let within = place.within_in_words();
    let (most, whose) = match (usage.most, limit.published()) {
        (Some(most), _) => (most, ""),
        (None, Some(most)) => (most, " (published default)"),
        (None, None) => {
            let found = format!(
                "{} in {within}: {more} more, {} in use; limit unknown",
                limit.name(),
                usage.used
            );
            return Check {
                verdict: Verdict::Warning,
                ..Check::ok("quota", found)
            };
        }
    };
    let found = match limit {
        Limit::Rules => format!(
            "{} of {within}, the fullest group: {more}, {most}{whose} allowed",
            limit.name()
        ),
        Limit::Vcpus => format!(
            "{} in {within}: up to {more} more, {} in use, {most}{whose} allowed",
            limit.name(),
            usage.used
        ),
        _ => format!(
            "{} in {within}: {more} more, {} in use, {most}{whose} allowed",
            limit.name(),
            usage.used
        ),
    };
    let region = match &*place.region {
        GLOBAL => "us-east-1",
        region => region,
    };
    let mend = format!(
        "request an increase: find the quota with `aws service-quotas list-service-quotas --service-code {} --region {region}`, then run `request-service-quota-increase`",
        limit.service()
    );
    match (usage.used + more > most, usage.most) {
        (false, _) => Check::ok("quota", found),
        (true, Some(_)) => Check::fails("quota", found, mend),
        // The account's own limit may be higher.
        (true, None) => Check::warning("quota", found, mend),
    }
}

/// What comes to more than an account without higher limits may have, of what is the application's own: what else the
/// account has is not known here.
pub fn beyond_defaults(wanted: &Wanted, live: &Live) -> Vec<Check> {
    let counted = wanted.more.iter().filter_map(|(place, more)| {
        let most = place.limit.default_of_new_accounts()?;
        let is_counted = |one: &&LiveResource| {
            limit_of(&one.kind) == Some(place.limit) && one.address.region == place.region
        };
        let used = live.resources.values().filter(is_counted).count();
        let used = u64::try_from(used).unwrap_or(u64::MAX);
        let limit = place.limit.name();
        let within = place.within_in_words();
        let found = format!(
            "{limit} in {within}: {more} more, {used} in use, {most} allowed unless AWS raised the quota"
        );
        let region = match &*place.region {
            GLOBAL => "us-east-1",
            region => region,
        };
        let raise = format!(
            "raise it with `aws service-quotas request-service-quota-increase --service-code {} --region {region}`, or use fewer, for example fewer `network.zones`",
            place.limit.service()
        );
        Some(if used.saturating_add(*more) > most {
            Check::warning("quota", found, raise)
        } else {
            Check::ok("quota", found)
        })
    });
    counted.collect()
}

fn limit_of(kind: &str) -> Option<Limit> {
    match kind {
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => Some(Limit::LoadBalancers),
        kind => kinds::of(kind).counts_as,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(limit: Limit) -> Place {
        Place {
            limit,
            region: "us-east-1".into(),
            within: "us-east-1".into(),
        }
    }

    #[test]
    fn beyond_the_accounts_own_limit_fails_and_beyond_a_default_warns() {
        let verdict =
            |limit, more, used, most| judge(&place(limit), more, Usage { used, most }).verdict;
        assert_eq!(verdict(Limit::ElasticIps, 2, 3, Some(5)), Verdict::Ok);
        assert_eq!(verdict(Limit::ElasticIps, 2, 4, Some(5)), Verdict::Fails);
        assert_eq!(verdict(Limit::Vpcs, 1, 4, None), Verdict::Ok);
        assert_eq!(verdict(Limit::Vpcs, 1, 5, None), Verdict::Warning);
        assert_eq!(verdict(Limit::DbInstances, 1, 5, None), Verdict::Warning);
    }

    #[test]
    fn a_default_is_said_to_be_one() {
        let told = judge(
            &place(Limit::Vpcs),
            1,
            Usage {
                used: 1,
                most: None,
            },
        );
        assert_eq!(
            told.found,
            "VPCs in us-east-1: 1 more, 1 in use, 5 (published default) allowed"
        );
        let told = judge(
            &place(Limit::ElasticIps),
            1,
            Usage {
                used: 1,
                most: Some(7),
            },
        );
        assert_eq!(
            told.found,
            "Elastic IPs in us-east-1: 1 more, 1 in use, 7 allowed"
        );
    }

    #[test]
    fn what_does_not_stand_at_the_same_time_does_not_add_up() {
        let of = |addresses, vpcs| Wanted {
            more: [
                (place(Limit::ElasticIps), addresses),
                (place(Limit::Vpcs), vpcs),
            ]
            .into(),
            types: [(("us-east-1".into(), "t4g.small".into()), addresses)].into(),
        };
        assert_eq!(of(2, 1).or(of(1, 3)), of(2, 3));
        assert_eq!(Wanted::default().or(of(1, 3)), of(1, 3));
    }

    #[test]
    fn families_of_their_own_quota_are_not_standard() {
        for (name, standard) in [
            ("t3.small", true),
            ("m7g.large", true),
            ("im4gn.large", true),
            ("p5.48xlarge", false),
            ("inf2.xlarge", false),
            ("mac2.metal", false),
            ("hpc7a.12xlarge", false),
            ("trn1.2xlarge", false),
        ] {
            assert_eq!(is_standard(name), standard, "{name}");
        }
    }
}
