//! When each operation of a plan runs, and how long the whole takes.
//!
//! Pure list scheduling: of what is ready, the operation with the longest remaining path goes
//! first (Graham, "Bounds on Multiprocessing Timing Anomalies", 1969: within twice the optimum for
//! any number of workers, and the optimum when there are enough). The executor uses the same
//! priorities, so the prediction and the run agree.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// One thing to do: how long it typically takes and what has to be done before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Typical seconds.
    pub seconds: u64,
    /// Indices of tasks that come first.
    pub needs: Vec<usize>,
    /// Whether it waits for every task that is not marked so.
    pub last: bool,
}

/// A prediction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schedule {
    /// Seconds from the start to each task's end.
    pub finish: Vec<u64>,
    /// Seconds from each task's start to the end of the longest chain behind it.
    pub remaining: Vec<u64>,
    /// Seconds for everything.
    pub makespan: u64,
    /// The longest chain, in order: what has to become faster for the whole to become faster.
    pub critical: Vec<usize>,
}

/// The prediction for `workers` at once, or without a limit.
///
/// Tasks on a cycle are never ready; they are left out, with a finish of 0. Operations have no
/// cycles, because the graph they come from has none.
pub fn schedule(tasks: &[Task], workers: Option<usize>) -> Schedule {
    let behind = followers(tasks.iter().map(|task| task.needs.as_slice()));
    let mut missing: Vec<usize> = tasks.iter().map(|task| task.needs.len()).collect();
    let (remaining, next) = longest_paths(tasks, &behind);
    let mut finish = vec![0; tasks.len()];
    let mut critical: Vec<usize> = Vec::new();
    let mut now = 0;
    for last in [false, true] {
        let mut ready: BinaryHeap<(u64, Reverse<usize>)> = (0..tasks.len())
            .filter(|index| missing[*index] == 0 && tasks[*index].last == last)
            .map(|index| (remaining[index], Reverse(index)))
            .collect();
        // The longest chain of this half; needs of the other half are behind us.
        let first = (0..tasks.len())
            .filter(|index| tasks[*index].last == last)
            .filter(|index| {
                tasks[*index]
                    .needs
                    .iter()
                    .all(|need| tasks[*need].last != last)
            })
            .max_by_key(|index| (remaining[*index], Reverse(*index)));
        critical.extend(std::iter::successors(first, |index| next[*index]));
        let mut running: BinaryHeap<Reverse<(u64, usize)>> = BinaryHeap::new();
        let limit = workers.unwrap_or(usize::MAX).max(1);
        loop {
            while running.len() < limit {
                let Some((_, Reverse(index))) = ready.pop() else {
                    break;
                };
                finish[index] = now + tasks[index].seconds;
                running.push(Reverse((finish[index], index)));
            }
            let Some(Reverse((end, index))) = running.pop() else {
                break;
            };
            now = end;
            for follower in &behind[index] {
                missing[*follower] -= 1;
                if missing[*follower] == 0 && tasks[*follower].last == last {
                    ready.push((remaining[*follower], Reverse(*follower)));
                }
            }
        }
    }
    Schedule {
        finish,
        remaining,
        makespan: now,
        critical,
    }
}

/// For each of these, given by what it needs, those that need it.
pub fn followers<'a>(needs: impl ExactSizeIterator<Item = &'a [usize]>) -> Vec<Vec<usize>> {
    let mut behind: Vec<Vec<usize>> = vec![Vec::new(); needs.len()];
    for (index, needs) in needs.enumerate() {
        for need in needs {
            behind[*need].push(index);
        }
    }
    behind
}

/// These, given by what each needs, so that each comes after what it needs (Kahn, "Topological
/// sorting of large networks", 1962). What is on a circle, or behind one, is left out.
pub fn order<'a>(needs: impl ExactSizeIterator<Item = &'a [usize]> + Clone) -> Vec<usize> {
    let mut missing: Vec<usize> = needs.clone().map(<[usize]>::len).collect();
    let behind = followers(needs);
    let mut order: Vec<usize> = (0..missing.len())
        .filter(|index| missing[*index] == 0)
        .collect();
    let mut done = 0;
    while done < order.len() {
        for follower in &behind[order[done]] {
            missing[*follower] -= 1;
            if missing[*follower] == 0 {
                order.push(*follower);
            }
        }
        done += 1;
    }
    order
}

