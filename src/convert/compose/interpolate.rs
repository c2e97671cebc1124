//! Variables in the texts of a Compose file:
//! <https://github.com/compose-spec/compose-spec/blob/main/12-interpolation.md>.

use std::collections::BTreeMap;

/// The deepest default within a default.
const MAX_DEPTH: u32 = 8;

/// A text with its variables filled in.
pub struct Expanded {
    /// The text; a variable without a value is empty there.
    pub text: String,
    /// The variables that have none.
    pub missing: Vec<String>,
}

/// Fills a text in.
pub fn expand(text: &str, values: &BTreeMap<String, String>) -> Expanded {
    let mut missing = Vec::new();
    let text = filled(text, values, &mut missing, 0);
    Expanded { text, missing }
}

fn filled(
    text: &str,
    values: &BTreeMap<String, String>,
    missing: &mut Vec<String>,
    depth: u32,
) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
            continue;
        }
        if let Some(inner) = rest.strip_prefix('{')
            && let Some(end) = closing(inner)
        {
            if depth < MAX_DEPTH {
                out.push_str(&braces(&inner[..end], values, missing, depth));
            }
            rest = &inner[end + 1..];
            continue;
        }
        let end = name_end(rest);
        if end == 0 {
            out.push('$');
            continue;
        }
        match values.get(&rest[..end]) {
            Some(value) => out.push_str(value),
            None => missing.push(rest[..end].to_owned()),
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

/// Where the brace is that closes what begins here.
fn closing(text: &str) -> Option<usize> {
    let mut open = 0;
    for (at, c) in text.char_indices() {
        match c {
            '{' => open += 1,
            '}' if open == 0 => return Some(at),
            '}' => open -= 1,
            _ => {}
        }
    }
    None
}

fn name_end(text: &str) -> usize {
    let is_name = |(at, c): (usize, char)| {
        c == '_' || c.is_ascii_alphabetic() || at > 0 && c.is_ascii_digit()
    };
    text.char_indices()
        .find(|&one| !is_name(one))
        .map_or(text.len(), |(at, _)| at)
}

fn braces(
    inner: &str,
    values: &BTreeMap<String, String>,
    missing: &mut Vec<String>,
    depth: u32,
) -> String {
    let end = name_end(inner);
    let (name, rest) = inner.split_at(end);
    let value = values.get(name);
    // With a colon, an empty value counts as none.
    let (value, rest) = match rest.strip_prefix(':') {
        Some(rest) => (value.filter(|value| !value.is_empty()), rest),
        None => (value, rest),
    };
    match (value, rest.chars().next()) {
        (Some(_), Some('+')) => filled(&rest[1..], values, missing, depth + 1),
        (None, Some('+')) => String::new(),
        (Some(value), _) => value.clone(),
        (None, Some('-')) => filled(&rest[1..], values, missing, depth + 1),
        (None, _) => {
            missing.push(name.to_owned());
            String::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_filled_in_as_compose_does() {
        let values =
            [("A", "1"), ("E", "")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        for (text, expected, missing) in [
            ("x$A-${A}", "x1-1", &[][..]),
            ("$$A ${A", "$A ${A", &[]),
            ("${B:-2}${E:-3}${E-4}", "23", &[]),
            ("${B:-${C-c}}", "c", &[]),
            ("${A:+a}${B:+b}", "a", &[]),
            ("${B:?needed}$C", "", &["B", "C"]),
            ("5$ ü$", "5$ ü$", &[]),
        ] {
            let found = expand(text, &values.clone().into());
            assert_eq!(
                (&*found.text, found.missing),
                (expected, missing.iter().map(|&m| m.to_owned()).collect()),
                "{text}"
            );
        }
    }
}
