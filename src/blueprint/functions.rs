//! The functions and operators that expressions may call.
//!
//! All are pure and none looks into a value that only the cloud knows: such values may be
//! collected, joined into text and encoded, anything else is an error that says so.

use std::cmp::Ordering;

use cel::common::ast::operators as op;
use sha2::{Digest, Sha256};

use super::effort;
use super::expression::Failure;
use crate::schema::nearest;
use crate::value::{Map, TextBuilder, Value, base64_gzip, base64_of, settings};

/// Fails when `value` holds something that only the cloud can answer. Whole resources pass.
pub fn known(value: &Value) -> Result<(), Failure> {
    let mut waits = None;
    value.for_each_reference(&mut |r| {
        if !r.path.is_empty() {
            waits.get_or_insert_with(|| r.to_string());
        }
    });
    waits.map_or(Ok(()), |what| {
        Err(Failure {
            message: format!("{what} is only known after apply, so it cannot be inspected here"),
            help: Some("pass it on unchanged, or use a condition on the spec".to_owned()),
        })
    })
}

const NAMES: &[&str] = &[
    "cidrsubnet",
    "values",
    "keys",
    "base64",
    "base64gzip",
    "uncommented",
    "json",
    "template",
    "merge",
    "object",
    "join",
    "slug",
    "lower",
    "hash",
    "range",
    "flatten",
    "distinct",
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "split",
    "replace",
    "string",
    "int",
    "min",
    "max",
];

/// Whether expressions may call `name`, operators included.
pub fn exists(name: &str) -> bool {
    NAMES.contains(&name) || !name.starts_with(|c: char| c.is_ascii_alphabetic())
}

/// The failure of calling a function that does not exist.
pub fn no_such(name: &str) -> Failure {
    Failure {
        message: format!("there is no function `{name}`"),
        help: nearest(name, NAMES.iter().copied()).map(|n| format!("did you mean `{n}`?")),
    }
}

/// A script without the lines that are a comment, which whoever reads it has in the template.
fn uncommented(text: &str) -> String {
    let is_comment = |line: &&str| {
        let line = line.trim_start();
        line == "#" || line.starts_with("# ")
    };
    let lines: Vec<&str> = text.split('\n').filter(|line| !is_comment(line)).collect();
    lines.join("\n")
}

/// Calls an operator or function.
///
/// # Errors
/// When the arguments do not fit or there is no such function.
pub fn call(name: &str, args: Vec<Value>) -> Result<Value, Failure> {
    admit(name, &args)?;
    if let Some(value) = of_unknown(name, &args)? {
        return Ok(value);
    }
    args.iter().try_for_each(known)?;
    if let Some(value) = operator(name, &args)? {
        return Ok(value);
    }
    if let Some(value) = of_known(name, &args)? {
        return Ok(value);
    }
    if !exists(name) {
        return Err(no_such(name));
    }
    // What they are: their values may be secret.
    let given: Vec<_> = args.iter().map(Value::noun).collect();
    let message = format!("{name} does not accept ({})", given.join(", "));
    Err(Failure::new(message))
}

/// Counts what a call costs, before it is made.
///
/// # Errors
/// When it would be too much, which `effort` says.
fn admit(name: &str, args: &[Value]) -> Result<(), Failure> {
    use Value::{List, String};
    for value in args {
        effort::step(match value {
            List(items) => items.len(),
            String(text) => text.len() / 64,
            _ => 0,
        })?;
    }
    match (name, args) {
        ("join", [List(items), String(separator)]) => {
            effort::fits(items)?;
            effort::long(items.len().saturating_mul(separator.len()))?;
        }
        ("replace", [String(text), String(from), String(to)]) => {
            let count = text.matches(&**from).count();
            effort::long(text.len() + count.saturating_mul(to.len()))?;
        }
        ("json" | "string" | "hash" | "base64" | "base64gzip" | op::ADD, values)
            if !matches!(values, [List(_), List(_)]) =>
        {
            effort::fits(values)?;
        }
        _ => {}
    }
    Ok(())
}

