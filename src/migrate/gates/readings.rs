//! What gates read, wherever it comes from.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use super::Reading;

/// Something that was read; `None` where it cannot be read, so that a gate on it does not apply.
pub type Read<T, E> = Result<Option<T>, E>;

/// Servers behind one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Servers {
    /// What they stand behind.
    pub name: String,
    /// How many are healthy.
    pub healthy: u32,
    /// How many there are.
    pub all: u32,
    /// How many have to be healthy.
    pub least: u32,
}

/// What the site's names resolve to.
#[derive(Clone, Debug, PartialEq)]
pub enum Names {
    /// Nobody answers for them: why.
    NotAsked(String),
    /// What each resolves to.
    Resolved(Vec<Name>),
}

/// What a name resolves to.
#[derive(Clone, Debug, PartialEq)]
pub struct Name {
    /// The name.
    pub name: String,
    /// The addresses that it resolves to.
    pub found: Vec<IpAddr>,
    /// The addresses that its records lead to.
    pub known: BTreeSet<IpAddr>,
    /// Whether a distribution answers, which does from other addresses in each place.
    pub edge: bool,
}

/// What became of a request to each of the site's names.
#[derive(Clone, Debug, PartialEq)]
pub enum Probed {
    /// The site has no name.
    NoName,
    /// So many were answered, all of them well.
    Answered(usize),
    /// None could be sent: why.
    NotSent(String),
    /// One was not answered well: which, and how.
    Failed(String),
}

/// How many requests failed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Failures {
    /// Requests.
    pub requests: f64,
    /// Those of them that failed.
    pub failed: f64,
    /// Whether these are enough to judge by.
    pub enough: bool,
}

/// How long requests took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Latencies {
    /// Milliseconds within which 95 of 100 were answered, where that is known.
    pub slowest: Option<f64>,
    /// Whether the requests are enough to judge by.
    pub enough: bool,
}

/// The application's alarms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firing {
    /// How many there are.
    pub all: usize,
    /// The names of those that fire.
    pub names: Vec<String>,
}

/// How far the copies of a database are behind.
#[derive(Clone, Debug, PartialEq)]
pub enum Behind {
    /// What the script `lag` reports of a copy that scripts made.
    Script(serde_json::Value),
    /// Its output, which is no report.
    NoReport(String),
    /// Replicas by name, and how many seconds each is behind where that is known.
    Replicas(Vec<(String, Option<f64>)>),
}

/// A replica that is to take over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Takeover {
    /// The moment up to which it has every write, where that is known.
    pub until: Option<u64>,
    /// The moment of the last write that it needs.
    pub since: u64,
    /// How many seconds of writes may be lost.
    pub loss: u32,
    /// Whether the old region does not answer, so that nothing more can come.
    pub lost: bool,
}

/// Files that are copied to other regions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// Those that are there.
    pub there: u64,
    /// Those that are missing.
    pub left: u64,
}

/// Where gates read, and its clock.
#[expect(
    async_fn_in_trait,
    reason = "nothing here moves between threads, so no bound on the futures is missing"
)]
pub trait Readings {
    /// Why something could not be read.
    type Error;

    /// Milliseconds by the clock here.
    fn now(&self) -> u64;

    /// Lets time pass by that clock.
    ///
    /// # Errors
    /// When somebody asks to stop.
    async fn wait(&self, time: Duration) -> Result<(), Self::Error>;

    /// Returns an error when somebody has asked to stop.
    ///
    /// # Errors
    /// That.
    fn check_stop(&self) -> Result<(), Self::Error>;

    /// How many servers or files answer the site's names in the end, or which name leads nowhere.
    async fn ends(&self) -> Read<Result<usize, String>, Self::Error>;

    /// The servers that names lead to and those that are ready to take requests, or which name leads nowhere.
    async fn health(&self) -> Read<Result<Vec<Servers>, String>, Self::Error>;

    /// What the site's names resolve to.
    async fn names(&self) -> Read<Names, Self::Error>;

    /// Sends requests to the site.
    async fn probe(&self) -> Read<Probed, Self::Error>;

    /// How many requests failed; the inner `None` where nothing counts them.
    async fn failures(&self) -> Read<Option<Failures>, Self::Error>;

    /// How long requests took; the inner `None` where nothing counts them.
    async fn latencies(&self) -> Read<Option<Latencies>, Self::Error>;

    /// The alarms.
    async fn alarms(&self) -> Read<Firing, Self::Error>;

    /// How far the copies of the database are behind.
    async fn behind(&self) -> Read<Behind, Self::Error>;

    /// The replica that takes over writes from a database fenced `passed` ago, or why there is none.
    async fn takeover(&self, passed: Duration) -> Read<Result<Takeover, String>, Self::Error>;

    /// Copies some of the files that other regions lack.
    async fn files(&self) -> Read<Copied, Self::Error>;

    /// Runs a command of the user's, for so long at most.
    async fn command(&self, command: &str, within: Duration) -> Read<Reading, Self::Error>;

    /// Evaluates an expression of the user's, or says what is wrong with it.
    async fn expression(&self, expression: &str) -> Read<Result<bool, String>, Self::Error>;
}
