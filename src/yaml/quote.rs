//! The line of a file that a message quotes, and the values that the message itself quotes: without those that may be
//! secrets.
//!
//! A file that is no YAML is quoted too, so lines are read as text and not as nodes: by indentation, braces and quotes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Node, Yaml, logins};
use crate::diagnostic::{Diagnostic, MOST_SHOWN};
use crate::schema::{is_code, is_harmless, is_plain, pieces, secrets_of_code};

/// The longest line that is quoted, in characters.
const WIDEST: usize = 200;

/// How far up a mapping of variables is looked for, in lines.
const HIGHEST: usize = 1000;

/// Keys, whole or as the beginning of one that is misspelt, below which every key is a name of the user's own.
const VARIABLES: [&str; 5] = ["env", "variables", "vars", "secrets", "command"];

/// The shortest value that is hidden in a message: a shorter one is a part of too many words.
const SHORTEST: usize = 4;

/// What stands in the place of a value in a message.
const STARS: &str = "***";

/// Puts the lines of a file beside messages about it, and hides what the messages quote of it. Messages beyond
/// [`MOST_SHOWN`] are counted and not shown, so they get no line.
pub fn quote(text: &str, diagnostics: &mut [Diagnostic]) {
    if diagnostics.is_empty() {
        return;
    }
    let mut file = File::of(text);
    for (number, diagnostic) in diagnostics.iter_mut().enumerate() {
        file.quote(diagnostic, number < MOST_SHOWN);
    }
}

/// The same for messages about several files that have no line yet; `source` has the files' texts by their names.
pub fn quote_files<'t>(source: impl Fn(&str) -> Option<&'t str>, diagnostics: &mut [Diagnostic]) {
    let mut files = BTreeMap::new();
    for diagnostic in diagnostics.iter_mut().filter(|one| one.line.is_none()) {
        if let Some(place) = &diagnostic.location
            && let Some(text) = source(&place.file)
        {
            let file = files
                .entry(Arc::clone(&place.file))
                .or_insert_with(|| File::of(text));
            file.quote(diagnostic, true);
        }
    }
}

/// The same for what a file that is no YAML is refused for: of its values only those of the quoted line are known.
pub(super) fn quote_unread(text: &str, diagnostic: &mut Diagnostic) {
    let mut file = File {
        text,
        values: Values::default(),
        lines: BTreeMap::new(),
    };
    file.quote(diagnostic, true);
}

/// A file that messages quote. It is read once, and a line with a thousand mistakes is covered once.
struct File<'t> {
    text: &'t str,
    values: Values,
    lines: BTreeMap<u32, Quoted>,
}

/// What a file holds.
#[derive(Default)]
struct Values {
    /// The values that are hidden, and the pieces of them.
    hidden: BTreeSet<String>,
    /// Its keys, and the values that are shown: a message may name a service that is called as a word of a command.
    shown: BTreeSet<String>,
}

impl<'t> File<'t> {
    fn of(text: &'t str) -> Self {
        let mut values = Values::default();
        if let Ok(root) = super::parse("", text) {
            values.collect("", false, &root);
        }
        Self {
            text,
            values,
            lines: BTreeMap::new(),
        }
    }

    fn quote(&mut self, diagnostic: &mut Diagnostic, is_shown: bool) {
        let Some(location) = &diagnostic.location else {
            return;
        };
        let quoted = self
            .lines
            .entry(location.line)
            .or_insert_with(|| Quoted::of(self.text, location.line));
        if is_shown {
            diagnostic.line.clone_from(&quoted.shown);
        }
        let hide = |message: &str| {
            let all = is_shown.then_some(&self.values.hidden);
            let hidden = quoted.hidden.iter().chain(all.into_iter().flatten());
            without(
                message,
                hidden.filter(|one| !self.values.shown.contains(&**one)),
            )
        };
        diagnostic.message = hide(&diagnostic.message);
        // A suggestion is a name of ours or AWS's.
        if let Some(help) = &mut diagnostic.help
            && !help.starts_with("did you mean")
        {
            *help = hide(help);
        }
    }
}

/// A line as it is quoted.
#[derive(Default)]
struct Quoted {
    /// Cut where it is too long to print, with as many stars in the place of values that are not plainly harmless.
    shown: Option<String>,
    /// The values on it that are hidden, and the pieces of them.
    hidden: BTreeSet<String>,
}

impl Quoted {
    /// Line `number`, counted from 1.
    fn of(text: &str, number: u32) -> Self {
        let Some(cover) = covered(text, number) else {
            return Self::default();
        };
        let mut hidden = BTreeSet::new();
        for value in &cover.hidden {
            hide(value, &mut hidden);
        }
        // Expressions show texts of which a login is a part.
        let shown = logins::cover(&cover.shown());
        Self {
            shown: Some(shown),
            hidden,
        }
    }
}

