//! A plan as people read it: grouped by tier, property by property, with reasons and a summary.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::diagram::tier_rank;
use super::style::{CHANGED, FAINT, GONE, NEW, NOTICE, Painted, STRONG, duration};
use crate::plan::guard::Refusal;
use crate::plan::{Action, Change, Plan, PropertyChange, Reason, Step};
use crate::value::Value;

/// What stands around a plan.
#[derive(Clone, Debug, Default)]
pub struct Frame<'a> {
    /// What is not in effect yet, in words.
    pub not_yet: &'a [String],
    /// What the guard rails would refuse.
    pub refusals: &'a [Refusal],
    /// How many operations run at a time.
    pub workers: Option<usize>,
}

/// The plan in full.
pub fn text(plan: &Plan, frame: &Frame<'_>) -> String {
    let mut out = String::new();
    if plan.is_empty() {
        let kept = super::style::count(plan.unchanged, "resource");
        let _ = writeln!(
            out,
            "{}",
            Painted(STRONG, format!("Nothing to do: {kept} as they should be."))
        );
        not_yet(&mut out, frame);
        return out;
    }
    let mut tiers: BTreeMap<(usize, &str), Vec<&Change>> = BTreeMap::new();
    for change in &plan.changes {
        tiers
            .entry((tier_rank(&change.tier), &change.tier))
            .or_default()
            .push(change);
    }
    for ((_, tier), changes) in tiers {
        let _ = writeln!(out, "{}", Painted(STRONG, tier));
        for change in changes {
            one(&mut out, change, frame);
        }
        out.push('\n');
    }
    summary(&mut out, plan, frame);
    out
}

/// How many changes there are and how long they take.
pub fn summary(out: &mut String, plan: &Plan, frame: &Frame<'_>) {
    let counts = plan.counts();
    let _ = writeln!(
        out,
        "{} {} to create, {} to update, {} to replace, {} to delete; {} unchanged.",
        Painted(STRONG, "Plan:"),
        counts.create,
        counts.update,
        counts.replace,
        counts.delete,
        counts.unchanged
    );
    let drifted: usize = plan
        .changes
        .iter()
        .map(|change| change.drifted().count())
        .sum();
    if drifted > 0 {
        let what = super::style::count(drifted, "property").replace("propertys", "properties");
        let _ = writeln!(
            out,
            "{} {what} changed outside of scalectl; apply sets {} back.",
            Painted(NOTICE, "Drift:"),
            if drifted == 1 { "it" } else { "them" }
        );
    }
    let schedule = plan.schedule(frame.workers);
    let chain: Vec<String> = schedule
        .critical
        .iter()
        .map(|number| &plan.operations[*number])
        .filter(|operation| operation.seconds > 0)
        .map(|operation| {
            let change = &plan.changes[operation.change];
            let verb = if operation.step == Step::Delete {
                "-"
            } else {
                ""
            };
            format!(
                "{verb}{} {}",
                change.address.id,
                duration(operation.seconds as f64)
            )
        })
        .collect();
    let _ = writeln!(
        out,
        "{} about {}, of which the longest chain is {}",
        Painted(STRONG, "Takes"),
        duration(schedule.makespan as f64),
        Painted(FAINT, shorten_chain(&chain))
    );
    if !frame.refusals.is_empty() {
        let _ = writeln!(
            out,
            "\n{}",
            Painted(GONE, "Refused unless you name it, because it is protected:")
        );
        for refusal in frame.refusals {
            let what = if refusal.action == Action::Delete {
                "delete"
            } else {
                "replace"
            };
            let _ = writeln!(
                out,
                "  {what} of {}  (--allow {})",
                refusal.address, refusal.address
            );
        }
    }
    not_yet(out, frame);
}

fn not_yet(out: &mut String, frame: &Frame<'_>) {
    for line in frame.not_yet {
        let _ = writeln!(out, "{}", Painted(FAINT, format!("Not yet: {line}.")));
    }
}

/// A chain with its middle left out where it is long.
fn shorten_chain(chain: &[String]) -> String {
    const MOST: usize = 8;
    if chain.len() <= MOST {
        return chain.join(" → ");
    }
    let (head, tail) = (&chain[..MOST / 2], &chain[chain.len() - MOST / 2..]);
    format!("{} → … → {}", head.join(" → "), tail.join(" → "))
}

