//! The resources that the engine looks up by their ids, and the check that they are there.
//!
//! Migrations, guard rails and the embedded cloud find the application's database and its servers by these ids. A blueprint
//! of the user's own that calls one of them otherwise would lose data steps and guard rails without a word; so
//! that is a mistake in the blueprint.

use crate::graph::Graph;

/// The setting that says to servers which database they use. Its value is JSON with `host`; `local` is the server's own.
pub const DATABASE_SETTING: &str = "param_database";
/// The server that migrations run their scripts on.
pub const SCRIPT_SERVER: &str = "server";
/// The rule that admits servers to the managed database; rows move through it, and both ends of a copy are read off it.
pub const DATABASE_RULE: &str = "sg_data_from_server";

const PARAMETER: &str = "AWS::SSM::Parameter";
const INSTANCE: &str = "AWS::EC2::Instance";
const TEMPLATE: &str = "AWS::EC2::LaunchTemplate";
const RULE: &str = "AWS::EC2::SecurityGroupIngress";
const DATABASE: &str = "AWS::RDS::DBInstance";

/// A resource that is missing: what it would be, and what it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Its id.
    pub id: &'static str,
    /// Its resource type.
    pub kind: &'static str,
    /// Why it has to be there.
    pub why: &'static str,
}

/// What is missing in the graph of a spec with a relational database. A graph without servers runs no application, and
/// lacks nothing.
pub fn missing(graph: &Graph) -> Option<Missing> {
    let has = |kind: &str| graph.iter().any(|one| &*one.kind == kind);
    let is_there = |id: &str, kind: &str| {
        graph
            .iter()
            .any(|one| &*one.address.id == id && &*one.kind == kind)
    };
    if !has(INSTANCE) && !has(TEMPLATE) {
        return None;
    }
    let missing = |id, kind, why| (!is_there(id, kind)).then_some(Missing { id, kind, why });
    missing(
        DATABASE_SETTING,
        PARAMETER,
        "it says to servers which database they use; without it a migration would not move the rows, and nothing would guard them",
    )
    .or_else(|| match has(INSTANCE) {
        true => missing(
            SCRIPT_SERVER,
            INSTANCE,
            "migrations run their scripts on it",
        ),
        false => None,
    })
    .or_else(|| match has(INSTANCE) && has(DATABASE) {
        true => missing(
            DATABASE_RULE,
            RULE,
            "it admits servers to the database; without it rows could not be moved",
        ),
        false => None,
    })
}
