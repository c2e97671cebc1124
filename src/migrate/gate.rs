//! Gates: what must be true before a migration goes on, and what an answer means for one.
//!
//! Pure: who asks, and when, is [`super::walk`]'s.

use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spec;

/// A gate: a question, how often in a row the answer has to be good, and how long that may take.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Fields")]
pub struct Gate {
    /// What is asked.
    #[serde(flatten)]
    pub check: Check,
    /// Good answers in a row.
    pub times: u32,
    /// Seconds between two questions.
    pub every: u32,
    /// Seconds until it counts as failed.
    pub within: u32,
}

/// A gate as it is written: every key that one may have, so that no other passes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Fields {
    check: Arc<str>,
    #[serde(default = "two")]
    times: u32,
    #[serde(default = "ten")]
    every: u32,
    #[serde(default = "half_an_hour")]
    within: u32,
    below: Option<u32>,
    seconds: Option<u32>,
    command: Option<Arc<str>>,
    expression: Option<Arc<str>>,
}

impl TryFrom<Fields> for Gate {
    type Error = String;
    fn try_from(fields: Fields) -> Result<Self, String> {
        let Fields {
            times,
            every,
            within,
            below,
            seconds,
            command,
            expression,
            ..
        } = fields;
        let lacks = |key: &str| format!("a gate `{}` needs `{key}`", fields.check);
        let given = [
            ("below", below.is_some()),
            ("seconds", seconds.is_some()),
            ("command", command.is_some()),
            ("expression", expression.is_some()),
        ];
        let (check, own) = match &*fields.check {
            "reachable" => (Check::Reachable, ""),
            "answers" => (Check::Answers, ""),
            "probe" => (Check::Probe, ""),
            "errors" => {
                let below = below.ok_or_else(|| lacks("below"))?;
                (Check::Errors { below }, "below")
            }
            "latency" => {
                let below = below.ok_or_else(|| lacks("below"))?;
                (Check::Latency { below }, "below")
            }
            "healthy" => (Check::Healthy, ""),
            "alarms" => (Check::Alarms, ""),
            "caught-up" => (Check::CaughtUp, ""),
            "files" => (Check::Files, ""),
            "lag" => {
                let below = below.ok_or_else(|| lacks("below"))?;
                (Check::Lag { below }, "below")
            }
            "hold" => {
                let seconds = seconds.ok_or_else(|| lacks("seconds"))?;
                (Check::Hold { seconds }, "seconds")
            }
            "command" => {
                let command = command.ok_or_else(|| lacks("command"))?;
                (Check::Command { command }, "command")
            }
            "expression" => {
                let expression = expression.ok_or_else(|| lacks("expression"))?;
                (Check::Expression { expression }, "expression")
            }
            other => {
                return Err(format!(
                    "there is no check {other:?}: alarms, answers, command, errors, expression, files, healthy, hold, lag, latency, probe or reachable"
                ));
            }
        };
        if let Some((name, _)) = given.iter().find(|(name, given)| *given && *name != own) {
            return Err(format!("a gate `{}` has no `{name}`", fields.check));
        }
        if times == 0 || every == 0 {
            return Err("`times` and `every` are 1 or more".to_owned());
        }
        Ok(Self {
            check,
            times,
            every,
            within,
        })
    }
}

impl Gate {
    /// A gate of the user's.
    pub fn of_spec(gate: &spec::MigrationGate) -> Option<Self> {
        let check = match (&gate.command, &gate.expression) {
            (Some(command), _) => Check::Command {
                command: command.as_str().into(),
            },
            (None, Some(expression)) => Check::Expression {
                expression: expression.as_str().into(),
            },
            (None, None) => return None,
        };
        Some(Self {
            check,
            times: gate.times,
            every: gate.every,
            within: gate.within,
        })
    }
}

fn two() -> u32 {
    2
}

fn ten() -> u32 {
    10
}

fn half_an_hour() -> u32 {
    1800
}

/// What a gate asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "check", rename_all = "kebab-case")]
pub enum Check {
    /// Whether every name of the site, at every weight above 0, leads to something that exists.
    Reachable,
    /// Whether the servers that these names lead to, and those that stand ready, are healthy.
    Healthy,
    /// Whether every name resolves to what its records say, where scalectl runs.
    Answers,
    /// Whether a request to each name is answered well through each way that leads to it, those that
    /// stand ready included.
    Probe,
    /// Whether fewer requests than so many in a hundred were answered with an error of late.
    Errors {
        /// Percent.
        below: u32,
    },
    /// Whether 95 of 100 requests were answered within so much time of late.
    Latency {
        /// Milliseconds.
        below: u32,
    },
    /// Whether no alarm of the application is raised.
    Alarms,
    /// Whether the copy of the database is so many seconds behind at most.
    Lag {
        /// Seconds.
        below: u32,
    },
    /// Whether the replica that takes over has everything that was acknowledged before it was first
    /// asked, or all but what a failover may lose.
    CaughtUp,
    /// Whether the buckets that S3 begins to copy to have the files that were there before; what they lack is copied
    /// by asking.
    Files,
    /// Whether so much time has passed.
    Hold {
        /// Seconds.
        seconds: u32,
    },
    /// Whether a command of the user's ends with 0.
    Command {
        /// For `sh -c`.
        command: Arc<str>,
    },
    /// Whether a condition of the user's holds of what is live.
    Expression {
        /// In CEL.
        expression: Arc<str>,
    },
}

impl Check {
    /// Whether a user asks it, of the real cloud.
    pub fn is_users(&self) -> bool {
        matches!(self, Self::Command { .. } | Self::Expression { .. })
    }

