//! Where the site's name leads: doors with weights, as Route 53 answers, and what clients remember of it.
//!
//! A client that has asked goes to the same door until the answer is too old, as resolvers and browsers do; so
//! a door that closes too early is found out by those who still come.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

/// The seconds of a migration's waiting that pass in one of ours: a minute of `hold` or of a TTL is a second.
pub const PACE: u32 = 60;

/// How long an answer is remembered: the 60 seconds of the blueprints' records, and of Route 53's aliases
/// (<https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-choosing-alias-non-alias.html>).
pub const TTL: Duration = Duration::from_secs(60 / PACE as u64);

/// The answers that are given now.
#[derive(Debug)]
pub struct Names(Mutex<Vec<(u16, u32)>>);

impl Names {
    /// A name that leads to one door, by its port.
    pub fn of(door: u16) -> Self {
        Self(Mutex::new(vec![(door, 1)]))
    }

    /// Gives other answers from now on; at least one weight is above 0.
    pub fn lead(&self, doors: Vec<(u16, u32)>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = doors;
    }

    /// One answer, by the weights.
    fn answer(&self, rng: &mut ChaCha8Rng) -> u16 {
        let doors = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all: u32 = doors.iter().map(|(_, weight)| weight).sum();
        let mut at = rng.random_range(0..all.max(1));
        for (port, weight) in doors.iter() {
            match at.checked_sub(*weight) {
                None => return *port,
                Some(rest) => at = rest,
            }
        }
        doors.first().map_or(0, |(port, _)| *port)
    }
}

/// What one client remembers.
#[derive(Debug, Default)]
pub struct Remembered(Option<(u16, Instant)>);

impl Remembered {
    /// Where this client goes now.
    pub fn door(&mut self, names: &Names, now: Instant, rng: &mut ChaCha8Rng) -> u16 {
        match self.0 {
            Some((port, until)) if now < until => port,
            _ => {
                let port = names.answer(rng);
                self.0 = Some((port, now + TTL));
                port
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng as _;

    #[test]
    fn answers_follow_the_weights() {
        let names = Names::of(1);
        names.lead(vec![(1, 90), (2, 10), (3, 0)]);
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut counts = [0; 4];
        for _ in 0..10_000 {
            counts[usize::from(names.answer(&mut rng))] += 1;
        }
        assert_eq!(counts[3], 0);
        assert!((800..1200).contains(&counts[2]), "{counts:?}");
    }

    #[test]
    fn a_client_goes_where_it_was_told_until_the_answer_is_old() {
        let names = Names::of(1);
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let (mut client, now) = (Remembered::default(), Instant::now());
        assert_eq!(client.door(&names, now, &mut rng), 1);
        names.lead(vec![(2, 1)]);
        assert_eq!(client.door(&names, now + TTL / 2, &mut rng), 1);
        assert_eq!(client.door(&names, now + TTL, &mut rng), 2);
    }
}
