//! YAML values with expressions in them.

use std::sync::Arc;

use super::expression::{Expression, Scope};
use crate::diagnostic::{Diagnostic, Location};
use crate::value::{TextBuilder, Value};
use crate::yaml::{Node, Yaml};

/// A YAML value with expressions in it.
#[derive(Clone, Debug)]
pub enum Template {
    /// No expression inside.
    Constant(Value),
    /// Only an expression, which keeps its type.
    Expression(Arc<Expression>),
    /// Text with expressions inside.
    Text(Vec<Piece>),
    /// A list.
    List(Vec<Template>),
    /// An object.
    Map(Vec<(Arc<str>, Template)>),
}

/// A piece of interpolated text.
#[derive(Clone, Debug)]
pub enum Piece {
    /// Text as it stands.
    Literal(String),
    /// An expression's value as text.
    Expression(Arc<Expression>),
}

impl Template {
    /// Parses a node, reporting every mistake.
    pub fn parse(node: &Node, errors: &mut Vec<Diagnostic>) -> Self {
        match &node.value {
            Yaml::Null => Self::Constant(Value::Null),
            Yaml::Bool(b) => Self::Constant(Value::Bool(*b)),
            Yaml::Int(i) => Self::Constant(Value::Int(*i)),
            Yaml::Float(f) => Self::Constant(Value::Float(*f)),
            Yaml::String(text) => Self::scalar(text, &node.location, errors),
            Yaml::List(items) => {
                Self::List(items.iter().map(|item| Self::parse(item, errors)).collect())
            }
            Yaml::Map(entries) => Self::Map(
                entries
                    .iter()
                    .map(|(key, value)| (Arc::from(&*key.text), Self::parse(value, errors)))
                    .collect(),
            ),
        }
    }

    fn scalar(text: &str, location: &Location, errors: &mut Vec<Diagnostic>) -> Self {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        let before = errors.len();
        while let Some(at) = rest.find("${") {
            if rest[..at].ends_with('$') {
                literal.push_str(&rest[..at - 1]);
                literal.push_str("${");
                rest = &rest[at + 2..];
                continue;
            }
            literal.push_str(&rest[..at]);
            let Some(end) = closing(&rest[at + 2..]) else {
                errors.push(
                    Diagnostic::error(location.clone(), "`${` is never closed")
                        .help("close it with `}`, or write `$${` for the text itself"),
                );
                return Self::Constant(Value::Null);
            };
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            }
            match Expression::parse(&rest[at + 2..at + 2 + end], location) {
                Ok(expression) => pieces.push(Piece::Expression(Arc::new(expression))),
                Err(error) => errors.push(error),
            }
            rest = &rest[at + 3 + end..];
        }
        literal.push_str(rest);
        if errors.len() > before {
            // Nobody knows its value, so that nothing else is wrong with it.
            return Self::Text(pieces);
        }
        if pieces.is_empty() {
            return Self::Constant(Value::str(literal));
        }
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        match pieces.as_slice() {
            [Piece::Expression(only)] => Self::Expression(only.clone()),
            _ => Self::Text(pieces),
        }
    }

    /// The value in `scope`; entries of maps that are null are left out.
    ///
    /// # Errors
    /// With the place of the expression that failed.
    pub fn evaluate(&self, scope: &dyn Scope) -> Result<Value, Diagnostic> {
        let run = |e: &Expression| e.evaluate(scope).map_err(|failure| failure.at(&e.location));
        Ok(match self {
            Self::Constant(value) => value.clone(),
            Self::Expression(expression) => run(expression)?,
            Self::Text(pieces) => {
                let mut text = TextBuilder::default();
                for piece in pieces {
                    match piece {
                        Piece::Literal(literal) => text.push_str(literal),
                        Piece::Expression(expression) => text.push_value(&run(expression)?),
                    }
                }
                text.finish()
            }
            Self::List(items) => Value::List(
                items
                    .iter()
                    .map(|item| item.evaluate(scope))
                    .collect::<Result<_, _>>()?,
            ),
            Self::Map(entries) => {
                let mut map = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    let value = value.evaluate(scope)?;
                    if value != Value::Null {
                        map.push((key.clone(), value));
                    }
                }
                Value::Map(map.into_iter().collect())
            }
        })
    }

    /// Calls `visit` for every expression inside.
    pub fn expressions<'a>(&'a self, visit: &mut dyn FnMut(&'a Expression)) {
        match self {
            Self::Constant(_) => {}
            Self::Expression(expression) => visit(expression),
            Self::Text(pieces) => {
                for piece in pieces {
                    if let Piece::Expression(expression) = piece {
                        visit(expression);
                    }
                }
            }
            Self::List(items) => items.iter().for_each(|item| item.expressions(visit)),
            Self::Map(entries) => entries
                .iter()
                .for_each(|(_, value)| value.expressions(visit)),
        }
    }
}

/// Where the brace that ends an expression stands, past strings and inner braces.
pub(super) fn closing(text: &str) -> Option<usize> {
    let (mut depth, mut quote, mut escaped) = (0, None, false);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(q), c) if q == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '{') => depth += 1,
            (None, '}') if depth == 0 => return Some(at),
            (None, '}') => depth -= 1,
            _ => {}
        }
    }
    None
}
