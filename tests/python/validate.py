"""Validates documents against JSON Schemas.

Reads a list of [schema, document, how] from standard input; `how` is "valid" or "invalid". A document is a
file with one JSON value, or with one on each line where its name ends in .jsonl. Prints what is not as it
should be, and fails then.
"""

import json
import sys

import jsonschema

validators = {}


def validator(path):
    if path not in validators:
        schema = json.load(open(path, encoding="utf-8"))
        kind = jsonschema.validators.validator_for(schema)
        kind.check_schema(schema)
        validators[path] = kind(schema)
    return validators[path]


wrong = []
for schema, path, how in json.load(sys.stdin):
    text = open(path, encoding="utf-8").read()
    values = [json.loads(line) for line in text.splitlines()] if path.endswith(".jsonl") else [json.loads(text)]
    if not values:
        wrong.append(f"{path} is empty")
    for number, value in enumerate(values, 1):
        errors = list(validator(schema).iter_errors(value))
        if how == "valid":
            wrong += [f"{path}:{number}: {error.json_path}: {error.message[:500]}" for error in errors[:3]]
        elif not errors:
            wrong.append(f"{path}:{number} should not be valid")
print("\n".join(wrong))
sys.exit(bool(wrong))
