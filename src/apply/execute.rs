//! Runs a plan's operations: whatever is ready, the longest remaining path first.
//!
//! A permanent error stops what depends on it and nothing else. Success is what is found afterwards,
//! property by property, not that a call returned.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use super::Context;
use super::event::{End, Event, Report};
use super::operation::Run;
use crate::plan::Plan;
use crate::plan::schedule::followers;

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
    let clock = context.provider.clock();
    let began = clock.now();
    let run = Run {
        context,
        plan,
        known: RefCell::new(HashMap::new()),
        on_event: RefCell::new(on_event),
    };
    let schedule = plan.schedule(workers);
    let needs = plan
        .operations
        .iter()
        .map(|operation| operation.needs.as_slice());
    let mut missing: Vec<usize> = needs.clone().map(<[usize]>::len).collect();
    let behind = followers(needs);
    let mut ends: Vec<Option<End>> = vec![None; plan.operations.len()];
    let shares = |number: usize| {
        let kind = &run.change(number).kind;
        context.provider.shares_calls(kind)
    };
    let mut running = FuturesUnordered::new();
    let mut busy = 0;
    let mut begun = vec![false; plan.operations.len()];
    'all: for last in [false, true] {
        let is_ready = |missing: &[usize], number: usize| {
            missing[number] == 0 && plan.operations[number].last == last
        };
        let mut ready = Ready::default();
        let add = |ready: &mut Ready, number: usize| match shares(number) {
            true => ready.free.push(number),
            false => ready
                .counted
                .push((schedule.remaining[number], Reverse(number))),
        };
        for (number, end) in ends.iter().enumerate() {
            if end.is_none() && is_ready(&missing, number) {
                add(&mut ready, number);
            }
        }
        loop {
            while !context.stop.is_asked() {
                let number = match ready.free.pop() {
                    Some(number) => number,
                    None if busy < workers.unwrap_or(usize::MAX).max(1) => {
                        match ready.counted.pop() {
                            Some((_, Reverse(number))) => number,
                            None => break,
                        }
                    }
                    None => break,
                };
                busy += usize::from(!shares(number));
                begun[number] = true;
                running.push(run.operation(number));
            }
            let Some((number, end, seconds)) = next(context, &mut running).await else {
                match context.stop.is_asked() {
                    true => break 'all,
                    false => break,
                }
            };
            busy -= usize::from(!shares(number));
            run.finished(number, &end, seconds);
            let done = matches!(end, End::Done { .. });
            let failed = matches!(end, End::Failed { .. });
            ends[number] = Some(end);
            if done {
                for follower in &behind[number] {
                    missing[*follower] -= 1;
                    if is_ready(&missing, *follower) && ends[*follower].is_none() {
                        add(&mut ready, *follower);
                    }
                }
            } else if failed {
                let by = run.change(number).address.clone();
                let mut open = behind[number].clone();
                if !last {
                    // Nothing old goes while something new is missing.
                    open.extend((0..plan.operations.len()).filter(|n| plan.operations[*n].last));
                }
                while let Some(follower) = open.pop() {
                    if ends[follower].is_none() {
                        let end = End::Blocked { by: by.clone() };
                        run.finished(follower, &end, 0.0);
                        ends[follower] = Some(end);
                        open.extend(&behind[follower]);
                    }
                }
            }
        }
    }
    Report {
        ends: ends
            .into_iter()
            .zip(begun)
            .map(|(end, begun)| {
                end.unwrap_or(match begun {
                    true => End::Left,
                    false => End::NotBegun,
                })
            })
            .collect(),
        seconds: clock.now().saturating_sub(began) as f64 / 1000.0,
        stopped: context.stop.is_asked(),
    }
}

/// Operations that nothing holds up any more.
#[derive(Default)]
struct Ready {
    /// Those that a limit holds for, the longest remaining path first.
    counted: BinaryHeap<(u64, Reverse<usize>)>,
    /// The others.
    free: Vec<usize>,
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
