//! What exists after each step of a failover.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Graphs, INSTANCE, SOURCE, database_of};
use crate::address::Address;
use crate::graph::{Graph, Lifecycle, Resource};
use crate::plan::existing::{ZONE, is_public};
use crate::roles::Role;
use crate::value::{Map, Reference, Value};

const PARAMETERS: &str = "AWS::RDS::DBParameterGroup";
const RECORD: &str = "AWS::Route53::RecordSet";
const GROUPS: &str = "VPCSecurityGroups";
const NAME: &str = "DBInstanceIdentifier";

/// The security group that admits nobody.
const FENCE: &str = "fence";

fn insert(graph: &mut Graph, resource: Resource) {
    graph.resources.insert(resource.address.clone(), resource);
}

/// The same with a region's database that takes no writes: those that are connected already are told
/// by its parameters, and nobody else gets in.
pub(super) fn fenced(graph: &Graph, region: &str) -> Graph {
    let mut fenced = graph.clone();
    let Some(database) = database_of(graph, region) else {
        return fenced;
    };
    let address = Address::new(database.address.region.clone(), FENCE, None);
    let mut database = database.clone();
    let closed = reference(&address, "GroupId");
    database
        .properties
        .insert(GROUPS, Value::List(vec![closed]));
    insert(&mut fenced, database);
    let vpc = network_of(graph, region).map(|vpc| reference(&vpc.address, "VpcId"));
    insert(&mut fenced, closed_group(address, vpc));
    let parameters = graph
        .iter()
        .find(|resource| &*resource.kind == PARAMETERS && *resource.address.region == *region);
    if let Some(mut parameters) = parameters.cloned() {
        let family = parameters.properties.get("Family").and_then(Value::as_str);
        let name = if family.is_some_and(|family| family.starts_with("postgres")) {
            "default_transaction_read_only"
        } else {
            "read_only"
        };
        if let Some(Value::Map(values)) = parameters.properties.get_mut("Parameters") {
            values.insert(name, Value::str("1"));
        }
        insert(&mut fenced, parameters);
    }
    fenced
}

/// A region's network.
fn network_of<'a>(graph: &'a Graph, region: &str) -> Option<&'a Resource> {
    let mut all = graph.with_role(Role::Network);
    all.find(|one| *one.address.region == *region)
}

/// A security group that lets nobody in or out.
fn closed_group(address: Address, vpc: Option<Value>) -> Resource {
    let mut nothing = Map::new();
    nothing.insert("IpProtocol", Value::str("-1"));
    nothing.insert("CidrIp", Value::str("127.0.0.1/32"));
    nothing.insert("Description", Value::str("Nothing"));
    let mut properties = Map::new();
    properties.insert(
        "GroupDescription",
        Value::str("Nobody writes to the database that another has taken over from"),
    );
    if let Some(vpc) = vpc {
        properties.insert("VpcId", vpc);
    }
    properties.insert(
        "SecurityGroupEgress",
        Value::List(vec![Value::Map(nothing)]),
    );
    Resource {
        address,
        kind: "AWS::EC2::SecurityGroup".into(),
        tier: "security".into(),
        role: None,
        properties,
        after: Vec::new(),
        lifecycle: Lifecycle::default(),
        ready_when: Vec::new(),
    }
}

fn reference(address: &Address, path: &str) -> Value {
    Value::Reference(Arc::new(Reference {
        address: address.clone(),
        path: path.into(),
    }))
}

/// The same with no request led to a region, and no way from other regions' servers to its database.
pub(super) fn without_region(graph: &Graph, region: &str) -> Graph {
    let mut cut = without_records(graph, region);
    let block = network_of(graph, region).and_then(|vpc| vpc.properties.get("CidrBlock").cloned());
    cut.resources.retain(|address, resource| {
        *address.region == *region
            || &*resource.kind != "AWS::EC2::Route"
            || resource.properties.get("DestinationCidrBlock") != block.as_ref()
    });
    cut
}

/// The same without the records that lead to a region by its name.
pub(super) fn without_records(graph: &Graph, region: &str) -> Graph {
    let mut cut = graph.clone();
    cut.resources.retain(|_, resource| {
        let set = resource.properties.get("SetIdentifier");
        &*resource.kind != RECORD || set.and_then(Value::as_str) != Some(region)
    });
    cut
}

