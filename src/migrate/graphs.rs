//! The graphs between two stages: what should exist after each phase of a hop.
//!
//! Nothing here knows a cloud. From the graphs of two stages alone it is derived what comes beside
//! the old (expand), what leads requests and settings over (switch) and that everything old goes
//! last (contract, which is the new stage's graph itself). `lifecycle.phase` in a blueprint says
//! where that cannot be derived.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{challenge, files, merge};
use crate::address::Address;
use crate::graph::{Graph, Resource};
use crate::roles::Role;
use crate::spec::{Dialect, Engine};
use crate::value::{Map, Reference, Value};

const RECORD: &str = "AWS::Route53::RecordSet";
const PARAMETER: &str = "AWS::SSM::Parameter";
const INGRESS: &str = "AWS::EC2::SecurityGroupIngress";
const EGRESS: &str = "AWS::EC2::SecurityGroupEgress";
const GROUP: &str = "AWS::EC2::SecurityGroup";
const INSTANCE: &str = "AWS::RDS::DBInstance";

/// What a record's second version is called while both stand.
const NEXT: &str = "next";

/// Properties that say where a record leads.
const TARGET: [&str; 3] = ["AliasTarget", "ResourceRecords", "TTL"];

/// The graphs of a hop from one stage to another.
pub struct Transition<'a> {
    old: &'a Graph,
    new: &'a Graph,
    /// What both together need: the old stage, and beside it everything new that nobody uses yet.
    expanded: Graph,
}

/// What a hop moves, besides creating and removing resources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moves {
    /// Rows, from one relational database to another.
    pub data: bool,
    /// Rows, out of MySQL on RDS: only while nothing is written can their copy begin.
    pub held: bool,
    /// Settings that the servers read.
    pub parameters: bool,
    /// Requests, by DNS.
    pub traffic: bool,
    /// Requests, by DNS weights, a part at a time.
    pub weighted: bool,
    /// Something old goes.
    pub removes: bool,
    /// Files, to buckets that S3 copies only new ones to.
    pub files: bool,
}

impl<'a> Transition<'a> {
    /// The hop from `old` to `new`.
    pub fn new(old: &'a Graph, new: &'a Graph) -> Self {
        let mut expanded = old.clone();
        for resource in new.iter() {
            let merged = match old.get(&resource.address) {
                None if phase(resource) == Some("contract") => continue,
                None if takes_traffic(resource, old) => continue,
                None => resource.clone(),
                Some(have) => together(have, resource),
            };
            expanded.resources.insert(merged.address.clone(), merged);
        }
        for next in seconds(old, new) {
            let next = weighted(next, 0);
            expanded.resources.insert(next.address.clone(), next);
        }
        admit_old_compute(old, new, &mut expanded);
        challenge::pass_on(old, new, &mut expanded);
        if moves_data(old, new) {
            admit_replication(old, new, &mut expanded);
        }
        Self { old, new, expanded }
    }

    /// What the hop moves.
    pub fn moves(&self) -> Moves {
        let data = moves_data(self.old, self.new);
        let changed = |kind: &str| {
            self.new.iter().any(|resource| {
                let have = self.old.get(&resource.address);
                &*resource.kind == kind
                    && have.is_some_and(|have| have.properties != resource.properties)
            })
        };
        let weighted = !seconds(self.old, self.new).is_empty();
        let joins = |from: &Graph, to: &Graph| {
            to.iter()
                .any(|r| from.get(&r.address).is_none() && takes_traffic(r, from))
        };
        let is_mysql = |resource: &Resource| {
            let engine = resource.properties.get("Engine");
            let engine = engine.and_then(Value::as_str).and_then(Engine::of);
            let dialect = engine.and_then(|engine| engine.row().dialect);
            &*resource.kind == INSTANCE && dialect == Some(Dialect::Mysql)
        };
        Moves {
            data,
            held: data && self.old.iter().any(is_mysql),
            parameters: changed(PARAMETER),
            traffic: weighted
                || changed(RECORD)
                || joins(self.old, self.new)
                || joins(self.new, self.old),
            weighted,
            removes: self
                .old
                .resources
                .keys()
                .any(|address| self.new.get(address).is_none()),
            files: !files::pairs(self.old, self.new).is_empty(),
        }
    }

    /// The old stage with everything new beside it.
    pub fn expanded(&self) -> Graph {
        self.expanded.clone()
    }

    /// The same, with the settings that the servers read as the new stage has them.
    pub fn switched(&self) -> Graph {
        let mut graph = self.expanded.clone();
        for resource in self.new.iter() {
            let shared = self.old.get(&resource.address).is_some();
            if shared && (&*resource.kind == PARAMETER || phase(resource) == Some("switch")) {
                graph
                    .resources
                    .insert(resource.address.clone(), resource.clone());
            }
        }
        graph
    }

