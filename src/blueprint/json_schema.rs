//! The JSON Schema of blueprint files (draft-07, which every editor knows): keys, tiers, all kinds, and the
//! best known ones with their properties from the registry, so that an editor completes and explains them.
//!
//! Says what an editor can check on the way; the last word is [`super::parse`]'s. Wherever a value may
//! stand, an expression may.

use serde_json::{Map, Value as Json, json};

use super::parse::RESERVED;
use crate::graph::TIERS;
use crate::kinds::unusable;
use crate::roles::Role;
use crate::schema::{Additional, KindSchema, Registry, Shape, Type};

/// The schema of a file below `blueprints/`: a blueprint, a module, or the walk between stages.
pub fn json_schema() -> Json {
    let mut definitions = Map::new();
    definitions.insert("expression".to_owned(), expression());
    definitions.insert("blueprint".to_owned(), blueprint());
    definitions.insert("module".to_owned(), module());
    definitions.insert("resource".to_owned(), resource());
    definitions.insert("walk".to_owned(), walk());
    let registry = Registry::embedded();
    for kind in registry.names().filter_map(|name| registry.kind(name)) {
        add_kind(kind, &mut definitions);
    }
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A scalectl blueprint, module or walk",
        "type": "object",
        "if": {"required": ["module"]},
        "then": {"$ref": "#/definitions/module"},
        "else": {
            "if": {"required": ["walk"]},
            "then": {"$ref": "#/definitions/walk"},
            "else": {"$ref": "#/definitions/blueprint"},
        },
        "definitions": definitions,
    })
}

fn expression() -> Json {
    json!({
        "description": "An expression in CEL, or text with expressions inside.",
        "type": "string",
        "pattern": "\\$\\{",
        "examples": ["${vpc.VpcId}", "${spec.network.cidr}", "${spec.domain != null}"],
    })
}

fn text(description: &str) -> Json {
    json!({"description": description, "type": "string"})
}

fn blueprint() -> Json {
    json!({
        "description": "The modules of a stage.",
        "type": "object",
        "additionalProperties": false,
        "required": ["blueprint", "title", "description", "compose"],
        "properties": {
            "blueprint": {
                "description": "The stage.",
                "type": "string",
                "examples": crate::spec::Stage::ALL.map(crate::spec::Stage::name),
            },
            "title": text("The title shown by `scalectl stages`."),
            "description": text("Its purpose, in one paragraph."),
            "grow": text("When to move to the next stage."),
            "compose": {
                "description": "Its modules, in order.",
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["use"],
                    "properties": {
                        "use": {"description": "A module's name.", "type": "string", "examples": ["network", "server"]},
                        "forEach": for_each(),
                        "includeWhen": include_when(),
                        "with": {"description": "Values for the module's inputs, by name.", "type": "object"},
                    },
                },
            },
        },
    })
}

fn module() -> Json {
    json!({
        "description": "Resources that belong together.",
        "type": "object",
        "additionalProperties": false,
        "required": ["module", "description", "resources"],
        "properties": {
            "module": text("Its name; the file's name without .yaml."),
            "description": text("Its purpose."),
            "inputs": {
                "description": "The inputs that a blueprint may set in `with`; available to expressions as `inputs`.",
                "type": "object",
                "additionalProperties": {
                    "type": "object",
                    "additionalProperties": false,
                    "properties": {
                        "default": {"description": "The default value."},
                        "description": text("Its meaning."),
                    },
                },
            },
            "locals": {"description": "Named values; available to expressions as `locals`.", "type": "object"},
            "resources": {"description": "The resources.", "type": "array", "items": {"$ref": "#/definitions/resource"}},
        },
    })
}

fn for_each() -> Json {
    json!({
        "description": "A list or object; creates one resource per item, available to expressions as `each`.",
        "anyOf": [{"$ref": "#/definitions/expression"}, {"type": ["array", "object"]}],
        "examples": ["${spec.services}", "${region.zones}"],
    })
}

fn include_when() -> Json {
    json!({
        "description": "Whether it is created.",
        "anyOf": [{"$ref": "#/definitions/expression"}, {"type": "boolean"}],
        "examples": ["${spec.domain != null}"],
    })
}

