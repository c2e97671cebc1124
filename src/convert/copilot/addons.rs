//! Add-ons: CloudFormation templates beside the manifests.

use super::super::keys::{self, entries};
use super::super::notes::Notes;
use super::super::site::{Cache, Database, Site};
use crate::diagnostic::Location;
use crate::spec::Engine;
use crate::yaml::{self, Node};

/// Types that go with others, or that scalectl has itself.
const NEEDLESS: [&str; 15] = [
    "AWS::RDS::DBSubnetGroup",
    "AWS::RDS::DBClusterParameterGroup",
    "AWS::RDS::DBParameterGroup",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::SecretsManager::SecretTargetAttachment",
    "AWS::ElastiCache::SubnetGroup",
    "AWS::ElastiCache::ParameterGroup",
    "AWS::IAM::ManagedPolicy",
    "AWS::S3::BucketPolicy",
    "AWS::SSM::Parameter",
    "AWS::SecretsManager::Secret",
    "AWS::EFS::MountTarget",
    "AWS::EFS::AccessPoint",
];

/// Reads a template.
pub fn read(path: &str, text: &str, site: &mut Site, notes: &mut Notes) {
    let root = match yaml::parse(path, text) {
        Ok(root) => root,
        Err(error) => {
            let at = error.location.unwrap_or(Location {
                file: path.into(),
                line: 1,
                column: 1,
            });
            notes.left(
                &at,
                "an add-on",
                &error.message,
                "declare what it creates in `resources`",
            );
            return;
        }
    };
    for (name, at, resource) in entries(root.get("Resources")) {
        let kind = keys::text(resource, "Type").unwrap_or_default();
        let properties = resource.get("Properties").unwrap_or(resource);
        match &*kind {
            "AWS::RDS::DBCluster" => database(name, at, properties, site, notes),
            "AWS::RDS::DBInstance" if properties.get("DBClusterIdentifier").is_none() => {
                database(name, at, properties, site, notes);
            }
            "AWS::ElastiCache::ReplicationGroup" | "AWS::ElastiCache::CacheCluster" | "AWS::ElastiCache::ServerlessCache" => {
                let engine = keys::text(properties, "Engine").unwrap_or_default();
                let engine = match &*engine {
                    "memcached" => "memcached",
                    "valkey" => "valkey",
                    _ => "redis",
                };
                site.cache = Some(Cache { engine });
            }
            "AWS::DynamoDB::Table" => notes.left(
                at,
                name,
                "tables are not read from add-ons",
                "declare it: `stores: {NAME: {type: key-value, key: ...}}`, and list it in `stores` of the service",
            ),
            "AWS::RDS::DBInstance" => {}
            other if NEEDLESS.contains(&other) => {}
            other => {
                let instead = format!(
                    "declare it: `resources: {{NAME: {{kind: {other}, properties: {{...}}}}}}`, and list it in `uses` of the service"
                );
                notes.left(at, name, &format!("an {other} has no section of its own"), &instead);
            }
        }
    }
}

fn database(name: &str, at: &Location, properties: &Node, site: &mut Site, notes: &mut Notes) {
    let engine = keys::text(properties, "Engine").unwrap_or_default();
    let found = match &*engine {
        "aurora-postgresql" => Engine::AuroraPostgres,
        "aurora-mysql" | "aurora" => Engine::AuroraMysql,
        "postgres" => Engine::Postgres,
        "mysql" => Engine::Mysql,
        "mariadb" => Engine::Mariadb,
        _ => {
            let why = format!("its engine {engine} is not read");
            notes.left(at, name, &why, "write `database: {engine: ...}`");
            return;
        }
    };
    if site.database.is_some() {
        notes.left(
            at,
            name,
            "a spec has one relational database",
            "put both into one, or run a spec of its own",
        );
        return;
    }
    let full = keys::text(properties, "EngineVersion").unwrap_or_default();
    let parts: Vec<&str> = full.split('.').collect();
    let version = match found {
        Engine::Postgres | Engine::AuroraPostgres => parts.first().map(|&major| major.to_owned()),
        Engine::AuroraMysql => None,
        _ => (parts.len() > 1).then(|| parts[..2].join(".")),
    };
    site.database = Some(Database {
        engine: found,
        version: version.filter(|version| {
            version.bytes().all(|b| b.is_ascii_digit() || b == b'.') && !version.is_empty()
        }),
        name: None,
        storage: keys::number(properties, "AllocatedStorage"),
    });
    let why = "it becomes `database`; its rows are not copied, and its login is no longer one JSON secret";
    let instead =
        "read DATABASE_URL in the program, and restore a dump through `scalectl tunnel database`";
    notes.check(at, name, why, instead);
}