    /// The same, with so many of a hundred requests led to the new stage. With all of them, names
    /// that only one of the stages has come and go too.
    pub fn shifted(&self, percent: u8) -> Graph {
        let mut graph = self.switched();
        for next in seconds(self.old, self.new) {
            if let Some(first) = first_of(&next, self.old) {
                let first = weighted(first.clone(), 100 - percent);
                graph.resources.insert(first.address.clone(), first);
            }
            let next = weighted(next, percent);
            graph.resources.insert(next.address.clone(), next);
        }
        if percent < 100 {
            return graph;
        }
        for resource in self.new.iter().filter(|r| &*r.kind == RECORD) {
            match self.old.get(&resource.address) {
                None => {}
                // A record without weights leads to one place.
                Some(have) if leads_elsewhere(have, resource) && !has_weight(have, resource) => {}
                Some(_) => continue,
            }
            graph
                .resources
                .insert(resource.address.clone(), resource.clone());
        }
        let leaving = self.old.iter().filter(|resource| {
            self.new.get(&resource.address).is_none() && takes_traffic(resource, self.new)
        });
        for resource in leaving {
            graph.resources.remove(&resource.address);
        }
        graph
    }

    /// The new stage alone.
    pub fn contracted(&self) -> Graph {
        self.new.clone()
    }
}

fn phase(resource: &Resource) -> Option<&str> {
    resource.lifecycle.phase.as_deref()
}

/// What both stages ask of one resource while both are there.
fn together(old: &Resource, new: &Resource) -> Resource {
    match phase(new) {
        Some("expand") => return new.clone(),
        Some("switch" | "contract") => return old.clone(),
        _ => {}
    }
    // What leads over to the new is switched, not merged.
    if matches!(&*new.kind, RECORD | PARAMETER) || old.kind != new.kind {
        return old.clone();
    }
    let mut both = Resource {
        properties: merge::both(&new.kind, &old.properties, &new.properties),
        ..new.clone()
    };
    let after = old
        .after
        .iter()
        .filter(|address| !new.after.contains(address));
    both.after.extend(after.cloned());
    both
}

fn text<'a>(map: &'a Map, name: &str) -> Option<&'a str> {
    map.get(name)?.as_str()
}

/// Whether a record, put beside those of `other`, would be asked at once: the name is in use.
fn takes_traffic(resource: &Resource, other: &Graph) -> bool {
    let name = text(&resource.properties, "Name");
    &*resource.kind == RECORD
        && name.is_some()
        && other
            .iter()
            .any(|have| &*have.kind == RECORD && text(&have.properties, "Name") == name)
}

fn leads_elsewhere(old: &Resource, new: &Resource) -> bool {
    TARGET
        .iter()
        .any(|name| old.properties.get(name) != new.properties.get(name))
}

fn has_weight(old: &Resource, new: &Resource) -> bool {
    [old, new]
        .iter()
        .all(|resource| resource.properties.get("Weight").is_some())
}

/// The new versions of weighted records that will lead elsewhere, under addresses of their own.
fn seconds(old: &Graph, new: &Graph) -> Vec<Resource> {
    new.iter()
        .filter(|resource| &*resource.kind == RECORD)
        .filter(|resource| {
            old.get(&resource.address)
                .is_some_and(|have| leads_elsewhere(have, resource) && has_weight(have, resource))
        })
        .map(|resource| {
            let mut properties = resource.properties.clone();
            properties.insert("SetIdentifier", Value::str(NEXT));
            Resource {
                address: beside(&resource.address),
                properties,
                ..resource.clone()
            }
        })
        .collect()
}

/// The record that a second version stands beside.
fn first_of<'a>(next: &Resource, old: &'a Graph) -> Option<&'a Resource> {
    let id = next.address.id.strip_suffix(&format!("_{NEXT}"))?;
    let address = &next.address;
    old.get(&Address::new(
        address.region.clone(),
        id,
        address.key.clone(),
    ))
}

fn weighted(mut record: Resource, weight: u8) -> Resource {
    record
        .properties
        .insert("Weight", Value::Int(i64::from(weight)));
    record
}

/// Where the servers' relational database is, by the graph's settings: `None` without one.
fn database_host(graph: &Graph) -> Option<String> {
    let parameter = graph.with_role(Role::DatabaseSetting).next()?;
    // References are no JSON, but stand inside strings.
    let text = parameter.properties.get("Value")?.to_string();
    let json: serde_json::Value = serde_json::from_str(&text).ok()?;
    Some(json["host"].as_str()?.to_owned())
}

/// Whether rows have to move: off the server's own disk, or onto it.
fn moves_data(old: &Graph, new: &Graph) -> bool {
    match (database_host(old), database_host(new)) {
        (Some(old), Some(new)) => (old == "local") != (new == "local"),
        _ => false,
    }
}

