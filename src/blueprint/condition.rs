//! Conditions on live properties: `readyWhen`, and a gate's condition on everything that is live.

use std::sync::Arc;

use super::compile::told;
use super::expression::{Expression, Failure};
use super::scope::Only;
use crate::diagnostic::Location;
use crate::value::{Map, Value};

/// Whether everything in `ready_when` holds of a resource with these live properties.
///
/// # Errors
/// When an expression does not fit what the cloud answered.
pub fn is_ready(ready_when: &[Arc<str>], live: &Map) -> Result<bool, Failure> {
    if ready_when.is_empty() {
        return Ok(true);
    }
    let scope = Only("self", Value::Map(live.clone()));
    let nowhere = Location {
        file: "readyWhen".into(),
        line: 1,
        column: 1,
    };
    for text in ready_when {
        let expression = Expression::parse(text, &nowhere).map_err(told)?;
        if expression.evaluate(&scope)? != Value::Bool(true) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a condition on everything that is live holds; `live` is its properties by address.
///
/// # Errors
/// When it is no expression, or does not fit what is there.
pub fn holds(condition: &str, live: &Map) -> Result<bool, Failure> {
    let nowhere = Location {
        file: "gate".into(),
        line: 1,
        column: 1,
    };
    let expression = Expression::parse(condition, &nowhere).map_err(told)?;
    let scope = Only("live", Value::Map(live.clone()));
    Ok(expression.evaluate(&scope)? == Value::Bool(true))
}

/// Checks a condition before anything exists: it parses, reads nothing but `live`, and is true or false.
///
/// # Errors
/// When [`holds`] could never be true of it.
pub fn check_condition(condition: &str) -> Result<(), Failure> {
    let nowhere = Location {
        file: "gate".into(),
        line: 1,
        column: 1,
    };
    let expression = Expression::parse(condition, &nowhere).map_err(|mistake| Failure {
        message: mistake.message,
        help: mistake.help,
    })?;
    let mut unknown = None;
    expression.variables(&mut |name, _| {
        if name != "live" {
            unknown.get_or_insert(name);
        }
    });
    if let Some(name) = unknown {
        return Err(Failure {
            message: format!("`{condition}` reads {name}, which does not exist here"),
            help: Some("read `live`, the properties of each resource by its address".to_owned()),
        });
    }
    // Without resources most conditions have no value; one that has shows its type.
    match expression.evaluate(&Only("live", Value::Map(Map::default()))) {
        Ok(Value::Bool(_)) | Err(_) => Ok(()),
        Ok(other) => Err(Failure {
            message: format!("`{condition}` is {other}, not true or false"),
            help: Some("compare it, as in `size(live) > 0`".to_owned()),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readiness_is_asked_of_the_resource_itself() {
        let mut live = Map::new();
        live.insert("State", Value::str("running"));
        let holds = |text: &str| is_ready(&[text.into()], &live);
        assert_eq!(holds("self.State == 'running'"), Ok(true));
        assert_eq!(holds("self.State == 'stopped'"), Ok(false));
        assert!(holds("self.Stat == 'x'").is_err());
    }
}
