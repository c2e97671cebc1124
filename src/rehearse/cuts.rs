//! Cut-overs that are broken at each of their steps: a server restarts or the script is killed, and nobody runs
//! anything again.
//!
//! Owns the steps, the faults, and what has to hold after each: writes go on within a bound, on a side that accepts
//! them, with none lost or doubled, and the same command then finishes. The script is the real one with functions
//! around its steps that hold it while something breaks. Scenarios share two servers; they switch there and back in
//! turn.

mod disk;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use self::disk::{Disks, Full};
use super::dns::Names;
use super::load::Load;
use super::process::{self, Process};
use super::steps::{Gate, Step};
use super::testbed::Testbed;
use super::walk::{self, Walk};
use super::{Error, Event, Options, Stop, compare, prerequisites};
use crate::blueprint::Library;
use crate::migrate::action;
use crate::spec::Dialect;

/// The script's steps that matter, in their order.
pub const STEPS: [&str; 8] = [
    "before pause",
    "after pause",
    "after fence",
    "after drain",
    "after copy_sequences",
    "after subscribe",
    "after use",
    "before resume",
];

/// How long writes may be missing.
pub const BOUND: Duration = Duration::from_secs(60);

/// How long a server that restarts is away.
const AWAY: Duration = Duration::from_secs(1);

/// How long a script, and what it left to settle the switch, may run.
const QUIET: Duration = Duration::from_secs(200);

/// Functions around the script's steps, each of which can hold it. What settles a switch is not held.
const HOLD: &str = r#"
cuts=${SITE_RUN:?}/cuts
hold() {
  [[ -z ${SITE_SETTLE:-} && -e $cuts/at && $(<"$cuts/at") == "$1" ]] || return 0
  mv "$cuts/at" "$cuts/reached"
  while [[ ! -e $cuts/go ]]; do sleep 0.02; done
}
for step in fence drain copy_sequences subscribe; do
  eval "held_$(declare -f "$step")"
  eval "$step() { held_$step \"\$@\"; local code=\$?; hold 'after $step'; return \$code; }"
done
site-database() {
  case $1 in pause | resume) hold "before $1" ;; esac
  command site-database "$@"
  local code=$?
  case $1 in pause | use) hold "after $1" ;; esac
  return "$code"
}
"#;

/// What breaks while the script is at a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The server that the application leaves is killed and starts again.
    RestartOld,
    /// The server that it goes to is killed and starts again.
    RestartNew,
    /// SIGTERM to the script.
    EndScript,
    /// SIGKILL to the script.
    KillScript,
    /// SIGTERM to the script and everything that it started, as when a command is cancelled.
    EndGroup,
    /// SIGKILL to all of them.
    KillGroup,
    /// The disk of the server that the application leaves is full, and stays so, unless that ends the server: then it
    /// starts again with room.
    FullOld,
    /// The same of the server that it goes to.
    FullNew,
    /// The disk is full on which the script keeps its notes, and stays so.
    FullNotes,
    /// Nothing breaks; but one session waits for a row of another, and that one goes on while the server is made
    /// read-only.
    WaitingWriters,
}

/// The faults that may come at any step.
pub const FAULTS: [Fault; 6] = [
    Fault::RestartOld,
    Fault::RestartNew,
    Fault::EndScript,
    Fault::KillScript,
    Fault::EndGroup,
    Fault::KillGroup,
];

/// The faults of disks, which only root can make: each wants servers of its own.
pub const DISKS: [Fault; 3] = [Fault::FullOld, Fault::FullNew, Fault::FullNotes];

/// Said where a switch has ended on the new side without a rollback, because the old one has no room for what it would
/// have to follow.
const NO_ROLLBACK: &str = "there is no rollback";

/// Said where a full disk has damaged the old side's log, so that the new side can follow only a new copy.
const COPY_AGAIN: &str = "the rows have to be copied again";

/// One fault at one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// The step's number.
    pub step: usize,
    /// What breaks.
    pub fault: Fault,
}

/// What a scenario showed.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Which one.
    pub scenario: Scenario,
    /// Whether the switch was that of a rollback.
    pub undo: bool,
    /// The longest time without an acknowledged write, from before the pause on.
    pub stall: Duration,
    /// Whether the old side does not follow, as it has no room.
    pub one_way: bool,
    /// Whether writes had to wait for room.
    pub needed_room: bool,
    /// Whether the switch was refused afterwards until the rows were copied again.
    pub copied_again: bool,
    /// What does not hold.
    pub problems: Vec<String>,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Scenario { step, fault } = self.scenario;
        let way = if self.undo { "rollback" } else { "cut-over" };
        let (step, stall) = (STEPS[step], self.stall.as_millis());
        write!(f, "{way}, {fault:?} {step}: no write for {stall} ms")?;
        if self.needed_room {
            write!(f, " from when it had room again")?;
        }
        if self.copied_again {
            write!(f, "; copied again")?;
        }
        Ok(())
    }
}

