"""What is left of an application in an account, counted by AWS's SDK for Python, which knows nothing of scalectl.

Tags are looked up by the Resource Groups Tagging API and, for what that does not know, service by service. What AWS goes on
listing for a while after it is gone does not count.
"""

import boto3

# Listed by their tags for up to an hour after they are gone: what their state says then.
GONE = {"terminated", "deleted", "deleting", "PendingDeletion"}


def left(app, regions):
    """What has the application's tag, or its name where there are no tags."""
    found = set()
    for region in dict.fromkeys([*regions, "us-east-1"]):
        found.update(arn for arn in tagged(app, region) if not is_gone(arn, region))
        found.update(untagged(app, region))
    found.update(roles(app))
    return sorted(found)


def tagged(app, region):
    pages = boto3.client("resourcegroupstaggingapi", region_name=region).get_paginator("get_resources")
    for page in pages.paginate(TagFilters=[{"Key": "scalectl:app", "Values": [app]}]):
        yield from (one["ResourceARN"] for one in page["ResourceTagMappingList"])


def is_gone(arn, region):
    service, name = arn.split(":")[2], arn.split(":", 5)[5]
    kind, _, identifier = name.partition("/")
    try:
        if service == "ec2" and kind == "instance":
            found = boto3.client("ec2", region_name=region).describe_instances(InstanceIds=[identifier])["Reservations"]
            return all(one["State"]["Name"] in GONE for group in found for one in group["Instances"])
        if service == "ec2" and kind == "natgateway":
            found = boto3.client("ec2", region_name=region).describe_nat_gateways(NatGatewayIds=[identifier])["NatGateways"]
            return all(one["State"] in GONE for one in found)
        if service == "ec2" and kind == "vpc-peering-connection":
            found = boto3.client("ec2", region_name=region).describe_vpc_peering_connections(VpcPeeringConnectionIds=[identifier])
            return all(one["Status"]["Code"] in GONE for one in found["VpcPeeringConnections"])
        if service == "kms":
            return boto3.client("kms", region_name=region).describe_key(KeyId=arn)["KeyMetadata"]["KeyState"] in GONE
        if service == "secretsmanager":
            return "DeletedDate" in boto3.client("secretsmanager", region_name=region).describe_secret(SecretId=arn)
    except Exception as error:
        code = getattr(error, "response", {}).get("Error", {}).get("Code", "")
        return "NotFound" in code
    return False


def untagged(app, region):
    """What the tagging API does not list: log groups that agents made again, parameters, snapshots of databases."""
    logs = boto3.client("logs", region_name=region).get_paginator("describe_log_groups")
    for prefix in "/%s/" % app, "/aws/rds/instance/%s" % app:
        for page in logs.paginate(logGroupNamePrefix=prefix):
            yield from (region + " log group " + one["logGroupName"] for one in page["logGroups"])
    ssm = boto3.client("ssm", region_name=region).get_paginator("describe_parameters")
    for page in ssm.paginate(ParameterFilters=[{"Key": "Name", "Option": "BeginsWith", "Values": ["/%s/" % app]}]):
        yield from (region + " parameter " + one["Name"] for one in page["Parameters"])
    rds = boto3.client("rds", region_name=region)
    for page in rds.get_paginator("describe_db_snapshots").paginate(SnapshotType="manual"):
        yield from (region + " snapshot " + one["DBSnapshotIdentifier"] for one in page["DBSnapshots"] if app in one["DBSnapshotIdentifier"])


def roles(app):
    """IAM is not listed by its tags."""
    iam = boto3.client("iam", region_name="us-east-1")
    for page in iam.get_paginator("list_roles").paginate():
        yield from ("role " + one["RoleName"] for one in page["Roles"] if one["RoleName"].startswith(app + "-"))
    for page in iam.get_paginator("list_instance_profiles").paginate():
        for one in page["InstanceProfiles"]:
            tags = iam.list_instance_profile_tags(InstanceProfileName=one["InstanceProfileName"])["Tags"]
            if {"Key": "scalectl:app", "Value": app} in tags:
                yield "instance profile " + one["InstanceProfileName"]
