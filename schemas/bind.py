#!/usr/bin/env python3
"""Writes src/provider/aws/sdk: how the AWS SDK's typed calls take and give property values.

    python3 -m venv target/schemas && target/schemas/bin/pip install botocore==1.43.106
    cargo fetch --locked
    target/schemas/bin/python schemas/bind.py

The SDK's types are Rust structs with snake_case fields; properties carry AWS's own names. Which
field is which name stands in AWS's service models, which botocore carries; what fields a struct has
is read from the source of the SDK crate that Cargo.lock names. Reads schemas/operations.txt, a
service and its operations a line. Nothing is left out of an operation but streams.
"""

import gzip
import json
import pathlib
import re
import subprocess

import botocore

HERE = pathlib.Path(__file__).resolve().parent
OUT = HERE.parent / "src/provider/aws/sdk"
MODELS = pathlib.Path(botocore.__file__).parent / "data"
# Where botocore's folder is not called as the SDK's crate.
FOLDERS = {"cloudwatchlogs": "logs", "elasticloadbalancingv2": "elbv2", "resourcegroupstagging": "resourcegroupstaggingapi"}
# The prefix of a service's actions in IAM policies where it is not the crate's name.
PREFIXES = {
    "cloudcontrol": "cloudformation", "cloudwatchlogs": "logs", "elasticloadbalancingv2": "elasticloadbalancing",
    "resourcegroupstagging": "tag",
}


def plain(name):
    """A name in which AWS's and the SDK's spelling are the same."""
    return name.replace("_", "").replace("r#", "").lower()


