//! What happens on a migration's way, as programs read it: types whose doc comments become the
//! published JSON Schema.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value as Json};

use crate::migrate::gates::{Gate, Reading};
use crate::plan::Counts;
use crate::provider::Output;

/// What happened; what happens to a resource is an [`crate::apply::Event`] instead.
#[derive(Serialize, JsonSchema)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum What<'a> {
    /// A step begins, or is begun again.
    Began {
        /// Its number, from 1 on.
        step: usize,
        /// Its name.
        name: &'a str,
        /// Whether it is taken back.
        back: bool,
    },
    /// A script begins.
    Runs {
        /// Its name.
        script: &'a str,
    },
    /// A script has ended.
    Ran {
        /// Its name.
        script: &'a str,
        /// What it said.
        output: &'a Output,
    },
    /// The resources' changes are known, and are made next.
    Planned {
        /// The step's number, from 1 on.
        step: usize,
        /// How many changes there are of each sort.
        counts: Counts,
    },
    /// A gate was asked.
    Asked {
        /// The gate.
        gate: &'a Gate,
        /// The answer.
        reading: &'a Reading,
        /// Seconds since the first question.
        passed: f64,
    },
    /// A gate is open.
    Opened {
        /// The gate.
        gate: &'a Gate,
    },
    /// A step is done.
    Done {
        /// Its number, from 1 on.
        step: usize,
        /// Its name.
        name: &'a str,
        /// Seconds that it took, by the provider's clock.
        seconds: f64,
    },
    /// The stage is reached.
    Arrived {
        /// Which.
        stage: &'a str,
        /// Seconds of the whole way, by the provider's clock.
        seconds: f64,
    },
    /// Another region's database takes the writes.
    Moved {
        /// Which region's.
        writer: &'a str,
        /// Seconds of the whole way, by the provider's clock.
        seconds: f64,
        /// The step that waits until the old region answers; null when none does.
        waits: Option<&'a str>,
    },
}

/// What happened as an object, whose entries stand beside the line's own.
pub fn object(what: &What<'_>) -> Map<String, Json> {
    match serde_json::to_value(what) {
        Ok(Json::Object(map)) => map,
        // Every variant is an object with text as keys.
        _ => Map::new(),
    }
}
