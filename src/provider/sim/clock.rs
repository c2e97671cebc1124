//! The simulator's time.

use std::time::Duration;

use crate::provider::{Clock, Pending};

/// Tokio's time, which jumps, counted from a moment of the simulator's own; with a pace, it waits for the wall's.
pub struct VirtualClock {
    pub(super) base: u64,
    pub(super) began: tokio::time::Instant,
    pub(super) pace: Option<Pace>,
}

/// How the simulator's time follows the wall clock: never ahead of it, N times as fast. Work of ours takes none of
/// the simulator's time, so that its time limits are the same at every speed.
pub(super) struct Pace {
    pub(super) began: std::time::Instant,
    pub(super) factor: f64,
    /// Whoever's timers end at the same moment goes on in their order, not in that in which threads wake up.
    pub(super) turn: tokio::sync::Mutex<()>,
}

/// A sleep of the simulator's that is watched goes in parts that take so long by the wall.
const PART: Duration = Duration::from_millis(100);

impl Pace {
    /// Waits until the wall's time has come as far as `passed` of the simulator's. Tokio's time does not jump while
    /// a thread of its pool is at work.
    async fn catch_up(&self, passed: Duration) {
        let _turn = self.turn.lock().await;
        let due = Duration::try_from_secs_f64(passed.as_secs_f64() / self.factor);
        let ahead = due
            .unwrap_or(Duration::MAX)
            .saturating_sub(self.began.elapsed());
        if !ahead.is_zero() {
            let _ = tokio::task::spawn_blocking(move || std::thread::sleep(ahead)).await;
        }
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> u64 {
        let passed = self.began.elapsed().as_millis();
        self.base
            .saturating_add(u64::try_from(passed).unwrap_or(u64::MAX))
    }

    fn sleep(&self, duration: Duration) -> Pending<'_, ()> {
        let Some(pace) = &self.pace else {
            return Box::pin(tokio::time::sleep(duration));
        };
        // Beyond what a duration can hold nothing has to be cut into parts.
        let part = PART.as_secs_f64() * pace.factor;
        let part = Duration::try_from_secs_f64(part).unwrap_or(Duration::MAX);
        let until = tokio::time::Instant::now() + duration;
        Box::pin(async move {
            loop {
                let left = until.saturating_duration_since(tokio::time::Instant::now());
                if left.is_zero() {
                    return;
                }
                // Tokio's timers count milliseconds.
                tokio::time::sleep(left.min(part.max(Duration::from_millis(1)))).await;
                pace.catch_up(self.began.elapsed()).await;
            }
        })
    }
}
