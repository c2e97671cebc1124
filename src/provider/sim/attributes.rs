//! What AWS makes up: identifiers, ARNs, names, endpoints (of single services: `services`), and its defaults for what was
//! not set.

mod services;

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::cloud::{Cloud, Item};
use super::{identifiers, tables};
use crate::address::GLOBAL;
use crate::compare::{Rules, default_of};
use crate::inventory::SOME_ACCOUNT as ACCOUNT;
use crate::schema::Registry;
use crate::value::{Map, Value};

/// The beginnings of EC2's identifiers.
const PREFIXES: &[(&str, &str)] = &[
    ("EIP", "eipalloc"),
    ("EIPAssociation", "eipassoc"),
    ("FlowLog", "fl"),
    ("Instance", "i"),
    ("InternetGateway", "igw"),
    ("LaunchTemplate", "lt"),
    ("NatGateway", "nat"),
    ("PrefixList", "pl"),
    ("RouteTable", "rtb"),
    ("SecurityGroup", "sg"),
    ("SecurityGroupEgress", "sgr"),
    ("SecurityGroupIngress", "sgr"),
    ("Subnet", "subnet"),
    ("SubnetRouteTableAssociation", "rtbassoc"),
    ("VPC", "vpc"),
    ("VPCEndpoint", "vpce"),
    ("VPCPeeringConnection", "pcx"),
    ("Volume", "vol"),
];

/// Makes up what a new resource gets: its identifier and all its properties.
pub fn create(
    cloud: &Cloud,
    kind: &str,
    region: &str,
    number: u64,
    given: &Map,
) -> (Arc<str>, Map) {
    let maker = Maker::new(kind, region, number, given);
    let mut properties = given.clone();
    if let Some(schema) = Registry::embedded().kind(kind) {
        for name in schema.primary_identifier() {
            if properties.contains_key(name) || optional(kind, name) {
                continue;
            }
            let destination = ["DestinationCidrBlock", "DestinationPrefixListId"]
                .iter()
                .find_map(|name| given.get(name)?.as_str());
            let value = match schema.is_read_only(name) {
                // A route is told from its siblings by where it leads.
                true if kind == "AWS::EC2::Route" => destination.unwrap_or("local").to_owned(),
                true => maker.below(given).unwrap_or_else(|| maker.id(name)),
                false => maker.name.clone(),
            };
            properties.insert(name.clone(), Value::str(value));
        }
    }
    maker.attributes(cloud, &mut properties);
    defaults(kind, &mut properties);
    if kind == tables::TABLE {
        tables::stream(&mut properties);
    }
    let schema = Registry::embedded().kind(kind);
    let parts: Vec<String> = schema
        .map(|schema| schema.primary_identifier())
        .unwrap_or_default()
        .iter()
        .filter_map(|name| properties.get(name))
        .map(|value| value.to_string())
        .collect();
    (parts.join("|").into(), properties)
}

/// Makes up what an update moves.
pub fn update(cloud: &Cloud, item: &Item, mut properties: Map) -> Map {
    if &*item.kind == "AWS::EC2::LaunchTemplate" {
        let version = item
            .properties
            .get("LatestVersionNumber")
            .and_then(Value::as_str);
        let version: u32 = version.and_then(|v| v.parse().ok()).unwrap_or(0);
        let next = version.saturating_add(1);
        for name in ["LatestVersionNumber", "DefaultVersionNumber"] {
            properties.insert(name, Value::str(next.to_string()));
        }
    }
    let maker = Maker::new(&item.kind, &item.region, item.number, &properties.clone());
    let mut made = properties.clone();
    maker.attributes(cloud, &mut made);
    // Attributes that came with a property, such as the secret with the managed password.
    for (name, value) in made {
        if !properties.contains_key(&name) && !item.properties.contains_key(&name) {
            properties.insert(name, value);
        }
    }
    defaults(&item.kind, &mut properties);
    if &*item.kind == tables::TABLE {
        tables::stream(&mut properties);
    }
    properties
}

/// AWS's fixed defaults for what is not set.
fn defaults(kind: &str, properties: &mut Map) {
    let schema = Registry::embedded().kind(kind);
    let rules = Rules::of(kind);
    for (name, shape) in schema
        .map(|schema| schema.properties())
        .into_iter()
        .flatten()
    {
        if !properties.contains_key(name)
            && let Some(default) = default_of(rules, name, Some(shape))
        {
            properties.insert(name.clone(), default.into_owned());
        }
    }
}

/// Parts of an identifier that need not be there.
fn optional(kind: &str, name: &str) -> bool {
    kind == "AWS::Route53::RecordSet" && name == "SetIdentifier"
}

