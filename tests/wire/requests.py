"""Validates requests as they went over the wire with botocore's models of AWS's services.

Emulators take much that AWS refuses. AWS's own models say what each operation takes: which members there are, which are
required, and for values patterns, lengths, ranges and lists. This decodes each request by its service's protocol (query,
ec2, json, rest-json, rest-xml), which is the way back from what an SDK writes, and looks at every member.

Standard input has a JSON object a line: `method`, `path`, `headers`, `body` in base64. At its end one JSON object goes to
standard output: how many `requests` there were, the `operations` with their counts, and the `violations`, each once.
"""

import base64
import json
import sys
import urllib.parse
import xml.etree.ElementTree as ElementTree
from collections import Counter

import botocore.loaders
import botocore.model
import regex

# Services by the name that signatures have, where botocore calls them otherwise.
SIGNED_AS = {
    "elasticloadbalancing": "elbv2",
    "monitoring": "cloudwatch",
    "cloudcontrolapi": "cloudcontrol",
    "tagging": "resourcegroupstaggingapi",
    "servicequotas": "service-quotas",
    "elasticfilesystem": "efs",
}

# Rules of the models that AWS's services do not keep to themselves: (service, shape), and why.
NOT_KEPT = {
}


class Models:
    """botocore's models, each loaded once."""

    def __init__(self):
        self.loader, self.loaded, self.routes = botocore.loaders.Loader(), {}, {}

    def service(self, signed):
        name = SIGNED_AS.get(signed, signed)
        if name not in self.loaded:
            model = self.loader.load_service_model(name, "service-2")
            self.loaded[name] = botocore.model.ServiceModel(model, name)
        return self.loaded[name]

    def operations(self, service):
        """A rest service's operations, with a pattern of their paths: the most specific first."""
        if service.service_name not in self.routes:
            found = []
            for name in service.operation_names:
                operation = service.operation_model(name)
                # S3 has two of some operations, at one address.
                if operation.deprecated:
                    continue
                path, _, query = operation.http["requestUri"].partition("?")
                words = [word for word in regex.split(r"(\{[^}]+\})", path) if word]
                pattern = "".join(
                    "(?P<%s>.+)" % self.group(word) if word.endswith("+}") else "(?P<%s>[^/]+)" % self.group(word)
                    if word.startswith("{") else regex.escape(word) for word in words)
                # With and without a slash at its end.
                pattern = pattern.removesuffix("/")
                fixed = urllib.parse.parse_qsl(query, keep_blank_values=True)
                literal = sum(len(word) for word in words if not word.startswith("{"))
                needs = len(fixed) + len(self.needed(operation, "querystring")) + len(self.needed(operation, "header"))
                found.append((-needs, -literal, name, operation, regex.compile(pattern + "/?"), dict(fixed)))
            self.routes[service.service_name] = sorted(found, key=lambda one: one[:3])
        return self.routes[service.service_name]

    @staticmethod
    def needed(operation, where):
        """The names of what an operation cannot be without in its query or its headers: often nothing else tells it."""
        shape = operation.input_shape
        members = [shape.members[name] for name in shape.required_members] if shape else []
        return [member.serialization["name"] for member in members if member.serialization.get("location") == where]

    @staticmethod
    def group(word):
        return "m_" + word.strip("{}+").replace("-", "_")


