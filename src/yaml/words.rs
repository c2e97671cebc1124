//! The parser's messages in words that speak of the file, and what to do. The parser's own are for programmers: they name
//! its options, its types and the grammar's parts.

/// What the first of these that has a part of the parser's message says to whoever wrote the file, and what to write instead.
const WORDS: &[(&[&str], &str, &str)] = &[
    (
        &["from_str_multiple", "from_multiple"],
        "the file has a second document after `---`",
        "put it into a file of its own, or remove the `---`",
    ),
    (
        &[
            "budget breached",
            "replay limit exceeded",
            "recursion limit",
        ],
        "the file is nested too deeply, or has too many entries or aliases",
        "write it without generated data",
    ),
    (
        &["recursive reference"],
        "the alias refers to a value that it is a part of",
        "write the value out",
    ),
    (
        &["unknown anchor"],
        "`*` begins an alias, and there is no anchor of that name",
        "put a text that begins with `*` in quotes: \"*.example.com\"",
    ),
    (
        &["non-finite float"],
        "this number is infinite, not a number, or too large",
        "write a number that a computer can hold, or put a text in quotes",
    ),
    (
        &["!!binary"],
        "the value is not base64, which `!!binary` announces",
        "remove `!!binary`, or put a text that begins with `!` in quotes",
    ),
    (
        &["YAML major version"],
        "the file says that it is of a version of YAML that does not exist",
        "remove the line that begins with `%`, or put a text that begins with `%` in quotes",
    ),
    (
        &["expected string scalar"],
        "a key has to be a text",
        "write `key: value`; a list or a mapping cannot be a key",
    ),
    (
        &["unclosed quote"],
        "a quote is opened here and not closed",
        "close it; within double quotes write \\\" for the sign itself, within single ones ''",
    ),
    (
        &["trailing content after"],
        "there is more after the closing quote",
        "within double quotes write \\\" for the sign itself, within single ones ''",
    ),
    (
        &["illegal placement of ':'"],
        "there is a `:` where no key ends",
        "put a text with `: ` in it in quotes; or a list or mapping on a line before is not closed",
    ),
    (
        &["mapping values are not allowed"],
        "there is a `:` where no key ends",
        "put a text with `: ` in it in quotes; a mapping within another begins on a line of its own",
    ),
    (
        &["simple key expected ':'"],
        "this key has no `:`",
        "write `key: value`, with a space after the colon",
    ),
    (
        &["a tab", "tabs disallowed"],
        "there is a tab where YAML takes spaces only",
        "indent with spaces",
    ),
    (
        &["unclosed bracket"],
        "a bracket is opened here and not closed",
        "close it, or put a text that begins with `{` or `[` in quotes",
    ),
    (
        &["parsing a tag", "verbatim tag", "scanning a tag"],
        "`!` begins a tag, and this is none",
        "put a text that begins with `!` in quotes",
    ),
    (
        &["anchor or alias"],
        "`&` begins an anchor and `*` an alias, and this is none",
        "put a text that begins with `&` or `*` in quotes",
    ),
    (
        &["directive"],
        "`%` at the beginning of a line begins a directive, and this is none",
        "put a text that begins with `%` in quotes",
    ),
    (
        &["while parsing a quoted scalar"],
        "there is a `\\` within double quotes that begins nothing YAML knows",
        "write \\\\ for the sign itself, or use single quotes",
    ),
    (
        &["while parsing a flow mapping"],
        "a mapping in braces is not closed, or lacks a comma",
        "the mistake may be on a line before: look for a `{` without its `}`",
    ),
    (
        &["while parsing a flow sequence"],
        "a list in brackets is not closed, or lacks a comma",
        "the mistake may be on a line before: look for a `[` without its `]`",
    ),
    (
        &[
            "did not find expected",
            "invalid indentation",
            "not allowed in this context",
        ],
        "this line does not fit those before it",
        "keys of one mapping, and the `-` of one list, begin in the same column; after a key comes `:` and a space",
    ),
    (
        &["unexpected character", "cannot start any token"],
        "a text cannot begin with this sign",
        "put the text in quotes",
    ),
];

/// The same of messages that name what they met.
pub(super) fn plain(message: &str) -> (String, Option<String>) {
    let told = |message: &str, help: &str| (message.to_owned(), Some(help.to_owned()));
    if let Some(rest) = message.strip_prefix("duplicate mapping key") {
        let key = rest.trim_start_matches(':').split(',').next();
        let key = key.unwrap_or_default().trim();
        return told(
            &format!("the key {key} appears twice"),
            "remove one, or merge the two",
        );
    }
    let means = |parts: &[&str]| parts.iter().any(|part| message.contains(part));
    if let Some((_, what, help)) = WORDS.iter().find(|(parts, ..)| means(parts)) {
        return told(what, help);
    }
    (message.to_owned(), None)
}

#[cfg(test)]
mod tests {
    use crate::yaml;

    #[test]
    fn mistakes_are_told_in_words_of_the_file_and_not_of_the_parser() {
        let mut wrong = Vec::new();
        for (text, words) in [
            ("a: .inf", "this number is infinite"),
            ("a: 1e400", "too large"),
            ("a: &x [*x]", "a value that it is a part of"),
            ("a: *nope", "no anchor of that name"),
            ("a: \"open", "not closed"),
            ("a: \"b\\qc\"", "begins nothing YAML knows"),
            ("a: {b: c\nd: e", "a mapping in braces"),
            ("a: [b, c\nd: e", "where no key ends"),
            ("a: !!binary x", "not base64"),
            ("%YAML 9.9\n---\na: b", "a version of YAML"),
            ("? [a, b]\n: c", "a key has to be a text"),
            ("a: @b", "cannot begin with this sign"),
            ("a: `b`", "cannot begin with this sign"),
            ("a:\n    b: c\n   d: e", "does not fit those before it"),
            ("a: b\n- c", "does not fit those before it"),
            ("a: b: c", "where no key ends"),
            ("a: \"b\" c", "more after the closing quote"),
            ("a: \"\\uD800\"", "begins nothing YAML knows"),
            ("a:\n\tb: c", "a tab where YAML takes spaces"),
            ("a:\n  b: c\n\td: e", "a tab where YAML takes spaces"),
            ("a: !<x", "`!` begins a tag"),
            ("a: & b", "`&` begins an anchor"),
            ("a: [b", "not closed"),
            ("a: {b", "not closed"),
            ("a: b\nc\nd: e", "has no `:`"),
            ("a: |x\n  b", "does not fit those before it"),
            ("a: b\n---\nc: d", "a second document"),
            ("a: 1\na: 2", "the key a appears twice"),
        ] {
            let error = yaml::parse("x.yaml", text).unwrap_err();
            if !error.message.contains(words) || error.help.is_none() {
                wrong.push(format!("{text:?}: {}", error.message));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
