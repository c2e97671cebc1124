//! Token buckets that keep below AWS's published request quotas, so that throttling is not reached.
//!
//! A bucket belongs to one operation in one region, or to a whole service where AWS counts so. The
//! quotas are AWS's: an endpoint that is not AWS's has none.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::call::is_read;

/// So many at once, and so many more a second.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Quota {
    burst: f64,
    per_second: f64,
    /// Whether all operations of the service share it, in every region.
    shared: bool,
}

const fn quota(burst: f64, per_second: f64) -> Quota {
    Quota {
        burst,
        per_second,
        shared: false,
    }
}

/// EC2: <https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html>. Route 53: five a
/// second for the whole account
/// (<https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html>). ELB:
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-api-throttling.html>.
/// The others publish no numbers; these stay below what the SDKs' users report.
fn quota_of(operation: &str) -> Quota {
    let (service, name) = operation.split_once(':').unwrap_or(("", operation));
    match (service, is_read(name)) {
        ("ec2", _) if name == "CreateVpcEndpoint" => quota(4.0, 0.3),
        ("ec2", _) if name == "RunInstances" => quota(5.0, 2.0),
        ("ec2", true) => quota(100.0, 20.0),
        ("ec2", false) => quota(50.0, 5.0),
        ("route53", _) => Quota {
            burst: 5.0,
            per_second: 5.0,
            shared: true,
        },
        ("elasticloadbalancing", true) => quota(40.0, 10.0),
        (_, true) => quota(40.0, 20.0),
        (_, false) => quota(20.0, 10.0),
    }
}

/// The buckets of one run.
#[derive(Debug)]
pub struct Quotas {
    /// Tokens left, and when they were counted; `None` where there are no quotas.
    buckets: Option<Mutex<HashMap<String, (f64, Instant)>>>,
}

impl Quotas {
    /// AWS's, or none for an endpoint that is not AWS's.
    pub fn new(aws: bool) -> Self {
        Self {
            buckets: aws.then(Mutex::default),
        }
    }

    /// Takes a token for `operation` in `region`; returns how long to wait until it is due.
    pub fn take(&self, operation: &str, region: &str) -> Duration {
        let Some(buckets) = &self.buckets else {
            return Duration::ZERO;
        };
        let quota = quota_of(operation);
        let name = match quota.shared {
            true => operation.split(':').next().unwrap_or_default().to_owned(),
            false => format!("{operation} {region}"),
        };
        let mut buckets = buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let (tokens, since) = buckets.entry(name).or_insert((quota.burst, now));
        let passed = now.duration_since(*since).as_secs_f64();
        *tokens = (*tokens + passed * quota.per_second).min(quota.burst) - 1.0;
        *since = now;
        // Below zero is a debt: this caller waits until it is paid.
        Duration::from_secs_f64((-*tokens / quota.per_second).max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_beyond_the_burst_wait_for_their_token() {
        let quotas = Quotas::new(true);
        for _ in 0..50 {
            assert!(quotas.take("ec2:CreateSubnet", "us-east-1").is_zero());
        }
        assert!(!quotas.take("ec2:CreateSubnet", "us-east-1").is_zero());
        assert!(quotas.take("ec2:CreateSubnet", "eu-west-1").is_zero());
        assert!(quotas.take("ec2:CreateVpc", "us-east-1").is_zero());
    }

    #[test]
    fn route_53_counts_all_calls_of_the_account_together() {
        let quotas = Quotas::new(true);
        for n in 0..5 {
            let operation = ["route53:ListHostedZones", "route53:GetChange"][n % 2];
            assert!(quotas.take(operation, "us-east-1").is_zero());
        }
        assert!(
            !quotas
                .take("route53:ChangeResourceRecordSets", "us-east-1")
                .is_zero()
        );
    }

    #[test]
    fn an_endpoint_that_is_not_awss_has_no_quotas() {
        let quotas = Quotas::new(false);
        assert!((0..1000).all(|_| quotas.take("ec2:CreateVpc", "us-east-1").is_zero()));
    }
}
