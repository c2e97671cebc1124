//! What happens while a migration runs.

use crate::apply;
use crate::migrate::gates::{Gate, Reading};
use crate::plan::Plan;
use crate::provider::Output;

/// Something that happened on the way.
#[derive(Debug)]
pub enum Event<'a> {
    /// A step begins, or is begun again; `back` where it is taken back.
    Began {
        /// Its number.
        step: usize,
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
        /// Its number.
        step: usize,
        /// The changes.
        plan: &'a Plan,
    },
    /// Something happened to one of the changes.
    Operation(&'a apply::Event),
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
        /// Its number.
        step: usize,
        /// Seconds that it took, by the provider's clock.
        seconds: f64,
    },
}
