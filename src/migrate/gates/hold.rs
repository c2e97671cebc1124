//! `hold`: time passes.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Condition, Moment, Read, Reading, Readings};

/// Whether so much time has passed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Hold {
    /// Seconds.
    pub seconds: u32,
}

impl Condition for Hold {
    async fn read<R: Readings>(&self, _: &R, moment: Moment) -> Read<Reading, R::Error> {
        let seen = format!("{} of {} s", moment.passed.as_secs(), self.seconds);
        let good = moment.passed >= Duration::from_secs(u64::from(self.seconds));
        Ok(Some(Reading::of(good, seen)))
    }

    fn in_short(&self) -> String {
        format!("{} s elapsed", self.seconds)
    }

    fn in_words(&self) -> String {
        format!("{} s elapse", self.seconds)
    }
}
