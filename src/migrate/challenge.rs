//! How a server that is to take over from a load balancer gets its certificate before a name leads to it.
//!
//! Its web server has one issued for the site's names, and the authority asks each name over HTTP for a proof
//! (<https://letsencrypt.org/docs/challenge-types/#http-01-challenge>). While the names still lead to the load balancer, a
//! rule there passes those requests on to the server, and no others. It goes with the load balancer.

use crate::address::Address;
use crate::graph::{Graph, Resource};
use crate::value::{Map, Reference, Value};

const LISTENER: &str = "AWS::ElasticLoadBalancingV2::Listener";
const RULE: &str = "AWS::ElasticLoadBalancingV2::ListenerRule";
const GROUP: &str = "AWS::ElasticLoadBalancingV2::TargetGroup";
const ASSOCIATION: &str = "AWS::EC2::EIPAssociation";

/// What an authority asks for.
pub const PATH: &str = "/.well-known/acme-challenge/*";

/// Adds the rule and its target group, where servers with an address of their own come and a load balancer goes.
pub fn pass_on(old: &Graph, new: &Graph, expanded: &mut Graph) {
    let comes = |resource: &&Resource| {
        &*resource.kind == ASSOCIATION && old.get(&resource.address).is_none()
    };
    let servers: Vec<&Value> = new
        .iter()
        .filter(comes)
        .filter_map(|association| association.properties.get("InstanceId"))
        .collect();
    let goes = |resource: &&Resource| {
        &*resource.kind == LISTENER
            && resource.properties.get("Port") == Some(&Value::Int(80))
            && new.get(&resource.address).is_none()
    };
    let Some(listener) = old.iter().find(goes).filter(|_| !servers.is_empty()) else {
        return;
    };
    let Some(beside) = old.iter().find(|resource| &*resource.kind == GROUP) else {
        return;
    };
    let targets = servers
        .into_iter()
        .map(|server| object(&[("Id", server.clone()), ("Port", Value::Int(80))]));
    let address = |id: &str| Address::new(listener.address.region.clone(), id, None);
    let group = Resource {
        address: address("challenge"),
        properties: properties(
            beside,
            &[
                ("TargetType", Value::str("instance")),
                ("Protocol", Value::str("HTTP")),
                ("ProtocolVersion", Value::str("HTTP1")),
                ("Port", Value::Int(80)),
                ("HealthCheckEnabled", Value::Bool(true)),
                ("HealthCheckProtocol", Value::str("HTTP")),
                ("HealthCheckPath", Value::str("/")),
                // A web server without a certificate answers something, too.
                ("Matcher", object(&[("HttpCode", Value::str("200-499"))])),
                ("Targets", Value::list(targets)),
            ],
            &["VpcId", "Tags"],
        ),
        after: Vec::new(),
        ..beside.clone()
    };
    let paths = object(&[("Values", Value::list([Value::str(PATH)]))]);
    let condition = object(&[
        ("Field", Value::str("path-pattern")),
        ("PathPatternConfig", paths),
    ]);
    let action = object(&[
        ("Type", Value::str("forward")),
        (
            "TargetGroupArn",
            reference(&group.address, "TargetGroupArn"),
        ),
    ]);
    let rule = Resource {
        address: address("challenge_rule"),
        kind: RULE.into(),
        properties: properties(
            listener,
            &[
                ("ListenerArn", reference(&listener.address, "ListenerArn")),
                ("Priority", Value::Int(1)),
                ("Conditions", Value::list([condition])),
                ("Actions", Value::list([action])),
            ],
            &["Tags"],
        ),
        after: Vec::new(),
        ..listener.clone()
    };
    for resource in [group, rule] {
        expanded
            .resources
            .insert(resource.address.clone(), resource);
    }
}

/// These properties, and some of another resource's.
fn properties(from: &Resource, own: &[(&str, Value)], shared: &[&str]) -> Map {
    let mut properties = Map::new();
    for name in shared {
        if let Some(value) = from.properties.get(name) {
            properties.insert(*name, value.clone());
        }
    }
    for (name, value) in own {
        properties.insert(*name, value.clone());
    }
    properties
}

fn object(entries: &[(&str, Value)]) -> Value {
    let mut map = Map::new();
    for (name, value) in entries {
        map.insert(*name, value.clone());
    }
    Value::Map(map)
}

fn reference(address: &Address, path: &str) -> Value {
    Value::Reference(
        Reference {
            address: address.clone(),
            path: path.into(),
        }
        .into(),
    )
}
