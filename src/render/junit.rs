//! JUnit's XML, which every CI reads: suites of cases that passed, failed or were skipped.
//!
//! The form is that of <https://github.com/testmoapp/junitxml>, the part that all readers agree about.

use std::fmt::Write as _;

/// Cases that belong together.
#[derive(Clone, Debug, PartialEq)]
pub struct Suite {
    /// Its name.
    pub name: String,
    /// Its cases, in order.
    pub cases: Vec<Case>,
}

/// One case.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// The file that it stands in, if it stands in one.
    pub file: Option<String>,
    /// How long it took.
    pub seconds: f64,
    /// How it ended.
    pub end: End,
    /// What it had to say besides.
    pub said: String,
}

/// How a case ended.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// Well.
    Passed,
    /// Not: in a line, and in full.
    Failed {
        /// In a line.
        message: String,
        /// In full.
        text: String,
    },
    /// It was not looked at: why.
    Skipped(String),
}

impl Case {
    /// One that ended like this.
    pub fn new(name: impl Into<String>, end: End) -> Self {
        Self {
            name: name.into(),
            file: None,
            seconds: 0.0,
            end,
            said: String::new(),
        }
    }
}

/// The suites as a file.
pub fn xml(suites: &[Suite]) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let all = || suites.iter().flat_map(|suite| &suite.cases);
    let _ = writeln!(
        out,
        "<testsuites name=\"scalectl\" {}>",
        counts(&all().collect::<Vec<_>>())
    );
    for suite in suites {
        let _ = writeln!(
            out,
            "  <testsuite name=\"{}\" {}>",
            escaped(&suite.name),
            counts(&suite.cases.iter().collect::<Vec<_>>())
        );
        for case in &suite.cases {
            one(&mut out, suite, case);
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn counts(cases: &[&Case]) -> String {
    let count = |wanted: fn(&End) -> bool| cases.iter().filter(|case| wanted(&case.end)).count();
    let seconds: f64 = cases.iter().map(|case| case.seconds).sum();
    format!(
        "tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" time=\"{seconds:.3}\"",
        cases.len(),
        count(|end| matches!(end, End::Failed { .. })),
        count(|end| matches!(end, End::Skipped(_))),
    )
}

fn one(out: &mut String, suite: &Suite, case: &Case) {
    let file = match &case.file {
        Some(file) => format!(" file=\"{}\"", escaped(file)),
        None => String::new(),
    };
    let _ = write!(
        out,
        "    <testcase name=\"{}\" classname=\"{}\"{file} time=\"{:.3}\"",
        escaped(&case.name),
        escaped(&suite.name),
        case.seconds
    );
    if case.end == End::Passed && case.said.is_empty() {
        out.push_str("/>\n");
        return;
    }
    out.push_str(">\n");
    match &case.end {
        End::Passed => {}
        End::Failed { message, text } => {
            let _ = writeln!(
                out,
                "      <failure message=\"{}\">{}</failure>",
                escaped(message),
                escaped(text)
            );
        }
        End::Skipped(why) => {
            let _ = writeln!(out, "      <skipped message=\"{}\"/>", escaped(why));
        }
    }
    if !case.said.is_empty() {
        let _ = writeln!(
            out,
            "      <system-out>{}</system-out>",
            escaped(&case.said)
        );
    }
    out.push_str("    </testcase>\n");
}

/// Text for an element or an attribute. What XML cannot hold at all
/// (<https://www.w3.org/TR/xml/#charsets>) becomes a question mark in a box.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // Readers turn them into spaces in attributes unless they are written so.
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_stay_text() {
        let text = xml(&[Suite {
            name: "a\"b<c>&d".to_owned(),
            cases: vec![
                Case::new("\u{1b}[31m]]>\n\u{0}", End::Passed),
                Case {
                    file: Some("x\"y.yaml".to_owned()),
                    seconds: 0.25,
                    said: "<script>".to_owned(),
                    ..Case::new(
                        "two",
                        End::Failed {
                            message: "1 < 2 \"no\"".to_owned(),
                            text: "]]> & more\nlines".to_owned(),
                        },
                    )
                },
                Case::new("three", End::Skipped("not 'possible'".to_owned())),
            ],
        }]);
        insta::assert_snapshot!(text);
    }
}
