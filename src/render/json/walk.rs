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
    /// A step starts or is resumed.
    Began {
        /// Its number, starting at 1.
        step: usize,
        /// Its name.
        name: &'a str,
        /// Whether it is rolled back.
        back: bool,
    },
    /// A script starts.
    Runs {
        /// Its name.
        script: &'a str,
    },
    /// A script has ended.
    Ran {
        /// Its name.
        script: &'a str,
        /// Its output.
        output: &'a Output,
    },
    /// The step's changes are planned and will be applied next.
    Planned {
        /// The step's number, starting at 1.
        step: usize,
        /// The number of changes by action.
        counts: Counts,
    },
    /// A gate was checked.
    Asked {
        /// The gate.
        gate: &'a Gate,
        /// The reading.
        reading: &'a Reading,
        /// Seconds since the first check.
        passed: f64,
    },
    /// A gate passed.
    Opened {
        /// The gate.
        gate: &'a Gate,
    },
    /// A step is done.
    Done {
        /// Its number, starting at 1.
        step: usize,
        /// Its name.
        name: &'a str,
        /// Its duration in seconds, by the provider's clock.
        seconds: f64,
    },
    /// The stage is complete.
    Arrived {
        /// Which.
        stage: &'a str,
        /// Total seconds, by the provider's clock.
        seconds: f64,
    },
    /// The database in another region takes the writes.
    Moved {
        /// The region.
        writer: &'a str,
        /// Total seconds, by the provider's clock.
        seconds: f64,
        /// The step that waits for the old region; null if none.
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
