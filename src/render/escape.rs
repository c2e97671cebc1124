//! Names as each output format takes them, so that none can break out of its place.
//!
//! A name may come from anywhere: a tag in the cloud, a saved plan, a key of the spec. What would
//! move a cursor, hide or reorder text is shown as its number everywhere ([`visible`]); what means
//! something in one format is escaped there, by that format's own means. SVG's is
//! [`handlebars::html_escape`], and JSON's is `serde_json`'s.

use std::borrow::Cow;

/// Whether a character does something instead of showing something: controls (C0, DEL, C1), marks
/// and overrides of direction (<https://trojansource.codes>), separators of lines, what has no
/// width, tags, and what no XML may hold.
fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e007f}')
}

/// Text on one line, in which everything can be seen: what acts is written as `\n`, `\u{1b}` and so
/// on.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if acts(c) {
            out.extend(c.escape_default())
        } else {
            out.push(c)
        }
    }
    Cow::Owned(out)
}

/// JSON in which everything that acts is written as `\uXXXX`; it means the same, because outside of
/// strings JSON has only line breaks of that sort.
pub fn visible_json(json: &str) -> Cow<'_, str> {
    let hidden = |c: char| acts(c) && !matches!(c, '\n' | '\r' | '\t');
    if !json.contains(hidden) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len() + 8);
    for c in json.chars() {
        if hidden(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c)
        }
    }
    Cow::Owned(out)
}

/// Text for a terminal that holds our own colours and other people's words: of escape sequences
/// only colours pass, and of controls only line breaks and tabs.
pub fn visible_but_colours(text: &str) -> Cow<'_, str> {
    let acts = |c: char| acts(c) && !matches!(c, '\n' | '\t');
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(at) = rest.find(acts) {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let length = match colour(after) {
            Some(length) => {
                out.push_str(&after[..length]);
                length
            }
            None => {
                // `find` found one.
                let c = after.chars().next().unwrap_or_default();
                out.extend(c.escape_default());
                c.len_utf8()
            }
        };
        rest = &after[length..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The length of the sequence `ESC [ digits and semicolons m` at the head of `text`.
fn colour(text: &str) -> Option<usize> {
    let inner = text.strip_prefix("\u{1b}[")?;
    let end = inner.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    inner[end..].starts_with('m').then_some(end + 3)
}

/// Text cut to so many characters, with an ellipsis where something is missing.
pub fn cut(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        None => Cow::Borrowed(text),
        Some(_) => {
            let head: String = text.chars().take(most.saturating_sub(1)).collect();
            Cow::Owned(head + "…")
        }
    }
}

/// A quoted string of Graphviz's DOT.
pub fn dot(text: &str) -> String {
    format!(
        "\"{}\"",
        visible(text).replace('\\', "\\\\").replace('"', "\\\"")
    )
}

/// Text inside a quoted label of Mermaid's, by its own entities: nothing in it is then HTML,
/// Markdown, a directive or a comment (<https://mermaid.js.org/syntax/flowchart.html#entity-codes-to-escape-characters>).
pub fn mermaid(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '"' => out.push_str("#quot;"),
            '#' | '&' | '<' | '>' | '%' | '`' | '\\' | '{' | '}' | ';' => {
                out.push_str(&format!("#{};", u32::from(c)));
            }
            _ => out.push(c),
        }
    }
    out
}

/// A task's or section's name in a Mermaid chart, which takes no quotes and no entities: what ends a
/// name there becomes a blank.
pub fn mermaid_name(text: &str) -> String {
    visible(text).replace([':', ';', '#', '%', ',', '{', '}', '<', '>', '"'], " ")
}

