//! Gates: what must be true before a migration continues.
//!
//! Each gate has a file of its own: its settings, what a reading means for it, and its words. The table below names
//! them; keys, error messages and the published schema follow from it. [`until_open`] repeats a gate until it passes or
//! its time is up. What gates read comes from [`Readings`]: the migration implements it for a cloud
//! ([`super::walk`]), a rehearsal for the servers that it starts.

mod alarms;
mod answers;
mod caught_up;
mod command;
mod errors;
mod evaluate;
mod expression;
mod files;
mod healthy;
mod hold;
mod lag;
mod latency;
mod probe;
mod reachable;
mod readings;

use std::sync::Arc;
use std::time::Duration;

use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};

pub use alarms::Alarms;
pub use answers::Answers;
pub use caught_up::CaughtUp;
pub use command::Command;
pub use errors::Errors;
pub use evaluate::{End, until_open};
pub use expression::Expression;
pub use files::Files;
pub use healthy::Healthy;
pub use hold::Hold;
pub use lag::Lag;
pub use latency::Latency;
pub use probe::Probe;
pub use reachable::Reachable;
pub use readings::{
    Behind, Copied, Failures, Firing, Latencies, Name, Names, Probed, Read, Readings, Servers,
    Takeover,
};

use crate::spec::{self, Cadence};

/// A gate: a question, how often in a row the answer has to be good, and how long that may take.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Written")]
#[schemars(transform = without_defaults)]
pub struct Gate {
    /// What is asked.
    #[serde(flatten)]
    pub check: Check,
    /// How often it is checked, and until when.
    #[serde(flatten)]
    pub cadence: Cadence,
}

/// A gate that is printed has all its keys, so their defaults in the spec say nothing.
fn without_defaults(schema: &mut Schema) {
    for key in ["times", "every", "within"] {
        let property = schema.pointer_mut(&format!("/properties/{key}"));
        if let Some(property) = property.and_then(|property| property.as_object_mut()) {
            property.remove("default");
        }
    }
}

/// The moment of a check.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Time since the gate was first checked.
    pub passed: Duration,
    /// Time after which the gate fails.
    pub within: Duration,
}

/// What one gate reads, and in which words.
trait Condition {
    /// Reads it once; `None` where `readings` cannot.
    async fn read<R: Readings>(&self, readings: &R, moment: Moment) -> Read<Reading, R::Error>;

    /// What is waited for, in a few words.
    fn in_short(&self) -> String;

    /// What is asked, in words.
    fn in_words(&self) -> String;
}

/// The table of gates: the keys that gates have with their types, then each gate's name in YAML, its type, and which
/// of the keys it has. A key that its type lacks, or the reverse, does not compile.
macro_rules! gates {
    (
        keys { $($key:ident: $type:ty),* $(,)? }
        $($name:literal => $gate:ident { $($own:ident),* }),* $(,)?
    ) => {
        /// What a gate asks.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(tag = "check")]
        #[expect(missing_docs, reason = "the types say what each is, in the schema too")]
        pub enum Check {
            $(#[serde(rename = $name)] $gate($gate),)*
        }

        /// The name of every gate in YAML.
        pub const NAMES: &[&str] = &[$($name),*];

        /// A gate as it is written: every key that one may have, so that no other passes.
        #[derive(Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        struct Written {
            check: Arc<str>,
            times: Option<u32>,
            every: Option<u32>,
            within: Option<u32>,
            $($key: Option<$type>,)*
        }

        impl Written {
            fn check(mut self) -> Result<Check, String> {
                let name = self.check;
                let check = match &*name {
                    $($name => Check::$gate($gate {
                        $($own: self.$own.take().ok_or_else(|| lacks(&name, stringify!($own)))?,)*
                    }),)*
                    other => return Err(no_such(other)),
                };
                // The gate has taken its own.
                $(if self.$key.is_some() {
                    return Err(format!("a gate `{name}` has no field `{}`", stringify!($key)));
                })*
                Ok(check)
            }
        }

        impl Check {
            /// Reads it once; `None` where `readings` cannot.
            ///
            /// # Errors
            /// Those of `readings`.
            pub async fn read<R: Readings>(
                &self,
                readings: &R,
                moment: Moment,
            ) -> Read<Reading, R::Error> {
                match self {
                    $(Self::$gate(gate) => gate.read(readings, moment).await,)*
                }
            }

            /// What is waited for, in a few words.
            pub fn in_short(&self) -> String {
                match self {
                    $(Self::$gate(gate) => gate.in_short(),)*
                }
            }

            /// What is asked, in words.
            pub fn in_words(&self) -> String {
                match self {
                    $(Self::$gate(gate) => gate.in_words(),)*
                }
            }
        }
    };
}

