//! What exists already and could be adopted: which hand-made thing is the one that a blueprint wants.
//!
//! Resources are visited in the order of their references, so that a VPC that fits makes its subnets
//! recognisable: what they refer to is then known.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::diff::in_order;
use super::existing::RECORD;
use super::properties::differences;
use crate::address::Address;
use crate::compare::Rules;
use crate::graph::{Graph, Resource};
use crate::inventory::{Live, LiveResource, Status, Stray};
use crate::value::{Map, Reference};

/// Something that exists and fits a resource that a blueprint wants.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Proposal {
    /// What the blueprint wants.
    pub address: Address,
    /// Its kind.
    pub kind: Arc<str>,
    /// What fits best, by the cloud's identifiers; several when they fit equally well.
    pub identifiers: Vec<Arc<str>>,
    /// Properties that are as the blueprint wants them.
    pub equal: Vec<Arc<str>>,
    /// Paths of those that apply would change afterwards, in place.
    pub differs: Vec<Arc<str>>,
}

/// The matches for everything in `desired` that is not live, out of `strays`. Only what could be kept
/// is proposed: nothing that would have to be rebuilt, and nothing that is somebody's.
pub fn propose(desired: &Graph, live: &Live, strays: &[Stray], regions: &Regions) -> Vec<Proposal> {
    let mut known: HashMap<&Address, &Map> = live
        .resources
        .iter()
        .map(|(address, resource)| (address, &resource.properties))
        .collect();
    let mut taken: HashSet<usize> = HashSet::new();
    let mut proposals = Vec::new();
    for resource in in_order(desired) {
        if live.resources.contains_key(&resource.address) {
            continue;
        }
        let answer = |reference: &Reference| {
            known
                .get(&reference.address)
                .and_then(|properties| properties.at(&reference.path))
                .cloned()
        };
        let wanted: Map = resource
            .properties
            .iter()
            .map(|(name, value)| (name.clone(), value.resolve(&answer)))
            .collect();
        let mut fits: Vec<(usize, usize, Fit)> = strays
            .iter()
            .enumerate()
            .filter(|(number, stray)| {
                !taken.contains(number)
                    && stray.owner.is_none()
                    && stray.kind == resource.kind
                    && stray.status == Status::Ready
                    && regions.get(number) == Some(&resource.address.region)
            })
            .filter_map(|(number, stray)| {
                let fit = fit(resource, &wanted, stray)?;
                Some((fit.equal.len(), number, fit))
            })
            .collect();
        fits.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        let Some(best) = fits.first().map(|(score, _, _)| *score) else {
            continue;
        };
        fits.retain(|(score, _, _)| *score == best);
        let identifiers = fits
            .iter()
            .map(|(_, number, _)| strays[*number].identifier.clone())
            .collect();
        let Some((_, number, fit)) = fits.into_iter().next() else {
            continue;
        };
        let proposal = Proposal {
            address: resource.address.clone(),
            kind: resource.kind.clone(),
            identifiers,
            equal: fit.equal,
            differs: fit.differs,
        };
        if proposal.identifiers.len() == 1 {
            taken.insert(number);
            known.insert(&resource.address, &strays[number].properties);
        }
        proposals.push(proposal);
    }
    proposals
}

/// The region of each stray, by its position.
pub type Regions = BTreeMap<usize, Arc<str>>;

struct Fit {
    equal: Vec<Arc<str>>,
    differs: Vec<Arc<str>>,
}

/// Where roles are that a service of AWS made for itself, and that nobody else may change
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/using-service-linked-roles.html>).
const LINKED: &str = "/aws-service-role/";

