//! Keeps requests below AWS's quotas, so that throttling is not reached; the numbers are `pace`'s.
//!
//! A bucket belongs to one operation in one region, or to a whole service where AWS counts so. The
//! quotas are AWS's: an endpoint that is not AWS's has none.

use std::time::{Duration, Instant};

use super::call::is_read;
use crate::provider::pace::{self, Buckets};

/// The quotas of one run.
#[derive(Debug)]
pub struct Quotas {
    /// `None` where there are no quotas.
    buckets: Option<Buckets>,
    began: Instant,
}

impl Quotas {
    /// AWS's, or none for an endpoint that is not AWS's.
    pub fn new(aws: bool) -> Self {
        Self {
            buckets: aws.then(Buckets::default),
            began: Instant::now(),
        }
    }

    /// Takes a token for `operation` in `region`; returns how long to wait until it is due.
    pub fn take(&self, operation: &str, region: &str) -> Duration {
        let Some(buckets) = &self.buckets else {
            return Duration::ZERO;
        };
        let (service, name) = operation.split_once(':').unwrap_or(("", operation));
        let quota = if is_read(name) {
            pace::reads(service)
        } else {
            pace::changes(service, name)
        };
        let counted = if quota.shared {
            service.to_owned()
        } else {
            format!("{operation} {region}")
        };
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        buckets.take(counted, quota, now)
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
