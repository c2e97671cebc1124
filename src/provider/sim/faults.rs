//! What goes wrong on purpose: throttling, server errors, lost answers, late consistency, refusals.
//!
//! Everything follows from a seed and the number of calls so far, so a run can be repeated.

use std::collections::BTreeSet;
use std::sync::Arc;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::provider::{ErrorKind, ProviderError};

/// What goes wrong, and how often.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Faults {
    /// Where chance starts.
    pub seed: u64,
    /// The share of calls that are throttled, from 0 to 1.
    pub throttle: f64,
    /// The share of calls that fail with a server error before anything happened.
    pub transient: f64,
    /// The share of calls whose effect happens but whose answer never arrives.
    pub lose: f64,
    /// Lists and reads show a new resource so many milliseconds late, at most.
    pub lag: u64,
    /// Refusals of particular calls.
    pub refusals: Vec<Refusal>,
    /// Regions that do not answer, and between which and others nothing is replicated.
    pub down: BTreeSet<Arc<str>>,
    /// Whether AWS has not verified the account yet.
    pub unverified: bool,
    /// Hosted zones to which nobody delegates, by name.
    pub undelegated: BTreeSet<Arc<str>>,
    /// What becomes of images that servers start.
    pub images: Images,
    /// Calls so far.
    pub calls: u64,
}

/// What is wrong with images, by a part of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Images {
    /// Those that never become healthy.
    pub sick: BTreeSet<Arc<str>>,
    /// Those that answer every request with an error from a minute after their start on.
    pub failing: BTreeSet<Arc<str>>,
}

impl Images {
    /// Whether a name has one of these parts.
    pub fn is_one(parts: &BTreeSet<Arc<str>>, image: &str) -> bool {
        parts.iter().any(|part| image.contains(&**part))
    }
}

/// A refusal of particular calls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refusal {
    /// Part of the call, the kind and the address that it is about: `ec2:CreateSubnet AWS::EC2::Subnet us-east-1/x`.
    pub what: Arc<str>,
    /// AWS's code, such as `InsufficientDBInstanceCapacity`.
    pub code: Arc<str>,
    /// How many more times; `None` is always.
    pub times: Option<u32>,
}

/// What becomes of one call.
#[derive(Debug, PartialEq)]
pub enum Fate {
    /// It is carried out and answered.
    Done,
    /// It is refused.
    Refused(ProviderError),
    /// It is carried out, and the answer is lost.
    Lost(ProviderError),
}

impl Faults {
    /// Whether nothing goes wrong on purpose.
    pub fn is_quiet(&self) -> bool {
        let Self {
            seed: _,
            calls: _,
            throttle,
            transient,
            lose,
            lag,
            refusals,
            down,
            unverified,
            undelegated,
            images,
        } = self;
        *throttle == 0.0
            && *transient == 0.0
            && *lose == 0.0
            && *lag == 0
            && refusals.is_empty()
            && down.is_empty()
            && !unverified
            && undelegated.is_empty()
            && *images == Images::default()
    }

    /// What becomes of the next call, and how late lists show what it makes, in milliseconds.
    /// `subject` is the kind and address that it is about; empty for lists.
    pub fn next(&mut self, operation: &str, subject: &str) -> (Fate, u64) {
        self.calls += 1;
        let mut chance = ChaCha8Rng::seed_from_u64(self.seed);
        chance.set_stream(self.calls);
        let (dice, lag): (f64, f64) = (chance.random(), chance.random());
        let lag = (lag * self.lag as f64) as u64;
        let error = |kind, code: &str, message: &str| ProviderError {
            kind,
            code: code.to_owned(),
            message: message.to_owned(),
            operation: operation.to_owned(),
        };
        let call = format!("{operation} {subject}");
        let refusal = self
            .refusals
            .iter_mut()
            .find(|r| !subject.is_empty() && call.contains(&*r.what) && r.times != Some(0));
        if let Some(refusal) = refusal {
            if let Some(times) = &mut refusal.times {
                *times -= 1;
            }
            let message = "refused on purpose, see `scalectl sim fault`";
            return (
                Fate::Refused(error(ErrorKind::Invalid, &refusal.code, message)),
                lag,
            );
        }
        let fate = if dice < self.throttle {
            Fate::Refused(error(ErrorKind::Throttled, "Throttling", "Rate exceeded"))
        } else if dice < self.throttle + self.transient {
            Fate::Refused(error(
                ErrorKind::Transient,
                "InternalError",
                "an internal error has occurred",
            ))
        } else if dice < self.throttle + self.transient + self.lose {
            Fate::Lost(error(
                ErrorKind::Transient,
                "ConnectionReset",
                "the answer did not arrive",
            ))
        } else {
            Fate::Done
        };
        (fate, lag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_brings_the_same_fate() {
        let fates = |seed| {
            let mut faults = Faults {
                seed,
                throttle: 0.3,
                lose: 0.3,
                ..Faults::default()
            };
            (0..50)
                .map(|_| faults.next("ec2:CreateVPC", "x"))
                .collect::<Vec<_>>()
        };
        assert_eq!(fates(7), fates(7));
        assert_ne!(fates(7), fates(8));
    }

    #[test]
    fn a_refusal_ends_after_its_times() {
        let refusal = Refusal {
            what: "RDS".into(),
            code: "NoCapacity".into(),
            times: Some(1),
        };
        let mut faults = Faults {
            refusals: vec![refusal],
            ..Faults::default()
        };
        assert!(matches!(
            faults.next("rds:Create", "AWS::RDS::DBInstance").0,
            Fate::Refused(_)
        ));
        assert_eq!(
            faults.next("rds:Create", "AWS::RDS::DBInstance").0,
            Fate::Done
        );
    }
}
