//! Desired against live: what changes, property by property, and why.
//!
//! Resources are visited in the order of their references, so that a reference to something that
//! stays resolves to what the cloud says, and only what will be made or moved stays symbolic.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::properties::{differences, initial, interruption};
use super::{
    Action, Change, Plan, Reason, beside, blocks, existing, in_place, operations, ranges, schedule,
};
use crate::address::Address;
use crate::compare::Rules;
use crate::graph::{Graph, Resource};
use crate::inventory::{Live, LiveResource, Status};
use crate::kinds;
use crate::value::{Map, Reference, Value};

/// What has to happen so that `live` becomes `desired`.
///
/// With `targets`, only what these addresses and their dependencies need; nothing else is touched,
/// and nothing is deleted but the targets themselves.
pub fn diff(desired: &Graph, live: &Live, targets: Option<&[Address]>) -> Plan {
    let (desired, kept) = blocks::settled(desired, live);
    let (desired, uses, unclear) = existing::used(ranges::settled(&desired, live), live);
    let desired = &*desired;
    let wanted = targets.map(|targets| closure(desired, targets));
    let is_wanted = |address: &Address| wanted.as_ref().is_none_or(|set| set.contains(address));
    let mut states: HashMap<&Address, State> = HashMap::with_capacity(desired.len());
    let mut changes: BTreeMap<(Address, u32), Change> = BTreeMap::new();
    let mut unchanged = 0;
    for resource in in_order(desired) {
        let found = live.resources.get(&resource.address);
        let judged = judge(resource, found, &states);
        match judged {
            Judged::Same(properties) => {
                unchanged += 1;
                states.insert(
                    &resource.address,
                    State {
                        properties: as_it_stays(resource, properties, found),
                        live: found,
                        action: None,
                    },
                );
            }
            Judged::Changed(mut change) if is_wanted(&resource.address) => {
                beside::leave_the_name(&mut change);
                let properties = change.desired.as_ref().map(|d| d.properties.clone());
                let stays = found.filter(|_| change.action == Action::Update);
                states.insert(
                    &resource.address,
                    State {
                        properties: as_it_stays(resource, properties.unwrap_or_default(), stays),
                        live: found,
                        action: Some(change.action),
                    },
                );
                changes.insert((resource.address.clone(), u32::MAX), *change);
            }
            // Not asked for: it stays as it is, and others see it as it is.
            Judged::Changed(_) => {
                unchanged += usize::from(found.is_some());
                let properties = found
                    .map(|found| found.properties.clone())
                    .unwrap_or_default();
                states.insert(
                    &resource.address,
                    State {
                        properties,
                        live: found,
                        action: None,
                    },
                );
            }
        }
    }
    let gone = live
        .resources
        .iter()
        .filter(|(address, _)| desired.get(address).is_none());
    for (address, resource) in gone {
        if is_wanted(address) {
            changes.insert(
                (address.clone(), u32::MAX),
                deletion(resource, Reason::NotInBlueprint),
            );
        } else {
            unchanged += 1;
        }
    }
    for resource in &live.deposed {
        if is_wanted(&resource.address) {
            let key = (resource.address.clone(), resource.generation());
            changes.insert(key, deletion(resource, Reason::Deposed));
        }
    }
    let mut changes: Vec<Change> = changes.into_values().collect();
    beside::create_first(&mut changes);
    let (operations, mut impossible) = operations::with_refusals(&changes, live);
    impossible.extend(in_place::impossible(desired, &changes, live));
    impossible.extend(existing::in_the_way(&changes, live));
    impossible.extend(unclear);
    Plan {
        changes,
        unchanged,
        operations,
        impossible,
        uses,
        kept,
    }
}

/// The targets and everything that they need.
fn closure(desired: &Graph, targets: &[Address]) -> HashSet<Address> {
    let mut found: HashSet<Address> = HashSet::new();
    let mut open: Vec<Address> = targets.to_vec();
    while let Some(address) = open.pop() {
        if let Some(resource) = desired.get(&address)
            && !found.contains(&address)
        {
            open.extend(resource.dependencies());
        }
        found.insert(address);
    }
    found
}