/// The same without the old region's record where the regions change their roles in it: Route 53 knows
/// one first and one second choice of a name at a time.
pub(super) fn led_away(graph: &Graph, graphs: &Graphs, from: &str) -> Graph {
    let changes = graphs.new.iter().any(|new| {
        let have = graphs.old.get(&new.address);
        &*new.kind == RECORD
            && new.properties.contains_key("Failover")
            && have.is_some_and(|have| have.properties != new.properties)
    });
    if changes {
        without_records(graph, from)
    } else {
        graph.clone()
    }
}

/// The same with a region's replica a database of its own, and nothing else about it changed.
pub(super) fn promoted(graph: &Graph, region: &str) -> Graph {
    let mut promoted = graph.clone();
    if let Some(mut database) = database_of(graph, region).cloned() {
        database.properties.remove(SOURCE);
        database.properties.remove("SourceRegion");
        insert(&mut promoted, database);
    }
    promoted
}

/// The same with the settings that say where the database is as another graph has them.
pub(super) fn with_settings(graph: &Graph, other: &Graph, of: impl Fn(&str) -> bool) -> Graph {
    let mut switched = graph.clone();
    let settings = other.iter().filter(|resource| {
        resource.role == Some(Role::DatabaseSetting) && of(&resource.address.region)
    });
    for setting in settings {
        insert(&mut switched, setting.clone());
    }
    // The names that they are given with them: nobody reads from what follows the old one any more.
    let gone: Vec<Address> = (private_records(graph))
        .map(|record| record.address.clone())
        .collect();
    for address in gone {
        switched.resources.remove(&address);
    }
    for record in private_records(other) {
        insert(&mut switched, record.clone());
    }
    switched
}

/// The records of zones that only a VPC asks.
fn private_records(graph: &Graph) -> impl Iterator<Item = &Resource> {
    let is_private = |record: &Resource| match record.properties.get("HostedZoneId") {
        Some(Value::Reference(zone)) => (graph.get(&zone.address))
            .is_some_and(|zone| &*zone.kind == ZONE && !is_public(&zone.properties)),
        _ => false,
    };
    let records = graph.iter().filter(|one| &*one.kind == RECORD);
    records.filter(move |record| is_private(record))
}

/// The same with everything new beside it: replicas in all other regions under names of their own, and
/// the new writer as it will be. Records of the regions that take part follow one by one.
pub(super) fn rebuilt(graph: &Graph, graphs: &Graphs, to: &str) -> Graph {
    let mut rebuilt = graph.clone();
    for new in graphs.new.iter() {
        let is_record = &*new.kind == RECORD;
        match graphs.old.get(&new.address) {
            None if !is_record => insert(&mut rebuilt, new.clone()),
            Some(_) if &*new.kind == INSTANCE && new.address.key.is_none() => {
                let mut database = new.clone();
                if *new.address.region != *to {
                    // The old one has the name still.
                    database.properties.remove(NAME);
                    database.lifecycle.create_before_destroy = true;
                }
                insert(&mut rebuilt, database);
            }
            Some(_) if is_record && graph.get(&new.address).is_some() => {
                insert(&mut rebuilt, new.clone());
            }
            _ => {}
        }
    }
    // Readers follow the old one, and nobody reads from them any more; and what is only for a writer, such as its
    // backups, would be made anew for the replica that takes the old one's address.
    let replaced = |one: &&Resource| {
        let is_reader = graphs.new.get(&one.address).is_none();
        &*one.kind == INSTANCE && (is_reader || *one.address.region != *to)
    };
    let mut replaced: BTreeSet<Address> = rebuilt
        .iter()
        .filter(replaced)
        .map(|one| one.address.clone())
        .collect();
    // What needs one goes with it, and what needs that.
    loop {
        let needs = |resource: &&Resource| {
            let address = &resource.address;
            graphs.new.get(address).is_none()
                && !replaced.contains(address)
                && (resource.dependencies().iter()).any(|need| replaced.contains(need))
        };
        let more: Vec<Address> = rebuilt
            .iter()
            .filter(needs)
            .map(|one| one.address.clone())
            .collect();
        if more.is_empty() {
            break;
        }
        replaced.extend(more);
    }
    rebuilt
        .resources
        .retain(|address, _| graphs.new.get(address).is_some() || !replaced.contains(address));
    rebuilt
}
