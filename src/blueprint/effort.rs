//! How much an expression may take: its length, its depth, the steps of its evaluation and the size of what it makes.
//!
//! Blueprints, policies and tests come with pull requests, so none of them may keep a check from ending. Steps are
//! counted, not seconds, so that every machine refuses the same.

use std::cell::Cell;

use super::expression::Failure;
use crate::value::{Part, Value};

/// The longest expression, in bytes; the longest built-in one has a tenth of it.
pub const LONGEST: usize = 16_384;

/// Parsing and evaluation call themselves for every level, and the stack has an end: how deep brackets nest at most.
pub const DEEPEST: usize = 50;

/// How many signs, dots and brackets may stand above each other in a syntax tree.
const MOST_SIGNS: usize = 300;

/// Steps of one evaluation, with those of everything that it looks up.
const MOST_STEPS: usize = 5_000_000;

/// The longest text that a function may make, in bytes. User data and parameters have room for a hundredth of it.
pub const LONGEST_TEXT: usize = 4 << 20;

thread_local! {
    static STEPS: Cell<usize> = const { Cell::new(0) };
    static LEVEL: Cell<usize> = const { Cell::new(0) };
}

/// Runs an evaluation, which may run others.
pub fn counted<T>(work: impl FnOnce() -> T) -> T {
    let level = LEVEL.get();
    if level == 0 {
        STEPS.set(0);
    }
    LEVEL.set(level + 1);
    let done = work();
    LEVEL.set(level);
    done
}

/// Counts steps.
///
/// # Errors
/// When there were too many.
pub fn step(count: usize) -> Result<(), Failure> {
    let steps = STEPS.get().saturating_add(count);
    STEPS.set(steps);
    if steps > MOST_STEPS {
        Err(Failure {
            message: format!("an expression needs more than {MOST_STEPS} steps"),
            help: Some("iterate over shorter lists".to_owned()),
        })
    } else {
        Ok(())
    }
}

/// Counts a value that is copied into another: a step for each of its parts.
///
/// # Errors
/// When there were too many.
pub fn copy(value: &Value) -> Result<(), Failure> {
    match value {
        Value::List(items) => {
            step(items.len())?;
            items.iter().try_for_each(copy)
        }
        Value::Map(map) => {
            step(map.len())?;
            map.iter().try_for_each(|(_, value)| copy(value))
        }
        _ => Ok(()),
    }
}

/// Refuses values that would make too long a text.
///
/// # Errors
/// When they would.
pub fn fits(values: &[Value]) -> Result<(), Failure> {
    fn length(value: &Value, so_far: &mut usize) {
        if *so_far > LONGEST_TEXT {
            return;
        }
        *so_far += 8;
        match value {
            Value::String(text) => *so_far += text.len(),
            Value::Text(parts) => {
                for part in parts.iter() {
                    if let Part::Literal(text) = part {
                        *so_far += text.len();
                    }
                }
            }
            Value::Base64(inner) => length(inner, so_far),
            Value::List(items) => items.iter().for_each(|item| length(item, so_far)),
            Value::Map(map) => map.iter().for_each(|(key, value)| {
                *so_far += key.len();
                length(value, so_far);
            }),
            _ => {}
        }
    }
    let mut so_far = 0;
    values.iter().for_each(|value| length(value, &mut so_far));
    long(so_far)
}

/// Refuses a text of this length.
///
/// # Errors
/// When it is too long.
pub fn long(bytes: usize) -> Result<(), Failure> {
    if bytes > LONGEST_TEXT {
        Err(Failure::new(format!(
            "the result is longer than {LONGEST_TEXT} bytes"
        )))
    } else {
        Ok(())
    }
}

/// What of an expression's text is too much, in words.
pub fn too_much(text: &str) -> Option<String> {
    if text.len() > LONGEST {
        return Some(format!(
            "an expression has {} bytes, more than {LONGEST}",
            text.len()
        ));
    }
    let (brackets, signs) = depth(text);
    if brackets > DEEPEST {
        return Some(format!("an expression nests deeper than {DEEPEST} levels"));
    }
    (signs > MOST_SIGNS).then(|| {
        format!("an expression has more than {MOST_SIGNS} signs that depend on each other")
    })
}

/// How deep brackets and choices nest in a text, and how many signs stand above each other in its syntax tree, at most.
fn depth(text: &str) -> (usize, usize) {
    let (mut nested, mut deepest) = (0_usize, 0_usize);
    // Signs of the part between two commas, for each open bracket.
    let mut open = vec![0_usize];
    let (mut signs, mut most) = (0_usize, 0_usize);
    let (mut quote, mut escaped) = (None, false);
    for c in text.chars() {
        if let Some(mark) = quote {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                c if c == mark => quote = None,
                _ => {}
            }
            continue;
        }
        match c {
            '"' | '\'' => quote = Some(c),
            '(' | '[' | '{' => {
                nested += 1;
                signs += 1;
                if let Some(last) = open.last_mut() {
                    *last += 1;
                }
                open.push(0);
            }
            ')' | ']' | '}' => {
                nested = nested.saturating_sub(1);
                if open.len() > 1 {
                    signs -= open.pop().unwrap_or_default();
                }
            }
            ',' => {
                if let Some(last) = open.last_mut() {
                    signs -= *last;
                    *last = 0;
                }
            }
            '?' | '!' | '-' | '+' | '*' | '/' | '%' | '<' | '>' | '=' | '&' | '|' | '.' | ':' => {
                signs += 1;
                if let Some(last) = open.last_mut() {
                    *last += 1;
                }
            }
            _ => {}
        }
        deepest = deepest.max(nested);
        most = most.max(signs);
    }
    (deepest, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nests_too_deeply_is_refused_before_it_is_parsed() {
        for text in [
            "!".repeat(5000),
            "- ".repeat(5000),
            "(".repeat(60),
            format!("1{}", "+1".repeat(5000)),
            format!("a{}", ".a".repeat(5000)),
            format!("a{}", "[0]".repeat(5000)),
            format!("{}1", "true ? 1 : ".repeat(500)),
            "a".repeat(20_000),
        ] {
            assert!(too_much(&text).is_some(), "{}", &text[..20]);
        }
        for text in [
            format!("[{}]", "a.b + 1, ".repeat(900)),
            format!("'{}'", "!".repeat(5000)),
            "a.b.c != null && !(x in [1, 2])".to_owned(),
        ] {
            assert_eq!(too_much(&text), None, "{}", &text[..20]);
        }
    }
}