fn resource() -> Json {
    let registry = Registry::embedded();
    let mut kinds: Vec<&str> = registry
        .all()
        .filter(|kind| unusable(kind).is_none())
        .collect();
    kinds.sort_unstable();
    let by_kind: Vec<Json> = registry
        .names()
        .map(|kind| {
            json!({
                "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
                "then": {"properties": {"properties": {"$ref": pointer(kind)}}},
            })
        })
        .collect();
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["id", "kind", "tier"],
        "properties": {
            "id": {
                "description": "Its name in expressions and addresses: snake_case. An address stays the same from stage to stage.",
                "type": "string",
                "pattern": "^[a-z][a-z0-9_]*$",
                "not": {"enum": RESERVED},
                "examples": ["queue", "bucket_uploads"],
            },
            "kind": {"description": "The CloudFormation resource type.", "type": "string", "enum": kinds},
            "tier": {"description": "The part of the architecture; plans and drawings group by it.", "type": "string", "enum": TIERS},
            "role": {"description": "Its role, by which the engine finds it.", "type": "string", "enum": Role::ALL.map(Role::name)},
            "region": {"description": "Its region [default: the module's region].", "type": "string", "examples": ["us-east-1"]},
            "forEach": for_each(),
            "includeWhen": include_when(),
            "readyWhen": {
                "description": "Conditions on it, as `self`, that must be true before other resources use it.",
                "type": "array",
                "items": {"type": "string"},
                "examples": [["${self.Status == 'available'}"]],
            },
            "after": {
                "description": "Ids of resources that must be created first although no property refers to them.",
                "type": "array",
                "items": {"type": "string"},
            },
            "lifecycle": {
                "description": "Rules for changing it.",
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "protect": {"description": "Reject deleting or replacing it unless it is named with --allow.", "type": "boolean", "default": false},
                    "createBeforeDestroy": {"description": "On replace, create the new one before the old one is deleted.", "type": "boolean", "default": false},
                    "ignoreChanges": {
                        "description": "Dotted paths of properties that are changed outside scalectl.",
                        "type": "array",
                        "items": {"type": "string"},
                        "examples": [["DesiredCapacity"]],
                    },
                    "phase": text("The migration phase, if it cannot be derived."),
                },
            },
            "properties": {"description": "Properties under CloudFormation's names.", "type": "object"},
        },
        "allOf": by_kind,
    })
}

fn walk() -> Json {
    json!({
        "description": "The steps between two neighbouring stages.",
        "type": "object",
        "additionalProperties": false,
        "required": ["walk"],
        "properties": {"walk": {"type": "array", "items": {
            "type": "object",
            "required": ["step", "phase", "does"],
            "properties": {
                "step": text("Its name, unique in the migration."),
                "phase": {
                    "description": "Its purpose.",
                    "enum": ["prepare", "expand", "move", "switch", "soak", "contract"],
                },
                "does": text("A description of the step."),
            },
        }}},
    })
}

/// Where a kind's properties are defined. A colon is as it is in a JSON pointer.
fn pointer(name: &str) -> String {
    format!("#/definitions/{name}")
}

fn add_kind(kind: &KindSchema, definitions: &mut Map<String, Json>) {
    let mut properties = Map::new();
    for (name, shape) in kind.properties() {
        if kind.is_read_only(name) {
            continue;
        }
        let mut value = with_expressions(&kind.kind, shape);
        value["description"] = about(kind, name).into();
        properties.insert(name.to_string(), value);
    }
    definitions.insert(
        kind.kind.to_string(),
        json!({
            "description": format!("{}: {}", kind.kind, page(&kind.kind)),
            "type": "object",
            "additionalProperties": false,
            "required": kind.required(),
            "properties": properties,
        }),
    );
    for (name, shape) in kind.definitions() {
        definitions.insert(
            format!("{}.{name}", kind.kind),
            with_expressions(&kind.kind, shape),
        );
    }
}

/// AWS's page about a kind.
fn page(kind: &str) -> String {
    let name = kind
        .trim_start_matches("AWS::")
        .replace("::", "-")
        .to_ascii_lowercase();
    format!(
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-{name}.html"
    )
}

