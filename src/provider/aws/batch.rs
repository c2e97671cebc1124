//! Questions that are asked at about the same time, put into one call.
//!
//! The first to ask waits until nobody else comes for a moment, and for a call of the same kind that
//! is under way, asks for all of them, and hands out the answers. When it gives up, the others find
//! out and one of them asks in its place. So the slower the cloud answers, the more goes into one call.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit, oneshot};

use crate::provider::Outcome;

/// How long the first one waits for others; small beside any answer of AWS.
const MOMENT: Duration = Duration::from_millis(3);

/// How many such moments, as long as others keep coming.
const MOMENTS: u32 = 20;

/// Questions by the call that they fit into.
pub struct Batches<K, Q, A> {
    open: RefCell<HashMap<K, Vec<Asked<Q, A>>>>,
    /// Who may call, by key.
    turns: RefCell<HashMap<K, Rc<Semaphore>>>,
    at_once: usize,
}

/// A question, and where its answer goes.
type Asked<Q, A> = (Q, oneshot::Sender<Outcome<A>>);

impl<K, Q, A> Batches<K, Q, A> {
    /// With at most `at_once` calls under way for a key.
    pub fn new(at_once: usize) -> Self {
        Self {
            open: RefCell::default(),
            turns: RefCell::default(),
            at_once,
        }
    }
}

impl<K: Eq + Hash + Clone, Q: Clone, A> Batches<K, Q, A> {
    fn turn(&self, key: &K) -> Rc<Semaphore> {
        let mut turns = self.turns.borrow_mut();
        let turn = || Rc::new(Semaphore::new(self.at_once));
        turns.entry(key.clone()).or_insert_with(turn).clone()
    }

    /// Waits a moment for others and until it is this one's turn, and takes what they asked.
    async fn gather<'a>(
        &self,
        key: &K,
        turn: &'a Semaphore,
    ) -> (Vec<Asked<Q, A>>, Option<SemaphorePermit<'a>>) {
        let open = Open { batches: self, key };
        let mut known = 1;
        for _ in 0..MOMENTS {
            tokio::time::sleep(MOMENT).await;
            let asked = open.len();
            if asked == known {
                break;
            }
            known = asked;
        }
        // Nobody ever closes it.
        let permit = turn.acquire().await.ok();
        (open.close(), permit)
    }

    /// Asks `question` together with others under the same `key`, at most `most` at once. `call`
    /// answers all of them, in their order.
    ///
    /// # Errors
    /// When the call fails for all, or this one's answer is a failure.
    pub async fn ask(
        &self,
        key: K,
        question: Q,
        most: usize,
        call: impl AsyncFn(&[Q]) -> Outcome<Vec<Outcome<A>>>,
    ) -> Outcome<A> {
        loop {
            let (sender, receiver) = oneshot::channel();
            let is_first = {
                let mut open = self.open.borrow_mut();
                let asked = open.entry(key.clone()).or_default();
                asked.push((question.clone(), sender));
                asked.len() == 1
            };
            if is_first {
                let turn = self.turn(&key);
                let (asked, _permit) = self.gather(&key, &turn).await;
                answer(asked, most, &call).await;
            }
            // Closed without an answer: the one who asked for all gave up.
            if let Ok(answer) = receiver.await {
                return answer;
            }
        }
    }
}

/// Lets those who wait for one call know when the one who was to make it gave up.
struct Open<'a, K: Eq + Hash, Q, A> {
    batches: &'a Batches<K, Q, A>,
    key: &'a K,
}

impl<K: Eq + Hash, Q, A> Open<'_, K, Q, A> {
    fn len(&self) -> usize {
        let open = self.batches.open.borrow();
        open.get(self.key).map_or(0, Vec::len)
    }

    /// Takes what was asked; whatever is asked from here on is another call.
    fn close(&self) -> Vec<Asked<Q, A>> {
        let asked = self.batches.open.borrow_mut().remove(self.key);
        asked.unwrap_or_default()
    }
}

