//! `lag`: copies of the database are close behind.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Behind, Condition, Moment, Read, Reading, Readings};

/// Whether the copy of the database is so many seconds behind at most.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Lag {
    /// Seconds.
    pub below: u32,
}

/// Bytes of the log that a follower may still have to read: what `cut-over` accepts too, where it would wait for them
/// while nothing is written (`MOST_LAG_BYTES` in `templates/actions/cut-over.sh`).
const MOST_LAG_BYTES: f64 = 16_777_216.0;

impl Condition for Lag {
    async fn read<R: Readings>(&self, readings: &R, _: Moment) -> Read<Reading, R::Error> {
        Ok(readings.behind().await?.map(|behind| match behind {
            Behind::Script(report) => self.of_script(&report),
            Behind::NoReport(line) => Reading::bad(format!("no lag reported: {line:?}")),
            Behind::Replicas(replicas) => self.of_replicas(&replicas),
        }))
    }

    fn in_short(&self) -> String {
        format!("replication lag below {} s", self.below)
    }

    fn in_words(&self) -> String {
        format!("replication lag is below {} s", self.below)
    }
}

impl Lag {
    /// What the script's report means.
    pub fn of_script(&self, report: &serde_json::Value) -> Reading {
        if report["synced"] != true {
            return Reading::bad("the initial copy is running");
        }
        // A follower that is not connected has no lag that is known.
        let Some(seconds) = report["lag_seconds"].as_f64() else {
            return Reading::bad("replication is not connected");
        };
        let bytes = report["lag_bytes"].as_f64().unwrap_or_default();
        let good = seconds <= f64::from(self.below);
        if good && bytes > MOST_LAG_BYTES {
            return Reading::bad(format!("{:.0} MiB behind", bytes / 1_048_576.0));
        }
        Reading::of(good, format!("{seconds:.1} s behind"))
    }

    fn of_replicas(&self, replicas: &[(String, Option<f64>)]) -> Reading {
        let most = f64::from(self.below);
        let good =
            |(_, behind): &(String, Option<f64>)| behind.is_some_and(|behind| behind <= most);
        let seen = replicas.iter().map(|(name, behind)| match behind {
            Some(behind) => format!("{name} {behind:.1} s"),
            None => format!("{name} unknown"),
        });
        Reading::of(
            replicas.iter().all(good),
            seen.collect::<Vec<_>>().join(", "),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_copy_is_close_behind_by_seconds_and_bytes() {
        let good = |report| Lag { below: 5 }.of_script(&report).good;
        assert!(good(json!({"synced": true, "lag_seconds": 5})));
        assert!(!good(json!({"synced": true, "lag_seconds": 5.1})));
        assert!(!good(json!({"synced": false, "lag_seconds": 0})));
        assert!(!good(json!({"synced": true, "lag_seconds": null})));
        let bytes = |bytes: u64| json!({"synced": true, "lag_seconds": 0, "lag_bytes": bytes});
        assert!(good(bytes(16 << 20)));
        assert!(!good(bytes((16 << 20) + 1)));
    }

    #[test]
    fn every_replica_has_to_be_close_behind() {
        let replica = |behind| ("db".to_owned(), behind);
        let lag = Lag { below: 5 };
        assert!(lag.of_replicas(&[replica(Some(5.0))]).good);
        assert!(!lag.of_replicas(&[replica(Some(5.0)), replica(None)]).good);
    }
}