fn one(out: &mut String, change: &Change, frame: &Frame<'_>) {
    let (sign, style) = match change.action {
        Action::Create => ("+", NEW),
        Action::Update => ("~", CHANGED),
        Action::Replace if change.create_before_destroy => ("+/-", GONE),
        Action::Replace => ("-/+", GONE),
        Action::Delete => ("-", GONE),
    };
    let refused = frame
        .refusals
        .iter()
        .any(|refusal| refusal.address == change.address);
    let lock = if refused { "  protected" } else { "" };
    let _ = write!(
        out,
        "  {} {}  {}{}",
        Painted(style, sign),
        Painted(STRONG, &change.address),
        Painted(FAINT, &change.kind),
        Painted(GONE, lock)
    );
    let _ = writeln!(out, "{}", Painted(style, reason(change)));
    if let Some(interrupts) = &change.interrupts {
        let _ = writeln!(
            out,
            "      {}",
            Painted(GONE, format!("interrupts: {interrupts}"))
        );
    }
    let width = change
        .properties
        .iter()
        .map(|property| property.path.chars().count())
        .filter(|width| *width <= WIDEST_NAME)
        .max()
        .unwrap_or(0);
    for property in &change.properties {
        line(out, change, property, width);
    }
}

/// Why, beside the address.
fn reason(change: &Change) -> String {
    match &change.reason {
        Reason::Missing | Reason::Differs => String::new(),
        Reason::NotInBlueprint => "  no longer in the blueprint".to_owned(),
        Reason::CreateOnly { properties } => {
            format!(
                "  must be replaced: {} cannot change",
                properties.join(", ")
            )
        }
        Reason::KindChanged { from } => format!("  must be replaced: it is a {from}"),
        Reason::Deposed => "  left over from an unfinished replace".to_owned(),
        Reason::Unfinished => "  still on its way from an earlier run".to_owned(),
        Reason::Broken { status } => format!("  must be replaced: it is {status}"),
    }
}

/// Names up to this width are aligned.
const WIDEST_NAME: usize = 32;
/// Values are cut after so many characters.
const WIDEST_VALUE: usize = 110;

fn line(out: &mut String, change: &Change, property: &PropertyChange, width: usize) {
    let path = format!("{:width$}", property.path);
    if property.hidden {
        let sign = Painted(
            CHANGED,
            if change.action == Action::Create {
                "+"
            } else {
                "~"
            },
        );
        let _ = writeln!(
            out,
            "      {sign} {path} = {}",
            Painted(FAINT, "(never shown)")
        );
        return;
    }
    let (sign, style, value) = match (&property.before, &property.after) {
        (None, Some(after)) => ("+", NEW, shown(after)),
        (Some(before), None) => ("-", GONE, format!("{} -> (not set)", shown(before))),
        (Some(before), Some(after)) => (
            "~",
            CHANGED,
            format!("{} -> {}", shown(before), shown(after)),
        ),
        (None, None) => ("~", CHANGED, "(not set)".to_owned()),
    };
    let _ = write!(out, "      {} {path} = {value}", Painted(style, sign));
    if property.create_only && change.action == Action::Replace {
        let _ = write!(out, "  {}", Painted(GONE, "# forces the replace"));
    }
    if property.drift {
        let _ = write!(out, "  {}", Painted(NOTICE, "# changed outside"));
    }
    out.push('\n');
}

/// A value on one line, long ones cut.
pub fn shown(value: &Value) -> String {
    let text = match value {
        Value::String(text) => serde_json::Value::from(&**text).to_string(),
        Value::Text(_) => format!("\"{value}\""),
        other => other.to_string(),
    };
    let length = text.chars().count();
    if length <= WIDEST_VALUE {
        return text.replace('\n', "\\n");
    }
    let head: String = text.chars().take(WIDEST_VALUE / 2).collect();
    format!(
        "{}… {}",
        head.replace('\n', "\\n"),
        Painted(FAINT, format!("({length} characters)"))
    )
}