struct Maker<'a> {
    kind: &'a str,
    short: &'a str,
    service: String,
    region: &'a str,
    number: u64,
    /// 64 hexadecimal digits that belong to this resource alone.
    digits: String,
    /// A name, where none was given.
    name: String,
}

impl<'a> Maker<'a> {
    fn new(kind: &'a str, region: &'a str, number: u64, given: &Map) -> Self {
        let mut parts = kind.split("::").skip(1);
        let service = parts.next().unwrap_or_default().to_lowercase();
        let short = parts.next().unwrap_or_default();
        let digest = Sha256::digest(format!("{kind}/{region}/{number}").as_bytes());
        let digits = hex::encode(digest);
        let called = ["Tags", "HostedZoneTags", "HealthCheckTags"]
            .iter()
            .find_map(|tags| match given.get(tags)? {
                Value::List(tags) => tags
                    .iter()
                    .find(|tag| tag.at("Key").and_then(Value::as_str) == Some("Name"))?
                    .at("Value")?
                    .as_str(),
                tags => tags.at("Name")?.as_str(),
            })
            .unwrap_or(short);
        let name = format!("{called}-{}", digits[..10].to_uppercase());
        Self {
            kind,
            short,
            service,
            region,
            number,
            digits,
            name,
        }
    }

    fn id(&self, name: &str) -> String {
        if self.service == "ec2" {
            match (self.short, name) {
                ("EIP", "PublicIp") => return self.public_ip(),
                ("VPCGatewayAttachment", _) => return "IGW".to_owned(),
                _ => {}
            }
            let prefix = PREFIXES.iter().find(|(kind, _)| *kind == self.short);
            return format!(
                "{}-0{}",
                prefix.map_or("id", |(_, p)| p),
                &self.digits[..16]
            );
        }
        if name.to_lowercase().ends_with("arn") {
            return self.arn(&self.name);
        }
        match (self.service.as_str(), self.short) {
            ("cloudfront", "Distribution" | "OriginAccessControl") => {
                format!("E{}", self.digits[..13].to_uppercase())
            }
            ("route53", "HostedZone") => format!("Z{}", self.digits[..19].to_uppercase()),
            ("secretsmanager", _) => self.arn(&self.name),
            _ if Registry::embedded().is_known(self.kind) => self.uuid(),
            _ => identifiers::fitting(self.kind, name, self.region, self.uuid(), &self.digits),
        }
    }

    /// The identifier of one that follows from what is given: below its parent, or by its name.
    fn below(&self, given: &Map) -> Option<String> {
        let (parent, from, to) = match self.short {
            "Queue" if self.service == "sqs" => {
                let name = given.get("QueueName").and_then(Value::as_str);
                let (region, name) = (self.region, name.unwrap_or(&self.name));
                return Some(format!(
                    "https://sqs.{region}.amazonaws.com/{ACCOUNT}/{name}"
                ));
            }
            "Listener" => ("LoadBalancerArn", ":loadbalancer/", ":listener/"),
            "ListenerRule" => ("ListenerArn", ":listener/", ":listener-rule/"),
            _ => return None,
        };
        let parent = given.get(parent)?.as_str()?;
        Some(format!(
            "{}/{}",
            parent.replacen(from, to, 1),
            &self.digits[..16]
        ))
    }

    fn uuid(&self) -> String {
        let d = &self.digits;
        format!(
            "{}-{}-{}-{}-{}",
            &d[..8],
            &d[8..12],
            &d[12..16],
            &d[16..20],
            &d[20..32]
        )
    }

    fn public_ip(&self) -> String {
        // TEST-NET-3, set aside for documentation (RFC 5737).
        format!("203.0.113.{}", self.number % 254 + 1)
    }