/// The security groups that a graph's servers are in.
fn compute_groups(graph: &Graph) -> BTreeSet<Address> {
    let mut groups = BTreeSet::new();
    let servers = graph.iter().filter(|resource| {
        matches!(
            &*resource.kind,
            "AWS::EC2::Instance" | "AWS::EC2::LaunchTemplate"
        )
    });
    for server in servers {
        for (_, value) in &server.properties {
            value.for_each_reference(&mut |reference| {
                if graph
                    .get(&reference.address)
                    .is_some_and(|group| &*group.kind == GROUP)
                {
                    groups.insert(reference.address.clone());
                }
            });
        }
    }
    groups
}

/// Lets the old servers use what is made for the new ones, as long as both are there: every rule
/// that admits the new servers somewhere is given for the old ones too.
fn admit_old_compute(old: &Graph, new: &Graph, expanded: &mut Graph) {
    let (before, after) = (compute_groups(old), compute_groups(new));
    let leaving: Vec<&Address> = before.difference(&after).collect();
    let coming: BTreeSet<&Address> = after.difference(&before).collect();
    for from in leaving {
        let admits = |value: &Value| {
            let mut admits = false;
            value.for_each_reference(&mut |r| admits |= coming.contains(&r.address));
            admits
        };
        let mut more = Vec::new();
        for resource in new.iter().filter(|r| old.get(&r.address).is_none()) {
            // A rule can name a group of its own region only.
            if resource.address.region != from.region {
                continue;
            }
            match &*resource.kind {
                INGRESS => {
                    let source = resource.properties.get("SourceSecurityGroupId");
                    let store = resource.properties.get("GroupId");
                    let of_old = store.is_some_and(|store| refers_into(store, old));
                    if source.is_some_and(admits) && !of_old {
                        let mut rule = resource.clone();
                        rule.address = beside(&resource.address);
                        rule.properties
                            .insert("SourceSecurityGroupId", group_id(from));
                        more.push(rule);
                    }
                }
                GROUP if !coming.contains(&resource.address) => {
                    let mut group = resource.clone();
                    if let Some(Value::List(rules)) =
                        group.properties.get_mut("SecurityGroupIngress")
                    {
                        let copies: Vec<Value> = rules
                            .iter()
                            .filter(|rule| rule.at("SourceSecurityGroupId").is_some_and(admits))
                            .map(|rule| with(rule, "SourceSecurityGroupId", group_id(from)))
                            .collect();
                        if copies.is_empty() {
                            continue;
                        }
                        rules.extend(copies);
                        more.push(group);
                    }
                }
                _ => {}
            }
        }
        for resource in more {
            expanded
                .resources
                .insert(resource.address.clone(), resource);
        }
    }
}

/// Whether a value refers to something that a graph has.
fn refers_into(value: &Value, graph: &Graph) -> bool {
    let mut found = false;
    value.for_each_reference(&mut |reference| found |= graph.get(&reference.address).is_some());
    found
}

fn beside(address: &Address) -> Address {
    Address::new(
        address.region.clone(),
        format!("{}_{NEXT}", address.id),
        address.key.clone(),
    )
}

fn group_id(group: &Address) -> Value {
    Value::Reference(Arc::new(Reference {
        address: group.clone(),
        path: "GroupId".into(),
    }))
}

fn with(value: &Value, name: &str, other: Value) -> Value {
    let mut map = value.as_map().cloned().unwrap_or_default();
    map.insert(name, other);
    Value::Map(map)
}

/// Lets the two databases of a move reach each other: the one on the server, and the one that has a
/// group of its own and otherwise opens no connection to anywhere.
fn admit_replication(old: &Graph, new: &Graph, expanded: &mut Graph) {
    // The managed one's rule for the server says both ends and the port.
    let rules = [new, old];
    let Some(rule) = rules
        .iter()
        .flat_map(|graph| graph.iter())
        .find(|rule| rule.role == Some(Role::DatabaseRule))
    else {
        return;
    };
    let (Some(store), Some(server)) = (
        rule.properties.get("GroupId").cloned(),
        rule.properties.get("SourceSecurityGroupId").cloned(),
    ) else {
        return;
    };
    // Rules of their own, because two groups that name each other could not be ordered.
    let ends = [
        (
            INGRESS,
            "replication_ingress",
            &server,
            "SourceSecurityGroupId",
            &store,
        ),
        (
            EGRESS,
            "replication_egress",
            &store,
            "DestinationSecurityGroupId",
            &server,
        ),
    ];
    for (kind, id, group, name, other) in ends {
        let mut properties = Map::new();
        for name in ["IpProtocol", "FromPort", "ToPort"] {
            if let Some(value) = rule.properties.get(name) {
                properties.insert(name, value.clone());
            }
        }
        properties.insert("GroupId", group.clone());
        properties.insert(name, other.clone());
        properties.insert(
            "Description",
            Value::str("Replication during the migration"),
        );
        let opened = Resource {
            address: Address::new(rule.address.region.clone(), id, None),
            kind: kind.into(),
            properties,
            ..rule.clone()
        };
        expanded.resources.insert(opened.address.clone(), opened);
    }
}
