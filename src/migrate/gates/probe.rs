//! `probe`: requests to the site are answered.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Condition, Moment, Probed, Read, Reading, Readings};

/// Whether a request to each name is answered well through each way that leads to it, those that
/// stand ready included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Probe {}

impl Condition for Probe {
    async fn read<R: Readings>(&self, readings: &R, _: Moment) -> Read<Reading, R::Error> {
        Ok(readings.probe().await?.map(|probed| self.judge(probed)))
    }

    fn in_short(&self) -> String {
        "requests answered".to_owned()
    }

    fn in_words(&self) -> String {
        "a request over each route to the site is answered".to_owned()
    }
}

impl Probe {
    /// What became of the requests.
    pub fn judge(&self, probed: Probed) -> Reading {
        match probed {
            Probed::NoName => Reading::good("the site has no name"),
            Probed::Answered(answered) => Reading::good(format!("{answered} answered")),
            Probed::NotSent(why) => Reading::good(format!("not checked: {why}")),
            Probed::Failed(what) => Reading::bad(what),
        }
    }
}
