//! Repeats a gate until it passes often enough in a row, or its time is up.

use std::time::Duration;

use super::{Check, Gate, Hold, Moment, Reading, Readings};

/// How a gate ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// It passed.
    Open,
    /// What it reads cannot be read here.
    Unread,
    /// Its time is up: what was seen last.
    Failed(String),
}

/// What follows from an answer.
#[derive(Clone, Debug, PartialEq)]
enum Verdict {
    Open,
    Again(Duration),
    Failed,
}

/// Reads a gate until it ends; `on_reading` receives each reading, and the milliseconds since the first.
///
/// # Errors
/// When something cannot be read, or somebody asks to stop.
pub async fn until_open<R: Readings>(
    gate: &Gate,
    readings: &R,
    on_reading: &mut dyn FnMut(&Reading, u64),
) -> Result<End, R::Error> {
    let mut watch = Watch::new(readings.now());
    loop {
        readings.check_stop()?;
        let passed = watch.passed(readings.now());
        let moment = Moment {
            passed: Duration::from_millis(passed),
            within: Duration::from_secs(u64::from(gate.cadence.within)),
        };
        let Some(reading) = gate.check.read(readings, moment).await? else {
            return Ok(End::Unread);
        };
        on_reading(&reading, passed);
        match watch.take(gate, &reading, readings.now()) {
            Verdict::Open => return Ok(End::Open),
            Verdict::Failed => return Ok(End::Failed(reading.seen)),
            Verdict::Again(after) => readings.wait(after).await?,
        }
    }
}

/// Good answers so far, and since when it is asked.
#[derive(Clone, Debug)]
struct Watch {
    began: u64,
    in_a_row: u32,
}

impl Watch {
    /// A gate that is asked from `now` (milliseconds) on.
    fn new(now: u64) -> Self {
        Self {
            began: now,
            in_a_row: 0,
        }
    }

    /// Milliseconds since the first question.
    fn passed(&self, now: u64) -> u64 {
        now.saturating_sub(self.began)
    }

    /// Takes an answer in.
    fn take(&mut self, gate: &Gate, reading: &Reading, now: u64) -> Verdict {
        self.in_a_row = if reading.good { self.in_a_row + 1 } else { 0 };
        let times = match gate.check {
            // Time passes once.
            Check::Hold(_) => 1,
            _ => gate.cadence.times.max(1),
        };
        if self.in_a_row >= times {
            return Verdict::Open;
        }
        let every = Duration::from_secs(u64::from(gate.cadence.every.max(1)));
        if let Check::Hold(Hold { seconds }) = gate.check {
            let left = (u64::from(seconds) * 1000).saturating_sub(self.passed(now));
            return Verdict::Again(every.min(Duration::from_millis(left.max(1))));
        }
        if self.passed(now) >= u64::from(gate.cadence.within) * 1000 {
            return Verdict::Failed;
        }
        Verdict::Again(every)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Alarms;
    use super::*;

    const AGAIN: Verdict = Verdict::Again(Duration::from_secs(10));

    #[test]
    fn one_bad_answer_begins_the_count_anew() {
        let gate = Gate::new(Check::Alarms(Alarms {}), 2, 100);
        let mut watch = Watch::new(0);
        assert_eq!(watch.take(&gate, &Reading::good(""), 0), AGAIN);
        assert_eq!(watch.take(&gate, &Reading::bad("x"), 10_000), AGAIN);
        assert_eq!(watch.take(&gate, &Reading::good(""), 20_000), AGAIN);
        assert_eq!(watch.take(&gate, &Reading::good(""), 30_000), Verdict::Open);
    }

    #[test]
    fn a_gate_fails_when_its_time_is_up() {
        let gate = Gate::new(Check::Alarms(Alarms {}), 1, 60);
        let mut watch = Watch::new(0);
        assert_eq!(watch.take(&gate, &Reading::bad(""), 59_999), AGAIN);
        assert_eq!(
            watch.take(&gate, &Reading::bad(""), 60_000),
            Verdict::Failed
        );
    }

    #[test]
    fn time_is_waited_for_to_the_moment() {
        let gate = Gate::new(Check::Hold(Hold { seconds: 15 }), 2, 1);
        let mut watch = Watch::new(0);
        let later = Reading::bad("");
        assert_eq!(watch.take(&gate, &later, 0), AGAIN);
        assert_eq!(
            watch.take(&gate, &later, 10_000),
            Verdict::Again(Duration::from_secs(5))
        );
        assert_eq!(watch.take(&gate, &Reading::good(""), 15_000), Verdict::Open);
    }
}