    /// The ARN of a resource called `name`.
    fn arn(&self, name: &str) -> String {
        let (region, tail) = (self.region, &self.digits[..16]);
        let account = ACCOUNT;
        let name = name.trim_start_matches('/');
        match (self.service.as_str(), self.short) {
            ("autoscaling", "AutoScalingGroup") => format!(
                "arn:aws:autoscaling:{region}:{account}:autoScalingGroup:{}:autoScalingGroupName/{name}",
                self.uuid()
            ),
            ("autoscaling", _) => {
                format!(
                    "arn:aws:autoscaling:{region}:{account}:scalingPolicy:{}",
                    self.uuid()
                )
            }
            ("backup", "BackupVault") => {
                format!("arn:aws:backup:{region}:{account}:backup-vault:{name}")
            }
            ("backup", _) => format!(
                "arn:aws:backup:{region}:{account}:backup-plan:{}",
                self.uuid()
            ),
            ("certificatemanager", _) => {
                format!("arn:aws:acm:{region}:{account}:certificate/{}", self.uuid())
            }
            ("cloudwatch", _) => format!("arn:aws:cloudwatch:{region}:{account}:alarm:{name}"),
            ("dlm", _) => format!("arn:aws:dlm:{region}:{account}:policy/{}", self.uuid()),
            ("dynamodb", _) => format!("arn:aws:dynamodb:{region}:{account}:table/{name}"),
            ("elasticloadbalancingv2", "LoadBalancer") => format!(
                "arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/app/{}/{tail}",
                short(name)
            ),
            ("elasticloadbalancingv2", "TargetGroup") => format!(
                "arn:aws:elasticloadbalancing:{region}:{account}:targetgroup/{}/{tail}",
                short(name)
            ),
            ("elasticloadbalancingv2", what) => {
                let what = if what == "Listener" {
                    "listener"
                } else {
                    "listener-rule"
                };
                let second = &self.digits[16..32];
                format!(
                    "arn:aws:elasticloadbalancing:{region}:{account}:{what}/app/{second}/{tail}"
                )
            }
            ("iam", "Role") => format!("arn:aws:iam::{account}:role/{name}"),
            ("iam", "InstanceProfile") => format!("arn:aws:iam::{account}:instance-profile/{name}"),
            ("iam", _) => format!("arn:aws:iam::{account}:policy/{name}"),
            ("kms", _) => format!("arn:aws:kms:{region}:{account}:key/{}", self.uuid()),
            ("logs", _) => format!("arn:aws:logs:{region}:{account}:log-group:{name}:*"),
            ("rds", what) => {
                let what = match what {
                    "DBParameterGroup" => "pg",
                    "DBSubnetGroup" => "subgrp",
                    _ => "db",
                };
                format!(
                    "arn:aws:rds:{region}:{account}:{what}:{}",
                    name.to_lowercase()
                )
            }
            ("s3", _) => format!("arn:aws:s3:::{name}"),
            ("secretsmanager", _) => {
                format!(
                    "arn:aws:secretsmanager:{region}:{account}:secret:{name}-{}",
                    &self.digits[..6]
                )
            }
            ("sns", "Subscription") => {
                format!(
                    "arn:aws:sns:{region}:{account}:{}:{}",
                    short(name),
                    self.uuid()
                )
            }
            ("sqs", "Queue") => {
                let name = name.rsplit('/').next().unwrap_or(name);
                format!("arn:aws:sqs:{region}:{account}:{name}")
            }
            ("sns", _) => format!("arn:aws:sns:{region}:{account}:{name}"),
            ("ssm", _) => format!("arn:aws:ssm:{region}:{account}:parameter/{name}"),
            ("wafv2", _) => {
                format!(
                    "arn:aws:wafv2:{region}:{account}:global/webacl/{name}/{}",
                    self.uuid()
                )
            }
            (service, _) => {
                let region = if region == GLOBAL { "" } else { region };
                let short = self.short.to_lowercase();
                format!("arn:aws:{service}:{region}:{account}:{short}/{name}")
            }
        }
    }

    /// Everything else that AWS sets.
    fn attributes(&self, cloud: &Cloud, properties: &mut Map) {
        let schema = Registry::embedded().kind(self.kind);
        let own = schema
            .and_then(|schema| properties.get(schema.only_identifier()?)?.as_str())
            .map(str::to_owned)
            .filter(|own| !own.starts_with("arn:"))
            .unwrap_or_else(|| self.name.clone());
        let own = ["Name", "RoleName", "TopicName"]
            .iter()
            .find_map(|name| properties.get(name)?.as_str().map(str::to_owned))
            .unwrap_or(own);
        for name in schema
            .map(|schema| schema.properties().keys())
            .into_iter()
            .flatten()
        {
            let read_only = schema.is_some_and(|schema| schema.is_read_only(name));
            if read_only && (name.ends_with("Arn") || name.ends_with("ARN")) {
                set(properties, name, Value::str(self.arn(&own)));
            }
        }
        match self.kind.split("::").nth(1) {
            Some("EC2") => self.of_network(cloud, properties),
            Some("RDS" | "ElastiCache" | "SQS") => self.of_data(cloud, properties, &own),
            _ => self.of_traffic(properties, &own),
        }
    }
}

fn endpoint(host: &str, port: Value) -> Value {
    let mut endpoint = Map::new();
    endpoint.insert("Address", Value::str(host));
    endpoint.insert("Port", port);
    Value::Map(endpoint)
}

/// Load balancers and target groups have names of 32 characters at most.
fn short(name: &str) -> String {
    name.chars()
        .take(32)
        .collect::<String>()
        .trim_end_matches('-')
        .to_owned()
}

/// Sets what was not given.
fn set(properties: &mut Map, name: &str, value: Value) {
    if !properties.contains_key(name) {
        properties.insert(name, value);
    }
}
