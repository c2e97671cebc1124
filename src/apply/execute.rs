//! Runs a plan's operations: whatever is ready, the longest remaining path first. Which one that is, is
//! `queue`'s; what each one does is `operation`'s.
//!
//! A permanent error stops what depends on it and nothing else. Success is what is found afterwards,
//! property by property, not that a call returned.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use super::Context;
use super::event::{End, Event, Report};
use super::operation::Run;
use super::queue::Queue;
use crate::plan::Plan;

/// How long calls in flight have to come to their end once somebody asks to stop. A CI job that is
/// cancelled has 7.5 s until SIGTERM and 2.5 s more until SIGKILL, and the lease is still to be given
/// back.
const GRACE: Duration = Duration::from_millis(1200);

/// Runs `plan` with at most `workers` operations at a time, or without a limit. Those that go out in
/// one call with others do not count.
pub async fn execute(
    context: &Context<'_>,
    plan: &Plan,
    workers: Option<usize>,
    on_event: &mut dyn FnMut(&Event),
) -> Report {
    let (run, mut usable) = Run::new(context, plan, on_event);
    let shares = |number: usize| context.provider.shares_calls(&run.change(number).kind);
    let mut queue = Queue::new(plan, workers, &shares);
    let mut running = FuturesUnordered::new();
    'all: for last in [false, true] {
        queue.begin_round(last);
        loop {
            while !context.stop.is_asked()
                && !context.stop.is_given_up()
                && let Some(number) = queue.take()
            {
                running.push(run.operation(number));
            }
            run.quiet.send_replace(queue.all_usable());
            let (number, ended) = tokio::select! {
                biased;
                Some(number) = usable.recv() => (number, None),
                ended = next(context, &mut running) => match ended {
                    Some((number, end, seconds)) => (number, Some((end, seconds))),
                    None if context.stop.is_asked() => break 'all,
                    None => break,
                },
            };
            let can_be_used = matches!(ended, None | Some((End::Done { .. }, _)));
            queue.told(number, can_be_used);
            let Some((end, seconds)) = ended else {
                continue;
            };
            run.finished(number, &end, seconds);
            let failed = matches!(end, End::Failed { .. });
            queue.ended(number, end);
            if failed {
                let by = run.change(number).address.clone();
                queue.block(number, |follower| {
                    let end = End::Blocked { by: by.clone() };
                    run.finished(follower, &end, 0.0);
                    end
                });
            }
        }
    }
    let (ends, begun) = queue.into_ends();
    let found = run.found(&ends);
    let ends = ends
        .into_iter()
        .zip(begun)
        .map(|(end, begun)| end.unwrap_or(if begun { End::Left } else { End::NotBegun }));
    Report {
        found,
        ends: ends.collect(),
        seconds: context.provider.clock().now().saturating_sub(run.began) as f64 / 1000.0,
        stopped: context.stop.is_asked(),
    }
}

/// The next operation to end; `None` when none is running, or when the calls in flight take too
/// long after somebody asked to stop. What they do is found by the next run.
async fn next<T>(
    context: &Context<'_>,
    running: &mut FuturesUnordered<impl Future<Output = T>>,
) -> Option<T> {
    let too_long = async {
        context.stop.asked().await;
        context.provider.clock().sleep(GRACE).await;
    };
    tokio::select! {
        biased;
        ended = running.next() => ended,
        () = too_long => None,
    }
}
