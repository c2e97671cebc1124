//! What a migration's gates read of a rehearsal: its servers, and the load that runs. Its clock is faster by
//! [`PACE`], so that gates wait as little as steps do.

use std::time::{Duration, Instant};

use super::walk::{LOOK, Walk, p95};
use crate::migrate::gates::{
    Behind, Copied, Failures, Firing, Latencies, Names, Probed, Read, Reading, Readings, Servers,
    Takeover,
};
use crate::rehearse::Error;
use crate::rehearse::dns::PACE;
use crate::rehearse::load::Since;

/// The readings of a step. Every method blocks until it has read, so its future is ready at once.
pub struct LocalReadings<'a> {
    /// What is rehearsed.
    pub walk: &'a Walk<'a>,
    /// When the step began.
    pub began: Instant,
}

impl LocalReadings<'_> {
    /// What the load meets from now on.
    fn lately(&self) -> Result<Since, Error> {
        let from = Instant::now();
        self.walk.load.run_for(LOOK, self.walk.stop)?;
        Ok(self.walk.load.since(from))
    }
}

impl Readings for LocalReadings<'_> {
    type Error = Error;

    fn now(&self) -> u64 {
        let passed = self.began.elapsed() * PACE;
        u64::try_from(passed.as_millis()).unwrap_or(u64::MAX)
    }

    async fn wait(&self, time: Duration) -> Result<(), Error> {
        self.walk.load.run_for(time / PACE, self.walk.stop)
    }

    fn check_stop(&self) -> Result<(), Error> {
        self.walk.stop.check()
    }

    async fn health(&self) -> Read<Result<Vec<Servers>, String>, Error> {
        Ok(Some(Ok(self.walk.site.health()?)))
    }

    async fn probe(&self) -> Read<Probed, Error> {
        let (old, new) = &self.walk.fronts;
        let doors = [old, new].map(|front| self.walk.site.door(front));
        let mut doors = doors.into_iter().flatten();
        let all = doors.clone().count();
        let dead = doors.find(|door| !self.walk.load.answers(*door));
        Ok(Some(match dead {
            Some(door) => Probed::Failed(format!("port {door} does not answer")),
            None => Probed::Answered(all),
        }))
    }

    async fn failures(&self) -> Read<Option<Failures>, Error> {
        // All of the step's, since few of a tenth are seen in a moment.
        self.lately()?;
        let since = self.walk.load.since(self.began);
        let failed = since.failed as f64;
        Ok(Some(Some(Failures {
            requests: since.doors.len() as f64 + failed,
            failed,
            enough: true,
        })))
    }

    async fn latencies(&self) -> Read<Option<Latencies>, Error> {
        let slowest = p95(&self.lately()?).as_secs_f64() * 1000.0;
        Ok(Some(Some(Latencies {
            slowest: Some(slowest),
            enough: true,
        })))
    }

    // What follows is of AWS, of a database's copy, or of the user's.

    async fn ends(&self) -> Read<Result<usize, String>, Error> {
        Ok(None)
    }

    async fn names(&self) -> Read<Names, Error> {
        Ok(None)
    }

    async fn alarms(&self) -> Read<Firing, Error> {
        Ok(None)
    }

    async fn behind(&self) -> Read<Behind, Error> {
        Ok(None)
    }

    async fn takeover(&self, _: Duration) -> Read<Result<Takeover, String>, Error> {
        Ok(None)
    }

    async fn files(&self) -> Read<Copied, Error> {
        Ok(None)
    }

    async fn command(&self, _: &str, _: Duration) -> Read<Reading, Error> {
        Ok(None)
    }

    async fn expression(&self, _: &str) -> Read<Result<bool, String>, Error> {
        Ok(None)
    }
}