    /// What is waited for, in a few words.
    pub fn in_short(&self) -> String {
        match self {
            Self::Reachable => "names lead to servers".to_owned(),
            Self::Healthy => "servers healthy".to_owned(),
            Self::Answers => "names resolve".to_owned(),
            Self::Probe => "requests answered".to_owned(),
            Self::Errors { below } => format!("errors below {below} %"),
            Self::Latency { below } => format!("answers within {below} ms"),
            Self::Alarms => "no alarm".to_owned(),
            Self::Lag { below } => format!("copy at most {below} s behind"),
            Self::CaughtUp => "replica caught up".to_owned(),
            Self::Files => "files in every region".to_owned(),
            Self::Hold { seconds } => format!("{seconds} s passed"),
            Self::Command { command } => format!("`{command}`"),
            Self::Expression { expression } => format!("`{expression}`"),
        }
    }

    /// What is asked, in words.
    pub fn in_words(&self) -> String {
        match self {
            Self::Reachable => "every name leads to something that is there".to_owned(),
            Self::Healthy => "servers are healthy".to_owned(),
            Self::Answers => "every name resolves to what its records say".to_owned(),
            Self::Probe => "a request through each way to the site is answered".to_owned(),
            Self::Errors { below } => format!("fewer than {below} % of requests fail"),
            Self::Latency { below } => format!("95 of 100 requests are answered within {below} ms"),
            Self::Alarms => "no alarm is raised".to_owned(),
            Self::Lag { below } => format!("the copy is at most {below} s behind"),
            Self::CaughtUp => "the replica has what it needs to take over".to_owned(),
            Self::Files => "every file is in every region".to_owned(),
            Self::Hold { seconds } => format!("{seconds} s pass"),
            Self::Command { command } => format!("`{command}` succeeds"),
            Self::Expression { expression } => format!("`{expression}` is true"),
        }
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
        Self {
            good: true,
            seen: seen.into(),
        }
    }

    /// A bad one.
    pub fn bad(seen: impl Into<String>) -> Self {
        Self {
            good: false,
            seen: seen.into(),
        }
    }
}

/// How a gate stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// The next step may begin.
    Open,
    /// Ask again after so long.
    Ask(Duration),
    /// It will not open: why.
    Failed(String),
}

/// Good answers so far, and since when it is asked.
#[derive(Clone, Debug)]
pub struct Watch {
    began: u64,
    in_a_row: u32,
}

impl Watch {
    /// A gate that is asked from `now` (milliseconds) on.
    pub fn new(now: u64) -> Self {
        Self {
            began: now,
            in_a_row: 0,
        }
    }

    /// Milliseconds since the first question.
    pub fn passed(&self, now: u64) -> u64 {
        now.saturating_sub(self.began)
    }

    /// Takes an answer in.
    pub fn take(&mut self, gate: &Gate, reading: &Reading, now: u64) -> Verdict {
        self.in_a_row = match reading.good {
            true => self.in_a_row + 1,
            false => 0,
        };
        let times = match gate.check {
            // Time passes once.
            Check::Hold { .. } => 1,
            _ => gate.times.max(1),
        };
        if self.in_a_row >= times {
            return Verdict::Open;
        }
        let every = Duration::from_secs(u64::from(gate.every.max(1)));
        if let Check::Hold { seconds } = gate.check {
            let left = (u64::from(seconds) * 1000).saturating_sub(self.passed(now));
            return Verdict::Ask(every.min(Duration::from_millis(left.max(1))));
        }
        if self.passed(now) >= u64::from(gate.within) * 1000 {
            return Verdict::Failed(format!(
                "within {} s it was not true that {}: {}",
                gate.within,
                gate.check.in_words(),
                reading.seen
            ));
        }
        Verdict::Ask(every)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(times: u32, within: u32) -> Gate {
        Gate {
            check: Check::Alarms,
            times,
            every: 10,
            within,
        }
    }

    #[test]
    fn one_bad_answer_begins_the_count_anew() {
        let gate = gate(2, 100);
        let mut watch = Watch::new(0);
        let ask = Verdict::Ask(Duration::from_secs(10));
        assert_eq!(watch.take(&gate, &Reading::good(""), 0), ask);
        assert_eq!(watch.take(&gate, &Reading::bad("x"), 10_000), ask);
        assert_eq!(watch.take(&gate, &Reading::good(""), 20_000), ask);
        assert_eq!(watch.take(&gate, &Reading::good(""), 30_000), Verdict::Open);
    }

    #[test]
    fn a_gate_that_stays_shut_says_what_was_seen_last() {
        let gate = gate(1, 60);
        let mut watch = Watch::new(0);
        let Verdict::Failed(why) = watch.take(&gate, &Reading::bad("db-cpu is raised"), 60_000)
        else {
            panic!("it did not fail")
        };
        assert!(
            why.contains("60 s") && why.contains("db-cpu is raised"),
            "{why}"
        );
    }

    #[test]
    fn time_is_waited_for_to_the_moment() {
        let gate = Gate {
            check: Check::Hold { seconds: 15 },
            times: 2,
            every: 10,
            within: 1,
        };
        let mut watch = Watch::new(0);
        let later = Reading::bad("");
        assert_eq!(
            watch.take(&gate, &later, 0),
            Verdict::Ask(Duration::from_secs(10))
        );
        assert_eq!(
            watch.take(&gate, &later, 10_000),
            Verdict::Ask(Duration::from_secs(5))
        );
        assert_eq!(watch.take(&gate, &Reading::good(""), 15_000), Verdict::Open);
    }
}
