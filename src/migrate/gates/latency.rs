//! `latency`: requests are answered in time.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Condition, Latencies, Moment, Read, Reading, Readings};

/// Whether 95 of 100 requests were answered within so much time of late.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Latency {
    /// Milliseconds.
    pub below: u32,
}

impl Condition for Latency {
    async fn read<R: Readings>(&self, readings: &R, _: Moment) -> Read<Reading, R::Error> {
        let latencies = readings.latencies().await?;
        Ok(latencies.map(|latencies| self.judge(latencies)))
    }

    fn in_short(&self) -> String {
        format!("p95 latency below {} ms", self.below)
    }

    fn in_words(&self) -> String {
        format!("95 % of requests are answered within {} ms", self.below)
    }
}

impl Latency {
    /// What these latencies mean.
    pub fn judge(&self, latencies: Option<Latencies>) -> Reading {
        let Some(Latencies {
            slowest,
            enough: true,
        }) = latencies
        else {
            return Reading::good("too few recent requests");
        };
        let Some(slowest) = slowest else {
            return Reading::good("no latency metrics");
        };
        Reading::of(slowest < f64::from(self.below), format!("{slowest:.0} ms"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_requests_are_not_judged() {
        let latencies = |slowest, enough| Some(Latencies { slowest, enough });
        let good = |latencies| Latency { below: 100 }.judge(latencies).good;
        assert!(good(latencies(Some(99.0), true)));
        assert!(!good(latencies(Some(100.0), true)));
        assert!(good(latencies(Some(100.0), false)));
        assert!(good(latencies(None, true)));
        assert!(good(None));
    }
}
