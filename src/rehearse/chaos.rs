//! What is killed, and when: decided by the seed alone.

use std::time::Duration;

use rand::RngExt as _;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

/// Something that is killed while a script runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blow {
    /// What.
    pub target: Target,
    /// How long after the script's begin.
    pub after: Duration,
}

/// What can be killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The script, with everything it started.
    Script,
    /// The source (0) or the target (1), which is started again at once.
    Server(usize),
}

/// A seeded source of blows.
#[derive(Debug)]
pub struct Chaos {
    rng: ChaCha8Rng,
    left: u32,
    reach: Duration,
}

/// Within what time a blow falls before any script has shown how long scripts take here.
const REACH: Duration = Duration::from_millis(400);

/// Blows to one step; then it is let through, or the walk would have no end.
const MOST: u32 = 4;

impl Chaos {
    /// The blows of a seed.
    pub fn new(seed: u64) -> Self {
        Self {
            rng: ChaCha8Rng::seed_from_u64(seed),
            left: MOST,
            reach: REACH,
        }
    }

    /// A new step begins.
    pub fn step(&mut self) {
        self.left = MOST;
    }

    /// A script ran undisturbed for so long. The next blow falls within that time: on a fast machine as on
    /// a slow one it meets every part of a script, and seldom comes too late.
    pub fn ran(&mut self, took: Duration) {
        self.reach = took.max(Duration::from_millis(1));
    }

    /// What the next run of a script meets.
    pub fn next(&mut self) -> Option<Blow> {
        if self.left == 0 || self.rng.random_bool(0.2) {
            return None;
        }
        self.left -= 1;
        let target = match self.rng.random_range(0..10) {
            0 => Target::Server(0),
            1 => Target::Server(1),
            _ => Target::Script,
        };
        Some(Blow {
            target,
            after: self.reach.mul_f64(self.rng.random()),
        })
    }

    /// Whether a script that was killed is undone before it is done again.
    pub fn undoes(&mut self) -> bool {
        self.rng.random_bool(0.4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_blows_and_a_step_has_an_end() {
        let blows = |seed| {
            let mut chaos = Chaos::new(seed);
            (0..50).map(|_| chaos.next()).collect::<Vec<_>>()
        };
        assert_eq!(blows(7), blows(7));
        assert_ne!(blows(7), blows(8));
        assert_eq!(blows(7).iter().flatten().count(), MOST as usize);
    }

    #[test]
    fn blows_fall_within_the_time_that_scripts_take() {
        let mut chaos = Chaos::new(3);
        for took in [90, 700, 5_000].map(Duration::from_millis) {
            chaos.ran(took);
            chaos.step();
            let blows: Vec<Blow> = (0..20).filter_map(|_| chaos.next()).collect();
            assert!(blows.iter().all(|blow| blow.after < took), "{blows:?}");
        }
    }
}
