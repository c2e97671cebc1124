//! Where passwords stand in the URLs of a text, and texts with something else in their place.

use std::borrow::Cow;
use std::ops::Range;

use super::harmless::is_harmless;
use crate::value::{Part, Value};

/// What a reference in a text is while it is looked through: one character, which is no text's.
const HOLE: char = '\u{e000}';

/// A text with what `cover` makes of each password in a URL of it, such as `postgres://user:password@host`;
/// `None` where there is none.
pub fn in_urls(text: &Value, mut cover: impl FnMut(&Value) -> String) -> Option<Value> {
    let (flat, holes) = match text {
        Value::String(text) => (Cow::Borrowed(&**text), Vec::new()),
        Value::Text(parts) => {
            let (mut flat, mut holes) = (String::new(), Vec::new());
            for part in parts.iter() {
                match part {
                    Part::Literal(text) => flat.push_str(text),
                    Part::Reference(_) => {
                        flat.push(HOLE);
                        holes.push(part);
                    }
                }
            }
            (Cow::Owned(flat), holes)
        }
        _ => return None,
    };
    let mut holes = holes.into_iter();
    let (mut told, mut end) = (Vec::new(), 0);
    let mut tell = |text: &str, holes: &mut std::vec::IntoIter<&Part>| {
        for (index, piece) in text.split(HOLE).enumerate() {
            if index > 0 {
                told.extend(holes.next().cloned());
            }
            if !piece.is_empty() {
                told.push(Part::Literal(piece.into()));
            }
        }
    };
    for place in passwords(&flat) {
        let password = &flat[place.clone()];
        // What is known only after apply is no secret of the spec's.
        if password.chars().all(|c| c == HOLE) {
            continue;
        }
        tell(&flat[end..place.start], &mut holes);
        holes
            .by_ref()
            .take(password.matches(HOLE).count())
            .for_each(drop);
        tell(&cover(&Value::str(password)), &mut holes);
        end = place.end;
    }
    if end == 0 {
        return None;
    }
    tell(&flat[end..], &mut holes);
    Some(
        if told.iter().all(|part| matches!(part, Part::Literal(_))) {
            Value::str(Value::Text(told.into()).to_string())
        } else {
            Value::Text(told.into())
        },
    )
}

/// The limit of the search for passwords in a text, in bytes, plus a multiple of the text's length. Each URL is searched to
/// its end, so without a limit a text that consists of `://` would take time in the square of its length.
const MOST_EFFORT: usize = 2 << 20;
const MOST_TIMES: usize = 4;

/// The bytes that may still be searched.
struct Effort(usize);

impl Effort {
    fn for_text(text: &str) -> Self {
        Self(MOST_EFFORT + MOST_TIMES * text.len())
    }

    /// `None` if the limit is exceeded.
    fn spend(&mut self, bytes: usize) -> Option<()> {
        self.0 = self.0.checked_sub(bytes)?;
        Some(())
    }
}

/// A user's name alone is a token, not a name, from this length on.
const TOKEN: usize = 20;

/// Where the passwords of URLs stand in a text: after the colon of what is before the last `@` of an authority
/// (RFC 3986, section 3.2.1), also where a `/`, `?` or `#` stands in it that had to be encoded. A text with more URLs
/// than `Effort` covers counts as one password, because one may be in it.
pub fn passwords(text: &str) -> impl Iterator<Item = Range<usize>> {
    places(text, &mut Effort::for_text(text))
        .unwrap_or_else(|| std::iter::once(0..text.len()).collect())
        .into_iter()
}

fn places(text: &str, effort: &mut Effort) -> Option<Vec<Range<usize>>> {
    // JSON may write a slash with a backslash before it.
    let schemes = text
        .match_indices("://")
        .chain(text.match_indices(":\\/\\/"));
    let mut found = Vec::new();
    for (at, scheme) in schemes {
        let start = at + scheme.len();
        let all = without_rest(&text[start..]);
        effort.spend(all.len())?;
        found.extend(password(all).map(|place| start + place.start..start + place.end));
    }
    found.extend(queries(text, effort)?);
    found.sort_by_key(|place| place.start);
    let mut end = 0;
    found.retain(|place| {
        let is_apart = place.start >= end;
        end = end.max(place.end);
        is_apart
    });
    Some(found)
}

