//! The line of a file that a message quotes, without the values of environment variables in it.
//!
//! A file that is no YAML is quoted too, so this reads text and not nodes: by indentation and braces.

use crate::schema::is_harmless;

/// The longest line that is quoted, in characters.
const WIDEST: usize = 200;

/// How far up an `env:` is looked for, in lines.
const HIGHEST: usize = 1000;

/// Line `number` of a text, counted from 1; cut where it is too long to print. Values of environment variables are
/// replaced by as many stars.
pub fn line_of(text: &str, number: u32) -> Option<String> {
    let number = usize::try_from(number.checked_sub(1)?).ok()?;
    let line = text.lines().nth(number)?;
    let covered = match is_below_variables(text, number) {
        true => cover(line),
        false => match after_env(line) {
            Some(at) => format!("{}{}", &line[..at], cover(&line[at..])),
            None => line.to_owned(),
        },
    };
    Some(covered.chars().take(WIDEST).collect())
}

/// Whether a line is part of the mapping under an `env:` above it.
fn is_below_variables(text: &str, number: usize) -> bool {
    let above: Vec<&str> = text
        .lines()
        .skip(number.saturating_sub(HIGHEST))
        .take(number.min(HIGHEST) + 1)
        .collect();
    let Some((line, above)) = above.split_last() else {
        return false;
    };
    let mut least = indentation(line);
    // How many braces are closed below and not opened yet.
    for line in above.iter().rev().filter(|line| !line.trim().is_empty()) {
        let indentation = indentation(line);
        if let Some(at) = after_env(line) {
            let rest = line[at..].trim();
            let is_open = rest.matches('{').count() > rest.matches('}').count();
            if is_open && indentation <= least
                || indentation < least
                    && (rest.is_empty() || rest.starts_with(['#', '&', '|', '>']))
            {
                return true;
            }
        }
        least = least.min(indentation);
        if least == 0 {
            // What is at the margin ends what was above it.
            return false;
        }
    }
    false
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Where the value under a key `env` begins in a line.
fn after_env(line: &str) -> Option<usize> {
    ["env:", "\"env\":", "'env':"].iter().find_map(|key| {
        line.match_indices(key).find_map(|(at, _)| {
            let is_start = line[..at].ends_with([' ', '{', ',', '-', '\t']) || at == 0;
            is_start.then_some(at + key.len())
        })
    })
}

/// Stars in the place of every value of a mapping's text that may be a secret.
fn cover(text: &str) -> String {
    let mut covered = String::new();
    let mut piece = String::new();
    let mut quote = None;
    for letter in text.chars() {
        match quote {
            Some(open) if letter == open => quote = None,
            Some(_) => {}
            None if letter == '"' || letter == '\'' => quote = Some(letter),
            None if "{},".contains(letter) => {
                covered.push_str(&entry(&piece));
                piece.clear();
                covered.push(letter);
                continue;
            }
            None => {}
        }
        piece.push(letter);
    }
    covered + &entry(&piece)
}

/// One `NAME: VALUE`, or what could not be told apart further.
fn entry(piece: &str) -> String {
    let (name, value) = match piece.split_once(": ") {
        Some((name, value)) => (name, value),
        None if piece.trim_end().ends_with(':') => return piece.to_owned(),
        None => ("", piece),
    };
    let bare = |text: &str| text.trim().trim_matches(['"', '\'']).to_owned();
    let head = piece.len() - value.len();
    match is_harmless(&bare(name), &bare(value)) {
        true => piece.to_owned(),
        false => {
            let stars = value
                .chars()
                .map(|c| if c.is_whitespace() { c } else { '*' });
            piece[..head].chars().chain(stars).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_line_shows_no_variables_value() {
        let text = "\
services:
  web:
    env:
      LOG_LEVEL: info
      TOKEN: hunter2
      LONG: |
        hunter2
    image: nginx:1
  api: {image: a, env: {PORT: 80, TOKEN: \"hunter2\"}, port: 8080}
  old: {image: a,
    env: {TOKEN: hunter2,
    OTHER: hunter2}}
  bad: {env: {TOKEN: \"hunter2
";
        let lines: Vec<String> = (1..=13).filter_map(|line| line_of(text, line)).collect();
        assert!(
            lines.iter().all(|line| !line.contains("hunter2")),
            "{lines:#?}"
        );
        assert_eq!(lines[3], "      LOG_LEVEL: info");
        assert_eq!(lines[4], "      TOKEN: *******");
        assert_eq!(lines[7], "    image: nginx:1");
        assert!(lines[8].starts_with("  api: {image: a, env: {PORT: 80, TOKEN: *********}, "));
    }
}
