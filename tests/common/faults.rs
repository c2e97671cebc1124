//! What goes wrong between us and AWS, and in the words of which protocol.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::time::Duration;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use sha2::{Digest as _, Sha256};

use super::proxy::Call;

/// Before or after a call has had its effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// It never reaches the emulator.
    Before,
    /// The emulator has done it.
    After,
}

/// What is made of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// It is refused as one too many.
    Throttle,
    /// It fails with a status of 500 or more.
    Fail(u16, When),
    /// The connection breaks.
    Close(When),
    /// It is done, and half of the answer arrives.
    Truncate,
    /// It takes longer.
    Delay(Duration),
    /// It waits for the test, and then its connection breaks.
    Hold(When),
}

/// Says what is made of which call.
pub struct Faults(Box<dyn FnMut(&Call) -> Fault + Send>);

impl Faults {
    /// Everything goes well.
    pub fn none() -> Self {
        Self::by(|_| Fault::None)
    }

    /// What a function says.
    pub fn by(of: impl FnMut(&Call) -> Fault + Send + 'static) -> Self {
        Self(Box::new(of))
    }

    /// Something of everything, by chance. What becomes of an operation's first, second, ... call
    /// follows from the seed, in whatever order the calls of several operations come.
    pub fn of_seed(seed: u64) -> Self {
        let mut chance = ChaCha8Rng::seed_from_u64(seed);
        let mut share = |most: f64| {
            if chance.random_bool(0.6) {
                chance.random::<f64>() * most
            } else {
                0.0
            }
        };
        let shares = [
            (Fault::Throttle, share(0.15)),
            (Fault::Fail(500, When::Before), share(0.06)),
            (Fault::Fail(500, When::After), share(0.1)),
            (Fault::Fail(503, When::Before), share(0.06)),
            (Fault::Fail(503, When::After), share(0.1)),
            (Fault::Close(When::Before), share(0.08)),
            (Fault::Close(When::After), share(0.15)),
            (Fault::Truncate, share(0.15)),
            (Fault::Delay(Duration::ZERO), share(0.2)),
        ];
        Self::by(move |call| {
            let text = format!("{seed} {} {} {}", call.service, call.operation, call.nth);
            let mut chance = ChaCha8Rng::from_seed(Sha256::digest(text.as_bytes()).into());
            let mut drawn: f64 = chance.random();
            for (fault, share) in shares {
                if drawn < share {
                    return match fault {
                        Fault::Delay(_) => {
                            Fault::Delay(Duration::from_millis(chance.random_range(1..200)))
                        }
                        other => other,
                    };
                }
                drawn -= share;
            }
            Fault::None
        })
    }

    /// What is made of a call.
    pub fn of(&mut self, call: &Call) -> Fault {
        (self.0)(call)
    }
}

impl Fault {
    /// Status, content type and text of the error that it is, in the protocol of the call's service.
    pub fn refusal(&self, call: &Call) -> Option<(&'static str, &'static str, String)> {
        let service = &*call.service;
        let (status, code) = match self {
            Self::Throttle => match service {
                "ec2" => ("503 Service Unavailable", "RequestLimitExceeded"),
                "s3" => ("503 Slow Down", "SlowDown"),
                _ if is_json(service) => ("400 Bad Request", "ThrottlingException"),
                _ => ("400 Bad Request", "Throttling"),
            },
            Self::Fail(503, _) => ("503 Service Unavailable", "ServiceUnavailable"),
            Self::Fail(..) if service == "ec2" || service == "s3" => {
                ("500 Internal Server Error", "InternalError")
            }
            Self::Fail(..) => ("500 Internal Server Error", "InternalFailure"),
            _ => return None,
        };
        let message = "A fault of the test's.";
        let error = format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
        let (content, body) = match service {
            service if is_json(service) => (
                "application/x-amz-json-1.1",
                format!(r#"{{"__type": "{code}", "message": "{message}"}}"#),
            ),
            "ec2" => (
                "text/xml",
                format!("<Response><Errors>{error}</Errors><RequestID>1</RequestID></Response>"),
            ),
            "s3" => ("application/xml", error),
            _ => (
                "text/xml",
                format!("<ErrorResponse>{error}<RequestId>1</RequestId></ErrorResponse>"),
            ),
        };
        Some((status, content, body))
    }
}

/// Whether a service speaks JSON; the others speak XML.
fn is_json(service: &str) -> bool {
    [
        "acm",
        "backup",
        "cloudcontrolapi",
        "logs",
        "secretsmanager",
        "ssm",
        "tagging",
        "wafv2",
    ]
    .contains(&service)
}
