#!/usr/bin/env python3
"""Extracts the registry facts that scalectl uses from the PyPI package cfn-lint.

    python3 -m venv target/schemas && target/schemas/bin/pip install cfn-lint==1.58.0
    target/schemas/bin/python schemas/extract.py

Reads schemas/kinds.txt, writes schemas/kinds/*.json (facts without prose) and
src/schema/embedded.rs (the table that puts them into the binary): the kinds that the blueprints
use or that have a mapping or facts of their own. Of schemas/unmapped.txt, which blueprints use without a
mapping, the same; all others of the registry, these included, go into schemas/others.zlib, a line for each: its name,
a tab, its facts.
"""

import json
import pathlib
import zlib

import cfnlint

HERE = pathlib.Path(__file__).resolve().parent
REGISTRY = pathlib.Path(cfnlint.__file__).parent / "data" / "schemas"
# What a property's shape keeps. Everything else in the registry is prose or for other tools.
SHAPE = {
    "$ref", "additionalProperties", "allOf", "anyOf", "const", "default", "enum", "exclusiveMaximum",
    "exclusiveMinimum", "format", "insertionOrder", "items", "maxItems", "maxLength", "maximum", "minItems",
    "minLength", "minimum", "oneOf", "pattern", "patternProperties", "properties", "required", "type", "uniqueItems",
}
NAMED = {"properties", "patternProperties"}
LISTS = {
    "createOnly": "createOnlyProperties",
    "conditionalCreateOnly": "conditionalCreateOnlyProperties",
    "readOnly": "readOnlyProperties",
    "writeOnly": "writeOnlyProperties",
    "primaryIdentifier": "primaryIdentifier",
}


def shape(node):
    """The node with only what SHAPE names."""
    if isinstance(node, list):
        return [shape(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {}
    for key, value in node.items():
        if key in NAMED and isinstance(value, dict):
            kept[key] = {name: shape(inner) for name, inner in value.items()}
        elif key in SHAPE:
            kept[key] = shape(value)
    return kept


def used_definitions(facts, definitions):
    """The definitions that the properties reach, directly or through others."""
    used, todo = {}, [facts]
    while todo:
        node = todo.pop()
        if isinstance(node, list):
            todo.extend(node)
        elif isinstance(node, dict):
            target = node.get("$ref")
            if isinstance(target, str):
                name = target.rsplit("/", 1)[1]
                if name in definitions and name not in used:
                    used[name] = shape(definitions[name])
                    todo.append(used[name])
            todo.extend(value for key, value in node.items() if key != "$ref")
    return used


def facts_of(kind, schema):
    facts = {"kind": kind, "properties": {n: shape(p) for n, p in schema["properties"].items()}}
    for name, source in LISTS.items():
        paths = [path.removeprefix("/properties/").replace("/", ".") for path in schema.get(source, [])]
        if paths:
            facts[name] = paths if name == "primaryIdentifier" else sorted(paths)
    if schema.get("required"):
        facts["required"] = sorted(schema["required"])
    tagging = schema.get("tagging", {})
    if tagging.get("taggable") and "tagProperty" in tagging:
        facts["tagProperty"] = tagging["tagProperty"].removeprefix("/properties/")
    definitions = used_definitions(facts["properties"], schema.get("definitions", {}))
    if definitions:
        facts["definitions"] = definitions
    return facts


def main():
    index = json.loads((REGISTRY / "providers" / "us-east-1.json").read_text())
    kinds = sorted((HERE / "kinds.txt").read_text().split())
    out = HERE / "kinds"
    out.mkdir(exist_ok=True)
    for old in out.glob("*.json"):
        old.unlink()

    def text_of(kind, mapped):
        schema = json.loads((REGISTRY / "resources" / f"{index[kind]}.json").read_text())
        facts = facts_of(kind, schema)
        # What Cloud Control tags, it tags in the creating call, and anew when something changes.
        tagging = schema.get("tagging", {})
        if not mapped and not (tagging.get("tagOnCreate", True) and tagging.get("tagUpdatable", True)):
            facts.pop("tagProperty", None)
        # What CloudFormation makes in ways of its own, Cloud Control cannot make or read.
        if not mapped and not {"create", "read", "delete"} <= schema.get("handlers", {}).keys():
            facts["outOfReach"] = True
        return json.dumps(facts, sort_keys=True, separators=(",", ":"))

    others = "".join(f"{kind}\t{text_of(kind, False)}\n" for kind in sorted(index.keys() - set(kinds)))
    (HERE / "others.zlib").write_bytes(zlib.compress(others.encode(), 9))
    def table(kinds, mapped):
        """Writes each kind's facts, and returns the rows that put them into the binary."""
        rows = []
        for kind in kinds:
            name = kind.removeprefix("AWS::").replace("::", "-").lower()
            (out / f"{name}.json").write_text(text_of(kind, mapped) + "\n")
            rows.append(f'    (\n        "{kind}",\n        include_str!("../../schemas/kinds/{name}.json"),\n    ),\n')
        return "".join(rows)

    unmapped = sorted((HERE / "unmapped.txt").read_text().split())
    (HERE.parent / "src" / "schema" / "embedded.rs").write_text(
        "//! Every kind's facts, as text. Written by `schemas/extract.py`; not edited by hand.\n\n"
        "/// Kinds and their facts, ordered by kind.\n"
        "pub const KINDS: &[(&str, &str)] = &[\n" + table(kinds, True) + "];\n\n"
        "/// Those that built-in blueprints use without a mapping of ours, ordered by kind.\n"
        "pub const UNMAPPED: &[(&str, &str)] = &[\n" + table(unmapped, False) + "];\n"
    )


if __name__ == "__main__":
    main()
