//! How fast AWS takes requests: its published request quotas, and the token buckets that keep below them, so that
//! throttling is not reached. The AWS provider counts by operation, the simulator's clients by service.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// So many at once, and so many more a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quota {
    burst: f64,
    per_second: f64,
    /// Whether all operations of the service share it, in every region.
    pub shared: bool,
}

const fn quota(burst: f64, per_second: f64) -> Quota {
    Quota {
        burst,
        per_second,
        shared: false,
    }
}

/// The quota of requests that only read.
///
/// EC2: <https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html>. Route 53: five a
/// second for the whole account
/// (<https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html>). ELB:
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-api-throttling.html>.
/// The others publish no numbers; these stay below what the SDKs' users report.
pub fn reads(service: &str) -> Quota {
    match service {
        "ec2" => quota(100.0, 20.0),
        "elasticloadbalancing" => quota(40.0, 10.0),
        "route53" => ROUTE_53,
        _ => quota(40.0, 20.0),
    }
}

/// The quota of requests that change something, with the sources of [`reads`]. Some operations have one of their own.
pub fn changes(service: &str, operation: &str) -> Quota {
    match (service, operation) {
        ("ec2", "CreateVpcEndpoint") => quota(4.0, 0.3),
        ("ec2", "RunInstances") => quota(5.0, 2.0),
        ("ec2", _) => quota(50.0, 5.0),
        ("route53", _) => ROUTE_53,
        _ => quota(20.0, 10.0),
    }
}

const ROUTE_53: Quota = Quota {
    burst: 5.0,
    per_second: 5.0,
    shared: true,
};

/// The buckets of one run, by what is counted together.
#[derive(Debug, Default)]
pub struct Buckets {
    /// Tokens left, and when they were counted, in milliseconds.
    tokens: Mutex<HashMap<String, (f64, u64)>>,
}

impl Buckets {
    /// Takes a token of `name` at `now`, in milliseconds since any fixed moment; returns how long to wait until it is due.
    pub fn take(&self, name: String, quota: Quota, now: u64) -> Duration {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let (left, since) = tokens.entry(name).or_insert((quota.burst, now));
        let passed = now.saturating_sub(*since) as f64 / 1000.0;
        *left = (*left + passed * quota.per_second).min(quota.burst) - 1.0;
        *since = now;
        // Below zero is a debt: this caller waits until it is paid.
        Duration::from_secs_f64((-*left / quota.per_second).max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_beyond_the_burst_come_at_the_quotas_pace() {
        let buckets = Buckets::default();
        let take = |name: &str, now| buckets.take(name.to_owned(), quota(50.0, 5.0), now);
        assert!((0..50).all(|_| take("a", 0).is_zero()));
        let waits: Vec<u128> = (0..3).map(|_| take("a", 0).as_millis()).collect();
        assert_eq!(waits, [200, 400, 600]);
        assert!(take("b", 0).is_zero());
        // A debt is paid at the same pace, and no more is saved than the burst.
        assert_eq!(take("a", 800).as_millis(), 0);
        assert!((0..50).all(|_| take("a", 3_600_000).is_zero()));
        assert_eq!(take("a", 3_600_000).as_millis(), 200);
    }
}
