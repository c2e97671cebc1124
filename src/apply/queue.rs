//! Which operations of a plan can begin: what each one still waits for, and what a failure holds back. Pure
//! bookkeeping; running them is `execute`'s.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::event::End;
use crate::plan::schedule::followers;
use crate::plan::{Plan, Step};

/// The operations of a plan, by their number.
pub struct Queue<'a> {
    plan: &'a Plan,
    /// At most this many that count at a time.
    workers: usize,
    /// Whether an operation goes out in one call with others, so that it does not count.
    shares: &'a dyn Fn(usize) -> bool,
    /// The longest path from an operation to the end, in milliseconds.
    remaining: Vec<u64>,
    /// How many operations each one waits for.
    missing: Vec<usize>,
    /// What waits for an operation to end.
    behind: Vec<Vec<usize>>,
    /// Of these, the writes: they can begin when what they refer to can be used.
    writes_behind: Vec<Vec<usize>>,
    /// And the deletes: they wait until that is sure.
    deletes_behind: Vec<Vec<usize>>,
    ends: Vec<Option<End>>,
    begun: Vec<bool>,
    told: Vec<bool>,
    /// Whether this is the round of what goes last.
    last: bool,
    /// Ready ones that the limit holds for, the longest remaining path first.
    counted: BinaryHeap<(u64, Reverse<usize>)>,
    /// The other ready ones.
    free: Vec<usize>,
    /// How many are under way that nobody can use yet.
    open: usize,
    /// How many of them count.
    busy: usize,
}

impl<'a> Queue<'a> {
    pub fn new(
        plan: &'a Plan,
        workers: Option<usize>,
        shares: &'a dyn Fn(usize) -> bool,
    ) -> Queue<'a> {
        let needs = plan.operations.iter().map(|one| one.needs.as_slice());
        let behind = followers(needs.clone());
        let (deletes_behind, writes_behind) = behind
            .iter()
            .map(|behind| {
                let is_delete = |number: &usize| plan.operations[*number].step == Step::Delete;
                behind.iter().copied().partition(is_delete)
            })
            .unzip();
        let count = plan.operations.len();
        Queue {
            plan,
            workers: workers.unwrap_or(usize::MAX).max(1),
            shares,
            remaining: plan.schedule(workers).remaining,
            missing: needs.map(<[usize]>::len).collect(),
            behind,
            writes_behind,
            deletes_behind,
            ends: vec![None; count],
            begun: vec![false; count],
            told: vec![false; count],
            last: false,
            counted: BinaryHeap::new(),
            free: Vec::new(),
            open: 0,
            busy: 0,
        }
    }

    /// Begins with everything, or with what goes `last`.
    pub fn begin_round(&mut self, last: bool) {
        self.last = last;
        self.counted.clear();
        self.free.clear();
        for number in 0..self.ends.len() {
            self.add_if_ready(number);
        }
    }

    /// The next one to begin; from then on it is under way.
    pub fn take(&mut self) -> Option<usize> {
        loop {
            let number = match self.free.pop() {
                Some(number) => number,
                None if self.busy < self.workers => self.counted.pop()?.1.0,
                None => return None,
            };
            // What it needs may have been usable, and failed after all while this one queued.
            if self.ends[number].is_none() {
                self.busy += self.weight(number);
                self.open += 1;
                self.begun[number] = true;
                return Some(number);
            }
        }
    }

    /// Whether nothing is under way that nobody can use yet.
    pub fn all_usable(&self) -> bool {
        self.open == 0
    }

    /// Records that an operation can be used or has ended, whichever is reported first.
    pub fn told(&mut self, number: usize, can_be_used: bool) {
        if std::mem::replace(&mut self.told[number], true) {
            return;
        }
        self.open -= 1;
        self.busy -= self.weight(number);
        if can_be_used {
            let writes = std::mem::take(&mut self.writes_behind[number]);
            self.release(&writes);
        }
    }

    /// Keeps how an operation ended.
    pub fn ended(&mut self, number: usize, end: End) {
        let done = matches!(end, End::Done { .. });
        self.ends[number] = Some(end);
        if done {
            let deletes = std::mem::take(&mut self.deletes_behind[number]);
            self.release(&deletes);
        }
    }

    /// Ends all that waits for an operation that failed and has not begun, as `end` says.
    pub fn block(&mut self, number: usize, mut end: impl FnMut(usize) -> End) {
        let mut blocked = self.behind[number].clone();
        if !self.last {
            // Nothing old goes while something new is missing.
            let all = self.plan.operations.iter().enumerate();
            blocked.extend(all.filter(|(_, one)| one.last).map(|(number, _)| number));
        }
        while let Some(follower) = blocked.pop() {
            if self.ends[follower].is_none() && !self.begun[follower] {
                self.ends[follower] = Some(end(follower));
                blocked.extend(&self.behind[follower]);
            }
        }
    }

    /// How each one ended, and whether it began.
    pub fn into_ends(self) -> (Vec<Option<End>>, Vec<bool>) {
        (self.ends, self.begun)
    }

    fn release(&mut self, followers: &[usize]) {
        for follower in followers {
            self.missing[*follower] -= 1;
            self.add_if_ready(*follower);
        }
    }

    fn add_if_ready(&mut self, number: usize) {
        let of_round = self.plan.operations[number].last == self.last;
        if self.missing[number] > 0 || !of_round || self.ends[number].is_some() {
            return;
        }
        if (self.shares)(number) {
            self.free.push(number);
        } else {
            let place = (self.remaining[number], Reverse(number));
            self.counted.push(place);
        }
    }

    fn weight(&self, number: usize) -> usize {
        usize::from(!(self.shares)(number))
    }
}