impl<K: Eq + Hash, Q, A> Drop for Open<'_, K, Q, A> {
    fn drop(&mut self) {
        self.close();
    }
}

/// Asks all, `most` at once, and hands out the answers.
async fn answer<Q, A>(
    mut asked: Vec<Asked<Q, A>>,
    most: usize,
    call: &impl AsyncFn(&[Q]) -> Outcome<Vec<Outcome<A>>>,
) {
    while !asked.is_empty() {
        let rest = asked.split_off(most.min(asked.len()));
        let (questions, senders): (Vec<Q>, Vec<_>) = asked.into_iter().unzip();
        let answers = match call(&questions).await {
            Ok(answers) => answers,
            Err(error) => questions.iter().map(|_| Err(error.clone())).collect(),
        };
        for (sender, answer) in senders.into_iter().zip(answers) {
            // Who asked may have given up.
            let _ = sender.send(answer);
        }
        asked = rest;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn questions_of_one_moment_are_one_call() {
        let batches: Batches<&str, u32, u32> = Batches::new(2);
        let calls = Cell::new(0);
        let ask = |question| {
            batches.ask("a", question, 10, async |all: &[u32]| {
                calls.set(calls.get() + 1);
                Ok(all.iter().map(|n| Ok(n * 2)).collect())
            })
        };
        let answers = futures_util::future::join_all((0..25).map(ask)).await;
        let answers: Vec<u32> = answers.into_iter().map(Result::unwrap).collect();
        assert_eq!(answers, (0..25).map(|n| n * 2).collect::<Vec<_>>());
        assert_eq!(calls.get(), 3, "25 questions, ten at a time");
    }

    #[tokio::test(start_paused = true)]
    async fn when_the_first_gives_up_another_asks() {
        let batches: Batches<&str, u32, u32> = Batches::new(2);
        let call = async |all: &[u32]| {
            tokio::time::sleep(Duration::from_millis(10)).await;
            Ok(all.iter().map(|n| Ok(n + 1)).collect())
        };
        let first = tokio::time::timeout(Duration::from_millis(5), batches.ask("a", 1, 10, call));
        let second = batches.ask("a", 2, 10, call);
        let (first, second) = futures_util::future::join(first, second).await;
        assert!(first.is_err(), "it gave up");
        assert_eq!(second.unwrap(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_asked_while_a_call_is_under_way_goes_into_the_next() {
        let batches: Batches<&str, u32, u32> = Batches::new(1);
        let calls = RefCell::new(Vec::new());
        let ask = async |question: u32, after: u64| {
            tokio::time::sleep(Duration::from_millis(after)).await;
            batches
                .ask("a", question, 10, async |all: &[u32]| {
                    calls.borrow_mut().push(all.to_vec());
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    Ok(all.iter().map(|n| Ok(n + 1)).collect())
                })
                .await
        };
        let asked = [ask(1, 0), ask(2, 10), ask(3, 30), ask(4, 50)];
        futures_util::future::join_all(asked).await;
        assert_eq!(*calls.borrow(), [vec![1], vec![2, 3, 4]]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_ends_leaves_the_next_batch_alone() {
        let batches: Batches<&str, u32, u32> = Batches::new(2);
        let calls = Cell::new(0);
        let ask = async |question: u32, after: u64| {
            tokio::time::sleep(Duration::from_millis(after)).await;
            batches
                .ask("a", question, 10, async |all: &[u32]| {
                    calls.set(calls.get() + 1);
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    Ok(all.iter().map(|n| Ok(n + 1)).collect())
                })
                .await
        };
        // The second is still waiting for others when the first one's call ends.
        let (first, second) = futures_util::future::join(ask(1, 0), ask(2, 11)).await;
        assert_eq!((first.unwrap(), second.unwrap()), (2, 3));
        assert_eq!(calls.get(), 2, "nobody asked twice");
    }
}
