//! What is tried again, and when: exponential backoff with full jitter
//! (<https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>).
//!
//! Throttling and server errors get 25 attempts, as Terraform's AWS provider gives them. A resource
//! that is not there yet, or still busy, gets minutes: AWS's services learn of each other's
//! resources with delay, and a delete is refused until the last dependent is gone. A cloud that refuses every call of a run
//! for more than a minute is given up.

use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::Context;
use crate::provider::{ErrorKind, Outcome, Pending, ProviderError};

/// Attempts at a call that is throttled or meets a server error.
const ATTEMPTS: u32 = 25;
/// The first wait at most.
const BASE: Duration = Duration::from_millis(500);
/// Any wait at most.
const CAP: Duration = Duration::from_secs(20);

/// Why a call is not tried again.
#[derive(Clone, Debug, PartialEq)]
pub enum GaveUp {
    /// It failed for good.
    Refused(ProviderError),
    /// Somebody asked to stop.
    Stopped,
}

/// How long refusals that pass by themselves are borne.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For [`ErrorKind::NotFound`].
    pub not_found: Duration,
    /// For [`ErrorKind::Conflict`].
    pub conflict: Duration,
}

impl Patience {
    /// Of a create or an update: IAM and EC2 take up to two minutes to be known everywhere.
    pub const WRITE: Self = Self {
        not_found: Duration::from_secs(120),
        conflict: Duration::from_secs(120),
    };
    /// Of a delete: what depends on it may take long to go.
    pub const DELETE: Self = Self {
        not_found: Duration::ZERO,
        conflict: Duration::from_secs(900),
    };
    /// Of a read.
    pub const READ: Self = Self {
        not_found: Duration::ZERO,
        conflict: Duration::ZERO,
    };
}

/// Calls until it works, fails for good or somebody asks to stop. `name` makes the jitter of
/// different callers differ; `again` is told of each further attempt.
///
/// # Errors
/// Why it is not tried again.
pub async fn persist<'a, T>(
    context: &Context<'_>,
    name: &str,
    patience: Patience,
    again: &mut dyn FnMut(&ProviderError, u32),
    mut call: impl FnMut() -> Pending<'a, Outcome<T>>,
) -> Result<T, GaveUp> {
    let clock = context.provider.clock();
    let began = clock.now();
    let mut attempt = 0;
    loop {
        let mut error = match call().await {
            Ok(value) => {
                context.stop.heard();
                return Ok(value);
            }
            Err(error) => error,
        };
        let given_up = match error.kind {
            ErrorKind::Throttled | ErrorKind::Transient => context.stop.unheard(clock.now()),
            _ => {
                context.stop.heard();
                false
            }
        };
        attempt += 1;
        let passed = Duration::from_millis(clock.now().saturating_sub(began));
        let goes_on = match error.kind {
            ErrorKind::Throttled | ErrorKind::Transient => attempt < ATTEMPTS && !given_up,
            ErrorKind::NotFound => passed < patience.not_found,
            ErrorKind::Conflict => passed < patience.conflict,
            _ => false,
        };
        if !goes_on {
            if given_up {
                let more = format!("; all calls have failed for {} s", super::SILENCE / 1000);
                error.message.push_str(&more);
            }
            return Err(GaveUp::Refused(error));
        }
        if context.stop.is_asked() {
            return Err(GaveUp::Stopped);
        }
        again(&error, attempt);
        if !context.sleep(wait(name, attempt)).await {
            return Err(GaveUp::Stopped);
        }
    }
}

/// The same for calls that must not be interrupted, with only throttling and server errors borne.
///
/// # Errors
/// The last error.
pub async fn steadily<'a, T>(
    context: &Context<'_>,
    name: &str,
    call: impl FnMut() -> Pending<'a, Outcome<T>>,
) -> Outcome<T> {
    let never = context.stop.deaf();
    let context = Context {
        provider: context.provider,
        owner: context.owner,
        stop: &never,
    };
    match persist(&context, name, Patience::READ, &mut |_, _| {}, call).await {
        Ok(value) => Ok(value),
        Err(GaveUp::Refused(error)) => Err(error),
        // Nobody holds `never` but this function.
        Err(GaveUp::Stopped) => unreachable!("nobody can ask to stop"),
    }
}

/// Between nothing and twice as long as before, by chance that depends on `name` alone, so that
/// runs can be repeated.
fn wait(name: &str, attempt: u32) -> Duration {
    let most = CAP.min(BASE.saturating_mul(1 << attempt.min(10)));
    let digest = Sha256::digest(format!("{name} {attempt}").as_bytes());
    let share = f64::from(u16::from_be_bytes([digest[0], digest[1]])) / f64::from(u16::MAX);
    most.mul_f64(share).max(Duration::from_millis(50))
}
