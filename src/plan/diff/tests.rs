//! What a diff finds.

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

/// The plan of a subnet whose VPC gets other addresses.
fn with_another_vpc(subnet: Resource) -> Plan {
    let old = vpc("10.0.0.0/16");
    let mut placed = subnet.clone();
    placed.properties.insert("VpcId", Value::str("vpc-1"));
    let live = live([
        applied(&old, serde_json::json!({"VpcId": "vpc-1"})),
        applied(&placed, serde_json::json!({"SubnetId": "subnet-1"})),
    ]);
    diff(
        &[vpc("10.9.0.0/16"), subnet].into_iter().collect(),
        &live,
        None,
    )
}

#[test]
fn a_create_only_property_forces_a_replace_of_it_and_of_what_lives_in_it() {
    let plan = with_another_vpc(subnet());
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
    let mut subnet = subnet();
    subnet.lifecycle.create_before_destroy = true;
    let plan = with_another_vpc(subnet);
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
        let json = serde_json::json!({"MinSize": "1", "MaxSize": "9", "DesiredCapacity": capacity});
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
