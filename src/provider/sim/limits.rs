//! AWS's published request quotas, as the embedded cloud's clients keep them: token buckets, so that
//! throttling is not reached. The AWS provider counts by operation (`provider/aws/quotas.rs`).

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use crate::provider::Clock;

/// A service's quota of changing calls in one region: so many at once, so many more a second.
struct Quota {
    service: &'static str,
    burst: f64,
    per_second: f64,
}

/// EC2: <https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html>. Route 53: five a
/// second for the whole account (<https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html>).
/// ELB: <https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-api-throttling.html>.
/// The others publish no numbers; these stay below what their SDKs' users report.
const QUOTAS: &[Quota] = &[
    Quota {
        service: "EC2",
        burst: 50.0,
        per_second: 5.0,
    },
    Quota {
        service: "ElasticLoadBalancingV2",
        burst: 40.0,
        per_second: 10.0,
    },
    Quota {
        service: "Route53",
        burst: 5.0,
        per_second: 5.0,
    },
];

const OTHERS: Quota = Quota {
    service: "",
    burst: 20.0,
    per_second: 10.0,
};

/// The buckets of one run.
#[derive(Default)]
pub struct Limits {
    /// By service and region: tokens left, and when they were counted.
    buckets: RefCell<HashMap<(String, String), (f64, u64)>>,
}

impl Limits {
    /// Waits until a changing call of `kind`'s service in `region` is within its quota.
    pub async fn admit(&self, clock: &dyn Clock, kind: &str, region: &str) {
        let service = kind.split("::").nth(1).unwrap_or_default();
        let quota = QUOTAS
            .iter()
            .find(|quota| quota.service == service)
            .unwrap_or(&OTHERS);
        let wait = {
            let mut buckets = self.buckets.borrow_mut();
            let now = clock.now();
            let (tokens, since) = buckets
                .entry((service.to_owned(), region.to_owned()))
                .or_insert((quota.burst, now));
            let passed = now.saturating_sub(*since) as f64 / 1000.0;
            *tokens = (*tokens + passed * quota.per_second).min(quota.burst) - 1.0;
            *since = now;
            // Below zero is a debt: this caller waits until it is paid.
            (-*tokens / quota.per_second).max(0.0)
        };
        if wait > 0.0 {
            clock.sleep(Duration::from_secs_f64(wait)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Provider as _;
    use crate::provider::sim::{Sim, cloud::Cloud, faults::Faults};

    #[tokio::test(start_paused = true)]
    async fn calls_beyond_the_burst_come_at_the_quotas_pace() {
        let sim = Sim::in_memory(Cloud::default(), Faults::default(), 0);
        let limits = Limits::default();
        for _ in 0..50 {
            limits
                .admit(sim.clock(), "AWS::EC2::Subnet", "us-east-1")
                .await;
        }
        assert_eq!(sim.clock().now(), 0);
        for _ in 0..10 {
            limits
                .admit(sim.clock(), "AWS::EC2::Subnet", "us-east-1")
                .await;
        }
        assert_eq!(sim.clock().now() / 100, 20);
        limits
            .admit(sim.clock(), "AWS::EC2::Subnet", "eu-west-1")
            .await;
        assert_eq!(sim.clock().now() / 100, 20);
    }
}
