//! The parser of expressions in words of the expression.

/// The parser's message, which else speaks of its input and the input's end.
pub fn in_words(message: &str) -> String {
    let expects = message
        .strip_prefix("Syntax error: mismatched input ")
        .and_then(|rest| rest.rsplit_once(" expecting "));
    match expects {
        Some(("'<EOF>'" | "<EOF>", "expression")) => {
            "it ends where an expression is expected".to_owned()
        }
        Some(("'<EOF>'" | "<EOF>", what)) => format!("it ends where {what} is expected"),
        Some((found, "<EOF>")) => format!("{found} is one too many"),
        Some((found, what)) => format!("{found} is where {what} is expected"),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::blueprint::expression::Expression;
    use crate::diagnostic::Location;

    #[test]
    fn a_mistake_is_told_in_words_of_the_expression() {
        let place = Location {
            file: "x".into(),
            line: 1,
            column: 1,
        };
        for (text, words) in [
            ("a ==", "it ends where an expression is expected"),
            ("a b", "'b' is one too many"),
            ("[a, b", "expected ']'"),
        ] {
            let error = Expression::parse(text, &place).unwrap_err();
            assert!(error.message.ends_with(words), "{}", error.message);
        }
    }
}
