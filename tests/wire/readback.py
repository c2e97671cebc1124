"""What stands in an emulator of AWS, told by AWS's own SDK for Python, which knows nothing of us.

Started with the emulator's URL, it answers each line of its input, `show REGION ...` or
`empty REGION ...`, with lines that end with an empty one. `show` tells a line per resource with what is
decisive about it, sorted; what AWS makes up (identifiers, ARNs, addresses) is replaced by the name that
the resource has. `empty` removes what buckets hold, as somebody would before they are deleted.
"""

import base64
import collections
import json
import re
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

URL = sys.argv[1]
CLIENTS = {}


def client(service, region):
    if (service, region) not in CLIENTS:
        CLIENTS[service, region] = boto3.client(
            service,
            endpoint_url=URL,
            region_name=region,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
        )
    return CLIENTS[service, region]


def every(service, region, operation, member, **question):
    """All pages of a list; nothing where the emulator does not have the operation."""
    api = client(service, region)
    try:
        if not api.can_paginate(operation):
            return getattr(api, operation)(**question)[member]
        pages = api.get_paginator(operation).paginate(**question)
        path = member.split(".")
        found = []
        for page in pages:
            for step in path:
                page = page.get(step) or ({} if step != path[-1] else [])
            found.extend(page)
        return found
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] in (404, 500, 501) or (
            error.response["Error"]["Code"] in ("InvalidAction", "UnknownOperationException", "NotImplemented")
        ):
            return []
        raise


def tags_of(one):
    for member in ("Tags", "TagSet", "TagList"):
        if one.get(member):
            return {tag["Key"]: tag["Value"] for tag in one[member]}
    return {}


def words(values):
    """A list that is in order once its identifiers are names (`ordered`)."""
    return "\x02" + "\x1f".join(str(value) for value in values) + "\x03"


def ordered(line):
    return re.sub("\x02([^\x03]*)\x03", lambda found: " ".join(sorted(found[1].split("\x1f"))) or "-", line)


def flags(one, *names):
    """The members that are true, by these names."""
    return [name for name in names if one.get(name)]


