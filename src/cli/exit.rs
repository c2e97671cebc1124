//! How a command ends: its exit code, and what a lost standard output makes of it.
//!
//! Owns the codes, which docs/exit-codes.md lists for people.

use std::process::ExitCode;

use super::ui::{self, Lost};
use crate::apply::Stop;
use crate::migrate::walk::Halt;
use crate::provider::{ErrorKind, ProviderError};

/// Why a command did not end with 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Code {
    /// A mistake in the user's files or on the command line, a guard rail, a gate that did not open, a test that failed.
    Error = 1,
    /// There are changes (`plan --detailed-exitcode`), or drift.
    Changes = 2,
    /// A policy denies it.
    Denied = 3,
    /// Another run changes the application.
    Held = 4,
    /// The cloud refused a call, or did not answer.
    Refused = 5,
    /// SIGINT or SIGTERM stopped it: 128 and the number of SIGINT, as shells have it.
    Interrupted = 130,
    /// Nobody read the output to its end: 128 and the number of SIGPIPE.
    Closed = 141,
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code as u8)
    }
}

impl Code {
    /// Ends the process at once, as a second interrupt asks.
    pub fn exit(self) -> ! {
        std::process::exit(i32::from(self as u8))
    }

    /// The same, or that of an interrupt where one was what asked to stop.
    pub fn unless_interrupted(self, stop: &Stop) -> Self {
        if stop.is_asked() {
            Self::Interrupted
        } else {
            self
        }
    }

    /// Of a call that failed.
    pub fn of(error: &ProviderError) -> Self {
        match error.kind {
            ErrorKind::Held => Self::Held,
            _ => Self::Refused,
        }
    }

    /// Of a run that is incomplete.
    pub fn of_run(report: &crate::apply::Report) -> Self {
        if report.stopped {
            Self::Interrupted
        } else {
            Self::Refused
        }
    }

    /// Of a walk that stopped.
    pub fn of_halt(halt: &Halt) -> Self {
        match halt {
            Halt::Cloud(error) => Self::of(error),
            Halt::Incomplete { report, .. } => Self::of_run(report),
            Halt::Stopped => Self::Interrupted,
            _ => Self::Error,
        }
    }
}

/// The exit code of a command that would end with `code`, where its output may be lost. One that `changes` something has
/// done so to its end: that nobody read on is no failure of it.
pub fn with_output(code: ExitCode, changes: bool) -> ExitCode {
    match ui::lost() {
        None => code,
        Some(Lost::Closed) if changes || is_failure(code) => code,
        Some(Lost::Closed) => Code::Closed.into(),
        Some(Lost::Failed(why)) => {
            ui::fail(&super::Failure::with_help(
                why,
                if changes {
                    "finished operations are kept: see `scalectl history` and `scalectl plan`"
                } else {
                    "the output is incomplete"
                },
            ));
            if is_failure(code) {
                code
            } else {
                Code::Error.into()
            }
        }
    }
}

/// Whether a code says more than that there are changes.
fn is_failure(code: ExitCode) -> bool {
    code != ExitCode::SUCCESS && code != ExitCode::from(Code::Changes)
}
