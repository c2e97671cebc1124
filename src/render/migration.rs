//! A migration as people read it: steps, gates, costs and the point of no return, as text and as a
//! chart. The words that other formats share are told here.

use std::fmt::Write as _;

use super::escape::{mermaid_name, visible};
use super::style::{CHANGED, FAINT, GONE, NEW, NOTICE, Painted, STRONG};
use crate::inventory::Standing;
use crate::migrate::forecast::Forecast;
use crate::migrate::gates::{Check, Gate};
use crate::migrate::{Budget, Migration, Phase, Step};
use crate::plan::{Action, Plan};
use crate::words::duration;

/// How many addresses of a kind of change are named before the rest is counted.
const NAMED: usize = 8;

/// A migration, and what is known of it.
pub struct Frame<'a> {
    /// The steps.
    pub migration: &'a Migration,
    /// What each would do, as far as that was found out.
    pub forecasts: &'a [Forecast],
    /// Where it stands, if it is under way.
    pub standing: Option<&'a Standing>,
    /// What the spec allows it to cost.
    pub allowed: Option<Budget>,
}

/// How a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It was taken.
    Done,
    /// It was begun.
    UnderWay,
    /// It is still to come.
    Ahead,
}

impl Frame<'_> {
    /// How a step stands.
    pub fn state(&self, number: usize) -> State {
        match self.standing {
            Some(at) if number < at.step || number == at.step && at.done => State::Done,
            Some(at) if number == at.step => State::UnderWay,
            _ => State::Ahead,
        }
    }

    /// What a step may cost, what its changes interrupt included where that is known.
    pub fn budget(&self, number: usize) -> Budget {
        let known = self.forecasts.get(number).map(|forecast| forecast.budget);
        known.unwrap_or(self.migration.steps[number].budget)
    }

    /// What all steps may cost together.
    pub fn total(&self) -> Budget {
        (0..self.migration.steps.len()).fold(Budget::default(), |sum, number| {
            let one = self.budget(number);
            Budget {
                unavailable: sum.unavailable + one.unavailable,
                loss: sum.loss + one.loss,
            }
        })
    }

    /// What all steps take, as far as that was found out.
    pub fn seconds(&self) -> f64 {
        self.forecasts.iter().map(|forecast| forecast.seconds).sum()
    }

    /// The numbers of the steps that may cost more than the spec allows.
    pub fn over_budget(&self) -> Vec<usize> {
        let Some(allowed) = self.allowed else {
            return Vec::new();
        };
        (0..self.migration.steps.len())
            .filter(|number| {
                let cost = self.budget(*number);
                cost.unavailable > allowed.unavailable || cost.loss > allowed.loss
            })
            .collect()
    }
}

/// What it is called.
pub(super) fn kind(migration: &Migration) -> &'static str {
    match migration.failover {
        Some(_) => "Failover",
        None => "Migration",
    }
}

fn hop_title(step: &Step) -> String {
    format!("{} → {}", step.hop.0.name(), step.hop.1.name())
}

/// A gate in words.
pub fn gate_in_words(gate: &Gate) -> String {
    let words = gate.check.in_words();
    match gate.check {
        Check::Hold(_) => words,
        _ if gate.cadence.times > 1 => format!("{words} ({} times in a row)", gate.cadence.times),
        _ => words,
    }
}

/// What a budget means, in words.
pub fn cost(budget: Budget) -> String {
    let pause = match budget.unavailable {
        0 => "writes never pause".to_owned(),
        seconds => format!("writes pause for {seconds} s at most"),
    };
    match budget.loss {
        0 => format!("{pause}, none is lost"),
        seconds => format!("{pause}, up to {seconds} s of them are lost"),
    }
}

/// Which resources a plan creates, changes and removes, by name as far as they fit.
pub fn changes(plan: &Plan) -> Vec<(Action, usize, String)> {
    let sorts = [
        Action::Create,
        Action::Update,
        Action::Replace,
        Action::Delete,
    ];
    sorts
        .into_iter()
        .filter_map(|action| {
            let of_action = plan.changes.iter().filter(|change| change.action == action);
            let (number, text) = named(of_action.map(|change| &*change.address.id));
            (number > 0).then_some((action, number, text))
        })
        .collect()
}

/// How many resources these are, and their names with how many there are of each, as far as they fit.
pub fn named<'a>(ids: impl Iterator<Item = &'a str>) -> (usize, String) {
    let mut names: Vec<(&str, usize)> = Vec::new();
    for id in ids {
        match names.iter_mut().find(|(have, _)| *have == id) {
            Some((_, times)) => *times += 1,
            None => names.push((id, 1)),
        }
    }
    let number = names.iter().map(|(_, times)| times).sum();
    let more: usize = names.iter().skip(NAMED).map(|(_, times)| times).sum();
    let told = names.iter().take(NAMED).map(|(name, times)| match times {
        1 => (*name).to_owned(),
        times => format!("{name} ×{times}"),
    });
    let mut text = told.collect::<Vec<String>>().join(", ");
    if more > 0 {
        let _ = write!(text, " and {more} more");
    }
    (number, text)
}

