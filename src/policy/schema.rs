//! The JSON Schemas of policy files, for editors. What [`super::parse`] takes is decided there; a test holds
//! both to the same keys.

use serde_json::{Value as Json, json};

use super::{Fate, Severity};
use crate::schema::Registry;
use crate::spec::Stage;

/// The dialect that editors know best.
pub const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// A file of rules.
pub fn rules() -> Json {
    let mut kinds: Vec<&str> = Registry::embedded().all().collect();
    kinds.sort_unstable();
    json!({
        "$schema": DIALECT,
        "title": "Policies of scalectl",
        "type": "object",
        "additionalProperties": false,
        "required": ["rules"],
        "properties": {
            "policy": {"type": "string", "description": "A name for the file"},
            "description": {"type": "string", "description": "What its rules are about"},
            "rules": {"type": "array", "items": {
                "type": "object",
                "additionalProperties": false,
                "required": ["id", "title", "severity", "require", "message", "fix"],
                "properties": {
                    "id": {"type": "string", "pattern": "^[a-z0-9-]+$", "description": "Unique among all rules", "examples": ["images-from-our-registry"]},
                    "title": {"type": "string", "description": "What it wants, in a sentence"},
                    "severity": {"enum": [Severity::Deny.name(), Severity::Warn.name()], "description": "Whether apply refuses what breaks it"},
                    "over": {"enum": ["resource", "plan"], "default": "resource", "description": "Asked of each resource, or once"},
                    "kinds": {"type": "array", "description": "The kinds that it looks at, * for any letters; all without it",
                        "items": {"anyOf": [{"enum": kinds}, {"type": "string", "pattern": "\\*"}]}},
                    "actions": {"type": "array", "items": {"enum": Fate::ALL.map(Fate::name)}, "description": "What has to happen to a resource; without it anything but delete"},
                    "when": {"type": "string", "description": "Whether it looks at all, in CEL"},
                    "require": {"type": "string", "description": "What has to be true, in CEL", "examples": ["after.Encrypted == true"]},
                    "property": {"type": "string", "description": "The property that it is about, steps separated by dots"},
                    "message": {"type": "string", "description": "What is wrong, with ${...} for values"},
                    "fix": {"type": "string", "description": "What would be right"},
                    "reference": {"type": "string", "description": "The control that it follows", "examples": ["SecurityHub EC2.8"]},
                    "url": {"type": "string", "description": "Where to read on"},
                },
            }},
        },
    })
}

/// A user's file of exceptions.
pub fn exceptions() -> Json {
    json!({
        "$schema": DIALECT,
        "title": "Exceptions from policies of scalectl",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "exceptions": {"type": "array", "items": {
                "type": "object",
                "additionalProperties": false,
                "required": ["rule", "address", "reason", "expires"],
                "properties": {
                    "rule": {"type": "string", "description": "The rule's id, * for any letters"},
                    "address": {"type": "string", "description": "The resource's address, * for any letters", "examples": ["us-east-1/server", "*/bucket_*"]},
                    "stages": {"type": "array", "items": {"enum": Stage::ALL.map(Stage::name)}, "description": "The stages at which it holds; all without it"},
                    "when": {"type": "string", "description": "Whether it holds for this spec, in CEL"},
                    "reason": {"type": "string", "minLength": 1, "description": "Why it is accepted"},
                    "expires": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "description": "The last day on which it counts, in UTC"},
                },
            }},
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::parse::{EXCEPTION_KEYS, RULE_KEYS};

    #[test]
    fn the_schemas_have_the_keys_that_are_read() {
        for (schema, list, keys) in [
            (rules(), "rules", RULE_KEYS),
            (exceptions(), "exceptions", EXCEPTION_KEYS),
        ] {
            let properties = &schema["properties"][list]["items"]["properties"];
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
