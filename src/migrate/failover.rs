//! Failing over: a database's writes move from one region to another, in steps like a migration's.
//!
//! Pure: owns what exists after each step, and what a step may change. The old writer is fenced before
//! anything else, so that nobody writes where nobody will read; the replica is promoted once it has
//! everything, or all but an accepted loss; the old writer goes only when a new replica stands. Where
//! the old region does not answer, it is fenced from outside, and what has to be done in it comes last.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::gates::{Alarms, CaughtUp, Check, Gate, Healthy, Hold, Lag, Reachable};
use super::{Budget, Migration, Phase, Step, digest};
use crate::address::Address;
use crate::graph::{Graph, Lifecycle, Resource};
use crate::inventory::{Failover, Live, LiveResource};
use crate::plan::guard::Refusal;
use crate::plan::{Action, Change, Plan, Reason, diff, operations};
use crate::roles::{Role, database_setting};
use crate::spec::Stage;
use crate::value::{Map, Reference, Value};

const INSTANCE: &str = "AWS::RDS::DBInstance";
const PARAMETERS: &str = "AWS::RDS::DBParameterGroup";
const RECORD: &str = "AWS::Route53::RecordSet";
const SOURCE: &str = "SourceDBInstanceIdentifier";
const GROUPS: &str = "VPCSecurityGroups";
const NAME: &str = "DBInstanceIdentifier";

/// The security group that admits nobody.
const FENCE: &str = "fence";

/// How long a replica has to catch up, in seconds.
const CATCH_UP: u32 = 1800;

/// Seconds until CloudWatch tells how far a replica is: a value a minute, and one more to be sure.
const TOLD: u32 = 120;

/// A replica of PostgreSQL is known to have everything up to the last transaction that it replayed. A fenced writer
/// takes none but RDS's own, which comes every so many seconds
/// (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PostgreSQL.Replication.ReadReplicas.Monitor.html>).
const HEARTBEAT: u32 = 300;

/// What exists before, while and after the writes move.
pub struct Graphs {
    /// The old region takes the writes.
    pub old: Graph,
    /// The new one does, and nobody reads from replicas.
    pub between: Graph,
    /// The new one does, and the others follow it.
    pub new: Graph,
}

/// The database of a region that takes writes or could take over: not the readers beside it.
pub fn database_of<'a>(graph: &'a Graph, region: &str) -> Option<&'a Resource> {
    graph.iter().find(|resource| {
        &*resource.kind == INSTANCE
            && *resource.address.region == *region
            && resource.address.key.is_none()
    })
}

fn is_postgres(graph: &Graph, region: &str) -> bool {
    let engine = database_of(graph, region).and_then(|one| one.properties.get("Engine"));
    engine.and_then(Value::as_str) == Some("postgres")
}

/// Whether a database follows another.
pub fn follows(live: &LiveResource) -> bool {
    &*live.kind == INSTANCE && live.properties.get(SOURCE).is_some()
}

/// The region whose database takes the writes: of those that the servers' settings lead to, the one
/// that follows nobody. `None` where there is no such database, or where settings lead to several.
pub fn writer_of(live: &Live) -> Option<Arc<str>> {
    let host_of = |one: &LiveResource| -> Option<Arc<str>> {
        let said = database_setting(&one.kind, &one.properties)?;
        Some(said["host"].as_str()?.into())
    };
    let hosts: BTreeSet<Arc<str>> = live.resources.values().filter_map(host_of).collect();
    let writers: BTreeSet<Arc<str>> = live
        .resources
        .values()
        .chain(&live.deposed)
        .filter(|one| &*one.kind == INSTANCE && !follows(one))
        .filter(|one| {
            let address = one.properties.at("Endpoint.Address");
            address
                .and_then(Value::as_str)
                .is_some_and(|address| hosts.contains(address))
        })
        .map(|one| one.address.region.clone())
        .collect();
    match writers.len() {
        1 => writers.into_iter().next(),
        _ => None,
    }
}

