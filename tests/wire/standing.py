"""What stands in an emulator, asked with AWS's own SDK for Python, which knows nothing of us.

Answers each line with one line of JSON: how many there are by what they are and by the address that
their tags name, whoever made them. An argument is the emulator's URL.
"""

import collections
import json
import re
import sys

import boto3

REGION = "us-east-1"


def client(service):
    return boto3.client(
        service,
        endpoint_url=sys.argv[1],
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


NAMES = [
    "acm", "autoscaling", "cloudwatch", "ec2", "elasticache", "elbv2", "iam", "logs", "rds",
    "route53", "s3", "secretsmanager", "sns", "ssm", "wafv2",
]
CLIENTS = {name: client(name) for name in NAMES}


def all_of(service, operation, member, **question):
    api = CLIENTS[service]
    if api.can_paginate(operation):
        for page in api.get_paginator(operation).paginate(**question):
            yield from page[member]
    else:
        yield from getattr(api, operation)(**question)[member]


def address(tags):
    if isinstance(tags, dict):
        return tags.get("scalectl:address")
    return next((tag["Value"] for tag in tags or [] if tag["Key"] == "scalectl:address"), None)


def standing():
    count = collections.Counter()

    def note(what, who):
        count[f"{what} {who}"] += 1

    plain = [
        ("describe_vpcs", "Vpcs"),
        ("describe_subnets", "Subnets"),
        ("describe_internet_gateways", "InternetGateways"),
        ("describe_egress_only_internet_gateways", "EgressOnlyInternetGateways"),
        ("describe_security_groups", "SecurityGroups"),
        ("describe_security_group_rules", "SecurityGroupRules"),
        ("describe_addresses", "Addresses"),
        ("describe_nat_gateways", "NatGateways"),
        ("describe_launch_templates", "LaunchTemplates"),
        ("describe_network_acls", "NetworkAcls"),
        ("describe_network_interfaces", "NetworkInterfaces"),
        ("describe_volumes", "Volumes"),
        ("describe_vpc_endpoints", "VpcEndpoints"),
        ("describe_flow_logs", "FlowLogs"),
        ("describe_vpc_peering_connections", "VpcPeeringConnections"),
    ]
    for operation, member in plain:
        for one in all_of("ec2", operation, member):
            note(member, address(one.get("Tags") or one.get("TagSet")))
    for table in all_of("ec2", "describe_route_tables", "RouteTables"):
        name = address(table["Tags"])
        note("RouteTables", name)
        for route in table["Routes"]:
            note(f"Route of {name} to", route.get("DestinationCidrBlock") or route.get("DestinationIpv6CidrBlock"))
        for _ in table["Associations"]:
            note("Association of", name)
    for reservation in all_of("ec2", "describe_instances", "Reservations"):
        for one in reservation["Instances"]:
            note(f"Instances {one['State']['Name']}", address(one.get("Tags")))
    for group in all_of("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups"):
        note("AutoScalingGroups", address(group["Tags"]))
        count[f"instances of {address(group['Tags'])}"] = len(group["Instances"])
    for one in all_of("autoscaling", "describe_policies", "ScalingPolicies"):
        note("ScalingPolicies", one["PolicyName"])

    elb = CLIENTS["elbv2"]
    for balancer in all_of("elbv2", "describe_load_balancers", "LoadBalancers"):
        arns = [balancer["LoadBalancerArn"]]
        for listener in all_of("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=arns[0]):
            arns.append(listener["ListenerArn"])
            for rule in all_of("elbv2", "describe_rules", "Rules", ListenerArn=listener["ListenerArn"]):
                arns.append(rule["RuleArn"])
        for arn in arns:
            tags = elb.describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"]
            note(arn.split(":")[5].split("/")[0], address(tags))
    for group in all_of("elbv2", "describe_target_groups", "TargetGroups"):
        tags = elb.describe_tags(ResourceArns=[group["TargetGroupArn"]])["TagDescriptions"][0]["Tags"]
        note("TargetGroups", address(tags))

    for operation, member in [
        ("describe_db_instances", "DBInstances"),
        ("describe_db_subnet_groups", "DBSubnetGroups"),
        ("describe_db_parameter_groups", "DBParameterGroups"),
        ("describe_event_subscriptions", "EventSubscriptionsList"),
    ]:
        for one in all_of("rds", operation, member):
            arn = next(value for key, value in one.items() if key.endswith("Arn") and key[:2] in ("DB", "Ev"))
            note(member, address(CLIENTS["rds"].list_tags_for_resource(ResourceName=arn)["TagList"]))
    for operation, member in [
        ("describe_cache_clusters", "CacheClusters"),
        ("describe_replication_groups", "ReplicationGroups"),
        ("describe_cache_subnet_groups", "CacheSubnetGroups"),
    ]:
        for one in all_of("elasticache", operation, member):
            arn = one["ARN"]
            note(member, address(CLIENTS["elasticache"].list_tags_for_resource(ResourceName=arn)["TagList"]))

    for role in all_of("iam", "list_roles", "Roles"):
        name = role["RoleName"]
        note("Roles", name)
        for policy in all_of("iam", "list_role_policies", "PolicyNames", RoleName=name):
            note(f"policy of {name}", policy)
        for policy in all_of("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=name):
            note(f"policy of {name}", policy["PolicyArn"])
    for profile in all_of("iam", "list_instance_profiles", "InstanceProfiles"):
        note("InstanceProfiles", profile["InstanceProfileName"])

    for zone in all_of("route53", "list_hosted_zones", "HostedZones"):
        note("HostedZones", zone["Name"])
        for record in all_of("route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone["Id"]):
            # A proof's mark names its certificate, which is another one each time.
            note(f"{record['Type']} of", re.sub("scalectl-acm-[0-9a-f]+", "scalectl-acm", record["Name"]))
    for one in all_of("route53", "list_health_checks", "HealthChecks"):
        name = one["HealthCheckConfig"].get("FullyQualifiedDomainName")
        note("HealthChecks", name)

    for one in all_of("acm", "list_certificates", "CertificateSummaryList"):
        tags = CLIENTS["acm"].list_tags_for_certificate(CertificateArn=one["CertificateArn"])
        note("Certificates", address(tags["Tags"]))
    for one in all_of("logs", "describe_log_groups", "logGroups"):
        note("logGroups", one["logGroupName"])
        for filter in all_of("logs", "describe_metric_filters", "metricFilters", logGroupName=one["logGroupName"]):
            note("metricFilters", filter["filterName"])
    for one in all_of("cloudwatch", "describe_alarms", "MetricAlarms"):
        note("MetricAlarms", one["AlarmName"])
    for one in all_of("cloudwatch", "list_dashboards", "DashboardEntries"):
        note("Dashboards", one["DashboardName"])
    for one in all_of("sns", "list_topics", "Topics"):
        note("Topics", one["TopicArn"])
    for one in all_of("sns", "list_subscriptions", "Subscriptions"):
        note("Subscriptions", one["Endpoint"])
    for one in all_of("ssm", "get_parameters_by_path", "Parameters", Path="/", Recursive=True):
        note("Parameters", one["Name"])
    for one in all_of("secretsmanager", "list_secrets", "SecretList"):
        note("Secrets", address(one.get("Tags")))
    for bucket in all_of("s3", "list_buckets", "Buckets"):
        note("Buckets", bucket["Name"])
    for one in all_of("wafv2", "list_web_acls", "WebACLs", Scope="REGIONAL"):
        note("WebACLs", one["Name"])
    return dict(count)


for _ in sys.stdin:
    print(json.dumps(standing()), flush=True)