/// What is done, in words, and its style.
pub fn verb(action: Action) -> (&'static str, anstyle::Style) {
    match action {
        Action::Create => ("creates", NEW),
        Action::Update => ("changes", CHANGED),
        Action::Replace => ("replaces", CHANGED),
        Action::Delete => ("removes", GONE),
    }
}

/// The migration as text.
pub fn text(frame: &Frame<'_>) -> String {
    let migration = frame.migration;
    let mut out = String::new();
    // Writing to a String cannot fail, here and below.
    let _ = writeln!(
        out,
        "{}",
        Painted(
            STRONG,
            format!(
                "{} from {} to {} in {} steps",
                kind(migration),
                migration.ends().0,
                migration.ends().1,
                migration.steps.len()
            )
        )
    );
    let mut hop = None;
    for (number, step) in migration.steps.iter().enumerate() {
        if hop != Some(step.hop) {
            hop = Some(step.hop);
            match migration.failover {
                Some(_) => out.push('\n'),
                None => {
                    let _ = writeln!(out, "\n{}", Painted(STRONG, hop_title(step)));
                }
            }
        }
        if step.point_of_no_return {
            let back = match migration.failover {
                Some(_) => "up to here `--rollback` leads back; then `--to` the old region does",
                None => "up to here `--rollback` leads back to the old stage",
            };
            let _ = writeln!(
                out,
                "  {}",
                Painted(GONE, format!("──── point of no return: {back} ────"))
            );
        }
        let mark = match frame.state(number) {
            State::Done => Painted(NEW, "✓"),
            State::UnderWay => Painted(CHANGED, "●"),
            State::Ahead => Painted(FAINT, " "),
        };
        let forecast = frame.forecasts.get(number);
        let takes = forecast.map_or(String::new(), |one| {
            format!("  about {}", duration(one.seconds))
        });
        let _ = writeln!(
            out,
            "{mark} {:>2}  {}{}",
            number + 1,
            Painted(STRONG, visible(&step.name)),
            Painted(FAINT, takes)
        );
        for line in wrapped(&step.does, 92) {
            let _ = writeln!(out, "      {}", visible(&line));
        }
        if !step.run.is_empty() {
            let _ = writeln!(
                out,
                "      {} {} on the server",
                Painted(CHANGED, "runs"),
                visible(&step.run.join(", then "))
            );
        }
        if let Some(forecast) = forecast {
            for (action, count, names) in changes(&forecast.plan) {
                let (verb, style) = verb(action);
                let _ = writeln!(
                    out,
                    "      {} {}",
                    Painted(style, format!("{verb} {count}:")),
                    Painted(FAINT, visible(&names))
                );
            }
            for interrupts in &forecast.interrupts {
                let words = visible(interrupts);
                let _ = writeln!(out, "      {} {words}", Painted(NOTICE, "interrupts"));
            }
        }
        let cost_of = frame.budget(number);
        if cost_of != Budget::default() {
            let _ = writeln!(out, "      {} {}", Painted(NOTICE, "costs"), cost(cost_of));
        }
        if !step.gates.is_empty() {
            let gates: Vec<String> = step
                .gates
                .iter()
                .map(|gate| gate.check.in_short())
                .collect();
            for (number, line) in wrapped(&gates.join("; "), 86).iter().enumerate() {
                let head = if number == 0 { "until" } else { "     " };
                let _ = writeln!(
                    out,
                    "      {} {}",
                    Painted(NOTICE, head),
                    Painted(FAINT, visible(line))
                );
            }
        }
    }
    let _ = writeln!(
        out,
        "\n{} {}, {}.",
        Painted(STRONG, "In all"),
        match frame.forecasts.is_empty() {
            true => format!("{} steps", migration.steps.len()),
            false => format!("about {}", duration(frame.seconds())),
        },
        cost(frame.total())
    );
    out
}

/// Text in lines of at most so many characters.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut();
        match line {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// The migration as a Mermaid Gantt chart (<https://mermaid.js.org/syntax/gantt.html>).
pub fn mermaid(frame: &Frame<'_>) -> String {
    let mut out = String::from("gantt\n  dateFormat X\n  axisFormat %H:%M:%S\n");
    let mut at = 0.0;
    let mut hop = None;
    for (number, step) in frame.migration.steps.iter().enumerate() {
        if hop != Some(step.hop) {
            hop = Some(step.hop);
            let _ = writeln!(out, "  section {}", hop_title(step));
        }
        if step.point_of_no_return {
            let _ = writeln!(out, "  point of no return :milestone, {at:.0}, 0s");
        }
        let seconds = frame
            .forecasts
            .get(number)
            .map_or(f64::from(step.seconds), |one| one.seconds)
            .max(1.0);
        let state = match frame.state(number) {
            State::Done => "done, ",
            State::UnderWay => "active, ",
            State::Ahead if step.phase == Phase::Switch => "crit, ",
            State::Ahead => "",
        };
        let name = mermaid_name(&step.name);
        let _ = writeln!(out, "  {name} :{state}{at:.0}, {seconds:.0}s");
        at += seconds;
    }
    out
}
