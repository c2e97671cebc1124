//! When to look again whether something is ready, and why an operation does not come to its end.

use std::time::Duration;

use super::Context;
use super::retry::GaveUp;
use crate::kinds;
use crate::value::Map;

/// Why an operation did not come to its end.
pub enum Failure {
    /// The cloud refused for good, or it took too long.
    For(String),
    /// Somebody asked to stop.
    Stopped,
}

impl From<GaveUp> for Failure {
    fn from(gave: GaveUp) -> Self {
        match gave {
            GaveUp::Refused(error) => Self::For(error.to_string()),
            GaveUp::Stopped => Self::Stopped,
        }
    }
}

/// How long a resource gets in any case, where its typical time says little.
pub fn least(kind: &str, properties: &Map) -> Duration {
    let patience = kinds::of(kind).patience;
    Duration::from_secs(patience.map_or(0, |patience| patience(properties)))
}

/// When to look again: hardly anything is ready in half its typical time, so that there are but a few
/// looks until then, each after twice the time; from then on each wait is a small share of what has
/// passed, so that no more than that share is lost.
pub struct Wait {
    passed: Duration,
    next: Duration,
    half: Duration,
    limit: Duration,
}

impl Wait {
    /// The share of the time passed that one wait may cost.
    const SHARE: f64 = 0.03;
    /// Waits are not shorter.
    const FLOOR: Duration = Duration::from_millis(200);
    /// How many times its typical time a resource gets before it counts as stuck.
    const MOST: u32 = 10;

    /// Of something that typically takes so many seconds, and that counts as stuck after [`least`] at the earliest.
    pub fn new(typical: u32, least: Duration) -> Self {
        let limit = Duration::from_secs(u64::from(typical.max(60) * Self::MOST)).max(least);
        let typical = Duration::from_secs(u64::from(typical));
        Self {
            passed: Duration::ZERO,
            next: (typical / 8).max(Self::FLOOR),
            half: typical / 2,
            limit,
        }
    }

    /// Waits until it is time to look again.
    ///
    /// # Errors
    /// When it has taken too long, or somebody asks to stop.
    pub async fn sleep(&mut self, context: &Context<'_>) -> Result<(), Failure> {
        if self.passed > self.limit {
            let text = format!(
                "it is not ready after {} minutes",
                self.limit.as_secs() / 60
            );
            return Err(Failure::For(text));
        }
        if !context.sleep(self.next).await {
            return Err(Failure::Stopped);
        }
        self.waited();
        Ok(())
    }

    /// It was waited as long as was said: how long the next time?
    fn waited(&mut self) {
        self.passed += self.next;
        self.next = if self.passed < self.half {
            self.passed.min(self.half - self.passed)
        } else {
            self.passed.mul_f64(Self::SHARE)
        }
        .max(Self::FLOOR);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_few_looks_before_half_the_typical_time_and_none_costs_much_after() {
        let mut wait = Wait::new(480, Duration::ZERO);
        let mut looks = Vec::new();
        while wait.passed < Duration::from_secs(480) {
            wait.waited();
            looks.push(wait.passed.as_secs_f64());
        }
        assert_eq!(looks[..3], [60.0, 120.0, 240.0]);
        assert!(looks[2..].windows(2).all(|two| two[1] <= two[0] * 1.031));
        let mut short = Wait::new(1, Duration::ZERO);
        short.waited();
        assert_eq!(short.passed, Wait::FLOOR);
    }

    #[test]
    fn certificates_and_large_databases_are_waited_for_longer() {
        let minutes = |kind: &str, typical: u32, json: serde_json::Value| {
            let properties = match serde_json::from_value(json).unwrap() {
                crate::value::Value::Map(map) => map,
                other => panic!("{other}"),
            };
            Wait::new(typical, least(kind, &properties)).limit.as_secs() / 60
        };
        let none = serde_json::json!({});
        let certificate = "AWS::CertificateManager::Certificate";
        assert_eq!(minutes(certificate, 90, none.clone()), 75);
        assert_eq!(minutes("AWS::EC2::VPC", 1, none), 10);
        let database = |size: &str| serde_json::json!({"AllocatedStorage": size});
        assert_eq!(minutes("AWS::RDS::DBInstance", 480, database("20")), 86);
        assert_eq!(minutes("AWS::RDS::DBInstance", 480, database("500")), 246);
        let replica = serde_json::json!({"MaxAllocatedStorage": 1000});
        assert_eq!(minutes("AWS::RDS::DBInstance", 480, replica), 413);
    }
}
