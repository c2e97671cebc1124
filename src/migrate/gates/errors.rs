//! `errors`: few requests fail.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Condition, Failures, Moment, Read, Reading, Readings};

/// Whether fewer requests than so many in a hundred were answered with an error of late.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Errors {
    /// Percent.
    pub below: u32,
}

impl Condition for Errors {
    async fn read<R: Readings>(&self, readings: &R, _: Moment) -> Read<Reading, R::Error> {
        let failures = readings.failures().await?;
        Ok(failures.map(|failures| self.judge(failures)))
    }

    fn in_short(&self) -> String {
        format!("errors below {} %", self.below)
    }

    fn in_words(&self) -> String {
        format!("fewer than {} % of requests fail", self.below)
    }
}

impl Errors {
    /// What so many failures mean.
    pub fn judge(&self, failures: Option<Failures>) -> Reading {
        let Some(Failures {
            requests,
            failed,
            enough,
        }) = failures
        else {
            return Reading::good("no request metrics");
        };
        if !enough {
            return Reading::good(format!("only {requests} recent requests"));
        }
        let percent = 100.0 * failed / requests.max(1.0);
        Reading::of(
            percent < f64::from(self.below),
            format!("{percent:.1} % of {requests} requests"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_requests_are_not_judged() {
        let failures = |enough| {
            Some(Failures {
                requests: 10.0,
                failed: 1.0,
                enough,
            })
        };
        let good = |below, failures| Errors { below }.judge(failures).good;
        assert!(good(10, failures(false)));
        assert!(!good(10, failures(true)), "10 % is not below 10 %");
        assert!(good(11, failures(true)));
        assert!(good(1, None));
    }
}
