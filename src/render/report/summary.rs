//! The summary of a report: its numbers, and what is put at risk.

use serde::Serialize;

use super::architecture::Mark;
use super::changes::Lister;
use super::{changes, facts};
use crate::address::Address;
use crate::plan::{Action, Blast};
use crate::render::migration::Frame as MigrationFrame;
use crate::render::plan::Frame;
use crate::words::duration;

/// So many resources are named under each risk; the list of changes has them all.
const NAMED: usize = 8;

/// A number of the summary.
#[derive(Debug, Serialize)]
pub struct Tile {
    class: &'static str,
    sign: &'static str,
    number: String,
    label: String,
}

/// A sort of danger, and what is in it.
#[derive(Debug, Serialize)]
pub struct Risk {
    class: &'static str,
    title: String,
    what: &'static str,
    items: Vec<RiskItem>,
    more: usize,
}

#[derive(Debug, Serialize)]
struct RiskItem {
    address: String,
    row: Option<usize>,
    told: String,
    /// Whether to tell the option that allows it.
    allow: bool,
}

/// What a migration takes, in a few numbers.
pub fn tiles_of_migration(frame: &MigrationFrame<'_>) -> Vec<Tile> {
    let steps = &frame.migration.steps;
    let total = frame.total();
    let expected = if frame.forecasts.is_empty() {
        "unknown".to_owned()
    } else {
        duration(frame.seconds())
    };
    let seconds = |number: u32| match number {
        0 => "none".to_owned(),
        some => format!("{some} s"),
    };
    let no_return = steps.iter().position(|step| step.point_of_no_return);
    vec![
        tile(steps.len().to_string(), "steps"),
        tile(expected, "expected"),
        tile(seconds(total.unavailable), "writes pause at most"),
        tile(seconds(total.loss), "writes lost at most"),
        tile(
            no_return.map_or("none".to_owned(), |step| format!("step {}", step + 1)),
            "first point of no return",
        ),
    ]
}

/// Adds what another step puts at risk; what several steps open is opened once.
pub fn add(blast: &mut Blast, other: Blast) {
    blast.interrupted.extend(other.interrupted);
    blast.destroyed.extend(other.destroyed);
    blast.replaced.extend(other.replaced);
    for one in other.exposed {
        if !blast.exposed.contains(&one) {
            blast.exposed.push(one);
        }
    }
}

pub fn tile(number: String, label: &str) -> Tile {
    Tile {
        class: Mark::Same.word(),
        sign: "",
        number,
        label: label.to_owned(),
    }
}

pub fn tiles(counts: [(Action, usize); 4]) -> Vec<Tile> {
    counts
        .into_iter()
        .map(|(action, count)| Tile {
            class: changes::mark(action).word(),
            sign: changes::mark(action).sign(),
            ..tile(count.to_string(), &format!("to {}", changes::verb(action)))
        })
        .collect()
}

/// What is interrupted, destroyed, replaced and opened.
pub fn risks(blast: &Blast, lister: &Lister<'_>) -> Vec<Risk> {
    use Action::{Create, Delete, Replace, Update};
    let item = |address: &Address, actions: &[Action], told: String| RiskItem {
        address: address.to_string(),
        row: lister.row_of(address, actions),
        told,
        allow: false,
    };
    let loss = |address: &Address, kind: &str, holds_data: bool, action: Action| {
        let kind = facts::short_kind(kind);
        let told = if holds_data {
            format!("{kind}, which holds data or cannot be made again")
        } else {
            kind
        };
        (holds_data, item(address, &[action], told))
    };
    let mut found = Vec::new();
    let interrupted = blast.interrupted.iter().map(|one| {
        let told = match one.seconds {
            0 => one.what.to_string(),
            seconds => format!("{}; {} at most", one.what, duration(seconds as f64)),
        };
        (false, item(&one.address, &[Update, Replace], told))
    });
    found.push(risk(
        "interrupted",
        "Interrupted",
        "does not serve for a while",
        interrupted.collect(),
    ));
    let destroyed = blast
        .destroyed
        .iter()
        .map(|one| loss(&one.address, &one.kind, one.holds_data, Delete));
    found.push(risk(
        "gone",
        "Destroyed",
        "is deleted and does not come back",
        destroyed.collect(),
    ));
    let replaced = blast
        .replaced
        .iter()
        .map(|one| loss(&one.address, &one.kind, one.holds_data, Replace));
    found.push(risk(
        "replaced",
        "Replaced",
        "is deleted and made anew",
        replaced.collect(),
    ));
    let exposed = blast.exposed.iter().map(|one| {
        let told = one.ways.join("; ");
        (false, item(&one.address, &[Create, Update, Replace], told))
    });
    found.push(risk(
        "exposed",
        "Exposed",
        "the internet reaches it afterwards and does not now",
        exposed.collect(),
    ));
    found.retain(|risk| !risk.items.is_empty());
    found
}

/// What holds data comes first; the rest is counted.
fn risk(
    class: &'static str,
    title: &str,
    what: &'static str,
    mut items: Vec<(bool, RiskItem)>,
) -> Risk {
    items.sort_by_key(|(holds_data, _)| !holds_data);
    let all = items.len();
    items.truncate(NAMED);
    Risk {
        class,
        title: format!("{title}: {all}"),
        what,
        more: all - items.len(),
        items: items.into_iter().map(|(_, item)| item).collect(),
    }
}

/// What the guard rails refuse, before everything else.
pub fn refused(risks: &mut Vec<Risk>, frame: &Frame<'_>, lister: &Lister<'_>) {
    if frame.refusals.is_empty() {
        return;
    }
    let items = frame.refusals.iter().map(|one| {
        let item = RiskItem {
            address: one.address.to_string(),
            row: lister.row_of(&one.address, &[one.action]),
            told: match &one.way {
                Some(way) => format!("{}; {way}", one.why),
                None => one.why.to_string(),
            },
            allow: one.way.is_none(),
        };
        (false, item)
    });
    let all = risk(
        "refused",
        "Refused",
        "apply does not begin unless you name it, or do what is said instead",
        items.collect(),
    );
    risks.insert(0, all);
}