/// The range of the password in the text after a URL's `://`.
fn password(all: &str) -> Option<Range<usize>> {
    let authority = all.split(['/', '?', '#', '\\']).next()?;
    let user = match authority.rsplit_once('@') {
        Some((user, _)) => user,
        // A port is a number; what else stands there is a password with a `/` or the like in it.
        None => {
            let (_, port) = authority.split_once(':')?;
            let is_port = port.chars().all(|c| c.is_ascii_digit() || c == HOLE);
            if is_port || authority.starts_with('[') {
                return None;
            }
            let (user, _) = all.split_once('@')?;
            // That is the next one's, in a list of them.
            if user.contains("://") {
                return None;
            }
            user
        }
    };
    let (from, password) = match user.split_once(':') {
        Some((name, password)) => (name.len() + 1, password),
        None if user.len() >= TOKEN => (0, user),
        None => return None,
    };
    (!password.is_empty()).then(|| from..from + password.len())
}

/// Where the values of queries stand in the URLs and paths of a text that are not plainly harmless: `/h?token=...`.
fn queries(text: &str, effort: &mut Effort) -> Option<Vec<Range<usize>>> {
    let ends = |c: char| matches!(c, '"' | '\'' | '<' | '>' | '`' | '\\') || c.is_whitespace();
    let mut found = Vec::new();
    for (at, _) in text.match_indices('?') {
        let before = text[..at].rfind(ends).map_or(0, |end| {
            end + text[end..].chars().next().map_or(1, char::len_utf8)
        });
        let url = &text[before..at];
        effort.spend(url.len())?;
        if !url.contains('/') {
            continue;
        }
        let rest = &text[at + 1..];
        let query = &rest[..rest.find(|c| ends(c) || c == '#').unwrap_or(rest.len())];
        effort.spend(query.len())?;
        let has_scheme = url.contains("://");
        let mut start = at + 1;
        for piece in query.split(['&', ';']) {
            let (name, value) = piece.split_once('=').unwrap_or(("", piece));
            let is_name = |name: &str| {
                !name.is_empty()
                    && (name.bytes()).all(|b| b.is_ascii_alphanumeric() || b"_.-[]%".contains(&b))
            };
            // Without a name it is a query only behind a scheme: a pattern has question marks too.
            let is_query = is_name(name) || !piece.contains('=') && has_scheme;
            if is_query
                && value.contains(char::is_alphanumeric)
                && !is_harmless(name, value)
                && !MODES.contains(&value)
            {
                let from = start + piece.len() - value.len();
                found.push(from..from + value.len());
            }
            start += piece.len() + 1;
        }
    }
    Some(found)
}

/// What databases' URLs say of TLS.
const MODES: [&str; 6] = [
    "allow",
    "prefer",
    "require",
    "required",
    "verify-ca",
    "verify-full",
];

/// A text to where a URL that it begins with must have ended. The digest of a password, as snapshots show it, has a
/// space in it.
fn without_rest(text: &str) -> &str {
    let ends = |c: char| matches!(c, '"' | '<' | '>' | '`') || c.is_whitespace();
    let mut end = 0;
    while let Some(index) = text[end..].find(ends) {
        let at = end + index;
        if !text[..at].ends_with("(hidden") || !text[at..].starts_with(' ') {
            return &text[..at];
        }
        end = at + 1;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_beginnings_of_urls_is_hidden_whole_and_one_of_urls_is_not() {
        for piece in ["://u:p@", ":\\/\\/u:p@", "/?", "a/b?c=d"] {
            let text = piece.repeat(60_000);
            let mut effort = Effort::for_text(&text);
            assert!(places(&text, &mut effort).is_none(), "{piece}");
            let mut found = passwords(&text);
            assert_eq!(found.next(), Some(0..text.len()), "{piece}");
            assert_eq!(found.next(), None, "{piece}");
        }
        let text = "redis://u:secret@cache:6379/0?ssl=true ".repeat(20_000);
        let found: Vec<&str> = passwords(&text).map(|place| &text[place]).collect();
        assert_eq!(found.len(), 20_000);
        assert!(found.iter().all(|one| *one == "secret"));
    }
}