/// The steps of a failover.
///
/// # Errors
/// Why it cannot be: which database is missing.
pub fn steps_of(graphs: &Graphs, failover: Failover) -> Result<Migration, String> {
    let Failover { from, to, .. } = &failover;
    for region in [from, to] {
        if database_of(&graphs.old, region).is_none() {
            return Err(format!("there is no database in {region}"));
        }
    }
    let reachable = Gate::new(Check::Reachable(Reachable {}), 2, 1800);
    let healthy = Gate::new(Check::Healthy(Healthy {}), 3, 1800);
    let alarms = Gate::new(Check::Alarms(Alarms {}), 3, 1800);
    let caught_up = Gate::new(Check::CaughtUp(CaughtUp {}), 1, CATCH_UP);
    let follows = Gate::new(Check::Lag(Lag { below: 300 }), 3, 86_400);
    let lost = failover.lost;
    let without = lost.then(|| from.clone());
    let fenced = match lost {
        true => without_region(&graphs.old, from),
        false => fenced(&graphs.old, from),
    };
    let promoted = promoted(&fenced, to);
    let switched = with_settings(&promoted, &graphs.between, |region| {
        !lost || region != &**from
    });
    let switched = match lost {
        true => switched,
        false => led_away(&switched, graphs, from),
    };
    let rejoined = match lost {
        true => {
            let back = self::promoted(&self::fenced(&graphs.old, from), to);
            let back = with_settings(&back, &graphs.between, |_| true);
            without_records(&back, from)
        }
        false => switched.clone(),
    };
    let rebuilt = rebuilt(&rejoined, graphs, to);
    let loss = failover.loss;
    let mut steps = vec![
        step(
            "fence",
            Phase::Switch,
            match lost {
                true => format!(
                    "Leads nobody to {from} any more, and lets no other region's servers write there"
                ),
                false => {
                    format!("Makes the database in {from} read-only, and lets no new connection in")
                }
            },
            fenced.clone(),
            match lost {
                true => Vec::new(),
                // RDS tells a database its parameters within seconds, and not when it has.
                false => vec![Gate::new(Check::Hold(Hold { seconds: 30 }), 1, 600)],
            },
        ),
        Step {
            seconds: match is_postgres(&graphs.old, to) {
                true => TOLD + HEARTBEAT,
                false => TOLD,
            },
            ..step(
                "catch-up",
                Phase::Switch,
                match loss {
                    0 => format!("Waits until the replica in {to} has every acknowledged write"),
                    loss => format!(
                        "Waits until the replica in {to} has every acknowledged write but those of {loss} s at most, which are lost then"
                    ),
                },
                fenced,
                vec![caught_up],
            )
        },
        Step {
            point_of_no_return: true,
            budget: Budget {
                unavailable: 0,
                loss,
            },
            ..step(
                "promote",
                Phase::Switch,
                format!("Makes the replica in {to} a database of its own, which restarts it"),
                promoted,
                Vec::new(),
            )
        },
        step(
            "switch",
            Phase::Switch,
            format!("Gives the servers the database in {to} to write to and to read from"),
            switched,
            match lost {
                true => vec![healthy.clone()],
                false => vec![reachable.clone(), healthy.clone()],
            },
        ),
    ];
    for step in &mut steps {
        step.without.clone_from(&without);
    }
    if lost {
        steps.push(step(
            "rejoin",
            Phase::Expand,
            format!(
                "Once {from} answers again: fences its old database, and gives its servers the one in {to}"
            ),
            rejoined,
            vec![reachable.clone()],
        ));
    }
    steps.push(step(
        "rebuild",
        Phase::Expand,
        format!(
            "Makes a replica in {from} of the database in {to}, beside the old one, which stays"
        ),
        rebuilt,
        vec![follows, reachable.clone()],
    ));
    steps.push(step(
        "retire",
        Phase::Contract,
        format!("Deletes the old database in {from}, of which a final snapshot is kept"),
        graphs.new.clone(),
        vec![reachable, healthy, alarms],
    ));
    let start = graphs.old.clone();
    let digest = digest(&start, &steps);
    Ok(Migration {
        requests: Vec::new(),
        from: Stage::MultiRegion,
        to: Stage::MultiRegion,
        start,
        steps,
        failover: Some(failover),
        digest,
    })
}

fn step(name: &str, phase: Phase, does: String, graph: Graph, gates: Vec<Gate>) -> Step {
    Step {
        name: name.into(),
        hop: (Stage::MultiRegion, Stage::MultiRegion),
        phase,
        does: does.into(),
        graph,
        run: Vec::new(),
        gates,
        budget: Budget::default(),
        seconds: 0,
        point_of_no_return: false,
        without: None,
    }
}

fn insert(graph: &mut Graph, resource: Resource) {
    graph.resources.insert(resource.address.clone(), resource);
}

