//! `reachable`: the site's names lead to something that exists.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Condition, Moment, Read, Reading, Readings};

/// Whether every name of the site, at every weight above 0, leads to something that exists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Reachable {}

impl Condition for Reachable {
    async fn read<R: Readings>(&self, readings: &R, _: Moment) -> Read<Reading, R::Error> {
        Ok(readings.ends().await?.map(|ends| match ends {
            Ok(ends) => Reading::good(format!("{ends} reached")),
            Err(why) => Reading::bad(why),
        }))
    }

    fn in_short(&self) -> String {
        "names reach servers".to_owned()
    }

    fn in_words(&self) -> String {
        "every name routes to existing servers".to_owned()
    }
}
