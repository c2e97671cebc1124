#!/usr/bin/env python3
"""Files in two buckets of an emulator, by AWS's SDK for Python: `files.py URL put` makes them, `files.py URL list` tells them.

A line per object of each bucket: bucket, key, what is in it.
"""

import sys

import boto3

# Names that have to be escaped in a header or a URL, and one folder's worth that comes on several pages.
ODD = ["a b+c.txt", "ü/ß%20?.png", "plus+and&and=.css", "quote'\".js", "dir/", "~tilde"]
MANY = ["many/%04d" % number for number in range(1100)]


def main():
    s3 = boto3.client("s3", endpoint_url=sys.argv[1], region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
    if sys.argv[2] == "put":
        s3.create_bucket(Bucket="first")
        s3.create_bucket(Bucket="second", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        # There already, from another time.
        s3.put_object(Bucket="second", Key="stale.txt", Body=b"old, and longer")
        s3.put_object(Bucket="second", Key="same.txt", Body=b"same")
        s3.put_object(Bucket="second", Key="own.txt", Body=b"of the second")
        for key in [*ODD, *MANY, "stale.txt"]:
            s3.put_object(Bucket="first", Key=key, Body=("of " + key).encode(), ContentType="text/x-own", Metadata={"kept": "yes"})
        s3.put_object(Bucket="first", Key="same.txt", Body=b"same")
    for bucket in ["first", "second"]:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            for found in page.get("Contents", []):
                if found["Key"] in MANY:
                    print(bucket, repr(found["Key"]), found["ETag"], found["Size"], sep="\t")
                    continue
                answer = s3.get_object(Bucket=bucket, Key=found["Key"])
                kind = answer["ContentType"] if answer["Metadata"].get("kept") else "-"
                print(bucket, repr(found["Key"]), repr(answer["Body"].read()), kind, sep="\t")


main()
