//! An apply as it runs: lines when piped, live rows with elapsed and remaining time on a terminal.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::run::Options;
use super::ui;
use crate::apply::End;
use crate::apply::Event;
use crate::plan::{Plan, Step};
use crate::provider::Clock;
use crate::render::escape::visible_but_colours;
use crate::render::{
    style::CHANGED, style::FAINT, style::GONE, style::NEW, style::NOTICE, style::Painted,
    style::STRONG,
};
use crate::words::duration;

/// What is shown of a run.
pub struct Progress<'a> {
    plan: &'a Plan,
    clock: &'a dyn Clock,
    began: u64,
    predicted: u64,
    begun: bool,
    done: usize,
    json: bool,
    verbose: bool,
    rows: Option<Rows>,
}

struct Rows {
    all: MultiProgress,
    total: ProgressBar,
    running: BTreeMap<usize, (ProgressBar, u64)>,
}

impl<'a> Progress<'a> {
    /// Shows a run of `plan`.
    pub fn new(plan: &'a Plan, options: &Options, clock: &'a dyn Clock) -> Self {
        let live =
            !options.json && std::io::stderr().is_terminal() && std::io::stdout().is_terminal();
        let rows = live.then(|| {
            let all = MultiProgress::new();
            let total = all.add(ProgressBar::new(plan.operations.len() as u64));
            // Checked by the test below.
            if let Ok(style) = ProgressStyle::with_template(TOTAL) {
                total.set_style(style);
            }
            total.enable_steady_tick(Duration::from_millis(100));
            Rows {
                all,
                total,
                running: BTreeMap::new(),
            }
        });
        Self {
            plan,
            clock,
            began: clock.now(),
            predicted: plan.schedule(options.workers).makespan,
            begun: false,
            done: 0,
            json: options.json,
            verbose: options.verbose,
            rows,
        }
    }

    /// Shows what happened.
    pub fn event(&mut self, event: &Event) {
        // Programs are told by the run's lines.
        if self.json {
            return;
        }
        match event {
            Event::Started {
                operation,
                address,
                step,
            } => {
                self.begun = true;
                if let Some(rows) = &mut self.rows {
                    let row = rows
                        .all
                        .insert_before(&rows.total, ProgressBar::new_spinner());
                    if let Ok(style) = ProgressStyle::with_template(ROW) {
                        row.set_style(style);
                    }
                    row.set_message(format!("{} {address}", verb(*step).1));
                    rows.running.insert(*operation, (row, self.clock.now()));
                }
            }
            Event::Waiting { .. } => {}
            Event::Note { address, note, .. } => {
                self.say(&format!("  {} {address}: {note}", Painted(NOTICE, "note")));
            }
            Event::Retrying {
                address,
                attempt,
                error,
                ..
            } => {
                if self.verbose {
                    self.say(&format!(
                        "    {} {address}: {error}",
                        Painted(FAINT, format!("attempt {attempt}"))
                    ));
                }
            }
            Event::Finished {
                operation,
                address,
                step,
                end,
                seconds,
            } => {
                self.done += 1;
                if let Some(rows) = &mut self.rows
                    && let Some((row, _)) = rows.running.remove(operation)
                {
                    row.finish_and_clear();
                }
                let (sign, _, past) = verb(*step);
                let time = Painted(FAINT, duration(*seconds));
                match end {
                    End::Done { identifier, .. } => {
                        let style = match step {
                            Step::Create => NEW,
                            Step::Update => CHANGED,
                            Step::Delete => GONE,
                        };
                        let id = identifier.as_deref().map(ui::last_part);
                        let id = id.filter(|id| !id.is_empty() && id.len() <= WIDEST);
                        let id = id.map(|id| format!(" {id}")).unwrap_or_default();
                        self.say(&format!(
                            "  {} {address} {past}{id}  {time}",
                            Painted(style, sign)
                        ));
                    }
                    End::Failed { error } => {
                        self.say(&format!(
                            "  {} {address}: {error}  {time}",
                            Painted(GONE, "failed")
                        ));
                    }
                    End::Blocked { by } if self.verbose => {
                        self.say(&format!(
                            "  {} {address} waits for {by}",
                            Painted(FAINT, "blocked")
                        ));
                    }
                    End::Left => self.say(&format!(
                        "  {} {address} goes on without us",
                        Painted(FAINT, "left")
                    )),
                    End::Blocked { .. } | End::NotBegun => {}
                }
            }
        }
        self.refresh();
    }

    fn say(&self, line: &str) {
        match &self.rows {
            // The terminal's own rows have to make room; failing to draw is no reason to stop.
            Some(rows) => drop(rows.all.println(visible_but_colours(line))),
            None => ui::print(&format!("{line}\n")),
        }
    }

    fn refresh(&self) {
        let Some(rows) = &self.rows else { return };
        let now = self.clock.now();
        let elapsed = now.saturating_sub(self.began) / 1000;
        let remaining = self.predicted.saturating_sub(elapsed);
        rows.total.set_position(self.done as u64);
        rows.total.set_message(format!(
            "{} elapsed, about {} left",
            duration(elapsed as f64),
            duration(remaining as f64)
        ));
        for (operation, (row, since)) in &rows.running {
            let passed = now.saturating_sub(*since) / 1000;
            let typical = self.plan.operations[*operation].seconds;
            row.set_prefix(format!(
                "{} of about {}",
                duration(passed as f64),
                duration(typical as f64)
            ));
        }
    }

    /// Clears the live rows.
    pub fn finish(&mut self) {
        if let Some(rows) = self.rows.take() {
            rows.total.finish_and_clear();
            // The rows are gone already; this only tidies up what a stop left.
            let _ = rows.all.clear();
        } else if !self.json && !self.begun {
            ui::note(&format!("{}\n", Painted(STRONG, "Nothing was begun.")));
        }
    }
}

/// Identifiers up to this width stand on a resource's line.
const WIDEST: usize = 60;
const TOTAL: &str = "{bar:30} {pos}/{len}  {msg}";
const ROW: &str = "  {spinner} {msg}  {prefix}";

/// The sign, the word for what goes on, and the word for what is done.
fn verb(step: Step) -> (&'static str, &'static str, &'static str) {
    match step {
        Step::Create => ("+", "creating", "created"),
        Step::Update => ("~", "updating", "updated"),
        Step::Delete => ("-", "deleting", "deleted"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_ones_that_indicatif_takes() {
        for template in [TOTAL, ROW] {
            assert!(ProgressStyle::with_template(template).is_ok());
        }
    }
}
