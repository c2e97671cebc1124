//! `caught-up`: the replica that takes over has every write.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Condition, Moment, Read, Reading, Readings, Takeover};

/// Whether the replica that takes over has everything that was acknowledged before it was first
/// asked, or all but what a failover may lose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct CaughtUp {}

impl Condition for CaughtUp {
    async fn read<R: Readings>(&self, readings: &R, moment: Moment) -> Read<Reading, R::Error> {
        let takeover = readings.takeover(moment.passed).await?;
        Ok(takeover.map(|takeover| match takeover {
            // Half of its time is patience: afterwards what may be lost is given up.
            Ok(takeover) => judged(&takeover, moment.passed >= moment.within / 2),
            Err(why) => Reading::bad(why),
        }))
    }

    fn in_short(&self) -> String {
        "replica caught up".to_owned()
    }

    fn in_words(&self) -> String {
        "the replica has all writes that it needs for promotion".to_owned()
    }
}

/// Whether a replica has enough to take over. Writes that may be lost are given up once `waited`, or where nothing
/// more can come.
fn judged(takeover: &Takeover, waited: bool) -> Reading {
    let Some(until) = takeover.until else {
        return Reading::bad("the replication lag is not known yet");
    };
    if until >= takeover.since {
        return Reading::good("all writes are replicated");
    }
    let missing = takeover.since - until;
    let seconds = missing as f64 / 1000.0;
    if missing <= u64::from(takeover.loss) * 1000 && (takeover.lost || waited) {
        return Reading::good(format!(
            "the acknowledged writes of the last {seconds:.1} s are missing and will be lost"
        ));
    }
    let from = if takeover.lost {
        "the failover started"
    } else {
        "the fence"
    };
    Reading::bad(format!("replicated up to {seconds:.1} s before {from}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_are_given_up_only_after_patience_or_with_their_region() {
        let takeover = |until, lost| Takeover {
            until,
            since: 10_000,
            loss: 5,
            lost,
        };
        assert!(judged(&takeover(Some(10_000), false), false).good);
        assert!(!judged(&takeover(Some(9_000), false), false).good);
        assert!(judged(&takeover(Some(9_000), false), true).good);
        assert!(judged(&takeover(Some(5_000), true), false).good);
        assert!(!judged(&takeover(Some(4_999), true), true).good);
        assert!(!judged(&takeover(None, true), true).good);
    }
}
