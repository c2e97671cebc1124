//! What happens during a run, and what came of it: values, for progress, journal and report.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::inventory::LiveResource;
use crate::plan::Step;
use crate::provider::ProviderError;

/// Something that happened to an operation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Event {
    /// It began.
    Started {
        /// The operation's number in the plan.
        operation: usize,
        /// On what.
        address: Address,
        /// What it does.
        step: Step,
    },
    /// A call failed and is tried again.
    Retrying {
        /// The operation's number in the plan.
        operation: usize,
        /// On what.
        address: Address,
        /// Which attempt failed, from 1 on.
        attempt: u32,
        /// Why.
        error: ProviderError,
    },
    /// It was looked at and is still on its way. Comes often, so it is not written down.
    Waiting {
        /// The operation's number in the plan.
        operation: usize,
    },
    /// Something that a person has to know, or to do, while it goes on.
    Note {
        /// The operation's number in the plan.
        operation: usize,
        /// On what.
        address: Address,
        /// In one sentence.
        note: String,
    },
    /// It ended.
    Finished {
        /// The operation's number in the plan.
        operation: usize,
        /// On what.
        address: Address,
        /// What it did.
        step: Step,
        /// How it ended.
        #[serde(flatten)]
        end: End,
        /// Seconds that it took, by the provider's clock.
        seconds: f64,
    },
}

/// How an operation ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "end", rename_all = "kebab-case")]
pub enum End {
    /// As it should.
    Done {
        /// The resource's identifier, if it has one now.
        identifier: Option<Arc<str>>,
        /// Properties that are not as asked, as found afterwards.
        differs: Vec<String>,
    },
    /// The cloud refused for good, or it did not become ready.
    Failed {
        /// Why.
        error: String,
    },
    /// Something that it needs failed.
    Blocked {
        /// What.
        by: Address,
    },
    /// The call was made, but nobody waited for its effect.
    Left,
    /// It was not begun.
    NotBegun,
}

/// What came of a plan.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// How each operation ended, in the plan's order.
    pub ends: Vec<End>,
    /// Seconds that it took, by the provider's clock.
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
