//! What happens during a run, and what came of it: values, for progress, journal and report.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::inventory::LiveResource;
use crate::plan::Step;
use crate::provider::ProviderError;

/// An event of an operation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Event {
    /// It started.
    Started {
        /// The operation's number in the plan.
        operation: usize,
        /// The resource.
        address: Address,
        /// The operation.
        step: Step,
    },
    /// A call failed and is retried.
    Retrying {
        /// The operation's number in the plan.
        operation: usize,
        /// The resource.
        address: Address,
        /// The number of the failed attempt, starting at 1.
        attempt: u32,
        /// The reason.
        error: ProviderError,
    },
    /// It was polled and is still in progress. Frequent, so it is not written to the journal.
    Waiting {
        /// The operation's number in the plan.
        operation: usize,
    },
    /// Something that the user must know or do meanwhile.
    Note {
        /// The operation's number in the plan.
        operation: usize,
        /// The resource.
        address: Address,
        /// The note, in one sentence.
        note: String,
    },
    /// It finished.
    Finished {
        /// The operation's number in the plan.
        operation: usize,
        /// The resource.
        address: Address,
        /// The operation.
        step: Step,
        /// How it ended.
        #[serde(flatten)]
        end: End,
        /// Its duration in seconds, by the provider's clock.
        seconds: f64,
    },
}

/// How an operation ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "end", rename_all = "kebab-case")]
pub enum End {
    /// It succeeded.
    Done {
        /// The resource's identifier, if it has one now.
        identifier: Option<Arc<str>>,
        /// Properties that differ from the plan afterwards.
        differs: Vec<String>,
    },
    /// The cloud rejected it permanently, or it did not become ready.
    Failed {
        /// The reason.
        error: String,
    },
    /// A dependency failed.
    Blocked {
        /// The dependency.
        by: Address,
    },
    /// The call was made, but its result was not awaited.
    Left,
    /// It was not started.
    NotBegun,
}

/// What came of a plan.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// How each operation ended, in the plan's order.
    pub ends: Vec<End>,
    /// Its duration in seconds, by the provider's clock.
    pub seconds: f64,
    /// Whether somebody asked to stop.
    pub stopped: bool,
    /// What was made or updated, as it was found in the end; without its marks.
    #[serde(skip)]
    pub found: Vec<LiveResource>,
}

impl Report {
    /// Whether everything was done and is as asked.
    pub fn is_complete(&self) -> bool {
        self.ends
            .iter()
            .all(|end| matches!(end, End::Done { differs, .. } if differs.is_empty()))
    }

    /// How many operations ended so that `pick` says yes.
    pub fn count(&self, pick: impl Fn(&End) -> bool) -> usize {
        self.ends.iter().filter(|end| pick(end)).count()
    }
}
