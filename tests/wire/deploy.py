"""Deploys a template by an emulator's CloudFormation, or takes its stack away: deploy.py URL REGION STACK [FILE].

What a template takes from another region's is the output of the same name of the stack of the same name in
the region that is named behind FILE; what that one does not give yet is `pending`. A stack that stands is updated.

Says what each resource is called there: its identifier, and its name in the template. When one could not be
made it says why and ends with 1.
"""

import json
import sys
import time

import boto3

url, region, stack, *file = sys.argv[1:]
keys = dict(endpoint_url=url, aws_access_key_id="test", aws_secret_access_key="test")
api = boto3.client("cloudformation", region_name=region, **keys)


def ended():
    """The stack's status once nothing is in progress; nothing once it is gone."""
    while True:
        try:
            status = api.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
        except api.exceptions.ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        if status == "DELETE_COMPLETE":
            return None
        if not status.endswith("IN_PROGRESS"):
            return status
        time.sleep(0.1)


def complain(status):
    if status not in (None, "CREATE_COMPLETE", "UPDATE_COMPLETE"):
        print(stack, status)
        pages = api.get_paginator("describe_stack_events").paginate(StackName=stack)
        for event in [event for page in pages for event in page["StackEvents"]]:
            if event["ResourceStatus"].endswith("FAILED"):
                print(event["LogicalResourceId"], event["ResourceType"], event.get("ResourceStatusReason"))
        sys.exit(1)


def outputs(region):
    """What a stack of this name gives in a region; nothing where there is none yet."""
    there = boto3.client("cloudformation", region_name=region, **keys)
    try:
        found = there.describe_stacks(StackName=stack)["Stacks"][0]
    except there.exceptions.ClientError as error:
        if "does not exist" in str(error):
            return {}
        raise
    values = {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])}
    # AWS's Ref of a secret is its ARN; ministack's is its name, which says nothing in another region.
    secrets = boto3.client("secretsmanager", region_name=region, **keys)
    arns = {one["Name"]: one["ARN"] for one in secrets.list_secrets()["SecretList"]}
    return {name: arns.get(value, value) for name, value in values.items()}


if file:
    path, *other = file
    # A request holds 51,200 bytes of a template, a bucket 1,000,000.
    s3 = boto3.client("s3", region_name="us-east-1", **keys)
    s3.create_bucket(Bucket="templates")
    with open(path, "rb") as template:
        text = template.read()
    s3.put_object(Bucket="templates", Key=stack, Body=text)
    given = outputs(other[0]) if other else {}
    make = api.update_stack if ended() else api.create_stack
    make(StackName=stack, TemplateURL=f"https://s3.amazonaws.com/templates/{stack}",
         Parameters=[dict(ParameterKey=name, ParameterValue=given.get(name, "pending"))
                     for name in json.loads(text).get("Parameters", {})],
         Capabilities=["CAPABILITY_NAMED_IAM"])
    status = ended()
    s3.delete_object(Bucket="templates", Key=stack)
    s3.delete_bucket(Bucket="templates")
    complain(status)
    for one in api.describe_stack_resources(StackName=stack)["StackResources"]:
        print(one["PhysicalResourceId"], one["LogicalResourceId"], sep="\t")
else:
    api.delete_stack(StackName=stack)
    complain(ended())