/// How well a stray fits; `None` when it would have to be rebuilt, or is another thing of the same kind.
fn fit(resource: &Resource, wanted: &Map, stray: &Stray) -> Option<Fit> {
    let path = stray.properties.get("Path").and_then(|path| path.as_str());
    if path.is_some_and(|path| path.starts_with(LINKED)) {
        return None;
    }
    let rules = Rules::of(&resource.kind);
    let as_live = as_live(&resource.address, stray);
    let found = differences(rules, resource, wanted, &as_live);
    // A simple record becomes one of several of its name in one change.
    let is_simple = &*resource.kind == RECORD && !stray.properties.contains_key("SetIdentifier");
    let is_kept = |path: &str| is_simple && path == "SetIdentifier";
    if found
        .iter()
        .any(|one| one.create_only && !is_kept(&one.path))
    {
        return None;
    }
    let differs: Vec<Arc<str>> = found.into_iter().map(|found| found.path).collect();
    let is_equal = |name: &str| {
        !differs
            .iter()
            .any(|path| path.split('.').next() == Some(name))
    };
    let equal: Vec<Arc<str>> = wanted
        .iter()
        .map(|(name, _)| name.clone())
        .filter(|name| is_equal(name))
        .collect();
    is_the_same(rules, wanted, &equal).then_some(Fit { equal, differs })
}

/// Whether what is equal says that it is the thing that is wanted: something that lasts as long as it does, such as
/// a name or an address range, or half of what there is to say of it. What is wanted with nothing but tags is any.
fn is_the_same(rules: Rules<'_>, wanted: &Map, equal: &[Arc<str>]) -> bool {
    let tags = rules.schema.and_then(|schema| schema.tags());
    let says = |name: &&Arc<str>| tags.is_none_or(|(tags, _)| tags != &***name);
    let lasts = equal.iter().any(|name| rules.is_create_only(name));
    let (all, same) = (
        wanted.iter().map(|(name, _)| name).filter(says).count(),
        equal.iter().filter(says).count(),
    );
    lasts || same * 2 >= all
}