/// Line `number` of a text, counted from 1, with stars in the place of values that are not plainly harmless.
fn covered(text: &str, number: u32) -> Option<Cover> {
    let number = usize::try_from(number.checked_sub(1)?).ok()?;
    let line = text.lines().nth(number)?;
    let mut cover = Cover {
        is_variable: is_below_variables(text, number),
        ..Cover::default()
    };
    cover.line(line);
    Some(cover)
}

/// A message without the values that are hidden.
fn without<'a>(message: &str, hidden: impl Iterator<Item = &'a String>) -> String {
    // The longest first: a piece of it is hidden alone too.
    let mut values: Vec<&String> = hidden.filter(|one| message.contains(&***one)).collect();
    values.sort_by_key(|value| std::cmp::Reverse(value.len()));
    let mut shown = message.to_owned();
    for value in values {
        shown = replaced(&shown, value);
    }
    shown
}

/// A message with stars in the place of a value, where it is a word of its own.
fn replaced(message: &str, value: &str) -> String {
    let (mut shown, mut end) = (String::new(), 0);
    for (at, _) in message.match_indices(value) {
        let after = at + value.len();
        let is_part = message[..at].ends_with(char::is_alphanumeric)
            && value.starts_with(char::is_alphanumeric)
            || message[after..].starts_with(char::is_alphanumeric)
                && value.ends_with(char::is_alphanumeric);
        if !is_part {
            shown += &message[end..at];
            shown += STARS;
            end = after;
        }
    }
    shown + &message[end..]
}

impl Values {
    /// Adds those of a node; `key` is the one above it.
    fn collect(&mut self, key: &str, is_variable: bool, node: &Node) {
        match &node.value {
            Yaml::Map(entries) => {
                for (name, value) in entries {
                    self.shown.insert(name.text.to_string());
                    let is_variable = is_variable || holds_variables(&name.text);
                    self.collect(&name.text, is_variable, value);
                }
            }
            Yaml::List(items) => {
                for item in items {
                    self.collect(key, is_variable, item);
                }
            }
            _ => {
                let Some(text) = node.as_str() else {
                    return;
                };
                if !is_variable && is_code(key, text) {
                    for place in secrets_of_code(text) {
                        hide(&text[place], &mut self.hidden);
                    }
                } else if is_shown(is_variable, key, text) {
                    self.shown.insert(text.to_owned());
                } else {
                    hide(text, &mut self.hidden);
                }
            }
        }
    }
}

fn hide(value: &str, hidden: &mut BTreeSet<String>) {
    let mut add = |text: &str| {
        if text.len() >= SHORTEST {
            hidden.insert(text.to_owned());
            let escaped = format!("{text:?}");
            hidden.insert(escaped[1..escaped.len() - 1].to_owned());
        }
    };
    add(value);
    pieces(value).for_each(add);
}

fn is_shown(is_variable: bool, key: &str, value: &str) -> bool {
    if is_variable {
        is_harmless(key, value)
    } else {
        is_plain(key, value)
    }
}

fn holds_variables(key: &str) -> bool {
    let lower = key.to_ascii_lowercase();
    // `environments` holds overlays of the spec.
    lower != "environments" && VARIABLES.iter().any(|one| lower.starts_with(one))
}

/// Whether a line is part of what stands under a key of variables above it.
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
    // A list may stand at the indentation of its key, and a tab is no indentation that counts.
    let is_item = line.trim_start().starts_with("- ") || line.contains('\t');
    for line in above.iter().rev().filter(|line| !line.trim().is_empty()) {
        let indentation = indentation(line);
        if let Some(rest) = after_variables(line) {
            let rest = rest.trim();
            let opened = rest.matches(['{', '[']).count();
            let is_open = opened > rest.matches(['}', ']']).count();
            let is_above = indentation < least || is_item && indentation == least;
            if is_open && indentation <= least
                || is_above && (rest.is_empty() || rest.starts_with(['#', '&', '|', '>', '!']))
            {
                return true;
            }
        }
        if line.trim_start().starts_with("- ") && indentation == least {
            continue;
        }
        least = least.min(indentation);
        if least == 0 && !is_item {
            // What is at the margin ends what was above it.
            return false;
        }
    }
    false
}

fn indentation(line: &str) -> usize {
    // A tab counts for a wide one: YAML takes none, and who writes one means to be below.
    let blanks = &line[..line.len() - line.trim_start().len()];
    blanks.chars().map(|c| if c == '\t' { 8 } else { 1 }).sum()
}