/// The resources so that each comes after those that it refers to; a graph has no circles.
pub fn in_order(graph: &Graph) -> Vec<&Resource> {
    let resources: Vec<&Resource> = graph.iter().collect();
    let needs = graph.needs();
    let order = schedule::order(needs.iter().map(Vec::as_slice));
    order.into_iter().map(|number| resources[number]).collect()
}

/// What others see of a resource that has been judged.
struct State<'a> {
    /// As it should be, references resolved as far as possible.
    properties: Map,
    live: Option<&'a LiveResource>,
    /// `None` when it stays.
    action: Option<Action>,
}

impl State<'_> {
    /// What a reference to `path` of it stands for, if that is known by now.
    fn answer(&self, kind: &str, path: &str) -> Option<Value> {
        if let Some(value) = self.properties.at(path) {
            return (!value.is_symbolic()).then(|| value.clone());
        }
        match self.action {
            None => {}
            Some(Action::Update) => {
                let top = path.split('.').next().unwrap_or(path);
                if kinds::of(kind).volatile.contains(&top) {
                    return None;
                }
            }
            Some(_) => return None,
        }
        self.live?.properties.at(path).cloned()
    }
}

/// What others see of a resource that is not made anew: what its lifecycle ignores is as it is, not as
/// the blueprint would have it.
fn as_it_stays(resource: &Resource, mut properties: Map, live: Option<&LiveResource>) -> Map {
    let Some(live) = live else { return properties };
    for name in &resource.lifecycle.ignore_changes {
        if let Some(value) = live.properties.get(name) {
            properties.insert(name.clone(), value.clone());
        }
    }
    properties
}

enum Judged {
    /// It is as it should be; its properties, resolved.
    Same(Map),
    Changed(Box<Change>),
}

fn judge(
    resource: &Resource,
    live: Option<&LiveResource>,
    states: &HashMap<&Address, State<'_>>,
) -> Judged {
    let answer = |reference: &Reference| {
        let state = states.get(&reference.address)?;
        let kind = state.live.map_or("", |live| &*live.kind);
        state.answer(kind, &reference.path)
    };
    let properties: Map = resource
        .properties
        .iter()
        .map(|(name, value)| (name.clone(), value.resolve(&answer)))
        .collect();
    let rules = Rules::of(&resource.kind);
    let next = live.map_or(1, |live| live.generation().saturating_add(1));
    let (action, reason, generation, differences) = match live {
        None => (Action::Create, Reason::Missing, next, initial(&properties)),
        Some(live) if live.kind != resource.kind => {
            let from = live.kind.clone();
            (
                Action::Replace,
                Reason::KindChanged { from },
                next,
                initial(&properties),
            )
        }
        Some(live) => {
            let differences = differences(rules, resource, &properties, live);
            let create_only: Vec<Arc<str>> = differences
                .iter()
                .filter(|p| p.create_only)
                .map(|p| p.path.clone())
                .collect();
            let same = live.generation().max(1);
            let (action, reason, generation) = match &live.status {
                Status::Failed(why) => (
                    Action::Replace,
                    Reason::Broken {
                        status: why.clone(),
                    },
                    next,
                ),
                Status::Deleting => (
                    Action::Replace,
                    Reason::Broken {
                        status: "deleting".into(),
                    },
                    next,
                ),
                _ if !create_only.is_empty() => (
                    Action::Replace,
                    Reason::CreateOnly {
                        properties: create_only,
                    },
                    next,
                ),
                _ if !differences.is_empty() => (Action::Update, Reason::Differs, same),
                Status::Pending(_) => (Action::Update, Reason::Unfinished, same),
                Status::Ready => return Judged::Same(properties),
            };
            (action, reason, generation, differences)
        }
    };
    let first = resource.lifecycle.create_before_destroy;
    Judged::Changed(Box::new(Change {
        address: resource.address.clone(),
        kind: resource.kind.clone(),
        tier: resource.tier.clone(),
        action,
        interrupts: match live {
            Some(live) if live.kind == resource.kind => {
                interruption(rules, action, first, &differences, &live.properties)
            }
            _ => None,
        },
        // What fails or is being deleted has no use for its place until it is gone.
        create_before_destroy: first && !matches!(reason, Reason::Broken { .. }),
        reason,
        properties: differences,
        // Known references are values by now, but still have to come first.
        depends_on: resource.dependencies(),
        desired: Some(Resource {
            address: resource.address.clone(),
            kind: resource.kind.clone(),
            tier: resource.tier.clone(),
            role: resource.role,
            properties,
            after: resource.after.clone(),
            lifecycle: resource.lifecycle.clone(),
            ready_when: resource.ready_when.clone(),
        }),
        live: live.cloned(),
        generation,
    }))
}

