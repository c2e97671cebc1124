"""Deploys a template by an emulator's CloudFormation, or takes its stack away: deploy.py URL REGION STACK [FILE].

Says what each resource is called there: its identifier, and its name in the template. When one could not be
made it says why and ends with 1.
"""

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
    if status not in (None, "CREATE_COMPLETE"):
        print(stack, status)
        for event in api.describe_stack_events(StackName=stack)["StackEvents"]:
            if event["ResourceStatus"].endswith("FAILED"):
                print(event["LogicalResourceId"], event["ResourceType"], event.get("ResourceStatusReason"))
        sys.exit(1)


if file:
    # A request holds 51,200 bytes of a template, a bucket 1,000,000.
    s3 = boto3.client("s3", region_name="us-east-1", **keys)
    s3.create_bucket(Bucket="templates")
    with open(file[0], "rb") as template:
        s3.put_object(Bucket="templates", Key=stack, Body=template)
    api.create_stack(StackName=stack, TemplateURL=f"https://s3.amazonaws.com/templates/{stack}",
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