class Request:
    """A request, decoded into the value of its operation's input."""

    def __init__(self, models, line):
        self.method, self.headers = line["method"], {name.lower(): value for name, value in line["headers"]}
        self.path, _, query = line["path"].partition("?")
        self.query = urllib.parse.parse_qsl(query, keep_blank_values=True)
        self.body = base64.b64decode(line["body"])
        # AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request, ...
        scope = self.headers.get("authorization", "").split("/")
        if len(scope) < 4:
            raise ValueError("a request without a signature")
        self.service = models.service(scope[3])
        self.problems = []
        protocol = self.service.metadata["protocol"]
        if "x-amz-target" in self.headers:
            self.decode_json()
        elif protocol in ("query", "ec2") or self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            self.decode_query(protocol == "ec2")
        else:
            self.decode_rest(models)
        self.name = "%s:%s" % (self.service.service_name, self.operation.name)

    def say(self, place, words):
        self.problems.append("%s %s" % (place or "the input", words))

    # json

    def decode_json(self):
        prefix, _, name = self.headers["x-amz-target"].rpartition(".")
        if prefix != self.service.metadata["targetPrefix"]:
            self.problems.append("x-amz-target begins with %s" % prefix)
        self.operation = self.service.operation_model(name)
        self.value = json.loads(self.body or b"{}")

    # query, ec2

    def decode_query(self, ec2):
        pairs = urllib.parse.parse_qsl(self.body.decode(), keep_blank_values=True)
        self.fields, self.ec2 = dict(pairs), ec2
        if len(self.fields) != len(pairs):
            self.problems.append("a field comes twice")
        self.operation = self.service.operation_model(self.fields.pop("Action"))
        version = self.fields.pop("Version")
        if version != self.service.api_version:
            self.problems.append("the version is %s, not %s" % (version, self.service.api_version))
        self.value = self.structure(self.operation.input_shape, "") if self.operation.input_shape else {}
        for name in self.fields:
            self.say(name, "is no member")

    def has(self, prefix):
        return prefix in self.fields or any(name.startswith(prefix + ".") for name in self.fields)

    def field(self, shape, prefix):
        kind = shape.type_name
        if kind == "structure":
            return self.structure(shape, prefix)
        if kind == "list":
            return self.list(shape, prefix)
        if kind == "map":
            return self.map(shape, prefix)
        return self.scalar(shape, self.fields.pop(prefix, None), prefix)

    def structure(self, shape, prefix):
        value = {}
        for name, member in shape.members.items():
            written = member.serialization.get("name", name)
            if self.ec2:
                written = member.serialization.get("queryName", written[0].upper() + written[1:])
            place = prefix + "." + written if prefix else written
            if member.type_name == "list" and not self.ec2 and member.serialization.get("flattened"):
                # The list's own name gives way to its members'.
                place = ".".join(filter(None, [prefix, member.member.serialization.get("name", written)]))
            if self.has(place):
                value[name] = self.field(member, place)
        return value

    def list(self, shape, prefix):
        # An empty list is an empty field.
        if self.fields.get(prefix) == "":
            del self.fields[prefix]
            return []
        if not self.ec2 and not shape.serialization.get("flattened"):
            prefix += "." + shape.member.serialization.get("name", "member")
        value, number = [], 1
        while self.has("%s.%d" % (prefix, number)):
            value.append(self.field(shape.member, "%s.%d" % (prefix, number)))
            number += 1
        return value

    def map(self, shape, prefix):
        if not shape.serialization.get("flattened"):
            prefix += ".entry"
        key, content = shape.key.serialization.get("name", "key"), shape.value.serialization.get("name", "value")
        value, number = {}, 1
        while self.has("%s.%d" % (prefix, number)):
            name = self.field(shape.key, "%s.%d.%s" % (prefix, number, key))
            value[name] = self.field(shape.value, "%s.%d.%s" % (prefix, number, content))
            number += 1
        return value

    def scalar(self, shape, text, place):
        """A value of text, as JSON would have it."""
        if text is None:
            return None
        kind = shape.type_name
        try:
            if kind in ("integer", "long"):
                return int(text)
            if kind in ("float", "double"):
                return float(text)
            if kind == "boolean":
                return {"true": True, "false": False}[text]
        except (ValueError, KeyError):
            self.say(place, "is no %s: %s" % (kind, text))
            return None
        return text

    # rest-json, rest-xml

    def decode_rest(self, models):
        have = dict(self.query)
        path = urllib.parse.unquote(self.path)
        for _, _, _, operation, pattern, fixed in models.operations(self.service):
            match = pattern.fullmatch(self.path)
            if operation.http["method"] == self.method and match and all(have.get(key) == value for key, value in fixed.items()) \
                    and all(name in have for name in models.needed(operation, "querystring")) \
                    and all(name.lower() in self.headers for name in models.needed(operation, "header")):
                break
        else:
            raise ValueError("no operation of %s is %s %s" % (self.service.service_name, self.method, path))
        self.operation, shape = operation, operation.input_shape
        self.value, taken, payload = {}, set(fixed), None
        if shape is None:
            return
        for name, member in shape.members.items():
            where, written = member.serialization.get("location"), member.serialization.get("name", name)
            if where == "uri":
                text = match.group(Models.group(written))
                self.value[name] = self.scalar(member, urllib.parse.unquote(text), name)
            elif where == "querystring":
                taken.add(written)
                if member.type_name == "map":
                    taken.update(have)
                elif member.type_name == "list" and written in have:
                    self.value[name] = [self.scalar(member.member, text, name) for key, text in self.query if key == written]
                elif written in have:
                    self.value[name] = self.scalar(member, have[written], name)
            elif where == "header":
                text = self.headers.get(written.lower())
                if text is not None and member.type_name == "list":
                    self.value[name] = [self.scalar(member.member, word.strip(), name) for word in text.split(",")]
                elif text is not None:
                    self.value[name] = self.scalar(member, text, name)
            elif where == "headers":
                found = {key[len(written):]: text for key, text in self.headers.items() if key.startswith(written.lower())}
                if found:
                    self.value[name] = found
        for key in have:
            # The SDK for Rust names the operation in S3's queries.
            if key not in taken and key != "x-id":
                self.say(key, "is no member of the query")
        payload = shape.serialization.get("payload")
        if payload:
            member = shape.members[payload]
            if member.type_name == "structure":
                if self.body:
                    self.value[payload] = self.document(member, payload)
            elif self.body:
                self.value[payload] = self.body if member.type_name == "blob" else self.body.decode()
        elif self.body:
            document = self.document(shape, "")
            self.value.update(document or {})

    def document(self, shape, place):
        if self.service.metadata["protocol"] == "rest-json":
            return json.loads(self.body)
        root = ElementTree.fromstring(self.body)
        expected = shape.serialization.get("name")
        name = root.tag.rpartition("}")[2]
        if expected and name != expected:
            self.say(place, "has the element %s, not %s" % (name, expected))
        return self.element(shape, root, place)

    def element(self, shape, element, place):
        kind = shape.type_name
        if kind == "structure":
            value, seen = {}, set()
            for name, member in shape.members.items():
                if member.serialization.get("location"):
                    continue
                written = member.serialization.get("name", name)
                if member.serialization.get("xmlAttribute"):
                    found = [text for key, text in element.attrib.items() if key.rpartition("}")[2] == written.rpartition(":")[2]]
                    if found:
                        value[name] = found[0]
                    continue
                flat = member.type_name == "list" and member.serialization.get("flattened")
                if flat:
                    written = member.member.serialization.get("name", written)
                children = [child for child in element if child.tag.rpartition("}")[2] == written]
                seen.update(id(child) for child in children)
                inner = "%s.%s" % (place, name) if place else name
                if flat:
                    if children:
                        value[name] = [self.element(member.member, child, inner) for child in children]
                elif children:
                    value[name] = self.element(member, children[0], inner)
                    if len(children) > 1:
                        self.say(inner, "comes %d times" % len(children))
            for child in element:
                if id(child) not in seen:
                    self.say(place, "has no member %s" % child.tag.rpartition("}")[2])
            return value
        if kind == "list":
            expected = shape.member.serialization.get("name", "member")
            for child in element:
                if child.tag.rpartition("}")[2] != expected:
                    self.say(place, "has elements %s, not %s" % (child.tag.rpartition("}")[2], expected))
            return [self.element(shape.member, child, place) for child in element]
        if kind == "map":
            value = {}
            for entry in element:
                parts = [child for child in entry]
                value[parts[0].text] = self.element(shape.value, parts[1], place)
            return value
        return self.scalar(shape, element.text or "", place)


