//! `alarms`: no alarm fires.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Condition, Moment, Read, Reading, Readings};

/// Whether no alarm of the application is raised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Alarms {}

impl Condition for Alarms {
    async fn read<R: Readings>(&self, readings: &R, _: Moment) -> Read<Reading, R::Error> {
        Ok(readings.alarms().await?.map(|firing| {
            if firing.names.is_empty() {
                Reading::good(format!("{} alarms, none firing", firing.all))
            } else {
                Reading::bad(format!("firing: {}", firing.names.join(", ")))
            }
        }))
    }

    fn in_short(&self) -> String {
        "no alarm".to_owned()
    }

    fn in_words(&self) -> String {
        "no alarm is firing".to_owned()
    }
}
