//! The walk through the steps: scripts run, gates are read, and under chaos things are killed.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::chaos::{Chaos, Target};
use super::load::Pulse;
use super::report::StepReport;
use super::steps::Step;
use super::testbed::Testbed;
use super::{Error, Event, Options, Stop};
use crate::blueprint::Library;
use crate::migrate::action;

/// How long one script may take.
pub const SCRIPT: Duration = Duration::from_secs(180);

/// How long a gate that opens later may stay closed.
const GATE: Duration = Duration::from_secs(180);

/// How often a script that fails is run again under chaos, where failing is expected.
const ATTEMPTS: u32 = 20;

/// What a walk needs.
pub struct Walk<'a> {
    options: &'a Options,
    library: &'a Library,
    scene: &'a mut Testbed,
    load: &'a dyn Pulse,
    stop: &'a Stop,
    chaos: Option<Chaos>,
}

/// How a run of a script ended.
enum Ran {
    /// With this reading.
    Well(Value),
    /// Badly; with what it said, and its reading if it gave one.
    Badly(String, Value),
    /// It was killed.
    Killed,
}

impl<'a> Walk<'a> {
    /// A walk that has not begun.
    pub fn new(
        options: &'a Options,
        library: &'a Library,
        scene: &'a mut Testbed,
        load: &'a dyn Pulse,
        stop: &'a Stop,
    ) -> Self {
        Self {
            options,
            library,
            scene,
            load,
            stop,
            chaos: options.chaos.then(|| Chaos::new(options.seed)),
        }
    }

    /// Walks all steps, or up to the first that fails; that one is the last in the report.
    pub fn all(
        mut self,
        steps: &[Step],
        tell: &mut dyn FnMut(Event<'_>),
    ) -> Result<Vec<StepReport>, Error> {
        super::walked(
            steps,
            |step| &step.name,
            tell,
            |step, tell| self.step(step, tell),
        )
    }

    fn step(&mut self, step: &Step, tell: &mut dyn FnMut(Event<'_>)) -> Result<StepReport, Error> {
        let engine = self.options.engine.word();
        let script = action::script(self.library, engine, &step.action).ok_or_else(|| {
            Error::new(format!("there is no action {} for {engine}", step.action))
        })?;
        if &*step.action == "replicate" {
            self.scene.let_subscribe()?;
        }
        let began = Instant::now();
        let mut report = StepReport {
            name: step.name.clone(),
            action: step.action.to_string(),
            ..StepReport::default()
        };
        if let Some(chaos) = &mut self.chaos {
            chaos.step();
        }
        // One that was killed is sometimes undone first.
        let mut undo = step.undo;
        loop {
            self.stop.check()?;
            report.attempts += 1;
            let ran = self.once(&step.action, &script, undo, &mut report, tell)?;
            let many = report.attempts >= ATTEMPTS;
            match ran {
                Ran::Well(_) if undo != step.undo => undo = step.undo,
                Ran::Well(reading) => {
                    let open = step.gate.is_open(&reading);
                    report.reading = reading;
                    if open {
                        break;
                    }
                    if !step.gate.opens_later() || began.elapsed() > GATE {
                        report.error = Some(format!("the gate stays closed: {}", report.reading));
                        break;
                    }
                    self.load.run_for(Duration::from_millis(100), self.stop)?;
                }
                Ran::Killed => {
                    undo = match &mut self.chaos {
                        Some(chaos) if can_be_undone(&step.action) => step.undo != chaos.undoes(),
                        _ => step.undo,
                    };
                }
                Ran::Badly(why, reading) => {
                    let is_verdict = reading["equal"] == false || reading["ok"] == false;
                    report.reading = reading;
                    if self.chaos.is_none() || is_verdict || many {
                        report.error = Some(why);
                        break;
                    }
                    undo = step.undo;
                    self.load.run_for(Duration::from_millis(200), self.stop)?;
                }
            }
        }
        let ended = Instant::now();
        report.seconds = (ended - began).as_secs_f64();
        let stall = self.load.longest_stall(began, ended, self.stop)?;
        report.stall_ms = u64::try_from(stall.as_millis()).unwrap_or(u64::MAX);
        Ok(report)
    }

    /// Runs a script once; something may be killed meanwhile.
    fn once(
        &mut self,
        name: &str,
        script: &str,
        undo: bool,
        report: &mut StepReport,
        tell: &mut dyn FnMut(Event<'_>),
    ) -> Result<Ran, Error> {
        let blow = self.chaos.as_mut().and_then(Chaos::next);
        let began = Instant::now();
        let (mut process, output, errors) = self.scene.script(name, script, undo)?;
        let until = began + SCRIPT;
        let what = if undo {
            format!("undoing {name}")
        } else {
            name.to_owned()
        };
        if let Some(blow) = blow {
            while process.runs() && began.elapsed() < blow.after {
                self.stop.check()?;
                std::thread::sleep(Duration::from_millis(2));
            }
            let after = began.elapsed().as_millis();
            match blow.target {
                Target::Script if process.runs() => {
                    process.kill();
                    told(report, tell, format!("{what} killed after {after} ms"));
                    return Ok(Ran::Killed);
                }
                Target::Script => {}
                Target::Server(number) => {
                    let side = ["source", "target"][number];
                    told(
                        report,
                        tell,
                        format!("the {side} killed {after} ms into {what}"),
                    );
                    self.scene.servers[number].kill();
                    self.scene.servers[number].start(self.stop)?;
                }
            }
        }
        let code = process.wait(until, self.stop)?;
        let disturbed = matches!(blow, Some(blow) if blow.target != Target::Script);
        if let Some(chaos) = self.chaos.as_mut().filter(|_| !disturbed) {
            chaos.ran(began.elapsed());
        }
        let reading = last_line(&output);
        match code {
            Some(0) => Ok(Ran::Well(reading)),
            _ => {
                let said = std::fs::read_to_string(&errors).unwrap_or_default();
                let why = match (said.trim(), code) {
                    ("", Some(code)) => format!("exit code {code}"),
                    ("", None) => format!("not done after {} seconds", SCRIPT.as_secs()),
                    (said, _) => said.to_owned(),
                };
                Ok(Ran::Badly(why, reading))
            }
        }
    }
}

fn told(report: &mut StepReport, tell: &mut dyn FnMut(Event<'_>), what: String) {
    tell(Event::Killed(&what));
    report.killed.push(what);
}

/// Readings have nothing to undo, and what `retire` has ended stays so.
fn can_be_undone(action: &str) -> bool {
    matches!(action, "copy-schema" | "replicate" | "cut-over")
}

/// A script's reading: the last line that it printed, if that is JSON.
fn last_line(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().last().unwrap_or_default();
    serde_json::from_str(line).unwrap_or_default()
}