def check(request, shape, value, place):
    """Everything of a decoded value that its shape does not allow."""
    if value is None:
        return
    say, rules, kind = request.say, shape.metadata, shape.type_name
    if (request.service.service_name, shape.name) in NOT_KEPT:
        return
    if kind == "structure":
        if getattr(shape, "is_document_type", False):
            return
        if not isinstance(value, dict):
            return say(place, "is no structure")
        names = {member.serialization.get("name", name) if request.service.metadata["protocol"] == "rest-json" else name: name
                 for name, member in shape.members.items()}
        for written, content in value.items():
            name = names.get(written, written)
            inner = "%s.%s" % (place, name) if place else name
            if name not in shape.members:
                say(inner, "is no member")
            else:
                check(request, shape.members[name], content, inner)
        given = {names.get(written, written) for written, content in value.items() if content is not None}
        for name in shape.required_members:
            if name not in given:
                say("%s.%s" % (place, name) if place else name, "is required and missing")
        if getattr(shape, "is_tagged_union", False) and len(given) != 1:
            say(place, "takes one of its members, not %s" % sorted(given))
        return
    if kind == "list":
        if not isinstance(value, list):
            return say(place, "is no list")
        size(say, rules, len(value), place, "elements")
        for content in value:
            check(request, shape.member, content, place + "[]")
        return
    if kind == "map":
        if not isinstance(value, dict):
            return say(place, "is no map")
        size(say, rules, len(value), place, "entries")
        for key, content in value.items():
            check(request, shape.key, key, place + " key")
            check(request, shape.value, content, place + "{}")
        return
    if kind == "boolean":
        if not isinstance(value, bool):
            say(place, "is no boolean: %r" % (value,))
        return
    if kind in ("integer", "long", "float", "double"):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return say(place, "is no number: %r" % (value,))
        return size(say, rules, value, place, None)
    if kind == "timestamp":
        return
    if kind == "blob":
        return size(say, rules, len(value if isinstance(value, bytes) else base64.b64decode(value)), place, "bytes")
    if not isinstance(value, str):
        return say(place, "is no text: %r" % (value,))
    shown = value if len(value) < 80 and not rules.get("sensitive") else "%d characters" % len(value)
    if shape.enum and value not in shape.enum:
        say(place, "is %s, and none of %s" % (shown, ", ".join(shape.enum[:12])))
    size(say, rules, len(value), place, "characters")
    if "pattern" in rules and not matches(rules["pattern"], value):
        say(place, "is %s, which does not match %s" % (shown, rules["pattern"]))


