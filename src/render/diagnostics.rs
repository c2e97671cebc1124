//! Messages about input, with the line that they speak of, in the form of the Rust compiler's.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use crate::diagnostic::{Diagnostic, MOST_SHOWN, Severity};

/// The first [`MOST_SHOWN`] messages, and at the end how many errors there are.
pub fn render(diagnostics: &[Diagnostic]) -> String {
    let shown = diagnostics.iter().take(MOST_SHOWN);
    let mut text: String = shown.map(|d| one(d) + "\n\n").collect();
    if let Some(more @ 1..) = diagnostics.len().checked_sub(MOST_SHOWN) {
        text.push_str(&format!("... and {more} more\n\n"));
    }
    let errors = diagnostics
        .iter()
        .filter(|d| d.severity == Severity::Error)
        .count();
    if errors > 1 {
        text.push_str(&format!("{errors} errors\n"));
    }
    text
}

fn one(diagnostic: &Diagnostic) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    // Lines of a hostile file may be megabytes long.
    const WIDEST: usize = 160;
    let line: Option<String> = diagnostic
        .line
        .as_ref()
        .map(|line| line.chars().take(WIDEST).collect());
    let place = diagnostic.location.as_ref();
    let mut group = level
        .primary_title(diagnostic.message.as_str())
        .elements([] as [Snippet<'_, annotate_snippets::Annotation<'_>>; 0]);
    if let (Some(place), Some(line)) = (place, &line) {
        let column = usize::try_from(place.column).unwrap_or(1).saturating_sub(1);
        let start = line
            .char_indices()
            .nth(column)
            .map_or(line.len(), |(at, _)| at);
        let word = line[start..]
            .find([':', ' ', ',', '}', ']'])
            .unwrap_or(line.len() - start);
        group = group.element(
            Snippet::source(line.as_str())
                .path(&*place.file)
                .line_start(usize::try_from(place.line).unwrap_or(1))
                .annotation(
                    AnnotationKind::Primary
                        .span(start..start + word.max(1).min(line.len() - start)),
                ),
        );
    } else if let Some(place) = place {
        group = group.element(Level::NOTE.message(format!("in {place}")));
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.clone()));
    }
    Renderer::styled().render(&[group])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Location;

    #[test]
    fn a_message_shows_its_line_and_what_would_be_right() {
        let place = Location {
            file: "scalectl.yaml".into(),
            line: 2,
            column: 1,
        };
        let mut error =
            Diagnostic::error(place, "there is no key `stge`").help("did you mean `stage`?");
        error.line = Some("stge: cdn".to_owned());
        let text = anstream::adapter::strip_str(&render(&[error])).to_string();
        insta::assert_snapshot!(text);
    }

    #[test]
    fn many_messages_are_counted_and_not_shown() {
        let place = Location {
            file: "scalectl.yaml".into(),
            line: 2,
            column: 1,
        };
        let error = Diagnostic::error(place, "there is no key `stge`");
        let text = render(&vec![error; MOST_SHOWN + 290]);
        assert_eq!(text.matches("there is no key").count(), MOST_SHOWN);
        assert!(text.contains("... and 290 more\n"), "{text}");
        assert!(text.contains("340 errors"), "{text}");
    }

    #[test]
    fn a_column_beyond_the_line_does_no_harm() {
        let place = Location {
            file: "scalectl.yaml".into(),
            line: 2,
            column: 900,
        };
        let mut error = Diagnostic::error(place, "what is this");
        error.line = Some("ä".to_owned());
        assert!(render(&[error]).contains("what is this"));
    }
}
