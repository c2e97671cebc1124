//! Failing over: a database's writes move from one region to another, in steps like a migration's.
//!
//! Pure: owns whether a failover can begin or continue, what exists after each step, and what a step may change. The
//! old writer is fenced before anything else, so that nobody writes where nobody will read; the replica is promoted
//! once it has everything, or all but an accepted loss; the old writer goes only when a new replica stands. Where the
//! old region does not answer, it is fenced from outside, and what has to be done in it comes last.

mod changes;
mod choice;
mod graphs;
mod steps;

use std::collections::BTreeSet;
use std::sync::Arc;

pub use changes::{loses_the_writer, planned, touched};
pub use choice::{
    Choice, Request, Unfit, check_course, check_next, check_start, chosen, fits, numbers,
};
pub use steps::steps_of;

use crate::graph::{Graph, Resource};
use crate::inventory::{Live, LiveResource};
use crate::roles::database_setting;
use crate::value::Value;

const INSTANCE: &str = "AWS::RDS::DBInstance";
const SOURCE: &str = "SourceDBInstanceIdentifier";

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
