//! The steps of a failover, with their gates and costs.

use super::graphs::{
    fenced, led_away, promoted, rebuilt, with_settings, without_records, without_region,
};
use super::{Graphs, database_of};
use crate::graph::Graph;
use crate::inventory::Failover;
use crate::migrate::gates::{Alarms, CaughtUp, Check, Gate, Healthy, Hold, Lag, Reachable};
use crate::migrate::{Budget, Migration, Phase, Step, digest};
use crate::spec::Stage;
use crate::value::Value;

/// How long a replica has to catch up, in seconds.
const CATCH_UP: u32 = 1800;

/// Seconds until CloudWatch tells how far a replica is: a value a minute, and one more to be sure.
const TOLD: u32 = 120;

/// A replica of PostgreSQL is known to have everything up to the last transaction that it replayed. A fenced writer
/// takes none but RDS's own, which comes every so many seconds
/// (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PostgreSQL.Replication.ReadReplicas.Monitor.html>).
const HEARTBEAT: u32 = 300;

/// The steps of a failover.
///
/// # Errors
/// Why it cannot be: which database is missing.
pub fn steps_of(graphs: &Graphs, failover: Failover) -> Result<Migration, String> {
    let Failover { from, to, .. } = &failover;
    for region in [from, to] {
        if database_of(&graphs.old, region).is_none() {
            return Err(format!("{region} has no database"));
        }
    }
    let reachable = Gate::new(Check::Reachable(Reachable {}), 2, 1800);
    let healthy = Gate::new(Check::Healthy(Healthy {}), 3, 1800);
    let alarms = Gate::new(Check::Alarms(Alarms {}), 3, 1800);
    let follows = Gate::new(Check::Lag(Lag { below: 300 }), 3, 86_400);
    let lost = failover.lost;
    let without = lost.then(|| from.clone());
    let fenced = if lost {
        without_region(&graphs.old, from)
    } else {
        fenced(&graphs.old, from)
    };
    let promoted = promoted(&fenced, to);
    let switched = with_settings(&promoted, &graphs.between, |region| {
        !lost || region != &**from
    });
    let switched = if lost {
        switched
    } else {
        led_away(&switched, graphs, from)
    };
    let rejoined = if lost {
        let back = self::promoted(&self::fenced(&graphs.old, from), to);
        let back = with_settings(&back, &graphs.between, |_| true);
        without_records(&back, from)
    } else {
        switched.clone()
    };
    let rebuilt = rebuilt(&rejoined, graphs, to);
    let mut steps = switching(
        &failover,
        is_postgres(&graphs.old, to),
        fenced,
        promoted,
        switched,
    );
    for step in &mut steps {
        step.without.clone_from(&without);
    }
    if lost {
        steps.push(step(
            "rejoin",
            Phase::Expand,
            format!(
                "When {from} is up again: fences its old database and points its servers to the database in {to}"
            ),
            rejoined,
            vec![reachable.clone()],
        ));
    }
    steps.push(step(
        "rebuild",
        Phase::Expand,
        format!("Creates a replica of the database in {to} in {from}; the old database is kept"),
        rebuilt,
        vec![follows, reachable.clone()],
    ));
    steps.push(step(
        "retire",
        Phase::Contract,
        format!("Deletes the old database in {from}, and keeps a final snapshot"),
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

/// The steps until the servers write in the other region.
fn switching(
    failover: &Failover,
    is_postgres: bool,
    fenced: Graph,
    promoted: Graph,
    switched: Graph,
) -> Vec<Step> {
    let Failover {
        from,
        to,
        lost,
        loss,
        ..
    } = failover;
    let (lost, loss) = (*lost, *loss);
    let reachable = Gate::new(Check::Reachable(Reachable {}), 2, 1800);
    let healthy = Gate::new(Check::Healthy(Healthy {}), 3, 1800);
    let caught_up = Gate::new(Check::CaughtUp(CaughtUp {}), 1, CATCH_UP);
    vec![
        step(
            "fence",
            Phase::Switch,
            if lost {
                format!(
                    "Stops routing traffic to {from}, and blocks writes to its database from other regions"
                )
            } else {
                format!("Makes the database in {from} read-only, and blocks new connections")
            },
            fenced.clone(),
            if lost {
                Vec::new()
            } else {
                // RDS tells a database its parameters within seconds, and not when it has.
                vec![Gate::new(Check::Hold(Hold { seconds: 30 }), 1, 600)]
            },
        ),
        Step {
            seconds: if is_postgres { TOLD + HEARTBEAT } else { TOLD },
            ..step(
                "catch-up",
                Phase::Switch,
                match loss {
                    0 => format!("Waits until the replica in {to} has every acknowledged write"),
                    loss => format!(
                        "Waits until the replica in {to} has every acknowledged write, except the last {loss} s at most, which are then lost"
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
                format!("Promotes the replica in {to}, which restarts it"),
                promoted,
                Vec::new(),
            )
        },
        step(
            "switch",
            Phase::Switch,
            format!("Points the servers to the database in {to} for writes and reads"),
            switched,
            if lost {
                vec![healthy.clone()]
            } else {
                vec![reachable.clone(), healthy.clone()]
            },
        ),
    ]
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

fn is_postgres(graph: &Graph, region: &str) -> bool {
    let engine = database_of(graph, region).and_then(|one| one.properties.get("Engine"));
    engine.and_then(Value::as_str) == Some("postgres")
}
