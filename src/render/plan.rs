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
    /// Whether everything goes, so that nobody need be told why each thing does.
    pub destroy: bool,
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
        let _ = writeln!(out, "\n{}", Painted(GONE, "Refused unless you name it:"));
        for refusal in frame.refusals {
            let what = match refusal.action {
                Action::Create => "creation",
                Action::Update => "update",
                Action::Replace => "replace",
                Action::Delete => "delete",
            };
            let _ = writeln!(
                out,
                "  {what} of {}: {}  (--allow {})",
                refusal.address, refusal.why, refusal.address
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
    let lock = if refused { "  refused" } else { "" };
    let _ = write!(
        out,
        "  {} {}  {}{}",
        Painted(style, sign),
        Painted(STRONG, &change.address),
        Painted(FAINT, &change.kind),
        Painted(GONE, lock)
    );
    let why = if frame.destroy {
        String::new()
    } else {
        reason(change)
    };
    let _ = writeln!(out, "{}", Painted(style, why));
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
    let mut marks = String::new();
    if property.create_only && change.action == Action::Replace {
        marks.push_str(&format!("  {}", Painted(GONE, "# forces the replace")));
    }
    if property.drift {
        marks.push_str(&format!("  {}", Painted(NOTICE, "# changed outside")));
    }
    let (sign, style, value) = match (&property.before, &property.after) {
        (None, Some(after)) => ("+", NEW, format!("{}{marks}", block(after, MARGIN))),
        (Some(before), Some(after)) => match inner_differences(before, after) {
            Some(lines) => ("~", CHANGED, format!("{marks}{lines}")),
            None => (
                "~",
                CHANGED,
                format!("{} -> {}{marks}", shown(before), shown(after)),
            ),
        },
        (Some(before), None) => ("-", GONE, format!("{} -> (not set){marks}", shown(before))),
        (None, None) => ("~", CHANGED, format!("(not set){marks}")),
    };
    let _ = writeln!(out, "      {} {path} = {value}", Painted(style, sign));
}

/// How far a property's lines are indented.
const MARGIN: usize = 8;

fn is_long(value: &Value) -> bool {
    value.to_string().chars().count() > WIDEST_VALUE
}

/// A value on one line where it fits, on several where it is an object or a list.
pub fn block(value: &Value, margin: usize) -> String {
    if !is_long(value) {
        return shown(value);
    }
    let space = " ".repeat(margin + 2);
    let end = " ".repeat(margin);
    match value {
        Value::List(items) => {
            let lines: String = items
                .iter()
                .map(|item| format!("{space}{}\n", block(item, margin + 2)))
                .collect();
            format!("[\n{lines}{end}]")
        }
        Value::Map(map) => {
            let lines: String = map
                .iter()
                .map(|(key, value)| format!("{space}{key}: {}\n", block(value, margin + 2)))
                .collect();
            format!("{{\n{lines}{end}}}")
        }
        other => shown(other),
    }
}

/// Where two long values differ, one line for each place; `None` when they are short or have no
/// parts in common. Text that holds JSON is compared as JSON.
fn inner_differences(before: &Value, after: &Value) -> Option<String> {
    if !is_long(before) && !is_long(after) {
        return None;
    }
    let (before, after) = match (parsed(before), parsed(after)) {
        (Some(a), Some(b)) => (a, b),
        _ => (before.clone(), after.clone()),
    };
    if !matches!(
        (&before, &after),
        (Value::Map(_), Value::Map(_)) | (Value::List(_), Value::List(_))
    ) {
        return None;
    }
    let mut found = Vec::new();
    walk("", Some(&before), Some(&after), &mut found);
    if found.is_empty() {
        return Some("(the same in another order)".to_owned());
    }
    let space = " ".repeat(MARGIN + 2);
    Some(
        found
            .iter()
            .map(|line| format!("\n{space}{line}"))
            .collect(),
    )
}

/// The JSON in a text; references may stand inside its strings.
fn parsed(value: &Value) -> Option<Value> {
    let text = match value {
        Value::String(_) | Value::Text(_) => value.to_string(),
        _ => return None,
    };
    serde_json::from_str::<serde_json::Value>(&text)
        .ok()
        .map(Value::from)
}

/// Collects a line for each place at which two values differ.
fn walk(path: &str, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<String>) {
    let below = |key: &str| match path {
        "" => key.to_owned(),
        path => format!("{path}.{key}"),
    };
    match (before, after) {
        (Some(a), Some(b)) if a == b => {}
        (Some(Value::Map(a)), Some(Value::Map(b))) => {
            let keys: std::collections::BTreeSet<&str> =
                a.iter().chain(b).map(|(key, _)| &**key).collect();
            for key in keys {
                walk(&below(key), a.get(key), b.get(key), found);
            }
        }
        (Some(Value::List(a)), Some(Value::List(b))) => {
            for index in 0..a.len().max(b.len()) {
                walk(
                    &below(&index.to_string()),
                    a.get(index),
                    b.get(index),
                    found,
                );
            }
        }
        (Some(a), Some(b)) => {
            let (a, b) = (shown(a), shown(b));
            found.push(format!("{} {path} = {a} -> {b}", Painted(CHANGED, "~")));
        }
        (None, Some(b)) => found.push(format!("{} {path} = {}", Painted(NEW, "+"), shown(b))),
        (Some(a), None) => found.push(format!("{} {path} = {}", Painted(GONE, "-"), shown(a))),
        (None, None) => {}
    }
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