/// The functions that take values which are not known yet; `None` for others.
fn of_unknown(name: &str, args: &[Value]) -> Result<Option<Value>, Failure> {
    use Value::{Bool, List, String};
    Ok(Some(match (name, args) {
        ("base64", [value]) => base64_of(value.clone()),
        ("values", [Value::Map(map)]) => Value::list(map.iter().map(|(_, v)| v.clone())),
        ("keys", [Value::Map(map)]) => Value::list(map.iter().map(|(k, _)| String(k.clone()))),
        ("merge", [Value::Map(a), Value::Map(b)]) => {
            Value::Map(a.iter().chain(b).cloned().collect())
        }
        ("object", [List(names), List(values)]) if names.len() == values.len() => {
            let names = names.iter().map(|name| name.as_str().map(Into::into));
            let names = names.collect::<Option<Vec<_>>>();
            let names = names.ok_or_else(|| Failure::new("the names of an object are texts"))?;
            Value::Map(names.into_iter().zip(values.iter().cloned()).collect())
        }
        ("flatten", [List(items)]) => Value::list(items.iter().flat_map(|item| match item {
            List(inner) => inner.clone(),
            other => vec![other.clone()],
        })),
        ("distinct", [List(items)]) => {
            let mut kept: Vec<Value> = Vec::new();
            for item in items {
                effort::step(kept.len() / 8)?;
                if !kept.contains(item) {
                    kept.push(item.clone());
                }
            }
            List(kept)
        }
        ("join", [List(items), String(separator)]) => {
            let mut text = TextBuilder::default();
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push_str(separator);
                }
                text.push_value(item);
            }
            text.finish()
        }
        ("json", [value]) => with_markers(value, |json| Ok(settings(json)))?,
        ("size", [List(items)]) => int(items.len()),
        ("size", [Value::Map(map)]) => int(map.len()),
        (op::IN, [String(key), Value::Map(map)]) => Bool(map.contains_key(key)),
        (op::ADD, [List(a), List(b)]) => Value::list(a.iter().chain(b).cloned()),
        (
            op::ADD,
            [
                a @ (String(_) | Value::Text(_) | Value::Reference(_)),
                b @ (String(_) | Value::Text(_) | Value::Reference(_)),
            ],
        ) => {
            let mut text = TextBuilder::default();
            text.push_value(a);
            text.push_value(b);
            text.finish()
        }
        // What the cloud will answer is not yet known, but it will be something.
        (op::EQUALS, [a, b]) if *a == Value::Null || *b == Value::Null => Bool(a == b),
        (op::NOT_EQUALS, [a, b]) if *a == Value::Null || *b == Value::Null => Bool(a != b),
        ("string", [value]) => {
            let mut text = TextBuilder::default();
            text.push_value(value);
            text.finish()
        }
        _ => return Ok(None),
    }))
}

/// Operators between values that are known; `None` for others.
fn operator(name: &str, args: &[Value]) -> Result<Option<Value>, Failure> {
    use Value::{Bool, Float, Int, List};
    let overflow = || Failure::new(format!("the result of {name} is too large"));
    Ok(Some(match (name, args) {
        (op::EQUALS, [a, b]) => Bool(same(a, b)),
        (op::NOT_EQUALS, [a, b]) => Bool(!same(a, b)),
        (op::LESS, [a, b]) => Bool(order(a, b)? == Ordering::Less),
        (op::LESS_EQUALS, [a, b]) => Bool(order(a, b)? != Ordering::Greater),
        (op::GREATER, [a, b]) => Bool(order(a, b)? == Ordering::Greater),
        (op::GREATER_EQUALS, [a, b]) => Bool(order(a, b)? != Ordering::Less),
        (op::IN, [a, List(items)]) => Bool(items.iter().any(|item| same(a, item))),
        (op::NEGATE, [Int(a)]) => Int(a.checked_neg().ok_or_else(overflow)?),
        (op::NEGATE, [Float(a)]) => Float(-a),
        (op::ADD, [Int(a), Int(b)]) => Int(a.checked_add(*b).ok_or_else(overflow)?),
        (op::SUBSTRACT, [Int(a), Int(b)]) => Int(a.checked_sub(*b).ok_or_else(overflow)?),
        (op::MULTIPLY, [Int(a), Int(b)]) => Int(a.checked_mul(*b).ok_or_else(overflow)?),
        (op::DIVIDE, [Int(a), Int(b)]) => Int(a
            .checked_div(*b)
            .ok_or_else(|| Failure::new("division by zero"))?),
        (op::MODULO, [Int(a), Int(b)]) => Int(a
            .checked_rem(*b)
            .ok_or_else(|| Failure::new("division by zero"))?),
        (op::ADD | op::SUBSTRACT | op::MULTIPLY | op::DIVIDE, [a, b])
            if number(a).is_some() && number(b).is_some() =>
        {
            let (a, b) = (number(a).unwrap_or(0.0), number(b).unwrap_or(0.0));
            Float(match name {
                op::ADD => a + b,
                op::SUBSTRACT => a - b,
                op::MULTIPLY => a * b,
                _ => a / b,
            })
        }
        _ => return Ok(None),
    }))
}

