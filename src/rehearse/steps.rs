//! What of a migration runs on local servers: its scripts in their order, and what each gate asks.

use std::sync::Arc;

use serde_json::Value;

use crate::migrate::gates::{Check, Lag};
use crate::migrate::{Phase, Step as Planned};

/// One step of a rehearsal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What the report calls it.
    pub name: String,
    /// The action.
    pub action: Arc<str>,
    /// Whether it is undone instead of done.
    pub undo: bool,
    /// What its reading must say before the next step begins.
    pub gate: Gate,
}

/// What a script's reading must say. The script itself must succeed in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Nothing more.
    Done,
    /// All tables are copied and the follower is at most so many seconds behind; read again until so.
    Follows(u32),
    /// Both sides hold the same.
    Equal,
}

impl Gate {
    /// Whether a reading lets the walk go on.
    pub fn is_open(self, reading: &Value) -> bool {
        match self {
            Self::Done => true,
            Self::Follows(below) => Lag { below }.of_script(reading).good,
            Self::Equal => reading["equal"] == true,
        }
    }

    /// Whether a closed gate opens by itself in a while.
    pub fn opens_later(self) -> bool {
        matches!(self, Self::Follows(_))
    }
}

/// The steps of a hop that move rows; none when it moves none. During the soak the way back is
/// walked too, because a way back that was never walked is none.
pub fn of(hop: &[Planned]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut switched: Vec<Step> = Vec::new();
    let mut verify = None;
    for planned in hop {
        let scripts = scripts(planned);
        for script in &scripts {
            match script.gate {
                Gate::Equal => verify = Some(script.clone()),
                _ if planned.phase == Phase::Switch => switched.push(script.clone()),
                _ => {}
            }
        }
        steps.extend(scripts);
        if planned.phase == Phase::Soak {
            steps.extend(there_and_back(
                &std::mem::take(&mut switched),
                verify.as_ref(),
            ));
        }
    }
    steps
}

/// A step's scripts, and its gates that a script can read.
fn scripts(planned: &Planned) -> Vec<Step> {
    let step = |name: String, action: &str, gate| Step {
        name,
        action: action.into(),
        undo: false,
        gate,
    };
    let runs = planned.run.iter().map(|action| {
        let gate = match &**action {
            "verify" => Gate::Equal,
            _ => Gate::Done,
        };
        let name = match planned.phase {
            Phase::Soak => &planned.name,
            _ => action,
        };
        step(name.to_string(), action, gate)
    });
    let gates = planned.gates.iter().filter_map(|gate| match gate.check {
        Check::Lag(Lag { below }) => Some(step("lag".to_owned(), "lag", Gate::Follows(below))),
        _ => None,
    });
    runs.chain(gates).collect()
}

/// Undoes what switched, compares both sides, and switches again; the step `compare` follows.
fn there_and_back(switched: &[Step], verify: Option<&Step>) -> Vec<Step> {
    if switched.is_empty() {
        return Vec::new();
    }
    let named = |step: &Step, name: &str, undo| Step {
        name: name.to_owned(),
        undo,
        ..step.clone()
    };
    let look = |name: &str| verify.map(|step| named(step, name, false));
    let mut steps: Vec<Step> = look("soak: verify").into_iter().collect();
    steps.extend(
        switched
            .iter()
            .rev()
            .map(|step| named(step, "rollback", true)),
    );
    steps.extend(look("verify again"));
    steps.extend(
        switched
            .iter()
            .map(|step| named(step, &format!("{} again", step.name), false)),
    );
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blueprint::{Library, compile};
    use crate::migrate::{Migration, Walk, action, route};
    use crate::spec::{self, Stage};
    use serde_json::json;
    use std::collections::BTreeMap;

    fn names(from: Stage, to: Stage) -> Vec<String> {
        let library = Library::embedded().unwrap();
        let text = "app: shop\nstage: single-server\ndomain: shop.example.com\n\
                    services: {web: {image: a}}\ndatabase: {engine: postgres}\n";
        let route = route(from, to);
        let graphs: BTreeMap<Stage, _> = route
            .iter()
            .map(|stage| {
                let spec = spec::load("scalectl.yaml", text, None, Some(*stage)).unwrap();
                (*stage, compile(&library, &spec).unwrap())
            })
            .collect();
        let walk = Walk::of(&library).unwrap();
        let steps = of(&Migration::new(&walk, &route, &graphs).unwrap().steps);
        for step in &steps {
            assert!(action::DATABASE.contains(&&*step.action), "{}", step.name);
        }
        steps.into_iter().map(|step| step.name).collect()
    }

    #[test]
    fn a_database_that_moves_is_rehearsed_there_and_back_and_there() {
        let there = names(Stage::SingleServer, Stage::SplitDb);
        assert_eq!(
            there.join(", "),
            "preflight, copy-schema, replicate, lag, verify, cut-over, soak: verify, rollback, verify again, \
             cut-over again, compare, retire"
        );
        assert_eq!(names(Stage::SplitDb, Stage::SingleServer), there);
    }

    #[test]
    fn where_no_rows_move_nothing_is_rehearsed() {
        assert!(names(Stage::SplitDb, Stage::LoadBalanced).is_empty());
    }

    #[test]
    fn a_gate_opens_only_for_what_it_asks() {
        let follows = Gate::Follows(5);
        assert!(follows.is_open(&json!({"synced": true, "lag_seconds": 5})));
        assert!(!follows.is_open(&json!({"synced": true, "lag_seconds": 5.1})));
        assert!(!follows.is_open(&json!({"synced": false, "lag_seconds": 0})));
        assert!(!follows.is_open(&json!({"synced": true, "lag_seconds": null})));
        assert!(Gate::Equal.is_open(&json!({"equal": true})));
        assert!(!Gate::Equal.is_open(&Value::Null));
    }
}