/// A code span of GitHub Flavored Markdown, also within a table: nothing in it is markup, a mention
/// or a link (<https://github.github.com/gfm/#code-spans>).
pub fn code_span(text: &str) -> String {
    let text = visible(text);
    let fence = "`".repeat(longest_run(&text) + 1);
    // In a table a bar ends the cell even within code, unless it is escaped.
    let text = text.replace('|', "\\|");
    let pad = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) || text.is_empty() {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Words in running Markdown, also within a table: every character that begins markup is escaped, and
/// a mention, a reference or a link is kept from becoming one by an empty comment.
pub fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut last = None;
    for c in visible(text).chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' => {
                out.push('\\');
                out.push(c);
            }
            // These begin a list or a heading, and nothing further on.
            '+' | '-' | '=' if last.is_none() => {
                out.push('\\');
                out.push(c);
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' => out.push_str("@<!-- -->"),
            '#' => out.push_str("#<!-- -->"),
            '/' if last == Some(':') => out.push_str("<!-- -->/"),
            _ => out.push(c),
        }
        last = Some(c);
    }
    out
}

/// Words in HTML within Markdown: neither markup nor, where the host looks for those in HTML too, a
/// mention, a reference or a link.
pub fn html_in_markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '@' | '#' => {
                out.push(c);
                out.push_str("<!-- -->");
            }
            '&' | '<' | '>' | '"' | '\'' | '`' | '[' | ']' | '*' | '_' | '~' | '$' | '/' => {
                out.push_str(&format!("&#{};", u32::from(c)));
            }
            _ => out.push(c),
        }
    }
    out
}

/// A block of code that nothing in `body` can end; `body` holds its own line breaks.
pub fn fenced(language: &str, body: &str) -> String {
    let fence = "`".repeat((longest_run(body) + 1).max(3));
    let end = if body.ends_with('\n') { "" } else { "\n" };
    format!("{fence}{language}\n{body}{end}{fence}\n")
}

/// How many backticks follow each other at most.
pub fn longest_run(text: &str) -> usize {
    let runs = text.split(|c| c != '`').map(str::len);
    runs.max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_is_shown_as_its_number() {
        assert_eq!(visible("plain ×2 → é"), "plain ×2 → é");
        assert_eq!(
            visible("a\u{1b}[31m\u{7}\u{9b}\u{202e}\nb"),
            "a\\u{1b}[31m\\u{7}\\u{9b}\\u{202e}\\nb"
        );
    }

    #[test]
    fn json_keeps_its_meaning() {
        let value = serde_json::json!({"a": "x\u{9b}\u{202e}\u{e0041}y\n"});
        let printed = format!("{value:#}");
        let shown = visible_json(&printed);
        assert!(!shown.contains(['\u{9b}', '\u{202e}', '\u{e0041}']));
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&shown).unwrap(),
            value
        );
    }

    #[test]
    fn colours_pass_and_other_sequences_do_not() {
        assert_eq!(
            visible_but_colours("\u{1b}[1mPlan\u{1b}[0m\n\u{1b}]0;title\u{7}\u{1b}[2J\r\u{1b}[31"),
            "\u{1b}[1mPlan\u{1b}[0m\n\\u{1b}]0;title\\u{7}\\u{1b}[2J\\r\\u{1b}[31"
        );
    }

    #[test]
    fn code_in_markdown_has_a_longer_fence_than_what_it_holds() {
        assert_eq!(code_span("us-east-1/vpc"), "`us-east-1/vpc`");
        assert_eq!(code_span("a`b``"), "``` a`b`` ```");
        assert_eq!(code_span("a|b"), "`a\\|b`");
        assert_eq!(fenced("diff", "a\n````\n"), "`````diff\na\n````\n`````\n");
    }

    #[test]
    fn words_in_markdown_are_words() {
        assert_eq!(
            markdown("@all <b> [x](http://y) a_b"),
            "@<!-- -->all &lt;b&gt; \\[x\\](http:<!-- -->//y) a\\_b"
        );
    }

    #[test]
    fn words_in_html_are_words() {
        assert_eq!(
            html_in_markdown("<b>@all [x]"),
            "&#60;b&#62;@<!-- -->all &#91;x&#93;"
        );
    }

    #[test]
    fn long_text_is_cut_at_a_character() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöüß", 3), "äö…");
    }
}
