//! The steps of each migration that can be rehearsed: which scripts run, and what each gate asks.

use serde_json::Value;

use crate::spec::Stage;

/// One step of a rehearsal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// What the report calls it.
    pub name: &'static str,
    /// The action.
    pub action: &'static str,
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
    /// All tables are copied and the follower is at most so many bytes behind; read again until so.
    Follows(u64),
    /// Both sides hold the same.
    Equal,
}

impl Gate {
    /// Whether a reading lets the walk go on.
    pub fn is_open(self, reading: &Value) -> bool {
        match self {
            Self::Done => true,
            Self::Follows(most) => {
                reading["synced"] == true
                    && reading["lag_bytes"].as_u64().is_some_and(|lag| lag <= most)
            }
            Self::Equal => reading["equal"] == true,
        }
    }

    /// Whether a closed gate opens by itself in a while.
    pub fn opens_later(self) -> bool {
        matches!(self, Self::Follows(_))
    }
}

/// A follower this near is caught up within the pause of a switch.
const NEAR: u64 = 1024 * 1024;

const fn step(name: &'static str, action: &'static str, gate: Gate) -> Step {
    Step {
        name,
        action,
        undo: false,
        gate,
    }
}

/// A database moves to another server; on the way there the rollback during the soak is rehearsed
/// too, because a way back that was never walked is none.
const DATABASE: [Step; 13] = [
    step("preflight", "preflight", Gate::Done),
    step("schema", "copy-schema", Gate::Done),
    step("replication", "replicate", Gate::Done),
    step("lag gate", "lag", Gate::Follows(NEAR)),
    step("verify", "verify", Gate::Equal),
    step("cut-over", "cut-over", Gate::Done),
    step("soak: lag", "lag", Gate::Follows(NEAR)),
    step("soak: verify", "verify", Gate::Equal),
    Step {
        name: "rollback",
        action: "cut-over",
        undo: true,
        gate: Gate::Done,
    },
    step("verify again", "verify", Gate::Equal),
    step("cut-over again", "cut-over", Gate::Done),
    step("final verify", "verify", Gate::Equal),
    step("retire", "retire", Gate::Done),
];

/// The steps from one stage to another; none where nothing of it runs on local servers.
pub fn between(from: Stage, to: Stage) -> Option<Vec<Step>> {
    match (from, to) {
        (Stage::SingleServer, Stage::SplitDb) | (Stage::SplitDb, Stage::SingleServer) => {
            Some(DATABASE.to_vec())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_gate_opens_only_for_what_it_asks() {
        let follows = Gate::Follows(10);
        assert!(follows.is_open(&json!({"synced": true, "lag_bytes": 10})));
        assert!(!follows.is_open(&json!({"synced": true, "lag_bytes": 11})));
        assert!(!follows.is_open(&json!({"synced": false, "lag_bytes": 0})));
        assert!(!follows.is_open(&json!({"synced": true})));
        assert!(Gate::Equal.is_open(&json!({"equal": true})));
        assert!(!Gate::Equal.is_open(&Value::Null));
    }

    #[test]
    fn every_step_runs_an_action() {
        for step in DATABASE {
            assert!(crate::migrate::action::DATABASE.contains(&step.action));
        }
    }
}
