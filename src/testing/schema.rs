//! The JSON Schema of files of tests, for editors. What [`super::parse`] takes is decided there; a test holds both
//! to the same keys.

use serde_json::{Value as Json, json};

use crate::policy::schema::DIALECT;
use crate::spec::Stage;

/// A file of tests.
pub fn json_schema() -> Json {
    let part = json!({"type": "object", "description": "A part of a spec, merged into it"});
    let stage = json!({"enum": Stage::ALL.map(Stage::name), "description": "Use this stage instead of the spec's"});
    let env = json!({"type": "string", "description": "Use this environment"});
    let live = json!({
        "description": "The initial state: what an apply creates, or a JSON file with an observed state",
        "anyOf": [
            {"type": "string"},
            {"type": "null"},
            {"type": "object", "additionalProperties": false, "properties": {"stage": stage, "env": env, "set": part}},
        ],
    });
    let texts = |description: &str| json!({"type": "array", "items": {"type": "string"}, "description": description});
    let expectation = json!({"anyOf": [
        {"type": "string"},
        {"type": "object", "additionalProperties": false, "required": ["that"], "properties": {
            "that": {"type": "string"},
            "message": {"type": "string"},
        }},
    ]});
    let case = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["name"],
        "properties": {
            "name": {"type": "string", "description": "Unique in the file"},
            "env": env,
            "stage": stage,
            "set": part,
            "live": live,
            "allow": texts("Protected resources that may be deleted or replaced"),
            "expect": {"type": "array", "description": "What must be true, in CEL", "items": expectation},
            "refused": texts("Exactly the resources that the guard rails reject"),
            "denied": texts("Exactly the rules that deny the plan"),
            "error": {"type": "string", "description": "The spec or its blueprint is rejected with this text in the message"},
        },
    });
    json!({
        "$schema": DIALECT,
        "title": "Tests of scalectl",
        "type": "object",
        "additionalProperties": false,
        "required": ["tests"],
        "properties": {
            "spec": {"type": ["string", "object"], "description": "A file, relative to this one, or an inline spec; default: the spec next to the tests"},
            "env": env,
            "stage": stage,
            "set": part,
            "live": live,
            "tests": {"type": "array", "minItems": 1, "items": case},
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::parse::{CASE_KEYS, SUITE_KEYS};

    #[test]
    fn the_schema_has_the_keys_that_are_read() {
        let schema = json_schema();
        for (properties, keys) in [
            (&schema["properties"], SUITE_KEYS),
            (
                &schema["properties"]["tests"]["items"]["properties"],
                CASE_KEYS,
            ),
        ] {
            let mut have: Vec<&str> = properties
                .as_object()
                .unwrap()
                .keys()
                .map(String::as_str)
                .collect();
            let mut keys = keys.to_vec();
            have.sort_unstable();
            keys.sort_unstable();
            assert_eq!(have, keys);
        }
    }
}
