//! Runs a plan's operations: whatever is ready, the longest remaining path first. What each one does
//! is `operation`'s.
//!
//! A permanent error stops what depends on it and nothing else. Success is what is found afterwards,
//! property by property, not that a call returned.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use super::Context;
use super::event::{End, Event, Report};
use super::operation::Run;
use crate::plan::schedule::followers;
use crate::plan::{Plan, Step};

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
    let schedule = plan.schedule(workers);
    let needs = plan
        .operations
        .iter()
        .map(|operation| operation.needs.as_slice());
    let mut missing: Vec<usize> = needs.clone().map(<[usize]>::len).collect();
    let behind = followers(needs);
    // A write can begin when what it refers to can be used; a delete waits until that is sure.
    let (deletes_behind, writes_behind): (Vec<Vec<usize>>, Vec<Vec<usize>>) = behind
        .iter()
        .map(|behind| {
            let is_delete = |number: &usize| plan.operations[*number].step == Step::Delete;
            behind.iter().copied().partition(is_delete)
        })
        .unzip();
    let mut ends: Vec<Option<End>> = vec![None; plan.operations.len()];
    let shares = |number: usize| {
        let kind = &run.change(number).kind;
        context.provider.shares_calls(kind)
    };
    let mut running = FuturesUnordered::new();
    // Those under way that nobody can use yet; and how many of them count.
    let (mut open, mut busy) = (0, 0);
    let mut begun = vec![false; plan.operations.len()];
    let mut told = vec![false; plan.operations.len()];
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
        let release =
            |missing: &mut [usize], ends: &[Option<End>], ready: &mut Ready, of: &[usize]| {
                for follower in of {
                    missing[*follower] -= 1;
                    if is_ready(missing, *follower) && ends[*follower].is_none() {
                        add(ready, *follower);
                    }
                }
            };
        loop {
            while !context.stop.is_asked() && !context.stop.is_given_up() {
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
                if ends[number].is_some() {
                    // What it needs could be used, and failed after all while this one queued.
                    continue;
                }
                busy += usize::from(!shares(number));
                open += 1;
                begun[number] = true;
                running.push(run.operation(number));
            }
            run.quiet.send_replace(open == 0);
            let (number, ended) = tokio::select! {
                biased;
                Some(number) = usable.recv() => (number, None),
                ended = next(context, &mut running) => match ended {
                    Some((number, end, seconds)) => (number, Some((end, seconds))),
                    None if context.stop.is_asked() => break 'all,
                    None => break,
                },
            };
            let done = matches!(ended, Some((End::Done { .. }, _)));
            let failed = matches!(ended, Some((End::Failed { .. }, _)));
            // Whichever is told first: that it can be used, or its end.
            if !std::mem::replace(&mut told[number], true) {
                (open, busy) = (open - 1, busy - usize::from(!shares(number)));
                if done || ended.is_none() {
                    release(&mut missing, &ends, &mut ready, &writes_behind[number]);
                }
            }
            let Some((end, seconds)) = ended else {
                continue;
            };
            run.finished(number, &end, seconds);
            ends[number] = Some(end);
            if done {
                release(&mut missing, &ends, &mut ready, &deletes_behind[number]);
            } else if failed {
                let by = run.change(number).address.clone();
                let mut blocked = behind[number].clone();
                if !last {
                    // Nothing old goes while something new is missing.
                    blocked.extend((0..plan.operations.len()).filter(|n| plan.operations[*n].last));
                }
                while let Some(follower) = blocked.pop() {
                    if ends[follower].is_none() && !begun[follower] {
                        let end = End::Blocked { by: by.clone() };
                        run.finished(follower, &end, 0.0);
                        ends[follower] = Some(end);
                        blocked.extend(&behind[follower]);
                    }
                }
            }
        }
    }
    let found = run.found(&ends);
    Report {
        found,
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
        seconds: context.provider.clock().now().saturating_sub(run.began) as f64 / 1000.0,
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
