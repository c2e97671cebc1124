//! What an image is by its name: a database, a cache, a proxy, or a program of the application.

use super::site::{Cache, Database};
use crate::schema::split_tag;
use crate::spec::Engine;

/// What an image is.
#[derive(Debug, PartialEq)]
pub enum Role {
    /// A relational database.
    Database(Database),
    /// A cache.
    Cache(Cache),
    /// A proxy that leads requests to other containers.
    Proxy,
    /// A web server that is a proxy where it stands before others.
    WebServer,
    /// Something that a spec has no section for: what it is, and what to use instead.
    Other(&'static str, &'static str),
    /// A program.
    Program,
}

/// Images that are known by the last part of their names. Those that end with `*` begin so.
const OTHERS: [(&str, &str, &str); 36] = [
    ("mongo*", "MongoDB", DOCUMENTS),
    ("ferretdb", "FerretDB", DOCUMENTS),
    ("elasticsearch*", "Elasticsearch", SEARCH),
    ("opensearch*", "OpenSearch", SEARCH),
    ("kibana", "Kibana", SEARCH),
    ("meilisearch", "Meilisearch", SEARCH),
    ("typesense", "Typesense", SEARCH),
    ("solr", "Solr", SEARCH),
    ("rabbitmq", "RabbitMQ", BROKER),
    ("activemq*", "ActiveMQ", BROKER),
    ("nats*", "NATS", BROKER),
    ("kafka*", "Kafka", STREAM),
    ("cp-kafka", "Kafka", STREAM),
    ("zookeeper", "ZooKeeper", STREAM),
    ("cp-zookeeper", "ZooKeeper", STREAM),
    ("redpanda", "Redpanda", STREAM),
    ("minio", "MinIO", BUCKET),
    (
        "localstack*",
        "a copy of AWS for laptops",
        "nothing to do: the site runs on AWS itself, and on a laptop `provider: sim` takes its place",
    ),
    ("mailhog", "a mailbox for development", MAIL),
    ("mailpit", "a mailbox for development", MAIL),
    ("maildev", "a mailbox for development", MAIL),
    ("adminer", "a tool for developers", TUNNEL),
    ("phpmyadmin", "a tool for developers", TUNNEL),
    ("pgadmin*", "a tool for developers", TUNNEL),
    (
        "watchtower",
        "an updater of containers",
        "`scalectl deploy` brings new versions to the servers",
    ),
    ("cadvisor", "monitoring of containers", MONITORING),
    ("grafana*", "monitoring", MONITORING),
    ("prometheus*", "monitoring", MONITORING),
    ("alertmanager", "monitoring", MONITORING),
    ("node-exporter", "monitoring", MONITORING),
    ("loki", "monitoring", MONITORING),
    ("promtail", "monitoring", MONITORING),
    ("jaeger*", "monitoring", MONITORING),
    ("zipkin*", "monitoring", MONITORING),
    ("portainer*", "a tool for operators", MONITORING),
    ("dozzle", "a tool for operators", MONITORING),
];

const MONITORING: &str = "servers send logs and metrics to CloudWatch: see `monitoring`, `scalectl logs` and `scalectl status`";
const DOCUMENTS: &str = "there is no document store yet: use a key-value store (`stores`), or a cluster of your own \
                         (`resources: {documents: {kind: AWS::DocDB::DBCluster, ...}}`)";
const SEARCH: &str = "declare a domain of your own: `resources: {search: {kind: AWS::OpenSearchService::Domain, ...}}`, and \
                      list it in the service's `uses`";
const BROKER: &str = "a worker has a queue (`queue: {}`, SQS) and others send to it (`sends_to`); or declare a broker: \
                      `resources: {broker: {kind: AWS::AmazonMQ::Broker, ...}}`";
const STREAM: &str = "a worker has a queue (`queue: {}`, SQS); or declare a cluster: `resources: {stream: {kind: \
                      AWS::MSK::ServerlessCluster, ...}}`";
const BUCKET: &str = "declare a bucket, `resources: {files: {kind: AWS::S3::Bucket, properties: {}}}`, and list it in the \
                      service's `uses`; the servers' role then needs no keys";
const MAIL: &str = "use SES or another mail service for the real site";
const TUNNEL: &str =
    "`scalectl tunnel database` connects a tool on your computer with the database";

/// The command of an image whose variables have to be set before it, where it is known: what its own entrypoint would run.
pub fn command(image: &str) -> Option<&'static [&'static str]> {
    let image = image.split_once('@').map_or(image, |(name, _)| name);
    let name = split_tag(image).0.rsplit('/').next()?;
    match name {
        "wordpress" => Some(&["docker-entrypoint.sh", "apache2-foreground"]),
        "ghost" => Some(&["docker-entrypoint.sh", "node", "current/index.js"]),
        "nextcloud" => Some(&["/entrypoint.sh", "apache2-foreground"]),
        _ => None,
    }
}

