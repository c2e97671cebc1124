//! Lines broken between words at a terminal's width, each continued below its own indentation.

use std::borrow::Cow;

use textwrap::{Options, WordSplitter, WrapAlgorithm, core::display_width};

/// Columns by which a continued line is indented further than its first.
const DEEPER: usize = 2;
/// A continued line is never indented by more: something has to fit beside it.
const DEEPEST: usize = 12;

/// `text` with lines of at most `columns`. A word that is longer stays whole, so that it can be copied.
pub fn wrap(text: &str, columns: usize) -> Cow<'_, str> {
    if text.lines().all(|line| display_width(line) <= columns) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 64);
    for line in text.split_inclusive('\n') {
        let (line, end) = match line.strip_suffix('\n') {
            Some(line) => (line, "\n"),
            None => (line, ""),
        };
        if display_width(line) <= columns {
            out.push_str(line);
        } else {
            let own = line.chars().take_while(|c| *c == ' ').count();
            let indent = " ".repeat((own + DEEPER).min(DEEPEST).min(columns / 4));
            let options = between_words(columns).subsequent_indent(&indent);
            out.push_str(&textwrap::wrap(line, options).join("\n"));
            // A question leaves a space before its answer.
            out.push_str(&line[line.trim_end_matches(' ').len()..]);
        }
        out.push_str(end);
    }
    Cow::Owned(out)
}

/// Lines as full as words allow, which stay whole.
fn between_words<'a>(columns: usize) -> Options<'a> {
    Options::new(columns)
        .break_words(false)
        .word_splitter(WordSplitter::NoHyphenation)
        .wrap_algorithm(WrapAlgorithm::FirstFit)
}

/// The lines of a text, whatever lines it came in, of at most `columns`.
pub fn paragraph(text: &str, columns: usize) -> Vec<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ");
    let lines = textwrap::wrap(&text, between_words(columns));
    lines.into_iter().map(Cow::into_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_go_on_indented() {
        let told = wrap("short\n  one two three four\n", 14);
        assert_eq!(told, "short\n  one two\n   three four\n");
    }

    #[test]
    fn colours_take_no_columns() {
        let line = "\u{1b}[1mone\u{1b}[0m two";
        assert_eq!(wrap(line, 7), line);
    }

    #[test]
    fn the_space_after_a_question_stays() {
        assert_eq!(wrap("are you sure? ", 8), "are you\n  sure? ");
    }

    #[test]
    fn a_long_word_stays_whole() {
        let arn = "arn:aws:iam::123456789012:role/shop";
        assert_eq!(wrap(&format!("a {arn}"), 20), format!("a\n  {arn}"));
    }
}
