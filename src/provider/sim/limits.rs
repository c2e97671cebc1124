//! AWS's published request quotas, as the simulator's clients keep them, by service and region; the numbers are
//! `pace`'s. The AWS provider counts by operation (`provider/aws/quotas.rs`).

use crate::provider::Clock;
use crate::provider::pace::{self, Buckets};

/// The quotas of one run.
#[derive(Default)]
pub struct Limits {
    buckets: Buckets,
}

impl Limits {
    /// Waits until a changing call of `kind`'s service in `region` is within its quota.
    pub async fn admit(&self, clock: &dyn Clock, kind: &str, region: &str) {
        let service = match kind.split("::").nth(1).unwrap_or_default() {
            "EC2" => "ec2",
            "Route53" => "route53",
            other => other,
        };
        let quota = pace::changes(service, "");
        let wait = self
            .buckets
            .take(format!("{service} {region}"), quota, clock.now());
        if !wait.is_zero() {
            clock.sleep(wait).await;
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