/// The same with a region's database that takes no writes: those that are connected already are told
/// by its parameters, and nobody else gets in.
fn fenced(graph: &Graph, region: &str) -> Graph {
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
        let name = match family.is_some_and(|family| family.starts_with("postgres")) {
            true => "default_transaction_read_only",
            false => "read_only",
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
fn without_region(graph: &Graph, region: &str) -> Graph {
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
fn without_records(graph: &Graph, region: &str) -> Graph {
    let mut cut = graph.clone();
    cut.resources.retain(|_, resource| {
        let set = resource.properties.get("SetIdentifier");
        &*resource.kind != RECORD || set.and_then(Value::as_str) != Some(region)
    });
    cut
}

/// The same without the old region's record where the regions change their roles in it: Route 53 knows
/// one first and one second choice of a name at a time.
fn led_away(graph: &Graph, graphs: &Graphs, from: &str) -> Graph {
    let changes = graphs.new.iter().any(|new| {
        let have = graphs.old.get(&new.address);
        &*new.kind == RECORD && have.is_some_and(|have| have.properties != new.properties)
    });
    match changes {
        true => without_records(graph, from),
        false => graph.clone(),
    }
}

/// The same with a region's replica a database of its own, and nothing else about it changed.
fn promoted(graph: &Graph, region: &str) -> Graph {
    let mut promoted = graph.clone();
    if let Some(mut database) = database_of(graph, region).cloned() {
        database.properties.remove(SOURCE);
        database.properties.remove("SourceRegion");
        insert(&mut promoted, database);
    }
    promoted
}

/// The same with the settings that say where the database is as another graph has them.
fn with_settings(graph: &Graph, other: &Graph, of: impl Fn(&str) -> bool) -> Graph {
    let mut switched = graph.clone();
    let settings = other.iter().filter(|resource| {
        resource.role == Some(Role::DatabaseSetting) && of(&resource.address.region)
    });
    for setting in settings {
        insert(&mut switched, setting.clone());
    }
    switched
}

/// The same with everything new beside it: replicas in all other regions under names of their own, and
/// the new writer as it will be. Records of the regions that take part follow one by one.
fn rebuilt(graph: &Graph, graphs: &Graphs, to: &str) -> Graph {
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
    // Readers follow the old one, and nobody reads from them any more.
    let readers: BTreeSet<Address> = rebuilt
        .iter()
        .filter(|one| &*one.kind == INSTANCE && graphs.new.get(&one.address).is_none())
        .map(|one| one.address.clone())
        .collect();
    let of_readers = |resource: &Resource| {
        let needs = resource.dependencies();
        readers.contains(&resource.address) || needs.iter().any(|need| readers.contains(need))
    };
    rebuilt
        .resources
        .retain(|address, resource| graphs.new.get(address).is_some() || !of_readers(resource));
    rebuilt
}

/// The addresses of which two graphs speak differently: what a step changes.
pub fn touched(before: &Graph, after: &Graph) -> BTreeSet<Address> {
    before
        .resources
        .keys()
        .chain(after.resources.keys())
        .filter(|address| before.get(address) != after.get(address))
        .cloned()
        .collect()
}

/// What a step changes. Where a region does not answer, no more than it says; and before the last step
/// nothing that is replaced goes.
pub fn planned(step: &Step, before: &Graph, graph: &Graph, live: &Live) -> Plan {
    if let Some(region) = &step.without {
        let touched = touched(before, graph);
        return narrowed(diff(graph, live, None), live, |change| {
            touched.contains(&change.address) && change.address.region != *region
        });
    }
    if step.phase == Phase::Contract {
        return diff(graph, live, None);
    }
    let plan = diff(graph, live, None);
    let replaced: BTreeMap<Address, u32> = plan
        .changes
        .iter()
        .filter(|change| change.action == Action::Replace)
        .filter(|change| &*change.kind == INSTANCE && change.create_before_destroy)
        .map(|change| (change.address.clone(), change.generation))
        .collect();
    let stays = |change: &Change| change.reason != Reason::Deposed;
    if replaced.is_empty() {
        return narrowed(plan, live, stays);
    }
    let mut beside = live.clone();
    beside
        .resources
        .retain(|address, _| !replaced.contains_key(address));
    let mut plan = narrowed(diff(graph, &beside, None), &beside, stays);
    for change in &mut plan.changes {
        if let Some(generation) = replaced.get(&change.address) {
            change.generation = *generation;
        }
    }
    plan
}

/// What would be lost if the database that takes over were made anew or went, whatever asks for it.
pub fn loses_the_writer(plan: &Plan, graph: &Graph, failover: &Failover) -> Option<Refusal> {
    let writer = &database_of(graph, &failover.to)?.address;
    let change = plan.changes.iter().find(|change| {
        change.address == *writer
            && change.reason != Reason::Deposed
            && matches!(change.action, Action::Replace | Action::Delete)
    })?;
    Some(Refusal {
        address: writer.clone(),
        action: change.action,
        why: "it is the database that takes over".into(),
        way: None,
    })
}

/// A plan with some of its changes.
fn narrowed(plan: Plan, live: &Live, keeps: impl Fn(&Change) -> bool) -> Plan {
    let changes: Vec<Change> = plan.changes.into_iter().filter(|c| keeps(c)).collect();
    let (operations, impossible) = operations::with_refusals(&changes, live);
    Plan {
        changes,
        unchanged: plan.unchanged,
        operations,
        impossible,
        uses: plan.uses,
    }
}