/// What an image's name says.
pub fn role(image: &str) -> Role {
    let image = image.split_once('@').map_or(image, |(name, _)| name);
    let (name, tag) = split_tag(image);
    let last = name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
    let owner = name.rsplit('/').nth(1).unwrap_or_default();
    // The first part of a tag that is a number: 16-alpine, pg16-latest, 8.0.
    let digits = tag.unwrap_or_default().trim_start_matches("pg");
    let number: String = (digits.chars())
        .take_while(|c| c.is_ascii_digit() || *c == '.')
        .collect();
    let number = number.trim_matches('.');
    let major = number.split('.').next().filter(|major| !major.is_empty());
    let two: Vec<&str> = number.split('.').take(2).collect();
    let database = |engine: Engine, version: Option<String>| {
        Role::Database(Database {
            engine,
            version,
            name: None,
            storage: None,
        })
    };
    match &*last {
        "postgres" | "postgresql" | "postgis" | "pgvector" | "postgis-pgvector" | "timescaledb"
        | "timescaledb-ha" | "postgresql-repmgr" => {
            database(Engine::Postgres, major.map(str::to_owned))
        }
        "ankane" if owner == "pgvector" => database(Engine::Postgres, None),
        "mysql" | "mysql-server" | "percona" | "percona-server" => {
            let known = (two.len() == 2).then(|| two.join("."));
            let known = known.or_else(|| (major == Some("8")).then(|| "8.0".to_owned()));
            database(Engine::Mysql, known)
        }
        "mariadb" | "mariadb-galera" => {
            database(Engine::Mariadb, (two.len() == 2).then(|| two.join(".")))
        }
        "mssql-server" | "azure-sql-edge" => database(Engine::Sqlserver, None),
        "oracle-free" | "oracle-xe" | "oraclelinux-oracle" => database(Engine::Oracle, None),
        "redis" | "redis-stack" | "redis-stack-server" | "keydb" | "dragonfly" | "redis-alpine" => {
            Role::Cache(Cache { engine: "redis" })
        }
        "valkey" | "valkey-bundle" => Role::Cache(Cache { engine: "valkey" }),
        "memcached" => Role::Cache(Cache {
            engine: "memcached",
        }),
        "traefik"
        | "nginx-proxy"
        | "docker-gen"
        | "acme-companion"
        | "letsencrypt-nginx-proxy-companion"
        | "nginx-proxy-manager"
        | "haproxy"
        | "envoy"
        | "certbot"
        | "kamal-proxy"
        | "swag"
        | "cloudflared" => Role::Proxy,
        "nginx" | "caddy" | "httpd" | "openresty" | "apache" | "nginx-unprivileged" => {
            Role::WebServer
        }
        _ => {
            let fits = |pattern: &str| match pattern.strip_suffix('*') {
                Some(begin) => last.starts_with(begin),
                None => last == pattern,
            };
            let found = OTHERS.iter().find(|(pattern, _, _)| fits(pattern));
            found.map_or(Role::Program, |(_, what, instead)| {
                Role::Other(what, instead)
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_known_by_its_image_with_its_major_version() {
        for (image, engine, version) in [
            ("postgres:16-alpine", Engine::Postgres, Some("16")),
            ("postgres", Engine::Postgres, None),
            (
                "docker.io/library/postgres:17.2",
                Engine::Postgres,
                Some("17"),
            ),
            ("pgvector/pgvector:pg16", Engine::Postgres, Some("16")),
            (
                "postgis/postgis:15-3.4@sha256:abc",
                Engine::Postgres,
                Some("15"),
            ),
            ("mysql:8", Engine::Mysql, Some("8.0")),
            ("mysql:8.4.2", Engine::Mysql, Some("8.4")),
            ("bitnami/mariadb:11.4", Engine::Mariadb, Some("11.4")),
            ("mariadb:lts", Engine::Mariadb, None),
        ] {
            let Role::Database(found) = role(image) else {
                panic!("{image}: {:?}", role(image));
            };
            assert_eq!(
                (found.engine, found.version.as_deref()),
                (engine, version),
                "{image}"
            );
        }
        assert_eq!(role("ghcr.io/acme/postgres-exporter:1"), Role::Program);
        assert_eq!(
            role("registry:5000/redis:7"),
            Role::Cache(Cache { engine: "redis" })
        );
        assert_eq!(role("nginx:1.27"), Role::WebServer);
        assert_eq!(role("traefik:v3"), Role::Proxy);
        assert!(matches!(
            role("docker.elastic.co/elasticsearch/elasticsearch:8"),
            Role::Other("Elasticsearch", _)
        ));
    }
}
