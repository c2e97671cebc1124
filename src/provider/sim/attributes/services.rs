//! What single services make up beside identifiers: addresses, endpoints, ports, states.

use super::{ACCOUNT, Maker, endpoint, set, short};
use crate::provider::sim::cloud::Cloud;
use crate::provider::sim::{networks, rules};
use crate::value::{Map, Value};

impl Maker<'_> {
    /// Of EC2's resources.
    pub(super) fn of_network(&self, cloud: &Cloud, properties: &mut Map) {
        let digits = &self.digits;
        match self.kind {
            "AWS::EC2::EIP" => set(
                properties,
                "AllocationId",
                Value::str(self.id("AllocationId")),
            ),
            "AWS::EC2::Instance" => {
                let subnet = properties.get("SubnetId").and_then(Value::as_str);
                let subnet = cloud.items.values().find(|item| {
                    &*item.kind == "AWS::EC2::Subnet" && Some(&*item.identifier) == subnet
                });
                if let Some(subnet) = subnet {
                    let cidr = subnet.properties.get("CidrBlock").and_then(Value::as_str);
                    if let Some(ip) = cidr.and_then(|cidr| networks::host(cidr, self.number)) {
                        set(properties, "PrivateIp", Value::str(ip.to_string()));
                    }
                    for name in ["VpcId", "AvailabilityZone"] {
                        if let Some(value) = subnet.properties.get(name) {
                            set(properties, name, value.clone());
                        }
                    }
                }
            }
            "AWS::EC2::LaunchTemplate" => {
                for name in ["LatestVersionNumber", "DefaultVersionNumber"] {
                    set(properties, name, Value::str("1"));
                }
            }
            "AWS::EC2::SecurityGroup" => {
                let id = self.id("Id");
                set(properties, "GroupId", Value::str(id));
            }
            "AWS::EC2::VPC" => {
                set(
                    properties,
                    "DefaultSecurityGroup",
                    Value::str(format!("sg-0{}", &digits[16..32])),
                );
                set(
                    properties,
                    "DefaultNetworkAcl",
                    Value::str(format!("acl-0{}", &digits[16..32])),
                );
            }
            _ => {}
        }
    }

    /// Of what requests go through, and of the rest.
    pub(super) fn of_traffic(&self, properties: &mut Map, own: &str) {
        let (region, digits) = (self.region, &self.digits);
        match self.kind {
            "AWS::ElasticLoadBalancingV2::LoadBalancer" => {
                let name = short(own);
                let host = format!(
                    "{name}-{}.{region}.elb.amazonaws.com",
                    self.number + 1_000_000
                );
                set(properties, "DNSName", Value::str(host));
                set(
                    properties,
                    "CanonicalHostedZoneID",
                    Value::str("Z35SXDOTRQ7X7K"),
                );
                set(
                    properties,
                    "LoadBalancerFullName",
                    Value::str(format!("app/{name}/{}", &digits[..16])),
                );
                set(properties, "LoadBalancerName", Value::str(name));
            }
            "AWS::ElasticLoadBalancingV2::TargetGroup" => {
                let name = short(own);
                set(
                    properties,
                    "TargetGroupFullName",
                    Value::str(format!("targetgroup/{name}/{}", &digits[..16])),
                );
                set(properties, "TargetGroupName", Value::str(name));
            }
            "AWS::CloudFront::Distribution" => {
                set(
                    properties,
                    "DomainName",
                    Value::str(format!("d{}.cloudfront.net", &digits[..13])),
                );
            }
            // Nobody delegates to a VPC's own zone.
            "AWS::Route53::HostedZone" if properties.get("VPCs").is_none() => {
                let servers = (0..4).map(|n| {
                    let top = ["com", "net", "org", "co.uk"][n];
                    Value::str(format!(
                        "ns-{}.awsdns-{:02}.{top}",
                        self.number * 4 + n as u64,
                        self.number % 64
                    ))
                });
                set(properties, "NameServers", Value::list(servers));
            }
            "AWS::S3::Bucket" => {
                set(
                    properties,
                    "DomainName",
                    Value::str(format!("{own}.s3.amazonaws.com")),
                );
                set(
                    properties,
                    "RegionalDomainName",
                    Value::str(format!("{own}.s3.{region}.amazonaws.com")),
                );
            }
            "AWS::IAM::Role" => {
                set(
                    properties,
                    "RoleId",
                    Value::str(format!("AROA{}", digits[..17].to_uppercase())),
                );
            }
            _ => {}
        }
    }

    /// Of databases, caches and queues.
    pub(super) fn of_data(&self, cloud: &Cloud, properties: &mut Map, own: &str) {
        let (region, digits) = (self.region, &self.digits);
        match self.kind {
            "AWS::RDS::DBInstance" => self.database(cloud, properties, own),
            "AWS::RDS::DBCluster" => {
                let engine = properties.get("Engine").and_then(Value::as_str);
                let port = if engine.is_some_and(|engine| engine.contains("postgres")) {
                    "5432"
                } else {
                    "3306"
                };
                let host = |role: &str| {
                    let name = own.to_lowercase();
                    format!(
                        "{name}.cluster-{role}{}.{region}.rds.amazonaws.com",
                        &digits[..12]
                    )
                };
                set(
                    properties,
                    "Endpoint",
                    endpoint(&host(""), Value::str(port)),
                );
                let mut reader = Map::new();
                reader.insert("Address", Value::str(host("ro-")));
                set(properties, "ReadEndpoint", Value::Map(reader));
            }
            "AWS::ElastiCache::ReplicationGroup" => {
                for (name, role) in [("PrimaryEndPoint", "master"), ("ReaderEndPoint", "replica")] {
                    let host =
                        format!("{role}.{own}.{}.{region}.cache.amazonaws.com", &digits[..6]);
                    set(properties, name, endpoint(&host, Value::str("6379")));
                }
            }
            "AWS::ElastiCache::CacheCluster" => {
                let host = format!("{own}.{}.cfg.{region}.cache.amazonaws.com", &digits[..6]);
                set(
                    properties,
                    "ConfigurationEndpoint",
                    endpoint(&host, Value::str("11211")),
                );
            }
            "AWS::ElastiCache::ServerlessCache" => {
                let host = format!(
                    "{own}-{}.serverless.{region}.cache.amazonaws.com",
                    &digits[..6]
                );
                let memcached = properties.get("Engine") == Some(&Value::str("memcached"));
                let ports = if memcached {
                    ["11211", "11212"]
                } else {
                    ["6379", "6380"]
                };
                for (name, port) in ["Endpoint", "ReaderEndpoint"].into_iter().zip(ports) {
                    set(properties, name, endpoint(&host, Value::str(port)));
                }
            }
            "AWS::SQS::Queue" => {
                let name = own.rsplit('/').next().unwrap_or(own);
                set(properties, "QueueName", Value::str(name));
            }
            _ => {}
        }
    }

    fn database(&self, cloud: &Cloud, properties: &mut Map, own: &str) {
        let source = properties
            .get("SourceDBInstanceIdentifier")
            .and_then(Value::as_str);
        let source = source.and_then(|name| {
            cloud
                .items
                .values()
                .find(|item| &*item.kind == self.kind && rules::is_called(item, name))
        });
        if let Some(source) = source {
            // A replica is what its source is, except where it says otherwise.
            for name in [
                "Engine",
                "EngineVersion",
                "AllocatedStorage",
                "StorageEncrypted",
                "DBName",
                "LicenseModel",
                "MasterUsername",
            ] {
                if let (false, Some(value)) =
                    (properties.contains_key(name), source.properties.get(name))
                {
                    properties.insert(name, value.clone());
                }
            }
        }
        let engine = properties
            .get("Engine")
            .and_then(Value::as_str)
            .unwrap_or_default();
        // https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_CreateDBInstance.Settings.html
        let port = match engine {
            _ if engine.contains("postgres") => "5432",
            _ if engine.starts_with("oracle") => "1521",
            _ if engine.starts_with("sqlserver") => "1433",
            _ => "3306",
        };
        let region = self.region;
        let host = format!(
            "{}.{}.{region}.rds.amazonaws.com",
            own.to_lowercase(),
            &self.digits[..12]
        );
        if !properties.contains_key("Endpoint") {
            properties.insert("Endpoint", endpoint(&host, Value::str(port)));
        }
        if !properties.contains_key("DbiResourceId") {
            let id = format!("db-{}", self.digits[..26].to_uppercase());
            properties.insert("DbiResourceId", Value::str(id));
        }
        if properties.get("ManageMasterUserPassword") == Some(&Value::Bool(true))
            && !properties.contains_key("MasterUserSecret")
        {
            let arn = format!(
                "arn:aws:secretsmanager:{region}:{ACCOUNT}:secret:rds!db-{}-{}",
                self.uuid(),
                &self.digits[..6]
            );
            let mut secret = Map::new();
            secret.insert("SecretArn", Value::str(arn));
            properties.insert("MasterUserSecret", Value::Map(secret));
        }
    }
}