/// For each task the length of the longest chain that begins with it, and the next on that chain.
fn longest_paths(tasks: &[Task], behind: &[Vec<usize>]) -> (Vec<u64>, Vec<Option<usize>>) {
    let order = order(tasks.iter().map(|task| task.needs.as_slice()));
    let mut remaining = vec![0; tasks.len()];
    let mut next = vec![None; tasks.len()];
    for index in order.into_iter().rev() {
        let longest = behind[index]
            .iter()
            .copied()
            .filter(|follower| tasks[*follower].last == tasks[index].last)
            .max_by_key(|follower| (remaining[*follower], Reverse(*follower)));
        remaining[index] = tasks[index].seconds + longest.map_or(0, |follower| remaining[follower]);
        next[index] = longest;
    }
    (remaining, next)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn task(seconds: u64, needs: &[usize]) -> Task {
        Task {
            seconds,
            needs: needs.to_vec(),
            last: false,
        }
    }

    #[test]
    fn the_critical_path_is_the_longest_chain() {
        let tasks = [
            task(2, &[]),
            task(480, &[0]),
            task(160, &[0]),
            task(5, &[1, 2]),
        ];
        let plan = schedule(&tasks, None);
        assert_eq!(plan.critical, [0, 1, 3]);
        assert_eq!(plan.makespan, 487);
        assert_eq!(plan.finish, [2, 482, 162, 487]);
    }

    #[test]
    fn one_worker_takes_the_longest_chain_first() {
        let tasks = [task(1, &[]), task(10, &[]), task(10, &[1])];
        let plan = schedule(&tasks, Some(1));
        assert_eq!(plan.makespan, 21);
        assert_eq!(plan.finish, [21, 10, 20]);
    }

    #[test]
    fn nothing_takes_no_time() {
        assert_eq!(schedule(&[], Some(10)), Schedule::default());
    }

    #[test]
    fn what_comes_last_waits_for_everything_else() {
        let last = Task {
            last: true,
            ..task(40, &[])
        };
        let tasks = [task(10, &[]), last, task(5, &[0])];
        let plan = schedule(&tasks, None);
        assert_eq!(plan.finish, [10, 55, 15]);
        assert_eq!((plan.makespan, plan.critical), (55, vec![0, 2, 1]));
    }

    fn tasks() -> impl Strategy<Value = Vec<Task>> {
        prop::collection::vec(
            (
                0..100u64,
                prop::collection::vec(any::<prop::sample::Index>(), 0..4),
            ),
            1..60,
        )
        .prop_map(|raw| {
            raw.into_iter()
                .enumerate()
                .map(|(index, (seconds, needs))| {
                    let mut needs: Vec<usize> = match index {
                        0 => Vec::new(),
                        _ => needs.iter().map(|need| need.index(index)).collect(),
                    };
                    needs.sort_unstable();
                    needs.dedup();
                    Task {
                        seconds,
                        needs,
                        last: false,
                    }
                })
                .collect()
        })
    }

    proptest! {
        #[test]
        fn no_task_starts_before_what_it_needs(tasks in tasks(), workers in 1..12usize) {
            let plan = schedule(&tasks, Some(workers));
            for (index, task) in tasks.iter().enumerate() {
                for need in &task.needs {
                    prop_assert!(plan.finish[index] >= plan.finish[*need] + task.seconds);
                }
            }
        }

        #[test]
        fn the_makespan_keeps_grahams_bound(tasks in tasks(), workers in 1..12usize) {
            let best = schedule(&tasks, None).makespan;
            let work: u64 = tasks.iter().map(|task| task.seconds).sum();
            let plan = schedule(&tasks, Some(workers));
            prop_assert!(plan.makespan >= best && plan.makespan >= work.div_ceil(workers as u64));
            prop_assert!(plan.makespan <= work / workers as u64 + best);
            let chain: u64 = plan.critical.iter().map(|index| tasks[*index].seconds).sum();
            prop_assert_eq!(chain, best);
        }
    }
}
