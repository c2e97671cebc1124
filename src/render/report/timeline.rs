//! How long it takes: a plan's longest chain as bars, and a migration's steps one after the other.

use serde::Serialize;

use super::changes::{mark, verb};
use crate::address::Address;
use crate::migrate::gates::{Check, Gate};
use crate::migrate::{Budget, Phase};
use crate::plan::{Action, Plan, Step};
use crate::render::migration::{Frame, State, changes, cost};
use crate::words::duration;

/// A bar's whole width, in SVG's units.
const WIDTH: f64 = 1000.0;
/// The longest chain is shown with so many operations at most, the longest of them.
const MOST_CRITICAL: usize = 24;
/// And beside it so many others.
const MOST_OTHERS: usize = 8;

/// How long a plan takes.
#[derive(Debug, Serialize)]
pub struct Duration {
    total: String,
    bars: Vec<Bar>,
    /// How many operations of the chain, and how many beside it, have no bar.
    left_chain: usize,
    left_others: usize,
    ticks: Vec<Tick>,
}

/// An operation.
#[derive(Debug, Serialize)]
pub struct Bar {
    name: String,
    verb: &'static str,
    class: &'static str,
    takes: String,
    begins: String,
    x: f64,
    width: f64,
    critical: bool,
    row: Option<usize>,
}

/// A time on the axis.
#[derive(Debug, Serialize)]
pub struct Tick {
    x: f64,
    label: String,
}

/// The longest chain of a plan and the longest operations beside it, in the order in which they begin;
/// `row_of` finds a change in the report.
pub fn of_plan(
    plan: &Plan,
    workers: Option<usize>,
    row_of: impl Fn(&Address, Action) -> Option<usize>,
) -> Option<Duration> {
    let schedule = plan.schedule(workers);
    if schedule.makespan == 0 {
        return None;
    }
    let scale = WIDTH / schedule.makespan as f64;
    let mut is_critical = vec![false; plan.operations.len()];
    for number in &schedule.critical {
        is_critical[*number] = true;
    }
    let longest = |critical: bool, most: usize| {
        let mut numbers: Vec<usize> = (0..plan.operations.len())
            .filter(|number| is_critical[*number] == critical)
            .filter(|number| plan.operations[*number].seconds > 0)
            .collect();
        numbers
            .sort_by_key(|number| (std::cmp::Reverse(plan.operations[*number].seconds), *number));
        let left = numbers.len().saturating_sub(most);
        numbers.truncate(most);
        (numbers, left)
    };
    let (mut numbers, left_chain) = longest(true, MOST_CRITICAL);
    let (others, left_others) = longest(false, MOST_OTHERS);
    numbers.extend(others);
    let begin =
        |number: usize| schedule.finish[number].saturating_sub(plan.operations[number].seconds);
    numbers.sort_by_key(|number| (begin(*number), schedule.finish[*number], *number));
    let bars = numbers
        .into_iter()
        .map(|number| {
            let operation = &plan.operations[number];
            let change = &plan.changes[operation.change];
            let (verb, class) = match operation.step {
                Step::Create => ("create", mark(Action::Create).word()),
                Step::Update => ("update", mark(Action::Update).word()),
                Step::Delete => ("delete", mark(Action::Delete).word()),
            };
            Bar {
                name: change.address.to_string(),
                verb,
                class,
                takes: duration(operation.seconds as f64),
                begins: duration(begin(number) as f64),
                x: rounded(begin(number) as f64 * scale),
                width: rounded((operation.seconds as f64 * scale).max(3.0)),
                critical: is_critical[number],
                row: row_of(&change.address, change.action),
            }
        })
        .collect();
    Some(Duration {
        total: duration(schedule.makespan as f64),
        bars,
        left_chain,
        left_others,
        ticks: ticks(schedule.makespan),
    })
}

/// At most five round times between nothing and the end.
fn ticks(seconds: u64) -> Vec<Tick> {
    const ROUND: &[u64] = &[
        1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400,
    ];
    let most = ROUND.last().copied().unwrap_or(1);
    let step = ROUND
        .iter()
        .copied()
        .find(|step| seconds / step <= 5)
        .unwrap_or_else(|| seconds.div_ceil(5).max(most));
    (0..=seconds / step)
        .map(|number| Tick {
            x: rounded((number * step) as f64 * 100.0 / seconds as f64),
            label: match number * step {
                0 => "0".to_owned(),
                at if at % 3600 == 0 => format!("{} h", at / 3600),
                at if at % 60 == 0 => format!("{} m", at / 60),
                at => duration(at as f64),
            },
        })
        .collect()
}