/// What follows the last key of variables in a line.
fn after_variables(line: &str) -> Option<&str> {
    line.match_indices(':').rev().find_map(|(at, _)| {
        let rest = &line[at + 1..];
        // Asked first: what follows a key ends the search for the next one's beginning, so that each is looked at once.
        if !rest.is_empty() && !rest.starts_with([' ', '{', '[', '\t']) {
            return None;
        }
        let key = line[..at].trim_end_matches(['"', '\'']);
        let start = key
            .rfind([' ', '{', '[', ',', '\t', '"', '\''])
            .map_or(0, |at| at + 1);
        holds_variables(&key[start..]).then_some(rest)
    })
}

/// A line that is put together again, with stars in the place of what is hidden.
#[derive(Default)]
struct Cover {
    covered: String,
    hidden: Vec<String>,
    /// Whether keys are names of the user's own.
    is_variable: bool,
    /// For each brace that is open, whether that was so before it, and the key of a list's items.
    open: Vec<(bool, String)>,
    key: String,
}

impl Cover {
    /// As much of it as is quoted.
    fn shown(&self) -> String {
        self.covered.chars().take(WIDEST).collect()
    }

    fn line(&mut self, line: &str) {
        let mut piece = String::new();
        let (mut quote, mut was, mut is_code) = (None, ' ', 0_usize);
        for letter in line.chars() {
            match quote {
                Some(open) if letter == open && was != '\\' => quote = None,
                Some(_) => {}
                None if "\"'".contains(letter) && " {[,:(".contains(was) => quote = Some(letter),
                None if letter == '{' && was == '$' => is_code += 1,
                None if letter == '}' && is_code > 0 => is_code -= 1,
                None if is_code == 0
                    && "{}[],".contains(letter)
                    && is_flow(&piece, was, letter) =>
                {
                    self.entry(&piece);
                    piece.clear();
                    self.covered.push(letter);
                    match letter {
                        '{' | '[' => {
                            self.open.push((self.is_variable, self.key.clone()));
                            self.is_variable |= holds_variables(&self.key);
                        }
                        '}' | ']' => {
                            if let Some((before, key)) = self.open.pop() {
                                (self.is_variable, self.key) = (before, key);
                            }
                        }
                        _ => {
                            if let Some((_, key)) = self.open.last() {
                                self.key.clone_from(key);
                            }
                        }
                    }
                    was = ' ';
                    continue;
                }
                None => {}
            }
            piece.push(letter);
            was = letter;
        }
        self.entry(&piece);
    }

    /// An expression, with stars in the place of its texts.
    fn code(&mut self, code: &str) {
        let trimmed = code.trim();
        let inner = bare(code);
        let start = code.len() - code.trim_start().len() + trimmed.find(inner).unwrap_or(0);
        let mut end = 0;
        for place in secrets_of_code(inner) {
            let place = start + place.start..start + place.end;
            self.covered.push_str(&code[end..place.start]);
            self.covered
                .extend(code[place.clone()].chars().map(|_| '*'));
            self.hidden.push(code[place.clone()].to_owned());
            end = place.end;
        }
        self.covered.push_str(&code[end..]);
    }

    /// One `KEY: VALUE`, a key alone, or a value alone.
    fn entry(&mut self, piece: &str) {
        let body = piece.trim_start();
        let lead = &piece[..piece.len() - body.len()];
        self.covered.push_str(lead);
        let mut body = body;
        while let Some(rest) = body.strip_prefix("- ") {
            self.covered.push_str("- ");
            body = rest;
        }
        if let Some(end) = key_end(body) {
            self.covered.push_str(&body[..end]);
            self.key = bare(body[..end].trim_end().trim_end_matches(':')).to_owned();
            body = &body[end..];
        }
        let value = body.trim();
        if value.is_empty() {
            self.covered.push_str(body);
            return;
        }
        let (text, comment) = match value.split_once(" #") {
            Some((text, _)) if !text.starts_with(['"', '\'']) => (text.trim_end(), true),
            _ => (value, value.starts_with('#')),
        };
        if !self.is_variable && is_code(&self.key, bare(value)) && !comment {
            return self.code(body);
        }
        let is_mark = ["|", ">", "|-", ">-", "-", "---", "..."].contains(&text);
        let is_text = !text.starts_with('#') && is_shown(self.is_variable, &self.key, bare(text));
        if !comment && (is_mark || is_text) {
            self.covered.push_str(body);
            return;
        }
        let shown = if is_mark || is_text { text.len() } else { 0 };
        let start = body.len() - body.trim_start().len();
        self.covered.push_str(&body[..start + shown]);
        let rest = &body[start + shown..];
        self.covered.extend(
            rest.chars()
                .map(|c| if c.is_whitespace() { c } else { '*' }),
        );
        self.hidden.push(bare(text).to_owned());
    }
}