/// A stray as if it were ours already, with nothing ever set by us.
pub fn as_live(address: &Address, stray: &Stray) -> LiveResource {
    LiveResource {
        address: address.clone(),
        kind: stray.kind.clone(),
        identifier: stray.identifier.clone(),
        properties: stray.properties.clone(),
        status: stray.status.clone(),
        applied: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    fn map(json: serde_json::Value) -> Map {
        match Value::from(json) {
            Value::Map(map) => map,
            other => panic!("{other}"),
        }
    }

    fn resource(at: &str, kind: &str, json: &str) -> Resource {
        let value: Value = serde_json::from_str(json).unwrap();
        let Value::Map(properties) = value else {
            panic!("{value}")
        };
        Resource {
            address: at.parse().unwrap(),
            kind: kind.into(),
            tier: "network".into(),
            role: None,
            properties,
            after: Vec::new(),
            lifecycle: crate::graph::Lifecycle::default(),
            ready_when: Vec::new(),
        }
    }

    fn stray(kind: &str, identifier: &str, json: serde_json::Value) -> Stray {
        Stray {
            kind: kind.into(),
            identifier: identifier.into(),
            properties: map(json),
            status: Status::Ready,
            owner: None,
        }
    }

    fn everywhere(strays: &[Stray]) -> Regions {
        (0..strays.len())
            .map(|n| (n, Arc::from("us-east-1")))
            .collect()
    }

    #[test]
    fn a_vpc_that_fits_makes_its_subnets_known() {
        let vpc = resource(
            "us-east-1/vpc",
            "AWS::EC2::VPC",
            r#"{"CidrBlock": "10.0.0.0/16"}"#,
        );
        let reference = Value::Reference(Arc::new(Reference {
            address: "us-east-1/vpc".parse().unwrap(),
            path: "VpcId".into(),
        }));
        let mut subnet = resource(
            "us-east-1/subnet[a]",
            "AWS::EC2::Subnet",
            r#"{"CidrBlock": "10.0.1.0/24", "AvailabilityZone": "us-east-1a"}"#,
        );
        subnet.properties.insert("VpcId", reference);
        let graph: Graph = [vpc, subnet].into_iter().collect();
        let zone = |vpc: &str, cidr: &str| serde_json::json!({"VpcId": vpc, "CidrBlock": cidr, "AvailabilityZone": "us-east-1a"});
        let strays = [
            stray(
                "AWS::EC2::Subnet",
                "subnet-other",
                zone("vpc-2", "10.0.1.0/24"),
            ),
            stray(
                "AWS::EC2::Subnet",
                "subnet-ours",
                zone("vpc-1", "10.0.1.0/24"),
            ),
            stray(
                "AWS::EC2::VPC",
                "vpc-2",
                serde_json::json!({"VpcId": "vpc-2", "CidrBlock": "10.9.0.0/16"}),
            ),
            stray(
                "AWS::EC2::VPC",
                "vpc-1",
                serde_json::json!({"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}),
            ),
        ];
        let found = propose(&graph, &Live::default(), &strays, &everywhere(&strays));
        let pairs: Vec<_> = found
            .iter()
            .map(|one| (one.address.to_string(), one.identifiers.clone()))
            .collect();
        assert_eq!(
            pairs,
            [
                ("us-east-1/vpc".to_owned(), vec![Arc::from("vpc-1")]),
                (
                    "us-east-1/subnet[a]".to_owned(),
                    vec![Arc::from("subnet-ours")]
                ),
            ]
        );
    }

    #[test]
    fn what_fits_equally_well_is_left_to_the_person() {
        let gateway = resource("us-east-1/igw", "AWS::EC2::InternetGateway", "{}");
        let graph: Graph = [gateway].into_iter().collect();
        let strays = ["igw-1", "igw-2"].map(|id| {
            stray(
                "AWS::EC2::InternetGateway",
                id,
                serde_json::json!({"InternetGatewayId": id}),
            )
        });
        let found = propose(&graph, &Live::default(), &strays, &everywhere(&strays));
        assert_eq!(found[0].identifiers.len(), 2);
    }

    #[test]
    fn another_thing_of_the_same_kind_is_not_proposed() {
        let alarm = resource(
            "us-east-1/alarm",
            "AWS::CloudWatch::Alarm",
            r#"{"Namespace": "AWS/RDS", "MetricName": "CPUUtilization", "Period": 300, "ComparisonOperator": "GreaterThanThreshold"}"#,
        );
        let role = resource(
            "us-east-1/role",
            "AWS::IAM::Role",
            r#"{"Description": "Writes flow logs"}"#,
        );
        let secret = resource(
            "us-east-1/secret",
            "AWS::SecretsManager::Secret",
            r#"{"SecretString": "a", "Tags": [{"Key": "Name", "Value": "x"}]}"#,
        );
        let graph: Graph = [alarm, role, secret].into_iter().collect();
        let alarm = |metric: &str, period: u32| serde_json::json!({"Namespace": "AWS/RDS", "MetricName": metric, "Period": period, "ComparisonOperator": "LessThanThreshold"});
        let strays = [
            stray("AWS::CloudWatch::Alarm", "pager", alarm("Errors", 60)),
            stray(
                "AWS::SecretsManager::Secret",
                "stripe",
                serde_json::json!({"SecretString": "b"}),
            ),
            stray(
                "AWS::IAM::Role",
                "AWSServiceRoleForRDS",
                serde_json::json!({"Path": "/aws-service-role/rds.amazonaws.com/", "Description": "Writes flow logs"}),
            ),
        ];
        let found = propose(&graph, &Live::default(), &strays, &everywhere(&strays));
        assert_eq!(found, []);
        let strays = [stray(
            "AWS::CloudWatch::Alarm",
            "cpu",
            alarm("CPUUtilization", 60),
        )];
        let found = propose(&graph, &Live::default(), &strays, &everywhere(&strays));
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn what_is_somebodys_is_not_proposed() {
        let vpc = resource(
            "us-east-1/vpc",
            "AWS::EC2::VPC",
            r#"{"CidrBlock": "10.0.0.0/16"}"#,
        );
        let graph: Graph = [vpc].into_iter().collect();
        let mut taken = stray(
            "AWS::EC2::VPC",
            "vpc-1",
            serde_json::json!({"CidrBlock": "10.0.0.0/16"}),
        );
        taken.owner = Some((
            crate::inventory::Owner {
                app: "other".into(),
                env: "default".into(),
            },
            "us-east-1/vpc".parse().unwrap(),
        ));
        let strays = [taken];
        assert_eq!(
            propose(&graph, &Live::default(), &strays, &everywhere(&strays)),
            []
        );
    }
}
