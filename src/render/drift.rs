//! Drift as people and programs read it. The JSON form is documented in `docs/dry-run.md`.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use super::property::shown;
use super::style::{CHANGED, FAINT, GONE, NEW, NOTICE, Painted, STRONG, count};
use crate::plan::PropertyChange;
use crate::plan::drift::{Drift, Drifted, Fate};
use crate::provider::Owner;
use crate::value::Value;

/// The version of the JSON form.
pub const FORMAT: u32 = 1;

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
        let value = |value: &Option<Value>| value.as_ref().map_or("(not set)".to_owned(), shown);
        let what = match property.hidden {
            true => "(never shown)".to_owned(),
            false => format!(
                "{}, was set to {}",
                value(&property.before),
                value(&property.after)
            ),
        };
        let _ = writeln!(out, "    {} is {what}", property.path);
    }
}

/// The drift as JSON.
pub fn document(drift: &Drift, owner: &Owner, stage: Option<&str>, provider: &str) -> Json {
    json!({
        "format": FORMAT,
        "app": &*owner.app,
        "env": &*owner.env,
        "stage": stage,
        "provider": provider,
        "drift": !drift.resources.is_empty(),
        "summary": {
            "moved": drift.count(Fate::Moved),
            "gone": drift.count(Fate::Gone),
            "deposed": drift.count(Fate::Deposed),
            "besides": drift.besides,
        },
        "resources": drift.resources.iter().map(|one| json!({
            "address": one.address,
            "kind": &*one.kind,
            "tier": &*one.tier,
            "fate": one.fate,
            "identifier": one.identifier.as_deref(),
            "properties": one.properties.iter().map(property).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "unknown": drift.unknown,
    })
}

fn property(property: &PropertyChange) -> Json {
    let value = |value: &Option<Value>| value.as_ref().map(Json::from).unwrap_or_default();
    match property.hidden {
        true => json!({"path": &*property.path, "hidden": true}),
        false => json!({
            "path": &*property.path,
            "found": value(&property.before),
            "set": value(&property.after),
        }),
    }
}