class Crate:
    """The source of one SDK crate."""

    def __init__(self, service, root):
        folder = MODELS / FOLDERS.get(service, service)
        newest = sorted(folder.iterdir())[-1]
        path = newest / "service-2.json.gz"
        self.model = json.loads(gzip.open(path).read())
        self.shapes = self.model["shapes"]
        self.service = service
        self.root = root
        self.types = {}
        for path in (root / "src/types").glob("_*.rs"):
            self.types[plain(path.stem)] = path.read_text()
        self.operations = {plain(path.name): path for path in (root / "src/operation").iterdir() if path.is_dir()}
        self.reads, self.fills, self.lines = {}, {}, []

    def fields(self, text, name):
        """The fields of `pub struct NAME`, in order: (field, type)."""
        body = re.search(r"pub struct " + name + r" \{\n(.*?)\n\}", text, re.S)
        if not body:
            return []
        # A long type takes several lines.
        return re.findall(r"^    pub ((?:r#)?[a-z]\w*):\s*([^;]*?),(?=\n    [^\s>]|\Z)", body.group(1), re.M)

    def members(self, fields, shape):
        """The members that the struct has too: (wire name, field, type, member's shape)."""
        by_name = {plain(field): (field, kind) for field, kind in fields}
        found = []
        for wire, member in shape.get("members", {}).items():
            hit = by_name.get(plain(wire)) or by_name.get(plain(wire) + "value")
            if hit and not member.get("streaming") and "ByteStream" not in hit[1]:
                found.append((wire, hit[0], hit[1], member["shape"]))
            elif not hit:
                print(f"{self.service}: {wire} ({member['shape']}) has no field among {sorted(by_name)[:4]}...")
        return found

    def inner(self, name):
        """The shape of what a list or map holds in the end."""
        shape = self.shapes[name]
        while shape["type"] in ("list", "map"):
            name = (shape.get("member") or shape.get("value"))["shape"]
            shape = self.shapes[name]
        return name

    def visit(self, kind, shape, seen):
        """Notes the type that a field holds, and what it holds in turn."""
        for found in re.findall(r"crate::types::(\w+)", kind):
            inner = self.inner(shape)
            if found in seen:
                continue
            text = self.types[plain(found)]
            if re.search(r"pub enum " + found + r" ", text):
                variants = re.findall(r"^    (\w+)\((.*)\),$", text, re.M)
                names = {plain(v): (v, t) for v, t in variants}
                members = []
                # The SDK makes unions of some structures that the model calls none; what has no
                # member of the shape is the key of a map.
                for wire, member in self.shapes[inner].get("members", {}).items():
                    if plain(wire) in names:
                        members.append((wire, *names[plain(wire)], member["shape"]))
                if members:
                    seen[found] = ("union", members)
                    for _, _, kind_, shape_ in members:
                        self.visit(kind_, shape_, seen)
                else:
                    seen[found] = ("word", None)
            else:
                members = self.members(self.fields(text, found), self.shapes[inner])
                seen[found] = ("record", members)
                for _, _, kind_, shape_ in members:
                    self.visit(kind_, shape_, seen)

    def bind(self, operation):
        module = self.operations[plain(operation)].name
        folder = self.root / "src/operation" / module
        model = self.model["operations"][operation]
        texts = [(folder / f"_{module}_{end}.rs").read_text() for end in ("input", "output")]
        empty = {"members": {}}
        shapes = [self.shapes[model[part]["shape"]] if part in model else empty for part in ("input", "output")]
        given = self.members(self.fields(texts[0], r"\w+Input"), shapes[0])
        taken = self.members(self.fields(texts[1], r"\w+Output"), shapes[1])
        for _, _, kind, shape in given:
            self.visit(kind, shape, self.fills)
        for _, _, kind, shape in taken:
            self.visit(kind, shape, self.reads)
        prefix = PREFIXES.get(self.service, self.service)
        head = f'operation!({module}, "{prefix}:{operation}",'
        takes = " ".join(f'"{wire}" {setter(field)}' for wire, field, _, _ in given)
        gives = " ".join(f'"{wire}" {field}' for wire, field, _, _ in taken)
        self.lines.append(f"{head} [{takes}], [{gives}]);")

    def text(self):
        lines = [
            "//! Written by schemas/bind.py: names of members, AWS's and the SDK's.",
            "",
            f"use aws_sdk_{self.service} as sdk;",
            "",
            "use crate::provider::aws::convert::{USED};",
            "",
        ]
        lines += self.lines + [""]
        for name in sorted(set(self.reads) | set(self.fills)):
            form, members = self.reads.get(name) or self.fills[name]
            both = ("read" if name in self.reads else "") + ("fill" if name in self.fills else "")
            if form == "word":
                lines.append(f"word!({name});")
            elif form == "union":
                inner = " ".join(f'"{wire}" {variant}' for wire, variant, _, _ in members)
                lines.append(f"union!({both} {name}, [{inner}]);")
            else:
                inner = " ".join(f'"{wire}" {field} {setter(field)}' for wire, field, _, _ in members)
                lines.append(f"record!({both} {name}, [{inner}]);")
        forms = sorted({line.split("!", 1)[0] for line in lines if re.match(r"[a-z]+!\(", line)})
        return "\n".join(lines).replace("{USED}", "{" + ", ".join(forms) + "}") + "\n"


def setter(field):
    return "set_" + field.replace("r#", "").rstrip("_")


def main():
    found = subprocess.run(
        ["cargo", "metadata", "--format-version", "1", "--locked"], cwd=HERE.parent, capture_output=True, check=True
    )
    roots = {p["name"]: pathlib.Path(p["manifest_path"]).parent for p in json.loads(found.stdout)["packages"]}
    OUT.mkdir(exist_ok=True)
    names = []
    for line in (HERE / "operations.txt").read_text().splitlines():
        service, *operations = line.split()
        crate = Crate(service, roots["aws-sdk-" + service])
        for operation in operations:
            crate.bind(operation)
        (OUT / f"{service}.rs").write_text(crate.text())
        names.append(service)
    head = "//! The SDK's calls, with properties for arguments: one file per service, written by schemas/bind.py.\n\n"
    (OUT / "mod.rs").write_text(head + "".join(f"pub mod {name};\n" for name in names))


main()