/// Moves a database up to the cut-over, and then runs each scenario, up to the first with a problem.
///
/// # Errors
/// When something is not installed or does not start, or it was stopped.
pub fn run(
    options: &Options,
    library: &Library,
    scenarios: &[Scenario],
    stop: &Stop,
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<Vec<Outcome>, Error> {
    // Servers are killed, which chaos has servers for; nothing else is.
    let scene_options = Options {
        chaos: true,
        ..options.clone()
    };
    let programs = prerequisites::Programs::find(options.engine, &options.version)?;
    let mut scene = Testbed::set(&scene_options, false, library, programs, stop)?;
    let fills = |scenario: &Scenario| DISKS.contains(&scenario.fault);
    // Declared after the servers, so that it ends before their folder is removed.
    let _disks = if scenarios.iter().any(fills) {
        Disks::limit(&mut scene, stop)?
    } else {
        Disks::default()
    };
    let app = scene.take_app();
    let port = app.as_ref().map_or(0, |app| app.port);
    let load = Load::start(&Arc::new(Names::of(port)), options.rate, options.seed);
    let first = [
        ("preflight", Gate::Done),
        ("copy-schema", Gate::Done),
        ("replicate", Gate::Done),
        ("lag", Gate::Follows(5)),
    ];
    let first = first.map(|(name, gate)| step(name, gate));
    walk_all(&first, options, library, &mut scene, &load, stop, tell)?;
    let folder = scene.folder().join("run/cuts");
    std::fs::create_dir(&folder).map_err(|error| Error::io("made", &folder, &error))?;
    let engine = options.engine.word();
    let mut cuts = Cuts {
        script: script(library, engine)?,
        plain: action::script(library, engine, "cut-over").unwrap_or_default(),
        folder,
        scene: &mut scene,
        load: &load,
        stop,
    };
    let mut outcomes = Vec::new();
    for scenario in scenarios {
        let outcome = cuts.scenario(*scenario)?;
        tell(Event::Killed(&outcome.to_string()));
        let whole = outcome.problems.is_empty();
        outcomes.push(outcome);
        if !whole {
            return Ok(outcomes);
        }
    }
    // What a rollback and another migration do. All that was acknowledged has to be there all the same.
    if outcomes.last().is_some_and(|outcome| outcome.copied_again) {
        let mut undone = step("replicate", Gate::Done);
        undone.undo = true;
        let [copied, follows] = [step("replicate", Gate::Done), step("lag", Gate::Follows(5))];
        let again = [undone, copied, follows, step("cut-over", Gate::Done)];
        walk_all(&again, options, library, cuts.scene, &load, stop, tell)?;
        let problems = cuts.wrong()?;
        if let Some(last) = outcomes.last_mut() {
            last.problems.extend(problems);
        }
    }
    // What does not follow is not equal either.
    if outcomes.iter().any(|outcome| outcome.one_way) {
        return Ok(outcomes);
    }
    let last = [step("verify", Gate::Equal)];
    walk_all(&last, options, library, &mut scene, &load, stop, tell)?;
    Ok(outcomes)
}

fn step(name: &str, gate: Gate) -> Step {
    Step {
        name: name.to_owned(),
        action: name.into(),
        undo: false,
        gate,
    }
}

fn walk_all(
    steps: &[Step],
    options: &Options,
    library: &Library,
    scene: &mut Testbed,
    load: &Load,
    stop: &Stop,
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<(), Error> {
    let reports = Walk::new(options, library, scene, load, stop).all(steps, tell)?;
    match reports.iter().find_map(|report| report.error.as_ref()) {
        Some(error) => Err(Error::new(error.clone())),
        None => Ok(()),
    }
}

/// The script with functions around its steps.
fn script(library: &Library, engine: &str) -> Result<String, Error> {
    let text = |name: &str| {
        library
            .text(name)
            .ok_or_else(|| Error::new(format!("there is no template {name}")))
    };
    Ok([
        text("actions/lib.sh")?,
        text(&format!("actions/{engine}/lib.sh"))?,
        HOLD,
        text("actions/cut-over.sh")?,
    ]
    .concat())
}

/// What scenarios share.
struct Cuts<'a> {
    /// The script that can be held, and the script.
    script: String,
    plain: String,
    /// Where it is said what is held.
    folder: PathBuf,
    scene: &'a mut Testbed,
    load: &'a Load,
    stop: &'a Stop,
}

impl Cuts<'_> {
    fn scenario(&mut self, scenario: Scenario) -> Result<Outcome, Error> {
        let old = self.scene.writer()?;
        let new = 1 - old;
        let undo = old == 1;
        let mut outcome = Outcome {
            scenario,
            undo,
            stall: Duration::ZERO,
            one_way: false,
            needed_room: false,
            copied_again: false,
            problems: Vec::new(),
        };
        for name in ["reached", "go"] {
            let _ = std::fs::remove_file(self.folder.join(name));
        }
        self.write("at", STEPS[scenario.step])?;
        let started = Instant::now();
        let (mut process, _, errors) = self.scene.script("cut-over", &self.script, undo)?;
        if !self.reached(&mut process)? {
            let said = std::fs::read_to_string(&errors).unwrap_or_default();
            outcome
                .problems
                .push(format!("the step is not reached: {said}"));
            return Ok(outcome);
        }
        let mut writers = Vec::new();
        let mut full = None;
        match scenario.fault {
            Fault::FullOld => full = Some(Full::fill(&self.scene.servers[old].data())?),
            Fault::FullNew => full = Some(Full::fill(&self.scene.servers[new].data())?),
            Fault::FullNotes => full = Some(Full::fill(&self.scene.folder().join("etc"))?),
            Fault::WaitingWriters => writers = self.waiting_writers(old)?,
            Fault::RestartOld => self.restart(old)?,
            Fault::RestartNew => self.restart(new)?,
            Fault::EndScript => process.signal("TERM", false),
            Fault::KillScript => process.signal("KILL", false),
            Fault::EndGroup => process.signal("TERM", true),
            Fault::KillGroup => process.signal("KILL", true),
        }
        self.write("go", "")?;
        let filled = match scenario.fault {
            Fault::FullOld => Some(old),
            Fault::FullNew => Some(new),
            _ => None,
        };
        let quiet = self.quiet(&mut process, filled, &mut full)?;
        drop(writers);
        let now = Instant::now();
        outcome.stall = self.load.longest_stall(started, now, self.stop)?;
        if self.may_need_room(scenario) && !self.writes_again()? {
            drop(full.take());
            for server in &mut self.scene.servers {
                disk::revive(server, self.stop)?;
            }
            outcome.needed_room = true;
            outcome.stall = self.load.longest_stall(now, Instant::now(), self.stop)?;
        }
        let said = std::fs::read_to_string(&errors).unwrap_or_default();
        let mut problem = |what: String| outcome.problems.push(format!("{what}\n{said}"));
        if !quiet {
            problem(format!("the script still runs: {:?}", self.left()));
        }
        if outcome.stall > BOUND {
            problem(format!("no write for {:?}", outcome.stall));
        }
        for what in self.wrong()? {
            problem(what);
        }
        outcome.one_way = said.contains(NO_ROLLBACK);
        if DISKS.contains(&scenario.fault) {
            drop(full.take());
            for server in &mut self.scene.servers {
                disk::revive(server, self.stop)?;
            }
        }
        if outcome.problems.is_empty() {
            let may_copy_again = scenario.fault == Fault::FullOld && !undo;
            match self.finish(undo, new, may_copy_again)? {
                Some(problems) => outcome.problems = problems,
                None => outcome.copied_again = true,
            }
        }
        Ok(outcome)
    }

    /// Whether writes may have to wait for room. MariaDB's log on a full disk may end with what was not acknowledged, so
    /// nobody can tell whether the new side has everything. And after the last step the new side may hold writes that the old
    /// one lacks.
    fn may_need_room(&self, scenario: Scenario) -> bool {
        let is_last = scenario.step == STEPS.len() - 1;
        match scenario.fault {
            Fault::FullOld => self.scene.servers[0].engine() == Dialect::Mysql,
            Fault::FullNew => is_last,
            _ => false,
        }
    }

    /// The same command again, which has to lead to the new side: what is wrong then, or nothing if it asks for a new copy.
    fn finish(
        &mut self,
        undo: bool,
        new: usize,
        may_copy_again: bool,
    ) -> Result<Option<Vec<String>>, Error> {
        let (mut process, _, errors) = self.scene.script("cut-over", &self.plain, undo)?;
        let code = process.wait(Instant::now() + walk::SCRIPT, self.stop)?;
        let mut problems = Vec::new();
        if code != Some(0) {
            let said = std::fs::read_to_string(&errors).unwrap_or_default();
            if may_copy_again && said.contains(COPY_AGAIN) {
                return Ok(None);
            }
            problems.push(format!("run again, it ends with {code:?}: {said}"));
        } else if self.scene.writer()? != new {
            problems.push("run again, it leaves the application where it was".to_owned());
        }
        problems.extend(self.wrong()?);
        Ok(Some(problems))
    }

    /// Whether a write succeeds now.
    fn writes_again(&self) -> Result<bool, Error> {
        let now = Instant::now();
        let until = now + Duration::from_secs(5);
        while !self.load.acknowledged_since(now) && Instant::now() < until {
            self.load.run_for(Duration::from_millis(20), self.stop)?;
        }
        Ok(self.load.acknowledged_since(now))
    }

    /// What is not as it has to be when nothing is under way.
    fn wrong(&self) -> Result<Vec<String>, Error> {
        let mut problems = Vec::new();
        if !self.writes_again()? {
            problems.push("no write succeeds".to_owned());
        }
        if self.scene.is_paused()? {
            problems.push("the proxy is still paused".to_owned());
        }
        let writer = self.scene.writer()?;
        if self.scene.servers[writer].is_fenced()? {
            problems.push("the side that the application uses is still read-only".to_owned());
        }
        let acknowledged = self.load.acknowledged();
        let found = compare(&acknowledged, &self.scene.rows()?);
        if found.lost + found.doubled > 0 {
            problems.push(format!("{found:?}"));
        }
        if !self.scene.books_balance()? {
            problems.push("the accounts' totals are not the sums of what was booked".to_owned());
        }
        Ok(problems)
    }

    /// Whether the script came to the step.
    fn reached(&self, process: &mut Process) -> Result<bool, Error> {
        let until = Instant::now() + walk::SCRIPT;
        let reached = self.folder.join("reached");
        while !reached.exists() {
            self.stop.check()?;
            if !process.runs() || Instant::now() > until {
                return Ok(false);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(true)
    }

    /// Kills a server; the script meets it while it is away, and when it is there again.
    fn restart(&mut self, number: usize) -> Result<(), Error> {
        self.scene.servers[number].kill();
        self.write("go", "")?;
        self.load.run_for(AWAY, self.stop)?;
        self.scene.servers[number].start(self.stop)
    }

    /// A transaction that waits for a row, and the one that holds it, which writes again when the script no longer waits for
    /// sessions to become idle.
    fn waiting_writers(&self, number: usize) -> Result<Vec<Process>, Error> {
        let server = &self.scene.servers[number];
        // How its client takes statements, how it sleeps, and whether the holder sleeps and the other waits.
        let (option, sleep, sleeps, waits) = match server.engine() {
            Dialect::Postgres => (
                "-c",
                "SELECT pg_sleep(2.5)",
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep';",
                "SELECT count(*) FROM pg_locks WHERE NOT granted;",
            ),
            Dialect::Mysql => (
                "-e",
                "DO sleep(2.5)",
                "SELECT count(*) FROM information_schema.processlist WHERE state = 'User sleep';",
                "SELECT count(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT';",
            ),
        };
        let update = |id: u32| format!("UPDATE accounts SET total = total + 0 WHERE id = {id};");
        let holder = format!("BEGIN; {} {sleep}; {} COMMIT;", update(1), update(2));
        let log = self.folder.join("writers.log");
        let mut writers = Vec::new();
        for (text, goes) in [(holder, sleeps), (update(1), waits)] {
            let mut client = server.owner_client()?;
            client.args([option, &text]);
            writers.push(Process::start("a writer", &mut client, &log)?);
            let until = Instant::now() + walk::SCRIPT;
            while server.query(goes)?.trim() == "0" {
                if Instant::now() > until {
                    return Err(Error::new("no writer waits for another"));
                }
                // innodb_trx is not brought up to date while it is read more often than every 100 ms.
                self.load.run_for(Duration::from_millis(150), self.stop)?;
            }
        }
        Ok(writers)
    }

    /// Waits until nothing of the script runs any more. A server that its full disk has ended gets room.
    fn quiet(
        &mut self,
        process: &mut Process,
        filled: Option<usize>,
        full: &mut Option<Full>,
    ) -> Result<bool, Error> {
        let until = Instant::now() + QUIET;
        while process.runs() || !self.left().is_empty() {
            self.stop.check()?;
            if let Some(number) = filled
                && full.is_some()
                && !self.scene.servers[number].runs()
            {
                *full = None;
                self.scene.servers[number].start(self.stop)?;
            }
            if Instant::now() > until {
                return Ok(false);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(true)
    }

    /// Programs that the script left behind.
    fn left(&self) -> Vec<String> {
        let run = self.scene.folder().join("run");
        let all = process::all_with("SITE_RUN", &run).into_iter();
        let words = all.map(|(_, words)| words);
        words.filter(|words| !words.contains(" follow")).collect()
    }

    fn write(&self, name: &str, text: &str) -> Result<(), Error> {
        let path = self.folder.join(name);
        write(&path, text)
    }
}

/// Writes a file that is there in whole or not at all.
fn write(path: &Path, text: &str) -> Result<(), Error> {
    let new = path.with_extension("new");
    std::fs::write(&new, text)
        .and_then(|()| std::fs::rename(&new, path))
        .map_err(|error| Error::io("written", path, &error))
}