/// The other functions, of values that are known; `None` where there is none, or not for these.
fn of_known(name: &str, args: &[Value]) -> Result<Option<Value>, Failure> {
    use Value::{Bool, Float, Int, List, String};
    Ok(Some(match (name, args) {
        ("size", [String(text)]) => int(text.chars().count()),
        ("contains", [String(text), String(part)]) => Bool(text.contains(&**part)),
        ("startsWith", [String(text), String(part)]) => Bool(text.starts_with(&**part)),
        ("endsWith", [String(text), String(part)]) => Bool(text.ends_with(&**part)),
        ("split", [String(text), String(by)]) => Value::list(text.split(&**by).map(Value::str)),
        ("replace", [String(text), String(from), String(to)]) => {
            Value::str(text.replace(&**from, to))
        }
        ("uncommented", [String(text)]) => Value::str(uncommented(text)),
        ("base64gzip", [String(text)]) => Value::str(base64_gzip(text)),
        ("lower", [String(text)]) => Value::str(text.to_lowercase()),
        ("slug", [String(text)]) => Value::str(slug(text)),
        ("hash", [value]) => {
            let digest = Sha256::digest(value.to_string().as_bytes());
            Value::str(hex::encode(&digest[..4]))
        }
        ("range", [Int(n)]) if (0..=100_000).contains(n) => Value::list((0..*n).map(Int)),
        ("int", [Int(n)]) => Int(*n),
        ("int", [Float(n)]) => Int(*n as i64),
        ("int", [String(text)]) => Int(text
            .parse()
            .map_err(|_| Failure::new("the text is not an integer"))?),
        ("max", [List(items)]) if !items.is_empty() => {
            let numbers = items.iter().map(|item| {
                item.as_int()
                    .ok_or_else(|| Failure::new("max needs integers"))
            });
            Int(numbers
                .collect::<Result<Vec<_>, _>>()?
                .into_iter()
                .max()
                .unwrap_or(0))
        }
        ("min", [Int(a), Int(b)]) => Int(*a.min(b)),
        ("max", [Int(a), Int(b)]) => Int(*a.max(b)),
        ("cidrsubnet", [String(cidr), Int(bits), Int(index)]) => cidrsubnet(cidr, *bits, *index)?,
        _ => return Ok(None),
    }))
}

fn int(n: usize) -> Value {
    Value::Int(i64::try_from(n).unwrap_or(i64::MAX))
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(n) => Some(*n as f64),
        Value::Float(n) => Some(*n),
        _ => None,
    }
}

fn same(a: &Value, b: &Value) -> bool {
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}

fn order(a: &Value, b: &Value) -> Result<Ordering, Failure> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        _ => number(a)
            .zip(number(b))
            .and_then(|(a, b)| a.partial_cmp(&b)),
    }
    .ok_or_else(|| Failure::new(format!("{} and {} have no order", a.noun(), b.noun())))
}