/// What the registry says of a property besides its shape.
fn about(kind: &KindSchema, name: &str) -> String {
    let mut words = Vec::new();
    if kind.required().iter().any(|required| &**required == name) {
        words.push("Required.");
    }
    words.push(match () {
        () if kind.is_create_only(name) => "A change replaces the resource.",
        () if kind.is_conditionally_create_only(name) => "Some changes replace the resource.",
        () => "Changes in place.",
    });
    if kind.is_write_only(name) {
        words.push("AWS never returns it; it is compared by a digest.");
    }
    words.join(" ")
}

/// A shape, or an expression in its place.
fn with_expressions(kind: &str, shape: &Shape) -> Json {
    let plain = of_shape(kind, shape);
    let takes_any_text = shape.types == [Type::String]
        && shape.allowed.is_none()
        && shape.pattern.is_none()
        && shape.min_length.is_none()
        && shape.max_length.is_none();
    // A definition has said already that an expression may stand for it.
    if takes_any_text || shape.reference.is_some() || plain.as_object().is_some_and(Map::is_empty) {
        return plain;
    }
    let mut either = json!({"anyOf": [plain, {"$ref": "#/definitions/expression"}]});
    if let Some(default) = &shape.default {
        either["default"] = default.clone();
    }
    either
}

/// Whether editors know what a pattern means; to theirs `\p{L}` is no class of letters.
fn is_known(pattern: &str) -> bool {
    !pattern.contains("\\p{")
}

fn of_shape(kind: &str, shape: &Shape) -> Json {
    let mut out = Map::new();
    let mut put = |name: &str, value: Option<Json>| {
        if let Some(value) = value {
            out.insert(name.to_owned(), value);
        }
    };
    let all = |shapes: &[Shape]| -> Option<Json> {
        let told = shapes.iter().map(|shape| of_shape(kind, shape));
        (!shapes.is_empty()).then(|| told.collect())
    };
    let entries = |entries: &std::collections::BTreeMap<std::sync::Arc<str>, Shape>| -> Json {
        entries
            .iter()
            .map(|(name, shape)| (name.to_string(), with_expressions(kind, shape)))
            .collect::<Map<_, _>>()
            .into()
    };
    let types: Vec<&str> = shape.types.iter().map(|one| one.name()).collect();
    put(
        "type",
        match &types[..] {
            [] => None,
            [one] => Some(json!(one)),
            many => Some(json!(many)),
        },
    );
    put(
        "$ref",
        shape.reference.as_ref().map(|target| {
            let name = target.rsplit('/').next().unwrap_or(target);
            pointer(&format!("{kind}.{name}")).into()
        }),
    );
    put("enum", shape.allowed.clone().map(Json::Array));
    put("default", shape.default.clone());
    let pattern = shape.pattern.as_deref();
    let pattern = pattern.filter(|pattern| is_known(pattern));
    put("pattern", pattern.map(Json::from));
    put("minimum", shape.minimum.map(Json::from));
    put("maximum", shape.maximum.map(Json::from));
    put("minLength", shape.min_length.map(Json::from));
    put("maxLength", shape.max_length.map(Json::from));
    put("minItems", shape.min_items.map(Json::from));
    put("maxItems", shape.max_items.map(Json::from));
    put(
        "items",
        shape
            .items
            .as_ref()
            .map(|items| with_expressions(kind, items)),
    );
    put("properties", shape.properties.as_ref().map(entries));
    let patterns = shape.pattern_properties.as_ref();
    let (known, unknown): (Vec<_>, Vec<_>) = patterns
        .into_iter()
        .flatten()
        .partition(|(pattern, _)| is_known(pattern));
    let known: Map<String, Json> = known
        .into_iter()
        .map(|(pattern, shape)| (pattern.to_string(), with_expressions(kind, shape)))
        .collect();
    put(
        "patternProperties",
        (!known.is_empty()).then_some(Json::Object(known)),
    );
    put(
        "additionalProperties",
        match &shape.additional_properties {
            // Whatever would have matched the pattern that is left out.
            _ if !unknown.is_empty() => None,
            None => None,
            Some(Additional::Allowed(allowed)) => Some(json!(allowed)),
            Some(Additional::Shaped(shape)) => Some(with_expressions(kind, shape)),
        },
    );
    put(
        "required",
        (!shape.required.is_empty()).then(|| json!(shape.required)),
    );
    put("anyOf", all(&shape.any_of));
    put("oneOf", all(&shape.one_of));
    Json::Object(out)
}