class Region:
    """What one region has, line by line."""

    def __init__(self, name, names):
        self.name = name
        self.names = names
        self.lines = []

    def all(self, service, operation, member, **question):
        return every(service, self.name, operation, member, **question)

    def tell(self, *parts):
        self.lines.append(" ".join(str(part) for part in parts if part not in (None, "")))

    def call(self, identifier, one, kind):
        """Remembers by which name an identifier is shown."""
        self.names[identifier] = tags_of(one).get("Name", f"unnamed-{kind}")
        return self.names[identifier]

    def network(self):
        ec2 = lambda *args, **more: self.all("ec2", *args, **more)
        vpcs = [one for one in ec2("describe_vpcs", "Vpcs") if not one.get("IsDefault")]
        ours = {one["VpcId"] for one in vpcs}
        for one in vpcs:
            api = client("ec2", self.name)
            ask = lambda name: api.describe_vpc_attribute(VpcId=one["VpcId"], Attribute=name)
            dns = [
                name for name in ("EnableDnsSupport", "EnableDnsHostnames")
                if ask(name[0].lower() + name[1:])[name]["Value"]
            ]
            self.tell("vpc", self.call(one["VpcId"], one, "vpc"), one["CidrBlock"], words(dns))
        tables = [one for one in ec2("describe_route_tables", "RouteTables") if one["VpcId"] in ours]
        of_subnet = {}
        for one in tables:
            main = any(link.get("Main") for link in one["Associations"])
            self.names[one["RouteTableId"]] = tags_of(one).get("Name", "main" if main else "unnamed-table")
            for link in one["Associations"]:
                of_subnet[link.get("SubnetId")] = one["RouteTableId"]
        for one in ec2("describe_subnets", "Subnets"):
            if one["VpcId"] in ours:
                name = self.call(one["SubnetId"], one, "subnet")
                public = "public-addresses" if one.get("MapPublicIpOnLaunch") else ""
                table = of_subnet.get(one["SubnetId"], "main")
                self.tell("subnet", name, one["CidrBlock"], one["AvailabilityZone"], "table", table, public)
        for one in ec2("describe_internet_gateways", "InternetGateways"):
            links = [link["VpcId"] for link in one["Attachments"]]
            if not links or set(links) & ours:
                self.tell("internet-gateway", self.call(one["InternetGatewayId"], one, "gateway"), "of", words(links))
        for one in ec2("describe_addresses", "Addresses"):
            name = self.call(one["AllocationId"], one, "address")
            self.names[one["PublicIp"]] = name
            self.tell("address", name, "of", one.get("InstanceId") or "")
        for one in ec2("describe_nat_gateways", "NatGateways"):
            if one["State"] == "available":
                name = self.call(one["NatGatewayId"], one, "nat")
                addresses = [address.get("AllocationId") for address in one.get("NatGatewayAddresses", [])]
                self.tell("nat", name, "in", one["SubnetId"], "address", words(addresses))
        for one in ec2("describe_vpc_peering_connections", "VpcPeeringConnections"):
            if one["Status"]["Code"] in ("active", "pending-acceptance"):
                self.names[one["VpcPeeringConnectionId"]] = "peering"
                ends = one["RequesterVpcInfo"], one["AccepterVpcInfo"]
                told = [f"{end['VpcId']} in {end.get('Region', '?')}" for end in ends]
                self.tell("peering", " with ".join(told), one["Status"]["Code"])
        for one in tables:
            for route in one["Routes"]:
                target = [
                    value for key, value in sorted(route.items())
                    if value and (key.endswith("GatewayId") or key.endswith("ConnectionId") or key.endswith("InterfaceId"))
                ]
                to = route.get("DestinationCidrBlock") or "the prefix list"
                if target != ["local"]:
                    self.tell("route", one["RouteTableId"], "to", to, "over", words(target))
        for one in ec2("describe_vpc_endpoints", "VpcEndpoints"):
            if one["State"].lower().startswith("delet"):
                continue
            self.tell(
                "endpoint", self.call(one["VpcEndpointId"], one, "endpoint"), one["VpcEndpointType"],
                one["ServiceName"], "tables", words(one["RouteTableIds"]),
            )
        for one in ec2("describe_flow_logs", "FlowLogs"):
            self.tell("flow-log of", one["ResourceId"], one["TrafficType"], "to", one.get("LogGroupName") or one.get("LogDestination"))
        groups = [one for one in ec2("describe_security_groups", "SecurityGroups") if one["VpcId"] in ours]
        for one in groups:
            self.names[one["GroupId"]] = tags_of(one).get("Name", one["GroupName"])
        for one in groups:
            name = self.names[one["GroupId"]]
            if one["GroupName"] == "default":
                continue
            self.tell("group", name, "-", one["Description"])
            for way, member in (("from", "IpPermissions"), ("to", "IpPermissionsEgress")):
                for rule in one[member]:
                    ports = {rule.get("FromPort"), rule.get("ToPort")} - {None, -1}
                    ports = "-".join(str(port) for port in sorted(ports)) or "all"
                    protocol = {"-1": "any"}.get(rule["IpProtocol"], rule["IpProtocol"])
                    others = [other["CidrIp"] for other in rule.get("IpRanges", [])]
                    others += [other["GroupId"] for other in rule.get("UserIdGroupPairs", [])]
                    others += [other["CidrIpv6"] for other in rule.get("Ipv6Ranges", [])]
                    others += [other["PrefixListId"] for other in rule.get("PrefixListIds", [])]
                    for other in others:
                        self.tell("rule of", name, protocol, ports, way, other)

    def compute(self):
        for reservation in self.all("ec2", "describe_instances", "Reservations"):
            for one in reservation["Instances"]:
                groups = {tag["Key"] for tag in one.get("Tags", []) if tag["Key"] == "aws:autoscaling:groupName"}
                if groups or one["State"]["Name"] == "terminated":
                    continue
                name = self.call(one["InstanceId"], one, "instance")
                profile = one.get("IamInstanceProfile", {}).get("Arn", "-").split("/")[-1]
                self.tell(
                    "instance", name, one["InstanceType"], "in", one.get("SubnetId"), "groups",
                    words(group["GroupId"] for group in one.get("SecurityGroups", [])), "profile", profile,
                    "tokens", one.get("MetadataOptions", {}).get("HttpTokens", "-"),
                    words(flags(one, "EbsOptimized")), "monitoring", one.get("Monitoring", {}).get("State", "-"),
                )
                for disk in one.get("BlockDeviceMappings", []):
                    volume = disk.get("Ebs", {}).get("VolumeId")
                    for found in self.all("ec2", "describe_volumes", "Volumes", VolumeIds=[volume]):
                        goes = "goes with it" if disk["Ebs"].get("DeleteOnTermination") else "stays"
                        sealed = "encrypted" if found["Encrypted"] else "in the clear"
                        self.tell("disk of", name, disk["DeviceName"], found["VolumeType"], found["Size"], sealed, goes)
        for one in self.all("ec2", "describe_launch_templates", "LaunchTemplates"):
            self.names[one["LaunchTemplateId"]] = name = one["LaunchTemplateName"]
            version = self.all("ec2", "describe_launch_template_versions", "LaunchTemplateVersions",
                               LaunchTemplateId=one["LaunchTemplateId"], Versions=["$Latest"])[0]
            data = version["LaunchTemplateData"]
            disks = [
                f"{disk['DeviceName']} {ebs.get('VolumeType')} {ebs.get('VolumeSize')} {'encrypted' if ebs.get('Encrypted') else 'in the clear'}"
                for disk in data.get("BlockDeviceMappings", []) for ebs in [disk.get("Ebs", {})]
            ]
            self.tell(
                "template", name, "version", version["VersionNumber"], data["InstanceType"], data["ImageId"],
                "groups", words(data.get("SecurityGroupIds", [])),
                "profile", data.get("IamInstanceProfile", {}).get("Arn", "-").split("/")[-1],
                "tokens", data.get("MetadataOptions", {}).get("HttpTokens", "-"), "disk", ", ".join(disks),
                "user-data" if base64.b64decode(data.get("UserData", "")) else "",
            )
        for one in self.all("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups"):
            subnets = one.get("VPCZoneIdentifier", "").split(",")
            template = one.get("LaunchTemplate", {})
            self.tell(
                "scaling-group", one["AutoScalingGroupName"], f"{one['MinSize']}..{one['MaxSize']}",
                "template", template.get("LaunchTemplateId"), template.get("Version"), "in", words(subnets),
                "targets", words(one.get("TargetGroupARNs", [])), "health", one["HealthCheckType"],
                one.get("HealthCheckGracePeriod"), words(flags(one, "CapacityRebalance")),
                "metrics" if one.get("EnabledMetrics") else "",
            )
        for one in self.all("autoscaling", "describe_policies", "ScalingPolicies"):
            target = one.get("TargetTrackingConfiguration", {})
            metric = target.get("PredefinedMetricSpecification", {}).get("PredefinedMetricType")
            self.tell("scaling-policy of", one["AutoScalingGroupName"], one["PolicyType"], metric, target.get("TargetValue"))

    def balancing(self):
        elb = client("elbv2", self.name)
        for one in self.all("elbv2", "describe_target_groups", "TargetGroups"):
            self.names[one["TargetGroupArn"]] = name = one["TargetGroupName"]
            self.names[":".join(one["TargetGroupArn"].split(":")[5:])] = name
            found = elb.describe_target_group_attributes(TargetGroupArn=one["TargetGroupArn"])["Attributes"]
            attributes = {found["Key"]: found["Value"] for found in found}
            self.tell(
                "target-group", name, one["Protocol"], one["Port"], one["TargetType"], "health",
                one["HealthCheckProtocol"], one.get("HealthCheckPath"), one.get("Matcher", {}).get("HttpCode"),
                f"every {one['HealthCheckIntervalSeconds']}s timeout {one['HealthCheckTimeoutSeconds']}s",
                f"up {one['HealthyThresholdCount']} down {one['UnhealthyThresholdCount']}", "drain",
                attributes.get("deregistration_delay.timeout_seconds", "-"),
                attributes.get("load_balancing.algorithm.type", "-"),
                "stickiness" if attributes.get("stickiness.enabled") == "true" else "",
                "slow-start " + attributes["slow_start.duration_seconds"] if attributes.get("slow_start.duration_seconds", "0") != "0" else "",
            )
        for balancer in self.all("elbv2", "describe_load_balancers", "LoadBalancers"):
            arn, name = balancer["LoadBalancerArn"], balancer["LoadBalancerName"]
            self.names[arn] = self.names[balancer["DNSName"]] = name
            self.names[balancer["DNSName"].lower()] = name
            self.names[arn.split(":loadbalancer/")[1]] = name
            zones = [zone["SubnetId"] for zone in balancer["AvailabilityZones"]]
            self.tell("load-balancer", name, balancer["Type"], balancer["Scheme"], "in", words(zones), "groups", words(balancer["SecurityGroups"]))
            for attribute in elb.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]:
                wanted = ("access_logs", "deletion_protection", "idle_timeout", "routing.http.drop", "routing.http2")
                if attribute["Key"].startswith(wanted):
                    self.tell("attribute of", name, attribute["Key"], attribute["Value"])
            for listener in self.all("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=arn):
                what = f"{name}:{listener['Port']}"
                certificates = [one["CertificateArn"] for one in listener.get("Certificates", [])]
                self.tell("listener", what, listener["Protocol"], listener.get("SslPolicy"), words(certificates) if certificates else "")
                for rule in self.all("elbv2", "describe_rules", "Rules", ListenerArn=listener["ListenerArn"]):
                    conditions = []
                    for condition in rule["Conditions"]:
                        config = next((v for k, v in condition.items() if k.endswith("Config")), {})
                        values = config.get("Values") or condition.get("Values") or []
                        field = config.get("HttpHeaderName") or condition["Field"]
                        # What a header has to hold is a secret.
                        shown = f"of {len(values)}" if config.get("HttpHeaderName") else ",".join(sorted(values))
                        conditions.append(f"{field}={shown}")
                    self.tell("listener-rule", what, rule["Priority"], words(conditions), "->", " ".join(self.action(a) for a in rule["Actions"]))

    def action(self, action):
        forward = [
            f"{target['TargetGroupArn']}*{target.get('Weight', 1)}"
            for target in action.get("ForwardConfig", {}).get("TargetGroups", [])
        ]
        redirect, fixed = action.get("RedirectConfig", {}), action.get("FixedResponseConfig", {})
        return " ".join(filter(None, [
            action["Type"], *(forward or [action.get("TargetGroupArn")]), redirect.get("Protocol"),
            redirect.get("Port"), redirect.get("StatusCode"), fixed.get("StatusCode"),
        ]))

    def data(self):
        for one in self.all("rds", "describe_db_subnet_groups", "DBSubnetGroups"):
            self.tell("db-subnets", one["DBSubnetGroupName"], words(s["SubnetIdentifier"] for s in one["Subnets"]))
        for one in self.all("rds", "describe_db_parameter_groups", "DBParameterGroups"):
            if one["DBParameterGroupName"].startswith("default."):
                continue
            found = self.all("rds", "describe_db_parameters", "Parameters", DBParameterGroupName=one["DBParameterGroupName"])
            set_here = {p["ParameterName"]: p.get("ParameterValue") for p in found if p.get("Source", "user") == "user" and p.get("ParameterValue")}
            self.tell("db-parameters", one["DBParameterGroupName"], one["DBParameterGroupFamily"], words(f"{k}={v}" for k, v in set_here.items()))
        for one in self.all("rds", "describe_db_instances", "DBInstances"):
            endpoint = one.get("Endpoint", {}).get("Address")
            if endpoint:
                # ministack has one for all.
                own = f"{one['DBInstanceIdentifier']}.{self.name}"
                self.names[endpoint] = "several-databases" if endpoint in self.names else own
            source = one.get("ReadReplicaSourceDBInstanceIdentifier")
            self.tell(
                "database", one["DBInstanceIdentifier"], one["Engine"], one["EngineVersion"], one["DBInstanceClass"],
                f"{one['AllocatedStorage']}..{one.get('MaxAllocatedStorage', '-')} {one['StorageType']}",
                "replica of " + source.split(":")[-1] if source else "",
                words(flags(one, "MultiAZ", "StorageEncrypted", "PubliclyAccessible", "DeletionProtection",
                            "CopyTagsToSnapshot", "AutoMinorVersionUpgrade", "IAMDatabaseAuthenticationEnabled",
                            "PerformanceInsightsEnabled")),
                "backups", one["BackupRetentionPeriod"], one.get("PreferredBackupWindow"),
                "window", one.get("PreferredMaintenanceWindow"), "monitoring", one.get("MonitoringInterval", 0),
                "groups", words(group["VpcSecurityGroupId"] for group in one.get("VpcSecurityGroups", [])),
                "subnets", one.get("DBSubnetGroup", {}).get("DBSubnetGroupName"),
                "parameters", words(group["DBParameterGroupName"] for group in one.get("DBParameterGroups", [])),
                "logs", words(one.get("EnabledCloudwatchLogsExports", [])),
            )
        for one in self.all("rds", "describe_event_subscriptions", "EventSubscriptionsList"):
            self.tell("db-events", one["SourceType"], words(one.get("SourceIdsList", [])), words(one.get("EventCategoriesList", [])), "to", one["SnsTopicArn"])
        for one in self.all("elasticache", "describe_cache_subnet_groups", "CacheSubnetGroups"):
            if one["CacheSubnetGroupName"] != "default":
                self.tell("cache-subnets", one["CacheSubnetGroupName"], words(s["SubnetIdentifier"] for s in one.get("Subnets", [])))
        for one in self.all("elasticache", "describe_replication_groups", "ReplicationGroups"):
            for group in one.get("NodeGroups", []):
                for member in ("PrimaryEndpoint", "ReaderEndpoint"):
                    if group.get(member):
                        self.names[group[member]["Address"]] = f"{one['ReplicationGroupId']}.{member}"
            self.tell(
                "cache", one["ReplicationGroupId"], one.get("Engine"), one.get("CacheNodeType"), len(one.get("MemberClusters", [])),
                "failover", one.get("AutomaticFailover"), "zones", one.get("MultiAZ"),
                words(flags(one, "AtRestEncryptionEnabled", "TransitEncryptionEnabled", "AutoMinorVersionUpgrade")),
                "snapshots", one.get("SnapshotRetentionLimit"),
            )

    def operations(self):
        for one in self.all("secretsmanager", "list_secrets", "SecretList"):
            self.names[one["ARN"]] = "secret:" + one["Name"]
            found = client("secretsmanager", self.name).describe_secret(SecretId=one["ARN"])
            copies = [copy["Region"] for copy in found.get("ReplicationStatus", [])]
            self.tell("secret", one["Name"], "copied to " + words(copies) if copies else "")
        for one in self.all("sns", "list_topics", "Topics"):
            arn = one["TopicArn"]
            attributes = client("sns", self.name).get_topic_attributes(TopicArn=arn)["Attributes"]
            policy = json.loads(attributes.get("Policy") or "{}")
            may = {json.dumps(s.get("Principal"), sort_keys=True) for s in policy.get("Statement", [])}
            self.tell("topic", arn.split(":")[-1], "open to", words(may))
        for one in self.all("sns", "list_subscriptions", "Subscriptions"):
            self.tell("subscription of", one["TopicArn"].split(":")[-1], one["Protocol"], one["Endpoint"])
        for one in self.all("cloudwatch", "describe_alarms", "MetricAlarms"):
            if one["AlarmName"].startswith("TargetTracking-"):
                continue  # A scaling policy's own.
            dimensions = [f"{d['Name']}={d['Value']}" for d in one.get("Dimensions", [])]
            self.tell(
                "alarm", one["AlarmName"], one.get("Namespace"), one["MetricName"], words(dimensions), one.get("Statistic"),
                one["ComparisonOperator"].replace("Threshold", ""), f"{one['Threshold']:g}",
                f"{one['EvaluationPeriods']}x{one.get('Period', '-')}s", "missing", one.get("TreatMissingData", "-"),
                "to", words(a.split(":")[-1] for a in one.get("AlarmActions", [])),
            )
        for one in self.all("logs", "describe_log_groups", "logGroups"):
            self.tell("log-group", one["logGroupName"], "days", one.get("retentionInDays", "for ever"))
        for one in self.all("ssm", "describe_parameters", "Parameters"):
            if one["Name"].startswith(("/aws/", "/scalectl/")):
                continue
            value = client("ssm", self.name).get_parameter(Name=one["Name"])["Parameter"]["Value"]
            self.tell("parameter", one["Name"], one["Type"], value)
        for one in self.all("acm", "list_certificates", "CertificateSummaryList"):
            found = client("acm", self.name).describe_certificate(CertificateArn=one["CertificateArn"])["Certificate"]
            names = sorted(found.get("SubjectAlternativeNames", []))
            self.names[one["CertificateArn"]] = "certificate:" + ",".join(names)
            self.tell("certificate", words(names), found.get("Status"), found.get("Type"))
        for one in self.all("backup", "list_backup_vaults", "BackupVaultList"):
            self.tell("backup-vault", one["BackupVaultName"])
        for one in self.all("backup", "list_backup_plans", "BackupPlansList"):
            plan = client("backup", self.name).get_backup_plan(BackupPlanId=one["BackupPlanId"])["BackupPlan"]
            for rule in plan["Rules"]:
                copies = [copy["DestinationBackupVaultArn"].split(":", 3)[3].split(":")[0] for copy in rule.get("CopyActions", [])]
                self.tell("backup-rule", plan["BackupPlanName"], rule["RuleName"], rule.get("ScheduleExpression"), "to", rule["TargetBackupVaultName"],
                          "days", rule.get("Lifecycle", {}).get("DeleteAfterDays"), "copied to " + words(copies) if copies else "")
            for found in self.all("backup", "list_backup_selections", "BackupSelectionsList", BackupPlanId=one["BackupPlanId"]):
                selection = client("backup", self.name).get_backup_selection(BackupPlanId=one["BackupPlanId"], SelectionId=found["SelectionId"])["BackupSelection"]
                self.tell("backup-selection", selection["SelectionName"], words(r.split(":", 5)[-1] for r in selection.get("Resources", [])))
        for one in self.all("ssm", "list_associations", "Associations"):
            self.tell("association", one.get("AssociationName"), one["Name"], one.get("ScheduleExpression"))

    def show(self):
        self.network()
        self.compute()
        self.balancing()
        self.data()
        self.operations()


class Everywhere(Region):
    """What belongs to no region."""

    def identity(self):
        iam = client("iam", self.name)
        for role in self.all("iam", "list_roles", "Roles"):
            name = role["RoleName"]
            trusted = [s.get("Principal", {}) for s in role["AssumeRolePolicyDocument"].get("Statement", [])]
            self.tell("role", name, "for", words(value for one in trusted for value in one.values()))
            for one in self.all("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=name):
                self.tell("role-policy", name, one["PolicyArn"])
            for policy in self.all("iam", "list_role_policies", "PolicyNames", RoleName=name):
                document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
                for statement in document["Statement"]:
                    as_list = lambda value: value if isinstance(value, list) else [value]
                    self.tell("role-policy", name, policy, statement["Effect"], ",".join(sorted(as_list(statement["Action"]))), "on", words(as_list(statement["Resource"])))
        for one in self.all("iam", "list_instance_profiles", "InstanceProfiles"):
            self.tell("profile", one["InstanceProfileName"], "roles", words(role["RoleName"] for role in one["Roles"]))

    def domain(self):
        for one in self.all("route53", "list_health_checks", "HealthChecks"):
            config = one["HealthCheckConfig"]
            asked = config.get("FullyQualifiedDomainName")
            self.names[one["Id"]] = f"health-check:{self.names.get(asked, asked)}"
            self.tell("health-check", config["Type"], config.get("FullyQualifiedDomainName"), config.get("Port"), config.get("ResourcePath"),
                      f"every {config.get('RequestInterval')}s, {config.get('FailureThreshold')} times")
        for zone in self.all("route53", "list_hosted_zones", "HostedZones"):
            self.names[zone["Id"].split("/")[-1]] = "zone:" + zone["Name"]
            self.tell("zone", zone["Name"], "private" if zone["Config"].get("PrivateZone") else "public")
            for one in self.all("route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone["Id"]):
                if one["Type"] in ("NS", "SOA"):
                    continue
                # Proofs of names and marks of ours hold what AWS or we make up.
                name = re.sub(r"scalectl-acm-[0-9a-f]+", "scalectl-acm-CERTIFICATE", one["Name"])
                name = re.sub(r"_[0-9a-f]{32}\.", "_PROOF.", name)
                values = [value["Value"] for value in one.get("ResourceRecords", [])]
                if one["Type"] in ("CNAME", "TXT"):
                    values = [f"{len(values)} values"]
                alias = one.get("AliasTarget", {})
                self.tell("record", name, one["Type"], one.get("TTL"), words(values) if values else "",
                          f"alias of {alias['DNSName'].rstrip('.')}" if alias else "", "evaluated" if alias.get("EvaluateTargetHealth") else "",
                          one.get("SetIdentifier"), one.get("Failover"), one.get("Region"), one.get("HealthCheckId"))

    def edge(self):
        for one in self.all("cloudfront", "list_origin_access_controls", "OriginAccessControlList.Items"):
            self.names[one["Id"]] = "oac:" + one["Name"]
            self.tell("origin-access", one["Name"], one["SigningBehavior"], one["SigningProtocol"])
        front = client("cloudfront", self.name)
        for kind, member in (("cache", "CachePolicy"), ("response_headers", "ResponseHeadersPolicy")):
            try:
                found = getattr(front, f"list_{kind}_policies")(Type="custom")[f"{member}List"].get("Items", [])
            except ClientError:
                continue
            for one in found:
                config = one[member][f"{member}Config"]
                self.names[one[member]["Id"]] = f"{kind}:{config['Name']}"
                self.tell(f"{kind}-policy", config["Name"], f"{config['MinTTL']}..{config['MaxTTL']} default {config['DefaultTTL']}" if kind == "cache" else words(config.get("SecurityHeadersConfig", {})))
        for one in self.all("cloudfront", "list_distributions", "DistributionList.Items"):
            config = front.get_distribution(Id=one["Id"])["Distribution"]["DistributionConfig"]
            name = "distribution:" + config["Comment"].split(" ")[0]
            self.names[one["Id"]] = self.names[one["DomainName"]] = name
            certificate = config.get("ViewerCertificate", {})
            self.tell(name, words(config.get("Aliases", {}).get("Items", [])), config["HttpVersion"], config["PriceClass"], "enabled" if config["Enabled"] else "disabled",
                      "ipv6" if config["IsIPV6Enabled"] else "", certificate.get("MinimumProtocolVersion"), certificate.get("ACMCertificateArn", "no certificate"),
                      "acl" if config.get("WebACLId") else "no acl", "logs " + config["Logging"]["Bucket"].split(".")[0] if config.get("Logging", {}).get("Bucket") else "no logs")
            for origin in config["Origins"]["Items"]:
                custom = origin.get("CustomOriginConfig", {})
                headers = [h["HeaderName"] for h in origin.get("CustomHeaders", {}).get("Items", [])]
                self.tell("origin of", name, origin["Id"], origin["DomainName"], custom.get("OriginProtocolPolicy"), origin.get("OriginAccessControlId"), words(headers) if headers else "")
            for group in config.get("OriginGroups", {}).get("Items", []):
                self.tell("origin-group of", name, group["Id"], "of", words(m["OriginId"] for m in group["Members"]["Items"]), "on", words(group["FailoverCriteria"]["StatusCodes"]["Items"]))
            for behavior in [config["DefaultCacheBehavior"], *config.get("CacheBehaviors", {}).get("Items", [])]:
                self.tell("behavior of", name, behavior.get("PathPattern", "*"), "to", behavior["TargetOriginId"], behavior["ViewerProtocolPolicy"],
                          ",".join(sorted(behavior.get("AllowedMethods", {}).get("Items", []))), "cache", behavior.get("CachePolicyId"),
                          "request", behavior.get("OriginRequestPolicyId"), "headers", behavior.get("ResponseHeadersPolicyId"))
        for one in self.all("wafv2", "list_web_acls", "WebACLs", Scope="CLOUDFRONT"):
            acl = client("wafv2", self.name).get_web_acl(Name=one["Name"], Scope="CLOUDFRONT", Id=one["Id"])["WebACL"]
            self.tell("web-acl", acl["Name"], "else", words(acl["DefaultAction"]))
            for rule in acl["Rules"]:
                does = rule.get("Action") or rule.get("OverrideAction")
                self.tell("web-acl-rule", acl["Name"], rule["Priority"], rule["Name"], words(rule["Statement"]), words(does))

    def storage(self):
        s3 = client("s3", self.name)

        def ask(operation, bucket, member):
            try:
                return getattr(s3, operation)(Bucket=bucket).get(member)
            except ClientError:
                return None

        for one in s3.list_buckets()["Buckets"]:
            name = one["Name"]
            place = s3.get_bucket_location(Bucket=name).get("LocationConstraint") or "us-east-1"
            sealed = ask("get_bucket_encryption", name, "ServerSideEncryptionConfiguration") or {"Rules": []}
            ways = [rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] for rule in sealed["Rules"]]
            closed = ask("get_public_access_block", name, "PublicAccessBlockConfiguration") or {}
            owners = ask("get_bucket_ownership_controls", name, "OwnershipControls") or {"Rules": []}
            logs = ask("get_bucket_logging", name, "LoggingEnabled") or {}
            self.tell("bucket", name, "in", place, words(ways), "versions", ask("get_bucket_versioning", name, "Status") or "-",
                      "closed" if len(closed) == 4 and all(closed.values()) else "open", words(rule["ObjectOwnership"] for rule in owners["Rules"]),
                      f"logs to {logs['TargetBucket']}/{logs['TargetPrefix']}" if logs else "")
            for rule in ask("get_bucket_lifecycle_configuration", name, "Rules") or []:
                days = lambda member, key: rule.get(member, {}).get(key)
                self.tell("bucket-lifecycle", name, rule.get("ID"), rule["Status"], "expires", days("Expiration", "Days") or "-",
                          "old versions", days("NoncurrentVersionExpiration", "NoncurrentDays") or "-", "parts", days("AbortIncompleteMultipartUpload", "DaysAfterInitiation") or "-")
            for rule in (ask("get_bucket_replication", name, "ReplicationConfiguration") or {}).get("Rules", []):
                self.tell("bucket-replication", name, rule.get("ID"), rule["Status"], "to", rule["Destination"]["Bucket"])
            policy = ask("get_bucket_policy", name, "Policy")
            for statement in json.loads(policy)["Statement"] if policy else []:
                principal = statement["Principal"]
                self.tell("bucket-policy", name, statement["Effect"], principal if isinstance(principal, str) else words(principal.values()), statement["Action"],
                          "if " + json.dumps(statement["Condition"], sort_keys=True) if statement.get("Condition") else "")

    def show(self):
        self.identity()
        self.domain()
        self.edge()
        self.storage()


def show(regions):
    names = {}
    # The global part comes last, so that it knows the regions' names.
    parts = [Region(name, names) for name in regions] + [Everywhere("us-east-1", names)]
    for part in parts:
        part.show()
    known = sorted(names, key=len, reverse=True)
    pattern = re.compile("|".join(re.escape(name) for name in known)) if known else None
    lines = []
    for part in [parts[-1], *parts[:-1]]:
        counted = collections.Counter()
        for line in part.lines:
            line = pattern.sub(lambda found: names[found[0]], line) if pattern else line
            line = re.sub(r"\b(123456789012|000000000000)\b", "ACCOUNT", line)
            counted[ordered(line)] += 1
        title = "everywhere" if part is parts[-1] else part.name
        lines.append(f"== {title}")
        lines += [line if count == 1 else f"{line} (times {count})" for line, count in sorted(counted.items())]
    return lines


def empty(_):
    s3 = client("s3", "us-east-1")
    emptied = []
    for bucket in s3.list_buckets()["Buckets"]:
        name = bucket["Name"]
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
            for one in page.get("Versions", []) + page.get("DeleteMarkers", []):
                s3.delete_object(Bucket=name, Key=one["Key"], VersionId=one["VersionId"])
                emptied.append(name)
    return sorted(set(emptied))


for line in sys.stdin:
    command, *arguments = line.split()
    for told in {"show": show, "empty": empty}[command](arguments):
        print(told)
    print(flush=True)
