//! What a person sees while AWS is asked: a row on a terminal, and a note when no answer comes.
//!
//! The simulator answers at once, and its time does not pass by itself: nothing is shown of it.

use std::future::Future;
use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::ui;
use crate::apply::{Context, observe};
use crate::graph::Graph;
use crate::inventory::Live;
use crate::provider::{Awaited, Outcome, Provider};
use crate::words::{count, duration, first};

/// A person waits so long before anything is shown.
const AT_ONCE: Duration = Duration::from_secs(1);
/// How often the row is written anew.
const TICK: Duration = Duration::from_millis(200);
/// Without an answer for so long, it is said whose is missing, on a terminal or not.
const SILENCE: Duration = Duration::from_secs(10);
const ROW: &str = "{spinner} {msg}";

/// What there is of `graph`, or of everything everywhere without one.
///
/// # Errors
/// When the cloud does not answer.
pub async fn observed(context: &Context<'_>, graph: Option<&Graph>) -> Outcome<Live> {
    looking(context.provider, observe(context, graph)).await
}

/// Does `work`, which asks `provider` and changes nothing.
pub async fn looking<T>(provider: &dyn Provider, work: impl Future<Output = T>) -> T {
    if provider.awaited().is_none() {
        return work.await;
    }
    tokio::pin!(work);
    let mut ticks = interval_at(Instant::now() + AT_ONCE, TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut shown = Shown {
        row: None,
        answers: 0,
        since: Instant::now(),
        told: false,
    };
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            _ = ticks.tick() => {
                if let Some(awaited) = provider.awaited() {
                    shown.show(&awaited);
                }
            }
        }
    }
}

struct Shown {
    row: Option<ProgressBar>,
    answers: u64,
    /// When the last answer came.
    since: Instant,
    /// Whether the silence since then was told.
    told: bool,
}

impl Shown {
    fn show(&mut self, awaited: &Awaited) {
        if awaited.answers != self.answers {
            (self.answers, self.since, self.told) = (awaited.answers, Instant::now(), false);
        }
        let silence = self.since.elapsed();
        if silence >= SILENCE && !awaited.of.is_empty() && !std::mem::replace(&mut self.told, true)
        {
            let note = format!(
                "Waiting for {}: no response for {}.\n",
                first(&awaited.of),
                duration(silence.as_secs_f64())
            );
            match &self.row {
                Some(row) => row.suspend(|| ui::note(&note)),
                None => ui::note(&note),
            }
        }
        if self.row.is_none() && std::io::stderr().is_terminal() {
            let row = ProgressBar::new_spinner();
            // Checked by the test below.
            if let Ok(style) = ProgressStyle::with_template(ROW) {
                row.set_style(style);
            }
            self.row = Some(row);
        }
        if let Some(row) = &self.row {
            row.set_message(words(awaited));
            row.tick();
        }
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        if let Some(row) = &self.row {
            row.finish_and_clear();
        }
    }
}

/// What is known and what is not.
fn words(awaited: &Awaited) -> String {
    let answers = usize::try_from(awaited.answers).unwrap_or(usize::MAX);
    let answers = format!("Reading: {}", count(answers, "answer"));
    if awaited.of.is_empty() {
        answers
    } else {
        format!("{answers}, waiting for {}", first(&awaited.of))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_row_says_whose_answers_are_missing() {
        assert!(ProgressStyle::with_template(ROW).is_ok());
        let awaited = |answers, of: &[&str]| {
            let of = of.iter().map(|name| (*name).to_owned()).collect();
            words(&Awaited { answers, of })
        };
        assert_eq!(awaited(1, &[]), "Reading: 1 answer");
        assert_eq!(
            awaited(0, &["EC2 in us-east-1", "RDS in us-east-1"]),
            "Reading: 0 answers, waiting for EC2 in us-east-1, RDS in us-east-1"
        );
        assert!(awaited(3, &["a", "b", "c", "d", "e"]).ends_with("a, b, c and 2 more"));
    }
}
