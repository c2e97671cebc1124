//! `healthy`: servers are healthy.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Condition, Moment, Read, Reading, Readings};

/// Whether the servers that these names lead to, and those that stand ready, are healthy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Healthy {}

impl Condition for Healthy {
    async fn read<R: Readings>(&self, readings: &R, _: Moment) -> Read<Reading, R::Error> {
        Ok(readings.health().await?.map(|servers| match servers {
            Ok(servers) => {
                let good = servers.iter().all(|some| some.healthy >= some.least);
                let seen = servers
                    .iter()
                    .map(|some| format!("{} {} of {}", some.name, some.healthy, some.all));
                Reading::of(good, seen.collect::<Vec<_>>().join(", "))
            }
            Err(why) => Reading::bad(why),
        }))
    }

    fn in_short(&self) -> String {
        "servers healthy".to_owned()
    }

    fn in_words(&self) -> String {
        "servers are healthy".to_owned()
    }
}