def size(say, rules, number, place, unit):
    # botocore has one pair of words for lengths and ranges.
    if number < rules.get("min", number) or number > rules.get("max", number):
        words = "%s %s" % (number, unit) if unit else number
        say(place, "is %s, and takes %s to %s" % (words, rules.get("min", ""), rules.get("max", "")))


def matches(pattern, value):
    """As services do it: the whole value, with Java's names of classes."""
    for java, plain in (("\\p{Alnum}", "[:alnum:]"), ("\\p{ASCII}", "\\x00-\\x7f"), ("\\p{Graph}", "[:graph:]"), ("\\p{Print}", "[:print:]")):
        pattern = pattern.replace(java, plain)
    try:
        return regex.fullmatch(pattern, value, timeout=5) is not None
    except regex.error:
        return True


def main():
    models, operations, violations = Models(), Counter(), Counter()
    for line in sys.stdin:
        line = json.loads(line)
        try:
            request = Request(models, line)
            if request.operation.input_shape:
                check(request, request.operation.input_shape, request.value, "")
            operations[request.name] += 1
            violations.update("%s: %s" % (request.name, words) for words in request.problems)
        except Exception as error:
            violations["%s %s cannot be decoded: %s: %s" % (line["method"], line["path"], type(error).__name__, error)] += 1
    json.dump({"requests": sum(operations.values()), "operations": operations, "violations": violations}, sys.stdout)


if __name__ == "__main__":
    main()
