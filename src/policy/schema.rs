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
            "description": {"type": "string", "description": "The subject of its rules"},
            "rules": {"type": "array", "items": {
                "type": "object",
                "additionalProperties": false,
                "required": ["id", "title", "severity", "require", "message", "fix"],
                "properties": {
                    "id": {"type": "string", "pattern": "^[a-z0-9-]+$", "description": "Unique among all rules", "examples": ["images-from-our-registry"]},
                    "title": {"type": "string", "description": "The requirement, in one sentence"},
                    "severity": {"enum": [Severity::Deny.name(), Severity::Warn.name()], "description": "Whether apply rejects plans that violate it"},
                    "over": {"enum": ["resource", "plan"], "default": "resource", "description": "Evaluated for each resource, or once for the plan"},
                    "kinds": {"type": "array", "description": "The resource types that it applies to, * for any characters; default all",
                        "items": {"anyOf": [{"enum": kinds}, {"type": "string", "pattern": "\\*"}]}},
                    "actions": {"type": "array", "items": {"enum": Fate::ALL.map(Fate::name)}, "description": "The changes that it applies to; default all but delete"},
                    "when": {"type": "string", "description": "Whether it applies, in CEL"},
                    "require": {"type": "string", "description": "The condition that must be true, in CEL", "examples": ["after.Encrypted == true"]},
                    "property": {"type": "string", "description": "The property that it checks, as a dotted path"},
                    "message": {"type": "string", "description": "The problem, with ${...} for values"},
                    "fix": {"type": "string", "description": "How to fix it"},
                    "reference": {"type": "string", "description": "The control that it implements", "examples": ["SecurityHub EC2.8"]},
                    "url": {"type": "string", "description": "A link to more information"},
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
                    "rule": {"type": "string", "description": "The rule's id, * for any characters"},
                    "address": {"type": "string", "description": "The resource's address, * for any characters", "examples": ["us-east-1/server", "*/bucket_*"]},
                    "stages": {"type": "array", "items": {"enum": Stage::ALL.map(Stage::name)}, "description": "The stages at which it applies; default all"},
                    "when": {"type": "string", "description": "Whether it applies to this spec, in CEL"},
                    "reason": {"type": "string", "minLength": 1, "description": "Why the finding is accepted"},
                    "expires": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "description": "The last day of the exception, in UTC"},
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