fn slug(text: &str) -> String {
    let words: Vec<_> = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|w| !w.is_empty())
        .collect();
    words.join("-").to_lowercase()
}

fn cidrsubnet(cidr: &str, bits: i64, index: i64) -> Result<Value, Failure> {
    let network: ipnet::Ipv4Net = cidr
        .parse()
        .map_err(|_| Failure::new(format!("{cidr:?} is not an IPv4 network")))?;
    let length = u8::try_from(i64::from(network.prefix_len()).saturating_add(bits))
        .ok()
        .filter(|l| *l <= 32 && bits >= 0)
        .ok_or_else(|| Failure::new(format!("{cidr} has no room for {bits} more bits")))?;
    if index < 0 || index >= 1 << bits {
        return Err(Failure::new(format!(
            "{cidr} has no subnet {index} of {} bits more",
            bits
        )));
    }
    let offset = u64::try_from(index).unwrap_or(0) << (32 - u32::from(length));
    let address = u32::from(network.network()) + u32::try_from(offset).unwrap_or(0);
    Ok(Value::str(format!(
        "{}/{length}",
        std::net::Ipv4Addr::from(address)
    )))
}

/// Makes text of `value` by `render`, in which symbolic values stand as markers that become
/// parts of the text again.
pub fn with_markers(
    value: &Value,
    render: impl Fn(&serde_json::Value) -> Result<String, Failure>,
) -> Result<Value, Failure> {
    fn mark(value: &Value, found: &mut Vec<Value>) -> Result<Value, Failure> {
        Ok(match value {
            Value::Base64(_) => {
                return Err(Failure::new(
                    "base64 of a value that is only known after apply cannot be part of a text",
                ));
            }
            Value::Reference(_) | Value::Text(_) => {
                found.push(value.clone());
                Value::str(format!("\u{e000}{}\u{e001}", found.len() - 1))
            }
            Value::List(items) => Value::List(
                items
                    .iter()
                    .map(|item| mark(item, found))
                    .collect::<Result<_, _>>()?,
            ),
            Value::Map(map) => {
                let mut marked = Map::new();
                for (key, value) in map {
                    marked.insert(key.clone(), mark(value, found)?);
                }
                Value::Map(marked)
            }
            plain => plain.clone(),
        })
    }
    let mut found = Vec::new();
    let rendered = render(&serde_json::Value::from(&mark(value, &mut found)?))?;
    let mut text = TextBuilder::default();
    let mut rest = rendered.as_str();
    while let Some((before, after)) = rest.split_once('\u{e000}') {
        text.push_str(before);
        match after
            .split_once('\u{e001}')
            .and_then(|(n, rest)| Some((found.get(n.parse::<usize>().ok()?)?, rest)))
        {
            Some((value, after)) => {
                text.push_value(value);
                rest = after;
            }
            None => rest = after,
        }
    }
    text.push_str(rest);
    Ok(text.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subnets_are_cut_in_order() {
        let cut = |index| {
            call(
                "cidrsubnet",
                vec![Value::str("10.0.0.0/16"), Value::Int(8), Value::Int(index)],
            )
        };
        assert_eq!(cut(3), Ok(Value::str("10.0.3.0/24")));
        assert!(cut(256).unwrap_err().message.contains("no subnet 256"));
    }

    #[test]
    fn an_object_pairs_names_with_values() {
        let texts = |all: &[&str]| Value::list(all.iter().map(|one| Value::str(*one)));
        let made = call("object", vec![texts(&["a", "b"]), texts(&["x", "y"])]).unwrap();
        assert_eq!(made.to_string(), r#"{a: "x", b: "y"}"#);
        assert!(call("object", vec![texts(&["a"]), texts(&[])]).is_err());
        let numbers = Value::list([Value::Int(1)]);
        assert!(call("object", vec![numbers, texts(&["x"])]).is_err());
    }

    #[test]
    fn an_unknown_function_gets_a_suggestion() {
        let error = call("cidrsubnets", vec![]).unwrap_err();
        assert_eq!(error.help.as_deref(), Some("did you mean `cidrsubnet`?"));
    }
}