/// Whether a brace or comma is one of a flow mapping's and not of a text.
fn is_flow(piece: &str, was: char, letter: char) -> bool {
    match letter {
        '{' | '[' => was == ' ' || piece.is_empty(),
        _ => true,
    }
}

fn bare(text: &str) -> &str {
    text.trim().trim_matches(['"', '\''])
}

/// Where the value begins after a key and its colon.
fn key_end(body: &str) -> Option<usize> {
    let (key, rest) = match body.chars().next()? {
        quote @ ('"' | '\'') => {
            let end = body[1..].find(quote)? + 2;
            (&body[..end], &body[end..])
        }
        _ => {
            let at = body
                .find(": ")
                .or_else(|| body.trim_end().strip_suffix(':').map(str::len))?;
            (&body[..at], &body[at..])
        }
    };
    let is_key =
        key.len() <= 80 && !bare(key).contains([' ', '@', '=', '#']) || key.starts_with("<<");
    let is_colon = rest.starts_with(": ") || rest.trim_end() == ":";
    (is_key && is_colon).then(|| key.len() + rest.len() - rest[1..].trim_start().len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line_of(text: &str, number: u32) -> Option<String> {
        Some(covered(text, number)?.shown())
    }

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

    #[test]
    fn a_quoted_line_shows_no_secret_in_a_wrong_place() {
        for line in [
            "    environment: {API_KEY: SEKRET}",
            "    envv: {A: SEKRET}",
            "database: {engine: postgres, password: SEKRET}",
            "  password: SEKRET",
            "password: swordfish SEKRET",
            "vars: {a: SEKRET}",
            "provider: {aws: {access_key: SEKRET, secret_key: SEKRET}}",
            "    secrets: {A: \"SEKRET3 x\"}",
            "    command: {a: SEKRET}",
            "\tKEY: SEKRET",
            "tags: {api_token: SEKRET, b: \"x;\"}",
            "    artifact: https://u:SEKRET@x/a.tar",
            "migration: {gates: {x: {command: [curl, -H, \"Authorization: SEKRET\"]}}}",
            "migration: {probe: \"https://u:SEKRET@x\"}",
            "      - \"Authorization: SEKRET\"",
            "      - SEKRET",
            "app: shop # SEKRET",
            "# SEKRET",
            "SEKRET",
            "image: \"SEKRET",
            "env: {A: {b: [SEKRET, c]}, d: SEKRET}",
            "x: ${'SEKRET'}",
            "x: [a, {b: SEKRET}]",
        ] {
            let shown = line_of(line, 1).unwrap();
            assert!(!shown.contains("SEKRET"), "{line}: {shown}");
            assert_eq!(shown.chars().count(), line.chars().count(), "{shown}");
        }
    }

    #[test]
    fn a_quoted_line_shows_keys_and_mistaken_words() {
        for line in [
            "database: {engine: postgress, storage: {min: 20, max: 10}}",
            "regions: [us-est-1, eu-west-1]",
            "stage: load-balancd",
            "  - id: vpc",
            "    properties: {CidrBlock: \"${spec.network.cidr}\"}",
            "  - kind: AWS::EC2::Vpc",
            "services: {web: {image: nginx:1, prot: 80}}",
        ] {
            assert_eq!(line_of(line, 1).as_deref(), Some(line));
        }
    }

    #[test]
    fn a_message_quotes_no_secret_of_its_file() {
        use crate::diagnostic::Location;
        let text = "a: \"https://u:SEKRET@x\"\npath: /h?token=SEKRET\nengine: postgress\n";
        let at = |line| Location {
            file: "f".into(),
            line,
            column: 1,
        };
        let message = "\"u:SEKRET@x\" and \"/h?token=SEKRET\" are wrong";
        let mut found = [
            Diagnostic::error(at(1), message).help(message),
            Diagnostic::error(at(3), "no engine postgress"),
        ];
        quote(text, &mut found);
        assert!(!format!("{found:?}").contains("SEKRET"), "{found:?}");
        assert_eq!(found[1].message, "no engine postgress");
        assert_eq!(found[1].line.as_deref(), Some("engine: postgress"));
    }

    #[test]
    fn a_message_quotes_keys_and_shown_values_though_a_variable_has_them_too() {
        use crate::diagnostic::Location;
        let text = "app: orders\nservices: {jobs: {image: a/b:1, command: [run, jobs, SEKRET]}}\n\
                    env: {TOKEN: orders, OTHER: SEKRET}\n";
        let place = Location {
            file: "f".into(),
            line: 2,
            column: 1,
        };
        let mut found = [Diagnostic::error(place, "jobs of orders has SEKRET")];
        quote(text, &mut found);
        assert_eq!(found[0].message, "jobs of orders has ***");
    }
}