gates! {
    keys { below: u32, seconds: u32, command: Arc<str>, expression: Arc<str> }
    "reachable" => Reachable {},
    "healthy" => Healthy {},
    "answers" => Answers {},
    "probe" => Probe {},
    "errors" => Errors { below },
    "latency" => Latency { below },
    "alarms" => Alarms {},
    "lag" => Lag { below },
    "caught-up" => CaughtUp {},
    "files" => Files {},
    "hold" => Hold { seconds },
    "command" => Command { command },
    "expression" => Expression { expression },
}

fn lacks(gate: &str, key: &str) -> String {
    format!("a gate `{gate}` needs `{key}`")
}

fn no_such(name: &str) -> String {
    let mut names = NAMES.to_vec();
    names.sort_unstable();
    let last = names.pop().unwrap_or_default();
    format!("there is no check {name:?}: {} or {last}", names.join(", "))
}

impl TryFrom<Written> for Gate {
    type Error = String;
    fn try_from(written: Written) -> Result<Self, String> {
        let set = Cadence::default();
        let cadence = Cadence {
            // A step asks twice unless it says otherwise: what is seen once may be seen too early.
            times: written.times.unwrap_or(2),
            every: written.every.unwrap_or(set.every),
            within: written.within.unwrap_or(set.within),
        };
        let check = written.check()?;
        if cadence.times == 0 || cadence.every == 0 {
            return Err("`times` and `every` are 1 or more".to_owned());
        }
        Ok(Self { check, cadence })
    }
}

impl Gate {
    /// One that is checked every ten seconds.
    pub const fn new(check: Check, times: u32, within: u32) -> Self {
        let cadence = Cadence {
            times,
            every: 10,
            within,
        };
        Self { check, cadence }
    }

    /// A gate of the user's.
    pub fn of_spec(gate: &spec::MigrationGate) -> Option<Self> {
        let check = match (&gate.command, &gate.expression) {
            (Some(command), _) => Check::Command(Command {
                command: command.as_str().into(),
            }),
            (None, Some(expression)) => Check::Expression(Expression {
                expression: expression.as_str().into(),
            }),
            (None, None) => return None,
        };
        Some(Self {
            check,
            cadence: gate.cadence,
        })
    }
}

impl Check {
    /// Whether a user asks it, of the real cloud.
    pub fn is_users(&self) -> bool {
        matches!(self, Self::Command(_) | Self::Expression(_))
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Reading {
    /// Whether it is good.
    pub good: bool,
    /// What was seen, in words.
    pub seen: String,
}

impl Reading {
    /// A good answer.
    pub fn good(seen: impl Into<String>) -> Self {
        Self::of(true, seen)
    }

    /// A bad one.
    pub fn bad(seen: impl Into<String>) -> Self {
        Self::of(false, seen)
    }

    /// A good or a bad one.
    pub fn of(good: bool, seen: impl Into<String>) -> Self {
        Self {
            good,
            seen: seen.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Gate, String> {
        serde_saphyr::from_str(text).map_err(|error| error.without_snippet().to_string())
    }

    /// A gate with every key that it needs.
    fn written(name: &str) -> String {
        let keys = match name {
            "errors" | "latency" | "lag" => ", below: 5",
            "hold" => ", seconds: 5",
            "command" => ", command: \"true\"",
            "expression" => ", expression: \"true\"",
            _ => "",
        };
        format!("{{check: {name}{keys}}}")
    }

    #[test]
    fn every_gate_is_read_and_written_by_its_name() {
        for name in NAMES {
            let gate = parsed(&written(name)).unwrap();
            let json = serde_json::to_value(&gate).unwrap();
            assert_eq!(json["check"], *name);
            assert_eq!(json["times"], 2);
            assert_eq!(serde_json::from_value::<Gate>(json).unwrap(), gate);
        }
    }

    #[test]
    fn an_unknown_gate_is_answered_with_all_there_are() {
        let error = parsed("{check: fine}").unwrap_err();
        for name in NAMES {
            assert!(error.contains(name), "{name}: {error}");
        }
    }

    #[test]
    fn a_gate_has_its_own_keys_and_no_others() {
        for (text, why) in [
            ("{check: lag}", "a gate `lag` needs `below`"),
            (
                "{check: lag, below: 5, seconds: 1}",
                "a gate `lag` has no field `seconds`",
            ),
            (
                "{check: alarms, times: 0}",
                "`times` and `every` are 1 or more",
            ),
            ("{check: alarms, tims: 3}", "unknown field `tims`"),
        ] {
            let error = parsed(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