fn deletion(live: &LiveResource, reason: Reason) -> Change {
    Change {
        address: live.address.clone(),
        kind: live.kind.clone(),
        tier: kinds::tier(&live.kind).name().into(),
        action: Action::Delete,
        reason,
        properties: Vec::new(),
        interrupts: None,
        create_before_destroy: false,
        desired: None,
        live: Some(live.clone()),
        depends_on: Vec::new(),
        generation: live.generation(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::redact::conceal;
    use crate::ownership;

    fn address(text: &str) -> Address {
        text.parse().unwrap()
    }

    fn resource(at: &str, kind: &str, properties: serde_json::Value) -> Resource {
        let properties: Value = serde_json::from_value(properties).unwrap();
        Resource {
            address: address(at),
            kind: kind.into(),
            tier: "network".into(),
            role: None,
            properties: properties.as_map().unwrap().clone(),
            after: Vec::new(),
            lifecycle: Default::default(),
            ready_when: Vec::new(),
        }
    }

    /// As `resource` would be after an apply, with these attributes.
    fn applied(resource: &Resource, attributes: serde_json::Value) -> LiveResource {
        let attributes: Value = serde_json::from_value(attributes).unwrap();
        let mut properties = resource.properties.clone();
        for (name, value) in attributes.as_map().unwrap() {
            properties.insert(name.clone(), value.clone());
        }
        LiveResource {
            address: resource.address.clone(),
            kind: resource.kind.clone(),
            identifier: "id".into(),
            properties,
            status: Status::Ready,
            applied: Some(ownership::of_properties(
                &resource.address,
                1,
                false,
                &resource.properties,
            )),
        }
    }

    fn live(resources: impl IntoIterator<Item = LiveResource>) -> Live {
        Live {
            resources: resources
                .into_iter()
                .map(|r| (r.address.clone(), r))
                .collect(),
            ..Live::default()
        }
    }

    fn vpc(cidr: &str) -> Resource {
        resource(
            "us-east-1/vpc",
            "AWS::EC2::VPC",
            serde_json::json!({"CidrBlock": cidr}),
        )
    }

    fn subnet() -> Resource {
        resource(
            "us-east-1/subnet",
            "AWS::EC2::Subnet",
            serde_json::json!({"VpcId": {"$ref": "us-east-1/vpc#VpcId"}, "CidrBlock": "10.0.1.0/24"}),
        )
    }

    fn only(plan: &Plan, at: &str) -> Change {
        plan.changes
            .iter()
            .find(|change| change.address == address(at))
            .unwrap()
            .clone()
    }

    #[test]
    fn what_is_missing_is_created_with_symbolic_references() {
        let desired: Graph = [vpc("10.0.0.0/16"), subnet()].into_iter().collect();
        let plan = diff(&desired, &Live::default(), None);
        assert_eq!(plan.counts().create, 2);
        let subnet = only(&plan, "us-east-1/subnet");
        let vpc_id = subnet
            .properties
            .iter()
            .find(|p| &*p.path == "VpcId")
            .unwrap();
        assert_eq!(
            vpc_id.after.as_ref().unwrap().to_string(),
            "${us-east-1/vpc.VpcId}"
        );
    }

    #[test]
    fn what_is_as_it_should_be_is_left_alone() {
        let (vpc, subnet) = (vpc("10.0.0.0/16"), subnet());
        let mut placed = subnet.clone();
        placed.properties.insert("VpcId", Value::str("vpc-1"));
        let live = live([
            applied(&vpc, serde_json::json!({"VpcId": "vpc-1"})),
            applied(&placed, serde_json::json!({"SubnetId": "subnet-1"})),
        ]);
        let plan = diff(&[vpc, subnet].into_iter().collect(), &live, None);
        assert_eq!((plan.changes.len(), plan.unchanged), (0, 2));
    }

    #[test]
    fn a_create_only_property_forces_a_replace_of_it_and_of_what_lives_in_it() {
        let (old, subnet) = (vpc("10.0.0.0/16"), subnet());
        let mut placed = subnet.clone();
        placed.properties.insert("VpcId", Value::str("vpc-1"));
        let live = live([
            applied(&old, serde_json::json!({"VpcId": "vpc-1"})),
            applied(&placed, serde_json::json!({"SubnetId": "subnet-1"})),
        ]);
        let plan = diff(
            &[vpc("10.9.0.0/16"), subnet].into_iter().collect(),
            &live,
            None,
        );
        for (at, property) in [
            ("us-east-1/vpc", "CidrBlock"),
            ("us-east-1/subnet", "VpcId"),
        ] {
            let change = only(&plan, at);
            assert_eq!(change.action, Action::Replace);
            assert_eq!(
                change.reason,
                Reason::CreateOnly {
                    properties: vec![property.into()]
                }
            );
            assert_eq!(change.generation, 2);
        }
    }

    #[test]
    fn what_a_replace_creates_first_makes_its_dependencies_do_the_same() {
        let (old, mut subnet) = (vpc("10.0.0.0/16"), subnet());
        subnet.lifecycle.create_before_destroy = true;
        let mut placed = subnet.clone();
        placed.properties.insert("VpcId", Value::str("vpc-1"));
        let live = live([
            applied(&old, serde_json::json!({"VpcId": "vpc-1"})),
            applied(&placed, serde_json::json!({"SubnetId": "subnet-1"})),
        ]);
        let plan = diff(
            &[vpc("10.9.0.0/16"), subnet].into_iter().collect(),
            &live,
            None,
        );
        assert!(only(&plan, "us-east-1/vpc").create_before_destroy);
    }

    #[test]
    fn what_somebody_moved_is_drift_and_what_the_spec_changed_is_not() {
        let parameter = |value: &str| {
            let json = serde_json::json!({"Name": "/a", "Type": "String", "Value": value});
            resource("us-east-1/p", "AWS::SSM::Parameter", json)
        };
        let mut moved = applied(&parameter("a"), serde_json::json!({}));
        moved.properties.insert("Value", Value::str("outside"));
        let live = live([moved]);
        let drifted = diff(&[parameter("a")].into_iter().collect(), &live, None);
        assert_eq!(only(&drifted, "us-east-1/p").drifted().count(), 1);
        let edited = diff(&[parameter("b")].into_iter().collect(), &live, None);
        let change = only(&edited, "us-east-1/p");
        assert_eq!(
            (change.action, change.drifted().count()),
            (Action::Update, 0)
        );
    }

    #[test]
    fn a_write_only_value_is_compared_by_digest_and_never_shown() {
        let secret = |text: &str| {
            let json = serde_json::json!({"Name": "s", "SecretString": text});
            resource("us-east-1/s", "AWS::SecretsManager::Secret", json)
        };
        let mut found = applied(&secret("one"), serde_json::json!({}));
        found.properties.remove("SecretString");
        let live = live([found]);
        assert!(diff(&[secret("one")].into_iter().collect(), &live, None).is_empty());
        let plan = diff(&[secret("two")].into_iter().collect(), &live, None);
        assert!(
            only(&plan, "us-east-1/s")
                .properties
                .iter()
                .all(|p| p.hidden)
        );
        let text = serde_json::to_string(&only(&plan, "us-east-1/s").properties).unwrap();
        assert!(!text.contains("two"), "{text}");
    }

    #[test]
    fn a_write_only_value_inside_another_is_compared_by_digest_too() {
        let listener = |secret: &str| {
            let config = serde_json::json!({"ClientId": "id", "ClientSecret": secret});
            let action =
                serde_json::json!({"Type": "authenticate-oidc", "AuthenticateOidcConfig": config});
            let json = serde_json::json!({"Port": 443, "DefaultActions": [action]});
            let kind = "AWS::ElasticLoadBalancingV2::Listener";
            resource("us-east-1/listener", kind, json)
        };
        let found = conceal(&applied(&listener("one"), serde_json::json!({})));
        let live = live([found]);
        assert!(diff(&[listener("one")].into_iter().collect(), &live, None).is_empty());
        let plan = diff(&[listener("two")].into_iter().collect(), &live, None);
        let properties = &only(&plan, "us-east-1/listener").properties;
        assert!(
            properties.len() == 1 && properties[0].hidden,
            "{properties:?}"
        );
        let text = serde_json::to_string(properties).unwrap();
        assert!(!text.contains("two"), "{text}");
    }

    #[test]
    fn a_property_that_the_blueprint_dropped_goes_back_to_the_default() {
        let json = serde_json::json!({"CidrBlock": "10.0.0.0/16", "EnableDnsHostnames": true});
        let before = resource("us-east-1/vpc", "AWS::EC2::VPC", json);
        let live = live([applied(&before, serde_json::json!({"VpcId": "vpc-1"}))]);
        let plan = diff(&[vpc("10.0.0.0/16")].into_iter().collect(), &live, None);
        let change = only(&plan, "us-east-1/vpc");
        let dropped: Vec<_> = change
            .properties
            .iter()
            .map(|p| (&*p.path, p.after.clone()))
            .collect();
        assert_eq!(dropped, [("EnableDnsHostnames", None)]);
    }

    #[test]
    fn what_another_made_and_we_never_set_is_not_ours() {
        let live = live([applied(
            &vpc("10.0.0.0/16"),
            serde_json::json!({"VpcId": "vpc-1", "InstanceTenancy": "default"}),
        )]);
        assert!(diff(&[vpc("10.0.0.0/16")].into_iter().collect(), &live, None).is_empty());
    }

    #[test]
    fn a_capacity_that_an_autoscaler_moved_is_no_difference() {
        let group = |capacity: &str| {
            let json =
                serde_json::json!({"MinSize": "1", "MaxSize": "9", "DesiredCapacity": capacity});
            resource("us-east-1/asg", "AWS::AutoScaling::AutoScalingGroup", json)
        };
        let mut moved = applied(&group("2"), serde_json::json!({}));
        moved.properties.insert("DesiredCapacity", Value::str("7"));
        let live = live([moved]);
        assert!(diff(&[group("2")].into_iter().collect(), &live, None).is_empty());
        let edited = diff(&[group("3")].into_iter().collect(), &live, None);
        assert_eq!(only(&edited, "us-east-1/asg").action, Action::Update);
    }

    #[test]
    fn what_is_still_on_its_way_is_waited_for() {
        let mut pending = applied(&vpc("10.0.0.0/16"), serde_json::json!({"VpcId": "vpc-1"}));
        pending.status = Status::Pending("pending".into());
        let plan = diff(
            &[vpc("10.0.0.0/16")].into_iter().collect(),
            &live([pending]),
            None,
        );
        assert_eq!(only(&plan, "us-east-1/vpc").reason, Reason::Unfinished);
    }

    #[test]
    fn leftovers_of_a_replace_are_deleted_beside_their_successor() {
        let vpc = vpc("10.0.0.0/16");
        let mut cloud = live([applied(&vpc, serde_json::json!({"VpcId": "vpc-2"}))]);
        cloud
            .deposed
            .push(applied(&vpc, serde_json::json!({"VpcId": "vpc-1"})));
        let plan = diff(&[vpc].into_iter().collect(), &cloud, None);
        assert_eq!(plan.changes.len(), 1);
        assert_eq!(
            (plan.changes[0].action, &plan.changes[0].reason),
            (Action::Delete, &Reason::Deposed)
        );
    }

    #[test]
    fn targets_take_their_dependencies_along_and_nothing_else() {
        let other = resource(
            "us-east-1/igw",
            "AWS::EC2::InternetGateway",
            serde_json::json!({}),
        );
        let desired: Graph = [vpc("10.0.0.0/16"), subnet(), other].into_iter().collect();
        let plan = diff(
            &desired,
            &Live::default(),
            Some(&[address("us-east-1/subnet")]),
        );
        let touched: Vec<String> = plan.changes.iter().map(|c| c.address.to_string()).collect();
        assert_eq!(touched, ["us-east-1/subnet", "us-east-1/vpc"]);
    }
}
