//! When to look again whether something is ready, and why an operation does not come to its end.

use std::time::Duration;

use super::Context;
use super::retry::Gave;

/// Why an operation did not come to its end.
pub enum Failure {
    /// The cloud refused for good, or it took too long.
    For(String),
    /// Somebody asked to stop.
    Stopped,
}

impl From<Gave> for Failure {
    fn from(gave: Gave) -> Self {
        match gave {
            Gave::Up(error) => Self::For(error.to_string()),
            Gave::Stopped => Self::Stopped,
        }
    }
}

/// When to look again: hardly anything is ready in half its typical time; from then on each wait is
/// a small share of what has passed, so that no more than that share is lost.
pub struct Wait {
    passed: Duration,
    next: Duration,
    limit: Duration,
}

impl Wait {
    /// The share of the time passed that one wait may cost.
    const SHARE: f64 = 0.03;
    /// Waits are not shorter.
    const FLOOR: Duration = Duration::from_millis(200);
    /// How many times its typical time a resource gets before it counts as stuck.
    const MOST: u32 = 10;

    /// Of something that typically takes so many seconds.
    pub fn new(typical: u32) -> Self {
        let limit = Duration::from_secs(u64::from(typical.max(60) * Self::MOST));
        let typical = Duration::from_secs(u64::from(typical));
        Self {
            passed: Duration::ZERO,
            next: (typical / 2).max(Self::FLOOR),
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
        self.passed += self.next;
        self.next = self.passed.mul_f64(Self::SHARE).max(Self::FLOOR);
        Ok(())
    }
}
