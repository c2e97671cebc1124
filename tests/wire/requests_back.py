"""Shows that `requests.py` reads back what botocore itself writes: every operation of every service that scalectl knows.

Each operation's input is made up from its model, written by botocore's own serializers, and decoded: the operation, and every
value, have to be those that were written, with nothing to object to. Prints how many operations there were.
"""

import base64
import datetime
import sys
import urllib.parse

import botocore.model
import botocore.serialize
import requests as ours

SERVICES = """acm autoscaling backup cloudcontrol cloudfront cloudwatch dlm dynamodb ec2 ecr ecs efs elasticache elbv2 events iam
kms lambda logs rds resourcegroupstaggingapi route53 s3 secretsmanager service-quotas sns sqs ssm sts wafv2""".split()
# They share their address with another one, or are too deep to be made up.
LEFT_OUT = {"s3:ListDirectoryBuckets", "acm:SearchCertificates"}
MOMENT = datetime.datetime(2026, 1, 2, 3, 4, 5)


def sample(shape, above=()):
    """A value of a shape, as deep as its kinds do not come again."""
    kind, rules = shape.type_name, shape.metadata
    if kind == "structure":
        members = list(shape.members.items())
        if getattr(shape, "is_tagged_union", False):
            members = [one for one in members if one[1].type_name not in ("structure", "list")][:1] or members[:1]
        return {name: sample(member, (*above, shape.name)) for name, member in members
                if name in shape.required_members or not ends(member, above + (shape.name,))}
    if kind == "list":
        return [sample(shape.member, above) for _ in range(max(1, rules.get("min", 1)))]
    if kind == "map":
        keys = (shape.key.enum or [sample(shape.key, above)]) if rules.get("min", 1) < 2 else ["Type", "Environment"]
        return {key: sample(shape.value, above) for key in keys[:max(1, rules.get("min", 1))]}
    if kind == "boolean":
        return True
    if kind in ("integer", "long"):
        return max(1, rules.get("min", 1))
    if kind in ("float", "double"):
        return max(min(1.5, rules.get("max", 1.5)), rules.get("min", 0))
    if kind == "timestamp":
        return MOMENT
    if kind == "blob":
        return b"x" * max(4, rules.get("min", 4))
    return shape.enum[0] if shape.enum else "x" * max(min(3, rules.get("max", 3)), rules.get("min", 0))


def ends(shape, above):
    """Whether a shape would come within itself."""
    if shape.type_name == "list":
        return ends(shape.member, above)
    if shape.type_name == "map":
        return ends(shape.value, above)
    return shape.name in above


def line(model, operation, value):
    """The request that botocore writes, as the proxy writes it down."""
    protocol = "query" if "query" in model.metadata.get("protocols", []) else model.metadata["protocol"]
    made = botocore.serialize.create_serializer(protocol, False).serialize_to_request(value, operation)
    body = made["body"]
    body = urllib.parse.urlencode(body) if isinstance(body, dict) else body
    body = body.encode() if isinstance(body, str) else body
    headers = [(name, str(text)) for name, text in made["headers"].items()]
    if protocol == "query":
        headers.append(("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"))
    headers.append(("Authorization", "AWS4-HMAC-SHA256 Credential=key/20260101/us-east-1/%s/aws4_request" % model.signing_name))
    path, query = made["url_path"], made["query_string"]
    if query:
        path += ("&" if "?" in path else "?") + urllib.parse.urlencode(query, doseq=True)
    return {"method": made["method"], "path": path, "headers": headers, "body": base64.b64encode(body or b"").decode()}


def same(shape, written, read):
    """Whether a value is the one that was written; times and bytes have many forms."""
    kind = shape.type_name
    if kind == "structure":
        names = {member.serialization.get("name", name): name for name, member in shape.members.items()}
        read = {name if name in shape.members else names.get(name): value for name, value in read.items()}
        return set(written) == set(read) and all(same(shape.members[name], value, read[name]) for name, value in written.items())
    if kind == "list":
        return len(written) == len(read) and all(same(shape.member, one, other) for one, other in zip(written, read))
    if kind == "map":
        return set(written) == set(read) and all(same(shape.value, value, read[name]) for name, value in written.items())
    return kind in ("timestamp", "blob") and read is not None or written == read


def main():
    models, count, wrong = ours.Models(), 0, []
    for service in SERVICES:
        model = botocore.model.ServiceModel(models.loader.load_service_model(service, "service-2"), service)
        for name in model.operation_names:
            operation = model.operation_model(name)
            shape = operation.input_shape
            if shape is None or operation.deprecated or operation.has_event_stream_input or "%s:%s" % (service, name) in LEFT_OUT:
                continue
            written = sample(shape)
            try:
                request = ours.Request(models, line(model, operation, written))
                ours.check(request, shape, request.value, "")
            except Exception as error:
                wrong.append("%s:%s: %s: %s" % (service, name, type(error).__name__, error))
                continue
            count += 1
            # A made-up text matches no pattern.
            problems = [words for words in request.problems if "does not match" not in words]
            if request.operation.name != name:
                problems.append("is taken for " + request.operation.name)
            elif not same(shape, written, request.value):
                problems.append("%s is read as %s" % (written, request.value))
            wrong.extend("%s:%s: %.400s" % (service, name, words) for words in problems)
    print("%d operations" % count)
    print("\n".join(wrong), end="")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
