//! Drift as people read it.

use std::fmt::Write as _;

use super::property::shown;
use super::style::{CHANGED, FAINT, GONE, NEW, NOTICE, Painted, STRONG, count};
use crate::plan::drift::{Drift, Drifted, Fate};
use crate::schema::NEVER_SHOWN;
use crate::value::Value;

/// The drift in a few lines.
pub fn text(drift: &Drift) -> String {
    let mut out = String::new();
    for one in &drift.resources {
        resource(&mut out, one);
    }
    if !drift.resources.is_empty() {
        out.push('\n');
    }
    let summary = match drift.resources.is_empty() {
        true => format!("{}\n", Painted(NEW, "No drift.")),
        false => format!(
            "{} {} changed outside of scalectl, {} gone, {} left over from a replace. `scalectl apply` sets that right.\n",
            Painted(NOTICE, "Drift:"),
            count(drift.count(Fate::Moved), "resource"),
            drift.count(Fate::Gone),
            drift.count(Fate::Deposed),
        ),
    };
    out.push_str(&summary);
    if drift.besides > 0 {
        let what = count(drift.besides, "change");
        let _ = writeln!(
            out,
            "Besides, `scalectl plan` shows {what} that the spec asks for, or that follow from this."
        );
    }
    if let Some(first) = drift.unknown.first() {
        let _ = writeln!(
            out,
            "{} of the spec, such as {first}, do not exist; the spec has others than were last applied in full, so nobody need have removed them.",
            count(drift.unknown.len(), "resource")
        );
    }
    out
}

fn resource(out: &mut String, one: &Drifted) {
    let (sign, style, words) = match one.fate {
        Fate::Moved => ("~", CHANGED, ""),
        Fate::Gone => ("-", GONE, "  gone"),
        Fate::Deposed => ("-", GONE, "  left over from an unfinished replace"),
    };
    let _ = writeln!(
        out,
        "{} {}  {}{}",
        Painted(style, sign),
        Painted(STRONG, &one.address),
        Painted(FAINT, &one.kind),
        Painted(style, words)
    );
    for property in &one.properties {
        let value = |value: &Option<Value>| match (value, property.hidden) {
            (None, _) => "(not set)".to_owned(),
            (Some(_), true) => NEVER_SHOWN.to_owned(),
            (Some(value), false) => shown(value),
        };
        let (is, was) = (value(&property.before), value(&property.after));
        let _ = writeln!(out, "    {} is {is}, was set to {was}", property.path);
    }
}
