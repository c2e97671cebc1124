//! One property of a change as people read it: on one line, or where two long values differ.

use super::differences::{self, Difference};
use super::escape::visible;
use super::style::{CHANGED, FAINT, GONE, NEW, NOTICE, Painted};
use crate::plan::{Action, Change, PropertyChange};
use crate::schema::NEVER_SHOWN;
use crate::value::Value;

/// Names up to this width are aligned.
const WIDEST_NAME: usize = 32;
/// Values are cut after so many characters.
const WIDEST_VALUE: usize = 110;

/// The lines of every property of `change`, names aligned.
pub fn lines(change: &Change) -> String {
    let width = change
        .properties
        .iter()
        .map(|property| visible(&property.path).chars().count())
        .filter(|width| *width <= WIDEST_NAME)
        .max()
        .unwrap_or(0);
    let all = change.properties.iter();
    all.map(|property| line(change, property, width)).collect()
}

fn line(change: &Change, property: &PropertyChange, width: usize) -> String {
    let path = format!("{:width$}", visible(&property.path));
    let mut marks = String::new();
    if property.create_only && change.action == Action::Replace {
        marks.push_str(&format!("  {}", Painted(GONE, "# forces the replace")));
    }
    if property.drift {
        marks.push_str(&format!(
            "  {}",
            Painted(NOTICE, "# changed outside scalectl")
        ));
    }
    let (sign, style) = match (&property.before, &property.after) {
        (None, Some(_)) => ("+", NEW),
        (Some(_), None) => ("-", GONE),
        _ => ("~", CHANGED),
    };
    let value = match (&property.before, &property.after) {
        _ if property.hidden => format!("{}{marks}", Painted(FAINT, NEVER_SHOWN)),
        (None, Some(after)) => format!("{}{marks}", block(after, MARGIN)),
        (Some(before), Some(after)) => match inner_differences(before, after) {
            Some(lines) => format!("{marks}{lines}"),
            None => format!("{} -> {}{marks}", shown(before), shown(after)),
        },
        (Some(before), None) => format!("{} -> (not set){marks}", shown(before)),
        (None, None) => format!("(not set){marks}"),
    };
    format!("      {} {path} = {value}\n", Painted(style, sign))
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
                .map(|(key, value)| {
                    format!("{space}{}: {}\n", visible(key), block(value, margin + 2))
                })
                .collect();
            format!("{{\n{lines}{end}}}")
        }
        other => shown(other),
    }
}

/// Where two long values differ; `None` when they are short or have no parts in common.
pub fn places(before: &Value, after: &Value) -> Option<Vec<Difference>> {
    if is_long(before) || is_long(after) {
        differences::inside(before, after)
    } else {
        None
    }
}

/// The same, one line for each place.
fn inner_differences(before: &Value, after: &Value) -> Option<String> {
    let found = places(before, after)?;
    if found.is_empty() {
        return Some("(same items in another order)".to_owned());
    }
    let space = " ".repeat(MARGIN + 2);
    Some(
        found
            .iter()
            .map(|one| format!("\n{space}{}", difference(one)))
            .collect(),
    )
}

/// One place at which two values differ.
fn difference(one: &Difference) -> String {
    let path = visible(&one.path);
    let block = |value: &Value| block(value, MARGIN + 2);
    match (&one.before, &one.after) {
        (None, Some(after)) => format!("{} {path} = {}", Painted(NEW, "+"), block(after)),
        (Some(before), None) => format!("{} {path} = {}", Painted(GONE, "-"), block(before)),
        (before, after) => {
            let shown = |value: &Option<Value>| value.as_ref().map(shown).unwrap_or_default();
            let (before, after) = (shown(before), shown(after));
            format!("{} {path} = {before} -> {after}", Painted(CHANGED, "~"))
        }
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
        return visible(&text).into_owned();
    }
    let head: String = text.chars().take(WIDEST_VALUE / 2).collect();
    format!(
        "{}… {}",
        visible(&head),
        Painted(FAINT, format!("({length} characters)"))
    )
}
