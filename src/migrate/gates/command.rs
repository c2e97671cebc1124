//! `command`: a command of the user's succeeds.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Condition, Moment, Read, Reading, Readings};

/// Whether a command of the user's ends with 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Command {
    /// For `sh -c`.
    pub command: Arc<str>,
}

impl Condition for Command {
    async fn read<R: Readings>(&self, readings: &R, moment: Moment) -> Read<Reading, R::Error> {
        readings.command(&self.command, moment.within).await
    }

    fn in_short(&self) -> String {
        format!("`{}`", self.command)
    }

    fn in_words(&self) -> String {
        format!("`{}` succeeds", self.command)
    }
}
