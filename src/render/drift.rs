//! Drift as people read it.

use std::fmt::Write as _;

use super::escape::visible;
use super::property::{block, places};
use super::style::{CHANGED, FAINT, GONE, NEW, NOTICE, Painted, STRONG};
use crate::plan::drift::{Drift, Drifted, Fate};
use crate::schema::NEVER_SHOWN;
use crate::value::Value;
use crate::words::count;

/// The drift in a few lines.
pub fn text(drift: &Drift) -> String {
    let mut out = String::new();
    for one in &drift.resources {
        resource(&mut out, one);
    }
    if !drift.resources.is_empty() {
        out.push('\n');
    }
    let summary = if drift.resources.is_empty() {
        format!("{}\n", Painted(NEW, "No drift."))
    } else {
        format!(
            "{} {} changed outside scalectl, {} deleted, {} left over from a replace. `scalectl apply` reverts that.\n",
            Painted(NOTICE, "Drift:"),
            count(drift.count(Fate::Moved), "resource"),
            drift.count(Fate::Gone),
            drift.count(Fate::Deposed),
        )
    };
    out.push_str(&summary);
    if drift.besides > 0 {
        let what = count(drift.besides, "change");
        let _ = writeln!(
            out,
            "`scalectl plan` also shows {what} caused by the spec or by this drift."
        );
    }
    if let Some(first) = drift.unknown.first() {
        let _ = writeln!(
            out,
            "Not deployed yet: {} of the spec, such as {first}. The spec has changed since it was last applied completely, so this is not reported as drift.",
            count(drift.unknown.len(), "resource")
        );
    }
    out
}

fn resource(out: &mut String, one: &Drifted) {
    let (sign, style, words) = match one.fate {
        Fate::Moved => ("~", CHANGED, ""),
        Fate::Gone => ("-", GONE, "  deleted"),
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
        let (is, was) = (&property.before, &property.after);
        let found = match (is, was) {
            (Some(is), Some(was)) if !property.hidden => places(is, was),
            _ => None,
        };
        match found.filter(|found| !found.is_empty()) {
            None => moved(
                out,
                &property.path,
                property.hidden,
                is.as_ref(),
                was.as_ref(),
            ),
            Some(found) => {
                for place in found {
                    let path = format!("{}.{}", property.path, visible(&place.path));
                    moved(
                        out,
                        &path,
                        false,
                        place.before.as_ref(),
                        place.after.as_ref(),
                    );
                }
            }
        }
    }
}

/// How far what moved is indented.
const MARGIN: usize = 4;

/// What stands somewhere, and what was set there.
fn moved(out: &mut String, path: &str, hidden: bool, is: Option<&Value>, was: Option<&Value>) {
    let shown = |value: &Value| {
        if hidden {
            NEVER_SHOWN.to_owned()
        } else {
            block(value, MARGIN)
        }
    };
    let is = is.map_or_else(|| "not set".to_owned(), shown);
    let was = was.map_or_else(
        || "not set".to_owned(),
        |was| format!("set to {}", shown(was)),
    );
    let space = " ".repeat(MARGIN);
    let _ = writeln!(out, "{space}{path} is {is}, was {was}");
}