fn rounded(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

/// A migration's way.
#[derive(Debug, Serialize)]
pub struct Timeline {
    steps: Vec<Entry>,
    /// Where each point of no return stands on the bar.
    no_return: Vec<f64>,
}

/// A step.
#[derive(Debug, Serialize)]
pub struct Entry {
    number: usize,
    name: String,
    /// The heading of the hop that begins here.
    hop: Option<String>,
    no_return: bool,
    phase: &'static str,
    does: String,
    state: &'static str,
    takes: Option<String>,
    x: f64,
    width: f64,
    runs: Vec<String>,
    cost: Option<String>,
    over: Option<String>,
    interrupts: Vec<String>,
    gates: Vec<GateEntry>,
    changes: Vec<Sort>,
    /// Where its changes stand in the report.
    anchor: Option<String>,
    /// The longest operation of its changes.
    longest: Option<String>,
}

/// A gate.
#[derive(Debug, Serialize)]
pub struct GateEntry {
    words: String,
    patience: Option<String>,
}

/// The changes of one sort.
#[derive(Debug, Serialize)]
pub struct Sort {
    class: &'static str,
    sign: &'static str,
    words: String,
    names: String,
}

/// The link to a step's changes.
pub fn anchor(number: usize) -> String {
    format!("step-{}-changes", number + 1)
}

/// A migration's steps.
pub fn of_migration(frame: &Frame<'_>) -> Timeline {
    let over = frame.over_budget();
    let seconds: Vec<f64> = (0..frame.migration.steps.len())
        .map(|number| {
            let forecast = frame.forecasts.get(number);
            forecast.map_or_else(
                || f64::from(frame.migration.steps[number].seconds),
                |one| one.seconds,
            )
        })
        .collect();
    let whole: f64 = seconds.iter().sum::<f64>().max(1.0);
    let (mut at, mut hop) = (0.0, None);
    let mut no_return = Vec::new();
    let steps = frame
        .migration
        .steps
        .iter()
        .enumerate()
        .map(|(number, step)| {
            let begins = hop != Some(step.hop);
            hop = Some(step.hop);
            let x = rounded(at * WIDTH / whole);
            at += seconds[number];
            if step.point_of_no_return {
                no_return.push(x);
            }
            let forecast = frame.forecasts.get(number);
            let budget = frame.budget(number);
            Entry {
                number: number + 1,
                name: step.name.to_string(),
                hop: begins.then(|| format!("{} → {}", step.hop.0.name(), step.hop.1.name())),
                no_return: step.point_of_no_return,
                phase: phase(step.phase),
                does: step.does.to_string(),
                state: match frame.state(number) {
                    State::Done => "done",
                    State::UnderWay => "under way",
                    State::Ahead => "ahead",
                },
                takes: forecast.map(|one| duration(one.seconds)),
                x,
                width: rounded((seconds[number] * WIDTH / whole).max(2.0)),
                runs: step.run.iter().map(ToString::to_string).collect(),
                cost: (budget != Budget::default()).then(|| cost(budget)),
                over: frame
                    .allowed
                    .filter(|_| over.contains(&number))
                    .map(|allowed| {
                        format!(
                            "the spec allows {} s without writes and {} s of lost writes",
                            allowed.unavailable, allowed.loss
                        )
                    }),
                interrupts: forecast.map_or_else(Vec::new, |one| one.interrupts.clone()),
                gates: step.gates.iter().map(gate).collect(),
                changes: forecast.map_or_else(Vec::new, |one| sorts(&one.plan)),
                anchor: forecast
                    .filter(|one| !one.plan.is_empty())
                    .map(|_| anchor(number)),
                longest: forecast.and_then(|one| longest(&one.plan)),
            }
        })
        .collect();
    Timeline { steps, no_return }
}

fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Prepare => "prepare",
        Phase::Expand => "expand",
        Phase::Move => "move",
        Phase::Switch => "switch",
        Phase::Soak => "soak",
        Phase::Contract => "contract",
    }
}

fn gate(gate: &Gate) -> GateEntry {
    let waits = !matches!(gate.check, Check::Hold(_));
    GateEntry {
        words: crate::render::migration::gate_in_words(gate),
        patience: waits.then(|| {
            format!(
                "asked every {} s for up to {}",
                gate.cadence.every,
                duration(f64::from(gate.cadence.within))
            )
        }),
    }
}

fn sorts(plan: &Plan) -> Vec<Sort> {
    let sorts = changes(plan).into_iter();
    sorts
        .map(|(action, count, names)| {
            let mark = mark(action);
            Sort {
                class: mark.word(),
                sign: mark.sign(),
                words: format!("{} {count}", verb(action)),
                names,
            }
        })
        .collect()
}

/// The operation that takes longest, for what a step waits for.
fn longest(plan: &Plan) -> Option<String> {
    let operation = plan
        .operations
        .iter()
        .max_by_key(|operation| operation.seconds)
        .filter(|operation| operation.seconds > 0)?;
    Some(format!(
        "{}, {}",
        plan.changes[operation.change].address,
        duration(operation.seconds as f64)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_has_few_round_times() {
        let labels = |seconds| -> Vec<String> {
            ticks(seconds).into_iter().map(|tick| tick.label).collect()
        };
        assert_eq!(labels(3), ["0", "1 s", "2 s", "3 s"]);
        assert_eq!(labels(500), ["0", "2 m", "4 m", "6 m", "8 m"]);
        assert_eq!(labels(1_000_000).len(), 6);
    }
}
