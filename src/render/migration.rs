//! A migration as people read it: steps, gates, costs and the point of no return, as text and as a
//! chart. The words that other formats share are told here.

use std::fmt::Write as _;

use super::escape::{mermaid_name, visible};
use super::folded;
use super::plan::{self, Detail, Frame as PlanFrame};
use super::style::{CHANGED, FAINT, GONE, NEW, NOTICE, Painted, STRONG};
use super::wrap::paragraph;
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
        seconds => format!("writes pause for at most {seconds} s"),
    };
    match budget.loss {
        0 => format!("{pause}, no writes are lost"),
        seconds => format!("{pause}, up to {seconds} s of writes are lost"),
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

/// From where to where it leads.
fn heading(migration: &Migration) -> String {
    let (from, to) = migration.ends();
    let words = format!(
        "{} from {from} to {to} in {} steps",
        kind(migration),
        migration.steps.len()
    );
    format!("{}\n", Painted(STRONG, words))
}

/// Until where a rollback is possible.
fn point_of_no_return(migration: &Migration) -> String {
    let back = match migration.failover {
        Some(_) => {
            "before this line: `--rollback`; after it: fail over again with `--to` the old region"
        }
        None => "before this line, `--rollback` returns to the old stage",
    };
    let words = format!("──── point of no return: {back} ────");
    format!("  {}\n", Painted(GONE, words))
}

/// Whether a step was taken, as a sign.
fn mark(state: State) -> Painted<&'static str> {
    match state {
        State::Done => Painted(NEW, "✓"),
        State::UnderWay => Painted(CHANGED, "●"),
        State::Ahead => Painted(FAINT, " "),
    }
}

/// What all of it takes and costs.
fn in_all(frame: &Frame<'_>) -> String {
    let long = if frame.forecasts.is_empty() {
        format!("{} steps", frame.migration.steps.len())
    } else {
        format!("about {}", duration(frame.seconds()))
    };
    let cost = cost(frame.total());
    format!("\n{} {long}, {cost}.\n", Painted(STRONG, "Total:"))
}

/// The migration in a line per step, for whoever is asked whether to begin it, in lines of so many columns.
pub fn overview(frame: &Frame<'_>, columns: usize) -> String {
    let migration = frame.migration;
    let mut out = heading(migration);
    let widest = |sizes: &mut dyn Iterator<Item = usize>| sizes.max().unwrap_or(0);
    let name = widest(&mut migration.steps.iter().map(|step| step.name.chars().count()));
    let times: Vec<String> = (0..migration.steps.len())
        .map(|number| match frame.forecasts.get(number) {
            Some(forecast) => duration(forecast.seconds),
            None => String::new(),
        })
        .collect();
    let time = widest(&mut times.iter().map(|time| time.chars().count()));
    let mut hop = None;
    for (number, step) in migration.steps.iter().enumerate() {
        if hop != Some(step.hop) && migration.failover.is_none() {
            hop = Some(step.hop);
            let _ = writeln!(out, "\n{}", Painted(STRONG, hop_title(step)));
        }
        if step.point_of_no_return {
            out.push_str(&point_of_no_return(migration));
        }
        let mut does: Vec<String> = Vec::new();
        if !step.run.is_empty() {
            does.push(format!("runs {}", step.run.join(", ")));
        }
        let forecast = frame.forecasts.get(number);
        for (action, count, names) in forecast.map(|one| changes(&one.plan)).unwrap_or_default() {
            let few = count <= FEW;
            let names = if few {
                format!(": {names}")
            } else {
                String::new()
            };
            does.push(format!("{} {count}{names}", verb(action).0));
        }
        let cost_of = frame.budget(number);
        if cost_of != Budget::default() {
            does.push(cost(cost_of));
        }
        if does.is_empty() {
            does.push(step.does.to_string());
        }
        let head = format!("{:<name$}  {:>time$}", step.name, times[number]);
        let room = columns.saturating_sub(name + time + 11).max(20);
        let lines = paragraph(&does.join("; "), room);
        let below = " ".repeat(name + time + 10);
        let _ = writeln!(
            out,
            "{} {:>2}  {}  {}",
            mark(frame.state(number)),
            number + 1,
            Painted(STRONG, visible(&head)),
            visible(lines.first().map_or("", |line| line))
        );
        for line in lines.iter().skip(1) {
            let _ = writeln!(out, "{below}{}", visible(line));
        }
        for interrupts in forecast.iter().flat_map(|one| &one.interrupts) {
            let words = visible(interrupts);
            let _ = writeln!(out, "      {} {words}", Painted(NOTICE, "interrupts"));
        }
    }
    out.push_str(&in_all(frame));
    out
}

/// A step before it is begun: what it does, its changes folded as those of an apply, and what it waits for.
pub fn step(frame: &Frame<'_>, number: usize, columns: usize) -> String {
    let step = &frame.migration.steps[number];
    let title = format!("Step {}, {}", number + 1, step.name);
    let mut out = format!(
        "\n{}: {}\n",
        Painted(STRONG, visible(&title)),
        visible(&step.does)
    );
    if !step.run.is_empty() {
        let names = step.run.join(", then ");
        let _ = writeln!(
            out,
            "  {} {} on the server",
            Painted(CHANGED, "runs"),
            visible(&names)
        );
    }
    if let Some(forecast) = frame.forecasts.get(number)
        && !forecast.plan.is_empty()
    {
        let _ = write!(
            out,
            "\n{}",
            folded::text(&forecast.plan, &PlanFrame::default(), columns)
        );
    }
    let cost_of = frame.budget(number);
    if cost_of != Budget::default() {
        let _ = writeln!(out, "{} {}.", Painted(STRONG, "Costs:"), cost(cost_of));
    }
    if !step.gates.is_empty() {
        let gates = gates_in_short(step);
        let _ = writeln!(
            out,
            "{} {}",
            Painted(STRONG, "Waits until"),
            visible(&gates)
        );
    }
    out
}

/// What a step waits for.
fn gates_in_short(step: &Step) -> String {
    let gates: Vec<String> = step
        .gates
        .iter()
        .map(|gate| gate.check.in_short())
        .collect();
    gates.join("; ")
}

/// Every property that a step changes.
pub fn in_full(frame: &Frame<'_>, number: usize) -> String {
    let step = &frame.migration.steps[number];
    let title = format!("Step {}, {}", number + 1, step.name);
    let mut out = format!("\n{}\n", Painted(STRONG, visible(&title)));
    match frame.forecasts.get(number) {
        Some(forecast) if !forecast.plan.is_empty() => {
            let plan = &forecast.plan;
            out.push_str(&plan::changes(plan, &PlanFrame::default(), Detail::Full));
        }
        _ => out.push_str("  changes no resources\n"),
    }
    out
}

/// Up to as many changes of a step are named in an overview.
const FEW: usize = 4;

/// The migration as text, in lines of so many columns.
pub fn text(frame: &Frame<'_>, columns: usize) -> String {
    let migration = frame.migration;
    let mut out = heading(migration);
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
            out.push_str(&point_of_no_return(migration));
        }
        let mark = mark(frame.state(number));
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
        for line in paragraph(&step.does, columns.saturating_sub(6)) {
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
            let gates = gates_in_short(step);
            for (number, line) in paragraph(&gates, columns.saturating_sub(12))
                .iter()
                .enumerate()
            {
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
    out.push_str(&in_all(frame));
    out
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
